//! The phones that are notified of approvals by push, as the operator sees them.

use access::{DeviceId, Refusal};
use gate::{Gate, Pushed};

use serde_json::Value;

use serde::{Deserialize, Serialize};

use crate::answer::{Done, PushRow};
use crate::desk::{Desk, instant, value};
use crate::fault::Fault;
use crate::person;

/// Phones that are notified by push.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum PushRequest {
    /// The phones that are notified of approvals by push.
    List {
        /// Whose; none is everybody's.
        #[serde(default)]
        username: Option<String>,
    },
    /// Sends such a phone a test.
    Test {
        /// Its id, as `device list` prints it.
        device: DeviceId,
    },
    /// Tells such a phone no longer.
    Remove {
        /// Its id, as `device list` prints it.
        device: DeviceId,
    },
}

/// Does one request about pushes.
pub(crate) async fn act(desk: &Desk<'_>, request: PushRequest) -> Result<Value, Fault> {
    match request {
        PushRequest::Test { device } => value(test(desk, device).await?),
        PushRequest::Remove { device } => {
            desk.gate.pushes().stop(&desk.actor, device).await?;
            let text = format!("{device} no longer gets push notifications");
            value(Done::new("push_removed", text).with("device", device.to_string()))
        }
        PushRequest::List { username } => value(list(desk.gate, username).await?),
    }
}

async fn list(gate: &Gate, username: Option<String>) -> Result<Vec<PushRow>, Refusal> {
    let wanted = person::named(gate, username).await?.map(|one| one.username);
    let mut rows = gate.pushes().list().await?;
    rows.retain(|row| wanted.as_ref().is_none_or(|wanted| *wanted == row.username));
    let row = |row: gate::PushRow| PushRow {
        device: row.push.device,
        username: row.username,
        name: row.name,
        service: row.push.service,
        shows: row.push.shows,
        since: instant(row.push.created_at),
        failures: row.failures,
    };
    Ok(rows.into_iter().map(row).collect())
}

/// Sends a test; what the push service says against it is a fault of the request.
async fn test(desk: &Desk<'_>, device: DeviceId) -> Result<Done, Fault> {
    match desk.gate.pushes().test(&desk.actor, device).await? {
        Ok(Pushed::Taken) => {
            let text = format!("the push service accepted a test notification for {device}");
            Ok(Done::new("push_tested", text).with("device", device.to_string()))
        }
        Ok(Pushed::Gone) => Err(Fault::new(
            "PUSH_GONE",
            format!(
                "the push service no longer knows {device}; its owner can turn notifications on again"
            ),
        )),
        Err(fault) => Err(Fault::new("PUSH_FAILED", fault.to_string())),
    }
}
