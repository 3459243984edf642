//! A phone that is told by push: its switch, what arrives at the push service, and how it ends.

use alert::{Push, PushConfig};
use axum::http::StatusCode;
use data_encoding::BASE64URL_NOPAD;
use gate::Actor;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::phone::Home;
use crate::place::{Answer, Place, Visitor};

const OPERATOR: Actor = Actor::Operator { uid: 0 };

/// A push service on this machine.
struct Service {
    listener: TcpListener,
    endpoint: String,
}

impl Service {
    async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://localhost:{}/push/1", listener.local_addr().unwrap().port());
        Self { listener, endpoint }
    }

    /// The next request, answered so.
    async fn take(&self, answer: &str) -> (String, Vec<u8>) {
        let (mut stream, _) = self.listener.accept().await.unwrap();
        let mut bytes = Vec::new();
        loop {
            let mut some = [0; 4_096];
            let count = stream.read(&mut some).await.unwrap();
            bytes.extend_from_slice(&some[..count]);
            let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
            let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
            let length = head.split("content-length: ").nth(1).unwrap();
            let length: usize = length.split("\r\n").next().unwrap().parse().unwrap();
            if bytes.len() < end + 4 + length {
                continue;
            }
            let answer = format!("HTTP/1.1 {answer}\r\nContent-Length: 0\r\n\r\n");
            stream.write_all(answer.as_bytes()).await.unwrap();
            return (head, bytes[end + 4..].to_vec());
        }
    }
}

async fn pushing(place: &Place, private: bool) {
    let key = place.gate.pushes().key().await.unwrap();
    let again = place.gate.pushes().key().await.unwrap();
    assert_eq!(key.text(), again.text(), "the key is kept");
    let config = PushConfig { subject: "mailto:ops@example.org".to_owned(), private };
    place.gate.pushes().start(Push::new(config, key, None).unwrap());
}

async fn turn_on(phone: &mut Visitor<'_>, endpoint: &str) -> Answer {
    let key = phone.key.as_ref().unwrap().public();
    let key = BASE64URL_NOPAD.encode(key.bytes());
    let auth = BASE64URL_NOPAD.encode(&[5; 16]);
    phone.post("/phone/push", &[("endpoint", endpoint), ("key", &key), ("auth", &auth)]).await
}

#[tokio::test]
async fn approval_is_told_to_the_phone_and_an_address_that_is_gone_is_forgotten() {
    let place = Place::new().await;
    pushing(&place, true).await;
    let service = Service::new().await;
    let mut home = Home::new(&place).await;
    let page = home.phone.get("/approvals").await;
    let public = place.gate.pushes().public().unwrap();
    assert!(page.body.contains(&format!("data-push=\"{public}\"")), "{}", page.body);
    assert_eq!(turn_on(&mut home.phone, &service.endpoint).await.to(), "/approvals");
    let page = home.phone.get("/approvals").await;
    assert!(page.says("with no details") && !page.body.contains(&service.endpoint));

    let (_, (head, body)) = tokio::join!(home.asks(place.visitor()), service.take("201 Created"));
    assert!(head.starts_with("POST /push/1 ") && head.contains("topic: approval"), "{head}");
    let life = head.split("ttl: ").nth(1).unwrap().split("\r\n").next().unwrap();
    assert!((1..=120).contains(&life.parse::<u32>().unwrap()), "{life}");
    assert!(!body.windows(7).any(|part| part == b"Browser"), "in the clear");

    tokio::join!(home.asks(place.visitor()), service.take("410 Gone"));
    while !place.gate.pushes().list().await.unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
    assert!(home.phone.get("/approvals").await.says("only while this page is open"));
    let activity = home.owner.get("/activity").await;
    assert!(activity.says("its push service no longer knows it"), "{}", activity.body);
}

#[tokio::test]
async fn service_that_fails_is_tried_again_while_the_approval_waits() {
    let place = Place::new().await;
    pushing(&place, true).await;
    let service = Service::new().await;
    let mut home = Home::new(&place).await;
    turn_on(&mut home.phone, &service.endpoint).await;
    let twice = async {
        let one = service.take("503 Later").await;
        let two = service.take("201 Created").await;
        (one, two)
    };
    let (_, (one, two)) = tokio::join!(home.asks(place.visitor()), twice);
    assert_ne!(one.1, two.1, "each message has its own key and salt");
}

#[tokio::test]
async fn address_of_a_private_network_is_refused_and_so_is_what_is_none() {
    let place = Place::new().await;
    pushing(&place, false).await;
    let mut home = Home::new(&place).await;
    for endpoint in [
        "https://10.0.0.1/x",
        "https://169.254.169.254/latest/meta-data",
        "http://localhost:1/x",
        "https://localhost/x",
        "https://[::1]/x",
        "javascript:alert(1)",
        "",
    ] {
        let answer = turn_on(&mut home.phone, endpoint).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{endpoint}");
        assert!(answer.body.contains("PUSH_ADDRESS_REFUSED"), "{}", answer.body);
    }
    let good = "https://push.example.net/x";
    for (key, auth) in [("", "BQUFBQUFBQUFBQUFBQUFBQ"), ("AAAA", "BQUFBQUFBQUFBQUFBQUFBQ")] {
        let fields = [("endpoint", good), ("key", key), ("auth", auth)];
        let answer = home.phone.post("/phone/push", &fields).await;
        assert!(answer.body.contains("PUSH_ADDRESS_REFUSED"), "{}", answer.body);
    }
    assert_eq!(turn_on(&mut home.phone, good).await.to(), "/approvals");
}

#[tokio::test]
async fn switch_is_the_phones_own_and_its_owners() {
    let place = Place::new().await;
    let mut home = Home::new(&place).await;
    let off = turn_on(&mut home.phone, "https://push.example.net/x").await;
    assert!(off.body.contains("PUSH_OFF"), "{}", off.body);
    assert!(!home.phone.get("/approvals").await.body.contains("data-push="));
    pushing(&place, false).await;
    // A browser that answers nothing is told nothing.
    let none = turn_on(&mut home.owner, "https://push.example.net/x").await;
    assert!(none.body.contains("NO_APPROVER"), "{}", none.body);
    for _ in 0..2 {
        assert_eq!(turn_on(&mut home.phone, "https://push.example.net/x").await.to(), "/approvals");
        assert_eq!(place.gate.pushes().list().await.unwrap().len(), 1);
    }
    let secret = place.gate.pushes().list().await.unwrap().remove(0).push.endpoint;
    assert!(!String::from_utf8_lossy(&secret.0).contains("push.example.net"), "it is sealed");
    assert_eq!(home.phone.post("/phone/push/off", &[]).await.to(), "/approvals");
    assert_eq!(home.phone.post("/phone/push/off", &[]).await.status, StatusCode::NOT_FOUND);
    turn_on(&mut home.phone, "https://push.example.net/x").await;
    let device = place.gate.pushes().list().await.unwrap().remove(0).push.device;
    assert_eq!(
        home.owner.post(&format!("/devices/{device}/remove"), &[]).await.status,
        StatusCode::SEE_OTHER
    );
    assert!(place.gate.pushes().list().await.unwrap().is_empty());
}

#[tokio::test]
async fn test_of_the_operator_says_what_the_push_service_answered() {
    let place = Place::new().await;
    pushing(&place, true).await;
    let service = Service::new().await;
    let mut home = Home::new(&place).await;
    turn_on(&mut home.phone, &service.endpoint).await;
    let device = place.gate.pushes().list().await.unwrap().remove(0).push.device;
    for (answer, failures) in [("500 Oops", 1), ("429 Slow", 2), ("201 Created", 0)] {
        let (sent, _) =
            tokio::join!(place.gate.pushes().test(&OPERATOR, device), service.take(answer));
        assert_eq!(sent.unwrap().is_ok(), failures == 0, "{answer}");
        assert_eq!(place.gate.pushes().list().await.unwrap()[0].failures, failures);
    }
}
