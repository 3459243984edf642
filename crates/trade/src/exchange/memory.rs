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
//! | 4 | children keep to their parent whatever made that smaller: its group, a position, a change |
//! | 5 | what was ordered on a day is counted, by whom |
//!
//! [`Command::OrderRule`]: crate::journal::Command::OrderRule

use std::collections::BTreeMap;

use access::id::Holder;
use serde::{Deserialize, Serialize};

use super::Exchange;
use crate::event::Event;
use crate::order::Origin;

/// The newest rule of orders.
pub const ORDER_RULE: u16 = 5;

/// Client ids of one holder whose order ids are remembered one by one.
const CLIENTS: usize = 1_000;

/// What rule 1 does not remember.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Memory {
    rule: u16,
    pub(super) used: BTreeMap<Holder, UsedIds>,
}

impl Default for Memory {
    fn default() -> Self {
        Self { rule: 1, used: BTreeMap::new() }
    }
}

impl Memory {
    pub(super) const fn new(rule: u16, used: BTreeMap<Holder, UsedIds>) -> Self {
        Self { rule, used }
    }

    pub(super) const fn rule(&self) -> u16 {
        self.rule
    }

    /// An order id was used, whatever became of the order.
    pub(super) fn note_order_id(&mut self, origin: Origin) {
        if self.rule >= 2 && origin.order_id > 0 {
            let used = self.used.entry(origin.holder).or_default();
            used.note(origin.client_id, origin.order_id);
        }
    }
}

/// The highest order id that each client id of a holder has used.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct UsedIds {
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

    /// Follows a newer rule from here on; a rule never goes back. What an older one did not write
    /// down is taken from the orders that are still there.
    pub(super) fn follow_order_rule(&mut self, rule: u16, events: &mut Vec<Event>) {
        let before = self.memory.rule;
        if rule <= before || rule > ORDER_RULE {
            return;
        }
        self.memory.rule = rule;
        for owner in self.ledgers.owners() {
            let Some(mut desk) = self.desk(owner, events) else { continue };
            if before < 2 {
                desk.ledger.seed(desk.register.execution);
            }
            desk.ledger.rule = rule;
            if before < 3 && rule >= 3 {
                desk.begin_sizes();
            }
            if before < 4 && rule >= 4 {
                desk.begin_following();
            }
        }
        if before < 2 {
            let ended = self.ledgers.all().flat_map(|ledger| &ledger.orders.done);
            let mut orders: Vec<_> = ended.chain(self.open_orders()).cloned().collect();
            orders.sort_by_key(|order| (order.updated, order.id));
            for order in orders {
                self.memory.note_order_id(order.origin);
            }
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
