//! What the exchange did. Each event has the order as it is afterwards.

use std::fmt;
use std::sync::Arc;

use access::id::{Holder, PaperAccountId};
use serde::{Deserialize, Serialize};

use crate::order::{Execution, Order, OrderId, OrderState};
use crate::payment::Payment;

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The exchange has a new order: working, or waiting for trigger or parent.
    OrderAccepted {
        /// The order.
        order: Arc<Order>,
    },
    /// A child may trade, or may trade more, because its parent filled.
    OrderReleased {
        /// The order.
        order: Arc<Order>,
    },
    /// A stop's trigger was reached; it is a market or limit order now.
    OrderTriggered {
        /// The order.
        order: Arc<Order>,
    },
    /// Shares traded; the order's state says whether it is filled.
    OrderFilled {
        /// The trade.
        execution: Arc<Execution>,
        /// The order.
        order: Arc<Order>,
    },
    /// Its terms changed: by request, or made smaller by its one-cancels-all group or its parent.
    OrderModified {
        /// The order.
        order: Arc<Order>,
    },
    /// It ended; [`Order::end`] says why.
    OrderCancelled {
        /// The order.
        order: Arc<Order>,
    },
    /// The exchange did not take it; [`Order::end`] says why.
    OrderRejected {
        /// The order.
        order: Arc<Order>,
    },
    /// A contract that was held came to its end: a trade without an order.
    Settled {
        /// The trade.
        execution: Arc<Execution>,
    },
    /// Money moved without a trade.
    Paid {
        /// The payment.
        payment: Arc<Payment>,
    },
    /// A change or cancellation could not be done.
    CommandRejected {
        /// Who asked.
        holder: Holder,
        /// Why not.
        reject: Reject,
    },
}

impl Event {
    /// The account that it is about.
    pub fn account(&self) -> Option<PaperAccountId> {
        match self {
            Self::Settled { execution } => Some(execution.account),
            Self::Paid { payment } => Some(payment.account),
            other => other.order().map(|order| order.account),
        }
    }

    /// Cash moved, or what is held.
    pub const fn moves_money(&self) -> bool {
        matches!(self, Self::OrderFilled { .. } | Self::Settled { .. } | Self::Paid { .. })
    }

    /// The order that it is about.
    pub const fn order(&self) -> Option<&Arc<Order>> {
        match self {
            Self::OrderAccepted { order }
            | Self::OrderReleased { order }
            | Self::OrderTriggered { order }
            | Self::OrderFilled { order, .. }
            | Self::OrderModified { order }
            | Self::OrderCancelled { order }
            | Self::OrderRejected { order } => Some(order),
            Self::CommandRejected { .. } | Self::Settled { .. } | Self::Paid { .. } => None,
        }
    }
}

/// Why the exchange did not do what it was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reject {
    /// There is no such order, or it ended more than seven days ago.
    UnknownOrder {
        /// Its number.
        order: OrderId,
    },
    /// It has ended already.
    NotOpen {
        /// Its number.
        order: OrderId,
        /// How it ended.
        state: OrderState,
    },
}

impl Reject {
    /// A stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::UnknownOrder { .. } => "UNKNOWN_ORDER",
            Self::NotOpen { .. } => "ORDER_NOT_OPEN",
        }
    }
}

impl fmt::Display for Reject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownOrder { order } => write!(f, "there is no order {order}"),
            Self::NotOpen { order, state: OrderState::Filled } => {
                write!(f, "order {order} is already filled")
            }
            Self::NotOpen { order, .. } => write!(f, "order {order} has already ended"),
        }
    }
}
