//! What is kept of recoveries.

use serde::{Deserialize, Serialize};

use super::end::RecoveryEnd;
use crate::approval::Say;
use crate::binding::Beginner;
use crate::call::By;
use crate::entitlements::{Act, Acts};
use crate::id::{PersonId, RecoveryId};
use crate::moment::{Span, Time};
use crate::name::Name;
use crate::refusal::ServerRefusal;
use crate::secret::{Digest, SealKey, SealedSecret, Secret};
use crate::trustee::Ask;

/// How long a recovery waits unless its person chose otherwise.
pub const WAIT: Span = Span::hours(72);

/// The shortest wait that may be chosen: a night and a day pass over it.
pub const SHORTEST_WAIT: Span = Span::hours(24);

/// The longest.
pub const LONGEST_WAIT: Span = Span::days(30);

/// How long one that has waited may be finished.
pub const FINISH: Span = Span::days(7);

/// How long a recovered session, and all that it enrols, is held.
pub const HOLD: Span = Span::hours(72);

/// How long after its start a recovered session may enrol: it can prove its person in no other way.
pub const ENROLS: Span = Span::hours(1);

/// Recoveries that may be asked for within [`ASKS_WINDOW`]; those that were finished, or that the
/// operator began, do not count.
pub const ASKS: usize = 3;

/// How long asks are counted together.
pub const ASKS_WINDOW: Span = Span::days(7);

/// What a held session may do: look, take risk away, and enrol.
pub const HELD_ACTS: Acts = Acts::VIEW.or(Acts::of(&[
    Act::ReduceOrder,
    Act::CancelOrder,
    Act::ManageSessions,
    Act::ManageDevices,
    Act::ManageAuthenticators,
    Act::Lock,
    Act::ViewEvidence,
]));

/// What a person chose for their recoveries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecoveryPolicy {
    /// How long one waits.
    pub wait: Span,
    /// How many recovery contacts let the person in at once; 0 for none.
    pub needed: u32,
    /// Whether the wait opens one too, where contacts do.
    pub waits: bool,
}

impl Default for RecoveryPolicy {
    fn default() -> Self {
        Self { wait: WAIT, needed: 0, waits: true }
    }
}

/// One recovery of a person. It stays known for a while after its end, because asks are counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recovery {
    /// Its id.
    pub id: RecoveryId,
    /// The person.
    pub person: PersonId,
    /// Digest of the token that the recovering browser holds.
    pub token: Digest,
    /// Digest of the token that stops it and does nothing else.
    pub stop: Digest,
    /// That token, for the mails.
    pub stop_token: SealedSecret,
    /// Who began it.
    pub by: By,
    /// From where.
    pub source: String,
    /// On what kind of browser.
    pub browser: Name,
    /// When it was begun.
    pub begun_at: Time,
    /// How long it waits.
    pub wait: Span,
    /// How many contacts open it.
    pub needed: u32,
    /// Whether the wait opens it.
    pub waits: bool,
    /// The contacts that it asks.
    pub asks: Vec<Ask>,
    /// Its state.
    pub stage: Stage,
    /// The browser that began it, or took it up; it is looked at and finished there.
    #[serde(default, skip_serializing_if = "Beginner::is_unknown")]
    pub begun: Beginner,
}

/// The state of a recovery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Its person was told that it began.
    Begun {
        /// When half of the wait is over.
        half_at: Time,
    },
    /// Its person was told at half time.
    Half {
        /// When it has waited.
        ready_at: Time,
    },
    /// It has waited and its person was told so; it may be finished.
    Ready {
        /// Until then.
        until: Time,
    },
    /// It became a session.
    Finished {
        /// When it happened.
        at: Time,
        /// Until when what it enrols is held.
        held_until: Time,
    },
    /// It is over without a session.
    Over {
        /// When it happened.
        at: Time,
        /// Why.
        why: RecoveryEnd,
    },
}

impl Stage {
    /// Its name, for programs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Begun { .. } => "begun",
            Self::Half { .. } => "half",
            Self::Ready { .. } => "ready",
            Self::Finished { .. } => "finished",
            Self::Over { .. } => "over",
        }
    }
}

impl Recovery {
    /// What its stop token is sealed for.
    pub(super) fn purpose(id: RecoveryId) -> String {
        format!("recovery {id}")
    }

    /// Whether the operator began it and no browser took it up yet.
    pub fn is_unclaimed(&self) -> bool {
        self.by.runs_the_server() && self.source == LOCAL
    }

    /// Whether it is under way.
    pub const fn is_open(&self) -> bool {
        matches!(self.stage, Stage::Begun { .. } | Stage::Half { .. } | Stage::Ready { .. })
    }

    /// When something has to be done about it: a notice, or its end.
    pub const fn due_at(&self) -> Option<Time> {
        match self.stage {
            Stage::Begun { half_at } => Some(half_at),
            Stage::Half { ready_at } => Some(ready_at),
            Stage::Ready { until } => Some(until),
            Stage::Finished { .. } | Stage::Over { .. } => None,
        }
    }

    /// When it may be finished, as far as is known now; none where the wait does not open it.
    pub fn ready_at(&self) -> Option<Time> {
        if !self.waits {
            return None;
        }
        match self.stage {
            Stage::Begun { half_at } => Some(half_at + Span(self.wait.0 / 2)),
            Stage::Half { ready_at } => Some(ready_at),
            Stage::Ready { .. } | Stage::Finished { .. } | Stage::Over { .. } => None,
        }
    }

    /// How many contacts said yes.
    pub fn yes(&self) -> usize {
        self.asks.iter().filter(|one| one.said.is_some_and(|(say, _)| say == Say::Yes)).count()
    }

    /// Whether so many contacts said yes as open it.
    pub fn is_vouched(&self) -> bool {
        self.needed > 0 && number(self.yes()) >= self.needed
    }

    pub(super) fn at(&self, stage: Stage) -> Self {
        Self { stage, ..self.clone() }
    }

    pub(super) fn open_stop(&self, key: &SealKey) -> Result<Secret, ServerRefusal> {
        let opened = key.open(&self.stop_token, &Self::purpose(self.id));
        opened.map_err(|_| ServerRefusal::KeyMismatch)
    }
}

/// A recovery that was just begun.
pub struct Begun {
    /// The recovery.
    pub recovery: RecoveryId,
    /// The token of the recovering browser.
    pub token: Secret,
    /// When it may be finished; none where contacts alone open it.
    pub ready_at: Option<Time>,
}

pub(crate) fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// Where a recovery that no browser took up came from.
pub(super) const LOCAL: &str = "local";
