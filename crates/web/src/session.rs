//! Sessions: what this one may do, and the list of all with the means to end them.

use access::{SessionId, Time};
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use gate::{Advice, LayerState, Layers, SessionInfo};
use maud::{Markup, html};

use crate::device;
use crate::fault::Fault;
use crate::figure;
use crate::form;
use crate::refusal;
use crate::remedy;
use crate::shell::{self, Tab};
use crate::visit::{Signed, go};

type Reply = Result<Response, Fault>;

/// `GET /session`: what this session can and cannot do, until when, and why; the first page after signing in.
pub(crate) async fn this(signed: Signed) -> Reply {
    let welcome = signed.visit.query.has("welcome");
    let next = form::local_path(signed.visit.query.get("next"));
    let entitlements = signed.admission.entitlements();
    let says = crate::credential::says(
        &signed,
        &entitlements,
        &access::id::each_of(&signed.ticket.accounts),
    );
    let ticket = &signed.ticket;
    let gate = signed.visit.portal.gate();
    let found = gate.sessions().layers(ticket.session, ticket.account, Some(ticket.address)).await;
    let found = found.map_err(|why| signed.fault(why))?;
    let body = html! {
        @if !welcome { (shell::rooms(&signed, "/session")) }
        (shell::title(if welcome { "You are signed in" } else { "This session" }, &html! {
            @if welcome { a.btn.main href=(next) { "Continue" } }
        }))
        div.stack {
            (layers(&found))
            @if signed.visit.query.has("plain") {
                div.note.warm role="status" { "You asked to stay signed in. That needs JavaScript, and a browser confirmed by a passkey, your phone or another of your browsers, so the usual limits apply." }
            }
            div.grid {
                section.card.s7 aria-labelledby="can" {
                    h2 #can { "What this session can and cannot do" }
                    (crate::credential::sentences(&says))
                }
                div.stack.s5 {
                    section.card aria-labelledby="how" {
                        h2 #how { "Until when and why" }
                        dl.pairs {
                            div { dt { "Person" } dd { (ticket.username) } }
                            div { dt { "Account" } dd.mono { (ticket.account) } }
                            div { dt { "Confirmed" } dd { (figure::ago(ticket.proven_at, signed.now())) " " a href="/step-up" { "confirm again" } } }
                            div { dt { "From" } dd.mono { (ticket.address) } }
                            div { dt { "Began" } dd { (figure::time(ticket.since)) } }
                            div { dt { "Ends if unused" } dd { (figure::time(ticket.idle_until)) } }
                            div { dt { "Ends at the latest" } dd { (figure::time(ticket.until)) } }
                        }
                        p.small.dim { "It ends then under the " a href="/policies" { "policy" } " of its interface. It also ends when you end it, when its browser is removed, when your password or app changes, and when you lock everything. Open orders stay." }
                    }
                    @if welcome { (crate::device::older(&signed).await) (crate::authenticator::offer(&signed)) }
                }
            }
        }
    };
    Ok(shell::page(&signed, Tab::Access, "This session", &body).into_response())
}

/// Each layer of a session: its state, and what to do where it is down.
fn layers(found: &Layers) -> Markup {
    html! {
        section.card aria-labelledby="layers" {
            h2 #layers { "Layer by layer" }
            p { @match &found.trades {
                Ok(()) => "All layers together: this session can place orders now.",
                Err(why) => { "All layers together: it cannot place orders now. " (refusal::said(why)) },
            } }
            table.flip.lines {
                thead { tr { th { "Layer" } th { "State" } th { "Details" } th { "What to do" } } }
                tbody { @for layer in &found.layers {
                    tr {
                        td.key { (layer.name) }
                        td.end data-l="State" { span class=(tag(layer.state)) { (layer.state.name()) } }
                        td.full { (figure::here(&layer.says)) }
                        td.full.off[layer.next.is_none()] data-l="What to do:" { @match &layer.next { Some(Advice::Remedy(remedy)) => (remedy::sentence(*remedy)), Some(Advice::Text(text)) => (text), None => "\u{2013}" } }
                    }
                } }
            }
        }
    }
}

const fn tag(state: LayerState) -> &'static str {
    match state {
        LayerState::Up => "tag up",
        LayerState::Narrow => "tag accent",
        LayerState::Down => "tag down",
    }
}

/// `GET /sessions`
pub(crate) async fn list(signed: Signed) -> Reply {
    let gate = signed.visit.portal.gate();
    let sessions =
        gate.sessions().list(Some(signed.ticket.person)).await.map_err(|why| signed.fault(why))?;
    let now = signed.now();
    let body = html! {
        (shell::rooms(&signed, "/sessions"))
        (shell::title("Sessions", &html! {
            @if sessions.len() > 1 {
                form method="post" action="/sessions/end-others" { (shell::token(&signed)) button { "End all others" } }
            }
        }))
        (done(&signed))
        section.card aria-label="Live sessions" {
            table.flip.lines.visits {
                thead { tr { th { "Browser" } th { "Last used" } th { "Began" } th { "Ends at the latest" } th { span.sr { "Act" } } } }
                tbody { @for session in &sessions { (row(&signed, session, now)) } }
            }
        }
    };
    Ok(shell::page(&signed, Tab::Access, "Sessions", &body).into_response())
}

fn row(signed: &Signed, session: &SessionInfo, now: Time) -> Markup {
    let this = session.id == signed.ticket.session;
    html! {
        tr.hit[this] {
            td.key { (session.device_name) @if this { " " span.tag.accent { "this session" } } (device::agent(session.agent.as_ref())) }
            td.full data-l="Last used" { (figure::ago(session.last_use, now)) (device::from(session.address)) }
            td.full data-l="Began" { (figure::lately(session.since, now)) (device::signed_in_by(&session.methods)) }
            td.full data-l="Ends at the latest" { (figure::time(session.until)) }
            td.end { div.act {
                form method="post" action={ "/sessions/" (session.id) "/end" } {
                    (shell::token(signed))
                    button.mini aria-label={ "End the session in " (session.device_name) } { "End" }
                }
            } }
        }
    }
}

/// What the act before this page did.
fn done(signed: &Signed) -> Markup {
    let ended = signed.visit.query.get("ended");
    html! {
        @if let Ok(count) = ended.parse::<usize>() {
            div.note.good role="status" { (figure::plural(count, "session")) " ended." }
        }
    }
}

/// `POST /sessions/{id}/end`
pub(crate) async fn end(Path(id): Path<String>, signed: Signed) -> Reply {
    let id: SessionId = id.parse().map_err(|_| signed.fault(crate::fault::Cause::Missing))?;
    let gate = signed.visit.portal.gate();
    gate.sessions().end(&signed.actor(), id).await.map_err(|why| signed.fault(why))?;
    Ok(go(if id == signed.ticket.session { "/sign-in?out=1" } else { "/sessions?ended=1" }))
}

/// `POST /sessions/end-others`
pub(crate) async fn end_others(signed: Signed) -> Reply {
    let gate = signed.visit.portal.gate();
    let count =
        gate.sessions().end_others(&signed.ticket).await.map_err(|why| signed.fault(why))?;
    Ok(go(&format!("/sessions?ended={count}")))
}
