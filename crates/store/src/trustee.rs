//! Recovery contacts: whom a person named.

use access::id::PersonId;
use access::trustee::{Event, Trustee};
use sqlx::AnyConnection;

use crate::Store;
use crate::error::StoreError;
use crate::field::{Fields, json};

statements! {
    PUT = "INSERT INTO trustee (id, person, trustee, body) VALUES ($1, $2, $3, $4) \
           ON CONFLICT (id) DO UPDATE SET body = excluded.body";
    DELETE = "DELETE FROM trustee WHERE id = $1";
    OF_PERSON = "SELECT body FROM trustee WHERE person = $1";
    HELPED_BY = "SELECT DISTINCT person FROM trustee WHERE trustee = $1";
}

pub(crate) async fn apply(connection: &mut AnyConnection, event: &Event) -> Result<(), StoreError> {
    match event {
        Event::Changed(one) => {
            let body = json("trustee", one)?;
            let (id, person) = (one.id.to_string(), one.person.to_string());
            let trustee = one.trustee.map(|trustee| trustee.to_string());
            run!(connection, PUT, id, person, trustee, body)?;
        }
        Event::Removed { trustee } => {
            run!(connection, DELETE, trustee.to_string())?;
        }
    }
    Ok(())
}

pub(crate) async fn of(
    connection: &mut AnyConnection,
    person: &str,
) -> Result<Vec<Trustee>, StoreError> {
    let rows = rows!(connection, OF_PERSON, person)?;
    rows.iter().map(|row| Fields::new("trustee", row).json()).collect()
}

impl Store {
    /// The persons who named this one.
    pub async fn helped_by(&self, trustee: PersonId) -> Result<Vec<PersonId>, StoreError> {
        let mut connection = self.database.pool().acquire().await?;
        let rows = rows!(connection, HELPED_BY, trustee.to_string())?;
        rows.iter().map(|row| Fields::new("trustee", row).parsed()).collect()
    }
}
