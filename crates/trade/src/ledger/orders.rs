//! A ledger's orders: open ones, and those that ended lately.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use access::id::{Holder, SymbolId};
use access::moment::{Span, Time};
use serde::{Deserialize, Serialize};

use super::sizes::Wanted;
use crate::book::Handle;
use crate::order::{Order, OrderId, Shares};

/// Ended orders and executions are kept for seven days, and no more than this many of each.
pub const KEPT: usize = 20_000;
/// See [`KEPT`].
pub const KEPT_FOR: Span = Span::days(7);

/// Orders that know of each other.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Group {
    /// The children of one parent.
    Children(OrderId),
    /// A one-cancels-all group by its name, which is the holder's own: the same name of another
    /// holder is another group.
    Named(Holder, Arc<str>),
}

/// An open order and where it is.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Open {
    pub(crate) order: Arc<Order>,
    /// Its contract's place.
    pub(crate) at: usize,
    /// Its place in the book, when it rests there.
    pub(crate) handle: Option<Handle>,
    /// What it is counted as in its contract's exposure: shares, and ticks.
    pub(crate) counted: (Shares, i64),
    /// How large it wants to be, where something may make it smaller; a snapshot keeps it apart.
    #[serde(skip)]
    pub(crate) wanted: Option<Wanted>,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Orders {
    pub(crate) open: BTreeMap<OrderId, Open>,
    pub(crate) done: VecDeque<Arc<Order>>,
    pub(crate) groups: BTreeMap<Group, Vec<OrderId>>,
    /// Open orders that may only reduce a position, oldest first.
    pub(super) reducing: BTreeMap<SymbolId, Vec<OrderId>>,
    /// Open orders that wait for a person.
    pub(crate) held: BTreeSet<OrderId>,
}

impl Orders {
    pub(crate) fn add(&mut self, open: Open) {
        let order = &open.order;
        for group in groups(order) {
            self.groups.entry(group).or_default().push(order.id);
        }
        if order.reduce_only {
            self.reducing.entry(order.symbol).or_default().push(order.id);
        }
        if order.held.is_some() {
            self.held.insert(order.id);
        }
        self.open.insert(order.id, open);
    }

    /// Takes an order out of the open ones.
    pub(crate) fn take(&mut self, id: OrderId) -> Option<Open> {
        let open = self.open.remove(&id)?;
        self.held.remove(&id);
        let order = &open.order;
        for group in groups(order) {
            if let Some(members) = self.groups.get_mut(&group) {
                members.retain(|member| *member != id);
                if members.is_empty() {
                    self.groups.remove(&group);
                }
            }
        }
        if order.reduce_only
            && let Some(reducing) = self.reducing.get_mut(&order.symbol)
        {
            reducing.retain(|one| *one != id);
            if reducing.is_empty() {
                self.reducing.remove(&order.symbol);
            }
        }
        Some(open)
    }

    /// Open orders in a contract that may only reduce the position.
    pub(crate) fn reducing(&self, symbol: SymbolId) -> Vec<OrderId> {
        self.reducing.get(&symbol).cloned().unwrap_or_default()
    }

    /// From a snapshot: which orders, ascending, may only reduce a position.
    pub(crate) fn mark_reducing(&mut self, ids: &[OrderId]) -> Result<(), String> {
        let mut found = 0_usize;
        let mut mark = |order: &mut Arc<Order>| {
            let is_one = ids.binary_search(&order.id).is_ok();
            if is_one {
                Arc::make_mut(order).reduce_only = true;
                found += 1;
            }
            is_one
        };
        for open in self.open.values_mut() {
            if mark(&mut open.order) {
                let (symbol, id) = (open.order.symbol, open.order.id);
                self.reducing.entry(symbol).or_default().push(id);
            }
        }
        for order in &mut self.done {
            mark(order);
        }
        let lost = ids.len() - found.min(ids.len());
        if lost > 0 { Err(format!("{lost} orders that only reduce are missing")) } else { Ok(()) }
    }

    pub(crate) fn members(&self, group: &Group) -> Vec<OrderId> {
        if self.groups.is_empty() {
            return Vec::new();
        }
        self.groups.get(group).cloned().unwrap_or_default()
    }

    pub(crate) fn keep(&mut self, order: Arc<Order>) {
        if self.done.len() >= KEPT {
            self.done.pop_front();
        }
        self.done.push_back(order);
    }

    pub(crate) fn prune(&mut self, now: Time) {
        let oldest = now - KEPT_FOR;
        while self.done.front().is_some_and(|order| order.updated < oldest) {
            self.done.pop_front();
        }
    }

    pub(crate) fn find(&self, id: OrderId) -> Option<&Arc<Order>> {
        self.open
            .get(&id)
            .map(|open| &open.order)
            .or_else(|| self.done.iter().rev().find(|order| order.id == id))
    }
}

/// The one-cancels-all group that an order is in.
pub(crate) fn named_group(order: &Order) -> Option<Group> {
    let oca = order.oca.as_ref()?;
    Some(Group::Named(order.origin.holder, Arc::clone(&oca.group)))
}

/// The groups that an order is in.
pub(crate) fn groups(order: &Order) -> impl Iterator<Item = Group> {
    order.parent.map(Group::Children).into_iter().chain(named_group(order))
}
