//! What market data each kind of contract has, as at the broker.
//!
//! | | quotes, depth, `BidAsk`, `MidPoint` | trades, `Last` | volume | kinds of bars |
//! |---|---|---|---|---|
//! | stock, exchange-traded fund | yes | yes | yes | all |
//! | index | no | its value | no | `TRADES`, both volatilities |
//! | fund with one price a day | no | its price | no | `TRADES` |
//! | option, future, bond, forecast | yes | yes | yes | `TRADES`, `MIDPOINT`, `BID`, `ASK`, `BID_ASK` |
//! | currency pair | yes | no | no | `MIDPOINT`, `BID`, `ASK`, `BID_ASK` |
//!
//! Each has a schedule.

use trade::instrument::InstrumentKind;

/// What market data a contract has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DataKind {
    /// A share of a company or of a fund that trades like one.
    Share,
    /// A figure.
    Figure,
    /// A fund with one price a day.
    Fund,
    /// Anything else that is quoted and trades.
    Contract,
    /// A pair of currencies.
    Pair,
}

impl DataKind {
    pub(crate) const fn of(kind: &InstrumentKind) -> Self {
        match kind {
            InstrumentKind::Stock | InstrumentKind::Etf => Self::Share,
            InstrumentKind::Index => Self::Figure,
            InstrumentKind::Fund(_) => Self::Fund,
            InstrumentKind::Forex { .. } => Self::Pair,
            InstrumentKind::Option(_)
            | InstrumentKind::Future(_)
            | InstrumentKind::Forecast(_)
            | InstrumentKind::Bond(_) => Self::Contract,
        }
    }

    /// Somebody bids and asks.
    pub(crate) fn has_quotes(self) -> bool {
        !matches!(self, Self::Figure | Self::Fund)
    }

    /// Trades are told, or the values of a figure, or the prices of a fund.
    pub(crate) fn has_trades(self) -> bool {
        self != Self::Pair
    }

    pub(crate) fn has_volume(self) -> bool {
        matches!(self, Self::Share | Self::Contract)
    }

    /// Volatilities are told.
    pub(crate) fn has_volatility(self) -> bool {
        matches!(self, Self::Share | Self::Figure)
    }
}
