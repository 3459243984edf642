//! A person with two accounts: the head switches, and a form acts on the account it was shown for.

use access::account::Currency;
use access::id::PaperAccountId;
use access::mandate::{MandateTerms, Role};
use axum::http::StatusCode;
use futures_util::StreamExt as _;
use gate::{Actor, NewPaperAccount};
use trade::ledger::SelfMatch;

use crate::place::{Place, RESTING, Visitor};

async fn second(place: &Place) -> PaperAccountId {
    account_in(place, Currency::USD).await
}

async fn account_in(place: &Place, base_currency: Currency) -> PaperAccountId {
    let new = NewPaperAccount {
        owner: "trader".to_owned(),
        account: None,
        purpose: "second".to_owned(),
        base_currency,
        cash: 250_000.into(),
        self_match: SelfMatch::CancelNewest,
    };
    place.gate.paper_accounts().create(&Actor::Operator { uid: 1 }, new).await.unwrap()
}

/// Places a resting order from the tab that the visitor's token is of.
async fn order(visitor: &mut Visitor<'_>) -> String {
    let preview = visitor.post("/ticket/preview", &RESTING).await;
    assert!(preview.says("Confirm this order"), "{}", preview.body);
    let key = preview.hidden("key");
    let fields: Vec<_> = RESTING.iter().copied().chain([("key", key.as_str())]).collect();
    visitor.post("/ticket/confirm", &fields).await.to().to_owned()
}

#[tokio::test]
async fn form_acts_on_the_account_that_it_was_shown_for_whatever_another_tab_did() {
    let place = Place::new().await;
    let first = place.gate.account();
    let mut visitor = place.signed_in().await;
    let before = visitor.token.clone();
    let second = second(&place).await;
    let open = async |account| place.gate.view_of(account).await.unwrap().open_orders.len();

    // One tab is of the first account, and another one switches.
    let one = visitor.get("/ticket").await.form_token();
    let page = visitor.get(&format!("/orders?account={second}")).await;
    let two = page.form_token();
    assert!(one.ends_with(&first.to_string()) && two.ends_with(&second.to_string()));
    assert_eq!(visitor.get("/orders").await.form_token(), two, "this browser looked at it last");
    visitor.token = one.clone();
    order(&mut visitor).await;
    assert_eq!((open(first).await, open(second).await), (1, 0));
    assert_eq!(visitor.get("/orders").await.form_token(), one, "where it acted last");
    visitor.token = two.clone();
    let path = order(&mut visitor).await;
    assert_eq!((open(first).await, open(second).await), (1, 1));

    // Neither tab's form reaches the other account's order.
    let cancel = format!("{}/cancel", path.split('?').next().unwrap());
    visitor.token = one.clone();
    assert_eq!(visitor.post(&cancel, &[]).await.status, StatusCode::NOT_FOUND);
    assert_eq!(open(second).await, 1);
    visitor.token = two.clone();
    assert_eq!(visitor.post(&cancel, &[]).await.status, StatusCode::SEE_OTHER);
    assert_eq!((open(first).await, open(second).await), (1, 0));

    // A form from before there were two means the only one that there was then.
    visitor.get(&format!("/?account={second}")).await;
    visitor.token = before;
    order(&mut visitor).await;
    assert_eq!((open(first).await, open(second).await), (2, 0));
}

#[tokio::test]
async fn account_of_somebody_else_is_refused_and_never_replaced_by_another() {
    let place = Place::new().await;
    let mut visitor = place.signed_in().await;
    let second = second(&place).await;
    assert_eq!(visitor.get("/?account=DU0000001").await.status, StatusCode::FORBIDDEN);
    let token = visitor.get(&format!("/?account={second}")).await.form_token();
    let (mac, _) = token.split_once('.').unwrap();
    visitor.token = format!("{mac}.DU0000001");
    let answer = visitor.post("/orders/cancel-all", &[]).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN, "{}", answer.body);
    // Nor is what is no account the first one.
    for garbage in ["garbage", "du0000001", ""] {
        visitor.token = format!("{mac}.{garbage}");
        let answer = visitor.post("/orders/cancel-all", &[]).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{garbage:?}: {}", answer.body);
    }
    assert_eq!(visitor.get("/?account=garbage").await.status, StatusCode::NOT_FOUND);
    visitor.token = token;
    let fields = [("name", "x"), ("kind", "read-only"), ("days", "30"), ("also", "DU0000001")];
    let answer = visitor.post("/credentials", &fields).await;
    assert!(answer.says("no account of yours"), "{}", answer.body);
}

#[tokio::test]
async fn head_with_one_account_is_as_it_was_and_with_two_leads_to_the_other() {
    let place = Place::new().await;
    let mut visitor = place.signed_in().await;
    let first = place.gate.account();
    let page = visitor.get("/orders").await;
    assert!(page.body.contains(&format!(
        "<span class=\"pill\"><b>Paper</b><span class=\"n\">{first}</span></span>"
    )));
    assert!(!page.body.contains("data-account"));
    let second = second(&place).await;
    let page = visitor.get("/orders").await;
    assert!(page.body.contains(&format!("href=\"/orders?account={second}\"")), "{}", page.body);
    assert!(page.body.contains(&format!("data-account=\"{first}\"")));
    // An order's page leads to its own account.
    let token = visitor.get(&format!("/?account={second}")).await.form_token();
    visitor.token = token;
    let path = order(&mut visitor).await;
    let path = path.split('?').next().unwrap();
    visitor.get(&format!("/?account={first}")).await;
    assert_eq!(visitor.get(path).await.to(), format!("{path}?account={second}"));
}

#[tokio::test]
async fn pages_of_an_account_in_euros_beside_one_in_dollars_tell_each_in_its_own_currency() {
    let place = Place::new().await;
    let first = place.gate.account();
    let mut visitor = place.signed_in().await;
    let alone = visitor.get("/credentials/new").await;
    assert!(alone.says("Largest order, USD"), "{}", alone.body);
    let euros = account_in(&place, "EUR".parse().unwrap()).await;

    for (account, code, other) in [(first, "USD", "EUR"), (euros, "EUR", "USD")] {
        let overview = visitor.get(&format!("/?account={account}")).await;
        assert!(overview.says(&format!("paper, {code}")), "{}", overview.body);
        assert!(overview.says(&format!("Net liquidation, {code}")), "{}", overview.body);
        let ticket = visitor.get(&format!("/ticket?account={account}")).await;
        for field in ["Limit price", "Stop price", "Take profit at", "Stop loss at"] {
            assert!(ticket.says(&format!("{field}, {code}")), "{field}: {}", ticket.body);
            assert!(!ticket.says(&format!("{field}, {other}")), "{field}: {}", ticket.body);
        }
    }
    // Amounts have the decimals of the smallest coin.
    for (code, worth) in [("JPY", ">250,000<"), ("KWD", ">250,000.000<")] {
        let account = account_in(&place, code.parse().unwrap()).await;
        let overview = visitor.get(&format!("/?account={account}")).await;
        assert!(overview.body.contains(worth), "{code}: {}", overview.body);
        assert!(!overview.body.contains(">250,000.00<"), "{code}: {}", overview.body);
    }
    // What holds on accounts of several currencies names none of them.
    let form = visitor.get("/credentials/new").await;
    assert!(
        form.says("Largest order, value") && form.says("In the account's currency."),
        "{}",
        form.body
    );
    let policies = visitor.get("/policies").await;
    assert!(policies.says("100,000.00 in the account's currency"), "{}", policies.body);
    let (_, main) = policies.body.split_once("<main").unwrap();
    assert!(!main.contains("USD"), "{main}");
    // What a credential cannot do there is told in the account's currency.
    let fields = [("kind", "trading"), ("sides", "both"), ("days", "7"), ("max_notional", "5000")];
    visitor.token = visitor.get(&format!("/?account={euros}")).await.form_token();
    let preview = visitor.post("/credentials/preview", &fields).await;
    assert!(preview.says("place an order above 5,000 EUR"), "{}", preview.body);

    // A stock in dollars can be ordered there, in dollars.
    let asked = visitor.post("/ticket/preview", &RESTING).await;
    assert!(!asked.says("OTHER_CURRENCY") && asked.says("AAPL"), "{}", asked.body);
    let open = place.gate.view_of(euros).await.unwrap().open_orders.len();
    assert_eq!(open, 0);
}

/// A link of one tab leads to that tab's account, whatever another one looked at since.
#[tokio::test]
async fn every_link_and_search_of_a_page_names_its_account() {
    let place = Place::new().await;
    let mut visitor = place.signed_in().await;
    let alone = visitor.get("/").await;
    assert!(!alone.body.contains("account="), "{}", alone.body);
    let (first, second) = (place.gate.account(), second(&place).await);
    order(&mut visitor).await;
    for path in ["/", "/orders", "/ticket?symbol=AAPL", "/contracts", "/search?q=a", "/activity"] {
        let joint = if path.contains('?') { "&" } else { "?" };
        visitor.get(&format!("/?account={second}")).await;
        let page = visitor.get(&format!("{path}{joint}account={first}")).await;
        let (_, body) = page.body.split_once("<body>").unwrap();
        let links = body.split(" href=\"/").skip(1);
        let links = links.filter_map(|link| link.split('"').next());
        let pages: Vec<_> = links.filter(|link| !link.starts_with("assets/")).collect();
        let unnamed: Vec<_> = pages.iter().filter(|link| !link.contains("account=DU")).collect();
        assert!(pages.len() > 10 && unnamed.is_empty(), "{path}: {unnamed:?}");
        // All but the menu's way to the other account.
        let others = pages.iter().filter(|link| link.contains(&second.to_string())).count();
        assert_eq!(others, 1, "{path}");
        let seeks = page.body.matches("method=\"get\"").count();
        let field = format!("<input type=\"hidden\" name=\"account\" value=\"{first}\">");
        assert_eq!(page.body.matches(&field).count(), seeks, "{path}");
    }
    // So do those of what is sent live, and of a page that says no.
    let mut stream = place.stream(&visitor, &format!("/events?account={first}")).await;
    let fragment = String::from_utf8(stream.next().await.unwrap().unwrap().to_vec()).unwrap();
    assert!(fragment.contains(&format!("account={first}\"")), "{fragment}");
    let missing = visitor.get(&format!("/orders/77?account={first}")).await;
    assert_eq!(missing.status, StatusCode::NOT_FOUND);
    assert!(
        missing.body.contains(&format!("href=\"/orders?account={first}\"")),
        "{}",
        missing.body
    );
}

#[tokio::test]
async fn menu_of_accounts_tells_what_each_is_for_and_its_currency() {
    let place = Place::new().await;
    let mut visitor = place.signed_in().await;
    account_in(&place, "EUR".parse().unwrap()).await;
    let page = visitor.get("/").await;
    assert!(page.says("second, EUR") && page.says(", USD"), "{}", page.body);
}

/// What one account's pages can be searched by has no program of another account.
#[tokio::test]
async fn programs_of_another_account_are_not_offered_as_senders() {
    let place = Place::new().await;
    let mut visitor = place.signed_in().await;
    let first = place.gate.account();
    let other = second(&place).await;
    let form = visitor.get(&format!("/credentials/new?account={other}")).await;
    visitor.token = form.form_token();
    let program = [("name", "elsewhere"), ("kind", "trading"), ("sides", "both"), ("days", "7")];
    assert_eq!(visitor.post("/credentials", &program).await.status, StatusCode::SEE_OTHER);
    let mut offered = async |account| {
        let page = visitor.get(&format!("/orders?account={account}")).await;
        page.body.contains(">elsewhere</option>")
    };
    assert!(offered(other).await && !offered(first).await);
}

/// A closed account is marked wherever it is shown, and offers no form that would be refused.
#[tokio::test]
async fn closed_account_is_marked_and_its_ticket_has_no_form() {
    let place = Place::new().await;
    let mut visitor = place.signed_in().await;
    let first = place.gate.account();
    let closed = second(&place).await;
    let open = visitor.get(&format!("/ticket?account={closed}")).await;
    visitor.token = open.form_token();
    let program = [("name", "over"), ("kind", "trading"), ("sides", "both"), ("days", "7")];
    assert_eq!(visitor.post("/credentials", &program).await.status, StatusCode::SEE_OTHER);
    assert!(
        !open.says("This account was closed") && open.body.contains("id=\"ticket\""),
        "{}",
        open.body
    );
    let operator = Actor::Operator { uid: 1 };
    place.gate.paper_accounts().close_for_good(&operator, closed).await.unwrap().unwrap();

    let ticket = visitor.get(&format!("/ticket?account={closed}")).await;
    assert!(ticket.says("This account was closed at"), "{}", ticket.body);
    assert!(ticket.says("so no order can be placed on it"), "{}", ticket.body);
    assert!(!ticket.body.contains("id=\"ticket\""), "{}", ticket.body);
    let overview = visitor.get(&format!("/?account={closed}")).await;
    assert!(overview.body.contains("<b class=\"closed\">Closed</b>"), "{}", overview.body);
    assert!(!overview.says("Place an order"), "{}", overview.body);
    let programs = visitor.get(&format!("/credentials?account={closed}")).await;
    assert!(
        programs.says("account closed") && !programs.says("New credential"),
        "{}",
        programs.body
    );
    let form = visitor.get(&format!("/credentials/new?account={first}")).await;
    assert!(!form.says(&format!("Also for {closed}")), "{}", form.body);
    // Beside one that is open it is marked in the menu alone.
    let other = visitor.get(&format!("/ticket?account={first}")).await;
    assert!(other.body.contains("<span class=\"tag\">closed</span>"), "{}", other.body);
    assert!(!other.says("This account was closed") && other.body.contains("id=\"ticket\""));
}

#[tokio::test]
async fn confirmation_and_its_order_name_the_account() {
    let place = Place::new().await;
    let mut visitor = place.signed_in().await;
    let account = place.gate.account();
    let preview = visitor.post("/ticket/preview", &RESTING).await;
    assert!(preview.says(&format!("On account {account}, kept in USD")), "{}", preview.body);
    let path = order(&mut visitor).await;
    let placed = visitor.get(&path).await;
    assert!(placed.says(&format!("Order accepted on account {account}")), "{}", placed.body);
}

/// What is said of an authority on two accounts names both, to whoever has both.
#[tokio::test]
async fn session_and_credential_on_two_accounts_are_said_to_be_on_both() {
    let place = Place::new().await;
    let first = place.gate.account();
    let mut visitor = place.signed_in().await;
    let second = second(&place).await;
    let both = [format!("{first} and {second}"), format!("{second} and {first}")];
    let says = |answer: &crate::place::Answer, before: &str, after: &str| {
        both.iter().any(|both| answer.says(&format!("{before}{both}{after}")))
    };
    let page = visitor.get("/session").await;
    assert!(says(&page, "use any account but ", ""), "{}", page.body);
    let also = second.to_string();
    let fields = [
        ("name", "two"),
        ("kind", "trading"),
        ("sides", "both"),
        ("days", "7"),
        ("also", also.as_str()),
    ];
    visitor.token = visitor.get(&format!("/?account={first}")).await.form_token();
    let preview = visitor.post("/credentials/preview", &fields).await;
    assert!(says(&preview, "use any account but ", ""), "{}", preview.body);
    visitor.post("/credentials", &fields).await;
    let id = place.gate.credentials().find("two").await.unwrap().credential.id;
    let path = format!("/credentials/{id}");
    let page = visitor.get(&path).await;
    assert!(says(&page, "use any account but ", ""), "{}", page.body);
    assert!(says(&page, "Accounts", ""), "{}", page.body);
    assert!(says(&page, "It ends: 0 open orders on ", ", 0 connections"), "{}", page.body);
    let form = visitor.get(&format!("{path}/edit")).await;
    assert!(says(&form, "use any account but ", ""), "{}", form.body);
    // Who has lost one of them is not told of it any more.
    let operator = Actor::Operator { uid: 1 };
    let gate = &place.gate;
    gate.people().add(&operator, "ann", second).await.unwrap();
    gate.mandates().revoke(&operator, "ann", second.into()).await.unwrap();
    let (owner, terms) = (Role::Owner, MandateTerms::of(Role::Owner));
    gate.mandates().grant(&operator, "ann", (second.into(), owner), terms).await.unwrap();
    gate.mandates().revoke(&operator, "trader", second.into()).await.unwrap();
    let page = visitor.get("/session").await;
    assert!(page.says(&format!("use any account but {first}")), "{}", page.body);
    assert!(!page.body.contains(&second.to_string()), "{}", page.body);
}
