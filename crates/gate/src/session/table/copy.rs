//! Copies of a session's cookie: a bound session refuses them, and its person is told.

use std::net::IpAddr;

use access::binding::ProofFault;
use access::refusal::SessionRefusal;
use access::{PersonId, Refusal, SessionId, Span, Time};

use super::record::{Suspect, fingerprint};
use super::{Sessions, Table, Visitor};

/// Requests without a proof from another address that are a copy's; a forced reload is one.
const UNPROVEN: u8 = 3;
/// A copy of a session is reported once in this time.
const TOLD: Span = Span::hours(1);

impl Sessions {
    /// The open sessions of which a copy was used since the last time, and from where.
    pub(crate) fn copied(&self) -> Vec<(PersonId, SessionId, IpAddr)> {
        let mut table = self.lock();
        let copied = std::mem::take(&mut table.copied);
        copied.into_iter().filter_map(|(id, from)| Some((table.person(id)?, id, from))).collect()
    }
}

impl Table {
    /// Counts what only a copy of the cookie sends: a proof by a key that was never the session's, or
    /// requests without any from another address.
    pub(super) fn suspect(&mut self, at: usize, by: &Visitor<'_>, refusal: &Refusal, now: Time) {
        let Some(record) = self.records.get_mut(at) else { return };
        let former = record.extra(|extra| extra.former_key);
        let count = match (refusal, by.shows.key) {
            (
                Refusal::Session(SessionRefusal::KeyProofWrong { reason: ProofFault::OtherKey }),
                Some(shown),
            ) if former != Some(fingerprint(&shown.key)) => UNPROVEN,
            (Refusal::Session(SessionRefusal::KeyProofMissing), _)
                if record.address != Some(by.address) =>
            {
                1
            }
            _ => return,
        };
        let id = record.id;
        let suspect = &mut record.extra_mut().suspect;
        if suspect.told.is_some_and(|told| now.since(told) < TOLD) {
            return;
        }
        suspect.count = suspect.count.saturating_add(count);
        if suspect.count >= UNPROVEN {
            *suspect = Suspect { count: 0, told: Some(now) };
            self.copied.insert(id, by.address);
        }
    }
}
