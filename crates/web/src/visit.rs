//! One request of a browser: where from, with which cookies and fields, and for which session.

use std::net::{IpAddr, SocketAddr};

use access::{Refusal, Secret, Time};
use axum::body::to_bytes;
use axum::extract::{ConnectInfo, FromRequest, Request};
use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use gate::{Actor, Admission, Browser, SessionTicket, SignedIn};

use crate::cookie::Cookie;
use crate::fault::{Cause, Fault, Wants};
use crate::form::{self, Fields};
use crate::portal::Portal;
use crate::route::Needs;

/// A request that passed the checks of every request: its form, if it has one, came from a page of ours.
pub(crate) struct Visit {
    pub(crate) portal: Portal,
    /// Where the browser connects from (the proxy's word where one is configured).
    pub(crate) address: IpAddr,
    /// The path, without the query.
    pub(crate) path: String,
    /// Fields of the query.
    pub(crate) query: Fields,
    /// Fields of the form; empty for GET.
    pub(crate) fields: Fields,
    /// What kind of answer is wanted.
    pub(crate) wants: Wants,
    pub(crate) headers: HeaderMap,
}

impl Visit {
    /// The value of one of our cookies.
    pub(crate) fn cookie(&self, cookie: Cookie) -> Option<String> {
        self.portal.jar().read(&self.headers, cookie)
    }

    /// What the gate wants to know of the browser.
    pub(crate) fn browser(&self) -> Browser {
        let agent = self.headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok());
        Browser {
            device_token: self.cookie(Cookie::Device).map(|token| Secret::new(token.into_bytes())),
            address: self.address,
            user_agent: agent.unwrap_or("").chars().take(256).collect(),
        }
    }

    /// A fault with this request's kind of answer.
    pub(crate) fn fault(&self, cause: impl Into<Cause>) -> Fault {
        Fault::new(cause, self.wants)
    }

    /// Cookies for a session that has just begun.
    pub(crate) fn welcome(&self, signed: &SignedIn) -> Vec<(header::HeaderName, HeaderValue)> {
        let jar = self.portal.jar();
        let mut lines = vec![
            jar.set(Cookie::Session, &text(&signed.session_token)),
            jar.clear(Cookie::Attempt),
        ];
        if let Some(token) = &signed.device_token {
            lines.push(jar.set(Cookie::Device, &text(token)));
        }
        lines.into_iter().flatten().map(|line| (header::SET_COOKIE, line)).collect()
    }
}

/// The characters of a token; ours are ASCII.
pub(crate) fn text(secret: &Secret) -> String {
    String::from_utf8_lossy(secret.expose()).into_owned()
}

/// 303 to a path of ours.
pub(crate) fn go(path: &str) -> Response {
    Redirect::to(form::local_path(path)).into_response()
}

/// 303 with cookies.
pub(crate) fn go_with(path: &str, lines: Vec<(header::HeaderName, HeaderValue)>) -> Response {
    (AppendHeaders(lines), Redirect::to(form::local_path(path))).into_response()
}

impl FromRequest<Portal> for Visit {
    type Rejection = Fault;

    async fn from_request(request: Request, portal: &Portal) -> Result<Self, Fault> {
        let (parts, body) = request.into_parts();
        let wants = Wants::of(&parts.headers);
        let fault = |cause: Cause| Fault::new(cause, wants);
        let query = Fields::parse(parts.uri.query().unwrap_or("").as_bytes());
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0.ip());
        let mut fields = Fields::default();
        if parts.method == Method::POST {
            if !from_here(&parts.headers, portal) {
                return Err(fault(Cause::CrossSite));
            }
            if !is_form(&parts.headers) {
                return Err(fault(Cause::Malformed));
            }
            let bytes = tokio::time::timeout(form::ARRIVES, to_bytes(body, form::LARGEST))
                .await
                .map_err(|_| fault(Cause::TooSlow))?
                .map_err(|_| fault(Cause::TooLarge))?;
            fields = Fields::parse(&bytes).ok_or_else(|| fault(Cause::Malformed))?;
        }
        Ok(Self {
            address: address(peer, &parts.headers, portal.config().proxy),
            path: parts.uri.path().to_owned(),
            query: query.ok_or_else(|| fault(Cause::Malformed))?,
            portal: portal.clone(),
            headers: parts.headers,
            fields,
            wants,
        })
    }
}

/// Whether a form was sent by a page of ours. Every browser sends one of the two headers with a POST; what they say
/// must agree.
fn from_here(headers: &HeaderMap, portal: &Portal) -> bool {
    let ours = portal.origin().origin().ascii_serialization();
    let origin = headers.get(header::ORIGIN).map(|origin| origin.as_bytes() == ours.as_bytes());
    let site = headers.get("sec-fetch-site").map(|site| site.as_bytes() == b"same-origin");
    origin.or(site).is_some() && origin.unwrap_or(true) && site.unwrap_or(true)
}

fn is_form(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or("");
    kind.split(';').next().is_some_and(|kind| kind.trim() == "application/x-www-form-urlencoded")
}

/// The client's address: the peer's, or behind the configured proxy the last entry that the proxy wrote.
fn address(peer: Option<IpAddr>, headers: &HeaderMap, proxy: Option<IpAddr>) -> IpAddr {
    let peer = peer.map_or(IpAddr::from([0, 0, 0, 0]), |peer| peer.to_canonical());
    if proxy.map(|proxy| proxy.to_canonical()) != Some(peer) {
        return peer;
    }
    let line = headers.get_all("x-forwarded-for").iter().next_back();
    let last = line.and_then(|line| line.to_str().ok()).and_then(|line| line.rsplit(',').next());
    last.and_then(|text| text.trim().parse::<IpAddr>().ok())
        .map_or(peer, |client| client.to_canonical())
}

/// Where a session that may do little is sent instead.
fn instead(ticket: &SessionTicket, why: Refusal) -> Cause {
    if ticket.enrolling {
        return Cause::Elsewhere("/enrol");
    }
    if ticket.receipt.is_some() { Cause::Elsewhere("/lock") } else { Cause::Refused(why) }
}

/// A request of a signed-in person; a form of it carries its session's token.
pub(crate) struct Signed {
    pub(crate) visit: Visit,
    pub(crate) ticket: SessionTicket,
    pub(crate) admission: Admission,
    token: Secret,
}

impl Signed {
    /// Who acts, for the gate.
    pub(crate) fn actor(&self) -> Actor {
        Actor::Session(self.ticket.clone())
    }

    /// The gate's time.
    pub(crate) fn now(&self) -> Time {
        self.visit.portal.gate().now()
    }

    /// The token of this session's forms.
    pub(crate) fn form_token(&self) -> String {
        form::token(&text(&self.token))
    }

    /// A fault with this request's kind of answer.
    pub(crate) fn fault(&self, cause: impl Into<Cause>) -> Fault {
        self.visit.fault(cause)
    }
}

impl FromRequest<Portal> for Signed {
    type Rejection = Fault;

    async fn from_request(request: Request, portal: &Portal) -> Result<Self, Fault> {
        let (post, target) = (request.method() == Method::POST, request.uri().clone());
        let needs = request.extensions().get::<Needs>().copied();
        let visit = Visit::from_request(request, portal).await?;
        let lost = |visit: &Visit, refusal| {
            let next = form::local_path(&target.to_string()).to_owned();
            let fields = post.then(|| visit.fields.clone());
            visit.fault(Cause::SignInNeeded { next, fields, refusal })
        };
        let Some(token) = visit.cookie(Cookie::Session) else {
            return Err(lost(&visit, None));
        };
        let gate = portal.gate();
        let found = gate.session(&token, visit.address).and_then(|ticket| {
            let admission = gate.admit_session(&ticket)?;
            Ok((ticket, admission))
        });
        let (ticket, admission) = found.map_err(|refusal| lost(&visit, Some(refusal)))?;
        if post && !form::token_matches(&token, visit.fields.get(form::TOKEN)) {
            let (path, fields) = (visit.path.clone(), visit.fields.clone());
            return Err(visit.fault(Cause::FormExpired {
                path,
                fields,
                token: form::token(&token),
            }));
        }
        // A route that names no need lets nobody in.
        let needs = needs.ok_or_else(|| visit.fault(Cause::Missing))?;
        if let Needs(Some(act)) = needs {
            let may = gate.may(&admission, visit.address, act, None);
            may.map_err(|why| visit.fault(instead(&ticket, why)))?;
        }
        Ok(Self { token: Secret::from_text(token), visit, ticket, admission })
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn forwarded_address_counts_only_from_the_proxy() {
        let mut headers = HeaderMap::new();
        headers.append("x-forwarded-for", HeaderValue::from_static("203.0.113.9, 198.51.100.7"));
        let proxy = "10.0.0.1".parse().ok();
        let seen = |peer: &str, proxy| address(peer.parse().ok(), &headers, proxy).to_string();
        assert_eq!(seen("10.0.0.1", proxy), "198.51.100.7");
        assert_eq!(seen("::ffff:10.0.0.1", proxy), "198.51.100.7");
        assert_eq!(seen("10.0.0.2", proxy), "10.0.0.2");
        assert_eq!(seen("10.0.0.1", None), "10.0.0.1");
        headers.append("x-forwarded-for", HeaderValue::from_static("garbage"));
        assert_eq!(
            address("10.0.0.1".parse().ok(), &headers, proxy),
            "10.0.0.1".parse::<IpAddr>().unwrap()
        );
    }
}
