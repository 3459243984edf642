//! Devices: a browser is activated once, then trusted for 90 days, and recognised by a token and a
//! key that it holds; the key renews the trust before it ends. A device that was removed is
//! forgotten; one that was blocked stays known, as blocked. A device activated only by a typed code
//! is view-only until it is confirmed by a passkey or an approval.
//!
//! ```text
//!  first sign-in --> Pending -- code, or yes of a phone --> Trusted <--+ renewed by its key in the
//!  passkey or link ------------------------------------------->|       | last 30 of 90 days
//!                                                              |-------+
//!                                  activated again             |
//!                   Expired <------------------- 90 days ------|
//!                      `--------------------------------> Trusted
//!
//!  Pending, Trusted, Expired -- removed, forgotten, lent and signed out --> gone, not kept
//!                            -- blocked ----------------------------------> Blocked, for good
//!
//!  Trusted, by a typed code alone: view-only -- passkey or approval --> confirmed: its role
//!  Trusted, as a phone:  No -- link opened --> Offered -- its number typed --> Yes, answers approvals
//! ```

use crate::binding::PublicKey;
use crate::decision::{Answer, Decision, Ground};
use crate::draft::Draft;
use crate::entitlements::{Act, Acts, Resource};
use crate::id::DeviceId;
use crate::moment::{Span, Time};
use crate::name::Name;
use crate::notice;
use crate::recovery::rekeyed as rekeyed_recovery;
use crate::refusal::{
    ApprovalRefusal, Field, InputRefusal, Refusal, ServerRefusal, SessionRefusal,
};
use crate::secret::{SealKey, Secret};
use crate::session::{self, SessionEnd};
use crate::sign_in::rekeyed as rekeyed_attempts;
use crate::slice::Slice;
use crate::typed;

pub(crate) mod event;
mod record;
mod role;

pub use event::{Command, Event};
pub use record::{Approver, Device, DeviceState, RENEWAL, Standing, TRUST};
pub use role::DeviceRole;

pub(crate) fn decide(
    slice: &Slice,
    ground: &Ground<'_>,
    command: &Command,
) -> Result<Decision, Refusal> {
    match command {
        Command::Renew { key } => return renew(slice, ground, *key),
        Command::Forget => return forget(slice, ground),
        Command::ConfirmPhone { instead: Some(_), .. } if asks_on_phone(slice, ground) => {}
        _ => drop(ground.authorise(slice, Act::ManageDevices, Resource::Person)?),
    }
    if !matches!(command, Command::ConfirmPhone { .. }) {
        ground.check_not_held(slice, Act::ManageDevices)?;
    }
    let find = |id| slice.device(id).ok_or(Refusal::not_found("device"));
    let mut events = Vec::new();
    match command {
        Command::Rename { device, name } => {
            let device = find(*device)?.id;
            let name = Name::new(Field::DeviceName, name)?;
            if is_taken(slice, Some(device), &name) {
                return Err(Refusal::Input(InputRefusal::NameTaken {
                    field: Field::DeviceName,
                    name: name.to_string(),
                }));
            }
            events.push(Event::Renamed { device, name }.into());
        }
        Command::SetRole { device, role } => {
            events.extend(set_role(slice, ground, find(*device)?, *role)?);
        }
        Command::ConfirmPhone { device, number, instead } => {
            let device = find(*device)?;
            let instead = instead.map(find).transpose()?;
            return confirm_phone(slice, ground, device, number, instead);
        }
        Command::Succeed { device, again, used } => {
            let again = again.map(find).transpose()?;
            events.extend(succeed(slice, ground, (find(*device)?, *used), again)?);
        }
        Command::Remove { device } => events.extend(remove(slice, ground, find(*device)?)),
        Command::Block { device } => {
            let device = find(*device)?.id;
            events.extend(end_sessions(slice, ground, device));
            events.push(Event::Blocked { device }.into());
        }
        Command::RemoveOthers => {
            let own = ground.session(slice).ok().map(|session| session.device);
            let others = slice
                .devices
                .iter()
                .filter(|device| Some(device.id) != own && device.state != DeviceState::Blocked);
            events.extend(others.flat_map(|device| remove(slice, ground, device)));
        }
        Command::Renew { .. } | Command::Forget => {}
    }
    Ok(Decision::new(events, Answer::Done))
}

fn remove(slice: &Slice, ground: &Ground<'_>, device: &Device) -> Vec<crate::decision::Event> {
    let mut events = end_sessions(slice, ground, device.id);
    events.push(Event::Removed { device: device.id }.into());
    events
}

/// What the number of an offered phone is sealed for.
fn phone_purpose(device: DeviceId) -> String {
    format!("phone {device}")
}

/// The number that an offered phone shows.
pub fn phone_number(device: &Device, key: &SealKey) -> Result<Option<Secret>, ServerRefusal> {
    let Approver::Offered { number } = &device.approver else { return Ok(None) };
    key.open(number, &phone_purpose(device.id)).map(Some).map_err(|_| ServerRefusal::KeyMismatch)
}

/// Offers a device that came by a link of its person's as a phone.
pub(crate) fn offer_phone(ground: &Ground<'_>, device: DeviceId) -> crate::decision::Event {
    let drawn = ground.moment.draw_below("phone number", 900_000) + 100_000;
    let number = Secret::from_text(drawn.to_string());
    let number = ground.key.seal(&number, &phone_purpose(device), ground.moment);
    Event::PhoneOffered { device, number }.into()
}

/// The number on the phone's screen shows that the phone in the person's hand is the one that opened
/// the link, and not anyone who saw it over a shoulder. After a wrong one the phone shows another, so that
/// trying all of them leads nowhere.
fn confirm_phone(
    slice: &Slice,
    ground: &Ground<'_>,
    device: &Device,
    typed: &Secret,
    old: Option<&Device>,
) -> Result<Decision, Refusal> {
    ground.check_recent(slice)?;
    // The operator is with the person and moves a phone; adding one is its person's.
    let operator = ground.by.runs_the_server() && old.is_some();
    let own = if operator { None } else { Some(ground.session(slice)?.device) };
    if own == Some(device.id) {
        return Err(Refusal::Session(SessionRefusal::OwnDevice));
    }
    // One that was offered before a recovery is not one that a session of it brought.
    if let (Some((since, _)), Err(held)) =
        (slice.recovered(ground.moment.now), ground.check_not_held(slice, Act::ManageDevices))
        && device.created_at < since
    {
        return Err(held);
    }
    let gives =
        |old: &Device| old.answers(ground.moment.now) && own.is_none_or(|own| own == old.id);
    if old.is_some_and(|old| !gives(old)) {
        return Err(Refusal::Approval(ApprovalRefusal::NoApprover));
    }
    let number = phone_number(device, ground.key)?;
    let number = number.ok_or(Refusal::not_found("phone that waits"))?;
    if !number.matches(typed::digits(typed, number.len())?.expose()) {
        let another = offer_phone(ground, device.id);
        return Ok(Decision::refused(
            vec![another],
            Refusal::Approval(ApprovalRefusal::PhoneNumberWrong),
        ));
    }
    let instead = old.map(|old| format!(", in place of {}, which has been removed", old.name));
    let text = format!(
        "{} now answers approvals{}. If that was not you, remove it and change your password.",
        device.name,
        instead.unwrap_or_default()
    );
    let role = if device.confirmed { device.role } else { DeviceRole::Trade };
    let role = old.map_or(role, |old| old.role);
    let mut events = vec![
        Event::PhoneConfirmed { device: device.id }.into(),
        Event::RoleSet { device: device.id, role }.into(),
        notice::queue_device(ground, device.person, device.id, text),
    ];
    events.extend(old.into_iter().flat_map(|old| remove(slice, ground, old)));
    Ok(Decision::new(events, Answer::Done))
}

/// Whether a phone of theirs asks that answers approvals.
pub(crate) fn asks_on_phone(slice: &Slice, ground: &Ground<'_>) -> bool {
    let own = ground.session(slice).ok().and_then(|own| slice.device(own.device));
    own.is_some_and(|own| own.answers(ground.moment.now))
}

/// The older devices that a new one may be again: of the same family, and not used since it came.
pub fn predecessors<'s>(slice: &'s Slice, new: &'s Device) -> impl Iterator<Item = &'s Device> {
    slice.devices.iter().filter(|old| {
        let trusted = matches!(old.state, DeviceState::Trusted { .. });
        let same = old.family == new.family && !old.lent && trusted && old.id != new.id;
        same && old.last_seen_at < new.created_at && new.succeeds.is_none() && !new.lent
    })
}

/// The older device ends. Authority does not grow by it: of two roles the older's holds, unless the
/// new one has less already; and a phone's part does not go along, for its key is gone.
fn succeed(
    slice: &Slice,
    ground: &Ground<'_>,
    (old, used): (&Device, Option<Time>),
    again: Option<&Device>,
) -> Result<Vec<crate::decision::Event>, Refusal> {
    ground.check_recent(slice)?;
    let own = match again.filter(|_| ground.by.runs_the_server()) {
        Some(again) => Some(again),
        None => slice.device(ground.session(slice)?.device),
    };
    let own = own.ok_or(Refusal::not_found("device"))?;
    let in_use = used.is_some_and(|used| used >= own.created_at);
    if in_use || !predecessors(slice, own).any(|one| one.id == old.id) {
        return Err(Refusal::not_found("older device that this one could be"));
    }
    let (device, name, created_at) = (own.id, old.name.clone(), old.created_at);
    let mut events = remove(slice, ground, old);
    events.push(Event::Succeeded { device, old: old.id, name, created_at }.into());
    if own.role == DeviceRole::Administer && old.role != own.role {
        events.push(Event::RoleSet { device, role: old.role }.into());
    }
    let text = format!(
        "{} is the browser formerly known as {}, as of {}: it has that name again, and the old entry has been removed. If that was not you, remove it and change your password.",
        own.name, old.name, old.created_at
    );
    events.push(notice::queue_device(ground, own.person, own.id, text));
    Ok(events)
}

/// Narrowing is free. Widening needs a fresh proof, and no device widens itself; it confirms the
/// device, since another one stands behind it.
fn set_role(
    slice: &Slice,
    ground: &Ground<'_>,
    device: &Device,
    role: DeviceRole,
) -> Result<Vec<crate::decision::Event>, Refusal> {
    let (acts, _) = device.narrows();
    let widens = role.acts().without(acts) != Acts::NONE;
    if widens && !ground.by.runs_the_server() {
        ground.check_recent(slice)?;
        if ground.session(slice)?.device == device.id {
            return Err(Refusal::Session(SessionRefusal::OwnDevice));
        }
    }
    let mut events = vec![Event::RoleSet { device: device.id, role }.into()];
    if widens {
        events.extend(confirm(slice, device.id));
        let text = format!(
            "{} may now {role}. If that was not you, end your sessions and lock the account.",
            device.name
        );
        events.push(notice::queue_device(ground, device.person, device.id, text));
    }
    Ok(events)
}

fn renew(slice: &Slice, ground: &Ground<'_>, key: PublicKey) -> Result<Decision, Refusal> {
    let now = ground.moment.now;
    let device = ground.device.and_then(|id| slice.device(id));
    let device = device.ok_or(Refusal::not_found("device"))?;
    if device.key == Some(key) {
        return Ok(Decision::new(Vec::new(), Answer::Done));
    }
    let session = ground.session(slice)?;
    // The request itself was signed by the session's key, which must still be the device's.
    if device.key.is_none() || device.key != session.key || ground.source.key != session.key {
        return Err(Refusal::Session(SessionRefusal::KeyProofMissing));
    }
    let DeviceState::Trusted { until } = device.state else {
        return Err(Refusal::not_found("trusted device"));
    };
    let left = until.since(now);
    if device.lent || left <= Span(0) || left > RENEWAL {
        return Err(Refusal::Session(SessionRefusal::RenewalEarly { left, from: RENEWAL }));
    }
    let mut events = vec![Event::Keyed { device: device.id, key, until: now + TRUST }.into()];
    let theirs = slice.sessions.iter().filter(|one| one.device == device.id);
    let theirs = theirs.filter(|one| one.key == device.key);
    events.extend(theirs.map(|one| session::Event::Keyed { session: one.id, key }.into()));
    // What this browser began for the same person goes on under the new key.
    events.extend(rekeyed_attempts(slice, device.key, key));
    events.extend(rekeyed_recovery(slice, device.key, key));
    Ok(Decision::new(events, Answer::Done))
}

/// Any session may give up its own device: that only takes away.
fn forget(slice: &Slice, ground: &Ground<'_>) -> Result<Decision, Refusal> {
    let own = ground.session(slice)?;
    let (device, at) = (own.device, ground.moment.now);
    let reason = SessionEnd::SignedOut;
    let mut draft = Draft::of(slice);
    draft.push(session::Event::Ended { session: own.id, at, reason });
    draft.extend(end_sessions(draft.slice(), ground, device));
    draft.push(Event::Removed { device });
    Ok(draft.decide(Answer::Done))
}

/// A device that is not its person's goes with its last session, whatever ended that.
pub(crate) fn forget_lent(before: &Slice, draft: &mut Draft<'_>) {
    let had = |device: DeviceId| before.sessions.iter().any(|one| one.device == device);
    let has = |device: DeviceId| draft.slice().sessions.iter().any(|one| one.device == device);
    let devices = draft.slice().devices.iter().filter(|one| one.lent);
    let over: Vec<_> =
        devices.map(|one| one.id).filter(|device| had(*device) && !has(*device)).collect();
    draft.extend(over.into_iter().map(|device| Event::Removed { device }));
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

/// The event by which a passkey or an approval stands behind a device, where none did.
pub(crate) fn confirm(slice: &Slice, device: DeviceId) -> Option<crate::decision::Event> {
    let device = slice.device(device).filter(|device| !device.confirmed)?;
    Some(Event::Confirmed { device: device.id }.into())
}

/// A first name for a device: `Firefox on Linux`, with a number where its person has one of that name,
/// so that no list shows two alike.
pub(crate) fn first_name(slice: &Slice, family: &Name) -> Name {
    let taken = |name: &Name| is_taken(slice, None, name);
    let numbered = (2..=slice.devices.len() + 1)
        .filter_map(|number| Name::new(Field::DeviceName, &format!("{family} ({number})")).ok());
    let mut names = std::iter::once(family.clone()).chain(numbered);
    names.find(|name| !taken(name)).unwrap_or_else(|| family.clone())
}

/// Whether another device of the person than `but` has this name, in capitals or not.
fn is_taken(slice: &Slice, but: Option<DeviceId>, name: &Name) -> bool {
    let folded = name.as_str().to_lowercase();
    let mut others = slice.devices.iter().filter(|one| Some(one.id) != but);
    others.any(|one| one.name.as_str().to_lowercase() == folded)
}
