//! Recoveries, as the operator sees them.

use access::approval::Say;
use access::recovery::Stage;
use access::{RecoveryId, Refusal};
use gate::{Gate, RecoveryInfo};
use serde_json::Value;

use crate::act::{Desk, instant, value};
use crate::answer::{Done, RecoveryMade, RecoveryRow};
use crate::fault::Fault;
use crate::request::Request;

/// Does what is asked about recoveries.
pub(crate) async fn act(desk: &Desk<'_>, request: Request) -> Result<Value, Fault> {
    let gate = desk.gate;
    match request {
        Request::RecoveryShow { recovery } => value(show(gate, recovery).await?),
        Request::RecoveryBegin { username } => value(begin(desk, username).await?),
        Request::RecoveryCancel { recovery } => {
            gate.cancel_recovery(&desk.actor, recovery).await?;
            value(Done { text: format!("recovery {recovery} is stopped") })
        }
        _ => value(list(gate).await?),
    }
}

/// All of the last weeks.
async fn list(gate: &Gate) -> Result<Vec<RecoveryRow>, Refusal> {
    Ok(gate.recoveries(None).await?.into_iter().map(row).collect())
}

/// One of them.
async fn show(gate: &Gate, id: RecoveryId) -> Result<RecoveryRow, Refusal> {
    let found = gate.recoveries(None).await?.into_iter().find(|one| one.id == id);
    found.map(row).ok_or(Refusal::NotFound { what: "recovery" })
}

/// Begins one for a person, with the link for their browser.
async fn begin(desk: &Desk<'_>, username: String) -> Result<RecoveryMade, Refusal> {
    let begun = desk.gate.assist_recovery(&desk.actor, &username).await?;
    let (portal, token) = (desk.portal.trim_end_matches('/'), begun.token.expose_text());
    Ok(RecoveryMade {
        recovery: begun.recovery,
        username,
        url: format!("{portal}/recover/claim/{}", token.unwrap_or_default()),
        ready: begun.ready_at.map(instant),
    })
}

fn row(one: RecoveryInfo) -> RecoveryRow {
    let ended = match one.stage {
        Stage::Over { at, why } => Some((at, why.text().to_owned())),
        Stage::Finished { at, .. } => Some((at, "became a session".to_owned())),
        Stage::Begun { .. } | Stage::Half { .. } | Stage::Ready { .. } => None,
    };
    let held_until = match one.stage {
        Stage::Finished { held_until, .. } => Some(instant(held_until)),
        _ => None,
    };
    RecoveryRow {
        recovery: one.id,
        username: one.username,
        begun: instant(one.begun_at),
        by: one.by.to_string(),
        from: one.source,
        browser: one.browser,
        state: one.stage.name().to_owned(),
        ready: one.ready_at.map(instant),
        needed: one.needed,
        vouched: one.asks.iter().filter(|ask| ask.said == Some(Say::Yes)).count(),
        ended: ended.as_ref().map(|(at, _)| instant(*at)),
        why: ended.map(|(_, why)| why),
        held_until,
    }
}
