//! Recovery codes: the page that makes and prints them, and the step of a sign-in that takes one.

use access::{Refusal, Secret};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use gate::{AttemptInfo, AuthenticatorInfo};
use maud::{Markup, html};

use crate::fault::Fault;
use crate::figure;
use crate::form;
use crate::prompt;
use crate::refusal;
use crate::shell::{self, Tab};
use crate::sign_in::{asker, attempt, forward, steps};
use crate::visit::{Signed, Visit, text};

type Reply = Result<Response, Fault>;

/// Where they are made.
pub(crate) const PATH: &str = "/authenticators/recovery-codes";

/// `GET /authenticators/recovery-codes`
pub(crate) async fn show(signed: Signed) -> Reply {
    offer(&signed, StatusCode::OK, &html! {}).await
}

/// The set that there is.
async fn present(signed: &Signed) -> Result<Option<AuthenticatorInfo>, Fault> {
    let gate = signed.visit.portal.gate();
    let all =
        gate.authenticators().list(signed.ticket.person).await.map_err(|why| signed.fault(why))?;
    Ok(all.into_iter().find(|one| one.kind == "recovery_codes"))
}

/// What names a set in a form, so that a form sent twice makes no second one.
fn name_of(set: Option<&AuthenticatorInfo>) -> String {
    set.map_or_else(|| "none".to_owned(), |set| set.id.to_string())
}

async fn offer(signed: &Signed, status: StatusCode, top: &Markup) -> Reply {
    let set = present(signed).await?;
    let body = html! {
        (shell::rooms(signed, "/authenticators"))
        (shell::title("Recovery codes", &html! {}))
        (top)
        section.card.stack aria-label="Recovery codes" {
            p { "Ten codes to print. Each works once, after your password, in place of your app's code: for the day you lose your phone." }
            @match &set {
                Some(set) => {
                    p { b { "Codes left: " (set.left.unwrap_or(0)) " of 10." } " Made " (figure::time(set.since)) "." }
                    p.small.dim { "They cannot be shown again. New ones replace all of them, used or not." }
                }
                None => p { b { "You have none." } },
            }
            form method="post" action=(PATH) {
                (shell::token(signed))
                input type="hidden" name="set" value=(name_of(set.as_ref()));
                button.main { @if set.is_some() { "Make ten new codes" } @else { "Make ten codes" } }
            }
            p.small { a href="/authenticators" { "Back to Ways to sign in" } }
        }
    };
    Ok((status, shell::page(signed, Tab::Access, "Recovery codes", &body)).into_response())
}

/// `POST /authenticators/recovery-codes`: the only page that ever shows them.
pub(crate) async fn make(signed: Signed) -> Reply {
    let before = present(&signed).await?;
    if signed.visit.fields.get("set") != name_of(before.as_ref()) {
        let why = refusal::missing(
            "Nothing was done: this form has already been sent, and the codes it made are valid. Make new ones only if you do not have those.",
        );
        return offer(&signed, StatusCode::CONFLICT, &why).await;
    }
    match signed.visit.portal.gate().recoveries().make_codes(&signed.ticket).await {
        Ok(codes) => Ok(sheet(&signed, &codes).into_response()),
        Err(why) => offer(&signed, refusal::status(&why), &refusal::note(&why)).await,
    }
}

/// The sheet to print: black on white, with what it is for and when it was made.
fn sheet(signed: &Signed, codes: &[Secret]) -> Html<String> {
    let origin = signed.visit.portal.origin();
    let body = html! {
        (shell::rooms(signed, "/authenticators"))
        (shell::title("Your recovery codes", &html! { button data-print hidden { "Print" } }))
        div.note.warm.screen role="status" { "Shown only this once. Print this page or write the codes down, and keep the paper where you keep your passport, not on this computer." }
        section.card.stack aria-label="Codes" {
            p { "Recovery codes for " b { (signed.ticket.username) } " at " b { (origin.host_str().unwrap_or_default()) } ", made " (figure::time(signed.now())) "." }
            ol.codes { @for code in codes { li { (text(code)) } } }
            p.small { "Each works once: after your password, choose \u{201c}Use a recovery code\u{201d} and type it in place of your app's code. Then cross it out. Anybody with this paper and your password can sign in: if you lose it, make new codes, and these stop working." }
        }
        p.screen { a.btn.main href="/authenticators" { "I have them on paper" } }
    };
    shell::page(signed, Tab::Access, "Your recovery codes", &body)
}

/// `GET /sign-in/recovery`
pub(crate) async fn form(visit: Visit) -> Reply {
    let asker = asker(&visit).await?;
    Ok(page(&visit, &asker, form::local_path(visit.query.get("next")), None).into_response())
}

/// `POST /sign-in/recovery`
pub(crate) async fn sign_in(visit: Visit) -> Reply {
    let (attempt, next) = (attempt(&visit)?, form::local_path(visit.fields.get("next")));
    let typed: String = visit.fields.get("code").chars().take(64).collect();
    let gate = visit.portal.gate();
    match gate.sign_ins().recovery_code(&attempt, &typed, &visit.browser()).await {
        Ok(step) => Ok(forward(&visit, step, next)),
        Err(why) if refusal::ends_attempt(&why) => Err(visit.fault(why)),
        Err(why) => {
            // The last wrong try ended the sign-in: the reason is still told.
            let Ok(asker) = asker(&visit).await else { return Err(visit.fault(why)) };
            let page = page(&visit, &asker, next, Some(&why));
            Ok(refusal::told(&why, page))
        }
    }
}

fn page(visit: &Visit, asker: &AttemptInfo, next: &str, why: Option<&Refusal>) -> Html<String> {
    let body = html! {
        (steps(2))
        h1 { "Recovery code" }
        (prompt::line(visit, Some(&asker.username)))
        @if let Some(why) = why { (refusal::note(why)) }
        form.f method="post" action="/sign-in/recovery" {
            input type="hidden" name="next" value=(next);
            div {
                label for="code" { "One of the codes you printed" }
                input.mono #code name="code" autocomplete="off" autocapitalize="characters" spellcheck="false" maxlength="64" required autofocus aria-describedby="code-help";
                p.help #code-help { "Capitals, spaces and dashes do not matter. Each code works once." }
            }
            button.main.wide { "Continue" }
        }
        p.small { a href=(crate::sign_in::with_next("/sign-in/code", next, "")) { "Use your app's code" } " or " a href="/sign-in" { "start again" } }
    };
    shell::bare("Recovery code", &body)
}
