//! The proofs that sessions showed lately: each counts once.

use std::collections::BTreeSet;

use access::binding::{PROOF_WINDOW, ProofFault};
use access::{Refusal, Span, Time};

use super::hardware::CHALLENGE_WINDOW;
use super::proof::{Shown, wrong};

/// Proofs of one session that are remembered; with more than this in the window, those of an earlier
/// time count no longer.
pub(super) const REMEMBERED: usize = 512;

/// The proofs of one session that were shown lately.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Seen {
    /// The earliest first.
    pub(super) proofs: BTreeSet<(Time, [u8; 16])>,
    /// Proofs of this time or before count no longer. Never after now.
    floor: Time,
    /// Time of the last challenge that its hardware answered.
    challenge: Time,
    /// When the server started, by our stamps and by the system's clock, for a session that was there:
    /// what was shown to the process before is not known any more, so nothing counts that could have been.
    started: Option<(Time, Time)>,
}

impl Seen {
    /// For a session that stood before the server started.
    pub(crate) fn since(started: (Time, Time)) -> Self {
        Self { started: Some(started), ..Self::default() }
    }

    /// Takes a proof that was not shown before.
    pub(crate) fn take(&mut self, shown: &Shown) -> Result<(), Refusal> {
        let wall = shown.wall;
        // A proof may be dated ahead by as much as the window. The worker signs again at the time that
        // it is told, so that nobody is signed out. Beyond the window the clock was set back since.
        let last = self.started.map(|(_, at)| at + PROOF_WINDOW - Span::milliseconds(1));
        if let Some(last) = last.filter(|last| last.since(wall) <= PROOF_WINDOW)
            && shown.at <= last
        {
            return Err(wrong(ProofFault::Time { now: wall.max(last + Span::milliseconds(1)) }));
        }
        // Those that the window refuses anyhow need no memory.
        let kept = Span(2 * PROOF_WINDOW.0);
        while self.proofs.first().is_some_and(|(at, _)| wall.since(*at) >= kept) {
            self.proofs.pop_first();
        }
        while self.proofs.last().is_some_and(|(at, _)| at.since(wall) >= kept) {
            self.proofs.pop_last();
        }
        // One that is beyond the window was set before the clock was set back.
        if self.floor.since(wall) > PROOF_WINDOW {
            self.floor = Time::default();
        }
        let proof = (shown.at, shown.nonce);
        if shown.at <= self.floor || !self.proofs.insert(proof) {
            return Err(wrong(ProofFault::Replayed));
        }
        if self.proofs.len() > REMEMBERED
            && let Some((earliest, _)) = self.proofs.first().copied()
        {
            // All of them are ahead: one that was forgotten could be shown again.
            if earliest > wall {
                self.proofs.remove(&proof);
                return Err(wrong(ProofFault::Time { now: wall }));
            }
            self.floor = self.floor.max(earliest);
            self.proofs.pop_first();
        }
        Ok(())
    }

    /// Takes an answer to a challenge of this time.
    pub(crate) fn answer(&mut self, challenge: Time, now: Time) -> Result<(), Refusal> {
        if self.started.is_some_and(|(started, _)| challenge < started) {
            return Err(wrong(ProofFault::Time { now }));
        }
        if challenge <= self.challenge {
            return Err(wrong(ProofFault::Replayed));
        }
        self.challenge = challenge;
        Ok(())
    }

    /// Whether anything of it would still be refused for having been shown: proofs by the system's
    /// clock, challenges by our stamps.
    pub(crate) fn is_needed(&self, now: Time, wall: Time) -> bool {
        let proof = self.proofs.last().map_or(Time::default(), |(at, _)| *at);
        let latest = proof.max(self.floor);
        wall.since(latest) <= PROOF_WINDOW || now.since(self.challenge) <= CHALLENGE_WINDOW
    }
}
