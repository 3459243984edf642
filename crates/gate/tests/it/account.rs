//! Several accounts of one person: opening, trading, closing, and stops in the middle of each.

use access::account::Currency;
use access::entitlements::Side;
use access::evidence::shard_of;
use access::id::{Holder, PaperAccountId};
use access::refusal::ChangeRefusal;
use access::{Refusal, Scope, Scopes, Span};
use gate::{
    Actor, DoorWish, NewCredential, NewPaperAccount, OrderRequest, SocketProof, Unclosed,
    evidence_verify,
};
use rust_decimal::Decimal;
use trade::journal::Opening;
use trade::ledger::SelfMatch;
use trade::order::{NewOrder, OrderType, Origin, TimeInForce};
use trade::price::Ticks;

use crate::place::{HOME, OPERATOR, Place, open};

fn wanted(cash: i64) -> NewPaperAccount {
    NewPaperAccount {
        owner: "trader".to_owned(),
        account: None,
        purpose: "second".to_owned(),
        base_currency: Currency::USD,
        cash: Decimal::from(cash),
        self_match: SelfMatch::CancelNewest,
    }
}

fn limit(account: PaperAccountId, holder: Holder) -> NewOrder {
    NewOrder {
        account,
        symbol: access::SymbolId(700_001),
        side: Side::Buy,
        quantity: 1,
        order_type: OrderType::Limit { price: Ticks(100) },
        tif: TimeInForce::Gtc,
        outside_hours: false,
        origin: Origin { holder, client_id: 0, order_id: 0 },
        parent: None,
        oca: None,
        reference: None,
    }
}

async fn verified(place: &Place) {
    let report = evidence_verify(place.folder.path(), None).await.unwrap();
    assert!(report.faults.is_empty(), "{:?}", report.faults);
}

#[tokio::test]
async fn account_that_is_opened_is_its_owners_at_once_and_closes_when_it_is_flat() {
    let place = Place::new().await;
    let (accounts, first) = (place.gate.paper_accounts(), place.gate.account());
    let (before, cookie) = place.by_link().await;
    assert_eq!(&*before.accounts, [first]);
    place.pass(Span::seconds(1));
    let second = accounts.create(&OPERATOR, wanted(250_000)).await.unwrap();
    let ticket = place.ticket(&cookie);
    assert_eq!((ticket.account, &*ticket.accounts), (first, &[first, second][..]));
    // A session acts on the account that its request is about, and on no other.
    let on_second = ticket.on(second).unwrap();
    let admission = place.gate.sessions().admit(&on_second).unwrap();
    let holder = admission.holder();
    let place_on = |account| {
        let request = OrderRequest::Place(vec![limit(account, holder)]);
        place.gate.orders().submit(&admission, HOME, request).map_err(|refused| refused.code())
    };
    assert_eq!(place_on(first).err(), Some("ACCOUNT_NOT_ALLOWED"));
    place_on(second).unwrap();
    assert_eq!(place.gate.view_of(second).await.unwrap().open_orders.len(), 1);
    assert_eq!(place.gate.view_of(first).await.unwrap().open_orders.len(), 0);

    let held = accounts.close_for_good(&OPERATOR, second).await.unwrap();
    assert_eq!(held, Err(Unclosed::Holds { orders: 1, positions: Vec::new() }));
    assert_eq!(accounts.close_for_good(&OPERATOR, first).await.unwrap(), Err(Unclosed::First));
    let cancel = gate::OperatorCancel::Account(second);
    assert_eq!(place.gate.orders().cancel_as_operator(cancel).await.unwrap().len(), 1);
    assert_eq!(accounts.close_for_good(&OPERATOR, second).await.unwrap(), Ok(()));
    assert!(!admission.entitlements().acts.contains(access::Act::PlaceOrder));
    assert!(accounts.known(second).await.unwrap().account.unwrap().closed_at.is_some());
    verified(&place).await;
}

#[tokio::test]
async fn credential_names_its_accounts_and_is_on_no_other() {
    let place = Place::new().await;
    let (accounts, first) = (place.gate.paper_accounts(), place.gate.account());
    let second = accounts.create(&OPERATOR, wanted(250_000)).await.unwrap();
    let new = |name: &str, accounts: &[PaperAccountId]| NewCredential {
        name: name.to_owned(),
        accounts: accounts.to_vec(),
        scopes: Scopes::trading(place.gate.now() + Span::days(1)),
        token_required: Some(false),
        door: DoorWish::Socket { port: None },
    };
    let made = place.gate.credentials().create(&OPERATOR, new("both", &[second, first, second]));
    let both = made.await.unwrap().credential;
    let taken = place.gate.credentials().create(&OPERATOR, new("both", &[second])).await;
    assert_eq!(taken.err().map(|why| why.code()), Some("NAME_TAKEN"));
    let foreign = new("other", &["DU0000001".parse().unwrap(), first]);
    assert!(place.gate.credentials().create(&OPERATOR, foreign).await.is_err());
    // One that is opened later is in no older credential.
    let third = accounts.create(&OPERATOR, wanted(1_000)).await.unwrap();
    let door = SocketProof { credential: both, address: HOME, token: None };
    let mut named = [first, second];
    named.sort_unstable();
    let admission = place.gate.enter_socket(&door).unwrap();
    assert_eq!(admission.accounts().collect::<Vec<_>>(), named);
    assert!(admission.on(third).is_none());
    for account in [first, second] {
        let list = place.gate.credentials().list(Some(account)).await.unwrap();
        assert!(list.iter().any(|one| one.credential.id == both), "{account}");
        let on = admission.on(account).unwrap();
        let order = OrderRequest::Place(vec![limit(account, on.holder())]);
        place.gate.orders().submit(&on, HOME, order).unwrap();
    }
    place.gate.orders().flush().await.unwrap();
    let Place { gate, folder, clock, secrets } = place;
    drop(gate);
    let gate = open(folder.path(), &clock).await;
    let place = Place { gate, clock, secrets, folder };
    let again = place.gate.enter_socket(&door).unwrap();
    assert_eq!(again.accounts().collect::<Vec<_>>(), named);
    let revoked = place.gate.credentials().revoke(&OPERATOR, both, true).await.unwrap();
    assert_eq!(revoked.cancelled, 2, "on both accounts");
    verified(&place).await;
}

/// The journal has the ledger, and the server stops before the tables say whose it is.
#[tokio::test]
async fn account_that_a_stop_left_half_open_is_finished_by_the_same_call() {
    let place = Place::new().await;
    let left: PaperAccountId = "DU7654321".parse().unwrap();
    let (cash, currency) = (Decimal::from(250_000), access::account::Currency::USD);
    let self_match = SelfMatch::CancelNewest;
    let opening = Opening { account: left, cash, currency, self_match };
    place.gate.paper_accounts().open(opening).await.unwrap();
    let Place { gate, folder, clock, secrets } = place;
    drop(gate);
    let gate = open(folder.path(), &clock).await;
    let place = Place { gate, clock, secrets, folder };
    let accounts = place.gate.paper_accounts();
    let known = accounts.known(left).await.unwrap();
    assert!(known.account.is_none() && known.holders.is_empty(), "it gives nobody anything");
    // Other terms are another account's.
    let other = accounts.create(&OPERATOR, wanted(1_000)).await.unwrap();
    assert_ne!(other, left);
    assert_eq!(accounts.create(&OPERATOR, wanted(250_000)).await.unwrap(), left);
    assert_eq!(accounts.all().len(), 3);
    assert_eq!(accounts.known(left).await.unwrap().holders.len(), 1);
    assert_ne!(accounts.create(&OPERATOR, wanted(250_000)).await.unwrap(), left, "only once");
    verified(&place).await;
}

#[tokio::test]
async fn account_that_a_stop_left_half_closed_is_finished_by_the_same_call() {
    let place = Place::new().await;
    let second = place.gate.paper_accounts().create(&OPERATOR, wanted(250_000)).await.unwrap();
    assert_eq!(place.gate.paper_accounts().close(second).await, Ok(true));
    let Place { gate, folder, clock, secrets } = place;
    drop(gate);
    let gate = open(folder.path(), &clock).await;
    let place = Place { gate, clock, secrets, folder };
    let accounts = place.gate.paper_accounts();
    assert!(accounts.known(second).await.unwrap().account.unwrap().closed_at.is_none());
    assert_eq!(accounts.close_for_good(&OPERATOR, second).await.unwrap(), Ok(()));
    assert!(accounts.known(second).await.unwrap().account.unwrap().closed_at.is_some());
    verified(&place).await;
}

#[tokio::test]
async fn account_is_for_the_operator_to_open_and_close() {
    let place = Place::new().await;
    let (ticket, _) = place.by_link().await;
    let actor = Actor::Session(ticket);
    let second = place.gate.paper_accounts().create(&OPERATOR, wanted(1_000)).await.unwrap();
    let closed = place.gate.paper_accounts().close_for_good(&actor, second).await;
    assert_eq!(closed.err(), Some(Refusal::Change(ChangeRefusal::OperatorOnly)));
    assert!(!place.gate.paper_accounts().list().iter().any(|one| one.closed.is_some()));
}

#[tokio::test]
async fn self_match_is_chosen_anew_and_its_owner_is_told_and_it_outlives_a_stop() {
    let place = Place::new().await;
    let (ticket, _) = place.by_link().await;
    let (person, first) = (ticket.person, place.gate.account());
    let second = place.gate.paper_accounts().create(&OPERATOR, wanted(250_000)).await.unwrap();
    let by_owner = Actor::Session(ticket);
    for account in [first, second] {
        let accounts = place.gate.paper_accounts();
        let refused = accounts.choose_self_match(&by_owner, account, SelfMatch::CancelOldest).await;
        assert_eq!(refused, Err(Refusal::Change(ChangeRefusal::OperatorOnly)));
        place.pass(Span::seconds(1));
        accounts.choose_self_match(&OPERATOR, account, SelfMatch::CancelOldest).await.unwrap();
        let page = place.gate.notices().list(person, None).await.unwrap();
        let text = format!(
            "Where two orders of account {account} would trade with each other, the oldest one ends, by the operator."
        );
        assert_eq!(page.messages[0].notice.text, text);
    }
    let place = place.reopened().await;
    let accounts = place.gate.paper_accounts();
    let chosen = || accounts.list().iter().map(|one| (one.id, one.self_match)).collect::<Vec<_>>();
    assert_eq!(chosen(), [(first, SelfMatch::CancelOldest), (second, SelfMatch::CancelOldest)]);
    accounts.choose_self_match(&OPERATOR, first, SelfMatch::CancelNewest).await.unwrap();
    assert_eq!(chosen(), [(first, SelfMatch::CancelNewest), (second, SelfMatch::CancelOldest)]);
    // A closed account has no choice, and neither has one that there is not.
    assert_eq!(accounts.close_for_good(&OPERATOR, second).await.unwrap(), Ok(()));
    for (account, code) in [(second, "ACCOUNT_CLOSED"), ("DU7777777".parse().unwrap(), "NOT_FOUND")]
    {
        let refused = accounts.choose_self_match(&OPERATOR, account, SelfMatch::CancelNewest).await;
        assert_eq!(refused.map_err(|why| why.code()), Err(code));
    }
    verified(&place).await;
}

#[tokio::test]
async fn checkpoint_signs_the_chain_of_every_person_and_account() {
    let place = Place::new().await;
    let (ticket, _) = place.by_link().await;
    let (accounts, first) = (place.gate.paper_accounts(), place.gate.account());
    let second = accounts.create(&OPERATOR, wanted(1_000)).await.unwrap();
    let signed = place.gate.records().checkpoint().await.unwrap();
    let mut shards: Vec<_> = signed.checkpoint.shards.iter().map(|head| head.shard).collect();
    shards.sort_unstable();
    let scopes =
        [Scope::Person(ticket.person), Scope::Account(first.into()), Scope::Account(second.into())];
    let mut all = scopes.map(|scope| shard_of(Some(scope)));
    all.sort_unstable();
    assert_eq!(shards, all);
}

#[tokio::test]
async fn activity_and_refused_orders_are_those_of_the_account_that_is_looked_at() {
    let place = Place::new().await;
    let (accounts, first) = (place.gate.paper_accounts(), place.gate.account());
    let second = accounts.create(&OPERATOR, wanted(250_000)).await.unwrap();
    let (ticket, _) = place.by_link().await;
    for (account, quantity) in [(first, 11), (second, 12)] {
        let on = ticket.on(account).unwrap();
        let admission = place.gate.sessions().admit(&on).unwrap();
        let order = NewOrder { quantity, ..limit(account, admission.holder()) };
        let request = OrderRequest::Place(vec![order.clone()]);
        let placed = place.gate.orders().submit(&admission, HOME, request).unwrap().orders()[0].id;
        let request = OrderRequest::Cancel { order: placed };
        place.gate.orders().submit(&admission, HOME, request).unwrap();
        let far = OrderType::Limit { price: Ticks(99_999_999) };
        let request = OrderRequest::Place(vec![NewOrder { order_type: far, ..order }]);
        assert!(place.gate.orders().submit(&admission, HOME, request).is_err());
    }
    place.gate.orders().flush().await.unwrap();
    let filter = gate::ActivityFilter {
        kind: Some(gate::ActivityKind::Order),
        limit: 100,
        ..gate::ActivityFilter::default()
    };
    let seen = async |account| {
        let actor = Actor::Session(ticket.on(account).unwrap());
        let page = place.gate.activity().page(&actor, &filter, None).await.unwrap();
        let of_session =
            page.entries.iter().filter(|one| matches!(one.holder, Some(Holder::Session(_))));
        of_session.map(|one| format!("{} {}", one.what, one.text)).collect::<Vec<_>>()
    };
    let (ones, others) = (seen(first).await, seen(second).await);
    assert_eq!((ones.len(), others.len()), (3, 3), "{ones:?} {others:?}");
    assert!(ones.iter().all(|text| !text.contains("buy 12")), "{ones:?}");
    assert!(others.iter().all(|text| !text.contains("buy 11")), "{others:?}");
    for (account, quantity) in [(first, "11"), (second, "12")] {
        let refused = place.gate.orders().refused(account).await.unwrap();
        let asked: Vec<_> = refused.iter().flat_map(|one| &one.refused.asked).collect();
        assert_eq!(asked.iter().map(|one| &*one.quantity).collect::<Vec<_>>(), [quantity]);
    }
    verified(&place).await;
}

#[tokio::test]
async fn account_that_is_refused_leaves_nothing_in_the_journal() {
    let place = Place::new().await;
    let accounts = place.gate.paper_accounts();
    let bad = NewPaperAccount { purpose: "a\u{1b}".to_owned(), ..wanted(1_000) };
    let refused = accounts.create(&OPERATOR, bad).await.unwrap_err();
    assert!(refused.caller_text().contains("purpose"), "{refused}");
    assert_eq!(accounts.all().len(), 1);
    verified(&place).await;
}

/// The tables cannot be written between the two parts, and the answer says which of them is done.
#[tokio::test(flavor = "multi_thread")]
async fn account_whose_owner_could_not_be_written_is_said_and_finished_by_its_number() {
    let place = Place::new().await;
    let file = place.folder.path().join(gate::open::DATABASE);
    let other = store::Store::open(&store::engine::sqlite_url(&file)).await.unwrap();
    let held = other.database().begin().await.unwrap();
    let accounts = place.gate.paper_accounts();
    let refused = accounts.create(&OPERATOR, wanted(250_000)).await.unwrap_err();
    assert_eq!(refused.code(), "ACCOUNT_UNOWNED", "{refused}");
    let left = accounts.all()[1];
    let said = refused.caller_text();
    assert!(
        said.contains(&format!("--account {left} ")) && !said.contains("nothing was"),
        "{said}"
    );
    drop(held);
    let again = NewPaperAccount { account: Some(left), ..wanted(1_000) };
    let other_terms = accounts.create(&OPERATOR, again).await.unwrap_err();
    assert_eq!(other_terms.code(), "ACCOUNT_BEGUN", "{other_terms}");
    assert!(other_terms.caller_text().contains("250000 USD"), "{other_terms}");
    let again = NewPaperAccount { account: Some(left), ..wanted(250_000) };
    assert_eq!(accounts.create(&OPERATOR, again).await.unwrap(), left);
    assert_eq!(accounts.all().len(), 2);
    verified(&place).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_that_are_opened_at_once_are_each_their_own() {
    let place = Place::new().await;
    let made = (0..12).map(|_| {
        let gate = place.gate.clone();
        tokio::spawn(async move {
            gate.paper_accounts().create(&OPERATOR, wanted(250_000)).await.unwrap()
        })
    });
    let mut numbers = std::collections::BTreeSet::new();
    for one in made.collect::<Vec<_>>() {
        numbers.insert(one.await.unwrap());
    }
    assert_eq!((numbers.len(), place.gate.paper_accounts().all().len()), (12, 13));
    verified(&place).await;
}

#[tokio::test]
async fn number_of_a_closed_account_is_refused_as_closed_whether_it_had_an_owner_or_not() {
    let place = Place::new().await;
    let accounts = place.gate.paper_accounts();
    let left: PaperAccountId = "DU7654321".parse().unwrap();
    let (cash, self_match) = (Decimal::from(250_000), SelfMatch::CancelNewest);
    let opening = Opening { account: left, cash, currency: Currency::USD, self_match };
    accounts.open(opening).await.unwrap();
    let owned = accounts.create(&OPERATOR, wanted(1_000)).await.unwrap();
    let taken = NewPaperAccount { account: Some(owned), ..wanted(1_000) };
    assert_eq!(accounts.create(&OPERATOR, taken).await.unwrap_err().code(), "ACCOUNT_TAKEN");
    for account in [left, owned] {
        assert_eq!(accounts.close_for_good(&OPERATOR, account).await.unwrap(), Ok(()));
        let again = NewPaperAccount { account: Some(account), ..wanted(250_000) };
        let refused = accounts.create(&OPERATOR, again).await.unwrap_err();
        assert_eq!(refused.code(), "ACCOUNT_CLOSED", "{refused}");
    }
}
