//! Copies of a session's cookie: a bound session refuses them, and its person is told.

use access::binding::ProofFault;
use access::refusal::SessionRefusal;
use access::{Refusal, Span, Time};

use super::{Record, Suspect, Visitor, fingerprint};

/// Requests without a proof from another address that are a copy's; a forced reload is one.
const UNPROVEN: u8 = 3;
/// A copy of a session is reported once in this time.
const TOLD: Span = Span::hours(1);

impl Record {
    /// Counts what only a copy of the cookie sends: a proof by a key that was never the session's, or
    /// requests without any from another address. Says whether its person is to be told now.
    pub(in crate::session) fn suspect(
        &mut self,
        by: &Visitor<'_>,
        refusal: &Refusal,
        now: Time,
    ) -> bool {
        let count = match (refusal, by.shows.key) {
            (
                Refusal::Session(SessionRefusal::KeyProofWrong { reason: ProofFault::OtherKey }),
                Some(shown),
            ) if self.extra(|extra| extra.former_key) != Some(fingerprint(&shown.key)) => UNPROVEN,
            (Refusal::Session(SessionRefusal::KeyProofMissing), _)
                if self.address != Some(by.address) =>
            {
                1
            }
            _ => return false,
        };
        let suspect = &mut self.extra_mut().suspect;
        if suspect.told.is_some_and(|told| now.since(told) < TOLD) {
            return false;
        }
        suspect.count = suspect.count.saturating_add(count);
        let tell = suspect.count >= UNPROVEN;
        if tell {
            *suspect = Suspect { count: 0, told: Some(now) };
        }
        tell
    }
}
