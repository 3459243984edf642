//! Failures in a row: of a person's factors, and of names that nobody has.

use access::id::PersonId;
use access::moment::Time;
use access::secret::Digest;
use access::throttle::{Counter, Event, Factor, Place, Stranger};
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use crate::error::StoreError;
use crate::field::Fields;

statements! {
    PUT = "INSERT INTO counter (person, factor, place, failures, last_at) \
           VALUES ($1, $2, $3, $4, $5) ON CONFLICT (person, factor, place) DO UPDATE \
           SET failures = excluded.failures, last_at = excluded.last_at";
    CLEAR = "DELETE FROM counter WHERE person = $1 AND place = $2";
    CLEAR_ALL = "DELETE FROM counter WHERE person = $1";
    OF_PERSON = "SELECT factor, place, failures, last_at FROM counter WHERE person = $1";
    STRANGER = "SELECT failures, last_at, version FROM stranger WHERE name = $1";
    ADD_STRANGER = "INSERT INTO stranger (name, failures, last_at, version) \
                    VALUES ($1, $2, $3, 1) ON CONFLICT (name) DO NOTHING";
    SET_STRANGER = "UPDATE stranger SET failures = $2, last_at = $3, version = version + 1 \
                    WHERE name = $1 AND version = $4";
    FORGET_STRANGER = "DELETE FROM stranger WHERE name = $1";
    PRUNE = "DELETE FROM stranger WHERE last_at < $1";
}

/// A place as it is written: a device's id, or nothing for all untrusted ones.
fn place_text(place: Place) -> String {
    match place {
        Place::Device(device) => device.to_string(),
        Place::Untrusted => String::new(),
    }
}

/// Applies what happened to a person's counters.
pub(crate) async fn apply(
    connection: &mut AnyConnection,
    person: Option<PersonId>,
    event: &Event,
) -> Result<(), sqlx::Error> {
    let Some(person) = person.map(|person| person.to_string()) else { return Ok(()) };
    match event {
        Event::Failed(Counter { factor, place, failures, last_at }) => {
            let (factor, place) = (factor.name(), place_text(*place));
            run!(connection, PUT, person, factor, place, i64::from(*failures), last_at.0)?
        }
        Event::Cleared { place } => run!(connection, CLEAR, person, place_text(*place))?,
        Event::AllCleared => run!(connection, CLEAR_ALL, person)?,
        // Written together with its version, by `put_stranger`.
        Event::StrangerFailed(_) => 0,
    };
    Ok(())
}

pub(crate) async fn of(
    connection: &mut AnyConnection,
    person: &str,
) -> Result<Vec<Counter>, StoreError> {
    rows!(connection, OF_PERSON, person)?.iter().map(read).collect()
}

fn read(row: &AnyRow) -> Result<Counter, StoreError> {
    let mut fields = Fields::new("counter", row);
    let factor = fields.checked(|text| Factor::from_name(text).ok_or("an unknown factor"))?;
    let place = fields.checked(|text| {
        if text.is_empty() { Ok(Place::Untrusted) } else { text.parse().map(Place::Device) }
    })?;
    Ok(Counter { factor, place, failures: fields.number()?, last_at: fields.time()? })
}

/// The counter of a name that nobody has, and its version; zeros when it never failed.
pub(crate) async fn stranger(
    connection: &mut AnyConnection,
    name: Digest,
) -> Result<(Stranger, i64), StoreError> {
    let Some(row) = row!(connection, STRANGER, name.to_string())? else {
        return Ok((Stranger { name, failures: 0, last_at: Time::default() }, 0));
    };
    let mut fields = Fields::new("stranger", &row);
    let stranger = Stranger { name, failures: fields.number()?, last_at: fields.time()? };
    Ok((stranger, fields.int()?))
}

/// Writes the counter of a name that nobody has, if its version is still this; otherwise changes nothing.
pub(crate) async fn put_stranger(
    connection: &mut AnyConnection,
    Stranger { name, failures, last_at }: &Stranger,
    version: i64,
) -> Result<bool, sqlx::Error> {
    let (name, failures) = (name.to_string(), i64::from(*failures));
    let changed = if version == 0 {
        run!(connection, ADD_STRANGER, name, failures, last_at.0)?
    } else {
        run!(connection, SET_STRANGER, name, failures, last_at.0, version)?
    };
    Ok(changed == 1)
}

/// Somebody has the name now.
pub(crate) async fn forget_stranger(
    connection: &mut AnyConnection,
    name: Digest,
) -> Result<(), sqlx::Error> {
    run!(connection, FORGET_STRANGER, name.to_string())?;
    Ok(())
}

/// Forgets the names whose last failure was before this time.
pub(crate) async fn prune(
    connection: &mut AnyConnection,
    before: Time,
) -> Result<u64, sqlx::Error> {
    run!(connection, PRUNE, before.0)
}
