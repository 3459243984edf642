//! The policies that people chose for their interfaces, and when they renew their sessions.

use access::Span;
use access::policy::{Event, NewNetwork, OwnLimits, Policy, Tempo};
use access::session::Interface;
use access::window::Window;
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use crate::error::StoreError;
use crate::field::{Fields, json};

statements! {
    PUT = "INSERT INTO policy (person, interface, tempo, own_idle, own_absolute, new_network, needs) \
           VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (person, interface) DO UPDATE \
           SET tempo = excluded.tempo, own_idle = excluded.own_idle, \
           own_absolute = excluded.own_absolute, new_network = excluded.new_network, \
           needs = excluded.needs";
    OF_PERSON = "SELECT person, interface, tempo, own_idle, own_absolute, new_network, needs \
                 FROM policy WHERE person = $1";
    PUT_WINDOW = "INSERT INTO renewal (person, weekday, minute, zone) VALUES ($1, $2, $3, $4) \
                  ON CONFLICT (person) DO UPDATE SET weekday = excluded.weekday, \
                  minute = excluded.minute, zone = excluded.zone";
    DROP_WINDOW = "DELETE FROM renewal WHERE person = $1";
    WINDOW = "SELECT weekday, minute, zone FROM renewal WHERE person = $1";
}

pub(crate) async fn apply(connection: &mut AnyConnection, event: &Event) -> Result<(), StoreError> {
    match event {
        Event::Set(one) => run!(
            connection,
            PUT,
            one.person.to_string(),
            one.interface.name(),
            one.tempo.name(),
            one.own.idle.map(|span| span.0),
            one.own.absolute.map(|span| span.0),
            one.new_network.name(),
            json("policy", &one.needs)?,
        )?,
        Event::WindowSet { person, window: Some(window) } => run!(
            connection,
            PUT_WINDOW,
            person.to_string(),
            i64::from(window.weekday()),
            i64::from(window.minute()),
            window.zone().to_owned(),
        )?,
        Event::WindowSet { person, window: None } => {
            run!(connection, DROP_WINDOW, person.to_string())?
        }
    };
    Ok(())
}

pub(crate) async fn of(
    connection: &mut AnyConnection,
    person: &str,
) -> Result<Vec<Policy>, StoreError> {
    rows!(connection, OF_PERSON, person)?.iter().map(read).collect()
}

fn read(row: &AnyRow) -> Result<Policy, StoreError> {
    let mut fields = Fields::new("policy", row);
    Ok(Policy {
        person: fields.parsed()?,
        interface: fields.named(&Interface::ALL, Interface::name)?,
        tempo: fields.named(&Tempo::ALL, Tempo::name)?,
        own: OwnLimits {
            idle: fields.maybe_int()?.map(Span),
            absolute: fields.maybe_int()?.map(Span),
        },
        new_network: fields.named(&NewNetwork::ALL, NewNetwork::name)?,
        needs: fields.json()?,
    })
}

pub(crate) async fn window(
    connection: &mut AnyConnection,
    person: &str,
) -> Result<Option<Window>, StoreError> {
    let Some(row) = row!(connection, WINDOW, person)? else { return Ok(None) };
    let mut fields = Fields::new("renewal", &row);
    let (weekday, minute) = (fields.number()?, fields.number()?);
    fields.checked(|zone| Window::new(weekday, minute, zone)).map(Some)
}
