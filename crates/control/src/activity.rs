//! The record of decisions, searched and exported by the operator.

use access::evidence::{Entry, Topic};
use access::{DeviceId, PersonId, Refusal, Span, Time};
use gate::activity::plain;
use gate::{
    ActivityCursor, ActivityEntry, ActivityFilter, ActivityKind, ActivityPage, ExportFormat,
};
use serde_json::{Value, json};

use serde::{Deserialize, Serialize};

use crate::answer::{ActivityNow, ActivityRow, ExportPart};
use crate::credential::{self, CredentialName};
use crate::desk::{Desk, instant, value};
use crate::fault::Fault;

/// What of the activity is wanted; whatever is left out is not narrowed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ActivityWish {
    /// The first day, `2026-12-24`, in UTC.
    pub from: Option<String>,
    /// The last day, which belongs to it.
    pub to: Option<String>,
    /// A person's user name or id.
    pub person: Option<String>,
    /// A credential's name or id.
    pub credential: Option<String>,
    /// A device's name or id.
    pub device: Option<String>,
    /// What it is about: `orders`, `sign-ins`, ...
    pub kind: Option<String>,
    /// Only what was refused.
    pub refused: bool,
    /// Also the internal steps.
    pub steps: bool,
    /// A text.
    pub text: Option<String>,
    /// How many at most, 1 to 1,000.
    pub limit: Option<u32>,
    /// Where to go on, as the last answer said.
    pub before: Option<String>,
}

/// The record of decisions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ActivityRequest {
    /// What was decided, newest first.
    List(ActivityWish),
    /// The same as a part of a file.
    Export {
        /// What of it.
        wish: ActivityWish,
        /// `csv` or `jsonl`.
        format: String,
    },
    /// A part of the access evidence as it is, with its hashes.
    Evidence {
        /// Of this shard and those behind it.
        #[serde(default)]
        shard: u32,
        /// After this entry of it.
        after: u64,
    },
}

/// Entries that a list has unless more are asked for, and that an export reads at once.
const USUAL: u32 = 50;
const CHUNK: u32 = 1_000;

pub(crate) async fn act(desk: &Desk<'_>, request: ActivityRequest) -> Result<Value, Fault> {
    match request {
        ActivityRequest::List(wish) => value(list(desk, &wish).await?),
        ActivityRequest::Export { wish, format } => value(export(desk, &wish, &format).await?),
        ActivityRequest::Evidence { shard, after } => value(chain(desk, (shard, after)).await?),
    }
}

async fn list(desk: &Desk<'_>, wish: &ActivityWish) -> Result<ActivityNow, Fault> {
    let limit = wish.limit.unwrap_or(USUAL);
    if !(1..=CHUNK).contains(&limit) {
        let text =
            format!("{limit} entries cannot be listed at once; use 1 to {CHUNK}, or export them");
        return Err(Fault::new("LIMIT", text));
    }
    let page = page(desk, wish, limit).await?;
    let next = page.next.map(|cursor| cursor.to_string());
    let entries = page.entries.iter().map(|entry| row(entry, &page)).collect();
    let (behind, searched_to) = (page.behind.is_some(), page.reached.map(instant));
    Ok(ActivityNow { entries, behind, searched_to, next })
}

async fn export(desk: &Desk<'_>, wish: &ActivityWish, format: &str) -> Result<ExportPart, Fault> {
    let format: ExportFormat = format.parse().map_err(|text: String| Fault::new("FORMAT", text))?;
    let page = page(desk, wish, CHUNK).await?;
    let mut text = String::new();
    if wish.before.is_none() {
        let what = format!("Activity exported as {}: {}", format.name(), sentence(wish));
        desk.gate.activity().note_export(&desk.actor, &what).await?;
        text = format.head();
    }
    text.push_str(&format.page(&page));
    Ok(ExportPart { text, next: page.next.map(|cursor| cursor.to_string()) })
}

async fn chain(desk: &Desk<'_>, (shard, after): (u32, u64)) -> Result<ExportPart, Fault> {
    if (shard, after) == (0, 0) {
        desk.gate
            .activity()
            .note_export(&desk.actor, "The access evidence exported, with its hashes")
            .await?;
    }
    let entries = desk.gate.activity().evidence_entries(&desk.actor, shard, after, CHUNK).await?;
    let mut lines: Vec<_> = entries.iter().map(|entry| raw(entry).to_string()).collect();
    lines.push(String::new());
    let text = lines.join("\n");
    let next = entries.last().map(|entry| format!("{}-{}", entry.shard, entry.seq));
    Ok(ExportPart { text, next })
}

/// All that an entry's hash is made of, and the hash.
fn raw(entry: &Entry) -> Value {
    json!({
        "version": entry.version,
        "shard": entry.shard,
        "seq": entry.seq,
        "at": entry.at.0,
        "actor": entry.actor.to_string(),
        "source": entry.source,
        "kind": entry.kind,
        "text": entry.text,
        "event": entry.event,
        "person": entry.person.map(|person| person.to_string()),
        "hash": entry.hash.to_string(),
    })
}

async fn page(desk: &Desk<'_>, wish: &ActivityWish, limit: u32) -> Result<ActivityPage, Fault> {
    let filter = filter(desk, wish, limit).await?;
    let cursor: Option<ActivityCursor> = match &wish.before {
        None => None,
        Some(text) => Some(text.parse().map_err(|_| {
            let text = format!(
                "{text:?} is not a place in the activity; use the `next` of the previous page"
            );
            Fault::new("PLACE", text)
        })?),
    };
    Ok(desk.gate.activity().page(&desk.actor, &filter, cursor).await?)
}

async fn filter(desk: &Desk<'_>, wish: &ActivityWish, limit: u32) -> Result<ActivityFilter, Fault> {
    let names = desk.gate.activity().names(&desk.actor).await?;
    let (from, to) = (day(wish.from.as_deref())?, day(wish.to.as_deref())?);
    if from.zip(to).is_some_and(|(from, to)| from > to) {
        return Err(Fault::new("DATE", "--from is after --to; swap them"));
    }
    let devices: Vec<_> = names.devices.iter().map(|(id, name, _)| (*id, name.as_str())).collect();
    let persons: Vec<_> = names.persons.iter().map(|(id, name)| (*id, name.as_str())).collect();
    let person: Option<PersonId> = match wish.person.as_deref() {
        None => None,
        Some(text) => {
            Some(named(text, &persons).first().copied().ok_or(Refusal::not_found("person"))?)
        }
    };
    let credential = match wish.credential.as_deref() {
        None => None,
        Some(text) => {
            let which = CredentialName::Name(text.to_owned());
            Some(credential::find(desk.gate, &which).await?.credential.id)
        }
    };
    Ok(ActivityFilter {
        topic: wish.kind.as_deref().map(topic).transpose()?,
        person,
        credential,
        device: wish.device.as_deref().map(|text| device(text, &devices)).transpose()?,
        refused_only: wish.refused,
        hides_minor: !wish.steps,
        text: wish.text.clone().unwrap_or_default(),
        from,
        until: to.map(|day| day + Span::days(1)),
        limit: usize::try_from(limit).unwrap_or(usize::MAX),
        ..ActivityFilter::default()
    })
}

/// The ids that a text is, or that have it as their name.
fn named<I: Copy + ToString>(text: &str, all: &[(I, &str)]) -> Vec<I> {
    let found = all.iter().filter(|(id, name)| *name == text || id.to_string() == text);
    found.map(|(id, _)| *id).collect()
}

fn device(text: &str, all: &[(DeviceId, &str)]) -> Result<DeviceId, Fault> {
    match named(text, all)[..] {
        [device] => Ok(device),
        [] => Err(Refusal::not_found("device").into()),
        ref several => {
            let ids: Vec<_> = several.iter().map(ToString::to_string).collect();
            let text = format!(
                "{} devices are called {text:?}; name one by its id: {}",
                ids.len(),
                ids.join(", ")
            );
            Err(Fault::new("DEVICE_AMBIGUOUS", text))
        }
    }
}

fn topic(text: &str) -> Result<Topic, Fault> {
    text.parse().map_err(|()| {
        let all = Topic::ALL.map(Topic::name).join(", ");
        Fault::new("KIND", format!("{text:?} is not a kind of activity; use one of {all}"))
    })
}

fn day(text: Option<&str>) -> Result<Option<Time>, Fault> {
    let Some(text) = text else { return Ok(None) };
    Time::of_date(text).map(Some).ok_or_else(|| {
        Fault::new("DATE", format!("{text:?} is not a date; write it like 2026-12-24"))
    })
}

/// What is asked for, in words for the record.
fn sentence(wish: &ActivityWish) -> String {
    let texts = [
        ("from", &wish.from),
        ("to", &wish.to),
        ("person", &wish.person),
        ("credential", &wish.credential),
        ("device", &wish.device),
        ("kind", &wish.kind),
        ("text", &wish.text),
    ];
    let mut parts: Vec<_> = texts
        .iter()
        .filter_map(|(name, value)| value.as_ref().map(|value| format!("{name} {value}")))
        .collect();
    parts.extend(wish.refused.then(|| "refused only".to_owned()));
    parts.extend(wish.steps.then(|| "with internal steps".to_owned()));
    if parts.is_empty() { "all of it".to_owned() } else { parts.join(", ") }
}

fn row(entry: &ActivityEntry, page: &ActivityPage) -> ActivityRow {
    ActivityRow {
        at: instant(entry.at),
        record: match entry.kind {
            ActivityKind::Access => "access".to_owned(),
            ActivityKind::Order => "journal".to_owned(),
        },
        entry: entry.seq,
        shard: entry.shard,
        group: entry.topic.name().to_owned(),
        event: entry.what.to_string(),
        who: entry.who.clone(),
        actor: entry.holder.map_or_else(|| "visitor".to_owned(), |holder| holder.to_string()),
        source: entry.source.clone(),
        credential: entry.credential,
        device: entry.device,
        refusal: entry.code.clone(),
        count: entry.count,
        orders: entry.asked.clone(),
        text: plain(&entry.text, &page.names),
    }
}
