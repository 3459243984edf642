//! What the simulator does to tables. Compiled for it alone (the feature `simulation`).

use sqlx::Executor as _;

use crate::engine::Database;
use crate::error::StoreError;

const REFUSE: &str = "CREATE TRIGGER IF NOT EXISTS simulated_failure BEFORE INSERT ON evidence \
                      BEGIN SELECT RAISE(ABORT, 'simulated'); END";
const TAKE: &str = "DROP TRIGGER IF EXISTS simulated_failure";

/// From now on the tables at `url`, which are SQLite's, refuse every commit with evidence, whoever makes it; or take
/// them again.
pub async fn refuse_commits(url: &str, refuse: bool) -> Result<(), StoreError> {
    let database = Database::connect(url).await?;
    database.pool().execute(if refuse { REFUSE } else { TAKE }).await?;
    database.close().await;
    Ok(())
}
