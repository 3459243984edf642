//! What a control says against an order.

use std::fmt;

use rust_decimal::Decimal;

use crate::money::Money;

/// What a control says against an order, with its number and the limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Breach {
    /// More units in a day than are allowed.
    DailyQuantity {
        /// Ordered today.
        before: Decimal,
        /// Asked for.
        new: Decimal,
        /// The most.
        limit: Decimal,
    },
    /// Worth more in a day than is allowed.
    DailyNotional {
        /// What today's orders are worth.
        before: Money,
        /// What this is worth.
        new: Money,
        /// The most.
        limit: Money,
    },
    /// A position would be too large.
    Position {
        /// What it could come to, with the orders that are open.
        would: Decimal,
        /// The most.
        limit: Decimal,
    },
    /// All that is held and ordered would be worth too much.
    Exposure {
        /// Long and short added, or one taken from the other.
        gross: bool,
        /// What it could come to.
        would: Money,
        /// The most.
        limit: Money,
    },
    /// It may only be reduced.
    Restricted {
        /// Its ticker.
        symbol: String,
    },
    /// A market order, and bid and ask are far apart, or one is missing.
    Spread {
        /// How far, in percent of the middle; none where one is missing.
        percent: Option<Decimal>,
        /// The most.
        limit: Decimal,
    },
    /// Far larger than what the holder usually orders.
    UsualSize {
        /// What it is worth.
        value: Money,
        /// The median of the last ones.
        median: Money,
        /// How many times as large it may be.
        times: Decimal,
    },
    /// Too much was lost today.
    DailyLoss {
        /// How much.
        lost: Money,
        /// From which loss on nothing is opened.
        limit: Money,
    },
    /// Too many orders were repeated or refused.
    Runaway {
        /// How many.
        orders: u32,
        /// In which time.
        within: access::moment::Span,
        /// Until when nothing is taken.
        until: access::moment::Time,
    },
    /// More would be sold short than is located.
    Unlocated {
        /// Its ticker.
        symbol: String,
        /// What could be short, with the orders that are open.
        would: Decimal,
        /// What is located.
        located: Decimal,
    },
    /// Too large a part of what usually trades in a day.
    VolumeShare {
        /// What is ordered.
        units: Decimal,
        /// What usually trades in a day.
        usual: Decimal,
        /// The most, in percent of that.
        limit: Decimal,
    },
    /// It needs a higher level of option trading.
    OptionLevel {
        /// Which.
        needs: u8,
        /// The highest that is allowed.
        level: u8,
    },
}

impl Breach {
    /// A stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::DailyQuantity { .. } => "DAILY_QUANTITY_ABOVE_LIMIT",
            Self::DailyNotional { .. } => "DAILY_NOTIONAL_ABOVE_LIMIT",
            Self::Position { .. } => "POSITION_ABOVE_LIMIT",
            Self::Exposure { gross: true, .. } => "GROSS_EXPOSURE_ABOVE_LIMIT",
            Self::Exposure { gross: false, .. } => "NET_EXPOSURE_ABOVE_LIMIT",
            Self::Restricted { .. } => "RESTRICTED",
            Self::Spread { .. } => "SPREAD_TOO_WIDE",
            Self::UsualSize { .. } => "UNUSUAL_SIZE",
            Self::DailyLoss { .. } => "LOSS_STOP",
            Self::Runaway { .. } => "RUNAWAY",
            Self::Unlocated { .. } => "NOT_LOCATED",
            Self::VolumeShare { .. } => "VOLUME_SHARE_ABOVE_LIMIT",
            Self::OptionLevel { .. } => "OPTION_LEVEL",
        }
    }
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DailyQuantity { before, new, limit } => write!(
                f,
                "{new} with the {before} ordered today is above the limit of {limit} a day; send fewer, or wait for the next trading day"
            ),
            Self::DailyNotional { before, new, limit } => write!(
                f,
                "{new} with the {before} ordered today is above the limit of {limit} a day; send fewer, or wait for the next trading day"
            ),
            Self::Position { would, limit } => write!(
                f,
                "the position could come to {would}, open orders included, and the limit is {limit}; send fewer"
            ),
            Self::Exposure { gross, would, limit } => {
                let how = if *gross { "long and short added" } else { "long less short" };
                write!(
                    f,
                    "positions and orders could be worth {would} ({how}), and the limit is {limit}; send fewer, or close something first"
                )
            }
            Self::Restricted { symbol } => write!(
                f,
                "{symbol} is on the restricted list: a position may be reduced, and none opened or enlarged"
            ),
            Self::Spread { percent: Some(percent), limit } => write!(
                f,
                "bid and ask are {percent} % apart, and a market order is taken up to {limit} %; send a limit order"
            ),
            Self::Spread { percent: None, limit } => write!(
                f,
                "bid or ask is missing, and a market order is taken up to {limit} % between them; send a limit order"
            ),
            Self::UsualSize { value, median, times } => write!(
                f,
                "{value} is more than {times} times {median}, the median of your last orders in this product; send fewer"
            ),
            Self::DailyLoss { lost, limit } => write!(
                f,
                "{lost} was lost today, and from {limit} on nothing is opened until the next trading day; positions can be reduced"
            ),
            Self::Runaway { orders, within, until } => write!(
                f,
                "{orders} orders within {within} were repeated or refused; nothing is taken until {until}"
            ),
            Self::Unlocated { symbol, would, located } => write!(
                f,
                "{would} of {symbol} could be short, open orders included, and {located} are located; it is hard to borrow: sell fewer"
            ),
            Self::VolumeShare { units, usual, limit } => write!(
                f,
                "{units} is more than {limit} % of the {usual} that trade on a usual day; send fewer"
            ),
            Self::OptionLevel { needs, level } => write!(
                f,
                "it needs option level {needs} ({}), and the level is {level}",
                level_words(*needs)
            ),
        }
    }
}

/// What a level of option trading adds, in words.
const fn level_words(level: u8) -> &'static str {
    match level {
        0 | 1 => "closing, and calls on shares that are held",
        2 => "buying options",
        3 => "selling options that another option covers",
        _ => "selling options that nothing covers",
    }
}
