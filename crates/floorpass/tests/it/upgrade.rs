//! The way of an older version's folder to this one: looked at, copied aside, interrupted, done.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::{Connection as _, Row as _};

use crate::fixture::Kept;
use crate::program::{command, fault, json, run, text};

/// Every plain file under a folder, with what it holds.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut left = vec![folder.to_owned()];
    while let Some(next) = left.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                left.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().to_owned();
                found.insert(name, std::fs::read(&path).unwrap());
            }
        }
    }
    found
}

/// What a command says a minute after the old version stopped.
fn then(kept: &Kept, args: &[&str]) -> serde_json::Value {
    let mut asked = command(&kept.data, &[args, &["--json"]].concat());
    let said = kept.a_minute_later(&mut asked).output().unwrap();
    assert!(said.status.success(), "{}", text(&said));
    serde_json::from_slice(&said.stdout).unwrap()
}

fn count(kept: &Kept, name: &str) -> u64 {
    kept.facts[name].as_array().unwrap().len().try_into().unwrap()
}

#[test]
fn check_of_an_old_folder_says_what_an_upgrade_does_and_changes_nothing() {
    let kept = Kept::sqlite();
    let before = files(&kept.data);
    let said = then(&kept, &["upgrade", "--check"]);
    assert!(said["schema"].as_i64().unwrap() < said["newest"].as_i64().unwrap(), "{said}");
    assert_eq!(said["sessions"], count(&kept, "session list"), "{said}");
    for name in ["access_entries", "journal_records", "checkpoints"] {
        assert_eq!(said["evidence"][name], kept.facts["evidence verify"][name], "{name}");
    }
    assert!(!Path::new(said["copy"].as_str().unwrap()).exists(), "{said}");
    let after = files(&kept.data);
    assert_eq!(before.keys().collect::<Vec<_>>(), after.keys().collect::<Vec<_>>());
    assert!(before == after, "a file was changed");
}

#[test]
fn upgrade_keeps_a_copy_that_is_what_the_folder_was() {
    let kept = Kept::sqlite();
    let before = files(&kept.data);
    let done = then(&kept, &["upgrade"]);
    assert_eq!(done["upgraded"], true, "{done}");
    let copy = PathBuf::from(done["copy"].as_str().unwrap());
    assert!(copy.file_name().unwrap().to_str().unwrap().starts_with("data.before-"), "{done}");
    let kept_files = files(&copy);
    // The tables are a copy by their engine; everything else is the same, byte by byte.
    for (name, bytes) in before.iter().filter(|(name, _)| !name.starts_with("floorpass.db")) {
        assert!(kept_files.get(name) == Some(bytes), "{}", name.display());
    }
    let report = json(&copy, &["evidence", "verify"]);
    assert_eq!(report["access_entries"], kept.facts["evidence verify"]["access_entries"]);
    assert!(!kept.data.join("upgrade.json").exists());

    let again = then(&kept, &["upgrade"]);
    assert_eq!((&again["upgraded"], &again["copy"]), (&false.into(), &serde_json::Value::Null));
    let server = kept.start();
    kept.is_what_it_was();
    assert_eq!(server.terminate(), 0);
    kept.verify();
}

#[test]
fn upgrade_that_is_killed_anywhere_goes_on() {
    let kept = Kept::sqlite();
    let mut killed = 0;
    for tries in 1..200 {
        let mut upgrade = command(&kept.data, &["upgrade"]);
        let mut upgrade = kept.a_minute_later(&mut upgrade).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(4 * tries));
        if upgrade.try_wait().unwrap().is_some() {
            break;
        }
        upgrade.kill().unwrap();
        upgrade.wait().unwrap();
        killed += 1;
    }
    assert!(killed > 9, "only {killed} runs were killed");
    then(&kept, &["upgrade"]);
    let copies = std::fs::read_dir(kept.temp.path()).unwrap().flatten();
    let copies: Vec<_> = copies.map(|one| one.file_name().into_string().unwrap()).collect();
    assert!(copies.iter().all(|name| !name.contains(".part")), "{copies:?}");
    let server = kept.start();
    kept.is_what_it_was();
    assert_eq!(server.terminate(), 0);
    kept.verify();
}

#[test]
fn upgrade_without_room_for_the_copy_says_how_much_it_takes() {
    let kept = Kept::sqlite();
    let before = files(&kept.data);
    // Nothing is ever free there.
    let to = ["--copy-to", "/proc/floorpass-copy"];
    let refused = run(&kept.data, &[&["upgrade"][..], &to].concat());
    assert_eq!(refused.status.code(), Some(4), "{}", text(&refused));
    let said = text(&refused);
    assert!(
        said.contains("MiB") && said.contains("0 MiB are free") && said.contains("--copy-to"),
        "{said}"
    );
    let check = [&["upgrade", "--check"][..], &to].concat();
    assert_eq!(fault(&kept.data, &check), (4, "NO_ROOM".to_owned()));
    let taken = kept.temp.path().to_str().unwrap();
    let to = ["upgrade", "--copy-to", taken];
    assert_eq!(fault(&kept.data, &to), (4, "FOLDER_EXISTS".to_owned()));
    // A copy inside what is copied would hold itself.
    let link = kept.temp.path().join("link");
    std::os::unix::fs::symlink(&kept.data, &link).unwrap();
    for inside in [kept.data.join("copy"), link.join("copy")] {
        let to = inside.to_str().unwrap();
        for asked in [&["upgrade", "--copy-to", to][..], &["upgrade", "--check", "--copy-to", to]] {
            assert_eq!(fault(&kept.data, asked), (4, "FOLDER_INSIDE".to_owned()));
        }
        assert!(!inside.exists());
    }
    let after = files(&kept.data);
    assert!(before.iter().all(|(name, bytes)| after.get(name) == Some(bytes)));
}

#[test]
fn upgrade_of_altered_evidence_is_found_by_the_check() {
    let kept = Kept::sqlite();
    let file = kept.data.join("journal/00000000000000000001.seg");
    let mut bytes = std::fs::read(&file).unwrap();
    let mut starts = (0..bytes.len() - 4).step_by(8).filter(|at| &bytes[*at..*at + 4] == b"FPRC");
    let fifth = starts.nth(4).unwrap();
    bytes[fifth + 70] ^= 1;
    std::fs::write(&file, bytes).unwrap();
    assert_eq!(fault(&kept.data, &["upgrade", "--check"]), (5, "EVIDENCE_ALTERED".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_tables_are_copied_into_a_schema_beside_them() {
    let kept = Kept::postgres().await;
    let said = then(&kept, &kept.args(&["upgrade", "--check"]));
    assert_eq!(said["sessions"], count(&kept, "session list"), "{said}");
    let config = std::fs::read_to_string(kept.temp.path().join("floorpass.toml")).unwrap();
    let url = config.lines().find_map(|line| line.strip_prefix("database = ")).unwrap();
    let mut tables = sqlx::PgConnection::connect(url.trim_matches('"')).await.unwrap();
    let of = "SELECT CAST(nspname AS TEXT) FROM pg_namespace WHERE nspname LIKE 'before%' OR nspname LIKE '%trial%'";
    assert!(sqlx::query(of).fetch_all(&mut tables).await.unwrap().is_empty());

    let done = then(&kept, &kept.args(&["upgrade"]));
    assert_eq!(done["upgraded"], true, "{done}");
    let schemas = sqlx::query(of).fetch_all(&mut tables).await.unwrap();
    let schemas: Vec<String> = schemas.iter().map(|row| row.get(0)).collect();
    assert_eq!(schemas, [format!("before_{:04}", said["newest"].as_i64().unwrap())]);
    let of = format!("SELECT count(*) FROM {}.session WHERE ended_at IS NULL", schemas[0]);
    let live: i64 =
        sqlx::query(sqlx::AssertSqlSafe(of)).fetch_one(&mut tables).await.unwrap().get(0);
    assert_eq!(live, i64::try_from(count(&kept, "session list")).unwrap());
    let server = kept.start();
    kept.is_what_it_was();
    assert_eq!(server.terminate(), 0);
    kept.verify();
}
