//! Tokens that wait to be shown, once, on the page after a creation. Nothing depends on them: if
//! one is lost with the server, nobody has seen it, and another credential is created.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use access::{CredentialId, Secret, SessionId, Span, Time};

/// How long a token waits for its page.
const WAITS: Span = Span::minutes(10);

/// The tokens that wait, each for the session that created its credential.
#[derive(Default)]
pub(crate) struct Once(Mutex<BTreeMap<(CredentialId, SessionId), (Time, Secret)>>);

impl Once {
    fn waiting(&self) -> MutexGuard<'_, BTreeMap<(CredentialId, SessionId), (Time, Secret)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps a token for its page.
    pub(crate) fn put(&self, of: (CredentialId, SessionId), token: Secret, now: Time) {
        let mut waiting = self.waiting();
        waiting.retain(|_, (at, _)| now.since(*at) < WAITS);
        waiting.insert(of, (now, token));
    }

    /// The token, the first time that its session asks for it.
    pub(crate) fn take(&self, of: (CredentialId, SessionId), now: Time) -> Option<Secret> {
        let mut waiting = self.waiting();
        waiting.retain(|_, (at, _)| now.since(*at) < WAITS);
        waiting.remove(&of).map(|(_, token)| token)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn token_is_told_once_in_its_own_session_and_not_after_ten_minutes() {
        let once = Once::default();
        let (credential, session) = (CredentialId([1; 16]), SessionId([2; 16]));
        let token = || Secret::from_text("fpc_x".to_owned());
        once.put((credential, session), token(), Time(0));
        assert!(once.take((credential, SessionId([3; 16])), Time(1)).is_none());
        assert!(once.take((credential, session), Time(1)).is_some());
        assert!(once.take((credential, session), Time(1)).is_none());
        once.put((credential, session), token(), Time(0));
        assert!(once.take((credential, session), Time(0) + Span::minutes(10)).is_none());
    }
}
