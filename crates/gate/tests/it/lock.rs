//! Locks: grades, receipt, unlock.

use access::refusal::{AuthorityRefusal, ChangeRefusal, SignInRefusal};
use access::{
    AccountId, Act, By, Call, Command, Grade, Moment, Refusal, SealKey, Source, decide, mandate,
};
use gate::{Actor, LockTarget, SocketProof, evidence_verify};
use store::{Key, Store};

use crate::mandate::{on_accounts_of, on_two_accounts, program, rest, second_owner};
use crate::place::{HOME, OPERATOR, Place, browser, shows, text};

#[tokio::test]
async fn grades_leave_what_they_say_and_the_operator_lifts_them() {
    let place = Place::new().await;
    let target = LockTarget::Account(place.gate.account().into());
    let credential = place.gate.credentials().find("trading").await.unwrap().credential.id;
    let door = SocketProof { credential, address: HOME, token: None };
    let admission = place.gate.enter_socket(&door).unwrap();
    for (grade, place_order, reduce) in
        [(Grade::ReduceOnly, false, true), (Grade::NoNew, false, false)]
    {
        let receipt = place.gate.locks().lock(&OPERATOR, target, grade).await.unwrap();
        assert_eq!((receipt.grade, receipt.sessions, receipt.orders), (grade, 0, Some(0)));
        let acts = admission.entitlements().acts;
        assert_eq!(acts.contains(Act::PlaceOrder), place_order);
        assert_eq!(acts.contains(Act::ReduceOrder), reduce);
        assert!(acts.contains(Act::CancelOrder));
        assert!(admission.is_current());
    }
    let weaker = place.gate.locks().lock(&OPERATOR, target, Grade::ReduceOnly).await;
    assert_eq!(weaker, Err(Refusal::Change(ChangeRefusal::LockStands { grade: Grade::NoNew })));
    place.gate.locks().unlock(&OPERATOR, target).await.unwrap();
    assert!(admission.entitlements().acts.contains(Act::PlaceOrder));
    assert_eq!(
        place.gate.locks().unlock(&OPERATOR, target).await,
        Err(Refusal::Change(ChangeRefusal::NoLock))
    );
}

#[tokio::test]
async fn lock_of_all_ends_everything_and_the_session_that_asked_keeps_the_receipt() {
    let place = Place::new().await;
    let (own, cookie) = place.by_link().await;
    let (_, other) = place.by_link().await;
    let actor = Actor::Session(own.clone());
    let target = LockTarget::Person(own.person);
    let receipt = place.gate.locks().lock(&actor, target, Grade::All).await.unwrap();
    assert_eq!(receipt.sessions, 1);
    assert_eq!(receipt.credentials.len(), 3);
    assert_eq!(receipt.devices.len(), 2);
    let ended =
        place.gate.sessions().by_token(text(&other.session_token), HOME, shows()).unwrap_err();
    assert!(ended.caller_text().contains("everything was locked"), "{ended}");
    let ticket = place.ticket(&cookie);
    assert_eq!(ticket.receipt, Some(receipt.lock));
    assert!(place.gate.sessions().admit(&ticket).unwrap().entitlements().acts.is_empty());
    let read = place.gate.locks().receipt(&ticket).await.unwrap();
    assert_eq!((read.sessions, read.credentials), (1, receipt.credentials));
    let unlock = place.gate.locks().unlock(&Actor::Session(ticket), target).await;
    assert_eq!(unlock, Err(Refusal::Change(ChangeRefusal::OperatorOnly)));
    let code = place.gate.sign_ins().password("trader", place.password(), &browser(None)).await;
    assert_eq!(
        code.err(),
        Some(Refusal::Authority(AuthorityRefusal::Locked { grade: Grade::All }))
    );
    place.gate.locks().unlock(&OPERATOR, target).await.unwrap();
    // What somebody may know by then signs in no longer; the operator's link sets a new password.
    let old = place.gate.sign_ins().password("trader", place.password(), &browser(None)).await;
    assert_eq!(old.err(), Some(Refusal::SignIn(SignInRefusal::SignInFailed)));
    let link = place.gate.people().reset_password(&OPERATOR, "trader").await.unwrap();
    let signed_in = place.gate.sign_ins().by_link(&link.token, &browser(None)).await.unwrap();
    let ticket = place.ticket(&crate::place::done(signed_in));
    let new = || access::Secret::from_text("four unlikely words walk".to_owned());
    place.gate.authenticators().set_password(&ticket, None, new()).await.unwrap();
    let step = place.gate.sign_ins().password("trader", new(), &browser(None)).await;
    assert_eq!(
        step.err(),
        Some(Refusal::SignIn(SignInRefusal::SecondFactorMissing)),
        "the app is set up anew as well"
    );
}

/// Joint owners: what one of them is locked out of is no order of the other's.
#[tokio::test]
async fn lock_of_a_person_cancels_their_orders_and_leaves_those_of_a_joint_owner() {
    let place = Place::new().await;
    let gate = &place.gate;
    second_owner(gate).await;
    let who = program(gate).await;
    let (ticket, _) = place.by_link().await;
    rest(gate, &who, 1).unwrap();
    rest(gate, &gate.sessions().admit(&ticket).unwrap(), 2).unwrap();
    let lock = async |name: &str| {
        let target = LockTarget::Person(gate.people().find(name).await.unwrap().id);
        gate.locks().lock(&OPERATOR, target, Grade::All).await.unwrap().orders
    };
    assert_eq!(lock("ann").await, Some(0));
    assert_eq!(gate.view().await.unwrap().open_orders.len(), 2);
    assert_eq!(lock("trader").await, Some(2), "of the program and of the session");
    assert!(gate.view().await.unwrap().open_orders.is_empty());
}

/// A start knows one person after the other, and looks at orders only when it knows them all.
#[tokio::test]
async fn lock_of_a_person_leaves_the_orders_of_a_joint_owner_at_a_start_too() {
    for (locked, other) in [("ann", "trader"), ("trader", "ann")] {
        let place = Place::new().await;
        // Later than the trader, so that the trader is known first: of one age, chance decides.
        place.pass(access::Span::seconds(1));
        let gate = &place.gate;
        second_owner(gate).await;
        let (_, credential) = on_accounts_of(&place, other).await;
        let target = LockTarget::Person(gate.people().find(locked).await.unwrap().id);
        gate.locks().lock(&OPERATOR, target, Grade::All).await.unwrap();
        let door = SocketProof { credential, address: HOME, token: None };
        let who = gate.enter_socket(&door).unwrap();
        rest(gate, &who.on(gate.account()).unwrap(), 1).unwrap();
        gate.orders().flush().await.unwrap();
        let place = place.reopened().await;
        let open = place.gate.view().await.unwrap().open_orders.len();
        assert_eq!(open, 1, "{locked} is locked, and the order is {other}'s");
    }
}

/// A cut never widens: what a credential does on another account is none of this lock's business, and lifting
/// the lock gives nothing back.
#[tokio::test]
async fn lock_of_all_on_one_account_leaves_a_credential_its_other_accounts() {
    let place = Place::new().await;
    let (second, both) = on_two_accounts(&place).await;
    let first = place.gate.account();
    let door = SocketProof { credential: both, address: HOME, token: None };
    let who = place.gate.enter_socket(&door).unwrap();
    let (here, there) = (who.on(first).unwrap(), who.on(second).unwrap());
    rest(&place.gate, &here, 1).unwrap();
    rest(&place.gate, &there, 2).unwrap();
    let target = LockTarget::Account(first.into());
    let receipt = place.gate.locks().lock(&OPERATOR, target, Grade::All).await.unwrap();
    assert_eq!((receipt.credentials.len(), receipt.orders), (4, Some(1)));
    assert_eq!(here.ended().map(|why| why.code()), Some("CREDENTIAL_WITHDRAWN"));
    rest(&place.gate, &there, 3).unwrap();
    place.gate.locks().unlock(&OPERATOR, target).await.unwrap();
    assert!(rest(&place.gate, &here, 4).is_err());
    let place = place.reopened().await;
    let after = place.gate.enter_socket(&door).unwrap();
    assert_eq!(after.accounts().collect::<Vec<_>>(), [second]);
    let report = evidence_verify(place.folder.path(), None).await.unwrap();
    assert!(report.faults.is_empty(), "{:?}", report.faults);
}

/// Commits the end of the trader's mandate, of which this gate hears nothing.
async fn revoke_in_the_tables(place: &Place, account: AccountId) {
    let file = place.folder.path().join(gate::open::DATABASE);
    let store = Store::open(&store::engine::sqlite_url(&file)).await.unwrap();
    let slice = store.slice_about(Key::Username("trader"), &[account]).await.unwrap();
    let mandate = slice.mandate(account).unwrap().id;
    let revoke = mandate::Command::Revoke { mandate, account, owner: None };
    let (by, source) = (By::System, Source::local());
    let call = Call { by, source: source.clone(), command: Command::Mandate(revoke) };
    let moment = Moment::new(place.clock.stamp(), [7; 32]);
    let decision = decide(&slice, &call, &moment, &SealKey::new([7; 32]));
    let read = (&slice, &decision.reads);
    store.commit(read, &decision.events, by, &source, moment.now).await.unwrap();
    store.close().await;
}

/// The server stops behind the cut and before its orders.
#[tokio::test]
async fn orders_on_an_account_that_a_credential_is_off_are_cancelled_at_the_next_start() {
    let place = Place::new().await;
    let (second, both) = on_two_accounts(&place).await;
    let first = place.gate.account();
    let door = SocketProof { credential: both, address: HOME, token: None };
    let who = place.gate.enter_socket(&door).unwrap();
    for (account, number) in [(first, 1), (second, 2)] {
        rest(&place.gate, &who.on(account).unwrap(), number).unwrap();
    }
    place.gate.orders().flush().await.unwrap();
    second_owner(&place.gate).await;
    revoke_in_the_tables(&place, first.into()).await;
    let place = place.reopened().await;
    let open = |account| place.gate.view_of(account);
    assert_eq!(open(first).await.unwrap().open_orders.len(), 0);
    assert_eq!(open(second).await.unwrap().open_orders.len(), 1);
}

#[tokio::test]
async fn lock_of_somebody_elses_person_is_not_found() {
    let place = Place::new().await;
    let (own, _) = place.by_link().await;
    let target = LockTarget::Person(access::PersonId([9; 16]));
    let refused = place.gate.locks().lock(&Actor::Session(own), target, Grade::NoNew).await;
    assert_eq!(refused, Err(Refusal::not_found("person or account")));
}

#[tokio::test]
async fn own_lock_is_lifted_with_a_fresh_sign_in_and_its_record_replays() {
    let place = Place::new().await;
    let (own, cookie) = place.by_link().await;
    let target = LockTarget::Account(place.gate.account().into());
    let receipt =
        place.gate.locks().lock(&Actor::Session(own.clone()), target, Grade::NoNew).await.unwrap();
    assert_eq!(receipt.lifted_by, Some(own.person));
    let refused = place.gate.locks().unlock(&Actor::Session(own.clone()), target).await;
    assert_eq!(refused, Err(Refusal::Change(ChangeRefusal::LockUnproven { at: receipt.at })));
    let code = place.gate.authenticators().totp_now("trader").await.unwrap();
    let fresh = place.gate.step_ups().fresh(&place.ticket(&cookie), place.password(), &code).await;
    let (fresh, _) = fresh.unwrap();
    place.gate.locks().unlock(&Actor::Session(fresh), target).await.unwrap();
    assert!(place.gate.locks().list(own.person).await.unwrap().is_empty());
    let report = evidence_verify(place.folder.path(), None).await.unwrap();
    assert!(report.faults.is_empty(), "{:?}", report.faults);
}

/// Somebody who only looks on holds the account too, with rows and a version of their own.
#[tokio::test]
async fn lock_of_an_account_and_its_end_reach_those_who_hold_it_beside_its_owner() {
    let place = Place::new().await;
    let gate = &place.gate;
    let target = LockTarget::Account(gate.account().into());
    let link = gate.people().add(&OPERATOR, "ann", place.gate.account()).await.unwrap();
    let mut signed_in =
        crate::place::done(gate.sign_ins().by_link(&link.token, &browser(None)).await.unwrap());
    let ticket = place.ticket(&signed_in);
    let known = browser(signed_in.device_token.as_ref());
    let password = || access::Secret::from_text("four unlikely words walk".to_owned());
    gate.authenticators().set_password(&ticket, None, password()).await.unwrap();
    let setup = gate.authenticators().totp_setup(&ticket).await.unwrap();
    let seed = data_encoding::BASE32_NOPAD.decode(setup.secret.expose()).unwrap();
    let code = |now| {
        let step = access::authenticator::totp::step(now);
        access::authenticator::totp::code(&seed, step)
    };
    gate.authenticators().totp_confirm(&ticket, &code(gate.now())).await.unwrap();
    let views = |signed_in: &gate::SignedIn| {
        let ticket = gate.sessions().by_token(text(&signed_in.session_token), HOME, shows())?;
        Ok::<_, Refusal>(
            gate.sessions().admit(&ticket)?.entitlements().acts.contains(Act::ViewAccount),
        )
    };
    assert_eq!(views(&signed_in), Ok(true));

    for round in 0..2 {
        let receipt = gate.locks().lock(&OPERATOR, target, Grade::All).await.unwrap();
        assert_eq!(receipt.sessions, 1, "hers is on the receipt");
        let over = views(&signed_in).unwrap_err();
        assert_eq!(over.code(), "SESSION_ENDED", "{over}");
        place.pass(access::Span::minutes(1));
        let locked = gate.sign_ins().password("ann", password(), &browser(None)).await;
        assert_eq!(
            locked.err(),
            Some(Refusal::Authority(AuthorityRefusal::Locked { grade: Grade::All }))
        );
        gate.locks().unlock(&OPERATOR, target).await.unwrap();
        // Her password is hers alone, and nobody said that it was known.
        let step = gate.sign_ins().password("ann", password(), &known).await.unwrap();
        let attempt = crate::place::totp(step);
        let step = gate.sign_ins().totp(&attempt, &code(gate.now()), &known).await.unwrap();
        signed_in = crate::place::done(step);
        assert_eq!(views(&signed_in), Ok(true), "{round}");
    }
    // Weaker ones take nothing from somebody who looks, and leave nothing behind.
    gate.locks().lock(&OPERATOR, target, Grade::NoNew).await.unwrap();
    assert_eq!(views(&signed_in), Ok(true));
    gate.locks().unlock(&OPERATOR, target).await.unwrap();
    assert_eq!(views(&signed_in), Ok(true));
    let report = evidence_verify(place.folder.path(), None).await.unwrap();
    assert!(report.faults.is_empty(), "{:?}", report.faults);
}

fn her_password() -> access::Secret {
    access::Secret::from_text("four unlikely words walk".to_owned())
}

/// Adds somebody who looks on, who sets up a password and an app.
async fn with_password(place: &Place, name: &str) -> (gate::SessionTicket, gate::SignedIn) {
    let link = place.gate.people().add(&OPERATOR, name, place.gate.account()).await.unwrap();
    let step = place.gate.sign_ins().by_link(&link.token, &browser(None)).await.unwrap();
    let signed_in = crate::place::done(step);
    let ticket = place.ticket(&signed_in);
    let authenticators = place.gate.authenticators();
    authenticators.set_password(&ticket, None, her_password()).await.unwrap();
    let setup = authenticators.totp_setup(&ticket).await.unwrap();
    let seed = data_encoding::BASE32_NOPAD.decode(setup.secret.expose()).unwrap();
    let step = access::authenticator::totp::step(place.gate.now());
    let code = access::authenticator::totp::code(&seed, step);
    authenticators.totp_confirm(&ticket, &code).await.unwrap();
    (place.ticket(&signed_in), signed_in)
}

/// What a password comes to.
async fn answer(place: &Place, name: &str, password: access::Secret) -> String {
    place.pass(access::Span::minutes(1));
    match place.gate.sign_ins().password(name, password, &browser(None)).await {
        Ok(_) => "TOTP".to_owned(),
        Err(refusal) => refusal.code().to_owned(),
    }
}

async fn devices(place: &Place, person: access::PersonId) -> usize {
    place.gate.devices().list(Some(person)).await.unwrap().len()
}

/// Who only looks on locks what they sign in with, not what the owner does.
#[tokio::test]
async fn lock_of_all_at_the_portal_wears_out_who_asked_and_its_end_the_same() {
    let place = Place::new().await;
    let gate = &place.gate;
    let target = LockTarget::Account(gate.account().into());
    let (ann, _) = with_password(&place, "ann").await;
    let (own, _) = place.by_link().await;
    let before = devices(&place, own.person).await;
    assert!(before > 0 && devices(&place, ann.person).await == 1);
    place.pass(access::Span::minutes(1));
    let receipt =
        gate.locks().lock(&Actor::Session(ann.clone()), target, Grade::All).await.unwrap();
    assert_eq!((receipt.worn, receipt.devices.len()), (Some(ann.person), 1));
    assert_eq!(devices(&place, ann.person).await, 0);
    assert_eq!(devices(&place, own.person).await, before);
    let lifted = gate.locks().unlock(&OPERATOR, target).await.unwrap();
    assert_eq!(lifted.worn, Some(ann.person));
    assert_eq!(answer(&place, "ann", her_password()).await, "SIGN_IN_FAILED");
    assert_eq!(answer(&place, "trader", place.password()).await, "TOTP");
    assert_eq!(devices(&place, own.person).await, before);
    let report = evidence_verify(place.folder.path(), None).await.unwrap();
    assert!(report.faults.is_empty(), "{:?}", report.faults);
}

#[tokio::test]
async fn lock_of_all_on_a_joint_account_treats_its_owners_alike() {
    let place = Place::new().await;
    let (own, _) = place.by_link().await;
    let (ann, _) = with_password(&place, "ann").await;
    let account = AccountId::from(place.gate.account());
    place.gate.mandates().revoke(&OPERATOR, "ann", account).await.unwrap();
    let terms = mandate::MandateTerms::of(mandate::Role::Owner);
    let on = (account, mandate::Role::Owner);
    place.gate.mandates().grant(&OPERATOR, "ann", on, terms).await.unwrap();
    let target = LockTarget::Account(account);
    let before = [devices(&place, own.person).await, devices(&place, ann.person).await];
    place.pass(access::Span::minutes(1));
    let receipt = place.gate.locks().lock(&OPERATOR, target, Grade::All).await.unwrap();
    assert_eq!((receipt.worn, receipt.devices.len(), receipt.sessions), (None, 0, 1));
    for (name, password) in [("trader", place.password()), ("ann", her_password())] {
        assert_eq!(answer(&place, name, password).await, "LOCKED", "{name}");
    }
    let place = place.reopened().await;
    assert_eq!(place.gate.locks().unlock(&OPERATOR, target).await.unwrap().worn, None);
    assert_eq!(answer(&place, "trader", place.password()).await, "TOTP");
    assert_eq!(answer(&place, "ann", her_password()).await, "TOTP");
    let after = [devices(&place, own.person).await, devices(&place, ann.person).await];
    assert_eq!(after, before);
    // A lock on the person takes what is theirs.
    let person = LockTarget::Person(ann.person);
    let receipt = place.gate.locks().lock(&OPERATOR, person, Grade::All).await.unwrap();
    assert_eq!((receipt.worn, receipt.devices.len()), (Some(ann.person), 1));
    let report = evidence_verify(place.folder.path(), None).await.unwrap();
    assert!(report.faults.is_empty(), "{:?}", report.faults);
}

/// Another account of a holder is none of the lock's business.
#[tokio::test]
async fn lock_of_all_on_one_account_leaves_a_holder_their_sessions_for_another() {
    let place = Place::new().await;
    let first = place.gate.account();
    let (ann, cookie) = with_password(&place, "ann").await;
    let new = gate::NewPaperAccount {
        owner: "ann".to_owned(),
        account: None,
        purpose: "hers".to_owned(),
        base_currency: access::account::Currency::USD,
        cash: 1_000.into(),
        self_match: trade::ledger::SelfMatch::CancelNewest,
    };
    let second = place.gate.paper_accounts().create(&OPERATOR, new).await.unwrap();
    let views = |place: &Place, account| {
        let ticket = place.ticket(&cookie).on(account).unwrap();
        let who = place.gate.sessions().admit(&ticket);
        who.is_ok_and(|who| who.entitlements().acts.contains(Act::ViewAccount))
    };
    assert!(views(&place, first) && views(&place, second));
    place.pass(access::Span::minutes(1));
    let target = LockTarget::Account(first.into());
    let receipt = place.gate.locks().lock(&OPERATOR, target, Grade::All).await.unwrap();
    assert_eq!(receipt.sessions, 0);
    assert!(!views(&place, first) && views(&place, second));
    // They may sign in too, for the other one, and so may not who was locked themselves.
    assert_eq!(answer(&place, "ann", her_password()).await, "TOTP");
    assert_eq!(answer(&place, "trader", place.password()).await, "LOCKED");
    let place = place.reopened().await;
    assert!(!views(&place, first) && views(&place, second));
    let target = LockTarget::Account(second.into());
    let both = place.gate.locks().lock(&OPERATOR, target, Grade::All).await.unwrap();
    assert_eq!((both.worn, both.sessions), (Some(ann.person), 1));
}
