//! Devices: a browser is activated once, then trusted for 90 days, and known by a token that it
//! holds. A device that was removed is forgotten; one that was blocked stays known, as blocked.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::decision::{Answer, Decision, Ground};
use crate::entitlements::Act;
use crate::id::{DeviceId, PersonId};
use crate::moment::{Span, Time};
use crate::name::Name;
use crate::refusal::Refusal;
use crate::secret::Digest;
use crate::session::{self, SessionEnd};
use crate::slice::Slice;

/// How long a device is trusted after its activation.
pub const TRUST: Span = Span::days(90);

/// A browser profile of a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    /// Its id.
    pub id: DeviceId,
    /// Whose.
    pub person: PersonId,
    /// Digest of the token that it holds; none before it is trusted.
    pub token: Option<Digest>,
    /// Its name, at first made from what the browser calls itself.
    pub name: Name,
    /// Where it stands.
    pub state: DeviceState,
    /// When it was first seen.
    pub created_at: Time,
    /// When it last signed in.
    pub last_seen_at: Time,
    /// From where it last signed in.
    pub last_address: Option<IpAddr>,
}

/// Where a device stands, as stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeviceState {
    /// Waits for its activation code.
    Pending,
    /// Trusted until this time.
    Trusted {
        /// The end of the trust.
        until: Time,
    },
    /// Refused for good.
    Blocked,
}

/// Where a device stands now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Waits for its activation code.
    Pending,
    /// Trusted.
    Trusted,
    /// Was trusted; must be activated again.
    Expired,
    /// Refused for good.
    Blocked,
}

impl Device {
    /// Where it stands at this time.
    pub fn standing(&self, now: Time) -> Standing {
        match self.state {
            DeviceState::Pending => Standing::Pending,
            DeviceState::Trusted { until } if now < until => Standing::Trusted,
            DeviceState::Trusted { .. } => Standing::Expired,
            DeviceState::Blocked => Standing::Blocked,
        }
    }
}

/// What is asked about devices.
pub enum Command {
    /// Gives it another name.
    Rename {
        /// Which.
        device: DeviceId,
        /// The new name.
        name: String,
    },
    /// Forgets it and ends its sessions.
    Remove {
        /// Which.
        device: DeviceId,
    },
    /// Refuses it for good and ends its sessions.
    Block {
        /// Which.
        device: DeviceId,
    },
}

/// What happened to devices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// Seen for the first time.
    Added(Device),
    /// Trusted, with a new token.
    Trusted {
        /// Which.
        device: DeviceId,
        /// Digest of its new token.
        token: Digest,
        /// The end of the trust.
        until: Time,
    },
    /// Renamed.
    Renamed {
        /// Which.
        device: DeviceId,
        /// Its new name.
        name: Name,
    },
    /// Blocked.
    Blocked {
        /// Which.
        device: DeviceId,
    },
    /// Forgotten.
    Removed {
        /// Which.
        device: DeviceId,
    },
}

pub(crate) fn decide(
    slice: &Slice,
    ground: &Ground<'_>,
    command: &Command,
) -> Result<Decision, Refusal> {
    ground.authorise(slice, Act::ManageDevices)?;
    let (Command::Rename { device, .. } | Command::Remove { device } | Command::Block { device }) =
        command;
    let device = slice.device(*device).ok_or(Refusal::NotFound { what: "device" })?.id;
    let mut events = Vec::new();
    match command {
        Command::Rename { name, .. } => {
            events.push(Event::Renamed { device, name: Name::new("device name", name)? }.into());
        }
        Command::Remove { .. } => {
            events.extend(end_sessions(slice, ground, device));
            events.push(Event::Removed { device }.into());
        }
        Command::Block { .. } => {
            events.extend(end_sessions(slice, ground, device));
            events.push(Event::Blocked { device }.into());
        }
    }
    Ok(Decision::new(events, Answer::Done))
}

fn end_sessions(
    slice: &Slice,
    ground: &Ground<'_>,
    device: DeviceId,
) -> Vec<crate::decision::Event> {
    let sessions = slice.sessions.iter().filter(|session| session.device == device);
    let at = ground.moment.now;
    sessions
        .map(|one| {
            session::Event::Ended { session: one.id, at, reason: SessionEnd::DeviceRemoved }.into()
        })
        .collect()
}

/// A first name for a device: `Firefox on Linux`.
pub fn name_from_agent(agent: &str) -> Name {
    // The order matters: Edge says Chrome, and Chrome says Safari.
    let find = |names: &[(&str, &'static str)]| {
        names.iter().find(|(mark, _)| agent.contains(mark)).map(|(_, name)| *name)
    };
    let program = find(&[
        ("Edg/", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
        ("curl/", "curl"),
        ("python", "Python"),
    ]);
    let system = find(&[
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS X", "macOS"),
        ("Linux", "Linux"),
    ]);
    let text = match (program, system) {
        (Some(program), Some(system)) => format!("{program} on {system}"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => "Browser".to_owned(),
    };
    Name::new("device name", &text).unwrap_or_else(|_| Name::fixed("Browser"))
}
