//! Tokens of sessions: which one counts, and those that a proof of the person replaced.

use access::session::Session;
use access::{Digest, SessionId, Time};

use super::bound::UNDER_WAY;
use super::index::Half;
use super::record::{Former, Record, half};
use super::{Sessions, Table, Visitor};

impl Sessions {
    /// A proof gave the session this token. Where a later proof was published before it, its browser may
    /// still get this one last.
    pub(crate) fn note_token(&self, session: SessionId, token: &Digest, now: Time) {
        let mut table = self.lock();
        let (at, token) = (table.by_id(session), half(token));
        let Some((at, record)) = at.and_then(|at| Some((at, table.records.get(at)?))) else {
            return;
        };
        if record.token == token || table.former.contains_key(&token) {
            return;
        }
        let former = record.extra.iter().flat_map(|extra| &extra.former);
        let waits = former.into_iter().any(|one| one.since.is_none());
        table.replace(at, token, (!waits).then_some(now));
    }
}

impl Table {
    /// The session of a token. One that a proof replaced counts until the browser has a later one, which
    /// its first use shows (the answer that brings it may be lost on the way), and for a moment more, in
    /// which the browser's other requests (a second tab, a stream that comes back) are still on their way.
    /// It counts only where each of them shows the browser's key: a copy opens nothing meanwhile.
    pub(super) fn by_token(&self, token: &Digest, now: Time) -> Option<usize> {
        let token = half(token);
        let is_it = |at| self.records.get(at).is_some_and(|record| record.token == token);
        self.tokens.find(&token, is_it).or_else(|| {
            let at = *self.former.get(&token)?;
            let record = self.records.get(at)?;
            let former = record.extra.as_ref()?.former.iter().find(|one| one.token == token)?;
            let bound = record.key.is_some() || record.hardware().is_some();
            let counts = former.since.is_none_or(|since| now.since(since) < UNDER_WAY);
            (bound && counts).then_some(at)
        })
    }

    /// A token of the session no longer is its present one, since its browser has a later one.
    fn replace(&mut self, at: usize, token: Half, since: Option<Time>) {
        if let Some(record) = self.records.get_mut(at) {
            record.extra_mut().former.push(Former { token, since });
            self.former.insert(token, at);
        }
    }

    /// Gives a session the token that its slice says.
    pub(super) fn retoken(&mut self, at: usize, session: &Session) {
        let new = half(&session.token);
        let Some(record) = self.records.get_mut(at).filter(|one| one.token != new) else { return };
        let old = std::mem::replace(&mut record.token, new);
        self.tokens.remove(&old, at);
        let records = &self.records;
        self.tokens.insert(at, |at| records.get(at).map(|record| record.token));
        self.replace(at, old, None);
    }

    /// What comes with a token that was replaced before opens nothing; without the browser's key it is
    /// a copy of its cookie.
    pub(super) fn meet_former(&mut self, token: &Digest, by: &Visitor<'_>, now: Time) {
        let Some(at) = self.former.get(&half(token)).copied() else { return };
        if self.why_over(at, now).is_none()
            && let Err(refusal) = self.check_bound(at, by, now)
        {
            self.suspect(at, by, &refusal, now);
        }
    }
}

impl Record {
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
