//! What is traded: the terms that a contract has beside its prices and quantities.

use std::fmt;

use access::currency::Currency;
use access::entitlements::Product;
use access::id::SymbolId;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::BondTerms;

/// What an instrument is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InstrumentKind {
    /// Shares of a company.
    Stock,
    /// Shares of a fund that trade like those of a company.
    Etf,
    /// A figure that follows others, such as an index. Nobody can order it.
    Index,
    /// So much of one currency, priced in another: the instrument's.
    Forex {
        /// The currency that is bought and sold.
        base: Currency,
    },
    /// The right to buy or to sell.
    Option(OptionTerms),
    /// A delivery or a payment on a later day.
    Future(FutureTerms),
    /// One unit of money if something comes true.
    Forecast(ForecastTerms),
    /// Money lent until a day.
    Bond(BondTerms),
    /// Shares of a fund that it sells and takes back itself, once a day.
    Fund(FundTerms),
}

/// To buy or to sell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Right {
    /// To buy.
    Call,
    /// To sell.
    Put,
}

/// When an option may be exercised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// On any day until it expires.
    American,
    /// When it expires, and not before.
    European,
}

/// What becomes of a contract at its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settlement {
    /// What it names is delivered.
    Physical,
    /// What it is worth is paid.
    Cash,
}

/// The terms of an option; its last day is [`super::Instrument::expiry`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OptionTerms {
    /// On what.
    pub underlying: SymbolId,
    /// The price that it gives the right to.
    pub strike: Decimal,
    /// To buy or to sell.
    pub right: Right,
    /// When.
    pub style: Style,
    /// In which way.
    pub settlement: Settlement,
}

/// The terms of a future; its last day is [`super::Instrument::expiry`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FutureTerms {
    /// What it follows.
    pub underlying: SymbolId,
    /// Its month: year, and month from 1.
    pub month: (i32, i32),
    /// In which way it ends.
    pub settlement: Settlement,
    /// What a contract binds when it is opened, in the instrument's currency.
    pub initial: Decimal,
    /// What a contract binds while it is held, in the instrument's currency.
    pub maintenance: Decimal,
}

/// What a forecast contract is paid for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum YesNo {
    /// The figure is above the threshold.
    Yes,
    /// It is not.
    No,
}

/// The terms of a forecast contract; the day of its figure is [`super::Instrument::expiry`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ForecastTerms {
    /// Whose figure it is about.
    pub underlying: SymbolId,
    /// What the figure must be above.
    pub threshold: Decimal,
    /// What it is paid for.
    pub outcome: YesNo,
}

impl ForecastTerms {
    /// What it pays where the figure has come to this: one unit of money, or nothing.
    pub fn pays(&self, figure: Decimal) -> Decimal {
        let is_so = (figure > self.threshold) == (self.outcome == YesNo::Yes);
        if is_so { Decimal::ONE } else { Decimal::ZERO }
    }
}

/// What a fund holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FundKind {
    /// Bonds: its price follows their yields, and it keeps what it earns.
    Bond,
    /// Money lent for days: its price is always the same, and what it earns is paid.
    MoneyMarket,
}

/// The terms of a fund.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FundTerms {
    /// What it holds.
    pub kind: FundKind,
    /// What it earns in a year after its expenses, as a part of its price.
    pub income: Decimal,
}

impl InstrumentKind {
    /// The permission that ordering it takes; none where nobody can.
    pub const fn product(&self) -> Option<Product> {
        Some(match self {
            Self::Stock | Self::Etf => Product::Stock,
            Self::Index => return None,
            Self::Forex { .. } => Product::Forex,
            Self::Option(_) => Product::Option,
            Self::Future(_) => Product::Future,
            Self::Forecast(_) => Product::Forecast,
            Self::Bond(_) => Product::Bond,
            Self::Fund(_) => Product::Fund,
        })
    }

    /// What it stands on.
    pub const fn underlying(&self) -> Option<SymbolId> {
        match self {
            Self::Option(terms) => Some(terms.underlying),
            Self::Future(terms) => Some(terms.underlying),
            Self::Forecast(terms) => Some(terms.underlying),
            Self::Stock
            | Self::Etf
            | Self::Index
            | Self::Forex { .. }
            | Self::Bond(_)
            | Self::Fund(_) => None,
        }
    }
}

impl Right {
    /// `C` or `P`.
    pub const fn letter(self) -> char {
        match self {
            Self::Call => 'C',
            Self::Put => 'P',
        }
    }
}

impl YesNo {
    /// `C` for yes and `P` for no: programs know a forecast contract as an option.
    pub const fn letter(self) -> char {
        match self {
            Self::Yes => 'C',
            Self::No => 'P',
        }
    }

    /// The other one.
    #[must_use]
    pub const fn opposite(self) -> Self {
        match self {
            Self::Yes => Self::No,
            Self::No => Self::Yes,
        }
    }
}

impl fmt::Display for YesNo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Yes => "yes",
            Self::No => "no",
        })
    }
}

impl fmt::Display for Right {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Call => "call",
            Self::Put => "put",
        })
    }
}
