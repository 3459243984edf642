//! Web Push against a push service and a browser of the test's own: it checks who sends, and decrypts by primitives of
//! another library than the sender's.

#![expect(clippy::disallowed_methods, reason = "a browser of the test draws its keys")]

use access::{PublicKey, Secret, Span, Time};
use alert::{Fault, Push, PushConfig, PushMessage, PushTarget, Pushed, VapidKey};
use data_encoding::BASE64URL_NOPAD;
use ring::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::agreement::{ECDH_P256, EphemeralPrivateKey, UnparsedPublicKey, agree_ephemeral};
use ring::hkdf::{HKDF_SHA256, KeyType, Salt};
use ring::rand::SystemRandom;
use ring::signature::{self, ECDSA_P256_SHA256_FIXED};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::letter::now;

const SUBJECT: &str = "mailto:ops@example.org";
const TAKEN: &str = "HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n";

/// A browser's half of a subscription.
struct Browser {
    private: EphemeralPrivateKey,
    public: Vec<u8>,
    auth: [u8; 16],
}

/// A length for HKDF.
struct Length(usize);

impl KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

fn derive(salt: &[u8], from: &[u8], info: &[&[u8]], length: usize) -> Vec<u8> {
    let mut out = vec![0; length];
    let from = Salt::new(HKDF_SHA256, salt).extract(from);
    from.expand(info, Length(length)).unwrap().fill(&mut out).unwrap();
    out
}

impl Browser {
    fn new() -> Self {
        let private = EphemeralPrivateKey::generate(&ECDH_P256, &SystemRandom::new()).unwrap();
        let public = private.compute_public_key().unwrap().as_ref().to_vec();
        Self { private, public, auth: *b"sixteen bytes ok" }
    }

    fn target(&self, endpoint: String) -> PushTarget {
        let key = PublicKey::new(&self.public).unwrap();
        PushTarget { endpoint, key, auth: Secret::new(self.auth.to_vec()) }
    }

    /// The text of a body of `aes128gcm`, as RFC 8188 and 8291 say.
    fn open(self, body: &[u8]) -> Vec<u8> {
        let (salt, rest) = body.split_at(16);
        let (record, rest) = rest.split_at(4);
        assert!(u32::from_be_bytes(record.try_into().unwrap()) as usize >= rest.len());
        let (length, rest) = rest.split_first().unwrap();
        let (server, sealed) = rest.split_at(usize::from(*length));
        let info: [&[u8]; 3] = [b"WebPush: info\0", &self.public, server];
        let peer = UnparsedPublicKey::new(&ECDH_P256, server);
        let auth = self.auth;
        let input = agree_ephemeral(self.private, &peer, |shared| derive(&auth, shared, &info, 32));
        let input = input.unwrap();
        let key = derive(salt, &input, &[b"Content-Encoding: aes128gcm\0"], 16);
        let nonce = derive(salt, &input, &[b"Content-Encoding: nonce\0"], 12);
        let key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &key).unwrap());
        let nonce = Nonce::try_assume_unique_for_key(&nonce).unwrap();
        let mut sealed = sealed.to_vec();
        let plain = key.open_in_place(nonce, Aad::empty(), &mut sealed).unwrap();
        let end = plain.iter().rposition(|byte| *byte != 0).unwrap();
        assert_eq!(plain[end], 2, "the mark of the last record");
        plain[..end].to_vec()
    }
}

/// The secret of the server's key.
fn key() -> VapidKey {
    VapidKey::new(&Secret::new(vec![3; 32])).unwrap()
}

fn push() -> Push {
    Push::new(PushConfig { subject: SUBJECT.to_owned(), private: true }, key(), None).unwrap()
}

fn message(text: &str) -> PushMessage {
    let (life, drawn) = (Span::seconds(90), ([9; 32], [7; 16]));
    PushMessage { text: text.to_owned(), life, topic: "approval", drawn }
}

/// A request: its head's lines and its body.
struct Taken {
    head: String,
    body: Vec<u8>,
}

impl Taken {
    fn field(&self, name: &str) -> &str {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.find(|(key, _)| key.eq_ignore_ascii_case(name)).unwrap().1
    }
}

/// A push service that answers once; gives what it got and what the sender made of it.
async fn serve(browser: &Browser, text: &str, answer: &str) -> (Taken, Result<Pushed, Fault>, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let target = browser.target(format!("http://localhost:{port}/push/abc"));
    let service = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut bytes = Vec::new();
        let (head, length, start) = loop {
            let mut some = [0; 4_096];
            let count = stream.read(&mut some).await.unwrap();
            bytes.extend_from_slice(&some[..count]);
            let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
            let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
            let taken = Taken { head, body: Vec::new() };
            let length: usize = taken.field("content-length").parse().unwrap();
            if bytes.len() >= end + 4 + length {
                break (taken.head, length, end + 4);
            }
        };
        stream.write_all(answer.as_bytes()).await.unwrap();
        Taken { head, body: bytes[start..start + length].to_vec() }
    };
    let (push, message) = (push(), message(text));
    let (taken, done) = tokio::join!(service, push.send(&target, &message, now()));
    (taken, done, port)
}

/// The claims of a VAPID token whose signature is right.
fn claims(authorization: &str) -> Value {
    let fields = authorization.strip_prefix("vapid t=").unwrap();
    let (token, public) = fields.split_once(", k=").unwrap();
    let (text, sealed) = token.rsplit_once('.').unwrap();
    let decode = |text: &str| BASE64URL_NOPAD.decode(text.as_bytes()).unwrap();
    assert_eq!(public, key().text());
    signature::UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, decode(public))
        .verify(text.as_bytes(), &decode(sealed))
        .unwrap();
    let (head, claims) = text.split_once('.').unwrap();
    let head: Value = serde_json::from_slice(&decode(head)).unwrap();
    assert_eq!((head["typ"].as_str(), head["alg"].as_str()), (Some("JWT"), Some("ES256")));
    serde_json::from_slice(&decode(claims)).unwrap()
}

#[tokio::test]
async fn message_is_signed_for_the_push_service_and_opens_in_the_browser_alone() {
    let browser = Browser::new();
    let (taken, done, port) = serve(&browser, "An approval is waiting.", TAKEN).await;
    assert_eq!(done, Ok(Pushed::Taken));
    assert!(taken.head.starts_with("POST /push/abc HTTP/1.1\r\n"), "{}", taken.head);
    let claims = claims(taken.field("authorization"));
    assert_eq!(claims["aud"], format!("http://localhost:{port}"));
    assert_eq!(claims["sub"], SUBJECT);
    let left = Time::from_seconds(claims["exp"].as_i64().unwrap()).since(now());
    assert!(left > Span(0) && left <= Span::hours(24), "{left:?}");
    assert_eq!(taken.field("content-encoding"), "aes128gcm");
    assert_eq!((taken.field("ttl"), taken.field("topic")), ("90", "approval"));
    assert_eq!(taken.field("urgency"), "high");
    assert!(!taken.body.windows(8).any(|eight| eight == b"approval"), "sent in the clear");
    assert_eq!(browser.open(&taken.body), b"An approval is waiting.");
}

#[tokio::test]
async fn browser_that_is_gone_is_told_from_a_service_that_fails() {
    for (answer, gone, lasting) in [
        ("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", true, false),
        ("HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n", true, false),
        ("HTTP/1.1 400 Bad\r\nContent-Length: 0\r\n\r\n", false, true),
        ("HTTP/1.1 413 Large\r\nContent-Length: 0\r\n\r\n", false, true),
        ("HTTP/1.1 429 Slow\r\nContent-Length: 0\r\n\r\n", false, false),
        ("HTTP/1.1 503 Later\r\nContent-Length: 0\r\n\r\n", false, false),
        (
            "HTTP/1.1 302 Found\r\nLocation: http://10.0.0.1/\r\nContent-Length: 0\r\n\r\n",
            false,
            false,
        ),
    ] {
        let (_, done, _) = serve(&Browser::new(), "x", answer).await;
        match done {
            Ok(pushed) => assert!(gone && pushed == Pushed::Gone, "{answer}"),
            Err(fault) => assert!(!gone && fault.lasting == lasting, "{answer} {fault}"),
        }
    }
}
