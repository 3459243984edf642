//! Activity: what was decided, of access and about orders, as one list that can be searched.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry::Vacant;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use access::evidence::{Command as Note, Entry, Event as Kept, Index, Topic};
use access::refusal::{AuthorityRefusal, ServerRefusal};
use access::{
    Act, By, Command, CredentialId, DeviceId, Event, Holder, PersonId, Reads, Refusal, Slice, Time,
};
use store::{Key, OrderDecision, OrdersOf, RecordCursor, Search, Stretch};

use crate::Gate;
use crate::clock::Stopwatch;
use crate::evidence::order;
use crate::registry::store_failed;
use crate::session::Actor;

mod export;
mod text;

pub use export::{ExportFormat, cell};
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

/// Which of the two records an entry is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ActivityKind {
    /// Signing in, sessions, devices, credentials, locks: the access evidence.
    Access,
    /// Orders: placed, modified, cancelled, refused, denied: the journal.
    Order,
}

/// One decision.
#[derive(Debug, Clone)]
pub struct ActivityEntry {
    /// Its sequence in its chain.
    pub seq: u64,
    /// Which shard of the access evidence; none of the journal, which is one chain.
    pub shard: Option<u32>,
    /// Which record.
    pub kind: ActivityKind,
    /// When it happened.
    pub at: Time,
    /// Who; none for somebody who was not signed in.
    pub holder: Option<Holder>,
    /// Who, by name as far as there is one.
    pub who: String,
    /// From where; empty for orders.
    pub source: String,
    /// What, in stable words: `session.started`, `order_refused`, ...
    pub what: Cow<'static, str>,
    /// What and why, in words.
    pub text: String,
    /// The orders that were refused, as they were asked for; the text begins with them.
    pub asked: Vec<String>,
    /// The stable code, when it was refused or denied.
    pub code: Option<String>,
    /// How many equal refusals it stands for, 1 or more.
    pub count: u64,
    /// What it is about.
    pub topic: Topic,
    /// Whether it only says how something else was done.
    pub minor: bool,
    /// Whose it is.
    pub person: Option<PersonId>,
    /// The device that it names, or that it was done on.
    pub device: Option<DeviceId>,
    /// The credential that it names, or that it was done with.
    pub credential: Option<CredentialId>,
}

/// A page of decisions, newest first.
#[derive(Debug, Clone, Default)]
pub struct ActivityPage {
    /// The decisions.
    pub entries: Vec<ActivityEntry>,
    /// Where the next, older page begins; none at the end.
    pub next: Option<ActivityCursor>,
    /// Where the newer page begins; none at the newest.
    pub newer: Option<ActivityCursor>,
    /// Why the newest orders are missing; none when they are not.
    pub behind: Option<Behind>,
    /// The page ends here though it is not full: it went through as many entries as one page may.
    pub reached: Option<Time>,
    /// What people call the things whose ids are in the entries.
    pub names: BTreeMap<String, String>,
}

/// Why the newest orders are missing from a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Behind {
    /// The database could not be written.
    Unwritten,
    /// There are many, and they are being added.
    Adding,
}

/// Where a page of decisions begins: entries before a place, or behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ActivityCursor {
    /// The place, in both records.
    place: RecordCursor,
    /// Whether the page is behind it.
    above: bool,
}

/// The greatest sequence that the tables can hold.
const LAST: u64 = RecordCursor::END.seq;

impl ActivityCursor {
    /// Behind the newest entries.
    const END: Self = Self { place: RecordCursor::END, above: false };

    /// The same place, for the page above it.
    #[must_use]
    pub const fn above(self) -> Self {
        Self { above: true, ..self }
    }

    /// What the page is from.
    const fn stretch(self) -> Stretch {
        if self.above { Stretch::above(self.place) } else { Stretch::below(self.place) }
    }

    /// Where to go on behind what was looked through up to a time.
    const fn behind(self, time: Time) -> Self {
        Self { place: end_of(time, self.above), ..self }
    }
}

/// The end of what was looked through, up to the end of a time or down to its beginning.
const fn end_of(time: Time, above: bool) -> RecordCursor {
    if above { RecordCursor::behind(time) } else { RecordCursor::before(time) }
}

impl fmt::Display for ActivityCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let RecordCursor { at, shard, seq } = self.place;
        // A shard by its number and one, so that 0 is the journal.
        let chain = shard.map_or(0, |shard| u64::from(shard) + 1);
        write!(f, "{}-{chain}-{seq}", at.0)
    }
}

/// What is no place in the activity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no place in the activity: it is a time, a chain and a sequence")]
pub struct OddCursor;

impl FromStr for ActivityCursor {
    type Err = OddCursor;

    /// As displayed, for the page below it. Beyond the end is the end.
    fn from_str(text: &str) -> Result<Self, OddCursor> {
        let mut parts = text.split('-');
        let mut number = || parts.next().and_then(|part| part.parse::<u64>().ok()).ok_or(OddCursor);
        let (at, chain, seq) = (number()?, number()?, number()?);
        let shard = match chain.checked_sub(1) {
            None => None,
            Some(shard) => Some(u32::try_from(shard).map_err(|_| OddCursor)?),
        };
        if parts.next().is_some() {
            return Err(OddCursor);
        }
        let at = Time(i64::try_from(at).unwrap_or(i64::MAX));
        let place = RecordCursor { at, shard, seq: seq.min(LAST) };
        Ok(Self { place: place.min(RecordCursor::END), above: false })
    }
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
        let store = &self.gate.0.people.store;
        let mut entries = Vec::new();
        if filter.kind != Some(ActivityKind::Order) {
            let found = store.search_evidence(search, stretch, most).await;
            let found = found.map_err(|error| store_failed(&error))?;
            entries.extend(found.iter().map(|(entry, index)| of_access(entry, index.as_ref())));
        }
        if filter.kind != Some(ActivityKind::Access) {
            let found = store.search_orders(search, stretch, most).await;
            let found = found.map_err(|error| store_failed(&error))?;
            entries.extend(found.iter().filter_map(of_orders));
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

/// The `limit` entries of both that are next to the cursor, newest first, and where the pages beside
/// them begin. `reach` is the time that was looked through to, where more is behind that.
fn merge(
    found: Vec<ActivityEntry>,
    from: ActivityCursor,
    limit: usize,
    reach: Option<Time>,
) -> ActivityPage {
    // A full page ends with its last entry, however far it could have looked.
    let reach = reach.filter(|_| found.len() <= limit);
    let more = found.len() > limit || reach.is_some();
    let mut entries = found;
    entries.sort_by_key(ActivityEntry::place);
    if !from.above {
        entries.reverse();
    }
    entries.truncate(limit);
    if from.above {
        entries.reverse();
    }
    let (newest, oldest) =
        (entries.first().map(ActivityEntry::place), entries.last().map(ActivityEntry::place));
    // How far the page goes on the side away from the cursor.
    let end = reach.map(|time| end_of(time, from.above));
    let RecordCursor { seq, .. } = from.place;
    // Where none is shown, what is at the cursor is on the page beside this one.
    let (next, newer) = if from.above {
        let at = RecordCursor { seq: seq.saturating_add(1).min(LAST), ..from.place };
        (oldest.unwrap_or(at), end.or(newest).unwrap_or(from.place))
    } else {
        let at = RecordCursor { seq: seq.saturating_sub(1), ..from.place };
        (end.or(oldest).unwrap_or(from.place), newest.unwrap_or(at))
    };
    let (has_older, has_newer) =
        if from.above { (true, more) } else { (more, from != ActivityCursor::END) };
    ActivityPage {
        entries,
        next: has_older.then_some(ActivityCursor { place: next, above: false }),
        newer: has_newer.then_some(ActivityCursor { place: newer, above: true }),
        reached: reach,
        ..ActivityPage::default()
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

impl ActivityEntry {
    /// Where it stands among all of both records.
    const fn place(&self) -> RecordCursor {
        RecordCursor { at: self.at, shard: self.shard, seq: self.seq }
    }
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
fn of_orders(row: &OrderDecision) -> Option<ActivityEntry> {
    let entry = order::entry(trade::journal::decode(&row.record).ok()?)?;
    Some(ActivityEntry {
        person: row.person,
        device: row.device,
        credential: row.credential,
        ..entry
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// At most three of the entries that a page from `at` may show, as the tables give them.
    fn entries(shard: Option<u32>, all: &[(u64, i64)], at: ActivityCursor) -> Vec<ActivityEntry> {
        let kind = if shard.is_some() { ActivityKind::Access } else { ActivityKind::Order };
        let entry = |(seq, at): &(u64, i64)| ActivityEntry {
            kind,
            shard,
            holder: None,
            ..order::blank(*seq, Time(*at), Holder::System)
        };
        let Stretch { after, before, ascends } = at.stretch();
        let is_in = |one: &ActivityEntry| after < one.place() && one.place() < before;
        let mut found: Vec<_> = all.iter().map(entry).filter(is_in).collect();
        found.sort_by_key(ActivityEntry::place);
        if !ascends {
            found.reverse();
        }
        found.truncate(3);
        found
    }

    const ACCESS: [(u64, i64); 3] = [(5, 50), (3, 20), (2, 10)];
    const OTHER_SHARD: [(u64, i64); 2] = [(9, 45), (1, 5)];
    const ORDERS: [(u64, i64); 4] = [(4, 48), (3, 47), (2, 46), (1, 1)];

    fn page(cursor: ActivityCursor) -> ActivityPage {
        let mut all = entries(Some(0), &ACCESS, cursor);
        all.extend(entries(Some(77), &OTHER_SHARD, cursor));
        all.extend(entries(None, &ORDERS, cursor));
        merge(all, cursor, 2, None)
    }

    fn times(page: &ActivityPage) -> Vec<i64> {
        page.entries.iter().map(|entry| entry.at.0).collect()
    }

    #[test]
    fn pages_of_all_chains_show_each_entry_once_in_order_of_time() {
        let (mut cursor, mut shown) = (ActivityCursor::END, Vec::new());
        loop {
            let page = page(cursor);
            shown.extend(times(&page));
            match page.next {
                Some(next) => cursor = next,
                None => break,
            }
        }
        assert_eq!(shown, [50, 48, 47, 46, 45, 20, 10, 5, 1]);
    }

    #[test]
    fn entries_of_one_time_and_of_crossed_stamps_are_on_one_page_each() {
        let (common, other, orders) = ([(3, 30), (2, 40), (1, 10)], [(1, 30), (2, 30)], [(7, 30)]);
        let (mut cursor, mut shown) = (ActivityCursor::END, Vec::new());
        loop {
            let mut all = entries(Some(0), &common, cursor);
            all.extend(entries(Some(5), &other, cursor));
            all.extend(entries(None, &orders, cursor));
            let page = merge(all, cursor, 1, None);
            shown.extend(page.entries.iter().map(|entry| (entry.shard, entry.seq)));
            match page.next {
                Some(next) => cursor = next,
                None => break,
            }
        }
        let (common, other) = (Some(0), Some(5));
        let all = [(common, 2), (other, 2), (other, 1), (common, 3), (None, 7), (common, 1)];
        assert_eq!(shown, all);
    }

    #[test]
    fn newer_page_is_the_one_that_was_left_and_there_is_none_above_the_newest() {
        let first = page(ActivityCursor::END);
        assert_eq!((times(&first), first.newer), (vec![50, 48], None));
        let second = page(first.next.unwrap_or(ActivityCursor::END));
        let third = page(second.next.unwrap_or(ActivityCursor::END));
        assert_eq!((times(&second), times(&third)), (vec![47, 46], vec![45, 20]));
        let back = page(third.newer.unwrap_or(ActivityCursor::END));
        assert_eq!(times(&back), [47, 46]);
        let top = page(back.newer.unwrap_or(ActivityCursor::END));
        assert_eq!((times(&top), top.newer), (vec![50, 48], None));
        assert_eq!(times(&page(top.next.unwrap_or(ActivityCursor::END))), [47, 46]);
    }

    #[test]
    fn cursor_text_round_trips_and_nonsense_is_none() {
        for shard in [None, Some(0), Some(u32::MAX)] {
            let place = RecordCursor { at: Time(12), shard, seq: 34 };
            let cursor = ActivityCursor { place, above: false };
            assert_eq!(cursor.to_string().parse(), Ok(cursor));
        }
        let far = format!("{}-4294967296-{}", u64::MAX, u64::MAX);
        assert_eq!(far.parse(), Ok(ActivityCursor::END));
        for bad in ["", "-", "1", "1-2", "1-2-x", "-1-2", "1-2-3-4", "1-4294967297-1"] {
            assert!(bad.parse::<ActivityCursor>().is_err(), "{bad}");
        }
    }
}
