//! What can be traded.

use std::sync::{Arc, LazyLock, OnceLock};

use access::Number;
use access::currency::Currency;
pub use access::entitlements::Product;
use access::id::SymbolId;
use rust_decimal::Decimal;

use crate::calendar::{Day, MarketCalendar};
use crate::history::{self, Past};
use crate::order::{Order, Shares};
use crate::price::Ticks;

mod action;
mod arena;
mod bond;
mod chain;
mod debt;
mod expiry;
pub(crate) mod family;
mod fee;
mod forecast;
mod kind;
mod ladder;
mod listed;
mod manner;
pub(crate) mod number;
mod read;
mod table;
mod tick;
mod unit;

use action::Dividend;
pub use action::Split;
use arena::Arena;
pub use chain::{ChainOf, OptionChain, StrikePair};
pub use debt::{BondTerms, Issuer};
use family::Families;
pub use fee::Fee;
pub use kind::{
    ForecastTerms, FundKind, FundTerms, FutureTerms, InstrumentKind, OptionTerms, Right,
    Settlement, Style, YesNo,
};
pub(crate) use ladder::Ladder;
pub(crate) use manner::Manner;
use number::ContractNumber;
pub use table::DataError;
pub use tick::{Nearest, PriceError, TickRule};
pub use unit::{CountError, Unit, Units};

/// The bundled instruments; NOTICE has the origin.
const BUNDLED: &str = include_str!("../assets/instruments.csv");
const LISTINGS: &str = include_str!("../assets/listings.csv");
const BORROW: &str = include_str!("../assets/borrow.csv");
const INDICES: &str = include_str!("../assets/indices.csv");
const FOREX: &str = include_str!("../assets/forex.csv");
const OPTIONS: &str = include_str!("../assets/options.csv");
const FUTURES: &str = include_str!("../assets/futures.csv");
const BONDS: &str = include_str!("../assets/bonds.csv");
const FUNDS: &str = include_str!("../assets/funds.csv");
const FORECASTS: &str = include_str!("../assets/forecasts.csv");
const DIVIDENDS: &str = include_str!("../assets/dividends.csv");
const SPLITS: &str = include_str!("../assets/splits.csv");
/// Instruments that there were before the markets had a third rule: the first of [`Instruments::all`].
pub(crate) const FIRST: usize = 22;

/// What is traded. Its ticks and steps never change once an order was written down in them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instrument {
    /// Its number (conId on the TWS socket). Floorpass's own, not that of any broker.
    pub id: SymbolId,
    /// What it is.
    pub kind: InstrumentKind,
    /// Its ticker; of an option that of what it is on, of a future its root. `EUR.USD` for a pair of currencies.
    pub symbol: String,
    /// What its exchange calls this very contract: the ticker again, `AAPL  261218C00100000`, `ESZ6`.
    pub local: String,
    /// The class that it is traded in: the ticker again, for an option that of its class.
    pub class: String,
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
    /// When it trades, where the markets keep their hours.
    pub calendar: Option<&'static MarketCalendar>,
    /// How it is quoted under the third rule of the markets.
    pub(crate) manner: Manner,
    /// The same from the fourth on.
    pub(crate) around: Manner,
    /// What one tick of one step is worth.
    point: Unit,
    /// A point is the smallest coin of the currency.
    in_coins: bool,
    /// The days before an account was made.
    pub(crate) history: history::Source,
    /// The part of its price that it pays in a year, in the simulated market.
    pub(crate) income: Decimal,
    /// Where its simulated price begins without a history.
    pub(crate) start: Ticks,
    /// In thousands of units; sets the size of quotes and the derived volume.
    pub(crate) daily_volume: u64,
    /// Of the simulated price: 16 is 30 % a year.
    pub(crate) volatility: i64,
    /// Units that can be borrowed to sell it short; none where there is no end of them.
    pub(crate) located: Option<u64>,
    /// What it pays its holders.
    dividend: Option<Dividend>,
    /// When one of them becomes several, or several one.
    split: Option<Split>,
}

/// Why a quantity is none of an instrument: it is not a whole number of steps of this size, above zero and within 64
/// bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuantityError {
    /// The step.
    pub step: Decimal,
}

/// What every instrument has.
pub(crate) struct Parts {
    id: SymbolId,
    kind: InstrumentKind,
    symbol: String,
    name: String,
    exchange: String,
    currency: Currency,
    prices: TickRule,
    step: Unit,
    multiplier: Decimal,
    fee: Fee,
    calendar: Option<&'static MarketCalendar>,
}

impl Instrument {
    /// One with these parts and nothing else; none where what a tick of a step is worth has more than eight places.
    fn new(parts: Parts) -> Option<Self> {
        let Parts { id, kind, symbol, name, exchange, currency, prices, .. } = parts;
        let Parts { step, multiplier, fee, calendar, .. } = parts;
        let point = Unit::new(multiplier)?.times(prices.tick())?.times(step)?;
        let manner = Self::own_manner(&kind, &prices, currency);
        Some(Self {
            id,
            kind,
            local: symbol.clone(),
            class: symbol.clone(),
            symbol,
            name,
            exchange,
            currency,
            prices,
            step,
            lot: 100,
            multiplier,
            expiry: None,
            fee,
            isin: String::new(),
            figi: String::new(),
            sedol: String::new(),
            sector: String::new(),
            industry: String::new(),
            branch: String::new(),
            calendar,
            around: manner.around(),
            manner,
            point,
            in_coins: point.size() == Decimal::new(1, currency.digits()),
            history: history::Source::Nothing,
            income: Decimal::ZERO,
            start: Ticks(10_000),
            daily_volume: 0,
            volatility: 16,
            located: None,
            dividend: None,
            split: None,
        })
    }

    /// The permission that ordering it takes; none where nobody can.
    pub const fn product(&self) -> Option<Product> {
        self.kind.product()
    }

    /// Somebody bids and asks: not for a figure, nor for a fund that has one price a day.
    pub const fn is_quoted(&self) -> bool {
        !matches!(self.kind, InstrumentKind::Index | InstrumentKind::Fund(_))
    }

    /// Nothing is paid for it but what it gains and loses: a future.
    pub const fn is_margined(&self) -> bool {
        matches!(self.kind, InstrumentKind::Future(_))
    }

    /// A figure that comes out now and then, and nothing but forecasts stands on.
    pub(crate) fn is_only_forecast(&self) -> bool {
        self.kind == InstrumentKind::Index && self.exchange == "FORECASTX"
    }

    /// The name that is its own among all: the ticker, and of a contract of a class what its exchange calls it, without
    /// blanks, as in `AAPL261218C00125000`.
    pub fn key(&self) -> String {
        match self.kind {
            InstrumentKind::Option(_) | InstrumentKind::Future(_) | InstrumentKind::Forecast(_) => {
                self.local.split_ascii_whitespace().collect()
            }
            InstrumentKind::Stock
            | InstrumentKind::Etf
            | InstrumentKind::Index
            | InstrumentKind::Forex { .. }
            | InstrumentKind::Bond(_)
            | InstrumentKind::Fund(_) => self.symbol.clone(),
        }
    }

    /// What it is called where people read it: `AAPL 2026-12-18 125 call`, `ES 2026-12`, and else the ticker.
    pub fn title(&self) -> String {
        match (&self.kind, self.expiry) {
            (InstrumentKind::Option(terms), Some(day)) => {
                format!("{} {day} {} {}", self.class, terms.strike.normalize(), terms.right)
            }
            (InstrumentKind::Future(terms), _) => {
                format!("{} {}-{:02}", self.symbol, terms.month.0, terms.month.1)
            }
            (InstrumentKind::Forecast(terms), Some(day)) => {
                format!("{} {day} {} {}", self.class, terms.threshold.normalize(), terms.outcome)
            }
            _ => self.symbol.clone(),
        }
    }

    /// Of a forecast contract, the one that is paid for the other outcome.
    pub fn other_side(&self) -> Option<SymbolId> {
        match ContractNumber::of(self.id)? {
            ContractNumber::Forecast { class, day, threshold, outcome } => {
                let outcome = outcome.opposite();
                ContractNumber::Forecast { class, day, threshold, outcome }.id()
            }
            ContractNumber::Option { .. } | ContractNumber::Future { .. } => None,
        }
    }

    /// The instrument that lists of symbols name when they mean it: what an option or a future is on, or itself.
    pub fn root(&self) -> SymbolId {
        self.kind.underlying().unwrap_or(self.id)
    }

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

/// The instruments of an exchange: those that have a row of their own, by id ascending, and every contract of a class,
/// which is made when somebody first names it.
#[derive(Debug)]
pub struct Instruments {
    all: Vec<Instrument>,
    families: Families,
    series: Arena,
    volatility_index: Option<usize>,
    yield_level: Option<usize>,
    /// The pair of each currency with the dollar: its place, and whether it is the dollar that it prices.
    dollar_pairs: Vec<(Currency, usize, bool)>,
    /// The days before an account was made, made when they are first asked for.
    pasts: Vec<OnceLock<Vec<Past>>>,
    /// So many ids from the first on have no gaps.
    dense: usize,
}

impl Instruments {
    /// Those of a file with a header row and comma-separated values; a value with a comma is in double quotes. The
    /// instruments ascend by id.
    pub fn read(file: &str, text: &str) -> Result<Self, DataError> {
        read::read(file, text).map(|all| Self::new(all, Families::default()))
    }

    /// Those of the bundled files.
    fn read_bundled() -> Result<Self, DataError> {
        let mut all = read::read("instruments.csv", BUNDLED)?;
        all.extend(read::read("listings.csv", LISTINGS)?);
        listed::hard_to_borrow("borrow.csv", BORROW, &mut all)?;
        listed::dividends("dividends.csv", DIVIDENDS, &mut all)?;
        listed::splits("splits.csv", SPLITS, &mut all)?;
        all.extend(listed::indices("indices.csv", INDICES)?);
        all.extend(listed::pairs("forex.csv", FOREX)?);
        all.extend(bond::read("bonds.csv", BONDS)?);
        all.extend(listed::funds("funds.csv", FUNDS)?);
        let (options, futures) = (("options.csv", OPTIONS), ("futures.csv", FUTURES));
        let families = Families::read(options, futures, ("forecasts.csv", FORECASTS), &all)?;
        Ok(Self::new(all, families))
    }

    fn new(all: Vec<Instrument>, families: Families) -> Self {
        let pasts = all.iter().map(|_| OnceLock::new()).collect();
        let steps = all.windows(2);
        let dense = 1 + steps
            .into_iter()
            .take_while(|pair| matches!(pair, [a, b] if a.id.0 + 1 == b.id.0))
            .count();
        let dollar_pairs = dollar_pairs(&all);
        let figure = |name: &str| {
            all.iter().position(|one| one.kind == InstrumentKind::Index && one.symbol == name)
        };
        let (volatility_index, yield_level) = (figure("VIX"), figure("USDY"));
        let series = Arena::new();
        Self { all, families, series, volatility_index, yield_level, dollar_pairs, pasts, dense }
    }

    /// Those that every paper exchange has, or what is wrong with their file. A server that cannot read them does not
    /// start.
    pub fn bundled() -> Result<&'static Arc<Self>, &'static DataError> {
        static READ: LazyLock<Result<Arc<Instruments>, DataError>> =
            LazyLock::new(|| Instruments::read_bundled().map(Arc::new));
        READ.as_ref()
    }

    /// Those that every paper exchange has.
    pub fn builtin() -> &'static Arc<Self> {
        static NONE: LazyLock<Arc<Instruments>> =
            LazyLock::new(|| Arc::new(Instruments::new(Vec::new(), Families::default())));
        Self::bundled().unwrap_or(&NONE)
    }

    /// Those that have a row of their own, by id ascending.
    pub fn all(&self) -> &[Instrument] {
        &self.all
    }

    /// Those that the first two rules of the markets have.
    #[cfg(test)]
    pub(crate) fn first(&self) -> &[Instrument] {
        self.all.get(..FIRST).unwrap_or(&self.all)
    }

    /// What authority is asked about an instrument: its product, and the one that lists of symbols name. Of what nobody knows
    /// or can order, stocks are as good as any: it is denied for that.
    pub fn asked(&self, symbol: Option<SymbolId>) -> (Product, Option<SymbolId>) {
        let one = symbol.and_then(|id| self.get(id));
        let product = one.and_then(Instrument::product).unwrap_or(Product::Stock);
        (product, one.map(Instrument::root).or(symbol))
    }

    /// What has this name: a ticker, a pair also as `EURUSD` or `EUR/USD`, or what an exchange calls a contract of a class,
    /// with or without blanks; letters in either case. Of futures one of the ten years around a day.
    pub fn called(&self, name: &str, today: Day) -> Option<&Instrument> {
        self.named(name).or_else(|| self.pair(name)).or_else(|| self.with_local(name, today))
    }

    /// The pair of currencies that is written like `EURUSD` or `EUR/USD`.
    fn pair(&self, name: &str) -> Option<&Instrument> {
        let (base, quote) = name.split_once('/').or_else(|| name.split_at_checked(3))?;
        let one = self.named(&format!("{base}.{quote}"))?;
        matches!(one.kind, InstrumentKind::Forex { .. }).then_some(one)
    }

    /// The tick rules of all instruments: of those that have a row in their order, then of classes.
    pub fn tick_rules(&self) -> impl Iterator<Item = &TickRule> {
        self.all.iter().map(|one| &one.prices).chain(self.families.tick_rules())
    }

    /// The classes of contracts.
    pub(crate) const fn families(&self) -> &Families {
        &self.families
    }

    /// The instrument with this id: listed, or a contract of a class that was or may be listed on some day.
    #[inline]
    pub fn get(&self, id: SymbolId) -> Option<&Instrument> {
        self.at(self.index(id)?)
    }

    /// So many ticks of an instrument as a price; zero for an unknown one.
    pub fn price(&self, id: SymbolId, ticks: Ticks) -> Decimal {
        self.get(id).map_or(Decimal::ZERO, |one| one.price(ticks))
    }

    /// So many steps of an instrument as a quantity; zero for an unknown one.
    pub fn quantity(&self, id: SymbolId, steps: Shares) -> Decimal {
        self.get(id).map_or(Decimal::ZERO, |one| one.quantity(steps))
    }

    /// The same of steps that are below zero where they are sold.
    pub fn signed_quantity(&self, id: SymbolId, steps: i64) -> Decimal {
        self.get(id).map_or(Decimal::ZERO, |one| one.signed_quantity(steps))
    }

    /// The average price of an order's fills; none before the first.
    pub fn average_price(&self, order: &Order) -> Option<Decimal> {
        order.average_price(self.get(order.symbol)?)
    }

    /// The instrument at a place.
    #[inline]
    pub(crate) fn at(&self, at: usize) -> Option<&Instrument> {
        match self.all.get(at) {
            None => self.series.at(at.checked_sub(self.all.len())?),
            listed => listed,
        }
    }

    /// Its place: in [`Instruments::all`], or behind them. Places of contracts of a class hold in this process alone.
    #[inline]
    pub(crate) fn index(&self, id: SymbolId) -> Option<usize> {
        let first = self.all.first().map_or(0, |first| first.id.0);
        let at = id.0.checked_sub(first).and_then(|at| usize::try_from(at).ok());
        match at.filter(|at| *at < self.dense.min(self.all.len())) {
            None => self.index_of_series(id),
            dense => dense,
        }
    }

    fn index_of_series(&self, id: SymbolId) -> Option<usize> {
        if let Ok(at) = self.all.binary_search_by_key(&id, |one| one.id) {
            return Some(at);
        }
        let number = ContractNumber::of(id)?;
        let place = self.series.place_or(id, || self.families.contract(number))?;
        Some(self.all.len() + place)
    }

    /// The option that one becomes when the shares that it is on are split; none of what is none.
    pub fn after_split(&self, id: SymbolId) -> Option<SymbolId> {
        let ContractNumber::Option { class, day, strike, right } = ContractNumber::of(id)? else {
            return None;
        };
        let strike = self.families.options.get(usize::from(class))?.ladder.split_place(strike)?;
        ContractNumber::Option { class, day, strike, right }.id()
    }

    /// The place of the index that options' volatility follows.
    pub(crate) fn volatility_index(&self) -> Option<usize> {
        self.volatility_index
    }

    /// The place of the level of the dollar's yields.
    pub(crate) const fn yield_level(&self) -> Option<usize> {
        self.yield_level
    }

    /// The place of the pair of a currency with the dollar, and whether it is the dollar that it prices.
    pub(crate) fn dollar_pair(&self, currency: Currency) -> Option<(usize, bool)> {
        let found = self.dollar_pairs.iter().find(|(one, ..)| *one == currency);
        found.map(|(_, at, inverse)| (*at, *inverse))
    }

    /// The contract of a class that its exchange calls so, with or without blanks; of futures one of the ten years
    /// around a day.
    pub fn with_local(&self, name: &str, today: Day) -> Option<&Instrument> {
        self.get(self.families.named(name, today)?.id()?)
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
        self.find(|one| !isin.is_empty() && one.isin.eq_ignore_ascii_case(isin))
    }

    /// The instrument with this CUSIP; letters in either case.
    pub fn with_cusip(&self, cusip: &str) -> Option<&Instrument> {
        self.find(|one| !cusip.is_empty() && one.cusip().eq_ignore_ascii_case(cusip))
    }

    /// The instrument with this FIGI; letters in either case.
    pub fn with_figi(&self, figi: &str) -> Option<&Instrument> {
        self.find(|one| !figi.is_empty() && one.figi.eq_ignore_ascii_case(figi))
    }

    /// The instrument with this SEDOL; letters in either case.
    pub fn with_sedol(&self, sedol: &str) -> Option<&Instrument> {
        self.find(|one| !sedol.is_empty() && one.sedol.eq_ignore_ascii_case(sedol))
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

/// The pairs of each currency with the dollar.
fn dollar_pairs(all: &[Instrument]) -> Vec<(Currency, usize, bool)> {
    let pair = |(at, one): (usize, &Instrument)| match one.kind {
        InstrumentKind::Forex { base } if one.currency == Currency::USD => Some((base, at, false)),
        InstrumentKind::Forex { base } if base == Currency::USD => Some((one.currency, at, true)),
        _ => None,
    };
    all.iter().enumerate().filter_map(pair).collect()
}

#[cfg(test)]
mod tests;
