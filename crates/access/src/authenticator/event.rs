//! What can be asked about authenticators, what can happen, and what it does to a slice.

use serde::{Deserialize, Serialize};

use super::passkey::Registration;
use super::record::{Authenticator, Kind, PasswordCheck};
use crate::id::AuthenticatorId;
use crate::moment::Time;
use crate::name::Name;
use crate::secret::{Digest, Secret};
use crate::slice::{Slice, put};

/// What is asked about authenticators.
pub enum Command {
    /// Sets the password.
    SetPassword {
        /// The Argon2id hash as a PHC string.
        hash: Secret,
        /// The check of the old one; not needed by the server, nor where there is none.
        old: Option<PasswordCheck>,
    },
    /// Offers the seed of a TOTP app; by the server itself it counts at once.
    OfferTotp,
    /// Offers another TOTP app in place of the one that there is, which goes once a code of the new
    /// one was typed.
    ReplaceTotp,
    /// Confirms a TOTP app by a code from it.
    ConfirmTotp {
        /// The code.
        code: Secret,
    },
    /// Adds a passkey.
    AddPasskey {
        /// What the ceremony gave.
        registration: Registration,
        /// Its name.
        name: String,
    },
    /// Makes a set of recovery codes in place of the one that there is.
    MakeRecoveryCodes,
    /// Gives one another name.
    Rename {
        /// The authenticator.
        authenticator: AuthenticatorId,
        /// The new name.
        name: String,
    },
    /// Removes one; the last way to sign in stays, and so does the last passkey that works.
    Remove {
        /// The authenticator.
        authenticator: AuthenticatorId,
    },
    /// Removes the password and issues an enrolment link; by the operator.
    ResetPassword,
    /// Removes the TOTP app and issues an enrolment link; by the operator.
    ResetTotp,
}

/// What happened to authenticators.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// Added.
    Added(Box<Authenticator>),
    /// Renamed.
    Renamed {
        /// The authenticator.
        authenticator: AuthenticatorId,
        /// Its new name.
        name: Name,
    },
    /// A TOTP app was confirmed by the code of this step.
    TotpConfirmed {
        /// The authenticator.
        authenticator: AuthenticatorId,
        /// The step.
        step: i64,
        /// When it happened.
        at: Time,
    },
    /// A TOTP code was used: no code of this step or an earlier one counts again.
    TotpUsed {
        /// The authenticator.
        authenticator: AuthenticatorId,
        /// The step.
        step: i64,
        /// When it happened.
        at: Time,
    },
    /// A password proved the person.
    PasswordUsed {
        /// The authenticator.
        authenticator: AuthenticatorId,
        /// When it happened.
        at: Time,
    },
    /// A passkey proved the person.
    PasskeyUsed {
        /// The authenticator.
        authenticator: AuthenticatorId,
        /// Its counter now.
        counter: u32,
        /// Whether it is backed up now.
        backed_up: bool,
        /// Its data, where the ceremony changed it.
        data: Option<String>,
        /// When it happened.
        at: Time,
    },
    /// A passkey's counter did not rise: it may be a copy, and counts no longer.
    PasskeySuspected {
        /// The authenticator.
        authenticator: AuthenticatorId,
        /// The counter of its last use.
        stored: u32,
        /// The counter that came.
        given: u32,
        /// When it happened.
        at: Time,
    },
    /// A recovery code proved the person, and is used up.
    RecoveryCodeUsed {
        /// Of which set.
        authenticator: AuthenticatorId,
        /// Its digest.
        code: Digest,
        /// When it happened.
        at: Time,
    },
    /// Removed or replaced.
    Removed {
        /// The authenticator.
        authenticator: AuthenticatorId,
    },
}

impl Event {
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::Added(_) => "authenticator.added",
            Self::Renamed { .. } => "authenticator.renamed",
            Self::TotpConfirmed { .. } => "authenticator.confirmed",
            Self::TotpUsed { .. }
            | Self::PasswordUsed { .. }
            | Self::PasskeyUsed { .. }
            | Self::RecoveryCodeUsed { .. } => "authenticator.used",
            Self::PasskeySuspected { .. } => "authenticator.suspected",
            Self::Removed { .. } => "authenticator.removed",
        }
    }

    pub(crate) fn text(&self) -> String {
        match self {
            Self::Added(one) => format!("Authenticator {} ({}) added", one.id, one.name),
            Self::Renamed { authenticator, name } => {
                format!("Authenticator {authenticator} named {name}")
            }
            Self::TotpConfirmed { authenticator, .. } => {
                format!("Authenticator app {authenticator} confirmed")
            }
            Self::TotpUsed { authenticator, .. } => {
                format!("Authenticator app {authenticator}: the code was correct")
            }
            Self::PasswordUsed { authenticator, .. } => {
                format!("Password {authenticator} was correct")
            }
            Self::PasskeyUsed { authenticator, .. } => {
                format!("Passkey {authenticator} was accepted")
            }
            Self::PasskeySuspected { authenticator, stored, given, .. } => format!(
                "Passkey {authenticator} is suspect: its counter is {given}, not above {stored}; it is no longer accepted"
            ),
            Self::RecoveryCodeUsed { authenticator, .. } => {
                format!("A recovery code of {authenticator} was correct and is now used")
            }
            Self::Removed { authenticator } => format!("Authenticator {authenticator} removed"),
        }
    }
}

pub(crate) fn apply(slice: &mut Slice, event: &Event) {
    let id = match event {
        Event::Added(one) => return put(&mut slice.authenticators, *one.clone(), |one| one.id),
        Event::Removed { authenticator } => {
            return slice.authenticators.retain(|one| one.id != *authenticator);
        }
        Event::Renamed { authenticator, .. }
        | Event::TotpConfirmed { authenticator, .. }
        | Event::TotpUsed { authenticator, .. }
        | Event::PasswordUsed { authenticator, .. }
        | Event::PasskeyUsed { authenticator, .. }
        | Event::PasskeySuspected { authenticator, .. }
        | Event::RecoveryCodeUsed { authenticator, .. } => *authenticator,
    };
    let Some(one) = slice.authenticators.iter_mut().find(|one| one.id == id) else { return };
    match event {
        Event::Renamed { name, .. } => one.name = name.clone(),
        Event::TotpConfirmed { step, at, .. } | Event::TotpUsed { step, at, .. } => {
            one.last_used_at = Some(*at);
            one.row_version += 1;
            if let Kind::Totp { confirmed, last_step, .. } = &mut one.kind {
                (*confirmed, *last_step) = (true, Some(*step));
            }
        }
        Event::PasswordUsed { at, .. } => one.last_used_at = Some(*at),
        Event::PasskeyUsed { counter, backed_up, data, at, .. } => {
            one.last_used_at = Some(*at);
            one.row_version += 1;
            if let Kind::Passkey(passkey) = &mut one.kind {
                (passkey.counter, passkey.backed_up) = (*counter, *backed_up);
                passkey.data = data.clone().unwrap_or_else(|| passkey.data.clone());
            }
        }
        Event::PasskeySuspected { at, .. } => {
            one.row_version += 1;
            if let Kind::Passkey(passkey) = &mut one.kind {
                passkey.suspect_at = Some(*at);
            }
        }
        Event::RecoveryCodeUsed { code, at, .. } => {
            one.last_used_at = Some(*at);
            one.row_version += 1;
            if let Kind::RecoveryCodes { left } = &mut one.kind {
                left.retain(|kept| kept != code);
            }
        }
        Event::Added(_) | Event::Removed { .. } => {}
    }
}
