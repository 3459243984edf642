//! How a device comes to trust the server, and where a phone is led.

use axum::http::StatusCode;
use floorpass_web::{Authority, Lan};

use crate::phone::within;
use crate::place::Place;

async fn on_network() -> Place {
    let lan = Lan {
        portal: "https://192.168.1.5:8443/".parse().unwrap(),
        trust: "http://192.168.1.5:8444/".parse().unwrap(),
    };
    let authority = Authority {
        name: "Floorpass demo A1B2C3".to_owned(),
        fingerprint: "AA:BB:CC".to_owned(),
        der: vec![0x30, 0x03, 0x02, 0x01, 0x07],
    };
    Place::on_network(lan, authority).await
}

#[tokio::test]
async fn portal_without_a_certificate_says_that_there_is_nothing_to_trust() {
    let place = Place::new().await;
    let mut visitor = place.visitor();
    let page = visitor.get("/trust").await;
    assert!(page.says("There is nothing to trust here"), "{}", page.body);
    let file = visitor.get("/trust/floorpass-demo.crt").await;
    assert_eq!(file.status, StatusCode::NOT_FOUND, "{}", file.body);
}

#[tokio::test]
async fn portal_on_the_network_tells_anyone_what_to_trust_and_where() {
    let place = on_network().await;
    let page = place.visitor().get("/trust").await;
    for words in ["Floorpass demo A1B2C3", "AA:BB:CC", "http://192.168.1.5:8444/", "iPhone"] {
        assert!(page.says(words), "{words} is missing in {}", page.body);
    }
}

#[tokio::test]
async fn phone_of_a_portal_on_the_network_is_led_there() {
    let place = on_network().await;
    let mut owner = place.signed_in().await;
    let made = owner.post("/phone/link", &[]).await;
    assert!(!made.says("works only on this computer"), "{}", made.body);
    // The page on trust comes first, then the link.
    assert_eq!(within(&made.body, "once"), "http://192.168.1.5:8444/");
    let link = "class=\"once\">https://192.168.1.5:8443/link/";
    assert!(made.body.contains(link), "{}", made.body);
}
