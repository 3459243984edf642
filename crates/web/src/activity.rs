//! Activity: every decision, allowed or refused, with its reason.

use std::collections::BTreeMap;

use access::{Holder, Time};
use axum::response::{IntoResponse, Response};
use gate::{ActivityCursor, ActivityEntry, ActivityFilter, ActivityKind};
use maud::{Markup, html};

use crate::fault::Fault;
use crate::field;
use crate::figure;
use crate::form::Fields;
use crate::refusal;
use crate::shell::{self, Tab};
use crate::visit::Signed;

/// Entries on a page.
const PAGE: usize = 50;

/// `GET /activity`
pub(crate) async fn list(signed: Signed) -> Result<Response, Fault> {
    let query = &signed.visit.query;
    let filter = filter(query);
    let cursor: Option<ActivityCursor> = query.get("before").parse().ok();
    let gate = signed.visit.portal.gate();
    let page =
        gate.activity(&signed.actor(), &filter, cursor).await.map_err(|why| signed.fault(why))?;
    let names = names(&signed).await?;
    let now = signed.now();
    let body = html! {
        (shell::title("Activity", &html! { a.btn href="/executions" { "Executions" } }))
        section.card aria-label="Filter" { (chooser(query)) }
        section.card.later aria-label="Decisions" {
            @if page.entries.is_empty() { p.empty { "Nothing like that is on record." } } @else {
                table.flip {
                    thead { tr { th { "When" } th { "Who" } th { "What" } th { "Decision and reason" } } }
                    tbody { @for entry in &page.entries { (row(entry, &names, now)) } }
                }
            }
            @if let Some(next) = page.next { p { a.btn href=(older(query, next)) { "Older" } } }
        }
        p.small.dim { "The record is a chain of hashes: " code { "floorpass evidence verify" } " checks that nothing in it was altered, removed or reordered." }
    };
    Ok(shell::page(&signed, Tab::Activity, "Activity", &body).into_response())
}

/// What people call the holders that have a name: credentials, and the browsers of live sessions.
type Names = BTreeMap<String, String>;

async fn names(signed: &Signed) -> Result<Names, Fault> {
    let gate = signed.visit.portal.gate();
    let credentials = gate.credentials(Some(signed.ticket.account)).await;
    let sessions = gate.sessions(Some(signed.ticket.person)).await;
    let credentials = credentials.map_err(|why| signed.fault(why))?.into_iter();
    let sessions = sessions.map_err(|why| signed.fault(why))?.into_iter();
    let credentials =
        credentials.map(|one| (one.credential.id.to_string(), one.credential.name.to_string()));
    let sessions =
        sessions.map(|one| (one.id.to_string(), format!("{}, {}", one.username, one.device_name)));
    Ok(credentials.chain(sessions).collect())
}

fn filter(query: &Fields) -> ActivityFilter {
    let holder = query.get("holder");
    let holder = match holder {
        "operator" => Some(Holder::Operator),
        "system" => Some(Holder::System),
        id => id.parse().map(Holder::Credential).or_else(|_| id.parse().map(Holder::Session)).ok(),
    };
    ActivityFilter {
        kind: match query.get("kind") {
            "access" => Some(ActivityKind::Access),
            "order" => Some(ActivityKind::Order),
            _ => None,
        },
        holder,
        refused_only: query.has("refused"),
        limit: PAGE,
    }
}

fn chooser(query: &Fields) -> Markup {
    let holder = query.get("holder");
    html! {
        form.row.ends method="get" action="/activity" {
            (field::select("kind", "About", query.get("kind"), &[("", "everything"), ("order", "orders"), ("access", "access: sign-in, sessions, credentials, locks")]))
            (field::tick("refused", "Only what was refused", query.has("refused")))
            @if !holder.is_empty() {
                input type="hidden" name="holder" value=(holder);
                span.tag { "by " span.mono { (holder) } }
                a.small href="/activity" { "by anyone" }
            }
            button { "Show" }
        }
    }
}

fn row(entry: &ActivityEntry, names: &Names, now: Time) -> Markup {
    let refused = entry.code.is_some();
    let who = names.get(&entry.who).unwrap_or(&entry.who);
    let text = bare(&entry.text, entry.code.as_deref().unwrap_or("\0"));
    html! {
        tr {
            td.key { (figure::time(entry.at)) span.sub { (figure::ago(entry.at, now)) } }
            td data-l="Who" { div { (who) span.sub.mono { (entry.source) } } }
            td data-l="What" { span.tag.down[refused] { (entry.what.replace(['_', '.'], " ")) } }
            td {
                div {
                    (refusal::sentence(text))
                    @if entry.count > 1 { " " span.dim { "(" (figure::count(entry.count)) " times)" } }
                    @if let Some(code) = &entry.code { span.sub { span.mono { (code) } } }
                }
            }
        }
    }
}

fn older(query: &Fields, next: ActivityCursor) -> String {
    let mut link = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in
        query.shown().filter(|(name, _)| ["kind", "refused", "holder"].contains(name))
    {
        link.append_pair(name, value);
    }
    link.append_pair("before", &next.to_string());
    format!("/activity?{}", link.finish())
}

/// A text of the record without its code in front, which stands beside it.
fn bare<'a>(text: &'a str, code: &str) -> &'a str {
    text.strip_prefix(code).map_or(text, |rest| rest.trim_start_matches([':', ' ']))
}
