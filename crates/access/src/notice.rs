//! Notices: what a person is told. Each is kept in the outbox and in the message centre, and goes
//! out by every channel that is set up. Its text never contains a code.

use crate::call::By;
use crate::contact::{Event as ContactEvent, MailAddress, Reach};
use crate::decision::{self, Answer, Decision, Ground};
use crate::device::{DeviceState, Event as DeviceEvent};
use crate::entitlements::{Act, Resource};
use crate::id::{AccountId, DeviceId, NoticeId, PersonId};
use crate::moment::Time;
use crate::refusal::Refusal;
use crate::secret::Secret;
use crate::session::{Event as SessionEvent, Session, SessionEnd};
use crate::sign_in::drop_attempt;
use crate::slice::Slice;

pub(crate) mod event;
mod record;

pub use event::{Command, Event};
pub use record::{Addressee, Disowned, Notice, Subject, Topic};

impl Subject {
    /// The caller.
    pub(crate) fn of(ground: &Ground<'_>) -> Self {
        let session = match ground.by {
            By::Session(session) => Some(session),
            By::Visitor | By::Credential(_) | By::Operator { .. } | By::System => None,
        };
        Self { device: ground.device, session, address: ground.source.address }
    }
}

/// A notice to be sent.
pub(crate) struct Note<'a> {
    pub person: PersonId,
    pub topic: Topic,
    /// Plain words; no secret and no link.
    pub text: String,
    pub code: Option<&'a Secret>,
    pub subject: Subject,
    /// The mail addresses that it goes to.
    pub mail: Vec<MailAddress>,
}

/// Puts a notice in the outbox, about the caller. A decision queues at most one of each topic.
pub(crate) fn queue(
    ground: &Ground<'_>,
    person: PersonId,
    topic: Topic,
    text: String,
    code: Option<&Secret>,
) -> decision::Event {
    queue_about(ground, person, topic, text, code, Subject::of(ground))
}

/// The same about a device that the caller did something to: 'this was not me' stops both.
pub(crate) fn queue_device(
    ground: &Ground<'_>,
    person: PersonId,
    device: DeviceId,
    text: String,
) -> decision::Event {
    let subject = Subject { device: Some(device), ..Subject::of(ground) };
    queue_about(ground, person, Topic::NewDevice, text, None, subject)
}

/// The same about something else.
pub(crate) fn queue_about(
    ground: &Ground<'_>,
    person: PersonId,
    topic: Topic,
    text: String,
    code: Option<&Secret>,
    subject: Subject,
) -> decision::Event {
    let mail = ground.reach.of_notice(code.is_some());
    send(ground, Note { person, topic, text, code, subject, mail })
}

/// The same to addresses that the decision chose.
pub(crate) fn send(ground: &Ground<'_>, note: Note<'_>) -> decision::Event {
    let Note { person, topic, text, code, subject, mail } = note;
    let id = NoticeId(ground.moment.draw(&format!("notice {}", topic.name())));
    let code = code.map(|code| ground.key.seal(code, &Notice::purpose(id), ground.moment));
    let at = ground.moment.now;
    Event::Queued(Notice { id, person, topic, text, code, subject, mail, at }).into()
}

/// The same to the owners of an account beside the person who is decided on. Whoever did it, from where and with
/// what, is not theirs to know.
pub(crate) fn tell_owners(
    slice: &Slice,
    ground: &Ground<'_>,
    account: AccountId,
    (topic, text): (Topic, &str),
) -> Vec<decision::Event> {
    let at = ground.moment.now;
    let owners = slice.other_owners(account, at);
    let reached = owners.filter_map(|id| slice.owners.iter().find(|one| one.person == id));
    let queued = |one: &Addressee| {
        let Addressee { person, mail, .. } = one.clone();
        let id = NoticeId(ground.moment.draw(&format!("notice {} {person}", topic.name())));
        let (text, code, subject) = (text.to_owned(), None, Subject::default());
        Event::Queued(Notice { id, person, topic, text, code, subject, mail, at }).into()
    };
    reached.map(queued).collect()
}

impl Addressee {
    /// Somebody as they are now; none of a name that nobody has.
    pub fn of(slice: &Slice, now: Time) -> Option<Self> {
        let person = slice.person.as_ref()?.id;
        let mail = Reach::of(slice, now).of_notice(false);
        Some(Self { person, version: slice.version, mail })
    }
}

/// What a person is told whose session the operator ended.
pub(crate) fn session_ended(
    slice: &Slice,
    ground: &Ground<'_>,
    session: &Session,
) -> decision::Event {
    let device = slice.device(session.device).map(|device| device.name.to_string());
    let device = device.unwrap_or_else(|| "a browser".to_owned());
    let from =
        session.address.map(|address| format!(", started from {address}")).unwrap_or_default();
    let text = format!("The operator ended your session on {device}{from}. You can sign in again.");
    let subject = Subject {
        device: Some(session.device),
        session: Some(session.id),
        address: session.address,
    };
    queue_about(ground, session.person, Topic::SessionEnded, text, None, subject)
}

pub(crate) fn decide(
    slice: &Slice,
    ground: &Ground<'_>,
    command: &Command,
) -> Result<Decision, Refusal> {
    let Command::Disown { notice } = command;
    ground.authorise(slice, Act::Lock, Resource::Person)?;
    let person = slice.person.as_ref().map(|person| person.id);
    if person != Some(notice.person) || !notice.topic.can_be_disowned() {
        return Err(Refusal::not_found("message that can be answered 'not me'"));
    }
    Ok(disown(slice, ground, notice))
}

/// Ends the sessions and the trust that the notice names, but never what asks; drops sign-ins under
/// way and a mail address that waits for its code, unless the session that asks waits for it. One that
/// a recovery holds takes no trust and no address away.
fn disown(slice: &Slice, ground: &Ground<'_>, notice: &Notice) -> Decision {
    let at = ground.moment.now;
    let asker = Subject::of(ground);
    let subject = notice.subject;
    let session = subject.session.and_then(|id| slice.session(id));
    // The device that it is about, and the one that it was done from.
    let devices = [subject.device, session.map(|session| session.device)];
    let device = devices.into_iter().flatten().next();
    let named = |one: &&Session| {
        Some(one.id) != asker.session
            && (Some(one.id) == subject.session || devices.contains(&Some(one.device)))
    };
    let mut stopped =
        Disowned { is_asker: device.is_some() && device == asker.device, ..Disowned::default() };
    let mut events = vec![Event::Disowned { notice: notice.id, at }.into()];
    for one in slice.sessions.iter().filter(named) {
        let reason = SessionEnd::NotMe;
        events.push(SessionEvent::Ended { session: one.id, at, reason }.into());
        stopped.sessions += 1;
    }
    for attempt in &slice.attempts {
        events.extend(drop_attempt(slice, attempt));
        stopped.attempts += 1;
    }
    let is_held = ground.check_not_held(slice, Act::ManageDevices).is_err();
    for device in slice.devices.iter().filter(|one| devices.contains(&Some(one.id))) {
        // A pending one went with its attempt; a blocked one stays known as blocked.
        let trusted = matches!(device.state, DeviceState::Trusted { .. });
        if trusted && !is_held && Some(device.id) != asker.device {
            events.push(DeviceEvent::Removed { device: device.id }.into());
            stopped.devices.push(device.name.clone());
        }
    }
    let waits = slice.asked_mail();
    let waits = waits.filter(|(_, asked)| !is_held && Some(asked.session) != asker.session);
    events.extend(waits.map(|(one, _)| ContactEvent::Removed { contact: one.id }.into()));
    let text = words(ground, notice, &stopped);
    events.push(queue(ground, notice.person, Topic::NotMe, text, None));
    Decision::new(events, Answer::Disowned(stopped))
}

fn words(ground: &Ground<'_>, notice: &Notice, stopped: &Disowned) -> String {
    let device = match (stopped.untrusted(), stopped.is_asker) {
        (Some(text), _) => text,
        (None, true) => "the browser that said so keeps its trust".to_owned(),
        (None, false) => "no browser lost its trust".to_owned(),
    };
    format!(
        "From {2}, you answered 'not me' to the message \"{0}\" of {1}. Sessions ended: {3}; sign-ins stopped: {4}; {device}. If you did not do this, lock the account.",
        notice.topic.title(),
        notice.at,
        ground.source,
        stopped.sessions,
        stopped.attempts,
    )
}
