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
    let link = place.gate.people().reset_password(&operator, "trader").await.unwrap();
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
    let proof = visitor.get("/enrol").await.to().to_owned();
    assert_eq!(proof, "/step-up?next=%2F%3Fwelcome%3D1", "the app was not reset");
    assert_eq!(visitor.get("/orders").await.to(), "/enrol", "and was not shown yet");
    let page = visitor.get(&proof).await;
    assert!(page.says("The link alone does not show that it is you."), "{}", page.body);
    let code = place.gate.authenticators().totp_now("trader").await.unwrap();
    let next = page.hidden("next");
    let shown = [("next", &*next), ("prove_password", "one long phrase"), ("prove_code", &code)];
    assert_eq!(visitor.post("/step-up", &shown).await.to(), "/?welcome=1");
    assert_eq!(visitor.get("/orders").await.status, StatusCode::OK);
}

#[tokio::test]
async fn reset_app_is_enrolled_anew_from_its_picture() {
    let place = Place::new().await;
    let link = place.gate.people().reset_totp(&Actor::Operator { uid: 0 }, "trader").await.unwrap();
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

#[tokio::test]
async fn app_is_replaced_on_its_page_in_one_step() {
    let place = Place::new().await;
    let mut other = place.signed_in().await;
    let mut owner = place.signed_in().await;
    let app = |visitor: &access::PersonId| {
        let (gate, person) = (place.gate.clone(), *visitor);
        async move {
            let all = gate.authenticators().list(person).await.unwrap();
            all.into_iter().filter(|one| one.kind == "totp" && one.confirmed).collect::<Vec<_>>()
        }
    };
    let person = place.gate.people().find("trader").await.unwrap().id;
    let old = app(&person).await;
    assert!(owner.get("/authenticators").await.says("Replace"));
    assert_eq!(owner.post("/authenticators/app", &[]).await.to(), "/enrol/totp?replace=1");
    let page = owner.get("/enrol/totp?replace=1").await;
    assert!(page.says("Replace your authenticator app") && page.body.contains("<svg"));
    assert!(page.says("codes from the old one are refused"), "{}", page.body);
    let wrong = owner.post("/enrol/totp", &[("code", "12345"), ("replace", "1")]).await;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    assert!(wrong.says("Replace your authenticator app"));
    assert_eq!(app(&person).await[0].id, old[0].id, "the old one works until then");
    let secret = page.body.split("class=\"once\">").nth(1).unwrap().split('<').next().unwrap();
    let seed = data_encoding::BASE32_NOPAD.decode(secret.replace(' ', "").as_bytes()).unwrap();
    let step = access::authenticator::totp::step(place.gate.wall());
    let code = access::authenticator::totp::code(&seed, step);
    let done = owner.post("/enrol/totp", &[("code", &code), ("replace", "1")]).await;
    assert_eq!(done.to(), "/authenticators?replaced=1");
    let page = owner.get("/authenticators?replaced=1").await;
    assert!(page.says("your other sessions have ended"), "{}", page.body);
    let new = app(&person).await;
    assert!(new.len() == 1 && new[0].id != old[0].id);
    assert_eq!(other.get("/orders").await.status, StatusCode::SEE_OTHER);
}
