//! Approvals: a person's signed yes or no, on their phone, to one exact content.
//!
//! The caller is shown a two-digit number, which the person types on the phone, so a prompt that
//! nobody asked for cannot be approved by mistake. The phone signs the terms of what it showed; if one
//! changes after that, the yes does not count. An approval is answered once, used once, and expires
//! after two minutes; one for a program's order, which no page waits for, after fifteen, and by one tap.
//!
//! ```text
//!            number wrong, twice at most
//!                 +-----+
//!                 v     |
//!  asked ------> waits -+-- yes ---> granted -- used ------> closed
//!                 |                     `------ 2 minutes -> ended
//!                 +-- no, not me ----------------> answered (opens nothing)
//!                 +-- third wrong number --------> closed
//!                 +-- asked again, upgrade ------> closed
//!                 `-- 2 minutes -----------------> ended
//! ```
//!
//! Closed and ended ones keep their row for an hour: they count towards the limit on prompts.

use crate::binding::PublicKey;
use crate::call::By;
use crate::decision::{self, Answer, Decision, Ground};
use crate::device::Device;
use crate::id::{ApprovalId, DeviceId};
use crate::moment::{Span, Time};
use crate::notice::{self, Topic};
use crate::refusal::{ApprovalRefusal, Refusal, SessionRefusal};
use crate::secret::Secret;
use crate::session::{self, SessionEnd};
use crate::sign_in::drop_attempt;
use crate::slice::Slice;
use crate::typed;

pub(crate) mod event;
mod record;
mod terms;

pub use event::{Command, Event};
pub use record::{Answered, Approval, Asker, Content, ContentKind, HELD_LIFE, LIFE, Say, TRIES};
pub use terms::{Line, Term, Terms};

/// Approvals of one person that may wait at once.
const MOST_OPEN: usize = 3;
/// This many without a yes in the pause stop the prompting: nobody is worn down into one.
const MOST_UNANSWERED: usize = 5;
/// How long the prompting stops.
pub const PAUSE: Span = Span::minutes(10);

pub(crate) fn decide(
    slice: &Slice,
    ground: &Ground<'_>,
    command: &Command,
) -> Result<Decision, Refusal> {
    match command {
        Command::AskStepUp => ask_step_up(slice, ground),
        Command::Answer { approval, say, number, signed_by } => {
            answer(slice, ground, *approval, *say, (number, *signed_by))
        }
    }
}

/// The phones that can answer now, but the device that asks.
pub fn phones(slice: &Slice, now: Time, but: Option<DeviceId>) -> impl Iterator<Item = &Device> {
    slice.devices.iter().filter(move |one| one.answers(now) && Some(one.id) != but)
}

/// Whether a phone may be asked once more, with so many others waiting for its answer.
pub(crate) fn check_pause(slice: &Slice, open: usize, now: Time) -> Result<(), ApprovalRefusal> {
    let unanswered = slice.approvals.iter().filter(|one| {
        let yes = one.answered.is_some_and(|one| one.say == Say::Yes);
        !yes && now.since(one.asked_at) < PAUSE
    });
    let unanswered: Vec<_> = unanswered.map(|one| one.asked_at).collect();
    if open >= MOST_OPEN || unanswered.len() >= MOST_UNANSWERED {
        let first = unanswered.iter().min().copied().unwrap_or(now);
        let count = u32::try_from(unanswered.len()).unwrap_or(u32::MAX);
        return Err(ApprovalRefusal::ApprovalsPaused { count, retry_at: first + PAUSE });
    }
    Ok(())
}

/// Asks for an approval. `one_tap` only where the risk is low.
pub(crate) fn ask(
    slice: &Slice,
    ground: &Ground<'_>,
    asker: Asker,
    content: Content,
    (but, one_tap): (Option<DeviceId>, bool),
) -> Result<(Vec<decision::Event>, ApprovalId), Refusal> {
    let now = ground.moment.now;
    let person = slice.person.as_ref().ok_or(SessionRefusal::NotSignedIn)?.id;
    if phones(slice, now, but).next().is_none() {
        return Err(Refusal::Approval(ApprovalRefusal::NoPhone));
    }
    // Another one of the same asker and kind is over: the number on its page is this one's.
    let is_same = |one: &&Approval| {
        one.asker == asker && one.content.kind == content.kind && one.is_open(now)
    };
    let (same, others): (Vec<_>, Vec<_>) = slice.approvals.iter().partition(is_same);
    check_pause(slice, others.iter().filter(|one| one.is_open(now)).count(), now)?;
    let mut events: Vec<decision::Event> =
        same.into_iter().map(|one| Event::Closed { approval: one.id }.into()).collect();
    let id = ApprovalId(ground.moment.draw("approval"));
    let drawn = ground.moment.draw_below("approval number", 90) + 10;
    let number = Secret::from_text(drawn.to_string());
    let sealed = ground.key.seal(&number, &Approval::purpose(id), ground.moment);
    let kind = content.kind;
    let approval = Approval {
        id,
        person,
        asker,
        content,
        number: (!one_tap).then_some(sealed),
        tries_left: TRIES,
        asked_at: now,
        until: now + kind.life(),
        answered: None,
    };
    events.push(Event::Asked(Box::new(approval)).into());
    Ok((events, id))
}

fn ask_step_up(slice: &Slice, ground: &Ground<'_>) -> Result<Decision, Refusal> {
    let session = ground.session(slice)?;
    let device = slice.device(session.device);
    let name = device.map_or_else(String::new, |device| device.name.to_string());
    let mut terms = Terms::default();
    terms.push(Term::Opens, "sign_in_changes");
    terms.push(Term::Device, name);
    terms.push(Term::Address, ground.source);
    terms.push_time(Term::Time, ground.moment.wall);
    let content = Content { kind: ContentKind::StepUp, terms, facts: Terms::default() };
    let asker = Asker::Session(session.id);
    let (events, approval) = ask(slice, ground, asker, content, (Some(session.device), false))?;
    Ok(Decision::new(events, Answer::ApprovalAsked { approval }))
}

fn answer(
    slice: &Slice,
    ground: &Ground<'_>,
    id: ApprovalId,
    say: Say,
    (number, signed_by): (&Secret, PublicKey),
) -> Result<Decision, Refusal> {
    let (session, now) = (ground.session(slice)?, ground.moment.now);
    let phone = slice.device(session.device).ok_or(Refusal::not_found("phone"))?;
    if !phone.answers(now) {
        return Err(Refusal::Approval(ApprovalRefusal::NoApprover));
    }
    if phone.key != Some(signed_by) || session.key != Some(signed_by) {
        return Err(Refusal::Session(SessionRefusal::KeyProofMissing));
    }
    let approval = slice.approval(id).filter(|one| one.is_open(now));
    let approval = approval.ok_or(ApprovalRefusal::ApprovalEnded)?;
    if is_own(slice, approval, session.device) {
        return Err(Refusal::Approval(ApprovalRefusal::NoApprover));
    }
    if say == Say::Yes
        && let Some(right) = approval.open_number(ground.key)?
        && !right.matches(typed::digits(number, right.len())?.expose())
    {
        return Ok(missed(approval));
    }
    let answered = Answered { say, device: phone.id, at: now };
    let mut events = vec![Event::Answered { approval: id, answered }.into()];
    if say != Say::Yes {
        events.extend(turned_down(slice, ground, approval, say));
    }
    Ok(Decision::new(events, Answer::Done))
}

/// Whether the phone itself asks.
pub fn is_own(slice: &Slice, approval: &Approval, phone: DeviceId) -> bool {
    match approval.asker {
        Asker::Session(id) => slice.session(id).is_none_or(|session| session.device == phone),
        Asker::Attempt(_) | Asker::Program { .. } => false,
    }
}

fn missed(approval: &Approval) -> Decision {
    let tries_left = approval.tries_left.saturating_sub(1);
    let event = if tries_left == 0 {
        Event::Closed { approval: approval.id }
    } else {
        Event::Missed { approval: approval.id, tries_left }
    };
    Decision::refused(
        vec![event.into()],
        Refusal::Approval(ApprovalRefusal::NumberWrong { tries_left }),
    )
}

/// What a no ends: the sign-in that asked; after 'not me' also the session that did.
fn turned_down(
    slice: &Slice,
    ground: &Ground<'_>,
    approval: &Approval,
    say: Say,
) -> Vec<decision::Event> {
    let mut events = Vec::new();
    match approval.asker {
        Asker::Attempt(id) => {
            let attempt = slice.attempts.iter().find(|one| one.id == id);
            events.extend(attempt.into_iter().flat_map(|one| drop_attempt(slice, one)));
        }
        Asker::Session(id) if say == Say::NotMe && ground.by != By::Session(id) => {
            let (at, reason) = (ground.moment.now, SessionEnd::NotMe);
            if slice.session(id).is_some() {
                events.push(session::Event::Ended { session: id, at, reason }.into());
            }
        }
        Asker::Session(_) | Asker::Program { .. } => {}
    }
    if say == Say::NotMe {
        let what = approval.content.kind.text();
        let text = if matches!(approval.asker, Asker::Program { .. }) {
            format!(
                "You answered that you know nothing of it: {what}. Pause or revoke the program's credential if it does what it should not."
            )
        } else {
            format!(
                "You answered that it was not you: {what}. The person who asked knows your password or was using one of your sessions: change your password, and lock the account if in doubt."
            )
        };
        events.push(notice::queue(ground, approval.person, Topic::NotMe, text, None));
    }
    events
}

/// The approval of a kind that an asker asked for last. Of two of one moment the one that counts longer: the other was
/// replaced by it.
pub fn newest(slice: &Slice, asker: Asker, kind: ContentKind) -> Option<&Approval> {
    let of = |one: &&Approval| one.asker == asker && one.content.kind == kind;
    slice.approvals.iter().filter(of).max_by_key(|one| (one.asked_at, one.until))
}

/// The approval of an asker that was granted, to be used now. A yes to one kind is none to another.
pub(crate) fn granted(
    slice: &Slice,
    asker: Asker,
    kind: ContentKind,
    now: Time,
) -> Result<&Approval, ApprovalRefusal> {
    used_now(newest(slice, asker, kind), now)
}

/// An approval, if it was granted and may be used now.
pub(crate) fn used_now(asked: Option<&Approval>, now: Time) -> Result<&Approval, ApprovalRefusal> {
    match asked {
        Some(one) if one.is_granted(now) => Ok(one),
        Some(one) if one.is_open(now) => Err(ApprovalRefusal::ApprovalWaits { until: one.until }),
        _ => Err(ApprovalRefusal::ApprovalEnded),
    }
}
