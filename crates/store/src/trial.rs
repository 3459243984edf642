//! Copies of the tables: one that is kept for the way back before a schema is changed, and one that is
//! brought up to this version's schema only to be looked at.

use std::path::{Path, PathBuf};

use crate::engine::{existing_sqlite_url, in_schema};
use crate::{Database, Engine, Store, StoreError, migration};

impl Store {
    /// The number of the schema that the tables have; none where there are no tables yet.
    pub async fn schema(&self) -> Result<Option<i64>, StoreError> {
        self.database.schema().await
    }

    /// Whether the tables have a schema that is older than this version's.
    pub async fn is_behind(&self) -> Result<bool, StoreError> {
        Ok(self.schema().await?.is_some_and(|found| found < migration::newest()))
    }

    /// Bytes of the tables with their indexes in a PostgreSQL database; none on SQLite, whose file says that itself.
    pub async fn database_bytes(&self) -> Result<Option<u64>, StoreError> {
        self.database.bytes().await
    }

    /// Copies the tables of a PostgreSQL database into a schema beside them that begins with `name`, and gives the
    /// name that it has: the first of `name`, `name_2` and so on that is free.
    pub async fn keep_beside(&self, name: &str) -> Result<String, StoreError> {
        let mut free = name.to_owned();
        let mut count = 2;
        while self.database.has_schema(&free).await? {
            free = format!("{name}_{count}");
            count += 1;
        }
        self.database.copy_within(&free).await?;
        Ok(free)
    }
}

/// A copy of tables, with this version's schema; the tables themselves stay as they are.
#[derive(Debug)]
pub struct Trial {
    /// The copy.
    pub store: Store,
    place: Place,
}

#[derive(Debug)]
enum Place {
    /// A SQLite file in a folder of its own.
    Folder(PathBuf),
    /// A schema in the PostgreSQL database at this address.
    Schema(Database, String),
}

impl Trial {
    /// Copies the tables at `url` and brings the copy up to date. `name` is made of small letters, digits and `_`, and
    /// names it where it is: the schema of a PostgreSQL database, or the folder made for it in `folder`.
    pub async fn make(url: &str, folder: &Path, name: &str) -> Result<Self, StoreError> {
        let tables = Database::connect(url).await?;
        let (copy, place) = match tables.engine() {
            Engine::Sqlite => {
                let place = folder.join(name);
                let made = private::new_folder(&place);
                made.map_err(|error| StoreError::Connect(sqlx::Error::Io(error)))?;
                let file = place.join("tables.db");
                let copied = match private::create(&file) {
                    Ok(_) => tables.copy_to(&file).await,
                    Err(error) => Err(StoreError::Connect(sqlx::Error::Io(error))),
                };
                tables.close().await;
                (copied.map(|()| existing_sqlite_url(&file)), Place::Folder(place))
            }
            Engine::Postgres => {
                let copied = tables.copy_within(name).await;
                (copied.map(|()| in_schema(url, name)), Place::Schema(tables, name.to_owned()))
            }
        };
        let store = match copy {
            Ok(url) => Store::open(&url).await,
            Err(error) => Err(error),
        };
        match store {
            Ok(store) => Ok(Self { store, place }),
            Err(error) => {
                place.clear().await;
                Err(error)
            }
        }
    }

    /// Removes the copy.
    pub async fn end(self) {
        self.store.close().await;
        self.place.clear().await;
    }
}

impl Place {
    /// What cannot be removed is in nobody's way: no later trial has its name.
    async fn clear(self) {
        match self {
            Self::Folder(folder) => drop(std::fs::remove_dir_all(folder)),
            Self::Schema(tables, name) => {
                drop(tables.drop_schema(&name).await);
                tables.close().await;
            }
        }
    }
}
