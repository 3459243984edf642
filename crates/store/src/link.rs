//! Single-use links. One that was used or withdrawn has no row; evidence remembers it.

use access::link::{Event, Link, Purpose};
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use crate::error::StoreError;
use crate::field::Fields;

statements! {
    INSERT = "INSERT INTO link (id, person, token, purpose, until_at) VALUES ($1, $2, $3, $4, $5)";
    DELETE = "DELETE FROM link WHERE id = $1";
    OF_PERSON = "SELECT id, person, token, purpose, until_at FROM link WHERE person = $1";
}

pub(crate) async fn apply(
    connection: &mut AnyConnection,
    event: &Event,
) -> Result<(), sqlx::Error> {
    match event {
        Event::Issued(Link { id, person, token, purpose, until }) => {
            let (id, person, token) = (id.to_string(), person.to_string(), token.to_string());
            run!(connection, INSERT, id, person, token, purpose.name(), until.0)?
        }
        Event::Used { link, .. } | Event::Withdrawn { link } => {
            run!(connection, DELETE, link.to_string())?
        }
    };
    Ok(())
}

pub(crate) async fn of(
    connection: &mut AnyConnection,
    person: &str,
) -> Result<Vec<Link>, StoreError> {
    rows!(connection, OF_PERSON, person)?.iter().map(read).collect()
}

fn read(row: &AnyRow) -> Result<Link, StoreError> {
    let mut fields = Fields::new("link", row);
    Ok(Link {
        id: fields.parsed()?,
        person: fields.parsed()?,
        token: fields.digest()?,
        purpose: fields.named(&Purpose::ALL, Purpose::name)?,
        until: fields.time()?,
    })
}
