//! Orders: what is asked for, and what has become of it.

use std::fmt;
use std::sync::Arc;

pub use access::entitlements::{OrderKind, Side};
use access::id::{Holder, PaperAccountId, SymbolId};
use access::moment::Time;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::calendar::Day;
use crate::instrument::{Instrument, Units};
use crate::price::Ticks;

/// A quantity as a count of its instrument's steps, for most stocks shares; 0 or more.
pub type Shares = u64;

/// An order's number on this exchange (permId on the TWS socket); the first is 1,000,001.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OrderId(pub u64);

impl fmt::Display for OrderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// Whether an incoming order with this limit trades at `price`.
#[inline]
pub fn reaches(side: Side, limit: i64, price: i64) -> bool {
    match side {
        Side::Buy => price <= limit,
        Side::Sell => price >= limit,
    }
}

/// Who sent an order, and what they call it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Origin {
    /// The session or credential.
    pub holder: Holder,
    /// The client id of the connection; 0 where there is none.
    pub client_id: i32,
    /// The client's own number for the order; 0 where there is none.
    pub order_id: i32,
}

/// How an order is priced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderType {
    /// At whatever the book offers; what is left waits for the next quotes.
    Market,
    /// At `price` or better.
    Limit {
        /// The worst price accepted.
        price: Ticks,
    },
    /// A market order once the last price reaches `trigger`.
    Stop {
        /// Reached from below by a buy stop, from above by a sell stop.
        trigger: Ticks,
    },
    /// A limit order once the last price reaches `trigger`.
    StopLimit {
        /// Reached from below by a buy stop, from above by a sell stop.
        trigger: Ticks,
        /// The worst price accepted.
        price: Ticks,
    },
}

impl OrderType {
    /// The limit price, of a limit or stop-limit order.
    pub const fn limit(self) -> Option<Ticks> {
        match self {
            Self::Limit { price } | Self::StopLimit { price, .. } => Some(price),
            Self::Market | Self::Stop { .. } => None,
        }
    }

    /// The trigger price, of a stop or stop-limit order.
    pub const fn trigger(self) -> Option<Ticks> {
        match self {
            Self::Stop { trigger } | Self::StopLimit { trigger, .. } => Some(trigger),
            Self::Market | Self::Limit { .. } => None,
        }
    }

    /// The kind that a grant names.
    pub const fn kind(self) -> OrderKind {
        match self {
            Self::Market => OrderKind::Market,
            Self::Limit { .. } => OrderKind::Limit,
            Self::Stop { .. } => OrderKind::Stop,
            Self::StopLimit { .. } => OrderKind::StopLimit,
        }
    }

    /// The name on the TWS socket: `MKT`, `LMT`, `STP`, `STP LMT`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Market => "MKT",
            Self::Limit { .. } => "LMT",
            Self::Stop { .. } => "STP",
            Self::StopLimit { .. } => "STP LMT",
        }
    }
}

/// How long an order is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimeInForce {
    /// Until the trading day rolls, at 17:00 New York.
    Day,
    /// Until cancelled.
    Gtc,
    /// What trades at once; the rest is cancelled.
    Ioc,
    /// All of it at once, or nothing.
    Fok,
}

impl TimeInForce {
    /// The name on the TWS socket: `DAY`, `GTC`, `IOC`, `FOK`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Day => "DAY",
            Self::Gtc => "GTC",
            Self::Ioc => "IOC",
            Self::Fok => "FOK",
        }
    }
}

/// The order that must fill before this one lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Parent {
    /// A member of the same group, by its place (0 is the first); it must come before its children.
    Member(u32),
    /// An order that is open already.
    Order(OrderId),
}

/// One-cancels-all: membership in a named group of one holder.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Oca {
    /// The group's name, as the client gave it; the same name of another holder is another group.
    pub group: Arc<str>,
    /// A fill makes the others smaller in proportion (types 2 and 3 on the TWS socket) and does not
    /// cancel them at once (type 1).
    pub reduce: bool,
}

/// An order that someone wants placed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewOrder {
    /// For which account.
    pub account: PaperAccountId,
    /// In which contract.
    pub symbol: SymbolId,
    /// Which way.
    pub side: Side,
    /// Steps of the instrument's quantity, for most stocks shares; at least 1.
    pub quantity: Shares,
    /// How it is priced.
    pub order_type: OrderType,
    /// How long it is good.
    pub tif: TimeInForce,
    /// Kept and shown; there is no session outside of regular hours.
    pub outside_hours: bool,
    /// Who sent it.
    pub origin: Origin,
    /// It waits for this order to fill. Children of one parent are one-cancels-other.
    pub parent: Option<Parent>,
    /// A named one-cancels-all group.
    pub oca: Option<Oca>,
    /// The client's own note (orderRef), at most 64 characters.
    pub reference: Option<Arc<str>>,
}

/// New terms for an open order. A change keeps the order's place in the queue only when nothing but
/// the quantity changes and it becomes smaller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// Which order.
    pub order: OrderId,
    /// Shares in total, those filled already included.
    pub quantity: Shares,
    /// How it is priced from now on.
    pub order_type: OrderType,
    /// How long it is good.
    pub tif: TimeInForce,
    /// What its ticks and steps are: those of the order's instrument.
    pub units: Units,
}

/// The state of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderState {
    /// It waits: a stop for its trigger, a child for its parent.
    PreSubmitted,
    /// It is in the market.
    Working,
    /// All shares traded.
    Filled,
    /// Ended before all shares traded; see [`Order::end`].
    Cancelled,
    /// The exchange did not take it; see [`Order::end`].
    Rejected,
}

impl OrderState {
    /// It can still trade.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::PreSubmitted | Self::Working)
    }
}

/// Why an order ended without being filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// Its holder, or another of the account, asked for it.
    Requested,
    /// A lock cancelled it.
    Locked,
    /// The credential or session that sent it was revoked, and the revoker asked for it.
    Revoked,
    /// A day order at the end of its day.
    DayEnded,
    /// What an immediate-or-cancel order did not get at once.
    Remainder,
    /// A fill-or-kill order that could get only `available` shares at once.
    NotFillable {
        /// Shares within its limit.
        available: Shares,
    },
    /// It would have traded with an older order of the same account.
    SelfMatch {
        /// The older order.
        with: OrderId,
    },
    /// Its parent ended without a fill.
    ParentEnded,
    /// Another order of its one-cancels-all group filled.
    OcaFilled {
        /// That order.
        by: OrderId,
    },
    /// A market order while there are no quotes.
    NoQuotes,
    /// It came to a one-cancels-all group that had traded already.
    GroupTraded {
        /// The order that did.
        by: OrderId,
    },
    /// It may only reduce a position, and the position is closed.
    PositionClosed,
    /// The last day of its contract is over.
    Expired,
    /// It waited for a person's yes, and the answer was no.
    Declined,
    /// It waited for a person's yes, and nobody answered.
    Unanswered,
    /// It was approved, and by then the checks refused it.
    Refused,
    /// It took a person's yes, and there was no phone to ask.
    Unasked,
    /// A margin call of its account was not met.
    MarginCall,
    /// Its shares, or those that its contract is on, were split.
    Split,
}

impl End {
    /// A stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Requested => "CANCELLED",
            Self::Locked => "CANCELLED_BY_LOCK",
            Self::Revoked => "CANCELLED_BY_REVOCATION",
            Self::DayEnded => "DAY_ENDED",
            Self::Remainder => "IOC_REMAINDER",
            Self::NotFillable { .. } => "FOK_NOT_FILLABLE",
            Self::SelfMatch { .. } => "SELF_MATCH",
            Self::ParentEnded => "PARENT_ENDED",
            Self::OcaFilled { .. } => "OCA_FILLED",
            Self::NoQuotes => "NO_QUOTES",
            Self::GroupTraded { .. } => "OCA_GROUP_TRADED",
            Self::PositionClosed => "POSITION_CLOSED",
            Self::Expired => "CONTRACT_EXPIRED",
            Self::Declined => "APPROVAL_DECLINED",
            Self::Unanswered => "APPROVAL_UNANSWERED",
            Self::Refused => "REFUSED_AFTER_APPROVAL",
            Self::Unasked => "APPROVAL_WITHOUT_PHONE",
            Self::MarginCall => "MARGIN_CALL",
            Self::Split => "SHARES_SPLIT",
        }
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Requested => f.write_str("cancelled on request"),
            Self::Locked => f.write_str("cancelled by a lock"),
            Self::Revoked => f.write_str("cancelled with the credential or session that sent it"),
            Self::DayEnded => f.write_str("a DAY order whose trading day has ended"),
            Self::Remainder => {
                f.write_str("an IOC order: what did not fill immediately was cancelled")
            }
            Self::NotFillable { available } => {
                write!(f, "a FOK order, and only {available} shares were available at once")
            }
            Self::SelfMatch { with } => {
                write!(f, "it would have traded with order {with} of the same account")
            }
            Self::ParentEnded => f.write_str("its parent order ended without a fill"),
            Self::OcaFilled { by } => write!(f, "order {by} of its one-cancels-all group filled"),
            Self::GroupTraded { by } => write!(
                f,
                "order {by} of its one-cancels-all group has traded already; use another group name"
            ),
            Self::PositionClosed => {
                f.write_str("it may only reduce a position, and the position is closed")
            }
            Self::Declined => f.write_str("its owner was asked for a yes and said no"),
            Self::Unanswered => {
                f.write_str("it waited for its owner's yes, and nobody answered in time")
            }
            Self::MarginCall => f.write_str("a margin call of its account was not met"),
            Self::Split => f.write_str(
                "the shares were split, and it could not be restated; place it again at the new price",
            ),
            Self::Unasked => f.write_str(
                "it takes its owner's yes, and no phone of theirs can be asked; they can set one up in the portal",
            ),
            Self::Refused => f.write_str(
                "its owner said yes, and the checks refused it then; the refused orders say why",
            ),
            Self::NoQuotes => f.write_str("a market order, and there were no quotes"),
            Self::Expired => f.write_str("the last day of its contract is over"),
        }
    }
}

/// An order on the exchange, with what has become of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// Its number.
    pub id: OrderId,
    /// For which account.
    pub account: PaperAccountId,
    /// In which contract.
    pub symbol: SymbolId,
    /// Which way.
    pub side: Side,
    /// Shares in total.
    pub quantity: Shares,
    /// How it is priced.
    pub order_type: OrderType,
    /// How long it is good.
    pub tif: TimeInForce,
    /// The trading day at whose end a DAY order ends.
    pub day: Day,
    /// As it was asked for.
    pub outside_hours: bool,
    /// Who sent it.
    pub origin: Origin,
    /// The order that it waits for or waited for.
    pub parent: Option<OrderId>,
    /// Its named one-cancels-all group.
    pub oca: Option<Oca>,
    /// The client's own note.
    pub reference: Option<Arc<str>>,
    /// Its state.
    pub state: OrderState,
    /// Why it ended, when it is cancelled or rejected.
    pub end: Option<End>,
    /// A stop whose trigger was reached.
    pub triggered: bool,
    /// Shares traded.
    pub filled: Shares,
    /// Shares that may trade, those filled included: all, but for a child no more than its parent
    /// has filled.
    pub released: Shares,
    /// Sum of ticks times steps over its fills.
    pub value: i64,
    /// The price of its last fill.
    pub last_fill: Option<Ticks>,
    /// Commission so far, in the instrument's currency.
    pub commission: Decimal,
    /// When it was accepted.
    pub placed: Time,
    /// When anything last happened to it.
    pub updated: Time,
    /// It may only reduce a position. Older snapshots know nothing of it: theirs keeps it apart.
    #[serde(skip)]
    pub reduce_only: bool,
    /// It waits for a person's yes until then; a snapshot keeps it apart.
    #[serde(skip)]
    pub held: Option<Time>,
}

impl Order {
    /// Shares that have not traded.
    pub const fn remaining(&self) -> Shares {
        self.quantity.saturating_sub(self.filled)
    }

    /// Shares that may trade now.
    pub const fn live(&self) -> Shares {
        self.released.saturating_sub(self.filled)
    }

    /// Average fill price, exact but for the division; none before the first fill.
    pub fn average_price(&self, instrument: &Instrument) -> Option<Decimal> {
        instrument.average_price(self.value, self.filled)
    }

    /// It ends when this trading day does.
    pub fn is_day_of(&self, day: Day) -> bool {
        self.tif == TimeInForce::Day && self.day <= day
    }

    /// It is a stop that waits for its trigger.
    pub const fn is_armed_stop(&self) -> bool {
        self.order_type.trigger().is_some() && !self.triggered
    }
}

/// A trade of one order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Execution {
    /// Its number, 1 and up.
    pub id: ExecutionId,
    /// The order.
    pub order: OrderId,
    /// For which account.
    pub account: PaperAccountId,
    /// In which contract.
    pub symbol: SymbolId,
    /// Which way.
    pub side: Side,
    /// Shares.
    pub quantity: Shares,
    /// The price.
    pub price: Ticks,
    /// Commission of this fill, in the instrument's currency.
    pub commission: Decimal,
    /// When it happened.
    pub time: Time,
    /// Whether it rested or took.
    pub liquidity: Liquidity,
    /// Profit or loss that it realised, commission deducted; none when it closed nothing.
    pub realised: Option<Decimal>,
    /// The order's filled shares after it.
    pub cumulative: Shares,
    /// Who sent the order.
    pub origin: Origin,
    /// The client's own note on the order.
    pub reference: Option<Arc<str>>,
}

/// An execution's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ExecutionId(pub u64);

impl fmt::Display for ExecutionId {
    /// `0000f10a.0000002a.01.01`, the form that programs on the TWS socket know.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}.{:08x}.01.01", 0xf10a_u64 + (self.0 >> 32), self.0 & 0xffff_ffff)
    }
}

/// Whether an order added to the book or took from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Liquidity {
    /// It rested.
    Added,
    /// It took what rested.
    Removed,
}
