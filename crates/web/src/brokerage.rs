//! Taking trading over: who loses it, and that nothing else changes, before the button.

use axum::response::{IntoResponse, Response};
use maud::html;

use crate::fault::Fault;
use crate::figure;
use crate::shell::{self, Tab};
use crate::visit::{Signed, go};

type Reply = Result<Response, Fault>;

/// `GET /session/take-over`
pub(crate) async fn show(signed: Signed) -> Reply {
    let gate = signed.visit.portal.gate();
    let chosen =
        gate.policies().own(signed.ticket.person).await.map_err(|why| signed.fault(why))?;
    let own = chosen.broker.as_ref().is_some_and(|held| held.session == signed.ticket.session);
    let body = html! {
        (shell::rooms(&signed, "/session"))
        (shell::title("Take over trading", &html! {}))
        div.narrow { section.card.stack aria-label="Who trades now" {
            @if !chosen.one_brokerage {
                p { "\u{201c}One brokerage session\u{201d} is off, so any session that may trade can trade. " a href="/policies" { "Policies" } }
            } @else if own {
                p { "This session is the one trading now." }
            } @else {
                @match &chosen.broker {
                    Some(held) => {
                        p { b { (held.device) } " has been trading since " (figure::time(held.since)) " UTC." }
                        p { "If you take over, that session can still view and cancel, but no longer place or change orders; it is told why, and stays signed in. Its open orders stay." }
                    },
                    None => p { "No session is trading." },
                }
                form method="post" action="/session/take-over" {
                    (shell::token(&signed))
                    div.row { button.main { "Take over trading" } a.btn href="/session" { "Cancel" } }
                }
            }
        } }
    };
    Ok(shell::page(&signed, Tab::Access, "Take over trading", &body).into_response())
}

/// `POST /session/take-over`
pub(crate) async fn take_over(signed: Signed) -> Reply {
    let done = signed.visit.portal.gate().policies().take_over(&signed.ticket).await;
    done.map_err(|why| signed.fault(why))?;
    Ok(go("/session"))
}
