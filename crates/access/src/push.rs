//! Where a phone can be told that an approval is waiting: the address that its browser has at its
//! vendor's push service. A phone has at most one; it is removed with the phone, or when the push
//! service no longer knows it.

use serde::{Deserialize, Serialize};

use crate::binding::PublicKey;
use crate::call::By;
use crate::decision::{Answer, Decision, Ground};
use crate::entitlements::Act;
use crate::id::{DeviceId, PersonId};
use crate::moment::Time;
use crate::refusal::Refusal;
use crate::secret::{SealKey, SealedSecret, Secret};
use crate::slice::{Slice, put};

/// A phone's address at a push service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Push {
    /// Which phone.
    pub device: DeviceId,
    /// Whose.
    pub person: PersonId,
    /// The address; anyone who knows it could send, so it is a secret.
    pub endpoint: SealedSecret,
    /// The push service's host.
    pub service: String,
    /// The key that the browser decrypts with.
    pub key: PublicKey,
    /// What the browser shares with the sender beside.
    pub auth: SealedSecret,
    /// Whether a message tells what is asked, on a lock screen too.
    pub shows: bool,
    /// When it was set.
    pub created_at: Time,
}

impl Push {
    fn purpose(what: &str, device: DeviceId) -> String {
        format!("push {what} {device}")
    }

    /// The address and the shared secret.
    pub fn open(&self, key: &SealKey) -> Result<(Secret, Secret), Refusal> {
        let open = |sealed, what| key.open(sealed, &Self::purpose(what, self.device));
        let opened = open(&self.endpoint, "endpoint").and_then(|endpoint| {
            let auth = open(&self.auth, "auth")?;
            Ok((endpoint, auth))
        });
        opened.map_err(|_| Refusal::KeyMismatch)
    }
}

/// What is asked about pushes.
pub enum Command {
    /// Tells this phone from now on; in place of what it had.
    Set(Box<Wish>),
    /// Tells a phone no longer.
    Stop {
        /// Which.
        device: DeviceId,
    },
    /// The push service knows it no longer.
    Gone {
        /// Which.
        device: DeviceId,
        /// When the one that is gone was set: a newer one stays.
        created_at: Time,
    },
}

/// What a phone's browser said of itself; that it is an address of a push service is checked.
pub struct Wish {
    /// The address.
    pub endpoint: Secret,
    /// The push service's host.
    pub service: String,
    /// The key that the browser decrypts with.
    pub key: PublicKey,
    /// What the browser shares with the sender beside.
    pub auth: Secret,
    /// Whether a message tells what is asked.
    pub shows: bool,
}

/// What happened to pushes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// A phone is told.
    Set(Box<Push>),
    /// It is told no longer.
    Ended {
        /// Which.
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

pub(crate) fn decide(
    slice: &Slice,
    ground: &Ground<'_>,
    command: &Command,
) -> Result<Decision, Refusal> {
    let event = match command {
        Command::Set(wish) => set(slice, ground, wish)?,
        Command::Stop { device } => stop(slice, ground, *device)?,
        Command::Gone { device, created_at } => {
            let found = slice.push(*device).filter(|one| one.created_at == *created_at);
            if found.is_none() || ground.by != By::System {
                return Err(Refusal::NotFound { what: "push address" });
            }
            Event::Ended { device: *device, gone: true }
        }
    };
    Ok(Decision::new(vec![event.into()], Answer::Done))
}

/// Only a phone that answers approvals, and only it for itself.
fn set(slice: &Slice, ground: &Ground<'_>, wish: &Wish) -> Result<Event, Refusal> {
    let session = ground.session(slice)?;
    let phone = slice.device(session.device).filter(|one| one.answers(ground.moment.now));
    let phone = phone.ok_or(Refusal::NoApprover)?;
    if phone.key.is_none() || phone.key != session.key || ground.source.key != session.key {
        return Err(Refusal::KeyProofMissing);
    }
    let device = phone.id;
    let seal = |secret, what| ground.key.seal(secret, &Push::purpose(what, device), ground.moment);
    Ok(Event::Set(Box::new(Push {
        device,
        person: phone.person,
        endpoint: seal(&wish.endpoint, "endpoint"),
        service: wish.service.clone(),
        key: wish.key,
        auth: seal(&wish.auth, "auth"),
        shows: wish.shows,
        created_at: ground.moment.now,
    })))
}

/// A phone may stop its own; others need the authority over devices.
fn stop(slice: &Slice, ground: &Ground<'_>, device: DeviceId) -> Result<Event, Refusal> {
    let own = ground.session(slice).is_ok_and(|session| session.device == device);
    if !own {
        ground.authorise(slice, Act::ManageDevices)?;
    }
    slice.push(device).ok_or(Refusal::NotFound { what: "push address" })?;
    Ok(Event::Ended { device, gone: false })
}
