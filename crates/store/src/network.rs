//! The networks that a person was seen at.

use access::moment::Time;
use access::network::{Event, Known};
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use crate::error::StoreError;
use crate::field::Fields;

statements! {
    PUT = "INSERT INTO network (person, network, first_at, last_at) VALUES ($1, $2, $3, $4) \
           ON CONFLICT (person, network) DO UPDATE \
           SET first_at = excluded.first_at, last_at = excluded.last_at";
    OF_PERSON = "SELECT person, network, first_at, last_at FROM network WHERE person = $1";
    PRUNE = "DELETE FROM network WHERE last_at < $1";
}

pub(crate) async fn apply(
    connection: &mut AnyConnection,
    Event::Seen(known): &Event,
) -> Result<(), sqlx::Error> {
    let (person, network) = (known.person.to_string(), known.network.to_string());
    run!(connection, PUT, person, network, known.first_at.0, known.last_at.0)?;
    Ok(())
}

pub(crate) async fn of(
    connection: &mut AnyConnection,
    person: &str,
) -> Result<Vec<Known>, StoreError> {
    rows!(connection, OF_PERSON, person)?.iter().map(read).collect()
}

fn read(row: &AnyRow) -> Result<Known, StoreError> {
    let mut fields = Fields::new("network", row);
    Ok(Known {
        person: fields.parsed()?,
        network: fields.parsed()?,
        first_at: fields.time()?,
        last_at: fields.time()?,
    })
}

/// Forgets the networks that were last seen before this time.
pub(crate) async fn prune(
    connection: &mut AnyConnection,
    before: Time,
) -> Result<u64, sqlx::Error> {
    run!(connection, PRUNE, before.0)
}
