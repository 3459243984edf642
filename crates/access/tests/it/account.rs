//! Accounts: opened, permitted, limited and closed by the operator, and what is left on them.

use access::account::{Account, Command as A, Currency, NewAccount};
use access::contact::MailAddress;
use access::decision::Command;
use access::entitlements::{Acts, Limits, Products};
use access::mandate::{Event as MandateEvent, Mandate, Role};
use access::notice::{self, Addressee};
use access::refusal::{AccountRefusal, ChangeRefusal};
use access::{AccountId, By, Event, MandateId, PersonId, Refusal, Scope, account as noun};

use crate::desk::{Desk, account};

fn second() -> AccountId {
    "DU7654321".parse().unwrap()
}

fn new(account: AccountId) -> NewAccount {
    NewAccount {
        account,
        purpose: "pension".into(),
        base_currency: Currency::USD,
        products: Account::USUAL,
        limits: Limits { max_quantity: Some(50), ..Limits::default() },
    }
}

fn open(account: AccountId) -> Command {
    Command::Account(A::Open(Box::new(new(account))))
}

#[test]
fn first_account_is_opened_by_an_event_before_the_mandate_on_it() {
    let desk = Desk::bare();
    let kinds: Vec<_> = desk.events.iter().map(Event::kind).collect();
    assert_eq!(kinds, ["person.created", "account.opened", "mandate.granted"]);
    let found = desk.slice.account(account()).unwrap();
    let opened = found.account.as_ref().unwrap();
    assert_eq!((opened.products, opened.closed_at), (Account::USUAL, None));
    assert_eq!(found.version, 1);
}

#[test]
fn mandate_on_an_account_that_no_event_opened_opens_it() {
    let desk = Desk::bare();
    let is_old = |event: &&Event| !matches!(event, Event::Account(_));
    let old: Vec<Event> = desk.events.iter().filter(is_old).cloned().collect();
    let mut slice = access::Slice::default();
    slice.apply(&old);
    assert_eq!(slice, desk.slice);
}

#[test]
fn second_account_of_a_person_is_opened_with_a_mandate_and_changes_nothing_on_the_first() {
    let mut desk = Desk::enrolled();
    let first = desk.slice.account(account()).unwrap().clone();
    desk.system(open(second())).ok().unwrap();
    assert_eq!(*desk.slice.account(account()).unwrap(), first);
    let mandate = desk.slice.mandate(second()).unwrap();
    assert_eq!((mandate.role, mandate.acts), (Role::Owner, Acts::ALL));
    let again = desk.system(open(second())).err();
    assert_eq!(again, Some(Refusal::Account(AccountRefusal::AccountTaken { account: second() })));
    let session = desk.signed_in().session;
    let session = desk.slice.session(session).unwrap();
    let given = desk.slice.session_entitlements(session, second(), false).unwrap();
    assert_eq!(given.limits.max_quantity, Some(50), "the limits of the account");
    let given = desk.slice.session_entitlements(session, account(), false).unwrap();
    assert_eq!(given.limits.max_quantity, None);
}

#[test]
fn nobody_but_the_operator_opens_permits_limits_or_closes() {
    let mut desk = Desk::enrolled();
    let session = desk.signed_in().session;
    let account = account().into();
    for command in [
        A::Open(Box::new(new(second()))),
        A::Permit { account, products: Products::ALL },
        A::Limit { account, limits: Box::default() },
        A::Close { account },
    ] {
        let refused = desk.by(By::Session(session), Command::Account(command)).err();
        assert_eq!(refused, Some(Refusal::Change(ChangeRefusal::OperatorOnly)));
    }
}

#[test]
fn limits_of_an_account_hold_for_everybody_on_it() {
    let mut desk = Desk::enrolled();
    let session = desk.signed_in().session;
    let limits = Limits { max_open_orders: Some(3), ..Limits::default() };
    let limit =
        |limits: &Limits| A::Limit { account: account().into(), limits: Box::new(limits.clone()) };
    desk.system(Command::Account(limit(&limits))).ok().unwrap();
    let one = desk.slice.session(session).unwrap();
    let given = desk.slice.session_entitlements(one, account(), false).unwrap();
    assert_eq!(given.limits, limits);
    let none = Limits { max_quantity: Some(0), ..Limits::default() };
    let refused = desk.system(Command::Account(limit(&none))).err().unwrap();
    assert_eq!(refused.code(), "OUT_OF_RANGE");
}

#[test]
fn closed_account_can_be_looked_at_and_its_owner_can_still_sign_in_and_manage_that() {
    let mut desk = Desk::enrolled();
    let session = desk.signed_in().session;
    let close = || Command::Account(A::Close { account: account().into() });
    desk.system(close()).ok().unwrap();
    let at = desk.slice.account(account()).unwrap().account.as_ref().unwrap().closed_at.unwrap();
    let one = desk.slice.session(session).unwrap();
    let given = desk.slice.session_entitlements(one, account(), false).unwrap();
    assert_eq!(given.acts, Acts::VIEW.or(Acts::OWN));
    let closed = Refusal::Account(AccountRefusal::AccountClosed { account: account().into(), at });
    assert_eq!(desk.system(close()).err(), Some(closed.clone()));
    let permit = A::Permit { account: account().into(), products: Products::ALL };
    assert_eq!(desk.system(Command::Account(permit)).err(), Some(closed.clone()));
    let rename = access::session::Command::EndOthers;
    desk.by(By::Session(session), Command::Session(rename)).ok().unwrap();
    let accounts = desk.slice.accounts.clone();
    desk.slice = access::Slice { accounts, ..access::Slice::default() };
    let (username, account, role) = ("bob".into(), account(), Role::Auditor);
    let add = access::person::Command::Add { username, account, role };
    assert_eq!(desk.system(Command::Person(add)).err(), Some(closed));
}

#[test]
fn what_an_account_is_permitted_is_read_back_as_it_was_named() {
    let desk = Desk::bare();
    let opened = desk.events.iter().find(|event| matches!(event, Event::Account(_))).unwrap();
    let text = serde_json::to_string(opened).unwrap();
    assert!(text.contains(r#""products":["stock"]"#), "{text}");
    assert_eq!(&serde_json::from_str::<Event>(&text).unwrap(), opened);
    let Event::Account(noun::Event::Opened(_)) = opened else { panic!() };
    let granted =
        desk.events.iter().any(|one| matches!(one, Event::Mandate(MandateEvent::Granted(_))));
    assert!(granted);
}

/// What the operator does to an account is told to each of its owners, at the addresses of each.
#[test]
fn acts_on_an_account_are_told_to_its_other_owners() {
    let mut desk = Desk::bare();
    let (ann, bob) = (desk.slice.person.as_ref().unwrap().id, PersonId([9; 16]));
    let of_ann = desk.slice.mandate(account()).unwrap().clone();
    let of_bob = Mandate { id: MandateId([9; 16]), person: bob, ..of_ann };
    let accounts = &mut desk.slice.accounts;
    accounts[0].mandates.push(of_bob);
    let mail = vec![MailAddress::new("bob@example.org").unwrap()];
    desk.slice.owners = vec![Addressee { person: bob, version: 5, mail: mail.clone() }];
    assert_eq!(desk.slice.reads().get(&Scope::Person(bob)), Some(&5), "what it read holds");
    let account = AccountId::from(account());
    let limits = Box::new(Limits { max_quantity: Some(5), ..Limits::default() });
    for command in [A::Limit { account, limits }, A::Close { account }] {
        desk.wait(access::Span::seconds(1));
        let before = desk.events.len();
        desk.system(Command::Account(command)).ok().unwrap();
        let told = desk.events[before..].iter().filter_map(|event| match event {
            Event::Notice(notice::Event::Queued(one)) => Some(one),
            _ => None,
        });
        let told: Vec<_> = told.collect();
        assert_eq!(told.iter().map(|one| one.person).collect::<Vec<_>>(), [ann, bob]);
        assert!(told[0].text == told[1].text && told[0].id != told[1].id, "{told:?}");
        assert_eq!((&told[0].mail, &told[1].mail), (&Vec::new(), &mail));
    }
}
