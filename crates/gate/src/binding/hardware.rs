//! Keys in the hardware of a device: their challenges, their answers, and the cookie that stands for one.

use std::net::IpAddr;

use access::binding::{ProofFault, PublicKey};
use access::{Digest, Refusal, SealKey, SessionId, Span, Time};
use data_encoding::HEXLOWER;
use serde::Deserialize;

use super::proof::{LONGEST, decode, verify, wrong};

/// How long a challenge for a key in hardware works.
pub(super) const CHALLENGE_WINDOW: Span = Span::minutes(2);

/// `UNTIL-TAG`: microseconds, and the tag of session, address and time.
pub(super) fn cookie(secret: &SealKey, session: SessionId, address: IpAddr, until: Time) -> String {
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
pub(super) fn challenge(secret: &SealKey, session: SessionId, now: Time) -> String {
    let tag = secret.tag("hardware challenge", &[&session.0, &now.0.to_be_bytes()]);
    format!("{}-{}", now.0, HEXLOWER.encode(&tag.0))
}

/// The time of a challenge of ours that still works.
pub(super) fn challenged_at(
    secret: &SealKey,
    session: SessionId,
    given: &str,
    now: Time,
) -> Option<Time> {
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
pub(super) fn open_answer(
    token: &str,
    by: Option<PublicKey>,
) -> Result<(PublicKey, String), Refusal> {
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
