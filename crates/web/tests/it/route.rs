//! Every route against every kind of caller. The list is the router's own, so that no route is missing here.

use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use floorpass_web::{Admits, Route, routes};

use crate::place::{Answer, ORIGIN, Place, Visitor};

/// A path with something in each of its places; a new kind of place has to be named here.
fn path(route: &Route) -> String {
    let parts = route.path.split('/').map(|part| match part {
        "{name}" => "floorpass.css".to_owned(),
        "{token}" => "lnk-unknown".to_owned(),
        "{symbol}" => "AAPL".to_owned(),
        "{order}" => "999".to_owned(),
        "{notice}" => access::NoticeId([9; 16]).to_string(),
        "{session}" => access::SessionId([9; 16]).to_string(),
        "{device}" => access::DeviceId([9; 16]).to_string(),
        "{trustee}" => access::TrusteeId([9; 16]).to_string(),
        "{approval}" => access::ApprovalId([9; 16]).to_string(),
        "{credential}" => access::CredentialId([9; 16]).to_string(),
        "{interface}" => "portal".to_owned(),
        "{authenticator}" => access::AuthenticatorId([9; 16]).to_string(),
        part if part.contains('{') => panic!("{}: say what to put for {part}", route.path),
        part => part.to_owned(),
    });
    parts.collect::<Vec<_>>().join("/")
}

struct Ask<'a> {
    host: &'a str,
    origin: Option<&'a str>,
    site: Option<&'a str>,
    cookies: &'a str,
    body: &'a str,
    kind: &'a str,
    /// Who signs the request.
    by: Option<&'a Visitor<'a>>,
}

const OURS: Ask<'static> = Ask {
    host: "localhost:8080",
    origin: Some(ORIGIN),
    site: Some("same-origin"),
    cookies: "",
    body: "",
    kind: "application/x-www-form-urlencoded",
    by: None,
};

async fn ask(place: &Place, route: &Route, ask: &Ask<'_>) -> Answer {
    let mut request = Request::builder()
        .method(route.method.clone())
        .uri(path(route))
        .header(header::HOST, ask.host);
    if let Some(origin) = ask.origin {
        request = request.header(header::ORIGIN, origin);
    }
    if let Some(site) = ask.site {
        request = request.header("sec-fetch-site", site);
    }
    if let Some(by) = ask.by {
        let body = if route.method == Method::POST { ask.body } else { "" };
        let proof = by.proof(route.method.as_str(), &path(route), body.as_bytes());
        request = request.header("floorpass-proof", proof);
    }
    let request =
        request.header(header::CONTENT_TYPE, ask.kind).header(header::COOKIE, ask.cookies);
    place.send(request.body(Body::from(ask.body.to_owned())).unwrap()).await
}

fn posts() -> impl Iterator<Item = Route> {
    routes().into_iter().filter(|route| route.method == Method::POST)
}

#[tokio::test]
async fn route_asked_under_another_host_is_misdirected() {
    let place = Place::new().await;
    for host in ["127.0.0.1:8080", "evil.example", "localhost:9999", "localhost"] {
        let open = |route: &&Route| route.path == "/healthz" || route.path.starts_with("/assets/");
        for route in routes().iter().filter(|route| !open(route)) {
            let answer = ask(&place, route, &Ask { host, ..OURS }).await;
            assert_eq!(answer.status, StatusCode::MISDIRECTED_REQUEST, "{host} {}", route.path);
        }
    }
    let page = routes().into_iter().find(|route| route.path == "/sign-in").unwrap();
    let address = ask(&place, &page, &Ask { host: "127.0.0.1:8080", ..OURS }).await;
    assert!(address.body.contains("href=\"http://localhost:8080/sign-in\""), "{}", address.body);
}

#[tokio::test]
async fn route_without_session_shows_nothing_and_does_nothing() {
    let place = Place::new().await;
    for route in routes().iter().filter(|route| matches!(route.admits, Admits::Session(_))) {
        for cookies in [
            "",
            "floorpass-session-01234567=x",
            "floorpass-session-01234567=<broken",
            "=;;;floorpass",
        ] {
            let answer = ask(&place, route, &Ask { cookies, ..OURS }).await;
            if route.method == Method::GET {
                assert!(answer.to().starts_with("/sign-in"), "{} {}", route.path, answer.to());
            } else {
                assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{}", route.path);
            }
        }
    }
}

#[tokio::test]
async fn step_of_a_sign_in_without_its_attempt_is_refused() {
    let place = Place::new().await;
    for route in routes().iter().filter(|route| route.admits == Admits::Attempt) {
        let answer = ask(&place, route, &OURS).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{}", route.path);
        assert!(answer.body.contains("ATTEMPT_ENDED"), "{}", route.path);
    }
}

#[tokio::test]
async fn form_of_another_site_is_refused_on_every_route() {
    let place = Place::new().await;
    let visitor = place.signed_in().await;
    let (cookies, body) = (visitor.cookie_line(), format!("form={}", visitor.token));
    for (origin, site) in [
        (None, None),
        (Some("https://evil.example"), None),
        (Some("null"), None),
        (Some("http://localhost:8081"), None),
        (Some(ORIGIN), Some("cross-site")),
        (Some(ORIGIN), Some("same-site")),
        (None, Some("none")),
    ] {
        // The kinds of a body that a page of another site sends without asking first.
        for kind in [OURS.kind, "text/plain", "multipart/form-data; boundary=x", ""] {
            for route in posts() {
                let by = Some(&visitor);
                let asked = Ask { origin, site, cookies: &cookies, body: &body, kind, by, ..OURS };
                let answer = ask(&place, &route, &asked).await;
                let at = format!("{origin:?} {site:?} {kind} {}", route.path);
                assert_eq!(answer.status, StatusCode::FORBIDDEN, "{at}");
                assert!(answer.says("did not come from a page of this portal"), "{at}");
            }
        }
    }
}

#[tokio::test]
async fn form_with_another_sessions_token_is_expired_on_every_route() {
    let place = Place::new().await;
    let (visitor, other) = (place.signed_in().await, place.signed_in().await);
    let cookies = visitor.cookie_line();
    for token in ["", "AAAA", other.token.as_str()] {
        let body = format!("form={token}&name=kept");
        for route in posts().filter(|route| matches!(route.admits, Admits::Session(_))) {
            let answer = ask(
                &place,
                &route,
                &Ask { cookies: &cookies, body: &body, by: Some(&visitor), ..OURS },
            )
            .await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{}", route.path);
            assert!(answer.says("This form has expired"), "{} {}", route.path, answer.body);
        }
    }
}

#[tokio::test]
async fn thing_of_nobody_is_not_found_on_every_route() {
    let place = Place::new().await;
    let visitor = place.signed_in().await;
    let (cookies, body) =
        (visitor.cookie_line(), format!("form={}&name=x&role=view", visitor.token));
    let named = |route: &Route| {
        [
            "{order}",
            "{session}",
            "{device}",
            "{credential}",
            "{authenticator}",
            "{notice}",
            "{trustee}",
        ]
        .iter()
        .any(|place| route.path.contains(place))
    };
    for route in routes().iter().filter(|route| named(route)) {
        let answer =
            ask(&place, route, &Ask { cookies: &cookies, body: &body, by: Some(&visitor), ..OURS })
                .await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{} {}", route.path, answer.body);
    }
}

/// The marks of an answer, whatever was asked for.
fn check_marks(answer: &Answer, at: &str) {
    let header = |name: &str| answer.headers.get(name).map_or("", |value| value.to_str().unwrap());
    let policy = header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{at}");
    // What `default-src` falls back for is not opened again by a directive of its own.
    for closed in ["base-uri 'none'", "frame-ancestors 'none'", "script-src 'self';"] {
        assert!(policy.contains(closed), "{at} {closed}");
    }
    for open in ["object-src", "frame-src", "*", "http:", "https:", "data:", "blob:"] {
        assert!(!policy.contains(open), "{at} {open}");
    }
    assert!(policy.contains("require-trusted-types-for 'script'"), "{at}");
    assert_eq!(header("x-content-type-options"), "nosniff", "{at}");
    assert_eq!(header("referrer-policy"), "same-origin", "{at}");
    assert_eq!(header("cross-origin-opener-policy"), "same-origin", "{at}");
    assert_eq!(header("cross-origin-resource-policy"), "same-origin", "{at}");
    assert_eq!(header("access-control-allow-origin"), "", "{at}");
}

/// ASVS 3.2.1, 3.4.2 to 3.4.6.
#[tokio::test]
async fn every_answer_carries_the_policy() {
    let place = Place::new().await;
    let visitor = place.signed_in().await;
    let (signed, nobody) = (visitor.cookie_line(), String::new());
    // Signing out last, so that the rest is seen signed in.
    for cookies in [&nobody, &signed] {
        for route in routes() {
            // A form without an origin is refused, so that each route is seen in the same state.
            let origin = (route.method == Method::GET).then_some("https://evil.example");
            let asked = Ask { origin, cookies, by: Some(&visitor), ..OURS };
            let answer = ask(&place, &route, &asked).await;
            check_marks(&answer, route.path);
            let header =
                |name: &str| answer.headers.get(name).map_or("", |value| value.to_str().unwrap());
            let kept = route.path.starts_with("/assets/")
                || route.path == "/favicon.ico"
                || ["/sw.js", "/manifest.webmanifest", "/offline"].contains(&route.path)
                || route.path.ends_with("/events");
            assert!(kept || header("cache-control") == "no-store", "{}", route.path);
            for inline in ["style=\"", " onclick", "<style", "<script>", "javascript:"] {
                assert!(
                    !answer.body.contains(inline) || route.path.starts_with("/assets/"),
                    "{} {inline}",
                    route.path
                );
            }
        }
    }
    for (method, path, status) in [
        ("GET", "/no-such-page", StatusCode::NOT_FOUND),
        ("POST", "/no-such-page", StatusCode::NOT_FOUND),
        ("DELETE", "/orders", StatusCode::METHOD_NOT_ALLOWED),
        ("OPTIONS", "/orders", StatusCode::METHOD_NOT_ALLOWED),
    ] {
        let request = Request::builder().method(method).uri(path).header(header::HOST, OURS.host);
        let answer = place.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, status, "{method} {path}");
        check_marks(&answer, path);
    }
    let host = "evil.example";
    let page = routes().into_iter().find(|route| route.path == "/sign-in").unwrap();
    check_marks(&ask(&place, &page, &Ask { host, ..OURS }).await, "another host");
}

/// ASVS 3.3.4: what a cookie holds goes in a cookie alone.
#[tokio::test]
async fn value_of_a_cookie_is_on_no_page() {
    let place = Place::new().await;
    let visitor = place.signed_in().await;
    let cookies = visitor.cookie_line();
    let values: Vec<&str> =
        cookies.split("; ").filter_map(|one| one.split_once('=')).map(|(_, value)| value).collect();
    assert_eq!(values.len(), 2, "a session and a device");
    let mut pages = 0;
    for route in routes().iter().filter(|route| route.method == Method::GET) {
        let answer =
            ask(&place, route, &Ask { cookies: &cookies, by: Some(&visitor), ..OURS }).await;
        pages += usize::from(answer.status == StatusCode::OK);
        assert!(values.iter().all(|value| !answer.body.contains(value)), "{}", route.path);
    }
    assert!(pages > 30, "{pages} pages were looked at");
}

/// ASVS 6.2.6, 6.2.7: every field of a password is masked, named for a password manager, and takes what is pasted.
#[tokio::test]
async fn field_of_a_password_is_masked_and_named_for_a_manager_on_every_page() {
    let place = Place::new().await;
    let visitor = place.signed_in().await;
    let (signed, nobody) = (visitor.cookie_line(), String::new());
    let mut pages = std::collections::BTreeSet::new();
    for cookies in [&nobody, &signed] {
        for route in routes().iter().filter(|route| route.method == Method::GET) {
            let body = ask(&place, route, &Ask { cookies, by: Some(&visitor), ..OURS }).await.body;
            let fields = body.split("<input").skip(1).filter_map(|rest| rest.split('>').next());
            for field in fields.filter(|field| field.contains("password")) {
                let at = format!("{}: {field}", route.path);
                assert!(field.contains("type=\"password\""), "{at}");
                let named = ["current-password", "new-password"]
                    .iter()
                    .any(|name| field.contains(&format!("autocomplete=\"{name}\"")));
                assert!(named, "{at}");
                for bar in ["maxlength", "onpaste", "readonly", "autocomplete=\"off\""] {
                    assert!(!field.contains(bar), "{at}");
                }
                let name = field.split("name=\"").nth(1).and_then(|rest| rest.split('"').next());
                assert!(body.contains(&format!("data-show=\"{}\"", name.unwrap())), "{at}");
                pages.insert(route.path);
            }
        }
    }
    for path in ["/sign-in", "/recover", "/authenticators"] {
        assert!(pages.contains(path), "{path} has no such field: {pages:?}");
    }
}

/// ASVS 3.5.3: what is asked for by GET changes nothing, so that no picture or link can.
#[tokio::test]
async fn page_asked_for_changes_nothing() {
    let place = Place::new().await;
    let visitor = place.signed_in().await;
    let cookies = visitor.cookie_line();
    // The first request of a session may note the network that it comes from.
    place.gate.people().list().await.unwrap();
    let before = decisions(&place).await;
    for route in routes().iter().filter(|route| route.method == Method::GET) {
        ask(&place, route, &Ask { cookies: &cookies, by: Some(&visitor), ..OURS }).await;
        assert_eq!(decisions(&place).await, before, "{} decided something", route.path);
    }
}

/// The decisions on record that changed something: pages of people whose refusals are left out.
async fn decisions(place: &Place) -> usize {
    let kind = Some(gate::ActivityKind::Access);
    let filter = gate::ActivityFilter { kind, limit: 200, ..gate::ActivityFilter::default() };
    let operator = gate::Actor::Operator { uid: 0 };
    let page = place.gate.activity().page(&operator, &filter, None).await.unwrap();
    page.entries.iter().filter(|entry| entry.code.is_none()).count()
}

/// ASVS 7.4.4.
#[tokio::test]
async fn page_of_a_session_lets_sign_out() {
    let place = Place::new().await;
    let visitor = place.signed_in().await;
    let cookies = visitor.cookie_line();
    let mut pages = 0;
    for route in routes()
        .iter()
        .filter(|route| matches!(route.admits, Admits::Session(_)) && route.method == Method::GET)
    {
        let asked = Ask { cookies: &cookies, by: Some(&visitor), ..OURS };
        let answer = ask(&place, route, &asked).await;
        // Pages that only this state does not have lead on, streams and files are no pages.
        let page = answer.status == StatusCode::OK && answer.body.starts_with("<!DOCTYPE");
        if page {
            pages += 1;
            assert!(answer.body.contains("action=\"/sign-out\""), "{}", route.path);
        }
    }
    assert!(pages > 15, "{pages} pages were looked at");
}

#[tokio::test]
async fn page_that_is_not_there_says_so() {
    let place = Place::new().await;
    let answer = place.visitor().get("/no/such/page").await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    assert!(answer.says("There is no page at this address"));
    let health = place.visitor().get("/healthz").await;
    assert_eq!((health.status, health.body.as_str()), (StatusCode::OK, r#"{"status":"ok"}"#));
}
