//! API credentials.

use std::net::IpAddr;

use access::credential::{Credential, Door, Event, Former, LastUse, Paused, Revoked, TakenPort};
use access::id::{CredentialId, IdError, PaperAccountId, PersonId};
use access::moment::Time;
use access::name::Name;
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use crate::Store;
use crate::error::StoreError;
use crate::field::{Fields, json};
use crate::session::{self, SessionUse};

statements! {
    INSERT = "INSERT INTO credential (id, person, account, name, scopes, token, door, port, \
              created_at, created_by, others) \
              VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    REVOKE = "UPDATE credential SET revoked_at = $2, revoked_by = $3, revoked_orders = $4 \
              WHERE id = $1 AND revoked_at IS NULL";
    WITHDRAW = "UPDATE credential SET account = $2, others = $3 WHERE id = $1";
    PAUSE = "UPDATE credential SET paused_at = $2, paused_by = $3, paused_orders = $4 WHERE id = $1";
    RESUME = "UPDATE credential SET paused_at = NULL, paused_by = NULL, paused_orders = 0 \
              WHERE id = $1";
    ROTATE = "UPDATE credential SET token = $2, former_token = $3, former_until = $4 WHERE id = $1";
    RENAME = "UPDATE credential SET name = $2 WHERE id = $1";
    SET_SCOPES = "UPDATE credential SET scopes = $2 WHERE id = $1";
    OF_PERSON = "SELECT id, person, account, name, scopes, token, door, port, created_at, \
                 created_by, revoked_at, revoked_by, revoked_orders, paused_at, paused_by, paused_orders, \
                 former_token, former_until, others \
                 FROM credential WHERE person = $1";
    PORTS = "SELECT port, revoked_at FROM credential \
             WHERE port IS NOT NULL AND (revoked_at IS NULL OR revoked_at > $1)";
    USES = "SELECT id, last_used_at, last_address, last_client FROM credential \
            WHERE person = $1 AND last_used_at IS NOT NULL";
    HOLDERS = "SELECT id FROM person WHERE id IN (SELECT person FROM credential) \
               ORDER BY created_at, id";
    HOLDERS_ON = "SELECT id FROM person WHERE id IN (SELECT person FROM credential WHERE account = $1 \
                  OR others LIKE '%' || $1 || '%') \
                  ORDER BY created_at, id";
    HOLDERS_NAMED = "SELECT id FROM person WHERE id IN (SELECT person FROM credential WHERE name = $1) \
                     ORDER BY created_at, id";
    CLIENTS = "SELECT id, COALESCE(last_client, '') FROM credential WHERE account = $1 \
               OR others LIKE '%' || $1 || '%'";
    TOUCH = "UPDATE credential SET last_used_at = $2, last_address = $3, last_client = $4 \
             WHERE id = $1";
}

/// Longest name of a client that is kept, in bytes.
const CLIENT_LIMIT: usize = 128;

/// Which credentials are meant, revoked ones too.
#[derive(Debug, Clone, Copy)]
pub enum CredentialsOf<'a> {
    /// All.
    Anybody,
    /// Those for an account.
    Account(PaperAccountId),
    /// Those of a name.
    Name(&'a str),
}

/// When, from where and with what a credential was last used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredentialUse {
    /// The credential.
    pub credential: CredentialId,
    /// Its use.
    pub last: LastUse,
}

pub(crate) async fn apply(connection: &mut AnyConnection, event: &Event) -> Result<(), StoreError> {
    match event {
        Event::Created(one) => insert(connection, one).await,
        Event::Revoked { credential, at, by, cancel_orders } => {
            let orders = i64::from(*cancel_orders);
            run!(connection, REVOKE, credential.to_string(), at.0, by.to_string(), orders)?;
            Ok(())
        }
        Event::Withdrawn { credential, rest, .. } => {
            let Some((first, others)) = rest.split_first() else { return Ok(()) };
            let first = first.to_string();
            run!(connection, WITHDRAW, credential.to_string(), first, joined(others))?;
            Ok(())
        }
        Event::Paused { credential, paused: Paused { at, by, cancel_orders } } => {
            let orders = i64::from(*cancel_orders);
            run!(connection, PAUSE, credential.to_string(), at.0, by.to_string(), orders)?;
            Ok(())
        }
        Event::Resumed { credential, .. } => {
            run!(connection, RESUME, credential.to_string())?;
            Ok(())
        }
        Event::Rotated { credential, token, former, .. } => {
            let (token, old) = (token.to_string(), former.token.to_string());
            run!(connection, ROTATE, credential.to_string(), token, old, former.until.0)?;
            Ok(())
        }
        Event::Renamed { credential, name, .. } => {
            run!(connection, RENAME, credential.to_string(), name.to_string())?;
            Ok(())
        }
        Event::Narrowed { credential, scopes, .. } | Event::Widened { credential, scopes, .. } => {
            let scopes = json("credential", scopes)?;
            run!(connection, SET_SCOPES, credential.to_string(), scopes)?;
            Ok(())
        }
    }
}

async fn insert(connection: &mut AnyConnection, one: &Credential) -> Result<(), StoreError> {
    run!(
        connection,
        INSERT,
        one.id.to_string(),
        one.person.to_string(),
        one.account.to_string(),
        one.name.to_string(),
        json("credential", &one.scopes)?,
        one.token.map(|token| token.to_string()),
        one.door.word(),
        one.door.port().map(i64::from),
        one.created_at.0,
        one.created_by.to_string(),
        joined(&one.others),
    )?;
    Ok(())
}

/// Accounts as a column has them.
fn joined(accounts: &[PaperAccountId]) -> String {
    accounts.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}

pub(crate) async fn of(
    connection: &mut AnyConnection,
    person: &str,
) -> Result<Vec<Credential>, StoreError> {
    rows!(connection, OF_PERSON, person)?.iter().map(read).collect()
}

fn read(row: &AnyRow) -> Result<Credential, StoreError> {
    let mut fields = Fields::new("credential", row);
    let mut one = Credential {
        id: fields.parsed()?,
        person: fields.parsed()?,
        account: fields.parsed()?,
        others: Vec::new(),
        name: fields.checked(Name::kept)?,
        scopes: fields.json()?,
        token: fields.maybe_digest()?,
        door: door(&mut fields)?,
        created_at: fields.time()?,
        created_by: fields.parsed()?,
        revoked: None,
        paused: None,
        former: None,
    };
    let (at, by) = (fields.maybe_time()?, fields.maybe_parsed()?);
    let cancel_orders = fields.truth()?;
    one.revoked = at.zip(by).map(|(at, by)| Revoked { at, by, cancel_orders });
    let (at, by) = (fields.maybe_time()?, fields.maybe_parsed()?);
    let cancel_orders = fields.truth()?;
    one.paused = at.zip(by).map(|(at, by)| Paused { at, by, cancel_orders });
    let (token, until) = (fields.maybe_digest()?, fields.maybe_time()?);
    one.former = token.zip(until).map(|(token, until)| Former { token, until });
    one.others = fields.checked(accounts)?;
    Ok(one)
}

/// The same, read.
fn accounts(text: &str) -> Result<Vec<PaperAccountId>, IdError> {
    text.split(',').filter(|one| !one.is_empty()).map(str::parse).collect()
}

/// The door of a row: its word, and the port of a socket.
fn door(fields: &mut Fields<'_>) -> Result<Door, StoreError> {
    let (word, port) = (fields.text()?, fields.maybe_number()?);
    Door::kept(&word, port)
        .ok_or_else(|| fields.damaged(format_args!("{word} does not go with port {port:?}")))
}

impl Store {
    /// The ports that are not free at this time: of live credentials, and of those revoked within
    /// [`access::credential::PORT_REST`].
    pub async fn taken_ports(&self, now: Time) -> Result<Vec<TakenPort>, StoreError> {
        let mut connection = self.database.pool().acquire().await?;
        let since = now - access::credential::PORT_REST;
        let rows = rows!(connection, PORTS, since.0)?;
        let read = |row| {
            let mut fields = Fields::new("credential", row);
            Ok(TakenPort { port: fields.number()?, revoked_at: fields.maybe_time()? })
        };
        rows.iter().map(read).collect()
    }

    /// The last use of each credential of a person that was ever used.
    pub async fn credential_uses(
        &self,
        person: PersonId,
    ) -> Result<Vec<CredentialUse>, StoreError> {
        let mut connection = self.database.pool().acquire().await?;
        let rows = rows!(connection, USES, person.to_string())?;
        let read = |row| {
            let mut fields = Fields::new("credential", row);
            let (credential, at) = (fields.parsed()?, fields.time()?);
            let address: IpAddr = fields.parsed()?;
            let last = LastUse { at, address, client: fields.text()? };
            Ok(CredentialUse { credential, last })
        };
        rows.iter().map(read).collect()
    }

    /// The people who have credentials of these; the first person first.
    pub async fn credential_holders(
        &self,
        which: CredentialsOf<'_>,
    ) -> Result<Vec<PersonId>, StoreError> {
        let mut connection = self.database.pool().acquire().await?;
        let rows = match which {
            CredentialsOf::Account(account) => rows!(connection, HOLDERS_ON, account.to_string())?,
            CredentialsOf::Name(name) => rows!(connection, HOLDERS_NAMED, name.to_owned())?,
            CredentialsOf::Anybody => rows!(connection, HOLDERS)?,
        };
        rows.iter().map(|row| Fields::new("person", row).parsed()).collect()
    }

    /// What the program called itself that last used each credential of an account; nothing where none did.
    pub async fn credential_clients(
        &self,
        account: PaperAccountId,
    ) -> Result<Vec<(CredentialId, String)>, StoreError> {
        let mut connection = self.database.pool().acquire().await?;
        let rows = rows!(connection, CLIENTS, account.to_string())?;
        let read = |row| {
            let mut fields = Fields::new("credential", row);
            Ok((fields.parsed()?, fields.text()?))
        };
        rows.iter().map(read).collect()
    }

    /// Writes many last uses at once. They are no decisions, so they have no evidence.
    pub async fn touch(
        &self,
        sessions: &[SessionUse],
        credentials: &[CredentialUse],
    ) -> Result<(), StoreError> {
        let mut transaction = self.database.begin().await?;
        for used in sessions {
            session::touch(&mut transaction, used).await?;
        }
        for CredentialUse { credential, last } in credentials {
            let address = last.address.to_string();
            let client = access::call::tidy(&last.client, CLIENT_LIMIT);
            run!(transaction, TOUCH, credential.to_string(), last.at.0, address, client)?;
        }
        Ok(transaction.commit().await?)
    }
}
