//! What can be asked about approvals, what can happen, and what it does to a slice.

use serde::{Deserialize, Serialize};

use super::record::{Answered, Approval, Say};
use crate::binding::PublicKey;
use crate::id::ApprovalId;
use crate::secret::Secret;
use crate::slice::{Slice, put};

/// What is asked about approvals.
pub enum Command {
    /// Asks the phone of the session's person for a proof that it is them.
    AskStepUp,
    /// Answers one, from a phone.
    Answer {
        /// The approval.
        approval: ApprovalId,
        /// The answer.
        say: Say,
        /// The number that was typed.
        number: Secret,
        /// The key that signed the answer over what the phone showed; checked.
        signed_by: PublicKey,
    },
}

/// What happened to approvals.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// Asked for.
    Asked(Box<Approval>),
    /// A wrong number was typed.
    Missed {
        /// For which.
        approval: ApprovalId,
        /// Tries that are left.
        tries_left: u32,
    },
    /// Answered.
    Answered {
        /// The approval.
        approval: ApprovalId,
        /// The answer.
        answered: Answered,
    },
    /// Used, or over for another reason.
    Closed {
        /// The approval.
        approval: ApprovalId,
    },
}

impl Event {
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::Asked(_) => "approval.asked",
            Self::Missed { .. } => "approval.missed",
            Self::Answered { .. } => "approval.answered",
            Self::Closed { .. } => "approval.closed",
        }
    }

    pub(crate) fn text(&self) -> String {
        match self {
            Self::Asked(one) => {
                let (name, lines) = (one.content.kind.name(), one.content.text());
                format!("Approval {} ({name}) requested: {lines}", one.id)
            }
            Self::Missed { approval, tries_left } => {
                format!(
                    "A wrong number was typed for approval {approval}; tries left: {tries_left}"
                )
            }
            Self::Answered { approval, answered } => {
                format!(
                    "Approval {approval} answered {} on {}",
                    answered.say.name(),
                    answered.device
                )
            }
            Self::Closed { approval } => format!("Approval {approval} has ended"),
        }
    }
}

pub(crate) fn apply(slice: &mut Slice, event: &Event) {
    match event {
        Event::Asked(one) => {
            put(&mut slice.approvals, Approval::clone(one), |one| one.id);
        }
        Event::Missed { approval, tries_left } => {
            for one in slice.approvals.iter_mut().filter(|one| one.id == *approval) {
                one.tries_left = *tries_left;
            }
        }
        Event::Answered { approval, answered } => {
            for one in slice.approvals.iter_mut().filter(|one| one.id == *approval) {
                one.answered = Some(*answered);
            }
        }
        Event::Closed { approval } => {
            // It stays, over, so that it counts against a storm of prompts.
            for one in slice.approvals.iter_mut().filter(|one| one.id == *approval) {
                one.until = one.asked_at;
            }
        }
    }
}
