//! What an account stands to gain and to lose: what it holds by product, currency and underlying, how that answers to prices,
//! volatility and time, and what it would gain or lose if markets jumped. All amounts are in the account's base currency.
//!
//! Answers are found by pricing all positions again with one thing changed, by the rules that the market prices by: not from a
//! formula's slope. Shares and funds answer to their own price, options and futures to that of what they are on.

use access::currency::Currency;
use access::entitlements::Product;
use access::id::SymbolId;
use rust_decimal::Decimal;

use crate::instrument::Instrument;
use crate::ledger::{Ledger, Requirement};
use crate::money::Rates;
use crate::position::Position;
use crate::price::Ticks;
use crate::scenario::Scenario;

/// Jumps of prices that are looked at, in percent.
pub const PRICES: [i64; 6] = [-20, -10, -5, 5, 10, 20];
/// Jumps of volatility that are looked at with each, in percent of itself.
pub const VOLATILITIES: [i64; 3] = [-25, 0, 25];
/// 65,536ths of a tick.
const FINE: i128 = 65_536;
/// A percent, in ten-thousandths.
const PERCENT: i64 = 100;

/// What is held of something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LongShort<T> {
    /// Of what.
    pub of: T,
    /// What is held long is worth; of a future what it is on.
    pub long: Decimal,
    /// What is sold short is worth, above zero.
    pub short: Decimal,
}

/// How what stands on one thing answers to it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sensitivity {
    /// Gained when its price rises by one percent.
    pub delta: Decimal,
    /// By how much that is more after it has.
    pub gamma: Decimal,
    /// Gained when volatility rises by one percent of itself.
    pub vega: Decimal,
    /// Gained in one calendar day in which nothing else happens.
    pub theta: Decimal,
}

/// What a jump of all markets would do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stress {
    /// Of prices, in percent.
    pub prices: i64,
    /// Of volatility, in percent of itself.
    pub volatility: i64,
    /// What is gained; below zero it is lost.
    pub gain: Decimal,
}

/// All of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Risk {
    /// The account's base currency, which all amounts are in.
    pub currency: Currency,
    /// What is held, by product.
    pub products: Vec<LongShort<Product>>,
    /// The same by currency, cash included.
    pub currencies: Vec<LongShort<Currency>>,
    /// The same by underlying, with how that answers to it.
    pub underlyings: Vec<(LongShort<SymbolId>, Sensitivity)>,
    /// What positions require while they are held, in groups of those that belong together.
    pub requirements: Vec<Requirement>,
    /// Jumps of all markets at once.
    pub stress: Vec<Stress>,
}

/// The price of a contract in a scenario, in 65,536ths of a tick.
pub(crate) type Supposed<'a> = dyn Fn(&Instrument, &Scenario) -> i64 + 'a;

/// A position, its contract, and what is needed to value it.
struct Held<'a> {
    one: &'a Instrument,
    position: &'a Position,
    /// What it is worth now, or what it is on; below zero when sold short.
    value: Decimal,
    /// Its price where nothing happens, in 65,536ths of a tick.
    now: i64,
}

impl Risk {
    /// Of an account, at the prices of now.
    pub(crate) fn of(
        ledger: &Ledger,
        rates: Rates<'_>,
        mark: impl Fn(SymbolId) -> Ticks,
        supposed: &Supposed<'_>,
    ) -> Self {
        let held: Vec<Held<'_>> = ledger
            .positions()
            .filter(|(_, position)| position.shares != 0)
            .filter_map(|(symbol, position)| {
                let one = ledger.instruments().get(symbol)?;
                let value = one.amount(i128::from(mark(symbol).0) * i128::from(position.shares));
                let now = supposed(one, &Scenario::default());
                Some(Held { one, position, value: rates.convert(value, one.currency), now })
            })
            .collect();
        let gain = |of: Option<SymbolId>, scenario: Scenario| -> Decimal {
            let meant = held.iter().filter(|held| of.is_none_or(|of| held.one.root() == of));
            meant.map(|held| held.gain(supposed, rates, &scenario)).sum()
        };
        let roots = by(&held, |held| held.one.root());
        let underlyings = roots.into_iter().map(|exposure| {
            let only = Some(exposure.of);
            let prices = |prices| gain(only, Scenario { prices, only, ..Scenario::default() });
            let (up, down) = (prices(PERCENT), prices(-PERCENT));
            let sensitivity = Sensitivity {
                delta: (up - down) / Decimal::TWO,
                gamma: up + down,
                vega: gain(only, Scenario { volatility: PERCENT, ..Scenario::default() }),
                theta: gain(only, Scenario { days: 1, ..Scenario::default() }),
            };
            (exposure, sensitivity)
        });
        let jumps = PRICES.iter().flat_map(|prices| VOLATILITIES.map(|other| (*prices, other)));
        let stress = jumps.map(|(prices, volatility)| {
            let only = None;
            let (prices_by, volatility_by) = (prices * PERCENT, volatility * PERCENT);
            let scenario = Scenario { prices: prices_by, volatility: volatility_by, only, days: 0 };
            Stress { prices, volatility, gain: gain(None, scenario) }
        });
        Self {
            currency: ledger.base(),
            underlyings: underlyings.collect(),
            stress: stress.collect(),
            requirements: ledger.requirements(rates, &mark),
            products: by(&held, |held| held.one.product().unwrap_or(Product::Stock)),
            currencies: with_cash(by(&held, |held| held.one.currency), ledger, rates),
        }
    }
}

/// The same with cash: what is owned counts as held long, what is owed as sold short.
fn with_cash(
    mut all: Vec<LongShort<Currency>>,
    ledger: &Ledger,
    rates: Rates<'_>,
) -> Vec<LongShort<Currency>> {
    for (currency, cash) in ledger.purse.all().filter(|(_, cash)| !cash.balance.is_zero()) {
        let value = rates.convert(cash.balance.abs(), currency);
        let at = all.iter().position(|known| known.of == currency).unwrap_or_else(|| {
            all.push(LongShort { of: currency, long: Decimal::ZERO, short: Decimal::ZERO });
            all.len() - 1
        });
        let Some(sum) = all.get_mut(at) else { continue };
        let side = if cash.balance > Decimal::ZERO { &mut sum.long } else { &mut sum.short };
        *side = side.saturating_add(value);
    }
    all.sort_by_key(|one| std::cmp::Reverse(one.long.saturating_add(one.short)));
    all
}

impl Held<'_> {
    /// What it gains in a scenario.
    fn gain(&self, supposed: &Supposed<'_>, rates: Rates<'_>, scenario: &Scenario) -> Decimal {
        let moved = i128::from(supposed(self.one, scenario)) - i128::from(self.now);
        let ticks = moved.saturating_mul(self.position.shares.into()).div_euclid(FINE);
        rates.convert(self.one.amount(ticks), self.one.currency)
    }
}

/// What is held by something, the largest first.
fn by<T: Copy + PartialEq>(held: &[Held<'_>], of: impl Fn(&Held<'_>) -> T) -> Vec<LongShort<T>> {
    let mut all: Vec<LongShort<T>> = Vec::new();
    for one in held {
        let key = of(one);
        let at = all.iter().position(|known| known.of == key).unwrap_or_else(|| {
            all.push(LongShort { of: key, long: Decimal::ZERO, short: Decimal::ZERO });
            all.len() - 1
        });
        let Some(sum) = all.get_mut(at) else { continue };
        let side = if one.position.shares > 0 { &mut sum.long } else { &mut sum.short };
        *side = side.saturating_add(one.value.abs());
    }
    all.sort_by_key(|one| std::cmp::Reverse(one.long.saturating_add(one.short)));
    all
}
