//! Recoveries, sign-ins and new passkeys in random order.

use super::*;

/// A walk through random histories, with a count of its own of what came from a recovery.
struct Walk {
    desk: Desk,
    dice: u64,
    token: Option<Secret>,
    handles: u8,
    /// Passkeys that a session from a recovery added, and until when that counts.
    tainted: Vec<(u8, access::Time)>,
    /// Sessions that began by a recovery, or by such a passkey.
    sessions: Vec<access::SessionId>,
    finished: u32,
    by_tainted: u32,
}

impl Walk {
    fn new(dice: u64) -> Self {
        let (tainted, sessions) = (Vec::new(), Vec::new());
        let desk = Desk::enrolled();
        Self { desk, dice, token: None, handles: 0, tainted, sessions, finished: 0, by_tainted: 0 }
    }

    fn roll(&mut self, sides: u64) -> u64 {
        self.dice = self
            .dice
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.dice >> 33) % sides
    }

    fn hold(&self) -> Option<access::Time> {
        self.desk.slice.recovered(self.desk.now).map(|(_, until)| until)
    }

    fn step(&mut self) {
        let minutes = [1, 10, 600, 2_200][usize::try_from(self.roll(4)).unwrap()];
        self.desk.wait(Span::minutes(minutes));
        match self.roll(7) {
            0 => {
                if let Ok(token) = begin(&mut self.desk, true) {
                    self.token = Some(token);
                }
            }
            1 | 2 => tick(&mut self.desk),
            3 => {
                let token = self.token.as_ref().map(copy);
                if let Some(Ok(done)) = token.map(|token| finish(&mut self.desk, &token)) {
                    self.sessions.push(done.session);
                    self.finished += 1;
                    self.enrol(done.session);
                }
            }
            4 => {
                let all: Vec<_> = self.desk.slice.sessions.iter().map(|one| one.id).collect();
                let place = self.roll(all.len().max(1) as u64);
                if let Some(session) = all.get(usize::try_from(place).unwrap()) {
                    self.enrol(*session);
                }
            }
            5 => {
                let handle = self.roll(u64::from(self.handles) + 1);
                let handle = u8::try_from(handle).unwrap();
                if let Ok(done) = by_passkey(&mut self.desk, handle) {
                    let now = self.desk.now;
                    if self.tainted.iter().any(|(one, until)| *one == handle && now < *until) {
                        self.sessions.push(done.session);
                        self.by_tainted += 1;
                    }
                }
            }
            _ => {
                if self.roll(3) == 0 {
                    self.desk.signed_in();
                }
            }
        }
        self.check();
    }

    /// A session adds a passkey, if it may.
    fn enrol(&mut self, session: access::SessionId) {
        let handle = self.handles.saturating_add(1);
        let command = Command::Authenticator(passkey(&self.desk, handle));
        if self.desk.by(By::Session(session), command).is_ok() {
            self.handles = handle;
            if self.sessions.contains(&session)
                && let Some(until) = self.hold()
            {
                self.tainted.push((handle, until));
            }
        }
    }

    fn check(&self) {
        for session in self.desk.slice.sessions.iter().filter(|one| self.sessions.contains(&one.id))
        {
            let given = self
                .desk
                .slice
                .session_entitlements(session, crate::desk::account(), true)
                .unwrap();
            assert!(given.acts.without(HELD_ACTS).is_empty(), "{:?}", session.methods);
        }
        let open = self.desk.slice.recoveries.iter().filter(|one| one.is_open()).count();
        assert!(open <= 1);
    }
}

/// Whatever happens in whatever order: nothing that came from a recovery does more than look, take
/// risk away and enrol while the holding time lasts, and nothing that it enrols does either.
#[test]
fn nothing_from_a_recovery_does_more_than_it_may_in_random_histories() {
    let (mut finished, mut by_tainted) = (0, 0);
    for seed in 0..24 {
        let mut walk = Walk::new(seed * 7_919 + 1);
        for _ in 0..160 {
            walk.step();
        }
        finished += walk.finished;
        by_tainted += walk.by_tainted;
    }
    assert!(finished > 20 && by_tainted > 5, "{finished} {by_tainted}");
}
