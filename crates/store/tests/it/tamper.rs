//! Every column of every table, changed behind the program's back: the check of evidence names its row.

use access::call::{By, Call, Source};
use access::decision::Command;
use access::evidence::{self, Checkpoint};
use access::link::{self, Purpose};
use access::lock::{self, Grade, LockTarget};
use access::moment::Span;
use access::secret::Digest;
use access::{
    approval, authenticator, brokerage, contact, credential, large_order, notice, policy, recovery,
    sign_in, travel, trustee,
};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, Row as _, SqliteConnection};
use store::engine::{Column, Database, Table};
use store::replay::{ELSEWHERE, WITHOUT};
use store::{Key, SignedCheckpoint};

use crate::commit::{credential_at, new_credential};
use crate::history::{ACCOUNT, History, browser, entries};
use crate::place::Place;
use crate::push::{by_phone, home, wish};

/// What may be changed unseen. A new column is not here: either evidence covers it, or it comes with a
/// reason in the program and a line here.
const UNSEEN: &[(&str, &str)] = &[
    ("account", "version"),
    ("credential", "last_used_at"),
    ("credential", "last_address"),
    ("credential", "last_client"),
    ("delivery", "state"),
    ("delivery", "tries"),
    ("delivery", "next_at"),
    ("delivery", "tried_at"),
    ("delivery", "fault"),
    ("device", "last_seen_at"),
    ("notice", "read_at"),
    ("person", "version"),
    ("push", "failures"),
    ("session", "address"),
    ("session", "last_seen_at"),
];

/// Texts among them that have a form.
const FORMED: &[&str] = &["credential.last_address", "delivery.state", "session.address"];

/// Tables that the folder's check covers and not this one (`crates/floorpass/tests/it/tamper.rs`), or nothing does.
const OTHERS: &[&str] = &[
    "_sqlx_migrations",
    "checkpoint",
    "equity",
    "folder",
    "order_decision",
    "record_index",
    "site",
    "stranger",
];

/// Two checkpoints of what is there now.
async fn sign(history: &History) {
    let heads = history.store.evidence_heads().await.unwrap();
    for journal_seq in [1, 2] {
        let checkpoint = Checkpoint {
            at: history.now,
            access_seq: heads[0].seq,
            access_hash: heads[0].hash,
            shards: heads[1..].to_vec(),
            journal_seq,
            journal_hash: Digest::of(b"journal"),
        };
        let signed = SignedCheckpoint { checkpoint, signer: vec![1; 32], signature: vec![2; 64] };
        history.store.put_checkpoint(&signed).await.unwrap();
    }
}

/// What comes from outside a session: the operator, links, sign-ins that fail, a recovery that is disowned.
async fn strangers(history: &mut History, by: By) {
    let mail = contact::Command::SetMail { address: "a@example.org".to_owned() };
    history.by(By::Operator { uid: 0 }, Command::Contact(mail)).await.ok().unwrap();
    let issue = Command::Link(link::Command::Issue { purpose: Purpose::SignIn });
    history.by_system(issue).await.ok().unwrap();
    for right in [true, false] {
        let proof = history.proof(right).await;
        let typed = sign_in::Command::Password { proof };
        history.visit(Key::Username("ann"), None, typed).await.ok();
    }
    let proof = history.proof(true).await;
    let begin = Command::Recovery(recovery::Command::Begin { proof });
    let call = Call { by: By::Visitor, source: browser(None), command: begin };
    history.ask(Key::Username("ann"), call).await.ok().unwrap();
    let told = history.store.notices(Some(history.person), 1).await.unwrap().remove(0);
    let disown = notice::Command::Disown { notice: Box::new(told) };
    history.by(by, Command::Notice(disown)).await.ok();
}

/// A story after which no table is empty.
async fn full(place: &Place) -> History {
    let (mut history, owner, phone) = home(place).await;
    let bob = history.second("bob").await;
    let by = By::Session(owner.session);
    assert_eq!(
        by_phone(&mut history, &phone, wish("https://push.example.net/1", true)).await,
        None
    );
    for (name, port) in [("bot", 7_497), ("gone", 7_498)] {
        let new = new_credential(name, port, &history);
        history.by(by, new).await.ok().unwrap();
    }
    let api = credential_at(credential::Door::Api, "api", &history);
    history.by(by, api).await.ok().unwrap();
    let slice = history.slice().await;
    let bot = slice.credentials.iter().find(|one| one.name.to_string() == "bot").unwrap();
    let (bot, has_token) = (bot.id, bot.token.is_some());
    assert!(has_token, "a credential without a token has none to replace");
    let gone = slice.credentials.iter().find(|one| one.name.to_string() == "gone").unwrap().id;
    let later = history.now + Span::days(7);
    let account = LockTarget::Account(ACCOUNT.parse().unwrap());
    let (moment, one) = (history.now, policy::Assurance::One);
    for command in [
        Command::Credential(credential::Command::Revoke { credential: gone, cancel_orders: true }),
        Command::Credential(credential::Command::Rotate { credential: bot, grace: Span::hours(1) }),
        Command::Authenticator(authenticator::Command::MakeRecoveryCodes),
        Command::Contact(contact::Command::SetPhone { number: "+44 20 7946 0001".to_owned() }),
        Command::Policy(policy::Command::Set {
            interface: access::session::Interface::Portal,
            tempo: policy::Tempo::Active,
            own: policy::OwnLimits { idle: Some(Span::minutes(45)), absolute: None },
            new_network: policy::NewNetwork::Keep,
            needs: policy::Needs { view: one, trade: one, administer: one, withdraw: one },
        }),
        Command::Policy(policy::Command::SetWindow {
            window: access::window::Window::new(6, 600, "Europe/Berlin").ok(),
            openings: vec![later],
        }),
        Command::LargeOrder(large_order::Command::Set {
            threshold: large_order::Threshold { above: Some(large_order::STANDARD) },
        }),
        Command::Brokerage(brokerage::Command::Set { on: true }),
        Command::Travel(travel::Command::Plan {
            from: moment,
            until: later,
            place: "Lisbon".to_owned(),
            network: None,
        }),
        Command::Recovery(recovery::Command::Choose(recovery::RecoveryPolicy::default())),
        Command::Trustee(trustee::Command::Name { username: "bob".to_owned(), found: Some(bob) }),
        Command::Approval(approval::Command::AskStepUp),
        Command::Lock(lock::Command::Set { target: account, grade: Grade::ReduceOnly }),
    ] {
        history.by(by, command).await.ok().unwrap();
    }
    history.by_system(Command::Lock(lock::Command::Lift { target: account })).await.ok().unwrap();
    strangers(&mut history, by).await;
    sign(&history).await;
    history.verify().await;
    history
}

/// A connection that takes anything.
async fn intruder(place: &Place) -> SqliteConnection {
    let mut connection = SqliteConnection::connect(place.url()).await.unwrap();
    connection
        .execute("PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON")
        .await
        .unwrap();
    connection
}

async fn run(connection: &mut SqliteConnection, sql: &str) -> Result<u64, sqlx::Error> {
    let done = sqlx::query(AssertSqlSafe(sql.to_owned())).execute(connection).await?;
    Ok(done.rows_affected())
}

async fn faults(history: &History) -> Vec<String> {
    history.store.replay(history.now, &mut |_| {}).await.unwrap().faults
}

/// Values to put in place of another: a near one, none, and what cannot be read.
fn others(column: &Column) -> [String; 3] {
    let name = &column.name;
    let near = if column.is_number {
        format!("COALESCE({name}, 0) + 1")
    } else {
        format!("COALESCE({name}, '') || 'x'")
    };
    [near, "NULL".to_owned(), "X'00ff'".to_owned()]
}

/// Row ids of a table, and what its key says of each.
async fn ids(connection: &mut SqliteConnection, table: &Table) -> Vec<i64> {
    let select = format!("SELECT rowid FROM {} ORDER BY rowid", table.name);
    let rows = sqlx::query(AssertSqlSafe(select)).fetch_all(connection).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

#[tokio::test]
async fn every_column_that_is_altered_is_named_by_its_row() {
    let place = Place::sqlite();
    let history = full(&place).await;
    let mut connection = intruder(&place).await;
    let (mut seen, mut missed) = (Vec::new(), Vec::new());
    for table in Database::tables().await.unwrap() {
        if OTHERS.contains(&table.name.as_str()) {
            continue;
        }
        let ids = ids(&mut connection, &table).await;
        let row = *ids.last().unwrap_or_else(|| panic!("{} is empty", table.name));
        for column in &table.columns {
            let (name, at) = (&column.name, format!("{}.{}", table.name, column.name));
            run(
                &mut connection,
                &format!(
                    "CREATE TEMP TABLE kept AS SELECT {name} AS was FROM {} WHERE rowid = {row}",
                    table.name
                ),
            )
            .await
            .unwrap();
            let mut tried = 0;
            for other in others(column) {
                let change = format!(
                    "UPDATE {} SET {name} = {other} WHERE rowid = {row} AND {name} IS NOT {other}",
                    table.name
                );
                // What the engine itself does not take (a null, a second row of one key) nobody can put there.
                if run(&mut connection, &change).await.unwrap_or(0) == 0 {
                    continue;
                }
                tried += 1;
                let faults = faults(&history).await;
                // What was never written there counts as altered too.
                let is_odd = other.starts_with('X')
                    || (other.ends_with("'x'") && FORMED.contains(&at.as_str()));
                if UNSEEN.contains(&(&table.name, name)) && !is_odd {
                    let odd =
                        faults.iter().any(|fault| !fault.starts_with("the file of the tables"));
                    missed.extend(odd.then(|| format!("{at} = {other}: {faults:?}")));
                } else {
                    let named = |fault: &String| {
                        let entry = table.name == "evidence" && fault.contains("entr");
                        entry || (fault.contains(&table.name) && fault.contains("row"))
                    };
                    missed.extend(
                        (!faults.iter().any(named)).then(|| format!("{at} = {other}: {faults:?}")),
                    );
                }
                let undo = format!(
                    "UPDATE {} SET {name} = (SELECT was FROM kept) WHERE rowid = {row}",
                    table.name
                );
                run(&mut connection, &undo).await.unwrap();
            }
            missed.extend((tried == 0).then(|| format!("{at} was not changed")));
            run(&mut connection, "DROP TABLE kept").await.unwrap();
            seen.push((table.name.clone(), name.clone()));
        }
    }
    assert_eq!(faults(&history).await, Vec::<String>::new(), "all was put back");
    assert!(missed.is_empty(), "{missed:#?}");
    assert!(seen.len() > 150, "{}", seen.len());
    assert!(
        UNSEEN
            .iter()
            .all(|(table, name)| seen.contains(&((*table).to_owned(), (*name).to_owned())))
    );
}

#[test]
fn what_is_not_covered_is_listed_with_a_reason() {
    let listed: Vec<_> = WITHOUT.iter().map(|(table, name, ..)| (*table, *name)).collect();
    assert_eq!(listed, UNSEEN);
    let elsewhere: Vec<_> = ELSEWHERE.iter().map(|(table, _)| *table).collect();
    assert!(OTHERS.iter().all(|table| elsewhere.contains(table)));
    assert!(WITHOUT.iter().all(|(.., why)| !why.is_empty()));
    assert!(ELSEWHERE.iter().all(|(_, why)| !why.is_empty()));
}

#[tokio::test]
async fn row_that_is_deleted_or_added_is_named() {
    let place = Place::sqlite();
    let history = full(&place).await;
    let mut connection = intruder(&place).await;
    for table in Database::tables().await.unwrap() {
        if OTHERS.contains(&table.name.as_str()) {
            continue;
        }
        let name = &table.name;
        run(&mut connection, &format!("CREATE TEMP TABLE kept AS SELECT * FROM {name}"))
            .await
            .unwrap();
        let ids = ids(&mut connection, &table).await;
        for row in [ids[0], ids[ids.len() - 1]] {
            run(&mut connection, &format!("DELETE FROM {name} WHERE rowid = {row}")).await.unwrap();
            assert_ne!(faults(&history).await, Vec::<String>::new(), "{name}");
            run(&mut connection, &format!("DELETE FROM {name}")).await.unwrap();
            run(&mut connection, &format!("INSERT INTO {name} SELECT * FROM kept")).await.unwrap();
        }
        {
            let key = table.columns.iter().find(|column| column.is_key).unwrap();
            let columns: Vec<_> = table
                .columns
                .iter()
                .map(|column| match column {
                    one if one.name == key.name && one.is_number => format!("{} + 1000", one.name),
                    one if one.name == key.name => format!("{} || 'x'", one.name),
                    // Unique of its own.
                    one if ["username", "token", "stop", "handle"].contains(&one.name.as_str()) => {
                        format!("{} || 'x'", one.name)
                    }
                    one if ["port"].contains(&one.name.as_str()) => "1".to_owned(),
                    one => one.name.clone(),
                })
                .collect();
            run(&mut connection, "PRAGMA foreign_keys = OFF").await.unwrap();
            let copy = format!(
                "INSERT INTO {name} SELECT {} FROM {name} ORDER BY rowid DESC LIMIT 1",
                columns.join(", ")
            );
            let added = run(&mut connection, &copy).await;
            if added.is_ok() {
                let faults = faults(&history).await;
                assert!(!faults.is_empty(), "{name}: a row was added");
                run(&mut connection, &format!("DELETE FROM {name}")).await.unwrap();
                run(&mut connection, &format!("INSERT INTO {name} SELECT * FROM kept"))
                    .await
                    .unwrap();
            }
        }
        run(&mut connection, "DROP TABLE kept").await.unwrap();
        assert_eq!(faults(&history).await, Vec::<String>::new(), "{name} was put back");
    }
}

/// Values that no program writes, in tables and columns that are in no evidence.
#[tokio::test]
async fn value_that_cannot_be_read_is_named_where_evidence_has_none() {
    let place = Place::sqlite();
    let history = full(&place).await;
    let mut connection = intruder(&place).await;
    for change in [
        "INSERT INTO stranger VALUES ('x', 1, 1, 1)",
        "INSERT INTO stranger VALUES (hex(zeroblob(32)), -1, 1, 1)",
        "INSERT INTO stranger VALUES (hex(zeroblob(32)), 1, 9223372036854775807, 1)",
        "INSERT INTO stranger VALUES (hex(zeroblob(32)), 1, 1, 9223372036854775807)",
        "INSERT INTO site VALUES ('192.0.2.1', 'soon')",
        "INSERT INTO site VALUES (X'ff', 1)",
        "INSERT INTO equity VALUES ('DU1234567', 20000, '1e6')",
        "INSERT INTO equity VALUES ('DU1234567', 20000.5, '1')",
        "INSERT INTO equity VALUES ('nobody', 20000, '1')",
        "UPDATE person SET version = 9223372036854775807",
        "UPDATE session SET last_seen_at = 9223372036854775807",
        "UPDATE session SET last_seen_at = -1",
        "UPDATE delivery SET tries = 4294967296",
        "UPDATE notice SET read_at = 'never'",
        "UPDATE credential SET last_used_at = 1.5",
    ] {
        run(&mut connection, "SAVEPOINT kept").await.unwrap();
        assert!(run(&mut connection, change).await.unwrap() > 0, "{change}");
        run(&mut connection, "RELEASE kept").await.unwrap();
        let table = change.split_whitespace().find(|word| {
            ["stranger", "site", "equity", "person", "session", "delivery", "notice", "credential"]
                .contains(word)
        });
        let named = format!("table {}, row", table.unwrap());
        let faults = faults(&history).await;
        assert!(faults.iter().any(|fault| fault.starts_with(&named)), "{change}: {faults:?}");
        // What is right of these is nobody's business.
        for undo in [
            "DELETE FROM stranger WHERE length(name) < 64 OR failures < 0 OR last_at > 1 OR version > 1",
            "DELETE FROM site",
            "DELETE FROM equity",
            "UPDATE person SET version = 1",
            "UPDATE session SET last_seen_at = started_at",
            "UPDATE delivery SET tries = 0",
            "UPDATE notice SET read_at = NULL",
            "UPDATE credential SET last_used_at = NULL",
        ] {
            run(&mut connection, undo).await.unwrap();
        }
    }
    for change in [
        "INSERT INTO stranger VALUES (lower(hex(zeroblob(32))), 3, 1795532400000000, 2)",
        "INSERT INTO site VALUES ('192.0.2.1', 1795532400000000)",
        "INSERT INTO equity VALUES ('DU1234567', 20000, '-1000000.25')",
    ] {
        run(&mut connection, change).await.unwrap();
    }
    assert_eq!(faults(&history).await, Vec::<String>::new());
}

/// What decides behind everybody's back, or lets an account have two owners.
#[tokio::test]
async fn schema_that_is_not_the_programs_is_named() {
    let place = Place::sqlite();
    let history = full(&place).await;
    let mut connection = intruder(&place).await;
    for (change, undo, named) in [
        (
            "CREATE TRIGGER late AFTER INSERT ON evidence BEGIN DELETE FROM travel; END",
            "DROP TRIGGER late",
            "table evidence, trigger late: it is not part of the schema",
        ),
        (
            "DROP INDEX mandate_live",
            "CREATE UNIQUE INDEX mandate_live ON mandate (person, account) WHERE revoked_at IS NULL",
            "table mandate, index mandate_live: it is missing",
        ),
        (
            "DROP INDEX credential_port",
            "CREATE INDEX credential_port ON credential (port) WHERE revoked_at IS NULL",
            "index credential_port: it is missing",
        ),
        ("SELECT 1", "DROP INDEX credential_port", "index credential_port: it was altered"),
        (
            "SELECT 1",
            "CREATE UNIQUE INDEX credential_port ON credential (port) WHERE revoked_at IS NULL",
            "index credential_port: it is missing",
        ),
        (
            "CREATE TABLE more (one TEXT)",
            "DROP TABLE more",
            "table more, column one: it is not part",
        ),
        (
            "DROP TABLE site",
            "CREATE TABLE site (name TEXT PRIMARY KEY, forgiven_at BIGINT)",
            "table site",
        ),
        ("SELECT 1", "DROP TABLE site", "table site, column forgiven_at: it was altered"),
        (
            "CREATE VIEW site AS SELECT '192.0.2.1' AS name, 1 AS forgiven_at",
            "DROP VIEW site",
            "table site, view site: it is not part of the schema",
        ),
    ] {
        run(&mut connection, change).await.unwrap();
        let faults = faults(&history).await;
        assert!(faults.iter().any(|fault| fault.contains(named)), "{change}: {faults:?}");
        run(&mut connection, undo).await.unwrap();
    }
    // What was done meanwhile is named too.
    run(&mut connection, "CREATE TEMP TABLE kept AS SELECT * FROM mandate").await.unwrap();
    run(&mut connection, "DROP INDEX mandate_live").await.unwrap();
    let second = "UPDATE mandate SET role = 'owner' WHERE role <> 'owner'";
    assert!(run(&mut connection, second).await.unwrap() > 0);
    let both = faults(&history).await;
    for named in ["table mandate, row mdt_", "index mandate_live: it is missing"] {
        assert!(both.iter().any(|fault| fault.contains(named)), "{both:?}");
    }
    for undo in [
        "DELETE FROM mandate",
        "INSERT INTO mandate SELECT * FROM kept",
        "CREATE UNIQUE INDEX mandate_live ON mandate (person, account) WHERE revoked_at IS NULL",
    ] {
        run(&mut connection, undo).await.unwrap();
    }
    let site = "CREATE TABLE site (name TEXT PRIMARY KEY, forgiven_at BIGINT NOT NULL)";
    run(&mut connection, site).await.unwrap();
    assert_eq!(faults(&history).await, Vec::<String>::new());
}

/// The list of steps is the schema's own record.
#[tokio::test]
async fn step_that_was_altered_is_damage_and_a_later_one_a_newer_version() {
    let place = Place::sqlite();
    drop(full(&place).await);
    let mut connection = intruder(&place).await;
    for (change, undo, damaged) in [
        (
            "UPDATE _sqlx_migrations SET checksum = X'00' WHERE version = 5",
            "UPDATE _sqlx_migrations SET checksum = (SELECT checksum FROM kept WHERE version = 5) \
             WHERE version = 5",
            true,
        ),
        (
            "UPDATE _sqlx_migrations SET success = 0 WHERE version = 1",
            "UPDATE _sqlx_migrations SET success = 1",
            true,
        ),
        (
            "UPDATE _sqlx_migrations SET version = 99 WHERE version = 26",
            "UPDATE _sqlx_migrations SET version = 26 WHERE version = 99",
            false,
        ),
    ] {
        run(
            &mut connection,
            "CREATE TEMP TABLE IF NOT EXISTS kept AS SELECT * FROM _sqlx_migrations",
        )
        .await
        .unwrap();
        assert!(run(&mut connection, change).await.unwrap() > 0);
        let error = store::Store::open(place.url()).await.unwrap_err();
        assert_eq!(error.is_damage(), damaged, "{error}");
        assert!(!damaged || error.to_string().contains("_sqlx_migrations"), "{error}");
        run(&mut connection, undo).await.unwrap();
        store::Store::open(place.url()).await.unwrap().close().await;
    }
}

/// Whose the entries of version 1 are is what the entry behind them says, and nothing else.
#[tokio::test]
async fn owner_of_an_older_entry_that_was_altered_is_found_by_the_entry_behind_it() {
    let place = Place::sqlite();
    let mut history = full(&place).await;
    let mut connection = intruder(&place).await;
    // As that version wrote them.
    let mut end = evidence::Chain::default();
    for (place, mut entry) in (1..).zip(entries(&history.store).await) {
        let (shard, seq) = (entry.shard, entry.seq);
        (entry.version, entry.shard, entry.seq) = (1, evidence::COMMON, place);
        entry.hash = entry.chained(end.hash);
        end = evidence::Chain { seq: place, hash: entry.hash };
        // Behind all others until each of them is moved: two have one number for a moment.
        let older = format!(
            "UPDATE evidence SET version = 1, shard = {}, seq = {}, hash = '{}' \
             WHERE shard = {shard} AND seq = {seq}",
            evidence::COMMON,
            place + 1_000_000,
            entry.hash,
        );
        run(&mut connection, &older).await.unwrap();
    }
    let (seq, hash) = (end.seq, end.hash);
    for change in [
        "UPDATE evidence SET seq = seq - 1000000".to_owned(),
        format!("UPDATE evidence_head SET seq = {seq}, hash = '{hash}' WHERE shard = 0"),
        "DELETE FROM evidence_head WHERE shard <> 0".to_owned(),
    ] {
        run(&mut connection, &change).await.unwrap();
    }
    let replayed = history.store.replay(history.now, &mut |_| {}).await.unwrap();
    assert!(replayed.faults.is_empty() && replayed.unowned > 20, "{replayed:?}");
    let owners = history.store.owners().await.unwrap().unwrap();
    let evidence::Event::Noted { kind, text } = owners.event() else { panic!("no note") };
    let note = Command::Evidence(evidence::Command::Note { kind, text });
    let call = Call { by: By::System, source: Source::local(), command: note };
    let nobody = access::Slice::default();
    let decision = history.decide(&nobody, &call);
    history.commit(&nobody, &call, &decision).await.unwrap();
    assert_eq!(history.verify().await.unowned, 0);
    let other = "UPDATE evidence SET person = (SELECT MAX(id) FROM person WHERE id <> evidence.person) \
                 WHERE seq = 9";
    run(&mut connection, "CREATE TEMP TABLE kept AS SELECT person FROM evidence WHERE seq = 9")
        .await
        .unwrap();
    for change in [other, "UPDATE evidence SET person = NULL WHERE seq = 9"] {
        assert_eq!(run(&mut connection, change).await.unwrap(), 1);
        let faults = faults(&history).await;
        let named = faults.iter().any(|fault| fault.contains("persons of entries 1 to"));
        assert!(named, "{change}: {faults:?}");
        let undo = "UPDATE evidence SET person = (SELECT person FROM kept) WHERE seq = 9";
        run(&mut connection, undo).await.unwrap();
    }
    history.verify().await;
}

/// Bytes of an index that no row is read by: only the engine's own check sees them.
#[tokio::test]
async fn damaged_index_is_named() {
    let place = Place::sqlite();
    let history = full(&place).await;
    let mut connection = intruder(&place).await;
    let select = "SELECT rootpage FROM sqlite_master WHERE name = 'device_person'";
    let page: i64 = sqlx::query(select).fetch_one(&mut connection).await.unwrap().get(0);
    let size = "SELECT page_size FROM pragma_page_size";
    let size: i64 = sqlx::query(size).fetch_one(&mut connection).await.unwrap().get(0);
    let person = history.person.to_string();
    history.store.close().await;
    run(&mut connection, "PRAGMA wal_checkpoint(TRUNCATE)").await.unwrap();
    connection.close().await.unwrap();
    let file = place.folder().join("tables.db");
    let mut bytes = std::fs::read(&file).unwrap();
    let (page, size) = (usize::try_from(page).unwrap(), usize::try_from(size).unwrap());
    let from = (page - 1) * size;
    let found =
        bytes[from..from + size].windows(person.len()).position(|one| one == person.as_bytes());
    let last = from + found.unwrap() + person.len() - 1;
    bytes[last] ^= 1;
    std::fs::write(&file, bytes).unwrap();
    let store = store::Store::open(place.url()).await.unwrap();
    let faults = store.replay(history.now, &mut |_| {}).await.unwrap().faults;
    assert!(!faults.is_empty());
    assert!(
        faults.iter().all(|fault| fault.contains("the file of the tables is damaged")),
        "{faults:?}"
    );
}

/// What a later entry let be forgotten is not missed when the clock is behind that entry.
#[tokio::test]
async fn row_that_was_forgotten_in_its_time_is_not_missed_by_a_clock_that_was_set_back() {
    let place = Place::sqlite();
    let mut history = full(&place).await;
    let before = history.now;
    history.now = before + Span::days(100);
    let issue = Command::Link(link::Command::Issue { purpose: Purpose::SignIn });
    history.by_system(issue).await.ok().unwrap();
    assert!(history.store.prune(history.now).await.unwrap() > 0);
    assert_eq!(faults(&history).await, Vec::<String>::new());
    history.now = before;
    assert_eq!(faults(&history).await, Vec::<String>::new(), "with the clock set back");
}

/// PostgreSQL: what an update may set there is found by the same check.
#[tokio::test]
async fn tables_on_postgres_are_compared_too() {
    let place = Place::postgres().await;
    let history = full(&place).await;
    let pool = history.store.database().pool();
    for (change, undo, named) in [
        (
            "UPDATE device SET role = 'x' || role",
            "UPDATE device SET role = substr(role, 2)",
            "table device, row dev_",
        ),
        (
            "UPDATE session SET address = 'nowhere'",
            "UPDATE session SET address = NULL",
            "table session, row ses_",
        ),
        ("UPDATE evidence SET person = NULL WHERE seq = 9", "", "entry 9 was altered"),
        ("UPDATE notice SET body = ''", "", "entry 9 was altered"),
        ("DROP INDEX mandate_live", "", "table mandate, index mandate_live: it is missing"),
        (
            "CREATE RULE late AS ON INSERT TO evidence DO ALSO DELETE FROM travel",
            "",
            "table evidence, rule late: it is not part of the schema",
        ),
        (
            "ALTER TABLE site ALTER COLUMN forgiven_at DROP NOT NULL",
            "",
            "forgiven_at: it was altered",
        ),
    ] {
        sqlx::query(change).execute(pool).await.unwrap();
        let faults = faults(&history).await;
        assert!(faults.iter().any(|fault| fault.contains(named)), "{change}: {faults:?}");
        if !undo.is_empty() {
            sqlx::query(undo).execute(pool).await.unwrap();
            history.verify().await;
        }
    }
}
