//! Tokens of sessions: which one counts, and those that a proof of the person replaced.

use access::session::Session;
use access::{Digest, Time};

use super::bound::UNDER_WAY;
use super::{KEY, REMEMBERED, Table, Visitor, first, half, token_hash};

impl Table {
    /// The session of a token. One that a proof replaced counts until the browser has the new one, which
    /// its first use shows (the answer that brings it may be lost on the way), and for a moment more, in
    /// which the browser's other requests (a second tab, a stream that comes back) are still on their way.
    /// It counts only where each of them shows the browser's key: a copy opens nothing meanwhile.
    pub(super) fn by_token(&self, token: &Digest, now: Time) -> Option<u32> {
        let half = half(token);
        let is_it = |at| self.record(at).is_some_and(|record| record.token == half);
        self.tokens.find(first(&token.0), is_it).or_else(|| {
            let at = self.former(&half)?;
            let bound = self.record(at)?.is(KEY) || self.hardware.contains_key(&at);
            let arrived = *self.arrived.get(&at)?;
            let counts = arrived.is_none_or(|since| now.since(since) < UNDER_WAY);
            (bound && counts).then_some(at)
        })
    }

    /// A request of the session's browser came with this token: if it is the present one, those before
    /// it are on their way out.
    pub(super) fn note_arrival(&mut self, at: u32, token: &Digest, now: Time) {
        if self.is_current(at, token)
            && let Some(arrived) = self.arrived.get_mut(&at)
        {
            arrived.get_or_insert(now);
        }
    }

    /// Whether it is the session's present token.
    pub(super) fn is_current(&self, at: u32, token: &Digest) -> bool {
        self.record(at).is_some_and(|record| record.token == half(token))
    }

    fn former(&self, half: &[u8; 16]) -> Option<u32> {
        self.by_id(*self.former.get(half)?)
    }

    /// Gives a session the token that its slice says.
    pub(super) fn retoken(&mut self, at: u32, session: &Session) {
        let (new, pieces) = (half(&session.token), &self.pieces);
        let Some(old) = self.record(at).map(|record| record.token) else { return };
        if old == new {
            return;
        }
        self.tokens.remove(first(&old), at, |at| token_hash(pieces, at));
        if let Some(record) = self.record_mut(at) {
            record.token = new;
        }
        let pieces = &self.pieces;
        self.tokens.insert(first(&new), at, |at| token_hash(pieces, at));
        self.former.insert(old, session.id);
        self.arrived.insert(at, None);
    }

    /// What comes with a token that was replaced before opens nothing; without the browser's key it is
    /// a copy of its cookie.
    pub(super) fn meet_former(&mut self, token: &Digest, by: &Visitor<'_>, now: Time) {
        let Some(at) = self.former(&half(token)) else { return };
        if self.why_over(at, now).is_none()
            && let Err(refusal) = self.check_bound(at, by, now)
        {
            self.suspect(at, by, &refusal, now);
        }
    }

    /// Lets go of tokens that were replaced long ago, or whose session is gone.
    pub(super) fn forget_former(&mut self, now: Time) {
        let is_old = |arrived: &Option<Time>| arrived.is_some_and(|at| now.since(at) >= REMEMBERED);
        self.arrived.retain(|_, arrived| !is_old(arrived));
        let mut former = std::mem::take(&mut self.former);
        former.retain(|_, id| self.by_id(*id).is_some_and(|at| self.arrived.contains_key(&at)));
        self.former = former;
    }
}
