//! The way of an order: who may (entitlements), what is sound (pre-trade), when (the sequencer).

use std::net::IpAddr;
use std::sync::Arc;

use access::entitlements::{Act, Entitlements, Product, Question};
use access::id::{Holder, PaperAccountId, SymbolId};
use access::moment::Time;
use access::refusal::Refusal;
use trade::{Change, Denial, NewOrder, Order, OrderId, Preview, Reject};

use crate::Gate;
use crate::admission::Admission;
use crate::feed::Published;

/// What a holder asks for.
#[derive(Debug, Clone)]
pub enum OrderRequest {
    /// Place these orders, all or none: one order, or a bracket.
    Place(Vec<NewOrder>),
    /// New terms for an open order.
    Modify(Change),
    /// Cancel one.
    Cancel {
        /// Which.
        order: OrderId,
    },
    /// Cancel all of a scope.
    CancelAll(CancelScope),
}

/// Which orders a cancel-all means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CancelScope {
    /// The holder's own, sent with this client id.
    Client(i32),
    /// The holder's own.
    Own,
    /// All of the account. A credential may not.
    Account,
}

/// A request that was taken. It may be acknowledged only after [`Gate::flush`] said yes, or when
/// the same record came by a subscription.
#[derive(Debug, Clone)]
pub struct Submitted {
    /// What it did.
    pub record: Arc<Published>,
}

impl Submitted {
    /// Its sequence in the journal.
    pub fn seq(&self) -> u64 {
        self.record.seq
    }

    /// The orders that it touched, each in its last state.
    pub fn orders(&self) -> Vec<Arc<Order>> {
        self.record.orders()
    }
}

/// Why a request was not taken.
#[derive(Debug, Clone, PartialEq)]
pub enum Refused {
    /// Access said no, or the server cannot take orders now.
    Refusal(Refusal),
    /// Our own pre-trade check said no.
    Denial(Denial),
    /// The exchange said no.
    Rejected(Reject),
}

impl Refused {
    /// A stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Refusal(refusal) => refusal.code(),
            Self::Denial(denial) => denial.code(),
            Self::Rejected(reject) => reject.code(),
        }
    }

    /// What the caller may know: what happened, the number, the limit, what to do.
    pub fn caller_text(&self) -> String {
        match self {
            Self::Refusal(refusal) => refusal.caller_text(),
            Self::Denial(denial) => denial.caller_text(),
            Self::Rejected(reject) => reject.caller_text(),
        }
    }

    /// What evidence keeps.
    pub fn evidence_text(&self) -> String {
        match self {
            Self::Refusal(refusal) => refusal.evidence_text(),
            Self::Denial(denial) => denial.evidence_text(),
            Self::Rejected(reject) => reject.evidence_text(),
        }
    }
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.code(), self.caller_text())
    }
}

impl std::error::Error for Refused {}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        Self::Refusal(refusal)
    }
}

impl From<Denial> for Refused {
    fn from(denial: Denial) -> Self {
        Self::Denial(denial)
    }
}

impl From<Reject> for Refused {
    fn from(reject: Reject) -> Self {
        Self::Rejected(reject)
    }
}
