//! Devices: the browsers of a person.

use std::sync::Arc;

use access::address::Network;
use access::device::{self, Device, DeviceRole, Standing};
use access::session::Interface;
use access::{By, Call, Command, DeviceId, PersonId, Refusal, Secret, Time};
use store::Key;

use crate::Gate;
use crate::binding;
use crate::session::{Actor, SessionTicket};
use crate::sign_in::Browser;

/// A device as pages list it.
#[derive(Debug, Clone)]
pub struct DeviceInfo {
    /// What is stored of it.
    pub device: Device,
    /// The name that its person signs in with.
    pub username: String,
    /// Its state now.
    pub standing: Standing,
    /// How many live sessions it has.
    pub sessions: usize,
    /// The interfaces that they are at.
    pub interfaces: Vec<Interface>,
    /// The network that it was last used from.
    pub network: Option<Network>,
}

/// Browsers and phones, through the gate. Cheap to copy.
#[derive(Clone, Copy)]
pub struct DeviceGate<'a> {
    gate: &'a Gate,
}

impl Gate {
    /// Browsers and phones, through the gate.
    pub fn devices(&self) -> DeviceGate<'_> {
        DeviceGate { gate: self }
    }
}

impl DeviceGate<'_> {
    /// The devices of one person, or of everybody for `None`; last seen first.
    pub async fn list(self, person: Option<PersonId>) -> Result<Vec<DeviceInfo>, Refusal> {
        let now = self.gate.0.people.clock.stamp();
        let live = self.gate.sessions().list(person).await?;
        let mut list = Vec::new();
        for slice in self.gate.slices(person).await? {
            let username = slice.person.as_ref().map(|one| one.username.to_string());
            for device in &slice.devices {
                let own = || live.iter().filter(|one| one.device == device.id);
                let mut interfaces: Vec<_> = own().map(|one| one.interface).collect();
                interfaces.sort_unstable();
                interfaces.dedup();
                let last = own().max_by_key(|one| one.last_use);
                let last_address = last.map_or(device.last_address, |one| one.address);
                let last_seen_at = seen(device, last.map(|one| one.last_use));
                let device = Device { last_seen_at, last_address, ..device.clone() };
                list.push(DeviceInfo {
                    username: username.clone().unwrap_or_default(),
                    standing: device.standing(now),
                    sessions: own().count(),
                    interfaces,
                    network: device.last_address.map(access::network::of),
                    device,
                });
            }
        }
        list.sort_by_key(|one| (std::cmp::Reverse(one.device.last_seen_at), one.device.id));
        Ok(list)
    }

    /// Gives a device another name.
    pub async fn rename(self, actor: &Actor, device: DeviceId, name: &str) -> Result<(), Refusal> {
        let name = name.to_owned();
        self.change_device(actor, device, device::Command::Rename { device, name }).await
    }

    /// Forgets a device and ends its sessions; it has to be activated again.
    pub async fn remove(self, actor: &Actor, device: DeviceId) -> Result<(), Refusal> {
        self.change_device(actor, device, device::Command::Remove { device }).await
    }

    /// Refuses a device for good and ends its sessions.
    pub async fn block(self, actor: &Actor, device: DeviceId) -> Result<(), Refusal> {
        self.change_device(actor, device, device::Command::Block { device }).await
    }

    /// Says what a device may be used for.
    pub async fn set_role(
        self,
        actor: &Actor,
        device: DeviceId,
        role: DeviceRole,
    ) -> Result<(), Refusal> {
        self.change_device(actor, device, device::Command::SetRole { device, role }).await
    }

    /// Signs out and forgets the device that asks.
    pub async fn forget(self, ticket: &SessionTicket) -> Result<(), Refusal> {
        let call = ticket.call(Command::Device(device::Command::Forget));
        self.gate.run_done(Key::Person(ticket.person), &call).await.map(drop)
    }

    /// Moves a device and its sessions to a new key. The request was signed by the old one; the new
    /// one signed both (`floorpass key 1`, the old and the new in base64url, a line each). Without a
    /// session it only tells whether that was done before.
    pub async fn renew_key(
        self,
        ticket: Option<&SessionTicket>,
        browser: &Browser,
        key: &str,
        signature: &str,
    ) -> Result<(), Refusal> {
        let new = binding::check_new_key(browser, key, signature)?;
        let command = Command::Device(device::Command::Renew { key: new });
        let token = browser.device_token.as_ref().map(Secret::digest);
        let (key, by) = match ticket {
            Some(ticket) => (Key::Person(ticket.person), By::Session(ticket.session)),
            None => (Key::Device(token.ok_or(Refusal::not_found("device"))?), By::Visitor),
        };
        let call = Arc::new(Call { by, source: browser.source(), command });
        self.gate.run_done(key, &call).await.map(drop)
    }

    /// When a session of a device was used last, as far as memory knows.
    fn last_use(self, person: PersonId, device: DeviceId) -> Option<Time> {
        let people = &self.gate.0.people;
        let live = people.sessions.list(Some(person), people.clock.stamp());
        live.iter().filter(|one| one.device == device).map(|one| one.last_use).max()
    }

    /// The older devices that the one that asks may be again, last used first.
    pub async fn predecessors(self, ticket: &SessionTicket) -> Result<Vec<Device>, Refusal> {
        let slice = self.gate.load(Key::Person(ticket.person)).await?;
        let Some(own) = slice.device(ticket.device) else { return Ok(Vec::new()) };
        let last = |one: &Device| seen(one, self.last_use(ticket.person, one.id));
        let older = device::predecessors(&slice, own).map(|one| (last(one), one));
        let mut older: Vec<_> = older
            .filter(|(last, _)| *last < own.created_at)
            .map(|(last_seen_at, one)| Device { last_seen_at, ..one.clone() })
            .collect();
        older.sort_by_key(|one| (std::cmp::Reverse(one.last_seen_at), one.id));
        Ok(older)
    }

    /// Says that a device is an older one again: the one that asks, or one that the operator names.
    pub async fn succeed(
        self,
        actor: &Actor,
        device: DeviceId,
        again: Option<DeviceId>,
    ) -> Result<(), Refusal> {
        let person = self.owner_of(actor, device).await?;
        let used = self.last_use(person, device);
        let command = device::Command::Succeed { device, again, used };
        self.change_of(person, actor, command).await
    }

    /// Gives a phone's part to another, which was offered by a link and shows this number; the old
    /// one is forgotten.
    pub async fn move_phone(
        self,
        actor: &Actor,
        old: DeviceId,
        new: DeviceId,
        number: &str,
    ) -> Result<(), Refusal> {
        let (number, instead) = (Secret::from_text(number.to_owned()), Some(old));
        let command = device::Command::ConfirmPhone { device: new, number, instead };
        self.change_device(actor, old, command).await
    }

    /// Forgets all devices of the person but the one that asks.
    pub async fn remove_others(self, ticket: &SessionTicket) -> Result<(), Refusal> {
        let call = ticket.call(Command::Device(device::Command::RemoveOthers));
        self.gate.run_done(Key::Person(ticket.person), &call).await.map(drop)
    }

    async fn change_device(
        self,
        actor: &Actor,
        device: DeviceId,
        command: device::Command,
    ) -> Result<(), Refusal> {
        let person = self.owner_of(actor, device).await?;
        self.change_of(person, actor, command).await
    }

    /// Whose a device is that this actor may name: one of their own, or anybody's for the operator.
    async fn owner_of(self, actor: &Actor, device: DeviceId) -> Result<PersonId, Refusal> {
        if let Actor::Session(ticket) = actor {
            return Ok(ticket.person);
        }
        let owner = self.gate.found_or_known(Key::DeviceId(device)).await?;
        owner.person.map(|one| one.id).ok_or(Refusal::not_found("device"))
    }

    async fn change_of(
        self,
        person: PersonId,
        actor: &Actor,
        command: device::Command,
    ) -> Result<(), Refusal> {
        let call = actor.call(Command::Device(command));
        self.gate.run_done(Key::Person(person), &call).await.map(drop)
    }
}

/// When a device was seen last: its row knows it up to half a minute ago.
fn seen(device: &Device, used: Option<Time>) -> Time {
    used.map_or(device.last_seen_at, |used| used.max(device.last_seen_at))
}
