//! The phones that are told of approvals by push, as the operator sees them.

use access::{DeviceId, Refusal};
use gate::{Gate, Pushed};

use serde_json::Value;

use crate::act::{Desk, instant, value};
use crate::answer::{Done, PushRow};
use crate::fault::Fault;
use crate::request::Request;

/// Does one request about pushes.
pub(crate) async fn act(desk: &Desk<'_>, request: Request) -> Result<Value, Fault> {
    match request {
        Request::PushTest { device } => value(test(desk, device).await?),
        Request::PushRemove { device } => {
            desk.gate.stop_push(&desk.actor, device).await?;
            value(Done { text: format!("{device} is told of approvals no longer") })
        }
        _ => value(list(desk.gate).await?),
    }
}

async fn list(gate: &Gate) -> Result<Vec<PushRow>, Refusal> {
    let rows = gate.pushes().await?;
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
    match desk.gate.test_push(&desk.actor, device).await? {
        Ok(Pushed::Taken) => {
            Ok(Done { text: format!("the push service took a test for {device}") })
        }
        Ok(Pushed::Gone) => Err(Fault::new(
            "PUSH_GONE",
            format!(
                "the push service knows {device} no longer; its owner can turn the switch on again"
            ),
        )),
        Err(fault) => Err(Fault::new("PUSH_FAILED", fault.to_string())),
    }
}
