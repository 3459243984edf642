//! What a session is bound to, and whether a request shows it.

use access::binding::ProofFault;
use access::entitlements::Acts;
use access::session::Session;
use access::{Refusal, SessionId, Span, Time};

use super::{KEY, Sessions, Table, Visitor, fingerprint, is_elsewhere};
use crate::binding::{Seen, is_cookie_of};

/// How long requests may be on their way that began before their session was bound to hardware, or
/// got a new token.
pub(super) const UNDER_WAY: Span = Span::seconds(10);

impl Sessions {
    /// Says that the hardware of a session is about to bind it.
    pub(crate) fn answers(&self, id: SessionId, now: Time) {
        let mut table = self.lock();
        if let Some(at) = table.by_id(id).filter(|at| !table.hardware.contains_key(at)) {
            table.answering.insert(at, now);
        }
    }
}

impl Table {
    /// What a session showed lately. One that stood before the server started may have shown more
    /// than is known.
    pub(super) fn seen(&mut self, at: u32) -> &mut Seen {
        let stood = |(now, _): &(Time, Time)| self.record(at).is_some_and(|one| one.started < *now);
        let started = self.started.filter(stood);
        self.seen.entry(at).or_insert_with(|| started.map_or_else(Seen::default, Seen::since))
    }

    /// Keeps what a session is bound to, and when its person was proven.
    pub(super) fn bind(&mut self, at: u32, session: &Session) {
        let before = self.record(at).filter(|one| one.is(KEY)).map(|one| one.key);
        let renewed = |was: &[u8; 16]| session.key.is_some_and(|key| fingerprint(&key) != *was);
        if let Some(before) = before.filter(renewed) {
            self.copies.renewed(at, before);
        }
        if let Some(record) = self.record_mut(at) {
            record.key = session.key.map_or([0; 16], |key| fingerprint(&key));
            record.flags = record.flags & !KEY | if session.key.is_some() { KEY } else { 0 };
        }
        if let Some(key) = session.hardware {
            self.hardware.insert(at, key);
        }
        if session.proven_at != session.started_at {
            self.proven.insert(at, session.proven_at);
        }
        if session.announced {
            self.announced.insert(at);
        } else {
            self.announced.remove(&at);
        }
        self.home(at, session);
    }

    /// Whether a request shows every key that a session is bound to.
    pub(super) fn check_bound(
        &mut self,
        at: u32,
        by: &Visitor<'_>,
        now: Time,
    ) -> Result<(), Refusal> {
        let record = self.record(at).copied().ok_or(Refusal::NotSignedIn)?;
        if record.is(KEY) {
            let shown = by.shows.key.ok_or(Refusal::KeyProofMissing)?;
            if fingerprint(&shown.key) != record.key {
                return Err(Refusal::KeyProofWrong { reason: ProofFault::OtherKey });
            }
            self.seen(at).take(&shown)?;
        } else if !self.hardware.contains_key(&at) && self.enrols(at) {
            // Nothing of the browser binds it, and its cookie sets a password: a copy has to be in the
            // same network at least.
            let began = record.address();
            if began.is_some() && is_elsewhere(began, Some(by.address)) {
                return Err(Refusal::EnrolmentElsewhere);
            }
        }
        if self.hardware.contains_key(&at) {
            // What was under way when the hardware answered had no cookie for it yet.
            let began = self.answering.get(&at).is_some_and(|at| now.since(*at) < UNDER_WAY);
            if by.shows.hardware.is_none() && began && record.is(KEY) {
                return Ok(());
            }
            let cookie = by.shows.hardware.ok_or(Refusal::HardwareProofMissing)?;
            if !is_cookie_of(by.secret, record.id, by.address, cookie, now) {
                return Err(Refusal::HardwareProofOver);
            }
        }
        Ok(())
    }

    fn enrols(&self, at: u32) -> bool {
        self.both(at).is_some_and(|(_, class)| class.acts == Acts::ENROL)
    }
}
