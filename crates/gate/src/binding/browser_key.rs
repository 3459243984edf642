//! The browser's half: a key that signs requests. For tests, benchmarks and programs that stand for
//! a browser.

#![expect(clippy::disallowed_methods, reason = "a browser draws its own keys and nonces")]

use access::binding::PublicKey;
use access::{Digest, Secret, Time};
use data_encoding::BASE64URL_NOPAD;
use ring::agreement::{ECDH_P256, EphemeralPrivateKey};
use ring::error::Unspecified;
use ring::rand::{SecureRandom as _, SystemRandom};
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::{Value, json};

use super::proof::{Shown, key_text, parse, text};
use super::session_key::{self, KeyId};

/// A key as a browser's service worker holds one.
pub struct BrowserKey {
    pair: EcdsaKeyPair,
    random: SystemRandom,
    public: PublicKey,
}

impl BrowserKey {
    /// A new key.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub fn generate() -> Result<Self, Unspecified> {
        let (random, kind) = (SystemRandom::new(), &ECDSA_P256_SHA256_FIXED_SIGNING);
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(kind, &random)?;
        let pair =
            EcdsaKeyPair::from_pkcs8(kind, pkcs8.as_ref(), &random).map_err(|_| Unspecified)?;
        let public = PublicKey::new(pair.public_key().as_ref()).ok_or(Unspecified)?;
        Ok(Self { pair, random, public })
    }

    /// Its public half.
    pub fn public(&self) -> PublicKey {
        self.public
    }

    /// The signature of a text, in base64url.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub fn sign(&self, text: &str) -> Result<String, Unspecified> {
        let signature = self.pair.sign(&self.random, text.as_bytes())?;
        Ok(BASE64URL_NOPAD.encode(signature.as_ref()))
    }

    fn nonce(&self) -> Result<[u8; 16], Unspecified> {
        drawn(&self.random)
    }

    /// The value of the `Floorpass-Proof` header of a request.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub fn proof(
        &self,
        method: &str,
        target: &str,
        body: &[u8],
        at: Time,
    ) -> Result<String, Unspecified> {
        let (time, nonce, text) = asked(method, target, body, (at, self.nonce()?));
        let (key, signature) = (BASE64URL_NOPAD.encode(self.public.bytes()), self.sign(&text)?);
        Ok(format!("t={time},n={nonce},k={key},s={signature}"))
    }

    /// Offers to derive a key of the session, with the request that this proof of its own goes with.
    ///
    /// # Errors
    /// When the system gives no random bytes, or the proof cannot be read.
    pub fn offer(&self, proof: &str) -> Result<SessionOffer, Unspecified> {
        let (time, nonce, ..) = parse(proof).ok_or(Unspecified)?;
        let pair = EphemeralPrivateKey::generate(&ECDH_P256, &self.random)?;
        let public = pair.compute_public_key()?.as_ref().to_vec();
        let half = BASE64URL_NOPAD.encode(&public);
        let signature = self.sign(&session_key::offer_text(time, nonce, &half))?;
        Ok(SessionOffer { pair, public, header: format!("{half},{signature}") })
    }

    /// What this key says to take the place of `old`: itself in base64url, and its signature.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub fn succeed(&self, old: &PublicKey) -> Result<(String, String), Unspecified> {
        let signature = self.sign(&key_text(old, &self.public))?;
        Ok((BASE64URL_NOPAD.encode(self.public.bytes()), signature))
    }

    /// What a browser whose key lies in hardware answers to a challenge (compact JWS, Device Bound
    /// Session Credentials); `introduces` when it also tells the key.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub fn hardware_answer(
        &self,
        challenge: &str,
        introduces: bool,
    ) -> Result<String, Unspecified> {
        let (_, point) = self.public.bytes().split_at(1);
        let (x, y) = point.split_at(point.len() / 2);
        let encode = |half: &[u8]| BASE64URL_NOPAD.encode(half);
        let head = if introduces {
            let jwk = json!({ "kty": "EC", "crv": "P-256", "x": encode(x), "y": encode(y) });
            json!({ "alg": "ES256", "typ": "dbsc+jwt", "jwk": jwk })
        } else {
            json!({ "alg": "ES256", "typ": "dbsc+jwt" })
        };
        self.jws(&head, &json!({ "jti": challenge }))
    }

    /// A compact JWS by this key, whatever its head says.
    pub(super) fn jws(&self, head: &Value, claims: &Value) -> Result<String, Unspecified> {
        let part = |value: &Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
        let signed = format!("{}.{}", part(head), part(claims));
        Ok(format!("{signed}.{}", self.sign(&signed)?))
    }

    /// What the gate makes of a proof by this key, without the way over a header.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub fn shown(&self, at: Time) -> Result<Shown, Unspecified> {
        Ok(Shown { key: self.public, session: None, at, wall: at, nonce: self.nonce()? })
    }
}

/// The browser's half of a key of its session that is not derived yet.
pub struct SessionOffer {
    pair: EphemeralPrivateKey,
    public: Vec<u8>,
    header: String,
}

impl SessionOffer {
    /// The value of its `Floorpass-Derive` header.
    pub fn header(&self) -> &str {
        &self.header
    }

    /// The key, from the header of the same name that the answer has; none from any other text.
    pub fn accept(self, answer: &str) -> Option<SessionSigner> {
        let (id, theirs) = answer.split_once(',')?;
        let server = BASE64URL_NOPAD.decode(theirs.as_bytes()).ok()?;
        let derive =
            |shared: &[u8]| session_key::expand(shared, &KeyId::read(id)?, &self.public, &server);
        let key = session_key::agree(self.pair, &server, derive)?;
        Some(SessionSigner { id: id.to_owned(), key, random: SystemRandom::new() })
    }
}

/// A key of one session, as a browser's service worker holds one.
pub struct SessionSigner {
    id: String,
    key: Secret,
    random: SystemRandom,
}

impl SessionSigner {
    /// The value of the `Floorpass-Proof` header of a request.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub fn proof(
        &self,
        method: &str,
        target: &str,
        body: &[u8],
        at: Time,
    ) -> Result<String, Unspecified> {
        let (time, nonce, text) = asked(method, target, body, (at, drawn(&self.random)?));
        let code = session_key::code(&self.key, &text).ok_or(Unspecified)?;
        let code = BASE64URL_NOPAD.encode(&code);
        Ok(format!("t={time},n={nonce},h={},s={code}", self.id))
    }
}

/// What a request's proof signs, after its time and nonce.
fn asked(
    method: &str,
    target: &str,
    body: &[u8],
    (at, nonce): (Time, [u8; 16]),
) -> (i64, String, String) {
    let (time, nonce) = (at.0.div_euclid(1_000), BASE64URL_NOPAD.encode(&nonce));
    let body = BASE64URL_NOPAD.encode(&Digest::of(body).0);
    let text = text(method, target, time, &nonce, &body);
    (time, nonce, text)
}

fn drawn(random: &SystemRandom) -> Result<[u8; 16], Unspecified> {
    let mut nonce = [0; 16];
    random.fill(&mut nonce)?;
    Ok(nonce)
}

impl std::fmt::Debug for BrowserKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BrowserKey").field("public", &self.public).finish_non_exhaustive()
    }
}
