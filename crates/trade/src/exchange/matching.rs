//! How orders meet: arrivals, fills of both sides, triggers, and seconds of the market that touch an
//! order.

use super::Exchange;
use crate::book::Fill;
use crate::event::Event;
use crate::market::Process;
use crate::order::{End, Liquidity, OrderId, Shares, Side};
use crate::venue::{Arrival, Then, Venue, VenueAnswer};

impl Exchange {
    /// Works off what is due in one contract: orders to bring to the market, and stops that were
    /// reached, until nothing is left. Every round ends or uses up an order, so it ends.
    pub(super) fn settle(&mut self, at: usize, events: &mut Vec<Event>) {
        loop {
            let arrival = if let Some((owner, id)) = self.todo.pop_front() {
                self.desk(owner, events).and_then(|mut desk| desk.activate(id))
            } else if let Some(id) = self.paper.reached(at) {
                self.desk_of(id, events).and_then(|mut desk| desk.trigger(id))
            } else {
                return;
            };
            if let Some(arrival) = arrival {
                self.arrive(arrival, events);
            }
        }
    }

    /// An order comes to the market with all of its live shares. Each round of trades is booked, on
    /// both sides, before it goes on.
    fn arrive(&mut self, mut arrival: Arrival, events: &mut Vec<Event>) {
        let (id, owner) = (arrival.order, arrival.owner);
        loop {
            let ledgers = &self.ledgers;
            let firm = |owner, id| ledgers.at(owner).is_some_and(|ledger| ledger.is_firm(id));
            // Until the venue reports, an order that was passed on stays as it is.
            let VenueAnswer::Done(met) = self.paper.submit(&arrival, &firm) else { return };
            for fill in met.fills {
                self.resting_filled(arrival.at, fill, events);
                if let Some(mut desk) = self.desk(owner, events) {
                    desk.execute(id, fill.price, fill.quantity, Liquidity::Removed);
                }
                self.net(owner, arrival.at, fill.price, events);
            }
            let Some(mut desk) = self.desk(owner, events) else { return };
            match met.then {
                Then::Nothing => return,
                Then::Ends(end) => return desk.end(id, end),
                Then::Own(with) if !arrival.passes_own => {
                    return desk.end(id, End::SelfMatch { with });
                }
                Then::Own(older) => desk.end(older, End::SelfMatch { with: id }),
                Then::Rests(place) => {
                    if let Some(open) = desk.ledger.orders.open.get_mut(&id) {
                        open.handle = Some(place);
                    }
                    return;
                }
                Then::Again => {}
            }
            let live = desk.ledger.open_order(id).map_or(0, |order| order.live());
            if live == 0 {
                return;
            }
            arrival = Arrival { shares: live, fresh: false, place: None, ..arrival };
        }
    }

    /// Books the resting side of a trade.
    pub(super) fn resting_filled(&mut self, at: usize, fill: Fill, events: &mut Vec<Event>) {
        if self.paper.print(at, fill) {
            return;
        }
        let id = OrderId(fill.key);
        let Some(mut desk) = self.desk(fill.owner, events) else { return };
        if fill.done
            && let Some(open) = desk.ledger.orders.open.get_mut(&id)
        {
            open.handle = None;
        }
        desk.execute(id, fill.price, fill.quantity, Liquidity::Added);
        self.net(fill.owner, at, fill.price, events);
    }

    /// A second in which an order of a client has a part: makers move first and trade with what
    /// they cross, then market orders that wait, then the others' trade.
    pub(super) fn touched(&mut self, at: usize, next: Process, events: &mut Vec<Event>) {
        let second = self.paper.step;
        let Some(listing) = self.paper.listings.get_mut(at) else { return };
        listing.withdraw();
        listing.process = next;
        for side in [Side::Buy, Side::Sell] {
            let Some(listing) = self.paper.listings.get(at) else { return };
            let levels = listing.process.levels(side, &listing.manner);
            for (price, size) in levels.iter().copied() {
                let left = self.hit(at, side, price, size, events);
                if let Some(listing) = self.paper.listings.get_mut(at) {
                    listing.lay_one(side, price, left);
                }
            }
        }
        let Some(listing) = self.paper.listings.get_mut(at) else { return };
        for id in std::mem::take(&mut listing.sweeping) {
            self.todo.extend(self.register.owner(id).map(|owner| (owner, id)));
        }
        self.settle(at, events);
        if let Some(print) = next.print {
            self.hit(at, print.side, print.price, print.size, events);
        }
        self.paper.tick(at, second);
        self.settle(at, events);
    }

    /// An incoming order of others; what is left of it.
    fn hit(
        &mut self,
        at: usize,
        side: Side,
        limit: i64,
        size: Shares,
        events: &mut Vec<Event>,
    ) -> Shares {
        let mut left = size;
        while let Some((fill, rest)) = self.paper.hit(at, (side, limit), left) {
            left = rest;
            self.resting_filled(at, fill, events);
        }
        left
    }
}
