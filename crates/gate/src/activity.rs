//! Activity: what was decided, of access and about orders, as one list that can be searched.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry::Vacant;
use std::time::Duration;

use access::evidence::{Command as Note, Entry, Event as Kept, Index, Topic};
use access::refusal::{AuthorityRefusal, ServerRefusal};
use access::{
    Act, By, Command, CredentialId, DeviceId, Event, Holder, PersonId, Reads, Refusal, Slice, Time,
};
use store::{Key, OrderDecision, OrdersOf, Search, Stretch};
use trade::instrument::Instruments;

use crate::Gate;
use crate::clock::Stopwatch;
use crate::evidence::order;
use crate::registry::store_failed;
use crate::session::Actor;

mod entry;
mod export;
mod page;
mod text;

pub use entry::{ActivityEntry, ActivityKind};
pub use export::{ExportFormat, cell};
use page::merge;
pub use page::{ActivityCursor, ActivityPage, Behind, OddCursor};
pub use store::Names;
pub use text::{Called, Piece, pieces, plain};

/// Entries of a page at most.
const LIMIT: usize = 1_000;
/// Entries of each record that a page looks through at most, where no index leads to what it looks for.
const REACH: u32 = 200_000;
/// Of them the first few, looked through whatever it takes. The next steps are made longer or shorter by what the
/// one before took: between two steps others have the connection.
const FIRST_STEP: u32 = 1_000;
/// How long a step should take.
const STEP: Duration = Duration::from_millis(8);
/// How long a page looks for more. It holds nothing between two steps.
const PATIENCE: Duration = Duration::from_millis(150);
/// How long a page waits for the newest orders to be added to what can be searched.
const ADDING: Duration = Duration::from_millis(10);

/// Which entries a page of the activity shows. All of it must hold.
#[derive(Debug, Clone, Default)]
pub struct ActivityFilter {
    /// Of which of the two records; none is both.
    pub kind: Option<ActivityKind>,
    /// What it is about; none is everything.
    pub topic: Option<Topic>,
    /// By whom; none is everybody.
    pub holder: Option<Holder>,
    /// What this person did, or what was done for them.
    pub person: Option<PersonId>,
    /// What this credential did, or what was done to it.
    pub credential: Option<CredentialId>,
    /// What was done on this device, or to it.
    pub device: Option<DeviceId>,
    /// Only what was refused.
    pub refused_only: bool,
    /// Not what only says how something else was done.
    pub hides_minor: bool,
    /// A text that is in the entry, or in a name that it has.
    pub text: String,
    /// Not before.
    pub from: Option<Time>,
    /// Before.
    pub until: Option<Time>,
    /// How many entries, 1 to 1,000.
    pub limit: usize,
    /// How many entries of each record a search for a text or a holder goes through for one page; 0 is as many as
    /// it can in the time that a page may take.
    pub reach: u32,
}

/// What happened, through the gate. Cheap to copy.
#[derive(Clone, Copy)]
pub struct ActivityGate<'a> {
    gate: &'a Gate,
}

impl Gate {
    /// What happened, through the gate.
    pub fn activity(&self) -> ActivityGate<'_> {
        ActivityGate { gate: self }
    }
}

impl ActivityGate<'_> {
    /// A page of what was decided, newest first: all of it for the operator; for a session that may
    /// see it, what concerns its person and the account's orders.
    pub async fn page(
        self,
        actor: &Actor,
        filter: &ActivityFilter,
        cursor: Option<ActivityCursor>,
    ) -> Result<ActivityPage, Refusal> {
        let person = self.may_see_evidence(actor)?;
        let behind = match self.gate.index_orders_within(ADDING).await {
            Ok(true) => None,
            Ok(false) => Some(Behind::Adding),
            Err(why @ Refusal::Server(ServerRefusal::JournalFailed | ServerRefusal::Stopping)) => {
                return Err(why);
            }
            // A database that cannot be written can still be read.
            Err(_) => Some(Behind::Unwritten),
        };
        let cursor = cursor.unwrap_or(ActivityCursor::END);
        let limit = filter.limit.clamp(1, LIMIT);
        let search = filter.search(person, self.sees(actor));
        let (entries, reach) = if search.is_slow() {
            self.look_through(filter, &search, cursor, limit).await?
        } else {
            (self.look_up(filter, &search, cursor.stretch(), limit).await?, None)
        };
        let mut page = merge(entries, cursor, limit, reach);
        page.behind = behind;
        self.name(person, &mut page).await?;
        Ok(page)
    }

    /// Entries of both records from a place on: one more than a page has, which says whether there is another page.
    async fn look_up(
        self,
        filter: &ActivityFilter,
        search: &Search,
        stretch: Stretch,
        limit: usize,
    ) -> Result<Vec<ActivityEntry>, Refusal> {
        let most = u32::try_from(limit).unwrap_or(u32::MAX).saturating_add(1);
        let (store, known) = (&self.gate.0.people.store, self.gate.markets().instruments());
        let mut entries = Vec::new();
        if filter.kind != Some(ActivityKind::Order) {
            let found = store.search_evidence(search, stretch, most).await;
            let found = found.map_err(|error| store_failed(&error))?;
            entries.extend(found.iter().map(|(entry, index)| of_access(entry, index.as_ref())));
        }
        if filter.kind != Some(ActivityKind::Access) {
            let found = store.search_orders(search, stretch, most).await;
            let found = found.map_err(|error| store_failed(&error))?;
            entries.extend(found.iter().filter_map(|row| of_orders(row, known)));
        }
        Ok(entries)
    }

    /// The same where no index leads to what is looked for: step by step, until a page is full or has taken its
    /// time; how far it came, unless that is the end.
    async fn look_through(
        self,
        filter: &ActivityFilter,
        search: &Search,
        mut cursor: ActivityCursor,
        limit: usize,
    ) -> Result<(Vec<ActivityEntry>, Option<Time>), Refusal> {
        let store = &self.gate.0.people.store;
        let mut left = if filter.reach == 0 { REACH } else { filter.reach };
        let (whole, mut step, mut entries) = (Stopwatch::start(), FIRST_STEP, Vec::new());
        loop {
            let watch = Stopwatch::start();
            step = step.min(left);
            let stretch = cursor.stretch();
            let reach = store.reach(search, stretch, step).await;
            let reach = reach.map_err(|error| store_failed(&error))?;
            let stretch = reach.map_or(stretch, |time| stretch.to(time));
            entries.extend(self.look_up(filter, search, stretch, limit).await?);
            left -= step;
            let is_over = left == 0 || entries.len() > limit || whole.elapsed() >= PATIENCE;
            match reach {
                Some(time) if !is_over => cursor = cursor.behind(time),
                _ => return Ok((entries, reach)),
            }
            let took = watch.elapsed();
            if took < STEP / 2 {
                step = step.saturating_mul(2);
            } else if took > STEP {
                step = (step / 2).max(FIRST_STEP / 4);
            }
        }
    }

    /// Whose entries the actor may see; none is everybody's.
    /// Of which account the actor sees the orders; none is all of them.
    fn sees(self, actor: &Actor) -> Option<OrdersOf> {
        match actor {
            Actor::Session(ticket) if ticket.account == self.gate.account() => {
                Some(OrdersOf::First(ticket.account))
            }
            Actor::Session(ticket) => Some(OrdersOf::Other(ticket.account)),
            Actor::Operator { .. } => None,
        }
    }

    fn may_see_evidence(self, actor: &Actor) -> Result<Option<PersonId>, Refusal> {
        let Actor::Session(ticket) = actor else { return Ok(None) };
        let entitlements = self.gate.sessions().admit(ticket)?.entitlements();
        if entitlements.acts.contains(Act::ViewEvidence) {
            Ok(Some(ticket.person))
        } else {
            Err(Refusal::Authority(AuthorityRefusal::ActNotAllowed { act: Act::ViewEvidence }))
        }
    }

    /// Says who acted by name, and what the ids in the texts are called.
    async fn name(self, of: Option<PersonId>, page: &mut ActivityPage) -> Result<(), Refusal> {
        let store = &self.gate.0.people.store;
        let mut owners = BTreeMap::new();
        for holder in page.entries.iter().filter_map(|entry| entry.holder) {
            if let (Holder::Session(_), Vacant(place)) = (holder, owners.entry(holder)) {
                let owner = store.owner_of(holder).await.map_err(|error| store_failed(&error))?;
                place.insert(owner.0);
            }
        }
        let ids = page.entries.iter().flat_map(named_in);
        let ids = ids.chain(owners.values().flatten().map(ToString::to_string)).collect();
        let called = store.called(&ids, of).await.map_err(|error| store_failed(&error))?;
        let names = &mut page.names;
        names.extend(called);
        for (session, owner) in owners {
            let name = owner.and_then(|id| names.get(&id.to_string()).cloned());
            names.insert(session.to_string(), name.unwrap_or_else(|| "a session".to_owned()));
        }
        for entry in &mut page.entries {
            entry.who = match entry.holder {
                Some(Holder::Operator) => "operator".to_owned(),
                Some(Holder::System) => "server".to_owned(),
                Some(holder) => {
                    let id = holder.to_string();
                    names.get(&id).cloned().unwrap_or(id)
                }
                // The person who began a session has shown who they are.
                None if entry.what == "session.started" => {
                    let name = entry.person.and_then(|id| names.get(&id.to_string()).cloned());
                    name.unwrap_or_else(|| "visitor".to_owned())
                }
                None => "visitor".to_owned(),
            };
        }
        Ok(())
    }

    /// The access evidence as it is, with its hashes, after a place in the chain of a shard; where that is at its
    /// end, of the next one. Empty at the end of all. The operator alone.
    pub async fn evidence_entries(
        self,
        actor: &Actor,
        shard: u32,
        after: u64,
        limit: u32,
    ) -> Result<Vec<Entry>, Refusal> {
        if self.may_see_evidence(actor)?.is_some() {
            return Err(Refusal::Authority(AuthorityRefusal::ActNotAllowed {
                act: Act::ViewEvidence,
            }));
        }
        let store = &self.gate.0.people.store;
        let mut after = after;
        let heads = store.evidence_heads().await.map_err(|error| store_failed(&error))?;
        for next in heads.into_iter().map(|head| head.shard).filter(|next| *next >= shard) {
            let after = if next == shard { std::mem::take(&mut after) } else { 0 };
            let found = store.evidence_after(next, after, limit).await;
            let found = found.map_err(|error| store_failed(&error))?;
            if !found.is_empty() {
                return Ok(found);
            }
        }
        Ok(Vec::new())
    }

    /// Names of people behind live sessions, and of all credentials.
    pub async fn holder_names(self) -> Result<BTreeMap<Holder, String>, Refusal> {
        let all = self.gate.0.people.store.names().await.map_err(|error| store_failed(&error))?;
        let credentials =
            all.credentials.into_iter().map(|(id, name, _)| (Holder::Credential(id), name));
        let sessions = all.sessions.into_iter().map(|(id, name)| (Holder::Session(id), name));
        let mut names: BTreeMap<_, _> = credentials.chain(sessions).collect();
        names.insert(Holder::Operator, "operator".to_owned());
        names.insert(Holder::System, "server".to_owned());
        Ok(names)
    }

    /// Who and what the activity can be searched for by name: for a session the account's credentials,
    /// and its own person and devices.
    pub async fn names(self, actor: &Actor) -> Result<store::Names, Refusal> {
        let person = self.may_see_evidence(actor)?;
        let mut names =
            self.gate.0.people.store.names().await.map_err(|error| store_failed(&error))?;
        if let Some(person) = person {
            names.devices.retain(|(_, _, owner)| *owner == person);
            let Actor::Session(ticket) = actor else { return Ok(names) };
            let on = self.gate.0.people.store.credential_clients(ticket.account).await;
            let on = on.map_err(|error| store_failed(&error))?;
            let is_on = |id| on.iter().any(|(credential, _)| *credential == id);
            names.credentials.retain(|(id, _, owner)| *owner == person || is_on(*id));
        }
        Ok(names)
    }

    /// Puts on record that a part of the record is exported: which, and how.
    pub async fn note_export(self, actor: &Actor, what: &str) -> Result<(), Refusal> {
        let person = self.may_see_evidence(actor)?;
        // It has everything, however long that takes.
        self.gate.index_orders().await?;
        let kind = "evidence.exported".to_owned();
        if let Some(person) = person {
            let note = Note::Note { kind, text: what.to_owned() };
            let call = actor.call(Command::Evidence(note));
            return self.gate.run_done(Key::Person(person), &call).await.map(drop);
        }
        let events = [Kept::Noted { kind, text: what.to_owned() }.into()];
        let (store, source) = (&self.gate.0.people.store, actor.source());
        let nobody = (&Slice::default(), &Reads::new());
        let done = store.commit(nobody, &events, actor.by(), &source, self.gate.now()).await;
        done.map(drop).map_err(|error| match error {
            store::CommitError::Store(error) => store_failed(&error),
            _ => Refusal::Server(ServerRefusal::StoreFailed),
        })
    }
}

impl ActivityFilter {
    fn search(&self, of: Option<PersonId>, account: Option<OrdersOf>) -> Search {
        Search {
            of,
            account,
            person: self.person,
            credential: self.credential,
            device: self.device,
            holder: self.holder,
            topic: self.topic,
            refused: self.refused_only,
            minor: !self.hides_minor,
            text: self.text.clone(),
            from: self.from,
            until: self.until,
        }
    }
}

/// The ids that an entry shows by their names.
fn named_in(entry: &ActivityEntry) -> Vec<String> {
    let ids = [
        entry.holder.map(|holder| holder.to_string()),
        entry.person.map(|id| id.to_string()),
        entry.credential.map(|id| id.to_string()),
        entry.device.map(|id| id.to_string()),
    ];
    ids.into_iter().flatten().chain(text::ids(&entry.text).map(str::to_owned)).collect()
}

fn of_access(kept: &Entry, index: Option<&Index>) -> ActivityEntry {
    let (code, count) = match serde_json::from_str::<Event>(&kept.event) {
        Ok(Event::Evidence(Kept::Refused { code, count, .. })) => (Some(code), u64::from(count)),
        _ => (None, 1),
    };
    ActivityEntry {
        seq: kept.seq,
        shard: Some(kept.shard),
        kind: ActivityKind::Access,
        at: kept.at,
        holder: match kept.actor {
            By::Visitor => None,
            By::Session(id) => Some(Holder::Session(id)),
            By::Credential(id) => Some(Holder::Credential(id)),
            By::Operator { .. } => Some(Holder::Operator),
            By::System => Some(Holder::System),
        },
        who: String::new(),
        source: kept.source.clone(),
        what: kept.kind.clone().into(),
        text: kept.text.clone(),
        asked: Vec::new(),
        topic: Topic::of(&kept.kind, code.as_deref()),
        code,
        count,
        minor: access::evidence::is_minor(&kept.kind),
        person: kept.person,
        device: index.and_then(|index| index.device),
        credential: index.and_then(|index| index.credential),
    }
}

/// What a decision of the journal shows: its record says it, in this version's words.
fn of_orders(row: &OrderDecision, known: &Instruments) -> Option<ActivityEntry> {
    let entry = order::entry(trade::journal::decode(&row.record).ok()?, known)?;
    Some(ActivityEntry {
        person: row.person,
        device: row.device,
        credential: row.credential,
        ..entry
    })
}
