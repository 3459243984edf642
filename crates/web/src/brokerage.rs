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
    let chosen = gate.policies(signed.ticket.person).await.map_err(|why| signed.fault(why))?;
    let own = chosen.broker.as_ref().is_some_and(|held| held.session == signed.ticket.session);
    let body = html! {
        (shell::rooms(&signed, "/session"))
        (shell::title("Take trading over", &html! {}))
        div.narrow { section.card.stack aria-label="Who trades" {
            @if !chosen.one_brokerage {
                p { "Every session of yours that may trade does: 'one brokerage session' is off. " a href="/policies" { "Policies" } }
            } @else if own {
                p { "This session holds trading." }
            } @else {
                @match &chosen.broker {
                    Some(held) => {
                        p { b { (held.device) } " holds trading since " (figure::time(held.since)) " UTC." }
                        p { "If you take it over, that session sees all and cancels, but places and changes no orders from then on; it is told why, and stays signed in. Its resting orders stay." }
                    },
                    None => p { "No session holds trading." },
                }
                form method="post" action="/session/take-over" {
                    (shell::token(&signed))
                    div.row { button.main { "Take trading over" } a.btn href="/session" { "Leave it" } }
                }
            }
        } }
    };
    Ok(shell::page(&signed, Tab::Access, "Take trading over", &body).into_response())
}

/// `POST /session/take-over`
pub(crate) async fn take_over(signed: Signed) -> Reply {
    let done = signed.visit.portal.gate().take_over(&signed.ticket).await;
    done.map_err(|why| signed.fault(why))?;
    Ok(go("/session"))
}
