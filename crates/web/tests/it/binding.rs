//! What a copied cookie is worth: nothing where the session is bound, a look where it is not.

use axum::http::StatusCode;
use gate::BrowserKey;

use crate::place::{Place, RESTING, Visitor};

/// A browser elsewhere that got hold of all of another's cookies.
fn thief<'a>(place: &'a Place, of: &Visitor<'_>, key: Option<BrowserKey>) -> Visitor<'a> {
    let mut thief = place.plain_visitor();
    thief.steal(of);
    thief.key = key;
    thief
}

#[tokio::test]
async fn copied_cookie_of_a_bound_session_is_refused_everywhere() {
    let place = Place::new().await;
    let mut owner = place.signed_in().await;
    for key in [None, Some(BrowserKey::generate().unwrap())] {
        let mut thief = thief(&place, &owner, key);
        for path in ["/", "/orders", "/events", "/executions.csv", "/session"] {
            let answer = thief.get(path).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path}");
            assert!(answer.says("Checking this browser"), "{path}");
            assert!(!answer.body.contains("DU"), "{path} shows the account");
        }
        let answer = thief.post("/sessions/end-others", &[]).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
        assert!(answer.says("Nothing was done"));
    }
    assert_eq!(owner.get("/").await.status, StatusCode::OK);
}

#[tokio::test]
async fn request_recorded_on_its_way_cannot_be_sent_again() {
    let place = Place::new().await;
    let mut owner = place.signed_in().await;
    let proof = owner.proof("GET", "/orders", b"");
    assert_eq!(owner.get_proven("/orders", &proof, &[]).await.status, StatusCode::OK);
    let again = owner.get_proven("/orders", &proof, &[]).await;
    assert_eq!(again.status, StatusCode::FORBIDDEN);
    assert!(again.says("it was shown before"), "{}", again.body);
    let other = owner.proof("GET", "/orders?x", b"");
    let bent = owner.get_proven("/orders", &other, &[]).await;
    assert!(bent.says("it does not verify"), "{}", bent.body);
}

#[tokio::test]
async fn worker_with_a_wrong_clock_is_told_the_time_and_gets_on() {
    let place = Place::new().await;
    let mut owner = place.signed_in().await;
    let early = place.gate.now() - access::Span::hours(2);
    let late = owner.key.as_ref().unwrap().proof("GET", "/orders", b"", early).unwrap();
    let answer = owner.get_proven("/orders", &late, &[]).await;
    let told: i64 = answer.headers["floorpass-time"].to_str().unwrap().parse().unwrap();
    let told = access::Time(told * 1_000);
    let proof = owner.key.as_ref().unwrap().proof("GET", "/orders", b"", told).unwrap();
    assert_eq!(owner.get_proven("/orders", &proof, &[]).await.status, StatusCode::OK);
}

#[tokio::test]
async fn unbound_session_looks_and_signs_in_for_each_act() {
    let place = Place::new().await;
    let mut plain = place.open_link(place.plain_visitor()).await;
    assert_eq!(plain.get("/orders").await.status, StatusCode::OK);
    let page = plain.get("/session").await;
    assert!(page.says("not bound to its browser"), "{}", page.body);

    let refused = plain.post("/sessions/end-others", &[]).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(refused.says("Sign in for this action"), "{}", refused.body);

    // Each form says what it is that the person signs in for.
    let account = place.gate.account();
    for (form, deed) in [
        ("/orders/1000001/cancel", format!("Cancel order 1000001 on account {account}.")),
        ("/lock", format!("Lock on account {account}.")),
        ("/devices/remove-others", "Remove all other devices.".to_owned()),
    ] {
        let refused = plain.post(form, &[("key", "1796.3.x"), ("grade", "no-new")]).await;
        assert!(refused.says(&deed) && refused.says("Grade"), "{form}: {}", refused.body);
        assert!(!refused.body.contains("<dd>1796.3.x"), "{form}: {}", refused.body);
    }
    let order = plain.post("/ticket/confirm", &RESTING).await;
    assert!(order.says(&format!("Place this order on account {account}.")), "{}", order.body);
    assert!(order.says("BUY") && !order.says("symbol"), "{}", order.body);
    for page in ["/", "/ticket"] {
        assert!(plain.get(page).await.says("View-only."), "{page}");
    }
    for (form, what) in [
        ("/orders/1000001/cancel", "to cancel orders, sign in again"),
        ("/orders/1000001/modify", "to modify orders, sign in again"),
        ("/ticket/confirm", "to place orders, sign in again"),
        ("/lock", "to lock the account, sign in again"),
    ] {
        let refused = plain.post(form, &[]).await;
        assert!(refused.says(what), "{form}: {}", refused.body);
    }

    let password = place.secrets.password.expose_text().unwrap().to_owned();
    let wrong = [("prove_password", "not it"), ("prove_code", "000000")];
    assert!(plain.post("/sessions/end-others", &wrong).await.says("Nothing has been done yet"));
    let code = place.gate.authenticators().totp_now("trader").await.unwrap();
    let right = [("prove_password", password.as_str()), ("prove_code", &code)];
    assert_eq!(plain.post("/sessions/end-others", &right).await.to(), "/sessions?ended=0");
    // The code is spent, and the act before opened nothing for the next.
    let again = plain.post("/sessions/end-others", &right).await;
    assert_eq!(again.status, StatusCode::FORBIDDEN);
    assert!(plain.post("/sessions/end-others", &[]).await.says("Sign in for this action"));
}

#[tokio::test]
async fn device_token_copied_to_another_browser_is_no_trusted_device() {
    let place = Place::new().await;
    let owner = place.signed_in().await;
    let mut thief = thief(&place, &owner, Some(BrowserKey::generate().unwrap()));
    let password = place.secrets.password.expose_text().unwrap();
    let fields = [("username", "trader"), ("password", password)];
    assert!(thief.post("/sign-in", &fields).await.to().starts_with("/sign-in/code"));
    let code = place.gate.authenticators().totp_now("trader").await.unwrap();
    let step = thief.post("/sign-in/code", &[("code", &code)]).await;
    assert!(step.to().starts_with("/sign-in/activate"), "{}", step.to());
}

#[tokio::test]
async fn browser_activated_by_a_typed_code_alone_only_looks() {
    let place = Place::new().await;
    let mut other = place.visitor();
    let password = place.secrets.password.expose_text().unwrap();
    other.post("/sign-in", &[("username", "trader"), ("password", password)]).await;
    let code = place.gate.authenticators().totp_now("trader").await.unwrap();
    other.post("/sign-in/code", &[("code", &code)]).await;
    let operator = gate::Actor::Operator { uid: 0 };
    let notices = place.gate.notices().outbox(&operator).await.unwrap();
    let code = notices.iter().find_map(|notice| notice.code.clone()).unwrap();
    other.post("/sign-in/activate", &[("code", &code)]).await;
    let welcome = other.get("/?welcome=1").await;
    assert!(welcome.says("You are signed in") && !welcome.says("Add a passkey"), "it may not");
    let page = other.get("/credentials/new").await;
    assert!(page.status == StatusCode::FORBIDDEN && page.says("DEVICE_UNCONFIRMED"));
    other.token = welcome.form_token();
    let order =
        [("side", "buy"), ("symbol", "AAPL"), ("quantity", "1"), ("type", "MKT"), ("tif", "DAY")];
    let preview = other.post("/ticket/preview", &order).await;
    assert!(preview.body.contains("DEVICE_UNCONFIRMED"), "{}", preview.body);

    // Another browser of the person's, confirmed, stands behind it.
    let mut owner = place.signed_in().await;
    assert!(owner.get("/?welcome=1").await.says("Add a passkey"));
    let devices = place.gate.devices().list(None).await.unwrap();
    let device = devices.iter().find(|one| !one.device.confirmed).unwrap().device.id;
    let path = format!("/devices/{device}/role");
    let itself = other.post(&path, &[("role", "trade")]).await;
    assert_eq!(itself.status, StatusCode::FORBIDDEN);
    assert_eq!(owner.post(&path, &[("role", "trade")]).await.to(), "/devices?role=1");
    let preview = other.post("/ticket/preview", &order).await;
    assert!(preview.says("Confirm this order"), "{}", preview.body);
}
