//! Notices: the outbox and the message centre. Codes are in them as sealed secrets.

use access::id::{NoticeId, PersonId};
use access::moment::Time;
use access::notice::{Event, Notice, Subject, Topic};
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use crate::error::StoreError;
use crate::field::{Fields, hex, json};
use crate::{Store, delivery};

statements! {
    INSERT = "INSERT INTO notice (id, person, topic, body, code, device, session, address, mail, \
              written_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    DISOWN = "UPDATE notice SET disowned_at = $2 WHERE id = $1 AND disowned_at IS NULL";
    OF_PERSON = "SELECT id, person, topic, body, code, device, session, address, mail, written_at \
                 FROM notice WHERE person = $1 ORDER BY written_at DESC, id LIMIT $2";
    ALL = "SELECT id, person, topic, body, code, device, session, address, mail, written_at \
           FROM notice ORDER BY written_at DESC, id LIMIT $1";
    PAGE = "SELECT id, person, topic, body, code, device, session, address, mail, written_at, \
            read_at, disowned_at FROM notice \
            WHERE person = $1 AND (written_at < $2 OR (written_at = $2 AND id > $3)) \
            ORDER BY written_at DESC, id LIMIT $4";
    ONE = "SELECT id, person, topic, body, code, device, session, address, mail, written_at, \
           read_at, disowned_at FROM notice WHERE id = $1";
    UNREAD = "SELECT COUNT(*) FROM notice WHERE person = $1 AND read_at IS NULL";
    READ = "UPDATE notice SET read_at = $3 WHERE person = $1 AND id = $2 AND read_at IS NULL";
    READ_ALL = "UPDATE notice SET read_at = $3 \
                WHERE person = $1 AND written_at <= $2 AND read_at IS NULL";
    PRUNE = "DELETE FROM notice WHERE written_at < $1";
}

/// A notice as the message centre has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// What was written.
    pub notice: Notice,
    /// When its person marked it as read.
    pub read_at: Option<Time>,
    /// When its person said that it was not them.
    pub disowned_at: Option<Time>,
}

pub(crate) async fn apply(
    connection: &mut AnyConnection,
    event: &Event,
    webhook: bool,
) -> Result<(), StoreError> {
    let notice = match event {
        Event::Queued(notice) => notice,
        Event::Disowned { notice, at } => {
            run!(connection, DISOWN, notice.to_string(), at.0)?;
            return Ok(());
        }
    };
    let subject = notice.subject;
    run!(
        connection,
        INSERT,
        notice.id.to_string(),
        notice.person.to_string(),
        notice.topic.name(),
        notice.text.clone(),
        notice.code.as_ref().map(|code| hex(&code.0)),
        subject.device.map(|device| device.to_string()),
        subject.session.map(|session| session.to_string()),
        subject.address.map(|address| address.to_string()),
        json("notice", &notice.mail)?,
        notice.at.0,
    )?;
    delivery::queue(connection, notice, webhook).await
}

/// The first ten columns of a row.
pub(crate) fn read_fields(fields: &mut Fields<'_>) -> Result<Notice, StoreError> {
    Ok(Notice {
        id: fields.parsed()?,
        person: fields.parsed()?,
        topic: fields.named(Topic::ALL, Topic::name)?,
        text: fields.text()?,
        code: fields.maybe_sealed()?,
        subject: Subject {
            device: fields.maybe_parsed()?,
            session: fields.maybe_parsed()?,
            address: fields.maybe_parsed()?,
        },
        mail: fields.json()?,
        at: fields.time()?,
    })
}

fn read(row: &AnyRow) -> Result<Notice, StoreError> {
    read_fields(&mut Fields::new("notice", row))
}

fn read_message(row: &AnyRow) -> Result<Message, StoreError> {
    let mut fields = Fields::new("notice", row);
    Ok(Message {
        notice: read_fields(&mut fields)?,
        read_at: fields.maybe_time()?,
        disowned_at: fields.maybe_time()?,
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

    /// A page of a person's messages, the newest first: those behind `after`, at most `limit`.
    pub async fn messages(
        &self,
        person: PersonId,
        after: Option<(Time, NoticeId)>,
        limit: u32,
    ) -> Result<Vec<Message>, StoreError> {
        let mut connection = self.database.pool().acquire().await?;
        let (at, id) = after.map_or((Time::FAR, String::new()), |(at, id)| (at, id.to_string()));
        let rows = rows!(connection, PAGE, person.to_string(), at.0, id, i64::from(limit))?;
        rows.iter().map(read_message).collect()
    }

    /// One message.
    pub async fn message(&self, notice: NoticeId) -> Result<Option<Message>, StoreError> {
        let mut connection = self.database.pool().acquire().await?;
        row!(connection, ONE, notice.to_string())?.as_ref().map(read_message).transpose()
    }

    /// How many messages a person has not read.
    pub async fn unread(&self, person: PersonId) -> Result<u32, StoreError> {
        let mut connection = self.database.pool().acquire().await?;
        let Some(row) = row!(connection, UNREAD, person.to_string())? else { return Ok(0) };
        Fields::new("notice", &row).number()
    }

    /// Marks one message of a person as read. What was read is a convenience and no decision, so it
    /// is in no evidence.
    pub async fn read_message(
        &self,
        person: PersonId,
        notice: NoticeId,
        now: Time,
    ) -> Result<(), StoreError> {
        let mut connection = self.database.pool().acquire().await?;
        run!(connection, READ, person.to_string(), notice.to_string(), now.0)?;
        Ok(())
    }

    /// Marks all messages of a person as read that were written until `until`: none that came after
    /// the page was shown.
    pub async fn read_messages(
        &self,
        person: PersonId,
        until: Time,
        now: Time,
    ) -> Result<(), StoreError> {
        let mut connection = self.database.pool().acquire().await?;
        run!(connection, READ_ALL, person.to_string(), until.0, now.0)?;
        Ok(())
    }
}

/// Forgets the notices that were written before this time, and their deliveries.
pub(crate) async fn prune(
    connection: &mut AnyConnection,
    before: Time,
) -> Result<u64, sqlx::Error> {
    run!(connection, PRUNE, before.0)
}
