//! Mandates: what the operator and owners grant, and what a revocation ends at once.

use access::account::Currency;
use access::entitlements::{OrderKind, OrderKinds};
use access::mandate::{MandateTerms, Role};
use access::notice::Topic;
use access::refusal::{AccountRefusal, AuthorityRefusal};
use access::{AccountId, Act, CredentialId, PaperAccountId, Refusal, Scopes};
use gate::{
    Actor, Admission, DoorWish, Gate, NewCredential, NewPaperAccount, OrderRequest, Refused,
    SocketProof, evidence_verify,
};
use trade::Ticks;
use trade::ledger::SelfMatch;
use trade::order::{NewOrder, OrderType, Origin, Side, TimeInForce};

use crate::place::{HOME, OPERATOR, Place, shows, text};

pub fn account(gate: &Gate) -> AccountId {
    gate.account().into()
}

/// A second owner, so that the first one can go.
pub async fn second_owner(gate: &Gate) {
    gate.people().add(&OPERATOR, "ann", gate.account()).await.unwrap();
    let account = account(gate);
    gate.mandates().revoke(&OPERATOR, "ann", account).await.unwrap();
    let (role, terms) = (Role::Owner, MandateTerms::of(Role::Owner));
    gate.mandates().grant(&OPERATOR, "ann", (account, role), terms).await.unwrap();
}

pub async fn program(gate: &Gate) -> Admission {
    let credential = gate.credentials().find("trading").await.unwrap().credential.id;
    gate.enter_socket(&SocketProof { credential, address: HOME, token: None }).unwrap()
}

/// An order that rests.
pub fn rest(gate: &Gate, who: &Admission, number: i32) -> Result<(), Refused> {
    let order = NewOrder {
        account: who.account(),
        symbol: gate.markets().instruments().named("AAPL").unwrap().id,
        side: Side::Buy,
        quantity: 1,
        order_type: OrderType::Limit { price: Ticks(100) },
        tif: TimeInForce::Gtc,
        outside_hours: true,
        origin: Origin { holder: who.holder(), client_id: 0, order_id: number },
        parent: None,
        oca: None,
        reference: None,
    };
    gate.orders().submit(who, HOME, OrderRequest::Place(vec![order])).map(drop)
}

#[tokio::test]
async fn revoked_mandate_ends_sessions_credentials_and_orders_at_once() {
    let place = Place::new().await;
    let gate = &place.gate;
    let account = account(gate);
    let (_, cookie) = place.by_link().await;
    let last = gate.mandates().revoke(&OPERATOR, "trader", account).await;
    assert_eq!(last, Err(Refusal::Account(AccountRefusal::LastOwner { account })));
    second_owner(gate).await;
    let who = program(gate).await;
    rest(gate, &who, 1).unwrap();
    let end = gate.mandates().revoke(&OPERATOR, "trader", account).await.unwrap();
    assert_eq!((end.credentials.len(), end.orders), (3, 1));
    assert_eq!(who.ended().map(|why| why.code()), Some("CREDENTIAL_REVOKED"));
    assert!(rest(gate, &who, 2).is_err());
    let over = gate.sessions().by_token(text(&cookie.session_token), HOME, shows()).unwrap_err();
    assert!(over.caller_text().contains("authority on the last account was revoked"), "{over}");
    assert_eq!(gate.mandates().list(account).await.unwrap().len(), 1);
    let again = gate.mandates().revoke(&OPERATOR, "trader", account).await;
    assert_eq!(again, Err(Refusal::not_found("mandate")));
    let report = evidence_verify(place.folder.path(), None).await.unwrap();
    assert!(report.faults.is_empty(), "{:?}", report.faults);
}

/// A credential on two accounts: on the one whose mandate was revoked it has ended for good, as it would have
/// if it had been for that one alone; what a restart finds in the tables is no other.
#[tokio::test]
async fn credential_of_a_revoked_mandate_is_off_that_account_and_goes_on_elsewhere() {
    let place = Place::new().await;
    let first = place.gate.account();
    let (second, both) = on_two_accounts(&place).await;
    second_owner(&place.gate).await;
    let door = SocketProof { credential: both, address: HOME, token: None };
    let who = place.gate.enter_socket(&door).unwrap();
    let (here, there) = (who.on(first).unwrap(), who.on(second).unwrap());
    rest(&place.gate, &here, 1).unwrap();
    rest(&place.gate, &there, 2).unwrap();
    let account = account(&place.gate);
    let end = place.gate.mandates().revoke(&OPERATOR, "trader", account).await.unwrap();
    assert_eq!((end.credentials.len(), end.orders), (4, 1), "what rests elsewhere stays");
    assert_eq!(here.ended().map(|why| why.code()), Some("CREDENTIAL_WITHDRAWN"));
    let (role, terms) = (Role::Owner, MandateTerms::of(Role::Owner));
    place.gate.mandates().grant(&OPERATOR, "trader", (account, role), terms).await.unwrap();
    assert!(rest(&place.gate, &here, 3).is_err());
    rest(&place.gate, &there, 4).unwrap();
    let again = place.gate.enter_socket(&door).unwrap();
    assert_eq!(again.accounts().collect::<Vec<_>>(), [second]);
    let place = place.reopened().await;
    let after = place.gate.enter_socket(&door).unwrap();
    assert_eq!(after.accounts().collect::<Vec<_>>(), [second]);
    let kept = place.gate.credentials().find("both of trader").await.unwrap().credential;
    assert_eq!(kept.accounts().collect::<Vec<_>>(), [second]);
    let report = evidence_verify(place.folder.path(), None).await.unwrap();
    assert!(report.faults.is_empty(), "{:?}", report.faults);
}

/// As when it is revoked: the orders of its holder's credentials go, on that account alone.
#[tokio::test]
async fn orders_of_a_mandates_credentials_go_when_its_time_is_up() {
    let place = Place::new().await;
    let first = place.gate.account();
    let (second, both) = on_two_accounts(&place).await;
    second_owner(&place.gate).await;
    let door = SocketProof { credential: both, address: HOME, token: None };
    let who = place.gate.enter_socket(&door).unwrap();
    rest(&place.gate, &who.on(first).unwrap(), 1).unwrap();
    rest(&place.gate, &who.on(second).unwrap(), 2).unwrap();
    let until = Some(place.gate.now() + access::Span::hours(1));
    let account = account(&place.gate);
    let terms = MandateTerms { until, ..MandateTerms::of(Role::Owner) };
    place.gate.mandates().change(&OPERATOR, "trader", account, terms).await.unwrap();
    let open = async |account| {
        let view = place.gate.view_of(account).await.unwrap();
        view.open_orders.len()
    };
    assert_eq!((open(first).await, open(second).await), (1, 1));
    place.pass(access::Span::hours(1));
    for _ in 0..400 {
        if open(first).await == 0 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!((open(first).await, open(second).await), (0, 1));
    assert!(rest(&place.gate, &who.on(second).unwrap(), 3).is_ok(), "it goes on elsewhere");
}

/// A second account of the trader's, and a credential of theirs for it and the first.
pub async fn on_two_accounts(place: &Place) -> (PaperAccountId, CredentialId) {
    on_accounts_of(place, "trader").await
}

/// A second account of one person, and a program on it and on the first.
pub async fn on_accounts_of(place: &Place, owner: &str) -> (PaperAccountId, CredentialId) {
    let gate = &place.gate;
    let new = NewPaperAccount {
        owner: owner.to_owned(),
        account: None,
        purpose: "second".to_owned(),
        base_currency: Currency::USD,
        cash: 250_000.into(),
        self_match: SelfMatch::CancelNewest,
    };
    let second = gate.paper_accounts().create(&OPERATOR, new).await.unwrap();
    let new = NewCredential {
        name: format!("both of {owner}"),
        accounts: vec![gate.account(), second],
        scopes: Scopes::trading(gate.now() + access::Span::days(1)),
        token_required: Some(false),
        door: DoorWish::Socket { port: None },
    };
    (second, gate.credentials().create(&OPERATOR, new).await.unwrap().credential)
}

#[tokio::test]
async fn program_on_two_accounts_belongs_to_the_owner_of_both() {
    let place = Place::new().await;
    second_owner(&place.gate).await;
    let (_, of_trader) = on_accounts_of(&place, "trader").await;
    let (_, of_ann) = on_accounts_of(&place, "ann").await;
    let ids = ["trader", "ann"].map(|name| place.gate.people().find(name));
    let [trader, ann] = ids;
    let (trader, ann) = (trader.await.unwrap().id, ann.await.unwrap().id);
    let all = place.gate.credentials().list(None).await.unwrap();
    let owner = |id| all.iter().find(|one| one.credential.id == id).unwrap().credential.person;
    assert_eq!((owner(of_trader), owner(of_ann)), (trader, ann));
}

#[tokio::test]
async fn narrower_terms_reach_sessions_and_programs_before_the_call_returns() {
    let place = Place::new().await;
    let gate = &place.gate;
    second_owner(gate).await;
    let (ticket, _) = place.by_link().await;
    let who = program(gate).await;
    let acts = Role::Owner.acts().without(access::entitlements::Acts::of(&[Act::ManagePolicy]));
    let order_kinds = OrderKinds::of(&[OrderKind::Stop]);
    let terms = MandateTerms { acts, order_kinds, ..MandateTerms::of(Role::Owner) };
    gate.mandates().change(&OPERATOR, "trader", account(gate), terms).await.unwrap();
    let Err(Refused::Refusal(refusal)) = rest(gate, &who, 1) else { panic!("it was placed") };
    assert_eq!(
        refusal,
        Refusal::Authority(AuthorityRefusal::OrderKindNotAllowed { kind: OrderKind::Limit })
    );
    let given = gate.sessions().admit(&ticket).unwrap().entitlements();
    assert!(!given.acts.contains(Act::ManagePolicy) && given.order_kinds == order_kinds);
    let all = MandateTerms::of(Role::Owner);
    gate.mandates().change(&OPERATOR, "trader", account(gate), all).await.unwrap();
    rest(gate, &who, 2).unwrap();
}

#[tokio::test]
async fn owner_grants_and_revokes_with_a_recent_proof() {
    let place = Place::new().await;
    let gate = &place.gate;
    gate.people().add(&OPERATOR, "ann", gate.account()).await.unwrap();
    let (ticket, _) = place.by_link().await;
    let (owner, account) = (Actor::Session(ticket), account(gate));
    gate.mandates().revoke(&owner, "ann", account).await.unwrap();
    let trader = || MandateTerms::of(Role::Trader);
    gate.mandates().grant(&owner, "ann", (account, Role::Trader), trader()).await.unwrap();
    let granted = gate.mandates().list(account).await.unwrap();
    assert!(granted.iter().any(|one| one.role == Role::Trader));
    place.pass(access::Span::hours(1));
    let stale = gate.mandates().revoke(&owner, "ann", account).await.unwrap_err();
    assert_eq!(stale.code(), "PROOF_TOO_OLD", "{stale}");
}

/// A joint owner is told of each act on the account, whoever does it and on whomever it is decided.
#[tokio::test]
async fn acts_on_an_account_are_told_to_every_owner_of_it() {
    let place = Place::new().await;
    let gate = &place.gate;
    second_owner(gate).await;
    let person = |name| async move { gate.people().find(name).await.unwrap().id };
    let (trader, ann) = (person("trader").await, person("ann").await);
    let account = account(gate);
    let target = gate::LockTarget::Account(account);
    let (ticket, _) = place.by_link().await;
    let owner = Actor::Session(ticket);
    let told = |person| async move {
        let page = gate.notices().list(person, None).await.unwrap();
        let about = page
            .messages
            .iter()
            .map(|one| &one.notice)
            .filter(|one| [Topic::AccountChanged, Topic::Lock].contains(&one.topic));
        about.map(|one| one.text.clone()).collect::<Vec<_>>()
    };
    let before = (told(trader).await.len(), told(ann).await.len());
    place.pass(access::Span::seconds(1));
    gate.people().add(&OPERATOR, "bob", gate.account()).await.unwrap();
    place.pass(access::Span::seconds(1));
    let narrow =
        MandateTerms { order_kinds: OrderKinds::of(&[]), ..MandateTerms::of(Role::Auditor) };
    gate.mandates().change(&OPERATOR, "bob", account, narrow).await.unwrap();
    place.pass(access::Span::seconds(1));
    gate.mandates().revoke(&owner, "bob", account).await.unwrap();
    place.pass(access::Span::seconds(1));
    let terms = MandateTerms::of(Role::Trader);
    gate.mandates().grant(&owner, "bob", (account, Role::Trader), terms).await.unwrap();
    place.pass(access::Span::seconds(1));
    gate.locks().lock(&owner, target, access::Grade::NoNew).await.unwrap();
    place.pass(access::Span::seconds(1));
    gate.locks().unlock(&OPERATOR, target).await.unwrap();
    let words = [
        "bob is now auditor of account",
        "What bob may do on account",
        "bob has no authority on account",
        "bob is now trader of account",
        "A no-new lock was set on account",
        "The operator lifted the no-new lock on account",
    ];
    for (person, before) in [(trader, before.0), (ann, before.1)] {
        let mut told = told(person).await;
        told.reverse();
        assert_eq!(told.len() - before, words.len(), "{told:#?}");
        let granted = told[before..].iter().find(|text| text.contains(words[3])).unwrap();
        assert!(granted.contains("no end"), "{granted}");
        for (text, words) in told[before..].iter().zip(words) {
            assert!(text.contains(words), "{text}");
        }
    }
    assert!(told(person("bob").await).await.iter().all(|text| !text.contains("lock")));
    let report = evidence_verify(place.folder.path(), None).await.unwrap();
    assert!(report.faults.is_empty(), "{:?}", report.faults);
}

#[tokio::test]
async fn revocation_says_how_many_orders_of_its_person_stay() {
    let place = Place::new().await;
    let gate = &place.gate;
    second_owner(gate).await;
    let (ticket, _) = place.by_link().await;
    rest(gate, &program(gate).await, 1).unwrap();
    rest(gate, &gate.sessions().admit(&ticket).unwrap(), 2).unwrap();
    let end = gate.mandates().revoke(&OPERATOR, "trader", account(gate)).await.unwrap();
    assert_eq!((end.orders, end.left), (1, 1));
}
