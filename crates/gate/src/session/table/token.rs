//! Tokens of sessions: which one counts, and those that a proof of the person replaced.

use std::collections::BTreeMap;

use access::session::Session;
use access::{Digest, SessionId, Time};

use super::bound::UNDER_WAY;
use super::{KEY, REMEMBERED, Sessions, Table, Visitor, first, half, token_hash};

/// Tokens that a proof replaced.
#[derive(Default)]
pub(super) struct Former {
    /// Of which session, and since when its browser has a later one; none while that has not come.
    tokens: BTreeMap<[u8; 16], (SessionId, Option<Time>)>,
    /// Those of each session whose successor has not come.
    waiting: BTreeMap<u32, Vec<[u8; 16]>>,
}

impl Former {
    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.tokens.is_empty() && self.waiting.is_empty()
    }

    pub(super) fn forget(&mut self, at: u32) {
        for token in self.waiting.remove(&at).unwrap_or_default() {
            self.tokens.remove(&token);
        }
    }

    fn wait(&mut self, at: u32, session: SessionId, token: [u8; 16]) {
        self.tokens.insert(token, (session, None));
        self.waiting.entry(at).or_default().push(token);
    }
}

impl Sessions {
    /// A proof gave the session this token. Where a later proof was published before it, its browser may
    /// still get this one last.
    pub(crate) fn note_token(&self, session: SessionId, token: &Digest, now: Time) {
        let mut table = self.lock();
        let Some(at) = table.by_id(session).filter(|at| !table.is_current(*at, token)) else {
            return;
        };
        let token = half(token);
        if table.former.tokens.contains_key(&token) {
            return;
        }
        if table.former.waiting.contains_key(&at) {
            table.former.wait(at, session, token);
        } else {
            table.former.tokens.insert(token, (session, Some(now)));
        }
    }
}

impl Table {
    /// The session of a token. One that a proof replaced counts until the browser has a later one, which
    /// its first use shows (the answer that brings it may be lost on the way), and for a moment more, in
    /// which the browser's other requests (a second tab, a stream that comes back) are still on their way.
    /// It counts only where each of them shows the browser's key: a copy opens nothing meanwhile.
    pub(super) fn by_token(&self, token: &Digest, now: Time) -> Option<u32> {
        let half = half(token);
        let is_it = |at| self.record(at).is_some_and(|record| record.token == half);
        self.tokens.find(first(&token.0), is_it).or_else(|| {
            let (session, since) = *self.former.tokens.get(&half)?;
            let at = self.by_id(session)?;
            let bound = self.record(at)?.is(KEY) || self.hardware.contains_key(&at);
            let counts = since.is_none_or(|since| now.since(since) < UNDER_WAY);
            (bound && counts).then_some(at)
        })
    }

    /// A request of the session's browser came with this token: if it is the present one, those before
    /// it are on their way out.
    pub(super) fn note_arrival(&mut self, at: u32, token: &Digest, now: Time) {
        if self.former.waiting.is_empty() || !self.is_current(at, token) {
            return;
        }
        for token in self.former.waiting.remove(&at).unwrap_or_default() {
            if let Some((_, since)) = self.former.tokens.get_mut(&token) {
                *since = Some(now);
            }
        }
    }

    /// Whether it is the session's present token.
    pub(super) fn is_current(&self, at: u32, token: &Digest) -> bool {
        self.record(at).is_some_and(|record| record.token == half(token))
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
        self.former.wait(at, session.id, old);
    }

    /// What comes with a token that was replaced before opens nothing; without the browser's key it is
    /// a copy of its cookie.
    pub(super) fn meet_former(&mut self, token: &Digest, by: &Visitor<'_>, now: Time) {
        let Some((session, _)) = self.former.tokens.get(&half(token)) else { return };
        let Some(at) = self.by_id(*session) else { return };
        if self.why_over(at, now).is_none()
            && let Err(refusal) = self.check_bound(at, by, now)
        {
            self.suspect(at, by, &refusal, now);
        }
    }

    /// Lets go of tokens whose successor came long ago.
    pub(super) fn forget_former(&mut self, now: Time) {
        let is_new = |since: Option<Time>| since.is_none_or(|at| now.since(at) < REMEMBERED);
        self.former.tokens.retain(|_, (_, since)| is_new(*since));
    }
}
