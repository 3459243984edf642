//! Sign-ins under way.

use access::binding::Beginner;
use access::sign_in::{Attempt, Event};
use access::stay::Stay;
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use crate::error::StoreError;
use crate::field::{Fields, json};

statements! {
    PUT = "INSERT INTO attempt (id, person, token, step, started_at, until_at, stay, public_key, \
           begun_from, told) \
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (id) DO UPDATE \
           SET token = excluded.token, step = excluded.step, until_at = excluded.until_at, \
           public_key = excluded.public_key, begun_from = excluded.begun_from, told = excluded.told";
    DELETE = "DELETE FROM attempt WHERE id = $1";
    OF_PERSON = "SELECT id, person, token, step, started_at, until_at, stay, public_key, \
                 begun_from, told FROM attempt WHERE person = $1";
}

pub(crate) async fn apply(connection: &mut AnyConnection, event: &Event) -> Result<(), StoreError> {
    match event {
        Event::Started(attempt) | Event::Changed(attempt) => {
            let Attempt { id, person, token, step, started_at, until, stay, begun } = attempt;
            let step = json("attempt", step)?;
            let (id, person, token) = (id.to_string(), person.to_string(), token.to_string());
            let (began, until, stay) = (started_at.0, until.0, stay.name());
            let key = begun.key.map(|key| key.to_string());
            let (from, told) = (begun.address.map(|from| from.to_string()), i64::from(begun.told));
            run!(connection, PUT, id, person, token, step, began, until, stay, key, from, told)?;
        }
        Event::Finished { attempt } | Event::Dropped { attempt } => {
            run!(connection, DELETE, attempt.to_string())?;
        }
    }
    Ok(())
}

pub(crate) async fn of(
    connection: &mut AnyConnection,
    person: &str,
) -> Result<Vec<Attempt>, StoreError> {
    rows!(connection, OF_PERSON, person)?.iter().map(read).collect()
}

fn read(row: &AnyRow) -> Result<Attempt, StoreError> {
    let mut fields = Fields::new("attempt", row);
    Ok(Attempt {
        id: fields.parsed()?,
        person: fields.parsed()?,
        token: fields.digest()?,
        step: fields.json()?,
        started_at: fields.time()?,
        until: fields.time()?,
        stay: fields.named(&Stay::ALL, Stay::name)?,
        begun: Beginner {
            key: fields.maybe_parsed()?,
            address: fields.maybe_parsed()?,
            told: fields.truth()?,
        },
    })
}
