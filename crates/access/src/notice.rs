//! Notices: what a person is told. They lie in the outbox until a delivery exists.

use serde::{Deserialize, Serialize};

use crate::decision::Ground;
use crate::id::{NoticeId, PersonId};
use crate::moment::Time;
use crate::secret::{SealedSecret, Secret};

/// What a notice is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Topic {
    /// A code that activates a new browser.
    ActivationCode,
    /// A new browser was trusted.
    NewDevice,
    /// A way to sign in was added, removed or reset.
    AuthenticatorChanged,
    /// A credential was created.
    CredentialCreated,
    /// A lock was set or lifted.
    Lock,
    /// Somebody asked for an approval, and it was not the person.
    NotMe,
}

impl Topic {
    /// Every topic.
    pub const ALL: [Self; 6] = [
        Self::ActivationCode,
        Self::NewDevice,
        Self::AuthenticatorChanged,
        Self::CredentialCreated,
        Self::Lock,
        Self::NotMe,
    ];

    /// Its name in tables.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ActivationCode => "activation_code",
            Self::NewDevice => "new_device",
            Self::AuthenticatorChanged => "authenticator_changed",
            Self::CredentialCreated => "credential_created",
            Self::Lock => "lock",
            Self::NotMe => "not_me",
        }
    }
}

/// A message to a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// Its id.
    pub id: NoticeId,
    /// To whom.
    pub person: PersonId,
    /// About what.
    pub topic: Topic,
    /// Plain words; no secret and no link.
    pub text: String,
    /// The code, where it tells one; opens with [`Notice::purpose`].
    pub code: Option<SealedSecret>,
    /// When it was written.
    pub at: Time,
}

impl Notice {
    /// What its code is sealed for.
    pub fn purpose(id: NoticeId) -> String {
        format!("notice {id}")
    }
}

/// What happened to notices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// Put in the outbox.
    Queued(Notice),
}

/// Puts a notice in the outbox. A decision queues at most one of each topic.
pub(crate) fn queue(
    ground: &Ground<'_>,
    person: PersonId,
    topic: Topic,
    text: String,
    code: Option<&Secret>,
) -> crate::decision::Event {
    let id = NoticeId(ground.moment.draw(&format!("notice {}", topic.name())));
    let code = code.map(|code| ground.key.seal(code, &Notice::purpose(id), ground.moment));
    let at = ground.moment.now;
    Event::Queued(Notice { id, person, topic, text, code, at }).into()
}
