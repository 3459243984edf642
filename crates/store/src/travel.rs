//! Planned travel, one plan per person.

use access::moment::Time;
use access::name::Name;
use access::travel::{Event, Plan};
use sqlx::AnyConnection;

use crate::error::StoreError;
use crate::field::Fields;

statements! {
    PUT = "INSERT INTO travel (person, from_at, until_at, place, network) \
           VALUES ($1, $2, $3, $4, $5) ON CONFLICT (person) DO UPDATE \
           SET from_at = excluded.from_at, until_at = excluded.until_at, \
           place = excluded.place, network = excluded.network";
    DELETE = "DELETE FROM travel WHERE person = $1";
    OF_PERSON = "SELECT person, from_at, until_at, place, network FROM travel WHERE person = $1";
    PRUNE = "DELETE FROM travel WHERE until_at < $1";
}

pub(crate) async fn apply(
    connection: &mut AnyConnection,
    event: &Event,
) -> Result<(), sqlx::Error> {
    match event {
        Event::Planned(plan) => {
            let network = plan.network.map(|network| network.to_string());
            let (person, place) = (plan.person.to_string(), plan.place.to_string());
            run!(connection, PUT, person, plan.from.0, plan.until.0, place, network)?;
        }
        Event::Ended { person } => {
            run!(connection, DELETE, person.to_string())?;
        }
    }
    Ok(())
}

pub(crate) async fn of(
    connection: &mut AnyConnection,
    person: &str,
) -> Result<Option<Plan>, StoreError> {
    let Some(row) = row!(connection, OF_PERSON, person)? else { return Ok(None) };
    let mut fields = Fields::new("travel", &row);
    Ok(Some(Plan {
        person: fields.parsed()?,
        from: fields.time()?,
        until: fields.time()?,
        place: fields.checked(Name::kept)?,
        network: fields.maybe_parsed()?,
    }))
}

/// Forgets plans that were over before this time.
pub(crate) async fn prune(
    connection: &mut AnyConnection,
    before: Time,
) -> Result<u64, sqlx::Error> {
    run!(connection, PRUNE, before.0)
}
