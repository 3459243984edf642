//! Cuts that cannot be recorded: they hold, can be lifted, outlive a restart, and come on record when
//! the tables can be written again. Another writer holds the tables' lock meanwhile.

use std::sync::Arc;

use access::large_order::Threshold;
use access::policy::{Assurance, Policy, Tempo};
use access::refusal::{ChangeRefusal, ServerRefusal};
use access::session::Interface;
use access::{Act, Grade, Refusal, Time};
use gate::{ActivityEntry, ActivityFilter, ActivityKind, Actor, Gate, LockTarget, SocketProof};
use store::Store;

use crate::place::{HOME, OPERATOR, Place, open, shows, text};

/// Anyone else who writes to the tables.
async fn other(place: &Place) -> Store {
    let file = place.folder.path().join(gate::open::DATABASE);
    Store::open(&store::engine::sqlite_url(&file)).await.unwrap()
}

fn is_owed<T: std::fmt::Debug>(answer: Result<T, Refusal>) {
    let refusal = answer.unwrap_err();
    assert_eq!(refusal.code(), "IN_FORCE_NOT_ON_RECORD", "{refusal}");
    assert!(refusal.caller_text().contains("a restart does not undo it"), "{refusal}");
}

fn owed(gate: &Gate) -> Option<(Time, String)> {
    let all = gate.vitals().conditions();
    all.into_iter().find(|one| one.code == "CUTS_OWED").map(|one| (one.since, one.text))
}

async fn until_recorded(gate: &Gate) {
    while owed(gate).is_some() {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
}

async fn entries(gate: &Gate) -> Vec<ActivityEntry> {
    let filter = ActivityFilter { limit: 100, ..ActivityFilter::default() };
    let page = gate.activity().page(&OPERATOR, &filter, None).await.unwrap();
    page.entries.into_iter().filter(|one| one.kind == ActivityKind::Access).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn cut_that_cannot_be_recorded_holds_is_lifted_and_comes_on_record() {
    let place = Place::new().await;
    let gate = &place.gate;
    let (ticket, signed_in) = place.by_link().await;
    let (lost_ticket, lost) = place.by_link().await;
    let (own_ticket, own) = place.by_link().await;
    let (_, elsewhere) = place.by_link().await;
    let target = LockTarget::Account(gate.account().into());
    let trading = gate.credentials().find("trading").await.unwrap().credential.id;
    let door = |credential| SocketProof { credential, address: HOME, token: None };
    let admission = gate.enter_socket(&door(trading)).unwrap();
    let narrow = gate.credentials().find("narrow").await.unwrap().credential.id;

    let other = other(&place).await;
    let held = other.database().begin().await.unwrap();
    let at = gate.now();
    is_owed(gate.locks().lock(&OPERATOR, target, Grade::NoNew).await);
    assert!(!admission.entitlements().acts.contains(Act::PlaceOrder));
    let (since, said) = owed(gate).unwrap();
    assert!(since == at && said.starts_with("1 cut is in effect"), "{said}");
    // It is in force: it cannot be set twice, and it can be lifted.
    let again = gate.locks().lock(&OPERATOR, target, Grade::NoNew).await;
    assert_eq!(
        again.unwrap_err(),
        Refusal::Change(ChangeRefusal::LockStands { grade: Grade::NoNew })
    );
    is_owed(gate.locks().unlock(&OPERATOR, target).await);
    assert!(admission.entitlements().acts.contains(Act::PlaceOrder), "lifted");
    assert_eq!(
        gate.locks().unlock(&OPERATOR, target).await.unwrap_err(),
        Refusal::Change(ChangeRefusal::NoLock)
    );
    // What would widen is not done before it is on record.
    is_owed(gate.credentials().revoke(&OPERATOR, narrow, false).await);
    assert!(gate.enter_socket(&door(narrow)).is_err());
    is_owed(gate.sessions().end(&OPERATOR, ticket.session).await);
    let is_over = |one: &gate::SignedIn| {
        gate.sessions().by_token(text(&one.session_token), HOME, shows()).is_err()
    };
    assert!(is_over(&signed_in));
    // A device, with its session; then a new password, which ends all others.
    is_owed(gate.devices().remove(&OPERATOR, lost_ticket.device).await);
    assert!(is_over(&lost));
    let new = access::Secret::from_text("four unlikely words walk".to_owned());
    is_owed(gate.authenticators().set_password(&own_ticket, Some(&place.password()), new).await);
    assert!(is_over(&elsewhere) && !is_over(&own));

    place.pass(access::Span::minutes(5));
    held.rollback().await.unwrap();
    until_recorded(gate).await;
    let all = entries(gate).await;
    let late: Vec<_> = all.iter().filter(|one| one.text.contains("in effect since")).collect();
    let kinds: Vec<_> = late.iter().rev().map(|one| one.what.as_ref()).collect();
    for kind in ["lock.set", "lock.lifted", "credential.revoked", "session.ended", "device.removed"]
    {
        assert!(kinds.contains(&kind), "{kind}: {kinds:?}");
    }
    let place_of = |kind| kinds.iter().position(|one| *one == kind);
    assert!(place_of("lock.set") < place_of("lock.lifted"), "in order");
    for one in &late {
        assert!(one.text.contains(&format!("in effect since {at}")), "{}", one.text);
    }
    // The first one was on its way already when the clock was moved.
    assert_eq!(late[0].at, gate.now(), "the time of record is its own");
    gate::evidence_verify(place.folder.path(), None).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn mandate_revoked_while_it_cannot_be_recorded_is_over_and_comes_on_record() {
    let place = Place::new().await;
    let gate = &place.gate;
    crate::mandate::second_owner(gate).await;
    let account = crate::mandate::account(gate);
    let (_, cookie) = place.by_link().await;
    let who = crate::mandate::program(gate).await;
    crate::mandate::rest(gate, &who, 1).unwrap();
    let other = other(&place).await;
    let held = other.database().begin().await.unwrap();
    is_owed(gate.mandates().revoke(&OPERATOR, "trader", account).await);
    assert!(who.ended().is_some() && crate::mandate::rest(gate, &who, 2).is_err());
    assert!(gate.sessions().by_token(text(&cookie.session_token), HOME, shows()).is_err());
    // Whoever looks at the account meanwhile sees one owner, who therefore stays.
    let last = gate.mandates().revoke(&OPERATOR, "ann", account).await.unwrap_err();
    assert!(matches!(last.code(), "LAST_OWNER" | "STORE_FAILED"), "{last}");
    held.rollback().await.unwrap();
    until_recorded(gate).await;
    let all = entries(gate).await;
    assert!(all.iter().any(|one| one.what == "mandate.revoked"));
    assert_eq!(gate.mandates().list(account).await.unwrap().len(), 1);
    let report = gate::evidence_verify(place.folder.path(), None).await.unwrap();
    assert!(report.faults.is_empty(), "{:?}", report.faults);
}

#[tokio::test(flavor = "multi_thread")]
async fn cut_that_cannot_be_recorded_outlives_a_crash() {
    let place = Place::new().await;
    let (ticket, _) = place.by_link().await;
    let target = LockTarget::Person(ticket.person);
    let other = other(&place).await;
    let held = other.database().begin().await.unwrap();
    is_owed(place.gate.locks().lock(&Actor::Session(ticket), target, Grade::All).await);
    // As after a kill: what it wrote is copied while it runs, and opened elsewhere.
    let copy = tempfile::tempdir().unwrap();
    copy_folder(place.folder.path(), copy.path());
    held.rollback().await.unwrap();

    let file = std::fs::read(copy.path().join("owed")).unwrap();
    let gate = open(copy.path(), &place.clock).await;
    until_recorded(&gate).await;
    let trading = gate.credentials().find("trading").await.unwrap();
    assert!(trading.credential.revoked.is_some());
    assert_eq!(gate.sessions().list(None).await.unwrap().len(), 1, "the receipt's");
    gate.locks().unlock(&OPERATOR, target).await.unwrap();
    gate.close().await.unwrap();
    gate::evidence_verify(copy.path(), None).await.unwrap();
    // Once on record it is owed no more, whatever the file says.
    drop(gate);
    std::fs::write(copy.path().join("owed"), file).unwrap();
    let gate = open(copy.path(), &place.clock).await;
    assert_eq!(
        gate.locks().unlock(&OPERATOR, target).await.unwrap_err(),
        Refusal::Change(ChangeRefusal::NoLock)
    );
}

fn copy_folder(from: &std::path::Path, to: &std::path::Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let (path, new) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() {
            std::fs::create_dir_all(&new).unwrap();
            copy_folder(&path, &new);
        } else {
            std::fs::copy(&path, &new).unwrap();
        }
    }
}

/// The file of the tables is gone: what only takes away is in force all the same, and recorded by the
/// next start that has it.
#[tokio::test(flavor = "multi_thread")]
async fn cut_with_lost_tables_holds_and_is_recorded_once_they_are_back() {
    let place = Place::new().await;
    let gate = &place.gate;
    let (ticket, signed_in) = place.by_link().await;
    let target = LockTarget::Account(gate.account().into());
    let named = async |name: &str| gate.credentials().find(name).await.unwrap().credential.id;
    let (trading, narrow, reading) =
        (named("trading").await, named("narrow").await, named("read-only").await);
    let door = |credential| SocketProof { credential, address: HOME, token: None };
    let admission = gate.enter_socket(&door(trading)).unwrap();
    let (tables, aside) = (place.folder.path().join(gate::open::DATABASE), tempfile::tempdir());
    let aside = aside.unwrap();
    std::fs::rename(&tables, aside.path().join("tables")).unwrap();

    assert_eq!(named("narrow").await, narrow, "names are known");
    is_owed(gate.credentials().revoke(&OPERATOR, narrow, true).await);
    assert!(gate.enter_socket(&door(narrow)).is_err());
    is_owed(gate.credentials().pause(&OPERATOR, reading, false).await);
    assert!(gate.enter_socket(&door(reading)).is_err());
    is_owed(gate.sessions().end(&OPERATOR, ticket.session).await);
    assert!(gate.sessions().by_token(text(&signed_in.session_token), HOME, shows()).is_err());
    is_owed(gate.locks().lock(&OPERATOR, target, Grade::NoNew).await);
    assert!(!admission.entitlements().acts.contains(Act::PlaceOrder));
    // What gives is refused for what it is.
    let refused = gate.credentials().resume(&OPERATOR, reading).await.unwrap_err();
    assert_eq!(refused.code(), "FILE_LOST");
    assert!(!tables.exists(), "no empty file is made in its place");
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    assert!(owed(gate).is_some(), "what is recorded in a lost file is lost with it");

    let Place { gate, clock, folder, .. } = place;
    drop((gate, admission));
    std::fs::rename(aside.path().join("tables"), &tables).unwrap();
    let gate = open(folder.path(), &clock).await;
    until_recorded(&gate).await;
    assert!(gate.credentials().find("narrow").await.unwrap().credential.revoked.is_some());
    assert!(gate.credentials().find("read-only").await.unwrap().credential.paused.is_some());
    gate.locks().unlock(&OPERATOR, target).await.unwrap();
    gate.close().await.unwrap();
    gate::evidence_verify(folder.path(), None).await.unwrap();
}

/// What narrows the rules that sessions work by is a cut like any other; what widens them waits for the record.
#[tokio::test(flavor = "multi_thread")]
async fn narrower_rule_that_cannot_be_recorded_is_in_force_and_a_wider_one_is_not() {
    let place = Place::new().await;
    let gate = &place.gate;
    let (one, signed_in) = place.by_link().await;
    let (two, _) = place.by_link().await;
    let person = one.person;
    let before = gate.policies().own(person).await.unwrap();
    let (first, second) =
        (gate.sessions().admit(&one).unwrap(), gate.sessions().admit(&two).unwrap());
    let trades = |admission: &gate::Admission| {
        admission.is_current() && admission.entitlements().acts.contains(Act::PlaceOrder)
    };
    let other = other(&place).await;
    let held = other.database().begin().await.unwrap();

    let above = |usd: i64| Threshold { above: Some(usd.into()) };
    is_owed(gate.large_orders().set(&OPERATOR, person, above(50)).await);
    let asks = || gate.sessions().admit(&two).unwrap().entitlements().asks_above;
    assert_eq!(asks(), Some(50.into()));
    let wider = gate.large_orders().set(&OPERATOR, person, above(51)).await.unwrap_err();
    assert_eq!(wider.code(), "STORE_FAILED");
    assert_eq!(asks(), Some(50.into()), "nothing was changed");

    // Switched on, then taken over: one session trades each time.
    is_owed(gate.policies().set_one_brokerage(&OPERATOR, person, true).await);
    assert!(trades(&first) != trades(&second));
    let (has, lacks) = if trades(&first) { (&first, &two) } else { (&second, &one) };
    is_owed(gate.policies().take_over(lacks).await);
    assert!(!trades(has) && (trades(&first) || trades(&second)));
    let off = gate.policies().set_one_brokerage(&OPERATOR, person, false).await;
    assert_eq!(off.unwrap_err().code(), "STORE_FAILED", "both would trade again");

    // A policy, with the sessions that it shortens and those that it makes view-only.
    let mut policy = Policy::standard(person, Interface::Portal);
    policy.own.idle = Some(access::Span::minutes(5));
    policy.needs.trade = Assurance::Resistant;
    is_owed(gate.policies().set(&OPERATOR, policy).await);
    assert!(!trades(&first) && !trades(&second));
    let wider = Policy { tempo: Tempo::Active, ..Policy::standard(person, Interface::Portal) };
    assert_eq!(gate.policies().set(&OPERATOR, wider).await.unwrap_err().code(), "STORE_FAILED");
    let now = gate.policies().own(person).await.unwrap();
    assert_eq!(now.large_orders, above(50), "pages show what is in force");
    assert!(now.one_brokerage && now.policies.contains(&policy));
    place.pass(access::Span::minutes(6));
    let idle = gate.sessions().by_token(text(&signed_in.session_token), HOME, shows());
    assert!(idle.is_err(), "over after five minutes");

    held.rollback().await.unwrap();
    until_recorded(gate).await;
    let all = entries(gate).await;
    let late = all.iter().filter(|one| one.text.contains("in effect since"));
    let kinds: Vec<_> = late.map(|one| one.what.as_ref()).collect();
    for kind in ["large_order.set", "brokerage.held", "policy.set", "session.limited"] {
        assert!(kinds.contains(&kind), "{kind}: {kinds:?}");
    }
    gate.close().await.unwrap();
    let Place { gate, clock, folder, .. } = place;
    drop((gate, first, second));
    let gate = open(folder.path(), &clock).await;
    let now = gate.policies().own(person).await.unwrap();
    assert!(now.large_orders == above(50) && now.one_brokerage);
    assert!(now.policies.contains(&policy) && now.policies != before.policies);
    gate.close().await.unwrap();
    gate::evidence_verify(folder.path(), None).await.unwrap();
}

/// The message was on a page before the tables were gone.
#[tokio::test(flavor = "multi_thread")]
async fn not_me_with_lost_tables_ends_what_the_message_names() {
    let place = Place::new().await;
    let gate = &place.gate;
    let (ticket, _) = place.by_link().await;
    let (lost, copied) = place.by_link().await;
    let named = |one: &store::Message| one.notice.subject.device == Some(lost.device);
    let page = gate.notices().list(ticket.person, None).await.unwrap();
    let message = page.messages.iter().find(|one| named(one)).unwrap().notice.id;
    let (tables, aside) = (place.folder.path().join(gate::open::DATABASE), tempfile::tempdir());
    let aside = aside.unwrap();
    std::fs::rename(&tables, aside.path().join("tables")).unwrap();

    is_owed(gate.notices().disown(&Actor::Session(ticket.clone()), message).await);
    assert!(gate.sessions().by_token(text(&copied.session_token), HOME, shows()).is_err());
    // A narrower rule of somebody who is named at the command line.
    let person = gate.policies().of("trader").await.unwrap().person;
    assert_eq!(person, ticket.person);
    let threshold = Threshold { above: Some(1.into()) };
    is_owed(gate.large_orders().set(&OPERATOR, person, threshold).await);

    let Place { gate, clock, folder, .. } = place;
    drop(gate);
    std::fs::rename(aside.path().join("tables"), &tables).unwrap();
    let gate = open(folder.path(), &clock).await;
    until_recorded(&gate).await;
    let (kept, _) = gate.notices().message(person, message).await.unwrap();
    assert!(kept.disowned_at.is_some());
    assert_eq!(gate.policies().own(person).await.unwrap().large_orders, threshold);
    gate.close().await.unwrap();
    gate::evidence_verify(folder.path(), None).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn act_that_also_gives_changes_nothing_when_it_cannot_be_recorded() {
    let place = Place::new().await;
    let (_, one) = place.by_link().await;
    let link = place.gate.demo().link().await.unwrap();
    let other = other(&place).await;
    let held = other.database().begin().await.unwrap();
    // A sign-in of the same browser ends its session before: not when there is no sign-in.
    let again = crate::place::browser(one.device_token.as_ref());
    let refused = place.gate.sign_ins().by_link(&link.token, &again).await.err().unwrap();
    assert_eq!(refused, Refusal::Server(ServerRefusal::StoreFailed));
    held.rollback().await.unwrap();
    place.ticket(&one);
    assert_eq!(owed(&place.gate), None);
    drop(Arc::new(other));
}
