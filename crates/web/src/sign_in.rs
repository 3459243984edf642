//! Signing in: name and password, the code of an app, and for a new browser the code that was sent. Or a passkey.

use access::refusal::{ServerRefusal, SignInRefusal};
use access::stay::{LENT_IDLE, LENT_LIFE, LONG_IDLE, Stay};
use access::way::{Kind as WayKind, Stand, Way};
use access::{Refusal, Secret};
use axum::Json;
use axum::http::{HeaderName, HeaderValue};
use axum::response::{IntoResponse, Response};
use gate::{AttemptInfo, SignInStep};
use maud::{Markup, html};
use serde_json::json;

use crate::approval::{self, Instead};
use crate::cookie::Cookie;
use crate::fault::{Cause, Fault};
use crate::field;
use crate::figure;
use crate::form::{self, Fields};
use crate::prompt;
use crate::refusal;
use crate::room;
use crate::shell;
use crate::visit::{Signed, Visit, go, go_with, text};

type Reply = Result<Response, Fault>;

/// `GET /sign-in`
pub(crate) async fn show(visit: Visit) -> Reply {
    let next = form::local_path(visit.query.get("next")).to_owned();
    match visit.session(false) {
        Some(Ok(_)) => return Ok(go(&next)),
        Some(Err(why)) if visit.query.has("ended") => {
            return Ok(first(&visit, &next, "", Some(&why)).await.into_response());
        }
        Some(Err(_)) | None => {}
    }
    Ok(first(&visit, &next, "", None).await.into_response())
}

/// `POST /sign-in`
pub(crate) async fn password(visit: Visit) -> Reply {
    let (name, next) = (visit.fields.get("username"), form::local_path(visit.fields.get("next")));
    let typed = visit.fields.raw("password");
    if name.is_empty() || typed.is_empty() {
        let page =
            first(&visit, next, name, Some(&Refusal::SignIn(SignInRefusal::SignInFailed))).await;
        return Ok(refusal::told(&Refusal::SignIn(SignInRefusal::SignInFailed), page));
    }
    let secret = Secret::from_text(typed.to_owned());
    match visit.portal.gate().sign_ins().password(name, secret, &visit.browser()).await {
        Ok(step) => Ok(forward(&visit, step, next)),
        Err(why) => {
            let page = first(&visit, next, name, Some(&why)).await;
            Ok(refusal::told(&why, page))
        }
    }
}

/// `GET /sign-in/code`
pub(crate) async fn code_form(visit: Visit) -> Reply {
    let asker = asker(&visit).await?;
    let next = form::local_path(visit.query.get("next"));
    let offer = approval::offer(&asker, next, Instead::Code);
    Ok(code_page(&visit, &asker, next, &offer, None).into_response())
}

/// `POST /sign-in/code`
pub(crate) async fn code(visit: Visit) -> Reply {
    let (attempt, next) = (attempt(&visit)?, form::local_path(visit.fields.get("next")));
    match visit.portal.gate().sign_ins().totp(&attempt, &typed_code(&visit), &visit.browser()).await
    {
        Ok(step) => Ok(forward(&visit, step, next)),
        Err(why) if refusal::ends_attempt(&why) => Err(visit.fault(why)),
        Err(why) => {
            let asker = asker(&visit).await?;
            let offer = approval::offer(&asker, next, Instead::Code);
            let page = code_page(&visit, &asker, next, &offer, Some(&why));
            Ok(refusal::told(&why, page))
        }
    }
}

/// `GET /sign-in/activate`
pub(crate) async fn activate_form(visit: Visit) -> Reply {
    let (asker, sent) = (asker(&visit).await?, visit.query.has("sent"));
    let next = form::local_path(visit.query.get("next"));
    let offer = approval::offer(&asker, next, Instead::Activation);
    Ok(activate_page(&visit, &asker, next, sent, &offer, None).into_response())
}

/// `POST /sign-in/activate`
pub(crate) async fn activate(visit: Visit) -> Reply {
    let (attempt, next) = (attempt(&visit)?, form::local_path(visit.fields.get("next")));
    match visit
        .portal
        .gate()
        .sign_ins()
        .activation(&attempt, &typed_code(&visit), &visit.browser())
        .await
    {
        Ok(step) => Ok(forward(&visit, step, next)),
        Err(why) => activate_again(&visit, next, why).await,
    }
}

/// `POST /sign-in/activate/resend`
pub(crate) async fn resend(visit: Visit) -> Reply {
    let (attempt, next) = (attempt(&visit)?, form::local_path(visit.fields.get("next")));
    match visit.portal.gate().sign_ins().resend_activation(&attempt, &visit.browser()).await {
        Ok(()) => Ok(go(&with_next("/sign-in/activate", next, "sent=1"))),
        Err(why) => activate_again(&visit, next, why).await,
    }
}

/// `POST /sign-in/passkey/start`, for the script.
pub(crate) async fn passkey_start(visit: Visit) -> Reply {
    let begun = visit.portal.gate().sign_ins().passkey_start(&visit.browser());
    let begun = begun.map_err(|why| visit.fault(why))?;
    ceremony(&visit, &begun)
}

/// `POST /sign-in/passkey/finish`, for the script.
pub(crate) async fn passkey_finish(visit: Visit) -> Reply {
    let ceremony = Secret::from_text(visit.fields.get("ceremony").to_owned());
    let answer = visit.fields.raw("credential");
    let gate = visit.portal.gate();
    let step = gate.sign_ins().passkey_finish(&ceremony, answer, &visit.browser()).await;
    match step.map_err(|why| visit.fault(why))? {
        SignInStep::Done(signed) => {
            let lines = axum::response::AppendHeaders(visit.welcome(&signed));
            let next = form::local_path(visit.fields.get("next"));
            Ok((lines, Json(json!({ "go": landing(&signed, next) }))).into_response())
        }
        SignInStep::Totp { .. } | SignInStep::Activate { .. } => {
            Err(visit.fault(Refusal::SignIn(SignInRefusal::AttemptEnded)))
        }
    }
}

/// A ceremony's name and options as the script reads them.
pub(crate) fn ceremony(visit: &Visit, begun: &gate::Ceremony) -> Reply {
    let options: serde_json::Value =
        serde_json::from_str(&begun.options).map_err(|_| visit.fault(Cause::Malformed))?;
    Ok(Json(json!({ "ceremony": text(&begun.ceremony), "options": options })).into_response())
}

/// `POST /sign-out`
pub(crate) async fn out(signed: Signed) -> Reply {
    let gate = signed.visit.portal.gate();
    // The session has ended whether or not that is on record yet.
    match gate.sessions().sign_out(&signed.ticket).await {
        Ok(()) | Err(Refusal::Server(ServerRefusal::NotOnRecord { .. })) => {}
        Err(why) => return Err(signed.fault(why)),
    }
    let line = signed.visit.portal.jar().clear(Cookie::Session);
    let lines = line.map(|line| (axum::http::header::SET_COOKIE, line)).into_iter().collect();
    Ok(go_with("/sign-in?out=1", lines))
}

/// `POST /sign-out/forget`: the same, and this browser keeps nothing of it.
pub(crate) async fn forget(signed: Signed) -> Reply {
    let gate = signed.visit.portal.gate();
    match gate.devices().forget(&signed.ticket).await {
        Ok(()) | Err(Refusal::Server(ServerRefusal::NotOnRecord { .. })) => {}
        Err(why) => return Err(signed.fault(why)),
    }
    let jar = signed.visit.portal.jar();
    let lines = [Cookie::Session, Cookie::Device, Cookie::Attempt, Cookie::Hardware];
    let lines = lines.into_iter().filter_map(|cookie| jar.clear(cookie));
    let mut lines: Vec<_> = lines.map(|line| (axum::http::header::SET_COOKIE, line)).collect();
    // The worker's key lies in the storage; the page after this one has it deleted too.
    let all = HeaderValue::from_static("\"cookies\", \"storage\", \"cache\"");
    lines.push((HeaderName::from_static("clear-site-data"), all));
    Ok(go_with("/sign-in?forgotten=1", lines))
}

/// On to what a step asks for.
pub(crate) fn forward(visit: &Visit, step: SignInStep, next: &str) -> Response {
    let keep = |attempt: &Secret| {
        let line = visit.portal.jar().set(Cookie::Attempt, &text(attempt));
        line.map(|line| (axum::http::header::SET_COOKIE, line)).into_iter().collect()
    };
    match step {
        SignInStep::Totp { attempt } => {
            go_with(&with_next("/sign-in/code", next, ""), keep(&attempt))
        }
        SignInStep::Activate { attempt } => {
            go_with(&with_next("/sign-in/activate", next, ""), keep(&attempt))
        }
        SignInStep::Done(signed) if signed.enrolling => go_with("/enrol", visit.welcome(&signed)),
        SignInStep::Done(signed) => go_with(&landing(&signed, next), visit.welcome(&signed)),
    }
}

/// Where a finished sign-in leads: to what was asked for, or to the account. Less than was asked for is told first.
fn landing(signed: &gate::SignedIn, next: &str) -> String {
    match next {
        _ if signed.stay_refused => with_next("/session", next, "welcome=1&plain=1"),
        "/" => WELCOME.to_owned(),
        next => next.to_owned(),
    }
}

/// The account, with what is to be done first on a new browser.
pub(crate) const WELCOME: &str = "/?welcome=1";

/// The sign-in under way in this browser.
pub(crate) fn attempt(visit: &Visit) -> Result<Secret, Fault> {
    let token = visit
        .cookie(Cookie::Attempt)
        .ok_or_else(|| visit.fault(Refusal::SignIn(SignInRefusal::AttemptEnded)))?;
    Ok(Secret::from_text(token))
}

/// Whose sign-in is under way in this browser.
pub(crate) async fn asker(visit: &Visit) -> Result<AttemptInfo, Fault> {
    let attempt = attempt(visit)?;
    visit
        .portal
        .gate()
        .sign_ins()
        .attempt(&attempt, &visit.browser())
        .await
        .map_err(|why| visit.fault(why))
}

/// The page once more with the reason, or the way back when the sign-in is over.
async fn activate_again(visit: &Visit, next: &str, why: Refusal) -> Reply {
    if refusal::ends_attempt(&why) {
        return Err(visit.fault(why));
    }
    // The last wrong try ended the sign-in: the reason is still told.
    let Ok(asker) = asker(visit).await else { return Err(visit.fault(why)) };
    let offer = approval::offer(&asker, next, Instead::Activation);
    let page = activate_page(visit, &asker, next, false, &offer, Some(&why));
    Ok(refusal::told(&why, page))
}

/// A code as it was typed; how it is read is said once, in `access`.
pub(crate) fn typed_code(visit: &Visit) -> String {
    visit.fields.get("code").chars().take(64).collect()
}

pub(crate) fn with_next(path: &str, next: &str, more: &str) -> String {
    let mut query = url::form_urlencoded::Serializer::new(more.to_owned());
    if next != "/" {
        query.append_pair("next", next);
    }
    let query = query.finish();
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}

async fn first(
    visit: &Visit,
    next: &str,
    name: &str,
    why: Option<&Refusal>,
) -> axum::response::Html<String> {
    let passkeys = visit.portal.passkeys_elsewhere().is_none();
    let passkey = passkeys && has_passkey(visit).await;
    let body = html! {
        h1 { "Sign in" }
        (prompt::line(visit, None))
        @if visit.query.has("moved") {
            div.note.good role="status" { "Your new phone now answers approvals. This one is signed out and no longer trusted." }
        }
        @if visit.query.has("forgotten") {
            div.note.good role="status" data-forget { "You are signed out, and this browser is no longer trusted: next time it will count as a new browser." }
        }
        @if let Some(why) = why { (refusal::note(why)) }
        @if passkey { (by_passkey(next, true)) }
        form.f method="post" action="/sign-in" {
            input type="hidden" name="next" value=(next);
            div {
                label for="username" { "User name" }
                input #username name="username" value=(name) autocomplete="username" autocapitalize="none" spellcheck="false" required autofocus[name.is_empty()];
            }
            div {
                label for="password" { "Password" }
                input #password name="password" type="password" autocomplete="current-password" required autofocus[!name.is_empty()];
                (field::show("password"))
            }
            (stay(&visit.fields))
            @if passkey { button.wide { "Continue with your password" } } @else { button.main.wide { "Continue" } }
        }
        @if passkeys && !passkey { (by_passkey(next, false)) }
        p.small { a href="/recover" { "Lost your phone, your app or your passkey?" } }
        p.small.dim { "With a password you also need a code from your app; a passkey is enough on its own. We never ask for either anywhere else." }
        p.small { a href=(room::FRONT_DOOR) { "Is this the genuine site? Why can't I sign in?" } }
    };
    shell::bare("Sign in", &body)
}

/// Whether a passkey works for the person who trusts this browser; to any other browser nothing is told.
async fn has_passkey(visit: &Visit) -> bool {
    let ways = visit.portal.gate().front_door().ways_here(&visit.browser()).await.ok().flatten();
    let open = |way: &Way| way.kind == WayKind::Passkey && matches!(way.stand, Stand::Open);
    ways.is_some_and(|(_, ways)| ways.iter().any(open))
}

/// The passkey's button; it appears with script.
fn by_passkey(next: &str, first: bool) -> Markup {
    html! {
        form data-passkey="sign-in" method="post" action="/sign-in/passkey" hidden {
            input type="hidden" name="next" value=(next);
            button.wide.main[first] { "Sign in with a passkey" }
            p.err role="status" {}
        }
    }
}

/// How long to stay signed in, and what each choice costs.
fn stay(typed: &Fields) -> Markup {
    let choices = [
        (Stay::Usual.name(), "My computer"),
        (Stay::Long.name(), "My computer: stay signed in"),
        (Stay::Lent.name(), "Not my computer"),
    ];
    html! {
        details open[!typed.get("stay").is_empty() && typed.get("stay") != Stay::Usual.name()] {
            summary.small { "Stay signed in, or not your computer?" }
            div.stack {
                (field::select("stay", "This is", typed.get("stay"), &choices))
                p.small.dim { b { "Stay signed in" } " keeps you signed in for up to " (figure::span(LONG_IDLE)) " without use and with the browser closed. Until then, anyone who has this computer unlocked has your session." }
                p.small.dim { b { "Not my computer" } " lasts " (figure::span(LENT_LIFE)) ", or " (figure::span(LENT_IDLE)) " if unused. Afterwards this browser is not trusted." }
            }
        }
    }
}

fn code_page(
    visit: &Visit,
    asker: &AttemptInfo,
    next: &str,
    offer: &Markup,
    why: Option<&Refusal>,
) -> axum::response::Html<String> {
    let body = html! {
        (steps(2))
        h1 { "Code from your app" }
        (prompt::line(visit, Some(&asker.username)))
        @if let Some(why) = why { (refusal::note(why)) }
        form.f method="post" action="/sign-in/code" {
            input type="hidden" name="next" value=(next);
            (code_field("The six digits your authenticator app shows now"))
            button.main.wide { "Continue" }
        }
        (offer)
        p.small { a href=(with_next("/sign-in/recovery", next, "")) { "Use a recovery code" } " or " a href="/sign-in" { "start again" } }
    };
    shell::bare("Code from your app", &body)
}

fn activate_page(
    visit: &Visit,
    asker: &AttemptInfo,
    next: &str,
    sent: bool,
    offer: &Markup,
    why: Option<&Refusal>,
) -> axum::response::Html<String> {
    let body = html! {
        (steps(3))
        h1 { "Activate this browser" }
        (prompt::line(visit, Some(&asker.username)))
        @if let Some(why) = why { (refusal::note(why)) }
        @if sent && why.is_none() { div.note.good role="status" { "A new code was sent. The previous one no longer works." } }
        p {
            "This browser is new here. "
            @match &asker.mail {
                Some(mail) => { "A code was sent to " b { (mail) } "." },
                None => "A code was created, but you have no verified mail address to send it to.",
            }
            " It is valid for " (access::sign_in::CODE_LIFE) " and works once, in this browser only."
        }
        @if visit.portal.config().demo { p.small.dim { "In a demo the code is in the outbox: run " code { "floorpass outbox" } ", or open Outbox in a browser where you are signed in." } }
        @else if asker.mail.is_none() { p.small.dim { "Ask the operator for it, or sign in with a passkey or a link." } }
        form.f method="post" action="/sign-in/activate" {
            input type="hidden" name="next" value=(next);
            (code_field("Activation code"))
            button.main.wide { "Activate and sign in" }
        }
        (offer)
        form method="post" action="/sign-in/activate/resend" {
            input type="hidden" name="next" value=(next);
            div.row { button.mini { "Send another code" } a.small href="/sign-in" { "Start again" } }
        }
    };
    shell::bare("Activate this browser", &body)
}

/// The field for a code, with a numeric keyboard on phones.
pub(crate) fn code_field(label: &str) -> Markup {
    html! {
        div {
            label for="code" { (label) }
            input.code #code name="code" inputmode="numeric" autocomplete="one-time-code" maxlength="64" required autofocus;
        }
    }
}

pub(crate) fn steps(now: u8) -> Markup {
    html! { p.small.dim { "Step " (now) @if now == 2 { " \u{b7} password correct" } @else { " \u{b7} password and code correct" } } }
}
