//! Loading all that a decision about one person needs.

use access::id::{
    AccountId, AuthenticatorId, CredentialId, DeviceId, PersonId, RecoveryId, SessionId,
};
use access::name::Username;
use access::person::Person;
use access::secret::Digest;
use access::slice::Slice;
use sqlx::AnyConnection;

use crate::error::StoreError;
use crate::field::{Fields, hex};
use crate::{
    Store, account, approval, authenticator, brokerage, contact, credential, device, large_order,
    link, lock, mandate, network, person, policy, push, recovery, session, sign_in, throttle,
    travel, trustee,
};

statements! {
    BY_ID = "SELECT id, username, created_at, person.limits, version FROM person WHERE id = $1";
    BY_USERNAME = "SELECT id, username, created_at, person.limits, version FROM person WHERE username = $1";
    BY_ACCOUNT = "SELECT person.id, username, created_at, person.limits, version FROM person \
                  JOIN mandate ON mandate.person = person.id \
                  WHERE mandate.account = $1 AND mandate.role = 'owner' \
                  AND mandate.revoked_at IS NULL \
                  ORDER BY mandate.granted_at, mandate.id LIMIT 1";
    BY_SESSION = "SELECT person.id, username, person.created_at, person.limits, version FROM person \
                  JOIN session ON session.person = person.id WHERE session.id = $1";
    BY_SESSION_TOKEN = "SELECT person.id, username, person.created_at, person.limits, version FROM person \
                        JOIN session ON session.person = person.id WHERE session.token = $1";
    BY_DEVICE = "SELECT person.id, username, person.created_at, person.limits, version FROM person \
                 JOIN device ON device.person = person.id WHERE device.token = $1";
    BY_CREDENTIAL = "SELECT person.id, username, person.created_at, person.limits, version FROM person \
                     JOIN credential ON credential.person = person.id WHERE credential.id = $1";
    BY_ATTEMPT = "SELECT person.id, username, person.created_at, person.limits, version FROM person \
                  JOIN attempt ON attempt.person = person.id WHERE attempt.token = $1";
    BY_LINK = "SELECT person.id, username, person.created_at, person.limits, version FROM person \
               JOIN link ON link.person = person.id WHERE link.token = $1";
    BY_RECOVERY = "SELECT person.id, username, person.created_at, person.limits, version FROM person \
                   JOIN recovery ON recovery.person = person.id \
                   WHERE recovery.token = $1 OR recovery.stop = $1";
    BY_DEVICE_ID = "SELECT person.id, username, person.created_at, person.limits, version FROM person \
                    JOIN device ON device.person = person.id WHERE device.id = $1";
    BY_AUTHENTICATOR = "SELECT person.id, username, person.created_at, person.limits, version FROM person \
                        JOIN authenticator ON authenticator.person = person.id \
                        WHERE authenticator.id = $1";
    BY_RECOVERY_ID = "SELECT person.id, username, person.created_at, person.limits, version FROM person \
                      JOIN recovery ON recovery.person = person.id WHERE recovery.id = $1";
    // A live one before one that was revoked.
    BY_PASSKEY = "SELECT person.id, username, person.created_at, person.limits, version FROM person \
                  JOIN authenticator ON authenticator.person = person.id \
                  WHERE authenticator.handle = $1";
    USES = "SELECT id, last_seen_at, address FROM session WHERE person = $1 AND ended_at IS NULL \
            UNION ALL SELECT id, last_seen_at, NULL FROM device WHERE person = $1";
}

/// What a slice is found by.
#[derive(Debug, Clone, Copy)]
pub enum Key<'a> {
    /// What was typed as a user name, valid or not.
    Username(&'a str),
    /// A person.
    Person(PersonId),
    /// The owner of an account; the first of several.
    Account(AccountId),
    /// The person of a session, live or ended.
    Session(SessionId),
    /// The person of a session's token.
    SessionToken(Digest),
    /// The person of a device's token.
    Device(Digest),
    /// The person of a credential.
    Credential(CredentialId),
    /// The person of a device, by its id.
    DeviceId(DeviceId),
    /// The person of an authenticator.
    Authenticator(AuthenticatorId),
    /// The person of a recovery, by its id.
    RecoveryId(RecoveryId),
    /// The person of an attempt's token.
    Attempt(Digest),
    /// The person of an unused link's token.
    Link(Digest),
    /// The person of a recovery, by its browser's token or by the one that stops it.
    Recovery(Digest),
    /// The person of a passkey, by its credential id.
    Passkey(&'a [u8]),
}

impl Key<'_> {
    /// The statement that finds the person, and its value.
    fn statement(self) -> (&'static str, String) {
        match self {
            // A text that no name can be is found nowhere, and counted like any unknown name.
            Self::Username(text) => {
                let name = Username::new(text);
                (BY_USERNAME, name.map(|name| name.to_string()).unwrap_or_default())
            }
            Self::Person(id) => (BY_ID, id.to_string()),
            Self::Account(id) => (BY_ACCOUNT, id.to_string()),
            Self::Session(id) => (BY_SESSION, id.to_string()),
            Self::SessionToken(token) => (BY_SESSION_TOKEN, token.to_string()),
            Self::Device(token) => (BY_DEVICE, token.to_string()),
            Self::Credential(id) => (BY_CREDENTIAL, id.to_string()),
            Self::DeviceId(id) => (BY_DEVICE_ID, id.to_string()),
            Self::Authenticator(id) => (BY_AUTHENTICATOR, id.to_string()),
            Self::RecoveryId(id) => (BY_RECOVERY_ID, id.to_string()),
            Self::Attempt(token) => (BY_ATTEMPT, token.to_string()),
            Self::Link(token) => (BY_LINK, token.to_string()),
            Self::Recovery(token) => (BY_RECOVERY, token.to_string()),
            Self::Passkey(handle) => (BY_PASSKEY, hex(handle)),
        }
    }
}

/// The digest by which an unknown name is counted: of its folded form, so that case is not a way around.
fn stranger_name(text: &str) -> Digest {
    Digest::of_parts(&[b"stranger", text.trim().to_ascii_lowercase().as_bytes()])
}

impl Store {
    /// Loads a slice. Nobody found is not an error: the slice then has no person.
    pub async fn slice(&self, key: Key<'_>) -> Result<Slice, StoreError> {
        let mut connection = self.database.pool().acquire().await?;
        let (person, version) = match find(&mut connection, key).await? {
            Found::Person(person, version) => (person, version),
            Found::Nobody(slice) => return Ok(*slice),
        };
        if let Some(kept) = self.loaded.at(person.id, version) {
            return renewed(&mut connection, Slice::clone(&kept)).await;
        }
        let slice = load(&mut connection, person, version).await?;
        self.loaded.keep(&slice);
        Ok(slice)
    }

    /// The same from the tables alone, whatever was loaded before.
    pub async fn slice_afresh(&self, key: Key<'_>) -> Result<Slice, StoreError> {
        let mut connection = self.database.pool().acquire().await?;
        match find(&mut connection, key).await? {
            Found::Person(person, version) => load(&mut connection, person, version).await,
            Found::Nobody(slice) => Ok(*slice),
        }
    }

    /// The same with these accounts, whoever holds them, for a decision that is about them.
    pub async fn slice_about(
        &self,
        key: Key<'_>,
        accounts: &[AccountId],
    ) -> Result<Slice, StoreError> {
        let mut slice = self.slice(key).await?;
        if accounts.iter().any(|id| slice.account(*id).is_none()) {
            let mut connection = self.database.pool().acquire().await?;
            account::add(&mut connection, &mut slice, accounts).await?;
        }
        Ok(slice)
    }
}

/// Whom a key finds.
enum Found {
    /// A person, and the version of their row.
    Person(Person, i64),
    /// A slice of nobody.
    Nobody(Box<Slice>),
}

async fn find(connection: &mut AnyConnection, key: Key<'_>) -> Result<Found, StoreError> {
    let (statement, value) = key.statement();
    if let Some(row) = row!(connection, statement, value)? {
        let (person, version) = person::read(&row)?;
        return Ok(Found::Person(person, version));
    }
    let Key::Username(text) = key else { return Ok(Found::Nobody(Box::default())) };
    let (stranger, version) = throttle::stranger(connection, stranger_name(text)).await?;
    let slice = Slice { version, stranger: Some(stranger), ..Slice::default() };
    Ok(Found::Nobody(Box::new(slice)))
}

/// A slice of the version that its person's row has, with what moves without it: their accounts, and when
/// and from where devices and sessions were used.
async fn renewed(connection: &mut AnyConnection, mut slice: Slice) -> Result<Slice, StoreError> {
    let Some(person) = &slice.person else { return Ok(slice) };
    let id = person.id.to_string();
    slice.accounts = account::of(connection, &id).await?;
    for row in &rows!(connection, USES, id)? {
        let mut fields = Fields::new("session", row);
        let (id, at, address) = (fields.text()?, fields.time()?, fields.maybe_parsed()?);
        if let Some(session) = slice.sessions.iter_mut().find(|one| one.id.to_string() == id) {
            session.address = address;
        } else if let Some(device) = slice.devices.iter_mut().find(|one| one.id.to_string() == id) {
            device.last_seen_at = at;
        }
    }
    slice.sort();
    Ok(slice)
}

/// The version is read before the rest: whatever changes while that is read makes the commit a conflict.
async fn load(
    connection: &mut AnyConnection,
    person: Person,
    version: i64,
) -> Result<Slice, StoreError> {
    let id = person.id.to_string();
    let mut slice = Slice {
        owners: Vec::new(),
        version,
        person: Some(person),
        stranger: None,
        // Their versions before everything else of theirs, for the same reason.
        accounts: account::of(connection, &id).await?,
        mandates: mandate::of(connection, &id).await?,
        authenticators: authenticator::of(connection, &id).await?,
        devices: device::of(connection, &id).await?,
        pushes: push::of(connection, &id).await?,
        sessions: session::of(connection, &id).await?,
        credentials: credential::of(connection, &id).await?,
        approvals: approval::of(connection, &id).await?,
        attempts: sign_in::of(connection, &id).await?,
        links: link::of(connection, &id).await?,
        counters: throttle::of(connection, &id).await?,
        locks: lock::of(connection, &id).await?,
        contacts: contact::of(connection, &id).await?,
        networks: network::of(connection, &id).await?,
        policies: policy::of(connection, &id).await?,
        large_orders: large_order::of(connection, &id).await?,
        window: policy::window(connection, &id).await?,
        openings: Vec::new(),
        brokerage: brokerage::of(connection, &id).await?,
        travel: travel::of(connection, &id).await?,
        recoveries: recovery::of(connection, &id).await?,
        recovery_policy: recovery::policy(connection, &id).await?,
        trustees: trustee::of(connection, &id).await?,
    };
    slice.sort();
    Ok(slice)
}
