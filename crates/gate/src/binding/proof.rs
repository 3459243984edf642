//! What a request shows of its browser's key: how a proof is read, what it signs, and whether it is right.

use access::binding::{PROOF_WINDOW, ProofFault, PublicKey};
use access::refusal::SessionRefusal;
use access::{Digest, Refusal, SessionId, Time};
use data_encoding::BASE64URL_NOPAD;
use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};

use super::session_key::{KeyId, SessionKeys};

/// Longest header with a proof, in bytes; ours has about 250.
pub(super) const LONGEST: usize = 1_024;

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
    pub(super) session: Option<SessionId>,
    /// When the browser signed it, by its own clock.
    pub(super) at: Time,
    /// When it was checked, by the system's.
    pub(super) wall: Time,
    pub(super) nonce: [u8; 16],
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

pub(super) const fn wrong(reason: ProofFault) -> Refusal {
    Refusal::Session(SessionRefusal::KeyProofWrong { reason })
}

pub(super) fn decode(text: &str) -> Result<Vec<u8>, Refusal> {
    BASE64URL_NOPAD.decode(text.as_bytes()).map_err(|_| wrong(ProofFault::Malformed))
}

/// What made a proof.
pub(super) enum Signer<'a> {
    /// The browser's own key, in base64url.
    Browser(&'a str),
    /// A key of the session, by its id.
    Session(&'a str),
}

/// `t=MILLISECONDS,n=NONCE,k=KEY,s=SIGNATURE`, or `h=ID` for a key of the session in place of `k`; the
/// last three in base64url.
pub(super) fn parse(proof: &str) -> Option<(&str, &str, Signer<'_>, &str)> {
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
pub(super) fn text(method: &str, target: &str, time: i64, nonce: &str, body: &str) -> String {
    format!("floorpass proof 1\n{method}\n{target}\n{time}\n{nonce}\n{body}")
}

/// Checks a signed request at `now`, by the system's clock `wall`: the browser has a clock of its own.
/// Whether its key is the session's, and whether it is shown for the first time, is asked with the
/// session.
pub(super) fn check(
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

pub(super) fn verify(key: &PublicKey, text: &[u8], signature: &[u8]) -> Result<(), Refusal> {
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key.bytes())
        .verify(text, signature)
        .map_err(|_| wrong(ProofFault::Signature))
}

/// Whether a text was signed by a key; the signature in base64url.
pub(crate) fn check_signature(key: &PublicKey, text: &str, signature: &str) -> Result<(), Refusal> {
    verify(key, text.as_bytes(), &decode(signature)?)
}

/// What a new key signs, to take the place of an old one.
pub(super) fn key_text(old: &PublicKey, new: &PublicKey) -> String {
    let text = |key: &PublicKey| BASE64URL_NOPAD.encode(key.bytes());
    format!("floorpass key 1\n{}\n{}", text(old), text(new))
}

/// What a request shows of the keys of its session.
#[derive(Debug, Clone, Copy, Default)]
pub struct Shows<'a> {
    /// The key that it was signed by.
    pub key: Option<Shown>,
    /// The cookie that stands for a proof by hardware.
    pub hardware: Option<&'a str>,
}
