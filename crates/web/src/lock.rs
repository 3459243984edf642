//! The lock: one act that cuts authority, never asked twice, with a receipt.

use access::{Grade, PaperAccountId};
use axum::http::header;
use axum::response::{AppendHeaders, IntoResponse, Response};
use gate::{LockTarget, Receipt};
use maud::{Markup, html};

use crate::cookie::Cookie;
use crate::fault::{Cause, Fault};
use crate::figure;
use crate::shell::{self, Tab};
use crate::visit::Signed;

type Reply = Result<Response, Fault>;

const GRADES: [(Grade, &str, &str); 3] = [
    (
        Grade::ReduceOnly,
        "Reduce only",
        "Orders may only make a position smaller; cancels pass. Everyone stays signed in.",
    ),
    (
        Grade::NoNew,
        "No new orders",
        "No new orders and no changes, from anyone or any program; cancels pass.",
    ),
    (
        Grade::All,
        "Lock everything",
        "Ends every session, credential and device, in that order, then cancels every open order. You keep the receipt.",
    ),
];

/// The red button in the head of every page.
pub(crate) fn button(signed: &Signed) -> Markup {
    html! {
        details.menu {
            summary.btn.lock { "Lock" }
            div {
                p.small.dim { "In force at once, without asking again. Only the operator can unlock." }
                form.tight method="post" action="/lock" {
                    (shell::token(signed))
                    @for (grade, name, _) in GRADES {
                        button.lock[grade == Grade::All] name="grade" value=(grade) { (name) }
                    }
                }
                a.small href="/lock" { "What each of these does" }
            }
        }
    }
}

/// `GET /lock`: what stands, and the grades.
pub(crate) async fn show(signed: Signed) -> Reply {
    if signed.ticket.receipt.is_some() {
        let gate = signed.visit.portal.gate();
        let receipt = gate.receipt(&signed.ticket).await.map_err(|why| signed.fault(why))?;
        return Ok(shell::bare("Locked", &paper(&receipt, signed.ticket.account)).into_response());
    }
    let lock = signed.admission.entitlements().lock;
    let body = html! {
        (shell::title("Lock", &html! {}))
        @if lock == Grade::None { div.note { "Nothing is locked." } }
        @else { div.note.warm { b { "A lock of grade " (lock) " stands: " } (lock.text()) ". The operator lifts it with " code { "floorpass unlock" } "." } }
        section.card aria-label="Grades" {
            form method="post" action="/lock" {
                (shell::token(&signed))
                div.grades {
                    @for (grade, name, text) in GRADES {
                        div {
                            button.lock[grade == Grade::All] name="grade" value=(grade) disabled[grade <= lock] { (name) }
                            p { (text) }
                        }
                    }
                }
            }
        }
        p.small.dim { "The lock is on account " span.mono { (signed.ticket.account) } " and takes effect in order: sessions, credentials, devices, orders. Every step is in the activity." }
    };
    Ok(shell::page(&signed, Tab::Elsewhere, "Lock", &body).into_response())
}

/// `POST /lock`: locks, and answers with the receipt, since after a lock of everything no page can be asked for.
pub(crate) async fn lock(signed: Signed) -> Reply {
    let grade: Grade =
        signed.visit.fields.get("grade").parse().map_err(|_| signed.fault(Cause::Malformed))?;
    let gate = signed.visit.portal.gate();
    let target = LockTarget::Account(signed.ticket.account);
    let receipt =
        gate.lock(&signed.actor(), target, grade).await.map_err(|why| signed.fault(why))?;
    let body = paper(&receipt, signed.ticket.account);
    if grade == Grade::All {
        let line = signed.visit.portal.jar().clear(Cookie::Device);
        let lines: Vec<_> = line.map(|line| (header::SET_COOKIE, line)).into_iter().collect();
        return Ok((AppendHeaders(lines), shell::bare("Locked", &body)).into_response());
    }
    let body = html! { div.narrow { div.card.stack { (body) } } };
    Ok(shell::page(&signed, Tab::Elsewhere, "Locked", &body).into_response())
}

fn paper(receipt: &Receipt, account: PaperAccountId) -> Markup {
    let names =
        |names: &[String]| if names.is_empty() { "none".to_owned() } else { names.join(", ") };
    html! {
        h1 { "Locked" }
        p { "Account " span.mono { (account) } ": " (receipt.grade.text()) "." }
        dl.pairs {
            div { dt { "When" } dd { (figure::time(receipt.at)) " UTC" } }
            div { dt { "Grade" } dd.mono { (receipt.grade) } }
            @if receipt.grade == Grade::All {
                div { dt { "Sessions ended" } dd.n { (receipt.sessions) } }
                div { dt { "Credentials revoked" } dd { (names(&receipt.credentials)) } }
                div { dt { "Devices forgotten" } dd { (names(&receipt.devices)) } }
                @if let Some(orders) = receipt.orders { div { dt { "Orders cancelled" } dd.n { (orders) } } }
            }
        }
        @if receipt.grade == Grade::All { p { "This page is the receipt, and all that is left of this session: keep or print it." } }
        p { "To unlock, the operator runs:" }
        p.once { "floorpass unlock --account " (account) }
    }
}
