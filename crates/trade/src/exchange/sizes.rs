//! What orders of the third rule may come to: as many shares as they ask for, as their parent leaves
//! and as their one-cancels-all group leaves, whichever is least. Every cause is kept apart, so that none
//! is counted twice and what one gives back the others still hold.
//!
//! In a group of types 2 and 3 a fill takes from all others the part of its order that it filled: of
//! 20 of 50 shares, two fifths. The part is kept in units so small that sums of it are exact for any
//! sizes that an order can have; shares are rounded down, so the members together never trade more than one whole.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use access::id::Holder;
use serde::{Deserialize, Serialize};

use super::Exchange;
use super::orders::{Group, Open};
use super::traded::Past;
use crate::event::Event;
use crate::order::{Change, End, Order, OrderId, Shares};

/// A whole group in units. Times the largest order it is below the 128th power of two.
const WHOLE: u128 = 1 << 100;

/// What is left of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Left {
    /// Of [`WHOLE`].
    units: u128,
    /// Shares that its members traded by an older rule, which counted nothing else.
    before: Shares,
}

impl Left {
    /// What is left where an older rule counted the shares that were traded.
    pub(super) const fn after(before: Shares) -> Self {
        Self { units: WHOLE, before }
    }

    pub(super) const fn spend(&mut self, units: u128) {
        self.units = self.units.saturating_sub(units);
    }
}

impl Default for Left {
    fn default() -> Self {
        Self::after(0)
    }
}

/// How large an order wants to be, whatever its parent and its group leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Wanted {
    /// As it was sent or last changed, less what siblings have traded since.
    shares: Shares,
    /// Its place in a group of type 2 or 3.
    part: Option<Part>,
}

/// A member's claim: while the group had `of` units left, `shares` of this order were left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Part {
    shares: Shares,
    of: u128,
    /// Units that its own fills took.
    spent: u128,
}

impl Part {
    /// What these units are in shares.
    fn shares(&self, units: u128) -> Shares {
        let shares = u128::from(self.shares).saturating_mul(units).checked_div(self.of);
        Shares::try_from(shares.unwrap_or(0)).unwrap_or(Shares::MAX)
    }

    /// What these shares are in units.
    fn units(&self, shares: Shares) -> u128 {
        let units = u128::from(shares).saturating_mul(self.of);
        units.checked_div(u128::from(self.shares)).unwrap_or(self.of)
    }
}

/// What a snapshot keeps of all this, behind what older rules keep.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Sizes {
    wanted: BTreeMap<OrderId, Wanted>,
    left: Vec<(Holder, Arc<str>, Left)>,
    /// Orders, open or not, that may only reduce a position.
    reducing: Vec<OrderId>,
}

impl Exchange {
    /// The third rule holds.
    pub(super) const fn sizes_orders(&self) -> bool {
        self.memory.rule() >= 3
    }

    /// What a new order wants, where something may make it smaller.
    pub(super) fn wanted(&self, order: &Order, shares: Shares) -> Option<Wanted> {
        if !self.sizes_orders() {
            return None;
        }
        let before = self.memory.traded.of(order).map_or(0, |past| past.left.before);
        let shares_of_part = shares.saturating_sub(before);
        let reduces = order.oca.as_ref().is_some_and(|oca| oca.reduce);
        let part = reduces.then_some(Part { shares: shares_of_part, of: WHOLE, spent: 0 });
        (order.parent.is_some() || reduces).then_some(Wanted { shares, part })
    }

    /// The orders that are open as the third rule begins: what they have left is what they want.
    pub(super) fn begin_sizes(&mut self, events: &mut Vec<Event>) {
        self.memory.traded.begin_units();
        let mut parents = BTreeSet::new();
        for open in self.orders.open.values_mut() {
            let order = &open.order;
            let reduces = order.oca.as_ref().is_some_and(|oca| oca.reduce);
            let part = Part { shares: order.remaining(), of: WHOLE, spent: 0 };
            let wanted = Wanted { shares: order.quantity, part: reduces.then_some(part) };
            open.wanted = (order.parent.is_some() || reduces).then_some(wanted);
            parents.extend(order.parent);
        }
        for parent in parents {
            // One that became smaller under an older rule left its children as they were.
            if self.orders.open.contains_key(&parent) {
                self.resize_children(parent, events);
            } else {
                self.orphan(parent, events);
            }
        }
    }

    /// The units that a fill takes from its group.
    pub(super) fn spend(&mut self, id: OrderId, quantity: Shares) -> u128 {
        let open = self.orders.open.get_mut(&id);
        let Some(part) = open.and_then(|open| open.wanted.as_mut()?.part.as_mut()) else {
            return 0;
        };
        let units = part.units(quantity);
        part.spent = part.spent.saturating_add(units);
        units
    }

    /// It loses the shares that a sibling traded.
    pub(super) fn lose_to_sibling(&mut self, id: OrderId, by: Shares) {
        let Some(open) = self.orders.open.get_mut(&id) else { return };
        if let Some(wanted) = &mut open.wanted {
            wanted.shares = wanted.shares.saturating_sub(by).max(open.order.filled);
        }
    }

    /// It has all that it will ever get, so it wants no more.
    pub(super) fn want_no_more(&mut self, id: OrderId) {
        let Some(open) = self.orders.open.get_mut(&id) else { return };
        if let Some(wanted) = &mut open.wanted {
            wanted.shares = wanted.shares.min(open.order.quantity);
        }
    }

    /// What a change makes an order want, and how large it is then. A program that sends the quantity
    /// that it first sent keeps what is left; one that sends the present one loses nothing twice.
    pub(super) fn wanted_by(&self, open: &Open, change: &Change) -> (Shares, Option<Wanted>) {
        let (order, asked) = (&open.order, change.quantity);
        let past = self.memory.traded.of(order);
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

    /// Gives an order the size that its parent, its siblings and its group leave it now. Without a
    /// share it ends.
    pub(super) fn resize(&mut self, id: OrderId, end: End, events: &mut Vec<Event>) {
        let Some(open) = self.orders.open.get(&id) else { return };
        let order = &open.order;
        let Some(wanted) = open.wanted else { return };
        let mut quantity = wanted.shares;
        if let Some(part) = wanted.part {
            let units = self.memory.traded.of(order).map_or(WHOLE, |past| past.left.units);
            quantity = quantity.min(order.filled.saturating_add(part.shares(units)));
        }
        // One that has ended has given each child all that it will get.
        let parent = order.parent.filter(|parent| self.orders.open.contains_key(parent));
        let family = parent.and_then(|parent| self.left_for_child(parent, Some(id)));
        let (now, whole) = family.unwrap_or((Shares::MAX, Shares::MAX));
        quantity = quantity.min(whole).max(order.filled);
        let released = quantity.min(now).max(order.filled);
        self.set_size(id, (quantity, released), end, events);
    }

    fn set_size(
        &mut self,
        id: OrderId,
        (quantity, released): (Shares, Shares),
        end: End,
        events: &mut Vec<Event>,
    ) {
        let now = self.now;
        let Some(open) = self.orders.open.get_mut(&id) else { return };
        let before = (open.order.quantity, open.order.released);
        if before == (quantity, released) {
            return;
        }
        let order = Arc::make_mut(&mut open.order);
        (order.quantity, order.released, order.updated) = (quantity, released, now);
        if order.remaining() == 0 {
            return self.end(id, end, events);
        }
        if released > before.1 {
            return self.freed(id, events);
        }
        self.fit(id);
        self.modified(id, events);
    }

    /// The children of a parent whose shares have changed.
    pub(super) fn resize_children(&mut self, parent: OrderId, events: &mut Vec<Event>) {
        if !self.sizes_orders() {
            return;
        }
        for child in self.orders.members(&Group::Children(parent)) {
            self.resize(child, End::ParentEnded, events);
        }
    }

    /// For a snapshot.
    pub(super) fn sizes(&self) -> Sizes {
        let wanted = |(id, open): (&OrderId, &Open)| Some((*id, open.wanted?));
        let all = self.open_orders().chain(&self.orders.done);
        let mut reducing: Vec<_> =
            all.filter(|order| order.reduce_only).map(|order| order.id).collect();
        reducing.sort_unstable();
        Sizes {
            wanted: self.orders.open.iter().filter_map(wanted).collect(),
            left: self.memory.traded.left(),
            reducing,
        }
    }

    /// From a snapshot.
    pub(super) fn take_sizes(&mut self, sizes: Sizes) -> Result<(), String> {
        for (id, wanted) in sizes.wanted {
            let open = self.orders.open.get_mut(&id);
            open.ok_or_else(|| format!("order {id} has a size and is not open"))?.wanted =
                Some(wanted);
        }
        for (holder, name, left) in sizes.left {
            if !self.memory.traded.set_left(holder, &name, left) {
                return Err(format!("group {name} has a rest and has not traded"));
            }
        }
        self.orders.mark_reducing(&sizes.reducing)
    }
}

/// A member's quantity and claim after a change to another quantity.
fn grown(part: Part, left: Left, order: &Order, asked: Shares) -> (Shares, Part) {
    let (now, filled) = (order.quantity, order.filled);
    let others = WHOLE.saturating_sub(left.units).saturating_sub(part.spent);
    let rebased = |quantity: Shares| {
        let shares = quantity.saturating_sub(filled);
        (quantity, Part { shares, of: left.units, spent: part.spent })
    };
    if asked < now || (others == 0 && left.before == 0) {
        return rebased(asked);
    }
    if left.before > 0 {
        return (now, part);
    }
    let fresh = Part { shares: asked, of: WHOLE, spent: 0 };
    let quantity = fresh.shares(WHOLE.saturating_sub(others));
    match quantity {
        quantity if quantity <= now => (now, part),
        // Nothing of it is rounded away.
        quantity if filled == 0 => (quantity, fresh),
        quantity => rebased(quantity),
    }
}
