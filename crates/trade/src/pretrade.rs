//! Is this order sound? Every number of an order is checked here, before it is stamped; who may
//! trade at all is `access`'s question. Only this module makes a [`Checked`], and the facts
//! takes nothing else.
//!
//! The limits come with the entitlements; where they say nothing, [`defaults`] apply, on every port
//! and for everyone. A group (a parent and its children) is denied as a whole if one member is.

use access::currency::Currency;
use access::entitlements::{Controls, Limits, Rule};
use access::id::Holder;
use access::moment::Time;
use rust_decimal::Decimal;

use crate::account::AccountSummary;
use crate::instrument::{BondTerms, Instrument, InstrumentKind, PriceError};
use crate::margin::{self, buying_power, initial};
use crate::money::{Money, floor_coins, of_coins};
use crate::order::{
    Change, NewOrder, Order, OrderId, OrderState, OrderType, Origin, Parent, Shares, Side,
    TimeInForce,
};
use crate::price::Ticks;

mod breach;
pub mod control;
mod denial;
mod denied;
mod facts;
pub mod large;
pub mod liquidation;
mod power;
#[cfg(test)]
mod tests;

pub use breach::Breach;
pub use denial::Denial;
pub use denied::{Denied, Reason};
pub use facts::Facts;

/// Members of a group: a parent and its children.
pub const MOST_IN_GROUP: usize = 10;
/// Characters of an order's reference and of the name of a one-cancels-all group.
pub const LONGEST_TEXT: usize = 64;

/// What passed the checks. It is made here, and read back from a journal that it was written to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked<T>(T);

impl<T> Checked<T> {
    /// What passed.
    pub const fn get(&self) -> &T {
        &self.0
    }

    /// What a record says had passed when it was stamped.
    pub(crate) const fn of_record(passed: T) -> Self {
        Self(passed)
    }
}

/// The limits that hold at most, and where the entitlements say nothing: 1,000,000 shares or other units and 100,000,000 of
/// the account's currency per order, 10 % beyond the market on the aggressive side, 10,000 open orders per holder, no
/// check of duplicates. Only the collar may be set wider.
pub fn defaults() -> Limits {
    Limits {
        max_quantity: Some(1_000_000),
        max_notional: Some(Decimal::from(100_000_000)),
        collar_bps: Some(1_000),
        max_open_orders: Some(10_000),
        duplicate_window: None,
        controls: Controls::default(),
    }
}

/// What placing an order would do, in the account's base currency: the answer to a what-if.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    /// The account's base currency.
    pub currency: Currency,
    /// Its value at its limit, its trigger or the quote.
    pub notional: Decimal,
    /// Its commission if all of it traded at that.
    pub commission: Decimal,
    /// Initial requirement now.
    pub initial_before: Decimal,
    /// Initial requirement with it.
    pub initial_after: Decimal,
    /// Maintenance requirement now.
    pub maintenance_before: Decimal,
    /// Maintenance requirement if it traded.
    pub maintenance_after: Decimal,
    /// Equity with loan value now.
    pub equity_before: Decimal,
    /// Equity with loan value after its commission.
    pub equity_after: Decimal,
    /// Buying power now.
    pub buying_power_before: Decimal,
    /// Buying power with it.
    pub buying_power_after: Decimal,
    /// It would wait for a person's yes, because it is worth more than this; none where it would not.
    pub waits_above: Option<Money>,
}

/// Checks new orders: one, or a parent and its children (`parent: Some(Parent::Member(0))`).
pub fn check(
    facts: &Facts<'_>,
    limits: &Limits,
    now: Time,
    orders: Vec<NewOrder>,
) -> Result<Checked<Vec<NewOrder>>, Denial> {
    check_all(facts, (&[], limits), now, &orders, true)?;
    Ok(Checked(orders))
}

/// The same with all that speaks against it, where something does, and whose rule each of it is: the limits are the
/// narrowest of the rules.
pub fn check_by(
    facts: &Facts<'_>,
    (rules, limits): (&[Rule], &Limits),
    now: Time,
    orders: Vec<NewOrder>,
    reducing: bool,
) -> Result<Checked<Vec<NewOrder>>, Denied> {
    let buys = !reducing;
    match check_all(facts, (rules, limits), now, &orders, buys) {
        Ok(()) => Ok(Checked(orders)),
        Err(first) => Err(denied::collect(facts, (rules, limits), now, &orders, (first, buys))),
    }
}

fn check_all(
    facts: &Facts<'_>,
    (rules, limits): (&[Rule], &Limits),
    now: Time,
    orders: &[NewOrder],
    buys: bool,
) -> Result<(), Denial> {
    check_terms(facts, &limits.and(&defaults_for(limits)), now, orders)?;
    control::check(facts, &limits.controls, orders)?;
    for rule in rules {
        control::daily(facts, (&rule.owner, &rule.limits.controls), orders)?;
    }
    if buys { power::check(facts, orders) } else { power::check_hedges(facts, orders) }
}

/// The same for an order that may only reduce, which never makes a position larger and so needs no buying power.
pub fn check_reducing(
    facts: &Facts<'_>,
    limits: &Limits,
    now: Time,
    order: NewOrder,
) -> Result<Checked<Vec<NewOrder>>, Denial> {
    let orders = vec![order];
    check_all(facts, (&[], limits), now, &orders, false)?;
    Ok(Checked(orders))
}

fn check_terms(
    facts: &Facts<'_>,
    limits: &Limits,
    now: Time,
    orders: &[NewOrder],
) -> Result<(), Denial> {
    if orders.is_empty() || orders.len() > MOST_IN_GROUP {
        return Err(Denial::GroupSize { members: orders.len(), limit: MOST_IN_GROUP });
    }
    let count = u32::try_from(orders.len()).unwrap_or(u32::MAX);
    if let Some(limit) = limits.max_open_orders {
        let open = facts.open_count;
        if open.saturating_add(count) > limit {
            return Err(Denial::OpenOrders { open, new: count, limit });
        }
    }
    for (at, order) in orders.iter().enumerate() {
        let earlier = orders.get(..at).unwrap_or_default();
        let parent = parent(facts, order, earlier)?;
        let instrument = facts.instrument(order.symbol)?;
        if order.account != facts.ledger.id {
            return Err(Denial::UnknownAccount { account: order.account });
        }
        let terms = Terms::of(order, instrument);
        terms.check_listing(facts)?;
        terms.check_shape()?;
        check_texts(order)?;
        terms.check_fund(facts, (None, order.quantity), earlier)?;
        terms.check_market(facts, parent.is_some())?;
        terms.check_size(facts, limits, parent.as_ref())?;
        check_duplicate(facts, limits, now, order, earlier)?;
        if order.side == Side::Sell && parent.is_none() {
            let beside = |one: &&NewOrder| {
                one.parent.is_none() && (one.symbol, one.side) == (order.symbol, order.side)
            };
            let beside = earlier.iter().filter(beside);
            let sold = beside.fold(order.quantity, |sum, one| sum.saturating_add(one.quantity));
            control::locate(facts, instrument, sold)?;
        }
    }
    Ok(())
}

/// Checks new terms for an open order.
pub fn check_modify(
    facts: &Facts<'_>,
    limits: &Limits,
    change: Change,
) -> Result<Checked<Change>, Denial> {
    let order = facts.open_order(change.order).map_err(Denial::Missing)?;
    let change = Change { units: facts.instrument(order.symbol)?.units(), ..change };
    if change.quantity <= order.filled {
        return Err(Denial::QuantityBelowFilled {
            quantity: facts.units(order.symbol, change.quantity),
            filled: facts.units(order.symbol, order.filled),
        });
    }
    let immediate = matches!(change.tif, TimeInForce::Ioc | TimeInForce::Fok);
    if immediate && change.tif != order.tif {
        return Err(Denial::ImmediateChange { tif: change.tif });
    }
    let limits = limits.and(&defaults_for(limits));
    let terms = Terms::changed(order, &change, facts.instrument(order.symbol)?);
    terms.check_shape()?;
    let parent = order.parent.and_then(|id| facts.ledger.order(id));
    let parent = parent.map(|parent| Elder::of(facts, parent, Some(order.id)));
    let left = change.quantity.saturating_sub(order.filled);
    terms.check_fund(facts, (Some(order.id), left), &[])?;
    terms.check_market(facts, parent.is_some())?;
    terms.check_size(facts, &limits, parent.as_ref())?;
    if parent.is_none() {
        let added = change.quantity.saturating_sub(order.quantity);
        if order.side == Side::Sell && added > 0 && !order.reduce_only {
            control::locate(facts, terms.instrument, added)?;
        }
        control::check_change(facts, &limits.controls, (order, &change))?;
        power::check_change(facts, order, &terms)?;
    }
    if order.reduce_only {
        check_held(
            facts,
            (order.symbol, order.side),
            change.quantity.saturating_sub(order.filled),
            0,
        )?;
    }
    Ok(Checked(change))
}

/// The orders may only make positions smaller: each goes against the position in its contract, and
/// with all that is open on its side it does not go beyond it. For the act `ReduceOrder`.
pub fn reduces(facts: &Facts<'_>, orders: &[NewOrder]) -> bool {
    orders.iter().all(|order| {
        let held = facts.ledger.held_against(order.symbol, order.side);
        let same = |other: &&NewOrder| (other.symbol, other.side) == (order.symbol, order.side);
        let wanted =
            orders.iter().filter(same).fold(0_u64, |sum, o| sum.saturating_add(o.quantity));
        let open = facts
            .ledger
            .open_orders()
            .filter(|open| (open.symbol, open.side) == (order.symbol, order.side))
            .fold(0_u64, |sum, open| sum.saturating_add(open.remaining()));
        held > 0 && open.saturating_add(wanted) <= held
    })
}

/// An order that may only reduce a position is no larger than what it closes. Others that wait for the same shares do not
/// count: each is kept to what is left of the position when one of them trades.
pub fn check_reduces(facts: &Facts<'_>, order: &NewOrder) -> Result<(), Denial> {
    check_held(facts, (order.symbol, order.side), order.quantity, 0)
}

/// The same from a holder that may do nothing else: with the orders that nothing keeps to the position it closes no more than
/// that either.
pub fn check_reduces_beside(facts: &Facts<'_>, order: &NewOrder) -> Result<(), Denial> {
    let of = (order.symbol, order.side);
    check_held(facts, of, order.quantity, facts.ledger.unbounded(order.symbol, order.side, None))
}

/// The same for a change of an order, no matter who placed it.
pub fn check_reduces_changed(facts: &Facts<'_>, change: &Change) -> Result<(), Denial> {
    let order = facts.open_order(change.order).map_err(Denial::Missing)?;
    let (symbol, side) = (order.symbol, order.side);
    let open = facts.ledger.unbounded(symbol, side, Some(order.id));
    let open = if order.reduce_only { 0 } else { open };
    check_held(facts, (symbol, side), change.quantity.saturating_sub(order.filled), open)
}

fn check_held(
    facts: &Facts<'_>,
    (symbol, side): (access::id::SymbolId, Side),
    quantity: Shares,
    open: Shares,
) -> Result<(), Denial> {
    let held = facts.ledger.held_against(symbol, side);
    if open.saturating_add(quantity) <= held {
        return Ok(());
    }
    let [quantity, held, open] = [quantity, held, open].map(|steps| facts.units(symbol, steps));
    Err(Denial::PastFlat { quantity, side, held, open })
}

/// What an order would do. It must pass [`check`] or [`check_reducing`] first, which says why it may not be placed.
pub fn preview(facts: &Facts<'_>, order: &Checked<Vec<NewOrder>>, reduces: bool) -> Preview {
    let marks = facts.marks();
    let mark = |symbol| marks.of(symbol);
    let worst = facts.worst_with(&marks, &[]);
    let summary = facts.with_rates(|rates| AccountSummary::new(facts.ledger, rates, mark));
    let currency = summary.currency;
    let (mut notional, mut cost) = (Decimal::ZERO, Decimal::ZERO);
    let mut then: Vec<(access::id::SymbolId, i64)> = Vec::new();
    let whole: Vec<&NewOrder> = order.get().iter().filter(|order| order.parent.is_none()).collect();
    for order in &whole {
        let Ok(instrument) = facts.instrument(order.symbol) else { continue };
        let terms = Terms::of(order, instrument);
        let price = terms.price(facts);
        let value = i128::from(price.0).saturating_mul(order.quantity.into());
        let base = |amount| facts.in_base(amount, instrument).amount;
        notional = notional.saturating_add(base(instrument.amount(value)));
        cost = cost.saturating_add(base(instrument.commission(order.quantity, value)));
        if matches!(instrument.kind, InstrumentKind::Forex { .. }) {
            continue;
        }
        let signed = i64::try_from(order.quantity).unwrap_or(i64::MAX);
        let signed = if order.side == Side::Buy { signed } else { -signed };
        match then.iter_mut().find(|(symbol, _)| *symbol == order.symbol) {
            Some((_, shares)) => *shares = shares.saturating_add(signed),
            None => then.push((order.symbol, facts.shares(order.symbol).saturating_add(signed))),
        }
    }
    let added = power::added(facts, &marks, whole.into_iter());
    // What only reduces frees nothing before it has traded; what is told is how things are then.
    let after = match added {
        1.. if !reduces => worst.saturating_add(added),
        _ => worst.min(facts.worst_then(&marks, &then)),
    };
    let held = facts.with_rates(|rates| facts.ledger.held_with(rates, mark, &then));
    let equity_after = summary.net_liquidation.saturating_sub(cost);
    let available = floor_coins(equity_after, currency).saturating_sub(initial(after));
    let money = |coins| of_coins(coins, currency);
    Preview {
        currency,
        notional,
        commission: cost,
        initial_before: summary.initial_margin,
        initial_after: money(initial(after)),
        maintenance_before: summary.maintenance_margin,
        maintenance_after: money(margin::maintenance(held.max(0))),
        equity_before: summary.net_liquidation,
        equity_after,
        buying_power_before: summary.buying_power,
        buying_power_after: money(buying_power(available)),
        waits_above: None,
    }
}

/// The defaults; a collar that somebody set is kept, wider or not.
fn defaults_for(limits: &Limits) -> Limits {
    let mut defaults = defaults();
    if limits.collar_bps.is_some() {
        defaults.collar_bps = None;
    }
    defaults
}

/// What a child's parent is to it.
struct Elder {
    side: Side,
    quantity: Shares,
    price: Option<Ticks>,
    symbol: access::id::SymbolId,
}

impl Elder {
    /// An order as the parent of a new child or of one that stands: with the shares that it and its
    /// other children leave.
    fn of(facts: &Facts<'_>, parent: &Order, child: Option<OrderId>) -> Self {
        let left = facts.ledger.left_for_child(parent.id, child);
        Self {
            side: parent.side,
            quantity: left.map_or(0, |(_, whole)| whole),
            price: reference_of(parent.order_type),
            symbol: parent.symbol,
        }
    }
}

/// The price that an order fixes itself.
fn reference_of(order_type: OrderType) -> Option<Ticks> {
    order_type.limit().or_else(|| order_type.trigger())
}

fn parent(
    facts: &Facts<'_>,
    order: &NewOrder,
    earlier: &[NewOrder],
) -> Result<Option<Elder>, Denial> {
    let elder = match order.parent {
        None => return Ok(None),
        Some(Parent::Member(at)) => {
            let found = usize::try_from(at).ok().and_then(|at| earlier.get(at));
            let parent = found.filter(|one| one.parent.is_none() && may_attach(order, one.origin));
            let parent = parent.ok_or(Denial::NoParent { order: None })?;
            Elder {
                side: parent.side,
                quantity: parent.quantity,
                price: reference_of(parent.order_type),
                symbol: parent.symbol,
            }
        }
        Some(Parent::Order(id)) => {
            let found = facts.ledger.order(id);
            let parent =
                found.filter(|one| can_have_children(one) && may_attach(order, one.origin));
            let parent = parent.ok_or(Denial::NoParent { order: Some(id) })?;
            Elder::of(facts, parent, None)
        }
    };
    if elder.symbol != order.symbol || elder.side == order.side {
        return Err(Denial::ChildSide);
    }
    Ok(Some(elder))
}

/// A child's fill shrinks its siblings, so a credential attaches to its own orders alone; a person
/// or the operator of the account to any.
fn may_attach(child: &NewOrder, parent: Origin) -> bool {
    let holder = child.origin.holder;
    !matches!(holder, Holder::Credential(_)) || parent.holder == holder
}

fn can_have_children(parent: &Order) -> bool {
    parent.parent.is_none() && (parent.state.is_open() || parent.state == OrderState::Filled)
}

fn check_texts(order: &NewOrder) -> Result<(), Denial> {
    let reference = order.reference.as_deref();
    let group = order.oca.as_ref().map(|oca| &*oca.group);
    for (field, text) in [("reference", reference), ("OCA group", group)] {
        let length = text.map_or(0, |text| text.chars().count());
        if length > LONGEST_TEXT {
            return Err(Denial::TextTooLong { field, length, limit: LONGEST_TEXT });
        }
        if text.is_some_and(|text| text.chars().any(char::is_control)) {
            return Err(Denial::ControlCharacter { field });
        }
    }
    Ok(())
}

fn check_duplicate(
    facts: &Facts<'_>,
    limits: &Limits,
    now: Time,
    order: &NewOrder,
    earlier: &[NewOrder],
) -> Result<(), Denial> {
    let Some(window) = limits.duplicate_window else { return Ok(()) };
    let key = |o: &NewOrder| (o.origin.holder, o.symbol, o.side, o.quantity, o.order_type);
    let recent = facts
        .ledger
        .recent()
        .rev()
        .take_while(|recent| now.since(recent.time) < window)
        .find(|r| (r.holder, r.symbol, r.side, r.quantity, r.order_type) == key(order))
        .map(|recent| now.since(recent.time));
    let twin = earlier.iter().any(|other| key(other) == key(order));
    match recent.or(twin.then_some(access::moment::Span(0))) {
        Some(age) => Err(Denial::Duplicate { age, window }),
        None => Ok(()),
    }
}

/// What the checks of a new order and of a change have in common.
struct Terms<'a> {
    instrument: &'a Instrument,
    symbol: access::id::SymbolId,
    side: Side,
    quantity: Shares,
    order_type: OrderType,
    tif: TimeInForce,
}

impl<'a> Terms<'a> {
    const fn of(order: &NewOrder, instrument: &'a Instrument) -> Self {
        Self {
            instrument,
            symbol: order.symbol,
            side: order.side,
            quantity: order.quantity,
            order_type: order.order_type,
            tif: order.tif,
        }
    }

    /// An open order as a change would have it.
    const fn changed(order: &Order, change: &Change, instrument: &'a Instrument) -> Self {
        Self {
            instrument,
            symbol: order.symbol,
            side: order.side,
            quantity: change.quantity,
            order_type: change.order_type,
            tif: change.tif,
        }
    }

    /// It can be ordered on this account and on this day.
    fn check_listing(&self, facts: &Facts<'_>) -> Result<(), Denial> {
        let Instrument { symbol, currency, expiry, .. } = self.instrument;
        if self.instrument.product().is_none() {
            return Err(Denial::NotTraded { symbol: symbol.clone() });
        }
        if *currency != facts.base() && facts.venue.rate(*currency, facts.base()).is_none() {
            return Err(Denial::OtherCurrency {
                symbol: symbol.clone(),
                currency: *currency,
                account: facts.ledger.id,
                base: facts.base(),
            });
        }
        if self.side == Side::Sell
            && let Some(other) = self.instrument.other_side()
            && let Ok(other) = facts.instrument(other)
        {
            let (symbol, other) = (self.instrument.local.clone(), other.local.clone());
            return Err(Denial::BoughtOnly { symbol, other });
        }
        let day = facts.venue.day(self.symbol);
        let is_issued = |terms: &BondTerms| self.instrument.value_day(day) >= terms.issued;
        match expiry {
            Some(_) if !self.instrument.bond().is_none_or(is_issued) => {
                Err(Denial::NotListed { symbol: self.instrument.local.clone() })
            }
            Some(expiry) if *expiry < day => {
                let symbol = self.instrument.local.clone();
                Err(Denial::Expired { symbol, expiry: *expiry })
            }
            _ if !facts.venue.is_listed(self.symbol) => {
                Err(Denial::NotListed { symbol: self.instrument.local.clone() })
            }
            _ => Ok(()),
        }
    }

    /// Prices that the instrument has, a quantity above zero, and a value that can be counted.
    fn check_shape(&self) -> Result<(), Denial> {
        if self.quantity == 0 {
            return Err(Denial::QuantityZero);
        }
        let prices = [("limit", self.order_type.limit()), ("trigger", self.order_type.trigger())];
        for (which, price) in prices {
            let Some(ticks) = price else { continue };
            let Err(error) = self.instrument.prices.check(ticks) else { continue };
            let price = self.instrument.price(ticks);
            return Err(match error {
                PriceError::Range { lowest, highest } => {
                    Denial::PriceOutOfRange { which, price, lowest, highest }
                }
                PriceError::Step { step, nearest } => {
                    Denial::PriceOffStep { which, price, step, nearest }
                }
            });
        }
        Ok(())
    }

    /// An order of a fund waits for its next price, whatever it is. The fund takes back what is held and no more, with all that
    /// waits for the same price: nobody is short of a fund. A new order has no id; of a change only what is left is told.
    fn check_fund(
        &self,
        facts: &Facts<'_>,
        (id, quantity): (Option<OrderId>, Shares),
        earlier: &[NewOrder],
    ) -> Result<(), Denial> {
        if self.instrument.fund().is_none() {
            return Ok(());
        }
        let order_type = match (self.order_type, self.tif) {
            (OrderType::Market, TimeInForce::Ioc | TimeInForce::Fok) => Some(self.tif.name()),
            (OrderType::Market, _) => None,
            (other, _) => Some(other.name()),
        };
        if let Some(order_type) = order_type {
            let symbol = self.instrument.symbol.clone();
            return Err(Denial::ForwardPriced { symbol, order_type });
        }
        if self.side == Side::Buy {
            return Ok(());
        }
        let of = (self.symbol, self.side);
        let open = facts.ledger.open_orders().filter(|open| (open.symbol, open.side) == of);
        let open = open.filter(|open| Some(open.id) != id).map(|open| open.remaining());
        let beside = earlier.iter().filter(|one| (one.symbol, one.side) == of);
        let waits = open.chain(beside.map(|one| one.quantity)).fold(0, Shares::saturating_add);
        check_held(facts, of, quantity, waits)
    }

    /// What needs quotes at once is not taken while there are none.
    fn check_market(&self, facts: &Facts<'_>, waits: bool) -> Result<(), Denial> {
        let immediate = matches!(self.tif, TimeInForce::Ioc | TimeInForce::Fok);
        let at_once = self.order_type == OrderType::Market || immediate;
        let at_once = at_once && self.instrument.fund().is_none();
        if at_once && !waits && !facts.venue.is_open(self.symbol) {
            return Err(Denial::MarketClosed {
                order_type: self.order_type.name(),
                opens: facts.venue.next_open(self.symbol),
            });
        }
        Ok(())
    }

    /// Quantity, value and collar. A child is held against its parent: its price against the
    /// parent's, because it begins to live there, and its shares against the parent's.
    fn check_size(
        &self,
        facts: &Facts<'_>,
        limits: &Limits,
        parent: Option<&Elder>,
    ) -> Result<(), Denial> {
        let units = |steps| self.instrument.quantity(steps);
        if let Some(limit) = limits.max_quantity
            && !self.instrument.is_within(self.quantity, limit)
        {
            let limit = Decimal::from(limit);
            return Err(Denial::Quantity { quantity: units(self.quantity), limit });
        }
        if let Some(parent) = parent
            && self.quantity > parent.quantity
        {
            let (quantity, limit) = (units(self.quantity), units(parent.quantity));
            return Err(Denial::ChildQuantity { quantity, limit });
        }
        let price = self.price(facts);
        let steps = i64::try_from(self.quantity).ok();
        let counted = steps.filter(|steps| price.0.checked_mul(*steps).is_some());
        let value = counted.and_then(|steps| self.instrument.notional(price, steps));
        let Some(value) = value.map(|value| facts.in_base(value.abs(), self.instrument)) else {
            let (quantity, price) = (units(self.quantity), self.instrument.price(price));
            return Err(Denial::ValueTooLarge { quantity, price });
        };
        if let Some(limit) = limits.max_notional
            && value.amount > limit
        {
            let limit = Money::new(limit, facts.base());
            return Err(Denial::Notional { value, limit });
        }
        self.check_collar(facts, limits, parent)
    }

    /// A limit price too far beyond what the order would meet: a buy above it, a sale below it.
    fn check_collar(
        &self,
        facts: &Facts<'_>,
        limits: &Limits,
        parent: Option<&Elder>,
    ) -> Result<(), Denial> {
        let width = control::collar::width(limits, self.instrument.product());
        let (Some(bps), Some(price)) = (width, self.order_type.limit()) else {
            return Ok(());
        };
        let own = self.order_type.trigger().or_else(|| parent.and_then(|parent| parent.price));
        let quoted = facts.reference(self.symbol, self.side);
        let Some(reference) = own.or(quoted) else { return Ok(()) };
        let room = i128::from(reference.0.unsigned_abs()).saturating_mul(bps.into()) / 10_000;
        let room = i64::try_from(room).unwrap_or(i64::MAX).max(self.least_room());
        let prices = &self.instrument.prices;
        let (limit, beyond) = match self.side {
            Side::Buy => {
                let limit = reference.0.saturating_add(room);
                (prices.floor(Ticks(limit)), price.0 > limit)
            }
            Side::Sell => {
                let limit = reference.0.saturating_sub(room);
                let limit = if prices.lowest().0 > 0 { limit.max(0) } else { limit };
                (prices.ceil(Ticks(limit)), price.0 < limit)
            }
        };
        if beyond {
            let [price, reference, limit] =
                [price, reference, limit].map(|ticks| self.instrument.price(ticks));
            return Err(Denial::Collar { side: self.side, price, reference, bps, limit });
        }
        Ok(())
    }

    /// How far a limit price may always go beyond the market, in ticks: of a forecast a tenth of what it may pay, because a
    /// part of a price of some cents is no cent.
    const fn least_room(&self) -> i64 {
        if matches!(self.instrument.kind, InstrumentKind::Forecast(_)) { 10 } else { 0 }
    }

    /// Its limit, its trigger, or the quote that it would meet. A buy stop without a limit trades at
    /// the market whatever its trigger was: no trigger below the quote makes it cheaper.
    fn price(&self, facts: &Facts<'_>) -> Ticks {
        let own = reference_of(self.order_type);
        let quoted = || facts.reference(self.symbol, self.side);
        let price = match (self.order_type, self.side) {
            (OrderType::Stop { .. }, Side::Buy) => own.max(quoted()),
            _ => own.or_else(quoted),
        };
        price.unwrap_or_default()
    }
}

/// Whether an order may still be cancelled; the facts says the same when it is told to.
pub fn check_cancel(facts: &Facts<'_>, order: OrderId) -> Result<(), Denial> {
    facts.open_order(order).map(drop).map_err(Denial::Missing)
}
