//! What is kept of authenticators.

use serde::{Deserialize, Serialize};

use super::passkey::Passkey;
use crate::id::{AuthenticatorId, PersonId};
use crate::moment::Time;
use crate::name::Name;
use crate::refusal::{Refusal, ServerRefusal};
use crate::secret::{Digest, SealKey, SealedSecret, Secret};

/// What a reset calls the app.
pub(super) const TOTP: &str = "authenticator app";

/// One authenticator of a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Authenticator {
    /// Its id.
    pub id: AuthenticatorId,
    /// The person.
    pub person: PersonId,
    /// Its name.
    pub name: Name,
    /// What it is.
    pub kind: Kind,
    /// Rises with each change of the row; a proof names the one that it was made against.
    pub row_version: i64,
    /// When it was added.
    pub created_at: Time,
    /// When it last proved the person.
    pub last_used_at: Option<Time>,
}

/// What an authenticator is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A password.
    Password {
        /// Its Argon2id hash as a PHC string, sealed.
        hash: SealedSecret,
    },
    /// A TOTP app.
    Totp {
        /// Its seed of 20 bytes, sealed.
        seed: SealedSecret,
        /// Whether a code from it was seen; until then it counts for nothing.
        confirmed: bool,
        /// The last step whose code was used.
        last_step: Option<i64>,
    },
    /// A passkey or security key.
    Passkey(Passkey),
    /// A set of recovery codes.
    RecoveryCodes {
        /// Digests of those that were not used.
        left: Vec<Digest>,
    },
}

/// The outcome of a costly proof, made before the decision against the row that was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PasswordCheck {
    /// Against which authenticator; none when the name has none, so that the work was for show.
    pub authenticator: Option<AuthenticatorId>,
    /// Its row version then.
    pub row_version: i64,
    /// Whether it was right.
    pub right: bool,
}

impl Authenticator {
    /// What the secrets of this authenticator are sealed for.
    pub fn purpose(id: AuthenticatorId) -> String {
        format!("authenticator {id}")
    }

    pub(super) fn open(
        &self,
        sealed: &SealedSecret,
        key: &SealKey,
    ) -> Result<Secret, ServerRefusal> {
        key.open(sealed, &Self::purpose(self.id)).map_err(|_| ServerRefusal::KeyMismatch)
    }

    /// The PHC string of a password, for the one who checks it.
    pub fn open_hash(&self, key: &SealKey) -> Result<Secret, Refusal> {
        match &self.kind {
            Kind::Password { hash } => Ok(self.open(hash, key)?),
            _ => Err(Refusal::not_found("password")),
        }
    }

    /// The seed of a TOTP app.
    pub fn open_seed(&self, key: &SealKey) -> Result<Secret, Refusal> {
        match &self.kind {
            Kind::Totp { seed, .. } => Ok(self.open(seed, key)?),
            _ => Err(Refusal::not_found(TOTP)),
        }
    }
}
