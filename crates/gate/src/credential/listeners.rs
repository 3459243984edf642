//! The ports that stand for credentials: what doors listen at.

use std::net::SocketAddr;
use std::sync::Arc;

use access::{CredentialId, Time};

/// Every listener that a door should have.
pub type Listeners = Arc<Vec<Listener>>;

/// A port that stands for a credential. A revoked one stays for a day: it answers the handshake,
/// says why, and closes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listener {
    /// The credential.
    pub credential: CredentialId,
    /// Its name.
    pub name: String,
    /// Its port.
    pub port: u16,
    /// Whether programs are let in.
    pub state: ListenerState,
    /// Whether a program has to show a token.
    pub token_required: bool,
    /// Where a door listens for it, once it does.
    pub bound: Option<SocketAddr>,
}

/// Whether programs are let in at a listener.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListenerState {
    /// They are.
    Open,
    /// The credential is paused.
    Paused {
        /// When it happened.
        at: Time,
    },
    /// The credential was revoked.
    Revoked {
        /// When it happened.
        at: Time,
    },
}
