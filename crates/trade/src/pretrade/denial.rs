//! Why an order was denied.

use std::fmt;

use access::currency::Currency;
use access::id::{PaperAccountId, SymbolId};
use access::moment::{Span, Time};
use rust_decimal::Decimal;

use super::breach::Breach;
use crate::calendar::Day;
use crate::event::Reject;
use crate::instrument::Nearest;
use crate::money::Money;
use crate::order::{OrderId, Side, TimeInForce};

/// A reason, with the number that failed and the limit. Quantities are in units, such as shares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Denial {
    /// No orders, or more than a group may have.
    GroupSize {
        /// Orders in the group.
        members: usize,
        /// Most that are taken.
        limit: usize,
    },
    /// No contract has this id.
    UnknownSymbol {
        /// The id asked for.
        symbol: SymbolId,
    },
    /// The exchange holds another account.
    UnknownAccount {
        /// The account asked for.
        account: PaperAccountId,
    },
    /// No shares.
    QuantityZero,
    /// More shares than an order may have.
    Quantity {
        /// Shares asked for.
        quantity: Decimal,
        /// Most that are allowed.
        limit: Decimal,
    },
    /// Worth more than an order may be.
    Notional {
        /// Its value.
        value: Money,
        /// Most that is allowed.
        limit: Money,
    },
    /// Worth more than can be counted.
    ValueTooLarge {
        /// How much of it.
        quantity: Decimal,
        /// At which price.
        price: Decimal,
    },
    /// The instrument trades in another currency than the account is kept in.
    OtherCurrency {
        /// The instrument's ticker.
        symbol: String,
        /// What it trades in.
        currency: Currency,
        /// The account.
        account: PaperAccountId,
        /// What it is kept in.
        base: Currency,
    },
    /// It is a figure that nobody can order, such as an index.
    NotTraded {
        /// Its name.
        symbol: String,
    },
    /// A sale of a contract that can only be bought.
    BoughtOnly {
        /// What its exchange calls it.
        symbol: String,
        /// What its exchange calls the other outcome.
        other: String,
    },
    /// An order of a fund that has other terms than its next price.
    ForwardPriced {
        /// The fund.
        symbol: String,
        /// What was asked for, such as `LMT`.
        order_type: &'static str,
    },
    /// A contract that could be listed, and is not.
    NotListed {
        /// What its exchange would call it.
        symbol: String,
    },
    /// The instrument's last day is over.
    Expired {
        /// Its ticker.
        symbol: String,
        /// Its last day.
        expiry: Day,
    },
    /// Worth more than its sender places without an approval or a proof of its own.
    Large {
        /// Its value.
        value: Money,
        /// What is placed without.
        above: Money,
    },
    /// The same of a program's, and it is nothing that could wait for a person.
    Unheld {
        /// Its value.
        value: Money,
        /// What is placed without.
        above: Money,
    },
    /// It was to reduce a position, and would do more.
    PastFlat {
        /// What it wants to trade.
        quantity: Decimal,
        /// Which way.
        side: Side,
        /// What is held against it.
        held: Decimal,
        /// What open orders may trade that way without being held to it; 0 where they do not count.
        open: Decimal,
    },
    /// What it costs or brings is no longer what was approved.
    CostMoved {
        /// Which way it goes.
        side: Side,
        /// What it would cost, or bring, with its commission.
        total: Money,
        /// The most, or the least, that was approved.
        bound: Money,
    },
    /// A price that is lower or higher than any of the instrument.
    PriceOutOfRange {
        /// `limit` or `trigger`.
        which: &'static str,
        /// The price asked for.
        price: Decimal,
        /// The lowest that is taken.
        lowest: Decimal,
        /// The highest that is taken.
        highest: Decimal,
    },
    /// A price between two that the instrument has.
    PriceOffStep {
        /// `limit` or `trigger`.
        which: &'static str,
        /// The price asked for.
        price: Decimal,
        /// How far prices are apart there.
        step: Decimal,
        /// Those beside it.
        nearest: Nearest,
    },
    /// A limit price too far beyond the market.
    Collar {
        /// Which way the order goes.
        side: Side,
        /// Its limit price.
        price: Decimal,
        /// What it was held against.
        reference: Decimal,
        /// How far it may go beyond that, in hundredths of a percent.
        bps: u32,
        /// The farthest price.
        limit: Decimal,
    },
    /// Too many orders open.
    OpenOrders {
        /// Open now.
        open: u32,
        /// Asked for.
        new: u32,
        /// Most that are allowed.
        limit: u32,
    },
    /// It needs more than the buying power.
    BuyingPower {
        /// By how much it could make positions larger.
        value: Money,
        /// The buying power that is left.
        available: Money,
    },
    /// The same order was placed a moment ago.
    Duplicate {
        /// How long ago.
        age: Span,
        /// How long it counts.
        window: Span,
    },
    /// It needs quotes, and the market is closed.
    MarketClosed {
        /// `MKT`, or what was to trade at once.
        order_type: &'static str,
        /// When it opens.
        opens: Time,
    },
    /// A text is too long.
    TextTooLong {
        /// The field.
        field: &'static str,
        /// Its characters.
        length: usize,
        /// Most that are taken.
        limit: usize,
    },
    /// A text has a control character.
    ControlCharacter {
        /// The field.
        field: &'static str,
    },
    /// A child names no order that can be its parent.
    NoParent {
        /// The order that it names; none when it names a member of its group.
        order: Option<OrderId>,
    },
    /// A child goes the same way as its parent, or is in another contract.
    ChildSide,
    /// A child has more shares than its parent.
    ChildQuantity {
        /// Its shares.
        quantity: Decimal,
        /// The parent's, less what its other children traded.
        limit: Decimal,
    },
    /// A change to no more shares than have traded.
    QuantityBelowFilled {
        /// Shares asked for.
        quantity: Decimal,
        /// Shares traded.
        filled: Decimal,
    },
    /// A change to an immediate order.
    ImmediateChange {
        /// What was asked for.
        tif: TimeInForce,
    },
    /// A control says no.
    Control(Breach),
    /// The order to change or cancel is not open.
    Missing(Reject),
}

impl From<Breach> for Denial {
    fn from(breach: Breach) -> Self {
        Self::Control(breach)
    }
}

impl Denial {
    /// A stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::GroupSize { .. } => "GROUP_SIZE",
            Self::UnknownSymbol { .. } => "UNKNOWN_SYMBOL",
            Self::UnknownAccount { .. } => "UNKNOWN_ACCOUNT",
            Self::QuantityZero => "QUANTITY_ZERO",
            Self::Quantity { .. } => "QUANTITY_ABOVE_LIMIT",
            Self::Notional { .. } => "NOTIONAL_ABOVE_LIMIT",
            Self::ValueTooLarge { .. } => "VALUE_TOO_LARGE",
            Self::OtherCurrency { .. } => "OTHER_CURRENCY",
            Self::Expired { .. } => "INSTRUMENT_EXPIRED",
            Self::NotTraded { .. } => "NOT_TRADED",
            Self::NotListed { .. } => "NOT_LISTED",
            Self::BoughtOnly { .. } => "BOUGHT_ONLY",
            Self::ForwardPriced { .. } => "FORWARD_PRICED",
            Self::Large { .. } => "ORDER_LARGE",
            Self::Unheld { .. } => "ORDER_NEEDS_YES",
            Self::PastFlat { .. } => "ORDER_PAST_FLAT",
            Self::CostMoved { .. } => "ORDER_COST_MOVED",
            Self::PriceOutOfRange { .. } => "PRICE_OUT_OF_RANGE",
            Self::PriceOffStep { .. } => "PRICE_OFF_STEP",
            Self::Collar { .. } => "PRICE_BEYOND_COLLAR",
            Self::OpenOrders { .. } => "OPEN_ORDERS_ABOVE_LIMIT",
            Self::BuyingPower { .. } => "BUYING_POWER",
            Self::Duplicate { .. } => "DUPLICATE_ORDER",
            Self::MarketClosed { .. } => "MARKET_CLOSED",
            Self::TextTooLong { .. } => "TEXT_TOO_LONG",
            Self::ControlCharacter { .. } => "CONTROL_CHARACTER",
            Self::NoParent { .. } => "NO_PARENT",
            Self::ChildSide => "CHILD_SIDE",
            Self::ChildQuantity { .. } => "CHILD_QUANTITY",
            Self::QuantityBelowFilled { .. } => "QUANTITY_BELOW_FILLED",
            Self::ImmediateChange { .. } => "IMMEDIATE_CHANGE",
            Self::Control(breach) => breach.code(),
            Self::Missing(reject) => reject.code(),
        }
    }

    /// Whether it is a limit that somebody set, and could set otherwise.
    pub const fn is_of_a_limit(&self) -> bool {
        matches!(
            self,
            Self::Quantity { .. }
                | Self::Notional { .. }
                | Self::Collar { .. }
                | Self::OpenOrders { .. }
                | Self::Duplicate { .. }
                | Self::Control(_)
        )
    }

    /// What the caller may know: what happened, the numbers, what to do next. Without the code.
    pub fn caller_text(&self) -> String {
        self.to_string()
    }

    /// What evidence keeps: the code and the same, because an order's own numbers are not a secret from
    /// its sender.
    pub fn evidence_text(&self) -> String {
        format!("{}: {self}", self.code())
    }
}

impl fmt::Display for Denial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::GroupSize { members: 0, .. } => f.write_str("the group has no orders"),
            Self::GroupSize { members, limit } => write!(
                f,
                "{members} orders are more than the limit of {limit} per group; send fewer"
            ),
            Self::UnknownSymbol { symbol } => {
                write!(f, "there is no contract {symbol}; search for one first")
            }
            Self::UnknownAccount { account } => write!(f, "there is no account {account}"),
            Self::QuantityZero => f.write_str("the quantity is 0; send 1 or more"),
            Self::Quantity { quantity, limit } => write!(
                f,
                "a quantity of {quantity} is above the limit of {limit} per order; send {limit} or fewer"
            ),
            Self::Notional { value, limit } => {
                write!(f, "{value} is above the limit of {limit} per order; send fewer")
            }
            Self::Large { .. } | Self::Unheld { .. } | Self::CostMoved { .. } => self.large(f),
            Self::PastFlat { .. } => self.past_flat(f),
            Self::ValueTooLarge { .. }
            | Self::OtherCurrency { .. }
            | Self::NotTraded { .. }
            | Self::NotListed { .. }
            | Self::BoughtOnly { .. }
            | Self::ForwardPriced { .. }
            | Self::Expired { .. } => self.listing(f),
            Self::PriceOutOfRange { which, price, lowest, highest } => {
                write!(f, "{which} price {price} is not between {lowest} and {highest}")
            }
            Self::PriceOffStep { which, price, step, nearest } => {
                write!(f, "{which} price {price} is between two steps of {step}; send {nearest}")
            }
            Self::Collar { .. } => self.collar(f),
            Self::OpenOrders { open, new, limit } => write!(
                f,
                "{open} open orders and {new} more would be above the limit of {limit}; cancel some"
            ),
            Self::BuyingPower { value, available } => {
                write!(f, "{value} is above the buying power of {available}; send fewer")
            }
            Self::Duplicate { age, window } => write!(
                f,
                "the same order was placed {age} ago, and only one is allowed in {window}; wait, or change it"
            ),
            Self::MarketClosed { order_type, opens } => write!(
                f,
                "the market is closed until {opens}, and this {order_type} order needs quotes; \
                 send a limit order"
            ),
            Self::TextTooLong { field, length, limit } => {
                write!(f, "the {field} has {length} characters; the limit is {limit}")
            }
            Self::ControlCharacter { field } => {
                write!(f, "the {field} contains a control character; remove it")
            }
            Self::NoParent { .. } | Self::ChildSide | Self::ChildQuantity { .. } => self.family(f),
            Self::QuantityBelowFilled { quantity, filled } => write!(
                f,
                "a quantity of {quantity} is not more than the {filled} that have traded; cancel the order instead"
            ),
            Self::ImmediateChange { tif } => write!(
                f,
                "a resting order cannot become {}; cancel it and send a new one",
                tif.name()
            ),
            Self::Control(breach) => breach.fmt(f),
            Self::Missing(reject) => reject.fmt(f),
        }
    }
}

impl Denial {
    fn collar(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Collar { side, price, reference, bps, limit } = self else { return Ok(()) };
        let beyond = if *side == Side::Buy { "above" } else { "below" };
        let bound = if *side == Side::Buy { "lower" } else { "higher" };
        let (whole, part) = (bps / 100, bps % 100);
        write!(
            f,
            "limit price {price} of this {side} order is more than {whole}.{part:02} % {beyond} \
             {reference}; send {limit} or {bound}"
        )
    }

    /// What the instrument itself does not allow.
    fn listing(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ValueTooLarge { quantity, price } => {
                write!(f, "{quantity} at {price} is worth more than can be counted; send less")
            }
            Self::OtherCurrency { symbol, currency, account, base } => write!(
                f,
                "{symbol} trades in {currency}, and account {account} is kept in {base}; use an \
                 account in {currency}"
            ),
            Self::Expired { symbol, expiry } => write!(
                f,
                "{symbol} could be ordered until {expiry}, which is over; choose one that expires later"
            ),
            Self::NotTraded { symbol } => write!(
                f,
                "{symbol} is a figure that nobody can order; order an option, a future or a fund on it"
            ),
            Self::ForwardPriced { symbol, order_type } => write!(
                f,
                "{symbol} has one price a day, which nobody knows before, so no {order_type} order is taken; send a market order, for the day or good till cancelled"
            ),
            Self::BoughtOnly { symbol, other } => write!(
                f,
                "{symbol} can only be bought; to give it up, buy {other}: for each pair of both, 1.00 is paid at once"
            ),
            Self::NotListed { symbol } => {
                write!(f, "{symbol} is not listed now; look up the expiries and strikes that are")
            }
            _ => Ok(()),
        }
    }

    fn past_flat(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::PastFlat { quantity, side, held, open } = self else { return Ok(()) };
        let (word, verb) = match side {
            Side::Sell => ("long", "sell"),
            Side::Buy => ("short", "buy"),
        };
        let left = held.saturating_sub(*open).max(Decimal::ZERO);
        if held.is_zero() {
            return write!(f, "this order may only reduce a position, and none are held {word}");
        }
        if open.is_zero() {
            return write!(
                f,
                "this order may only reduce, and {quantity} is more than the {held} held \
                 {word}; {verb} {held} or fewer"
            );
        }
        write!(
            f,
            "this order may only reduce, and of the {held} held {word}, open orders already \
             {verb} {open}; "
        )?;
        if !left.is_zero() {
            write!(f, "{verb} {left} or fewer, or ")?;
        }
        f.write_str("cancel one of them first")
    }

    fn large(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Large { value, above } => write!(
                f,
                "{value} is above the {above} that a session can place without confirmation; approve it on your phone, or sign in for this order"
            ),
            Self::Unheld { value, above } => write!(
                f,
                "{value} is above the {above} that this program places without a person's yes, and a change of an open order, or an order of a one-cancels-all group, cannot wait for one; cancel it and send a new order of its own"
            ),
            Self::CostMoved { side, total, bound } => {
                let (verb, word) = match side {
                    Side::Buy => ("costs", "most"),
                    Side::Sell => ("brings", "least"),
                };
                write!(
                    f,
                    "the price has moved: the order {verb} {total} now, and at {word} \
                     {bound} was approved; ask again"
                )
            }
            _ => Ok(()),
        }
    }

    fn family(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoParent { order: Some(order) } => {
                write!(
                    f,
                    "order {order} cannot be a parent: it has ended, has a parent itself, or belongs to another sender"
                )
            }
            Self::ChildSide => f.write_str(
                "a child order must be for its parent's contract and on the opposite side",
            ),
            Self::ChildQuantity { quantity, limit } => write!(
                f,
                "a quantity of {quantity} is more than the {limit} that the parent order and its other \
                 children leave"
            ),
            _ => f.write_str("the parent must come before its children in the group"),
        }
    }
}
