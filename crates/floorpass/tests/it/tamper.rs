//! What is altered behind the program's back, found by `evidence verify`: exit 5, and the entry or row by name.

use std::path::Path;

use access::Scope;
use access::evidence::shard_of;
use sqlx::{AssertSqlSafe, Connection as _, SqliteConnection};

use crate::fixture::Kept;
use crate::program::{json, run, text};

async fn alter(data: &Path, change: &str) {
    let url = format!("sqlite://{}", data.join("floorpass.db").display());
    let mut connection = SqliteConnection::connect(&url).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(format!("PRAGMA foreign_keys = OFF; {change}")))
        .execute(&mut connection)
        .await
        .unwrap();
    connection.close().await.unwrap();
}

/// The exit code of a check, and what it said.
fn verify(data: &Path) -> (Option<i32>, String) {
    let output = run(data, &["evidence", "verify"]);
    (output.status.code(), text(&output))
}

/// What somebody with the file does, and what the check says of it.
const CHANGES: &[(&str, &str)] = &[
    ("UPDATE evidence SET person = NULL WHERE seq = 9", "the persons of entries 1 to"),
    (
        "UPDATE evidence SET person = (SELECT MIN(id) FROM person) WHERE version > 1 AND person IS NULL",
        "entry",
    ),
    ("UPDATE evidence SET actor = 'nobody at all' WHERE seq = 20", "entry 20"),
    ("UPDATE evidence SET hash = 'zz' WHERE seq = 21", "entry 21"),
    ("UPDATE evidence SET happened_at = 'x' WHERE seq = 22", "entry 22"),
    ("UPDATE evidence SET body = X'ff' WHERE seq = 23", "entry 23"),
    ("DELETE FROM evidence WHERE seq = 24", "entry 24"),
    (
        "INSERT INTO evidence (shard, seq, happened_at, actor, source, kind, body, event, hash, person, version) SELECT shard, -1, happened_at, actor, source, kind, body, event, hash, person, version FROM evidence WHERE seq = 25",
        "entry -1",
    ),
    ("UPDATE evidence_head SET seq = seq - 1", "table evidence_head"),
    ("DELETE FROM evidence_head", "table evidence_head"),
    ("DELETE FROM checkpoint", "is missing in the tables"),
    ("UPDATE checkpoint SET number = number + 5", "table checkpoint, row"),
    ("UPDATE checkpoint SET made_at = made_at + 1", "was altered"),
    ("UPDATE checkpoint SET access_seq = access_seq - 1", "was altered"),
    ("UPDATE checkpoint SET access_hash = 'a'", "table checkpoint, row 1"),
    ("UPDATE checkpoint SET journal_seq = journal_seq - 1", "was altered"),
    ("UPDATE checkpoint SET journal_hash = substr(journal_hash, 3) || '00'", "was altered"),
    ("UPDATE checkpoint SET signer = '00'", "was altered"),
    ("UPDATE checkpoint SET signature = X'00'", "table checkpoint, row 1"),
    (
        "UPDATE folder SET value = value || '0' WHERE name = 'folder_id'",
        "table folder, row folder_id",
    ),
    (
        "UPDATE folder SET value = 'x' WHERE name = 'checkpoint_key'",
        "table folder, row checkpoint_key",
    ),
    (
        "UPDATE folder SET name = name || 'x' WHERE name = 'checkpoint_key'",
        "table folder, row checkpoint_keyx",
    ),
    ("UPDATE credential SET scopes = replace(scopes, '100', '900')", "table credential, row crd_"),
    ("UPDATE credential SET revoked_at = NULL", "table credential, row crd_"),
    ("UPDATE device SET role = 'administer', confirmed = 1", "table device, row dev_"),
    ("UPDATE mandate SET role = 'owner' WHERE role <> 'owner'", "table mandate, row mdt_"),
    ("UPDATE mandate SET grantor = 'operator'", "table mandate, row mdt_"),
    ("UPDATE mandate SET order_kinds = '[]'", "table mandate, row mdt_"),
    ("UPDATE mandate SET conditions = replace(conditions, 'null', '1')", "table mandate, row mdt_"),
    ("UPDATE account SET products = '[]'", "table account, row "),
    ("UPDATE account SET limits = replace(limits, 'null', '1')", "table account, row "),
    ("UPDATE credential SET others = 'DU7654321'", "table credential, row crd_"),
    (
        "UPDATE order_decision SET account = 'DU7654321' WHERE seq = 1",
        "table order_decision, row 1",
    ),
    ("UPDATE access_lock SET lifted_at = 1 WHERE lifted_at IS NULL", "table access_lock, row lck_"),
    ("DROP TABLE travel", "table travel"),
    ("UPDATE evidence SET topic = NULL, minor = NULL WHERE seq = 12", "entry 12"),
    ("UPDATE evidence SET topic = 'messages' WHERE kind = 'credential.created'", "is not indexed"),
    ("UPDATE evidence SET minor = 1 WHERE seq = 12", "entry 12 is not indexed"),
    ("UPDATE evidence SET device = NULL WHERE kind = 'session.started'", "is not indexed"),
    ("UPDATE record_index SET rule = 0 WHERE name = 'access'", "is not indexed"),
    ("UPDATE record_index SET rule = 0 WHERE name = 'orders'", "table record_index"),
    ("UPDATE record_index SET rule = rule + 1", "table record_index"),
    ("UPDATE record_index SET name = name || 'x'", "table record_index"),
    ("UPDATE session SET address = X'ff'", "table session, row ses_"),
    ("UPDATE delivery SET next_at = 9223372036854775807", "table delivery, row ntc_"),
    ("INSERT INTO site VALUES (X'ff', 'x')", "table site, row"),
    ("DROP TABLE stranger", "table stranger, column failures: it is missing"),
    ("DROP INDEX credential_port", "index credential_port: it is missing"),
    ("DELETE FROM folder WHERE name = 'folder_id'", "table folder, row folder_id: it is missing"),
    ("UPDATE _sqlx_migrations SET checksum = X'00' WHERE version = 5", "_sqlx_migrations"),
    ("UPDATE _sqlx_migrations SET success = 0 WHERE version = 5", "_sqlx_migrations"),
    ("DELETE FROM order_decision WHERE seq = 1", "table order_decision, row 1: it is missing"),
    ("UPDATE order_decision SET record = 'AAAA' WHERE seq = 1", "table order_decision, row 1"),
    ("UPDATE order_decision SET actor = 'operator' WHERE seq = 1", "table order_decision, row 1"),
    ("UPDATE order_decision SET minor = 1 WHERE seq = 1", "table order_decision, row 1"),
    ("UPDATE order_decision SET topic = 'x' WHERE seq = 1", "table order_decision"),
    (
        "UPDATE order_decision SET happened_at = happened_at + 1 WHERE seq = 1",
        "table order_decision, row 1",
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn altered_column_is_named_by_its_entry_or_row() {
    let kept = Kept::sqlite();
    assert!(
        verify(&kept.data).1.contains("older version"),
        "whose the entries are is not covered yet"
    );
    let server = kept.start();
    // Who looks for something has the journal indexed.
    assert!(run(&kept.data, &["activity"]).status.success());
    assert_eq!(server.terminate(), 0);
    let (exit, said) = verify(&kept.data);
    assert_eq!(exit, Some(0), "{said}");
    assert!(!said.contains("older version"), "the start covers it: {said}");
    let file = kept.data.join("floorpass.db");
    let whole = std::fs::read(&file).unwrap();
    for (change, named) in CHANGES {
        alter(&kept.data, change).await;
        let (exit, said) = verify(&kept.data);
        assert_eq!(exit, Some(5), "{change}: {said}");
        assert!(said.contains(named), "{change}: {said}");
        for other in ["floorpass.db-wal", "floorpass.db-shm"] {
            std::fs::remove_file(kept.data.join(other)).ok();
        }
        std::fs::write(&file, &whole).unwrap();
    }
    // The file itself: what is not a database, and pages that are not what they were.
    for at in [0, 20, 100, 4_096, 8_192, whole.len() / 8_192 * 4_096] {
        let mut bytes = whole.clone();
        bytes[at..at + 16].fill(0xff);
        std::fs::write(&file, bytes).unwrap();
        let (exit, said) = verify(&kept.data);
        assert_eq!(exit, Some(5), "byte {at}: {said}");
    }
    std::fs::write(&file, &whole).unwrap();
    let (exit, said) = verify(&kept.data);
    assert_eq!(exit, Some(0), "{said}");
}

/// All that is left of it are the checkpoints.
#[tokio::test(flavor = "multi_thread")]
async fn shard_that_was_taken_away_is_named_and_nothing_starts_on_what_is_left() {
    let kept = Kept::sqlite();
    assert_eq!(kept.start().terminate(), 0);
    let (exit, said) = verify(&kept.data);
    assert!(exit == Some(0) && said.contains("in 2 chains"), "{said}");
    let lines = std::fs::read_to_string(kept.data.join("checkpoints.jsonl")).unwrap();
    let last: serde_json::Value = serde_json::from_str(lines.lines().last().unwrap()).unwrap();
    let shard = &last["checkpoint"]["shards"][0];
    let (number, seq) = (shard["shard"].as_u64().unwrap(), shard["seq"].as_u64().unwrap());
    assert!(seq > 0, "{shard}");
    alter(
        &kept.data,
        "DELETE FROM evidence WHERE shard <> 0; DELETE FROM evidence_head WHERE shard <> 0",
    )
    .await;
    let (exit, said) = verify(&kept.data);
    assert_eq!(exit, Some(5), "{said}");
    let named = format!("access evidence, shard {number} (person per_");
    assert!(said.contains(&named), "{said}");
    assert!(said.contains(&format!("signed up to entry {seq}")), "{said}");
    let refused = run(&kept.data, &["demo", "--free-ports"]);
    assert!(!refused.status.success());
    let said = text(&refused);
    assert!(said.contains(&format!("refers to entry {seq} of shard {number}")), "{said}");
}

/// What was done to an account stands in the account's own chain, whose loss is told by the account.
#[tokio::test(flavor = "multi_thread")]
async fn shard_of_an_account_that_was_taken_away_is_named_with_its_account() {
    let kept = Kept::sqlite();
    let server = kept.start();
    let account = json(&kept.data, &["status"])["account"].as_str().unwrap().to_owned();
    let locked = run(&kept.data, &["lock", "--account", &account, "--grade", "no-new"]);
    assert!(locked.status.success(), "{}", text(&locked));
    assert_eq!(server.terminate(), 0);
    let (exit, said) = verify(&kept.data);
    assert!(exit == Some(0) && said.contains("in 3 chains"), "{said}");
    let shard = shard_of(Some(Scope::Account(account.parse().unwrap())));
    let taken = format!(
        "DELETE FROM evidence WHERE shard = {shard}; DELETE FROM evidence_head WHERE shard = {shard}"
    );
    alter(&kept.data, &taken).await;
    let (exit, said) = verify(&kept.data);
    assert_eq!(exit, Some(5), "{said}");
    let named = format!("access evidence, shard {shard} (account {account}): all of it is missing");
    assert!(said.contains(&named), "{said}");
    let refused = run(&kept.data, &["demo", "--free-ports"]);
    assert!(!refused.status.success());
    let said = text(&refused);
    assert!(said.contains(&format!("refers to entry 1 of shard {shard}")), "{said}");
}

/// A snapshot decides what a start shows of positions and cash: its own hash is no proof, for anybody can
/// make it again.
#[test]
fn snapshot_that_is_not_what_the_journal_makes_is_named() {
    use sha2::Digest as _;
    let kept = Kept::sqlite();
    let name = std::fs::read_dir(kept.data.join("snapshots")).unwrap().flatten().next().unwrap();
    let (file, name) = (name.path(), name.file_name().into_string().unwrap());
    let whole = std::fs::read(&file).unwrap();
    // Magic, folder, sequence, chain, hash: then the exchange.
    let begins = 8 + 16 + 8 + 32 + 32;
    let mut read = 0;
    for at in (begins..whole.len()).step_by((whole.len() - begins) / 40).chain([8, 24, 32, 64]) {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        let hash = sha2::Sha256::digest(&bytes[begins..]);
        if at >= begins {
            bytes[64..begins].copy_from_slice(&hash);
        }
        std::fs::write(&file, bytes).unwrap();
        let (exit, said) = verify(&kept.data);
        assert_eq!(exit, Some(5), "byte {at}: {said}");
        assert!(said.contains(&format!("snapshot {name} was altered")), "byte {at}: {said}");
        read += usize::from(said.contains("it is not what the journal makes"));
    }
    assert!(read > 10, "{read} of them could be read");
    std::fs::write(&file, &whole).unwrap();
    let (exit, said) = verify(&kept.data);
    assert_eq!(exit, Some(0), "{said}");
}

#[test]
fn altered_byte_of_the_journal_is_named_by_its_entry() {
    let kept = Kept::sqlite();
    let file = kept.data.join("journal/00000000000000000001.seg");
    let whole = std::fs::read(&file).unwrap();
    let used = whole.iter().rposition(|byte| *byte != 0).unwrap() + 1;
    for at in (0..used).step_by(211).chain([0, 9, used - 1]) {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x40;
        std::fs::write(&file, bytes).unwrap();
        let (exit, said) = verify(&kept.data);
        assert_eq!(exit, Some(5), "byte {at}: {said}");
        assert!(said.contains("journal"), "byte {at}: {said}");
    }
}
