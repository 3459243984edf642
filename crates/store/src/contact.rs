//! Contacts: mail addresses and phone numbers, former ones until their time is over.

use access::contact::{Contact, Event, MailAddress, PhoneNumber, Value};
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use crate::error::StoreError;
use crate::field::{Fields, json};

statements! {
    PUT = "INSERT INTO contact (id, person, kind, value, state, changed_at) \
           VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (id) DO UPDATE \
           SET value = excluded.value, state = excluded.state, changed_at = excluded.changed_at";
    DELETE = "DELETE FROM contact WHERE id = $1";
    OF_PERSON = "SELECT id, person, kind, value, state, changed_at FROM contact WHERE person = $1";
}

pub(crate) async fn apply(connection: &mut AnyConnection, event: &Event) -> Result<(), StoreError> {
    match event {
        Event::Changed(contact) => {
            let Contact { id, person, value, state, changed_at } = contact.as_ref();
            let (kind, text) = match value {
                Value::Mail(address) => ("mail", address.as_str().to_owned()),
                Value::Phone(number) => ("phone", number.as_str().to_owned()),
            };
            let (id, person, state) = (id.to_string(), person.to_string(), json("contact", state)?);
            run!(connection, PUT, id, person, kind, text, state, changed_at.0)?;
        }
        Event::Removed { contact } => {
            run!(connection, DELETE, contact.to_string())?;
        }
    }
    Ok(())
}

pub(crate) async fn of(
    connection: &mut AnyConnection,
    person: &str,
) -> Result<Vec<Contact>, StoreError> {
    rows!(connection, OF_PERSON, person)?.iter().map(read).collect()
}

fn read(row: &AnyRow) -> Result<Contact, StoreError> {
    let mut fields = Fields::new("contact", row);
    let (id, person, kind) = (fields.parsed()?, fields.parsed()?, fields.text()?);
    let value = if kind == "mail" {
        Value::Mail(fields.checked(MailAddress::new)?)
    } else {
        Value::Phone(fields.checked(PhoneNumber::new)?)
    };
    Ok(Contact { id, person, value, state: fields.json()?, changed_at: fields.time()? })
}
