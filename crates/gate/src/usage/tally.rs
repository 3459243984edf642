//! Counts what credentials do in a day, along with the journal.

use std::collections::BTreeMap;

use access::id::{CredentialId, Holder};
use access::moment::Time;
use tokio::sync::OnceCell;
use trade::journal::Command;

/// Microseconds of a day.
const DAY: i64 = 86_400_000_000;

/// What a credential did since midnight, UTC.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Orders that were taken.
    pub orders: u64,
    /// Orders, and changes of them, that were refused.
    pub refused_orders: u64,
    /// Programs that were not let in.
    pub refused_connections: u64,
    /// What else was refused: what it asked to see, a cancellation, what could not be read.
    pub refused_requests: u64,
}

impl Usage {
    /// All that was refused.
    pub const fn refused(self) -> u64 {
        self.refused_orders
            .saturating_add(self.refused_connections)
            .saturating_add(self.refused_requests)
    }

    pub(super) const fn plus(self, other: Self) -> Self {
        Self {
            orders: self.orders.saturating_add(other.orders),
            refused_orders: self.refused_orders.saturating_add(other.refused_orders),
            refused_connections: self.refused_connections.saturating_add(other.refused_connections),
            refused_requests: self.refused_requests.saturating_add(other.refused_requests),
        }
    }
}

/// The usage of every credential that has some.
pub(crate) type Usages = BTreeMap<CredentialId, Usage>;

/// The day of a time, counted from 1970.
pub(super) const fn day(at: Time) -> i64 {
    at.0.div_euclid(DAY)
}

/// Midnight before a time, UTC.
pub(crate) const fn midnight(at: Time) -> Time {
    Time(day(at) * DAY)
}

/// Adds what a record did to the usage of its subject.
pub(crate) fn count(usages: &mut Usages, holder: Holder, command: &Command) {
    let none = Usage::default();
    let (holder, more) = match command {
        Command::Place(orders)
        | Command::PlaceReduceOnly(orders)
        | Command::Hold { orders, .. } => {
            let orders = u64::try_from(orders.get().len()).unwrap_or(u64::MAX);
            (holder, Usage { orders, ..none })
        }
        Command::OrdersRefused(refused) => {
            (refused.holder, Usage { refused_orders: refused.count.into(), ..none })
        }
        Command::ConnectionRefused { holder, count, .. } => {
            (*holder, Usage { refused_connections: (*count).into(), ..none })
        }
        Command::Refused { holder, count, .. } => {
            (*holder, Usage { refused_requests: (*count).into(), ..none })
        }
        _ => return,
    };
    let Holder::Credential(id) = holder else { return };
    let usage = usages.entry(id).or_default();
    *usage = usage.plus(more);
}

/// What was stamped since the server started, of the newest day.
#[derive(Default)]
pub(crate) struct Tally {
    day: i64,
    usages: Usages,
}

impl Tally {
    /// Counts a record.
    pub(crate) fn count(&mut self, at: Time, holder: Holder, command: &Command) {
        let today = day(at);
        if today > self.day {
            self.day = today;
            self.usages.clear();
        }
        count(&mut self.usages, holder, command);
    }

    /// What was counted on the day of `now`.
    pub(crate) fn of(&self, now: Time) -> Usages {
        if self.day == day(now) { self.usages.clone() } else { Usages::new() }
    }
}

/// What the journal held of the day on which it was first asked for, up to the start.
pub(crate) struct Before {
    /// The last record before the start.
    pub(super) last: u64,
    pub(super) read: OnceCell<(i64, Usages)>,
}

impl Before {
    pub(crate) fn new(last: u64) -> Self {
        Self { last, read: OnceCell::new() }
    }
}

#[cfg(test)]
mod tests {
    use trade::journal::OrdersRefused;

    use super::*;

    fn refused(id: CredentialId, count: u32) -> Command {
        Command::OrdersRefused(OrdersRefused {
            holder: Holder::Credential(id),
            code: "READ_ONLY".to_owned(),
            text: String::new(),
            count,
            asked: Vec::new(),
        })
    }

    #[test]
    fn refusals_of_a_day_are_counted_and_a_new_day_begins_at_nothing() {
        let mut tally = Tally::default();
        let (id, other) = (CredentialId([1; 16]), CredentialId([2; 16]));
        let at = |day: i64| Time(day * DAY + 5);
        tally.count(at(3), Holder::System, &refused(id, 2));
        tally.count(at(3), Holder::System, &refused(id, 3));
        tally.count(at(3), Holder::System, &refused(other, 1));
        tally.count(at(3), Holder::System, &Command::Advance);
        let (holder, text) = (Holder::Credential(id), String::new());
        let code = "TOKEN_WRONG".to_owned();
        let turned_away = Command::ConnectionRefused { holder, code, text: text.clone(), count: 4 };
        tally.count(at(3), Holder::System, &turned_away);
        let unseen =
            Command::Refused { holder, code: "ACT_NOT_ALLOWED".to_owned(), text, count: 6 };
        tally.count(at(3), Holder::System, &unseen);
        let today = tally.of(at(3)).get(&id).copied().unwrap_or_default();
        let all =
            Usage { orders: 0, refused_orders: 5, refused_connections: 4, refused_requests: 6 };
        assert_eq!((today, today.refused()), (all, 15));
        assert_eq!(tally.of(at(4)), Usages::new());
        tally.count(at(4), Holder::System, &refused(other, 7));
        assert_eq!(tally.of(at(4)).get(&id), None);
        assert_eq!(
            tally.of(at(4)).get(&other),
            Some(&Usage { refused_orders: 7, ..Usage::default() })
        );
        assert_eq!(midnight(at(4)), Time(4 * DAY));
    }
}
