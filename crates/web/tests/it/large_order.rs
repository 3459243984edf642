//! Large orders on the portal: what the ticket says, the phone's yes, the proof, and the threshold.

use access::approval::Say;
use axum::http::StatusCode;

use crate::phone::{Home, card, within};
use crate::place::{Answer, Place, Visitor};

/// More than the threshold of people who chose none.
const BUY: [(&str, &str); 5] =
    [("symbol", "AAPL"), ("side", "buy"), ("quantity", "2000"), ("type", "MKT"), ("tif", "DAY")];

type Form = Vec<(&'static str, String)>;

async fn send(visitor: &mut Visitor<'_>, path: &str, form: &Form) -> Answer {
    let fields: Vec<_> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
    visitor.post(path, &fields).await
}

/// The page that confirms the order, and what its forms send.
async fn preview(visitor: &mut Visitor<'_>) -> (Answer, Form) {
    let page = visitor.post("/ticket/preview", &BUY).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    let mut form: Form = BUY.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    form.extend([("key", page.hidden("key")), ("bound", page.hidden("bound"))]);
    (page, form)
}

/// The page that waits for the phone, its address and its number; `form` with the bound that was asked for.
async fn asked(visitor: &mut Visitor<'_>, form: &Form) -> (String, String, Form) {
    let path = send(visitor, "/large-orders/ask", form).await.to().to_owned();
    let page = visitor.get(&path).await;
    assert_eq!(page.headers["refresh"], "3", "it looks again without script");
    let mut form = form.clone();
    form.retain(|(name, _)| *name != "bound");
    let query = path.split_once('?').unwrap().1;
    let bound = url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "bound");
    form.push(("bound", bound.unwrap().1.into_owned()));
    (path, within(&page.body, "match mono").to_owned(), form)
}

async fn orders(place: &Place) -> usize {
    let view = place.gate.view().await.unwrap();
    view.open_orders.len() + view.completed_orders.len()
}

#[tokio::test]
async fn large_order_is_asked_for_on_the_phone_and_placed_once() {
    let place = Place::new().await;
    let mut home = Home::new(&place).await;
    let (page, form) = preview(&mut home.owner).await;
    assert!(page.says("A large order") && page.says("100,000.00 USD"), "{}", page.body);
    assert!(page.says("Ask my phone") && !page.body.contains("/ticket/confirm"), "{}", page.body);
    // The plain way is shut.
    let plain = send(&mut home.owner, "/ticket/confirm", &form).await;
    assert_eq!(plain.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(plain.body.contains("ORDER_LARGE"), "{}", plain.body);
    let (path, number, form) = asked(&mut home.owner, &form).await;
    let page = home.phone.get("/approvals").await;
    for text in [
        "wants to place a large order",
        "BUY 2,000 AAPL at market, about ",
        "AAPL, Apple Inc.",
        "2,000",
        "Market",
        "Day",
        "Commission",
        "Not sent above",
        "Total cost now",
        "127.0.0.1",
        "In the session on",
    ] {
        assert!(page.says(text), "{text}: {}", page.body);
    }
    let card = card(&mut home.phone).await;
    let act = path.split('?').next().unwrap();
    let early = send(&mut home.owner, act, &form).await;
    assert!(early.body.contains("APPROVAL_WAITS"), "{}", early.body);
    assert_eq!(card.answer(&mut home.phone, Say::Yes, &number).await.to(), "/approvals?yes=1");
    let page = home.owner.get(&path).await;
    assert!(
        page.says("Your phone approved it") && page.says("Send the buy order"),
        "{}",
        page.body
    );
    let first = send(&mut home.owner, act, &form).await.to().to_owned();
    let second = send(&mut home.owner, act, &form).await.to().to_owned();
    assert_eq!(first, second);
    assert!(home.owner.get(&first).await.says("filled"));
    assert_eq!(orders(&place).await, 1);
}

#[tokio::test]
async fn order_changed_after_the_yes_is_not_sent() {
    let place = Place::new().await;
    let mut home = Home::new(&place).await;
    let (_, form) = preview(&mut home.owner).await;
    let (path, number, mut form) = asked(&mut home.owner, &form).await;
    card(&mut home.phone).await.answer(&mut home.phone, Say::Yes, &number).await;
    // With a confirmation of its own, as a page that was tampered with would send.
    let mut other = BUY;
    other[2].1 = "3000";
    let page = home.owner.post("/ticket/preview", &other).await;
    form.retain(|(name, _)| !["quantity", "key"].contains(name));
    form.extend([("quantity", "3000".to_owned()), ("key", page.hidden("key"))]);
    let act = path.split('?').next().unwrap();
    let refused = send(&mut home.owner, act, &form).await;
    assert!(refused.body.contains("APPROVAL_DIFFERS"), "{}", refused.body);
    assert!(refused.says("Confirm this order") && refused.says("BUY 3,000 AAPL"));
    let page = home.owner.get(&path).await;
    assert!(page.says("did not answer"), "{}", page.body);
    assert_eq!(orders(&place).await, 0);
}

#[tokio::test]
async fn order_refused_on_the_phone_is_not_sent_and_not_me_offers_the_lock() {
    let place = Place::new().await;
    let mut home = Home::new(&place).await;
    let (_, form) = preview(&mut home.owner).await;
    let (path, _, form) = asked(&mut home.owner, &form).await;
    let to = card(&mut home.phone).await.answer(&mut home.phone, Say::No, "").await.to().to_owned();
    assert!(home.phone.get(&to).await.says("Declined"));
    assert!(home.owner.get(&path).await.says("Ask the phone again"));
    let act = path.split('?').next().unwrap();
    let refused = send(&mut home.owner, act, &form).await;
    assert!(refused.body.contains("APPROVAL_ENDED"), "{}", refused.body);
    asked(&mut home.owner, &form).await;
    let to =
        card(&mut home.phone).await.answer(&mut home.phone, Say::NotMe, "").await.to().to_owned();
    assert!(home.phone.get(&to).await.says("Lock everything"));
    let after = send(&mut home.owner, act, &form).await;
    assert_eq!(after.status, StatusCode::UNAUTHORIZED, "{}", after.body);
    assert_eq!(orders(&place).await, 0);
}

/// ASVS 7.5.3.
#[tokio::test]
async fn large_order_without_a_phone_takes_a_proof_that_comes_with_it() {
    let place = Place::new().await;
    let mut owner = place.signed_in().await;
    let (page, mut form) = preview(&mut owner).await;
    assert!(!page.says("Ask my phone") && page.says("Send the buy order"), "{}", page.body);
    // Signed in a moment ago, and still not for this order.
    let bare = send(&mut owner, "/large-orders/prove", &form).await;
    assert_eq!(bare.status, StatusCode::FORBIDDEN);
    assert!(bare.body.contains("ORDER_UNPROVEN"), "{}", bare.body);
    assert!(send(&mut owner, "/large-orders/ask", &form).await.body.contains("NO_PHONE"));
    let password = place.secrets.password.expose_text().unwrap().to_owned();
    form.extend([("prove_password", password), ("prove_code", "000000".to_owned())]);
    assert!(send(&mut owner, "/large-orders/prove", &form).await.body.contains("CODE_WRONG"));
    assert_eq!(orders(&place).await, 0);
    form.pop();
    form.push(("prove_code", place.gate.authenticators().totp_now("trader").await.unwrap()));
    let placed = send(&mut owner, "/large-orders/prove", &form).await.to().to_owned();
    assert!(owner.get(&placed).await.says("filled"));
    // Nor does that proof stand for the next one.
    let (_, form) = preview(&mut owner).await;
    let next = send(&mut owner, "/large-orders/prove", &form).await;
    assert!(next.body.contains("ORDER_UNPROVEN"), "{}", next.body);
    assert_eq!(orders(&place).await, 1);
}

#[tokio::test]
async fn large_order_without_script_takes_one_proof() {
    let place = Place::new().await;
    let mut plain = place.open_link(place.plain_visitor()).await;
    let (page, form) = preview(&mut plain).await;
    assert!(page.says("on the next page") && !page.says("Ask my phone"), "{}", page.body);
    let asks = send(&mut plain, "/large-orders/prove", &form).await;
    assert!(asks.says("Sign in for this action") && asks.body.contains("SESSION_UNBOUND"));
    let mut form = form;
    let password = place.secrets.password.expose_text().unwrap().to_owned();
    form.push(("prove_password", password));
    form.push(("prove_code", place.gate.authenticators().totp_now("trader").await.unwrap()));
    let placed = send(&mut plain, "/large-orders/prove", &form).await;
    assert!(placed.to().starts_with("/orders/"), "{}", placed.body);
    assert_eq!(orders(&place).await, 1);
}

/// With a session that is bound to its browser, and with one that is not.
#[tokio::test]
async fn code_of_a_large_order_that_is_refused_can_still_be_used() {
    for is_bound in [true, false] {
        let place = Place::new().await;
        let mut owner = if is_bound {
            place.signed_in().await
        } else {
            place.open_link(place.plain_visitor()).await
        };
        let (_, mut form) = preview(&mut owner).await;
        let password = place.secrets.password.expose_text().unwrap().to_owned();
        let code = place.gate.authenticators().totp_now("trader").await.unwrap();
        form.extend([("prove_password", password), ("prove_code", code)]);
        let with = |name: &'static str, value: &str| {
            let mut form = form.clone();
            form.retain(|(field, _)| *field != name);
            form.push((name, value.to_owned()));
            form
        };
        for (wrong, code) in [
            (with("bound", "1"), "ORDER_COST_MOVED"),
            (with("bound", "much"), "The form could not be read"),
            (with("key", "another"), "Preview the order again"),
        ] {
            let refused = send(&mut owner, "/large-orders/prove", &wrong).await;
            assert!(refused.body.contains(code), "{is_bound} {code}: {}", refused.body);
        }
        let placed = send(&mut owner, "/large-orders/prove", &form).await;
        assert!(placed.to().starts_with("/orders/"), "{is_bound}: {}", placed.body);
        assert_eq!(orders(&place).await, 1);
    }
}

#[tokio::test]
async fn change_that_makes_an_order_large_is_asked_for() {
    let place = Place::new().await;
    let mut home = Home::new(&place).await;
    let small = [
        ("symbol", "AAPL"),
        ("side", "buy"),
        ("quantity", "10"),
        ("type", "LMT"),
        ("price", "100"),
        ("tif", "GTC"),
    ];
    let key = home.owner.post("/ticket/preview", &small).await.hidden("key");
    let fields: Vec<_> = small.into_iter().chain([("key", key.as_str())]).collect();
    let placed = home.owner.post("/ticket/confirm", &fields).await.to().to_owned();
    let path = placed.split('?').next().unwrap().to_owned();
    let terms = [("quantity", "1001"), ("type", "LMT"), ("price", "100.00")];
    let page = home.owner.post(&format!("{path}/preview"), &terms).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.says("A large order") && page.says("becomes BUY 1,001 AAPL"), "{}", page.body);
    let order = path.rsplit('/').next().unwrap().to_owned();
    let mut form: Form = terms.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    form.extend([("order", order), ("bound", page.hidden("bound"))]);
    let (wait, number, form) = asked(&mut home.owner, &form).await;
    let card = card(&mut home.phone).await;
    let lines = card.content.lines();
    let lines: Vec<_> = lines.iter().map(|line| line.label.as_str()).collect();
    for label in ["Change of order", "Quantity in total", "Cost at most", "Until now"] {
        assert!(lines.contains(&label), "{lines:?}");
    }
    card.answer(&mut home.phone, Say::Yes, &number).await;
    let done = send(&mut home.owner, wait.split('?').next().unwrap(), &form).await;
    assert_eq!(done.to(), format!("{path}?modified=1"));
    assert!(home.owner.get(&path).await.says("BUY 1,001 AAPL"));
}

#[tokio::test]
async fn threshold_is_set_on_the_policies_page() {
    let place = Place::new().await;
    let mut owner = place.signed_in().await;
    assert!(owner.get("/policies").await.says("worth more than 100,000.00 USD"));
    let set = owner.post("/policies/large-orders", &[("above", "1,000,000.50")]).await;
    assert_eq!(set.to(), "/policies?set=1");
    assert!(owner.get("/policies").await.says("worth more than 1,000,000.50 USD"));
    for typed in ["", "250.000", "1,0000", ",500", "NaN", "1e9", "-1", "1.005", "100000000.01"] {
        let refused = owner.post("/policies/large-orders", &[("above", typed)]).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{typed}");
        assert!(refused.body.contains("OUT_OF_RANGE"), "{typed}: {}", refused.body);
    }
    assert_eq!(
        owner.post("/policies/large-orders", &[("none", "1")]).await.to(),
        "/policies?set=1"
    );
    assert!(owner.get("/policies").await.says("no confirmation is needed"));
    let page = owner.post("/ticket/preview", &BUY).await;
    assert!(!page.says("A large order") && page.body.contains("/ticket/confirm"), "{}", page.body);
    assert!(owner.get("/messages").await.says("however large"));
}
