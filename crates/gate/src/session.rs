//! Sessions of people at the portal: looked up in memory, slid there, ended at once.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use access::session;
use access::token::{self, Kind};
use access::{
    Answer, By, Call, Command, DeviceId, Digest, Event, LockId, PaperAccountId, PersonId, Refusal,
    SessionId, Slice, Source, Span, Time,
};
use store::{Key, SessionUse};

use crate::Gate;
use crate::admission::Admission;
use crate::command::odd_answer;

mod index;
pub mod table;

pub use table::Sessions;

/// How long a session that ended can still be told why.
const REMEMBERED: Span = Span::hours(1);
/// How often a session's use is written back at most.
const WRITE_BACK: Span = Span::seconds(30);

/// Who does an act at the portal or at the operator's door.
#[derive(Debug, Clone)]
pub enum Actor {
    /// A signed-in person.
    Session(SessionTicket),
    /// Whoever may open the control socket.
    Operator {
        /// The peer's user id, as the system tells.
        uid: u32,
    },
}

impl Actor {
    /// Who it is, for a decision.
    pub fn by(&self) -> By {
        match self {
            Self::Session(ticket) => By::Session(ticket.session),
            Self::Operator { uid } => By::Operator { uid: *uid },
        }
    }

    /// From where.
    pub fn source(&self) -> Source {
        match self {
            Self::Session(ticket) => ticket.source(),
            Self::Operator { .. } => Source::local(),
        }
    }

    pub(crate) fn call(&self, command: Command) -> Arc<Call> {
        Arc::new(Call { by: self.by(), source: self.source(), command })
    }

    /// Whether the actor may see what belongs to `person`: the operator, or that person.
    pub(crate) fn check_person(&self, person: PersonId, what: &'static str) -> Result<(), Refusal> {
        match self {
            Self::Session(ticket) if ticket.person != person => Err(Refusal::NotFound { what }),
            Self::Session(_) | Self::Operator { .. } => Ok(()),
        }
    }
}

/// A session that was alive when it was looked up, for one request. Only the gate makes one.
#[derive(Clone)]
pub struct SessionTicket {
    /// The session.
    pub session: SessionId,
    /// Whose it is.
    pub person: PersonId,
    /// The name that the person signs in with.
    pub username: Arc<str>,
    /// The account that it sees.
    pub account: PaperAccountId,
    /// The browser that it was begun in.
    pub device: DeviceId,
    /// Where this request comes from.
    pub address: IpAddr,
    /// When it began.
    pub since: Time,
    /// When it ends unless used before.
    pub idle_until: Time,
    /// When it ends in any case.
    pub until: Time,
    /// It was begun by an enrolment link and may only set up how its person signs in.
    pub enrolling: bool,
    /// It locked everything and keeps this lock's receipt alone.
    pub receipt: Option<LockId>,
}

impl SessionTicket {
    fn source(&self) -> Source {
        Source { address: Some(self.address), ..Source::local() }
    }

    pub(crate) fn call(&self, command: Command) -> Arc<Call> {
        Arc::new(Call { by: By::Session(self.session), source: self.source(), command })
    }
}

impl std::fmt::Debug for SessionTicket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SessionTicket").field("session", &self.session).finish_non_exhaustive()
    }
}

/// A session as pages list it.
#[derive(Debug, Clone)]
pub struct SessionInfo {
    /// The session.
    pub id: SessionId,
    /// Whose it is.
    pub person: PersonId,
    /// The name that the person signs in with.
    pub username: String,
    /// The browser that it was begun in.
    pub device: DeviceId,
    /// That browser's name.
    pub device_name: String,
    /// Where it was used last.
    pub address: Option<IpAddr>,
    /// When it began.
    pub since: Time,
    /// When it was used last.
    pub last_use: Time,
    /// When it ends unless used before.
    pub idle_until: Time,
    /// When it ends in any case.
    pub until: Time,
    /// How its person was proven.
    pub methods: Vec<session::Method>,
}

impl Gate {
    /// The live session of a cookie's token; using it slides its idle limit. Memory only.
    pub fn session(&self, token: &str, address: IpAddr) -> Result<SessionTicket, Refusal> {
        if !token::is_well_formed(Kind::Session, token) {
            return Err(Refusal::NotSignedIn);
        }
        let digest = Digest::of(token.as_bytes());
        let now = self.0.people.clock.now();
        match self.0.people.sessions.visit(&digest, address, now) {
            None => Err(Refusal::NotSignedIn),
            Some(Ok(ticket)) => Ok(ticket),
            Some(Err(over)) => {
                let by = By::Session(over.session);
                let source = Source { address: Some(address), ..Source::local() };
                self.count_refusal(by, &source, &over.owner, &over.refusal);
                Err(over.refusal)
            }
        }
    }

    /// The authority of a session, for orders, reads and subscriptions.
    pub fn admit_session(&self, ticket: &SessionTicket) -> Result<Admission, Refusal> {
        self.0.people.sessions.slot(ticket.session).map(Admission::new)
    }

    /// Ends the session that asks.
    pub async fn sign_out(&self, ticket: &SessionTicket) -> Result<(), Refusal> {
        let call = ticket.call(Command::Session(session::Command::SignOut));
        self.run_done(Key::Person(ticket.person), &call).await.map(drop)
    }

    /// Ends one session of the person; of anybody, for the operator.
    pub async fn end_session(&self, actor: &Actor, session: SessionId) -> Result<(), Refusal> {
        let unknown = Refusal::NotFound { what: "session" };
        let person = self.0.people.sessions.person(session).ok_or(unknown)?;
        actor.check_person(person, "session")?;
        let call = actor.call(Command::Session(session::Command::End { session }));
        self.run_done(Key::Person(person), &call).await.map(drop)
    }

    /// Ends all sessions of the person but the one that asks; says how many.
    pub async fn end_other_sessions(&self, ticket: &SessionTicket) -> Result<u32, Refusal> {
        let call = ticket.call(Command::Session(session::Command::EndOthers));
        match self.run(Key::Person(ticket.person), None, &call).await?.answer {
            Answer::SessionsEnded { count } => Ok(count),
            _ => Err(odd_answer(call.by)),
        }
    }

    /// The live sessions of one person, or of everybody for `None`, latest use first.
    pub async fn sessions(&self, person: Option<PersonId>) -> Result<Vec<SessionInfo>, Refusal> {
        let now = self.0.people.clock.now();
        let mut names = HashMap::new();
        let mut list = self.0.people.sessions.list(person, now);
        for one in &mut list {
            if !names.contains_key(&one.device) {
                let slice = self.load(Key::Person(one.person)).await?;
                names.extend(slice.devices.iter().map(|one| (one.id, one.name.to_string())));
            }
            one.device_name = names.get(&one.device).cloned().unwrap_or_default();
        }
        list.sort_by_key(|one| (std::cmp::Reverse(one.last_use), one.id));
        Ok(list)
    }

    /// Makes the live sessions of a person what their slice says, after the commit.
    pub(crate) fn publish_sessions(&self, slice: &Slice, uses: &[SessionUse]) {
        let Some(person) = &slice.person else { return };
        let uses: HashMap<_, _> = uses.iter().map(|one| (one.session, one)).collect();
        for session in &slice.sessions {
            let Ok(entitlements) = slice.session_entitlements(session) else { continue };
            let used = uses.get(&session.id).copied();
            self.0.people.sessions.put(person, session, entitlements, used);
        }
    }

    /// Ends, on record, sessions that passed a limit; forgets those that ended long ago; gives
    /// the last uses to write back, `all` or those of every half minute.
    pub(crate) async fn expire_sessions(&self, all: bool) -> Vec<SessionUse> {
        let people = &self.0.people;
        let sweep = people.sessions.sweep(people.clock.now(), all);
        for (session, person, reason) in sweep.over {
            let command = Command::Session(session::Command::Expire { session, reason });
            let call = Arc::new(Call { by: By::System, source: Source::local(), command });
            if let Err(refusal) = self.run_done(Key::Person(person), &call).await {
                tracing::warn!(%session, %refusal, "a session that is over could not be ended");
            }
        }
        sweep.uses
    }
}

/// The session that an event ends or strips, in memory, before the commit.
pub(crate) fn narrow(gate: &Gate, event: &Event) -> bool {
    match event {
        Event::Session(session::Event::Ended { session, at, reason }) => {
            gate.0.people.sessions.end(*session, *at, *reason);
            true
        }
        Event::Session(session::Event::KeptForReceipt { session, lock }) => {
            gate.0.people.sessions.keep_for_receipt(*session, *lock);
            true
        }
        _ => false,
    }
}
