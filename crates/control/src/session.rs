//! Sessions, as the operator sees them.

use access::Refusal;
use gate::Gate;

use crate::act::instant;
use crate::answer::SessionRow;

pub(crate) async fn list(gate: &Gate) -> Result<Vec<SessionRow>, Refusal> {
    let sessions = gate.sessions(None).await?;
    Ok(sessions
        .into_iter()
        .map(|one| SessionRow {
            session: one.id,
            username: one.username,
            device: one.device_name,
            address: one.address.map_or_else(|| "unknown".to_owned(), |a| a.to_string()),
            since: instant(one.since),
            last_use: instant(one.last_use),
            until: instant(one.until),
        })
        .collect())
}
