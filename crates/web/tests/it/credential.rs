//! Credentials: made within limits, shown in sentences, revoked.

use axum::http::StatusCode;

use crate::place::Place;

const NARROW: [(&str, &str); 8] = [
    ("name", "my bot"),
    ("kind", "trading"),
    ("sides", "buy"),
    ("symbols", "AAPL, msft"),
    ("max_quantity", "1,000"),
    ("max_notional", "20000.50"),
    ("days", "30"),
    ("demand_token", "yes"),
];

#[tokio::test]
async fn credential_is_previewed_made_and_revoked() {
    let place = Place::new().await;
    let mut visitor = place.signed_in().await;
    let preview = visitor.post("/credentials/preview", &NARROW).await;
    assert!(
        preview.says("my bot") && preview.says("AAPL") && preview.says("MSFT"),
        "{}",
        preview.body
    );
    assert_eq!(place.gate.credentials(None).await.unwrap().len(), 3, "a preview makes nothing");
    let made = visitor.post("/credentials", &NARROW).await;
    assert!(made.says("Its token, shown this once"), "{}", made.body);
    let info = place.gate.find_credential("my bot").await.unwrap();
    let path = format!("/credentials/{}", info.credential.id);
    assert!(!visitor.get(&path).await.says("Its token, shown this once"));
    let done = visitor.post(&format!("{path}/revoke"), &[("cancel_orders", "yes")]).await;
    assert_eq!(done.to(), format!("{path}?revoked=1"));
    assert!(visitor.get(&path).await.says("What it could do"));
    assert!(place.gate.find_credential("my bot").await.unwrap().credential.revoked.is_some());
}

#[tokio::test]
async fn credential_form_with_faults_names_them_and_makes_nothing() {
    let place = Place::new().await;
    let mut visitor = place.signed_in().await;
    for (field, value, said) in [
        ("name", "", "use 1 to 40"),
        ("symbols", "AAPL, NOPE", "no symbol that trades here"),
        ("max_quantity", "-5", "\u{201c}-5\u{201d} is too low"),
        ("max_notional", "NaN", "cannot be read as an amount of US dollars"),
        ("addresses", "300.1.1.1", "is no address"),
        ("days", "4000", "1 to 365 days"),
        ("port", "80", "Type a port of 1024 or more"),
    ] {
        let mut fields: Vec<_> =
            NARROW.iter().copied().filter(|(name, _)| *name != field).collect();
        fields.push((field, value));
        let answer = visitor.post("/credentials", &fields).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{field}");
        assert!(answer.says(said), "{field}: {}", answer.body);
    }
    assert_eq!(place.gate.credentials(None).await.unwrap().len(), 3);
}
