//! What the checks look at.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use access::currency::Currency;
use access::id::SymbolId;
use rust_decimal::Decimal;

use super::Denial;
use crate::account::AccountSummary;
use crate::event::Reject;
use crate::instrument::Instrument;
use crate::ledger::Ledger;
use crate::ledger::required::Instead;
use crate::margin::{Exposure, initial};
use crate::money::{Money, Rates, floor_coins};
use crate::order::{Order, OrderId, Shares, Side};
use crate::price::Ticks;
use crate::venue::Venue;

/// The account's orders and positions, and the market's prices, at one moment.
#[derive(Clone, Copy)]
pub struct Facts<'a> {
    /// What the account has.
    pub ledger: &'a Ledger,
    /// Prices and hours.
    pub venue: &'a dyn Venue,
    /// Open orders of who asks, on all accounts.
    pub open_count: u32,
}

/// Last prices, each looked up once: that of an option is worked out anew each time.
pub(super) struct Marks<'a> {
    venue: &'a dyn Venue,
    known: RefCell<BTreeMap<SymbolId, Ticks>>,
}

impl Marks<'_> {
    pub(super) fn of(&self, symbol: SymbolId) -> Ticks {
        *self.known.borrow_mut().entry(symbol).or_insert_with(|| self.venue.mark(symbol))
    }
}

impl Facts<'_> {
    pub(super) fn marks(&self) -> Marks<'_> {
        Marks { venue: self.venue, known: RefCell::default() }
    }

    pub(super) fn open_order(&self, id: OrderId) -> Result<&Arc<Order>, Reject> {
        self.ledger.open_order(id).ok_or_else(|| self.ledger.missing(id))
    }

    pub(super) fn instrument(&self, symbol: SymbolId) -> Result<&Instrument, Denial> {
        self.ledger.instruments().get(symbol).ok_or(Denial::UnknownSymbol { symbol })
    }

    /// The account's base currency.
    pub(super) const fn base(&self) -> Currency {
        self.ledger.base()
    }

    /// So many steps of an instrument as a quantity.
    pub(super) fn units(&self, symbol: SymbolId, steps: Shares) -> Decimal {
        let instrument = self.ledger.instruments().get(symbol);
        instrument.map_or_else(|| steps.into(), |instrument| instrument.quantity(steps))
    }

    /// The price that an incoming order of this side would meet.
    pub(super) fn reference(&self, symbol: SymbolId, side: Side) -> Option<Ticks> {
        self.venue.reference(symbol, side)
    }

    /// Shares held of a contract; below zero when sold short.
    pub(super) fn shares(&self, symbol: SymbolId) -> i64 {
        self.ledger.position(symbol).shares
    }

    /// What working orders in a contract could trade.
    pub(super) fn exposure(&self, symbol: SymbolId) -> Option<Exposure> {
        self.ledger.exposure(symbol)
    }

    /// What a contract's position and such orders come to at worst, as the value of shares that binds as much, in coins of
    /// the base currency.
    pub(super) fn worst_of(&self, instrument: &Instrument, exposure: &Exposure) -> i128 {
        let marked = self.ledger.marked(instrument, |symbol| self.venue.mark(symbol));
        let worst = marked.worst(exposure, self.shares(instrument.id));
        self.with_rates(|rates| rates.coins(worst, instrument.currency))
    }

    /// The same of all.
    pub(super) fn worst(&self) -> i128 {
        self.with_rates(|rates| self.ledger.worst(rates, |symbol| self.venue.mark(symbol)))
    }

    /// The same with other orders in some contracts, by their places, than there are.
    pub(super) fn worst_with(&self, marks: &Marks<'_>, instead: &[(usize, Exposure)]) -> i128 {
        self.worst_instead(marks, Instead { orders: instead, ..Instead::default() })
    }

    /// The same with other positions in some contracts than there are.
    pub(super) fn worst_then(&self, marks: &Marks<'_>, then: &[(SymbolId, i64)]) -> i128 {
        self.worst_instead(marks, Instead { positions: then, ..Instead::default() })
    }

    fn worst_instead(&self, marks: &Marks<'_>, instead: Instead<'_>) -> i128 {
        let mark = |symbol| marks.of(symbol);
        self.with_rates(|rates| self.ledger.worst_with(rates, mark, instead))
    }

    /// What the currencies are worth in the base currency.
    pub(super) fn with_rates<T>(&self, then: impl FnOnce(Rates<'_>) -> T) -> T {
        let rate = |currency| self.venue.rate(currency, self.base());
        then(Rates::new(self.base(), &rate))
    }

    /// An amount in an instrument's currency in the base currency.
    pub(super) fn in_base(&self, amount: Decimal, instrument: &Instrument) -> Money {
        let amount = self.with_rates(|rates| rates.convert(amount, instrument.currency));
        Money::new(amount, self.base())
    }

    /// What the account has gained since its trading day began; below zero it has lost.
    pub(super) fn gained_today(&self) -> Money {
        let mark = |symbol| self.venue.mark(symbol);
        let summary = self.with_rates(|rates| AccountSummary::new(self.ledger, rates, mark));
        Money::new(summary.daily, summary.currency)
    }

    /// Equity in the smallest coins that nothing binds; below zero when more is bound than there is.
    pub(super) fn available(&self) -> i128 {
        let equity =
            self.with_rates(|rates| self.ledger.equity(rates, |symbol| self.venue.mark(symbol)));
        floor_coins(equity, self.base()).saturating_sub(initial(self.worst()))
    }
}
