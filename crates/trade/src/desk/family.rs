//! Orders that know of each other: parents and children, and one-cancels-all groups.
//!
//! A child waits until its parent fills and may then trade as many shares as the parent has. The
//! children of one parent are one-cancels-other by shares: what one fills, the others lose. When a
//! parent ends, children that were not released end with it; one that was keeps the shares that
//! its parent got.
//!
//! What siblings have traded counts for a child that comes, or is changed, later: together the
//! children never trade more than their parent.
//!
//! A one-cancels-all group is named by its holder: the orders of all client ids of one credential,
//! over contracts, and of no other. Once a member has traded, the group is over for all others: a
//! type 1 at its first fill, a type 2 or 3 at its last, and before that it makes them smaller. A
//! member that comes later, whatever became of the one that traded, is ended or made smaller just so.
//! The name is spent: another group takes another name.
//!
//! The first two rules of orders made the others of a group smaller by as many shares as were traded; the
//! third does so in proportion (`sizes.rs`), and a child follows its parent when that is changed to a smaller
//! size; by the fourth it follows whatever made its parent smaller.

use std::sync::Arc;

use super::Desk;
use crate::event::Event;
use crate::ledger::orders::{Group, named_group};
use crate::order::{End, Order, OrderId, OrderState, Shares};
use crate::venue::{Venue, VenueAnswer};

impl<V: Venue> Desk<'_, V> {
    /// After a fill of `order`: its children live, its siblings and its group shrink or end.
    pub(crate) fn follow(&mut self, order: &Arc<Order>, quantity: Shares) {
        self.ledger.note_traded(order, quantity, self.register.execution);
        self.bound_reducing(order.symbol);
        if self.ledger.orders.groups.is_empty() {
            return;
        }
        for child in self.ledger.orders.members(&Group::Children(order.id)) {
            if self.ledger.sizes_orders() {
                if order.state == OrderState::Filled {
                    self.ledger.want_no_more(child);
                }
                self.resize(child, End::ParentEnded);
            } else {
                self.release(child, quantity);
            }
        }
        if let Some(parent) = order.parent {
            for sibling in self.ledger.orders.members(&Group::Children(parent)) {
                if sibling != order.id {
                    self.shrink(sibling, quantity, order.id);
                }
            }
        }
        if let (Some(oca), Some(group)) = (&order.oca, named_group(order)) {
            for member in self.ledger.orders.members(&group) {
                if member == order.id {
                    continue;
                }
                if oca.reduce && order.state != OrderState::Filled && self.ledger.may_shrink(member)
                {
                    if self.ledger.sizes_orders() {
                        self.resize(member, End::OcaFilled { by: order.id });
                    } else {
                        self.shrink(member, quantity, order.id);
                    }
                } else {
                    self.end(member, End::OcaFilled { by: order.id });
                }
            }
        }
    }

    /// What the group of a new order did before it came.
    pub(crate) fn join(&mut self, id: OrderId) {
        let Some(open) = self.ledger.orders.open.get(&id) else { return };
        let (Some(past), Some(oca)) = (self.ledger.traded.of(&open.order), &open.order.oca) else {
            return;
        };
        match past.ends(oca) {
            Some(by) => self.end(id, End::GroupTraded { by }),
            None if self.ledger.sizes_orders() => {
                self.resize(id, End::OcaFilled { by: past.last });
            }
            None => self.shrink(id, past.shares, past.last),
        }
    }

    /// So many more shares of a child may trade.
    fn release(&mut self, id: OrderId, quantity: Shares) {
        let now = self.now;
        let Some(open) = self.ledger.orders.open.get_mut(&id) else { return };
        let order = Arc::make_mut(&mut open.order);
        order.released = order.quantity.min(order.released.saturating_add(quantity));
        order.updated = now;
        self.freed(id);
    }

    /// More of an order may trade than before.
    pub(crate) fn freed(&mut self, id: OrderId) {
        let Some(open) = self.ledger.orders.open.get_mut(&id) else { return };
        let order = Arc::make_mut(&mut open.order);
        if !order.is_armed_stop() {
            order.state = OrderState::Working;
        }
        self.events.push(Event::OrderReleased { order: Arc::clone(&open.order) });
        self.todo.push_back((self.owner, id));
    }

    /// An order loses so many shares to another of its group.
    fn shrink(&mut self, id: OrderId, by: Shares, to: OrderId) {
        if self.ledger.sizes_orders() {
            self.ledger.lose_to_sibling(id, by);
            return self.resize(id, End::OcaFilled { by: to });
        }
        let Some(order) = self.ledger.open_order(id) else { return };
        let quantity = order.quantity.saturating_sub(by).max(order.filled);
        let released = order.released.saturating_sub(by).max(order.filled);
        self.lessen(id, (quantity, released), End::OcaFilled { by: to });
    }

    /// After a parent ended: what becomes of its children.
    pub(crate) fn orphan(&mut self, parent: OrderId) {
        for id in self.ledger.orders.members(&Group::Children(parent)) {
            let Some(open) = self.ledger.orders.open.get_mut(&id) else { continue };
            let order = Arc::make_mut(&mut open.order);
            if order.live() == 0 {
                self.end(id, End::ParentEnded);
            } else if order.quantity > order.released {
                order.quantity = order.released;
                self.ledger.want_no_more(id);
                self.modified(id);
            }
        }
    }

    /// Gives an open order a size that is no larger than before, once the venue has taken what it loses out of
    /// the market; one that is left no share ends. While the venue's answer is pending, the order stays as it is: what
    /// is still in the market may still trade.
    pub(crate) fn lessen(&mut self, id: OrderId, (quantity, released): (Shares, Shares), end: End) {
        let Some(order) = self.ledger.open_order(id).map(Arc::clone) else { return };
        let ends = quantity <= order.filled;
        let is_out = if ends { self.unplace(&order) } else { self.fits(id, released) };
        drop(order);
        if !is_out {
            return;
        }
        let now = self.now;
        let Some(open) = self.ledger.orders.open.get_mut(&id) else { return };
        let order = Arc::make_mut(&mut open.order);
        (order.quantity, order.released, order.updated) = (quantity, released, now);
        if ends {
            return self.end(id, end);
        }
        self.count(id);
        self.modified(id);
        if self.ledger.children_follow() {
            self.resize_children(id);
        }
    }

    /// Has no more of an order wait in the market than so many released shares leave it; false while that is
    /// pending. What is not in the market yet, or loses nothing there, fits.
    pub(crate) fn fits(&mut self, id: OrderId, released: Shares) -> bool {
        let is_due = self.todo.contains(&(self.owner, id));
        let Some(open) = self.ledger.orders.open.get_mut(&id) else { return false };
        let (order, place) = (&open.order, open.handle);
        let live = released.saturating_sub(order.filled);
        if live >= order.live() || (is_due && place.is_none()) {
            return true;
        }
        let answer = if live > 0 {
            self.venue.shrink(open.at, order, place, live)
        } else {
            self.venue.withdraw(open.at, order, place)
        };
        let is_done = answer == VenueAnswer::Done(());
        if is_done && live == 0 {
            open.handle = None;
        }
        is_done
    }

    pub(crate) fn modified(&mut self, id: OrderId) {
        if let Some(open) = self.ledger.orders.open.get(&id) {
            self.events.push(Event::OrderModified { order: Arc::clone(&open.order) });
        }
    }
}
