//! Copies of a session's cookie: a bound session refuses them, and its person is told.

use std::collections::BTreeMap;
use std::net::IpAddr;

use access::binding::ProofFault;
use access::{PersonId, Refusal, SessionId, Span, Time};

use super::{ENDED, Sessions, Table, Visitor, fingerprint};

/// Requests without a proof from another address that are a copy's; a forced reload is one.
const UNPROVEN: u8 = 3;
/// A copy of a session is reported once in this time.
const TOLD: Span = Span::hours(1);

/// What came of sessions that looks like a copy of their cookie.
#[derive(Default)]
pub(super) struct Copies {
    /// Keys that were renewed: what still comes under one is late, and no copy.
    former: BTreeMap<u32, [u8; 16]>,
    suspects: BTreeMap<u32, Suspect>,
    /// Copies to tell of, and from where they were used.
    copied: BTreeMap<u32, IpAddr>,
}

#[derive(Default)]
struct Suspect {
    count: u8,
    told: Option<Time>,
}

impl Copies {
    pub(super) fn renewed(&mut self, at: u32, before: [u8; 16]) {
        self.former.insert(at, before);
    }

    pub(super) fn forget(&mut self, at: u32) {
        self.former.remove(&at);
        self.suspects.remove(&at);
        self.copied.remove(&at);
    }
}

impl Sessions {
    /// The open sessions of which a copy was used since the last time, and from where.
    pub(crate) fn copied(&self) -> Vec<(PersonId, SessionId, IpAddr)> {
        let mut table = self.lock();
        let copied = std::mem::take(&mut table.copies.copied);
        let of = |(at, address)| {
            let (record, class) = table.both(at)?;
            (!record.is(ENDED)).then_some((class.person, record.id, address))
        };
        copied.into_iter().filter_map(of).collect()
    }
}

impl Table {
    /// Counts what only a copy of the cookie sends: a proof by a key that was never the session's, or
    /// requests without any from another address.
    pub(super) fn suspect(&mut self, at: u32, by: &Visitor<'_>, refusal: &Refusal, now: Time) {
        let Some(record) = self.record(at) else { return };
        let count = match (refusal, by.shows.key) {
            (Refusal::KeyProofWrong { reason: ProofFault::OtherKey }, Some(shown))
                if self.copies.former.get(&at) != Some(&fingerprint(&shown.key)) =>
            {
                UNPROVEN
            }
            (Refusal::KeyProofMissing, _) if record.address() != Some(by.address) => 1,
            _ => return,
        };
        let suspect = self.copies.suspects.entry(at).or_default();
        if suspect.told.is_some_and(|told| now.since(told) < TOLD) {
            return;
        }
        suspect.count = suspect.count.saturating_add(count);
        if suspect.count >= UNPROVEN {
            *suspect = Suspect { count: 0, told: Some(now) };
            self.copies.copied.insert(at, by.address);
        }
    }
}
