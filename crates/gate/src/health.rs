//! Health: what is not as it should be while the server runs, and the watch over its own threads and
//! tasks. `status`, `doctor` and `/healthz` show what is raised here.
//!
//! Every thread and task that lives as long as the server is started through [`Health::thread`] or
//! [`Health::task`]: one that ends without having been told to is noted and started again; one that
//! keeps ending stops the server.

use std::any::Any;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use access::moment::{Span, Time};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::clock::Clock;

/// Ends of one thread or task within [`WITHIN`] after which the server stops.
const MOST_ENDS: usize = 5;
/// See [`MOST_ENDS`].
const WITHIN: Span = Span::minutes(1);
/// How long after an unexpected end the next start comes.
const PAUSE: Duration = Duration::from_millis(200);

/// Something that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HealthCondition {
    /// Stable, upper case.
    pub code: &'static str,
    /// What it is about, where there may be several: the name of a thread, of a file.
    pub subject: String,
    /// What happened and what to do.
    pub text: String,
    /// When that began.
    pub since: Time,
    /// Whether the server cannot do its work: `/healthz` answers 503.
    pub stops: bool,
}

/// All that is raised now. One for each gate.
pub struct Health {
    clock: Clock,
    raised: Mutex<BTreeMap<(&'static str, String), HealthCondition>>,
    ends: Mutex<BTreeMap<&'static str, Vec<Time>>>,
    over: watch::Sender<Option<String>>,
}

impl Health {
    /// Nothing is raised.
    pub fn new(clock: Clock) -> Self {
        let (raised, ends) = (Mutex::default(), Mutex::default());
        Self { clock, raised, ends, over: watch::Sender::new(None) }
    }

    fn raised(&self) -> MutexGuard<'_, BTreeMap<(&'static str, String), HealthCondition>> {
        self.raised.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Raises a condition, or gives one that is raised another text.
    pub fn raise(&self, code: &'static str, subject: &str, text: String, stops: bool) {
        let mut raised = self.raised();
        let key = (code, subject.to_owned());
        let since = raised.get(&key).map_or_else(|| self.clock.stamp(), |one| one.since);
        let subject = subject.to_owned();
        raised.insert(key, HealthCondition { code, subject, text, since, stops });
    }

    /// Takes a condition away: all is well again.
    pub fn clear(&self, code: &'static str, subject: &str) {
        self.raised().remove(&(code, subject.to_owned()));
    }

    /// What is raised now.
    pub fn conditions(&self) -> Vec<HealthCondition> {
        self.raised().values().cloned().collect()
    }

    /// The server cannot go on: it ends as after a signal, and says why.
    pub fn give_up(&self, why: String) {
        tracing::error!(why, "the server stops");
        self.over.send_if_modified(|over| {
            let first = over.is_none();
            if first {
                *over = Some(why);
            }
            first
        });
    }

    /// Waits until the server cannot go on, and says why.
    pub async fn over(&self) -> String {
        let mut over = self.over.subscribe();
        match over.wait_for(Option::is_some).await {
            Ok(why) => why.clone().unwrap_or_default(),
            // The sender is this one's own.
            Err(_) => std::future::pending().await,
        }
    }

    /// Notes that a thread or task ended untold. False when it has ended too often.
    fn ended(&self, name: &'static str, why: &str) -> bool {
        let now = self.clock.stamp();
        let (all, recent) = {
            let mut ends = self.ends.lock().unwrap_or_else(PoisonError::into_inner);
            let ends = ends.entry(name).or_default();
            ends.push(now);
            (ends.len(), ends.iter().filter(|at| now.since(**at) < WITHIN).count())
        };
        tracing::error!(name, why, "a background task ended without having been told to");
        let goes_on = recent < MOST_ENDS;
        let text = if goes_on {
            format!(
                "the background task '{name}' ended at {now} ({why}) and was restarted; so far {all} {}. Report it with the log",
                if all == 1 { "time" } else { "times" }
            )
        } else {
            format!(
                "the background task '{name}' ended {recent} times within a minute ({why}); the server stops. Report it with the log, then start again"
            )
        };
        self.raise("TASK_ENDED", name, text.clone(), !goes_on);
        if !goes_on {
            self.give_up(text);
        }
        goes_on
    }

    /// Runs `work` on a thread of its own, again whenever it ends before `told` says that it should.
    pub fn thread(
        self: &Arc<Self>,
        name: &'static str,
        told: impl Fn() -> bool + Send + 'static,
        mut work: impl FnMut() + Send + 'static,
    ) -> std::io::Result<()> {
        let health = Arc::clone(self);
        let run = move || {
            loop {
                // What the work shares is behind locks that say when they were poisoned.
                let done = catch_unwind(AssertUnwindSafe(&mut work));
                if told() || !health.ended(name, &why(done.err().as_deref())) {
                    return;
                }
                std::thread::sleep(PAUSE);
            }
        };
        std::thread::Builder::new().name(format!("floorpass-{name}")).spawn(run).map(drop)
    }

    /// Runs the future that `make` gives as a task, and another one whenever it ends before `told`
    /// says that it should. Aborting the handle, or dropping the runtime, ends it too.
    pub fn task<F>(
        self: &Arc<Self>,
        name: &'static str,
        told: impl Fn() -> bool + Send + 'static,
        mut make: impl FnMut() -> F + Send + 'static,
    ) -> JoinHandle<()>
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let health = Arc::clone(self);
        tokio::spawn(async move {
            loop {
                let mut task = Kept(tokio::spawn(make()));
                let done = (&mut task.0).await;
                let why = match done {
                    Err(error) if error.is_cancelled() => return,
                    Err(error) => {
                        let panic = error.try_into_panic().ok();
                        why(panic.as_deref())
                    }
                    Ok(()) => why(None),
                };
                if told() || !health.ended(name, &why) {
                    return;
                }
                tokio::time::sleep(PAUSE).await;
            }
        })
    }
}

impl Health {
    /// Runs a task that cannot be started again: if it panics, the server stops.
    pub fn vital(
        self: &Arc<Self>,
        name: &'static str,
        work: impl Future<Output = ()> + Send + 'static,
    ) -> JoinHandle<()> {
        let health = Arc::clone(self);
        tokio::spawn(async move {
            let mut task = Kept(tokio::spawn(work));
            if let Err(error) = (&mut task.0).await
                && let Ok(panic) = error.try_into_panic()
            {
                let text = format!(
                    "the background task '{name}' ended ({}); the server stops. Report it with the log, then start again",
                    why(Some(&*panic))
                );
                health.raise("TASK_ENDED", name, text.clone(), true);
                health.give_up(text);
            }
        })
    }
}

/// A task that ends with its watcher.
struct Kept(JoinHandle<()>);

impl Drop for Kept {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Why it ended, for people.
fn why(panic: Option<&(dyn Any + Send)>) -> String {
    let Some(panic) = panic else { return "it returned".to_owned() };
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
    text.map_or_else(|| "it panicked".to_owned(), |text| format!("it panicked: {text}"))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

    use std::sync::atomic::{AtomicU32, Ordering};
    use std::sync::mpsc;

    use super::*;

    fn health() -> Arc<Health> {
        Arc::new(Health::new(Clock::manual(Time::from_seconds(1_000))))
    }

    #[test]
    fn thread_that_panics_or_returns_is_noted_and_runs_again() {
        let (health, (told, done)) = (health(), mpsc::channel());
        let runs = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&runs);
        let is_told = move || counted.load(Ordering::SeqCst) >= 3;
        let work = move || match runs.fetch_add(1, Ordering::SeqCst) {
            0 => panic!("first"),
            1 => {}
            _ => told.send(()).unwrap(),
        };
        health.thread("beat", is_told, work).unwrap();
        done.recv().unwrap();
        let all = health.conditions();
        assert_eq!((all.len(), all[0].code, all[0].stops), (1, "TASK_ENDED", false));
        assert!(all[0].text.contains("it returned") && all[0].text.contains("2 times"), "{all:?}");
    }

    #[tokio::test]
    async fn task_that_keeps_ending_stops_the_server_and_says_why() {
        let health = health();
        let task = health.task("room", || false, || async { panic!("no floor") });
        let why = health.over().await;
        assert!(why.contains("'room'") && why.contains("no floor"), "{why}");
        task.await.unwrap();
        assert!(health.conditions()[0].stops);
    }

    #[tokio::test]
    async fn task_that_was_told_to_end_is_not_noted() {
        let health = health();
        health.task("tick", || true, || async {}).await.unwrap();
        assert_eq!(health.conditions(), []);
    }

    #[test]
    fn condition_keeps_its_beginning_until_it_is_cleared() {
        let clock = Clock::manual(Time::from_seconds(10));
        let health = Health::new(clock.clone());
        health.raise("A", "x", "one".to_owned(), false);
        clock.set(Time::from_seconds(20));
        health.raise("A", "x", "two".to_owned(), true);
        let all = health.conditions();
        assert_eq!((all[0].since, all[0].text.as_str()), (Time::from_seconds(10), "two"));
        health.clear("A", "x");
        assert_eq!(health.conditions(), []);
    }
}
