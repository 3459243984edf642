//! What groups of orders have traded. An ended order is forgotten after a while; this is not, so
//! that a member that comes late is asked about all that the group did before.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use access::id::Holder;
use serde::{Deserialize, Serialize};

use super::orders::KEPT;
use super::sizes::Left;
use crate::order::{Oca, Order, OrderId, OrderState, Shares};

/// Names of one holder that are remembered, beside those that have open members.
pub(crate) const NAMES: usize = KEPT;

/// What a named one-cancels-all group has traded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Past {
    /// Shares of all members.
    pub(crate) shares: Shares,
    /// The member that traded last.
    pub(crate) last: OrderId,
    /// The member whose trade ended the group.
    pub(crate) over: Option<OrderId>,
    /// The execution of its last trade.
    pub(crate) at: u64,
    /// What is left of it by the third rule; a snapshot keeps it apart.
    #[serde(skip)]
    pub(crate) left: Left,
}

impl Past {
    /// The member whose trade leaves nothing to another one with these terms.
    pub(crate) fn ends(&self, member: &Oca) -> Option<OrderId> {
        self.over.or((!member.reduce).then_some(self.last))
    }
}

/// See the module's text.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Traded {
    named: BTreeMap<Holder, BTreeMap<Arc<str>, Past>>,
    /// Shares that the children of a parent have traded.
    children: BTreeMap<OrderId, Shares>,
}

impl Traded {
    /// After a fill: `order` as it is after it, the execution's number, and what it took of its group.
    pub(crate) fn note(&mut self, order: &Order, quantity: Shares, execution: u64, units: u128) {
        if let Some(parent) = order.parent {
            let shares = self.children.entry(parent).or_default();
            *shares = shares.saturating_add(quantity);
        }
        let Some(oca) = &order.oca else { return };
        let names = self.named.entry(order.origin.holder).or_default();
        let past = names.entry(Arc::clone(&oca.group)).or_insert(Past {
            shares: 0,
            last: order.id,
            over: None,
            at: execution,
            left: Left::default(),
        });
        past.left.spend(units);
        past.shares = past.shares.saturating_add(quantity);
        (past.last, past.at) = (order.id, execution);
        if !oca.reduce || order.state == OrderState::Filled {
            past.over = past.over.or(Some(order.id));
        }
    }

    /// What an order did before anything was written down here.
    pub(crate) fn seed(&mut self, order: &Order, execution: u64) {
        if order.filled > 0 {
            self.note(order, order.filled, execution, 0);
        }
    }

    /// What the group of an order has traded.
    pub(crate) fn of(&self, order: &Order) -> Option<Past> {
        let oca = order.oca.as_ref()?;
        self.named.get(&order.origin.holder)?.get(&oca.group).copied()
    }

    /// The third rule begins: what was traded before is kept in shares.
    pub(crate) fn begin_units(&mut self) {
        for past in self.named.values_mut().flat_map(BTreeMap::values_mut) {
            past.left = Left::after(past.shares);
        }
    }

    /// What is left of each group, for a snapshot.
    pub(crate) fn left(&self) -> Vec<(Holder, Arc<str>, Left)> {
        let of = |(holder, names): (&Holder, &BTreeMap<Arc<str>, Past>)| {
            let holder = *holder;
            let left = names.iter().map(move |(name, past)| (holder, Arc::clone(name), past.left));
            left.collect::<Vec<_>>()
        };
        self.named.iter().flat_map(of).collect()
    }

    /// The same from a snapshot; false where the group has not traded.
    pub(crate) fn set_left(&mut self, holder: Holder, name: &str, left: Left) -> bool {
        let past = self.named.get_mut(&holder).and_then(|names| names.get_mut(name));
        past.map(|past| past.left = left).is_some()
    }

    /// Shares that the children of a parent have traded.
    pub(crate) fn of_children(&self, parent: OrderId) -> Shares {
        self.children.get(&parent).copied().unwrap_or(0)
    }

    /// Whether a holder has many more names than are remembered.
    pub(crate) fn is_full(&self, holder: Holder) -> bool {
        self.named.get(&holder).is_some_and(|names| names.len() > NAMES + NAMES / 10)
    }

    /// Forgets the names of a holder that have not traded for the longest, but none that is `used`.
    pub(crate) fn forget_names(&mut self, holder: Holder, used: &BTreeSet<Arc<str>>) {
        let Some(names) = self.named.get_mut(&holder) else { return };
        let idle = names.iter().filter(|(name, _)| !used.contains(*name));
        let mut idle: Vec<_> = idle.map(|(name, past)| (past.at, Arc::clone(name))).collect();
        idle.sort_unstable();
        idle.truncate(names.len().saturating_sub(NAMES));
        for (_, name) in idle {
            names.remove(&name);
        }
    }

    /// Forgets parents that are themselves forgotten.
    pub(crate) fn forget_parents(&mut self, known: impl Fn(OrderId) -> bool) {
        self.children.retain(|parent, _| known(*parent));
    }
}
