//! Who is connected: client ids in use, and connections that have not begun a session.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use access::CredentialId;
use tokio::task::AbortHandle;

/// Connections of one port that have not sent their startApi; the oldest goes when one more comes.
const WAITING_LIMIT: usize = 64;

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Every change under these locks is one insertion or removal: nothing can be half done.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The client ids in use. Two credentials may have the same ones.
#[derive(Clone, Default)]
pub(crate) struct Roster(Arc<Mutex<BTreeSet<(CredentialId, i32)>>>);

impl Roster {
    /// Takes a client id, or nothing when a connection has it.
    pub(crate) fn claim(&self, credential: CredentialId, client_id: i32) -> Option<Claim> {
        let seat = (credential, client_id);
        lock(&self.0).insert(seat).then(|| Claim { roster: self.clone(), seat })
    }
}

/// A client id that is in use until this is dropped.
pub(crate) struct Claim {
    roster: Roster,
    seat: (CredentialId, i32),
}

impl Drop for Claim {
    fn drop(&mut self) {
        lock(&self.roster.0).remove(&self.seat);
    }
}

/// Connections of one port between accept and startApi.
#[derive(Clone, Default)]
pub(crate) struct Lobby(Arc<Mutex<Waiting>>);

#[derive(Default)]
struct Waiting {
    next: u64,
    tasks: BTreeMap<u64, AbortHandle>,
}

impl Lobby {
    /// Spawns the task of a new connection. When too many wait, the one that has waited longest is
    /// ended, so that connections that say nothing keep nobody out.
    pub(crate) fn enter(&self, spawn: impl FnOnce(Place) -> AbortHandle) {
        let mut waiting = lock(&self.0);
        let number = waiting.next;
        waiting.next = waiting.next.wrapping_add(1);
        // The task's place is given back under the same lock, hence after this insertion.
        let task = spawn(Place { lobby: self.clone(), number });
        waiting.tasks.insert(number, task);
        let oldest =
            if waiting.tasks.len() > WAITING_LIMIT { waiting.tasks.pop_first() } else { None };
        drop(waiting);
        if let Some((_, task)) = oldest {
            task.abort();
        }
    }
}

/// A place in the lobby, given back when dropped.
pub(crate) struct Place {
    lobby: Lobby,
    number: u64,
}

impl Drop for Place {
    fn drop(&mut self) {
        lock(&self.lobby.0).tasks.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn client_id_is_free_again_when_its_claim_is_dropped() {
        let roster = Roster::default();
        let (one, two) = (CredentialId([1; 16]), CredentialId([2; 16]));
        let claim = roster.claim(one, 7).unwrap();
        assert!(roster.claim(one, 7).is_none());
        assert!(roster.claim(one, 8).is_some() && roster.claim(two, 7).is_some());
        drop(claim);
        assert!(roster.claim(one, 7).is_some());
    }

    #[tokio::test]
    async fn silent_connections_beyond_the_limit_push_out_the_oldest() {
        let lobby = Lobby::default();
        let mut tasks = Vec::new();
        for _ in 0..=WAITING_LIMIT {
            lobby.enter(|place| {
                let task = tokio::spawn(async move {
                    std::future::pending::<()>().await;
                    drop(place);
                });
                let handle = task.abort_handle();
                tasks.push(task);
                handle
            });
        }
        let mut tasks = tasks.into_iter();
        assert!(tasks.next().unwrap().await.unwrap_err().is_cancelled());
        assert!(tasks.all(|task| !task.is_finished()));
        assert_eq!(lock(&lobby.0).tasks.len(), WAITING_LIMIT);
    }
}
