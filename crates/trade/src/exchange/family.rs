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
//! third does so in proportion (`sizes.rs`), and a child follows its parent when that becomes smaller.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::Exchange;
use super::orders::{Group, named_group};
use super::sizes::Wanted;
use crate::event::Event;
use crate::order::{Change, End, Order, OrderId, OrderState, Shares};

impl Exchange {
    /// After a fill of `order`: its children live, its siblings and its group shrink or end.
    pub(super) fn follow(&mut self, order: &Arc<Order>, quantity: Shares, events: &mut Vec<Event>) {
        self.note_traded(order, quantity);
        self.bound_reducing(order.symbol, events);
        if self.orders.groups.is_empty() {
            return;
        }
        for child in self.orders.members(&Group::Children(order.id)) {
            if self.sizes_orders() {
                if order.state == OrderState::Filled {
                    self.want_no_more(child);
                }
                self.resize(child, End::ParentEnded, events);
            } else {
                self.release(child, quantity, events);
            }
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
                if oca.reduce && order.state != OrderState::Filled && self.may_shrink(member) {
                    if self.sizes_orders() {
                        self.resize(member, End::OcaFilled { by: order.id }, events);
                    } else {
                        self.shrink(member, quantity, order.id, events);
                    }
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
        let spent = if self.remembers() {
            let own = child.and_then(|child| self.orders.open.get(&child));
            let own = own.map_or(0, |open| open.order.filled);
            self.memory.traded.of_children(parent).saturating_sub(own)
        } else {
            self.open_orders()
                .chain(&self.orders.done)
                .filter(|one| one.parent == Some(parent) && Some(one.id) != child)
                .fold(0_u64, |sum, one| sum.saturating_add(one.filled))
        };
        Some((elder.filled.saturating_sub(spent), whole.saturating_sub(spent)))
    }

    /// A fill is written down for those that come later.
    pub(super) fn note_traded(&mut self, order: &Order, quantity: Shares) {
        if !self.remembers() {
            return;
        }
        let units = self.spend(order.id, quantity);
        self.memory.traded.note(order, quantity, self.next_execution, units);
        let holder = order.origin.holder;
        if self.memory.traded.is_full(holder) {
            let used = self.orders.groups.keys().filter_map(|group| match group {
                Group::Named(of, name) if *of == holder => Some(Arc::clone(name)),
                Group::Named(..) | Group::Children(_) => None,
            });
            let used = used.collect();
            self.memory.traded.forget_names(holder, &used);
        }
    }

    /// A partial fill of another member makes this one smaller; a type 1 it ends.
    fn may_shrink(&self, member: OrderId) -> bool {
        let open = self.orders.open.get(&member);
        let reduces = open.and_then(|open| open.order.oca.as_ref()).is_some_and(|oca| oca.reduce);
        reduces || !self.remembers()
    }

    /// What the group of a new order did before it came.
    pub(super) fn join(&mut self, id: OrderId, events: &mut Vec<Event>) {
        let Some(open) = self.orders.open.get(&id) else { return };
        let (Some(past), Some(oca)) = (self.memory.traded.of(&open.order), &open.order.oca) else {
            return;
        };
        match past.ends(oca) {
            Some(by) => self.end(id, End::GroupTraded { by }, events),
            None if self.sizes_orders() => {
                self.resize(id, End::OcaFilled { by: past.last }, events);
            }
            None => self.shrink(id, past.shares, past.last, events),
        }
    }

    /// The most shares that a change may give a member of a one-cancels-all group: what it has
    /// already, or what the other members' trades leave of what is asked for.
    fn most_in_group(&self, change: &Change) -> Shares {
        let Some(order) = self.open_order(change.order) else { return Shares::MAX };
        let Some(past) = self.memory.traded.of(order) else { return Shares::MAX };
        let others = past.shares.saturating_sub(order.filled);
        if others == 0 {
            return Shares::MAX;
        }
        let ended = past.over.is_some() || order.oca.as_ref().is_some_and(|oca| !oca.reduce);
        let left = if ended { 0 } else { change.quantity.saturating_sub(others) };
        left.max(order.quantity)
    }

    /// How large a change makes an order, and what it wants from then on.
    pub(super) fn changed_size(&self, change: &Change) -> (Shares, Option<Wanted>) {
        let Some(open) = self.orders.open.get(&change.order).filter(|_| self.sizes_orders()) else {
            return (change.quantity.min(self.most_in_group(change)), None);
        };
        let (quantity, wanted) = self.wanted_by(open, change);
        (quantity.min(self.most_reducing(&open.order)), wanted)
    }

    /// Forgets what children of parents did that are no longer known.
    pub(super) fn forget_parents(&mut self) {
        if self.remembers() {
            let done: BTreeSet<OrderId> = self.orders.done.iter().map(|order| order.id).collect();
            let open = &self.orders.open;
            self.memory.traded.forget_parents(|id| open.contains_key(&id) || done.contains(&id));
        }
    }

    /// So many more shares of a child may trade.
    fn release(&mut self, id: OrderId, quantity: Shares, events: &mut Vec<Event>) {
        let now = self.now;
        let Some(open) = self.orders.open.get_mut(&id) else { return };
        let order = Arc::make_mut(&mut open.order);
        order.released = order.quantity.min(order.released.saturating_add(quantity));
        order.updated = now;
        self.freed(id, events);
    }

    /// More of an order may trade than before.
    pub(super) fn freed(&mut self, id: OrderId, events: &mut Vec<Event>) {
        let Some(open) = self.orders.open.get_mut(&id) else { return };
        let order = Arc::make_mut(&mut open.order);
        if !order.is_armed_stop() {
            order.state = OrderState::Working;
        }
        events.push(Event::OrderReleased { order: Arc::clone(&open.order) });
        self.todo.push_back(id);
    }

    /// An order loses so many shares to another of its group.
    fn shrink(&mut self, id: OrderId, by: Shares, to: OrderId, events: &mut Vec<Event>) {
        if self.sizes_orders() {
            self.lose_to_sibling(id, by);
            return self.resize(id, End::OcaFilled { by: to }, events);
        }
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
                self.want_no_more(id);
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
