//! The threshold above which orders from a person's sessions need approval.

use access::large_order::{Event, Threshold};
use sqlx::AnyConnection;

use crate::error::StoreError;
use crate::field::Fields;

statements! {
    PUT = "INSERT INTO large_order (person, above) VALUES ($1, $2) \
           ON CONFLICT (person) DO UPDATE SET above = excluded.above";
    OF_PERSON = "SELECT above FROM large_order WHERE person = $1";
}

pub(crate) async fn apply(
    connection: &mut AnyConnection,
    event: &Event,
) -> Result<(), sqlx::Error> {
    if let Event::Set { person, threshold } = event {
        let above = threshold.above.map(|usd| usd.to_string());
        run!(connection, PUT, person.to_string(), above)?;
    }
    Ok(())
}

pub(crate) async fn of(
    connection: &mut AnyConnection,
    person: &str,
) -> Result<Threshold, StoreError> {
    let Some(row) = row!(connection, OF_PERSON, person)? else { return Ok(Threshold::default()) };
    Ok(Threshold { above: Fields::new("large_order", &row).maybe_parsed()? })
}
