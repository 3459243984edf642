//! What can be asked about devices, what can happen, and what it does to a slice.

use serde::{Deserialize, Serialize};

use super::record::{Approver, Device, DeviceState};
use super::role::DeviceRole;
use crate::binding::PublicKey;
use crate::id::DeviceId;
use crate::moment::Time;
use crate::name::Name;
use crate::secret::{Digest, SealedSecret, Secret};
use crate::slice::{Slice, put};

/// What is asked about devices.
pub enum Command {
    /// Gives it another name.
    Rename {
        /// The device.
        device: DeviceId,
        /// The new name.
        name: String,
    },
    /// Says what it may be used for; more than before needs a fresh proof on another device.
    SetRole {
        /// The device.
        device: DeviceId,
        /// The new role.
        role: DeviceRole,
    },
    /// Makes an offered phone one that answers approvals, by the number that it shows.
    ConfirmPhone {
        /// The device.
        device: DeviceId,
        /// The number, as typed.
        number: Secret,
        /// The phone whose place it takes, which ends: the one that asks, or one that the operator
        /// names.
        instead: Option<DeviceId>,
    },
    /// Says that a device is this older one again, whose key is gone: it takes over its name and
    /// first day, and the older one ends.
    Succeed {
        /// The older one.
        device: DeviceId,
        /// The newer one, when the operator says so; otherwise it is the one that asks.
        again: Option<DeviceId>,
        /// When a session of the older one was used last, as far as the server remembers.
        used: Option<Time>,
    },
    /// Extends the trust of the device that asks, under a new key that its old one vouches for; its
    /// sessions go along. Asked again with the key that it has by now, there is nothing to do: the
    /// answer was lost on its way.
    Renew {
        /// The new key; the caller has shown that the browser holds it.
        key: PublicKey,
    },
    /// Signs out on the device that asks and forgets it.
    Forget,
    /// Forgets it and ends its sessions.
    Remove {
        /// The device.
        device: DeviceId,
    },
    /// Refuses it for good and ends its sessions.
    Block {
        /// The device.
        device: DeviceId,
    },
    /// Forgets every device but the one that asks, and ends their sessions.
    RemoveOthers,
}

/// What happened to devices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::large_enum_variant, reason = "it lives for one decision")]
pub enum Event {
    /// Seen for the first time.
    Added(Device),
    /// Trusted, with a new token.
    Trusted {
        /// The device.
        device: DeviceId,
        /// Digest of its new token.
        token: Digest,
        /// The key that signs its requests, if it has one.
        key: Option<PublicKey>,
        /// Whether more than a typed code stands behind it.
        confirmed: bool,
        /// The end of the trust.
        until: Time,
    },
    /// A passkey or an approval stands behind it now.
    Confirmed {
        /// The device.
        device: DeviceId,
    },
    /// Known by a (new) key from now on.
    Keyed {
        /// The device.
        device: DeviceId,
        /// The key.
        key: PublicKey,
        /// The end of the trust.
        until: Time,
    },
    /// Its person said that it is not theirs: it goes with its session.
    Lent {
        /// The device.
        device: DeviceId,
    },
    /// Offered as a phone that answers approvals.
    PhoneOffered {
        /// The device.
        device: DeviceId,
        /// The number that it shows.
        number: SealedSecret,
    },
    /// It answers approvals from now on.
    PhoneConfirmed {
        /// The device.
        device: DeviceId,
    },
    /// Given a role.
    RoleSet {
        /// The device.
        device: DeviceId,
        /// The role.
        role: DeviceRole,
    },
    /// It is an older device again, with its name and first day.
    Succeeded {
        /// The device.
        device: DeviceId,
        /// The older one.
        old: DeviceId,
        /// Its name.
        name: Name,
        /// When it was first seen.
        created_at: Time,
    },
    /// Renamed.
    Renamed {
        /// The device.
        device: DeviceId,
        /// Its new name.
        name: Name,
    },
    /// Blocked.
    Blocked {
        /// The device.
        device: DeviceId,
    },
    /// Forgotten.
    Removed {
        /// The device.
        device: DeviceId,
    },
}

impl Event {
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::Added(_) => "device.added",
            Self::Trusted { .. } => "device.trusted",
            Self::Confirmed { .. } => "device.confirmed",
            Self::Keyed { .. } => "device.keyed",
            Self::RoleSet { .. } => "device.role_set",
            Self::Succeeded { .. } => "device.succeeded",
            Self::Lent { .. } => "device.lent",
            Self::PhoneOffered { .. } => "device.phone_offered",
            Self::PhoneConfirmed { .. } => "device.phone_confirmed",
            Self::Renamed { .. } => "device.renamed",
            Self::Blocked { .. } => "device.blocked",
            Self::Removed { .. } => "device.removed",
        }
    }

    pub(crate) fn text(&self) -> String {
        match self {
            Self::Added(one) => format!("Device {} ({}) first seen", one.id, one.name),
            Self::Trusted { device, until, confirmed, .. } => {
                let looks = if *confirmed { "" } else { "; view-only until it is confirmed" };
                format!("Device {device} trusted until {until}{looks}")
            }
            Self::Confirmed { device } => {
                format!("Device {device} confirmed by more than a typed code")
            }
            Self::Keyed { device, until, .. } => {
                format!("Device {device} has a new key and is trusted until {until}")
            }
            Self::Succeeded { device, old, name, .. } => {
                format!("Device {device} is {old}, reinstalled, and takes over its name {name}")
            }
            Self::Lent { device } => {
                format!("Device {device} marked 'not my computer': it is removed with its session")
            }
            Self::PhoneOffered { device, .. } => {
                format!("Device {device} added as a phone for approvals, not yet confirmed")
            }
            Self::PhoneConfirmed { device } => format!("Device {device} can answer approvals"),
            Self::RoleSet { device, role } => {
                format!("Device {device} given the role {}: it may {role}", role.name())
            }
            Self::Renamed { device, name } => format!("Device {device} named {name}"),
            Self::Blocked { device } => format!("Device {device} blocked"),
            Self::Removed { device } => format!("Device {device} removed"),
        }
    }
}

pub(crate) fn apply(slice: &mut Slice, event: &Event) {
    let id = match event {
        Event::Added(device) => {
            return put(&mut slice.devices, device.clone(), |one| one.id);
        }
        Event::Removed { device } => {
            slice.pushes.retain(|one| one.device != *device);
            return slice.devices.retain(|one| one.id != *device);
        }
        Event::Trusted { device, .. }
        | Event::Renamed { device, .. }
        | Event::Succeeded { device, .. }
        | Event::Confirmed { device }
        | Event::Keyed { device, .. }
        | Event::RoleSet { device, .. }
        | Event::Lent { device }
        | Event::PhoneOffered { device, .. }
        | Event::PhoneConfirmed { device }
        | Event::Blocked { device } => *device,
    };
    let Some(device) = slice.devices.iter_mut().find(|one| one.id == id) else { return };
    match event {
        Event::Trusted { token, key, confirmed, until, .. } => {
            (device.token, device.key) = (Some(*token), *key);
            device.confirmed = *confirmed;
            device.state = DeviceState::Trusted { until: *until };
        }
        Event::Renamed { name, .. } => device.name = name.clone(),
        Event::Confirmed { .. } => device.confirmed = true,
        Event::Keyed { key, until, .. } => {
            device.key = Some(*key);
            device.state = DeviceState::Trusted { until: *until };
        }
        Event::RoleSet { role, .. } => device.role = *role,
        Event::Lent { .. } => device.lent = true,
        Event::Succeeded { old, name, created_at, .. } => {
            (device.succeeds, device.name) = (Some(*old), name.clone());
            device.created_at = *created_at;
        }
        Event::PhoneOffered { number, .. } => {
            device.approver = Approver::Offered { number: number.clone() };
        }
        Event::PhoneConfirmed { .. } => {
            (device.approver, device.confirmed) = (Approver::Yes, true);
        }
        Event::Blocked { .. } => {
            device.state = DeviceState::Blocked;
            slice.pushes.retain(|one| one.device != id);
        }
        Event::Added(_) | Event::Removed { .. } => {}
    }
}
