//! Coalescing of refused and denied orders: the first of a kind is recorded at once, its repeats
//! within a second become one further record with their count. So no refusal is missing from the
//! journal, and a flood of them cannot fill the disk.

use std::collections::BTreeMap;

use access::id::{Holder, SymbolId};
use access::moment::{Span, Time};
use trade::journal::Command;

/// How long repeats are counted before they are recorded.
const WINDOW: Span = Span::seconds(1);
/// Kinds that are told apart at once. Beyond it the contract no longer counts.
const KINDS: usize = 4_096;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Kind {
    holder: Holder,
    code: &'static str,
    symbol: Option<SymbolId>,
}

struct Repeats {
    since: Time,
    count: u32,
    text: String,
}

/// The refusals of the last second.
#[derive(Default)]
pub(crate) struct Refusals {
    recent: BTreeMap<Kind, Repeats>,
}

impl Refusals {
    /// Counts a refusal; gives its record when it is the first of its kind in a second.
    pub(crate) fn note(
        &mut self,
        holder: Holder,
        code: &'static str,
        symbol: Option<SymbolId>,
        text: impl FnOnce() -> String,
        now: Time,
    ) -> Option<Command> {
        let symbol = symbol.filter(|_| self.recent.len() < KINDS);
        let kind = Kind { holder, code, symbol };
        if let Some(repeats) = self.recent.get_mut(&kind)
            && now.since(repeats.since) < WINDOW
        {
            repeats.count = repeats.count.saturating_add(1);
            if repeats.text.is_empty() {
                repeats.text = text();
            }
            return None;
        }
        // Repeats of an earlier second that the timer has not come to: they stay in the count.
        let earlier = self.recent.remove(&kind).map_or(0, |repeats| repeats.count);
        self.recent.insert(kind, Repeats { since: now, count: 0, text: String::new() });
        Some(record(kind, text(), earlier.saturating_add(1)))
    }

    /// The records of repeats whose second is over; all of them when `all`.
    pub(crate) fn due(&mut self, now: Time, all: bool) -> Vec<Command> {
        let mut records = Vec::new();
        self.recent.retain(|kind, repeats| {
            if !all && now.since(repeats.since) < WINDOW {
                return true;
            }
            if repeats.count > 0 {
                records.push(record(*kind, std::mem::take(&mut repeats.text), repeats.count));
            }
            false
        });
        records
    }
}

fn record(kind: Kind, text: String, count: u32) -> Command {
    Command::Refused { holder: kind.holder, code: kind.code.to_owned(), text, count }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(command: Option<&Command>) -> u32 {
        match command {
            Some(Command::Refused { count, .. }) => *count,
            _ => 0,
        }
    }

    #[test]
    fn refusals_of_one_kind_in_a_second_are_one_record_and_a_count() {
        let mut refusals = Refusals::default();
        let mut note = |symbol, now| {
            let text = || "text".to_owned();
            let symbol = Some(SymbolId(symbol));
            refusals.note(Holder::System, "READ_ONLY", symbol, text, Time(now))
        };
        assert_eq!(count(note(1, 0).as_ref()), 1);
        for at in 1..100 {
            assert_eq!(note(1, at), None);
        }
        assert_eq!(count(note(2, 50).as_ref()), 1, "another contract is another kind");
        assert!(refusals.due(Time(999_999), false).is_empty());
        let due = refusals.due(Time(1_000_000), false);
        assert_eq!(due.len(), 1);
        assert_eq!(count(due.first()), 99);
        assert!(refusals.due(Time(9_000_000), true).is_empty());
    }

    #[test]
    fn refusal_after_the_second_carries_the_repeats_before_it() {
        let mut refusals = Refusals::default();
        let text = || "text".to_owned();
        for (at, counted) in [(0, 1), (10, 0), (20, 0), (2_000_000, 3)] {
            let note = refusals.note(Holder::System, "LOCKED", None, text, Time(at));
            assert_eq!(count(note.as_ref()), counted);
        }
    }
}
