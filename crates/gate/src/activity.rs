//! Activity: what was decided, of access and about orders, as one list that can be searched.

use std::borrow::Cow;
use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::num::ParseIntError;
use std::str::FromStr;
use std::time::Duration;

use access::evidence::{Command as Note, Entry, Event as Kept, Index, Topic};
use access::{
    Act, By, Command, CredentialId, DeviceId, Event, Holder, PersonId, Refusal, Slice, Time,
};
use store::{Key, OrderDecision, Position, Reach, Search};
use trade::journal::Stamped;

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
    /// Which chain.
    pub kind: ActivityKind,
    /// When.
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

/// Where a page of decisions begins: entries below these sequences, or above them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ActivityCursor {
    /// A place in the access evidence.
    pub access: u64,
    /// A place in the journal.
    pub journal: u64,
    /// Whether the page is above them.
    pub above: bool,
}

/// The greatest sequence that the tables can hold.
const LAST: u64 = i64::MAX as u64;

impl ActivityCursor {
    /// Beyond the newest entries.
    const END: Self = Self { access: LAST, journal: LAST, above: false };

    /// The same place, for the page above it.
    #[must_use]
    pub const fn above(self) -> Self {
        Self { above: true, ..self }
    }

    /// Where to go on behind what was looked through.
    fn behind(self, reach: Reach) -> Self {
        if self.above {
            let (access, journal) = (reach.access.max(self.access), reach.orders.max(self.journal));
            Self { access, journal, above: true }
        } else {
            let (access, journal) = (reach.access.min(self.access), reach.orders.min(self.journal));
            Self { access, journal, above: false }
        }
    }

    const fn of(self, kind: ActivityKind) -> u64 {
        match kind {
            ActivityKind::Access => self.access,
            ActivityKind::Order => self.journal,
        }
    }

    const fn position(self, kind: ActivityKind) -> Position {
        let seq = self.of(kind);
        if self.above { Position::Above(seq) } else { Position::Below(seq) }
    }
}

impl fmt::Display for ActivityCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.access, self.journal)
    }
}

impl FromStr for ActivityCursor {
    type Err = ParseIntError;

    /// As displayed, for the page below it. Beyond the end is the end.
    fn from_str(text: &str) -> Result<Self, ParseIntError> {
        let (access, journal) = text.split_once('-').unwrap_or((text, ""));
        let (access, journal): (u64, u64) = (access.parse()?, journal.parse()?);
        Ok(Self { access: access.min(LAST), journal: journal.min(LAST), above: false })
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
            Err(why @ (Refusal::JournalFailed | Refusal::Stopping)) => return Err(why),
            // A database that cannot be written can still be read.
            Err(_) => Some(Behind::Unwritten),
        };
        let cursor = cursor.unwrap_or(ActivityCursor::END);
        let limit = filter.limit.clamp(1, LIMIT);
        let search = filter.search(person);
        let (entries, reach) = if search.is_slow() {
            self.look_through(filter, &search, cursor, limit).await?
        } else {
            (self.look_up(filter, &search, cursor, limit, None).await?, None)
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
        cursor: ActivityCursor,
        limit: usize,
        reach: Option<Reach>,
    ) -> Result<Vec<ActivityEntry>, Refusal> {
        let most = u32::try_from(limit).unwrap_or(u32::MAX).saturating_add(1);
        let store = &self.gate.0.people.store;
        let mut entries = Vec::new();
        if filter.kind != Some(ActivityKind::Order) {
            let position = cursor.position(ActivityKind::Access);
            let position = reach.map_or(position, |reach| position.to(reach.access));
            let found = store.search_evidence(search, position, most).await;
            let found = found.map_err(|error| store_failed(&error))?;
            entries.extend(found.iter().map(|(entry, index)| of_access(entry, index.as_ref())));
        }
        if filter.kind != Some(ActivityKind::Access) {
            let position = cursor.position(ActivityKind::Order);
            let position = reach.map_or(position, |reach| position.to(reach.orders));
            let found = store.search_orders(search, position, most).await;
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
    ) -> Result<(Vec<ActivityEntry>, Option<Reach>), Refusal> {
        let store = &self.gate.0.people.store;
        let mut left = if filter.reach == 0 { REACH } else { filter.reach };
        let (whole, mut step, mut entries) = (Stopwatch::start(), FIRST_STEP, Vec::new());
        loop {
            let watch = Stopwatch::start();
            step = step.min(left);
            let places =
                (cursor.position(ActivityKind::Access), cursor.position(ActivityKind::Order));
            let reach = store.reach(search, places, step).await;
            let reach = reach.map_err(|error| store_failed(&error))?;
            entries.extend(self.look_up(filter, search, cursor, limit, reach).await?);
            left -= step;
            let is_over = left == 0 || entries.len() > limit || whole.elapsed() >= PATIENCE;
            match reach {
                Some(reach) if !is_over => cursor = cursor.behind(reach),
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
    fn may_see_evidence(self, actor: &Actor) -> Result<Option<PersonId>, Refusal> {
        let Actor::Session(ticket) = actor else { return Ok(None) };
        let entitlements = self.gate.sessions().admit(ticket)?.entitlements();
        if entitlements.acts.contains(Act::ViewEvidence) {
            Ok(Some(ticket.person))
        } else {
            Err(Refusal::ActNotAllowed { act: Act::ViewEvidence })
        }
    }

    /// Says who acted by name, and what the ids in the texts are called.
    async fn name(self, of: Option<PersonId>, page: &mut ActivityPage) -> Result<(), Refusal> {
        let store = &self.gate.0.people.store;
        let all = store.names().await.map_err(|error| store_failed(&error))?;
        let names = &mut page.names;
        names.extend(all.persons.iter().map(|(id, name)| (id.to_string(), name.clone())));
        names.extend(all.credentials.iter().map(|(id, name, _)| (id.to_string(), name.clone())));
        let devices = all.devices.iter().filter(|(_, _, owner)| of.is_none_or(|of| of == *owner));
        names.extend(devices.map(|(id, name, _)| (id.to_string(), name.clone())));
        for entry in &mut page.entries {
            if let Some(holder @ Holder::Session(session)) = entry.holder
                && !names.contains_key(&session.to_string())
            {
                let owner = store.owner_of(holder).await.map_err(|error| store_failed(&error))?;
                let name = owner.0.and_then(|id| names.get(&id.to_string()).cloned());
                names.insert(session.to_string(), name.unwrap_or_else(|| "a session".to_owned()));
            }
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

    /// The access evidence as it is, with its hashes, after a place in the chain; the operator alone.
    pub async fn evidence_entries(
        self,
        actor: &Actor,
        after: u64,
        limit: u32,
    ) -> Result<Vec<Entry>, Refusal> {
        if self.may_see_evidence(actor)?.is_some() {
            return Err(Refusal::ActNotAllowed { act: Act::ViewEvidence });
        }
        let found = self.gate.0.people.store.evidence_after(after, limit).await;
        found.map_err(|error| store_failed(&error))
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
        let done =
            store.commit(&Slice::default(), &events, actor.by(), &source, self.gate.now()).await;
        done.map(drop).map_err(|error| match error {
            store::CommitError::Store(error) => store_failed(&error),
            _ => Refusal::StoreFailed,
        })
    }
}

impl ActivityFilter {
    fn search(&self, of: Option<PersonId>) -> Search {
        Search {
            of,
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
/// them begin.
fn merge(
    found: Vec<ActivityEntry>,
    from: ActivityCursor,
    limit: usize,
    reach: Option<Reach>,
) -> ActivityPage {
    // A full page ends with its last entry, however far it could have looked.
    let reach = reach.filter(|_| found.len() <= limit);
    let more = found.len() > limit || reach.is_some();
    // Each chain keeps the order of its sequence, by which the pages are cut: its stamps may cross,
    // where a decision was recorded after a later one.
    let (mut access, mut orders): (VecDeque<_>, VecDeque<_>) =
        found.into_iter().partition(|entry| entry.kind == ActivityKind::Access);
    let mut entries = Vec::new();
    while entries.len() < limit {
        let is_access_next = match (access.front(), orders.front()) {
            (Some(one), Some(other)) if from.above => one.at <= other.at,
            (Some(one), Some(other)) => one.at >= other.at,
            (one, _) => one.is_some(),
        };
        let next = if is_access_next { access.pop_front() } else { orders.pop_front() };
        let Some(next) = next else { break };
        entries.push(next);
    }
    if from.above {
        entries.reverse();
    }
    let edge = |kind, lowest: bool| {
        let shown = entries.iter().filter(|entry| entry.kind == kind).map(|entry| entry.seq);
        let found = if lowest { shown.min() } else { shown.max() };
        let seq = from.of(kind);
        if let Some(reach) = reach.filter(|_| lowest != from.above) {
            let last = match kind {
                ActivityKind::Access => reach.access,
                ActivityKind::Order => reach.orders,
            };
            if !from.above {
                return last.min(seq);
            } else if last < LAST {
                return last.max(seq);
            }
        }
        // Where none is shown, all on this side of the place is on the page beside this one.
        found.unwrap_or(match (from.above, lowest) {
            (true, true) => seq.saturating_add(1).min(LAST),
            (false, false) => seq.saturating_sub(1),
            _ => seq,
        })
    };
    let cursor = |lowest| ActivityCursor {
        access: edge(ActivityKind::Access, lowest),
        journal: edge(ActivityKind::Order, lowest),
        above: !lowest,
    };
    let (has_older, has_newer) =
        if from.above { (true, more) } else { (more, from != ActivityCursor::END) };
    let (next, newer) = (has_older.then(|| cursor(true)), has_newer.then(|| cursor(false)));
    let reached = reach.map(|reach| reach.time);
    ActivityPage { entries, next, newer, reached, ..ActivityPage::default() }
}

fn of_access(kept: &Entry, index: Option<&Index>) -> ActivityEntry {
    let (code, count) = match serde_json::from_str::<Event>(&kept.event) {
        Ok(Event::Evidence(Kept::Refused { code, count, .. })) => (Some(code), u64::from(count)),
        _ => (None, 1),
    };
    ActivityEntry {
        seq: kept.seq,
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
    let stamped: Stamped = postcard::from_bytes(&row.record).ok()?;
    let entry = order::entry(stamped)?;
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

    fn entries(kind: ActivityKind, all: &[(u64, i64)], at: ActivityCursor) -> Vec<ActivityEntry> {
        let entry = |(seq, at): &(u64, i64)| ActivityEntry {
            kind,
            holder: None,
            ..order::blank(*seq, Time(*at), Holder::System)
        };
        let mut found: Vec<_> = match at.position(kind) {
            Position::Below(seq) | Position::DownTo(seq, _) => {
                all.iter().filter(|one| one.0 < seq).map(entry).collect()
            }
            Position::Above(seq) | Position::UpTo(seq, _) => {
                all.iter().rev().filter(|one| one.0 > seq).map(entry).collect()
            }
        };
        found.truncate(3);
        found
    }

    const ACCESS: [(u64, i64); 5] = [(5, 50), (4, 45), (3, 20), (2, 10), (1, 5)];
    const ORDERS: [(u64, i64); 4] = [(4, 48), (3, 47), (2, 46), (1, 1)];

    fn page(cursor: ActivityCursor) -> ActivityPage {
        let mut both = entries(ActivityKind::Access, &ACCESS, cursor);
        both.extend(entries(ActivityKind::Order, &ORDERS, cursor));
        merge(both, cursor, 2, None)
    }

    fn times(page: &ActivityPage) -> Vec<i64> {
        page.entries.iter().map(|entry| entry.at.0).collect()
    }

    #[test]
    fn pages_of_two_chains_show_each_entry_once_in_order_of_time() {
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
    fn entry_whose_stamp_is_before_an_earlier_ones_is_on_one_page_all_the_same() {
        let crossed = [(3, 30), (2, 40), (1, 10)];
        let (mut cursor, mut shown) = (ActivityCursor::END, Vec::new());
        loop {
            let mut both = entries(ActivityKind::Access, &crossed, cursor);
            both.truncate(2);
            let page = merge(both, cursor, 1, None);
            shown.extend(page.entries.iter().map(|entry| entry.seq));
            match page.next {
                Some(next) => cursor = next,
                None => break,
            }
        }
        assert_eq!(shown, [3, 2, 1]);
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
        let cursor = ActivityCursor { access: 12, journal: 34, above: false };
        assert_eq!(cursor.to_string().parse(), Ok(cursor));
        for bad in ["", "-", "1", "1-x", "-1-2", "99999999999999999999-1"] {
            assert!(bad.parse::<ActivityCursor>().is_err(), "{bad}");
        }
    }
}
