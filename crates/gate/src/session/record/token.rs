//! Tokens of a session: which one counts, and those that a proof of its person replaced.

use access::{Digest, Time};

use super::{Former, Half, Record, UNDER_WAY, half};

impl Record {
    /// Whether a token that a proof replaced still counts: until the browser has a later one, which its
    /// first use shows (the answer that brings it may be lost on the way), and for a moment more, in which
    /// the browser's other requests (a second tab, a stream that comes back) are still on their way. It
    /// counts only where each of them shows the browser's key: a copy opens nothing meanwhile.
    pub(in crate::session) fn takes_former(&self, token: &Half, now: Time) -> bool {
        let counts = |one: &Former| one.since.is_none_or(|since| now.since(since) < UNDER_WAY);
        let former = self.extra.iter().flat_map(|extra| &extra.former);
        let bound = self.key.is_some() || self.hardware().is_some();
        bound && former.into_iter().any(|one| one.token == *token && counts(one))
    }

    /// Gives it the token that its slice says, and gives back the one that this replaced.
    pub(in crate::session) fn retoken(&mut self, token: &Digest) -> Option<Half> {
        let new = half(token);
        let old = (self.token != new).then(|| std::mem::replace(&mut self.token, new))?;
        self.extra_mut().former.push(Former { token: old, since: None });
        Some(old)
    }

    /// A proof gave it this token. Where a later proof was published before it, its browser may still get
    /// this one last: it is among the former then, and counts while one of those waits.
    pub(in crate::session) fn note_former(&mut self, token: Half, now: Time) {
        let former = &mut self.extra_mut().former;
        let waits = former.iter().any(|one| one.since.is_none());
        former.push(Former { token, since: (!waits).then_some(now) });
    }

    /// A request of the session's browser came with this token: if it is the present one, those before
    /// it are on their way out.
    pub(super) fn note_arrival(&mut self, token: &Digest, now: Time) {
        if self.token == half(token) {
            for former in self.extra.iter_mut().flat_map(|extra| &mut extra.former) {
                former.since.get_or_insert(now);
            }
        }
    }
}
