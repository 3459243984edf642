//! Notices: what a person is told. Each is kept in the outbox and in the message centre, and goes
//! out by every channel that is set up. Its text never contains a code.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::call::By;
use crate::contact::{self, MailAddress};
use crate::decision::{self, Answer, Decision, Ground};
use crate::device::{self, DeviceState};
use crate::entitlements::Act;
use crate::id::{DeviceId, NoticeId, PersonId, SessionId};
use crate::moment::Time;
use crate::name::Name;
use crate::refusal::Refusal;
use crate::secret::{SealedSecret, Secret};
use crate::session::{self, Session, SessionEnd};
use crate::sign_in;
use crate::slice::Slice;

/// Writes a topic once: its name in tables, what it is called, and whether its notice can be
/// answered by 'this was not me'.
macro_rules! topics {
    ($($(#[$doc:meta])* $name:ident = $table:literal, $title:literal, $disown:literal;)*) => {
        /// What a notice is about.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Topic { $($(#[$doc])* $name,)* }

        impl Topic {
            /// Every topic.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// Its name in tables.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $table,)* }
            }

            /// In plain words: the heading in the message centre and the subject of a mail.
            pub const fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)* }
            }

            /// Whether 'this was not me' can stop what it tells.
            pub const fn can_be_disowned(self) -> bool {
                match self { $(Self::$name => $disown,)* }
            }
        }
    };
}

topics! {
    /// A code that activates a new browser.
    ActivationCode = "activation_code", "A code for a new browser", true;
    /// A new browser was trusted.
    NewDevice = "new_device", "A new browser", true;
    /// A sign-in or session from a network not seen before.
    NewNetwork = "new_network", "A new network", true;
    /// A way to sign in was added, removed or reset.
    AuthenticatorChanged = "authenticator_changed", "How you sign in", true;
    /// A recovery code was used to sign in.
    RecoveryCodeUsed = "recovery_code_used", "A recovery code was used", true;
    /// A code that verifies a mail address.
    ContactCode = "contact_code", "A code for a mail address", false;
    /// The mail address or phone number was changed, or a change was asked for.
    ContactChanged = "contact_changed", "Mail address and phone number", true;
    /// The operator ended a session.
    SessionEnded = "session_ended", "A session was ended", true;
    /// A copy of a session's cookie was refused.
    SessionCopied = "session_copied", "A copied session was refused", false;
    /// A copy of a sign-in under way was refused.
    SignInCopied = "sign_in_copied", "A copied sign-in was refused", false;
    /// A recovery was begun or goes on; its mail can stop it.
    Recovery = "recovery", "A recovery of your access", false;
    /// A recovery has ended.
    RecoveryEnded = "recovery_ended", "A recovery has ended", false;
    /// Somebody named the person as a recovery contact, or recovers and asks them.
    RecoveryHelp = "recovery_help", "Somebody needs your help", false;
    /// How recoveries go was changed.
    RecoveryChanged = "recovery_changed", "How you get back in", true;
    /// A notice or an approval was answered by 'this was not me'.
    NotMe = "not_me", "\"This was not me\"", false;
    /// Travel was planned.
    TravelPlanned = "travel_planned", "Planned travel", true;
    /// A credential was created.
    CredentialCreated = "credential_created", "A new credential", false;
    /// A credential was paused, resumed, renamed, edited or revoked.
    CredentialChanged = "credential_changed", "A credential was changed", false;
    /// A policy, the window of renewal, or 'one brokerage session' was changed.
    PolicyChanged = "policy_changed", "What your sessions may do", true;
    /// A session took trading over from another.
    BrokerageTaken = "brokerage_taken", "Trading was taken over", true;
    /// Sessions end soon unless they are renewed.
    Renewal = "renewal", "Renew your sessions", false;
    /// A lock was set or lifted.
    Lock = "lock", "A lock", false;
}

/// What a notice is about, as far as it can be stopped.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// The browser that did it, or that it was done to.
    pub device: Option<DeviceId>,
    /// The session that did it, or that began.
    pub session: Option<SessionId>,
    /// From where.
    pub address: Option<IpAddr>,
}

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

/// A message to a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// Its id.
    pub id: NoticeId,
    /// To whom.
    pub person: PersonId,
    /// About what.
    pub topic: Topic,
    /// Plain words; no secret and no link.
    pub text: String,
    /// The code, where it tells one; opens with [`Notice::purpose`].
    pub code: Option<SealedSecret>,
    /// What it is about.
    pub subject: Subject,
    /// The mail addresses that it goes to.
    pub mail: Vec<MailAddress>,
    /// When it was written.
    pub at: Time,
}

impl Notice {
    /// What its code is sealed for.
    pub fn purpose(id: NoticeId) -> String {
        format!("notice {id}")
    }
}

/// What is asked about notices.
pub enum Command {
    /// 'This was not me': stops what the notice tells. It may be asked by anyone who may lock, for a
    /// lock does more.
    Disown {
        /// Which, as it was written.
        notice: Box<Notice>,
    },
}

/// What happened to notices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// Put in the outbox.
    Queued(Notice),
    /// Its person said that it was not them.
    Disowned {
        /// Which.
        notice: NoticeId,
        /// When.
        at: Time,
    },
}

impl Event {
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::Queued(_) => "notice.queued",
            Self::Disowned { .. } => "notice.disowned",
        }
    }

    pub(crate) fn text(&self) -> String {
        match self {
            Self::Queued(one) => {
                let to = match one.mail.len() {
                    0 => String::new(),
                    1 => ", to 1 mail address".to_owned(),
                    more => format!(", to {more} mail addresses"),
                };
                format!("Message {} queued{to}", one.topic.name())
            }
            Self::Disowned { notice, .. } => {
                format!("Message {notice} answered 'this was not me'")
            }
        }
    }
}

/// A slice holds no notices.
pub(crate) fn apply(_: &mut Slice, _: &Event) {}

/// What 'this was not me' stopped.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Disowned {
    /// Sessions that it ended.
    pub sessions: u32,
    /// The browsers that it took the trust from.
    pub devices: Vec<Name>,
    /// Sign-ins under way that it dropped.
    pub attempts: u32,
    /// Whether the notice is about the very browser that asks, which stays.
    pub is_asker: bool,
}

impl Disowned {
    /// Which browsers are trusted no longer, in words.
    pub fn untrusted(&self) -> Option<String> {
        let names: Vec<_> = self.devices.iter().map(Name::as_str).collect();
        let verb = if names.len() == 1 { "is" } else { "are" };
        (!names.is_empty()).then(|| format!("{} {verb} no longer trusted", names.join(" and ")))
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
    ground.authorise(slice, Act::Lock)?;
    let person = slice.person.as_ref().map(|person| person.id);
    if person != Some(notice.person) || !notice.topic.can_be_disowned() {
        return Err(Refusal::NotFound { what: "message that can be answered 'not me'" });
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
        events.push(session::Event::Ended { session: one.id, at, reason }.into());
        stopped.sessions += 1;
    }
    for attempt in &slice.attempts {
        events.extend(sign_in::drop_attempt(slice, attempt));
        stopped.attempts += 1;
    }
    let is_held = ground.check_not_held(slice, Act::ManageDevices).is_err();
    for device in slice.devices.iter().filter(|one| devices.contains(&Some(one.id))) {
        // A pending one went with its attempt; a blocked one stays known as blocked.
        let trusted = matches!(device.state, DeviceState::Trusted { .. });
        if trusted && !is_held && Some(device.id) != asker.device {
            events.push(device::Event::Removed { device: device.id }.into());
            stopped.devices.push(device.name.clone());
        }
    }
    let waits = slice.asked_mail();
    let waits = waits.filter(|(_, asked)| !is_held && Some(asked.session) != asker.session);
    events.extend(waits.map(|(one, _)| contact::Event::Removed { contact: one.id }.into()));
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
