//! Where phones are told that an approval waits. How tries went is not a decision about access, so it is in no evidence.

use access::DeviceId;
use access::push::{Event, Push};
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use crate::Store;
use crate::error::StoreError;
use crate::field::{Fields, hex};

statements! {
    INSERT = "INSERT INTO push (device, person, endpoint, service, public_key, auth, shows, created_at) \
              VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    DELETE = "DELETE FROM push WHERE device = $1";
    OF_PERSON = "SELECT device, person, endpoint, service, public_key, auth, shows, created_at \
                 FROM push WHERE person = $1";
    ALL = "SELECT push.device, push.person, endpoint, service, push.public_key, auth, shows, \
           push.created_at, failures, device.name, person.username FROM push \
           JOIN device ON device.id = push.device JOIN person ON person.id = push.person \
           ORDER BY push.created_at, push.device";
    FAIL = "UPDATE push SET failures = failures + 1 WHERE device = $1";
    WORK = "UPDATE push SET failures = 0 WHERE device = $1 AND failures > 0";
}

/// A phone that is told, as lists show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PushRow {
    /// The address.
    pub push: Push,
    /// Tries in a row that failed.
    pub failures: u32,
    /// The phone's name.
    pub name: String,
    /// The name that its person signs in with.
    pub username: String,
}

pub(crate) async fn apply(
    connection: &mut AnyConnection,
    event: &Event,
) -> Result<(), sqlx::Error> {
    match event {
        Event::Set(one) => {
            let device = one.device.to_string();
            forget(connection, one.device).await?;
            let (person, service) = (one.person.to_string(), one.service.as_str());
            let (endpoint, auth) = (hex(&one.endpoint.0), hex(&one.auth.0));
            let (key, shows, at) = (one.key.to_string(), i64::from(one.shows), one.created_at.0);
            run!(connection, INSERT, device, person, endpoint, service, key, auth, shows, at)?;
        }
        Event::Ended { device, .. } => forget(connection, *device).await?,
    }
    Ok(())
}

/// It goes with its phone.
pub(crate) async fn forget(
    connection: &mut AnyConnection,
    device: DeviceId,
) -> Result<(), sqlx::Error> {
    run!(connection, DELETE, device.to_string()).map(drop)
}

pub(crate) async fn of(
    connection: &mut AnyConnection,
    person: &str,
) -> Result<Vec<Push>, StoreError> {
    let rows = rows!(connection, OF_PERSON, person)?;
    rows.iter().map(|row| read(&mut Fields::new("push", row))).collect()
}

fn read(fields: &mut Fields<'_>) -> Result<Push, StoreError> {
    Ok(Push {
        device: fields.parsed()?,
        person: fields.parsed()?,
        endpoint: fields.sealed()?,
        service: fields.text()?,
        key: fields.parsed()?,
        auth: fields.sealed()?,
        shows: fields.truth()?,
        created_at: fields.time()?,
    })
}

fn read_row(row: &AnyRow) -> Result<PushRow, StoreError> {
    let mut fields = Fields::new("push", row);
    Ok(PushRow {
        push: read(&mut fields)?,
        failures: fields.number()?,
        name: fields.text()?,
        username: fields.text()?,
    })
}

impl Store {
    /// Every phone that is told.
    pub async fn pushes(&self) -> Result<Vec<PushRow>, StoreError> {
        let mut connection = self.database.pool().acquire().await?;
        rows!(connection, ALL)?.iter().map(read_row).collect()
    }

    /// Writes down how a try went.
    pub async fn push_tried(&self, device: DeviceId, worked: bool) -> Result<(), StoreError> {
        let mut connection = self.database.pool().acquire().await?;
        let device = device.to_string();
        if worked {
            run!(connection, WORK, device)?
        } else {
            run!(connection, FAIL, device)?
        };
        Ok(())
    }
}
