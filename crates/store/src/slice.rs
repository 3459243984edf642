//! Loading all that a decision about one person needs.

use access::id::{CredentialId, PaperAccountId, PersonId, SessionId};
use access::name::Username;
use access::secret::Digest;
use access::slice::Slice;
use sqlx::AnyConnection;

use crate::error::StoreError;
use crate::field::hex;
use crate::{
    Store, approval, authenticator, brokerage, contact, credential, device, large_order, link,
    lock, mandate, network, person, policy, push, recovery, session, sign_in, throttle, travel,
    trustee,
};

statements! {
    BY_ID = "SELECT id, username, created_at, version FROM person WHERE id = $1";
    BY_USERNAME = "SELECT id, username, created_at, version FROM person WHERE username = $1";
    BY_ACCOUNT = "SELECT person.id, username, created_at, version FROM person \
                  JOIN mandate ON mandate.person = person.id \
                  WHERE mandate.account = $1 AND mandate.role = 'owner'";
    BY_SESSION = "SELECT person.id, username, person.created_at, version FROM person \
                  JOIN session ON session.person = person.id WHERE session.id = $1";
    BY_SESSION_TOKEN = "SELECT person.id, username, person.created_at, version FROM person \
                        JOIN session ON session.person = person.id WHERE session.token = $1";
    BY_DEVICE = "SELECT person.id, username, person.created_at, version FROM person \
                 JOIN device ON device.person = person.id WHERE device.token = $1";
    BY_CREDENTIAL = "SELECT person.id, username, person.created_at, version FROM person \
                     JOIN credential ON credential.person = person.id WHERE credential.id = $1";
    BY_ATTEMPT = "SELECT person.id, username, person.created_at, version FROM person \
                  JOIN attempt ON attempt.person = person.id WHERE attempt.token = $1";
    BY_LINK = "SELECT person.id, username, person.created_at, version FROM person \
               JOIN link ON link.person = person.id WHERE link.token = $1";
    BY_RECOVERY = "SELECT person.id, username, person.created_at, version FROM person \
                   JOIN recovery ON recovery.person = person.id \
                   WHERE recovery.token = $1 OR recovery.stop = $1";
    BY_PASSKEY = "SELECT person.id, username, person.created_at, version FROM person \
                  JOIN authenticator ON authenticator.person = person.id \
                  WHERE authenticator.handle = $1";
}

/// What a slice is found by.
#[derive(Debug, Clone, Copy)]
pub enum Key<'a> {
    /// What was typed as a user name, valid or not.
    Username(&'a str),
    /// A person.
    Person(PersonId),
    /// The owner of an account.
    Account(PaperAccountId),
    /// The person of a session, live or ended.
    Session(SessionId),
    /// The person of a session's token.
    SessionToken(Digest),
    /// The person of a device's token.
    Device(Digest),
    /// The person of a credential.
    Credential(CredentialId),
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
        load(&mut connection, key).await
    }
}

/// The version is read first: whatever changes while the rest is read makes the commit a conflict.
async fn load(connection: &mut AnyConnection, key: Key<'_>) -> Result<Slice, StoreError> {
    let (statement, value) = key.statement();
    let Some(row) = row!(connection, statement, value)? else {
        let Key::Username(text) = key else { return Ok(Slice::default()) };
        let (stranger, version) = throttle::stranger(connection, stranger_name(text)).await?;
        return Ok(Slice { version, stranger: Some(stranger), ..Slice::default() });
    };
    let (person, version) = person::read(&row)?;
    let id = person.id.to_string();
    let mut slice = Slice {
        version,
        person: Some(person),
        stranger: None,
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
