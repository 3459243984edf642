//! What is kept of notices.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::contact::MailAddress;
use crate::id::{DeviceId, NoticeId, PersonId, SessionId};
use crate::moment::Time;
use crate::name::Name;
use crate::secret::SealedSecret;

/// Writes a topic once: its name in tables, what it is called, and whether its notice can be
/// answered by 'this was not me'.
macro_rules! topics {
    ($($(#[$doc:meta])* $name:ident = $table:literal, $title:literal, $disown:literal;)*) => {
        /// What a notice is about.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Topic { $($(#[$doc])* $name,)* }

        impl Topic {
            /// Every topic.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// Its name in tables.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $table,)* }
            }

            /// In plain words: the heading in the message centre and the subject of a mail.
            pub const fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)* }
            }

            /// Whether 'this was not me' can stop what it tells.
            pub const fn can_be_disowned(self) -> bool {
                match self { $(Self::$name => $disown,)* }
            }
        }
    };
}

topics! {
    /// A code that activates a new browser.
    ActivationCode = "activation_code", "A code for a new browser", true;
    /// A new browser was trusted.
    NewDevice = "new_device", "A new browser", true;
    /// A sign-in or session from a network not seen before.
    NewNetwork = "new_network", "A new network", true;
    /// A way to sign in was added, removed or reset.
    AuthenticatorChanged = "authenticator_changed", "How you sign in", true;
    /// A recovery code was used to sign in.
    RecoveryCodeUsed = "recovery_code_used", "A recovery code was used", true;
    /// A code that verifies a mail address.
    ContactCode = "contact_code", "A code for a mail address", false;
    /// The mail address or phone number was changed, or a change was asked for.
    ContactChanged = "contact_changed", "Mail address and phone number", true;
    /// The operator ended a session.
    SessionEnded = "session_ended", "A session was ended", true;
    /// A copy of a session's cookie was refused.
    SessionCopied = "session_copied", "A copied session was refused", false;
    /// A copy of a sign-in under way was refused.
    SignInCopied = "sign_in_copied", "A copied sign-in was refused", false;
    /// A recovery was begun or goes on; its mail can stop it.
    Recovery = "recovery", "A recovery of your access", false;
    /// A recovery has ended.
    RecoveryEnded = "recovery_ended", "A recovery has ended", false;
    /// Somebody named the person as a recovery contact, or recovers and asks them.
    RecoveryHelp = "recovery_help", "Somebody needs your help", false;
    /// How recoveries go was changed.
    RecoveryChanged = "recovery_changed", "How you get back in", true;
    /// A notice or an approval was answered by 'this was not me'.
    NotMe = "not_me", "\"This was not me\"", false;
    /// Travel was planned.
    TravelPlanned = "travel_planned", "Planned travel", true;
    /// A credential was created.
    CredentialCreated = "credential_created", "A new credential", false;
    /// A credential was paused, resumed, renamed, edited or revoked.
    CredentialChanged = "credential_changed", "A credential was changed", false;
    /// A policy, the window of renewal, or 'one brokerage session' was changed.
    PolicyChanged = "policy_changed", "What your sessions may do", true;
    /// A session took trading over from another.
    BrokerageTaken = "brokerage_taken", "Trading was taken over", true;
    /// Sessions end soon unless they are renewed.
    Renewal = "renewal", "Renew your sessions", false;
    /// An account was opened, closed, permitted more or limited.
    AccountChanged = "account_changed", "Your accounts", false;
    /// An account is called for margin, or is no more.
    MarginCall = "margin_call", "A margin call", false;
    /// A lock was set or lifted.
    Lock = "lock", "A lock", false;
}

/// What a notice is about, as far as it can be stopped.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// The browser that did it, or that it was done to.
    pub device: Option<DeviceId>,
    /// The session that did it, or that began.
    pub session: Option<SessionId>,
    /// From where.
    pub address: Option<IpAddr>,
}

/// Somebody else whom a decision tells what it did: another owner of the account that it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addressee {
    /// Who.
    pub person: PersonId,
    /// Their version, where they are reached being theirs to change.
    pub version: i64,
    /// The mail addresses that their notices go to.
    pub mail: Vec<MailAddress>,
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
    /// What it is about.
    pub subject: Subject,
    /// The mail addresses that it goes to.
    pub mail: Vec<MailAddress>,
    /// When it was written.
    pub at: Time,
}

impl Notice {
    /// What its code is sealed for.
    pub fn purpose(id: NoticeId) -> String {
        format!("notice {id}")
    }
}

/// What 'this was not me' stopped.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Disowned {
    /// Sessions that it ended.
    pub sessions: u32,
    /// The browsers that it took the trust from.
    pub devices: Vec<Name>,
    /// Sign-ins under way that it dropped.
    pub attempts: u32,
    /// Whether the notice is about the very browser that asks, which stays.
    pub is_asker: bool,
}

impl Disowned {
    /// Which browsers are trusted no longer, in words.
    pub fn untrusted(&self) -> Option<String> {
        let names: Vec<_> = self.devices.iter().map(Name::as_str).collect();
        let verb = if names.len() == 1 { "is" } else { "are" };
        (!names.is_empty()).then(|| format!("{} {verb} no longer trusted", names.join(" and ")))
    }
}
