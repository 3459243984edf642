//! Credentials: created within limits, shown in sentences, edited, paused, revoked.

use axum::http::StatusCode;

use crate::place::Place;

const OPERATOR: gate::Actor = gate::Actor::Operator { uid: 0 };

const NARROW: [(&str, &str); 9] = [
    ("name", "my bot"),
    ("kind", "trading"),
    ("sides", "buy"),
    ("symbols", "AAPL, msft"),
    ("hours", "mon-fri 13:30-20:00"),
    ("max_quantity", "1,000"),
    ("max_notional", "20000.50"),
    ("days", "30"),
    ("demand_token", "yes"),
];

/// The form of an edit: what it holds, with some of it in another way.
fn edited<'a>(changes: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let form = [
        ("kind", "trading"),
        ("sides", "buy"),
        ("symbols", "AAPL, MSFT"),
        ("hours", "mon-fri 13:30-20:00"),
        ("max_quantity", "1000"),
        ("max_notional", "20000.50"),
        ("days", "keep"),
    ];
    let kept = form.into_iter().filter(|(name, _)| changes.iter().all(|(other, _)| other != name));
    kept.chain(changes.iter().copied()).collect()
}

#[tokio::test]
async fn credential_is_previewed_created_with_its_token_told_once_and_revoked() {
    let place = Place::new().await;
    let mut visitor = place.signed_in().await;
    let preview = visitor.post("/credentials/preview", &NARROW).await;
    assert!(
        preview.says("my bot") && preview.says("AAPL") && preview.says("MSFT"),
        "{}",
        preview.body
    );
    assert!(preview.says("mon-fri 13:30-20:00 UTC"), "{}", preview.body);
    assert_eq!(
        place.gate.credentials().list(None).await.unwrap().len(),
        3,
        "a preview creates nothing"
    );
    let made = visitor.post("/credentials", &NARROW).await;
    let info = place.gate.credentials().find("my bot").await.unwrap();
    let path = format!("/credentials/{}", info.credential.id);
    assert_eq!(made.to(), format!("{path}/created"));
    let created = visitor.get(made.to()).await;
    let (_, rest) = created.body.split_once("id=\"secret\"").unwrap();
    let token = rest.split(['<', '>']).nth(1).unwrap();
    let secret = access::Secret::from_text(token.to_owned());
    assert!(info.credential.token.unwrap().is_of(&secret), "the page tells the token itself");
    let port = info.door().port().unwrap();
    let program = gate::snippet::python("127.0.0.1", port, true, Some(token));
    assert!(created.body.contains(&program.replace('"', "&quot;")), "{}", created.body);
    let again = visitor.get(made.to()).await;
    assert!(
        !again.body.contains(token) && again.says("shown once and is not kept"),
        "{}",
        again.body
    );
    assert!(again.says("FLOORPASS_TOKEN"));
    let page = visitor.get(&path).await;
    assert!(
        !page.body.contains(token) && page.says("What no credential can do (10)"),
        "{}",
        page.body
    );
    let done = visitor.post(&format!("{path}/revoke"), &[]).await;
    assert_eq!(done.to(), format!("{path}?done=revoked"));
    assert!(visitor.get(&path).await.says("What it could do"));
    assert!(place.gate.credentials().find("my bot").await.unwrap().credential.revoked.is_some());
}

#[tokio::test]
async fn credential_is_paused_resumed_renamed_and_edited() {
    let place = Place::new().await;
    let mut visitor = place.signed_in().await;
    visitor.post("/credentials", &NARROW).await;
    let info = place.gate.credentials().find("my bot").await.unwrap();
    let path = format!("/credentials/{}", info.credential.id);
    for (act, done, said) in [
        ("pause", "paused", "no program can use it"),
        ("resume", "resumed", "Programs can connect again"),
    ] {
        let answer = visitor.post(&format!("{path}/{act}"), &[]).await;
        assert_eq!(answer.to(), format!("{path}?done={done}"));
        let page = visitor.get(answer.to()).await;
        assert!(page.says(said), "{act}: {}", page.body);
    }
    let again = visitor.post(&format!("{path}/resume"), &[]).await;
    assert_eq!(again.status, StatusCode::CONFLICT);
    let renamed = visitor.post(&format!("{path}/rename"), &[("name", "your bot")]).await;
    assert_eq!(renamed.to(), format!("{path}?done=renamed"));
    let form = visitor.get(&format!("{path}/edit")).await;
    for held in ["AAPL, MSFT", "mon-fri 13:30-20:00", "20000.50", "value=\"1000\"", "as now"] {
        assert!(form.body.contains(held), "{held}: {}", form.body);
    }
    // As it stands it changes nothing.
    let edit = format!("{path}/edit");
    assert_eq!(visitor.post(&edit, &edited(&[])).await.to(), format!("{path}?done=edited"));
    let scopes =
        async || place.gate.credentials().find("your bot").await.unwrap().credential.scopes;
    assert_eq!(scopes().await, info.credential.scopes);
    let narrower = edited(&[("max_quantity", "10"), ("kind", "read-only")]);
    assert_eq!(visitor.post(&edit, &narrower).await.to(), format!("{path}?done=edited"));
    let narrow = scopes().await;
    assert_eq!((narrow.limits.max_quantity, narrow.read_only), (Some(10), true));
    let wrong = visitor.post(&edit, &edited(&[("hours", "noon")])).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.says("cannot be read as hours"), "{}", wrong.body);
}

#[tokio::test]
async fn token_is_replaced_and_the_page_says_until_when_the_old_one_works() {
    let place = Place::new().await;
    let mut visitor = place.signed_in().await;
    visitor.post("/credentials", &NARROW).await;
    let info = async || place.gate.credentials().find("my bot").await.unwrap();
    let path = format!("/credentials/{}", info().await.credential.id);
    let first = info().await.credential.token.unwrap();
    assert!(visitor.get(&path).await.says("Replace the token"));
    let rotated = visitor.post(&format!("{path}/rotate"), &[("grace", "480")]).await;
    assert_eq!(rotated.to(), format!("{path}/created?rotated=1"));
    let page = visitor.get(rotated.to()).await;
    let (_, rest) = page.body.split_once("id=\"secret\"").unwrap();
    let token = rest.split(['<', '>']).nth(1).unwrap();
    let credential = info().await.credential;
    assert!(credential.token.unwrap().is_of(&access::Secret::from_text(token.to_owned())));
    let former = credential.former.unwrap();
    assert_eq!(former.token, first);
    assert!(page.says("New token for my bot"), "{}", page.body);
    assert!(page.says("The old token works until"), "{}", page.body);
    let page = visitor.get(&path).await;
    assert!(page.says("the old one works until"), "{}", page.body);
    // What is no choice of the form ends the old one now.
    let rotated = visitor.post(&format!("{path}/rotate"), &[("grace", "forever")]).await;
    assert!(visitor.get(rotated.to()).await.says("The old token no longer works"));
    assert!(!visitor.get(&path).await.says("the old one works until"));
    let open = place.gate.credentials().find("trading").await.unwrap().credential.id;
    let page = visitor.get(&format!("/credentials/{open}")).await;
    assert!(!page.says("Replace the token"), "{}", page.body);
    let refused = visitor.post(&format!("/credentials/{open}/rotate"), &[("grace", "0")]).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
}

#[tokio::test]
async fn locked_account_narrows_a_credential_and_does_not_widen_it() {
    let place = Place::new().await;
    let mut visitor = place.signed_in().await;
    visitor.post("/credentials", &NARROW).await;
    let info = place.gate.credentials().find("my bot").await.unwrap();
    let edit = format!("/credentials/{}/edit", info.credential.id);
    let target = gate::LockTarget::Account(place.gate.account().into());
    place.gate.locks().lock(&OPERATOR, target, access::Grade::NoNew).await.unwrap();
    let form = visitor.get(&edit).await;
    assert_eq!(form.status, StatusCode::OK, "{}", form.body);
    let narrower = visitor.post(&edit, &edited(&[("max_quantity", "10")])).await;
    assert!(narrower.to().ends_with("?done=edited"), "{}", narrower.body);
    let wider = visitor.post(&edit, &edited(&[("max_quantity", "11")])).await;
    assert_ne!(wider.status, StatusCode::SEE_OTHER, "{}", wider.body);
    assert!(wider.says("locked"), "{}", wider.body);
    let kept = place.gate.credentials().find("my bot").await.unwrap().credential;
    assert_eq!(kept.scopes.limits.max_quantity, Some(10));
}

#[tokio::test]
async fn widening_and_resuming_ask_for_a_proof_and_narrowing_and_pausing_do_not() {
    let clock = gate::Clock::manual(access::Time::from_seconds(1_795_000_000));
    let place = Place::at(&clock).await;
    let mut visitor = place.signed_in().await;
    visitor.post("/credentials", &NARROW).await;
    let info = place.gate.credentials().find("my bot").await.unwrap();
    let path = format!("/credentials/{}", info.credential.id);
    clock.set(clock.stamp() + access::Span::minutes(16));
    let (edit, resume) = (format!("{path}/edit"), format!("{path}/resume"));
    let narrower = visitor.post(&edit, &edited(&[("max_quantity", "10")])).await;
    assert_eq!(narrower.to(), format!("{path}?done=edited"));
    let wider = visitor.post(&edit, &edited(&[("max_quantity", "11")])).await;
    assert_eq!(wider.status, StatusCode::FORBIDDEN);
    assert!(wider.body.contains("prove_password"), "{}", wider.body);
    assert_eq!(
        visitor.post(&format!("{path}/pause"), &[]).await.to(),
        format!("{path}?done=paused")
    );
    let resumed = visitor.post(&resume, &[]).await;
    assert_eq!(resumed.status, StatusCode::FORBIDDEN);
    assert!(resumed.body.contains("prove_password"), "{}", resumed.body);
    let kept = place.gate.credentials().find("my bot").await.unwrap().credential;
    assert_eq!(kept.scopes.limits.max_quantity, Some(10));
    assert!(kept.paused.is_some());
}

#[tokio::test]
async fn preset_fills_the_form_in_without_script_and_requires_a_token() {
    let place = Place::new().await;
    let mut visitor = place.signed_in().await;
    for (preset, held) in [
        ("", "value=\"trading\" checked"),
        ("view", "value=\"read-only\" checked"),
        ("symbol", "value=\"AAPL\""),
        ("day", "value=\"mon-fri 13:30-21:00\""),
        ("exits", "value=\"sell\" checked"),
        ("nonsense", "value=\"trading\" checked"),
    ] {
        let page = visitor.get(&format!("/credentials/new?preset={preset}")).await;
        assert!(page.body.contains(held), "{preset}: {}", page.body);
        let token = "name=\"demand_token\" value=\"yes\" checked";
        assert!(page.body.contains(token), "{preset}: {}", page.body);
        assert!(!page.says("cannot be read"), "{preset}: {}", page.body);
    }
    // What cannot send a token is let in from this computer alone.
    let page = visitor.get("/credentials/new?preset=tokenless").await;
    assert!(page.body.contains("value=\"127.0.0.1, ::1\""), "{}", page.body);
    assert!(!page.body.contains("name=\"demand_token\" value=\"yes\" checked"), "{}", page.body);
    assert!(page.says("nautilus_trader, @stoqey/ib"), "{}", page.body);
}

#[tokio::test]
async fn credential_form_with_faults_names_them_and_creates_nothing() {
    let place = Place::new().await;
    let mut visitor = place.signed_in().await;
    for (field, value, said) in [
        ("name", "", "use 1 to 40"),
        ("symbols", "AAPL, NOPE", "not a symbol that trades here"),
        ("max_quantity", "-5", "\u{201c}-5\u{201d} is too low"),
        ("max_notional", "NaN", "cannot be read as an amount of money"),
        ("addresses", "300.1.1.1", "is not an address"),
        ("hours", "mon 25:00-26:00", "cannot be read as hours"),
        ("days", "4000", "1 to 365 days"),
        ("days", "keep", "1 to 365 days"),
        ("port", "80", "Type a port of 1024 or more"),
    ] {
        let mut fields: Vec<_> =
            NARROW.iter().copied().filter(|(name, _)| *name != field).collect();
        fields.push((field, value));
        let answer = visitor.post("/credentials", &fields).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{field}");
        assert!(answer.says(said), "{field}: {}", answer.body);
    }
    assert_eq!(place.gate.credentials().list(None).await.unwrap().len(), 3);
}

#[tokio::test]
async fn credential_for_the_api_is_shown_without_host_port_and_program() {
    let place = Place::new().await;
    place.gate.front_door().note_api();
    let new = gate::NewCredential {
        name: "rest".to_owned(),
        accounts: vec![place.gate.account()],
        scopes: access::Scopes::trading(place.gate.now() + access::Span::days(90)),
        token_required: None,
        door: gate::DoorWish::Api,
    };
    let operator = gate::Actor::Operator { uid: 1_000 };
    let made = place.gate.credentials().create(&operator, new).await.unwrap();
    let mut visitor = place.signed_in().await;
    let list = visitor.get("/credentials").await;
    assert!(list.body.contains("data-l=\"Port\">API<"), "{}", list.body);
    assert!(list.body.contains("data-l=\"Port\">7497<"), "{}", list.body);
    let path = format!("/credentials/{}", made.credential);
    for (path, says) in [(path.clone(), "Used at"), (format!("{path}/created"), "with its token")] {
        let page = visitor.get(&path).await;
        assert!(page.says(says) && page.says("the HTTP API"), "{}", page.body);
        assert!(!page.says("Connect from Python") && !page.says("<dt>Port"), "{}", page.body);
    }
    place.gate.credentials().revoke(&operator, made.credential, false).await.unwrap();
    let page = visitor.get(&path).await;
    assert!(page.says("revoked") && !page.says("have this port"), "{}", page.body);
}
