//! A desk: one ledger at work on a venue. All that happens to an order within its own ledger is
//! here; what two ledgers have to do with each other is the exchange's.
//!
//! Nothing is booked before the venue has answered that it is done. An order about which an answer
//! is pending stays as it is.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use access::id::Holder;
use access::moment::Time;
use rust_decimal::Decimal;

use crate::event::Event;
use crate::ledger::orders::Open;
use crate::ledger::{Ledger, SelfMatch};
use crate::order::{
    Change, End, Execution, ExecutionId, Liquidity, NewOrder, Order, OrderId, OrderState,
    OrderType, Parent, Shares,
};
use crate::price::Ticks;
use crate::venue::{Arrival, Owner, Venue, VenueAnswer};

mod family;
mod reducing;
mod sizes;
#[cfg(test)]
mod tests;

/// What all ledgers of an exchange share: the numbers, and whose each open order is.
#[derive(Debug, Clone)]
pub(crate) struct Register {
    /// The number of the next order.
    pub(crate) order: u64,
    /// The number of the next execution.
    pub(crate) execution: u64,
    owners: BTreeMap<OrderId, Owner>,
    by_holder: BTreeMap<Holder, u32>,
}

impl Register {
    pub(crate) const fn new(order: u64, execution: u64) -> Self {
        Self { order, execution, owners: BTreeMap::new(), by_holder: BTreeMap::new() }
    }

    /// Whose an open order is.
    pub(crate) fn owner(&self, order: OrderId) -> Option<Owner> {
        self.owners.get(&order).copied()
    }

    /// How many orders of a holder are open.
    pub(crate) fn open_of(&self, holder: Holder) -> u32 {
        self.by_holder.get(&holder).copied().unwrap_or(0)
    }

    pub(crate) fn add(&mut self, order: &Order, owner: Owner) {
        self.owners.insert(order.id, owner);
        *self.by_holder.entry(order.origin.holder).or_default() += 1;
    }

    fn remove(&mut self, order: &Order) {
        self.owners.remove(&order.id);
        if let Some(count) = self.by_holder.get_mut(&order.origin.holder) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.by_holder.remove(&order.origin.holder);
            }
        }
    }
}

/// How orders are placed.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Placing {
    /// Each may only reduce a position.
    pub(crate) reduce_only: bool,
    /// It waits for a person's yes until then.
    pub(crate) held: Option<Time>,
}

/// See the module's text.
pub(crate) struct Desk<'a, V> {
    /// The ledger's place.
    pub(crate) owner: Owner,
    pub(crate) ledger: &'a mut Ledger,
    pub(crate) venue: &'a mut V,
    pub(crate) register: &'a mut Register,
    /// Orders to bring to the market.
    pub(crate) todo: &'a mut VecDeque<(Owner, OrderId)>,
    pub(crate) events: &'a mut Vec<Event>,
    pub(crate) now: Time,
}

impl<V: Venue> Desk<'_, V> {
    /// Counts what is ordered on this day: an order, or what a change adds to one.
    pub(crate) fn count_ordered(
        &mut self,
        (holder, at): (Holder, usize),
        quantity: Shares,
        order_type: OrderType,
    ) {
        let instruments = Arc::clone(self.ledger.instruments());
        let Some(one) = instruments.at(at) else { return };
        let own = order_type.limit().or_else(|| order_type.trigger());
        let price = own.unwrap_or_else(|| Ticks(self.venue.last(at)));
        self.ledger.count_ordered(holder, one, (quantity, price));
    }

    /// Takes a new order of the contract at a place; `placed` are the members of its group before it.
    pub(crate) fn accept(
        &mut self,
        new: &NewOrder,
        (at, placing): (usize, Placing),
        placed: &[OrderId],
    ) -> OrderId {
        let Placing { reduce_only, held } = placing;
        let mut order = Order { reduce_only, held, ..self.accepted(new, placed) };
        if held.is_some() {
            (order.released, order.state) = (0, OrderState::PreSubmitted);
        }
        let order = Arc::new(order);
        let id = order.id;
        self.events.push(Event::OrderAccepted { order: Arc::clone(&order) });
        self.todo.push_back((self.owner, id));
        let parent = order.parent.filter(|id| !self.ledger.orders.open.contains_key(id));
        let wanted = self.ledger.wanted(&order, order.quantity);
        self.register.add(&order, self.owner);
        self.ledger.orders.add(Open { order, at, handle: None, counted: (0, 0), wanted });
        if let Some(parent) = parent {
            // It may have ended since the order was checked.
            self.orphan(parent);
        }
        self.join(id);
        // The position may have become smaller since the order was checked.
        self.bound(id);
        if self.ledger.children_follow() && new.parent.is_some() {
            // Its parent may have come to a group that had traded, and be smaller than it was sent.
            self.resize(id, End::ParentEnded);
        }
        id
    }

    /// The record of a new order.
    fn accepted(&mut self, new: &NewOrder, placed: &[OrderId]) -> Order {
        let (parent, left) = match new.parent {
            None => (None, new.quantity),
            Some(Parent::Order(id)) => {
                (Some(id), self.ledger.left_for_child(id, None).map_or(0, |(now, _)| now))
            }
            // A member of this group has not come to the market yet.
            Some(Parent::Member(member)) => {
                let member = usize::try_from(member).ok();
                (member.and_then(|member| placed.get(member)).copied(), 0)
            }
        };
        let released = new.quantity.min(left);
        let waits = new.order_type.trigger().is_some() || released == 0;
        let id = OrderId(self.register.order);
        self.register.order += 1;
        Order {
            id,
            account: new.account,
            symbol: new.symbol,
            side: new.side,
            quantity: new.quantity,
            order_type: new.order_type,
            tif: new.tif,
            day: self.venue.day(new.symbol),
            outside_hours: new.outside_hours,
            origin: new.origin,
            parent,
            oca: new.oca.clone(),
            reference: new.reference.clone(),
            state: if waits { OrderState::PreSubmitted } else { OrderState::Working },
            end: None,
            triggered: false,
            filled: 0,
            released,
            value: 0,
            last_fill: None,
            commission: Decimal::ZERO,
            placed: self.now,
            updated: self.now,
            reduce_only: false,
            held: None,
        }
    }

    /// Lets an order through that waited for a person: it is as it would have been when it came. Where it goes to.
    pub(crate) fn let_through(&mut self, id: OrderId) -> Option<usize> {
        let now = self.now;
        let open = self.ledger.orders.open.get_mut(&id)?;
        let at = open.at;
        open.order.held?;
        let order = Arc::make_mut(&mut open.order);
        (order.held, order.released, order.updated) = (None, order.quantity, now);
        order.day = self.venue.day(order.symbol);
        let waits = order.is_armed_stop();
        order.state = if waits { OrderState::PreSubmitted } else { OrderState::Working };
        let order = Arc::clone(&open.order);
        self.ledger.orders.held.remove(&id);
        self.count_ordered((order.origin.holder, at), order.quantity, order.order_type);
        self.events.push(Event::OrderReleased { order });
        self.todo.push_back((self.owner, id));
        Some(at)
    }

    /// New terms of an order that waits for a person: it goes on waiting.
    fn change_held(&mut self, change: Change) {
        let now = self.now;
        let Some(open) = self.ledger.orders.open.get_mut(&change.order) else { return };
        let order = Arc::make_mut(&mut open.order);
        (order.quantity, order.order_type) = (change.quantity, change.order_type);
        (order.tif, order.updated) = (change.tif, now);
        self.modified(change.order);
        self.resize_children(change.order);
    }

    /// Gives an open order new terms. True when it must come to the market again.
    pub(crate) fn change(&mut self, change: Change, holder: Holder) -> bool {
        let now = self.now;
        let parent = self.ledger.open_order(change.order).and_then(|order| order.parent);
        let left = parent.and_then(|it| self.ledger.left_for_child(it, Some(change.order)));
        let (quantity, wanted) = self.ledger.changed_size(&change);
        let Some(before) = self.ledger.open_order(change.order).map(Arc::clone) else {
            let reject = self.ledger.missing(change.order);
            self.events.push(Event::CommandRejected { holder, reject });
            return false;
        };
        if before.held.is_some() {
            self.change_held(change);
            return false;
        }
        let added = change.quantity.saturating_sub(before.quantity);
        if parent.is_none() && added > 0 {
            let at = self.ledger.orders.open.get(&change.order).map(|open| open.at);
            if let Some(at) = at {
                self.count_ordered((before.origin.holder, at), added, change.order_type);
            }
        }
        let keeps_place = change.order_type == before.order_type && quantity <= before.quantity;
        let comes_again = !keeps_place && quantity > before.filled;
        let quantity = quantity.max(before.filled);
        let released = match (parent, left) {
            (None, _) => quantity,
            (Some(_), Some((left, _))) => quantity.min(left).max(before.filled),
            // Its parent is forgotten.
            (Some(_), None) => before.released.min(quantity),
        };
        // Until the venue has let go of it, or of what it loses, it stays as it is.
        if comes_again && !self.unplace(&before) {
            return false;
        }
        if keeps_place && quantity > before.filled && !self.fits(change.order, released) {
            return false;
        }
        let Some(open) = self.ledger.orders.open.get_mut(&change.order) else { return false };
        open.wanted = wanted;
        let order = Arc::make_mut(&mut open.order);
        (order.quantity, order.released) = (quantity, released);
        (order.order_type, order.tif, order.updated) = (change.order_type, change.tif, now);
        order.triggered &= change.order_type.trigger() == before.order_type.trigger();
        let waits = order.is_armed_stop() || order.live() == 0;
        order.state = if waits { OrderState::PreSubmitted } else { OrderState::Working };
        let ended = order.remaining() == 0;
        self.modified(change.order);
        self.resize_children(change.order);
        if ended {
            self.end(change.order, End::Requested);
        } else if keeps_place {
            self.count(change.order);
        } else {
            self.todo.push_back((self.owner, change.order));
        }
        comes_again
    }

    /// Gives an open order other prices and, where it belongs to no other order, another quantity: it comes to the market
    /// again with them.
    pub(crate) fn restate(&mut self, id: OrderId, order_type: OrderType, quantity: Option<Shares>) {
        let now = self.now;
        let Some(before) = self.ledger.open_order(id).map(Arc::clone) else { return };
        if !self.unplace(&before) {
            return;
        }
        let Some(open) = self.ledger.orders.open.get_mut(&id) else { return };
        let order = Arc::make_mut(&mut open.order);
        (order.order_type, order.updated) = (order_type, now);
        if let Some(quantity) = quantity {
            (order.quantity, order.released) = (quantity, quantity);
        }
        self.modified(id);
        self.todo.push_back((self.owner, id));
    }

    /// Takes an open order, as it was then, out of the market; false while that is pending.
    fn unplace(&mut self, order: &Order) -> bool {
        let Some(open) = self.ledger.orders.open.get_mut(&order.id) else { return false };
        match self.venue.withdraw(open.at, order, open.handle) {
            VenueAnswer::Done(()) => open.handle = None,
            VenueAnswer::Pending => return false,
        }
        true
    }

    /// Ends an open order. One that asked for quotes when there were none was never in the market:
    /// it is rejected.
    pub(crate) fn end(&mut self, id: OrderId, end: End) {
        let Some(order) = self.ledger.open_order(id).map(Arc::clone) else { return };
        if !self.unplace(&order) {
            return;
        }
        drop(order);
        let Some(mut open) = self.ledger.orders.take(id) else { return };
        self.register.remove(&open.order);
        if let Some(exposure) = self.ledger.exposures.of_mut(open.at) {
            let (shares, price) = open.counted;
            exposure.remove(open.order.side, shares, price);
        }
        let order = Arc::make_mut(&mut open.order);
        let rejected = end == End::NoQuotes && order.filled == 0;
        order.state = if rejected { OrderState::Rejected } else { OrderState::Cancelled };
        order.end = Some(end);
        order.updated = self.now;
        order.held = None;
        let order = open.order;
        self.ledger.orders.keep(Arc::clone(&order));
        self.events.push(if rejected {
            Event::OrderRejected { order }
        } else {
            Event::OrderCancelled { order }
        });
        self.orphan(id);
    }

    /// Brings an order to where it belongs: among the stops, or, with the answer, to the market.
    pub(crate) fn activate(&mut self, id: OrderId) -> Option<Arrival> {
        self.count(id);
        let open = self.ledger.orders.open.get(&id)?;
        if open.order.live() == 0 {
            return None;
        }
        if !open.order.is_armed_stop() {
            return self.arrival(id);
        }
        match self.venue.arm(open.at, &open.order) {
            VenueAnswer::Done(true) => self.trigger(id),
            VenueAnswer::Done(false) | VenueAnswer::Pending => None,
        }
    }

    /// A stop's trigger is reached: it is a market or limit order from now on.
    pub(crate) fn trigger(&mut self, id: OrderId) -> Option<Arrival> {
        let open = self.ledger.orders.open.get_mut(&id)?;
        let order = Arc::make_mut(&mut open.order);
        order.triggered = true;
        order.state = OrderState::Working;
        order.updated = self.now;
        self.events.push(Event::OrderTriggered { order: Arc::clone(&open.order) });
        self.arrival(id)
    }

    /// An open order as it comes to the market: it gives up the place that it has there.
    fn arrival(&mut self, id: OrderId) -> Option<Arrival> {
        let open = self.ledger.orders.open.get_mut(&id)?;
        let arrival = Arrival::of(&open.order, open.at, self.owner);
        let passes_own = self.ledger.self_match == SelfMatch::CancelOldest;
        Some(Arrival { place: open.handle.take(), passes_own, ..arrival })
    }

    /// Books a fill: order, cash and position, commission, execution.
    pub(crate) fn execute(
        &mut self,
        id: OrderId,
        price: i64,
        quantity: Shares,
        liquidity: Liquidity,
    ) {
        let now = self.now;
        let instruments = Arc::clone(self.ledger.instruments());
        let Some(open) = self.ledger.orders.open.get_mut(&id) else { return };
        let Some(instrument) = instruments.at(open.at) else { return };
        let order = Arc::make_mut(&mut open.order);
        let value = price.saturating_mul(i64::try_from(quantity).unwrap_or(i64::MAX));
        order.filled += quantity;
        order.value = order.value.saturating_add(value);
        let total = instrument.commission(order.filled, order.value.into());
        // Of fills below and above zero, the sum may come nearer to zero: nothing is given back.
        let cost = total.saturating_sub(order.commission);
        let cost = if cost.is_sign_negative() { Decimal::ZERO } else { cost };
        order.commission = if total < order.commission { order.commission } else { total };
        order.last_fill = Some(Ticks(price));
        order.updated = now;
        order.state = if order.remaining() == 0 { OrderState::Filled } else { OrderState::Working };
        let order = Arc::clone(&open.order);
        let realised = self.ledger.fill(instrument, order.side, quantity, Ticks(price), cost);
        self.ledger.trade_interest(instrument, order.side, quantity);
        let execution = Arc::new(Execution {
            id: ExecutionId(self.register.execution),
            order: id,
            account: order.account,
            symbol: order.symbol,
            side: order.side,
            quantity,
            price: Ticks(price),
            commission: cost,
            time: now,
            liquidity,
            realised,
            cumulative: order.filled,
            origin: order.origin,
            reference: order.reference.clone(),
        });
        self.register.execution += 1;
        self.count(id);
        if order.state == OrderState::Filled && self.ledger.orders.take(id).is_some() {
            self.register.remove(&order);
            self.ledger.orders.keep(Arc::clone(&order));
        }
        self.ledger.keep_execution(Arc::clone(&execution));
        self.events.push(Event::OrderFilled { execution, order: Arc::clone(&order) });
        self.follow(&order, quantity);
    }

    /// Makes the contract's exposure agree with an order. A child is not counted: it can only
    /// close what its parent opened. Nor is what may only reduce, however many of them wait for the same shares.
    pub(crate) fn count(&mut self, id: OrderId) {
        let Some(open) = self.ledger.orders.open.get_mut(&id) else { return };
        let Some(exposure) = self.ledger.exposures.of_mut(open.at) else { return };
        let order = &open.order;
        let bound = order.parent.is_some() || order.reduce_only;
        let shares = if bound { 0 } else { order.live() };
        let price = match order.order_type {
            OrderType::Limit { price } | OrderType::StopLimit { price, .. } => price.0,
            OrderType::Stop { trigger } => trigger.0,
            OrderType::Market => self.venue.last(open.at),
        };
        let (before, at) = open.counted;
        exposure.remove(order.side, before, at);
        exposure.add(order.side, shares, price);
        open.counted = (shares, price);
    }
}
