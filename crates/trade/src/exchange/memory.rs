//! The rule of orders, and the memory that it needs beyond the orders themselves.
//!
//! A journal begins by rule 1 and goes on by it until a [`Command::OrderRule`] says otherwise, so
//! what was written under an older rule replays to the same bytes for ever. What rule 1 does not
//! remember comes after the rest of a snapshot, and is left out while rule 1 holds.
//!
//! | rule | what it adds |
//! |---|---|
//! | 1 | |
//! | 2 | groups remember what they traded; order ids that were used are remembered |
//! | 3 | groups are reduced in proportion; children keep to their parent, what only reduces to the position |
//!
//! [`Command::OrderRule`]: crate::journal::Command::OrderRule

use std::collections::BTreeMap;

use access::id::Holder;
use serde::{Deserialize, Serialize};

use super::Exchange;
use super::traded::Traded;
use crate::event::Event;
use crate::order::Origin;

/// The newest rule of orders.
pub const ORDER_RULE: u16 = 3;

/// Client ids of one holder whose order ids are remembered one by one.
const CLIENTS: usize = 1_000;

/// What rule 1 does not remember.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Memory {
    rule: u16,
    pub(super) traded: Traded,
    used: BTreeMap<Holder, UsedIds>,
}

impl Default for Memory {
    fn default() -> Self {
        Self { rule: 1, traded: Traded::default(), used: BTreeMap::new() }
    }
}

impl Memory {
    /// Whether there is nothing to keep: rule 1 holds.
    pub(super) const fn is_none(&self) -> bool {
        self.rule < 2
    }

    /// Whether it is of a rule that this program knows.
    pub(super) fn is_known(&self) -> bool {
        (2..=ORDER_RULE).contains(&self.rule)
    }

    pub(super) const fn rule(&self) -> u16 {
        self.rule
    }
}

/// The highest order id that each client id of a holder has used.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct UsedIds {
    clients: BTreeMap<i32, i32>,
    /// The highest of all client ids that are not kept one by one any more.
    others: i32,
}

impl UsedIds {
    fn highest(&self, client_id: i32) -> i32 {
        self.clients.get(&client_id).copied().unwrap_or(self.others)
    }

    fn note(&mut self, client_id: i32, order_id: i32) {
        let highest = self.highest(client_id).max(order_id);
        self.clients.insert(client_id, highest);
        if self.clients.len() > CLIENTS {
            let lowest = self.clients.iter().min_by_key(|(_, highest)| **highest);
            if let Some(gone) = lowest.map(|(client, _)| *client)
                && let Some(highest) = self.clients.remove(&gone)
            {
                self.others = self.others.max(highest);
            }
        }
    }
}

impl Exchange {
    /// By which rule it takes orders.
    pub const fn order_rule(&self) -> u16 {
        self.memory.rule
    }

    /// The highest order id that a client of a holder has used; 0 for none.
    pub fn highest_order_id(&self, holder: Holder, client_id: i32) -> i32 {
        self.memory.used.get(&holder).map_or(0, |used| used.highest(client_id))
    }

    /// Groups and holders are remembered.
    pub(super) const fn remembers(&self) -> bool {
        self.memory.rule >= 2
    }

    /// Follows a newer rule from here on; a rule never goes back. What an older one did not write
    /// down is taken from the orders that are still there.
    pub(super) fn follow_order_rule(&mut self, rule: u16, events: &mut Vec<Event>) {
        if rule <= self.memory.rule || rule > ORDER_RULE {
            return;
        }
        if !self.remembers() {
            let orders: Vec<_> = self.orders.done.iter().chain(self.open_orders()).collect();
            let mut orders: Vec<_> = orders.into_iter().cloned().collect();
            orders.sort_by_key(|order| (order.updated, order.id));
            for order in orders {
                self.memory.traded.seed(&order, self.next_execution);
                if order.origin.order_id > 0 {
                    let used = self.memory.used.entry(order.origin.holder).or_default();
                    used.note(order.origin.client_id, order.origin.order_id);
                }
            }
        }
        let sized = self.sizes_orders();
        self.memory.rule = rule;
        if !sized && self.sizes_orders() {
            self.begin_sizes(events);
        }
    }

    /// An order id was used, whatever became of the order.
    pub(super) fn note_order_id(&mut self, origin: Origin) {
        if self.remembers() && origin.order_id > 0 {
            let used = self.memory.used.entry(origin.holder).or_default();
            used.note(origin.client_id, origin.order_id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn client_ids_without_end_take_bounded_room_and_free_no_id() {
        let mut used = UsedIds::default();
        for client in 0..3_000 {
            used.note(client, client + 1);
        }
        assert_eq!(used.clients.len(), CLIENTS);
        for client in 0..3_000 {
            assert!(used.highest(client) > client, "{client}: {}", used.highest(client));
        }
        used.note(5, 1);
        assert!(used.highest(5) >= 2_000, "an id that was used comes back");
    }
}
