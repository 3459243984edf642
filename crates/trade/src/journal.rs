//! What the journal holds: commands, stamped with sequence and time, with the decision that let
//! them pass. A replay applies them again and asks nobody.
//!
//! These types are the program's own and may change. What is written is a record: [`encode`] makes one
//! from a command, and [`decode`] a command from one of either format.

use std::fmt;

use access::currency::Currency;
use access::entitlements::{Limits, Side};
use access::id::{Holder, PaperAccountId, SymbolId};
use access::moment::{Span, Time};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::calendar::Hours;
use crate::exchange::ORDER_RULE;
use crate::instrument::Instruments;
use crate::ledger::SelfMatch;
use crate::order::{Change, NewOrder, Order, OrderId, OrderType, Origin, TimeInForce};
use crate::pretrade::Checked;
use crate::price::Ticks;

mod convert;
#[cfg(test)]
mod tests;
mod v1;
mod v2;
mod write;

pub use convert::{Catalogue, decode};
pub use write::encode;

/// The schema of the records that are written: it rises with every field, variant or number that
/// is added to format 2. Records of all schemas so far are read.
pub const SCHEMA: u8 = 2;

/// A record that cannot be read, or a command that no record can hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RecordError {
    /// The bytes are none of this format.
    Bytes(String),
    /// A later version wrote it.
    Schema {
        /// Its schema.
        found: u8,
    },
    /// A value is missing, or is none that this version knows.
    Value {
        /// What it stands for.
        field: &'static str,
    },
}

impl fmt::Display for RecordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bytes(why) => f.write_str(why),
            Self::Schema { found } => write!(
                f,
                "its schema is {found}, and this version reads schemas up to {SCHEMA}; start the version that wrote it"
            ),
            Self::Value { field } => write!(f, "its {field} is missing or not known here"),
        }
    }
}

impl std::error::Error for RecordError {}

/// How an exchange begins: the journal's first record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Genesis {
    /// What all simulated prices follow from.
    pub seed: u64,
    /// When it happened.
    pub at: Time,
    /// The account.
    pub account: PaperAccountId,
    /// What it begins with.
    pub cash: Decimal,
    /// Of which currency: the account's base currency. Snapshots keep it with the cash, as old ones know dollars alone.
    #[serde(skip, default = "dollars")]
    pub currency: Currency,
    /// When the markets trade.
    pub hours: Hours,
    /// By which rule the markets move to begin with (see [`MARKET_RULE`]).
    pub market_rule: u16,
}

const fn dollars() -> Currency {
    Currency::USD
}

/// The newest rule by which markets move. 1 and 2: see `market.rs`. 3: every product. 4: dividends and splits, and no
/// contract is offered below what it is worth. 5: the markets begin a day before the account is made, and cash earns
/// interest.
pub const MARKET_RULE: u16 = 5;

impl Command {
    /// The rule that a command names and that this version does not know.
    pub fn unknown_rule(&self) -> Option<u16> {
        let (rule, newest) = match self {
            Self::Genesis(genesis) => (genesis.market_rule, MARKET_RULE),
            Self::MarketRule { rule } => (*rule, MARKET_RULE),
            Self::OrderRule { rule } => (*rule, ORDER_RULE),
            _ => return None,
        };
        (!(1..=newest).contains(&rule)).then_some(rule)
    }
}

/// The decision that let a command pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decided {
    /// Who asked.
    pub holder: Holder,
    /// On which account; none on the first, and for what concerns no account.
    pub account: Option<PaperAccountId>,
    /// The epoch of the entitlements that it was decided by.
    pub epoch: u64,
    /// The limits that pre-trade was given.
    pub limits: Limits,
}

impl Decided {
    /// Decided by the server itself, which needs no entitlements.
    pub fn system() -> Self {
        Self { holder: Holder::System, account: None, epoch: 0, limits: Limits::default() }
    }
}

/// A command in the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamped {
    /// One more than the last.
    pub seq: u64,
    /// Not before the last, nor before [`crate::exchange::Exchange::now`].
    pub time: Time,
    /// Why it may.
    pub decision: Decided,
    /// What is to be done.
    pub command: Command,
}

/// What the exchange is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// It begins. Only ever the first.
    Genesis(Genesis),
    /// Place these orders: one, or a parent and its children.
    Place(Checked<Vec<NewOrder>>),
    /// Change an open order.
    Modify(Checked<Change>),
    /// Cancel an open order.
    Cancel {
        /// The order.
        order: OrderId,
        /// Why.
        cause: Cause,
    },
    /// Cancel many.
    CancelAll {
        /// Which orders.
        scope: CancelTarget,
        /// Why.
        cause: Cause,
    },
    /// Nothing but that time has passed. Written before what it fills is told to anyone.
    Advance,
    /// The server started.
    Started {
        /// Its version.
        version: String,
    },
    /// Something was refused or denied. It changes nothing here and is kept for the record.
    Refused {
        /// Whom.
        holder: Holder,
        /// The stable code.
        code: String,
        /// The text for evidence, with its numbers.
        text: String,
        /// How often within a second.
        count: u32,
    },
    /// Programs were let in. It changes nothing here and is kept for the record.
    Connected {
        /// By which session or credential.
        holder: Holder,
        /// What they are and from where, as far as it fits.
        clients: String,
        /// How many within a second.
        count: u32,
    },
    /// From here on orders are taken by this rule; what was recorded before, by the old one for
    /// ever.
    OrderRule {
        /// See [`crate::exchange::ORDER_RULE`].
        rule: u16,
    },
    /// An order id was used and left no order: it was refused, held, or only asked about.
    OrderIdUsed(Origin),
    /// The system's clock jumped. It changes nothing here and is kept for the record.
    ClockJumped {
        /// How far it went against the steady clock; below zero: back. Zero when it was found behind
        /// the stamps of an earlier run.
        by: Span,
        /// How far stamps are ahead of it since.
        ahead: Span,
    },
    /// From here on the markets move by this rule. What was recorded before moves by the old one for
    /// ever.
    MarketRule {
        /// See [`Genesis::market_rule`].
        rule: u16,
    },
    /// Orders, or changes of them, were refused or denied. It changes nothing here and is kept for
    /// the record, with all that was asked for.
    OrdersRefused(OrdersRefused),
    /// Place these orders, each of which may only reduce a position, for as long as it is open.
    PlaceReduceOnly(Checked<Vec<NewOrder>>),
    /// A program was refused before it was let in. It changes nothing here and is kept for the record. Earlier
    /// versions wrote [`Command::Refused`] for it.
    ConnectionRefused {
        /// By which credential it came.
        holder: Holder,
        /// The stable code.
        code: String,
        /// The text for evidence, with its numbers.
        text: String,
        /// How often within a second.
        count: u32,
    },
    /// Take these orders, and keep the first of them out of the market until a person has said yes: what is above a
    /// program's threshold. Its children wait for it as they always do.
    Hold {
        /// One order, or a parent and its children.
        orders: Checked<Vec<NewOrder>>,
        /// Until when an answer counts.
        until: Time,
    },
    /// A person said yes: an order that was held comes to the market.
    Release {
        /// The order.
        order: OrderId,
    },
    /// An account opens, with a ledger of its own.
    OpenAccount(Opening),
    /// Which order of an account ends when two of them would trade with each other, from now on; orders that rest
    /// are treated by it too.
    SelfMatch {
        /// The account's number.
        account: PaperAccountId,
        /// Its choice.
        self_match: SelfMatch,
    },
    /// An account is worth less than its positions require, and has until then to mend it; or that is over.
    MarginCall {
        /// The account's number.
        account: PaperAccountId,
        /// When positions are closed; none where it is met.
        until: Option<Time>,
    },
    /// An account closes. It must hold nothing and have no open order.
    CloseAccount {
        /// Its number.
        account: PaperAccountId,
    },
}

/// How an account opens that the genesis does not name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opening {
    /// Its number.
    pub account: PaperAccountId,
    /// What it begins with.
    pub cash: Decimal,
    /// Of which currency: the account's base currency.
    pub currency: Currency,
    /// What its orders do when they meet each other.
    pub self_match: SelfMatch,
}

/// What was refused within a second, to one holder for one reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrdersRefused {
    /// The holder.
    pub holder: Holder,
    /// The stable code.
    pub code: String,
    /// The text for evidence, with its numbers.
    pub text: String,
    /// How many there were.
    pub count: u32,
    /// The first of them.
    pub asked: Vec<Asked>,
}

/// An order as it was asked for, in words: what is refused may be no order that this exchange has.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// The open order that it would have changed.
    pub changes: Option<OrderId>,
    /// The client id of the connection; 0 where there is none.
    pub client_id: i32,
    /// The client's own number for the order; 0 where there is none.
    pub order_id: i32,
    /// `BUY` or `SELL`.
    pub side: String,
    /// Shares.
    pub quantity: String,
    /// The ticker.
    pub symbol: String,
    /// `MKT`, `LMT`, ...
    pub order_type: String,
    /// The limit price; empty where there is none.
    pub limit: String,
    /// The stop price; empty where there is none.
    pub trigger: String,
    /// `DAY`, `GTC`, ...
    pub tif: String,
}

impl Asked {
    /// A new order.
    pub fn of_new(order: &NewOrder, instruments: &Instruments) -> Self {
        let origin = order.origin;
        Self {
            client_id: origin.client_id,
            order_id: origin.order_id,
            ..Self::of(
                (instruments, order.symbol, order.side),
                order.quantity,
                order.order_type,
                order.tif,
            )
        }
    }

    /// New terms for an order.
    pub fn of_change(order: &Order, change: &Change, instruments: &Instruments) -> Self {
        let Change { quantity, order_type, tif, .. } = *change;
        Self {
            changes: Some(order.id),
            client_id: order.origin.client_id,
            order_id: order.origin.order_id,
            ..Self::of((instruments, order.symbol, order.side), quantity, order_type, tif)
        }
    }

    fn of(
        (instruments, symbol, side): (&Instruments, SymbolId, Side),
        quantity: u64,
        order_type: OrderType,
        tif: TimeInForce,
    ) -> Self {
        let found = instruments.get(symbol);
        let price = |ticks: Option<Ticks>| match (ticks, found) {
            (None, _) => String::new(),
            (Some(ticks), None) => ticks.0.to_string(),
            (Some(ticks), Some(instrument)) => instrument.price(ticks).to_string(),
        };
        Self {
            side: side.to_string().to_uppercase(),
            quantity: found
                .map_or_else(|| quantity.to_string(), |one| one.quantity(quantity).to_string()),
            symbol: found.map_or_else(|| symbol.to_string(), |one| one.symbol.clone()),
            order_type: order_type.name().to_owned(),
            limit: price(order_type.limit()),
            trigger: price(order_type.trigger()),
            tif: tif.name().to_owned(),
            ..Self::default()
        }
    }
}

impl fmt::Display for Asked {
    /// `BUY 100 AAPL LMT 231.40 DAY`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(order) = self.changes {
            write!(f, "change of order {order} to ")?;
        }
        write!(f, "{} {} {} {}", self.side, self.quantity, self.symbol, self.order_type)?;
        for (word, price) in [("", &self.limit), ("stop ", &self.trigger)] {
            if !price.is_empty() {
                write!(f, " {word}{price}")?;
            }
        }
        write!(f, " {}", self.tif)
    }
}

/// Which orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum CancelTarget {
    /// All of the account that the genesis names. Several accounts have [`CancelTarget::Of`].
    Account,
    /// All that a session or credential sent.
    Holder(Holder),
    /// All that one client id of a session or credential sent.
    Client {
        /// The session or credential.
        holder: Holder,
        /// The client id.
        client_id: i32,
    },
    /// All of an account.
    Of(PaperAccountId),
}

/// Why orders are cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Cause {
    /// Somebody who may asked for it.
    Request,
    /// A lock.
    Lock,
    /// A revoked credential or an ended session, whose revoker asked for it.
    Revocation,
    /// It waited for a person's yes, and the answer was no.
    Declined,
    /// The same, and nobody answered.
    Unanswered,
    /// The same, and the checks refused it after the yes.
    Unsound,
    /// The same, and there was nobody to be asked.
    Unasked,
    /// A margin call was not met.
    MarginCall,
}
