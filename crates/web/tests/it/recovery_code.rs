//! Recovery codes and passwords, as pages.

use axum::http::StatusCode;

use crate::place::{Place, Visitor};

const PATH: &str = "/authenticators/recovery-codes";

/// The codes of a sheet.
fn codes(body: &str) -> Vec<String> {
    let list = body.split("<ol class=\"codes\">").nth(1).unwrap().split("</ol>").next().unwrap();
    list.split("<li>").skip(1).map(|one| one.split('<').next().unwrap().to_owned()).collect()
}

async fn make(visitor: &mut Visitor<'_>) -> Vec<String> {
    let set = visitor.get(PATH).await.hidden("set");
    let answer = visitor.post(PATH, &[("set", &set)]).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    assert_eq!(answer.headers["cache-control"], "no-store");
    assert!(answer.says("Recovery codes for trader at localhost, made "), "{}", answer.body);
    codes(&answer.body)
}

#[tokio::test]
async fn codes_are_shown_once_and_a_form_sent_twice_makes_no_other_set() {
    let place = Place::new().await;
    let mut visitor = place.signed_in().await;
    assert!(visitor.get("/authenticators").await.says("Make recovery codes"));
    assert!(visitor.get(PATH).await.says("You have none."));
    let all = make(&mut visitor).await;
    assert_eq!(all.len(), 10);
    // The page loaded again, or the back button, sends the same form.
    let again = visitor.post(PATH, &[("set", "none")]).await;
    assert_eq!(again.status, StatusCode::CONFLICT);
    assert!(again.says("this form has already been sent"), "{}", again.body);
    for path in [PATH, "/authenticators", "/activity", "/outbox"] {
        let page = visitor.get(path).await;
        assert!(all.iter().all(|code| !page.body.contains(code)), "{path}");
    }
    assert!(visitor.get(PATH).await.says("Codes left: 10 of 10."));
    assert!(visitor.get("/outbox").await.says("10 recovery codes were made"));
    let renewed = make(&mut visitor).await;
    assert!(renewed.iter().all(|code| !all.contains(code)));
}

#[tokio::test]
async fn code_signs_in_after_the_password_without_script_and_is_used_up() {
    let place = Place::new().await;
    let mut owner = place.signed_in().await;
    let all = make(&mut owner).await;
    let password = place.secrets.password.expose_text().unwrap();
    let fields = [("username", "trader"), ("password", password), ("next", "/orders")];
    let mut visitor = place.plain_visitor();
    assert_eq!(visitor.post("/sign-in", &fields).await.to(), "/sign-in/code?next=%2Forders");
    let page = visitor.get("/sign-in/code?next=%2Forders").await;
    assert!(page.body.contains("href=\"/sign-in/recovery?next=%2Forders\""), "{}", page.body);
    assert!(visitor.get("/sign-in/recovery?next=%2Forders").await.says("One of the codes"));
    let wrong = visitor.post("/sign-in/recovery", &[("code", "ABCD-<b>"), ("next", "/orders")]);
    let wrong = wrong.await;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    assert!(!wrong.body.contains("ABCD"), "a code is not shown again: {}", wrong.body);
    let typed = all[0].to_lowercase().replace('-', " ");
    let right = visitor.post("/sign-in/recovery", &[("code", &typed), ("next", "/orders")]).await;
    assert_eq!(right.to(), "/sign-in/activate?next=%2Forders");
    assert!(owner.get(PATH).await.says("Codes left: 9 of 10."));
    assert!(owner.get("/outbox").await.says("A recovery code was used to sign in"));
    let mut visitor = place.plain_visitor();
    visitor.post("/sign-in", &fields).await;
    let again = visitor.post("/sign-in/recovery", &[("code", &typed), ("next", "/")]).await;
    assert!(again.says("The code is wrong"), "{}", again.body);
}

/// ASVS 6.2.4, 6.2.6, 6.2.7, 6.2.9.
#[tokio::test]
async fn password_that_would_be_guessed_is_refused_with_the_reason_and_never_shown_again() {
    let place = Place::new().await;
    let mut visitor = place.signed_in().await;
    let current = place.secrets.password.expose_text().unwrap();
    for (new, why) in [
        ("iloveyou", "it is among the 30,000 passwords"),
        ("sunshine99!", "with a few digits or signs around it"),
        ("trader1987x", "it is your user name with fewer than 8 other characters"),
        ("floorpass4me", "it is made of words of this site"),
        ("zq7kw", "use 8 to 1024"),
    ] {
        let fields = [("current", current), ("password", new)];
        let answer = visitor.post("/authenticators/password", &fields).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{new}");
        assert!(answer.says(why), "{new}: {}", answer.body);
        assert!(!answer.body.contains(new), "{new}");
    }
    let page = visitor.get("/authenticators").await.body;
    for name in ["current", "password"] {
        let field = page.split(&format!("<input id=\"{name}\"")).nth(1).unwrap();
        let field = field.split('>').next().unwrap();
        assert!(field.contains("type=\"password\""), "{field}");
        assert!(!field.contains("maxlength") && !field.contains("onpaste"), "{field}");
    }
    assert!(page.contains("data-show=\"password\" hidden"), "without script there is no box");
    let long =
        "\u{fc}ber 64 Zeichen \u{1f511} und mehr: ein ganzer Satz, den sich jemand gut merkt.";
    let fields = [("current", current), ("password", long)];
    let answer = visitor.post("/authenticators/password", &fields).await;
    assert_eq!(answer.to(), "/authenticators?changed=1");
    let fields = [("username", "trader"), ("password", long), ("next", "/")];
    assert_eq!(place.visitor().post("/sign-in", &fields).await.to(), "/sign-in/code");
}
