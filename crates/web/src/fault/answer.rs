//! The answer to a fault: a page (or JSON for the script) that says what happened and what to do.

use access::Refusal;
use access::binding::ProofFault;
use access::refusal::{Field, RecoveryRefusal, SessionRefusal, SignInRefusal};
use axum::Json;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use maud::{Markup, html};
use serde_json::json;

use super::{AGAIN, Begin, Cause, Fault, UNNAMED, Wants};
use crate::deed;
use crate::form::{self, Fields, TOKEN};
use crate::prompt;
use crate::refusal;
use crate::remedy;
use crate::shell::{self, Frame};
use crate::step_up;
use crate::stream;
use crate::visit::go;

/// The server's time in milliseconds, for a worker whose machine's clock is off.
const TIME: HeaderName = HeaderName::from_static("floorpass-time");

/// Tells a worker that the session is bound to another key than the one that signed; that the key of the session that did is
/// gone; or that its own has to sign this.
const KEY: HeaderName = HeaderName::from_static("floorpass-key");

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let reason = match &*self.cause {
            Cause::Refused(Refusal::Session(SessionRefusal::KeyProofWrong { reason }))
            | Cause::Prove {
                refusal: Refusal::Session(SessionRefusal::KeyProofWrong { reason }),
                ..
            } => Some(*reason),
            _ => None,
        };
        let when = match &*self.cause {
            Cause::Refused(why) | Cause::StepUp { why, .. } => Some(refusal::when(why)),
            _ => None,
        };
        let mut response = self.respond();
        if let Some(when) = when {
            response.extensions_mut().extend(when);
        }
        let told = match reason {
            Some(ProofFault::Time { now }) => Some((TIME, now.0.div_euclid(1_000).into())),
            Some(ProofFault::OtherKey) => Some((KEY, HeaderValue::from_static("other"))),
            Some(ProofFault::SessionKey) => Some((KEY, HeaderValue::from_static("gone"))),
            Some(ProofFault::OwnKey) => Some((KEY, HeaderValue::from_static("own"))),
            _ => None,
        };
        response.headers_mut().extend(told);
        response
    }
}

impl Fault {
    fn respond(self) -> Response {
        let signed = self.signed.as_deref();
        let (begin, frame) = (self.begin, signed.map(Frame::of));
        let frame = frame.as_ref();
        let page = |status: StatusCode, title: &str, body: &Markup| {
            (status, shell::card(frame, title, body)).into_response()
        };
        if let Cause::ProveHardware { next, line, again } = *self.cause {
            return prove_hardware(&next, line, again);
        }
        if self.wants != Wants::Page {
            let (status, text) = brief(&self.cause);
            return match (self.wants, &*self.cause) {
                (Wants::Json, cause) => {
                    let why = match cause {
                        Cause::Refused(why) => Some(why),
                        _ => None,
                    };
                    let field = why.and_then(Refusal::field).map(Field::name);
                    let error =
                        json!({ "error": text, "code": why.map(Refusal::code), "field": field });
                    (status, Json(error)).into_response()
                }
                // A script sees no status of a stream: that the session has ended is told as on an open one.
                (Wants::Stream, Cause::SignInNeeded { .. }) => stream::over(text),
                (Wants::Page | Wants::Fragment | Wants::Stream, _) => {
                    (status, text).into_response()
                }
            };
        }
        match *self.cause {
            Cause::SignInNeeded { next, fields: None, refusal } => sign_in(&next, refusal.as_ref()),
            Cause::SignInNeeded { next, fields: Some(fields), refusal } => {
                lost(&next, &fields, refusal.as_ref())
            }
            Cause::Prove { next, fields, refusal } => prove(&next, fields.as_ref(), &refusal),
            Cause::StepUp { path, fields, token, bound, why } => {
                let who = signed.map(|one| prompt::line(&one.visit, Some(&one.ticket.username)));
                let who = who.unwrap_or_default();
                let deed = signed.map(deed::of).unwrap_or_default();
                step_up::page_for((&path, &fields, &token), (&who, &deed), bound, &why, frame)
            }
            Cause::FormExpired { path, fields, token } => expired(&path, &fields, &token),
            Cause::Elsewhere(path) => go(path),
            Cause::Refused(refusal) => {
                let body = html! {
                    h1 { (refusal::heading(&refusal)) }
                    (refusal::note(&refusal))
                    (onward(&refusal, begin))
                };
                page(refusal::status(&refusal), refusal::heading(&refusal), &body)
            }
            Cause::CrossSite
            | Cause::Malformed
            | Cause::TooLarge
            | Cause::TooSlow
            | Cause::Unnamed
            | Cause::ProveHardware { .. }
            | Cause::Unsent(..)
            | Cause::Missing => {
                let (status, text) = brief(&self.cause);
                let title = title(&self.cause);
                let body = html! { h1 { (title) } p { (text) } (back(begin)) };
                page(status, title, &body)
            }
            Cause::Method(nearest) => {
                let (status, text) = brief(&self.cause);
                let title = title(&self.cause);
                let body = html! { h1 { (title) } p { (text) } p { a.btn.main href=(nearest) { "Go to the page it belongs to" } } (back(begin)) };
                page(status, title, &body)
            }
        }
    }
}

/// The status and one sentence.
fn brief(cause: &Cause) -> (StatusCode, String) {
    match cause {
        Cause::SignInNeeded { .. } => {
            (StatusCode::UNAUTHORIZED, "Your session has ended. Nothing was done; sign in again.".to_owned())
        }
        Cause::Prove { refusal, .. } | Cause::StepUp { why: refusal, .. } => {
            (StatusCode::FORBIDDEN, refusal::text(refusal))
        }
        Cause::ProveHardware { .. } => {
            (StatusCode::FORBIDDEN, "This browser must confirm its hardware again. Nothing was done; send it once more.".to_owned())
        }
        Cause::FormExpired { .. } => {
            (StatusCode::FORBIDDEN, "This page is from an earlier session. Nothing was done; reload it.".to_owned())
        }
        Cause::CrossSite => (
            StatusCode::FORBIDDEN,
            "This form did not come from a page of this portal, so nothing was done. Open the portal and use its own form."
                .to_owned(),
        ),
        Cause::Malformed => (
            StatusCode::BAD_REQUEST,
            "The form could not be read, so nothing was done. Go back, reload the page and send it again."
                .to_owned(),
        ),
        Cause::Unnamed => (StatusCode::BAD_REQUEST, UNNAMED.to_owned()),
        Cause::TooLarge => (
            StatusCode::PAYLOAD_TOO_LARGE,
            format!("The form is larger than {} bytes, so nothing was done. Shorten what you typed.", form::LARGEST),
        ),
        Cause::TooSlow => (
            StatusCode::REQUEST_TIMEOUT,
            format!("The form had not arrived after {} seconds, so nothing was done. Send it again.", form::ARRIVES.as_secs()),
        ),
        Cause::Missing => {
            (StatusCode::NOT_FOUND, "There is no page at this address, or what it showed is gone or not yours to see. Check the address, or start from the overview.".to_owned())
        }
        Cause::Method(_) => (
            StatusCode::METHOD_NOT_ALLOWED,
            "This address is not a page: it only receives forms from other pages. You can end up here by reloading or bookmarking it. Nothing was done."
                .to_owned(),
        ),
        Cause::Elsewhere(path) => {
            (StatusCode::FORBIDDEN, format!("This session may not do that yet. Nothing was done; continue at {path}."))
        }
        Cause::Unsent(status, text) => (*status, text.clone()),
        Cause::Refused(refusal) => (refusal::status(refusal), refusal::text(refusal)),
    }
}

const fn title(cause: &Cause) -> &'static str {
    match cause {
        Cause::CrossSite => "Refused: not from this portal",
        Cause::Malformed => "The form could not be read",
        Cause::TooLarge => "The form is too large",
        Cause::TooSlow => "That took too long",
        Cause::Unnamed => "The address is unknown",
        Cause::Missing => "Page not found",
        Cause::Method(_) => "Not a page",
        Cause::Unsent(..) => "Not sent",
        Cause::SignInNeeded { .. } | Cause::StepUp { .. } => "Sign in",
        Cause::Prove { .. } | Cause::ProveHardware { .. } => "Checking this browser",
        Cause::FormExpired { .. } => "This form has expired",
        Cause::Refused(_) | Cause::Elsewhere(_) => "Refused",
    }
}

/// Where what a refusal asks for can be done.
fn onward(refusal: &Refusal, begin: Option<Begin>) -> Markup {
    if begin.is_some() {
        return back(begin);
    }
    let page = refusal.remedy().and_then(remedy::page);
    let (to, text) = page.unwrap_or(("/session", "What this session can do"));
    html! { p { a.btn.main href=(to) { (text) } } (back(None)) }
}

/// The way out of a page that says no: a stranger has no overview to go to.
fn back(begin: Option<Begin>) -> Markup {
    html! {
        @match begin {
            Some((begin, words)) => { p { a.btn.main href=(begin) { (words) } } @if begin != "/sign-in" { p { a.btn href="/sign-in" { "Sign in" } } } },
            None => p { a.btn href="/" { "Go to the overview" } },
        }
    }
}

fn sign_in(next: &str, refusal: Option<&Refusal>) -> Response {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    if next != "/" {
        query.append_pair("next", next);
    }
    if matches!(refusal, Some(Refusal::Session(SessionRefusal::SessionEnded { .. }))) {
        query.append_pair("ended", "1");
    }
    let query = query.finish();
    go(&if query.is_empty() { "/sign-in".to_owned() } else { format!("/sign-in?{query}") })
}

/// A form was sent after its session ended.
fn lost(path: &str, fields: &Fields, refusal: Option<&Refusal>) -> Response {
    let body = html! {
        h1 { "Your session has ended" }
        @match refusal {
            Some(refusal) => (refusal::note(refusal)),
            None => div.note.bad role="alert" { "You are not signed in." },
        }
        p { "Nothing was done, and what you typed is kept on this page." }
        (deed::typed(fields))
        p { a.btn.main href="/sign-in" target="_blank" rel="noopener" { "1. Sign in, in a new tab" } }
        form.f method="post" action=(path) { (form::kept(fields)) button { "2. Then send this again" } }
    };
    page(StatusCode::UNAUTHORIZED, "Your session has ended", &body)
}

/// A form of an earlier session was sent in this one. It came from a page of ours (`Origin` says so), so the person may
/// send it anew with one press; nothing is done before that.
fn expired(path: &str, fields: &Fields, token: &str) -> Response {
    let body = html! {
        h1 { "This form has expired" }
        p { "It is from an earlier session, so nothing was done. What you typed is kept:" }
        (deed::typed(fields))
        form.f method="post" action=(path) {
            input type="hidden" name=(TOKEN) value=(token);
            (form::kept(fields))
            div.row { button.main { "Send it now" } a.btn href="/" { "Cancel" } }
        }
    };
    page(StatusCode::FORBIDDEN, "This form has expired", &body)
}

/// The session is another browser's, or the page came past the worker that signs (a forced reload):
/// the script loads it once more. Nothing of the person is on this page.
fn prove(next: &str, fields: Option<&Fields>, refusal: &Refusal) -> Response {
    let what = match refusal {
        Refusal::SignIn(SignInRefusal::AttemptElsewhere) => "This sign-in",
        Refusal::Recovery(RecoveryRefusal::RecoveryElsewhere) => "This recovery",
        _ => "This session",
    };
    let body = html! {
        h1 { "Checking this browser" }
        p data-prove { (what) " is bound to a key that only the browser that started it has. If this is that browser, the page opens by itself; it needs JavaScript." }
        (refusal::note(refusal))
        @if let Some(fields) = fields {
            p { "Nothing was done, and what you typed is kept on this page." }
            (deed::typed(fields))
            form.f method="post" action=(next) { (form::kept(fields)) input type="hidden" name=(TOKEN) value=(fields.get(TOKEN)); button.main { "Send it again" } }
        } @else {
            p { a.btn href=(next) { "Open it again" } }
        }
        @if *refusal == Refusal::Recovery(RecoveryRefusal::RecoveryElsewhere) {
            p { a.btn href="/recover?again=1" { "This browser lost its key: start again" } }
        }
        p { a.btn href="/sign-in" { "Sign in in this browser" } }
    };
    page(StatusCode::FORBIDDEN, "Checking this browser", &body)
}

/// To the same place with the same form. The browser proves its hardware on the way, since the
/// cookie that stood for it is gone; anyone who copied the cookie cannot.
fn prove_hardware(next: &str, line: Option<HeaderValue>, again: bool) -> Response {
    if again {
        // A redirection would bring the same proof by the key once more, which counts once.
        let mut answer = (StatusCode::FORBIDDEN, [(AGAIN, "1")]).into_response();
        if let Some(line) = line {
            answer.headers_mut().insert(header::SET_COOKIE, line);
        }
        return answer;
    }
    let to = axum::response::Redirect::temporary(form::local_path(next));
    match line {
        Some(line) => ([(header::SET_COOKIE, line)], to).into_response(),
        None => to.into_response(),
    }
}

fn page(status: StatusCode, title: &str, body: &Markup) -> Response {
    let page: Html<String> = shell::bare(title, body);
    (status, page).into_response()
}
