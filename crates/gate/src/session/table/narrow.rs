//! Taking authority from sessions in memory, before the commit that does.

use access::entitlements::Acts;
use access::lock::Grade;
use access::{DeviceId, Entitlements, Holder, PaperAccountId, PersonId, SessionId};

use super::Sessions;

impl Sessions {
    /// Takes acts from the slots of a device's sessions, before the commit that narrows it.
    pub(crate) fn narrow_device(&self, device: DeviceId, acts: Acts) {
        let table = self.lock();
        for (at, slot) in
            table.slots.iter().flat_map(|(at, all)| all.iter().map(move |one| (at, one)))
        {
            let now = slot.entitlements();
            let left = now.acts.and(acts);
            if table.records.get(*at).is_some_and(|one| one.device == device) && left != now.acts {
                slot.set(Entitlements { acts: left, ..Entitlements::clone(&now) });
            }
        }
    }

    /// Takes acts from the slots of a person's sessions but one, before the commit that does.
    pub(crate) fn narrow_others(&self, person: PersonId, but: Option<SessionId>, acts: Acts) {
        let table = self.lock();
        for slot in table.slots.values().flatten().filter(|slot| slot.person == person) {
            let now = slot.entitlements();
            let left = now.acts.without(acts);
            let stays = but.is_some_and(|but| slot.holder == Holder::Session(but));
            if !stays && left != now.acts {
                slot.set(Entitlements { acts: left, ..Entitlements::clone(&now) });
            }
        }
    }

    /// Puts a lock's grade on every session that `which` picks by person and account.
    pub(crate) fn narrow_to(&self, grade: Grade, which: impl Fn(PersonId, PaperAccountId) -> bool) {
        let mut table = self.lock();
        for (_, class) in &mut table.classes {
            let person = class.owner.id;
            class.narrow(grade, |account| which(person, account));
        }
        let slots = table.slots.values().flatten();
        for slot in slots.filter(|slot| which(slot.person, slot.account)) {
            slot.set(Entitlements::clone(&slot.entitlements()).locked(grade));
        }
    }
}
