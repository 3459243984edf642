//! Format 2 of a record: Protocol Buffers. Every field has a number and a length, so a field that is
//! added later shifts nothing, and is absent in what was written before it.
//!
//! Everything is a plain integer or a text, whatever the program makes of it:
//!
//! - prices and quantities count 10<sup>-8</sup> of the currency's unit and of the contract's unit,
//!   so that fractions and prices below zero have their place; an order whose ticks are no cents or whose
//!   steps are no whole units says what they are ([`Units`]), so that it is read without a catalogue;
//! - an amount is a decimal with the three letters of its currency;
//! - times and spans are microseconds, times since 1970;
//! - an account is its kind and its number; a contract is its id;
//! - enumerations begin at 1, and 0 or an unknown number is an error.
//!
//! A number that has been used never gets another meaning. Whoever adds a field, a variant or a
//! number raises [`super::SCHEMA`]: a program that does not know it then refuses the record, for
//! Protocol Buffers pass over what they do not know.

use prost::{Message, Oneof};

#[derive(Clone, PartialEq, Message)]
pub(super) struct Record {
    #[prost(uint64, tag = "1")]
    pub(super) seq: u64,
    #[prost(sint64, tag = "2")]
    pub(super) time: i64,
    #[prost(message, optional, tag = "3")]
    pub(super) decision: Option<Decision>,
    #[prost(
        oneof = "Command",
        tags = "16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 41, 45"
    )]
    pub(super) command: Option<Command>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Decision {
    #[prost(message, optional, tag = "1")]
    pub(super) holder: Option<Holder>,
    #[prost(uint64, tag = "2")]
    pub(super) epoch: u64,
    /// Absent: nothing is limited.
    #[prost(message, optional, tag = "3")]
    pub(super) limits: Option<Limits>,
    /// Absent: the first account, or none.
    #[prost(message, optional, tag = "4")]
    pub(super) account: Option<Account>,
}

/// Its kind, and the two halves of its 128-bit id, which is 0 for 3 and 4.
#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub(super) struct Holder {
    /// 1 a session, 2 a credential, 3 the operator, 4 the server.
    #[prost(uint32, tag = "1")]
    pub(super) kind: u32,
    #[prost(fixed64, tag = "2")]
    pub(super) high: u64,
    #[prost(fixed64, tag = "3")]
    pub(super) low: u64,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Limits {
    #[prost(message, optional, tag = "1")]
    pub(super) max_quantity: Option<Number>,
    #[prost(message, optional, tag = "2")]
    pub(super) max_notional: Option<Money>,
    /// In hundredths of a percent.
    #[prost(uint32, optional, tag = "3")]
    pub(super) collar: Option<u32>,
    #[prost(uint32, optional, tag = "4")]
    pub(super) max_open_orders: Option<u32>,
    #[prost(sint64, optional, tag = "5")]
    pub(super) duplicate_window: Option<i64>,
    /// What is limited beyond one order's numbers: `name=number;...`.
    #[prost(string, tag = "6")]
    pub(super) controls: String,
}

/// `(high * 2^64 + low) / 10^scale`.
#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub(super) struct Number {
    #[prost(sint64, tag = "1")]
    pub(super) high: i64,
    #[prost(uint64, tag = "2")]
    pub(super) low: u64,
    #[prost(uint32, tag = "3")]
    pub(super) scale: u32,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Money {
    /// Three letters, as ISO 4217 has them.
    #[prost(string, tag = "1")]
    pub(super) currency: String,
    #[prost(message, optional, tag = "2")]
    pub(super) amount: Option<Number>,
}

#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub(super) struct Account {
    /// 1 a paper account, 2 a live one.
    #[prost(uint32, tag = "1")]
    pub(super) kind: u32,
    #[prost(uint64, tag = "2")]
    pub(super) number: u64,
}

#[derive(Clone, PartialEq, Oneof)]
pub(super) enum Command {
    #[prost(message, tag = "16")]
    Genesis(Genesis),
    #[prost(message, tag = "17")]
    Place(Place),
    #[prost(message, tag = "18")]
    Modify(Change),
    #[prost(message, tag = "19")]
    Cancel(Cancel),
    #[prost(message, tag = "20")]
    CancelAll(CancelAll),
    #[prost(message, tag = "21")]
    Advance(Advance),
    #[prost(message, tag = "22")]
    Started(Started),
    #[prost(message, tag = "23")]
    Refused(Refused),
    #[prost(message, tag = "24")]
    Connected(Connected),
    #[prost(message, tag = "25")]
    OrderRule(Rule),
    #[prost(message, tag = "26")]
    OrderIdUsed(Origin),
    #[prost(message, tag = "27")]
    ClockJumped(ClockJumped),
    #[prost(message, tag = "28")]
    MarketRule(Rule),
    #[prost(message, tag = "29")]
    OrdersRefused(OrdersRefused),
    #[prost(message, tag = "30")]
    ConnectionRefused(Refused),
    #[prost(message, tag = "31")]
    OpenAccount(OpenAccount),
    #[prost(message, tag = "32")]
    CloseAccount(Account),
    #[prost(message, tag = "33")]
    SelfMatch(SelfMatchChoice),
    #[prost(message, tag = "41")]
    Release(Release),
    #[prost(message, tag = "45")]
    MarginCall(MarginCall),
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Genesis {
    #[prost(fixed64, tag = "1")]
    pub(super) seed: u64,
    #[prost(sint64, tag = "2")]
    pub(super) at: i64,
    #[prost(message, repeated, tag = "3")]
    pub(super) accounts: Vec<Opening>,
    /// 1 round the clock, 2 the hours of the New York Stock Exchange.
    #[prost(uint32, tag = "4")]
    pub(super) hours: u32,
    #[prost(uint32, tag = "5")]
    pub(super) market_rule: u32,
}

/// What an account begins with.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Opening {
    #[prost(message, optional, tag = "1")]
    pub(super) account: Option<Account>,
    /// The first is in the account's base currency.
    #[prost(message, repeated, tag = "2")]
    pub(super) cash: Vec<Money>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct OpenAccount {
    #[prost(message, optional, tag = "1")]
    pub(super) opening: Option<Opening>,
    /// When two of its orders meet: 1 the newest is cancelled, 2 the oldest.
    #[prost(uint32, tag = "2")]
    pub(super) self_match: u32,
}

#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub(super) struct SelfMatchChoice {
    #[prost(message, optional, tag = "1")]
    pub(super) account: Option<Account>,
    /// As in [`OpenAccount`].
    #[prost(uint32, tag = "2")]
    pub(super) self_match: u32,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Place {
    #[prost(message, repeated, tag = "1")]
    pub(super) orders: Vec<NewOrder>,
    #[prost(bool, tag = "2")]
    pub(super) reduce_only: bool,
    /// Absent: the first of them does not wait for a person.
    #[prost(sint64, optional, tag = "3")]
    pub(super) held_until: Option<i64>,
}

/// A margin call of an account; absent `until`: it is over.
#[derive(Clone, PartialEq, Message)]
pub(super) struct MarginCall {
    #[prost(message, optional, tag = "1")]
    pub(super) account: Option<Account>,
    #[prost(sint64, optional, tag = "2")]
    pub(super) until: Option<i64>,
}

/// An order that waited for a person, who said yes.
#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub(super) struct Release {
    #[prost(uint64, tag = "1")]
    pub(super) order: u64,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct NewOrder {
    #[prost(message, optional, tag = "1")]
    pub(super) account: Option<Account>,
    #[prost(uint64, tag = "2")]
    pub(super) contract: u64,
    /// 1 buy, 2 sell.
    #[prost(uint32, tag = "3")]
    pub(super) side: u32,
    #[prost(sint64, tag = "4")]
    pub(super) quantity: i64,
    #[prost(message, optional, tag = "5")]
    pub(super) terms: Option<Terms>,
    #[prost(bool, tag = "6")]
    pub(super) outside_hours: bool,
    #[prost(message, optional, tag = "7")]
    pub(super) origin: Option<Origin>,
    /// The parent's place in the same command, from 0.
    #[prost(uint32, optional, tag = "8")]
    pub(super) parent_member: Option<u32>,
    #[prost(uint64, optional, tag = "9")]
    pub(super) parent_order: Option<u64>,
    #[prost(message, optional, tag = "10")]
    pub(super) oca: Option<Oca>,
    #[prost(string, optional, tag = "11")]
    pub(super) reference: Option<String>,
    #[prost(message, optional, tag = "12")]
    pub(super) units: Option<Units>,
}

/// What one tick and one step are, both in 10<sup>-8</sup>. Absent where they are a cent and a whole unit.
#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub(super) struct Units {
    #[prost(sint64, tag = "1")]
    pub(super) tick: i64,
    #[prost(sint64, tag = "2")]
    pub(super) step: i64,
}

/// How an order is priced, and how long it is good.
#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub(super) struct Terms {
    /// 1 market, 2 limit, 3 stop, 4 stop-limit.
    #[prost(uint32, tag = "1")]
    pub(super) kind: u32,
    #[prost(sint64, optional, tag = "2")]
    pub(super) limit: Option<i64>,
    #[prost(sint64, optional, tag = "3")]
    pub(super) trigger: Option<i64>,
    /// 1 day, 2 good till cancelled, 3 immediate or cancel, 4 fill or kill.
    #[prost(uint32, tag = "4")]
    pub(super) time_in_force: u32,
}

#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub(super) struct Origin {
    #[prost(message, optional, tag = "1")]
    pub(super) holder: Option<Holder>,
    #[prost(sint32, tag = "2")]
    pub(super) client_id: i32,
    #[prost(sint32, tag = "3")]
    pub(super) order_id: i32,
}

/// A named one-cancels-all group.
#[derive(Clone, PartialEq, Eq, Message)]
pub(super) struct Oca {
    #[prost(string, tag = "1")]
    pub(super) group: String,
    #[prost(bool, tag = "2")]
    pub(super) reduce: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub(super) struct Change {
    #[prost(uint64, tag = "1")]
    pub(super) order: u64,
    #[prost(sint64, tag = "2")]
    pub(super) quantity: i64,
    #[prost(message, optional, tag = "3")]
    pub(super) terms: Option<Terms>,
    #[prost(message, optional, tag = "4")]
    pub(super) units: Option<Units>,
}

#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub(super) struct Cancel {
    #[prost(uint64, tag = "1")]
    pub(super) order: u64,
    /// 1 a request, 2 a lock, 3 a revocation.
    #[prost(uint32, tag = "2")]
    pub(super) cause: u32,
}

/// All that these fields, where they are present, have in common.
#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub(super) struct CancelAll {
    /// As in [`Cancel`].
    #[prost(uint32, tag = "1")]
    pub(super) cause: u32,
    #[prost(message, optional, tag = "2")]
    pub(super) account: Option<Account>,
    #[prost(message, optional, tag = "3")]
    pub(super) holder: Option<Holder>,
    #[prost(sint32, optional, tag = "4")]
    pub(super) client_id: Option<i32>,
}

#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub(super) struct Advance {}

#[derive(Clone, PartialEq, Eq, Message)]
pub(super) struct Started {
    #[prost(string, tag = "1")]
    pub(super) version: String,
}

#[derive(Clone, PartialEq, Eq, Message)]
pub(super) struct Refused {
    #[prost(message, optional, tag = "1")]
    pub(super) holder: Option<Holder>,
    #[prost(string, tag = "2")]
    pub(super) code: String,
    #[prost(string, tag = "3")]
    pub(super) text: String,
    #[prost(uint32, tag = "4")]
    pub(super) count: u32,
}

#[derive(Clone, PartialEq, Eq, Message)]
pub(super) struct Connected {
    #[prost(message, optional, tag = "1")]
    pub(super) holder: Option<Holder>,
    #[prost(string, tag = "2")]
    pub(super) clients: String,
    #[prost(uint32, tag = "3")]
    pub(super) count: u32,
}

#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub(super) struct Rule {
    #[prost(uint32, tag = "1")]
    pub(super) rule: u32,
}

#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub(super) struct ClockJumped {
    #[prost(sint64, tag = "1")]
    pub(super) by: i64,
    #[prost(sint64, tag = "2")]
    pub(super) ahead: i64,
}

#[derive(Clone, PartialEq, Eq, Message)]
pub(super) struct OrdersRefused {
    #[prost(message, optional, tag = "1")]
    pub(super) refused: Option<Refused>,
    #[prost(message, repeated, tag = "2")]
    pub(super) asked: Vec<Asked>,
}

/// An order as it was asked for, in words.
#[derive(Clone, PartialEq, Eq, Message)]
pub(super) struct Asked {
    #[prost(uint64, optional, tag = "1")]
    pub(super) changes: Option<u64>,
    #[prost(sint32, tag = "2")]
    pub(super) client_id: i32,
    #[prost(sint32, tag = "3")]
    pub(super) order_id: i32,
    #[prost(string, tag = "4")]
    pub(super) side: String,
    #[prost(string, tag = "5")]
    pub(super) quantity: String,
    #[prost(string, tag = "6")]
    pub(super) symbol: String,
    #[prost(string, tag = "7")]
    pub(super) order_type: String,
    #[prost(string, tag = "8")]
    pub(super) limit: String,
    #[prost(string, tag = "9")]
    pub(super) trigger: String,
    #[prost(string, tag = "10")]
    pub(super) time_in_force: String,
}
