//! Why a request gets no answer of its own; `answer` makes the page, or the JSON for a script, that says so.

use access::Refusal;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};

use crate::form::Fields;
use crate::visit::Signed;

mod answer;

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
    StepUp { path: String, fields: Fields, token: String, bound: bool, why: Refusal },
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
    /// Who is signed in, for the navigation of the page that says so.
    signed: Option<Box<Signed>>,
}

/// Where somebody without a session goes on, and the words for it.
pub(crate) type Begin = (&'static str, &'static str);

impl Fault {
    pub(crate) fn new(cause: impl Into<Cause>, wants: Wants) -> Self {
        Self { cause: Box::new(cause.into()), wants, begin: None, signed: None }
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
        Self { signed: Some(Box::new(signed.clone())), ..self }
    }
}

/// From a worker: it can send a request again. To it: it should, for its browser proves its hardware by then.
pub(crate) const AGAIN: HeaderName = HeaderName::from_static("floorpass-again");

/// What is said where the proxy named nobody.
pub const UNNAMED: &str = "The proxy in front of this server did not pass on your address, so nothing was done. Tell the operator of this server.";
