//! What can be asked about sign-ins, what can happen, and what it does to a slice.

use serde::{Deserialize, Serialize};

use super::record::{Attempt, Step};
use crate::authenticator::PasswordCheck;
use crate::authenticator::passkey::Assertion;
use crate::id::AttemptId;
use crate::refusal::PasskeyFault;
use crate::secret::Secret;
use crate::slice::{Slice, put};

/// What is asked of a sign-in.
pub enum Command {
    /// The password was checked. Load the slice by the user name.
    Password {
        /// With this outcome.
        proof: PasswordCheck,
    },
    /// A TOTP code was typed. Load the slice by the attempt.
    Totp {
        /// The attempt's token.
        attempt: Secret,
        /// The code.
        code: Secret,
    },
    /// A recovery code was typed in its place. Load the slice by the attempt.
    RecoveryCode {
        /// The attempt's token.
        attempt: Secret,
        /// The code.
        code: Secret,
    },
    /// An activation code was typed. Load the slice by the attempt.
    Activate {
        /// The attempt's token.
        attempt: Secret,
        /// The code.
        code: Secret,
    },
    /// Another activation code is asked for. Load the slice by the attempt.
    Resend {
        /// The attempt's token.
        attempt: Secret,
    },
    /// The phone is to be asked, in place of the code that is due. Load the slice by the attempt.
    AskApproval {
        /// The attempt's token.
        attempt: Secret,
    },
    /// The phone said yes. Load the slice by the attempt.
    Approved {
        /// The attempt's token.
        attempt: Secret,
    },
    /// One of its pages is looked at. Load the slice by the attempt.
    Look {
        /// The attempt's token.
        attempt: Secret,
    },
    /// A passkey's ceremony ended. Load the slice by the passkey's handle.
    Passkey {
        /// What it says, or why it failed.
        outcome: Result<Assertion, PasskeyFault>,
    },
    /// A link was opened and confirmed. Load the slice by the link.
    Link {
        /// The link's token.
        token: Secret,
    },
}

impl Command {
    /// The token of the attempt that it goes on with.
    pub(super) const fn attempt(&self) -> Option<&Secret> {
        match self {
            Self::Password { .. } | Self::Passkey { .. } | Self::Link { .. } => None,
            Self::Totp { attempt, .. }
            | Self::RecoveryCode { attempt, .. }
            | Self::Activate { attempt, .. }
            | Self::Resend { attempt }
            | Self::AskApproval { attempt }
            | Self::Approved { attempt }
            | Self::Look { attempt } => Some(attempt),
        }
    }
}

/// What happened to attempts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// The password was right.
    Started(Attempt),
    /// A step was done or missed, or a code sent again.
    Changed(Attempt),
    /// It became a session.
    Finished {
        /// The sign-in.
        attempt: AttemptId,
    },
    /// It is over without a session.
    Dropped {
        /// The sign-in.
        attempt: AttemptId,
    },
}

impl Event {
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::Started(_) => "sign_in.started",
            Self::Changed(_) => "sign_in.changed",
            Self::Finished { .. } => "sign_in.finished",
            Self::Dropped { .. } => "sign_in.dropped",
        }
    }

    pub(crate) fn text(&self) -> String {
        match self {
            Self::Started(one) => {
                format!("Sign-in {} began: the password was correct", one.id)
            }
            Self::Changed(one) => match &one.step {
                Step::Totp => format!("Sign-in {} is waiting for a TOTP code", one.id),
                Step::Activation(step) => format!(
                    "Sign-in {} is waiting for the activation code for {}: codes sent: {}, tries left: {}",
                    one.id, step.device, step.sent, step.tries_left
                ),
            },
            Self::Finished { attempt } => format!("Sign-in {attempt} succeeded"),
            Self::Dropped { attempt } => format!("Sign-in {attempt} has ended"),
        }
    }
}

pub(crate) fn apply(slice: &mut Slice, event: &Event) {
    match event {
        Event::Started(attempt) | Event::Changed(attempt) => {
            put(&mut slice.attempts, attempt.clone(), |one| one.id);
        }
        Event::Finished { attempt } | Event::Dropped { attempt } => {
            slice.attempts.retain(|one| one.id != *attempt);
        }
    }
}
