//! Sessions of people at the portal: looked up in memory, slid there, ended at once.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use access::binding::ProofFault;
use access::brokerage;
use access::device;
use access::large_order;
use access::person::Person;
use access::policy::{NewNetwork, TRADES};
use access::refusal::SessionRefusal;
use access::session;
use access::token::{self, Kind};
use access::{By, Call, Command, Digest, Event, PersonId, Refusal, SessionId, Slice, Source};
use store::{EndedSession, Key, SessionUse, StoreError};

use crate::Gate;
use crate::admission::Admission;
use crate::ask;
use crate::binding::Shows;
use crate::live::Slot;

mod actor;
mod ended;
mod info;
pub mod layer;
mod record;
pub mod table;
mod ticket;

use ended::Before;
use record::{REMEMBERED, Visitor};
use table::Over;

pub use actor::Actor;
pub(crate) use ended::EndedBefore;
pub use info::SessionInfo;
pub use table::Sessions;
pub use ticket::SessionTicket;

/// Sessions of people, through the gate. Cheap to copy.
#[derive(Clone, Copy)]
pub struct SessionGate<'a> {
    pub(crate) gate: &'a Gate,
}

impl Gate {
    /// Sessions of people, through the gate.
    pub fn sessions(&self) -> SessionGate<'_> {
        SessionGate { gate: self }
    }
}

impl SessionGate<'_> {
    /// The live session of a cookie's token, for a request that shows every key that the session is
    /// bound to; using it slides its idle limit. Memory only.
    pub fn by_token(
        self,
        token: &str,
        address: IpAddr,
        shows: Shows<'_>,
    ) -> Result<SessionTicket, Refusal> {
        self.find_session(token, address, shows, true)
    }

    /// The same for what a browser does by itself, such as coming back to a stream: nobody used it.
    pub fn by_token_unused(
        self,
        token: &str,
        address: IpAddr,
        shows: Shows<'_>,
    ) -> Result<SessionTicket, Refusal> {
        self.find_session(token, address, shows, false)
    }

    fn find_session(
        self,
        token: &str,
        address: IpAddr,
        shows: Shows<'_>,
        is_use: bool,
    ) -> Result<SessionTicket, Refusal> {
        if !token::is_well_formed(Kind::Session, token) {
            return Err(Refusal::Session(SessionRefusal::NotSignedIn));
        }
        let digest = Digest::of(token.as_bytes());
        let now = self.gate.0.people.clock.stamp();
        let people = &self.gate.0.people;
        let source = Source { address: Some(address), ..Source::local() };
        let visitor = Visitor { shows, address, secret: &people.key, is_use };
        match people.sessions.visit(&digest, &visitor, now) {
            None => Err(self.why_not_signed_in(&digest, &source)),
            Some(Ok(ticket)) => Ok(ticket),
            // The browser's own key signs at once, and nobody notices.
            Some(Err(Over {
                refusal:
                    again @ Refusal::Session(SessionRefusal::KeyProofWrong {
                        reason: ProofFault::SessionKey,
                    }),
                ..
            })) => Err(again),
            Some(Err(over)) => {
                let by = By::Session(over.session);
                self.gate.count_refusal(by, &source, &over.owner, &over.refusal);
                Err(over.refusal)
            }
        }
    }

    /// Whether the token is of a session that ended before this start.
    fn why_not_signed_in(self, token: &Digest, source: &Source) -> Refusal {
        let before = self.gate.0.people.before.all().get(token).cloned();
        before.map_or(Refusal::Session(SessionRefusal::NotSignedIn), |one| {
            let refusal =
                Refusal::Session(SessionRefusal::SessionEnded { at: one.at, reason: one.reason });
            self.gate.count_refusal(By::Session(one.session), source, &one.owner, &refusal);
            refusal
        })
    }

    /// Whether what came with a token that nothing binds has to end: its person was proven since, and
    /// the session has another one.
    pub fn is_superseded(self, ticket: &SessionTicket) -> bool {
        let proven_at = || self.gate.0.people.sessions.proven_at(ticket.session);
        !ticket.is_bound() && proven_at() != Some(ticket.proven_at)
    }

    /// The authority of a session, for orders, reads and subscriptions.
    pub fn admit(self, ticket: &SessionTicket) -> Result<Admission, Refusal> {
        let slot = self.gate.0.people.sessions.slot(ticket.session, ticket.account)?;
        // The state first: what narrows meanwhile changes it.
        let state = slot.open_state()?;
        let given = slot.entitlements();
        if !ticket.elsewhere || given.new_network == NewNetwork::Keep {
            return Ok(Admission::new(slot));
        }
        let there = access::Entitlements::clone(&given).moved();
        // For this request alone: others of the session may come from where it was proven.
        Ok(Admission::new(Slot::of_act(there, (slot, state))))
    }

    /// Ends the session that asks.
    pub async fn sign_out(self, ticket: &SessionTicket) -> Result<(), Refusal> {
        let call = ticket.call(Command::Session(session::Command::SignOut));
        self.gate.run_done(Key::Person(ticket.person), &call).await.map(drop)
    }

    /// Ends one session of the person; of anybody, for the operator.
    pub async fn end(self, actor: &Actor, session: SessionId) -> Result<(), Refusal> {
        let unknown = Refusal::not_found("session");
        let person = self.gate.0.people.sessions.person(session).ok_or(unknown)?;
        actor.check_person(person, "session")?;
        let call = actor.call(Command::Session(session::Command::End { session }));
        self.gate.run_done(Key::Person(person), &call).await.map(drop)
    }

    /// Ends all sessions of the person but the one that asks; says how many.
    pub async fn end_others(self, ticket: &SessionTicket) -> Result<u32, Refusal> {
        let key = Key::Person(ticket.person);
        self.gate.ask(key, None, ticket.asker(), ask::end_others()).await
    }

    /// The live sessions of one person, or of everybody for `None`, latest use first.
    pub async fn list(self, person: Option<PersonId>) -> Result<Vec<SessionInfo>, Refusal> {
        let now = self.gate.0.people.clock.stamp();
        let (mut names, mut agents) = (HashMap::new(), HashMap::new());
        let mut list = self.gate.0.people.sessions.list(person, now);
        for one in &mut list {
            if !names.contains_key(&one.device) {
                let slice = self.gate.load(Key::Person(one.person)).await?;
                names.extend(slice.devices.iter().map(|one| (one.id, one.name.to_string())));
                agents.extend(slice.sessions.into_iter().map(|one| (one.id, one.agent)));
            }
            one.agent = agents.remove(&one.id).flatten();
            one.device_name = names.get(&one.device).cloned().unwrap_or_default();
        }
        list.sort_by_key(|one| (std::cmp::Reverse(one.last_use), one.id));
        Ok(list)
    }
}

impl Gate {
    /// Keeps in mind, at a start, why a person's last sessions ended.
    pub(crate) async fn remember_ended(&self, owner: &Person) -> Result<(), StoreError> {
        let people = &self.0.people;
        let since = people.clock.stamp() - REMEMBERED;
        let ended = people.store.sessions_ended_since(owner.id, since).await?;
        people.before.all().extend(ended.into_iter().map(|one| {
            let EndedSession { session, token, at, reason } = one;
            (token, Before { session, owner: owner.clone(), at, reason })
        }));
        Ok(())
    }

    /// Makes the live sessions of a person what their slice says, after the commit.
    pub(crate) fn publish_sessions(&self, slice: &Slice, uses: &[SessionUse]) {
        let Some(person) = &slice.person else { return };
        let uses: HashMap<_, _> = uses.iter().map(|one| (one.session, one)).collect();
        for session in &slice.sessions {
            let given = given(slice, session, false);
            let used = uses.get(&session.id).copied();
            self.0.people.sessions.put(person, session, given, used);
            let from = slice.device(session.device).and_then(device::Device::renews_from);
            let from = from.filter(|from| *from < session.until);
            self.0.people.sessions.renew_from(session.id, from);
        }
    }

    /// Looks at the networks that sessions came to since the last time.
    pub(crate) async fn meet_networks(&self) {
        for (person, session, address) in self.0.people.sessions.moved() {
            self.meet_network(person, session, address).await;
        }
    }

    /// Tells of sessions whose copied cookie was used and refused since the last time.
    pub(crate) async fn tell_copies(&self) {
        for (person, session, address) in self.0.people.sessions.copied() {
            let command = Command::Session(session::Command::Copied { session, address });
            let source = Source { address: Some(address), ..Source::local() };
            let call = Arc::new(Call { by: By::System, source, command });
            if let Err(refusal) = self.run_done(Key::Person(person), &call).await {
                tracing::warn!(%session, %refusal, "a copied session could not be reported");
            }
        }
    }

    /// Ends, on record, sessions that passed a limit; tells of those that end with a window soon; forgets
    /// those that ended long ago; gives the last uses to write back, `all` or those of every half minute.
    pub(crate) async fn expire_sessions(&self, all: bool) -> Vec<SessionUse> {
        let people = &self.0.people;
        let now = people.clock.stamp();
        people.before.all().retain(|_, one| now.since(one.at) < REMEMBERED);
        people.session_keys.sweep(now);
        let sweep = people.sessions.sweep(now, self.wall(), all);
        for (session, person, reason) in sweep.over {
            let command = Command::Session(session::Command::Expire { session, reason });
            let call = Arc::new(Call { by: By::System, source: Source::local(), command });
            if let Err(refusal) = self.run_done(Key::Person(person), &call).await {
                tracing::warn!(%session, %refusal, "an expired session could not be ended");
            }
        }
        if !all {
            self.announce(sweep.near).await;
        }
        sweep.uses
    }
}

/// What a session may do on each of its person's paper accounts, the first one first.
fn given(slice: &Slice, session: &session::Session, fresh: bool) -> Vec<access::Entitlements> {
    let mut mandates: Vec<_> = slice.mandates.iter().collect();
    mandates.sort_by_key(|one| (one.granted_at, one.account));
    let on = |one: &access::mandate::Mandate| {
        slice.session_entitlements(session, one.account, fresh).ok()
    };
    mandates.into_iter().filter_map(on).collect()
}

/// The session that an event ends or strips, in memory, before the commit.
pub(crate) fn narrow(gate: &Gate, event: &Event) -> bool {
    match event {
        Event::Session(session::Event::Ended { session, at, reason }) => {
            gate.0.people.sessions.end(*session, *at, *reason);
            gate.0.people.session_keys.forget(*session);
            true
        }
        Event::Session(session::Event::KeptForReceipt { session, lock }) => {
            gate.0.people.sessions.keep_for_receipt(*session, *lock);
            gate.0.people.session_keys.forget(*session);
            true
        }
        // What the old key vouched for goes with it; its authority does not.
        Event::Session(session::Event::Keyed { session, .. }) => {
            gate.0.people.session_keys.forget(*session);
            false
        }
        // What they take is published with the commit, and fenced behind it.
        Event::Policy(_)
        | Event::LargeOrder(large_order::Event::Set { .. })
        | Event::Session(session::Event::Limited { .. }) => true,
        Event::Brokerage(brokerage::Event::Held(one)) => {
            if one.holder.is_some() {
                gate.0.people.sessions.narrow_others(one.person, one.holder, TRADES);
            }
            true
        }
        Event::Device(device::Event::RoleSet { device, role }) => {
            gate.0.people.sessions.narrow_device(*device, role.acts());
            true
        }
        _ => false,
    }
}
