//! What evidence says of each event: a kind for programs and a text for people.

use std::borrow::Cow;

use crate::call::tidy;
use crate::decision::Event;
use crate::entitlements::{Scopes, Symbols};
use crate::id::ApprovalId;
use crate::{
    approval, authenticator, brokerage, contact, credential, device, evidence, large_order, link,
    lock, mandate, network, notice, person, policy, push, recovery, session, sign_in, throttle,
    travel, trustee,
};

/// Longest text and kind of an entry, in bytes.
const TEXT_LIMIT: usize = 2_000;
const KIND_LIMIT: usize = 64;

impl Event {
    /// What happened, as `noun.verb`.
    pub fn kind(&self) -> Cow<'static, str> {
        let kind = match self {
            Self::Person(person::Event::Created(_)) => "person.created",
            Self::Mandate(mandate::Event::Granted(_)) => "mandate.granted",
            Self::SignIn(sign_in::Event::Started(_)) => "sign_in.started",
            Self::SignIn(sign_in::Event::Changed(_)) => "sign_in.changed",
            Self::SignIn(sign_in::Event::Finished { .. }) => "sign_in.finished",
            Self::SignIn(sign_in::Event::Dropped { .. }) => "sign_in.dropped",
            Self::Link(link::Event::Issued(_)) => "link.issued",
            Self::Link(link::Event::Used { .. }) => "link.used",
            Self::Link(link::Event::Withdrawn { .. }) => "link.withdrawn",
            Self::Session(event) => session_kind(event),
            Self::Device(event) => device_kind(event),
            Self::Travel(travel::Event::Planned(_)) => "travel.planned",
            Self::Travel(travel::Event::Ended { .. }) => "travel.ended",
            Self::Push(push::Event::Set(_)) => "push.set",
            Self::Push(push::Event::Ended { .. }) => "push.ended",
            Self::Approval(approval::Event::Asked(_)) => "approval.asked",
            Self::Approval(approval::Event::Missed { .. }) => "approval.missed",
            Self::Approval(approval::Event::Answered { .. }) => "approval.answered",
            Self::Approval(approval::Event::Closed { .. }) => "approval.closed",
            Self::Authenticator(authenticator::Event::Added(_)) => "authenticator.added",
            Self::Authenticator(authenticator::Event::Renamed { .. }) => "authenticator.renamed",
            Self::Authenticator(authenticator::Event::TotpConfirmed { .. }) => {
                "authenticator.confirmed"
            }
            Self::Authenticator(
                authenticator::Event::TotpUsed { .. }
                | authenticator::Event::PasswordUsed { .. }
                | authenticator::Event::PasskeyUsed { .. }
                | authenticator::Event::RecoveryCodeUsed { .. },
            ) => "authenticator.used",
            Self::Authenticator(authenticator::Event::PasskeySuspected { .. }) => {
                "authenticator.suspected"
            }
            Self::Authenticator(authenticator::Event::Removed { .. }) => "authenticator.removed",
            Self::Credential(credential::Event::Created(_)) => "credential.created",
            Self::Credential(credential::Event::Revoked { .. }) => "credential.revoked",
            Self::Credential(credential::Event::Paused { .. }) => "credential.paused",
            Self::Credential(credential::Event::Resumed { .. }) => "credential.resumed",
            Self::Credential(credential::Event::Rotated { .. }) => "credential.rotated",
            Self::Credential(credential::Event::Renamed { .. }) => "credential.renamed",
            Self::Credential(credential::Event::Narrowed { .. }) => "credential.narrowed",
            Self::Credential(credential::Event::Widened { .. }) => "credential.widened",
            Self::Lock(lock::Event::Set(_)) => "lock.set",
            Self::Lock(lock::Event::Lifted { .. }) => "lock.lifted",
            Self::Throttle(throttle::Event::Failed(_)) => "throttle.failed",
            Self::Throttle(throttle::Event::StrangerFailed(_)) => "throttle.stranger_failed",
            Self::Throttle(throttle::Event::Cleared { .. } | throttle::Event::AllCleared) => {
                "throttle.cleared"
            }
            Self::Contact(contact::Event::Changed(_)) => "contact.changed",
            Self::Contact(contact::Event::Removed { .. }) => "contact.removed",
            Self::Network(network::Event::Seen(_)) => "network.seen",
            Self::Policy(policy::Event::Set(_)) => "policy.set",
            Self::Policy(policy::Event::WindowSet { .. }) => "policy.window_set",
            Self::LargeOrder(large_order::Event::Set { .. }) => "large_order.set",
            Self::LargeOrder(large_order::Event::Allowed { .. }) => "large_order.allowed",
            Self::LargeOrder(large_order::Event::Placed(_)) => "large_order.placed",
            Self::Brokerage(brokerage::Event::Held(_)) => "brokerage.held",
            Self::Brokerage(brokerage::Event::Off { .. }) => "brokerage.off",
            Self::Recovery(event) => recovery_kind(event),
            Self::Trustee(event) => trustee_kind(event),
            Self::Notice(notice::Event::Queued(_)) => "notice.queued",
            Self::Notice(notice::Event::Disowned { .. }) => "notice.disowned",
            Self::Evidence(evidence::Event::Refused { .. }) => "refused",
            Self::Evidence(evidence::Event::Noted { kind, .. }) => {
                return Cow::Owned(tidy(kind, KIND_LIMIT));
            }
        };
        Cow::Borrowed(kind)
    }

    /// The same in plain words: no control characters, at most 2,000 bytes.
    pub fn text(&self) -> String {
        tidy(&self.words(), TEXT_LIMIT)
    }

    fn words(&self) -> String {
        match self {
            Self::Person(person::Event::Created(one)) => {
                format!("Person {} was created", one.username)
            }
            Self::Mandate(mandate::Event::Granted(one)) => {
                format!("{} became {} of account {}", one.person, one.role.name(), one.account)
            }
            Self::SignIn(event) => sign_in_text(event),
            Self::Link(event) => link_text(event),
            Self::Session(event) => session_text(event),
            Self::Device(event) => device_text(event),
            Self::Travel(event) => travel_text(event),
            Self::Approval(event) => approval_text(event),
            Self::Push(event) => push_text(event),
            Self::Authenticator(event) => authenticator_text(event),
            Self::Credential(event) => credential_text(event),
            Self::Lock(lock::Event::Set(one)) => {
                format!("Lock of grade {} set on {}: {}", one.grade, one.target, one.grade.text())
            }
            Self::Lock(lock::Event::Lifted { lock, .. }) => format!("Lock {lock} lifted"),
            Self::Throttle(event) => throttle_text(event),
            Self::Contact(event) => contact_text(event),
            Self::Network(network::Event::Seen(one)) => {
                format!("Network {} seen, known since {}", one.network, one.first_at)
            }
            Self::Policy(event) => policy_text(event),
            Self::LargeOrder(event) => large_order_text(event),
            Self::Brokerage(event) => brokerage_text(event),
            Self::Recovery(event) => recovery_text(event),
            Self::Trustee(trustee::Event::Changed(one)) => match one.agreed_at {
                Some(_) => format!("{} agreed to be a recovery contact", one.username),
                None => format!("{} named as a recovery contact", one.username),
            },
            Self::Trustee(trustee::Event::Removed { trustee }) => {
                format!("Recovery contact {trustee} removed")
            }
            Self::Notice(notice::Event::Queued(one)) => {
                let to = match one.mail.len() {
                    0 => String::new(),
                    1 => ", to 1 mail address".to_owned(),
                    more => format!(", to {more} mail addresses"),
                };
                format!("Message {} queued{to}", one.topic.name())
            }
            Self::Notice(notice::Event::Disowned { notice, .. }) => {
                format!("Message {notice} answered 'this was not me'")
            }
            Self::Evidence(evidence::Event::Refused { text, count: 1, .. }) => {
                format!("Refused: {text}")
            }
            Self::Evidence(evidence::Event::Refused { text, count, .. }) => {
                format!("Refused {count} times within a second: {text}")
            }
            Self::Evidence(evidence::Event::Noted { text, .. }) => text.clone(),
        }
    }
}

const fn recovery_kind(event: &recovery::Event) -> &'static str {
    match event {
        recovery::Event::Changed(one) => match one.stage {
            recovery::Stage::Begun { .. } => "recovery.begun",
            recovery::Stage::Half { .. } => "recovery.half",
            recovery::Stage::Ready { .. } => "recovery.ready",
            recovery::Stage::Finished { .. } => "recovery.finished",
            recovery::Stage::Over { .. } => "recovery.over",
        },
        recovery::Event::Chosen { .. } => "recovery.chosen",
    }
}

const fn trustee_kind(event: &trustee::Event) -> &'static str {
    match event {
        trustee::Event::Changed(one) if one.agreed_at.is_some() => "trustee.agreed",
        trustee::Event::Changed(_) => "trustee.named",
        trustee::Event::Removed { .. } => "trustee.removed",
    }
}

fn sign_in_text(event: &sign_in::Event) -> String {
    match event {
        sign_in::Event::Started(one) => {
            format!("Sign-in {} began: the password was correct", one.id)
        }
        sign_in::Event::Changed(one) => match &one.step {
            sign_in::Step::Totp => format!("Sign-in {} is waiting for a TOTP code", one.id),
            sign_in::Step::Activation(step) => format!(
                "Sign-in {} is waiting for the activation code for {}: codes sent: {}, tries left: {}",
                one.id, step.device, step.sent, step.tries_left
            ),
        },
        sign_in::Event::Finished { attempt } => format!("Sign-in {attempt} succeeded"),
        sign_in::Event::Dropped { attempt } => format!("Sign-in {attempt} has ended"),
    }
}

fn link_text(event: &link::Event) -> String {
    match event {
        link::Event::Issued(one) => {
            format!(
                "Link {} ({}) created, valid until {}",
                one.id,
                one.purpose.name().replace('_', "-"),
                one.until
            )
        }
        link::Event::Used { link, .. } => format!("Link {link} used"),
        link::Event::Withdrawn { link } => format!("Link {link} withdrawn"),
    }
}

const fn device_kind(event: &device::Event) -> &'static str {
    match event {
        device::Event::Added(_) => "device.added",
        device::Event::Trusted { .. } => "device.trusted",
        device::Event::Confirmed { .. } => "device.confirmed",
        device::Event::Keyed { .. } => "device.keyed",
        device::Event::RoleSet { .. } => "device.role_set",
        device::Event::Succeeded { .. } => "device.succeeded",
        device::Event::Lent { .. } => "device.lent",
        device::Event::PhoneOffered { .. } => "device.phone_offered",
        device::Event::PhoneConfirmed { .. } => "device.phone_confirmed",
        device::Event::Renamed { .. } => "device.renamed",
        device::Event::Blocked { .. } => "device.blocked",
        device::Event::Removed { .. } => "device.removed",
    }
}

const fn session_kind(event: &session::Event) -> &'static str {
    match event {
        session::Event::Started(_) => "session.started",
        session::Event::Ended { .. } => "session.ended",
        session::Event::Bound { .. } => "session.bound",
        session::Event::Keyed { .. } => "session.keyed",
        session::Event::Proven { .. } => "session.proven",
        session::Event::Moved { .. } => "session.moved",
        session::Event::Limited { .. } => "session.limited",
        session::Event::Renewed { .. } => "session.renewed",
        session::Event::Announced { .. } => "session.announced",
        session::Event::KeptForReceipt { .. } => "session.kept_for_receipt",
    }
}

fn session_text(event: &session::Event) -> String {
    match event {
        session::Event::Started(one) => {
            format!("Session {} began on {}, until {}", one.id, one.device, one.until)
        }
        session::Event::Ended { session, reason, .. } => {
            format!("Session {session} ended: {reason}")
        }
        session::Event::Bound { session, .. } => {
            format!("Session {session} bound to its device's hardware")
        }
        session::Event::Keyed { session, .. } => {
            format!("Session {session} bound to the new key of its browser")
        }
        session::Event::Proven { session, methods, .. } => {
            let how: Vec<_> = methods.iter().map(|one| one.text()).collect();
            let how = how.join(" and ");
            format!("Session {session}: its person confirmed by {how}; it has a new token")
        }
        session::Event::Moved { session, network, .. } => {
            format!("Session {session} is now also used from network {network}")
        }
        session::Event::Limited { session, until, .. } => {
            format!("Session {session} was shortened by a policy; it ends at {until}")
        }
        session::Event::Renewed { session, until, .. } => {
            format!("Session {session} was renewed until {until}")
        }
        session::Event::Announced { session } => {
            format!("The end of session {session} was announced")
        }
        session::Event::KeptForReceipt { session, lock } => {
            format!("Session {session} may still show the receipt of lock {lock}, and nothing else")
        }
    }
}

fn travel_text(event: &travel::Event) -> String {
    match event {
        travel::Event::Planned(plan) => {
            let at = plan.network.map(|network| format!(" at {network}")).unwrap_or_default();
            format!("Travel to {}{at} planned from {} until {}", plan.place, plan.from, plan.until)
        }
        travel::Event::Ended { .. } => "Planned travel ended".to_owned(),
    }
}

fn device_text(event: &device::Event) -> String {
    match event {
        device::Event::Added(one) => format!("Device {} ({}) first seen", one.id, one.name),
        device::Event::Trusted { device, until, confirmed, .. } => {
            let looks = if *confirmed { "" } else { "; view-only until it is confirmed" };
            format!("Device {device} trusted until {until}{looks}")
        }
        device::Event::Confirmed { device } => {
            format!("Device {device} confirmed by more than a typed code")
        }
        device::Event::Keyed { device, until, .. } => {
            format!("Device {device} has a new key and is trusted until {until}")
        }
        device::Event::Succeeded { device, old, name, .. } => {
            format!("Device {device} is {old}, reinstalled, and takes over its name {name}")
        }
        device::Event::Lent { device } => {
            format!("Device {device} marked 'not my computer': it is removed with its session")
        }
        device::Event::PhoneOffered { device, .. } => {
            format!("Device {device} added as a phone for approvals, not yet confirmed")
        }
        device::Event::PhoneConfirmed { device } => format!("Device {device} can answer approvals"),
        device::Event::RoleSet { device, role } => {
            format!("Device {device} given the role {}: it may {role}", role.name())
        }
        device::Event::Renamed { device, name } => format!("Device {device} named {name}"),
        device::Event::Blocked { device } => format!("Device {device} blocked"),
        device::Event::Removed { device } => format!("Device {device} removed"),
    }
}

fn push_text(event: &push::Event) -> String {
    match event {
        push::Event::Set(one) => {
            let how = if one.shows { "with details" } else { "without details" };
            format!("Device {} gets push notifications by {}, {how}", one.device, one.service)
        }
        push::Event::Ended { device, gone: true } => {
            format!(
                "Device {device} gets no more push notifications: its push service no longer knows it"
            )
        }
        push::Event::Ended { device, gone: false } => {
            format!("Device {device} gets no more push notifications")
        }
    }
}

/// Lines with their labels as one text.
fn joined(lines: &[(String, String)]) -> String {
    let lines = lines.iter().map(|(label, value)| format!("{label}: {value}"));
    lines.collect::<Vec<_>>().join("; ")
}

fn approval_text(event: &approval::Event) -> String {
    match event {
        approval::Event::Asked(one) => {
            let (name, lines) = (one.content.kind.name(), joined(&one.content.lines));
            format!("Approval {} ({name}) requested: {lines}", one.id)
        }
        approval::Event::Missed { approval, tries_left } => {
            format!("A wrong number was typed for approval {approval}; tries left: {tries_left}")
        }
        approval::Event::Answered { approval, answered } => {
            format!("Approval {approval} answered {} on {}", answered.say.name(), answered.device)
        }
        approval::Event::Closed { approval } => format!("Approval {approval} has ended"),
    }
}

fn authenticator_text(event: &authenticator::Event) -> String {
    use authenticator::Event as E;
    match event {
        E::Added(one) => format!("Authenticator {} ({}) added", one.id, one.name),
        E::Renamed { authenticator, name } => format!("Authenticator {authenticator} named {name}"),
        E::TotpConfirmed { authenticator, .. } => {
            format!("Authenticator app {authenticator} confirmed")
        }
        E::TotpUsed { authenticator, .. } => {
            format!("Authenticator app {authenticator}: the code was correct")
        }
        E::PasswordUsed { authenticator, .. } => format!("Password {authenticator} was correct"),
        E::PasskeyUsed { authenticator, .. } => format!("Passkey {authenticator} was accepted"),
        E::PasskeySuspected { authenticator, stored, given, .. } => format!(
            "Passkey {authenticator} is suspect: its counter is {given}, not above {stored}; it is no longer accepted"
        ),
        E::RecoveryCodeUsed { authenticator, .. } => {
            format!("A recovery code of {authenticator} was correct and is now used")
        }
        E::Removed { authenticator } => format!("Authenticator {authenticator} removed"),
    }
}

fn credential_text(event: &credential::Event) -> String {
    use credential::Event as E;
    let orders = |cancelled| if cancelled { "; its orders are cancelled" } else { "" };
    match event {
        E::Created(new) => format!(
            "Credential {} ({}) created for account {}, until {}; port {} is assigned to it",
            new.id, new.name, new.account, new.scopes.until, new.port
        ),
        E::Revoked { credential, cancel_orders, .. } => {
            format!("Credential {credential} revoked{}", orders(*cancel_orders))
        }
        E::Paused { credential, paused } => {
            format!("Credential {credential} paused{}", orders(paused.cancel_orders))
        }
        E::Resumed { credential, .. } => format!("Credential {credential} resumed"),
        E::Rotated { credential, former, .. } => format!(
            "Credential {credential} given a new token; the old one works until {}",
            former.until
        ),
        E::Renamed { credential, name, .. } => {
            format!("Credential {credential} renamed to {name}")
        }
        E::Narrowed { credential, scopes, .. } => {
            format!("Credential {credential} narrowed: {}", scopes_text(scopes))
        }
        E::Widened { credential, scopes, .. } => {
            format!("Credential {credential} widened: {}", scopes_text(scopes))
        }
    }
}

/// The limits of a credential, in few words: its page says them in full.
fn scopes_text(scopes: &Scopes) -> String {
    let mut parts = Vec::new();
    parts.push(if scopes.read_only { "view only".to_owned() } else { "may trade".to_owned() });
    if let Symbols::Only(symbols) = &scopes.symbols {
        parts.push(format!("{} symbols", symbols.len()));
    }
    if let Some(most) = scopes.limits.max_quantity {
        parts.push(format!("up to {most} shares per order"));
    }
    if let Some(most) = scopes.limits.max_notional {
        parts.push(format!("up to {most} USD per order"));
    }
    parts.push(format!("until {}", scopes.until));
    parts.join(", ")
}

fn contact_text(event: &contact::Event) -> String {
    match event {
        contact::Event::Changed(one) => match &one.state {
            contact::State::Asked(asked) => format!(
                "{} is waiting for its code: codes sent: {}, tries left: {}",
                one.value, asked.sent, asked.tries_left
            ),
            contact::State::Verified => format!("{} is verified", one.value),
            contact::State::Noted => format!("{} is saved", one.value),
            contact::State::Former { until } => {
                format!("{} was replaced; messages still go there until {until}", one.value)
            }
        },
        contact::Event::Removed { contact } => format!("Contact {contact} removed"),
    }
}

fn recovery_text(event: &recovery::Event) -> String {
    use recovery::Stage;
    let one = match event {
        recovery::Event::Changed(one) => one,
        recovery::Event::Chosen { policy, .. } => {
            return format!(
                "Recoveries now wait {}; contacts needed: {}; waiting alone is enough: {}",
                policy.wait, policy.needed, policy.waits
            );
        }
    };
    let (id, from) = (one.id, format!("{} ({})", one.source, one.browser));
    match one.stage {
        Stage::Begun { half_at } => {
            let (yes, needed) = (one.yes(), one.needed);
            format!(
                "Recovery {id} from {from} waits {}; halfway at {half_at}; contacts: {yes} of {needed}",
                one.wait
            )
        }
        Stage::Half { ready_at } => {
            format!("Recovery {id}: halfway message sent, ready at {ready_at}")
        }
        Stage::Ready { until } => {
            format!("Recovery {id} has waited long enough; it can be finished until {until}")
        }
        Stage::Finished { held_until, .. } => {
            format!("Recovery {id} signed in; limited until {held_until}")
        }
        Stage::Over { why, .. } => format!("Recovery {id} is {}", why.text()),
    }
}

fn throttle_text(event: &throttle::Event) -> String {
    let place = |place: &throttle::Place| match place {
        throttle::Place::Device(device) => format!("on {device}"),
        throttle::Place::Untrusted => "on untrusted devices".to_owned(),
    };
    match event {
        throttle::Event::Failed(one) => {
            let (factor, place) = (one.factor.name(), place(&one.place));
            format!("Wrong {factor} {place}: {} in a row", one.failures)
        }
        throttle::Event::StrangerFailed(one) => {
            format!("Sign-in with an unknown name: {} in a row", one.failures)
        }
        throttle::Event::Cleared { place: one } => format!("Failed attempts reset {}", place(one)),
        throttle::Event::AllCleared => "All failed attempts reset".to_owned(),
    }
}

fn policy_text(event: &policy::Event) -> String {
    match event {
        policy::Event::Set(one) => format!(
            "Policy of the {}: {}, {}; on another network a session {}; required to view: {}, to trade: {}, to administer: {}, to withdraw: {}",
            one.interface,
            one.tempo,
            one.limits(true),
            one.new_network,
            one.needs.view,
            one.needs.trade,
            one.needs.administer,
            one.needs.withdraw
        ),
        policy::Event::WindowSet { window: Some(window), .. } => {
            format!("Sessions are renewed {window}")
        }
        policy::Event::WindowSet { window: None, .. } => {
            "Sessions have no renewal window".to_owned()
        }
    }
}

fn large_order_text(event: &large_order::Event) -> String {
    match event {
        large_order::Event::Set { threshold, .. } => match threshold.above {
            Some(usd) => format!("Orders from sessions above {usd:.2} USD need confirmation"),
            None => "Orders from sessions need no confirmation".to_owned(),
        },
        large_order::Event::Allowed { session, approval, terms } => {
            let (by, terms) = (allowed_by(*approval), joined(terms));
            format!("Large order of session {session} allowed by {by}: {terms}")
        }
        large_order::Event::Placed(one) => {
            let orders: Vec<_> = one.orders.iter().map(u64::to_string).collect();
            let (by, orders) = (allowed_by(one.approval), orders.join(", "));
            format!(
                "Large order of session {}, allowed by {by}, is order {orders} (journal entry {})",
                one.session, one.seq
            )
        }
    }
}

fn allowed_by(approval: Option<ApprovalId>) -> String {
    approval.map_or_else(|| "a sign-in for it".to_owned(), |id| format!("approval {id}"))
}

fn brokerage_text(event: &brokerage::Event) -> String {
    match event {
        brokerage::Event::Held(one) => match one.holder {
            Some(holder) => format!("One brokerage session: {holder} can trade"),
            None => "One brokerage session: the first that may trade can trade".to_owned(),
        },
        brokerage::Event::Off { .. } => "Every session that may trade can trade".to_owned(),
    }
}
