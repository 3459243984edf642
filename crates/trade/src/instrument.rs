//! What can be traded.

use std::sync::{Arc, LazyLock, OnceLock};

use access::Number;
use access::currency::Currency;
pub use access::entitlements::Product;
use access::id::SymbolId;
use rust_decimal::Decimal;

use crate::calendar::Day;
use crate::history::{self, Past};
use crate::order::{Order, Shares};
use crate::price::Ticks;

mod fee;
mod read;
mod tick;
mod unit;

pub use fee::Fee;
pub use read::DataError;
pub use tick::{Nearest, PriceError, TickRule};
pub use unit::{CountError, Unit, Units};

/// The bundled instruments; NOTICE has the origin.
const BUNDLED: &str = include_str!("../assets/instruments.csv");

/// What is traded: a stock, so far. Its ticks and steps never change once an order was written down in them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instrument {
    /// Its number (conId on the TWS socket). Floorpass's own, not that of any broker.
    pub id: SymbolId,
    /// What kind of thing it is.
    pub product: Product,
    /// Its ticker.
    pub symbol: String,
    /// Its name, such as the company's.
    pub name: String,
    /// Where it is listed: `NASDAQ`, `NYSE`.
    pub exchange: String,
    /// What its prices, its profits and its commissions are in.
    pub currency: Currency,
    /// Which prices it has.
    pub prices: TickRule,
    /// The step of its quantities: 1 for whole shares.
    pub step: Unit,
    /// Steps that are usually traded together.
    pub lot: Shares,
    /// What a price is multiplied by for one unit of the quantity: 1 for a share.
    pub multiplier: Decimal,
    /// The last day on which it can be ordered; none where it has no end.
    pub expiry: Option<Day>,
    /// What an order of it costs.
    pub fee: Fee,
    /// Its International Securities Identification Number (ISO 6166).
    pub isin: String,
    /// Its Financial Instrument Global Identifier: that of all its listings in the United States.
    pub figi: String,
    /// Its number at the London Stock Exchange (SEDOL).
    pub sedol: String,
    /// The part of the economy that the company's industry belongs to.
    pub sector: String,
    /// The company's industry, in one word or two.
    pub industry: String,
    /// What it does in that industry.
    pub branch: String,
    /// What one tick of one step is worth.
    point: Unit,
    /// A point is the smallest coin of the currency.
    in_coins: bool,
    /// The days before an account was made.
    pub(crate) history: history::Source,
    /// Where its simulated price begins without a history.
    pub(crate) start: Ticks,
    /// In thousands of units; sets the size of quotes and the derived volume.
    pub(crate) daily_volume: u64,
    /// Of the simulated price: 16 is 30 % a year.
    pub(crate) volatility: i64,
}

/// Why a quantity is none of an instrument: it is not a whole number of steps of this size, above zero and within 64
/// bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuantityError {
    /// The step.
    pub step: Decimal,
}

impl Instrument {
    /// Its CUSIP, the national number that an ISIN of the United States contains.
    pub fn cusip(&self) -> &str {
        self.isin.get(2..11).unwrap_or_default()
    }

    /// Whether this is its Reuters Instrument Code: the ticker, and the listing's letters.
    pub fn has_ric(&self, ric: &str) -> bool {
        let listings: &[&str] = if self.exchange == "NASDAQ" { &["O", "OQ"] } else { &["N"] };
        ric.rsplit_once('.').is_some_and(|(ticker, listing)| {
            ticker.eq_ignore_ascii_case(&self.symbol)
                && listings.iter().any(|known| known.eq_ignore_ascii_case(listing))
        })
    }

    /// What the counts of its orders mean.
    pub const fn units(&self) -> Units {
        Units { price: self.prices.tick(), quantity: self.step }
    }

    /// So many ticks as a price.
    #[inline]
    pub fn price(&self, ticks: Ticks) -> Decimal {
        self.prices.price(ticks)
    }

    /// Decimals of its narrowest step: 2 for a stock in cents, 5 for most pairs of currencies.
    pub const fn price_places(&self) -> u32 {
        self.prices.tick().places()
    }

    /// How a price of it is typed.
    pub fn typed_price(&self) -> Number {
        let of = |ticks| self.prices.price(ticks);
        let (lowest, highest) = (of(self.prices.lowest()), of(self.prices.highest()));
        Number::price(self.prices.tick().size(), lowest, highest).of(Some(self.currency))
    }

    /// The ticks of an order's price, or which prices there are instead.
    pub fn ticks(&self, price: Decimal) -> Result<Ticks, PriceError> {
        self.prices.ticks(price)
    }

    /// So many steps as a quantity.
    #[inline]
    pub fn quantity(&self, steps: Shares) -> Decimal {
        if self.step == Unit::ONE { Decimal::from(steps) } else { self.step.of(steps.into()) }
    }

    /// So many steps as a quantity; below zero for what is sold short.
    pub fn signed_quantity(&self, steps: i64) -> Decimal {
        self.step.of(steps.into())
    }

    /// Whether so many steps are no more than this many units.
    pub(crate) fn is_within(&self, steps: Shares, units: u64) -> bool {
        if self.step == Unit::ONE { steps <= units } else { self.quantity(steps) <= units.into() }
    }

    /// The steps of an order's quantity.
    pub fn steps(&self, quantity: Decimal) -> Result<Shares, QuantityError> {
        let count = self.step.count(quantity).ok().and_then(|count| Shares::try_from(count).ok());
        count.filter(|count| *count > 0).ok_or(QuantityError { step: self.step.size() })
    }

    /// What one tick of one step is worth.
    pub const fn point(&self) -> Unit {
        self.point
    }

    /// Price times quantity times multiplier, exactly, for so many ticks and steps; below zero where one of them is. None
    /// beyond 28 digits.
    pub fn notional(&self, ticks: Ticks, steps: i64) -> Option<Decimal> {
        self.point.checked(i128::from(ticks.0) * i128::from(steps))
    }

    /// What so many ticks times steps are worth. Beyond 28 digits, which no checked order reaches, it stays at the end of
    /// the range.
    #[inline]
    pub fn amount(&self, value: i128) -> Decimal {
        self.point.of(value)
    }

    /// The same in the smallest coins of its currency, rounded away from zero.
    #[inline]
    pub(crate) fn coins(&self, value: i128) -> i128 {
        if self.in_coins {
            return value;
        }
        self.point.rounded_up(value, self.currency.digits())
    }

    /// The average price of steps that were traded for so many ticks times steps, exact but for the division; none
    /// without steps.
    pub fn average_price(&self, value: i64, steps: Shares) -> Option<Decimal> {
        let value = self.prices.tick().of(value.into());
        value.checked_div(Decimal::from(steps)).filter(|_| steps > 0)
    }
}

/// The instruments of an exchange, by id ascending.
#[derive(Debug)]
pub struct Instruments {
    all: Vec<Instrument>,
    /// The days before an account was made, made when they are first asked for.
    pasts: Vec<OnceLock<Vec<Past>>>,
    /// The ids have no gaps.
    dense: bool,
}

impl Instruments {
    /// Those of a file with a header row and comma-separated values; a value with a comma is in double quotes. The
    /// instruments ascend by id.
    pub fn read(file: &str, text: &str) -> Result<Self, DataError> {
        read::read(file, text).map(Self::new)
    }

    fn new(all: Vec<Instrument>) -> Self {
        let pasts = all.iter().map(|_| OnceLock::new()).collect();
        let steps = all.windows(2);
        let dense = steps.into_iter().all(|pair| matches!(pair, [a, b] if a.id.0 + 1 == b.id.0));
        Self { all, pasts, dense }
    }

    /// Those that every paper exchange has, or what is wrong with their file. A server that cannot read them does not
    /// start.
    pub fn bundled() -> Result<&'static Arc<Self>, &'static DataError> {
        static READ: LazyLock<Result<Arc<Instruments>, DataError>> =
            LazyLock::new(|| Instruments::read("instruments.csv", BUNDLED).map(Arc::new));
        READ.as_ref()
    }

    /// Those that every paper exchange has.
    pub fn builtin() -> &'static Arc<Self> {
        static NONE: LazyLock<Arc<Instruments>> =
            LazyLock::new(|| Arc::new(Instruments::new(Vec::new())));
        Self::bundled().unwrap_or(&NONE)
    }

    /// All, by id ascending.
    pub fn all(&self) -> &[Instrument] {
        &self.all
    }

    /// The instrument with this id.
    #[inline]
    pub fn get(&self, id: SymbolId) -> Option<&Instrument> {
        self.all.get(self.index(id)?)
    }

    /// So many ticks of an instrument as a price; zero for an unknown one.
    pub fn price(&self, id: SymbolId, ticks: Ticks) -> Decimal {
        self.get(id).map_or(Decimal::ZERO, |one| one.price(ticks))
    }

    /// So many steps of an instrument as a quantity; zero for an unknown one.
    pub fn quantity(&self, id: SymbolId, steps: Shares) -> Decimal {
        self.get(id).map_or(Decimal::ZERO, |one| one.quantity(steps))
    }

    /// The average price of an order's fills; none before the first.
    pub fn average_price(&self, order: &Order) -> Option<Decimal> {
        order.average_price(self.get(order.symbol)?)
    }

    /// The instrument at a place.
    #[inline]
    pub(crate) fn at(&self, at: usize) -> Option<&Instrument> {
        self.all.get(at)
    }

    /// Its place in [`Instruments::all`].
    #[inline]
    pub(crate) fn index(&self, id: SymbolId) -> Option<usize> {
        if !self.dense {
            return self.all.binary_search_by_key(&id, |one| one.id).ok();
        }
        let first = self.all.first()?.id.0;
        let at = usize::try_from(id.0.checked_sub(first)?).ok()?;
        (at < self.all.len()).then_some(at)
    }

    /// The days of the instrument at a place before an account was made, oldest first.
    pub(crate) fn past(&self, at: usize) -> &[Past] {
        let (Some(one), Some(past)) = (self.all.get(at), self.pasts.get(at)) else { return &[] };
        past.get_or_init(|| history::of(one))
    }

    fn find(&self, is_it: impl Fn(&Instrument) -> bool) -> Option<&Instrument> {
        self.all.iter().find(|one| is_it(one))
    }

    /// The instrument with this ticker; letters in either case.
    pub fn named(&self, symbol: &str) -> Option<&Instrument> {
        self.find(|one| one.symbol.eq_ignore_ascii_case(symbol))
    }

    /// The instrument with this ISIN; letters in either case.
    pub fn with_isin(&self, isin: &str) -> Option<&Instrument> {
        self.find(|one| one.isin.eq_ignore_ascii_case(isin))
    }

    /// The instrument with this CUSIP; letters in either case.
    pub fn with_cusip(&self, cusip: &str) -> Option<&Instrument> {
        self.find(|one| one.cusip().eq_ignore_ascii_case(cusip))
    }

    /// The instrument with this FIGI; letters in either case.
    pub fn with_figi(&self, figi: &str) -> Option<&Instrument> {
        self.find(|one| one.figi.eq_ignore_ascii_case(figi))
    }

    /// The instrument with this SEDOL; letters in either case.
    pub fn with_sedol(&self, sedol: &str) -> Option<&Instrument> {
        self.find(|one| one.sedol.eq_ignore_ascii_case(sedol))
    }

    /// The instrument with this Reuters Instrument Code; letters in either case.
    pub fn with_ric(&self, ric: &str) -> Option<&Instrument> {
        self.find(|one| one.has_ric(ric))
    }

    /// Instruments whose ticker begins with the pattern, then those whose name has it; letters in
    /// either case. An empty pattern matches nothing.
    pub fn matching(&self, pattern: &str) -> Vec<&Instrument> {
        let pattern = pattern.trim().to_ascii_lowercase();
        if pattern.is_empty() {
            return Vec::new();
        }
        let begins = |one: &&Instrument| one.symbol.to_ascii_lowercase().starts_with(&pattern);
        let named =
            |one: &&Instrument| !begins(one) && one.name.to_ascii_lowercase().contains(&pattern);
        let mut found: Vec<_> = self.all.iter().filter(begins).collect();
        found.sort_by_key(|one| (one.symbol.len(), one.symbol.as_str()));
        found.extend(self.all.iter().filter(named));
        found
    }
}

#[cfg(test)]
mod tests;
