//! How much room an order has: what its parent, its siblings, its group and the position leave it.
//! Nothing here changes the market; `desk.rs` does, and asks.

use std::collections::BTreeSet;

use access::id::SymbolId;

use super::Ledger;
use super::orders::{Group, Open};
use super::sizes::{Part, Wanted, grown};
use super::traded::Past;
use crate::instrument::Instrument;
use crate::order::{Change, Order, OrderId, Shares, Side};

impl Ledger {
    /// Groups and holders are remembered.
    pub(crate) const fn remembers(&self) -> bool {
        self.rule >= 2
    }

    /// The third rule holds.
    pub(crate) const fn sizes_orders(&self) -> bool {
        self.rule >= 3
    }

    /// The fourth rule holds: a child follows whatever makes its parent smaller.
    pub(crate) const fn children_follow(&self) -> bool {
        self.rule >= 4
    }

    /// Shares that orders of this side would close. A forecast is closed by buying its other outcome.
    pub fn held_against(&self, symbol: SymbolId, side: Side) -> Shares {
        let other = self.instruments().get(symbol).and_then(Instrument::other_side);
        let shares = match other {
            Some(other) => -self.position(other).shares,
            None => self.position(symbol).shares,
        };
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
    pub(crate) fn most_reducing(&self, order: &Order) -> Shares {
        if !order.reduce_only {
            return Shares::MAX;
        }
        order.filled.saturating_add(self.held_against(order.symbol, order.side))
    }

    /// Whether no trade of another order of this ledger can take shares of this one away.
    pub(crate) fn is_firm(&self, id: OrderId) -> bool {
        let order = self.open_order(id);
        order.is_some_and(|one| one.parent.is_none() && one.oca.is_none() && !one.reduce_only)
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
            self.traded.of_children(parent).saturating_sub(own)
        } else {
            self.open_orders()
                .chain(&self.orders.done)
                .filter(|one| one.parent == Some(parent) && Some(one.id) != child)
                .fold(0_u64, |sum, one| sum.saturating_add(one.filled))
        };
        Some((elder.filled.saturating_sub(spent), whole.saturating_sub(spent)))
    }

    /// A partial fill of another member makes this one smaller; a type 1 it ends.
    pub(crate) fn may_shrink(&self, member: OrderId) -> bool {
        let open = self.orders.open.get(&member);
        let reduces = open.and_then(|open| open.order.oca.as_ref()).is_some_and(|oca| oca.reduce);
        reduces || !self.remembers()
    }

    /// The most shares that a change may give a member of a one-cancels-all group: what it has
    /// already, or what the other members' trades leave of what is asked for.
    fn most_in_group(&self, change: &Change) -> Shares {
        let Some(order) = self.open_order(change.order) else { return Shares::MAX };
        let Some(past) = self.traded.of(order) else { return Shares::MAX };
        let others = past.shares.saturating_sub(order.filled);
        if others == 0 {
            return Shares::MAX;
        }
        let ended = past.over.is_some() || order.oca.as_ref().is_some_and(|oca| !oca.reduce);
        let left = if ended { 0 } else { change.quantity.saturating_sub(others) };
        left.max(order.quantity)
    }

    /// How large a change makes an order, and what it wants from then on.
    pub(crate) fn changed_size(&self, change: &Change) -> (Shares, Option<Wanted>) {
        let Some(open) = self.orders.open.get(&change.order).filter(|_| self.sizes_orders()) else {
            return (change.quantity.min(self.most_in_group(change)), None);
        };
        let (quantity, wanted) = self.wanted_by(open, change);
        (quantity.min(self.most_reducing(&open.order)), wanted)
    }

    /// What a new order wants, where something may make it smaller.
    pub(crate) fn wanted(&self, order: &Order, shares: Shares) -> Option<Wanted> {
        if !self.sizes_orders() {
            return None;
        }
        let before = self.traded.of(order).map_or(0, |past| past.left.before);
        let reduces = order.oca.as_ref().is_some_and(|oca| oca.reduce);
        let part = reduces.then_some(Part::whole(shares.saturating_sub(before)));
        (order.parent.is_some() || reduces).then_some(Wanted { shares, part })
    }

    /// What a change makes an order want, and how large it is then. A program that sends the quantity
    /// that it first sent keeps what is left; one that sends the present one loses nothing twice.
    fn wanted_by(&self, open: &Open, change: &Change) -> (Shares, Option<Wanted>) {
        let (order, asked) = (&open.order, change.quantity);
        let past = self.traded.of(order);
        let ended = |past: &Past| {
            let oca = order.oca.as_ref();
            past.shares > order.filled && oca.is_some_and(|oca| past.ends(oca).is_some())
        };
        let now = order.quantity;
        if past.is_some_and(|past| ended(&past)) && asked > now {
            return (now, open.wanted);
        }
        let Some(wanted) = open.wanted.filter(|_| asked != now) else {
            return (asked, open.wanted);
        };
        let left = past.map(|past| past.left).unwrap_or_default();
        let (quantity, part) = match wanted.part {
            None => (asked, None),
            Some(part) => {
                let (quantity, part) = grown(part, left, order, asked);
                (quantity, Some(part))
            }
        };
        (quantity, Some(Wanted { shares: asked, part }))
    }

    /// What groups did before the second rule, taken from the orders that are still there.
    pub(crate) fn seed(&mut self, execution: u64) {
        let orders = self.orders.done.iter().chain(self.open_orders());
        let mut orders: Vec<_> = orders.cloned().collect();
        orders.sort_by_key(|order| (order.updated, order.id));
        for order in orders {
            self.traded.seed(&order, execution);
        }
    }

    /// A fill is written down for those that come later. `execution` is its number.
    pub(crate) fn note_traded(&mut self, order: &Order, quantity: Shares, execution: u64) {
        if !self.remembers() {
            return;
        }
        let units = self.spend(order.id, quantity);
        self.traded.note(order, quantity, execution, units);
        let holder = order.origin.holder;
        if self.traded.is_full(holder) {
            let used = self.orders.groups.keys().filter_map(|group| match group {
                Group::Named(of, name) if *of == holder => Some(name.clone()),
                Group::Named(..) | Group::Children(_) => None,
            });
            let used = used.collect();
            self.traded.forget_names(holder, &used);
        }
    }

    /// The units that a fill takes from its group.
    fn spend(&mut self, id: OrderId, quantity: Shares) -> u128 {
        let open = self.orders.open.get_mut(&id);
        let Some(part) = open.and_then(|open| open.wanted.as_mut()?.part.as_mut()) else {
            return 0;
        };
        let units = part.units(quantity);
        part.spent = part.spent.saturating_add(units);
        units
    }

    /// It loses the shares that a sibling traded.
    pub(crate) fn lose_to_sibling(&mut self, id: OrderId, by: Shares) {
        let Some(open) = self.orders.open.get_mut(&id) else { return };
        if let Some(wanted) = &mut open.wanted {
            wanted.shares = wanted.shares.saturating_sub(by).max(open.order.filled);
        }
    }

    /// It has all that it will ever get, so it wants no more.
    pub(crate) fn want_no_more(&mut self, id: OrderId) {
        let Some(open) = self.orders.open.get_mut(&id) else { return };
        if let Some(wanted) = &mut open.wanted {
            wanted.shares = wanted.shares.min(open.order.quantity);
        }
    }

    /// Forgets what children of parents did that are no longer known.
    pub(crate) fn forget_parents(&mut self) {
        if self.remembers() {
            let done: BTreeSet<OrderId> = self.orders.done.iter().map(|order| order.id).collect();
            let open = &self.orders.open;
            self.traded.forget_parents(|id| open.contains_key(&id) || done.contains(&id));
        }
    }
}
