//! Which session of a person can trade, if only one may.

use access::brokerage::{Brokerage, Event};
use sqlx::AnyConnection;

use crate::error::StoreError;
use crate::field::Fields;

statements! {
    PUT = "INSERT INTO brokerage (person, holder, since) VALUES ($1, $2, $3) \
           ON CONFLICT (person) DO UPDATE SET holder = excluded.holder, since = excluded.since";
    DROP = "DELETE FROM brokerage WHERE person = $1";
    OF_PERSON = "SELECT person, holder, since FROM brokerage WHERE person = $1";
}

pub(crate) async fn apply(
    connection: &mut AnyConnection,
    event: &Event,
) -> Result<(), sqlx::Error> {
    match event {
        Event::Held(one) => {
            let holder = one.holder.map(|holder| holder.to_string());
            run!(connection, PUT, one.person.to_string(), holder, one.since.0)?
        }
        Event::Off { person } => run!(connection, DROP, person.to_string())?,
    };
    Ok(())
}

pub(crate) async fn of(
    connection: &mut AnyConnection,
    person: &str,
) -> Result<Option<Brokerage>, StoreError> {
    let Some(row) = row!(connection, OF_PERSON, person)? else { return Ok(None) };
    let mut fields = Fields::new("brokerage", &row);
    Ok(Some(Brokerage {
        person: fields.parsed()?,
        holder: fields.maybe_parsed()?,
        since: fields.time()?,
    }))
}
