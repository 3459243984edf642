//! Web Push (RFC 8030): a few words to one browser, through its vendor's push service. The service
//! sees when and where to, and never what: the words are encrypted for the browser's key (RFC
//! 8291). It knows this server by a signature (VAPID, RFC 8292).

use std::path::Path;
use std::sync::Arc;

use access::{PublicKey, Secret, Span, Time};
use aes_gcm::aead::{Aead, KeyInit};
use aes_gcm::{Aes128Gcm, Nonce};
use data_encoding::BASE64URL_NOPAD;
use hkdf::Hkdf;
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::{StatusCode, header};
use p256::ecdh::diffie_hellman;
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey};
use p256::elliptic_curve::sec1::ToSec1Point;
use rustls::ClientConfig;
use serde_json::json;
use sha2::Sha256;
use url::Url;

use crate::post::{self, Reach};
use crate::trust::{self, TrustError};
use crate::{Fault, PATIENCE};

/// How long a signature of ours counts; a push service takes at most a day.
const SIGNED_FOR: Span = Span::hours(12);
/// Longest address of a browser at its push service.
pub const LONGEST: usize = 2_048;
/// The size of a record. What is sent is one.
const RECORD: u32 = 4_096;
/// All messages are made as long as this one, so that their length tells nothing.
const PADDED: usize = 1_024;
/// Longest text of a message.
pub const MOST: usize = PADDED - 1;

/// The key that push services know this server by.
pub struct VapidKey {
    signing: SigningKey,
    public: PublicKey,
}

impl VapidKey {
    /// The key of these 32 bytes; none if they are not a key, which happens once in four thousand million draws.
    pub fn new(secret: &Secret) -> Option<Self> {
        let signing = SigningKey::from_slice(secret.expose()).ok()?;
        let point = signing.verifying_key().to_sec1_point(false);
        let public = PublicKey::new(point.as_bytes())?;
        Some(Self { signing, public })
    }

    /// As browsers take it (`applicationServerKey`).
    pub fn text(&self) -> String {
        BASE64URL_NOPAD.encode(self.public.bytes())
    }

    /// The `Authorization` of a request to `url`.
    fn authorization(&self, url: &Url, subject: &str, now: Time) -> String {
        let part = |value: serde_json::Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
        let head = part(json!({ "typ": "JWT", "alg": "ES256" }));
        let claims = part(json!({
            "aud": url.origin().ascii_serialization(),
            "exp": (now + SIGNED_FOR).seconds(),
            "sub": subject,
        }));
        let text = format!("{head}.{claims}");
        let signature: Signature = self.signing.sign(text.as_bytes());
        let signature = BASE64URL_NOPAD.encode(&signature.to_bytes());
        format!("vapid t={text}.{signature}, k={}", self.text())
    }
}

/// One browser, as it described itself.
pub struct PushTarget {
    /// Its address at its push service.
    pub endpoint: String,
    /// Its key.
    pub key: PublicKey,
    /// What it shares with us beside: 16 bytes.
    pub auth: Secret,
}

/// What is sent.
pub struct PushMessage {
    /// The words; cut at [`MOST`] bytes.
    pub text: String,
    /// How long the push service keeps it for a browser that is away.
    pub life: Span,
    /// A later message of the same topic replaces it there.
    pub topic: &'static str,
    /// Drawn only for this message: the key of one exchange, and the salt.
    pub drawn: ([u8; 32], [u8; 16]),
}

/// What a push service answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pushed {
    /// It will be delivered.
    Taken,
    /// There is no such browser any more.
    Gone,
}

/// Who pushes, and whereto.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PushConfig {
    /// How the push services' operators can reach ours: `mailto:` or `https:`.
    pub subject: String,
    /// Whether addresses of private networks are taken, and plain http to this machine.
    pub private: bool,
}

/// Why pushing cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum PushError {
    /// The contact.
    #[error("{0} is not a contact for push services: it must begin with mailto: or https:")]
    Subject(String),
    /// The authorities.
    #[error(transparent)]
    Trust(#[from] TrustError),
}

/// Sends pushes.
pub struct Push {
    config: PushConfig,
    tls: Arc<ClientConfig>,
    key: VapidKey,
}

impl Push {
    /// Checks the configuration; nothing is tried before the first message.
    pub fn new(
        config: PushConfig,
        key: VapidKey,
        authorities: Option<&Path>,
    ) -> Result<Self, PushError> {
        let subject = config.subject.trim_start_matches("mailto:");
        let reachable = subject.len() < config.subject.len() && subject.contains('@');
        let page = Url::parse(&config.subject).is_ok_and(|url| url.scheme() == "https");
        if !(reachable || page) {
            return Err(PushError::Subject(config.subject));
        }
        Ok(Self { config, tls: trust::client(authorities)?, key })
    }

    /// The key that browsers bind their subscription to.
    pub fn key(&self) -> &VapidKey {
        &self.key
    }

    /// Whether a browser's address may be pushed to; the addresses of its name are checked with each message.
    pub fn takes(&self, endpoint: &str) -> Result<Url, Fault> {
        let refuse = |why: &str| Err(Fault::lasting(why));
        if endpoint.len() > LONGEST {
            return refuse("the address is too long");
        }
        let url = Url::parse(endpoint).map_err(Fault::lasting)?;
        if !url.username().is_empty() || url.password().is_some() || url.host().is_none() {
            return refuse("the address does not belong to a push service");
        }
        let private = self.config.private;
        match url.scheme() {
            "https" if private || url.port().is_none() => {}
            "http" if private && post::is_loopback(&url) => {}
            _ => return refuse("push services are reached over https on the standard port"),
        }
        let literal = match url.host() {
            Some(url::Host::Ipv4(address)) => Some(address.into()),
            Some(url::Host::Ipv6(address)) => Some(address.into()),
            _ => None,
        };
        let inside = literal.is_some_and(|address| !post::is_public(address));
        if !private && (inside || url.host_str() == Some("localhost")) {
            return refuse("the address is on a private network");
        }
        Ok(url)
    }

    /// Sends one message.
    pub async fn send(
        &self,
        target: &PushTarget,
        message: &PushMessage,
        now: Time,
    ) -> Result<Pushed, Fault> {
        let sent = tokio::time::timeout(PATIENCE, self.try_send(target, message, now)).await;
        sent.unwrap_or_else(|_| Err(Fault::passing("it took too long")))
    }

    async fn try_send(
        &self,
        target: &PushTarget,
        message: &PushMessage,
        now: Time,
    ) -> Result<Pushed, Fault> {
        let url = self.takes(&target.endpoint)?;
        let text = cut(&message.text, MOST).as_bytes();
        let body = encrypt(text, PADDED, target, &message.drawn)
            .ok_or_else(|| Fault::lasting("the browser's key is invalid"))?;
        let request = post::to(&url)
            .header(header::AUTHORIZATION, self.key.authorization(&url, &self.config.subject, now))
            .header(header::CONTENT_TYPE, "application/octet-stream")
            .header(header::CONTENT_ENCODING, "aes128gcm")
            .header("ttl", message.life.seconds_up().max(0))
            .header("urgency", "high")
            .header("topic", message.topic)
            .body(Full::new(Bytes::from(body)))
            .map_err(Fault::lasting)?;
        let tls = (url.scheme() == "https").then_some(&self.tls);
        let reach = match (self.config.private, tls) {
            (false, _) => Reach::Public,
            (true, None) => Reach::Loopback,
            (true, Some(_)) => Reach::Any,
        };
        match post::send(&url, tls, reach, request).await? {
            status if status.is_success() => Ok(Pushed::Taken),
            StatusCode::NOT_FOUND | StatusCode::GONE => Ok(Pushed::Gone),
            status => {
                let lasting = status.is_client_error() && status != StatusCode::TOO_MANY_REQUESTS;
                let text = format!("the push service answered {}", status.as_u16());
                Err(Fault { lasting, ..Fault::passing(text) })
            }
        }
    }
}

/// The first `most` bytes, at a boundary of letters.
fn cut(text: &str, most: usize) -> &str {
    text.get(..text.floor_char_boundary(most)).unwrap_or_default()
}

/// One record of `aes128gcm` for the browser (RFC 8188 and 8291), padded to `padded` bytes; none if a key is invalid.
fn encrypt(
    text: &[u8],
    padded: usize,
    target: &PushTarget,
    (own, salt): &([u8; 32], [u8; 16]),
) -> Option<Vec<u8>> {
    let own = p256::SecretKey::from_slice(own).ok()?;
    let theirs = p256::PublicKey::from_sec1_bytes(target.key.bytes()).ok()?;
    let shared = diffie_hellman(own.to_nonzero_scalar(), theirs.as_affine());
    let public = own.public_key().to_sec1_point(false);
    let public = public.as_bytes();
    let derive = |salt: &[u8], from: &[u8], info: &[&[u8]], into: &mut [u8]| {
        Hkdf::<Sha256>::new(Some(salt), from).expand_multi_info(info, into).ok()
    };
    let (mut input, mut key, mut nonce) = ([0; 32], [0; 16], [0; 12]);
    let info: [&[u8]; 3] = [b"WebPush: info\0", target.key.bytes(), public];
    derive(target.auth.expose(), shared.raw_secret_bytes(), &info, &mut input)?;
    derive(salt, &input, &[b"Content-Encoding: aes128gcm\0"], &mut key)?;
    derive(salt, &input, &[b"Content-Encoding: nonce\0"], &mut nonce)?;
    // The last record's text ends with a 2, and zeros after it are padding.
    let mut plain = [text, &[2]].concat();
    plain.resize(plain.len().max(padded), 0);
    let sealed = Aes128Gcm::new(&key.into()).encrypt(&Nonce::from(nonce), plain.as_slice()).ok()?;
    let length = u8::try_from(public.len()).ok()?;
    Some([salt.as_slice(), &RECORD.to_be_bytes(), &[length], public, &sealed].concat())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn bytes<const N: usize>(text: &str) -> [u8; N] {
        BASE64URL_NOPAD.decode(text.as_bytes()).unwrap().try_into().unwrap()
    }

    fn target() -> PushTarget {
        let key: [u8; 65] = bytes(
            "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
        );
        PushTarget {
            endpoint: "https://push.example.net/push/JzLQ3raZJfFBR0aqvOMsLrt54w4rJUsV".to_owned(),
            key: PublicKey::new(&key).unwrap(),
            auth: Secret::new(bytes::<16>("BTBZMqHH6r4Tts7J_aSIgg").to_vec()),
        }
    }

    // The example of RFC 8291, section 5 and appendix A.
    #[test]
    fn message_is_encrypted_as_the_example_of_the_standard() {
        let drawn =
            (bytes("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"), bytes("DGv6ra1nlYgDCS1FRnbzlw"));
        let text = b"When I grow up, I want to be a watermelon";
        let body = encrypt(text, 0, &target(), &drawn).unwrap();
        assert_eq!(
            BASE64URL_NOPAD.encode(&body),
            "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru\
             3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
        );
    }

    #[test]
    fn every_message_is_equally_long() {
        let drawn = ([9; 32], [7; 16]);
        let lengths = ["", "x", &"y".repeat(MOST)]
            .map(|text| encrypt(text.as_bytes(), PADDED, &target(), &drawn).unwrap().len());
        assert_eq!(lengths, [lengths[0]; 3]);
        assert!(lengths[0] <= RECORD as usize);
        assert_eq!(cut("aé", 2), "a");
    }

    fn push(private: bool) -> Push {
        let config = PushConfig { subject: "mailto:ops@example.org".to_owned(), private };
        Push::new(config, VapidKey::new(&Secret::new(vec![3; 32])).unwrap(), None).unwrap()
    }

    #[test]
    fn address_within_is_refused_unless_it_was_allowed() {
        for (bad, at_home) in [
            ("https://10.0.0.1/x", true),
            ("https://127.0.0.1/x", true),
            ("https://[::1]/x", true),
            ("https://localhost/x", true),
            ("https://[::ffff:10.0.0.1]/x", true),
            ("https://0x7f.1/x", true),
            ("https://push.example.net:8443/x", true),
            ("http://localhost:9/x", true),
            ("http://push.example.net/x", false),
            ("https://user:word@push.example.net/x", false),
            ("ftp://push.example.net/x", false),
            ("javascript:alert(1)", false),
            ("x", false),
        ] {
            assert!(push(false).takes(bad).is_err(), "{bad}");
            assert_eq!(push(true).takes(bad).is_ok(), at_home, "{bad}");
        }
        let long = format!("https://push.example.net/{}", "x".repeat(LONGEST));
        assert!(push(true).takes(&long).is_err());
        assert!(push(false).takes("https://fcm.googleapis.com/fcm/send/abc").is_ok());
    }

    #[test]
    fn contact_that_is_none_is_refused() {
        for (subject, good) in [
            ("mailto:a@b.example", true),
            ("https://b.example/", true),
            ("a@b.example", false),
            ("mailto:", false),
            ("", false),
        ] {
            let config = PushConfig { subject: subject.to_owned(), private: false };
            let key = VapidKey::new(&Secret::new(vec![3; 32])).unwrap();
            assert_eq!(Push::new(config, key, None).is_ok(), good, "{subject}");
        }
        assert!(VapidKey::new(&Secret::new(vec![0; 32])).is_none());
    }
}
