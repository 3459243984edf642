//! What is asked of the order path, and what it answers.

use std::sync::Arc;

use access::id::Holder;
use access::refusal::Refusal;
use trade::order::{Change, NewOrder, Order, OrderId};
use trade::pretrade::{Denial, Denied};

use crate::feed::Published;

/// What a holder asks for.
#[derive(Debug, Clone)]
pub enum OrderRequest {
    /// Place these orders, all or none: one order, or a bracket.
    Place(Vec<NewOrder>),
    /// Place this one, which may only reduce a position for as long as it is open.
    Reduce(NewOrder),
    /// New terms for an open order.
    Modify(Change),
    /// Cancel one.
    Cancel {
        /// The order.
        order: OrderId,
    },
    /// Cancel all of a scope.
    CancelAll(CancelScope),
}

impl OrderRequest {
    /// The new orders that it asks for.
    pub(crate) fn new_orders(&self) -> &[NewOrder] {
        match self {
            Self::Place(orders) => orders,
            Self::Reduce(order) => std::slice::from_ref(order),
            Self::Modify(_) | Self::Cancel { .. } | Self::CancelAll(_) => &[],
        }
    }

    /// Whose they are, whatever they say.
    pub(crate) fn own(&mut self, holder: Holder) {
        match self {
            Self::Place(orders) => own(orders, holder),
            Self::Reduce(order) => order.origin.holder = holder,
            Self::Modify(_) | Self::Cancel { .. } | Self::CancelAll(_) => {}
        }
    }
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

/// A request that was taken. It may be acknowledged only after [`super::OrderGate::flush`] said yes, or when
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
    /// Our own pre-trade checks said no: with all that they say.
    Denial(Denied),
}

impl Refused {
    /// A stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Refusal(refusal) => refusal.code(),
            Self::Denial(denial) => denial.code(),
        }
    }

    /// What the caller may know: what happened, the number, the limit, what to do.
    pub fn caller_text(&self) -> String {
        match self {
            Self::Refusal(refusal) => refusal.caller_text(),
            Self::Denial(denial) => denial.caller_text(),
        }
    }

    /// What evidence keeps.
    pub fn evidence_text(&self) -> String {
        match self {
            Self::Refusal(refusal) => refusal.evidence_text(),
            Self::Denial(denial) => denial.evidence_text(),
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
        Self::Denial(denial.into())
    }
}

impl From<Denied> for Refused {
    fn from(denied: Denied) -> Self {
        Self::Denial(denied)
    }
}

/// Whose they are, whatever they say.
pub(crate) fn own(orders: &mut [NewOrder], holder: Holder) {
    for order in orders {
        order.origin.holder = holder;
    }
}
