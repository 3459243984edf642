//! What is kept of push.

use serde::{Deserialize, Serialize};

use crate::binding::PublicKey;
use crate::id::{DeviceId, PersonId};
use crate::moment::Time;
use crate::refusal::{Refusal, ServerRefusal};
use crate::secret::{SealKey, SealedSecret, Secret};

/// A phone's address at a push service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Push {
    /// Which phone.
    pub device: DeviceId,
    /// The person.
    pub person: PersonId,
    /// The address; anyone who knows it could send, so it is a secret.
    pub endpoint: SealedSecret,
    /// The push service's host.
    pub service: String,
    /// The key that the browser decrypts with.
    pub key: PublicKey,
    /// What the browser shares with the sender beside.
    pub auth: SealedSecret,
    /// Whether a message tells what is asked, on a lock screen too.
    pub shows: bool,
    /// When it was set.
    pub created_at: Time,
}

impl Push {
    pub(super) fn purpose(what: &str, device: DeviceId) -> String {
        format!("push {what} {device}")
    }

    /// The address and the shared secret.
    pub fn open(&self, key: &SealKey) -> Result<(Secret, Secret), Refusal> {
        let open = |sealed, what| key.open(sealed, &Self::purpose(what, self.device));
        let opened = open(&self.endpoint, "endpoint").and_then(|endpoint| {
            let auth = open(&self.auth, "auth")?;
            Ok((endpoint, auth))
        });
        opened.map_err(|_| Refusal::Server(ServerRefusal::KeyMismatch))
    }
}

/// What a phone's browser said of itself; that it is an address of a push service is checked.
pub struct Wish {
    /// The address.
    pub endpoint: Secret,
    /// The push service's host.
    pub service: String,
    /// The key that the browser decrypts with.
    pub key: PublicKey,
    /// What the browser shares with the sender beside.
    pub auth: Secret,
    /// Whether a message tells what is asked.
    pub shows: bool,
}
