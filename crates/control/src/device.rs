//! Devices, as the operator sees them.

use access::device::{Approver, DeviceRole, DeviceState, Standing};
use access::{DeviceId, Refusal};
use gate::Gate;

use serde_json::Value;

use serde::{Deserialize, Serialize};

use crate::answer::{DeviceRow, Done};
use crate::desk::{Desk, instant, value};
use crate::fault::Fault;
use crate::person;

/// Browsers and phones.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum DeviceRequest {
    /// The devices.
    List {
        /// Whose; none is everybody's.
        #[serde(default)]
        username: Option<String>,
    },
    /// Refuses a device until it is removed, and ends its sessions.
    Block {
        /// Its id, as `device list` prints it.
        device: DeviceId,
    },
    /// Says what a device may be used for.
    Role {
        /// Its id, as `device list` prints it.
        device: DeviceId,
        /// The most that it may be used for.
        role: DeviceRole,
    },
    /// Ends a device's trust and its sessions.
    Remove {
        /// Its id, as `device list` prints it.
        device: DeviceId,
    },
    /// Ends the trust of all devices of a person, and their sessions.
    RemoveAll {
        /// User name of the person it belongs to.
        username: String,
        /// The one that stays.
        #[serde(default)]
        except: Option<DeviceId>,
    },
    /// Gives a device another name.
    Rename {
        /// Its id, as `device list` prints it.
        device: DeviceId,
        /// The new name.
        name: String,
    },
    /// Says that a device is an older one again: it takes that one's name and first day, and the older
    /// one ends.
    Again {
        /// The newer one.
        device: DeviceId,
        /// The older one.
        was: DeviceId,
    },
    /// Gives a phone's part to another one; the old one is forgotten.
    MovePhone {
        /// The old phone.
        device: DeviceId,
        /// The new one, which opened a link for phones.
        to: DeviceId,
        /// The number that it shows.
        number: String,
    },
}

/// Does one request about devices.
pub(crate) async fn act(desk: &Desk<'_>, request: DeviceRequest) -> Result<Value, Fault> {
    match request {
        DeviceRequest::List { username } => value(list(desk.gate, username).await?),
        DeviceRequest::Rename { device, name } => value(rename(desk, device, &name).await?),
        DeviceRequest::Role { device, role } => value(set_role(desk, device, role).await?),
        DeviceRequest::Block { device } => value(block(desk, device).await?),
        DeviceRequest::Remove { device } => value(remove(desk, device).await?),
        DeviceRequest::RemoveAll { username, except } => {
            value(remove_all(desk, &username, except).await?)
        }
        DeviceRequest::Again { device, was } => value(again(desk, device, was).await?),
        DeviceRequest::MovePhone { device, to, number } => {
            value(move_phone(desk, device, to, &number).await?)
        }
    }
}

/// That something was done to a device.
fn done(act: &str, device: DeviceId, text: String) -> Done {
    Done::new(act, text).with("device", device.to_string())
}

async fn list(gate: &Gate, username: Option<String>) -> Result<Vec<DeviceRow>, Refusal> {
    let person = person::named(gate, username).await?.map(|one| one.id);
    let devices = gate.devices().list(person).await?;
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
            browser: info.device.agent.as_ref().map(|agent| agent.name.to_string()),
            form: info.device.agent.as_ref().map(|agent| agent.form.name().to_owned()),
            first_address: info.device.first_address.map(|address| address.to_string()),
            address: info.device.last_address.map(|address| address.to_string()),
            network: info.network.map(|network| network.to_string()),
            methods: info.device.methods.iter().map(|one| one.name().to_owned()).collect(),
            sessions: info.sessions,
            interfaces: info.interfaces.iter().map(|one| one.name().to_owned()).collect(),
            succeeds: info.device.succeeds,
        })
        .collect())
}

async fn rename(desk: &Desk<'_>, device: DeviceId, name: &str) -> Result<Done, Refusal> {
    desk.gate.devices().rename(&desk.actor, device, name).await?;
    let name = name.trim();
    let text = format!("device {device} is now called {name}");
    Ok(done("device_renamed", device, text).with("name", name))
}

async fn set_role(desk: &Desk<'_>, device: DeviceId, role: DeviceRole) -> Result<Done, Refusal> {
    let name = role.name();
    desk.gate.devices().set_role(&desk.actor, device, role).await?;
    let text = format!("device {device} has the role {name}");
    Ok(done("device_role_set", device, text).with("role", name))
}

async fn block(desk: &Desk<'_>, device: DeviceId) -> Result<Done, Refusal> {
    desk.gate.devices().block(&desk.actor, device).await?;
    let text = format!("device {device} is blocked and its sessions have ended");
    Ok(done("device_blocked", device, text))
}

async fn remove(desk: &Desk<'_>, device: DeviceId) -> Result<Done, Refusal> {
    desk.gate.devices().remove(&desk.actor, device).await?;
    let text = format!("device {device} is removed and its sessions have ended");
    Ok(done("device_removed", device, text))
}

/// All of a person's but one. If that one is not theirs, this is refused before anything is done.
async fn remove_all(
    desk: &Desk<'_>,
    username: &str,
    except: Option<DeviceId>,
) -> Result<Done, Refusal> {
    let person = desk.gate.people().find(username).await?;
    let all = desk.gate.devices().list(Some(person.id)).await?;
    if except.is_some_and(|kept| all.iter().all(|one| one.device.id != kept)) {
        return Err(Refusal::not_found("device"));
    }
    let mut removed = Vec::new();
    for one in all.iter().map(|one| one.device.id).filter(|id| Some(*id) != except) {
        desk.gate.devices().remove(&desk.actor, one).await?;
        removed.push(Value::from(one.to_string()));
    }
    let text = format!("devices of {} removed: {}", person.username, removed.len());
    let done = Done::new("devices_removed", text).with("username", person.username);
    Ok(done.with("device_ids", removed))
}

async fn again(desk: &Desk<'_>, device: DeviceId, was: DeviceId) -> Result<Done, Refusal> {
    desk.gate.devices().succeed(&desk.actor, was, Some(device)).await?;
    let text =
        format!("device {device} takes the name and first day of {was}; {was} itself is removed");
    Ok(done("device_is_again", device, text).with("was", was.to_string()))
}

async fn move_phone(
    desk: &Desk<'_>,
    old: DeviceId,
    new: DeviceId,
    number: &str,
) -> Result<Done, Refusal> {
    desk.gate.devices().move_phone(&desk.actor, old, new, number).await?;
    let text = format!("{new} now answers approvals; {old} is removed");
    Ok(done("phone_moved", new, text).with("was", old.to_string()))
}

fn standing(standing: Standing) -> &'static str {
    match standing {
        Standing::Pending => "pending",
        Standing::Trusted => "trusted",
        Standing::Expired => "expired",
        Standing::Blocked => "blocked",
    }
}
