//! Devices, as the operator sees them.

use access::device::{Approver, DeviceState, Standing};
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
            trusted_until: match info.device.state {
                DeviceState::Trusted { until } => Some(instant(until)),
                DeviceState::Pending | DeviceState::Blocked => None,
            },
            role: info.device.role.name().to_owned(),
            confirmed: info.device.confirmed,
            approver: info.device.approver == Approver::Yes,
            lent: info.device.lent,
            first_use: instant(info.device.created_at),
            last_use: instant(info.device.last_seen_at),
            address: info.device.last_address.map(|address| address.to_string()),
            network: info.network.map(|network| network.to_string()),
            sessions: info.sessions,
            interfaces: info.interfaces.iter().map(|one| one.name().to_owned()).collect(),
            succeeds: info.device.succeeds,
        })
        .collect())
}

pub(crate) async fn rename(desk: &Desk<'_>, device: DeviceId, name: &str) -> Result<Done, Refusal> {
    desk.gate.rename_device(&desk.actor, device, name).await?;
    Ok(Done { text: format!("device {device} is called {} now", name.trim()) })
}

pub(crate) async fn remove(desk: &Desk<'_>, device: DeviceId) -> Result<Done, Refusal> {
    desk.gate.remove_device(&desk.actor, device).await?;
    Ok(Done { text: format!("device {device} is removed and its sessions are ended") })
}

pub(crate) async fn again(
    desk: &Desk<'_>,
    device: DeviceId,
    was: DeviceId,
) -> Result<Done, Refusal> {
    desk.gate.succeed_device(&desk.actor, was, Some(device)).await?;
    Ok(Done {
        text: format!("device {device} is {was} again, with its name; {was} itself is forgotten"),
    })
}

pub(crate) async fn move_phone(
    desk: &Desk<'_>,
    old: DeviceId,
    new: DeviceId,
    number: &str,
) -> Result<Done, Refusal> {
    desk.gate.move_phone(&desk.actor, old, new, number).await?;
    Ok(Done { text: format!("{new} answers approvals from now on; {old} is forgotten") })
}

fn standing(standing: Standing) -> &'static str {
    match standing {
        Standing::Pending => "pending",
        Standing::Trusted => "trusted",
        Standing::Expired => "expired",
        Standing::Blocked => "blocked",
    }
}
