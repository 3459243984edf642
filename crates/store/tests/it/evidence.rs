//! Evidence in the tables: what was changed there is found.

use access::Scope;
use access::call::By;
use access::decision::Command;
use access::evidence::{self, Chain, ChainFault, Checkpoint, shard_of};
use access::secret::Digest;
use store::SignedCheckpoint;

use crate::both_engines;
use crate::history::History;
use crate::place::Place;

both_engines!(entry_altered_missing_or_moved_is_named, checkpoint_is_kept_in_order,);

async fn with_entries(place: &Place, count: u32) -> History {
    let mut history = History::begin(place).await;
    for number in 0..count {
        let (kind, text) = ("server.started".to_owned(), format!("number \u{0}{number}"));
        let note = Command::Evidence(evidence::Command::Note { kind, text });
        history.by(By::System, note).await.ok().unwrap();
    }
    history
}

/// The first fault of the person's chain.
async fn first_fault(history: &History) -> Option<ChainFault> {
    let shard = shard_of(Some(Scope::Person(history.person)));
    let entries = history.store.evidence_after(shard, 0, 1_000).await.unwrap();
    let mut chain = Chain::default();
    entries.iter().find_map(|entry| chain.follow(entry).err())
}

async fn entry_altered_missing_or_moved_is_named(place: &Place) {
    let history = with_entries(place, 10).await;
    assert_eq!(first_fault(&history).await, None);
    for (change, undo, fault) in [
        (
            "UPDATE evidence SET body = 'other' WHERE seq = 5",
            "UPDATE evidence SET body = 'number 3' WHERE seq = 5",
            ChainFault::Altered { seq: 5 },
        ),
        (
            "UPDATE evidence SET actor = 'visitor' WHERE seq = 6",
            "UPDATE evidence SET actor = 'system' WHERE seq = 6",
            ChainFault::Altered { seq: 6 },
        ),
        (
            "UPDATE evidence SET happened_at = happened_at + 1 WHERE seq = 7",
            "UPDATE evidence SET happened_at = happened_at - 1 WHERE seq = 7",
            ChainFault::Altered { seq: 7 },
        ),
        (
            "UPDATE evidence SET seq = 1005 WHERE seq = 5",
            "UPDATE evidence SET seq = 5 WHERE seq = 1005",
            ChainFault::Missing { seq: 5 },
        ),
    ] {
        let pool = history.store.database().pool();
        sqlx::query(change).execute(pool).await.unwrap();
        assert_eq!(first_fault(&history).await, Some(fault), "{change}");
        sqlx::query(undo).execute(pool).await.unwrap();
        assert_eq!(first_fault(&history).await, None, "{undo}");
    }
}

async fn checkpoint_is_kept_in_order(place: &Place) {
    let history = with_entries(place, 1).await;
    assert_eq!(history.store.last_checkpoint().await.unwrap(), None);
    let heads = history.store.evidence_heads().await.unwrap();
    let [common, one, other] = heads[..] else { panic!("{heads:?}") };
    assert_eq!((common.shard, common.seq), (0, 0));
    let signed = |journal_seq| SignedCheckpoint {
        checkpoint: Checkpoint {
            at: history.now,
            access_seq: common.seq,
            access_hash: common.hash,
            shards: vec![one, other],
            journal_seq,
            journal_hash: Digest::of(b"journal"),
        },
        signer: vec![1; 32],
        signature: vec![2; 64],
    };
    history.store.put_checkpoint(&signed(8)).await.unwrap();
    history.store.put_checkpoint(&signed(9)).await.unwrap();
    assert_eq!(history.store.checkpoints().await.unwrap(), [signed(8), signed(9)]);
    assert_eq!(history.store.last_checkpoint().await.unwrap(), Some(signed(9)));
}
