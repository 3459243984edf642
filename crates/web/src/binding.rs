//! Binding a session to its device's hardware (Device Bound Session Credentials, W3C draft): the browser itself sends these
//! requests, without a form and past the worker.

use std::net::SocketAddr;

use access::binding::ProofFault;
use access::refusal::{ChangeRefusal, ServerRefusal, SessionRefusal};
use access::{Refusal, SessionId};
use axum::Json;
use axum::extract::{ConnectInfo, FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse, Response};
use gate::HardwareProof;
use serde_json::{Value, json};

mod offer;

pub(crate) use offer::offer;

use crate::cookie::Cookie;
use crate::fault::{Cause, Fault, Wants};
use crate::portal::Portal;
use crate::visit::{Visit, client_address, from_here};

const CHALLENGE: HeaderName = HeaderName::from_static("secure-session-challenge");
const RESPONSE: HeaderName = HeaderName::from_static("secure-session-response");
const REFRESH: &str = "/session/refresh";

/// A request that the browser itself sends.
pub(crate) struct Errand {
    portal: Portal,
    address: std::net::IpAddr,
    /// The session's token.
    token: String,
    /// What the key in hardware signed.
    answer: Option<String>,
}

impl FromRequestParts<Portal> for Errand {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, portal: &Portal) -> Result<Self, Fault> {
        let fault = |cause: Cause| Fault::new(cause, Wants::Json);
        if !from_here(&parts.headers, portal) {
            return Err(Fault::new(Cause::CrossSite, Wants::of(&parts.headers)));
        }
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0.ip());
        let token = portal.jar().read(&parts.headers, Cookie::Session);
        let address = client_address(peer, &parts.headers, parts.uri.path(), portal.config().proxy);
        Ok(Self {
            address: address.map_err(|_| fault(Cause::Unnamed))?,
            token: token.ok_or_else(|| {
                fault(Cause::Refused(Refusal::Session(SessionRefusal::NotSignedIn)))
            })?,
            answer: text(&parts.headers, &RESPONSE),
            portal: portal.clone(),
        })
    }
}

/// The value of a header, without the quotes that a structured text has.
fn text(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let value = headers.get(name)?.to_str().ok()?;
    Some(value.trim_matches('"').to_owned())
}

type Reply = Result<Response, Fault>;

fn refused(refusal: Refusal) -> Fault {
    Fault::new(refusal, Wants::Json)
}

/// `POST /session/bind`: a new key, once.
pub(crate) async fn bind(State(portal): State<Portal>, errand: Errand) -> Reply {
    let answer = errand
        .answer
        .ok_or_else(|| refused(Refusal::Session(SessionRefusal::HardwareProofMissing)))?;
    let bound =
        portal.gate().sessions().bind_hardware(&errand.token, &answer, errand.address).await;
    Ok(kept(&portal, &bound.map_err(refused)?))
}

/// `POST /session/refresh`: first a challenge, then the proof.
pub(crate) async fn refresh(errand: Errand) -> Reply {
    let gate = errand.portal.gate();
    let Some(answer) = &errand.answer else { return challenge(&errand) };
    match gate.sessions().prove_hardware(&errand.token, answer, errand.address) {
        Ok(proof) => Ok(kept(&errand.portal, &proof)),
        // The challenge is too old, or from before the server started: the browser answers a new one.
        Err(Refusal::Session(SessionRefusal::KeyProofWrong {
            reason: ProofFault::Time { .. },
        })) => challenge(&errand),
        Err(why) => Err(refused(why)),
    }
}

/// What the browser has to sign.
fn challenge(errand: &Errand) -> Reply {
    let gate = errand.portal.gate();
    let (session, challenge) =
        gate.sessions().hardware_challenge(&errand.token).map_err(refused)?;
    let value = format!("\"{challenge}\";id=\"{session}\"");
    let value = HeaderValue::try_from(value)
        .map_err(|_| refused(Refusal::Server(ServerRefusal::StoreFailed)))?;
    Ok((StatusCode::FORBIDDEN, [(CHALLENGE, value)]).into_response())
}

/// The cookie that stands for the proof, and what the browser has to keep.
fn kept(portal: &Portal, proof: &HardwareProof) -> Response {
    let line = portal.jar().set(Cookie::Hardware, &proof.cookie);
    let lines = AppendHeaders(line.map(|line| (header::SET_COOKIE, line)));
    (lines, Json(instructions(portal, proof.session))).into_response()
}

fn instructions(portal: &Portal, session: SessionId) -> Value {
    let (name, marks) = portal.jar().marks(Cookie::Hardware);
    let host = portal.origin().host_str().unwrap_or_default();
    let spared = ["/assets", "/sw.js", "/healthz", "/manifest.webmanifest", "/offline"];
    json!({
        "session_identifier": session.to_string(),
        "refresh_url": REFRESH,
        "scope": {
            "origin": portal.origin().origin().ascii_serialization(),
            "include_site": false,
            "scope_specification": spared.map(|path| {
                json!({ "type": "exclude", "domain": host, "path": path })
            }),
        },
        "credentials": [{ "type": "cookie", "name": name, "attributes": marks }],
    })
}

/// `POST /session/renew`, by the worker: this browser's new key, which the old one vouches for. 204: the new one counts;
/// 409: the old one does.
pub(crate) async fn renew(visit: Visit) -> Reply {
    let fault = |why| Fault::new(Cause::Refused(why), Wants::Json);
    // Under a key that was renewed before, a request has no session.
    let ticket = visit.session(false).and_then(Result::ok);
    let (key, signature) = (visit.fields.get("key"), visit.fields.get("signature"));
    let browser = visit.browser();
    let renewed =
        visit.portal.gate().devices().renew_key(ticket.as_ref(), &browser, key, signature).await;
    match renewed {
        Ok(()) => Ok(StatusCode::NO_CONTENT.into_response()),
        Err(
            why @ (Refusal::Session(
                SessionRefusal::NotSignedIn
                | SessionRefusal::SessionEnded { .. }
                | SessionRefusal::KeyProofMissing,
            )
            | Refusal::Change(ChangeRefusal::NotFound { .. })),
        ) => {
            let text = crate::refusal::text(&why);
            Ok((StatusCode::CONFLICT, Json(json!({ "error": text }))).into_response())
        }
        Err(why) => Err(fault(why)),
    }
}
