//! Evidence in shards: a chain for each person, read as one in the order of time.

use std::time::Duration;

use access::call::{By, Call};
use access::decision::Command;
use access::evidence::{self, COMMON, shard_of};
use access::{PersonId, Source, credential};
use sqlx::{AnyConnection, AssertSqlSafe, Connection, Executor};
use store::{Key, RecordCursor, Search, Store, Stretch};

use crate::both_engines;
use crate::commit::new_credential;
use crate::history::{History, entries};
use crate::place::Place;

both_engines!(
    persons_have_chains_of_their_own_and_are_read_as_one,
    commits_that_did_not_read_of_each_other_are_replayed_in_the_order_that_works,
    head_that_is_lost_is_not_begun_again,
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
        assert_eq!(entry.shard, shard_of(entry.person), "{entry:?}");
    }
    let heads = history.store.evidence_heads().await.unwrap();
    assert!(heads.len() == 3 && heads[0].shard == COMMON, "{heads:?}");

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
        format!("UPDATE evidence_head SET seq = seq WHERE shard = {}", shard_of(Some(ann))),
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
