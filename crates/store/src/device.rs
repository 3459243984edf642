//! Devices. One that was removed has no row; evidence remembers it.

use access::agent::{Agent, Form};
use access::device::{Approver, Device, DeviceRole, DeviceState, Event};
use access::name::Name;
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use crate::error::StoreError;
use crate::field::{Fields, hex, json};
use crate::push;

statements! {
    INSERT = "INSERT INTO device (id, person, token, public_key, role, confirmed, approver, \
              phone_number, name, state, trusted_until, created_at, last_seen_at, last_address, \
              family, lent, succeeds, first_address, agent, form, methods) \
              VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, \
              $18, $19, $20, $21)";
    LEND = "UPDATE device SET lent = 1 WHERE id = $1";
    OFFER = "UPDATE device SET approver = 0, phone_number = $2 WHERE id = $1";
    PHONE = "UPDATE device SET approver = 1, phone_number = NULL, confirmed = 1 WHERE id = $1";
    TRUST = "UPDATE device SET token = $2, public_key = $3, confirmed = $4, state = 'trusted', \
             trusted_until = $5 WHERE id = $1";
    CONFIRM = "UPDATE device SET confirmed = 1 WHERE id = $1";
    KEY = "UPDATE device SET public_key = $2, state = 'trusted', trusted_until = $3 WHERE id = $1";
    ROLE = "UPDATE device SET role = $2 WHERE id = $1";
    SUCCEED = "UPDATE device SET succeeds = $2, name = $3, created_at = $4 WHERE id = $1";
    RENAME = "UPDATE device SET name = $2 WHERE id = $1";
    BLOCK = "UPDATE device SET state = 'blocked', trusted_until = NULL WHERE id = $1";
    DELETE = "DELETE FROM device WHERE id = $1";
    SEE = "UPDATE device SET last_seen_at = $2, last_address = $3 WHERE id = $1";
    TELL = "UPDATE device SET agent = $2, form = $3, methods = $4 WHERE id = $1";
    OF_PERSON = "SELECT id, person, token, public_key, role, confirmed, approver, \
                 phone_number, name, state, \
                 trusted_until, created_at, last_seen_at, last_address, family, lent, succeeds, \
                 first_address, agent, form, methods \
                 FROM device WHERE person = $1";
}

pub(crate) async fn apply(connection: &mut AnyConnection, event: &Event) -> Result<(), StoreError> {
    match event {
        Event::Added(device) => insert(connection, device).await?,
        Event::Trusted { device, token, key, confirmed, until } => run!(
            connection,
            TRUST,
            device.to_string(),
            token.to_string(),
            key.map(|key| key.to_string()),
            i64::from(*confirmed),
            until.0
        )?,
        Event::PhoneOffered { device, number } => {
            run!(connection, OFFER, device.to_string(), hex(&number.0))?
        }
        Event::PhoneConfirmed { device } => run!(connection, PHONE, device.to_string())?,
        Event::Lent { device } => run!(connection, LEND, device.to_string())?,
        Event::Confirmed { device } => run!(connection, CONFIRM, device.to_string())?,
        Event::Keyed { device, key, until } => {
            run!(connection, KEY, device.to_string(), key.to_string(), until.0)?
        }
        Event::RoleSet { device, role } => run!(connection, ROLE, device.to_string(), role.name())?,
        Event::Succeeded { device, old, name, created_at } => {
            let (device, old, name) = (device.to_string(), old.to_string(), name.to_string());
            run!(connection, SUCCEED, device, old, name, created_at.0)?
        }
        Event::Renamed { device, name } => {
            run!(connection, RENAME, device.to_string(), name.to_string())?
        }
        Event::Blocked { device } => {
            push::forget(connection, *device).await?;
            run!(connection, BLOCK, device.to_string())?
        }
        Event::Removed { device } => {
            push::forget(connection, *device).await?;
            run!(connection, DELETE, device.to_string())?
        }
    };
    Ok(())
}

/// A session began on it.
pub(crate) async fn seen(
    connection: &mut AnyConnection,
    session: &access::session::Session,
) -> Result<(), StoreError> {
    let device = session.device.to_string();
    let address = session.address.map(|address| address.to_string());
    run!(connection, SEE, device.clone(), session.started_at.0, address)?;
    // A session from before that was kept says nothing of its browser.
    if session.agent.is_some() {
        let (agent, form) = columns(session.agent.as_ref());
        run!(connection, TELL, device, agent, form, json("device", &session.methods)?)?;
    }
    Ok(())
}

/// What a browser said of itself, as two columns.
pub(crate) fn columns(agent: Option<&Agent>) -> (Option<String>, Option<&'static str>) {
    let name = agent.map(|agent| agent.name.to_string());
    (name, agent.map(|agent| agent.form.name()))
}

/// The same from the two columns that come next.
pub(crate) fn agent(fields: &mut Fields<'_>) -> Result<Option<Agent>, StoreError> {
    match fields.maybe_checked(Name::kept)? {
        Some(name) => Ok(Some(Agent { name, form: fields.named(&Form::ALL, Form::name)? })),
        None => fields.maybe_text().map(|_| None),
    }
}

async fn insert(connection: &mut AnyConnection, device: &Device) -> Result<u64, StoreError> {
    let (agent, form) = columns(device.agent.as_ref());
    let (state, until) = match device.state {
        DeviceState::Pending => ("pending", None),
        DeviceState::Trusted { until } => ("trusted", Some(until.0)),
        DeviceState::Blocked => ("blocked", None),
    };
    let number = match &device.approver {
        Approver::Offered { number } => Some(hex(&number.0)),
        Approver::No | Approver::Yes => None,
    };
    let made = run!(
        connection,
        INSERT,
        device.id.to_string(),
        device.person.to_string(),
        device.token.map(|token| token.to_string()),
        device.key.map(|key| key.to_string()),
        device.role.name(),
        i64::from(device.confirmed),
        i64::from(device.approver == Approver::Yes),
        number,
        device.name.to_string(),
        state,
        until,
        device.created_at.0,
        device.last_seen_at.0,
        device.last_address.map(|address| address.to_string()),
        device.family.to_string(),
        i64::from(device.lent),
        device.succeeds.map(|one| one.to_string()),
        device.first_address.map(|address| address.to_string()),
        agent,
        form,
        json("device", &device.methods)?,
    )?;
    Ok(made)
}

pub(crate) async fn of(
    connection: &mut AnyConnection,
    person: &str,
) -> Result<Vec<Device>, StoreError> {
    rows!(connection, OF_PERSON, person)?.iter().map(read).collect()
}

fn read(row: &AnyRow) -> Result<Device, StoreError> {
    let mut fields = Fields::new("device", row);
    let (id, person, token) = (fields.parsed()?, fields.parsed()?, fields.maybe_digest()?);
    let key = fields.maybe_parsed()?;
    let role = fields.named(&DeviceRole::ALL, DeviceRole::name)?;
    let confirmed = fields.truth()?;
    let approver = match (fields.truth()?, fields.maybe_sealed()?) {
        (true, _) => Approver::Yes,
        (false, Some(number)) => Approver::Offered { number },
        (false, None) => Approver::No,
    };
    let name = fields.checked(Name::kept)?;
    let state = match (fields.text()?.as_str(), fields.maybe_time()?) {
        ("trusted", Some(until)) => DeviceState::Trusted { until },
        ("pending", _) => DeviceState::Pending,
        // With any other value it is not trusted.
        _ => DeviceState::Blocked,
    };
    Ok(Device {
        id,
        person,
        token,
        key,
        role,
        confirmed,
        approver,
        name,
        state,
        created_at: fields.time()?,
        last_seen_at: fields.time()?,
        last_address: fields.maybe_parsed()?,
        family: fields.checked(Name::kept)?,
        lent: fields.truth()?,
        succeeds: fields.maybe_parsed()?,
        first_address: fields.maybe_parsed()?,
        agent: agent(&mut fields)?,
        methods: fields.json()?,
    })
}
