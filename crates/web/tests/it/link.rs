//! Links: looking uses nothing up; the button does, once.

use access::link::Purpose;
use axum::http::StatusCode;
use gate::Actor;

use crate::place::Place;

#[tokio::test]
async fn link_opened_by_a_previewer_still_works() {
    let place = Place::new().await;
    let token = place.secrets.link.token.expose_text().unwrap().to_owned();
    let mut previewer = place.visitor();
    for _ in 0..3 {
        assert_eq!(previewer.get(&format!("/link/{token}")).await.status, StatusCode::OK);
    }
    assert!(previewer.cookie_line().is_empty());
    let mut visitor = place.visitor();
    assert_eq!(visitor.post("/link", &[("token", &token)]).await.to(), "/?welcome=1");
    assert!(visitor.get("/?welcome=1").await.says("Finish setting up: 0 of 4 done"));
    let again = place.visitor().post("/link", &[("token", &token)]).await;
    assert_eq!(again.status, StatusCode::GONE);
    assert!(again.body.contains("LINK_ENDED"));
}

#[tokio::test]
async fn enrolment_session_may_only_enrol() {
    let place = Place::new().await;
    let operator = Actor::Operator { uid: 0 };
    let link = place.gate.reset_password(&operator, "trader").await.unwrap();
    assert_eq!(link.purpose, Purpose::Enrolment);
    let mut visitor = place.visitor();
    let token = link.token.expose_text().unwrap();
    assert_eq!(visitor.post("/link", &[("token", token)]).await.to(), "/enrol");
    for path in ["/", "/orders", "/ticket", "/sessions", "/activity", "/executions.csv", "/events"]
    {
        assert_eq!(visitor.get(path).await.to(), "/enrol", "{path}");
    }
    visitor.token = visitor.get("/enrol").await.form_token();
    let differ = visitor
        .post("/enrol", &[("password", "one long phrase"), ("again", "another phrase")])
        .await;
    assert_eq!(differ.status, StatusCode::UNPROCESSABLE_ENTITY);
    let fields = [("password", "one long phrase"), ("again", "one long phrase")];
    assert_eq!(visitor.post("/enrol", &fields).await.to(), "/enrol");
    assert_eq!(visitor.get("/enrol").await.to(), "/?welcome=1", "the app was not reset");
    assert_eq!(visitor.get("/orders").await.status, StatusCode::OK);
}

#[tokio::test]
async fn reset_app_is_enrolled_anew_from_its_picture() {
    let place = Place::new().await;
    let link = place.gate.reset_totp(&Actor::Operator { uid: 0 }, "trader").await.unwrap();
    let mut visitor = place.visitor();
    visitor.post("/link", &[("token", link.token.expose_text().unwrap())]).await;
    assert_eq!(visitor.get("/enrol").await.to(), "/enrol/totp");
    let page = visitor.get("/enrol/totp").await;
    assert!(page.body.contains("<svg") && page.says("Type the secret instead"), "{}", page.body);
    visitor.token = page.form_token();
    let wrong = visitor.post("/enrol/totp", &[("code", "12345")]).await;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    let secret = |body: &str| {
        body.split("class=\"once\">").nth(1).unwrap().split('<').next().unwrap().to_owned()
    };
    assert_eq!(secret(&page.body), secret(&wrong.body), "the secret stays until it is confirmed");
}
