//! Every column of every table, changed behind the program's back: the check of evidence names its row.

use access::call::{By, Call};
use access::decision::Command;
use access::evidence::Checkpoint;
use access::link::{self, Purpose};
use access::lock::{self, Grade, Target};
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

use crate::commit::new_credential;
use crate::history::{ACCOUNT, History, browser};
use crate::place::Place;
use crate::push::{by_phone, home, wish};

/// What may be changed unseen. A new column is not here: either evidence covers it, or it comes with a
/// reason in the program and a line here.
const UNSEEN: &[(&str, &str)] = &[
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

/// Tables that the folder's check covers and not this one (`crates/floorpass/tests/it/tamper.rs`), or nothing does.
const OTHERS: &[&str] = &[
    "_sqlx_migrations",
    "checkpoint",
    "equity",
    "folder",
    "order_decision",
    "record_index",
    "stranger",
];

/// Two checkpoints of what is there now.
async fn sign(history: &History) {
    let head = history.store.evidence_head().await.unwrap();
    for journal_seq in [1, 2] {
        let checkpoint = Checkpoint {
            at: history.now,
            access_seq: head.seq,
            access_hash: head.hash,
            journal_seq,
            journal_hash: Digest::of(b"journal"),
        };
        let signed = SignedCheckpoint { checkpoint, signer: vec![1; 32], signature: vec![2; 64] };
        history.store.put_checkpoint(&signed).await.unwrap();
    }
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
    let slice = history.slice().await;
    let gone = slice.credentials.iter().find(|one| one.name.to_string() == "gone").unwrap().id;
    let later = history.now + Span::days(7);
    let account = Target::Account(ACCOUNT.parse().unwrap());
    let (moment, one) = (history.now, policy::Assurance::One);
    for command in [
        Command::Credential(credential::Command::Revoke { credential: gone, cancel_orders: true }),
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
        Command::Recovery(recovery::Command::Choose(recovery::Policy::default())),
        Command::Trustee(trustee::Command::Name { username: "bob".to_owned(), found: Some(bob) }),
        Command::Approval(approval::Command::AskStepUp),
        Command::Lock(lock::Command::Set { target: account, grade: Grade::ReduceOnly }),
    ] {
        history.by(by, command).await.ok().unwrap();
    }
    history.by_system(Command::Lock(lock::Command::Lift { target: account })).await.ok().unwrap();
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

/// Values to put in the place of another: a near one, none, and what cannot be read.
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
                if UNSEEN.contains(&(&table.name, name)) {
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
    let listed: Vec<_> = WITHOUT.iter().map(|(table, name, _)| (*table, *name)).collect();
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
        ("UPDATE evidence SET person = NULL WHERE seq = 9", "", "entry 9 was altered"),
        ("UPDATE notice SET body = ''", "", "entry 9 was altered"),
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
