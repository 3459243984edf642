//! API credentials: what programs hold, and the listeners that answer for them.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use access::credential::{self, Credential, Door, LastUse, PORT_REST, free_port};
use access::name::Username;
use access::refusal::{AuthorityRefusal, CredentialRefusal, ServerRefusal};
use access::{
    By, Call, Command, CredentialId, Entitlements, Event, Grade, Holder, PaperAccountId, PersonId,
    Refusal, Scopes, Secret, Slice, Source, Span, Time,
};
use store::{CredentialUse, CredentialsOf, Key};
use tokio::sync::watch;
use trade::journal::Cause;

use crate::Gate;
use crate::admission::Admission;
use crate::ask;
use crate::command::{Boxed, to_the_end};
use crate::connection::{Connected, shown};
use crate::live::Tokens;
use crate::lock;
use crate::registry::store_failed;
use crate::session::Actor;
use crate::usage::Usage;

mod giver;
mod listeners;
mod named;

pub use listeners::{Listener, ListenerState, Listeners};

/// Ports that a new credential gets when its maker names none.
const PORTS: (u16, u16) = (7500, 7999);

/// What a new credential is to be.
#[derive(Debug, Clone)]
pub struct NewCredential {
    /// Its name, unique among the live ones of the account: 1 to 64 bytes.
    pub name: String,
    /// Its accounts: one, or several that it is for by name.
    pub accounts: Vec<PaperAccountId>,
    /// What it is narrowed to; never more than its maker has.
    pub scopes: Scopes,
    /// Whether its clients have to show a token; none is the server's default.
    pub token_required: Option<bool>,
    /// The way in by which it is to be used.
    pub door: DoorWish,
}

/// The way in that a new credential is to have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DoorWish {
    /// A socket of its own.
    Socket {
        /// Its port, 1024 or above; none takes the next free one from 7500 on.
        port: Option<u16>,
    },
    /// The HTTP API, where there is one.
    Api,
}

/// A credential that was just made.
pub struct Created {
    /// The credential.
    pub credential: CredentialId,
    /// Its token, when its clients have to show one: shown this once.
    pub token: Option<Secret>,
    /// The way in by which it is used.
    pub door: Door,
}

/// A new token of a credential.
pub struct Rotated {
    /// The token: shown this once.
    pub token: Secret,
    /// Until when the one before works.
    pub until: Time,
}

/// A credential as pages list it.
#[derive(Debug, Clone)]
pub struct CredentialInfo {
    /// What is stored of it.
    pub credential: Credential,
    /// The user name of the person whose program it is.
    pub username: Username,
    /// What it may do right now on the first of its accounts where it may do something; why nothing.
    pub entitlements: Result<Entitlements, Refusal>,
    /// When, from where and by what it was used last.
    pub last_use: Option<LastUse>,
    /// Where it is listened for, once a door does.
    pub listening: Option<SocketAddr>,
    /// The programs that are connected by it now.
    pub connections: Vec<Connected>,
    /// What it did since midnight, UTC.
    pub today: Usage,
    /// Its orders that rest.
    pub open_orders: usize,
    /// Whether all its accounts are closed: then it can look and no more.
    pub closed: bool,
}

impl CredentialInfo {
    /// The way in that programs take: of a socket the port where it listens, which may be another than its
    /// own when the server was told so.
    pub fn door(&self) -> Door {
        match self.credential.door {
            Door::Socket { port } => {
                Door::Socket { port: self.listening.map_or(port, |bound| bound.port()) }
            }
            Door::Api => Door::Api,
        }
    }
}

/// What a revocation came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revocation {
    /// Which credential.
    pub credential: CredentialId,
    /// How many of its orders were cancelled.
    pub cancelled: usize,
}

/// How long the maker of a credential waits for its port to open.
const OPENS: Duration = Duration::from_secs(1);

/// Credentials of programs, through the gate. Cheap to copy.
#[derive(Clone, Copy)]
pub struct CredentialGate<'a> {
    gate: &'a Gate,
}

impl Gate {
    /// Credentials of programs, through the gate.
    pub fn credentials(&self) -> CredentialGate<'_> {
        CredentialGate { gate: self }
    }
}

impl CredentialGate<'_> {
    /// The listeners as they should be now, and every change of them.
    pub fn listeners(self) -> watch::Receiver<Listeners> {
        self.gate.0.people.listeners.subscribe()
    }

    /// Says where a door listens for a credential. A port that is not the credential's own goes on
    /// record, for the record names the other one.
    pub fn listening(self, credential: CredentialId, bound: SocketAddr) {
        let other_port = self.gate.0.people.listeners.borrow().iter().find_map(|listener| {
            let is_other = listener.credential == credential && listener.port != bound.port();
            is_other.then(|| (listener.name.clone(), listener.port))
        });
        if let Some((name, port)) = other_port {
            let text = format!(
                "Credential {credential} ({name}) listens on port {} in this run; {port} is assigned to it",
                bound.port()
            );
            let gate = self.gate.clone();
            tokio::spawn(async move { gate.credentials().record_port(credential, text).await });
        }
        self.gate.0.people.listeners.send_modify(|listeners| {
            for one in
                Arc::make_mut(listeners).iter_mut().filter(|one| one.credential == credential)
            {
                one.bound = Some(bound);
            }
        });
    }

    async fn record_port(self, credential: CredentialId, text: String) {
        let kind = "credential.listening".to_owned();
        let command = Command::Evidence(access::evidence::Command::Note { kind, text });
        let call = Call { by: By::System, source: Source::local(), command };
        let recorded = self.gate.run_done(Key::Credential(credential), &Arc::new(call)).await;
        if let Err(error) = recorded {
            tracing::warn!(%error, "the port of a credential could not be recorded");
        }
    }

    /// Notes a use, to be written back in a batch.
    pub fn used(self, admission: &Admission, address: IpAddr, client: &str) {
        let Holder::Credential(id) = admission.holder() else { return };
        let client = client.chars().filter(|c| !c.is_control()).take(64).collect();
        let at = self.gate.0.people.clock.stamp();
        self.gate.0.people.uses().insert(id, LastUse { at, address, client });
    }

    /// The credentials of one account, or all for `None`, revoked ones too; by name, live first.
    pub async fn list(
        self,
        account: Option<PaperAccountId>,
    ) -> Result<Vec<CredentialInfo>, Refusal> {
        let which = account.map_or(CredentialsOf::Anybody, CredentialsOf::Account);
        let holders = Box::pin(self.gate.credential_holders(which)).await;
        let holders = holders.map_err(|error| store_failed(&error))?;
        let mut list = self.credentials_of(&holders).await?;
        list.retain(|one| account.is_none_or(|account| one.credential.is_on(account)));
        list.sort_by(|one, two| {
            let key = |info: &CredentialInfo| info.credential.revoked.map(|revoked| revoked.at);
            (key(one), &one.credential.name).cmp(&(key(two), &two.credential.name))
        });
        Ok(list)
    }

    /// The credentials of some people, with what is known of each beside its row.
    async fn credentials_of(self, people: &[Slice]) -> Result<Vec<CredentialInfo>, Refusal> {
        let recent = self.gate.0.people.uses().clone();
        let bound = Arc::clone(&self.gate.0.people.listeners.borrow());
        let (usages, open) = (self.gate.usages().await, self.gate.open_orders_of());
        let is_closed = |account| self.gate.paper_accounts().closed(account).is_some();
        let mut list = Vec::new();
        for slice in people {
            let Some(person) = &slice.person else { continue };
            let written = Box::pin(self.gate.uses_if_there(person.id)).await;
            let written = written.map_err(|error| store_failed(&error))?;
            for credential in &slice.credentials {
                list.push(CredentialInfo {
                    entitlements: credential.entitlements(slice),
                    last_use: recent
                        .get(&credential.id)
                        .or_else(|| {
                            let same = |used: &&CredentialUse| used.credential == credential.id;
                            written.iter().find(same).map(|used| &used.last)
                        })
                        .map(|last| LastUse { client: shown(&last.client), ..last.clone() }),
                    listening: bound
                        .iter()
                        .find(|one| one.credential == credential.id)
                        .and_then(|one| one.bound),
                    connections: self.gate.0.people.connections.of(credential.id),
                    today: usages.get(&credential.id).copied().unwrap_or_default(),
                    open_orders: open.get(&credential.id).copied().unwrap_or(0),
                    closed: credential.accounts().all(is_closed),
                    username: person.username.clone(),
                    credential: credential.clone(),
                });
            }
        }
        Ok(list)
    }

    /// What the program calls itself that last used each credential of an account; nothing where none did.
    pub async fn clients(
        self,
        account: PaperAccountId,
    ) -> Result<BTreeMap<CredentialId, String>, Refusal> {
        let written = self.gate.0.people.store.credential_clients(account).await;
        let written = written.map_err(|error| store_failed(&error))?;
        let mut clients: BTreeMap<_, _> = written.into_iter().collect();
        let recent = self.gate.0.people.uses();
        for (id, last) in recent.iter() {
            if let Some(client) = clients.get_mut(id) {
                client.clone_from(&last.client);
            }
        }
        drop(recent);
        for client in clients.values_mut() {
            *client = shown(client);
        }
        Ok(clients)
    }

    /// Makes a credential; the listener of a socket is open when this returns and its door keeps up. One that the
    /// operator makes is the program of whoever can give it first.
    pub async fn create(self, actor: &Actor, new: NewCredential) -> Result<Created, Refusal> {
        self.create_for(actor, new, None).await
    }

    /// The same as the program of the person of this user name, where the operator makes it.
    pub async fn create_for(
        self,
        actor: &Actor,
        new: NewCredential,
        username: Option<&str>,
    ) -> Result<Created, Refusal> {
        let by_default = self.gate.config().token_required_by_default;
        let (door, asks_token) = match new.door {
            DoorWish::Socket { port } => {
                (Door::Socket { port: self.free_port(port).await? }, by_default)
            }
            DoorWish::Api => (Door::Api, true),
        };
        let key = match actor {
            Actor::Session(ticket) => Key::Person(ticket.person),
            Actor::Operator { .. } => self.key_of_giver(&new, username).await?,
        };
        self.check_name(&new.name, &new.accounts, None).await?;
        let create = ask::create_credential(credential::NewCredential {
            name: new.name,
            accounts: new.accounts,
            scopes: new.scopes,
            with_token: new.token_required.unwrap_or(asks_token),
            door,
            serves_api: self.gate.front_door().serves_api(),
        });
        let (credential, token, door) = self.gate.ask(key, None, actor.asker(), create).await?;
        let door = match door {
            Door::Socket { port } => {
                Door::Socket { port: self.opened(credential).await.unwrap_or(port) }
            }
            Door::Api => Door::Api,
        };
        Ok(Created { credential, token, door })
    }

    /// The port that was asked for, or the next free one.
    async fn free_port(self, wanted: Option<u16>) -> Result<u16, Refusal> {
        let people = &self.gate.0.people;
        let now = people.clock.stamp();
        let taken = people.store.taken_ports(now).await.map_err(|error| store_failed(&error))?;
        let Some(port) = wanted else { return free_port(PORTS.0, PORTS.1, &taken, now) };
        free_port(port, port, &taken, now).map_err(|_| {
            let last = taken.iter().find(|one| one.port == port);
            let revoked_at = last.and_then(|one| one.revoked_at);
            let until = revoked_at.map_or(Time::FAR, |at| at + PORT_REST);
            Refusal::Credential(CredentialRefusal::PortTaken { port, until })
        })
    }

    /// Where the door has opened for a new credential; none where there is no door, or it is slow.
    async fn opened(self, credential: CredentialId) -> Option<u16> {
        let mut listeners = self.listeners();
        listeners.borrow().iter().find(|one| one.bound.is_some())?;
        let bound = |all: &Listeners| {
            let one = all.iter().find(|one| one.credential == credential)?;
            one.bound.map(|bound| bound.port())
        };
        let opens = listeners.wait_for(|all| bound(all).is_some());
        let all = tokio::time::timeout(OPENS, opens).await.ok()?.ok()?;
        bound(&all)
    }

    /// Ends a credential. When this returns nothing later is stamped for it, its connections are
    /// told, and its resting orders are cancelled if asked; a stop in between is made good at the
    /// next start. A second time cancels what still rests, if asked, and is refused when nothing
    /// does.
    pub async fn revoke(
        self,
        actor: &Actor,
        credential: CredentialId,
        cancel_orders: bool,
    ) -> Result<Revocation, Refusal> {
        let command = credential::Command::Revoke { credential, cancel_orders };
        self.cut_to_the_end(actor, credential, command, cancel_orders).await
    }

    /// Pauses a credential: the same as a revocation, until it is resumed.
    pub async fn pause(
        self,
        actor: &Actor,
        credential: CredentialId,
        cancel_orders: bool,
    ) -> Result<Revocation, Refusal> {
        let command = credential::Command::Pause { credential, cancel_orders };
        self.cut_to_the_end(actor, credential, command, cancel_orders).await
    }

    fn cut_to_the_end(
        self,
        actor: &Actor,
        credential: CredentialId,
        command: credential::Command,
        cancel_orders: bool,
    ) -> Boxed<'static, Result<Revocation, Refusal>> {
        let (gate, actor) = (self.gate.clone(), actor.clone());
        let work = async move {
            let command = Command::Credential(command);
            gate.credentials().cut_and_cancel(&actor, credential, command, cancel_orders).await
        };
        Box::pin(to_the_end(work))
    }

    async fn cut_and_cancel(
        self,
        actor: &Actor,
        credential: CredentialId,
        command: Command,
        cancel_orders: bool,
    ) -> Result<Revocation, Refusal> {
        let (slice, known) = self.gate.load_to_cut(Key::Credential(credential), &[]).await?;
        let person = slice.person.as_ref().ok_or(CredentialRefusal::CredentialUnknown)?.id;
        actor.check_person(person, "credential")?;
        let found = slice.credential(credential).ok_or(CredentialRefusal::CredentialUnknown)?;
        let accounts: Vec<_> = found.accounts().collect();
        let of = Some(Holder::Credential(credential));
        let (key, loaded) = (Key::Person(person), (!known).then_some(slice));
        let owed = match self.gate.run(key, loaded, &actor.call(command)).await {
            Ok(_) => None,
            // The orders go all the same: their journal has room of its own.
            Err(owed @ Refusal::Server(ServerRefusal::NotOnRecord { .. })) => Some(owed),
            // Who hears this was allowed to cut.
            Err(Refusal::Credential(
                CredentialRefusal::CredentialRevoked { .. }
                | CredentialRefusal::CredentialPaused { .. },
            )) if cancel_orders && accounts.iter().any(|one| self.gate.rests(*one, of)) => None,
            Err(refusal) => return Err(refusal),
        };
        let cancelled = if cancel_orders {
            match self.gate.cancel_all_of(&accounts, credential, lock::holder(actor)).await {
                // The cut holds, which comes first; the next start cancels what rests.
                Err(_) if owed.is_some() => 0,
                cancelled => cancelled?,
            }
        } else {
            0
        };
        owed.map_or(Ok(Revocation { credential, cancelled }), Err)
    }

    /// A credential with its person, for an actor who may see it.
    async fn load_credential(
        self,
        actor: &Actor,
        credential: CredentialId,
    ) -> Result<(Slice, PersonId), Refusal> {
        let slice = self.gate.load(Key::Credential(credential)).await?;
        let person = slice.person.as_ref().ok_or(CredentialRefusal::CredentialUnknown)?.id;
        actor.check_person(person, "credential")?;
        Ok((slice, person))
    }

    /// Ends the pause of a credential; programs are let in again when this returns.
    pub async fn resume(self, actor: &Actor, credential: CredentialId) -> Result<(), Refusal> {
        self.change_credential(actor, credential, credential::Command::Resume { credential }).await
    }

    /// Gives a credential a new token. What came by the one before goes on for `grace`, a day at most.
    pub async fn rotate(
        self,
        actor: &Actor,
        credential: CredentialId,
        grace: Span,
    ) -> Result<Rotated, Refusal> {
        let (slice, person) = self.load_credential(actor, credential).await?;
        let rotate = ask::rotate(credential::Command::Rotate { credential, grace });
        let (key, asker) = (Key::Person(person), actor.asker());
        let (token, until) = self.gate.ask(key, Some(slice), asker, rotate).await?;
        Ok(Rotated { token, until })
    }

    /// Gives a credential another name.
    pub async fn rename(
        self,
        actor: &Actor,
        credential: CredentialId,
        name: &str,
    ) -> Result<(), Refusal> {
        let (slice, _) = self.load_credential(actor, credential).await?;
        let accounts: Vec<_> =
            slice.credential(credential).into_iter().flat_map(Credential::accounts).collect();
        self.check_name(name, &accounts, Some(credential)).await?;
        let name = name.to_owned();
        let command = credential::Command::Rename { credential, name };
        self.change_credential(actor, credential, command).await
    }

    /// Gives a credential other scopes. Narrower ones hold for all that is stamped after this returns.
    pub async fn edit(
        self,
        actor: &Actor,
        credential: CredentialId,
        scopes: Scopes,
    ) -> Result<(), Refusal> {
        let command = credential::Command::Edit { credential, scopes: Box::new(scopes) };
        self.change_credential(actor, credential, command).await
    }

    async fn change_credential(
        self,
        actor: &Actor,
        credential: CredentialId,
        command: credential::Command,
    ) -> Result<(), Refusal> {
        let (slice, person) = self.load_credential(actor, credential).await?;
        let call = actor.call(Command::Credential(command));
        self.gate.run(Key::Person(person), Some(slice), &call).await.map(drop)
    }

    /// Puts this person's listeners in place of those that they had, without a change when
    /// nothing changed.
    fn replace_listeners(self, slice: &Slice, mut new: Vec<Listener>) {
        self.gate.0.people.listeners.send_if_modified(|listeners| {
            for one in &mut new {
                let old = listeners.iter().find(|old| old.credential == one.credential);
                one.bound = old.and_then(|old| old.bound);
            }
            let theirs = |one: &Listener| slice.credential(one.credential).is_some();
            let others = listeners.iter().filter(|one| !theirs(one)).cloned();
            let mut all: Vec<_> = others.chain(new).collect();
            all.sort_by_key(|one| (one.port, one.credential));
            let changed = **listeners != all;
            if changed {
                *listeners = Arc::new(all);
            }
            changed
        });
    }
}

impl Gate {
    /// Cancels what rests of a credential on any of its accounts, after `by` cut it.
    async fn cancel_all_of(
        &self,
        accounts: &[PaperAccountId],
        credential: CredentialId,
        by: Holder,
    ) -> Result<usize, Refusal> {
        let Some(account) = accounts.first() else { return Ok(0) };
        self.cancel_cut(*account, Some(Holder::Credential(credential)), by).await
    }

    /// Cancels, at a start, what rests of credentials that were revoked with their orders, and of others on
    /// accounts that they are for no more: the server may have stopped between the two.
    pub(crate) async fn cancel_revoked(&self, slice: &Slice) -> Result<(), Refusal> {
        let with_orders = |one: &&Credential| {
            one.revoked.is_some_and(|end| end.cancel_orders)
                || one.paused.is_some_and(|pause| pause.cancel_orders)
        };
        for one in slice.credentials.iter().filter(with_orders) {
            let of = Some(Holder::Credential(one.id));
            let accounts: Vec<_> = one.accounts().collect();
            if accounts.iter().any(|account| self.rests(*account, of)) {
                let orders = self.cancel_all_of(&accounts, one.id, Holder::System).await?;
                tracing::warn!(orders, credential = %one.name, "orders of a revoked or paused credential were still open and are cancelled");
            }
        }
        for one in slice.credentials.iter().filter(|one| one.revoked.is_none()) {
            let holder = Holder::Credential(one.id);
            // Most have no order at all, which is known without a look at every account's.
            if self.0.sequencer.peek(|exchange| exchange.open_count(holder)).1 == 0 {
                continue;
            }
            for account in self.paper_accounts().all() {
                if !one.is_on(account) && self.rests(account, Some(holder)) {
                    let orders = self
                        .cancel_held(account, (holder, Cause::Revocation), Holder::System)
                        .await?;
                    tracing::warn!(orders, credential = %one.name, %account, "orders of a credential were still open on an account that it is for no more, and are cancelled");
                }
            }
        }
        Ok(())
    }

    /// Makes a live credential on one account what its slice says; true when something of it ended.
    fn publish_on(
        &self,
        slice: &Slice,
        one: &Credential,
        account: PaperAccountId,
        now: Time,
    ) -> bool {
        let (live, tokens) = (&self.0.live, Tokens::of(one));
        match (one.entitlements_on(slice, account), live.credential(one.id, account)) {
            (Ok(given), None) => live.open_credential(one.id, given, tokens),
            (Ok(given), Some(slot)) if slot.is_open() => {
                let ended = live.set_tokens(one.id, account, tokens, now);
                if *slot.entitlements() != given {
                    slot.set(given);
                }
                return ended;
            }
            (Ok(given), Some(slot)) => {
                // The ended slot stays ended in every hand that has it.
                if slot.may_come_back() && given.until > now {
                    live.open_credential(one.id, given, tokens);
                }
            }
            (Err(refusal), Some(slot)) => {
                let stood = slot.is_open();
                live.end_on(one.id, account, &refusal);
                return stood;
            }
            (Err(refusal), None) => {
                if let Some(given) = ended_given(one, slice, account) {
                    live.put_ended(one.id, given, tokens, refusal);
                }
            }
        }
        false
    }

    /// Makes the live credentials of a person what their slice says, after the commit.
    pub(crate) fn publish_credentials(&self, slice: &Slice) {
        let now = self.0.people.clock.stamp();
        let mut listeners = Vec::new();
        let mut ended = false;
        for one in &slice.credentials {
            let rested = one.revoked.is_some_and(|revoked| revoked.at + PORT_REST <= now);
            if rested {
                self.0.live.forget_credential(one.id);
                continue;
            }
            for account in one.accounts() {
                ended |= self.publish_on(slice, one, account, now);
            }
            let Some(port) = one.door.port() else { continue };
            let state = match (one.revoked, one.paused) {
                (Some(revoked), _) => ListenerState::Revoked { at: revoked.at },
                (None, Some(paused)) => ListenerState::Paused { at: paused.at },
                (None, None) => ListenerState::Open,
            };
            listeners.push(Listener {
                credential: one.id,
                name: one.name.to_string(),
                port,
                state,
                token_required: one.token.is_some(),
                bound: None,
            });
        }
        self.credentials().replace_listeners(slice, listeners);
        if ended {
            self.fence();
            self.hang_up();
        }
    }

    /// The last uses to write back. They stay here until they are written: a list that is made meanwhile
    /// would find them nowhere.
    pub(crate) fn uses_to_write(&self) -> Vec<CredentialUse> {
        let uses = self.0.people.uses();
        let each = uses.iter();
        each.map(|(id, last)| CredentialUse { credential: *id, last: last.clone() }).collect()
    }

    /// Forgets the uses that were written back, but for those of credentials that were used again since.
    pub(crate) fn forget_uses(&self, written: &[CredentialUse]) {
        let mut uses = self.0.people.uses();
        for one in written {
            if uses.get(&one.credential) == Some(&one.last) {
                uses.remove(&one.credential);
            }
        }
    }

    /// Ends credentials and replaced tokens whose time is up, with what they receive, and cancels what rests of these
    /// credentials, as their revocation would. A cancel that fails is tried again at the next tick; while the markets
    /// catch up on missed time, what would have filled before the end fills first.
    pub(crate) async fn expire_credentials(&self) {
        let now = self.0.people.clock.stamp();
        let over = self.0.live.over(now);
        let mut ended = self.0.live.end_former(now);
        for slot in &over {
            let until = slot.peek().until;
            ended |= slot.end(Refusal::Authority(AuthorityRefusal::Expired { until, now }));
        }
        if ended {
            self.fence();
            self.hang_up();
        }
        for slot in over {
            let (account, of, until) = (slot.account, slot.holder, slot.peek().until);
            if !self.rests(account, Some(of)) || !self.0.sequencer.reaches(until, now) {
                continue;
            }
            match self.cancel_held(account, (of, Cause::Revocation), Holder::System).await {
                Ok(orders) => {
                    tracing::info!(orders, ?of, %account, "open orders are cancelled: the time of their credential is up");
                }
                Err(refusal) => {
                    tracing::debug!(%refusal, ?of, %account, "open orders of a credential whose time is up could not be cancelled yet");
                }
            }
        }
    }

    /// Forgets credentials that were revoked a day ago, and takes down their listeners.
    pub(crate) fn rest_ports(&self) {
        let now = self.0.people.clock.stamp();
        self.0.live.forget_revoked(now - PORT_REST);
        let rested = |one: &Listener| match one.state {
            ListenerState::Open | ListenerState::Paused { .. } => false,
            ListenerState::Revoked { at } => at + PORT_REST <= now,
        };
        self.0.people.listeners.send_if_modified(|listeners| {
            let (gone, stay): (Vec<_>, Vec<_>) = listeners.iter().cloned().partition(rested);
            for one in &gone {
                self.0.live.forget_credential(one.credential);
            }
            *listeners = Arc::new(stay);
            !gone.is_empty()
        });
    }
}

/// What a credential that has ended had on an account.
fn ended_given(one: &Credential, slice: &Slice, account: PaperAccountId) -> Option<Entitlements> {
    let holder = Holder::Credential(one.id);
    let full = slice.mandate(account)?.entitlements(holder, Grade::All)?;
    Some(full.narrow(holder, &one.scopes))
}

/// What an event takes from a credential, in memory, before the commit.
pub(crate) fn narrow(gate: &Gate, event: &Event) -> bool {
    if end(gate, event) {
        return true;
    }
    match event {
        Event::Credential(credential::Event::Paused { credential, paused }) => {
            let reason = Refusal::Credential(CredentialRefusal::CredentialPaused { at: paused.at });
            gate.0.live.end_credential(*credential, &reason);
        }
        Event::Credential(credential::Event::Narrowed { credential, scopes, .. }) => {
            for slot in gate.0.live.slots(*credential) {
                let narrower = slot.peek().narrow(slot.holder, scopes);
                slot.set(narrower);
            }
        }
        _ => return false,
    }
    true
}

/// Ends the credential that an event ends for good, everywhere or on one account.
pub(crate) fn end(gate: &Gate, event: &Event) -> bool {
    let live = &gate.0.live;
    match event {
        Event::Credential(credential::Event::Revoked { credential, at, .. }) => {
            let why = CredentialRefusal::CredentialRevoked { at: *at };
            live.end_credential(*credential, &Refusal::Credential(why));
        }
        Event::Credential(credential::Event::Withdrawn { credential, account, at, .. }) => {
            let why = CredentialRefusal::CredentialWithdrawn { account: *account, at: *at };
            live.end_on(*credential, *account, &Refusal::Credential(why));
        }
        _ => return false,
    }
    true
}

/// Whether an event takes something from a credential that can be given back.
pub(crate) const fn is_cut(event: &Event) -> bool {
    matches!(
        event,
        Event::Credential(credential::Event::Paused { .. } | credential::Event::Narrowed { .. })
    )
}
