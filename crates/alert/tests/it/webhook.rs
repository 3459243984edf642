//! The webhook against a listener that verifies what it gets, as a receiver would.

use std::sync::Arc;

use access::Secret;
use alert::{Channel, Fault, Letter, Webhook, WebhookSecret};
use data_encoding::BASE64;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::authority::Authority;
use crate::letter::{letter, now};

/// One request, and its answer.
async fn take<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S, answer: &str) -> String {
    let mut bytes = Vec::new();
    let text = loop {
        let mut some = [0; 4_096];
        let count = stream.read(&mut some).await.unwrap();
        bytes.extend_from_slice(&some[..count]);
        let text = String::from_utf8(bytes.clone()).unwrap();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length: usize = field(head, "content-length").unwrap().parse().unwrap();
        if body.len() == length {
            break text;
        }
    };
    stream.write_all(answer.as_bytes()).await.unwrap();
    stream.shutdown().await.ok();
    text
}

fn field(head: &str, name: &str) -> Option<String> {
    let lines = head.lines().filter_map(|line| line.split_once(": "));
    lines.into_iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|one| one.1.to_owned())
}

/// What a receiver does with its copy of the secret.
fn verifies(request: &str, secret: &Secret) -> bool {
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    let text = secret.expose_text().unwrap().strip_prefix("whsec_").unwrap();
    let mut mac = Hmac::<Sha256>::new_from_slice(&BASE64.decode(text.as_bytes()).unwrap()).unwrap();
    let (id, time) = (field(head, "webhook-id"), field(head, "webhook-timestamp"));
    mac.update(format!("{}.{}.{body}", id.unwrap(), time.unwrap()).as_bytes());
    let signature = field(head, "webhook-signature").unwrap();
    let given = BASE64.decode(signature.strip_prefix("v1,").unwrap().as_bytes()).unwrap();
    mac.verify_slice(&given).is_ok()
}

const TAKEN: &str = "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n";

/// A listener that answers once; gives what it got and what the channel said.
async fn post(letter: &Letter, answer: &'static str) -> (String, Result<(), Fault>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let url = format!("http://localhost:{port}/hooks/floorpass?team=desk").parse().unwrap();
    let channel = Webhook::new(url, WebhookSecret::new([5; 32]), None).unwrap();
    let serve = async {
        let (stream, _) = listener.accept().await.unwrap();
        take(stream, answer).await
    };
    tokio::join!(serve, channel.deliver(letter, now()))
}

#[tokio::test]
async fn notice_is_posted_as_json_and_its_signature_verifies() {
    let (request, done) = post(&letter("<b>x</b> \"quoted\"", None), TAKEN).await;
    assert_eq!(done, Ok(()));
    assert!(request.starts_with("POST /hooks/floorpass?team=desk HTTP/1.1\r\n"), "{request}");
    let secret = WebhookSecret::new([5; 32]).text();
    assert!(verifies(&request, &secret));
    assert!(!verifies(&request, &WebhookSecret::new([6; 32]).text()));
    assert!(!verifies(&request.replace("quoted", "quotes"), &secret));
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    let later = head.replace("webhook-timestamp: 1800000000", "webhook-timestamp: 1800000001");
    assert_ne!(later, head);
    assert!(!verifies(&format!("{later}\r\n\r\n{body}"), &secret), "the time is signed too");
    let body: serde_json::Value = serde_json::from_str(body).unwrap();
    assert_eq!(body["type"], "notice.new_device");
    assert_eq!(body["timestamp"], "2027-01-15T08:00:00Z");
    assert_eq!(body["data"]["text"], "<b>x</b> \"quoted\"");
    assert_eq!(body["data"]["username"], "ann");
    assert_eq!(body["data"]["address"], "192.0.2.7");
}

#[tokio::test]
async fn code_is_never_posted() {
    let (request, _) = post(&letter("A code.", Some("123456")), TAKEN).await;
    assert!(!request.contains("123456"), "{request}");
}

#[tokio::test]
async fn answer_of_a_fault_is_tried_again_and_gone_is_not() {
    for (answer, lasting) in [
        ("HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n", false),
        ("HTTP/1.1 429 Slow\r\nContent-Length: 0\r\n\r\n", false),
        ("HTTP/1.1 302 Found\r\nLocation: http://192.0.2.1/\r\nContent-Length: 0\r\n\r\n", false),
        ("HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n", true),
        ("nonsense\r\n\r\n", false),
    ] {
        let (_, done) = post(&letter("x", None), answer).await;
        assert_eq!(done.unwrap_err().lasting, lasting, "{answer}");
    }
}

#[tokio::test]
async fn listener_under_tls_is_trusted_by_its_authority_alone() {
    let authority = Authority::new();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let url: url::Url = format!("https://localhost:{port}/").parse().unwrap();
    let acceptor = TlsAcceptor::from(Arc::clone(&authority.server));
    let serve = async {
        let (stream, _) = listener.accept().await.unwrap();
        match acceptor.accept(stream).await {
            Ok(stream) => Some(take(stream, TAKEN).await),
            Err(_) => None,
        }
    };
    let secret = WebhookSecret::new([5; 32]);
    let trusting = Webhook::new(url.clone(), secret, Some(&authority.file)).unwrap();
    let one = letter("x", None);
    let (request, done) = tokio::join!(serve, trusting.deliver(&one, now()));
    assert_eq!(done, Ok(()));
    assert!(verifies(&request.unwrap(), &WebhookSecret::new([5; 32]).text()));
    let serve = async {
        let (stream, _) = listener.accept().await.unwrap();
        acceptor.accept(stream).await.is_ok()
    };
    let wary = Webhook::new(url, WebhookSecret::new([5; 32]), None).unwrap();
    let (accepted, done) = tokio::join!(serve, wary.deliver(&one, now()));
    assert!(!accepted && done.unwrap_err().text.contains("certificate"));
}
