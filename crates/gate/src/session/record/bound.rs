//! What a session is bound to, and whether a request shows it.

use access::refusal::{SessionRefusal, SignInRefusal};
use access::{Refusal, Time};

use super::{Record, UNDER_WAY, Visitor, fingerprint, is_elsewhere};
use crate::binding::{Seen, is_cookie_of};

/// When the server started, by our stamps and by the system's clock.
pub(in crate::session) type Started = (Time, Time);

impl Record {
    /// What it showed lately. One that stood before the server started may have shown more than is
    /// known.
    fn seen(&mut self, started: Option<Started>) -> &mut Seen {
        let started = started.filter(|(now, _)| self.started < *now);
        let seen = &mut self.extra_mut().seen;
        seen.get_or_insert_with(|| started.map_or_else(Seen::default, Seen::since))
    }

    /// Its hardware is about to bind it.
    pub(in crate::session) fn answers(&mut self, now: Time) {
        if self.hardware().is_none() {
            self.extra_mut().answering = Some(now);
        }
    }

    /// Takes the answer of its hardware to a challenge of this time; each once.
    pub(in crate::session) fn answered(
        &mut self,
        challenge: Time,
        started: Option<Started>,
        now: Time,
    ) -> Result<(), Refusal> {
        self.seen(started).answer(challenge, now)
    }

    /// Whether a request shows every key that it is bound to. An `enrolling` one sets up how its person
    /// signs in.
    pub(in crate::session) fn check_bound(
        &mut self,
        enrolling: bool,
        by: &Visitor<'_>,
        started: Option<Started>,
        now: Time,
    ) -> Result<(), Refusal> {
        let hardware = self.hardware();
        if let Some(key) = self.key {
            let shown = by.shows.key.ok_or(SessionRefusal::KeyProofMissing)?;
            if fingerprint(&shown.key) != key || !shown.counts_for(self.id) {
                let reason = shown.of_another_session();
                return Err(SessionRefusal::KeyProofWrong { reason }.into());
            }
            self.seen(started).take(&shown)?;
        } else if hardware.is_none() && enrolling {
            // Nothing of the browser binds it, and its cookie sets a password: a copy has to be in the
            // same network at least.
            if self.address.is_some() && is_elsewhere(self.address, Some(by.address)) {
                return Err(SignInRefusal::EnrolmentElsewhere.into());
            }
        }
        if hardware.is_none() {
            return Ok(());
        }
        let Some(cookie) = by.shows.hardware else {
            // What was under way when the hardware answered had no cookie for it yet.
            let began = self.extra(|extra| extra.answering);
            let under_way = began.is_some_and(|at| now.since(at) < UNDER_WAY);
            return if under_way && self.key.is_some() {
                Ok(())
            } else {
                Err(SessionRefusal::HardwareProofMissing.into())
            };
        };
        if is_cookie_of(by.secret, self.id, by.address, cookie, now) {
            Ok(())
        } else {
            Err(SessionRefusal::HardwareProofOver.into())
        }
    }
}
