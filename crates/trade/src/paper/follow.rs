//! Contracts whose price follows others: pairs of currencies that are quoted against a third, futures, options, forecasts,
//! bonds, funds. Any second of
//! them follows from the same second of what they stand on, so that nothing need be kept of them.

use access::currency::Currency;
use access::id::SymbolId;
use rust_decimal::Decimal;

use super::Paper;
use super::listing::Listing;
use crate::calendar::Day;
use crate::instrument::{
    ForecastTerms, FundKind, Instrument, InstrumentKind, Manner, OptionTerms, Right, Style, YesNo,
};
use crate::market::{FINE, Print, Process};
use crate::order::Side;
use crate::path::{Block, Stretch};
use crate::price::Ticks;
use crate::pricing::computation::{OptionMarket, exact};
use crate::pricing::european::Payoff;
use crate::pricing::fair::{self, OptionCase};
use crate::random::{GAMMA, mix};

/// Seconds of a stretch that is looked at as a whole.
const BLOCK: i64 = 64;

/// What the things that others follow cost.
type Spots<'a> = dyn Fn(SymbolId) -> Option<f64> + 'a;

impl Paper {
    /// The market of a contract that follows others, at a second of this trading day.
    pub(crate) fn followed(&self, at: usize, second: i64) -> Process {
        let Some(one) = self.instruments.at(at) else {
            return Process::quoted(0, 0, 1, &Manner::PLAIN);
        };
        let shape = mix(self.key(one).wrapping_add(second.cast_unsigned().wrapping_mul(GAMMA)));
        let manner = one.manner(self.rule);
        let mut market =
            Process::quoted(self.followed_fair(one, second), shape, one.usual_lot(), manner);
        market.print = self.others_trade(one, second).map(|(side, size)| Print {
            side,
            price: if side == Side::Buy { market.ask } else { market.bid },
            size,
        });
        market
    }

    /// What all that is drawn for it follows from.
    pub(super) fn key(&self, one: &Instrument) -> u64 {
        mix(self.seed ^ mix(one.id.0.into()))
    }

    /// Its fair price, in 65,536ths of a tick.
    pub(crate) fn followed_fair(&self, one: &Instrument, second: i64) -> i64 {
        self.fair_of(one, second, &|id| self.spot(id, second))
    }

    /// The same where what it follows costs so much.
    pub(super) fn fair_of(&self, one: &Instrument, second: i64, spots: &Spots<'_>) -> i64 {
        let fair = match &one.kind {
            InstrumentKind::Forex { base } => self.cross(*base, one.currency, spots),
            InstrumentKind::Future(terms) => spots(terms.underlying).map(|spot| {
                fair::carried(spot, self.income(terms.underlying), left(one.expiry, second))
            }),
            InstrumentKind::Option(terms) => {
                let case = self.option_case(one, terms, second, spots);
                case.map(|case| case.price(&self.boundaries))
            }
            InstrumentKind::Forecast(terms) => return self.odds(one, terms, second, spots),
            InstrumentKind::Bond(terms) => self
                .yields(spots)
                .map(|level| fair::bond(terms, one.value_day(self.day_of(second)), level)),
            InstrumentKind::Fund(_) => return self.in_force(one, second, spots),
            InstrumentKind::Stock | InstrumentKind::Etf | InstrumentKind::Index => None,
        };
        fair.map_or(0, |fair| fair::fine(fair, unit(one)))
    }

    /// The fair price of a forecast: the probability that its figure ends above the threshold, from the figure of now, what
    /// it earns until then, and its volatility, of an index that of an option with this strike. Yes and no are one together,
    /// and neither is certain.
    fn odds(&self, one: &Instrument, terms: &ForecastTerms, second: i64, spots: &Spots<'_>) -> i64 {
        let Some(under) = self.instruments.get(terms.underlying) else { return 0 };
        let Some(spot) = spots(terms.underlying) else { return 0 };
        let case = OptionCase {
            payoff: Payoff::Call,
            spot,
            dividends: fair::of(Decimal::ZERO),
            strike: fair::of(terms.threshold),
            income: fair::of(under.income),
            volatility: fair::yearly(under.volatility),
            level: self.level(spots),
            seconds: left(one.expiry, second),
            is_on_figure: true,
            is_american: false,
        };
        let odds = if under.is_only_forecast() { case.reported() } else { case.above() };
        let dollar = 100 * FINE;
        let yes = fair::fine(odds, unit(one)).clamp(2 * FINE, dollar - 2 * FINE);
        if terms.outcome == YesNo::Yes { yes } else { dollar - yes }
    }

    /// The price in dollars of one currency over that of another.
    fn cross(&self, base: Currency, quote: Currency, spots: &Spots<'_>) -> Option<f64> {
        Some(fair::over(self.in_dollars(base, spots)?, self.in_dollars(quote, spots)?))
    }

    /// What a unit of a currency is worth in dollars.
    fn in_dollars(&self, currency: Currency, spots: &Spots<'_>) -> Option<f64> {
        let (at, inverse) = self.instruments.dollar_pair(currency)?;
        let price = spots(self.instruments.at(at)?.id)?;
        Some(if inverse { fair::over(1.0, price) } else { price })
    }

    /// An option, and the market that it is valued in at a second.
    pub(super) fn option_case(
        &self,
        one: &Instrument,
        terms: &OptionTerms,
        second: i64,
        spots: &Spots<'_>,
    ) -> Option<OptionCase> {
        let under = self.instruments.get(terms.underlying)?;
        Some(OptionCase {
            payoff: match terms.right {
                Right::Call => Payoff::Call,
                Right::Put => Payoff::Put,
            },
            spot: spots(terms.underlying)?,
            dividends: self.dividends_until(under, one.expiry, second),
            strike: fair::of(terms.strike),
            income: self.income(terms.underlying),
            volatility: fair::yearly(under.volatility),
            level: self.level(spots),
            seconds: left(one.expiry, second),
            is_on_figure: under.kind == InstrumentKind::Index,
            is_american: terms.style == Style::American,
        })
    }

    /// The price of a fund that is known at a second: on this trading day, that of the last day before it that had one.
    fn in_force(&self, one: &Instrument, second: i64, spots: &Spots<'_>) -> i64 {
        if second < self.session.start {
            return self.struck(one, self.day_of(second), spots).0.saturating_mul(FINE);
        }
        let day = one.priced_before(self.session.day, self.hours);
        self.struck(one, day, &|id| self.spot_before(id)).0.saturating_mul(FINE)
    }

    /// The price of a fund for a day whose yields are these.
    fn struck(&self, one: &Instrument, day: Day, spots: &Spots<'_>) -> Ticks {
        let Some(terms) = one.fund().filter(|terms| terms.kind == FundKind::Bond) else {
            return one.start;
        };
        let start = fair::priced(one.start.0.saturating_mul(FINE), unit(one));
        let level = self.yields(spots).unwrap_or(1.0);
        let price = fair::fine(fair::fund(terms, start, day, level), unit(one));
        Ticks((price + FINE / 2).div_euclid(FINE).max(1))
    }

    /// The price of a fund for this trading day, as it ends.
    pub(crate) fn strike(&self, one: &Instrument) -> Ticks {
        let level = |id| self.spot(id, self.step);
        self.struck(one, self.session.day, &level)
    }

    /// What the dollar's yields are over those of the file.
    fn yields(&self, spots: &Spots<'_>) -> Option<f64> {
        let one = self.instruments.at(self.instruments.yield_level()?)?;
        let began = fair::priced(one.start.0.saturating_mul(FINE), unit(one));
        Some(fair::over(spots(one.id)?, began))
    }

    /// The trading day that a second is in; before this one, the date in New York.
    pub(super) fn day_of(&self, second: i64) -> Day {
        let today = self.session;
        if second >= today.start { today.day } else { Day::in_new_york(second) }
    }

    /// What the volatility index has moved by since it began.
    fn level(&self, spots: &Spots<'_>) -> f64 {
        let Some(index) = self.instruments.volatility_index() else { return 1.0 };
        let Some(one) = self.instruments.at(index) else { return 1.0 };
        spots(one.id).map_or(1.0, |now| self.level_at(index, one, now))
    }

    /// The same where the volatility index is at so much.
    fn level_at(&self, index: usize, one: &Instrument, now: f64) -> f64 {
        let began = self.instruments.past(index).last().map_or(one.start.0, |day| day.close);
        fair::over(now, fair::priced(began.saturating_mul(FINE), unit(one)))
    }

    /// An option that has not expired, in the market of this second.
    pub(crate) fn option_market(&self, id: SymbolId) -> Option<OptionMarket> {
        let one = self.instruments.get(id)?;
        let InstrumentKind::Option(terms) = &one.kind else { return None };
        let second = self.step;
        let case = self.option_case(one, terms, second, &|id| self.spot(id, second))?;
        (case.seconds > 0).then(|| OptionMarket::new(case))
    }

    /// The volatility that options on something are priced by, at the money and thirty days ahead: now, or where the
    /// volatility index is at a price. None where there are no options on it.
    pub(crate) fn implied_volatility(
        &self,
        id: SymbolId,
        index_at: Option<Ticks>,
    ) -> Option<Decimal> {
        let under = self.instruments.get(id)?;
        self.instruments.families().options.iter().find(|class| class.underlying == id)?;
        let index = self.instruments.volatility_index()?;
        let one = self.instruments.at(index)?;
        let now = match index_at {
            Some(price) => fair::priced(price.0.saturating_mul(FINE), unit(one)),
            None => self.spot(one.id, self.step)?,
        };
        let level = self.level_at(index, one, now);
        let is_on_figure = under.kind == InstrumentKind::Index;
        exact(fair::ahead(fair::yearly(under.volatility), level, is_on_figure))
    }

    /// The figure that volatility is told by.
    pub(crate) fn volatility_index(&self) -> Option<SymbolId> {
        Some(self.instruments.at(self.instruments.volatility_index()?)?.id)
    }

    /// The part of itself that something pays in a year.
    fn income(&self, id: SymbolId) -> f64 {
        self.instruments.get(id).map_or(0.0, |one| fair::of(one.income))
    }

    /// What a contract's price follows: two things at most.
    pub(super) fn followed_by(&self, one: &Instrument) -> [Option<SymbolId>; 2] {
        let id = |at: Option<usize>| Some(self.instruments.at(at?)?.id);
        let pair = |currency| id(self.instruments.dollar_pair(currency).map(|(at, _)| at));
        match &one.kind {
            InstrumentKind::Forex { base } => [pair(*base), pair(one.currency)],
            InstrumentKind::Future(terms) => [Some(terms.underlying), None],
            InstrumentKind::Option(terms) => {
                [Some(terms.underlying), id(self.instruments.volatility_index())]
            }
            InstrumentKind::Bond(_) | InstrumentKind::Fund(_) => {
                [id(self.instruments.yield_level()), None]
            }
            InstrumentKind::Forecast(terms) => {
                let under = self.instruments.get(terms.underlying);
                let is_index = under.is_some_and(|under| !under.is_only_forecast());
                let level = id(self.instruments.volatility_index().filter(|_| is_index));
                [Some(terms.underlying), level]
            }
            InstrumentKind::Stock | InstrumentKind::Etf | InstrumentKind::Index => [None, None],
        }
    }

    /// The fair price of something that wanders by itself, at a second of this trading day.
    pub(super) fn spot(&self, id: SymbolId, second: i64) -> Option<f64> {
        let at = self.instruments.index(id)?;
        let (one, listing) = (self.instruments.at(at)?, self.listings.get(at)?);
        Some(price_of(one, listing, self.walked_fair(listing, second)))
    }

    /// The same when the trading day before this one ended.
    pub(super) fn spot_before(&self, id: SymbolId) -> Option<f64> {
        let at = self.instruments.index(id)?;
        let (one, listing) = (self.instruments.at(at)?, self.listings.get(at)?);
        Some(fair::priced(listing.previous_close.saturating_mul(FINE), unit(one)))
    }

    fn walked_fair(&self, listing: &Listing, second: i64) -> i64 {
        match listing.spans.at(second) {
            Some(span) if second != self.step => listing.path_in(span).block(second).fair(second),
            _ => listing.process.fair(),
        }
    }

    /// The middle of a contract's market now.
    pub(crate) fn middle(&self, at: usize) -> Ticks {
        let follows = self.instruments.at(at).is_some_and(Instrument::follows);
        if !follows {
            return Ticks(self.listings.get(at).map_or(0, |listing| listing.last));
        }
        let fair = self.instruments.at(at).map_or(0, |one| self.followed_fair(one, self.step));
        Ticks(fair.div_euclid(FINE))
    }

    /// The first second of a stretch of its hours that would do something to an order of a client.
    pub(super) fn first_followed(&self, at: usize, stretch: Stretch) -> Option<i64> {
        let (listing, one) = (self.listings.get(at)?, self.instruments.at(at)?);
        if !listing.sweeping.is_empty() {
            return Some(stretch.from);
        }
        let mut from = stretch.from;
        while from <= stretch.to {
            let to = stretch.to.min(from - from.rem_euclid(BLOCK) + BLOCK - 1);
            let (low, high) = self.range(one, Stretch { from, to });
            if listing.may_touch(low, high)
                && let Some(found) =
                    (from..=to).find(|second| listing.touches(&self.followed(at, *second)))
            {
                return Some(found);
            }
            from = to + 1;
        }
        None
    }

    /// Between which ticks the fair price of a contract is in some seconds. It rises or falls with each of the things that it
    /// follows alone, so that the ends of these give its own.
    fn range(&self, one: &Instrument, stretch: Stretch) -> (i64, i64) {
        let follows = self.followed_by(one);
        let ends = follows.map(|id| id.and_then(|id| self.spot_range(id, stretch)));
        let (mut low, mut high) = (i64::MAX, i64::MIN);
        for corner in 0..4_usize {
            let spots = |wanted: SymbolId| {
                let which = follows.iter().position(|id| *id == Some(wanted))?;
                let (low, high) = ends.get(which).copied().flatten()?;
                Some(if corner >> which & 1 == 0 { low } else { high })
            };
            for second in [stretch.from, stretch.to] {
                let fair = self.fair_of(one, second, &spots).div_euclid(FINE);
                (low, high) = (low.min(fair), high.max(fair));
            }
        }
        // One tick for what is not quite straight between two seconds.
        (low.saturating_sub(1), high.saturating_add(2))
    }

    /// The lowest and the highest fair price of something that wanders by itself, in some seconds.
    fn spot_range(&self, id: SymbolId, stretch: Stretch) -> Option<(f64, f64)> {
        let at = self.instruments.index(id)?;
        let (one, listing) = (self.instruments.at(at)?, self.listings.get(at)?);
        let mut range = (i64::MAX, i64::MIN);
        let mut see = |fair: i64| range = (range.0.min(fair), range.1.max(fair));
        let (mut second, mut block) = (stretch.from, None::<Block>);
        while second <= stretch.to {
            match listing.spans.at(second) {
                Some(span) => {
                    let made = block.take().filter(|block| block.has(second));
                    let made = made.unwrap_or_else(|| listing.path_in(span).block(second));
                    see(made.fair(second));
                    block = Some(made);
                }
                None => see(listing.process.fair()),
            }
            second += 1;
        }
        Some((price_of(one, listing, range.0), price_of(one, listing, range.1)))
    }
}

/// A fair price as it is kept, as a price.
fn price_of(one: &Instrument, listing: &Listing, kept: i64) -> f64 {
    fair::priced(kept - listing.manner.shift * FINE, unit(one))
}

/// The size of a tick.
pub(super) fn unit(one: &Instrument) -> f64 {
    fair::of(one.prices.tick().size())
}

/// Seconds to the end of a day's trading in New York; none after it.
fn left(expiry: Option<Day>, second: i64) -> i64 {
    expiry.map_or(0, |day| (day.at(16, 0) - second).max(0))
}
