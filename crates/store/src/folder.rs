//! Facts about the data folder itself, such as its id.

use crate::Store;
use crate::error::StoreError;
use crate::field::Fields;

statements! {
    INSERT = "INSERT INTO folder (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING";
    PUT = "INSERT INTO folder (name, value) VALUES ($1, $2) \
           ON CONFLICT (name) DO UPDATE SET value = excluded.value";
    ALL = "SELECT name, value FROM folder ORDER BY name";
    GET = "SELECT value FROM folder WHERE name = $1";
}

impl Store {
    /// The fact of this name.
    pub async fn fact(&self, name: &str) -> Result<Option<String>, StoreError> {
        let mut connection = self.database.pool().acquire().await?;
        let row = row!(connection, GET, name)?;
        row.map(|row| Fields::new("folder", &row).text()).transpose()
    }

    /// All facts, by name.
    pub async fn facts(&self) -> Result<Vec<(String, String)>, StoreError> {
        let mut connection = self.database.pool().acquire().await?;
        let rows = rows!(connection, ALL)?;
        let read = |row| {
            let mut fields = Fields::new("folder", row);
            Ok((fields.text()?, fields.text()?))
        };
        rows.iter().map(read).collect()
    }

    /// The fact of this name, which is `first` if there was none: the first caller decides.
    pub async fn fact_or(&self, name: &str, first: &str) -> Result<String, StoreError> {
        let mut connection = self.database.pool().acquire().await?;
        run!(connection, INSERT, name, first)?;
        let row = row!(connection, GET, name)?;
        row.map_or(Ok(first.to_owned()), |row| Fields::new("folder", &row).text())
    }

    /// Sets the fact of this name.
    pub async fn set_fact(&self, name: &str, value: &str) -> Result<(), StoreError> {
        let mut connection = self.database.pool().acquire().await?;
        run!(connection, PUT, name, value)?;
        Ok(())
    }
}
