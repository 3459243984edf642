//! What can be asked about large orders, what can happen, and what it does to a slice.

use serde::{Deserialize, Serialize};

use super::record::{Placed, Threshold};
use crate::approval::Terms;
use crate::entitlements::Act;
use crate::id::{ApprovalId, CredentialId, PaperAccountId, PersonId, SessionId};
use crate::slice::Slice;

/// What is asked about large orders.
pub enum Command {
    /// Sets the threshold of the person, or takes it away.
    Set {
        /// The threshold.
        threshold: Threshold,
    },
    /// Asks the phone of the session's person for a yes to one order.
    Ask {
        /// The account.
        account: PaperAccountId,
        /// What is done with the order: placing or modifying it.
        act: Act,
        /// All that is asked for, and what it may cost.
        terms: Terms,
        /// What else is to be known, at this moment.
        facts: Terms,
    },
    /// Uses up what lets one order through, before it is placed.
    Use {
        /// The account.
        account: PaperAccountId,
        /// What is done with the order.
        act: Act,
        /// All that is about to be placed, as it was asked for.
        terms: Terms,
        /// The approval; none where this very request comes with a proof of the person.
        approval: Option<ApprovalId>,
    },
    /// Notes what came of it; asked by the server itself.
    Placed(Placed),
    /// Asks the phones of a program's person for a yes to an order that waits; asked by the server itself.
    AskHeld {
        /// Whose, and which.
        held: HeldOrder,
        /// All that it would do, and what it may cost.
        terms: Terms,
        /// What else is to be known, at this moment.
        facts: Terms,
    },
    /// Uses up the yes to an order that waits, before it is let through; asked by the server itself.
    UseHeld {
        /// Whose, and which.
        held: HeldOrder,
        /// All that it would do now, with the bound that was asked for.
        terms: Terms,
        /// The approval.
        approval: ApprovalId,
    },
    /// Takes back what was asked for an order that waits no more; asked by the server itself.
    DropHeld {
        /// The approval.
        approval: ApprovalId,
    },
}

/// An order of a program that waits for a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldOrder {
    /// By which credential it came.
    pub credential: CredentialId,
    /// Its number on the exchange.
    pub order: u64,
}

/// What happened to large orders.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// The threshold is this from now on.
    Set {
        /// The person.
        person: PersonId,
        /// The threshold.
        threshold: Threshold,
    },
    /// One large order was let through.
    Allowed {
        /// Of which session.
        session: SessionId,
        /// By which approval; none is by a proof that came with it.
        approval: Option<ApprovalId>,
        /// The order.
        terms: Terms,
    },
    /// And this came of it. It is written after the order is in the journal: a stop in between leaves
    /// it out, and the terms and the time tell which it was.
    Placed(Placed),
    /// One order of a program was let through.
    AllowedHeld {
        /// Whose, and which.
        held: HeldOrder,
        /// By which approval.
        approval: ApprovalId,
        /// The order.
        terms: Terms,
    },
}

impl Event {
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::Set { .. } => "large_order.set",
            Self::Allowed { .. } => "large_order.allowed",
            Self::Placed(_) => "large_order.placed",
            Self::AllowedHeld { .. } => "large_order.allowed_program",
        }
    }

    pub(crate) fn text(&self) -> String {
        match self {
            Self::Set { threshold, .. } => match threshold.above {
                Some(above) => format!(
                    "Orders from sessions above {above} in the account's base currency need confirmation"
                ),
                None => "Orders from sessions need no confirmation".to_owned(),
            },
            Self::Allowed { session, approval, terms } => {
                let (by, terms) = (allowed_by(*approval), terms.text());
                format!("Large order of session {session} allowed by {by}: {terms}")
            }
            Self::AllowedHeld { held: HeldOrder { credential, order }, approval, terms } => {
                format!(
                    "Order {order} of credential {credential}, which waited, allowed by approval {approval}: {}",
                    terms.text()
                )
            }
            Self::Placed(one) => {
                let orders: Vec<_> = one.orders.iter().map(u64::to_string).collect();
                let (by, orders) = (allowed_by(one.approval), orders.join(", "));
                format!(
                    "Large order of session {}, allowed by {by}, is order {orders} (journal entry {})",
                    one.session, one.seq
                )
            }
        }
    }
}

pub(crate) fn apply(slice: &mut Slice, event: &Event) {
    match event {
        Event::Set { threshold, .. } => slice.large_orders = *threshold,
        Event::Allowed { .. } | Event::Placed(_) | Event::AllowedHeld { .. } => {}
    }
}

pub(super) fn allowed_by(approval: Option<ApprovalId>) -> String {
    approval.map_or_else(|| "a sign-in for it".to_owned(), |id| format!("approval {id}"))
}
