//! Mandates: granted, changed and revoked by the operator and by owners, never beyond what these hold.

use access::account::{Account, Command as A, Currency, NewAccount};
use access::credential::{self, Door, NewCredential};
use access::decision::Command;
use access::entitlements::{Acts, Hours, Limits, OrderKind, OrderKinds, Products, Scopes};
use access::link::Purpose;
use access::mandate::{
    Command as M, Conditions, Grantor, MandateTerms, OwnerWord, Role, vouch_owner,
};
use access::moment::Span;
use access::refusal::{AccountRefusal, ChangeRefusal, SessionRefusal};
use access::session::SessionEnd;
use access::{AccountId, Act, By, Event, PersonId, Refusal, Slice, account as noun, session};

use crate::desk::{Desk, account, browser};

fn first() -> AccountId {
    account().into()
}

/// The desk of another person, who begins with a mandate on the account of the first desk.
fn second(owner: &Desk, role: Role) -> Desk {
    let mut desk = Desk::bare();
    let accounts = owner.slice.accounts.clone();
    desk.slice = Slice { accounts, ..Slice::default() };
    desk.events.clear();
    let add = access::person::Command::Add { username: "bob".into(), account: account(), role };
    desk.wait(Span::seconds(7));
    desk.system(Command::Person(add)).ok().unwrap();
    desk
}

fn revoke(desk: &Desk) -> Command {
    let mandate = desk.slice.mandate(account()).unwrap().id;
    Command::Mandate(M::Revoke { mandate, account: first(), owner: None })
}

/// The owner's word, from a session of theirs that was just proven.
fn word(owner: &mut Desk) -> Result<(By, OwnerWord), Refusal> {
    let session = owner.signed_in().session;
    let (by, moment) = (By::Session(session), owner.moment());
    let word = vouch_owner(&owner.slice, first(), (by, &browser(None)), &moment, &owner.key)?;
    Ok((by, word))
}

#[test]
fn person_added_as_trader_trades_and_makes_no_credential() {
    let desk = second(&Desk::bare(), Role::Trader);
    let mandate = desk.slice.mandate(account()).unwrap();
    assert_eq!((mandate.role, mandate.grantor), (Role::Trader, Grantor::System));
    assert!(mandate.acts.contains(Act::PlaceOrder));
    assert!(!mandate.acts.contains(Act::ManageCredentials));
}

#[test]
fn last_owner_of_an_open_account_stays_and_one_of_two_may_go() {
    let mut ann = Desk::bare();
    assert_eq!(
        ann.system(revoke(&ann)).err(),
        Some(Refusal::Account(AccountRefusal::LastOwner { account: first() }))
    );
    let end =
        MandateTerms { until: Some(ann.now + Span::days(9)), ..MandateTerms::of(Role::Owner) };
    let mandate = ann.slice.mandate(account()).unwrap().id;
    let change = M::Change { mandate, terms: Box::new(end), owner: None };
    let refused = ann.system(Command::Mandate(change)).err();
    assert_eq!(refused, Some(Refusal::Account(AccountRefusal::LastOwner { account: first() })));
    // Nor may what is left be too little to manage the account with; without trading it is enough.
    let change = |acts| {
        let terms = Box::new(MandateTerms { acts, ..MandateTerms::of(Role::Owner) });
        Command::Mandate(M::Change { mandate, terms, owner: None })
    };
    let all = Role::Owner.acts();
    for act in [Act::ViewAccount, Act::CancelOrder, Act::ManageCredentials, Act::Lock] {
        let refused = ann.system(change(all.without(Acts::of(&[act])))).err();
        let last = Refusal::Account(AccountRefusal::LastOwner { account: first() });
        assert_eq!(refused, Some(last), "{act:?}");
    }
    ann.system(change(all.without(Acts::of(&[Act::PlaceOrder])))).ok().unwrap();
    let mut bob = second(&ann, Role::Owner);
    ann.slice.accounts.clone_from(&bob.slice.accounts);
    let mut narrow = ann.slice.clone();
    for account in &mut narrow.accounts {
        account.mandates.iter_mut().for_each(|one| one.acts = Acts::of(&[Act::ViewAccount]));
    }
    std::mem::swap(&mut narrow.accounts, &mut ann.slice.accounts);
    let refused = ann.system(revoke(&ann)).err();
    assert!(refused.is_some(), "the other owner could only look");
    std::mem::swap(&mut narrow.accounts, &mut ann.slice.accounts);
    ann.system(revoke(&ann)).ok().unwrap();
    assert_eq!(ann.slice.mandates, []);
    bob.slice.accounts = ann.slice.accounts;
    assert_eq!(
        bob.system(revoke(&bob)).err(),
        Some(Refusal::Account(AccountRefusal::LastOwner { account: first() }))
    );
    bob.system(Command::Account(A::Close { account: first() })).ok().unwrap();
    bob.system(revoke(&bob)).ok().unwrap();
}

#[test]
fn revoked_mandate_ends_the_credentials_there_and_sessions_without_another() {
    let ann = Desk::bare();
    let mut bob = second(&ann, Role::Owner);
    let new = NewAccount {
        account: "DU7654321".parse().unwrap(),
        purpose: "pension".into(),
        base_currency: Currency::USD,
        products: Account::USUAL,
        limits: Limits::default(),
    };
    bob.system(Command::Account(A::Open(Box::new(new)))).ok().unwrap();
    let link = bob.link(Purpose::SignIn);
    let session = bob.open(&link).ok().unwrap().session;
    let scopes = Scopes::trading(bob.now + Span::days(9));
    for (name, port, on) in [
        ("here", 4_001, "DU1234567"),
        ("there", 4_002, "DU7654321"),
        ("both", 4_003, "DU1234567 DU7654321"),
    ] {
        let on = on.split(' ').map(|one| one.parse().unwrap());
        let (name, accounts, scopes) = (name.into(), on.collect(), scopes.clone());
        let new = NewCredential {
            name,
            accounts,
            scopes,
            with_token: false,
            door: Door::Socket { port },
            serves_api: false,
        };
        bob.system(Command::Credential(credential::Command::Create(Box::new(new)))).ok().unwrap();
    }
    bob.system(revoke(&bob)).ok().unwrap();
    let live: Vec<_> = bob.slice.credentials.iter().filter(|one| one.revoked.is_none()).collect();
    let mut names: Vec<_> = live.iter().map(|one| one.name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["both", "there"]);
    let both = live.iter().find(|one| one.name.as_str() == "both").unwrap();
    let there: access::PaperAccountId = "DU7654321".parse().unwrap();
    assert_eq!(both.accounts().collect::<Vec<_>>(), [there], "what is granted later is not its");
    let one = bob.slice.session(session).unwrap();
    let here = bob.slice.session_entitlements(one, account(), false);
    assert_eq!(here.err(), Some(Refusal::not_found("account")));
    assert!(
        bob.slice
            .session_entitlements(one, "DU7654321".parse::<AccountId>().unwrap(), false)
            .is_ok()
    );
    let close = A::Close { account: "DU7654321".parse().unwrap() };
    bob.system(Command::Account(close)).ok().unwrap();
    let mandate = bob.slice.mandates[0].id;
    let account = "DU7654321".parse().unwrap();
    let last = M::Revoke { mandate, account, owner: None };
    bob.system(Command::Mandate(last)).ok().unwrap();
    assert_eq!(bob.slice.sessions, []);
    let ended = bob.events.iter().any(|event| {
        matches!(
            event,
            Event::Session(session::Event::Ended { reason: SessionEnd::MandateRevoked, .. })
        )
    });
    assert!(ended);
}

#[test]
fn owner_grants_within_what_they_hold_and_nobody_else_does() {
    let mut ann = Desk::enrolled();
    let hours = Hours::Weekly(Box::new([access::entitlements::Window { from: 0, to: 600 }]));
    let conditions = Conditions { hours, ..Conditions::default() };
    let order_kinds = OrderKinds::of(&[OrderKind::Limit]);
    let narrow = MandateTerms { conditions, order_kinds, ..MandateTerms::of(Role::Owner) };
    let mandate = ann.slice.mandate(account()).unwrap().id;
    let change = M::Change { mandate, terms: Box::new(narrow.clone()), owner: None };
    ann.system(Command::Mandate(change)).ok().unwrap();
    let (by, owner) = word(&mut ann).ok().unwrap();
    let mut bob = second(&ann, Role::Auditor);
    bob.system(revoke(&bob)).ok().unwrap();
    let grant = |terms: MandateTerms, owner| {
        let (account, role) = (first(), Role::Trader);
        Command::Mandate(M::Grant { account, role, terms: Box::new(terms), owner })
    };
    // Without a word of an owner, a session grants nothing.
    let refused = bob.by(by, grant(MandateTerms::of(Role::Trader), None)).err();
    assert_eq!(refused, Some(Refusal::Change(ChangeRefusal::OperatorOnly)));
    let wide = bob.by(by, grant(MandateTerms::of(Role::Trader), Some(owner))).err();
    assert_eq!(
        wide,
        Some(Refusal::Account(AccountRefusal::WiderMandate { what: "kinds of orders" }))
    );
    let (by, owner) = word(&mut ann).ok().unwrap();
    let any_time = MandateTerms { order_kinds, ..MandateTerms::of(Role::Trader) };
    let wide = bob.by(by, grant(any_time, Some(owner))).err();
    assert_eq!(wide, Some(Refusal::Account(AccountRefusal::WiderMandate { what: "hours" })));
    let (by, owner) = word(&mut ann).ok().unwrap();
    let within = MandateTerms { acts: Role::Trader.acts(), ..narrow };
    bob.by(by, grant(within, Some(owner))).ok().unwrap();
    let mandate = bob.slice.mandate(account()).unwrap();
    assert_eq!(mandate.grantor, Grantor::Person(ann.person()));
}

#[test]
fn word_of_an_owner_takes_a_recent_proof_and_a_trader_has_none() {
    let mut ann = Desk::enrolled();
    let session = ann.signed_in().session;
    ann.wait(Span::hours(1));
    let (by, moment) = (By::Session(session), ann.moment());
    let stale = vouch_owner(&ann.slice, first(), (by, &browser(None)), &moment, &ann.key);
    assert!(matches!(stale.err(), Some(Refusal::Session(SessionRefusal::ProofTooOld { .. }))));
    let mut bob = second(&ann, Role::Trader);
    let link = bob.link(Purpose::SignIn);
    let by = By::Session(bob.open(&link).ok().unwrap().session);
    let moment = bob.moment();
    let none = vouch_owner(&bob.slice, first(), (by, &browser(None)), &moment, &bob.key);
    assert!(none.is_err());
}

#[test]
fn terms_beyond_the_role_a_past_end_and_a_second_mandate_are_refused() {
    let ann = Desk::bare();
    let mut bob = second(&ann, Role::Auditor);
    let mandate = bob.slice.mandate(account()).unwrap().id;
    let change =
        |terms| Command::Mandate(M::Change { mandate, terms: Box::new(terms), owner: None });
    let trades = MandateTerms::of(Role::Trader);
    assert_eq!(
        bob.system(change(trades)).err(),
        Some(Refusal::Account(AccountRefusal::WiderMandate { what: "acts" }))
    );
    let past = MandateTerms { until: Some(bob.now), ..MandateTerms::of(Role::Auditor) };
    assert_eq!(bob.system(change(past)).err().map(|one| one.code()), Some("OUT_OF_RANGE"));
    let (account, role, terms) = (first(), Role::Trader, Box::new(MandateTerms::of(Role::Trader)));
    let again = Command::Mandate(M::Grant { account, role, terms, owner: None });
    assert_eq!(
        bob.system(again).err(),
        Some(Refusal::Account(AccountRefusal::MandateStands { account }))
    );
}

#[test]
fn mandate_that_has_ended_authorises_nothing() {
    let ann = Desk::bare();
    let mut bob = second(&ann, Role::Trader);
    let until = bob.now + Span::minutes(30);
    let mandate = bob.slice.mandate(account()).unwrap().id;
    let terms = Box::new(MandateTerms { until: Some(until), ..MandateTerms::of(Role::Trader) });
    bob.system(Command::Mandate(M::Change { mandate, terms, owner: None })).ok().unwrap();
    let link = bob.link(Purpose::SignIn);
    let by = By::Session(bob.open(&link).ok().unwrap().session);
    let end = || Command::Session(session::Command::EndOthers);
    bob.by(by, end()).ok().unwrap();
    bob.wait(Span::minutes(31));
    assert!(bob.by(by, end()).is_err());
}

#[test]
fn mandate_is_read_back_as_it_was_recorded() {
    let desk = Desk::bare();
    let found = desk.events.iter().find(|one| matches!(one, Event::Mandate(_))).unwrap();
    let text = serde_json::to_string(found).unwrap();
    assert_eq!(&serde_json::from_str::<Event>(&text).unwrap(), found);
    assert!(text.contains(r#""order_kinds":["market","limit","stop","stop_limit"]"#), "{text}");
    let person: PersonId = desk.person();
    assert!(text.contains(&format!(r#""holder":"{person}""#)), "{text}");
}

#[test]
fn what_an_account_is_not_permitted_no_mandate_gives() {
    let mut desk = Desk::enrolled();
    let session = desk.signed_in().session;
    let opened = desk.slice.account(account()).unwrap().account.clone().unwrap();
    let bare = Account { products: Products::NONE, ..opened };
    desk.slice.apply(&[noun::Event::Opened(Box::new(bare)).into()]);
    let one = desk.slice.session(session).unwrap();
    let given = desk.slice.session_entitlements(one, account(), false).unwrap();
    assert_eq!((given.products, given.acts), (Products::NONE, Acts::ALL));
}
