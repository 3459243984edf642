//! Proofs by the keys that browsers hold. Signatures are checked here, an outside fact as a
//! password's hash is; what they bind is decided in `access/src/binding.rs` and with each request.
//!
//! Two of them. A service worker of ours signs each request (header `Floorpass-Proof`), with a key that
//! its session derived from this one where it can. On https a browser may prove a key in its hardware now and then (Device Bound Session Credentials, W3C
//! draft) and gets a cookie of ten minutes for it, which counts from one address.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

use access::binding::{HARDWARE_WINDOW, PROOF_WINDOW, ProofFault, PublicKey};
use access::refusal::{ServerRefusal, SessionRefusal};
use access::session;
use access::token::{self, Kind};
use access::{By, Call, Command, Digest, Refusal, SealKey, SessionId, Source, Span, Time};
use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use serde::Deserialize;
use store::Key;

use crate::Gate;
use crate::session::table::Found;
use crate::session::{SessionGate, SessionTicket};
use crate::sign_in::Browser;

mod browser_key;
mod session_key;

pub use browser_key::{BrowserKey, SessionOffer, SessionSigner};
pub(crate) use session_key::SessionKeys;
use session_key::{KeyId, Owner};

/// Longest header with a proof, in bytes; ours has about 250.
const LONGEST: usize = 1_024;
/// Proofs of one session that are remembered; with more than this in the window, those of an earlier
/// time count no longer.
const REMEMBERED: usize = 512;
/// How long a challenge for a key in hardware works.
const CHALLENGE_WINDOW: Span = Span::minutes(2);

/// One request, and the proof that came with it.
pub struct SignedRequest<'a> {
    /// The value of its `Floorpass-Proof` header.
    pub proof: &'a str,
    /// `GET` or `POST`.
    pub method: &'a str,
    /// Path and query, as sent.
    pub target: &'a str,
    /// The body; empty for GET.
    pub body: &'a [u8],
}

/// A key that a request was signed by, checked.
#[derive(Debug, Clone, Copy)]
pub struct Shown {
    /// The browser's key: it signed, or vouched for the session's key that did.
    pub key: PublicKey,
    /// The session whose key signed instead.
    session: Option<SessionId>,
    /// When the browser signed it, by its own clock.
    at: Time,
    /// When it was checked, by the system's.
    wall: Time,
    nonce: [u8; 16],
}

impl Shown {
    /// The browser's key where it signed itself: a session's key proves nothing beyond its session.
    pub fn own_key(&self) -> Option<PublicKey> {
        self.session.is_none().then_some(self.key)
    }

    /// Whether it may be shown for this session.
    pub(crate) fn counts_for(&self, session: SessionId) -> bool {
        self.session.is_none_or(|of| of == session)
    }

    /// Why it does not count for a session that it is not of.
    pub(crate) fn of_another_session(&self) -> ProofFault {
        if self.session.is_some() { ProofFault::SessionKey } else { ProofFault::OtherKey }
    }
}

const fn wrong(reason: ProofFault) -> Refusal {
    Refusal::Session(SessionRefusal::KeyProofWrong { reason })
}

fn decode(text: &str) -> Result<Vec<u8>, Refusal> {
    BASE64URL_NOPAD.decode(text.as_bytes()).map_err(|_| wrong(ProofFault::Malformed))
}

/// What made a proof.
enum Signer<'a> {
    /// The browser's own key, in base64url.
    Browser(&'a str),
    /// A key of the session, by its id.
    Session(&'a str),
}

/// `t=MILLISECONDS,n=NONCE,k=KEY,s=SIGNATURE`, or `h=ID` for a key of the session in place of `k`; the
/// last three in base64url.
fn parse(proof: &str) -> Option<(&str, &str, Signer<'_>, &str)> {
    if proof.len() > LONGEST {
        return None;
    }
    let mut parts = proof.split(',');
    let (time, nonce) = (parts.next()?.strip_prefix("t=")?, parts.next()?.strip_prefix("n=")?);
    let signer = match parts.next()?.split_at_checked(2)? {
        ("k=", key) => Signer::Browser(key),
        ("h=", id) => Signer::Session(id),
        _ => return None,
    };
    let signature = parts.next()?.strip_prefix("s=")?;
    parts.next().is_none().then_some((time, nonce, signer, signature))
}

/// What is signed: method, path with query, time in milliseconds, nonce, and the SHA-256 of the body.
fn text(method: &str, target: &str, time: i64, nonce: &str, body: &str) -> String {
    format!("floorpass proof 1\n{method}\n{target}\n{time}\n{nonce}\n{body}")
}

/// Checks a signed request at `now`, by the system's clock `wall`: the browser has a clock of its own.
/// Whether its key is the session's, and whether it is shown for the first time, is asked with the
/// session.
fn check(
    request: &SignedRequest<'_>,
    keys: &SessionKeys,
    (now, wall): (Time, Time),
) -> Result<Shown, Refusal> {
    let malformed = || wrong(ProofFault::Malformed);
    let (time, nonce, signer, signature) = parse(request.proof).ok_or_else(malformed)?;
    let at: i64 = time.parse().map_err(|_| malformed())?;
    let at = Time(at.saturating_mul(1_000));
    let bytes = decode(nonce)?.try_into().map_err(|_| malformed())?;
    let body = BASE64URL_NOPAD.encode(&Digest::of(request.body).0);
    let text = text(request.method, request.target, at.0 / 1_000, nonce, &body);
    let signature = decode(signature)?;
    let (key, session) = match signer {
        Signer::Browser(key) => {
            let key = PublicKey::new(&decode(key)?).ok_or_else(malformed)?;
            verify(&key, text.as_bytes(), &signature)?;
            (key, None)
        }
        Signer::Session(id) => {
            let id = KeyId::read(id).ok_or_else(malformed)?;
            (keys.check(id, &text, &signature, now)?, Some(id.session()))
        }
    };
    if wall.since(at) > PROOF_WINDOW || at.since(wall) > PROOF_WINDOW {
        return Err(wrong(ProofFault::Time { now: wall }));
    }
    Ok(Shown { key, session, at, wall, nonce: bytes })
}

fn verify(key: &PublicKey, text: &[u8], signature: &[u8]) -> Result<(), Refusal> {
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key.bytes())
        .verify(text, signature)
        .map_err(|_| wrong(ProofFault::Signature))
}

/// Whether a text was signed by a key; the signature in base64url.
pub(crate) fn check_signature(key: &PublicKey, text: &str, signature: &str) -> Result<(), Refusal> {
    verify(key, text.as_bytes(), &decode(signature)?)
}

/// What a new key signs, to take the place of an old one.
fn key_text(old: &PublicKey, new: &PublicKey) -> String {
    let text = |key: &PublicKey| BASE64URL_NOPAD.encode(key.bytes());
    format!("floorpass key 1\n{}\n{}", text(old), text(new))
}

/// The new key of a browser, which it has shown to hold beside the one that signed the request.
pub(crate) fn check_new_key(
    browser: &Browser,
    key: &str,
    signature: &str,
) -> Result<PublicKey, Refusal> {
    let shown = browser.key.ok_or(Refusal::Session(SessionRefusal::KeyProofMissing))?;
    let old = shown.own_key().ok_or(wrong(ProofFault::OwnKey))?;
    let new = PublicKey::new(&decode(key)?).ok_or(wrong(ProofFault::Malformed))?;
    check_signature(&new, &key_text(&old, &new), signature)?;
    Ok(new)
}

/// The proofs of one session that were shown lately.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Seen {
    /// The earliest first.
    proofs: BTreeSet<(Time, [u8; 16])>,
    /// Proofs of this time or before count no longer. Never after now.
    floor: Time,
    /// Time of the last challenge that its hardware answered.
    challenge: Time,
    /// When the server started, by our stamps and by the system's clock, for a session that was there:
    /// what was shown to the process before is not known any more, so nothing counts that could have been.
    started: Option<(Time, Time)>,
}

impl Seen {
    /// For a session that stood before the server started.
    pub(crate) fn since(started: (Time, Time)) -> Self {
        Self { started: Some(started), ..Self::default() }
    }

    /// Takes a proof that was not shown before.
    pub(crate) fn take(&mut self, shown: &Shown) -> Result<(), Refusal> {
        let wall = shown.wall;
        // A proof may be dated ahead by as much as the window. The worker signs again at the time that
        // it is told, so that nobody is signed out. Beyond the window the clock was set back since.
        let last = self.started.map(|(_, at)| at + PROOF_WINDOW - Span::milliseconds(1));
        if let Some(last) = last.filter(|last| last.since(wall) <= PROOF_WINDOW)
            && shown.at <= last
        {
            return Err(wrong(ProofFault::Time { now: wall.max(last + Span::milliseconds(1)) }));
        }
        // Those that the window refuses anyhow need no memory.
        let kept = Span(2 * PROOF_WINDOW.0);
        while self.proofs.first().is_some_and(|(at, _)| wall.since(*at) >= kept) {
            self.proofs.pop_first();
        }
        while self.proofs.last().is_some_and(|(at, _)| at.since(wall) >= kept) {
            self.proofs.pop_last();
        }
        // One that is beyond the window was set before the clock was set back.
        if self.floor.since(wall) > PROOF_WINDOW {
            self.floor = Time::default();
        }
        let proof = (shown.at, shown.nonce);
        if shown.at <= self.floor || !self.proofs.insert(proof) {
            return Err(wrong(ProofFault::Replayed));
        }
        if self.proofs.len() > REMEMBERED
            && let Some((earliest, _)) = self.proofs.first().copied()
        {
            // All of them are ahead: one that was forgotten could be shown again.
            if earliest > wall {
                self.proofs.remove(&proof);
                return Err(wrong(ProofFault::Time { now: wall }));
            }
            self.floor = self.floor.max(earliest);
            self.proofs.pop_first();
        }
        Ok(())
    }

    /// Takes an answer to a challenge of this time.
    pub(crate) fn answer(&mut self, challenge: Time, now: Time) -> Result<(), Refusal> {
        if self.started.is_some_and(|(started, _)| challenge < started) {
            return Err(wrong(ProofFault::Time { now }));
        }
        if challenge <= self.challenge {
            return Err(wrong(ProofFault::Replayed));
        }
        self.challenge = challenge;
        Ok(())
    }

    /// Whether anything of it would still be refused for having been shown: proofs by the system's
    /// clock, challenges by our stamps.
    pub(crate) fn is_needed(&self, now: Time, wall: Time) -> bool {
        let proof = self.proofs.last().map_or(Time::default(), |(at, _)| *at);
        let latest = proof.max(self.floor);
        wall.since(latest) <= PROOF_WINDOW || now.since(self.challenge) <= CHALLENGE_WINDOW
    }
}

/// What a request shows of the keys of its session.
#[derive(Debug, Clone, Copy, Default)]
pub struct Shows<'a> {
    /// The key that it was signed by.
    pub key: Option<Shown>,
    /// The cookie that stands for a proof by hardware.
    pub hardware: Option<&'a str>,
}

/// `UNTIL-TAG`: microseconds, and the tag of session, address and time.
fn cookie(secret: &SealKey, session: SessionId, address: IpAddr, until: Time) -> String {
    let address = address.to_canonical().to_string();
    let parts: [&[u8]; 3] = [&session.0, address.as_bytes(), &until.0.to_be_bytes()];
    format!("{}-{}", until.0, secret.tag("hardware cookie", &parts))
}

pub(crate) fn is_cookie_of(
    secret: &SealKey,
    session: SessionId,
    address: IpAddr,
    given: &str,
    now: Time,
) -> bool {
    let until = given.split_once('-').and_then(|(until, _)| until.parse().ok()).map(Time);
    until.is_some_and(|until| {
        let right = cookie(secret, session, address, until);
        now < until && Digest::of(right.as_bytes()).same(&Digest::of(given.as_bytes()))
    })
}

/// `TIME-TAG`, for a key in hardware to sign.
fn challenge(secret: &SealKey, session: SessionId, now: Time) -> String {
    let tag = secret.tag("hardware challenge", &[&session.0, &now.0.to_be_bytes()]);
    format!("{}-{}", now.0, HEXLOWER.encode(&tag.0))
}

/// The time of a challenge of ours that still works.
fn challenged_at(secret: &SealKey, session: SessionId, given: &str, now: Time) -> Option<Time> {
    let at = Time(given.split_once('-')?.0.parse().ok()?);
    let right = challenge(secret, session, at);
    let ours = Digest::of(right.as_bytes()).same(&Digest::of(given.as_bytes()));
    (ours && at <= now && now.since(at) <= CHALLENGE_WINDOW).then_some(at)
}

#[derive(Deserialize)]
struct Head {
    alg: String,
    jwk: Option<Jwk>,
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    crv: String,
    x: String,
    y: String,
}

#[derive(Deserialize)]
struct Claims {
    jti: String,
}

/// A signed answer of a browser (compact JWS): by the key in its head when `by` names none.
fn open_answer(token: &str, by: Option<PublicKey>) -> Result<(PublicKey, String), Refusal> {
    let malformed = || wrong(ProofFault::Malformed);
    if token.len() > 4 * LONGEST {
        return Err(malformed());
    }
    let (signed, signature) = token.rsplit_once('.').ok_or_else(malformed)?;
    let (head, claims) = signed.split_once('.').ok_or_else(malformed)?;
    let head: Head = serde_json::from_slice(&decode(head)?).map_err(|_| malformed())?;
    let claims: Claims = serde_json::from_slice(&decode(claims)?).map_err(|_| malformed())?;
    if head.alg != "ES256" {
        return Err(malformed());
    }
    let key = match by {
        Some(key) => key,
        None => head.jwk.as_ref().and_then(point).ok_or_else(malformed)?,
    };
    verify(&key, signed.as_bytes(), &decode(signature)?)?;
    Ok((key, claims.jti))
}

fn point(jwk: &Jwk) -> Option<PublicKey> {
    let curve = jwk.kty == "EC" && jwk.crv == "P-256";
    let (x, y) = (decode(&jwk.x).ok()?, decode(&jwk.y).ok()?);
    PublicKey::of_coordinates(&x, &y).filter(|_| curve)
}

/// What a browser gets that proved the key in its hardware.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HardwareProof {
    /// Names the session to the browser.
    pub session: SessionId,
    /// The cookie that stands for the proof.
    pub cookie: String,
    /// How long it counts.
    pub life: Span,
}

impl Gate {
    /// Checks the key that a request was signed by.
    pub fn shown(&self, request: &SignedRequest<'_>) -> Result<Shown, Refusal> {
        check(request, &self.0.people.session_keys, (self.now(), self.wall()))
    }

    fn found(&self, token: &str) -> Result<Found, Refusal> {
        if !token::is_well_formed(Kind::Session, token) {
            return Err(Refusal::Session(SessionRefusal::NotSignedIn));
        }
        let digest = Digest::of(token.as_bytes());
        self.0
            .people
            .sessions
            .find(&digest, self.now())
            .ok_or(Refusal::Session(SessionRefusal::NotSignedIn))?
    }

    /// What a browser is asked to sign with a key in its hardware, for a session of this token.
    pub fn hardware_challenge(&self, token: &str) -> Result<(SessionId, String), Refusal> {
        let session = self.found(token)?.id;
        Ok((session, challenge(&self.0.people.key, session, self.now())))
    }

    /// Binds a session to the key in its device's hardware that signed the challenge; once, soon
    /// after the session began, from the address where it is used.
    pub async fn bind_hardware(
        &self,
        token: &str,
        answer: &str,
        address: IpAddr,
    ) -> Result<HardwareProof, Refusal> {
        let found = self.found(token)?;
        let (hardware, signed) = open_answer(answer, None)?;
        // A token that a proof replaced is good for requests on their way, and for no new key.
        if !found.current || found.address != Some(address) {
            return Err(Refusal::Session(SessionRefusal::HardwareProofOver));
        }
        self.answered(found.id, &signed)?;
        let source = Source { address: Some(address), ..Source::local() };
        let command = Command::Session(session::Command::Bind { hardware });
        let call = Arc::new(Call { by: By::Session(found.id), source, command });
        self.0.people.sessions.answers(found.id, self.now());
        self.run_done(Key::Person(found.person), &call).await?;
        Ok(self.hardware_proof(found.id, address))
    }

    /// Renews the cookie that stands for a proof by hardware; also from a new address, where the
    /// key itself says that it is the same machine.
    pub fn prove_hardware(
        &self,
        token: &str,
        answer: &str,
        address: IpAddr,
    ) -> Result<HardwareProof, Refusal> {
        let found = self.found(token)?;
        let hardware = found.hardware.ok_or(Refusal::Session(SessionRefusal::HardwareProofOver))?;
        let (_, signed) = open_answer(answer, Some(hardware))?;
        self.answered(found.id, &signed)?;
        Ok(self.hardware_proof(found.id, address))
    }

    /// Takes the answer to a challenge, each once.
    fn answered(&self, session: SessionId, signed: &str) -> Result<(), Refusal> {
        let now = self.now();
        let at = challenged_at(&self.0.people.key, session, signed, now);
        self.0.people.sessions.answered(session, at.ok_or(wrong(ProofFault::Time { now }))?, now)
    }

    fn hardware_proof(&self, session: SessionId, address: IpAddr) -> HardwareProof {
        let until = self.now() + HARDWARE_WINDOW;
        let cookie = cookie(&self.0.people.key, session, address, until);
        HardwareProof { session, cookie, life: HARDWARE_WINDOW }
    }
}

impl SessionGate<'_> {
    /// Derives a key of this session with the browser that sent this request, from its offer:
    /// `HALF,SIGNATURE` in base64url. Gives `ID,HALF` for the browser to derive the same.
    ///
    /// # Errors
    /// A session that no key of its browser binds, a request that this key did not sign itself, and an
    /// offer that it did not sign, or that cannot be read. None of these harms the request.
    pub fn derive_key(
        self,
        ticket: &SessionTicket,
        shown: Option<&Shown>,
        offer: &str,
    ) -> Result<String, Refusal> {
        let browser = ticket.key.ok_or(Refusal::Session(SessionRefusal::KeyProofMissing))?;
        let shown = shown.filter(|shown| shown.own_key() == Some(browser));
        let shown = shown.ok_or(wrong(ProofFault::OwnKey))?;
        let malformed = || wrong(ProofFault::Malformed);
        let (half, signature) = offer.split_once(',').ok_or_else(malformed)?;
        let nonce = BASE64URL_NOPAD.encode(&shown.nonce);
        let text = session_key::offer_text(shown.at.0 / 1_000, &nonce, half);
        check_signature(&browser, &text, signature)?;
        let theirs = decode(half)?;
        let derived = session_key::derive(ticket.session, &theirs).map_err(|error| {
            tracing::error!(%error, "no secret can be drawn");
            Refusal::Server(ServerRefusal::StoreFailed)
        })?;
        let (id, key, public) = derived.ok_or_else(malformed)?;
        let owner =
            Owner { person: ticket.person, accounts: Arc::clone(&ticket.accounts), browser };
        let (people, now) = (&self.gate.0.people, self.gate.now());
        people.session_keys.keep(id, owner, key, now);
        // Its end may have come between the two.
        if people.sessions.person(ticket.session).is_none() {
            people.session_keys.forget(ticket.session);
        }
        let text = |bytes: &[u8]| BASE64URL_NOPAD.encode(bytes);
        Ok(format!("{},{}", text(&id.bytes()), text(&public)))
    }
}

#[cfg(test)]
mod tests;
