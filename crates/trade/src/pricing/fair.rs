//! Fair prices between the market's integers and the mathematics: what a future and an option are worth by what they stand
//! on. Prices leave as 65,536ths of a tick.
//!
//! Everything follows from three simulated things: one yield curve of the dollar (`rates.csv`), one smile for options on stocks
//! and one for those on figures, and the level of volatility, which is what the volatility index has moved by. An option's
//! volatility is that of its underlying at the money, times the level, along the smile: so there is no arbitrage among
//! options on one thing. An option that may be exercised early is worth its European price and a premium; the premium
//! changes slowly, so its boundary is made for volatilities in steps of a point and times in steps of an hour, and kept.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::american::Boundary;
use super::bond::Bond;
use super::curve::YieldCurve;
use super::european::{self, Payoff, Vanilla};
use super::normal;
use super::surface::{Smile, Surface, TermStructure};
use crate::calendar::Day;
use crate::instrument::{BondTerms, FundTerms};

/// Parts of a tick.
const FINE: f64 = 65_536.0;
/// Yearly deviation of the logarithm for one unit of an instrument's volatility: 4 / 2^20 a second, in a year of seconds.
const UNIT_OF_VOLATILITY: f64 = 0.021_422;
/// A year of 365 days, in seconds.
const YEAR: i64 = 365 * 86_400;
/// The same in days.
const DAYS: i64 = 365;
/// The day on which a fund of bonds had its first price, and years that its money is out.
const FUNDS_BEGAN: Day = Day::of(2026, 1, 1);
const FUND_DURATION: f64 = 6.0;
/// Steps of time that boundaries are made for, in seconds.
const STEP: i64 = 3_600;
/// Steps of volatility that boundaries are made for.
const POINT: f64 = 0.01;
/// How far the level of volatility goes.
const LEVELS: (f64, f64) = (0.3, 4.0);
/// Boundaries that are kept at most; then all are forgotten.
const KEPT: usize = 8_192;
/// The part of a share's price that is left at least, however much it pays.
const LEAST: f64 = 0.05;
/// The curve, where its file has none.
const FLAT: f64 = 0.035;

/// The rates of each currency: overnight, and the dollar's curve.
pub(crate) const RATES: &str = include_str!("../../assets/rates.csv");

/// An exact number as a floating one.
pub(crate) fn of(exact: Decimal) -> f64 {
    exact.to_f64().unwrap_or_default()
}

/// One count over another.
#[expect(clippy::cast_precision_loss, reason = "seconds of some years are exact")]
pub(crate) fn ratio(part: i64, whole: i64) -> f64 {
    part as f64 / whole as f64
}

/// A price after a move of so many ten-thousandths of itself.
pub(crate) fn moved(price: f64, parts: i64) -> f64 {
    price * (1.0 + ratio(parts, 10_000))
}

/// One price over another.
pub(crate) fn over(price: f64, other: f64) -> f64 {
    price / other
}

/// The price of so many 65,536ths of a tick.
#[expect(clippy::cast_precision_loss, reason = "a price keeps 53 bits")]
pub(crate) fn priced(fine: i64, tick: f64) -> f64 {
    fine as f64 / FINE * tick
}

/// A price in 65,536ths of a tick, to the nearest; zero for what is no number.
#[expect(clippy::cast_possible_truncation, reason = "it stays at the end of the range")]
pub(crate) fn fine(price: f64, tick: f64) -> i64 {
    libm::round(price / tick * FINE) as i64
}

/// The yearly volatility of an instrument.
pub(crate) fn yearly(units: i64) -> f64 {
    ratio(units, 1) * UNIT_OF_VOLATILITY
}

/// The smiles and the curve.
struct Model {
    curve: Option<YieldCurve>,
    stocks: Option<Surface>,
    figures: Option<Surface>,
}

static MODEL: LazyLock<Model> = LazyLock::new(|| {
    let term = TermStructure::new(&[(0.05, 1.0), (0.25, 1.0), (1.0, 0.97), (2.0, 0.95)]);
    let surface = |skew: f64, curvature: f64| {
        Some(Surface::new(Smile::new(skew, curvature, 0.45)?, term.clone()?))
    };
    Model { curve: curve(), stocks: surface(-0.3, 0.6), figures: surface(-0.65, 0.7) }
});

/// The dollar's curve, from the rows of the file.
fn curve() -> Option<YieldCurve> {
    let node = |line: &str| {
        let mut values = line.split(',');
        let (currency, kind) = (values.next()?, values.next()?);
        let (tenor, rate) = (values.next()?, values.next()?);
        let (count, unit) = tenor.split_at_checked(tenor.len().checked_sub(1)?)?;
        let count: f64 = count.parse().ok()?;
        let years = if unit == "M" { count / 12.0 } else { count };
        (currency == "USD" && kind == "curve").then_some((years, rate.parse().ok()?))
    };
    let nodes: Vec<(f64, f64)> = RATES.lines().filter_map(node).collect();
    YieldCurve::new(&nodes)
}

/// What money earns in a year until then.
fn rate(years: f64) -> f64 {
    MODEL.curve.as_ref().and_then(|curve| curve.zero_rate(years)).unwrap_or(FLAT)
}

/// What amounts are worth now that are paid so many seconds ahead.
pub(crate) fn dividends(ahead: impl Iterator<Item = (i64, Decimal)>) -> f64 {
    ahead.fold(0.0, |sum, (seconds, amount)| {
        let years = ratio(seconds, YEAR);
        sum + of(amount) * libm::exp(-rate(years) * years)
    })
}

/// What something costs that is delivered after so many seconds and pays this part of itself a year until then.
pub(crate) fn carried(spot: f64, income: f64, seconds: i64) -> f64 {
    let years = ratio(seconds, YEAR);
    spot * libm::exp((rate(years) - income) * years)
}

/// The price of a bond without accrued interest, in percent, where it is settled on a day: what it pays is discounted by the
/// curve, all rates times a level, and by its spread.
pub(crate) fn bond(terms: &BondTerms, settlement: Day, level: f64) -> f64 {
    let (face, spread) = (of(terms.face), of(terms.spread));
    let discounted = |day: Day, amount: f64| {
        let years = ratio(i64::from(day.0 - settlement.0), DAYS);
        amount * libm::exp(-(rate(years) * level + spread) * years)
    };
    let coupons = terms.coupons(settlement).map(|(day, amount)| discounted(day, of(amount)));
    let dirty = coupons.fold(discounted(terms.maturity, face), |sum, one| sum + one);
    (dirty - of(terms.accrued(settlement))) / face * 100.0
}

/// The price of a fund of bonds: what it was on a first day, what it has earned since then, and what a level of yields takes
/// from it that is above one, for money that is out for so many years.
pub(crate) fn fund(terms: &FundTerms, start: f64, day: Day, level: f64) -> f64 {
    let years = ratio(i64::from(day.0 - FUNDS_BEGAN.0), DAYS);
    let income = of(terms.income);
    start * libm::exp(income * years - FUND_DURATION * income * (level - 1.0))
}

/// The yearly yield of a bond at such a price, compounded as often as it pays; of a bill, simple over its days in a year of
/// 365. In percent, to four places. None where there is none.
pub(crate) fn bond_yield(terms: &BondTerms, settlement: Day, price: Decimal) -> Option<Decimal> {
    let price = of(price);
    let found = match terms.convention() {
        None => {
            let days = f64::from(terms.maturity.0 - settlement.0);
            (price > 0.0 && days > 0.0).then(|| (100.0 / price - 1.0) * 365.0 / days)?
        }
        Some(convention) => {
            let bond = Bond::new(convention, terms.issued, terms.maturity, of(terms.coupon))?;
            bond.yield_of(settlement, price)?
        }
    };
    Decimal::from_f64_retain(found * 100.0).map(|percent| percent.round_dp(4))
}

/// An option, and what it stands on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OptionCase {
    pub(crate) payoff: Payoff,
    /// What the underlying costs.
    pub(crate) spot: f64,
    /// What the dividends are worth that it pays before the expiry.
    pub(crate) dividends: f64,
    pub(crate) strike: f64,
    /// The part of itself that the underlying pays in a year.
    pub(crate) income: f64,
    /// At the money and at level 1; yearly.
    pub(crate) volatility: f64,
    /// What volatilities are multiplied by.
    pub(crate) level: f64,
    /// To the expiry.
    pub(crate) seconds: i64,
    pub(crate) is_on_figure: bool,
    pub(crate) is_american: bool,
}

/// Boundaries by what they depend on: payoff, income in hundredths of a point, volatility in points, time in hours. They
/// follow from that alone, so it does not matter which are there.
#[derive(Debug, Default)]
pub(crate) struct Boundaries(Mutex<BTreeMap<Key, Option<Arc<Boundary>>>>);

/// What a boundary depends on.
type Key = (bool, i64, i64, i64);

impl OptionCase {
    /// The part of the underlying's price that is left to wander: without the dividends that are known.
    pub(crate) fn net(&self) -> f64 {
        (self.spot - self.dividends).max(self.spot * LEAST)
    }

    /// The yearly volatility that it is priced by.
    pub(crate) fn implied(&self) -> f64 {
        let years = ratio(self.seconds, YEAR);
        let forward = carried(self.net(), self.income, self.seconds);
        let surface = if self.is_on_figure { &MODEL.figures } else { &MODEL.stocks };
        let level = self.level.clamp(LEVELS.0, LEVELS.1) * self.volatility;
        let Some(mut surface) = surface.clone().filter(|_| years > 0.0) else { return level };
        let sound = surface.set_level(level);
        let found = surface.volatility(libm::log(self.strike / forward), years);
        found.filter(|_| sound).unwrap_or(level)
    }

    /// The same as European options are asked for.
    pub(crate) fn vanilla(&self) -> Vanilla {
        let years = ratio(self.seconds, YEAR);
        Vanilla {
            payoff: self.payoff,
            spot: self.net(),
            strike: self.strike,
            rate: rate(years),
            dividend_yield: self.income,
            volatility: self.implied(),
            years,
        }
    }

    /// The probability that what it is on ends above its strike, where that grows as money does and has the volatility that
    /// options of this strike are priced by.
    pub(crate) fn above(&self) -> f64 {
        let forward = carried(self.spot, self.income, self.seconds);
        self.ends_above(forward, self.implied())
    }

    /// The same of a figure that nobody can buy: it is expected to stay as it is, and its volatility is always the same.
    pub(crate) fn reported(&self) -> f64 {
        self.ends_above(self.spot, self.volatility)
    }

    fn ends_above(&self, forward: f64, volatility: f64) -> f64 {
        let deviation = volatility * ratio(self.seconds, YEAR).sqrt();
        if !(deviation > 0.0 && self.strike > 0.0) {
            return if forward > self.strike { 1.0 } else { 0.0 };
        }
        normal::cdf(libm::log(forward / self.strike) / deviation - deviation / 2.0)
    }

    /// What it is worth.
    pub(crate) fn price(&self, boundaries: &Boundaries) -> f64 {
        let option = self.vanilla();
        let price = european::price(&option).unwrap_or_default();
        if !self.is_american || self.seconds <= 0 {
            return price;
        }
        let least = self.payoff.intrinsic(option.spot, self.strike);
        (price + self.premium(&option, boundaries)).max(least)
    }

    /// What it is worth more than if it could not be exercised early.
    #[expect(clippy::cast_possible_truncation, reason = "steps of a clamped range")]
    fn premium(&self, option: &Vanilla, boundaries: &Boundaries) -> f64 {
        let hours = self.seconds.div_euclid(STEP) + 1;
        let points = libm::round(option.volatility.clamp(POINT, 5.0) / POINT) as i64;
        let income = libm::round(self.income.clamp(-1.0, 1.0) * 10_000.0) as i64;
        let years = ratio(hours * STEP, YEAR);
        let stepped = Vanilla {
            rate: rate(years),
            dividend_yield: ratio(income, 10_000),
            volatility: ratio(points, 100),
            years,
            ..*option
        };
        // Money that earns nothing, or shares that pay nothing: then waiting costs nothing.
        let waits = match self.payoff {
            Payoff::Put => stepped.rate <= 0.0,
            Payoff::Call => stepped.dividend_yield <= 0.0,
        };
        if waits {
            return 0.0;
        }
        let key = (self.payoff == Payoff::Call, income, points, hours);
        let Some(boundary) = boundaries.of(key, &stepped) else { return 0.0 };
        let american = boundary.price(option.spot, self.strike);
        let european = european::price(&stepped);
        american.zip(european).map_or(0.0, |(american, european)| (american - european).max(0.0))
    }
}

/// The yearly volatility at the money, thirty days ahead, that options on something are priced by.
pub(crate) fn ahead(volatility: f64, level: f64, is_on_figure: bool) -> f64 {
    const AHEAD: i64 = 30 * 86_400;
    let case = OptionCase {
        payoff: Payoff::Call,
        spot: 100.0,
        dividends: 0.0,
        strike: carried(100.0, 0.0, AHEAD),
        income: 0.0,
        volatility,
        level,
        seconds: AHEAD,
        is_on_figure,
        is_american: false,
    };
    case.implied()
}

impl Boundaries {
    fn of(&self, key: Key, option: &Vanilla) -> Option<Arc<Boundary>> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = kept.get(&key) {
            return found.clone();
        }
        if kept.len() >= KEPT {
            kept.clear();
        }
        let Vanilla { payoff, rate, dividend_yield, volatility, years, .. } = *option;
        let made = Boundary::new(payoff, rate, dividend_yield, volatility, years).map(Arc::new);
        kept.insert(key, made.clone());
        made
    }
}

impl Clone for Boundaries {
    fn clone(&self) -> Self {
        Self::default()
    }
}
