//! Failed tries by address: until when each counts.

use access::moment::Time;
use sqlx::AnyConnection;

use crate::Store;
use crate::error::StoreError;
use crate::field::Fields;

statements! {
    PUT = "INSERT INTO site (name, forgiven_at) VALUES ($1, $2) \
           ON CONFLICT (name) DO UPDATE SET forgiven_at = excluded.forgiven_at \
           WHERE excluded.forgiven_at > site.forgiven_at";
    AFTER = "SELECT name, forgiven_at FROM site WHERE forgiven_at > $1 ORDER BY forgiven_at";
    PRUNE = "DELETE FROM site WHERE forgiven_at < $1";
}

impl Store {
    /// Keeps by when these sites are forgiven; a later time that is there already stays.
    pub async fn put_sites(&self, sites: &[(String, Time)]) -> Result<(), StoreError> {
        let mut transaction = self.database.begin().await?;
        let connection: &mut AnyConnection = &mut transaction;
        for (name, forgiven_at) in sites {
            run!(connection, PUT, name.as_str(), forgiven_at.0)?;
        }
        Ok(transaction.commit().await?)
    }

    /// The sites that are not forgiven yet.
    pub async fn sites(&self, now: Time) -> Result<Vec<(String, Time)>, StoreError> {
        let mut connection = self.database.pool().acquire().await?;
        let read = |row| {
            let mut fields = Fields::new("site", row);
            Ok((fields.text()?, fields.time()?))
        };
        rows!(connection, AFTER, now.0)?.iter().map(read).collect()
    }
}

/// Forgets the sites that were forgiven before this time.
pub(crate) async fn prune(
    connection: &mut AnyConnection,
    before: Time,
) -> Result<u64, sqlx::Error> {
    run!(connection, PRUNE, before.0)
}
