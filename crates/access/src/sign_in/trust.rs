//! The browser that a sign-in comes from: new, trusted, recognised, or a phone that was offered.

use crate::agent;
use crate::decision::{self, Ground};
use crate::device::{self, Approver, Device, DeviceRole, DeviceState, TRUST};
use crate::id::{DeviceId, PersonId};
use crate::notice;
use crate::refusal::Refusal;
use crate::secret::Secret;
use crate::slice::Slice;
use crate::stay::{LENT_LIFE, Stay};
use crate::token::{self, Kind};

pub(super) fn add_device(
    slice: &Slice,
    ground: &Ground<'_>,
    person: PersonId,
    events: &mut Vec<decision::Event>,
) -> DeviceId {
    let family = agent::family(&ground.source.agent);
    let id = DeviceId(ground.moment.draw("device"));
    let now = ground.moment.now;
    events.push(
        device::Event::Added(Device {
            id,
            person,
            token: None,
            key: None,
            role: DeviceRole::Administer,
            confirmed: false,
            approver: Approver::No,
            name: device::first_name(slice, &family),
            state: DeviceState::Pending,
            created_at: now,
            last_seen_at: now,
            last_address: ground.source.address,
            family,
            lent: false,
            succeeds: None,
            first_address: ground.source.address,
            agent: None,
            methods: Vec::new(),
        })
        .into(),
    );
    id
}

/// Trusts a device under a new token, and tells its person. Whether it is confirmed: more than a
/// typed code stands behind it, now or from before.
pub(super) fn trust(
    slice: &Slice,
    ground: &Ground<'_>,
    person: PersonId,
    (device, confirmed, stay): (DeviceId, bool, Stay),
    events: &mut Vec<decision::Event>,
) -> Secret {
    let token = token::issue(Kind::Device, ground.moment);
    let lent = stay == Stay::Lent;
    let until = ground.moment.now + if lent { LENT_LIFE } else { TRUST };
    let (digest, key) = (token.digest(), ground.source.key);
    events.push(device::Event::Trusted { device, token: digest, key, confirmed, until }.into());
    let added = events.iter().find_map(|event| match event {
        decision::Event::Device(device::Event::Added(one)) if one.id == device => Some(one),
        _ => None,
    });
    let name = added.or_else(|| slice.device(device)).map(|one| one.name.clone());
    let name = name.unwrap_or_else(|| agent::family(&ground.source.agent));
    let is_now = if lent {
        "is signed in as 'not my computer' and will be removed with that session,"
    } else {
        "is now trusted"
    };
    let text = format!(
        "{name} at {} {is_now} until {until}. If that was not you, remove it and change your password.",
        ground.source
    );
    events.push(notice::queue_device(ground, person, device, text));
    token
}

/// The browser of a person whom a passkey or link has proven: trusted from now on.
pub(super) fn trusted_browser(
    slice: &Slice,
    ground: &Ground<'_>,
    (person, stay): (PersonId, Stay),
    events: &mut Vec<decision::Event>,
) -> (DeviceId, Option<Secret>) {
    if let Some(device) = slice.trusted_device(ground.source, ground.moment.now) {
        events.extend(device::confirm(slice, device.id));
        events.extend(key(ground, device));
        return (device.id, None);
    }
    let device =
        known_device(slice, ground).unwrap_or_else(|| add_device(slice, ground, person, events));
    (device, Some(trust(slice, ground, person, (device, true, stay), events)))
}

/// The device of the token that came, unless that token was copied: its key is another.
pub(super) fn known_device(slice: &Slice, ground: &Ground<'_>) -> Option<DeviceId> {
    let device = slice.device_of(ground.source.device)?;
    (device.key.is_none() || device.key == ground.source.key).then_some(device.id)
}

/// A trusted device that had no key and shows one now is known by it from here on.
pub(super) fn key(ground: &Ground<'_>, device: &Device) -> Option<decision::Event> {
    let (None, Some(key)) = (device.key, ground.source.key) else { return None };
    let DeviceState::Trusted { until } = device.state else { return None };
    Some(device::Event::Keyed { device: device.id, key, until }.into())
}

/// The phone that a link was opened on. It looks until its number was typed where the link was made:
/// somebody else may have seen the link. While a recovery holds it is a new device whatever browser it
/// is, for its age says what it proves.
pub(super) fn offered_phone(
    slice: &Slice,
    ground: &Ground<'_>,
    person: PersonId,
    events: &mut Vec<decision::Event>,
) -> Result<(DeviceId, Option<Secret>), Refusal> {
    if ground.source.key.is_none() {
        return Err(Refusal::PhoneWithoutKey);
    }
    let now = ground.moment.now;
    let anew = slice.recovered(now).is_some();
    let trusted = slice.trusted_device(ground.source, now).filter(|_| !anew);
    let device = if let Some(device) = trusted {
        events.extend(key(ground, device));
        (device.id, None)
    } else {
        let known = known_device(slice, ground).filter(|_| !anew);
        let device = known.unwrap_or_else(|| add_device(slice, ground, person, events));
        (device, Some(trust(slice, ground, person, (device, false, Stay::Usual), events)))
    };
    events.push(device::offer_phone(ground, device.0));
    Ok(device)
}
