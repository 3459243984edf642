//! Approvals. One that has ended keeps its row for an hour: it counts toward the limit on prompts.

use access::approval::{Answered, Approval, Event, Say};
use access::moment::Time;
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use crate::error::StoreError;
use crate::field::{Fields, hex, json};

statements! {
    INSERT = "INSERT INTO approval (id, person, asker, content, number, tries_left, asked_at, \
              until_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    MISS = "UPDATE approval SET tries_left = $2 WHERE id = $1";
    ANSWER = "UPDATE approval SET say = $2, answered_by = $3, answered_at = $4 WHERE id = $1";
    CLOSE = "UPDATE approval SET until_at = asked_at WHERE id = $1";
    OF_PERSON = "SELECT id, person, asker, content, number, tries_left, asked_at, until_at, say, \
                 answered_by, answered_at FROM approval WHERE person = $1";
    PRUNE = "DELETE FROM approval WHERE asked_at < $1";
}

pub(crate) async fn apply(connection: &mut AnyConnection, event: &Event) -> Result<(), StoreError> {
    match event {
        Event::Asked(one) => {
            let (asker, content) = (json("approval", &one.asker)?, json("approval", &one.content)?);
            let number = one.number.as_ref().map(|number| hex(&number.0));
            let (id, person) = (one.id.to_string(), one.person.to_string());
            let (tries, at, until) = (i64::from(one.tries_left), one.asked_at.0, one.until.0);
            run!(connection, INSERT, id, person, asker, content, number, tries, at, until)?;
        }
        Event::Missed { approval, tries_left } => {
            run!(connection, MISS, approval.to_string(), i64::from(*tries_left))?;
        }
        Event::Answered { approval, answered } => {
            let (say, by) = (answered.say.name(), answered.device.to_string());
            run!(connection, ANSWER, approval.to_string(), say, by, answered.at.0)?;
        }
        Event::Closed { approval } => {
            run!(connection, CLOSE, approval.to_string())?;
        }
    }
    Ok(())
}

pub(crate) async fn of(
    connection: &mut AnyConnection,
    person: &str,
) -> Result<Vec<Approval>, StoreError> {
    rows!(connection, OF_PERSON, person)?.iter().map(read).collect()
}

fn read(row: &AnyRow) -> Result<Approval, StoreError> {
    let mut fields = Fields::new("approval", row);
    let mut approval = Approval {
        id: fields.parsed()?,
        person: fields.parsed()?,
        asker: fields.json()?,
        content: fields.json()?,
        number: fields.maybe_sealed()?,
        tries_left: fields.number()?,
        asked_at: fields.time()?,
        until: fields.time()?,
        answered: None,
    };
    let say = fields.maybe_text()?;
    let (device, at) = (fields.maybe_parsed()?, fields.maybe_time()?);
    // Any other value is not an answer.
    let say = Say::ALL.into_iter().find(|one| Some(one.name()) == say.as_deref());
    if let (Some(say), Some(device), Some(at)) = (say, device, at) {
        approval.answered = Some(Answered { say, device, at });
    }
    Ok(approval)
}

/// Forgets the approvals that were asked for before this time.
pub(crate) async fn prune(
    connection: &mut AnyConnection,
    before: Time,
) -> Result<u64, sqlx::Error> {
    run!(connection, PRUNE, before.0)
}
