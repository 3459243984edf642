//! The browser that a sign-in comes from: new, trusted, recognised, or a phone that was offered.

use crate::agent;
use crate::decision::{self, Ground};
use crate::device::{self, Approver, Device, DeviceRole, DeviceState, TRUST};
use crate::draft::Draft;
use crate::id::{DeviceId, PersonId};
use crate::notice;
use crate::refusal::{ApprovalRefusal, Refusal};
use crate::secret::Secret;
use crate::slice::Slice;
use crate::stay::{LENT_LIFE, Stay};
use crate::token::{self, Kind};

/// The browser that a session begins on.
pub(super) struct Browser {
    pub id: DeviceId,
    /// Its new token, where it was trusted just now; its person was then told.
    pub token: Option<Secret>,
}

pub(super) fn add_device(draft: &mut Draft<'_>, ground: &Ground<'_>, person: PersonId) -> DeviceId {
    let family = agent::family(&ground.source.agent);
    let id = DeviceId(ground.moment.draw("device"));
    let now = ground.moment.now;
    let name = device::first_name(draft.slice(), &family);
    draft.push(device::Event::Added(Device {
        id,
        person,
        token: None,
        key: None,
        role: DeviceRole::Administer,
        confirmed: false,
        approver: Approver::No,
        name,
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
    }));
    id
}

/// Trusts a device under a new token, and tells its person. Whether it is confirmed: more than a
/// typed code stands behind it, now or from before.
pub(super) fn trust(
    draft: &mut Draft<'_>,
    ground: &Ground<'_>,
    person: PersonId,
    (device, confirmed, stay): (DeviceId, bool, Stay),
) -> Browser {
    let token = token::issue(Kind::Device, ground.moment);
    let lent = stay == Stay::Lent;
    let until = ground.moment.now + if lent { LENT_LIFE } else { TRUST };
    let (digest, key) = (token.digest(), ground.source.key);
    draft.push(device::Event::Trusted { device, token: digest, key, confirmed, until });
    let name = draft.slice().device(device).map(|one| one.name.clone());
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
    draft.push(notice::queue_device(ground, person, device, text));
    Browser { id: device, token: Some(token) }
}

/// The browser of a person whom a passkey or link has proven: trusted from now on.
pub(super) fn trusted_browser(
    draft: &mut Draft<'_>,
    ground: &Ground<'_>,
    (person, stay): (PersonId, Stay),
) -> Browser {
    if let Some(device) = draft.slice().trusted_device(ground.source, ground.moment.now) {
        let (id, keyed) = (device.id, key(ground, device));
        draft.extend(device::confirm(draft.slice(), id));
        draft.extend(keyed);
        return Browser { id, token: None };
    }
    let device =
        known_device(draft.slice(), ground).unwrap_or_else(|| add_device(draft, ground, person));
    trust(draft, ground, person, (device, true, stay))
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
    draft: &mut Draft<'_>,
    ground: &Ground<'_>,
    person: PersonId,
) -> Result<Browser, Refusal> {
    if ground.source.key.is_none() {
        return Err(Refusal::Approval(ApprovalRefusal::PhoneWithoutKey));
    }
    let now = ground.moment.now;
    let anew = draft.slice().recovered(now).is_some();
    let trusted = draft.slice().trusted_device(ground.source, now).filter(|_| !anew);
    let browser = if let Some(device) = trusted {
        let (id, keyed) = (device.id, key(ground, device));
        draft.extend(keyed);
        Browser { id, token: None }
    } else {
        let known = known_device(draft.slice(), ground).filter(|_| !anew);
        let device = known.unwrap_or_else(|| add_device(draft, ground, person));
        trust(draft, ground, person, (device, false, Stay::Usual))
    };
    draft.push(device::offer_phone(ground, browser.id));
    Ok(browser)
}
