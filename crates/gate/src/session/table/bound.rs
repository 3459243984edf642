//! What a session is bound to, and whether a request shows it.

use access::entitlements::Acts;
use access::refusal::{SessionRefusal, SignInRefusal};
use access::session::Session;
use access::{Refusal, SessionId, Span, Time};

use super::record::{Record, fingerprint, is_elsewhere};
use super::{Sessions, Table, Visitor};
use crate::binding::{Seen, is_cookie_of};

/// How long requests may be on their way that began before their session was bound to hardware, or
/// got a new token.
pub(super) const UNDER_WAY: Span = Span::seconds(10);

impl Sessions {
    /// Says that the hardware of a session is about to bind it.
    pub(crate) fn answers(&self, id: SessionId, now: Time) {
        let mut table = self.lock();
        let Some(at) = table.by_id(id) else { return };
        let record = table.records.get_mut(at).filter(|record| record.hardware().is_none());
        if let Some(record) = record {
            record.extra_mut().answering = Some(now);
        }
    }

    /// Takes the answer of a session's hardware to a challenge of this time; each once.
    pub(crate) fn answered(
        &self,
        id: SessionId,
        challenge: Time,
        now: Time,
    ) -> Result<(), Refusal> {
        let mut table = self.lock();
        let started = table.started;
        let record = table.by_id(id).and_then(|at| table.records.get_mut(at));
        record
            .ok_or(Refusal::Session(SessionRefusal::NotSignedIn))?
            .seen(started)
            .answer(challenge, now)
    }
}

impl Record {
    /// What it showed lately. One that stood before the server started may have shown more than is
    /// known.
    fn seen(&mut self, started: Option<(Time, Time)>) -> &mut Seen {
        let started = started.filter(|(now, _)| self.started < *now);
        let seen = &mut self.extra_mut().seen;
        seen.get_or_insert_with(|| started.map_or_else(Seen::default, Seen::since))
    }
}

impl Table {
    /// Keeps what a session is bound to, when its person was proven, and what it was told and shows.
    pub(super) fn bind(&mut self, at: usize, session: &Session) {
        let Some(record) = self.records.get_mut(at) else { return };
        let key = session.key.map(|key| fingerprint(&key));
        if let Some(before) = record.key.filter(|before| key.is_some_and(|key| key != *before)) {
            record.extra_mut().former_key = Some(before);
        }
        record.key = key;
        if session.hardware.is_some() {
            record.extra_mut().hardware = session.hardware;
        }
        if session.proven_at != session.started_at {
            record.extra_mut().proven = Some(session.proven_at);
        }
        if session.receipt.is_some() || session.announced || record.extra.is_some() {
            let extra = record.extra_mut();
            (extra.receipt, extra.announced) = (session.receipt, session.announced);
        }
        record.settle(session);
    }

    /// Whether a request shows every key that a session is bound to.
    pub(super) fn check_bound(
        &mut self,
        at: usize,
        by: &Visitor<'_>,
        now: Time,
    ) -> Result<(), Refusal> {
        let (started, record) = (self.started, self.records.get_mut(at));
        let record = record.ok_or(Refusal::Session(SessionRefusal::NotSignedIn))?;
        let class = self.classes.get(record.class as usize);
        if let Some(key) = record.key {
            let shown = by.shows.key.ok_or(Refusal::Session(SessionRefusal::KeyProofMissing))?;
            if fingerprint(&shown.key) != key || !shown.counts_for(record.id) {
                return Err(Refusal::Session(SessionRefusal::KeyProofWrong {
                    reason: shown.of_another_session(),
                }));
            }
            record.seen(started).take(&shown)?;
        } else if record.hardware().is_none()
            && class.is_some_and(|class| class.first().acts == Acts::ENROL)
        {
            // Nothing of the browser binds it, and its cookie sets a password: a copy has to be in the
            // same network at least.
            if record.address.is_some() && is_elsewhere(record.address, Some(by.address)) {
                return Err(Refusal::SignIn(SignInRefusal::EnrolmentElsewhere));
            }
        }
        if record.hardware().is_some() {
            // What was under way when the hardware answered had no cookie for it yet.
            let began = record.extra(|extra| extra.answering);
            let began = began.is_some_and(|at| now.since(at) < UNDER_WAY);
            if by.shows.hardware.is_none() && began && record.key.is_some() {
                return Ok(());
            }
            let cookie =
                by.shows.hardware.ok_or(Refusal::Session(SessionRefusal::HardwareProofMissing))?;
            if !is_cookie_of(by.secret, record.id, by.address, cookie, now) {
                return Err(Refusal::Session(SessionRefusal::HardwareProofOver));
            }
        }
        Ok(())
    }
}
