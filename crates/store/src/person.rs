//! Persons.

use access::id::PersonId;
use access::name::Username;
use access::person::{Event, Person};
use sqlx::AnyConnection;

use crate::error::StoreError;
use crate::field::{Fields, json};
use crate::{Store, slice};

statements! {
    INSERT = "INSERT INTO person (id, username, created_at, limits, version) VALUES ($1, $2, $3, $4, 1)";
    LIMIT = "UPDATE person SET limits = $2 WHERE id = $1";
    USERNAMES = "SELECT id, username FROM person ORDER BY username, id";
    ALL = "SELECT id FROM person ORDER BY created_at, id";
}

pub(crate) async fn apply(connection: &mut AnyConnection, event: &Event) -> Result<(), StoreError> {
    match event {
        Event::Created(Person { id, username, created_at, limits }) => {
            let limits = json("person", limits)?;
            run!(connection, INSERT, id.to_string(), username.to_string(), created_at.0, limits)?;
        }
        Event::Limited { person, limits, .. } => {
            run!(connection, LIMIT, person.to_string(), json("person", limits)?)?;
        }
    }
    Ok(())
}

/// A person and their version.
pub(crate) fn read(row: &sqlx::any::AnyRow) -> Result<(Person, i64), StoreError> {
    let mut fields = Fields::new("person", row);
    let id = fields.parsed()?;
    let username = fields.checked(Username::new)?;
    let created_at = fields.time()?;
    let limits = fields.json()?;
    Ok((Person { id, username, created_at, limits }, fields.int()?))
}

impl Store {
    /// Every person, the first one first.
    pub async fn persons(&self) -> Result<Vec<PersonId>, StoreError> {
        let mut connection = self.database.pool().acquire().await?;
        let rows = rows!(connection, ALL)?;
        rows.iter().map(|row| Fields::new("person", row).parsed()).collect()
    }

    /// What everybody signs in with, by name.
    pub async fn usernames(&self) -> Result<Vec<(PersonId, String)>, StoreError> {
        let mut connection = self.database.pool().acquire().await?;
        let read = |row| {
            let mut fields = Fields::new("person", row);
            Ok((fields.parsed()?, fields.text()?))
        };
        rows!(connection, USERNAMES)?.iter().map(read).collect()
    }

    /// Everything about everyone, to fill the live tables at start.
    pub async fn slices(&self) -> Result<Vec<access::Slice>, StoreError> {
        let mut slices = Vec::new();
        for person in self.persons().await? {
            slices.push(self.slice(slice::Key::Person(person)).await?);
        }
        Ok(slices)
    }
}
