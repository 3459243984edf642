//! Coalesces what changes nothing but is evidence all the same: what was refused or denied, and
//! which programs were let in. The first of a kind is recorded at once; its repeats within a second
//! become one further record with their count. So none is missing from the journal, and a flood of
//! them cannot fill the disk.

use std::collections::BTreeMap;
use std::net::IpAddr;

use access::id::{Holder, PaperAccountId, SymbolId};
use access::moment::{Span, Time};
use trade::journal::{Asked, Command, OrdersRefused};

/// How long repeats are counted before they are recorded.
const WINDOW: Span = Span::seconds(1);
/// Kinds that are told apart at once. Beyond it the contract no longer counts.
const KINDS: usize = 4_096;
/// Beyond this many kinds the address no longer counts.
const ADDRESSES: usize = 256;
/// Refused orders that one record tells in full; further ones are only counted.
const ASKED: usize = 16;
/// Bytes of text after which further programs of one record are only counted.
const CLIENTS_BYTES: usize = 512;

/// What is told apart; all else is a repeat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// A refusal.
    Refused {
        /// Of whom.
        holder: Holder,
        /// On which account, unless it is the first.
        account: Option<PaperAccountId>,
        /// Its stable code.
        code: &'static str,
        /// The contract that it is about.
        symbol: Option<SymbolId>,
        /// From where it was asked.
        address: Option<IpAddr>,
    },
    /// A program that was not let in.
    TurnedAway {
        /// By which credential it came.
        holder: Holder,
        /// The same.
        account: Option<PaperAccountId>,
        /// The stable code.
        code: &'static str,
        /// From where.
        address: Option<IpAddr>,
    },
    /// A program that was let in.
    Connected {
        /// By which credential.
        holder: Holder,
        /// The same.
        account: Option<PaperAccountId>,
    },
}

impl Kind {
    /// Less told apart when there are `kinds` already.
    fn among(self, kinds: usize) -> Self {
        match self {
            Self::Refused { holder, account, code, symbol, address } => Self::Refused {
                holder,
                account,
                code,
                symbol: symbol.filter(|_| kinds < KINDS),
                address: address.filter(|_| kinds < ADDRESSES),
            },
            Self::TurnedAway { holder, account, code, address } => {
                let address = address.filter(|_| kinds < ADDRESSES);
                Self::TurnedAway { holder, account, code, address }
            }
            Self::Connected { .. } => self,
        }
    }

    /// The account that it is about, unless it is the first.
    pub(crate) const fn account(&self) -> Option<PaperAccountId> {
        match self {
            Self::Refused { account, .. }
            | Self::TurnedAway { account, .. }
            | Self::Connected { account, .. } => *account,
        }
    }

    fn record(self, text: String, count: u32, asked: Vec<Asked>) -> Command {
        match self {
            Self::Refused { holder, code, address, .. } => {
                let (text, code) = (asked_from(&text, address), code.to_owned());
                if asked.is_empty() {
                    Command::Refused { holder, code, text, count }
                } else {
                    Command::OrdersRefused(OrdersRefused { holder, code, text, count, asked })
                }
            }
            Self::TurnedAway { holder, code, address, .. } => {
                let (text, code) = (asked_from(&text, address), code.to_owned());
                Command::ConnectionRefused { holder, code, text, count }
            }
            Self::Connected { holder, .. } => Command::Connected { holder, clients: text, count },
        }
    }
}

/// A refusal's text with where it was asked from.
fn asked_from(text: &str, address: Option<IpAddr>) -> String {
    let text = text.trim_end_matches('.');
    match address {
        Some(address) => format!("{text}; asked from {address}"),
        None => format!("{text}; asked from several addresses"),
    }
}

struct Repeats {
    since: Time,
    count: u32,
    text: String,
    asked: Vec<Asked>,
}

impl Repeats {
    /// Counts one. Of refusals the first text is kept, of programs and of refused orders as many as
    /// fit.
    fn add(&mut self, kind: Kind, text: impl FnOnce() -> String, asked: Vec<Asked>) {
        self.count = self.count.saturating_add(1);
        if self.asked.len() + asked.len() <= ASKED {
            self.asked.extend(asked);
        }
        if self.text.is_empty() {
            self.text = text();
        } else if matches!(kind, Kind::Connected { .. }) && self.text.len() < CLIENTS_BYTES {
            self.text.push_str("; ");
            self.text.push_str(&text());
        }
    }
}

/// What was noted in the last second.
#[derive(Default)]
pub(crate) struct Noted {
    recent: BTreeMap<Kind, Repeats>,
}

impl Noted {
    /// Counts one; gives its record when it is the first of its kind in a second.
    pub(crate) fn note(
        &mut self,
        kind: Kind,
        text: impl FnOnce() -> String,
        asked: Vec<Asked>,
        now: Time,
    ) -> Option<Command> {
        let kind = kind.among(self.recent.len());
        if let Some(repeats) = self.recent.get_mut(&kind)
            && now.since(repeats.since) < WINDOW
        {
            repeats.add(kind, text, asked);
            return None;
        }
        let begin = || Repeats { since: now, count: 0, text: String::new(), asked: Vec::new() };
        // Repeats of an earlier second that the timer has not come to stay in the count.
        let mut repeats = self.recent.insert(kind, begin()).unwrap_or_else(begin);
        repeats.add(kind, text, asked);
        Some(kind.record(repeats.text, repeats.count, repeats.asked))
    }

    /// Gives the records of repeats whose second is over to `take`; of all repeats when `all`. What
    /// it has no room for stays in the count.
    pub(crate) fn settle(
        &mut self,
        now: Time,
        all: bool,
        mut take: impl FnMut(&Kind, Command) -> bool,
    ) {
        self.recent.retain(|kind, repeats| {
            if !all && now.since(repeats.since) < WINDOW {
                return true;
            }
            let (text, asked) = (&repeats.text, &repeats.asked);
            repeats.count > 0
                && !take(kind, kind.record(text.clone(), repeats.count, asked.clone()))
        });
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::indexing_slicing, reason = "tests")]

    use std::net::Ipv4Addr;

    use super::*;

    fn kind(symbol: u32, host: u8) -> Kind {
        Kind::Refused {
            holder: Holder::System,
            account: None,
            code: "READ_ONLY",
            symbol: Some(SymbolId(symbol)),
            address: Some(Ipv4Addr::new(127, 0, 0, host).into()),
        }
    }

    fn count(command: Option<&Command>) -> u32 {
        match command {
            Some(Command::Refused { count, .. } | Command::Connected { count, .. }) => *count,
            _ => 0,
        }
    }

    fn due(noted: &mut Noted, now: i64, all: bool) -> Vec<Command> {
        let mut due = Vec::new();
        noted.settle(Time(now), all, |_, command| {
            due.push(command);
            true
        });
        due
    }

    #[test]
    fn refusals_of_one_kind_in_a_second_are_one_record_and_a_count() {
        let mut noted = Noted::default();
        let mut note = |kind, now| noted.note(kind, || "text".to_owned(), Vec::new(), Time(now));
        assert_eq!(count(note(kind(1, 1), 0).as_ref()), 1);
        for at in 1..100 {
            assert_eq!(note(kind(1, 1), at), None);
        }
        assert_eq!(count(note(kind(2, 1), 50).as_ref()), 1, "another contract is another kind");
        assert_eq!(count(note(kind(1, 2), 50).as_ref()), 1, "another address is another kind");
        assert!(due(&mut noted, 999_999, false).is_empty());
        let over = due(&mut noted, 1_000_000, false);
        assert_eq!((over.len(), count(over.first())), (1, 99));
        let Command::Refused { text, .. } = &over[0] else { return assert_eq!(over, []) };
        assert_eq!(text, "text; asked from 127.0.0.1");
        assert!(due(&mut noted, 9_000_000, true).is_empty());
    }

    #[test]
    fn refusal_after_the_second_carries_the_repeats_before_it() {
        let mut noted = Noted::default();
        for (at, counted) in [(0, 1), (10, 0), (20, 0), (2_000_000, 3)] {
            let note = noted.note(kind(1, 1), || "text".to_owned(), Vec::new(), Time(at));
            assert_eq!(count(note.as_ref()), counted);
        }
    }

    #[test]
    fn repeats_without_room_for_their_record_stay_counted() {
        let mut noted = Noted::default();
        for at in 0..5 {
            noted.note(kind(1, 1), || "text".to_owned(), Vec::new(), Time(at));
        }
        noted.settle(Time(1_000_000), false, |_, _| false);
        assert_eq!(count(due(&mut noted, 2_000_000, false).first()), 4);
    }

    #[test]
    fn refused_orders_are_told_as_far_as_they_fit_and_counted_all() {
        let mut noted = Noted::default();
        let asked = |number| vec![Asked { order_id: number, ..Asked::default() }];
        let mut records = Vec::new();
        for number in 0..100 {
            let now = Time(number.into());
            records.extend(noted.note(kind(1, 1), || "text".to_owned(), asked(number), now));
        }
        records.extend(due(&mut noted, 1_000_000, false));
        let told: Vec<_> = records
            .iter()
            .map(|record| match record {
                Command::OrdersRefused(refused) => (refused.count, refused.asked.len()),
                _ => (0, 0),
            })
            .collect();
        assert_eq!(told, [(1, 1), (99, ASKED)]);
    }

    #[test]
    fn addresses_without_end_are_few_records() {
        let mut noted = Noted::default();
        let mut records = 0;
        for host in 0..2_000_u32 {
            let address = Some(Ipv4Addr::from_bits(host).into());
            let kind = Kind::Refused {
                holder: Holder::System,
                account: None,
                code: "X",
                symbol: None,
                address,
            };
            records += usize::from(noted.note(kind, String::new, Vec::new(), Time(0)).is_some());
        }
        assert_eq!(records, ADDRESSES + 1);
        let rest = due(&mut noted, 0, true);
        assert_eq!(count(rest.first()), 2_000 - 257);
    }

    #[test]
    fn programs_that_connect_in_one_second_are_one_record_with_their_names() {
        let mut noted = Noted::default();
        let mut records = Vec::new();
        for client in 0..1_000 {
            let kind = Kind::Connected { holder: Holder::System, account: None };
            records.extend(noted.note(
                kind,
                || format!("client {client}"),
                Vec::new(),
                Time(client),
            ));
        }
        records.extend(due(&mut noted, 1_000_000, false));
        let [Command::Connected { clients: first, .. }, Command::Connected { clients, count, .. }] =
            &records[..]
        else {
            return assert_eq!(records, []);
        };
        assert_eq!((first.as_str(), *count), ("client 0", 999));
        assert!(clients.starts_with("client 1; client 2; ") && clients.len() < 600, "{clients}");
    }
}
