//! What positions and orders in one instrument bind, by what it is. Figures are in the smallest coins of the instrument's
//! currency and count like the value of shares: half of them is the initial requirement.
//!
//! | product | bound, for the initial requirement | for maintenance |
//! |---|---|---|
//! | stocks and funds | 50 % of the value (Regulation T) | 25 % |
//! | futures | so much a contract, from the file of futures | so much a contract |
//! | options, bought | the whole premium: they have no loan value | the same |
//! | options, sold alone; with what covers them see `strategy.rs` | 20 % of what they are on (15 % of an index) less what they are out of the money, at least 10 % of it, of a put of the strike (FINRA Rule 4210) | the same |
//! | forecasts | the whole price: they have no loan value, and can only be bought | the same |
//! | bonds | 1 % of the value of a Treasury with less than 1 year to run, 2 % below 3, 3 % below 5, 4 % below 10, 5 % below 20, else 6 %; 10 % of a company's (after FINRA Rule 4210) | the same |
//! | currencies | 5 % of the value of an order | 5 % of a foreign balance |

use rust_decimal::Decimal;

use super::Exposure;
use crate::calendar::Day;
use crate::instrument::{BondTerms, Instrument, InstrumentKind, Issuer, OptionTerms, Right, Style};
use crate::money::ceil_coins;
use crate::order::Shares;
use crate::price::Ticks;

/// An order of currencies counts a tenth of its value, so that a twentieth is required.
const PART_OF_FOREX: i128 = 10;

/// An instrument with its price, and the price of what it is on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Marked<'a> {
    pub(crate) one: &'a Instrument,
    pub(crate) mark: Ticks,
    /// Of what an option is on, and zero for others.
    pub(crate) under: Decimal,
    /// The trading day.
    pub(crate) today: Day,
}

/// What requirement a margin is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum For {
    /// To open.
    Initial,
    /// To hold.
    Maintenance,
}

impl Marked<'_> {
    /// What a position and orders come to at worst, as the value of shares that binds as much initially.
    pub(crate) fn worst(&self, exposure: &Exposure, shares: i64) -> i128 {
        let one = self.one;
        match &one.kind {
            InstrumentKind::Stock
            | InstrumentKind::Etf
            | InstrumentKind::Index
            | InstrumentKind::Fund(_) => one.coins(exposure.worst(shares, self.mark.0)),
            InstrumentKind::Forex { .. } => {
                ceil_part(one.coins(exposure.worst(0, self.mark.0)), PART_OF_FOREX)
            }
            InstrumentKind::Future(_) => {
                let (long, short) = ends(exposure, shares);
                self.contracts(long.max(short), For::Initial).saturating_mul(2)
            }
            InstrumentKind::Forecast(_) => self.paid(exposure, shares).saturating_mul(2),
            InstrumentKind::Bond(terms) => {
                let value = one.coins(exposure.worst(shares, self.mark.0));
                self.of_bond(terms, value).saturating_mul(2)
            }
            InstrumentKind::Option(terms) => {
                let (_, short) = ends(exposure, shares);
                let premium = self.paid(exposure, shares);
                premium.max(self.written(terms, short)).saturating_mul(2)
            }
        }
    }

    /// What a position that is held comes to, as the value of shares that binds as much then.
    pub(crate) fn held(&self, shares: i64) -> i128 {
        let (one, steps) = (self.one, Shares::from(shares.unsigned_abs()));
        match &one.kind {
            InstrumentKind::Stock
            | InstrumentKind::Etf
            | InstrumentKind::Index
            | InstrumentKind::Fund(_) => {
                let value = i128::from(self.mark.0.unsigned_abs()).saturating_mul(steps.into());
                one.coins(value)
            }
            InstrumentKind::Option(_) | InstrumentKind::Forecast(_) if shares > 0 => {
                let value = i128::from(self.mark.0.max(0)).saturating_mul(steps.into());
                one.coins(value).saturating_mul(4)
            }
            InstrumentKind::Bond(terms) => {
                let value = i128::from(self.mark.0.unsigned_abs()).saturating_mul(steps.into());
                self.of_bond(terms, one.coins(value)).saturating_mul(4)
            }
            // A forecast is never owed.
            InstrumentKind::Forex { .. } | InstrumentKind::Forecast(_) => 0,
            InstrumentKind::Future(_) => self.contracts(steps, For::Maintenance).saturating_mul(4),
            InstrumentKind::Option(terms) => self.written(terms, steps).saturating_mul(4),
        }
    }

    /// What bonds of a value bind.
    fn of_bond(&self, terms: &BondTerms, value: i128) -> i128 {
        let percent = match (terms.issuer, terms.years(self.today)) {
            (Issuer::Company, _) => 10,
            (Issuer::Treasury, ..=1) => 1,
            (Issuer::Treasury, ..=3) => 2,
            (Issuer::Treasury, ..=5) => 3,
            (Issuer::Treasury, ..=10) => 4,
            (Issuer::Treasury, ..=20) => 5,
            (Issuer::Treasury, _) => 6,
        };
        value.saturating_mul(percent).saturating_add(99) / 100
    }

    /// What is paid for what is held and for all that could be bought.
    pub(crate) fn paid(&self, exposure: &Exposure, shares: i64) -> i128 {
        let (long, _) = ends(exposure, shares);
        let held = i128::from(shares.max(0)).saturating_mul(self.mark.0.into());
        let bought = if long > 0 { exposure.buy_value.saturating_add(held) } else { 0 };
        self.one.coins(bought.max(held))
    }

    /// So many contracts of a future.
    fn contracts(&self, steps: Shares, what: For) -> i128 {
        let InstrumentKind::Future(terms) = &self.one.kind else { return 0 };
        let each = match what {
            For::Initial => terms.initial,
            For::Maintenance => terms.maintenance,
        };
        let all = each.saturating_mul(Decimal::from(steps));
        ceil_coins(all, self.one.currency)
    }

    /// So many options that were sold.
    pub(crate) fn written(&self, terms: &OptionTerms, steps: Shares) -> i128 {
        let out = match terms.right {
            Right::Call => terms.strike.saturating_sub(self.under),
            Right::Put => self.under.saturating_sub(terms.strike),
        };
        let part = if terms.style == Style::European { 15 } else { 20 };
        let of = |amount: Decimal, percent: i64| amount.saturating_mul(Decimal::new(percent, 2));
        let least = match terms.right {
            Right::Call => of(self.under, 10),
            Right::Put => of(terms.strike, 10),
        };
        let each = of(self.under, part).saturating_sub(out.max(Decimal::ZERO)).max(least);
        let units = self.one.multiplier.saturating_mul(Decimal::from(steps));
        ceil_coins(each.saturating_mul(units), self.one.currency)
    }
}

/// How many could be held and owed if all orders of either side traded.
fn ends(exposure: &Exposure, shares: i64) -> (Shares, Shares) {
    let (held, owed) = (shares.max(0).unsigned_abs(), shares.min(0).unsigned_abs());
    let long = held.saturating_add(exposure.buy_shares).saturating_sub(owed);
    let short = owed.saturating_add(exposure.sell_shares).saturating_sub(held);
    (long, short)
}

fn ceil_part(coins: i128, part: i128) -> i128 {
    coins.saturating_add(part - 1) / part
}
