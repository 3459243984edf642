//! Devices, as the operator sees them.

use access::device::Standing;
use access::{DeviceId, Refusal};
use gate::Gate;

use crate::act::{Desk, instant};
use crate::answer::{DeviceRow, Done};

pub(crate) async fn list(gate: &Gate) -> Result<Vec<DeviceRow>, Refusal> {
    let devices = gate.devices(None).await?;
    Ok(devices
        .into_iter()
        .map(|info| DeviceRow {
            device: info.device.id,
            username: info.username,
            name: info.device.name.to_string(),
            state: standing(info.standing).to_owned(),
            last_use: instant(info.device.last_seen_at),
            sessions: info.sessions,
        })
        .collect())
}

pub(crate) async fn remove(desk: &Desk<'_>, device: DeviceId) -> Result<Done, Refusal> {
    desk.gate.remove_device(&desk.actor, device).await?;
    Ok(Done { text: format!("device {device} is removed and its sessions are ended") })
}

fn standing(standing: Standing) -> &'static str {
    match standing {
        Standing::Pending => "pending",
        Standing::Trusted => "trusted",
        Standing::Expired => "expired",
        Standing::Blocked => "blocked",
    }
}
