//! What events do to a slice: the pure twin of what the store does to the tables.

use super::Slice;
use crate::authenticator::{self, Kind};
use crate::credential::{self, Revoked};
use crate::decision::Event;
use crate::device::{self, Approver, DeviceState};
use crate::entitlements::Scopes;
use crate::session::Session;
use crate::{
    approval, brokerage, contact, large_order, link, lock, mandate, network, person, policy, push,
    recovery, session, sign_in, throttle, travel, trustee,
};

/// Puts a row in place of the one with its key, or adds it.
fn put<T, K: PartialEq>(rows: &mut Vec<T>, row: T, key: impl Fn(&T) -> K) {
    let wanted = key(&row);
    match rows.iter_mut().find(|other| key(other) == wanted) {
        Some(place) => *place = row,
        None => rows.push(row),
    }
}

impl Slice {
    /// Applies the events of one commit. The version rises if any of them changes a table.
    pub fn apply(&mut self, events: &[Event]) {
        for event in events {
            self.apply_one(event);
        }
        if events.iter().any(Event::changes_tables) {
            self.version += 1;
        }
        self.sort();
    }

    fn apply_one(&mut self, event: &Event) {
        match event {
            Event::Person(person::Event::Created(person)) => {
                self.person = Some(person.clone());
                self.stranger = None;
            }
            Event::Mandate(mandate::Event::Granted(mandate)) => {
                put(&mut self.mandates, mandate.clone(), |one| one.account);
            }
            Event::SignIn(event) => self.apply_sign_in(event),
            Event::Link(event) => match event {
                link::Event::Issued(link) => put(&mut self.links, link.clone(), |one| one.id),
                link::Event::Used { link, .. } | link::Event::Withdrawn { link } => {
                    self.links.retain(|one| one.id != *link);
                }
            },
            Event::Session(event) => self.apply_session(event),
            Event::Device(event) => self.apply_device(event),
            Event::Push(push::Event::Set(one)) => {
                put(&mut self.pushes, push::Push::clone(one), |one| one.device);
            }
            Event::Push(push::Event::Ended { device, .. }) => {
                self.pushes.retain(|one| one.device != *device);
            }
            Event::Approval(event) => self.apply_approval(event),
            Event::Authenticator(event) => self.apply_authenticator(event),
            Event::Credential(event) => self.apply_credential(event),
            Event::Lock(event) => match event {
                lock::Event::Set(lock) => {
                    self.locks.retain(|one| one.target != lock.target);
                    self.locks.push(lock.clone());
                }
                lock::Event::Lifted { lock, .. } => self.locks.retain(|one| one.id != *lock),
            },
            Event::Throttle(event) => self.apply_throttle(event),
            Event::Contact(event) => match event {
                contact::Event::Changed(one) => {
                    put(&mut self.contacts, *one.clone(), |one| one.id);
                }
                contact::Event::Removed { contact } => {
                    self.contacts.retain(|one| one.id != *contact);
                }
            },
            Event::Travel(travel::Event::Planned(plan)) => self.travel = Some(plan.clone()),
            Event::Travel(travel::Event::Ended { .. }) => self.travel = None,
            Event::Network(network::Event::Seen(known)) => {
                put(&mut self.networks, *known, |one| one.network);
            }
            Event::Policy(event) => match event {
                policy::Event::Set(one) => put(&mut self.policies, *one, |one| one.interface),
                policy::Event::WindowSet { window, .. } => self.window.clone_from(window),
            },
            Event::LargeOrder(event) => self.apply_large_order(event),
            Event::Brokerage(brokerage::Event::Held(one)) => self.brokerage = Some(*one),
            Event::Brokerage(brokerage::Event::Off { .. }) => self.brokerage = None,
            Event::Recovery(event) => match event {
                recovery::Event::Changed(one) => {
                    put(&mut self.recoveries, *one.clone(), |one| one.id);
                }
                recovery::Event::Chosen { policy, .. } => self.recovery_policy = *policy,
            },
            Event::Trustee(event) => match event {
                trustee::Event::Changed(one) => {
                    put(&mut self.trustees, one.clone(), |one| one.id);
                }
                trustee::Event::Removed { trustee } => {
                    self.trustees.retain(|one| one.id != *trustee);
                }
            },
            Event::Notice(_) | Event::Evidence(_) => {}
        }
    }

    fn apply_large_order(&mut self, event: &large_order::Event) {
        match event {
            large_order::Event::Set { threshold, .. } => self.large_orders = *threshold,
            large_order::Event::Allowed { .. } | large_order::Event::Placed(_) => {}
        }
    }

    fn apply_sign_in(&mut self, event: &sign_in::Event) {
        match event {
            sign_in::Event::Started(attempt) | sign_in::Event::Changed(attempt) => {
                put(&mut self.attempts, attempt.clone(), |one| one.id);
            }
            sign_in::Event::Finished { attempt } | sign_in::Event::Dropped { attempt } => {
                self.attempts.retain(|one| one.id != *attempt);
            }
        }
    }

    fn apply_session(&mut self, event: &session::Event) {
        match event {
            session::Event::Started(session) => {
                let seen = self.devices.iter_mut().find(|device| device.id == session.device);
                if let Some(device) = seen {
                    device.signed_in(session);
                }
                put(&mut self.sessions, Session::clone(session), |one| one.id);
            }
            session::Event::Ended { session, .. } => self.sessions.retain(|one| one.id != *session),
            session::Event::Bound { session, .. }
            | session::Event::Keyed { session, .. }
            | session::Event::Proven { session, .. }
            | session::Event::Moved { session, .. }
            | session::Event::Limited { session, .. }
            | session::Event::Renewed { session, .. }
            | session::Event::Announced { session }
            | session::Event::KeptForReceipt { session, .. } => {
                for one in self.sessions.iter_mut().filter(|one| one.id == *session) {
                    one.apply(event);
                }
            }
        }
    }

    fn apply_approval(&mut self, event: &approval::Event) {
        match event {
            approval::Event::Asked(one) => {
                put(&mut self.approvals, approval::Approval::clone(one), |one| one.id);
            }
            approval::Event::Missed { approval, tries_left } => {
                for one in self.approvals.iter_mut().filter(|one| one.id == *approval) {
                    one.tries_left = *tries_left;
                }
            }
            approval::Event::Answered { approval, answered } => {
                for one in self.approvals.iter_mut().filter(|one| one.id == *approval) {
                    one.answered = Some(*answered);
                }
            }
            approval::Event::Closed { approval } => {
                // It stays, over, so that it counts against a storm of prompts.
                for one in self.approvals.iter_mut().filter(|one| one.id == *approval) {
                    one.until = one.asked_at;
                }
            }
        }
    }

    fn apply_device(&mut self, event: &device::Event) {
        let id = match event {
            device::Event::Added(device) => {
                return put(&mut self.devices, device.clone(), |one| one.id);
            }
            device::Event::Removed { device } => {
                self.pushes.retain(|one| one.device != *device);
                return self.devices.retain(|one| one.id != *device);
            }
            device::Event::Trusted { device, .. }
            | device::Event::Renamed { device, .. }
            | device::Event::Succeeded { device, .. }
            | device::Event::Confirmed { device }
            | device::Event::Keyed { device, .. }
            | device::Event::RoleSet { device, .. }
            | device::Event::Lent { device }
            | device::Event::PhoneOffered { device, .. }
            | device::Event::PhoneConfirmed { device }
            | device::Event::Blocked { device } => *device,
        };
        let Some(device) = self.devices.iter_mut().find(|one| one.id == id) else { return };
        match event {
            device::Event::Trusted { token, key, confirmed, until, .. } => {
                (device.token, device.key) = (Some(*token), *key);
                device.confirmed = *confirmed;
                device.state = DeviceState::Trusted { until: *until };
            }
            device::Event::Renamed { name, .. } => device.name = name.clone(),
            device::Event::Confirmed { .. } => device.confirmed = true,
            device::Event::Keyed { key, until, .. } => {
                device.key = Some(*key);
                device.state = DeviceState::Trusted { until: *until };
            }
            device::Event::RoleSet { role, .. } => device.role = *role,
            device::Event::Lent { .. } => device.lent = true,
            device::Event::Succeeded { old, name, created_at, .. } => {
                (device.succeeds, device.name) = (Some(*old), name.clone());
                device.created_at = *created_at;
            }
            device::Event::PhoneOffered { number, .. } => {
                device.approver = Approver::Offered { number: number.clone() };
            }
            device::Event::PhoneConfirmed { .. } => {
                (device.approver, device.confirmed) = (Approver::Yes, true);
            }
            device::Event::Blocked { .. } => {
                device.state = DeviceState::Blocked;
                self.pushes.retain(|one| one.device != id);
            }
            device::Event::Added(_) | device::Event::Removed { .. } => {}
        }
    }

    fn apply_authenticator(&mut self, event: &authenticator::Event) {
        use authenticator::Event as E;
        let id = match event {
            E::Added(one) => return put(&mut self.authenticators, *one.clone(), |one| one.id),
            E::Removed { authenticator } => {
                return self.authenticators.retain(|one| one.id != *authenticator);
            }
            E::Renamed { authenticator, .. }
            | E::TotpConfirmed { authenticator, .. }
            | E::TotpUsed { authenticator, .. }
            | E::PasswordUsed { authenticator, .. }
            | E::PasskeyUsed { authenticator, .. }
            | E::PasskeySuspected { authenticator, .. }
            | E::RecoveryCodeUsed { authenticator, .. } => *authenticator,
        };
        let Some(one) = self.authenticators.iter_mut().find(|one| one.id == id) else { return };
        match event {
            E::Renamed { name, .. } => one.name = name.clone(),
            E::TotpConfirmed { step, at, .. } | E::TotpUsed { step, at, .. } => {
                one.last_used_at = Some(*at);
                one.row_version += 1;
                if let Kind::Totp { confirmed, last_step, .. } = &mut one.kind {
                    (*confirmed, *last_step) = (true, Some(*step));
                }
            }
            E::PasswordUsed { at, .. } => one.last_used_at = Some(*at),
            E::PasskeyUsed { counter, backed_up, data, at, .. } => {
                one.last_used_at = Some(*at);
                one.row_version += 1;
                if let Kind::Passkey(passkey) = &mut one.kind {
                    (passkey.counter, passkey.backed_up) = (*counter, *backed_up);
                    passkey.data = data.clone().unwrap_or_else(|| passkey.data.clone());
                }
            }
            E::PasskeySuspected { at, .. } => {
                one.row_version += 1;
                if let Kind::Passkey(passkey) = &mut one.kind {
                    passkey.suspect_at = Some(*at);
                }
            }
            E::RecoveryCodeUsed { code, at, .. } => {
                one.last_used_at = Some(*at);
                one.row_version += 1;
                if let Kind::RecoveryCodes { left } = &mut one.kind {
                    left.retain(|kept| kept != code);
                }
            }
            E::Added(_) | E::Removed { .. } => {}
        }
    }

    fn apply_credential(&mut self, event: &credential::Event) {
        use credential::Event as E;
        let id = match event {
            E::Created(new) => return put(&mut self.credentials, *new.clone(), |other| other.id),
            E::Revoked { credential, .. }
            | E::Paused { credential, .. }
            | E::Resumed { credential, .. }
            | E::Rotated { credential, .. }
            | E::Renamed { credential, .. }
            | E::Narrowed { credential, .. }
            | E::Widened { credential, .. } => *credential,
        };
        let Some(changed) = self.credentials.iter_mut().find(|other| other.id == id) else {
            return;
        };
        match event {
            E::Revoked { at, by, cancel_orders, .. } => {
                changed.revoked = Some(Revoked { at: *at, by: *by, cancel_orders: *cancel_orders });
            }
            E::Paused { paused, .. } => changed.paused = Some(*paused),
            E::Resumed { .. } => changed.paused = None,
            E::Rotated { token, former, .. } => {
                changed.token = Some(*token);
                changed.former = Some(*former);
            }
            E::Renamed { name, .. } => changed.name = name.clone(),
            E::Narrowed { scopes, .. } | E::Widened { scopes, .. } => {
                changed.scopes = Scopes::clone(scopes);
            }
            E::Created(_) => {}
        }
    }

    fn apply_throttle(&mut self, event: &throttle::Event) {
        match event {
            throttle::Event::Failed(counter) => {
                put(&mut self.counters, *counter, |one| (one.factor, one.place));
            }
            throttle::Event::StrangerFailed(stranger) => self.stranger = Some(*stranger),
            throttle::Event::Cleared { place } => self.counters.retain(|one| one.place != *place),
            throttle::Event::AllCleared => self.counters.clear(),
        }
    }
}

impl Session {
    fn apply(&mut self, event: &session::Event) {
        match event {
            session::Event::Started(_) | session::Event::Ended { .. } => {}
            session::Event::Bound { hardware, idle, .. } => {
                (self.hardware, self.idle) = (Some(*hardware), *idle);
            }
            session::Event::Keyed { key, .. } => self.key = Some(*key),
            session::Event::Proven { methods, at, assurance, networks, token, .. } => {
                (self.proven_at, self.assurance) = (*at, *assurance);
                self.token = token.unwrap_or(self.token);
                self.proven_by.clone_from(methods);
                self.networks.clone_from(networks);
            }
            session::Event::Moved { networks, .. } => self.networks.clone_from(networks),
            session::Event::Limited { idle, until, .. } => {
                (self.idle, self.until) = (*idle, *until);
            }
            session::Event::Renewed { idle, until, .. } => {
                (self.idle, self.until, self.announced) = (*idle, *until, false);
            }
            session::Event::Announced { .. } => self.announced = true,
            session::Event::KeptForReceipt { lock, .. } => self.receipt = Some(*lock),
        }
    }
}
