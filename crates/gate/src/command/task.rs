//! The tasks that commands run in.

use std::pin::Pin;

use access::Refusal;
use access::refusal::ServerRefusal;
use store::Key;

/// A future that is compiled here, once. One without a box is compiled again in every crate that waits for it,
/// with all that it waits for in its turn: every decision and every statement of the store, four times over.
pub type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Runs `work` to its end, in a task of its own: a caller that goes away stops waiting for it and
/// stops nothing else.
pub(crate) async fn to_the_end<T: Send + 'static>(
    work: impl Future<Output = Result<T, Refusal>> + Send + 'static,
) -> Result<T, Refusal> {
    tokio::spawn(work).await.unwrap_or_else(|error| {
        tracing::error!(%error, "a command was cut off");
        Err(Refusal::Server(ServerRefusal::StoreFailed))
    })
}

/// By what a person is found, kept for the task that a command runs in.
pub(super) enum OwnedKey {
    Plain(Key<'static>),
    Username(String),
    Passkey(Vec<u8>),
}

impl OwnedKey {
    pub(super) fn new(key: Key<'_>) -> Self {
        Self::Plain(match key {
            Key::Username(name) => return Self::Username(name.to_owned()),
            Key::Passkey(handle) => return Self::Passkey(handle.to_vec()),
            Key::Person(id) => Key::Person(id),
            Key::Account(id) => Key::Account(id),
            Key::Session(id) => Key::Session(id),
            Key::SessionToken(token) => Key::SessionToken(token),
            Key::Device(token) => Key::Device(token),
            Key::Credential(id) => Key::Credential(id),
            Key::DeviceId(id) => Key::DeviceId(id),
            Key::Authenticator(id) => Key::Authenticator(id),
            Key::RecoveryId(id) => Key::RecoveryId(id),
            Key::Attempt(token) => Key::Attempt(token),
            Key::Link(token) => Key::Link(token),
            Key::Recovery(token) => Key::Recovery(token),
        })
    }

    pub(super) fn key(&self) -> Key<'_> {
        match self {
            Self::Plain(key) => *key,
            Self::Username(name) => Key::Username(name),
            Self::Passkey(handle) => Key::Passkey(handle),
        }
    }
}
