//! API credentials: the list, and the page for each. Creating and changing them have their own
//! files.

mod change;
mod create;
mod draft;
mod once;

pub(crate) use change::{change, edit, pause, rename, resume, revoke, rotate};
pub(crate) use create::{back, create, created, new, preview};
pub(crate) use once::Once;

use access::credential::Door;
use access::entitlements::Acts;
use access::{
    Act, CredentialId, Entitlements, PaperAccountId, Refusal, Scopes, Sentence, Time, Verdict,
};
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use gate::CredentialInfo;
use gate::snippet;
use maud::{Markup, html};

use crate::asset;
use crate::contract;
use crate::fault::{Cause, Fault};
use crate::figure;
use crate::refusal;
use crate::shell::{self, Tab};
use crate::subject;
use crate::visit::Signed;

type Reply = Result<Response, Fault>;

/// Sentences about what an authority can, cannot, and until when.
pub(crate) fn sentences(says: &[Sentence]) -> Markup {
    html! { ul.says { @for say in says { (sentence(say)) } } }
}

fn sentence(say: &Sentence) -> Markup {
    let class = match say.verdict {
        Verdict::Can => "can",
        Verdict::Cannot => "cannot",
        Verdict::Until => "until",
    };
    html! { li class=(class) { span { b { (say.verdict) } " " (say.text) } } }
}

/// The accounts of a credential in words: the viewer's own by number, and how many others there are.
fn accounts_of(signed: &Signed, accounts: &[PaperAccountId]) -> String {
    let theirs = |account: &&PaperAccountId| signed.ticket.accounts.contains(account);
    let named: Vec<_> = accounts.iter().filter(theirs).copied().collect();
    match accounts.len().saturating_sub(named.len()) {
        0 => access::id::each_of(&named),
        more => format!(
            "{} and {} that is not yours",
            access::id::each_of(&named),
            figure::plural(more, "account")
        ),
    }
}

/// The sentences of a credential for these accounts: what is true of every credential is folded away.
fn says_of(signed: &Signed, given: &Entitlements, accounts: &[PaperAccountId]) -> Markup {
    let never = Act::ALL.iter().filter(|act| !Acts::VIEW.or(Acts::TRADE).contains(**act));
    let never: Vec<_> = never.map(ToString::to_string).collect();
    let accounts = accounts_of(signed, accounts);
    let other_accounts = access::other_accounts(&accounts);
    let is_constant = |say: &Sentence| {
        say.verdict == Verdict::Cannot && (never.contains(&say.text) || say.text == other_accounts)
    };
    let (constant, own): (Vec<_>, Vec<_>) =
        says(signed, given, &accounts).into_iter().partition(is_constant);
    html! {
        (sentences(&own))
        details.fold {
            summary { "What no credential can do (" (constant.len()) ")" }
            (sentences(&constant))
        }
    }
}

/// The sentences of an authority on these accounts, with the symbols of its contracts.
pub(crate) fn says(signed: &Signed, given: &Entitlements, accounts: &str) -> Vec<Sentence> {
    let currency = signed.visit.portal.gate().paper_accounts().currency_of(given.account);
    let name = |id| contract::symbol(contract::known(signed), id);
    access::can_cannot(given, (accounts, currency), &name)
}

/// What is left of the person's authority within these scopes. A session's own end does not bind a credential.
fn of(signed: &Signed, scopes: &Scopes) -> Entitlements {
    let own = signed.admission.entitlements();
    let parent = Entitlements { until: Time::FAR, ..Entitlements::clone(&own) };
    parent.narrow(parent.holder, scopes)
}

/// The style and script of these pages.
fn assets() -> Markup {
    html! {
        link rel="stylesheet" href={ "/assets/credential.css?v=" (*asset::VERSION) };
        script src={ "/assets/copy.js?v=" (*asset::VERSION) } defer {}
    }
}

/// A text with a button that copies it, where the browser can.
fn copied(id: &str, class: &str, text: &str, label: &str) -> Markup {
    html! {
        div.copied {
            @if class == "program" { pre.program #(id) tabindex="0" role="region" aria-label="Python program" { (text) } } @else { p class=(class) #(id) { (text) } }
            button.mini type="button" data-copy=(id) hidden { (label) }
        }
    }
}

/// `GET /credentials`
pub(crate) async fn list(signed: Signed) -> Reply {
    let gate = signed.visit.portal.gate();
    let all = gate
        .credentials()
        .list(Some(signed.ticket.account))
        .await
        .map_err(|why| signed.fault(why))?;
    let (live, over): (Vec<_>, Vec<_>) =
        all.iter().partition(|info| info.credential.revoked.is_none());
    let (now, closed) = (signed.now(), subject::closed(&signed).is_some());
    let body = html! {
        (shell::rooms(&signed, "/credentials"))
        (shell::title("Credentials", &html! { @if !closed { a.btn.main href="/credentials/new" { "New credential" } } }))
        div.stack {
            section.card aria-label="Credentials in use" {
                p.small.dim { "A program connects to a credential's port and can do only what the credential allows." }
                @if live.is_empty() { p.empty { "No program can reach this account." } } @else { (table(&signed, &live, now)) }
            }
            @if !over.is_empty() {
                section.card aria-labelledby="over" { h2 #over { "Revoked" } (table(&signed, &over, now)) }
            }
        }
    };
    Ok(shell::page(&signed, Tab::Access, "Credentials", &body).into_response())
}

fn table(signed: &Signed, rows: &[&CredentialInfo], now: Time) -> Markup {
    html! {
        table.flip.lines.programs {
            thead { tr { th { "Name" } th { "May" } th.r { "Port" } th { "Today" } th { "Connected" } th { "Last used" } th { "Ends" } } }
            tbody {
                @for info in rows {
                    tr {
                        td.key { a href={ "/credentials/" (info.credential.id) } { (info.credential.name) } @if info.credential.token.is_some() { " " span.tag { "token" } } @if info.username.as_str() != &*signed.ticket.username { span.sub { "of " (info.username) } } }
                        td data-l="May" { (may(info)) }
                        td.r.n data-l="Port" { @match info.door() { Door::Socket { port } => (port), Door::Api => "API" } }
                        td data-l="Today" { (today(info)) }
                        td data-l="Connected" { (figure::plural(info.connections.len(), "program")) }
                        td data-l="Last used" { (last_use(info, now)) }
                        td.end data-l="Ends" { (ends(info, now)) }
                    }
                }
            }
        }
    }
}

/// In two or three words; the page of the credential says it in full.
fn may(info: &CredentialInfo) -> Markup {
    let scopes = &info.credential.scopes;
    let narrow = scopes.limits != access::Limits::default()
        || scopes.symbols != access::entitlements::Symbols::All
        || scopes.rate.is_some();
    html! {
        @if scopes.read_only { "view only" } @else if narrow { "trade, within limits" } @else { "trade" }
    }
}

/// `12 orders, 1 order refused, 2 connections refused`, since midnight, UTC.
fn today(info: &CredentialInfo) -> Markup {
    let count = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    html! {
        (figure::plural(count(info.today.orders), "order"))
        @for (number, what) in [
            (info.today.refused_orders, "order"),
            (info.today.refused_connections, "connection"),
            (info.today.refused_requests, "request"),
        ] {
            @if number > 0 { ", " (figure::plural(count(number), what)) " refused" }
        }
    }
}

fn last_use(info: &CredentialInfo, now: Time) -> Markup {
    html! {
        @match &info.last_use {
            Some(used) => { (figure::ago(used.at, now)) span.sub { @if !used.client.is_empty() { (used.client) " from " } (used.address) } },
            None => span.dim { "never" },
        }
    }
}

fn ends(info: &CredentialInfo, now: Time) -> Markup {
    let credential = &info.credential;
    html! {
        @match (credential.revoked, credential.paused) {
            (Some(revoked), _) => { span.tag.down { "revoked" } " " (figure::time(revoked.at)) },
            (None, Some(paused)) => { span.tag.down { "paused" } " " (figure::ago(paused.at, now)) },
            (None, None) if credential.scopes.until <= now => span.tag.down { "expired" },
            (None, None) if info.closed => { span.tag { "account closed" } span.sub { "view only" } },
            (None, None) => { (figure::time(credential.scopes.until)) span.sub { "in " (figure::span(credential.scopes.until.since(now))) } },
        }
    }
}

/// `GET /credentials/{id}`
pub(crate) async fn show(Path(id): Path<String>, signed: Signed) -> Reply {
    let info = find(&signed, &id).await?;
    Ok(page(&signed, &info, None).into_response())
}

async fn find(signed: &Signed, id: &str) -> Result<CredentialInfo, Fault> {
    let id: CredentialId = id.parse().map_err(|_| signed.fault(Cause::Missing))?;
    let gate = signed.visit.portal.gate();
    let all = gate
        .credentials()
        .list(Some(signed.ticket.account))
        .await
        .map_err(|why| signed.fault(why))?;
    let found = all.into_iter().find(|info| info.credential.id == id);
    found.ok_or_else(|| signed.fault(Cause::Missing))
}

/// The host that programs dial: where the door listens, on this machine.
fn host(info: &CredentialInfo) -> String {
    snippet::host(info.listening.map(|bound| bound.ip()))
}

/// What the act before this page did.
fn done(signed: &Signed) -> Markup {
    let text = match signed.visit.query.get("done") {
        "revoked" => "Revoked. Its next message is refused and its connections are closed.",
        "paused" => "Paused. Its next message is refused and its connections are closed.",
        "resumed" => "Resumed. Programs can connect again.",
        "renamed" => "Renamed.",
        "edited" => "Changed. The new limits apply from the next order.",
        _ => return html! {},
    };
    html! { div.note.good role="status" { (text) } }
}

fn page(
    signed: &Signed,
    info: &CredentialInfo,
    why: Option<&Refusal>,
) -> axum::response::Html<String> {
    let errors = refusal::errors(why, &draft::FORM);
    let now = signed.now();
    let credential = &info.credential;
    let narrowed = info.entitlements.clone().unwrap_or_else(|_| of(signed, &credential.scopes));
    let is_live = credential.revoked.is_none();
    let accounts: Vec<_> = credential.accounts().collect();
    let path = format!("/credentials/{}", credential.id);
    let body = html! {
        (assets())
        (shell::rooms(signed, "/credentials"))
        (shell::title(credential.name.as_str(), &html! {
            a.btn href={ "/activity?holder=" (credential.id) } { "Activity" }
            @if is_live { " " a.btn href={ (path) "/edit" } { "Edit" } }
        }))
        @if let Some(why) = why { (refusal::above(why, &errors)) }
        (done(signed))
        @if let (true, Some(paused)) = (is_live, credential.paused) {
            div.note.bad { "Paused since " (figure::time(paused.at)) ": no program can use it." }
        }
        div.grid {
            div.stack.s7 {
                section.card aria-labelledby="can" {
                    h2 #can { @if is_live { "What it can and cannot do" } @else { "What it could do" } }
                    (says_of(signed, &narrowed, &accounts))
                }
                @if is_live { (program(info)) }
            }
            div.stack.s5 {
                (facts(signed, info, now))
                @if is_live { (change::acts(signed, info, &errors)) }
                @else if info.door().port().is_some() { p.small.dim { "No other credential can have this port for a day." } }
            }
        }
    };
    shell::page(signed, Tab::Access, credential.name.as_str(), &body)
}

/// The token before, while it works.
fn former(info: &CredentialInfo, now: Time) -> Option<access::credential::Former> {
    info.credential.former.filter(|former| info.credential.revoked.is_none() && former.until > now)
}

fn facts(signed: &Signed, info: &CredentialInfo, now: Time) -> Markup {
    let credential = &info.credential;
    let accounts: Vec<_> = credential.accounts().collect();
    html! {
        section.card aria-labelledby="reach" {
            h2 #reach { "Connection and use" }
            dl.pairs {
                div { dt { "Person" } dd { (info.username) } }
                div { dt { (if accounts.len() > 1 { "Accounts" } else { "Account" }) } dd { (accounts_of(signed, &accounts)) } }
                @match info.door() {
                    Door::Socket { port } => {
                        div { dt { "Host" } dd.mono { (host(info)) } }
                        div { dt { "Port" } dd.mono { (port) } }
                    },
                    door @ Door::Api => div { dt { "Used at" } dd { (door) } },
                }
                div { dt { "Token" } dd {
                    @if credential.token.is_some() { "required" } @else { "not required" }
                    @if let Some(former) = former(info, now) { span.sub { "the old one works until " (figure::time(former.until)) } }
                } }
                div { dt { "Today" } dd { (today(info)) } }
                div { dt { "Open orders" } dd { (info.open_orders) } }
                div { dt { "Connected" } dd {
                    @if info.connections.is_empty() { "no program" }
                    @for connected in &info.connections { span.sub { (connected.client) " from " (connected.address) ", " (figure::ago(connected.since, now)) } }
                } }
                div { dt { "Last used" } dd { (last_use(info, now)) } }
                div { dt { "Created" } dd { (figure::time(credential.created_at)) } }
                div { dt { "Ends" } dd { (ends(info, now)) } }
                div { dt { "Id" } dd.mono.small { (credential.id) } }
            }
            @if credential.token.is_none() && credential.revoked.is_none() {
                p.small.dim { "It needs no token: any program on this machine that reaches its port can use it." }
            }
        }
    }
}

/// The lines by which a program connects to a socket; a token that is required is read from the environment.
fn program(info: &CredentialInfo) -> Markup {
    let token_required = info.credential.token.is_some();
    let text = match info.door() {
        Door::Socket { port } => snippet::python(&host(info), port, token_required, None),
        Door::Api => return html! {},
    };
    html! {
        section.card { details.fold {
            summary { "Connect from Python" }
            @if token_required { p.small.dim { "Set FLOORPASS_TOKEN to its token. The token was shown when it was made; a lost one is replaced below." } }
            (copied("program", "program", &text, "Copy the program"))
        } }
    }
}
