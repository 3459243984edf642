//! Evidence in shards: a chain for each person and each account, read as one in the order of time.

use std::time::Duration;

use access::call::{By, Call};
use access::decision::Command;
use access::evidence::{self, COMMON, shard_of};
use access::lock::{self, Grade, LockTarget};
use access::mandate::{self, MandateTerms, Role};
use access::{AccountId, PersonId, Scope, Source, account, credential};
use sqlx::{AnyConnection, AssertSqlSafe, Connection, Executor};
use store::{Key, RecordCursor, Search, Store, Stretch};

use crate::both_engines;
use crate::commit::new_credential;
use crate::history::{ACCOUNT, History, entries};
use crate::place::Place;

both_engines!(
    persons_have_chains_of_their_own_and_are_read_as_one,
    commits_that_did_not_read_of_each_other_are_replayed_in_the_order_that_works,
    head_that_is_lost_is_not_begun_again,
    account_has_a_chain_of_its_own_whoever_acts_on_it,
    entry_about_an_account_in_a_persons_chain_is_right_only_where_an_older_version_wrote_it,
    entry_before_the_start_of_its_session_waits_for_it,
);

fn note(text: &str) -> Command {
    let (kind, text) = ("server.started".to_owned(), text.to_owned());
    Command::Evidence(evidence::Command::Note { kind, text })
}

/// Puts a note on record about a person, or about nobody.
async fn say(history: &mut History, person: Option<PersonId>, text: &str) {
    let command = note(text);
    let call = Call { by: By::System, source: Source::local(), command };
    let slice = match person {
        Some(person) => history.store.slice(Key::Person(person)).await.unwrap(),
        None => access::Slice::default(),
    };
    let decision = history.decide(&slice, &call);
    history.commit(&slice, &call, &decision).await.unwrap();
}

async fn persons_have_chains_of_their_own_and_are_read_as_one(place: &Place) {
    let mut history = History::begin(place).await;
    let (ann, bob) = (history.person, history.second("bob").await);
    for (person, text) in
        [(Some(ann), "a1"), (Some(bob), "b1"), (None, "n1"), (Some(ann), "a2"), (Some(bob), "b2")]
    {
        say(&mut history, person, text).await;
    }
    let all = entries(&history.store).await;
    for entry in &all {
        let own = entry.person.map(Scope::Person);
        let is_on_account = ["account.opened", "mandate.granted"].contains(&entry.kind.as_str());
        let about = if is_on_account { Some(Scope::Account(first())) } else { own };
        assert_eq!(entry.shard, shard_of(about), "{entry:?}");
    }
    let heads = history.store.evidence_heads().await.unwrap();
    assert!(heads.len() == 4 && heads[0].shard == COMMON, "{heads:?}");

    // One list, newest first, whatever the shard; and each of them by person.
    let search = Search { minor: true, ..Search::default() };
    let top = Stretch::below(RecordCursor::END);
    let found = history.store.search_evidence(&search, top, 5).await.unwrap();
    let texts: Vec<_> = found.iter().map(|(entry, _)| entry.text.as_str()).collect();
    assert_eq!(texts, ["b2", "a2", "n1", "b1", "a1"]);
    let of_bob = Search { of: Some(bob), ..search };
    let found = history.store.search_evidence(&of_bob, top, 2).await.unwrap();
    let texts: Vec<_> = found.iter().map(|(entry, _)| entry.text.as_str()).collect();
    assert_eq!(texts, ["b2", "b1"]);

    let mut times = Vec::new();
    let replayed = history.store.replay(history.now, &mut |entry| times.push(entry.at)).await;
    assert_eq!(replayed.unwrap().faults, Vec::<String>::new());
    assert!(times.is_sorted() && times.len() == all.len());
}

/// Bob decided first, and was recorded last: his port was still another's at his entry's time.
async fn commits_that_did_not_read_of_each_other_are_replayed_in_the_order_that_works(
    place: &Place,
) {
    let mut history = History::begin(place).await;
    let bob = history.second("bob").await;
    let ann = new_credential("bot", 7_497, &history);
    history.by_system(ann).await.ok().unwrap();
    let of_ann = history.slice().await.credentials[0].id;

    let theirs = history.store.slice(Key::Person(bob)).await.unwrap();
    let create = credential_of(bob, &history).await;
    let then = history.now;
    let revoke = credential::Command::Revoke { credential: of_ann, cancel_orders: false };
    history.by_system(Command::Credential(revoke)).await.ok().unwrap();
    assert!(history.now > then);
    let source = Source::local();
    let done =
        history.store.commit((&theirs, &theirs.reads()), &create, By::System, &source, then).await;
    done.unwrap();
    history.verify().await;
}

/// What a new credential of Bob's at Ann's port would write; what Ann's was, for him.
async fn credential_of(bob: PersonId, history: &History) -> Vec<access::Event> {
    let slice = history.slice().await;
    let mut one = slice.credentials[0].clone();
    (one.id, one.person) = (access::CredentialId([9; 16]), bob);
    one.name = access::name::Name::new(access::refusal::Field::Name, "other").unwrap();
    vec![access::Event::Credential(credential::Event::Created(Box::new(one)))]
}

async fn head_that_is_lost_is_not_begun_again(place: &Place) {
    let mut history = History::begin(place).await;
    let lost = "DELETE FROM evidence_head WHERE shard <> 0";
    history.store.database().pool().execute(lost).await.unwrap();
    let slice = history.slice().await;
    let call = Call { by: By::System, source: Source::local(), command: note("x") };
    let decision = history.decide(&slice, &call);
    let refused = history.commit(&slice, &call, &decision).await.unwrap_err().to_string();
    assert!(refused.contains("evidence_head"), "{refused}");
    let faults = history.store.replay(history.now, &mut |_| ()).await.unwrap().faults;
    assert!(faults.iter().any(|fault| fault.contains("table evidence_head, row")), "{faults:?}");
}

fn first() -> AccountId {
    ACCOUNT.parse().unwrap()
}

async fn by_operator(history: &mut History, person: PersonId, command: Command) {
    let call = Call { by: By::System, source: Source::local(), command };
    history.ask(Key::Person(person), call).await.ok().unwrap();
}

async fn account_has_a_chain_of_its_own_whoever_acts_on_it(place: &Place) {
    let mut history = History::begin(place).await;
    let (ann, bob) = (history.person, history.second("bob").await);
    let limits = Box::new(access::Limits { max_quantity: Some(5), ..access::Limits::default() });
    let account = first();
    let target = LockTarget::Account(account);
    let mandate = history.store.slice(Key::Person(bob)).await.unwrap().mandates[0].id;
    let terms = Box::new(MandateTerms::of(Role::Auditor));
    for (person, command) in [
        (ann, Command::Account(account::Command::Limit { account, limits })),
        (bob, Command::Mandate(mandate::Command::Revoke { mandate, account, owner: None })),
        (
            bob,
            Command::Mandate(mandate::Command::Grant {
                account,
                role: Role::Auditor,
                terms,
                owner: None,
            }),
        ),
        (bob, Command::Lock(lock::Command::Set { target, grade: Grade::NoNew })),
        (ann, Command::Lock(lock::Command::Lift { target })),
        (
            ann,
            Command::Lock(lock::Command::Set {
                target: LockTarget::Person(ann),
                grade: Grade::All,
            }),
        ),
        (ann, Command::Account(account::Command::Close { account })),
    ] {
        by_operator(&mut history, person, command).await;
    }
    let shard = shard_of(Some(Scope::Account(account)));
    let chain = history.store.evidence_after(shard, 0, 99).await.unwrap();
    let kinds: Vec<_> = chain.iter().map(|entry| entry.kind.as_str()).collect();
    assert_eq!(
        kinds,
        [
            "account.opened",
            "mandate.granted",
            "mandate.granted",
            "account.limited",
            "mandate.revoked",
            "mandate.granted",
            "lock.set",
            "lock.lifted",
            "account.closed",
        ]
    );
    // What a person sees of it is what they saw before.
    let persons: Vec<_> = chain.iter().map(|entry| entry.person == Some(bob)).collect();
    assert_eq!(persons, [false, false, true, false, true, true, true, false, false]);
    for entry in entries(&history.store).await.iter().filter(|entry| entry.shard != shard) {
        assert_eq!(entry.shard, shard_of(entry.person.map(Scope::Person)), "{entry:?}");
    }
    history.verify().await;
}

/// Moves the last entry of an account's chain to the end of its person's, as a version would have written it.
async fn moved(history: &History, version: u32) {
    let store = &history.store;
    let from = shard_of(Some(Scope::Account(first())));
    let mut chain = store.evidence_after(from, 0, 99).await.unwrap();
    let mut entry = chain.pop().unwrap();
    let (was, end) = (entry.seq, chain.last().unwrap());
    let shard = shard_of(entry.person.map(Scope::Person));
    let heads = store.evidence_heads().await.unwrap();
    let head = heads.iter().find(|head| head.shard == shard).unwrap();
    (entry.version, entry.shard, entry.seq) = (version, shard, head.seq + 1);
    entry.hash = entry.chained(head.hash);
    for change in [
        format!(
            "UPDATE evidence SET version = {version}, shard = {shard}, seq = {}, hash = '{}' \
             WHERE shard = {from} AND seq = {was}",
            entry.seq, entry.hash
        ),
        format!(
            "UPDATE evidence_head SET seq = {}, hash = '{}' WHERE shard = {shard}",
            entry.seq, entry.hash
        ),
        format!(
            "UPDATE evidence_head SET seq = {}, hash = '{}' WHERE shard = {from}",
            end.seq, end.hash
        ),
    ] {
        let done = sqlx::query(AssertSqlSafe(change)).execute(store.database().pool()).await;
        assert_eq!(done.unwrap().rows_affected(), 1);
    }
}

async fn entry_about_an_account_in_a_persons_chain_is_right_only_where_an_older_version_wrote_it(
    place: &Place,
) {
    let mut history = History::begin(place).await;
    let ann = history.person;
    let limits = Box::new(access::Limits { max_quantity: Some(5), ..access::Limits::default() });
    let limit = Command::Account(account::Command::Limit { account: first(), limits });
    by_operator(&mut history, ann, limit).await;
    moved(&history, 2).await;
    history.verify().await;
    let close = Command::Account(account::Command::Close { account: first() });
    by_operator(&mut history, ann, close).await;
    history.verify().await;
    moved(&history, evidence::VERSION).await;
    let faults = history.store.replay(history.now, &mut |_| ()).await.unwrap().faults;
    assert!(faults.len() == 1 && faults[0].contains("belongs to another shard"), "{faults:?}");
}

/// A session that acts in the instant in which it began, on an account whose shard comes first.
async fn entry_before_the_start_of_its_session_waits_for_it(place: &Place) {
    let mut history = History::begin(place).await;
    let ann = history.person;
    let own = shard_of(Some(Scope::Person(ann)));
    let number = (1..=999_999).map(|number| format!("DU{number:07}"));
    let mut accounts = number.map(|one| one.parse::<AccountId>().unwrap());
    let account = accounts.find(|one| shard_of(Some(Scope::Account(*one))) < own).unwrap();
    let new = account::NewAccount {
        account,
        purpose: "pension".to_owned(),
        base_currency: account::Currency::USD,
        products: account::Account::USUAL,
        limits: access::Limits::default(),
    };
    by_operator(&mut history, ann, Command::Account(account::Command::Open(Box::new(new)))).await;
    let session = history.by_link(ann).await.unwrap();
    let then = history.now;
    let target = LockTarget::Account(account);
    let set = Command::Lock(lock::Command::Set { target, grade: Grade::NoNew });
    let call = Call { by: By::System, source: Source::local(), command: set };
    let slice = history.slice().await;
    let decision = history.decide(&slice, &call);
    let read = (&slice, &decision.reads);
    let by = By::Session(session);
    history.store.commit(read, &decision.events, by, &Source::local(), then).await.unwrap();
    history.verify().await;
    // Indexed again, it is found by the same device.
    let pool = history.store.database().pool();
    sqlx::query("UPDATE record_index SET rule = 0 WHERE name = 'access'")
        .execute(pool)
        .await
        .unwrap();
    assert!(history.store.index_evidence().await.unwrap() > 0);
    history.verify().await;
}

/// PostgreSQL alone: SQLite has one writer.
#[tokio::test]
async fn commit_about_one_account_does_not_wait_for_anothers() {
    const SOON: Duration = Duration::from_secs(5);
    let place = Place::postgres().await;
    let mut history = History::begin(&place).await;
    let (ann, bob) = (history.person, history.second("bob").await);
    let second: AccountId = "DU7654321".parse().unwrap();
    let new = account::NewAccount {
        account: second,
        purpose: "pension".to_owned(),
        base_currency: account::Currency::USD,
        products: account::Account::USUAL,
        limits: access::Limits::default(),
    };
    by_operator(&mut history, bob, Command::Account(account::Command::Open(Box::new(new)))).await;

    // Another node is in the middle of a commit about Ann's account.
    let mut other = AnyConnection::connect(place.url()).await.unwrap();
    let mut open = other.begin().await.unwrap();
    for held in [
        format!("UPDATE account SET version = version + 1 WHERE id = '{ACCOUNT}'"),
        format!(
            "UPDATE evidence_head SET seq = seq WHERE shard = {}",
            shard_of(Some(Scope::Account(first())))
        ),
    ] {
        let done = sqlx::query(AssertSqlSafe(held)).execute(&mut *open).await.unwrap();
        assert_eq!(done.rows_affected(), 1);
    }
    let limit = |account| {
        let limits = access::Limits { max_quantity: Some(5), ..access::Limits::default() };
        Command::Account(account::Command::Limit { account, limits: Box::new(limits) })
    };
    let call = |account| Call { by: By::System, source: Source::local(), command: limit(account) };
    for (account, person, waits) in [(second, bob, false), (first(), ann, true)] {
        let call = call(account);
        let mut slice = history.store.slice(Key::Person(person)).await.unwrap();
        // Bob holds a mandate on Ann's account as well, which this is not about.
        slice.accounts.retain(|one| one.id == account);
        let mut decision = history.decide(&slice, &call);
        decision.reads = slice.reads();
        let most = if waits { Duration::from_millis(500) } else { SOON };
        let done = tokio::time::timeout(most, history.commit(&slice, &call, &decision)).await;
        assert_eq!(done.is_err(), waits, "{account}");
    }
    open.rollback().await.unwrap();
    history.verify().await;
}

/// PostgreSQL alone: SQLite has one writer.
#[tokio::test]
async fn commit_of_one_person_does_not_wait_for_anothers() {
    // Well below what a lock is waited for, which is 10 seconds.
    const SOON: Duration = Duration::from_secs(5);
    let place = Place::postgres().await;
    let mut history = History::begin(&place).await;
    let (ann, bob) = (history.person, history.second("bob").await);
    let store = Store::connect(place.url()).await.unwrap();

    // Another node is in the middle of a commit of Ann's.
    let mut other = AnyConnection::connect(place.url()).await.unwrap();
    let mut open = other.begin().await.unwrap();
    for held in [
        format!("UPDATE person SET version = version + 1 WHERE id = '{ann}'"),
        format!(
            "UPDATE evidence_head SET seq = seq WHERE shard = {}",
            shard_of(Some(Scope::Person(ann)))
        ),
    ] {
        let done = sqlx::query(AssertSqlSafe(held)).execute(&mut *open).await.unwrap();
        assert_eq!(done.rows_affected(), 1);
    }
    tokio::time::timeout(SOON, say(&mut history, Some(bob), "b")).await.unwrap();
    tokio::time::timeout(SOON, say(&mut history, None, "n")).await.unwrap();
    let slice = store.slice(Key::Person(ann)).await.unwrap();
    let call = Call { by: By::System, source: Source::local(), command: note("a") };
    let decision = history.decide(&slice, &call);
    let own =
        tokio::time::timeout(Duration::from_millis(500), history.commit(&slice, &call, &decision));
    assert!(own.await.is_err(), "another commit of the same person waits");
    open.rollback().await.unwrap();
    history.verify().await;
}
