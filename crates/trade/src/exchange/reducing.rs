//! Orders that may only reduce a position. None is ever larger than the position that it closes: a
//! trade of whatever order that makes the position smaller makes them smaller, and the last of it
//! ends them. So any number of them can wait for the same shares.

use std::sync::Arc;

use access::id::SymbolId;

use super::Exchange;
use crate::event::Event;
use crate::order::{End, Order, OrderId, Shares, Side};

impl Exchange {
    /// Shares that orders of this side would close.
    pub fn held_against(&self, symbol: SymbolId, side: Side) -> Shares {
        let shares = self.account.position(symbol).shares;
        let held = match side {
            Side::Sell => shares.max(0),
            Side::Buy => shares.min(0),
        };
        held.unsigned_abs()
    }

    /// Shares that open orders of this side may trade now and that no position bounds.
    pub fn unbounded(&self, symbol: SymbolId, side: Side, but: Option<OrderId>) -> Shares {
        self.unbounded_orders(symbol, side)
            .filter(|(id, _)| Some(*id) != but)
            .fold(0, |sum, (_, shares)| sum.saturating_add(shares))
    }

    /// The same, each with its shares.
    pub fn unbounded_orders(
        &self,
        symbol: SymbolId,
        side: Side,
    ) -> impl Iterator<Item = (OrderId, Shares)> {
        self.open_orders()
            .filter(move |open| (open.symbol, open.side) == (symbol, side))
            .filter(|open| !open.reduce_only && open.live() > 0)
            .map(|open| (open.id, open.live()))
    }

    /// How large an order may be at most, its fills included.
    pub(super) fn most_reducing(&self, order: &Order) -> Shares {
        if !order.reduce_only {
            return Shares::MAX;
        }
        order.filled.saturating_add(self.held_against(order.symbol, order.side))
    }

    /// After a trade in a contract: what only reduces keeps to what is left of the position.
    pub(super) fn bound_reducing(&mut self, symbol: SymbolId, events: &mut Vec<Event>) {
        for id in self.orders.reducing(symbol) {
            self.bound(id, events);
        }
    }

    /// Keeps one order to the position that it closes.
    pub(super) fn bound(&mut self, id: OrderId, events: &mut Vec<Event>) {
        let Some(order) = self.open_order(id).filter(|order| order.reduce_only) else { return };
        let most = self.most_reducing(order);
        if order.quantity <= most {
            return;
        }
        if order.filled == most {
            return self.end(id, End::PositionClosed, events);
        }
        let now = self.now;
        let Some(open) = self.orders.open.get_mut(&id) else { return };
        let order = Arc::make_mut(&mut open.order);
        (order.quantity, order.updated) = (most, now);
        order.released = order.released.min(most);
        self.want_no_more(id);
        self.fit(id);
        self.modified(id, events);
    }
}
