//! What the simulator does to tables. Compiled for it alone (the feature `simulation`).

use std::cell::RefCell;
use std::sync::Arc;

use sqlx::Executor as _;
use tokio::sync::Notify;

use crate::engine::Database;
use crate::error::StoreError;

const REFUSE: &str = "CREATE TRIGGER IF NOT EXISTS simulated_failure BEFORE INSERT ON evidence \
                      BEGIN SELECT RAISE(ABORT, 'simulated'); END";
const TAKE: &str = "DROP TRIGGER IF EXISTS simulated_failure";

thread_local! {
    /// What the next commit on this thread waits for: runs of several seeds have a thread each.
    static HELD: RefCell<Option<Arc<Ends>>> = const { RefCell::new(None) };
}

/// From now on the tables at `url`, which are SQLite's, refuse every commit with evidence, whoever makes it; or take
/// them again.
pub async fn refuse_commits(url: &str, refuse: bool) -> Result<(), StoreError> {
    let database = Database::connect(url).await?;
    database.pool().execute(if refuse { REFUSE } else { TAKE }).await?;
    database.close().await;
    Ok(())
}

#[derive(Default)]
struct Ends {
    begun: Notify,
    goes_on: Notify,
}

/// The next commit on this thread, which stands still as it begins: what it records is decided and, where it is a
/// cut, in force, and the tables do not have it. It goes on when it is let go, or when this is dropped.
pub struct HeldCommit(Arc<Ends>);

impl HeldCommit {
    /// Holds the next one; those behind it are not held.
    pub fn next() -> Self {
        let ends = Arc::<Ends>::default();
        HELD.set(Some(Arc::clone(&ends)));
        Self(ends)
    }

    /// Returns once it has begun.
    pub async fn begun(&self) {
        self.0.begun.notified().await;
    }

    /// Lets it go on.
    pub fn let_go(&self) {
        HELD.take();
        self.0.goes_on.notify_one();
    }
}

impl Drop for HeldCommit {
    fn drop(&mut self) {
        self.let_go();
    }
}

/// Where a commit begins: waits where it is held.
pub(crate) async fn begins() {
    let held = HELD.take();
    if let Some(ends) = held {
        ends.begun.notify_one();
        ends.goes_on.notified().await;
    }
}
