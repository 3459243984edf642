//! Where a phone can be told that an approval is waiting: the address that its browser has at its
//! vendor's push service. A phone has at most one; it is removed with the phone, or when the push
//! service no longer knows it.

use crate::call::By;
use crate::decision::{Answer, Decision, Ground};
use crate::entitlements::{Act, Resource};
use crate::id::DeviceId;
use crate::refusal::{ApprovalRefusal, Refusal, SessionRefusal};
use crate::slice::Slice;

pub(crate) mod event;
mod record;

pub use event::{Command, Event};
pub use record::{Push, Wish};

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
                return Err(Refusal::not_found("push address"));
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
    let phone = phone.ok_or(ApprovalRefusal::NoApprover)?;
    if phone.key.is_none() || phone.key != session.key || ground.source.key != session.key {
        return Err(Refusal::Session(SessionRefusal::KeyProofMissing));
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
        ground.authorise(slice, Act::ManageDevices, Resource::Person)?;
    }
    slice.push(device).ok_or(Refusal::not_found("push address"))?;
    Ok(Event::Ended { device, gone: false })
}
