//! What can be asked about push, what can happen, and what it does to a slice.

use serde::{Deserialize, Serialize};

use super::record::{Push, Wish};
use crate::id::DeviceId;
use crate::moment::Time;
use crate::slice::{Slice, put};

/// What is asked about pushes.
pub enum Command {
    /// Tells this phone from now on; in place of what it had.
    Set(Box<Wish>),
    /// Tells a phone no longer.
    Stop {
        /// The device.
        device: DeviceId,
    },
    /// The push service knows it no longer.
    Gone {
        /// The device.
        device: DeviceId,
        /// When the one that is gone was set: a newer one stays.
        created_at: Time,
    },
}

/// What happened to pushes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// A phone is told.
    Set(Box<Push>),
    /// It is told no longer.
    Ended {
        /// The device.
        device: DeviceId,
        /// Whether its push service knew it no longer, and nobody asked for it.
        gone: bool,
    },
}

impl Event {
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::Set(_) => "push.set",
            Self::Ended { .. } => "push.ended",
        }
    }

    pub(crate) fn text(&self) -> String {
        match self {
            Self::Set(one) => {
                let how = if one.shows { "with details" } else { "without details" };
                format!("Device {} gets push notifications by {}, {how}", one.device, one.service)
            }
            Self::Ended { device, gone: true } => {
                format!(
                    "Device {device} gets no more push notifications: its push service no longer knows it"
                )
            }
            Self::Ended { device, gone: false } => {
                format!("Device {device} gets no more push notifications")
            }
        }
    }
}

pub(crate) fn apply(slice: &mut Slice, event: &Event) {
    match event {
        Event::Set(one) => put(&mut slice.pushes, Push::clone(one), |one| one.device),
        Event::Ended { device, .. } => slice.pushes.retain(|one| one.device != *device),
    }
}
