//! What is approved, as data. Names and values are canonical, and they are what a phone or a
//! passkey signs; the words that a person reads are made from them in [`words`].

use std::fmt::Display;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::moment::Time;

mod words;

pub use words::Line;

/// What one term says. Its name is signed, so it never changes; a meaning that changes takes another
/// name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Term {
    /// The interface that asks.
    Interface,
    /// The name of the browser that asks.
    Browser,
    /// The name of the device of the session that asks.
    Device,
    /// The IP address that asks, or `local`.
    Address,
    /// When it was asked for, by the system clock: microseconds since 1970.
    Time,
    /// What a yes opens.
    Opens,
    /// The account.
    Account,
    /// The order that is changed, by its id.
    Order,
    /// `buy` or `sell`.
    Side,
    /// How much of the instrument is ordered.
    Quantity,
    /// How much of it a changed order asks for in total.
    NewQuantity,
    /// The instrument's id.
    Instrument,
    /// Its ticker.
    Symbol,
    /// Its name.
    Name,
    /// `market`, `limit`, `stop` or `stop_limit`.
    OrderType,
    /// The limit price.
    LimitPrice,
    /// The price that triggers it.
    StopPrice,
    /// `day`, `gtc`, `ioc` or `fok`.
    TimeInForce,
    /// An exit follows: `take_profit` or `stop_loss`. The terms after it, up to the next exit or a bound,
    /// are the exit's.
    Exit,
    /// What a purchase with a limit price costs at most.
    CostAtMost,
    /// Above which cost a purchase is not sent.
    NotSentAbove,
    /// What a sale with a limit price brings at least.
    ProceedsAtLeast,
    /// Below which proceeds a sale is not sent.
    NotSentBelow,
    /// How much a changed order asked for before.
    OldQuantity,
    /// How much of it is filled.
    OldFilled,
    /// Its type before.
    OldOrderType,
    /// Its limit price before.
    OldLimitPrice,
    /// The price that triggered it before.
    OldStopPrice,
    /// What the order is worth now.
    Value,
    /// Its commission now.
    Commission,
    /// What it would cost now.
    Cost,
    /// What it would bring now.
    Proceeds,
    /// The credential of the program that asks, by its name.
    Program,
    /// The order that waits, by its id.
    HeldOrder,
}

impl Term {
    /// Every term.
    pub const ALL: [Self; 34] = [
        Self::Interface,
        Self::Browser,
        Self::Device,
        Self::Address,
        Self::Time,
        Self::Opens,
        Self::Account,
        Self::Order,
        Self::Side,
        Self::Quantity,
        Self::NewQuantity,
        Self::Instrument,
        Self::Symbol,
        Self::Name,
        Self::OrderType,
        Self::LimitPrice,
        Self::StopPrice,
        Self::TimeInForce,
        Self::Exit,
        Self::CostAtMost,
        Self::NotSentAbove,
        Self::ProceedsAtLeast,
        Self::NotSentBelow,
        Self::OldQuantity,
        Self::OldFilled,
        Self::OldOrderType,
        Self::OldLimitPrice,
        Self::OldStopPrice,
        Self::Value,
        Self::Commission,
        Self::Cost,
        Self::Proceeds,
        Self::Program,
        Self::HeldOrder,
    ];

    /// Its name in what is signed.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Interface => "interface",
            Self::Browser => "browser",
            Self::Device => "device",
            Self::Address => "address",
            Self::Time => "time",
            Self::Opens => "opens",
            Self::Account => "account",
            Self::Order => "order",
            Self::Side => "side",
            Self::Quantity => "quantity",
            Self::NewQuantity => "new_quantity",
            Self::Instrument => "instrument",
            Self::Symbol => "symbol",
            Self::Name => "name",
            Self::OrderType => "order_type",
            Self::LimitPrice => "limit_price",
            Self::StopPrice => "stop_price",
            Self::TimeInForce => "time_in_force",
            Self::Exit => "exit",
            Self::CostAtMost => "cost_at_most",
            Self::NotSentAbove => "not_sent_above",
            Self::ProceedsAtLeast => "proceeds_at_least",
            Self::NotSentBelow => "not_sent_below",
            Self::OldQuantity => "old_quantity",
            Self::OldFilled => "old_filled",
            Self::OldOrderType => "old_order_type",
            Self::OldLimitPrice => "old_limit_price",
            Self::OldStopPrice => "old_stop_price",
            Self::Value => "value",
            Self::Commission => "commission",
            Self::Cost => "cost",
            Self::Proceeds => "proceeds",
            Self::Program => "program",
            Self::HeldOrder => "held_order",
        }
    }

    fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name() == name)
    }
}

/// Terms in order. Records from before terms had names hold the words themselves: a label that no term
/// has is told as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms(Vec<(String, String)>);

impl Terms {
    /// Adds one, by its canonical text.
    pub fn push(&mut self, term: Term, value: impl Display) {
        self.0.push((term.name().to_owned(), value.to_string()));
    }

    /// Adds an amount of a currency, without trailing zeros: `125455.5 USD`.
    pub fn push_amount(&mut self, term: Term, amount: Decimal, currency: &str) {
        self.push(term, format_args!("{} {currency}", amount.normalize()));
    }

    /// Adds a time, in microseconds since 1970.
    pub fn push_time(&mut self, term: Term, at: Time) {
        self.push(term, at.0);
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Names and values, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The value of the first term of this kind.
    pub fn get(&self, term: Term) -> Option<&str> {
        self.iter().find(|(name, _)| *name == term.name()).map(|(_, value)| value)
    }

    /// Puts others behind them.
    pub fn append(&mut self, others: Self) {
        self.0.extend(others.0);
    }

    /// The amount of the last term, which says what it may cost.
    pub fn bound(&self) -> Option<Decimal> {
        let (_, value) = self.0.last()?;
        value.split(' ').next()?.parse().ok()
    }

    /// What is signed of them: each name and each value, in order.
    pub fn parts(&self) -> impl Iterator<Item = &[u8]> {
        self.iter().flat_map(|(name, value)| [name.as_bytes(), value.as_bytes()])
    }
}

impl From<Vec<(String, String)>> for Terms {
    /// Names and values as they were read.
    fn from(terms: Vec<(String, String)>) -> Self {
        Self(terms)
    }
}
