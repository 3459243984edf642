//! Sessions of people at the portal: looked up in memory, slid there, ended at once.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock};

use access::entitlements::{Act, Acts};
use access::person::Person;
use access::session::{self, Session, SessionEnd};
use access::token::{self, Kind};
use access::{
    Answer, By, Call, Command, DeviceId, Digest, Entitlements, Event, LockId, PaperAccountId,
    PersonId, Refusal, SessionId, Slice, Source, Span, Time,
};
use store::{EndedSession, Key, SessionUse, StoreError};

use crate::Gate;
use crate::admission::Admission;
use crate::command::odd_answer;
use crate::live::{DigestHasher, Slot};

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
    slot: Arc<Slot>,
}

impl SessionTicket {
    /// What it may do right now.
    pub fn entitlements(&self) -> Arc<Entitlements> {
        self.slot.entitlements()
    }

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

/// The live sessions by the digest of their token, with what changes at each request.
#[derive(Default)]
pub(crate) struct Sessions {
    open: RwLock<HashMap<Digest, Arc<Open>, BuildHasherDefault<DigestHasher>>>,
    /// Those that ended before this start, so that their browsers are told why.
    before: Mutex<HashMap<Digest, Before, BuildHasherDefault<DigestHasher>>>,
}

/// A session that ended before this start.
#[derive(Clone)]
struct Before {
    session: SessionId,
    owner: Person,
    at: Time,
    reason: SessionEnd,
}

/// One live session.
struct Open {
    session: Session,
    owner: Person,
    username: Arc<str>,
    slot: Arc<Slot>,
    receipt: OnceLock<LockId>,
    used: Mutex<Used>,
}

#[derive(Clone, Copy)]
struct Used {
    at: Time,
    address: Option<IpAddr>,
    written: Time,
}

impl Open {
    fn used(&self) -> Used {
        *self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Checks its limits; a use slides the idle one. Gives the time of the last use.
    fn touch(&self, address: IpAddr, now: Time, is_use: bool) -> Result<Time, Refusal> {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        self.check_limits(used.at, now)?;
        if is_use {
            (used.at, used.address) = (now, Some(address));
        }
        Ok(used.at)
    }

    /// Why it is over by its limits.
    fn check_limits(&self, used: Time, now: Time) -> Result<(), Refusal> {
        let idle_until = used + self.session.idle;
        if now >= self.session.until {
            let (at, reason) = (self.session.until, SessionEnd::Absolute);
            return Err(Refusal::SessionEnded { at, reason });
        }
        if now >= idle_until {
            return Err(Refusal::SessionEnded { at: idle_until, reason: SessionEnd::Idle });
        }
        Ok(())
    }
}

impl Sessions {
    fn all(&self) -> Vec<Arc<Open>> {
        self.open.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    fn find(&self, token: &Digest) -> Option<Arc<Open>> {
        self.open.read().unwrap_or_else(PoisonError::into_inner).get(token).cloned()
    }

    fn put(&self, open: Open) {
        let mut sessions = self.open.write().unwrap_or_else(PoisonError::into_inner);
        sessions.insert(open.session.token, Arc::new(open));
    }

    fn forget(&self, token: &Digest) {
        self.open.write().unwrap_or_else(PoisonError::into_inner).remove(token);
    }

    fn before(&self) -> MutexGuard<'_, HashMap<Digest, Before, BuildHasherDefault<DigestHasher>>> {
        self.before.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Gate {
    /// The live session of a cookie's token; using it slides its idle limit. Memory only.
    pub fn session(&self, token: &str, address: IpAddr) -> Result<SessionTicket, Refusal> {
        self.find_session(token, address, true)
    }

    /// The same for what a browser does by itself, such as coming back to a stream: nobody used it.
    pub fn session_unused(&self, token: &str, address: IpAddr) -> Result<SessionTicket, Refusal> {
        self.find_session(token, address, false)
    }

    fn find_session(
        &self,
        token: &str,
        address: IpAddr,
        is_use: bool,
    ) -> Result<SessionTicket, Refusal> {
        if !token::is_well_formed(Kind::Session, token) {
            return Err(Refusal::NotSignedIn);
        }
        let digest = Digest::of(token.as_bytes());
        let source = Source { address: Some(address), ..Source::local() };
        let Some(open) = self.0.people.sessions.find(&digest) else {
            return Err(self.why_not_signed_in(&digest, &source));
        };
        let now = self.0.people.clock.now();
        let touched = open.slot.check_open().and_then(|()| open.touch(address, now, is_use));
        let used = touched.inspect_err(|refusal| {
            self.count_refusal(By::Session(open.session.id), &source, &open.owner, refusal);
        })?;
        let acts = open.slot.entitlements().acts;
        Ok(SessionTicket {
            session: open.session.id,
            person: open.session.person,
            username: Arc::clone(&open.username),
            account: open.slot.account,
            device: open.session.device,
            address,
            since: open.session.started_at,
            idle_until: used + open.session.idle,
            until: open.session.until,
            enrolling: acts == Acts::of(&[Act::ManageAuthenticators]),
            receipt: open.receipt.get().copied(),
            slot: Arc::clone(&open.slot),
        })
    }

    /// Whether the token is of a session that ended before this start.
    fn why_not_signed_in(&self, token: &Digest, source: &Source) -> Refusal {
        let before = self.0.people.sessions.before().get(token).cloned();
        before.map_or(Refusal::NotSignedIn, |one| {
            let refusal = Refusal::SessionEnded { at: one.at, reason: one.reason };
            self.count_refusal(By::Session(one.session), source, &one.owner, &refusal);
            refusal
        })
    }

    /// Keeps in mind, at a start, why a person's last sessions ended.
    pub(crate) async fn remember_ended(&self, owner: &Person) -> Result<(), StoreError> {
        let people = &self.0.people;
        let since = people.clock.now() - REMEMBERED;
        let ended = people.store.sessions_ended_since(owner.id, since).await?;
        people.sessions.before().extend(ended.into_iter().map(|one| {
            let EndedSession { session, token, at, reason } = one;
            (token, Before { session, owner: owner.clone(), at, reason })
        }));
        Ok(())
    }

    /// The authority of a session, for orders, reads and subscriptions.
    pub fn admit_session(&self, ticket: &SessionTicket) -> Result<Admission, Refusal> {
        ticket.slot.check_open()?;
        Ok(Admission::new(Arc::clone(&ticket.slot)))
    }

    /// Ends the session that asks.
    pub async fn sign_out(&self, ticket: &SessionTicket) -> Result<(), Refusal> {
        let call = ticket.call(Command::Session(session::Command::SignOut));
        self.run_done(Key::Person(ticket.person), &call).await.map(drop)
    }

    /// Ends one session of the person; of anybody, for the operator.
    pub async fn end_session(&self, actor: &Actor, session: SessionId) -> Result<(), Refusal> {
        let unknown = Refusal::NotFound { what: "session" };
        let person = self.person_of_session(session).ok_or(unknown)?;
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
        let mut list = Vec::new();
        for open in self.0.people.sessions.all() {
            let (session, used) = (&open.session, open.used());
            let over = !open.slot.is_open() || open.check_limits(used.at, now).is_err();
            if over || person.is_some_and(|person| person != session.person) {
                continue;
            }
            if !names.contains_key(&session.device) {
                let slice = self.load(Key::Person(session.person)).await?;
                names.extend(slice.devices.iter().map(|one| (one.id, one.name.to_string())));
            }
            list.push(SessionInfo {
                id: session.id,
                person: session.person,
                username: open.username.to_string(),
                device: session.device,
                device_name: names.get(&session.device).cloned().unwrap_or_default(),
                address: used.address,
                since: session.started_at,
                last_use: used.at,
                idle_until: used.at + session.idle,
                until: session.until,
                methods: session.methods.clone(),
            });
        }
        list.sort_by_key(|one| (std::cmp::Reverse(one.last_use), one.id));
        Ok(list)
    }

    fn person_of_session(&self, session: SessionId) -> Option<PersonId> {
        let slot = self.0.live.session(session)?;
        slot.is_open().then_some(slot.person)
    }

    /// Takes every act from a session that keeps a receipt alone, before the commit.
    pub(crate) fn keep_for_receipt(&self, session: SessionId, lock: LockId) {
        let Some(open) =
            self.0.people.sessions.all().into_iter().find(|one| one.session.id == session)
        else {
            return;
        };
        open.slot.set(Entitlements { acts: Acts::NONE, ..(*open.slot.entitlements()).clone() });
        open.receipt.set(lock).ok(); // the first one stays
    }

    /// Makes the live sessions of a person what their slice says, after the commit.
    pub(crate) fn publish_sessions(&self, slice: &Slice, uses: &[SessionUse]) {
        let people = &self.0.people;
        let Some(person) = &slice.person else { return };
        for session in &slice.sessions {
            let Ok(entitlements) = slice.session_entitlements(session) else { continue };
            if let Some(open) = people.sessions.find(&session.token) {
                if *open.slot.entitlements() != entitlements {
                    open.slot.set(entitlements);
                }
                continue;
            }
            let slot = Slot::new(entitlements, None);
            self.0.live.open_session(session.id, session.token, Arc::clone(&slot));
            let seen = uses.iter().find(|one| one.session == session.id);
            people.sessions.put(Open {
                owner: person.clone(),
                username: person.username.as_str().into(),
                slot,
                receipt: session.receipt.map_or_else(OnceLock::new, OnceLock::from),
                used: Mutex::new(Used {
                    at: seen.map_or(session.started_at, |one| one.at),
                    address: seen.map_or(session.address, |one| one.address),
                    written: session.started_at,
                }),
                session: session.clone(),
            });
        }
    }

    /// Ends, on record, sessions that passed a limit; forgets those that ended long ago; gives
    /// the last uses to write back, `all` or those that have waited for half a minute.
    pub(crate) async fn expire_sessions(&self, all: bool) -> Vec<SessionUse> {
        let people = &self.0.people;
        let now = people.clock.now();
        people.sessions.before().retain(|_, one| now.since(one.at) < REMEMBERED);
        let mut uses = Vec::new();
        for open in people.sessions.all() {
            let used = open.used();
            if !open.slot.is_open() {
                let ended = match open.slot.end_reason() {
                    Some(Refusal::SessionEnded { at, .. }) => at,
                    _ => now,
                };
                if now.since(ended) >= REMEMBERED {
                    people.sessions.forget(&open.session.token);
                    self.0.live.forget_session(open.session.id);
                }
            } else if let Err(Refusal::SessionEnded { reason, .. }) =
                open.check_limits(used.at, now)
            {
                let session = open.session.id;
                let command = session::Command::Expire { session, reason };
                let command = Command::Session(command);
                let call = Arc::new(Call { by: By::System, source: Source::local(), command });
                if let Err(refusal) = self.run_done(Key::Person(open.session.person), &call).await {
                    tracing::warn!(%session, %refusal, "a session that is over could not be ended");
                }
            } else if used.at > used.written && (all || now.since(used.written) >= WRITE_BACK) {
                let session = open.session.id;
                uses.push(SessionUse { session, at: used.at, address: used.address });
                open.used.lock().unwrap_or_else(PoisonError::into_inner).written = now;
            }
        }
        uses
    }
}

/// The session that an event ends or strips, in memory, before the commit.
pub(crate) fn narrow(gate: &Gate, event: &Event) -> bool {
    match event {
        Event::Session(session::Event::Ended { session, at, reason }) => {
            if let Some(slot) = gate.0.live.session(*session) {
                slot.end(Refusal::SessionEnded { at: *at, reason: *reason });
            }
            true
        }
        Event::Session(session::Event::KeptForReceipt { session, lock }) => {
            gate.keep_for_receipt(*session, *lock);
            true
        }
        _ => false,
    }
}
