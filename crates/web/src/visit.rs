//! One request from a browser: from where, with which cookies and fields, and for which session.

use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use access::binding::ProofFault;
use access::refusal::{RecoveryRefusal, SessionRefusal, SignInRefusal};
use access::stay::Stay;
use access::{Refusal, Secret, Time};
use axum::body::to_bytes;
use axum::extract::{ConnectInfo, FromRequest, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use gate::{
    Actor, Admission, Barred, Browser, Doorway, Entered, Presented, Reissued, Renewal,
    SessionTicket, Shown, SignedIn, SignedRequest, View,
};
use trade::performance::Moves;
use trade::risk::Risk;

use crate::cookie::Cookie;
use crate::fault::{Cause, Fault, Wants};
use crate::figure;
use crate::form::{self, Fields};
use crate::need::{self, ByItself, Needs};
use crate::portal::Portal;
use crate::refusal;
use crate::subject;

/// The header with the proof by this browser's key, or by a key of its session.
const PROOF: HeaderName = HeaderName::from_static("floorpass-proof");

/// From a worker: its half of a key of the session, signed by its own. To it: the key's name and the server's half.
const DERIVE: HeaderName = HeaderName::from_static("floorpass-derive");

/// A request that passed the checks of every request: its form, if it has one, came from a page of ours.
#[derive(Clone)]
pub(crate) struct Visit {
    pub(crate) portal: Portal,
    /// Where the browser connects from (the proxy's word where one is configured).
    pub(crate) address: IpAddr,
    /// The path, without the query.
    pub(crate) path: String,
    /// The path with the query, as it came.
    target: String,
    /// Whether it is a form.
    posted: bool,
    /// Fields of the query.
    pub(crate) query: Fields,
    /// Fields of the form; empty for GET.
    pub(crate) fields: Fields,
    /// The key that the request was signed by, if one did; why not, when a proof came that does not count.
    pub(crate) shown: Result<Option<Shown>, Refusal>,
    /// What kind of answer is wanted.
    pub(crate) wants: Wants,
    pub(crate) headers: HeaderMap,
    carried: Carried,
}

/// Headers that go with whatever the answer is, also where the act is refused: the cookie of a session that got a new token
/// on the way, and the server's half of a key of the session.
#[derive(Debug, Clone, Default)]
pub(crate) struct Carried(Arc<Mutex<Vec<(HeaderName, HeaderValue)>>>);

impl Carried {
    fn put(&self, name: HeaderName, line: HeaderValue) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push((name, line));
    }

    /// Takes them.
    pub(crate) fn take(&self) -> Vec<(HeaderName, HeaderValue)> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Visit {
    /// Whether it is a form.
    pub(crate) fn posted(&self) -> bool {
        self.posted
    }

    /// Gives a header to whatever the answer is.
    pub(crate) fn carry(&self, name: HeaderName, line: HeaderValue) {
        self.carried.put(name, line);
    }

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
            key: self.shown.clone().ok().flatten(),
            user_agent: agent.unwrap_or("").chars().take(256).collect(),
            stay: self.stay(),
        }
    }

    /// How long the form asks to stay signed in.
    fn stay(&self) -> Stay {
        let asked = self.fields.get("stay");
        Stay::ALL.into_iter().find(|stay| stay.name() == asked).unwrap_or_default()
    }

    /// A fault with this request's kind of answer, for who the visitor is.
    pub(crate) fn fault(&self, cause: impl Into<Cause>) -> Fault {
        let cause = match cause.into() {
            // Perhaps it came past the worker that signs: the script sends it there.
            Cause::Refused(
                refusal @ (Refusal::SignIn(SignInRefusal::AttemptElsewhere)
                | Refusal::Recovery(RecoveryRefusal::RecoveryElsewhere)),
            ) if !matches!(self.shown, Ok(Some(_))) => {
                let fields = self.posted.then(|| self.fields.clone());
                Cause::Prove { next: self.target.clone(), fields, refusal }
            }
            cause => cause,
        };
        let fault = Fault::new(cause, self.wants);
        if self.cookie(Cookie::Session).is_some() {
            return fault;
        }
        // Anyone who stops a recovery did not begin it.
        fault.of_stranger(if self.path.starts_with("/recover/stop") {
            ("/sign-in", "Sign in")
        } else if self.path.starts_with("/recover") {
            ("/recover", "Start again")
        } else {
            ("/sign-in", "Start again")
        })
    }

    /// The live session of this browser, when the request shows all that it is bound to; a use of it slides its idle
    /// limit.
    pub(crate) fn session(&self, is_use: bool) -> Option<Result<SessionTicket, Refusal>> {
        let cookies = self.cookies();
        self.portal.gate().sessions().present(&self.presented(&cookies), is_use)
    }

    /// Token and proof by hardware of the browser's session.
    fn cookies(&self) -> [Option<String>; 2] {
        [Cookie::Session, Cookie::Hardware].map(|cookie| self.cookie(cookie))
    }

    /// What the request shows of who sends it.
    fn presented<'a>(&'a self, [token, hardware]: &'a [Option<String>; 2]) -> Presented<'a> {
        Presented {
            token: token.as_deref(),
            key: self.shown.clone(),
            hardware: hardware.as_deref(),
            address: self.address,
            subject: self.subject(),
            form: self.form_token(),
            person: self.person(),
        }
    }

    /// The password and code that come with a form.
    fn person(&self) -> Option<(Secret, &str)> {
        let password = self.fields.raw(form::PROOF_PASSWORD);
        let secret = || Secret::from_text(password.to_owned());
        (!password.is_empty()).then(|| (secret(), self.fields.get(form::PROOF_CODE)))
    }

    /// Cookies for a session that has just begun, and on https the offer to bind it to hardware.
    pub(crate) fn welcome(&self, signed: &SignedIn) -> Vec<(header::HeaderName, HeaderValue)> {
        let jar = self.portal.jar();
        let token = text(&signed.session_token);
        let mut lines =
            vec![self.session_line(&token, signed.stay, signed.until), jar.clear(Cookie::Attempt)];
        if let Some(token) = &signed.device_token {
            lines.push(jar.set(Cookie::Device, &text(token)));
        }
        let lines = lines.into_iter().flatten().map(|line| (header::SET_COOKIE, line));
        lines.chain(crate::binding::offer(&self.portal, &token)).collect()
    }

    /// The line that sets a session's cookie. One that stays outlives the browser's windows, as long as it lasts itself.
    fn session_line(&self, token: &str, stay: Stay, until: Time) -> Option<HeaderValue> {
        let jar = self.portal.jar();
        match stay {
            Stay::Long => {
                jar.set_for(Cookie::Session, token, until.since(self.portal.gate().now()))
            }
            Stay::Usual | Stay::Lent => jar.set(Cookie::Session, token),
        }
    }

    /// Gives the browser the new token of its session, whose person was proven.
    pub(crate) fn reissue(&self, new: &Reissued) {
        if let Some(line) = self.session_line(&text(&new.token), new.stay, new.until) {
            self.carried.put(header::SET_COOKIE, line);
        }
    }

    /// Derives a key of the session, where the browser offers it. Where that fails, its own key goes on signing.
    fn derive(&self, ticket: &SessionTicket) {
        let offer = self.headers.get(DERIVE).and_then(|offer| offer.to_str().ok());
        let Some((offer, shown)) = offer.zip(self.shown.as_ref().ok()) else { return };
        match self.portal.gate().sessions().derive_key(ticket, shown.as_ref(), offer) {
            Ok(answer) => {
                if let Ok(answer) = HeaderValue::try_from(answer) {
                    self.carried.put(DERIVE, answer);
                }
            }
            Err(refusal) => tracing::debug!(%refusal, "no key of the session was derived"),
        }
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
        let address = client_address(peer, &parts.headers, parts.uri.path(), portal.config().proxy);
        let address = address.map_err(|Unreadable| fault(Cause::Unnamed))?;
        let (mut fields, mut body_bytes) = (Fields::default(), axum::body::Bytes::new());
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
            body_bytes = bytes;
        }
        let shown = shown(portal, &parts, &body_bytes);
        if let Err(refusal) = &shown
            && is_for_worker(refusal)
        {
            return Err(fault(Cause::Refused(refusal.clone())));
        }
        // A key of the session counts with the session alone, and not for what begins another.
        if let Ok(Some(one)) = &shown
            && one.own_key().is_none()
            && parts.extensions.get::<Needs>().is_none()
        {
            let reason = ProofFault::OwnKey;
            return Err(fault(Cause::Refused(Refusal::Session(SessionRefusal::KeyProofWrong {
                reason,
            }))));
        }
        Ok(Self {
            shown,
            address,
            path: parts.uri.path().to_owned(),
            target: parts.uri.path_and_query().map_or("/", |one| one.as_str()).to_owned(),
            posted: parts.method == Method::POST,
            query: query.ok_or_else(|| fault(Cause::Malformed))?,
            portal: portal.clone(),
            headers: parts.headers,
            carried: parts.extensions.get::<Carried>().cloned().unwrap_or_default(),
            fields,
            wants,
        })
    }
}

/// Whether the worker of ours that made a proof makes another by itself, with its clock set or by its own key, so that nobody
/// notices.
fn is_for_worker(refusal: &Refusal) -> bool {
    matches!(
        refusal,
        Refusal::Session(SessionRefusal::KeyProofWrong {
            reason: ProofFault::Time { .. } | ProofFault::SessionKey | ProofFault::OwnKey
        })
    )
}

/// The key that a request was signed by.
fn shown(portal: &Portal, parts: &Parts, body: &[u8]) -> Result<Option<Shown>, Refusal> {
    let proof = parts.headers.get(PROOF).filter(|proof| !proof.is_empty());
    let Some(proof) = proof else { return Ok(None) };
    let target = parts.uri.path_and_query().map_or("/", axum::http::uri::PathAndQuery::as_str);
    let proof = proof.to_str().unwrap_or("");
    let request = SignedRequest { proof, method: parts.method.as_str(), target, body };
    portal.gate().sessions().shown(&request).map(Some)
}

/// Whether a form was sent by a page of ours. Every browser sends one of the two headers with a POST; what they say
/// must agree.
pub(crate) fn from_here(headers: &HeaderMap, portal: &Portal) -> bool {
    let ours = portal.origin().origin().ascii_serialization();
    let origin = headers.get(header::ORIGIN).map(|origin| origin.as_bytes() == ours.as_bytes());
    let site = headers.get("sec-fetch-site").map(|site| site.as_bytes() == b"same-origin");
    origin.or(site).is_some() && origin.unwrap_or(true) && site.unwrap_or(true)
}

fn is_form(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or("");
    kind.split(';').next().is_some_and(|kind| kind.trim() == "application/x-www-form-urlencoded")
}

/// What the proxy in front wrote of a caller is not an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unreadable;

/// Requests of the proxy that named no caller who could be read.
static UNREADABLE: AtomicU64 = AtomicU64::new(0);
/// Those that named none at all.
static UNNAMED: AtomicU64 = AtomicU64::new(0);

/// Where a look at the server's health goes; it tells nothing of anyone.
const HEALTH: &str = "/healthz";
/// Headers in which other programs look for the caller.
const OTHERS: [&str; 5] =
    ["forwarded", "x-real-ip", "x-client-ip", "cf-connecting-ip", "true-client-ip"];

/// Whether this one is said in the log: the first, and then ever fewer of them.
fn is_said(count: &AtomicU64) -> Option<u64> {
    let count = count.fetch_add(1, Ordering::Relaxed) + 1;
    count.is_power_of_two().then_some(count)
}

/// The client's address: the peer's, or behind the configured proxy the last entry that the proxy wrote.
///
/// # Errors
/// What cannot be read, or is missing, is nobody's: were it taken for the proxy's own, all strangers would share one throttle,
/// and notices and evidence would name the proxy. Only a look at the server's health is the proxy's own.
pub fn client_address(
    peer: Option<IpAddr>,
    headers: &HeaderMap,
    path: &str,
    proxy: Option<IpAddr>,
) -> Result<IpAddr, Unreadable> {
    let peer = peer.map_or(IpAddr::from([0, 0, 0, 0]), |peer| peer.to_canonical());
    if proxy.map(|proxy| proxy.to_canonical()) != Some(peer) {
        return Ok(peer);
    }
    let Some(line) = headers.get_all("x-forwarded-for").iter().next_back() else {
        if path == HEALTH {
            return Ok(peer);
        }
        if let Some(count) = is_said(&UNNAMED) {
            let instead = OTHERS.iter().find(|name| headers.contains_key(**name)).unwrap_or(&"");
            tracing::warn!(
                count,
                instead,
                "the proxy sent a request without X-Forwarded-For, so the request was refused; make the proxy set that header to the caller's address (no other is read)"
            );
        }
        return Err(Unreadable);
    };
    let last = line.to_str().ok().and_then(|line| line.rsplit(',').next());
    last.and_then(forwarded).ok_or_else(|| {
        if let Some(count) = is_said(&UNREADABLE) {
            let sent: String = line.as_bytes().escape_ascii().to_string().chars().take(100).collect();
            tracing::warn!(
                count,
                sent,
                "the last entry of the proxy's X-Forwarded-For is not an address, so the request was refused; set it to the caller's address"
            );
        }
        Unreadable
    })
}

/// The address of one entry: proxies write a port, brackets, quotes or a zone with it.
fn forwarded(entry: &str) -> Option<IpAddr> {
    let entry = entry.trim().trim_matches('"');
    let is_port =
        |port: &str| port.bytes().all(|b| b.is_ascii_digit()) && port.parse::<u16>().is_ok();
    let host = if let Some(rest) = entry.strip_prefix('[') {
        let (host, after) = rest.split_once(']')?;
        let fits = after.is_empty() || after.strip_prefix(':').is_some_and(is_port);
        fits.then_some(host)?
    } else {
        match entry.split_once(':') {
            Some((host, port)) if !port.contains(':') => is_port(port).then_some(host)?,
            _ => entry,
        }
    };
    let address: IpAddr = match host.split_once('%') {
        Some((host, zone)) => {
            let host: std::net::Ipv6Addr = host.parse().ok()?;
            (!zone.is_empty()).then_some(IpAddr::V6(host))?
        }
        None => host.parse().ok()?,
    };
    let address = address.to_canonical();
    // Neither is anybody's.
    (!address.is_unspecified() && !address.is_multicast()).then_some(address)
}

/// Where a session that may do little is sent instead.
fn instead(ticket: &SessionTicket, why: Refusal) -> Cause {
    if ticket.enrolling {
        return Cause::Elsewhere("/enrol");
    }
    if ticket.receipt.is_some() { Cause::Elsewhere("/lock") } else { Cause::Refused(why) }
}

/// Whether a browser sent this without its person: a stream that it came back to, or a page that a script loaded again (a
/// page that a person asks for comes with `Sec-Fetch-User`; past the worker nothing says so, and the worker says when not).
/// Neither keeps a session from idling out.
fn is_by_itself(request: &Request) -> bool {
    let says = |name: &str, value: &[u8]| {
        request.headers().get(name).is_some_and(|one| one.as_bytes() == value)
    };
    let reloads = says("sec-fetch-mode", b"navigate") && !says("sec-fetch-user", b"?1");
    let reloads = reloads || says("floorpass-unused", b"1");
    request.method() == Method::GET && (reloads || request.extensions().get::<ByItself>().is_some())
}

/// A request of a signed-in person; a form of it carries its session's token.
#[derive(Clone)]
pub(crate) struct Signed {
    pub(crate) visit: Visit,
    pub(crate) ticket: SessionTicket,
    pub(crate) admission: Admission,
    /// Messages that the person has not read.
    pub(crate) unread: u32,
    /// What a proof of its person now would give the session, where its window is near or open.
    pub(crate) renews: Option<Renewal>,
    /// The authority that pages and previews are shown by: an unbound session sees what it could do with a sign-in.
    pub(crate) sees: Admission,
}

impl Signed {
    /// The person signed in, on a page that is open to all; none of a session that may see no other page.
    pub(crate) async fn beside(visit: Visit, ticket: SessionTicket) -> Option<Self> {
        if ticket.enrolling || ticket.receipt.is_some() {
            return None;
        }
        let admission = visit.portal.gate().sessions().admit(&ticket).ok()?;
        let sees = admission.clone();
        let entered = Entered { ticket, admission, sees, reissued: None };
        Some(Self::of(visit, entered).await)
    }

    /// Who acts, for the gate.
    pub(crate) fn actor(&self) -> Actor {
        Actor::Session(self.ticket.clone())
    }

    /// What the account that this request is for looks like now.
    pub(crate) async fn view(&self) -> Result<Arc<View>, Fault> {
        let found = self.visit.portal.gate().view_of(self.ticket.account).await;
        found.map_err(|why| self.fault(why))
    }

    /// What the account stands to gain and to lose.
    pub(crate) fn risk(&self) -> Result<Risk, Fault> {
        let found = self.visit.portal.gate().paper_accounts().risk(self.ticket.account);
        found.map_err(|why| self.fault(why))
    }

    /// What the trading day has changed of the account's worth.
    pub(crate) fn moves(&self) -> Result<Moves, Fault> {
        let found = self.visit.portal.gate().paper_accounts().moves(self.ticket.account);
        found.map_err(|why| self.fault(why))
    }

    /// The gate's time.
    pub(crate) fn now(&self) -> Time {
        self.visit.portal.gate().now()
    }

    /// The time of day at which something will end, on the reader's clock and not by our stamps.
    pub(crate) fn clock(&self, at: Time) -> String {
        let gate = self.visit.portal.gate();
        figure::clock(gate.clock().on_wall(at), gate.wall())
    }

    /// The token of this session's forms.
    pub(crate) fn form_token(&self) -> String {
        let token = self.visit.portal.gate().sessions().form_token(self.ticket.session);
        subject::token_of(token, subject::named(&self.ticket))
    }

    /// A fault with this request's kind of answer. A form that lacks a proof of its person gets the
    /// page that asks for one.
    pub(crate) fn fault(&self, cause: impl Into<Cause>) -> Fault {
        match cause.into() {
            Cause::Refused(why) if self.posted() && refusal::wants_proof(&why) => self.asks(why),
            cause => self.visit.fault(cause).framed(self),
        }
    }

    /// Whether the request is a form.
    fn posted(&self) -> bool {
        self.visit.fields.has(form::TOKEN)
    }
}

impl FromRequest<Portal> for Signed {
    type Rejection = Fault;

    async fn from_request(request: Request, portal: &Portal) -> Result<Self, Fault> {
        let posts = request.method() == Method::POST;
        let needs = request.extensions().get::<Needs>().copied();
        let is_use = !is_by_itself(&request);
        let visit = Visit::from_request(request, portal).await?;
        // A route that names no need lets nobody in.
        let needs = needs.ok_or_else(|| visit.fault(Cause::Missing))?;
        let Needs { act, looks, proves_late } = needs;
        let meant = need::meant(act, &visit.path);
        let cookies = visit.cookies();
        let mut shows = visit.presented(&cookies);
        let late = proves_late && shows.person.take().is_some();
        let door = Doorway { act, meant, posts, looks: looks || late, is_use };
        let entered = portal.gate().enter(&door, shows).await;
        match entered {
            Ok(entered) => {
                visit.keep_subject(&entered.ticket, is_use);
                Ok(Self::of(visit, entered).await)
            }
            Err(barred) => Err(turned_away(visit, barred).await),
        }
    }
}

/// What a browser has to do first that was not let in.
async fn turned_away(visit: Visit, barred: Barred) -> Fault {
    match barred {
        Barred::Unknown(refusal) => unknown(&visit, refusal),
        Barred::Form(session) => {
            let (path, fields) = (visit.path.clone(), visit.fields.clone());
            let token = visit.portal.gate().sessions().form_token(session);
            let token = subject::token_of(token, visit.form_account());
            visit.fault(Cause::FormExpired { path, fields, token })
        }
        Barred::Unproven(entered, why) => Signed::of(visit, *entered).await.asks(why),
        Barred::Refused(entered, why) => {
            let signed = Signed::of(visit, *entered).await;
            signed.fault(instead(&signed.ticket, why))
        }
        Barred::Failed(why) => visit.fault(why),
    }
}

/// The same where no session that counts came with the request.
fn unknown(visit: &Visit, refusal: Option<Refusal>) -> Fault {
    let next = form::local_path(&visit.target).to_owned();
    let fields = visit.posted.then(|| visit.fields.clone());
    visit.fault(match refusal {
        Some(Refusal::Session(SessionRefusal::HardwareProofOver)) => {
            let line = visit.portal.jar().clear(Cookie::Hardware);
            let again = visit.headers.contains_key(crate::fault::AGAIN);
            Cause::ProveHardware { next, line, again }
        }
        Some(refusal) if is_for_worker(&refusal) => Cause::Refused(refusal),
        Some(
            refusal @ Refusal::Session(
                SessionRefusal::KeyProofMissing
                | SessionRefusal::KeyProofWrong { .. }
                | SessionRefusal::HardwareProofMissing,
            ),
        ) => Cause::Prove { next, fields, refusal },
        refusal => Cause::SignInNeeded { next, fields, refusal },
    })
}

impl Signed {
    /// A request that was let in, with what every page shows beside its own matter.
    async fn of(visit: Visit, entered: Entered) -> Self {
        let Entered { ticket, admission, sees, reissued } = entered;
        if let Some(new) = &reissued {
            visit.reissue(new);
        }
        visit.derive(&ticket);
        let gate = visit.portal.gate();
        // A count that cannot be made now is not a reason to show no page.
        let unread = gate.notices().unread(ticket.person).await.unwrap_or(0);
        if subject::named(&ticket).is_some() {
            visit.portal.purposes().read(gate, &ticket.accounts).await;
        }
        let renews = gate.policies().renewal(&ticket).await.unwrap_or(None);
        Self { visit, ticket, admission, unread, renews, sees }
    }

    /// Proves the person by the password and code of the form, where its route leaves that to the handler: the session
    /// for this request, and what it may do. As it came in where nothing was typed.
    pub(crate) async fn prove(&self) -> Result<(SessionTicket, Admission), Fault> {
        let Some((password, code)) = self.visit.person() else {
            return Ok((self.ticket.clone(), self.admission.clone()));
        };
        let step_ups = self.visit.portal.gate().step_ups();
        let proven = step_ups.fresh(&self.ticket, password, code).await;
        let (ticket, reissued) = proven.map_err(|why| self.asks(why))?;
        // Whatever becomes of the act, the browser's old token no longer works.
        self.visit.reissue(&reissued);
        let admission = step_ups.foresee(&ticket).await.map_err(|why| self.asks(why))?;
        Ok((ticket, admission))
    }

    /// The page that asks for a proof of the person, with what was typed kept.
    fn asks(&self, why: Refusal) -> Fault {
        let (path, fields) = (self.visit.path.clone(), self.visit.fields.clone());
        let token = self.form_token();
        let bound = self.ticket.is_bound();
        self.visit.fault(Cause::StepUp { path, fields, token, bound, why }).framed(self)
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
        let seen = |peer: &str, proxy| {
            client_address(peer.parse().ok(), &headers, "/sign-in", proxy).unwrap().to_string()
        };
        assert_eq!(seen("10.0.0.1", proxy), "198.51.100.7");
        assert_eq!(seen("::ffff:10.0.0.1", proxy), "198.51.100.7");
        assert_eq!(seen("10.0.0.2", proxy), "10.0.0.2");
        assert_eq!(seen("10.0.0.1", None), "10.0.0.1");
    }

    /// A proxy that names nobody, or only in a header that is not read, merges nobody with anybody.
    #[test]
    fn request_of_the_proxy_without_the_header_is_nobodys_but_for_health() {
        let proxy: Option<IpAddr> = "10.0.0.1".parse().ok();
        let none = |path| client_address(proxy, &HeaderMap::new(), path, proxy);
        for path in ["/sign-in", "/", "/assets/style.css", "/healthz/", "/session/bind"] {
            assert_eq!(none(path), Err(Unreadable), "{path}");
        }
        assert_eq!(none("/healthz"), Ok("10.0.0.1".parse().unwrap()));
        for (name, line) in [
            ("forwarded", "for=198.51.100.7"),
            ("x-real-ip", "198.51.100.7"),
            ("x-forwarded", "198.51.100.7"),
        ] {
            let mut headers = HeaderMap::new();
            headers.append(name, HeaderValue::from_static(line));
            assert_eq!(client_address(proxy, &headers, "/", proxy), Err(Unreadable), "{name}");
        }
    }

    #[test]
    fn forwarded_address_is_read_as_proxies_write_it() {
        for (line, address) in [
            ("198.51.100.7:50123", "198.51.100.7"),
            ("203.0.113.9, 198.51.100.7:1", "198.51.100.7"),
            ("[2001:db8::7]:443", "2001:db8::7"),
            ("[2001:db8::7]", "2001:db8::7"),
            ("2001:db8::7", "2001:db8::7"),
            ("fe80::7%eth0", "fe80::7"),
            ("[fe80::7%25eth0]:443", "fe80::7"),
            ("\"[2001:db8::7]:443\"", "2001:db8::7"),
            ("::ffff:198.51.100.7", "198.51.100.7"),
            ("[::ffff:198.51.100.7]:80", "198.51.100.7"),
            ("\t198.51.100.7 ", "198.51.100.7"),
        ] {
            assert_eq!(behind(&[line.as_bytes()]), Ok(address.parse().unwrap()), "{line}");
        }
        let lines: [&[u8]; 2] = [b"garbage", b"198.51.100.7"];
        assert_eq!(behind(&lines), Ok("198.51.100.7".parse().unwrap()));
    }

    /// Strangers are never taken for the proxy, or for one another.
    #[test]
    fn forwarded_entry_that_is_no_address_is_nobodys() {
        for line in [
            "",
            " ",
            "198.51.100.7,",
            "198.51.100.7, ",
            "unknown",
            "_hidden",
            "garbage",
            "198.51.100.7:",
            "198.51.100.7:x",
            "198.51.100.7:99999",
            "198.51.100.7:+1",
            "[2001:db8::7",
            "[2001:db8::7]x",
            "[2001:db8::7]:",
            "198.51.100.7%eth0",
            "fe80::7%",
            "198.51.100.07",
            "0.0.0.0",
            "::",
            "224.0.0.1",
            "1.2.3",
            "localhost",
            "198.51.100.7 198.51.100.8",
        ] {
            assert_eq!(behind(&[line.as_bytes()]), Err(Unreadable), "{line:?}");
        }
        assert_eq!(behind(&[b"198.51.100.7\xff"]), Err(Unreadable));
        assert_eq!(behind(&[b"198.51.100.7", b"unknown"]), Err(Unreadable), "the last line counts");
    }

    /// What is taken of a request of the proxy with these lines.
    fn behind(lines: &[&[u8]]) -> Result<IpAddr, Unreadable> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append("x-forwarded-for", HeaderValue::from_bytes(line).unwrap());
        }
        let proxy = "10.0.0.1".parse().ok();
        client_address(proxy, &headers, "/sign-in", proxy)
    }
}
