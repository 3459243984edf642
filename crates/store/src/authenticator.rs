//! Authenticators.

use access::authenticator::passkey::Passkey;
use access::authenticator::{Authenticator, Event, Kind};
use access::name::Name;
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use crate::error::StoreError;
use crate::field::{Fields, hex};
use crate::recovery_code;

statements! {
    INSERT = "INSERT INTO authenticator (id, person, name, kind, row_version, created_at, \
              last_used_at, sealed, confirmed, last_step, handle, data, model, backed_up, counter, \
              suspect_at, codes) \
              VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)";
    RENAME = "UPDATE authenticator SET name = $2 WHERE id = $1";
    USE_PASSWORD = "UPDATE authenticator SET last_used_at = $2 WHERE id = $1";
    USE_TOTP = "UPDATE authenticator SET last_used_at = $2, last_step = $3, confirmed = 1, \
                row_version = row_version + 1 WHERE id = $1";
    USE_PASSKEY = "UPDATE authenticator SET last_used_at = $2, counter = $3, backed_up = $4, \
                   data = COALESCE($5, data), row_version = row_version + 1 WHERE id = $1";
    SUSPECT = "UPDATE authenticator SET suspect_at = $2, row_version = row_version + 1 \
               WHERE id = $1";
    DELETE = "DELETE FROM authenticator WHERE id = $1";
    OF_PERSON = "SELECT id, person, name, row_version, created_at, last_used_at, kind, sealed, \
                 confirmed, last_step, codes, handle, data, model, backed_up, counter, \
                 suspect_at \
                 FROM authenticator WHERE person = $1";
}

pub(crate) async fn apply(
    connection: &mut AnyConnection,
    event: &Event,
) -> Result<(), sqlx::Error> {
    match event {
        Event::Added(one) => insert(connection, one).await?,
        Event::Renamed { authenticator, name } => {
            run!(connection, RENAME, authenticator.to_string(), name.to_string())?
        }
        Event::PasswordUsed { authenticator, at } => {
            run!(connection, USE_PASSWORD, authenticator.to_string(), at.0)?
        }
        Event::TotpConfirmed { authenticator, step, at }
        | Event::TotpUsed { authenticator, step, at } => {
            run!(connection, USE_TOTP, authenticator.to_string(), at.0, *step)?
        }
        Event::PasskeyUsed { authenticator, counter, backed_up, data, at } => {
            let (id, counter, backed_up) =
                (authenticator.to_string(), i64::from(*counter), i64::from(*backed_up));
            run!(connection, USE_PASSKEY, id, at.0, counter, backed_up, data.clone())?
        }
        Event::PasskeySuspected { authenticator, at, .. } => {
            run!(connection, SUSPECT, authenticator.to_string(), at.0)?
        }
        Event::RecoveryCodeUsed { authenticator, code, at } => {
            recovery_code::spend(connection, *authenticator, *code, *at).await?
        }
        Event::Removed { authenticator } => run!(connection, DELETE, authenticator.to_string())?,
    };
    Ok(())
}

async fn insert(connection: &mut AnyConnection, one: &Authenticator) -> Result<u64, sqlx::Error> {
    let mut codes = None;
    let (kind, sealed, confirmed, last_step, passkey) = match &one.kind {
        Kind::Password { hash } => ("password", Some(hash), None, None, None),
        Kind::RecoveryCodes { left } => {
            codes = Some(recovery_code::text(left));
            ("recovery_codes", None, None, None, None)
        }
        Kind::Totp { seed, confirmed, last_step } => {
            ("totp", Some(seed), Some(i64::from(*confirmed)), *last_step, None)
        }
        Kind::Passkey(passkey) => ("passkey", None, None, None, Some(passkey)),
    };
    run!(
        connection,
        INSERT,
        one.id.to_string(),
        one.person.to_string(),
        one.name.to_string(),
        kind,
        one.row_version,
        one.created_at.0,
        one.last_used_at.map(|at| at.0),
        sealed.map(|sealed| hex(&sealed.0)),
        confirmed,
        last_step,
        passkey.map(|passkey| hex(&passkey.handle)),
        passkey.map(|passkey| passkey.data.clone()),
        passkey.map(|passkey| passkey.model.clone()),
        passkey.map(|passkey| i64::from(passkey.backed_up)),
        passkey.map(|passkey| i64::from(passkey.counter)),
        passkey.and_then(|passkey| passkey.suspect_at).map(|at| at.0),
        codes,
    )
}

pub(crate) async fn of(
    connection: &mut AnyConnection,
    person: &str,
) -> Result<Vec<Authenticator>, StoreError> {
    rows!(connection, OF_PERSON, person)?.iter().map(read).collect()
}

fn read(row: &AnyRow) -> Result<Authenticator, StoreError> {
    let damaged =
        || StoreError::Damaged { table: "authenticator", what: "a part is missing".into() };
    let mut fields = Fields::new("authenticator", row);
    let (id, person) = (fields.parsed()?, fields.parsed()?);
    let name = fields.checked(Name::kept)?;
    let (row_version, created_at, last_used_at) =
        (fields.int()?, fields.time()?, fields.maybe_time()?);
    let kind = fields.text()?;
    let (sealed, confirmed, last_step) =
        (fields.maybe_sealed()?, fields.maybe_int()?, fields.maybe_int()?);
    let codes = fields.maybe_text()?;
    let kind = match kind.as_str() {
        "recovery_codes" => {
            let left = recovery_code::read(&codes.ok_or_else(damaged)?);
            Kind::RecoveryCodes {
                left: left.map_err(|what| StoreError::Damaged { table: "authenticator", what })?,
            }
        }
        "password" => Kind::Password { hash: sealed.ok_or_else(damaged)? },
        "totp" => Kind::Totp {
            seed: sealed.ok_or_else(damaged)?,
            confirmed: confirmed.ok_or_else(damaged)? != 0,
            last_step,
        },
        _ => Kind::Passkey(Passkey {
            handle: fields.maybe_bytes()?.ok_or_else(damaged)?,
            data: fields.text()?,
            model: fields.text()?,
            backed_up: fields.truth()?,
            counter: fields.number()?,
            suspect_at: fields.maybe_time()?,
        }),
    };
    Ok(Authenticator { id, person, name, kind, row_version, created_at, last_used_at })
}
