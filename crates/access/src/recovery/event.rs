//! What can be asked about recoveries, what can happen, and what it does to a slice.

use serde::{Deserialize, Serialize};

use super::record::{Recovery, RecoveryPolicy, Stage};
use crate::authenticator::PasswordCheck;
use crate::id::{PersonId, RecoveryId};
use crate::secret::Secret;
use crate::slice::{Slice, put};

/// What is asked about recoveries.
pub enum Command {
    /// The password was checked. Load the slice by the user name.
    Begin {
        /// With this outcome.
        proof: PasswordCheck,
    },
    /// The same by a browser that has the token of one, and lost its key: that one ends.
    Again {
        /// With this outcome.
        proof: PasswordCheck,
        /// The token.
        token: Secret,
    },
    /// The operator vouches for the person who asked them.
    Assist,
    /// The link of the operator's was opened in the recovering browser. Load the slice by it.
    Claim {
        /// The token.
        token: Secret,
    },
    /// It has waited, and becomes a session. Load the slice by the token.
    Finish {
        /// The token.
        token: Secret,
    },
    /// Its page is looked at. Load the slice by the token.
    Look {
        /// The token.
        token: Secret,
    },
    /// Stops one, by a session of the person or by the operator.
    Cancel {
        /// The recovery.
        recovery: RecoveryId,
    },
    /// Stops one by the token of its notices. Load the slice by it.
    Stop {
        /// The token.
        token: Secret,
    },
    /// Does what is due; asked by the server itself.
    Tick,
    /// Says how recoveries go.
    Choose(RecoveryPolicy),
}

/// What happened to recoveries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// Begun, or as it stands now.
    Changed(Box<Recovery>),
    /// The person chose.
    Chosen {
        /// The person.
        person: PersonId,
        /// The policy.
        policy: RecoveryPolicy,
    },
}

impl Event {
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::Changed(one) => match one.stage {
                Stage::Begun { .. } => "recovery.begun",
                Stage::Half { .. } => "recovery.half",
                Stage::Ready { .. } => "recovery.ready",
                Stage::Finished { .. } => "recovery.finished",
                Stage::Over { .. } => "recovery.over",
            },
            Self::Chosen { .. } => "recovery.chosen",
        }
    }

    pub(crate) fn text(&self) -> String {
        let one = match self {
            Self::Changed(one) => one,
            Self::Chosen { policy, .. } => {
                return format!(
                    "Recoveries now wait {}; contacts needed: {}; waiting alone is enough: {}",
                    policy.wait, policy.needed, policy.waits
                );
            }
        };
        let (id, from) = (one.id, format!("{} ({})", one.source, one.browser));
        match one.stage {
            Stage::Begun { half_at } => {
                let (yes, needed) = (one.yes(), one.needed);
                format!(
                    "Recovery {id} from {from} waits {}; halfway at {half_at}; contacts: {yes} of {needed}",
                    one.wait
                )
            }
            Stage::Half { ready_at } => {
                format!("Recovery {id}: halfway message sent, ready at {ready_at}")
            }
            Stage::Ready { until } => {
                format!("Recovery {id} has waited long enough; it can be finished until {until}")
            }
            Stage::Finished { held_until, .. } => {
                format!("Recovery {id} signed in; limited until {held_until}")
            }
            Stage::Over { why, .. } => format!("Recovery {id} is {}", why.text()),
        }
    }
}

pub(crate) fn apply(slice: &mut Slice, event: &Event) {
    match event {
        Event::Changed(one) => put(&mut slice.recoveries, *one.clone(), |one| one.id),
        Event::Chosen { policy, .. } => slice.recovery_policy = *policy,
    }
}
