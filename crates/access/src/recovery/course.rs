//! What holds, ends and tells of a recovery; other nouns take part in that.

use super::end::RecoveryEnd;
use super::event::Event;
use super::record::{Recovery, Stage};
use crate::approval::Approval;
use crate::authenticator::Authenticator;
use crate::binding::{Beginner, PublicKey};
use crate::decision::{self, Ground};
use crate::link::Purpose;
use crate::moment::Time;
use crate::notice::{self, Note, Subject, Topic};
use crate::proof::{Proof, Used};
use crate::refusal::{Refusal, SessionRefusal};
use crate::session::{Method, Session};
use crate::slice::Slice;

impl Recovery {
    fn over(&self, at: Time, why: RecoveryEnd) -> decision::Event {
        Event::Changed(Box::new(self.at(Stage::Over { at, why }))).into()
    }
}

/// What opens it, in words.
pub(crate) fn opens(one: &Recovery) -> String {
    if let Stage::Ready { until } = one.stage {
        return format!("now, until {until}");
    }
    let by_time = one.ready_at().map(|at| format!("from {at}"));
    let by_contacts = (one.needed > 0)
        .then(|| format!("once {} of your recovery contacts vouch for it", one.needed));
    let ways: Vec<String> = by_contacts.into_iter().chain(by_time).collect();
    ways.join(", or ")
}

/// The event of a recovery as it stands now.
pub(crate) fn changed(one: Recovery) -> decision::Event {
    Event::Changed(Box::new(one)).into()
}

/// Where a recovery was begun, in words.
pub(crate) fn from(recovery: &Recovery) -> String {
    if recovery.by.runs_the_server() {
        return "by the operator".to_owned();
    }
    format!("from {} ({}) with your password", recovery.source, recovery.browser)
}

/// A notice of a recovery that is under way, to every address that its person had in the last week,
/// with the token that stops it.
pub(crate) fn tell(
    ground: &Ground<'_>,
    one: &Recovery,
    text: String,
) -> Result<decision::Event, Refusal> {
    let stop = one.open_stop(ground.key)?;
    let (person, topic, code) = (one.person, Topic::Recovery, Some(&stop));
    let (subject, mail) = (Subject::of(ground), ground.reach.of_notice(false));
    Ok(notice::send(ground, Note { person, topic, text, code, subject, mail }))
}

/// The same for one that has ended: there is nothing to stop.
pub(super) fn tell_end(ground: &Ground<'_>, one: &Recovery, text: String) -> decision::Event {
    notice::queue(ground, one.person, Topic::RecoveryEnded, text, None)
}

/// The recovery that a browser began under a key that it renewed.
pub(crate) fn rekeyed(
    slice: &Slice,
    old: Option<PublicKey>,
    new: PublicKey,
) -> Option<decision::Event> {
    let one = slice.open_recovery().filter(|one| one.begun.key == old)?;
    let begun = Beginner { key: Some(new), ..one.begun };
    Some(changed(Recovery { begun, ..one.clone() }))
}

pub(super) fn end(ground: &Ground<'_>, one: &Recovery, why: RecoveryEnd) -> Vec<decision::Event> {
    let text = format!("The recovery started {} at {} is {}.", from(one), one.begun_at, why.text());
    vec![one.over(ground.moment.now, why), tell_end(ground, one, text)]
}

/// A lock of grade `all` ends what is under way. Its own notice tells of it.
pub(crate) fn locked(slice: &Slice, now: Time) -> Option<decision::Event> {
    slice.open_recovery().map(|one| one.over(now, RecoveryEnd::Locked))
}

/// A sign-in by what stood before ends what is under way: its person has lost nothing.
pub(crate) fn signed_in(
    slice: &Slice,
    ground: &Ground<'_>,
    methods: &[Method],
) -> Vec<decision::Event> {
    let own =
        |one: &Method| !matches!(one, Method::Recovery | Method::Link | Method::EnrolmentLink);
    let open = slice.open_recovery().filter(|_| methods.iter().any(own));
    open.map_or_else(Vec::new, |one| end(ground, one, RecoveryEnd::SignedIn))
}

/// Until when what this proves is held: something of it was enrolled after a recovery whose holding
/// time is not over.
pub(crate) fn held(slice: &Slice, proof: &Proof, now: Time) -> Option<Time> {
    let (since, until) = slice.recovered(now)?;
    let new = |one: Option<&Authenticator>| one.is_none_or(|one| one.created_at >= since);
    let is_held = proof.used.iter().any(|used| match *used {
        Used::Recovery => true,
        Used::Totp(app) => new(app.map_or_else(|| slice.totp(), |id| slice.authenticator(id))),
        Used::RecoveryCode(set) => {
            new(set.map_or_else(|| slice.recovery_codes(), |id| slice.authenticator(id)))
        }
        Used::Passkey(id) => new(slice.authenticator(id)),
        Used::Approval(id) => by_new_phone(slice, slice.approval(id), since),
        // The operator's, but for a phone's: that one may come from a held session.
        Used::Link(purpose) => purpose == Purpose::Phone,
        // The code of a notice, and a password, stand beside other means. Only whole sessions put a
        // password in place of one.
        Used::Activation | Used::Password => false,
    });
    is_held.then_some(until)
}

pub(super) fn by_new_phone(slice: &Slice, approval: Option<&Approval>, since: Time) -> bool {
    let answered = approval.and_then(|one| one.answered.as_ref());
    let phone = answered.and_then(|answered| slice.device(answered.device));
    phone.is_none_or(|phone| phone.created_at >= since)
}

/// Whether a yes proves a session that no recovery holds: not one of a phone that a recovery brought.
/// Whether the yes of a phone counts where no session asked for it: not that of a phone that came after a recovery, while
/// the recovery is held.
pub(crate) fn check_approver(
    slice: &Slice,
    approval: &Approval,
    now: Time,
) -> Result<(), SessionRefusal> {
    match slice.recovered(now) {
        Some((since, until)) if by_new_phone(slice, Some(approval), since) => {
            Err(SessionRefusal::ProofHeld { until })
        }
        _ => Ok(()),
    }
}

pub(crate) fn check_phone(
    slice: &Slice,
    session: &Session,
    approval: &Approval,
    now: Time,
) -> Result<(), SessionRefusal> {
    match slice.recovered(now) {
        Some((since, until))
            if session.held_until.is_none() && by_new_phone(slice, Some(approval), since) =>
        {
            Err(SessionRefusal::ProofHeld { until })
        }
        _ => Ok(()),
    }
}
