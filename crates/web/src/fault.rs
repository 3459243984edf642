//! What a request gets instead of its answer: a page (or JSON for the script) that says what happened and what to do.

use access::Refusal;
use access::binding::ProofFault;
use axum::Json;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use maud::{Markup, html};
use serde_json::json;

use crate::events;
use crate::form::{Fields, TOKEN};
use crate::refusal;
use crate::shell::{self, Frame};
use crate::visit::{Signed, go};

/// What kind of answer is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wants {
    /// A page.
    Page,
    /// A part of a page, for the script.
    Fragment,
    /// JSON, for the script.
    Json,
    /// A live stream, for the script.
    Stream,
}

impl Wants {
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        match headers.get(header::ACCEPT).map(axum::http::HeaderValue::as_bytes) {
            Some(b"application/json") => Self::Json,
            Some(b"text/vnd.floorpass.fragment") => Self::Fragment,
            Some(b"text/event-stream") => Self::Stream,
            _ => Self::Page,
        }
    }
}

/// Why there is no answer.
pub(crate) enum Cause {
    /// Nobody is signed in, or no longer; a form that was sent is kept.
    SignInNeeded { next: String, fields: Option<Fields>, refusal: Option<Refusal> },
    /// The session is bound to a key that the request did not show; a form that was sent is kept.
    Prove { next: String, fields: Option<Fields>, refusal: Refusal },
    /// The browser has to prove its hardware anew, and does so by itself once its cookie is gone.
    /// A worker that says so sends the request again itself.
    ProveHardware { next: String, line: Option<HeaderValue>, again: bool },
    /// The person has to be proven for this form; what was typed is kept.
    StepUp { path: String, fields: Fields, token: String, who: Markup, bound: bool, why: Refusal },
    /// The form is of another session; what was typed is kept.
    FormExpired { path: String, fields: Fields, token: String },
    /// A form that no page of ours sent.
    CrossSite,
    /// Bytes that are no form.
    Malformed,
    /// More than a form holds.
    TooLarge,
    /// The form took too long to arrive.
    TooSlow,
    /// The proxy in front named nobody whom the request is from.
    Unnamed,
    /// No such page or thing.
    Missing,
    /// The address takes another method; the nearest page that it belongs to.
    Method(&'static str),
    /// Access said no.
    Refused(Refusal),
    /// An order was not sent, and why.
    Unsent(StatusCode, String),
    /// This session has something else to do first.
    Elsewhere(&'static str),
}

impl From<Refusal> for Cause {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// A cause, and the kind of answer that was wanted.
pub(crate) struct Fault {
    cause: Box<Cause>,
    wants: Wants,
    /// Where a visitor without a session begins again; none for anyone who has one.
    begin: Option<Begin>,
    /// The navigation of anyone who is signed in.
    frame: Option<Box<Frame>>,
}

/// Where somebody without a session goes on, and the words for it.
pub(crate) type Begin = (&'static str, &'static str);

impl Fault {
    pub(crate) fn new(cause: impl Into<Cause>, wants: Wants) -> Self {
        Self { cause: Box::new(cause.into()), wants, begin: None, frame: None }
    }

    /// The same for a visitor without a session: no page of a session helps them.
    pub(crate) fn of_stranger(self, begin: Begin) -> Self {
        Self { begin: Some(begin), ..self }
    }

    /// The same in the frame of a signed-in person's pages.
    pub(crate) fn framed(self, signed: &Signed) -> Self {
        if self.wants != Wants::Page {
            return self;
        }
        Self { frame: Some(Box::new(Frame::of(signed))), ..self }
    }
}

/// The server's time in milliseconds, for a worker whose machine's clock is off.
const TIME: HeaderName = HeaderName::from_static("floorpass-time");

/// Tells a worker that the session is bound to another key than the one that signed; that the key of the session that did is
/// gone; or that its own has to sign this.
const KEY: HeaderName = HeaderName::from_static("floorpass-key");

/// From a worker: it can send a request again. To it: it should, for its browser proves its hardware by then.
pub(crate) const AGAIN: HeaderName = HeaderName::from_static("floorpass-again");

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let reason = match &*self.cause {
            Cause::Refused(Refusal::KeyProofWrong { reason })
            | Cause::Prove { refusal: Refusal::KeyProofWrong { reason }, .. } => Some(*reason),
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
        let (begin, frame) = (self.begin, self.frame.as_deref());
        let page = |status: StatusCode, title: &str, body: &Markup| {
            (status, shell::card(frame, title, body)).into_response()
        };
        if let Cause::ProveHardware { next, line, again } = *self.cause {
            return prove_hardware(&next, line, again);
        }
        if self.wants != Wants::Page {
            let (status, text) = brief(&self.cause);
            return match (self.wants, &*self.cause) {
                (Wants::Json, _) => (status, Json(json!({ "error": text }))).into_response(),
                // A script sees no status of a stream: that the session has ended is told as on an open one.
                (Wants::Stream, Cause::SignInNeeded { .. }) => events::over(text),
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
            Cause::StepUp { path, fields, token, who, bound, why } => {
                crate::step_up::page_for((&path, &fields, &token), &who, bound, &why, frame)
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

/// What is said where the proxy named nobody.
pub const UNNAMED: &str = "The proxy in front of this server did not pass on your address, so nothing was done. Tell the operator of this server.";

/// The status and one sentence.
fn brief(cause: &Cause) -> (StatusCode, String) {
    match cause {
        Cause::SignInNeeded { .. } => {
            (StatusCode::UNAUTHORIZED, "Your session has ended. Nothing was done; sign in again.".to_owned())
        }
        Cause::Prove { refusal, .. } | Cause::StepUp { why: refusal, .. } => {
            (StatusCode::FORBIDDEN, refusal::sentence(&refusal.caller_text()))
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
            format!("The form is larger than {} bytes, so nothing was done. Shorten what you typed.", crate::form::LARGEST),
        ),
        Cause::TooSlow => (
            StatusCode::REQUEST_TIMEOUT,
            format!("The form had not arrived after {} seconds, so nothing was done. Send it again.", crate::form::ARRIVES.as_secs()),
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
        Cause::Refused(refusal) => (refusal::status(refusal), refusal::sentence(&refusal.caller_text())),
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
    let (to, text) = match refusal {
        Refusal::AttemptEnded | Refusal::AttemptElsewhere => ("/sign-in", "Start again"),
        Refusal::RecoveryOver => ("/recover", "Start again"),
        Refusal::BrokerageHeld { .. } => ("/session/take-over", "Take over trading"),
        Refusal::NetworkLooks { .. } => ("/sign-in", "Sign in here"),
        Refusal::Locked { .. } | Refusal::LockStands { .. } | Refusal::NoLock => {
            ("/lock", "See the lock")
        }
        why if crate::step_up::helps(why) => ("/step-up", "Confirm it's you"),
        _ => ("/session", "What this session can do"),
    };
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
    if matches!(refusal, Some(Refusal::SessionEnded { .. })) {
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
        (typed(fields))
        p { a.btn.main href="/sign-in" target="_blank" rel="noopener" { "1. Sign in, in a new tab" } }
        form.f method="post" action=(path) { (kept(fields)) button { "2. Then send this again" } }
    };
    page(StatusCode::UNAUTHORIZED, "Your session has ended", &body)
}

/// A form of an earlier session was sent in this one. It came from a page of ours (`Origin` says so), so the person may
/// send it anew with one press; nothing is done before that.
fn expired(path: &str, fields: &Fields, token: &str) -> Response {
    let body = html! {
        h1 { "This form has expired" }
        p { "It is from an earlier session, so nothing was done. What you typed is kept:" }
        (typed(fields))
        form.f method="post" action=(path) {
            input type="hidden" name=(TOKEN) value=(token);
            (kept(fields))
            div.row { button.main { "Send it now" } a.btn href="/" { "Cancel" } }
        }
    };
    page(StatusCode::FORBIDDEN, "This form has expired", &body)
}

/// The session is another browser's, or the page came past the worker that signs (a forced reload):
/// the script loads it once more. Nothing of the person is on this page.
fn prove(next: &str, fields: Option<&Fields>, refusal: &Refusal) -> Response {
    let what = match refusal {
        Refusal::AttemptElsewhere => "This sign-in",
        Refusal::RecoveryElsewhere => "This recovery",
        _ => "This session",
    };
    let body = html! {
        h1 { "Checking this browser" }
        p data-prove { (what) " is bound to a key that only the browser that started it has. If this is that browser, the page opens by itself; it needs JavaScript." }
        (refusal::note(refusal))
        @if let Some(fields) = fields {
            p { "Nothing was done, and what you typed is kept on this page." }
            (typed(fields))
            form.f method="post" action=(next) { (kept(fields)) input type="hidden" name=(TOKEN) value=(fields.get(TOKEN)); button.main { "Send it again" } }
        } @else {
            p { a.btn href=(next) { "Open it again" } }
        }
        @if *refusal == Refusal::RecoveryElsewhere {
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
    let to = axum::response::Redirect::temporary(crate::form::local_path(next));
    match line {
        Some(line) => ([(header::SET_COOKIE, line)], to).into_response(),
        None => to.into_response(),
    }
}

pub(crate) fn page(status: StatusCode, title: &str, body: &Markup) -> Response {
    let page: Html<String> = shell::bare(title, body);
    (status, page).into_response()
}

pub(crate) fn typed(fields: &Fields) -> Markup {
    html! {
        dl.pairs {
            @for (name, value) in fields.shown().filter(|(_, value)| !value.is_empty()) {
                div { dt { (name.replace('_', " ")) } dd.mono { (value) } }
            }
        }
    }
}

pub(crate) fn kept(fields: &Fields) -> Markup {
    html! { @for (name, value) in fields.shown() { input type="hidden" name=(name) value=(value); } }
}
