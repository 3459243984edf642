//! The chain of evidence without any tables.

use access::evidence::{
    Chain, ChainFault, Checkpoint, Entry, GENESIS, Owners, ShardHead, VERSION, shard_of,
};
use access::moment::Time;
use access::refusal::SignInRefusal;
use access::{By, Digest, Event, PersonId, Refusal, Scope};

use crate::desk::Desk;

fn chain(desk: &Desk) -> Vec<Entry> {
    let mut previous = GENESIS;
    let mut entries = Vec::new();
    for (seq, event) in (1..).zip(&desk.events) {
        let mut entry = Entry {
            version: VERSION,
            shard: 0,
            seq,
            at: Time(i64::try_from(seq).unwrap()),
            actor: By::System,
            source: "local".into(),
            kind: event.kind().into_owned(),
            text: event.text(),
            event: serde_json::to_string(event).unwrap(),
            person: None,
            hash: previous,
        };
        entry.hash = entry.chained(previous);
        previous = entry.hash;
        entries.push(entry);
    }
    entries
}

fn fault(entries: &[Entry]) -> Option<ChainFault> {
    let mut chain = Chain::default();
    entries.iter().find_map(|entry| chain.follow(entry).err())
}

/// One change of an entry.
type Change = fn(&mut Entry);

#[test]
fn any_field_altered_is_found_where_it_is() {
    let mut desk = Desk::enrolled();
    desk.signed_in();
    let good = chain(&desk);
    assert_eq!(fault(&good), None);
    let changes: [Change; 11] = [
        |entry| entry.version = 1,
        |entry| entry.version = 2,
        |entry| entry.person = Some(PersonId([9; 16])),
        |entry| entry.shard = 1,
        |entry| entry.at = Time(0),
        |entry| entry.actor = By::Visitor,
        |entry| entry.source.push('x'),
        |entry| entry.kind.push('x'),
        |entry| entry.text.push('x'),
        |entry| entry.event.push('x'),
        |entry| entry.hash.0[0] ^= 1,
    ];
    for change in changes {
        let mut entries = good.clone();
        change(&mut entries[3]);
        assert_eq!(fault(&entries), Some(ChainFault::Altered { seq: 4 }));
    }
    let mut entries = good.clone();
    let moved = entries[3].text.pop().unwrap();
    entries[3].event.insert(0, moved);
    assert_eq!(fault(&entries), Some(ChainFault::Altered { seq: 4 }), "moved between fields");
}

#[test]
fn entry_missing_doubled_or_moved_is_named() {
    let good = chain(&Desk::enrolled());
    let mut missing = good.clone();
    missing.remove(2);
    assert_eq!(fault(&missing), Some(ChainFault::Missing { seq: 3 }));
    let mut doubled = good.clone();
    doubled.insert(2, good[1].clone());
    assert_eq!(fault(&doubled), Some(ChainFault::Reordered { seq: 3, found: 2 }));
    let mut swapped = good.clone();
    swapped.swap(1, 2);
    assert_eq!(fault(&swapped), Some(ChainFault::Missing { seq: 2 }));
    // A cut tail follows: only a checkpoint kept elsewhere shows it.
    assert_eq!(fault(&good[..2]), None);
}

#[test]
fn owners_of_version_1_are_told_by_what_comes_after_them() {
    let mut good = chain(&Desk::enrolled());
    let mut chain = Chain::default();
    for entry in &mut good {
        entry.version = 1;
        entry.person = Some(PersonId([1; 16]));
        entry.hash = entry.chained(chain.hash);
        chain.follow(entry).unwrap();
    }
    let owners = |entries: &[Entry]| {
        let mut owners = Owners::default();
        for entry in entries {
            owners.add(entry);
        }
        owners.event()
    };
    let event = owners(&good);
    let mut other = good.clone();
    other[2].person = None;
    assert_eq!(fault(&other), None, "version 1 does not hash the person");
    assert_ne!(owners(&other), event);
    assert_ne!(owners(&good[1..]), event);
}

#[test]
fn checkpoint_is_signed_over_every_field() {
    let one = Checkpoint {
        at: Time(1),
        access_seq: 2,
        access_hash: Digest([3; 32]),
        shards: Vec::new(),
        journal_seq: 4,
        journal_hash: Digest([5; 32]),
    };
    let head = ShardHead { shard: 6, seq: 7, hash: Digest([8; 32]) };
    let with = |heads: &[ShardHead]| Checkpoint { shards: heads.to_vec(), ..one.clone() };
    let all = [
        one.clone(),
        Checkpoint { at: Time(9), ..one.clone() },
        Checkpoint { access_seq: 9, ..one.clone() },
        Checkpoint { access_hash: Digest([9; 32]), ..one.clone() },
        Checkpoint { journal_seq: 9, ..one.clone() },
        Checkpoint { journal_hash: Digest([9; 32]), ..one.clone() },
        with(&[head]),
        with(&[ShardHead { shard: 9, ..head }]),
        with(&[ShardHead { seq: 9, ..head }]),
        with(&[ShardHead { hash: Digest([9; 32]), ..head }]),
        with(&[head, head]),
    ];
    let signed: std::collections::BTreeSet<_> = all.iter().map(Checkpoint::canonical).collect();
    assert_eq!(signed.len(), all.len());
}

#[test]
fn checkpoint_without_shards_reads_and_signs_as_it_always_did() {
    let line = r#"{"at":1,"access_seq":2,"access_hash":"0303030303030303030303030303030303030303030303030303030303030303","journal_seq":4,"journal_hash":"0505050505050505050505050505050505050505050505050505050505050505"}"#;
    let old: Checkpoint = serde_json::from_str(line).unwrap();
    let mut bytes = b"floorpass checkpoint 1\0".to_vec();
    bytes.extend([0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2]);
    bytes.extend([3; 32]);
    bytes.extend([0, 0, 0, 0, 0, 0, 0, 4]);
    bytes.extend([5; 32]);
    assert_eq!(old.canonical(), bytes);
    assert_eq!(serde_json::to_string(&old).unwrap(), line);
}

#[test]
fn persons_and_accounts_have_shards_of_their_own_and_what_is_neithers_has_the_common_one() {
    let person = |byte| Scope::Person(PersonId([byte; 16]));
    let account = |text: &str| Scope::Account(text.parse().unwrap());
    let accounts = ["DU1234567", "DU1234568", "U1234567"].map(account);
    let scopes = (0..=255).map(person).chain(accounts);
    let shards: std::collections::BTreeSet<_> = scopes.map(|one| shard_of(Some(one))).collect();
    assert_eq!(shards.len(), 259);
    assert!(!shards.contains(&shard_of(None)));
    assert_eq!(shard_of(None), 0);
    // Kept in the tables for ever: another number would begin a second chain.
    assert_eq!(shard_of(Some(person(7))), 3_309_283_185);
    assert_eq!(shard_of(Some(accounts[0])), 2_314_561_329);
}

#[test]
fn refusal_is_recorded_with_its_code_and_numbers() {
    let mut desk = Desk::enrolled();
    let before = desk.events.len();
    assert_eq!(
        desk.password(None, false).err(),
        Some(Refusal::SignIn(SignInRefusal::SignInFailed))
    );
    let kinds: Vec<_> = desk.events[before..].iter().map(Event::kind).collect();
    assert_eq!(kinds, ["throttle.failed", "refused"]);
    let text = desk.events.last().unwrap().text();
    assert_eq!(text, "Refused: SIGN_IN_FAILED: the user name or password is wrong");
}
