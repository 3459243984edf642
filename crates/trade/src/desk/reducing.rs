//! Orders that may only reduce a position. None is ever larger than the position that it closes: a
//! trade of whatever order that makes the position smaller makes them smaller, and the last of it
//! ends them. So any number of them can wait for the same shares.

use access::id::SymbolId;

use super::Desk;
use crate::order::{End, OrderId};
use crate::venue::Venue;

impl<V: Venue> Desk<'_, V> {
    /// After a trade in a contract: what only reduces keeps to what is left of the position.
    pub(crate) fn bound_reducing(&mut self, symbol: SymbolId) {
        for id in self.ledger.orders.reducing(symbol) {
            self.bound(id);
        }
    }

    /// Keeps one order to the position that it closes.
    pub(crate) fn bound(&mut self, id: OrderId) {
        let Some(order) = self.ledger.open_order(id).filter(|order| order.reduce_only) else {
            return;
        };
        let most = self.ledger.most_reducing(order);
        if order.quantity <= most {
            return;
        }
        if order.filled == most {
            return self.end(id, End::PositionClosed);
        }
        let released = order.released.min(most);
        self.lessen(id, (most, released), End::PositionClosed);
        self.ledger.want_no_more(id);
    }
}
