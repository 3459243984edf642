//! Where orders meet: the market side of an exchange, which knows no account's money.
//!
//! The paper venue answers at once, under the sequencer's lock. One that passes orders on answers
//! [`VenueAnswer::Pending`]: nothing has happened yet, and the order stays as it is until the venue
//! reports.

use crate::book::{Fill, Handle};
use crate::calendar::Day;
use crate::order::{End, Order, OrderId, Shares, TimeInForce};
use crate::price::Ticks;
use crate::quote::Quote;
use access::currency::Currency;
use access::entitlements::Side;
use access::id::SymbolId;
use access::moment::Time;
use rust_decimal::Decimal;

/// Whose an order is: a ledger's place among those of its exchange, 1 and up.
pub type Owner = u32;

/// What a venue says to what it was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "what is pending has not happened"]
pub enum VenueAnswer<T> {
    /// It is done, and this came of it.
    Done(T),
    /// It was passed on. Nothing has happened until the venue reports.
    Pending,
}

/// An order, or what is left of it, as it comes to the market.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrival {
    /// Its contract's place in the catalogue.
    pub at: usize,
    /// Its number.
    pub order: OrderId,
    /// Whose it is.
    pub owner: Owner,
    /// Which way.
    pub side: Side,
    /// Shares that may trade now, at least 1.
    pub shares: Shares,
    /// The worst price that it accepts, in ticks; none for any price.
    pub limit: Option<i64>,
    /// How long it is good.
    pub tif: TimeInForce,
    /// Where it rests already; it gives that place up.
    pub place: Option<Handle>,
    /// Whether its own ledger's orders that it meets end and do not stop it.
    pub passes_own: bool,
    /// Whether it comes anew; what goes on after a trade does not.
    pub fresh: bool,
}

impl Arrival {
    /// An order of the contract at this place, with all of its live shares.
    pub(crate) fn of(order: &Order, at: usize, owner: Owner) -> Self {
        Self {
            at,
            order: order.id,
            owner,
            side: order.side,
            shares: order.live(),
            limit: order.order_type.limit().map(|price| price.0),
            tif: order.tif,
            place: None,
            passes_own: false,
            fresh: true,
        }
    }
}

/// What becomes of an arrival after the trades that came with the answer are booked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// It is filled, or waits in the market without a place in the book.
    Nothing,
    /// It rests in the book here.
    Rests(Handle),
    /// It comes again with what is left of it: the trades may have changed what it would meet.
    Again,
    /// It met this order of its own ledger.
    Own(OrderId),
    /// It ends.
    Ends(End),
}

/// The answer to an arrival: trades, best price first, and what follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Met {
    /// With whom it traded.
    pub fills: Vec<Fill>,
    /// What becomes of it.
    pub then: Then,
}

/// A market that orders are brought to. The ledgers' side of it is in `desk.rs`.
pub trait Venue {
    /// Brings an order to the market. Of orders that are not `firm` a trade of another may take
    /// shares away: they do not count for an order that wants all or nothing.
    fn submit(
        &mut self,
        arrival: &Arrival,
        firm: &dyn Fn(Owner, OrderId) -> bool,
    ) -> VenueAnswer<Met>;

    /// Has a stop wait for its trigger. The answer says whether the price is there already, so that
    /// it must be brought to the market instead.
    fn arm(&mut self, at: usize, order: &Order) -> VenueAnswer<bool>;

    /// Takes an order out of the market, wherever it waits.
    fn withdraw(&mut self, at: usize, order: &Order, place: Option<Handle>) -> VenueAnswer<()>;

    /// Makes what waits of an order in the market as small as this, at least 1 share; it keeps its place.
    fn shrink(
        &mut self,
        at: usize,
        order: &Order,
        place: Option<Handle>,
        shares: Shares,
    ) -> VenueAnswer<()>;

    /// The last price of the contract at this place, in ticks; zero for an unknown one.
    fn last(&self, at: usize) -> i64;

    /// The last price of a contract; zero for an unknown one.
    fn mark(&self, symbol: SymbolId) -> Ticks;

    /// The price that an incoming order of this side would meet: the quote, or the last price while
    /// nothing is quoted.
    fn reference(&self, symbol: SymbolId, side: Side) -> Option<Ticks>;

    /// All prices of a contract.
    fn quote(&self, symbol: SymbolId) -> Option<Quote>;

    /// What a unit of one currency is worth in another; none where nothing says.
    fn rate(&self, from: Currency, to: Currency) -> Option<Decimal>;

    /// Whether a contract can be ordered at all.
    fn is_listed(&self, symbol: SymbolId) -> bool;

    /// Whether a contract trades now.
    fn is_open(&self, symbol: SymbolId) -> bool;

    /// When a contract trades next; now, when it does.
    fn next_open(&self, symbol: SymbolId) -> Time;

    /// The trading day at whose end a day order of a contract ends that comes now.
    fn day(&self, symbol: SymbolId) -> Day;
}
