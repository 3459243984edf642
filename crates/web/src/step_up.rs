//! Confirming the person again: before a form that needs it, with what was typed kept, or ahead of
//! time.

use access::decision::RECENT;
use access::{Refusal, Secret};
use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use serde_json::json;

use crate::fault::Fault;
use crate::field;
use crate::figure;
use crate::form::{self, Fields, PROOF_CODE, PROOF_PASSWORD, TOKEN};
use crate::prompt;
use crate::refusal;
use crate::shell::{self, Frame, Tab};
use crate::sign_in::ceremony;
use crate::visit::{Signed, go};

type Reply = Result<Response, Fault>;

/// Password and code, for a form of any page.
pub(crate) fn inputs() -> Markup {
    html! {
        (field::password(PROOF_PASSWORD, "Your password", "current-password", ""))
        div {
            label for=(PROOF_CODE) { "The six digits your authenticator app shows now" }
            input.code id=(PROOF_CODE) name=(PROOF_CODE) inputmode="numeric" autocomplete="one-time-code" maxlength="64" required;
        }
    }
}

/// A passkey instead; its form appears with script.
pub(crate) fn passkey(token: &str, next: &str, words: &str) -> Markup {
    html! {
        form data-passkey="sign-in" method="post" action="/step-up/passkey" hidden {
            input type="hidden" name=(TOKEN) value=(token);
            input type="hidden" name="next" value=(next);
            button.wide { (words) }
            p.err role="status" {}
        }
    }
}

/// The page that a form gets which lacks a proof of its person: what will be done, and the means to prove.
pub(crate) fn page_for(
    (path, fields, token): (&str, &Fields, &str),
    (who, deed): (&Markup, &Markup),
    bound: bool,
    why: &Refusal,
    frame: Option<&Frame>,
) -> Response {
    let title = if bound { "Is it you?" } else { "Sign in for this action" };
    let again = html! { input type="hidden" name=(TOKEN) value=(token); (form::kept(fields)) };
    let typed = html! {
        @for (name, label) in fields.hidden() { (field::password(name, label, "off", "")) }
    };
    let retypes = fields.hidden().next().is_some();
    let body = html! {
        h1 { (title) }
        (who)
        (refusal::note(why))
        p { "Nothing has been done yet. If you confirm, this is done:" }
        (deed)
        form.f method="post" action=(path) {
            (again) (typed) (inputs())
            button.main.wide { "Confirm and send" }
        }
        @if bound && !retypes {
            form #again method="post" action=(path) hidden { (again) }
            (passkey(token, "/", "Use a passkey"))
        }
        p.small { a href="/" { "Cancel" } }
    };
    (StatusCode::FORBIDDEN, shell::card(frame, title, &body)).into_response()
}

/// `GET /step-up`: ahead of time.
pub(crate) async fn show(signed: Signed) -> Reply {
    let phone = crate::approval::can_step_up(&signed).await;
    Ok(page(&signed, phone))
}

fn page(signed: &Signed, phone: bool) -> Response {
    let query = &signed.visit.query;
    let next = form::local_path(if query.has("next") { query.get("next") } else { "/session" });
    let until = signed.ticket.proven_at + RECENT;
    if signed.ticket.enrolling {
        return shell::bare("Confirm it's you", &kept(signed, next)).into_response();
    }
    let body = html! {
        (shell::rooms(signed, "/session"))
        div.narrow.stack {
            (shell::title("Confirm it's you", &html! {}))
            (prompt::line(&signed.visit, Some(&signed.ticket.username)))
            section.card.stack aria-label="Proof" {
            @if let Some(renewal) = signed.renews {
                p { "If you confirm now, this session lasts until " (figure::time(renewal.then)) " UTC. Otherwise it ends at " (figure::time(renewal.until)) " UTC." }
            } @else if signed.now() < until && signed.ticket.is_bound() {
                p { "You confirmed a moment ago: you can change how you sign in until " (signed.clock(until)) "." }
            } @else {
                p { "To change how you sign in, you must have confirmed it's you within the last " (RECENT) "." }
            }
            form.f method="post" action="/step-up" {
                (shell::token(signed))
                input type="hidden" name="next" value=(next);
                (inputs())
                button.main.wide { @match signed.renews { Some(renewal) => { "Renew until " (signed.clock(renewal.then)) }, None => "Confirm" } }
            }
            (passkey(&signed.form_token(), next, "Use a passkey"))
            @if phone { (crate::approval::ask_form(signed, next, "Confirm on my phone")) }
        } }
    };
    shell::page(signed, Tab::Access, "Confirm it's you", &body).into_response()
}

/// The last step after a reset: what the person kept, for the link alone does not show who has it.
fn kept(signed: &Signed, next: &str) -> Markup {
    html! {
        h1 { "Confirm it's you" }
        (prompt::line(&signed.visit, Some(&signed.ticket.username)))
        p { "The link alone does not show that it is you. Use a passkey that you had before, or your password and a code from your authenticator app." }
        (passkey(&signed.form_token(), next, "Use a passkey"))
        form.f method="post" action="/step-up" {
            (shell::token(signed))
            input type="hidden" name="next" value=(next);
            (inputs())
            button.main.wide { "Confirm" }
        }
        p.small.dim { "If you lost these too, ask the operator to reset them." }
    }
}

/// `POST /step-up`: password and code were checked on the way in, since the form carries them.
pub(crate) async fn password(signed: Signed) -> Reply {
    if signed.ticket.is_fresh() {
        return Ok(go(form::local_path(signed.visit.fields.get("next"))));
    }
    let why = refusal::missing("Type your password and the code from your app.");
    let body = html! { h1 { "Confirm it's you" } (why) p { a.btn href="/step-up" { "Back" } } };
    let page = shell::card(Some(&Frame::of(&signed)), "Confirm it's you", &body);
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
}

/// `POST /step-up/passkey/start`, for the script.
pub(crate) async fn start(signed: Signed) -> Reply {
    let begun = signed.visit.portal.gate().step_ups().passkey_start(&signed.ticket);
    ceremony(&signed.visit, &begun.map_err(|why| signed.fault(why))?)
}

/// `POST /step-up/passkey/finish`, for the script.
pub(crate) async fn finish(signed: Signed) -> Reply {
    let fields = &signed.visit.fields;
    let ceremony = Secret::from_text(fields.get("ceremony").to_owned());
    let gate = signed.visit.portal.gate();
    let done = gate.step_ups().passkey_finish(&signed.ticket, &ceremony, fields.raw("credential"));
    signed.visit.reissue(&done.await.map_err(|why| signed.fault(why))?);
    Ok(Json(json!({ "go": form::local_path(fields.get("next")) })).into_response())
}
