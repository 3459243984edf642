//! The password hasher: Argon2id on threads of its own, so that a burst of sign-ins never takes a
//! worker from the order path.
//!
//! Each hasher thread keeps one block of memory (19 MiB) between calls and gives it back after 30
//! idle seconds. The queues are bounded; a caller beyond them is told to come back. Trusted browsers
//! go first, so that a flood of made-up names keeps nobody out of theirs. An unknown user name costs
//! the same single call against a hash that nobody's password has.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use access::address::Network;
use access::refusal::{Refusal, ServerRefusal, SignInRefusal};
use access::secret::Secret;
use argon2::{Algorithm, Argon2, Block, Params, Version};
use data_encoding::BASE64_NOPAD;
use tokio::sync::oneshot;

use crate::health::Health;

/// Memory of one call, in KiB (19 MiB: OWASP's first choice for two passes).
const MEMORY_KIB: u32 = 19 * 1024;
/// Passes over the memory.
const PASSES: u32 = 2;
/// Lanes.
const LANES: u32 = 1;
/// Bytes of a hash.
const HASH_BYTES: usize = 32;
/// Calls that may wait; about two seconds of work for two threads.
const QUEUE: usize = 128;
/// Calls from trusted browsers that may wait beside those, and go first.
const TRUSTED_QUEUE: usize = 16;
/// Calls of one address (of IPv6: one /64) that may wait, from browsers that are not trusted.
const QUEUE_PER_SITE: usize = 8;
/// The most memory that a stored hash may ask for, in KiB: a broken row must not take the machine.
const MEMORY_LIMIT_KIB: u32 = 256 * 1024;
/// The hashers' niceness: a tenth of an ordinary thread's share where a core is fully taken.
#[cfg(target_os = "linux")]
const NICENESS: i32 = 10;
/// How long an idle thread keeps its block of memory.
const KEEP_MEMORY: Duration = Duration::from_secs(30);

/// What the hasher was asked and could not do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// The queue, or what one address may have in it, is full: as many sign-ins wait as the machine
    /// can check in about two seconds.
    #[error(
        "{waiting} password checks are waiting, and the limit is {limit}; try again in a few seconds"
    )]
    Busy {
        /// How many wait.
        waiting: u32,
        /// How many may.
        limit: u32,
    },
    /// The stored hash cannot be read, or the threads are gone.
    #[error("the stored password hash could not be checked; reset the password")]
    Unreadable,
}

/// The pool. Dropping it ends its threads.
pub struct PasswordPool {
    shared: Arc<Shared>,
}

struct Shared {
    queue: Mutex<Queue>,
    limit: usize,
    wake: Condvar,
    calls: AtomicU64,
}

#[derive(Default)]
struct Queue {
    trusted: VecDeque<Job>,
    others: VecDeque<Job>,
    closed: bool,
}

/// For whom a password is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asker {
    /// A browser that its person trusts, a signed-in person, or the server itself: goes first, and
    /// has a queue of its own, so that a flood of guesses shuts nobody out of a browser of theirs.
    pub trusted: bool,
    /// From where; none for the server itself.
    pub address: Option<IpAddr>,
}

impl Asker {
    /// The server itself, or somebody who is signed in.
    pub const INSIDE: Self = Self { trusted: true, address: None };
}

struct Job {
    site: Option<Network>,
    password: Secret,
    salt: Vec<u8>,
    params: Params,
    reply: oneshot::Sender<Result<[u8; HASH_BYTES], PasswordError>>,
}

impl PasswordPool {
    /// Starts `threads` (1 to 2) hasher threads.
    pub fn start(threads: usize, health: &Arc<Health>) -> std::io::Result<Self> {
        Self::with_queue(threads, QUEUE, health)
    }

    fn with_queue(threads: usize, limit: usize, health: &Arc<Health>) -> std::io::Result<Self> {
        let shared = Arc::new(Shared {
            queue: Mutex::default(),
            limit,
            wake: Condvar::new(),
            calls: AtomicU64::new(0),
        });
        let pool = Self { shared };
        for name in ["password-0", "password-1"].into_iter().take(threads.max(1)) {
            let shared = Arc::clone(&pool.shared);
            let closed = Arc::clone(&pool.shared);
            let told = move || closed.lock().closed;
            health.thread(name, told, move || {
                give_way();
                work(&shared);
            })?;
        }
        Ok(pool)
    }

    /// The same as [`PasswordPool::verify_for`], for a caller of no address who is not trusted.
    pub async fn verify(
        &self,
        password: Secret,
        stored: Option<&str>,
    ) -> Result<bool, PasswordError> {
        self.verify_for(Asker { trusted: false, address: None }, password, stored).await
    }

    /// Checks `password` against a PHC string. `None` is an unknown name: the same work, and never
    /// a match.
    pub async fn verify_for(
        &self,
        asker: Asker,
        password: Secret,
        stored: Option<&str>,
    ) -> Result<bool, PasswordError> {
        let (params, salt, expected) = match stored {
            Some(text) => parse(text).ok_or(PasswordError::Unreadable)?,
            None => (params()?, vec![0; 16], Vec::new()), // no hash equals an empty one
        };
        let hash = self.run(asker, password, salt, params).await?;
        Ok(Secret::new(hash.to_vec()).matches(&expected))
    }

    /// Hashes `password` with `salt` and gives the PHC string to store. Only the server and people
    /// who are signed in set one: they go first.
    pub async fn hash(&self, password: Secret, salt: [u8; 16]) -> Result<String, PasswordError> {
        let hash = self.run(Asker::INSIDE, password, salt.to_vec(), params()?).await?;
        Ok(format!(
            "$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}${}${}",
            BASE64_NOPAD.encode(&salt),
            BASE64_NOPAD.encode(&hash)
        ))
    }

    /// How many Argon2id calls were made since the start. Tests compare it for known, unknown and
    /// locked names.
    pub fn calls(&self) -> u64 {
        self.shared.calls.load(Ordering::Relaxed)
    }

    async fn run(
        &self,
        asker: Asker,
        password: Secret,
        salt: Vec<u8>,
        params: Params,
    ) -> Result<[u8; HASH_BYTES], PasswordError> {
        let (reply, answer) = oneshot::channel();
        let site = asker.address.map(Network::site);
        let job = Job { site, password, salt, params, reply };
        self.shared.lock().push(job, asker.trusted, self.shared.limit)?;
        self.shared.wake.notify_one();
        answer.await.map_err(|_| PasswordError::Unreadable)?
    }
}

impl Drop for PasswordPool {
    fn drop(&mut self) {
        self.shared.lock().closed = true;
        self.shared.wake.notify_all();
    }
}

impl Queue {
    /// Lets a job wait, if there is a place for it among `limit` of those that are not trusted.
    fn push(&mut self, job: Job, trusted: bool, limit: usize) -> Result<(), PasswordError> {
        let (jobs, limit) =
            if trusted { (&mut self.trusted, TRUSTED_QUEUE) } else { (&mut self.others, limit) };
        jobs.retain(|one| !one.reply.is_closed()); // a caller that went away gives its place back
        let of_site = jobs.iter().filter(|one| one.site == job.site).count();
        if jobs.len() >= limit {
            return Err(busy(jobs.len(), limit));
        }
        if !trusted && job.site.is_some() && of_site >= QUEUE_PER_SITE {
            return Err(busy(of_site, QUEUE_PER_SITE));
        }
        jobs.push_back(job);
        Ok(())
    }

    fn pop(&mut self) -> Option<Job> {
        self.trusted.pop_front().or_else(|| self.others.pop_front())
    }
}

fn busy(waiting: usize, limit: usize) -> PasswordError {
    let count = |number| u32::try_from(number).unwrap_or(u32::MAX);
    PasswordError::Busy { waiting: count(waiting), limit: count(limit) }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next job; `None` when the pool closed. Frees `memory` after an idle half minute.
    fn next(&self, memory: &mut Vec<Block>) -> Option<Job> {
        let mut queue = self.lock();
        loop {
            if queue.closed {
                return None;
            }
            if let Some(job) = queue.pop() {
                return Some(job);
            }
            let (guard, waited) =
                self.wake.wait_timeout(queue, KEEP_MEMORY).unwrap_or_else(PoisonError::into_inner);
            queue = guard;
            if waited.timed_out() {
                *memory = Vec::new();
            }
        }
    }
}

/// Lets every other thread of this machine go first: a hash takes 25 ms of a core, and with as many
/// hashers as cores a page or an order that comes meanwhile would wait for a turn.
fn give_way() {
    // Elsewhere this would be the whole process.
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::setpriority_process(None, NICENESS) {
        tracing::warn!(%error, "sign-ins may slow other requests: their threads could not be given a lower priority");
    }
}

/// One hasher thread.
fn work(shared: &Shared) {
    let mut memory: Vec<Block> = Vec::new();
    while let Some(job) = shared.next(&mut memory) {
        if job.reply.is_closed() {
            continue; // the caller went away while it waited
        }
        shared.calls.fetch_add(1, Ordering::Relaxed);
        memory.resize(job.params.block_count(), Block::new());
        let mut hash = [0; HASH_BYTES];
        let made = Argon2::new(Algorithm::Argon2id, Version::V0x13, job.params)
            .hash_password_into_with_memory(
                job.password.expose(),
                &job.salt,
                &mut hash,
                memory.as_mut_slice(),
            );
        let answer = made.map(|()| hash).map_err(|_| PasswordError::Unreadable);
        job.reply.send(answer).ok(); // the caller may have gone away
    }
}

fn params() -> Result<Params, PasswordError> {
    Params::new(MEMORY_KIB, PASSES, LANES, Some(HASH_BYTES)).map_err(|_| PasswordError::Unreadable)
}

/// Reads `$argon2id$v=19$m=..,t=..,p=..$salt$hash`.
fn parse(text: &str) -> Option<(Params, Vec<u8>, Vec<u8>)> {
    let rest = text.strip_prefix("$argon2id$v=19$m=")?;
    let (memory, rest) = rest.split_once(",t=")?;
    let (passes, rest) = rest.split_once(",p=")?;
    let (lanes, rest) = rest.split_once('$')?;
    let (salt, hash) = rest.split_once('$')?;
    let memory: u32 = memory.parse().ok()?;
    if memory > MEMORY_LIMIT_KIB {
        return None;
    }
    let salt = BASE64_NOPAD.decode(salt.as_bytes()).ok()?;
    let hash = BASE64_NOPAD.decode(hash.as_bytes()).ok()?;
    if hash.len() != HASH_BYTES {
        return None;
    }
    let params =
        Params::new(memory, passes.parse().ok()?, lanes.parse().ok()?, Some(HASH_BYTES)).ok()?;
    Some((params, salt, hash))
}

impl From<PasswordError> for Refusal {
    fn from(error: PasswordError) -> Self {
        match error {
            PasswordError::Busy { waiting, limit } => {
                Self::SignIn(SignInRefusal::Busy { waiting, limit })
            }
            PasswordError::Unreadable => Self::Server(ServerRefusal::KeyMismatch),
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn health() -> Arc<Health> {
        Arc::new(Health::new(crate::clock::Clock::system()))
    }

    fn secret(text: &str) -> Secret {
        Secret::new(text.as_bytes().to_vec())
    }

    #[tokio::test]
    async fn password_hashed_verifies_and_another_does_not() {
        let pool = PasswordPool::start(2, &health()).unwrap();
        let phc = pool.hash(secret("correct horse"), [7; 16]).await.unwrap();
        assert!(phc.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(pool.verify(secret("correct horse"), Some(&phc)).await.unwrap());
        assert!(!pool.verify(secret("correct hors"), Some(&phc)).await.unwrap());
    }

    #[tokio::test]
    async fn unknown_name_costs_one_call_and_never_matches() {
        let pool = PasswordPool::start(1, &health()).unwrap();
        assert!(!pool.verify(secret("anything"), None).await.unwrap());
        assert_eq!(pool.calls(), 1);
    }

    #[tokio::test]
    async fn hash_row_that_is_broken_is_unreadable() {
        let pool = PasswordPool::start(1, &health()).unwrap();
        for broken in ["", "$argon2id$v=19$m=4294967295,t=2,p=1$AAAA$AAAA", "$argon2i$x"] {
            let answer = pool.verify(secret("x"), Some(broken)).await;
            assert_eq!(answer, Err(PasswordError::Unreadable));
        }
    }

    #[tokio::test]
    async fn queue_that_is_full_says_busy() {
        let pool = Arc::new(PasswordPool::with_queue(1, 2, &health()).unwrap());
        let mut waiting = tokio::task::JoinSet::new();
        for _ in 0..32 {
            let pool = Arc::clone(&pool);
            waiting.spawn(async move { pool.verify(secret("x"), None).await });
        }
        let answers = waiting.join_all().await;
        let busy = answers.iter().filter(|a| matches!(a, Err(PasswordError::Busy { .. }))).count();
        assert!(busy > 0 && busy < answers.len(), "{busy} callers were told to come back");
        assert_eq!(pool.calls(), u64::try_from(answers.len() - busy).unwrap());
    }

    type Reply = oneshot::Receiver<Result<[u8; HASH_BYTES], PasswordError>>;

    fn job(address: Option<&str>) -> (Job, Reply) {
        let (reply, answer) = oneshot::channel();
        let site = address.map(|address| Network::site(address.parse().unwrap()));
        let (password, params) = (secret("x"), params().unwrap());
        (Job { site, password, salt: Vec::new(), params, reply }, answer)
    }

    #[test]
    fn queue_full_of_guesses_leaves_trusted_browsers_their_places_and_they_go_first() {
        let (mut queue, mut waiting) = (Queue::default(), Vec::new());
        let mut push = |address: &str, trusted| {
            let (job, answer) = job(Some(address));
            waiting.push(answer);
            queue.push(job, trusted, QUEUE)
        };
        for number in 0..QUEUE {
            push(&format!("198.51.100.{}", number / QUEUE_PER_SITE), false).unwrap();
        }
        assert_eq!(push("192.0.2.1", false), Err(busy(QUEUE, QUEUE)));
        for _ in 0..TRUSTED_QUEUE {
            push("192.0.2.1", true).unwrap();
        }
        assert_eq!(push("192.0.2.1", true), Err(busy(TRUSTED_QUEUE, TRUSTED_QUEUE)));
        let home = Some(Network::site("192.0.2.1".parse().unwrap()));
        assert!((0..TRUSTED_QUEUE).all(|_| queue.pop().unwrap().site == home));
        assert_ne!(queue.pop().unwrap().site, home);
    }

    #[test]
    fn queue_takes_eight_of_one_site_and_gives_places_of_callers_who_left_back() {
        let (mut queue, mut waiting) = (Queue::default(), Vec::new());
        for number in 0..QUEUE_PER_SITE {
            let (job, answer) = job(Some(&format!("2001:db8:0:7::{number:x}")));
            waiting.push(answer);
            queue.push(job, false, QUEUE).unwrap();
        }
        let (ninth, _answer) = job(Some("2001:db8:0:7:ffff::1"));
        assert_eq!(queue.push(ninth, false, QUEUE), Err(busy(QUEUE_PER_SITE, QUEUE_PER_SITE)));
        let (elsewhere, _answer) = job(Some("2001:db8:0:8::1"));
        queue.push(elsewhere, false, QUEUE).unwrap();
        waiting.pop();
        let (again, _answer) = job(Some("2001:db8:0:7::9"));
        queue.push(again, false, QUEUE).unwrap();
    }
}
