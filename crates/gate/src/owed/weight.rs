//! What takes authority away, what gives some, and what does neither.

use access::approval::{self, Say};
use access::authenticator::{self, Kind};
use access::mandate::{self, Mandate};
use access::{
    Answer, Event, Slice, account, brokerage, contact, credential, device, large_order, link, lock,
    policy, push, recovery, session, sign_in, trustee,
};

use super::queue::Owed;

/// What an event does to authority.
#[derive(PartialEq)]
enum Weight {
    Takes,
    Neither,
    Gives,
}

/// Whether a decision only takes away: such a decision is in force before its commit, and stays so
/// when that fails. Any other changes nothing when its commit fails.
pub(super) fn is_cut(slice: &Slice, events: &[Event], owed: &Owed) -> bool {
    if events.iter().any(|event| matches!(event, Event::Lock(lock::Event::Set(_)))) {
        return slice.person.is_some();
    }
    let weights: Vec<_> = events.iter().map(|event| weigh(slice, event, owed)).collect();
    slice.person.is_some() && weights.contains(&Weight::Takes) && !weights.contains(&Weight::Gives)
}

fn weigh(slice: &Slice, event: &Event, owed: &Owed) -> Weight {
    use Weight::{Gives, Neither, Takes};
    match event {
        Event::Lock(lock::Event::Set(_))
        | Event::Account(account::Event::Closed { .. })
        | Event::Mandate(mandate::Event::Revoked { .. }) => Takes,
        Event::Credential(event) => weigh_credential(event),
        Event::Lock(lock::Event::Lifted { lock, .. }) => {
            if owed.has_lock(*lock) {
                Takes
            } else {
                Gives
            }
        }
        Event::Session(event) => match event {
            session::Event::Ended { .. }
            | session::Event::KeptForReceipt { .. }
            | session::Event::Limited { .. } => Takes,
            session::Event::Announced { .. } => Neither,
            _ => Gives,
        },
        Event::Device(event) => match event {
            device::Event::Removed { .. } | device::Event::Blocked { .. } => Takes,
            device::Event::RoleSet { device, role } => {
                let within = |acts| role.acts().without(acts).is_empty();
                let narrower = slice.device(*device).is_some_and(|one| within(one.narrows().0));
                if narrower { Takes } else { Gives }
            }
            device::Event::Renamed { .. } => Neither,
            _ => Gives,
        },
        Event::Authenticator(event) => match event {
            authenticator::Event::Removed { .. }
            | authenticator::Event::PasskeySuspected { .. } => Takes,
            // It takes the place of the one before, and lets nobody in before a sign-in is on record.
            authenticator::Event::Added(one) if matches!(one.kind, Kind::Password { .. }) => {
                Neither
            }
            authenticator::Event::Added(_) => Gives,
            _ => Neither,
        },
        Event::Policy(_) | Event::LargeOrder(_) | Event::Brokerage(_) => weigh_rule(slice, event),
        Event::Mandate(mandate::Event::Changed(new)) => {
            let old = slice.mandates.iter().find(|one| one.id == new.id);
            let within = |old: &Mandate| new.terms().wider_than(&old.terms()).is_none();
            if old.is_some_and(within) { Takes } else { Gives }
        }
        Event::SignIn(sign_in::Event::Finished { .. } | sign_in::Event::Dropped { .. })
        | Event::Link(link::Event::Withdrawn { .. })
        | Event::Push(push::Event::Ended { .. })
        | Event::Contact(contact::Event::Removed { .. })
        | Event::Trustee(trustee::Event::Removed { .. })
        | Event::Throttle(_)
        | Event::Network(_)
        | Event::Notice(_)
        | Event::Evidence(_) => Neither,
        Event::Approval(approval::Event::Answered { answered, .. }) if answered.say == Say::Yes => {
            Gives
        }
        Event::Approval(approval::Event::Answered { .. } | approval::Event::Closed { .. }) => {
            Neither
        }
        Event::Recovery(recovery::Event::Changed(one))
            if matches!(one.stage, recovery::Stage::Over { .. }) =>
        {
            Neither
        }
        _ => Gives,
    }
}

fn weigh_credential(event: &credential::Event) -> Weight {
    match event {
        credential::Event::Revoked { .. }
        | credential::Event::Withdrawn { .. }
        | credential::Event::Paused { .. }
        | credential::Event::Narrowed { .. } => Weight::Takes,
        credential::Event::Renamed { .. } => Weight::Neither,
        credential::Event::Created(_)
        | credential::Event::Resumed { .. }
        | credential::Event::Rotated { .. }
        | credential::Event::Widened { .. } => Weight::Gives,
    }
}

/// The same of the rules that a person's sessions work by.
fn weigh_rule(slice: &Slice, event: &Event) -> Weight {
    let narrows = match event {
        Event::Policy(policy::Event::Set(new)) => !new.widens(&slice.policy(new.interface)),
        // Without a window, sessions end by their plain limits.
        Event::Policy(policy::Event::WindowSet { window, .. }) => window.is_none(),
        Event::LargeOrder(large_order::Event::Set { threshold, .. }) => {
            !threshold.widens(slice.large_orders)
        }
        // One session trades, before and after a take-over: together they have no more than they had.
        Event::Brokerage(brokerage::Event::Held(_)) => true,
        _ => false,
    };
    if narrows { Weight::Takes } else { Weight::Gives }
}

/// Whether an answer hands out something that its caller must not have before it is on record.
pub(super) const fn hands_out(answer: &Answer) -> bool {
    !matches!(
        answer,
        Answer::Done
            | Answer::Locked(_)
            | Answer::Unlocked(_)
            | Answer::SessionsEnded { .. }
            | Answer::CredentialRevoked { .. }
            | Answer::Disowned(_)
            | Answer::AuthenticatorAdded { .. }
    )
}
