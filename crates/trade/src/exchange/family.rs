//! Orders that know of each other: parents and children, and one-cancels-all groups.
//!
//! A child waits until its parent fills and may then trade as many shares as the parent has. The
//! children of one parent are one-cancels-other by shares: what one fills, the others lose. When a
//! parent ends, children that were not released end with it; one that was keeps the shares that
//! its parent got.
//!
//! What siblings have traded counts for a child that comes, or is changed, later: together the
//! children never trade more than their parent, as far as the ended ones are remembered.

use std::sync::Arc;

use super::Exchange;
use super::orders::{Group, named_group};
use crate::event::Event;
use crate::order::{End, Order, OrderId, OrderState, Shares};

impl Exchange {
    /// After a fill of `order`: its children live, its siblings and its group shrink or end.
    pub(super) fn follow(&mut self, order: &Arc<Order>, quantity: Shares, events: &mut Vec<Event>) {
        if self.orders.groups.is_empty() {
            return;
        }
        for child in self.orders.members(&Group::Children(order.id)) {
            self.release(child, quantity, events);
        }
        if let Some(parent) = order.parent {
            for sibling in self.orders.members(&Group::Children(parent)) {
                if sibling != order.id {
                    self.shrink(sibling, quantity, order.id, events);
                }
            }
        }
        if let (Some(oca), Some(group)) = (&order.oca, named_group(order)) {
            for member in self.orders.members(&group) {
                if member == order.id {
                    continue;
                }
                if oca.reduce && order.state != OrderState::Filled {
                    self.shrink(member, quantity, order.id, events);
                } else {
                    self.end(member, End::OcaFilled { by: order.id }, events);
                }
            }
        }
    }

    /// What the parent leaves a child, once its other children's fills are taken off: shares that
    /// may trade now, and shares that may trade in all. None for a parent that is forgotten.
    pub(crate) fn left_for_child(
        &self,
        parent: OrderId,
        child: Option<OrderId>,
    ) -> Option<(Shares, Shares)> {
        let elder = self.orders.find(parent)?;
        let whole = if elder.state.is_open() { elder.quantity } else { elder.filled };
        let spent = self
            .open_orders()
            .chain(&self.orders.done)
            .filter(|one| one.parent == Some(parent) && Some(one.id) != child)
            .fold(0_u64, |sum, one| sum.saturating_add(one.filled));
        Some((elder.filled.saturating_sub(spent), whole.saturating_sub(spent)))
    }

    /// So many more shares of a child may trade.
    fn release(&mut self, id: OrderId, quantity: Shares, events: &mut Vec<Event>) {
        let now = self.now;
        let Some(open) = self.orders.open.get_mut(&id) else { return };
        let order = Arc::make_mut(&mut open.order);
        order.released = order.quantity.min(order.released.saturating_add(quantity));
        order.updated = now;
        if !order.is_armed_stop() {
            order.state = OrderState::Working;
        }
        events.push(Event::OrderReleased { order: Arc::clone(&open.order) });
        self.todo.push_back(id);
    }

    /// An order loses so many shares to another of its group.
    fn shrink(&mut self, id: OrderId, by: Shares, to: OrderId, events: &mut Vec<Event>) {
        let now = self.now;
        let Some(open) = self.orders.open.get_mut(&id) else { return };
        let order = Arc::make_mut(&mut open.order);
        order.quantity = order.quantity.saturating_sub(by).max(order.filled);
        order.released = order.released.saturating_sub(by).max(order.filled);
        order.updated = now;
        if order.remaining() == 0 {
            return self.end(id, End::OcaFilled { by: to }, events);
        }
        self.fit(id);
        self.modified(id, events);
    }

    /// After a parent ended: what becomes of its children.
    pub(super) fn orphan(&mut self, parent: OrderId, events: &mut Vec<Event>) {
        for id in self.orders.members(&Group::Children(parent)) {
            let Some(open) = self.orders.open.get_mut(&id) else { continue };
            let order = Arc::make_mut(&mut open.order);
            if order.live() == 0 {
                self.end(id, End::ParentEnded, events);
            } else if order.quantity > order.released {
                order.quantity = order.released;
                self.modified(id, events);
            }
        }
    }

    /// Makes what rests in the book as small as what is live.
    pub(super) fn fit(&mut self, id: OrderId) {
        self.count(id);
        let Some(open) = self.orders.open.get_mut(&id) else { return };
        let (Some(handle), Some(listing)) = (open.handle, self.listings.get_mut(open.at)) else {
            return;
        };
        match open.order.live() {
            0 => {
                listing.book.cancel(handle);
                open.handle = None;
            }
            live => {
                // `None` when it rests with no more than that already.
                listing.book.reduce(handle, live).unwrap_or(());
            }
        }
    }

    pub(super) fn modified(&self, id: OrderId, events: &mut Vec<Event>) {
        if let Some(open) = self.orders.open.get(&id) {
            events.push(Event::OrderModified { order: Arc::clone(&open.order) });
        }
    }
}
