//! The outbox: what people are told, until a delivery exists.

use access::id::PersonId;
use access::moment::Time;
use access::notice::{Event, Notice, Topic};
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use crate::Store;
use crate::error::StoreError;
use crate::field::{Fields, hex};

statements! {
    INSERT = "INSERT INTO notice (id, person, topic, body, code, written_at) \
              VALUES ($1, $2, $3, $4, $5, $6)";
    OF_PERSON = "SELECT id, person, topic, body, code, written_at FROM notice \
                 WHERE person = $1 ORDER BY written_at DESC, id LIMIT $2";
    ALL = "SELECT id, person, topic, body, code, written_at FROM notice \
           ORDER BY written_at DESC, id LIMIT $1";
    PRUNE = "DELETE FROM notice WHERE written_at < $1";
}

pub(crate) async fn apply(
    connection: &mut AnyConnection,
    Event::Queued(notice): &Event,
) -> Result<(), sqlx::Error> {
    let Notice { id, person, topic, text, code, at } = notice;
    let (id, person, code) =
        (id.to_string(), person.to_string(), code.as_ref().map(|code| hex(&code.0)));
    run!(connection, INSERT, id, person, topic.name(), text.clone(), code, at.0)?;
    Ok(())
}

fn read(row: &AnyRow) -> Result<Notice, StoreError> {
    let mut fields = Fields::new("notice", row);
    Ok(Notice {
        id: fields.parsed()?,
        person: fields.parsed()?,
        topic: fields.named(&Topic::ALL, Topic::name)?,
        text: fields.text()?,
        code: fields.maybe_sealed()?,
        at: fields.time()?,
    })
}

impl Store {
    /// The last notices, of a person or of all, the newest first; at most `limit`.
    pub async fn notices(
        &self,
        person: Option<PersonId>,
        limit: u32,
    ) -> Result<Vec<Notice>, StoreError> {
        let mut connection = self.database.pool().acquire().await?;
        let limit = i64::from(limit);
        let rows = match person {
            Some(person) => rows!(connection, OF_PERSON, person.to_string(), limit)?,
            None => rows!(connection, ALL, limit)?,
        };
        rows.iter().map(read).collect()
    }
}

/// Forgets the notices that were written before this time.
pub(crate) async fn prune(
    connection: &mut AnyConnection,
    before: Time,
) -> Result<u64, sqlx::Error> {
    run!(connection, PRUNE, before.0)
}
