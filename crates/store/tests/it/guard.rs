//! Guards of a commit: nothing is committed on what has changed since it was read, whichever scope it
//! writes, and nothing is written that was not read.

use access::call::{By, Call};
use access::decision::Command;
use access::lock::{self, Grade, LockTarget};
use access::refusal::ChangeRefusal;
use access::trustee::{self, attest};
use access::{PersonId, Reads, Refusal, Scope, SessionId, Slice, Source, contact, session};
use store::{CommitError, Key};

use crate::both_engines;
use crate::history::{ACCOUNT, History, browser};
use crate::place::Place;

both_engines!(
    act_of_a_holder_that_began_before_the_lock_is_not_committed_after_it,
    lock_by_a_holder_that_began_before_another_lock_is_not_committed_after_it,
    lock_and_act_of_a_holder_at_once_leave_no_act_after_the_lock,
    word_of_a_contact_whose_session_ended_meanwhile_is_not_committed,
    account_that_two_persons_begin_at_once_is_begun_by_one,
    write_of_what_was_not_read_is_refused,
);

fn target() -> LockTarget {
    LockTarget::Account(ACCOUNT.parse().unwrap())
}

fn set(grade: Grade) -> Command {
    Command::Lock(lock::Command::Set { target: target(), grade })
}

fn by_session(session: SessionId, command: Command) -> Call {
    Call { by: By::Session(session), source: browser(None), command }
}

fn by_operator(command: Command) -> Call {
    Call { by: By::System, source: Source::local(), command }
}

fn mail(address: &str) -> Command {
    Command::Contact(contact::Command::SetMail { address: address.to_owned() })
}

async fn of(history: &History, person: PersonId) -> Slice {
    history.store.slice(Key::Person(person)).await.unwrap()
}

/// Ann, who owns the account, and Bob, who may look at it, with a session of his.
async fn two(place: &Place) -> (History, PersonId, SessionId) {
    let mut history = History::begin(place).await;
    let bob = history.second("bob").await;
    let session = history.by_link(bob).await.unwrap();
    (history, bob, session)
}

async fn act_of_a_holder_that_began_before_the_lock_is_not_committed_after_it(place: &Place) {
    let (mut history, bob, session) = two(place).await;
    let slice = of(&history, bob).await;
    let call = by_session(session, mail("bob@example.org"));
    let decision = history.decide(&slice, &call);
    assert!(decision.answer.is_ok());
    history.by_system(set(Grade::NoNew)).await.ok().unwrap();
    assert_eq!(of(&history, bob).await.version, slice.version, "his own rows are as they were");
    let late = history.commit(&slice, &call, &decision).await;
    assert!(matches!(late, Err(CommitError::Conflict)), "{late:?}");
    assert_eq!(of(&history, bob).await.contacts, []);
    history.verify().await;
}

async fn lock_by_a_holder_that_began_before_another_lock_is_not_committed_after_it(place: &Place) {
    let (mut history, bob, session) = two(place).await;
    let slice = of(&history, bob).await;
    let call = by_session(session, set(Grade::ReduceOnly));
    let decision = history.decide(&slice, &call);
    assert!(decision.answer.is_ok());
    history.by_system(set(Grade::NoNew)).await.ok().unwrap();
    let late = history.commit(&slice, &call, &decision).await;
    assert!(matches!(late, Err(CommitError::Conflict)), "{late:?}");
    let slice = of(&history, bob).await;
    assert_eq!(slice.grade(ACCOUNT.parse::<access::AccountId>().unwrap()), Grade::NoNew);
    let again = history.decide(&slice, &call);
    assert_eq!(
        again.answer.err(),
        Some(Refusal::Change(ChangeRefusal::LockStands { grade: Grade::NoNew }))
    );
}

async fn lock_and_act_of_a_holder_at_once_leave_no_act_after_the_lock(place: &Place) {
    let (mut history, bob, session) = two(place).await;
    // One after the other, and at once. Stamps do not say who came first: both were decided before.
    for at_once in [false, true] {
        let (owner, slice) = (history.slice().await, of(&history, bob).await);
        let lock = by_operator(set(Grade::NoNew));
        let locked = history.decide(&owner, &lock);
        let call = by_session(session, mail("bob@example.org"));
        let decision = history.decide(&slice, &call);
        assert!(locked.answer.is_ok() && decision.answer.is_ok());
        let locks = history.commit(&owner, &lock, &locked);
        let acts = history.commit(&slice, &call, &decision);
        let (locked, acted) =
            if at_once { tokio::join!(locks, acts) } else { (locks.await, acts.await) };
        locked.unwrap();
        let conflicts = matches!(acted, Err(CommitError::Conflict));
        assert!(conflicts || (at_once && acted.is_ok()), "{acted:?}");
        let lift = Command::Lock(lock::Command::Lift { target: target() });
        history.by_system(lift).await.ok().unwrap();
    }
    history.verify().await;
}

async fn word_of_a_contact_whose_session_ended_meanwhile_is_not_committed(place: &Place) {
    let (mut history, bob, session) = two(place).await;
    let owner = By::Session(history.by_link(history.person).await.unwrap());
    let name = trustee::Command::Name { username: "bob".to_owned(), found: Some(bob) };
    history.by(owner, Command::Trustee(name)).await.ok().unwrap();
    let moment = history.moment();
    let looks = (By::Session(session), &browser(None));
    let attested = attest(&of(&history, bob).await, looks, &moment, history.key()).unwrap();
    let slice = history.slice().await;
    let agree = Command::Trustee(trustee::Command::Agree { attested, yes: true });
    let call = by_session(session, agree);
    let decision = history.decide(&slice, &call);
    assert!(decision.answer.is_ok());
    let end = by_operator(Command::Session(session::Command::End { session }));
    history.ask(Key::Person(bob), end).await.ok().unwrap();
    let late = history.commit(&slice, &call, &decision).await;
    assert!(matches!(late, Err(CommitError::Conflict)), "{late:?}");
    let unchanged = history.slice().await;
    assert!(unchanged.trustees.iter().all(|one| one.agreed_at.is_none()));
}

async fn account_that_two_persons_begin_at_once_is_begun_by_one(place: &Place) {
    let mut history = History::begin(place).await;
    let account = "DU7654321".parse().unwrap();
    let mut waiting = Vec::new();
    for name in ["bob", "eve"] {
        let create = access::person::Command::Create { username: name.to_owned(), account };
        let call = by_operator(Command::Person(create));
        let accounts = call.command.accounts();
        let slice = history.store.slice_about(Key::Username(name), &accounts).await.unwrap();
        let decision = history.decide(&slice, &call);
        waiting.push((slice, call, decision));
    }
    let commit = |place: usize| {
        let (slice, call, decision): &(Slice, Call, access::Decision) = &waiting[place];
        history.commit(slice, call, decision)
    };
    let (one, two) = tokio::join!(commit(0), commit(1));
    let (done, failed) = if one.is_ok() { (one, two) } else { (two, one) };
    done.unwrap();
    assert!(matches!(failed, Err(CommitError::Conflict)), "{failed:?}");
    history.verify().await;
}

async fn write_of_what_was_not_read_is_refused(place: &Place) {
    let (mut history, ..) = two(place).await;
    let slice = history.slice().await;
    let call = by_operator(set(Grade::NoNew));
    let mut decision = history.decide(&slice, &call);
    let account = Scope::Account(ACCOUNT.parse().unwrap());
    assert!(decision.reads.contains_key(&account));
    decision.reads = Reads::from([(Scope::Person(history.person), slice.version)]);
    let blind = history.commit(&slice, &call, &decision).await;
    assert!(matches!(blind, Err(CommitError::Unread(scope)) if scope == account), "{blind:?}");
    assert_eq!(history.slice().await, slice);
}
