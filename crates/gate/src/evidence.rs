//! The record of decisions: one list of what access decided and what was decided about orders, and
//! the offline check of both chains.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::num::ParseIntError;
use std::str::FromStr;

use access::evidence::{Entry, Event as Kept};
use access::{Act, By, Event, Holder, PersonId, Refusal, Time};

use crate::Gate;
use crate::registry::store_failed;
use crate::session::Actor;

pub(crate) mod order;
mod verify;

pub use verify::{EvidenceReport, VerifyError, evidence_verify, evidence_verify_with};

/// Entries of a page at most.
const LIMIT: usize = 200;
/// Entries that are read at once, and how often for one page.
const BATCH: u32 = 500;
const BATCHES: usize = 20;

/// Which entries a page of the activity shows.
#[derive(Debug, Clone, Default)]
pub struct ActivityFilter {
    /// What kind; none is every kind.
    pub kind: Option<ActivityKind>,
    /// By whom; none is everybody.
    pub holder: Option<Holder>,
    /// Only what was refused.
    pub refused_only: bool,
    /// How many entries, 1 to 200.
    pub limit: usize,
}

/// What an entry is about.
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
    /// The stable code, when it was refused or denied.
    pub code: Option<String>,
    /// How many equal refusals it stands for, 1 or more.
    pub count: u64,
}

/// A page of decisions, newest first.
#[derive(Debug, Clone, Default)]
pub struct ActivityPage {
    /// The decisions.
    pub entries: Vec<ActivityEntry>,
    /// Where the next page begins; none at the end.
    pub next: Option<ActivityCursor>,
}

/// Where a page of decisions begins: entries below these sequences.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ActivityCursor {
    /// Entries of the access evidence below this one.
    pub access: u64,
    /// Records of the journal below this one.
    pub journal: u64,
}

impl ActivityCursor {
    /// Beyond the newest entries.
    const END: Self = Self { access: i64::MAX as u64, journal: u64::MAX };

    fn is_at_the_beginning(self) -> bool {
        self.access <= 1 && self.journal <= 1
    }
}

impl fmt::Display for ActivityCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.access, self.journal)
    }
}

impl FromStr for ActivityCursor {
    type Err = ParseIntError;

    /// As displayed. Beyond the end is the end.
    fn from_str(text: &str) -> Result<Self, ParseIntError> {
        let (access, journal) = text.split_once('-').unwrap_or((text, ""));
        let access: u64 = access.parse()?;
        Ok(Self { access: access.min(Self::END.access), journal: journal.parse()? })
    }
}

/// Entries of one chain, newest first, and the sequence below which the rest lies.
struct Part {
    entries: Vec<ActivityEntry>,
    reached: u64,
}

impl Gate {
    /// A page of what was decided, newest first: all of it for the operator; for a session that may
    /// see it, what concerns its person and the account's orders.
    pub async fn activity(
        &self,
        actor: &Actor,
        filter: &ActivityFilter,
        cursor: Option<ActivityCursor>,
    ) -> Result<ActivityPage, Refusal> {
        let person = match actor {
            Actor::Operator { .. } => None,
            Actor::Session(ticket) => {
                let entitlements = self.admit_session(ticket)?.entitlements();
                if !entitlements.acts.contains(Act::ViewEvidence) {
                    return Err(Refusal::ActNotAllowed { act: Act::ViewEvidence });
                }
                Some(ticket.person)
            }
        };
        let cursor = cursor.unwrap_or(ActivityCursor::END);
        let filter = ActivityFilter { limit: filter.limit.clamp(1, LIMIT), ..filter.clone() };
        let access = match filter.kind {
            Some(ActivityKind::Order) => Part { entries: Vec::new(), reached: 1 },
            _ => self.access_part(person, &filter, cursor.access).await?,
        };
        let orders = match filter.kind {
            Some(ActivityKind::Access) => Part { entries: Vec::new(), reached: 1 },
            _ => self.order_part(&filter, cursor.journal).await?,
        };
        let mut page = merge(access, orders, cursor, filter.limit);
        let names = self.holder_names().await?;
        for entry in &mut page.entries {
            entry.who = match entry.holder {
                Some(holder) => names.get(&holder).cloned().unwrap_or_else(|| holder.to_string()),
                None => "visitor".to_owned(),
            };
        }
        Ok(page)
    }

    async fn access_part(
        &self,
        person: Option<PersonId>,
        filter: &ActivityFilter,
        before: u64,
    ) -> Result<Part, Refusal> {
        let mut part = Part { entries: Vec::new(), reached: before };
        for _ in 0..BATCHES {
            let store = &self.0.people.store;
            let page = store.evidence_page(person, Some(part.reached), BATCH).await;
            let page = page.map_err(|error| store_failed(&error))?;
            for kept in &page.entries {
                if part.entries.len() >= filter.limit {
                    return Ok(part);
                }
                part.reached = kept.seq;
                part.entries.extend(Some(entry(kept)).filter(|entry| filter.keeps(entry)));
            }
            if page.before.is_none() {
                part.reached = part.reached.min(1);
                break;
            }
        }
        Ok(part)
    }

    async fn order_part(&self, filter: &ActivityFilter, before: u64) -> Result<Part, Refusal> {
        let data = self.0.folder.path.clone();
        let (filter, before) = (filter.clone(), before.min(self.0.sequencer.durable() + 1));
        let read = tokio::task::spawn_blocking(move || {
            order::page(&data, before, filter.limit, &|entry| filter.keeps(entry))
        });
        match read.await {
            Ok(Ok(page)) => Ok(Part { entries: page.entries, reached: page.reached }),
            Ok(Err(error)) => {
                tracing::error!(%error, "the journal could not be read");
                Err(Refusal::JournalFailed)
            }
            Err(error) => {
                tracing::error!(%error, "reading the journal was stopped");
                Err(Refusal::Stopping)
            }
        }
    }

    /// Names of people behind live sessions, and of all credentials.
    pub async fn holder_names(&self) -> Result<BTreeMap<Holder, String>, Refusal> {
        let mut names = BTreeMap::new();
        for slice in self.slices(None).await? {
            for one in &slice.credentials {
                names.insert(Holder::Credential(one.id), one.name.to_string());
            }
            if let Some(person) = &slice.person {
                for session in &slice.sessions {
                    names.insert(Holder::Session(session.id), person.username.to_string());
                }
            }
        }
        names.insert(Holder::Operator, "operator".to_owned());
        names.insert(Holder::System, "server".to_owned());
        Ok(names)
    }
}

impl ActivityFilter {
    fn keeps(&self, entry: &ActivityEntry) -> bool {
        (self.holder.is_none() || self.holder == entry.holder)
            && (!self.refused_only || entry.code.is_some())
    }
}

/// The newest `limit` of both, and where the next page begins in each.
fn merge(access: Part, orders: Part, from: ActivityCursor, limit: usize) -> ActivityPage {
    let mut next = ActivityCursor { access: access.reached, journal: orders.reached };
    let mut entries = access.entries;
    entries.extend(orders.entries);
    // Stable: within a chain and a time the higher sequence stays first.
    entries.sort_by_key(|entry| std::cmp::Reverse(entry.at));
    if entries.len() > limit {
        let lowest = |kind, otherwise| {
            let shown = entries.iter().take(limit).filter(|entry| entry.kind == kind);
            shown.map(|entry| entry.seq).min().unwrap_or(otherwise)
        };
        let left = |kind| entries.iter().skip(limit).any(|entry| entry.kind == kind);
        if left(ActivityKind::Access) {
            next.access = lowest(ActivityKind::Access, from.access);
        }
        if left(ActivityKind::Order) {
            next.journal = lowest(ActivityKind::Order, from.journal);
        }
        entries.truncate(limit);
    }
    ActivityPage { entries, next: Some(next).filter(|next| !next.is_at_the_beginning()) }
}

fn entry(kept: &Entry) -> ActivityEntry {
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
        code,
        count,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(kind: ActivityKind, entries: &[(u64, i64)], reached: u64) -> Part {
        let entry = |(seq, at): &(u64, i64)| ActivityEntry {
            seq: *seq,
            kind,
            at: Time(*at),
            holder: None,
            who: String::new(),
            source: String::new(),
            what: Cow::Borrowed(""),
            text: String::new(),
            code: None,
            count: 1,
        };
        Part { entries: entries.iter().map(entry).collect(), reached }
    }

    #[test]
    fn pages_of_two_chains_show_each_entry_once_in_order_of_time() {
        let access = [(5, 50), (4, 45), (3, 20), (2, 10), (1, 5)];
        let orders = [(4, 48), (3, 47), (2, 46), (1, 1)];
        let (mut cursor, mut shown) = (ActivityCursor::END, Vec::new());
        loop {
            let below = |all: &[(u64, i64)], before: u64| {
                let page: Vec<_> =
                    all.iter().filter(|one| one.0 < before).take(2).copied().collect();
                let reached = page.last().map_or(1, |one| one.0);
                (page, reached)
            };
            let (left, left_reached) = below(&access, cursor.access);
            let (right, right_reached) = below(&orders, cursor.journal);
            let page = merge(
                part(ActivityKind::Access, &left, left_reached),
                part(ActivityKind::Order, &right, right_reached),
                cursor,
                2,
            );
            shown.extend(page.entries.iter().map(|entry| entry.at.0));
            match page.next {
                Some(next) => cursor = next,
                None => break,
            }
        }
        assert_eq!(shown, [50, 48, 47, 46, 45, 20, 10, 5, 1]);
    }

    #[test]
    fn cursor_text_round_trips_and_nonsense_is_none() {
        let cursor = ActivityCursor { access: 12, journal: 34 };
        assert_eq!(cursor.to_string().parse(), Ok(cursor));
        for bad in ["", "-", "1", "1-x", "-1-2", "99999999999999999999-1"] {
            assert!(bad.parse::<ActivityCursor>().is_err(), "{bad}");
        }
    }
}
