//! How orders meet: arrivals, fills, triggers, and seconds of the market that touch an order.

use std::sync::Arc;

use super::Exchange;
use crate::book::{Fill, HOUSE};
use crate::commission::commission;
use crate::event::Event;
use crate::market::Process;
use crate::order::{
    End, Execution, ExecutionId, Liquidity, Order, OrderId, OrderState, OrderType, Shares, Side,
    TimeInForce, reaches,
};
use crate::price::Ticks;

/// The owner of every client order: there is one account.
const CLIENT: u32 = 1;

impl Exchange {
    /// Works off what is due in one contract: orders to bring to the market, and stops that were
    /// reached, until nothing is left. Every round ends or uses up an order, so it ends.
    pub(super) fn settle(&mut self, at: usize, events: &mut Vec<Event>) {
        loop {
            if let Some(id) = self.todo.pop_front() {
                self.activate(id, events);
            } else if let Some(id) = self.listings.get_mut(at).and_then(super::Listing::reached) {
                self.trigger(id, events);
            } else {
                return;
            }
        }
    }

    /// Brings an order to where it belongs: among the stops, or to the market.
    fn activate(&mut self, id: OrderId, events: &mut Vec<Event>) {
        let Some(open) = self.orders.open.get(&id) else { return };
        let (at, order) = (open.at, Arc::clone(&open.order));
        self.count(id);
        if order.live() == 0 {
            return;
        }
        if !order.is_armed_stop() {
            self.arrive(at, &order, events);
            return;
        }
        let Some(listing) = self.listings.get_mut(at) else { return };
        let trigger = order.order_type.trigger().map_or(0, |trigger| trigger.0);
        if self.session.is_open(self.step) && reaches(order.side.opposite(), trigger, listing.last)
        {
            self.trigger(id, events);
        } else {
            listing.arm(&order);
        }
    }

    fn trigger(&mut self, id: OrderId, events: &mut Vec<Event>) {
        let now = self.now;
        let Some(open) = self.orders.open.get_mut(&id) else { return };
        let order = Arc::make_mut(&mut open.order);
        order.triggered = true;
        order.state = OrderState::Working;
        order.updated = now;
        let (at, order) = (open.at, Arc::clone(&open.order));
        events.push(Event::OrderTriggered { order: Arc::clone(&order) });
        self.arrive(at, &order, events);
    }

    /// An order comes to the market with all of its live shares.
    fn arrive(&mut self, at: usize, order: &Arc<Order>, events: &mut Vec<Event>) {
        let id = order.id;
        let is_open = self.session.is_open(self.step);
        let limit = order.order_type.limit().map(|price| price.0);
        let Some(listing) = self.listings.get_mut(at) else { return };
        if let Some(handle) = self.orders.open.get_mut(&id).and_then(|open| open.handle.take()) {
            listing.book.cancel(handle);
        }
        if is_open {
            listing.lay();
        } else if limit.is_none() {
            return self.end(id, End::NoQuotes, events);
        }
        let worst = limit.unwrap_or(if order.side == Side::Buy { i64::MAX } else { i64::MIN });
        let wanted = order.live();
        if order.tif == TimeInForce::Fok {
            let available = listing.book.available(order.side, worst, wanted, CLIENT);
            if available < wanted {
                return self.end(id, End::NotFillable { available }, events);
            }
        }
        let mut fills = std::mem::take(&mut self.fills);
        let taken = listing.book.take(order.side, worst, wanted, CLIENT, |fill| fills.push(fill));
        for fill in fills.drain(..) {
            self.resting_filled(at, fill, events);
            self.execute(id, fill.price, fill.quantity, Liquidity::Removed, events);
        }
        self.fills = fills;
        if taken.remaining == 0 {
            return;
        }
        if let Some(own) = taken.own {
            return self.end(id, End::SelfMatch { with: OrderId(own) }, events);
        }
        match (order.tif, limit) {
            (TimeInForce::Ioc | TimeInForce::Fok, _) => self.end(id, End::Remainder, events),
            (_, Some(price)) => self.rest(at, id, order.side, price, taken.remaining),
            (_, None) => {
                if let Some(listing) = self.listings.get_mut(at)
                    && !listing.sweeping.contains(&id)
                {
                    listing.sweeping.push(id);
                }
            }
        }
    }

    fn rest(&mut self, at: usize, id: OrderId, side: Side, price: i64, shares: Shares) {
        if let (Some(listing), Some(open)) =
            (self.listings.get_mut(at), self.orders.open.get_mut(&id))
        {
            open.handle = Some(listing.book.insert(side, price, shares, id.0, CLIENT));
        }
    }

    /// Books the resting side of a trade.
    pub(super) fn resting_filled(&mut self, at: usize, fill: Fill, events: &mut Vec<Event>) {
        let second = self.step;
        if let Some(listing) = self.listings.get_mut(at) {
            listing.print(fill.price, fill.quantity, second);
            if fill.owner == HOUSE {
                if fill.done {
                    listing.taken(fill.key);
                }
                return;
            }
        }
        let id = OrderId(fill.key);
        if fill.done
            && let Some(open) = self.orders.open.get_mut(&id)
        {
            open.handle = None;
        }
        self.execute(id, fill.price, fill.quantity, Liquidity::Added, events);
    }

    /// Books a fill of a client's order: order, account, commission, execution.
    fn execute(
        &mut self,
        id: OrderId,
        price: i64,
        quantity: Shares,
        liquidity: Liquidity,
        events: &mut Vec<Event>,
    ) {
        let now = self.now;
        let Some(open) = self.orders.open.get_mut(&id) else { return };
        let order = Arc::make_mut(&mut open.order);
        let value = price.saturating_mul(i64::try_from(quantity).unwrap_or(i64::MAX));
        order.filled += quantity;
        order.value = order.value.saturating_add(value);
        let total = commission(order.filled, order.value);
        let cost = total.saturating_sub(order.commission);
        order.commission = total;
        order.last_fill = Some(Ticks(price));
        order.updated = now;
        order.state = if order.remaining() == 0 { OrderState::Filled } else { OrderState::Working };
        let realised = self.account.fill(order.symbol, order.side, quantity, Ticks(price), cost);
        let execution = Arc::new(Execution {
            id: ExecutionId(self.next_execution),
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
        self.next_execution += 1;
        let order = Arc::clone(&open.order);
        self.count(id);
        if order.state == OrderState::Filled && self.orders.take(id).is_some() {
            self.orders.keep(Arc::clone(&order));
        }
        self.keep_execution(Arc::clone(&execution));
        events.push(Event::OrderFilled { execution, order: Arc::clone(&order) });
        self.follow(&order, quantity, events);
    }

    /// Makes the contract's exposure agree with an order. A child is not counted: it can only
    /// close what its parent opened. Nor is what may only reduce, however many of them wait for the same shares.
    pub(super) fn count(&mut self, id: OrderId) {
        let Some(open) = self.orders.open.get_mut(&id) else { return };
        let Some(listing) = self.listings.get_mut(open.at) else { return };
        let order = &open.order;
        let bound = order.parent.is_some() || order.reduce_only;
        let shares = if bound { 0 } else { order.live() };
        let price = match order.order_type {
            OrderType::Limit { price } | OrderType::StopLimit { price, .. } => price.0,
            OrderType::Stop { trigger } => trigger.0,
            OrderType::Market => listing.last,
        };
        let (before, at) = open.counted;
        listing.exposure.remove(order.side, before, at);
        listing.exposure.add(order.side, shares, price);
        open.counted = (shares, price);
    }

    /// A second in which an order of a client has a part: makers move first and trade with what
    /// they cross, then market orders that wait, then the others' trade.
    pub(super) fn touched(&mut self, at: usize, next: Process, events: &mut Vec<Event>) {
        let second = self.step;
        let Some(listing) = self.listings.get_mut(at) else { return };
        listing.withdraw();
        listing.process = next;
        for side in [Side::Buy, Side::Sell] {
            for (price, size) in next.levels(side) {
                let left = self.hit(at, side, price, size, events);
                if let Some(listing) = self.listings.get_mut(at) {
                    listing.lay_one(side, price, left);
                }
            }
        }
        let Some(listing) = self.listings.get_mut(at) else { return };
        let waiting = std::mem::take(&mut listing.sweeping);
        self.todo.extend(waiting);
        self.settle(at, events);
        if let Some(print) = next.print {
            self.hit(at, print.side, print.price, print.size, events);
        }
        if let Some(listing) = self.listings.get_mut(at) {
            listing.tick(second, 0);
        }
        self.settle(at, events);
    }

    /// An incoming order of others, one resting order at a time, because a fill may take other
    /// orders of the same client away. What is left of it.
    fn hit(
        &mut self,
        at: usize,
        side: Side,
        limit: i64,
        size: Shares,
        events: &mut Vec<Event>,
    ) -> Shares {
        let mut left = size;
        while left > 0 {
            let Some(listing) = self.listings.get_mut(at) else { break };
            let front = listing.book.front(side.opposite());
            let Some((_, shares)) = front.filter(|(price, _)| reaches(side, limit, *price)) else {
                break;
            };
            let wanted = left.min(shares);
            let mut met = None;
            let taken = listing.book.take(side, limit, wanted, HOUSE, |fill| met = Some(fill));
            let Some(fill) = met else { break };
            left -= wanted - taken.remaining;
            self.resting_filled(at, fill, events);
        }
        left
    }
}
