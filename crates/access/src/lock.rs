//! Locks: authority cut in grades.

use crate::authenticator::{self, Authenticator, Kind};
use crate::call::By;
use crate::credential::{self, Credential};
use crate::decision::{self, Answer, Decision, Ground};
use crate::device::{self, DeviceState};
use crate::entitlements::{Act, Resource};
use crate::id::{AccountId, LockId, PersonId};
use crate::mandate::Role;
use crate::moment::Time;
use crate::notice::{self, Topic};
use crate::refusal::{ChangeRefusal, Refusal};
use crate::session::{self, Session, SessionEnd};
use crate::slice::Slice;
use crate::{link, recovery, sign_in};

pub(crate) mod event;
mod grade;
mod record;

pub use event::{Command, Event};
use grade::GROW;
pub use grade::{Grade, GradeError};
pub use record::{Lock, LockTarget, Receipt, Worn};

pub(crate) fn decide(
    slice: &Slice,
    ground: &Ground<'_>,
    command: &Command,
) -> Result<Decision, Refusal> {
    let (Command::Set { target, .. } | Command::Lift { target } | Command::Reach { target }) =
        *command;
    let person = slice.person.as_ref().ok_or(Refusal::not_found("person or account"))?.id;
    let standing = slice.locks().find(|lock| lock.target == target);
    // Whom it wears out may have lost the account meanwhile.
    let wears = standing.is_some_and(|lock| lock.receipt.worn == Some(Worn::Person(person)));
    let is_theirs = match target {
        LockTarget::Person(target) => target == person,
        LockTarget::Account(account) => {
            slice.mandate(account).is_some() || (wears && ground.by.runs_the_server())
        }
    };
    if !is_theirs {
        return Err(Refusal::not_found("person or account"));
    }
    match *command {
        Command::Set { grade, .. } => {
            ground.authorise(slice, Act::Lock, resource(target))?;
            if standing.is_some_and(|lock| lock.grade >= grade) || grade == Grade::None {
                let grade = standing.map(|lock| lock.grade).unwrap_or_default();
                return Err(Refusal::Change(ChangeRefusal::LockStands { grade }));
            }
            let lifted_by = lifted_by(ground, person, standing, grade);
            Ok(set(slice, ground, person, (target, grade, lifted_by)))
        }
        Command::Lift { .. } => {
            let lock = standing.ok_or(Refusal::Change(ChangeRefusal::NoLock));
            if !ground.by.runs_the_server() {
                check_lift(slice, ground, person, lock.as_ref().ok().copied())?;
            }
            Ok(lift(slice, ground, person, lock?))
        }
        Command::Reach { .. } => Ok(reach(slice, ground, target)?),
    }
}

/// Whether a session may lift a lock. What the lock keeps it from, its person has to be able to do
/// otherwise; and the proof is younger than the lock, so that a session which was open when its owner
/// locked is worth nothing to the person who sits at it.
fn check_lift(
    slice: &Slice,
    ground: &Ground<'_>,
    person: PersonId,
    lock: Option<&Lock>,
) -> Result<(), Refusal> {
    let is_theirs =
        |lock: &&Lock| lock.grade < Grade::All && lock.receipt.lifted_by == Some(person);
    let Some(lock) = lock.filter(is_theirs) else {
        return Err(Refusal::Change(ChangeRefusal::OperatorOnly));
    };
    // That another session holds trading is not a reason to stay locked.
    let mut unlocked = Slice { locks: Vec::new(), brokerage: None, ..slice.clone() };
    unlocked.accounts.iter_mut().for_each(|account| account.locks.clear());
    match lock.target {
        LockTarget::Account(account) => may_trade(&unlocked, ground, account)?,
        // What narrows a session does so on every account, so one tells enough.
        LockTarget::Person(_) => {
            let mut tried =
                slice.mandates.iter().map(|one| may_trade(&unlocked, ground, one.account));
            let first = tried.next().unwrap_or(Err(Refusal::Change(ChangeRefusal::OperatorOnly)));
            first.or_else(|refusal| tried.find(Result::is_ok).ok_or(refusal).map(drop))?;
        }
    }
    ground.check_recent(slice)?;
    if !ground.source.fresh && ground.session(slice)?.proven_at <= lock.at {
        return Err(Refusal::Change(ChangeRefusal::LockUnproven { at: lock.at }));
    }
    Ok(())
}

/// What a lock is on, as what an act is done to.
fn resource(target: LockTarget) -> Resource {
    match target {
        LockTarget::Person(_) => Resource::Person,
        LockTarget::Account(account) => account.into(),
    }
}

/// Whether a session may do on an account what every lock takes away.
fn may_trade(slice: &Slice, ground: &Ground<'_>, account: AccountId) -> Result<(), Refusal> {
    for act in [GROW, Act::PlaceOrder] {
        ground.authorise(slice, act, account)?;
    }
    Ok(())
}

/// Lifts a lock. What wears out with one of `all` is said on the lock that is answered; of an older one, which
/// does not say whose that is, it is what belongs to the person on whom this is decided.
fn lift(slice: &Slice, ground: &Ground<'_>, person: PersonId, lock: &Lock) -> Decision {
    let mut lock = lock.clone();
    let (grade, target) = (lock.grade, lock.target);
    let (at, by) = (ground.moment.now, ground.by);
    let event = Event::Lifted { lock: lock.id, at, by, target: Some(target) };
    let mut text = match ground.by {
        By::Session(_) => format!(
            "You lifted the {grade} lock on {target}, just after confirming that it was you."
        ),
        _ => format!("The operator lifted the {grade} lock on {target}."),
    };
    let mut events = vec![event.into()];
    if grade == Grade::All {
        lock.receipt.worn.get_or_insert(Worn::Person(person));
    }
    if lock.receipt.worn == Some(Worn::Person(person)) {
        let worn: Vec<_> = worn(slice).collect();
        if !worn.is_empty() {
            text.push_str(" Your old password, app and recovery codes no longer work: ask the operator for a link to set new ones.");
        }
        events.extend(worn);
    }
    events.push(notice::queue(ground, person, Topic::Lock, text, None));
    let by = match ground.by {
        By::Session(_) => slice.person.as_ref().map(|person| person.username.to_string()),
        _ => None,
    };
    let by = by.as_deref().unwrap_or("The operator");
    let text = format!("{by} lifted the {grade} lock on {target}.");
    events.extend(tell_owners(slice, ground, target, &text));
    Decision::new(events, Answer::Unlocked(lock))
}

/// Tells the other owners of an account; a lock on a person is theirs alone.
fn tell_owners(
    slice: &Slice,
    ground: &Ground<'_>,
    target: LockTarget,
    text: &str,
) -> Vec<decision::Event> {
    match target {
        LockTarget::Person(_) => Vec::new(),
        LockTarget::Account(account) => {
            notice::tell_owners(slice, ground, account, (Topic::Lock, text))
        }
    }
}

/// The ends of what somebody else may know or have copied by the time that everything is locked: the
/// password, the app, the recovery codes. A passkey cannot be copied by looking, and stays.
fn worn(slice: &Slice) -> impl Iterator<Item = decision::Event> {
    let goes = |one: &&Authenticator| !matches!(one.kind, Kind::Passkey(_));
    let ended = slice.authenticators.iter().filter(goes);
    ended.map(|one| authenticator::Event::Removed { authenticator: one.id }.into())
}

/// Who may lift a lock that is set now. Tightening somebody else's lock gives nobody the right to lift it.
fn lifted_by(
    ground: &Ground<'_>,
    person: PersonId,
    standing: Option<&Lock>,
    grade: Grade,
) -> Option<PersonId> {
    let by_person = matches!(ground.by, By::Session(_)) && grade < Grade::All;
    let over_none = standing.is_none_or(|lock| lock.receipt.lifted_by == Some(person));
    (by_person && over_none).then_some(person)
}

/// The events of a lock: the lock itself first, so that nothing new passes; then for `all` what it
/// ends, in the order sessions, credentials, devices. Orders are the gate's to cancel.
fn set(
    slice: &Slice,
    ground: &Ground<'_>,
    person: PersonId,
    (target, grade, lifted_by): (LockTarget, Grade, Option<PersonId>),
) -> Decision {
    let (at, by) = (ground.moment.now, ground.by);
    let id = LockId(ground.moment.draw("lock"));
    let worn = (grade == Grade::All).then(|| whose(slice, ground, person, target));
    let receipt = Receipt { lifted_by, worn, ..Receipt::default() };
    let mut lock = Lock { id, target, grade, at, by, receipt };
    let ends = match worn {
        Some(Worn::Person(_)) => ends(slice, &mut lock),
        Some(Worn::Nobody) => {
            let mut locked = slice.clone();
            event::apply(&mut locked, &Event::Set(lock.clone()));
            ends_there(&locked, &mut lock, at)
        }
        None => Vec::new(),
    };
    let kind = match grade {
        Grade::All => "A lock of everything".to_owned(),
        grade => format!("A {grade} lock"),
    };
    let on = match (target, slice.person.as_ref()) {
        (LockTarget::Person(id), Some(known)) if known.id == id => known.username.to_string(),
        _ => target.to_string(),
    };
    let text = format!("{kind} was set on {on}: {}.", grade.text());
    let mut events = vec![Event::Set(lock.clone()).into()];
    events.extend(ends);
    events.push(notice::queue(ground, person, Topic::Lock, text.clone(), None));
    events.extend(tell_owners(slice, ground, target, &text));
    Decision::new(events, Answer::Locked(lock))
}

/// Whose ways to sign in a lock of `all` wears out: those of whoever asked for it about themselves. The
/// operator's lock on an account says so of its only owner; of several, nothing tells which one is meant.
fn whose(slice: &Slice, ground: &Ground<'_>, person: PersonId, target: LockTarget) -> Worn {
    let LockTarget::Account(account) = target else { return Worn::Person(person) };
    let owns = slice.mandate(account).is_some_and(|one| one.role == Role::Owner);
    let alone = owns && slice.other_owners(account, ground.moment.now).next().is_none();
    if matches!(ground.by, By::Session(_)) || alone { Worn::Person(person) } else { Worn::Nobody }
}

/// What a lock of `all` ends of a person's, noted on its receipt.
fn ends(slice: &Slice, lock: &mut Lock) -> Vec<decision::Event> {
    let Lock { id, at, by, ref mut receipt, .. } = *lock;
    let mut ends: Vec<decision::Event> = Vec::new();
    for session in &slice.sessions {
        if by == By::Session(session.id) {
            ends.push(session::Event::KeptForReceipt { session: session.id, lock: id }.into());
            continue;
        }
        let reason = SessionEnd::Locked;
        ends.push(session::Event::Ended { session: session.id, at, reason }.into());
        receipt.sessions.push(session.id);
    }
    ends.extend(slice.attempts.iter().flat_map(|one| sign_in::drop_attempt(slice, one)));
    ends.extend(recovery::locked(slice, at));
    ends.extend(slice.links.iter().map(|one| link::Event::Withdrawn { link: one.id }.into()));
    ends.extend(ended_credentials(slice, lock));
    for device in slice.devices.iter().filter(|one| one.state != DeviceState::Pending) {
        ends.push(device::Event::Removed { device: device.id }.into());
        lock.receipt.devices.push(device.name.clone());
    }
    ends
}

/// The end of a person's programs: of all of them, or on the account that is locked. One that is for other
/// accounts as well goes on there.
fn ended_credentials(slice: &Slice, lock: &mut Lock) -> Vec<decision::Event> {
    let Lock { target, at, by, ref mut receipt, .. } = *lock;
    let mut ends = Vec::new();
    // One that the operator makes under the lock stays; it can do nothing there before the lock is lifted.
    let ends_one = |one: &&Credential| one.revoked.is_none() && one.created_at <= at;
    for one in slice.credentials.iter().filter(ends_one) {
        let (credential, cancel_orders) = (one.id, true);
        let end = match target {
            LockTarget::Person(_) => {
                Some(credential::Event::Revoked { credential, at, by, cancel_orders })
            }
            LockTarget::Account(account) => credential::end_on(slice, one, account, (at, by)),
        };
        if let Some(end) = end {
            receipt.credentials.push(one.name.clone());
            ends.push(end.into());
        }
    }
    ends
}

/// What a lock of `all` on an account ends of a holder whom it does not wear out.
fn reach(
    slice: &Slice,
    ground: &Ground<'_>,
    target: LockTarget,
) -> Result<Decision, ChangeRefusal> {
    if !ground.by.runs_the_server() {
        return Err(ChangeRefusal::OperatorOnly);
    }
    let standing = slice.locks().find(|lock| lock.target == target && lock.grade == Grade::All);
    let mut lock = standing.ok_or(ChangeRefusal::NoLock)?.clone();
    (lock.receipt.sessions, lock.receipt.credentials) = (Vec::new(), Vec::new());
    let events = ends_there(slice, &mut lock, ground.moment.now);
    Ok(Decision::new(events, Answer::Locked(lock)))
}

/// What a holder loses of an account under a lock of `all` on it, noted on its receipt: their programs there,
/// and their sessions where they could begin none now. All else that is theirs may serve other accounts.
fn ends_there(slice: &Slice, lock: &mut Lock, at: Time) -> Vec<decision::Event> {
    let mut events = Vec::new();
    let sessions = slice.sessions.iter().filter(|one| one.ends_under(slice, lock));
    let ended: Vec<_> = sessions.map(|one| one.id).collect();
    for session in ended {
        let reason = SessionEnd::Locked;
        events.push(session::Event::Ended { session, at, reason }.into());
        lock.receipt.sessions.push(session);
    }
    events.extend(ended_credentials(slice, lock));
    events
}

impl Session {
    /// Whether it is one that a lock of `all` in force on an account ends: its person may not sign in now.
    pub fn ends_under(&self, slice: &Slice, lock: &Lock) -> bool {
        self.started_at <= lock.at && self.receipt.is_none() && slice.is_shut_out()
    }
}

impl Slice {
    /// Whether locks of `all` keep the person from signing in: one on them, one that wears out what they sign
    /// in with, or one on every account that they hold. Older ones do not say whom they wear out, and keep
    /// everybody out who holds the account.
    pub fn is_shut_out(&self) -> bool {
        let is_all = |lock: &&Lock| lock.grade == Grade::All;
        let person = self.person.as_ref().map(|person| person.id);
        let wears = |lock: &Lock| match lock.receipt.worn {
            Some(Worn::Person(worn)) => Some(worn) == person,
            Some(Worn::Nobody) => false,
            None => true,
        };
        let on = |account| {
            let locks = self.account(account).into_iter().flat_map(|one| &one.locks);
            locks.filter(is_all).collect::<Vec<_>>()
        };
        let held: Vec<_> = self.mandates.iter().map(|one| on(one.account)).collect();
        let everywhere = !held.is_empty() && held.iter().all(|locks| !locks.is_empty());
        self.locks.iter().any(|lock| lock.grade == Grade::All)
            || everywhere
            || held.iter().flatten().any(|lock| wears(lock))
    }
}
