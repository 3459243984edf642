//! Recovery contacts: whom a person named.

use access::helper::{Event, Helper};
use access::id::PersonId;
use sqlx::AnyConnection;

use crate::Store;
use crate::error::StoreError;
use crate::field::{Fields, json};

statements! {
    PUT = "INSERT INTO helper (id, person, helper, body) VALUES ($1, $2, $3, $4) \
           ON CONFLICT (id) DO UPDATE SET body = excluded.body";
    DELETE = "DELETE FROM helper WHERE id = $1";
    OF_PERSON = "SELECT body FROM helper WHERE person = $1";
    HELPED_BY = "SELECT DISTINCT person FROM helper WHERE helper = $1";
}

pub(crate) async fn apply(connection: &mut AnyConnection, event: &Event) -> Result<(), StoreError> {
    match event {
        Event::Changed(one) => {
            let body = json("helper", one)?;
            let (id, person) = (one.id.to_string(), one.person.to_string());
            let helper = one.helper.map(|helper| helper.to_string());
            run!(connection, PUT, id, person, helper, body)?;
        }
        Event::Removed { helper } => {
            run!(connection, DELETE, helper.to_string())?;
        }
    }
    Ok(())
}

pub(crate) async fn of(
    connection: &mut AnyConnection,
    person: &str,
) -> Result<Vec<Helper>, StoreError> {
    let rows = rows!(connection, OF_PERSON, person)?;
    rows.iter().map(|row| Fields::new("helper", row).json()).collect()
}

impl Store {
    /// The persons who named this one.
    pub async fn helped_by(&self, helper: PersonId) -> Result<Vec<PersonId>, StoreError> {
        let mut connection = self.database.pool().acquire().await?;
        let rows = rows!(connection, HELPED_BY, helper.to_string())?;
        rows.iter().map(|row| Fields::new("helper", row).parsed()).collect()
    }
}
