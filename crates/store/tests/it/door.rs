//! Doors of credentials: what a row may hold, what the migration makes of older rows, and a whole life at the API.

use access::credential::{self, Credential, Door};
use access::moment::Span;
use access::{Answer, Command};
use sqlx::any::AnyRow;
use sqlx::{AnyPool, AssertSqlSafe, Row};
use store::{Key, Store};

use crate::both_engines;
use crate::commit::{credential_at, new_credential};
use crate::history::{ACCOUNT, History};
use crate::place::Place;

both_engines!(
    credential_for_the_api_lives_like_one_with_a_socket,
    row_has_a_port_at_a_socket_and_a_token_at_another_door,
    older_rows_have_sockets_and_keep_all_that_they_had,
);

async fn named(history: &History, name: &str) -> Credential {
    let all = history.slice().await.credentials;
    all.into_iter().find(|one| one.name.as_str() == name).unwrap()
}

/// Each step is compared by [`History::ask`], and the whole by a replay.
async fn credential_for_the_api_lives_like_one_with_a_socket(place: &Place) {
    let mut history = History::begin(place).await;
    for name in ["one", "two"] {
        let create = credential_at(Door::Api, name, &history);
        let made = history.by_system(create).await;
        let Ok(Answer::CredentialCreated { token, door, .. }) = made else { panic!("none made") };
        assert_eq!((token.is_some(), door), (true, Door::Api));
    }
    let socket = new_credential("bot", 7_497, &history);
    history.by_system(socket).await.ok().unwrap();
    let ports = history.store.taken_ports(history.now).await.unwrap();
    assert_eq!(ports.iter().map(|one| one.port).collect::<Vec<_>>(), [7_497]);
    let one = named(&history, "one").await;
    let credential = one.id;
    for command in [
        credential::Command::Rotate { credential, grace: Span::hours(1) },
        credential::Command::Pause { credential, cancel_orders: false },
        credential::Command::Resume { credential },
        credential::Command::Rename { credential, name: "first".to_owned() },
        credential::Command::Revoke { credential, cancel_orders: true },
    ] {
        history.by_system(Command::Credential(command)).await.ok().unwrap();
    }
    let first = named(&history, "first").await;
    assert_eq!(first.door, Door::Api);
    assert!(first.revoked.is_some() && first.token.is_some() && first.token != one.token);
    history.verify().await;
}

async fn row_has_a_port_at_a_socket_and_a_token_at_another_door(place: &Place) {
    let mut history = History::begin(place).await;
    for (name, door) in [("api", Door::Api), ("bot", Door::Socket { port: 7_497 })] {
        let create = credential_at(door, name, &history);
        history.by_system(create).await.ok().unwrap();
    }
    let pool = AnyPool::connect(place.url()).await.unwrap();
    for (name, change) in [
        ("api", "port = 7498"),
        ("api", "token = NULL"),
        ("api", "door = 'socket'"),
        ("bot", "port = NULL"),
        ("bot", "door = 'api'"),
    ] {
        let update = format!("UPDATE credential SET {change} WHERE name = '{name}'");
        let refused = sqlx::query(AssertSqlSafe(update)).execute(&pool).await;
        assert!(refused.is_err(), "{name}: {change}");
    }
    // A word that no version knows, the engine takes, and reading it says so.
    let odd = "UPDATE credential SET door = 'window' WHERE name = 'api'";
    sqlx::query(odd).execute(&pool).await.unwrap();
    let read = history.store.slice_afresh(Key::Person(history.person)).await;
    let why = read.err().map(|error| error.to_string()).unwrap();
    assert!(why.contains("window"), "{why}");
}

/// All columns that a row had before it had a door.
const OLDER: &str = "id, person, account, others, name, scopes, port, token, former_token, former_until, \
                     created_at, created_by, revoked_at, revoked_by, revoked_orders, paused_at, paused_by, \
                     paused_orders, last_used_at, last_address, last_client";

async fn older(pool: &AnyPool) -> Vec<Vec<Option<String>>> {
    let cast: Vec<_> = OLDER.split(", ").map(|one| format!("CAST({one} AS TEXT)")).collect();
    let select = format!("SELECT {} FROM credential ORDER BY id", cast.join(", "));
    let rows = sqlx::query(AssertSqlSafe(select)).fetch_all(pool).await.unwrap();
    let values = |row: &AnyRow| (0..cast.len()).map(|at| row.get(at)).collect();
    rows.iter().map(values).collect()
}

async fn older_rows_have_sockets_and_keep_all_that_they_had(place: &Place) {
    sqlx::any::install_default_drivers();
    let pool = AnyPool::connect(place.url()).await.unwrap();
    store::migration::up_to(35).run(&pool).await.unwrap();
    let (person, token) = (access::PersonId([1; 16]), "ab".repeat(32));
    let (full, bare) = (access::CredentialId([1; 16]), access::CredentialId([2; 16]));
    for insert in [
        format!(
            "INSERT INTO person (id, username, created_at, version) VALUES ('{person}', 'ann', 1, 1)"
        ),
        format!(
            "INSERT INTO credential ({OLDER}) VALUES ('{full}', '{person}', '{ACCOUNT}', 'DU0000002', 'full', \
             '{{}}', 7497, '{token}', '{token}', 3, 4, 'system', 5, 'system', 1, 6, 'system', 1, 7, \
             '192.0.2.7', 'ib_async')"
        ),
        format!(
            "INSERT INTO credential ({OLDER}) VALUES ('{bare}', '{person}', '{ACCOUNT}', '', 'bare', '{{}}', \
             7498, NULL, NULL, NULL, 4, 'system', NULL, NULL, 0, NULL, NULL, 0, NULL, NULL, NULL)"
        ),
    ] {
        sqlx::query(AssertSqlSafe(insert)).execute(&pool).await.unwrap();
    }
    let before = older(&pool).await;
    assert!(before[0].iter().all(Option::is_some), "{before:?}");
    Store::open(place.url()).await.unwrap().close().await;
    // What was prepared before the table was made anew knows the old one.
    let pool = AnyPool::connect(place.url()).await.unwrap();
    assert_eq!(older(&pool).await, before);
    let doors: Vec<(String,)> =
        sqlx::query_as("SELECT door FROM credential").fetch_all(&pool).await.unwrap();
    assert_eq!(doors, [("socket".to_owned(),), ("socket".to_owned(),)]);
}
