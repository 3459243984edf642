//! Activity: every decision, allowed or refused, with its reason; searched by what people look for.

use access::evidence::Topic;
use access::{Span, Time};
use axum::body::Body;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use gate::{ActivityCursor, ActivityFilter, ActivityPage, Actor, Behind, ExportFormat, Gate};
use maud::{Markup, html};

use crate::fault::{Cause, Fault};
use crate::field::{self, Field};
use crate::figure;
use crate::form::Fields;
use crate::shell::{self, Tab};
use crate::subject;
use crate::visit::Signed;

mod row;
mod wanted;

use wanted::Wanted;

/// Entries on a page.
const PAGE: usize = 50;
/// Entries that an export reads at once.
const CHUNK: usize = 1_000;

/// `GET /activity`
pub(crate) async fn list(signed: Signed) -> Result<Response, Fault> {
    let query = &signed.visit.query;
    let gate = signed.visit.portal.gate();
    let wanted = Wanted::of(query);
    let page = if wanted.errors.is_empty() {
        let filter = ActivityFilter { limit: PAGE, ..wanted.filter.clone() };
        gate.activity().page(&signed.actor(), &filter, cursor(query)).await
    } else {
        Ok(ActivityPage::default())
    };
    let page = page.map_err(|why| signed.fault(why))?;
    let names = gate.activity().names(&signed.actor()).await.map_err(|why| signed.fault(why))?;
    let now = signed.now();
    let body = html! {
        (shell::title("Activity", &html! { a.btn href="/executions" { "Executions" } }))
        @match page.behind {
            None => {}
            Some(Behind::Unwritten) => div.note.warm role="status" { "The newest orders are missing here: the database cannot be written. They are safe in the journal and will appear here once it can." }
            Some(Behind::Adding) => div.note role="status" { "The newest orders are still being added to this list. Reload the page in a moment to see them." }
        }
        section.card aria-label="Filter" { (days(&wanted, now)) (chooser(&signed, &wanted, &names)) }
        section.card.later aria-label="Decisions" {
            @if !wanted.errors.is_empty() { p.empty { "Correct the filter above to see the activity." } }
            @else if page.entries.is_empty() && page.reached.is_none() { p.empty { "Nothing matches this filter." } }
            @else {
                @if page.entries.is_empty() { p.empty { "Nothing found yet." } } @else { (row::table(&page, now)) }
                @if let Some(time) = page.reached { p.small.dim role="status" { (searched(query)) (signed.clock(time)) "." } }
                (pager(&wanted, &page, query))
            }
        }
        (exports(&signed, &wanted))
    };
    let status =
        if wanted.errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    Ok((status, shell::page(&signed, Tab::Activity, "Activity", &body)).into_response())
}

fn cursor(query: &Fields) -> Option<ActivityCursor> {
    let newer = query.get("after").parse().ok().map(ActivityCursor::above);
    newer.or_else(|| query.get("before").parse().ok())
}

/// The days that people ask for most, each one press.
fn days(wanted: &Wanted, now: Time) -> Markup {
    let day = |back: i64| figure::day(now - Span::days(back));
    let week = (day(6), day(0));
    let all = (String::new(), String::new());
    let chosen = (wanted.value("from").to_owned(), wanted.value("to").to_owned());
    html! {
        nav.tabs aria-label="Days" {
            @for (name, days) in [("All", all), ("Today", (day(0), day(0))), ("Yesterday", (day(1), day(1))), ("Last 7 days", week)] {
                a href=(wanted.link(&[("from", &days.0), ("to", &days.1)])) aria-current=[(days == chosen).then_some("true")] { (name) }
            }
            @let refused = wanted.filter.refused_only;
            a href=(wanted.link(&[("refused", if refused { "" } else { "yes" })])) aria-current=[refused.then_some("true")] { "Refused" }
        }
    }
}

fn chooser(signed: &Signed, wanted: &Wanted, names: &wanted::Names) -> Markup {
    let topics = Topic::ALL.map(|topic| (topic.name(), topic_label(topic)));
    let mut kinds = vec![("", "Everything")];
    kinds.extend(topics);
    let field = |name, label, kind| date(wanted, name, label, kind);
    let choices = |name, label, any, all: Vec<(String, String)>| {
        let mut options = vec![("", any)];
        options.extend(all.iter().map(|(id, name)| (id.as_str(), name.as_str())));
        field::select(name, label, wanted.value(name), &options)
    };
    html! {
        form method="get" action="/activity" role="search" aria-label="Filter activity" {
            (subject::field(signed))
            div.row.seek {
                div.wide { (Field { name: "text", label: "Text", value: wanted.value("text"), error: wanted.error("text"), ..Field::default() }) }
                (field("from", "From", "date"))
                (field("to", "To", "date"))
                button { "Show" }
                @if wanted.is_narrow() { a.btn href="/activity" { "Clear" } }
            }
            details.more open[wanted.has_more()] {
                summary { "More filters" }
                div.row.seek {
                    (field::select("kind", "Kind", wanted.value("kind"), &kinds))
                    (choices("person", "Person", "Anyone", wanted::labels(&names.persons)))
                    (choices("credential", "Credential", "Any", wanted::labels_of(&names.credentials)))
                    (choices("device", "Device", "Any", wanted::labels_of(&names.devices)))
                    (field::tick("refused", "Refused only", wanted.filter.refused_only))
                    (field::tick("steps", "Show every internal step", !wanted.filter.hides_minor))
                }
            }
            @if let Some(holder) = wanted.holder() { input type="hidden" name="holder" value=(holder); }
        }
    }
}

/// A field for a day.
fn date(wanted: &Wanted, name: &'static str, label: &str, kind: &str) -> Markup {
    let error = wanted.error(name);
    let described = error.map(|_| format!("{name}-err"));
    html! {
        div {
            label for=(name) { (label) }
            input id=(name) name=(name) type=(kind) value=(wanted.value(name)) autocomplete="off"
                aria-invalid=[error.map(|_| "true")] aria-describedby=[described.as_deref()];
            @if let Some(text) = error { p.err id=[described.as_deref()] { (text) } }
        }
    }
}

const fn topic_label(topic: Topic) -> &'static str {
    match topic {
        Topic::SignIns => "Sign-ins and sessions",
        Topic::Orders => "Orders",
        Topic::Credentials => "Credentials",
        Topic::Devices => "Devices",
        Topic::Recovery => "Recovery",
        Topic::Locks => "Locks",
        Topic::Settings => "Settings",
        Topic::Messages => "Messages",
        Topic::Server => "Server",
    }
}

/// How a page that is not full says where its search has come to.
fn searched(query: &Fields) -> &'static str {
    if query.has("after") { "Searched forward to " } else { "Searched back to " }
}

fn pager(wanted: &Wanted, page: &ActivityPage, query: &Fields) -> Markup {
    let link = |name, cursor: ActivityCursor| wanted.link(&[(name, &cursor.to_string())]);
    let (older, newer) = match (page.reached.is_some(), query.has("after")) {
        (false, _) => ("Older", "Newer"),
        (true, false) => ("Keep searching", "Newer"),
        (true, true) => ("Older", "Keep searching"),
    };
    html! {
        @if page.newer.is_some() || page.next.is_some() {
            nav.pager aria-label="Pages" {
                @if let Some(cursor) = page.newer { a.btn href=(link("after", cursor)) { (newer) } }
                @if let Some(cursor) = page.next { a.btn href=(link("before", cursor)) { (older) } }
            }
        }
    }
}

fn exports(signed: &Signed, wanted: &Wanted) -> Markup {
    html! {
        form.row.later method="post" action="/activity/export" {
            (shell::token(signed))
            @for (name, value) in wanted.pairs() { input type="hidden" name=(name) value=(value); }
            button name="format" value="csv" { "Export CSV" }
            button name="format" value="jsonl" { "Export JSON lines" }
            span.small.dim { "Exports everything that this filter matches. The export itself is recorded." }
        }
        p.small.dim.later { "Both records, of access and of orders, are chains of hashes: " code { "floorpass evidence verify" } " checks that nothing was altered, removed or reordered." }
    }
}

/// Where an export is.
struct Export {
    gate: Gate,
    actor: Actor,
    filter: ActivityFilter,
    format: ExportFormat,
    reached: Reached,
}

/// How far it is.
enum Reached {
    Start,
    Here(ActivityCursor),
    End,
}

/// `POST /activity/export`: all that the filter matches, newest first, a thousand entries at a time.
pub(crate) async fn export(signed: Signed) -> Result<Response, Fault> {
    let fields = &signed.visit.fields;
    let format: ExportFormat =
        fields.get("format").parse().map_err(|_| signed.fault(Cause::Missing))?;
    let wanted = Wanted::of(fields);
    if !wanted.errors.is_empty() {
        return Err(signed.fault(Cause::Missing));
    }
    let gate = signed.visit.portal.gate().clone();
    let actor = signed.actor();
    let what = format!("Activity exported as {}: {}", format.name(), wanted.sentence());
    gate.activity().note_export(&actor, &what).await.map_err(|why| signed.fault(why))?;
    let day = figure::day(signed.now());
    let name = format!("attachment; filename=\"activity-{day}.{}\"", format.name());
    let head =
        [(header::CONTENT_TYPE, format.media().to_owned()), (header::CONTENT_DISPOSITION, name)];
    let filter = ActivityFilter { limit: CHUNK, ..wanted.filter };
    let export = Export { gate, actor, filter, format, reached: Reached::Start };
    let chunks = stream::unfold(export, async |mut export| {
        let cursor = match export.reached {
            Reached::Start => None,
            Reached::Here(cursor) => Some(cursor),
            Reached::End => return None,
        };
        export.reached = Reached::End;
        let page = export.gate.activity().page(&export.actor, &export.filter, cursor).await;
        let chunk = page.map(|page| {
            export.reached = page.next.map_or(Reached::End, Reached::Here);
            let head = if cursor.is_none() { export.format.head() } else { String::new() };
            head + &export.format.page(&page)
        });
        // A broken end tells the browser that the file is not whole.
        let chunk = chunk.map_err(|why| std::io::Error::other(why.caller_text()));
        Some((chunk, export))
    });
    Ok((head, Body::from_stream(chunks)).into_response())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn buttons(query: &str, reached: Option<Time>) -> String {
        let query = Fields::parse(query.as_bytes()).unwrap();
        let place: Option<ActivityCursor> = "7-7-7".parse().ok();
        let page = ActivityPage { next: place, newer: place, reached, ..ActivityPage::default() };
        pager(&Wanted::of(&query), &page, &query).into_string()
    }

    #[test]
    fn page_that_ended_early_goes_on_in_its_own_direction() {
        let full = buttons("text=zebra", None);
        assert!(full.contains(">Newer</a>") && full.contains(">Older</a>"), "{full}");
        let back = buttons("text=zebra", Some(Time(1)));
        assert!(back.contains(">Newer</a>") && back.contains("before=7-7-7\">Keep searching</a>"));
        let forward = buttons("text=zebra&after=3-3-3", Some(Time(1)));
        assert!(forward.contains("after=7-7-7\">Keep searching</a>"), "{forward}");
        assert!(forward.contains(">Older</a>"), "{forward}");
    }
}
