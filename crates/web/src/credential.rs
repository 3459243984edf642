//! API credentials: the list, one of them with its revocation, and the making of a new one.

mod draft;

use access::{CredentialId, Entitlements, Refusal, Scopes, Sentence, Time, Verdict};
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use gate::CredentialInfo;
use maud::{Markup, html};

use crate::contract;
use crate::fault::{Cause, Fault, Wants};
use crate::field::Errors;
use crate::figure;
use crate::form::Fields;
use crate::refusal;
use crate::shell::{self, Tab};
use crate::visit::{Signed, go, text};

type Reply = Result<Response, Fault>;

/// Sentences about what an authority can, cannot, and until when.
pub(crate) fn sentences(says: &[Sentence]) -> Markup {
    html! {
        ul.says {
            @for say in says {
                @let class = match say.verdict { Verdict::Can => "can", Verdict::Cannot => "cannot", Verdict::Until => "until" };
                li class=(class) { span { b { (say.verdict) } " " (say.text) } }
            }
        }
    }
}

/// The sentences of an authority, with the symbols of its contracts.
pub(crate) fn says(given: &Entitlements) -> Vec<Sentence> {
    access::can_cannot(given, &contract::symbol)
}

/// What is left of the person's authority within these scopes. A session's own end does not bind a credential.
fn of(signed: &Signed, scopes: &Scopes) -> Entitlements {
    let own = signed.admission.entitlements();
    let parent = Entitlements { until: Time::FAR, ..Entitlements::clone(&own) };
    parent.narrow(parent.holder, scopes)
}

/// `GET /credentials`
pub(crate) async fn list(signed: Signed) -> Reply {
    let gate = signed.visit.portal.gate();
    let all =
        gate.credentials(Some(signed.ticket.account)).await.map_err(|why| signed.fault(why))?;
    let (live, over): (Vec<_>, Vec<_>) =
        all.iter().partition(|one| one.credential.revoked.is_none());
    let now = signed.now();
    let body = html! {
        (shell::rooms(&signed, "/credentials"))
        (shell::title("Credentials", &html! { a.btn.main href="/credentials/new" { "New credential" } }))
        div.stack {
            section.card aria-label="Credentials in force" {
                p.small.dim { "A program connects to a credential's port and may do what the credential may, nothing else." }
                @if live.is_empty() { p.empty { "No program can reach this account." } } @else { (table(&live, now)) }
            }
            @if !over.is_empty() {
                section.card aria-labelledby="over" { h2 #over { "Revoked" } (table(&over, now)) }
            }
        }
    };
    Ok(shell::page(&signed, Tab::Access, "Credentials", &body).into_response())
}

fn table(rows: &[&CredentialInfo], now: Time) -> Markup {
    html! {
        table.flip {
            thead { tr { th { "Name" } th { "May" } th.r { "Port" } th { "Last used" } th { "Until" } } }
            tbody {
                @for one in rows {
                    tr {
                        td.key { a href={ "/credentials/" (one.credential.id) } { (one.credential.name) } @if one.credential.token.is_some() { " " span.tag { "token" } } }
                        td data-l="May" { (may(one)) }
                        td.r.n data-l="Port" { (one.port()) }
                        td data-l="Last used" { (last_use(one, now)) }
                        td data-l="Until" { (standing(one, now)) }
                    }
                }
            }
        }
    }
}

/// In two or three words; the page of the credential says it in full.
fn may(one: &CredentialInfo) -> Markup {
    let scopes = &one.credential.scopes;
    let narrow = scopes.limits != access::Limits::default()
        || scopes.symbols != access::entitlements::Symbols::All
        || scopes.rate.is_some();
    html! {
        @if scopes.read_only { "look, not trade" } @else if narrow { "trade, within limits" } @else { "trade" }
    }
}

fn last_use(one: &CredentialInfo, now: Time) -> Markup {
    html! {
        @match &one.last_use {
            Some(used) => { (figure::ago(used.at, now)) span.sub.mono { (used.address) @if !used.client.is_empty() { " " (used.client) } } },
            None => span.dim { "never" },
        }
    }
}

fn standing(one: &CredentialInfo, now: Time) -> Markup {
    html! {
        @match one.credential.revoked {
            Some(revoked) => { span.tag.down { "revoked" } " " (figure::time(revoked.at)) },
            None if one.credential.scopes.until <= now => span.tag.down { "expired" },
            None => { (figure::time(one.credential.scopes.until)) span.sub { "in " (figure::span(one.credential.scopes.until.since(now))) } },
        }
    }
}

/// `GET /credentials/{id}`
pub(crate) async fn show(Path(id): Path<String>, signed: Signed) -> Reply {
    let one = find(&signed, &id).await?;
    Ok(page(&signed, &one, &html! {}).into_response())
}

async fn find(signed: &Signed, id: &str) -> Result<CredentialInfo, Fault> {
    let id: CredentialId = id.parse().map_err(|_| signed.fault(Cause::Missing))?;
    let gate = signed.visit.portal.gate();
    let all =
        gate.credentials(Some(signed.ticket.account)).await.map_err(|why| signed.fault(why))?;
    all.into_iter().find(|one| one.credential.id == id).ok_or_else(|| signed.fault(Cause::Missing))
}

fn page(signed: &Signed, one: &CredentialInfo, top: &Markup) -> axum::response::Html<String> {
    let now = signed.now();
    let narrowed = one.entitlements.clone().unwrap_or_else(|_| of(signed, &one.credential.scopes));
    let host = signed.visit.portal.origin().host_str().unwrap_or("localhost").to_owned();
    let body = html! {
        (shell::rooms(signed, "/credentials"))
        (shell::title(one.credential.name.as_str(), &html! { a.btn href={ "/activity?holder=" (one.credential.id) } { "What it did" } }))
        (top)
        @if signed.visit.query.has("revoked") {
            div.note.good role="status" { "Revoked. Its next message is refused and its connections are closed." }
        }
        div.grid {
            section.card.s7 aria-labelledby="can" {
                h2 #can { @if one.credential.revoked.is_some() { "What it could do" } @else { "What it can and cannot do" } }
                (sentences(&says(&narrowed)))
            }
            div.stack.s5 {
                section.card aria-labelledby="reach" {
                    h2 #reach { "How it is reached" }
                    dl.pairs {
                        div { dt { "Host" } dd.mono { (host) } }
                        div { dt { "Port" } dd.mono { (one.port()) } }
                        div { dt { "Token" } dd { @if one.credential.token.is_some() { "demanded" } @else { "not demanded" } } }
                        div { dt { "Made" } dd { (figure::time(one.credential.created_at)) } }
                        div { dt { "Last used" } dd { (last_use(one, now)) } }
                        div { dt { "Until" } dd { (standing(one, now)) } }
                        div { dt { "Id" } dd.mono.small { (one.credential.id) } }
                    }
                    @if one.credential.token.is_none() && one.credential.revoked.is_none() {
                        p.small.dim { "A port names a credential and proves nothing about who connects: any program on this machine that reaches the port can use it." }
                    }
                }
                @if one.credential.revoked.is_none() { (revocation(signed, one)) }
                @else { p.small.dim { "The port is given to no other credential for a day." } }
            }
        }
    };
    shell::page(signed, Tab::Access, one.credential.name.as_str(), &body)
}

fn revocation(signed: &Signed, one: &CredentialInfo) -> Markup {
    html! {
        section.card aria-labelledby="revoke" {
            h2 #revoke { "Revoke" }
            form.f method="post" action={ "/credentials/" (one.credential.id) "/revoke" } {
                (shell::token(signed))
                p.small.dim { "In force at the next message on every connection. It cannot be undone." }
                (crate::field::tick("keep_orders", "Leave its open orders working", false))
                button.sell { "Revoke " (one.credential.name) }
            }
        }
    }
}

/// `POST /credentials/{id}/revoke`
pub(crate) async fn revoke(Path(id): Path<String>, signed: Signed) -> Reply {
    let one = find(&signed, &id).await?;
    let cancel = !signed.visit.fields.has("keep_orders");
    let gate = signed.visit.portal.gate();
    gate.revoke_credential(&signed.actor(), one.credential.id, cancel)
        .await
        .map_err(|why| signed.fault(why))?;
    Ok(go(&format!("/credentials/{}?revoked=1", one.credential.id)))
}

/// `GET /credentials/new`
pub(crate) async fn new(signed: Signed) -> Reply {
    let fields = draft::default(signed.visit.portal.gate().token_required_by_default());
    Ok(shell::page(
        &signed,
        Tab::Access,
        "New credential",
        &maker(&signed, &fields, &Errors::new(), None),
    )
    .into_response())
}

/// The form, and beside it what the credential would be able to do.
fn maker(signed: &Signed, fields: &Fields, errors: &Errors, why: Option<&Refusal>) -> Markup {
    html! {
        (shell::rooms(signed, "/credentials"))
        (shell::title("New credential", &html! {}))
        @if let Some(why) = why { (refusal::note(why)) }
        @if !errors.is_empty() { (refusal::missing("Nothing was made yet: see the fields marked below.")) }
        div.grid {
            section.card.s6 aria-labelledby="may" { h2 #may { "What it may do" } (draft::form(signed, fields, errors)) }
            section.card.s6 aria-labelledby="says" { h2 #says { "This credential" } div #preview aria-live="polite" { (preview_of(signed, fields)) } }
        }
    }
}

/// The sentences for what is typed so far.
fn preview_of(signed: &Signed, fields: &Fields) -> Markup {
    let mut errors = Errors::new();
    let scopes = draft::scopes(signed.now(), fields, &mut errors);
    if !errors.is_empty() {
        return html! { ul.says { @for text in errors.values() { li.cannot { span { (text) } } } } };
    }
    let token = if fields.has("demand_token") {
        "Its clients must show a token, which is shown once after it is made."
    } else {
        "It demands no token: any program on this machine that reaches its port can use it."
    };
    html! { (sentences(&says(&of(signed, &scopes)))) p.small.dim { (token) } }
}

/// `POST /credentials/preview`: as a page without script, as a fragment while typing.
pub(crate) async fn preview(signed: Signed) -> Reply {
    let fields = &signed.visit.fields;
    if signed.visit.wants == Wants::Fragment {
        let kind =
            [(axum::http::header::CONTENT_TYPE, "text/vnd.floorpass.fragment; charset=utf-8")];
        return Ok((kind, preview_of(&signed, fields).into_string()).into_response());
    }
    match draft::read(&signed, fields) {
        Ok(_) => Ok(shell::page(&signed, Tab::Access, "New credential", &confirm(&signed, fields))
            .into_response()),
        Err(errors) => Ok(unfit(&signed, fields, &errors, None)),
    }
}

fn unfit(signed: &Signed, fields: &Fields, errors: &Errors, why: Option<&Refusal>) -> Response {
    let status = why.map_or(StatusCode::UNPROCESSABLE_ENTITY, refusal::status);
    let body = maker(signed, fields, errors, why);
    (status, shell::page(signed, Tab::Access, "New credential", &body)).into_response()
}

/// The second step without script: what it will be, and the button that makes it.
fn confirm(signed: &Signed, fields: &Fields) -> Markup {
    html! {
        (shell::rooms(signed, "/credentials"))
        (shell::title("New credential", &html! {}))
        div.narrow { section.card.stack aria-labelledby="says" {
            h2 #says { "\u{201c}" (fields.get("name")) "\u{201d} will be this" }
            (preview_of(signed, fields))
            form.f method="post" action="/credentials" {
                (shell::token(signed))
                @for (name, value) in fields.shown() { input type="hidden" name=(name) value=(value); }
                div.row { button.main { "Create it" } button formaction="/credentials/edit" { "Change it" } }
            }
        } }
    }
}

/// `POST /credentials/edit`: back to the form with what was typed.
pub(crate) async fn edit(signed: Signed) -> Reply {
    let body = maker(&signed, &signed.visit.fields, &Errors::new(), None);
    Ok(shell::page(&signed, Tab::Access, "New credential", &body).into_response())
}

/// `POST /credentials`
pub(crate) async fn create(signed: Signed) -> Reply {
    let wanted = match draft::read(&signed, &signed.visit.fields) {
        Ok(wanted) => wanted,
        Err(errors) => return Ok(unfit(&signed, &signed.visit.fields, &errors, None)),
    };
    let gate = signed.visit.portal.gate();
    match gate.create_credential(&signed.actor(), wanted).await {
        Ok(made) => {
            let one = find(&signed, &made.credential.to_string()).await?;
            let top = html! {
                div.note.good role="status" {
                    p { b { "Made. " } "Port " span.mono { (made.port) } " is open now." }
                    @if let Some(token) = &made.token {
                        p { "Its token, shown this once; put it where your program reads it:" }
                        p.once { (text(token)) }
                        p.small { "A TWS client sends it in its connect options as " code { "token=" (text(token)) } "." }
                    }
                }
            };
            Ok(page(&signed, &one, &top).into_response())
        }
        Err(why) => Ok(unfit(&signed, &signed.visit.fields, &Errors::new(), Some(&why))),
    }
}
