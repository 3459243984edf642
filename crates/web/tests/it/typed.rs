//! What keyboards and clipboards add to codes and names is understood; what can be no code is no try.

use axum::http::StatusCode;

use crate::place::Place;

/// Digits as a Japanese keyboard writes them.
fn wide(text: &str) -> String {
    text.chars().filter_map(|one| char::from_u32(u32::from(one) - 0x30 + 0xff10)).collect()
}

#[tokio::test]
async fn name_and_codes_are_read_as_they_were_meant_and_malformed_ones_are_no_tries() {
    let place = Place::new().await;
    let password = place.secrets.password.expose_text().unwrap();
    let mut visitor = place.visitor();
    let name = "\u{200e}\u{ff34}rader\u{200b}";
    let step = visitor.post("/sign-in", &[("username", name), ("password", password)]).await;
    assert_eq!(step.to(), "/sign-in/code", "{}", step.body);
    for malformed in ["12345", "1234567", "12345x", "\u{2460}23456"] {
        let page = visitor.post("/sign-in/code", &[("code", malformed)]).await;
        assert_eq!(page.status, StatusCode::UNAUTHORIZED);
        assert!(page.says("did not count as a try"), "{malformed}: {}", page.body);
    }
    let page = visitor.post("/sign-in/recovery", &[("code", "ABCD-EFGH")]).await;
    assert!(page.says("did not count as a try"), "{}", page.body);
    let code = wide(&place.gate.authenticators().totp_now("trader").await.unwrap());
    let step = visitor.post("/sign-in/code", &[("code", &code)]).await;
    assert_eq!(step.to(), "/sign-in/activate", "{}", step.body);
    // More often than tries are given.
    for _ in 0..=access::sign_in::CODE_TRIES {
        let page = visitor.post("/sign-in/activate", &[("code", "12 34")]).await;
        assert!(page.says("did not count as a try"), "{}", page.body);
    }
    let operator = gate::Actor::Operator { uid: 0 };
    let outbox = place.gate.notices().outbox(&operator).await.unwrap();
    let code = outbox.iter().find_map(|notice| notice.code.clone()).unwrap();
    let copied = format!("\u{feff}\u{202a}{}\u{a0}{}\u{202c}", &code[..3], wide(&code[3..]));
    let done = visitor.post("/sign-in/activate", &[("code", &copied)]).await;
    assert_eq!(done.to(), "/?welcome=1", "{}", done.body);
}
