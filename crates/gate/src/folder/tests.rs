//! Data folders that lost something, are shared, or were begun and not ended.
#![expect(clippy::unwrap_used, reason = "tests")]
use super::*;
use std::os::unix::fs::{PermissionsExt, symlink};

const DEMO: u64 = journal::DEMO_SEGMENT_BYTES;

/// A described folder with a segment of a journal.
fn folder(temp: &Path) -> Folder {
    let folder = Folder::open(temp, true, DEMO).unwrap();
    let disk: std::sync::Arc<dyn crate::disk::Disk> = std::sync::Arc::new(crate::disk::LocalDisk);
    let id = folder.facts.id_bytes();
    drop(
        journal::Journal::open(&journal_folder(temp), id, 1 << 20, &disk, None, &mut |_| Ok(()))
            .unwrap(),
    );
    folder.hold_segments().unwrap();
    folder.finish().unwrap();
    folder
}

fn refused(path: &Path) -> FolderError {
    Folder::open(path, true, DEMO).err().unwrap()
}

#[test]
fn folder_in_use_is_refused_to_a_second_server_whatever_is_removed() {
    let temp = tempfile::tempdir().unwrap();
    let first = folder(temp.path());
    let own = std::process::id().to_string();
    let said = refused(temp.path()).to_string();
    assert!(said.contains(&own), "{said}");
    assert!(!first.hold.keep_note().unwrap(), "nothing is missing");
    // Removed, and replaced by a file that nobody locks.
    let lock = temp.path().join("lock");
    for replaced in [false, true] {
        std::fs::remove_file(&lock).unwrap();
        if replaced {
            std::fs::write(&lock, "4711\n").unwrap();
        }
        assert!(matches!(refused(temp.path()), FolderError::InUse { .. }), "{replaced}");
        assert!(first.hold.keep_note().unwrap());
        assert_eq!(std::fs::read_to_string(&lock).unwrap().trim(), own);
    }
    // By another name, and after a move: it is the same folder.
    let link = tempfile::tempdir().unwrap();
    symlink(temp.path(), link.path().join("link")).unwrap();
    assert!(matches!(refused(&link.path().join("link")), FolderError::InUse { .. }));
    assert!(first.hold.is_whole());
    let moved = link.path().join("moved");
    std::fs::rename(temp.path(), &moved).unwrap();
    assert!(!first.hold.is_whole());
    assert!(matches!(refused(&moved), FolderError::InUse { .. }));
    drop(first);
    assert!(!Folder::open(&moved, true, DEMO).unwrap().new);
    std::fs::create_dir(temp.path()).unwrap();
}

#[test]
fn journal_that_two_folders_share_is_refused_to_the_second() {
    let temp = tempfile::tempdir().unwrap();
    let at = |name: &str| temp.path().join(name);
    std::fs::create_dir(at("first")).unwrap();
    let first = folder(&at("first"));
    // A copy whose journal is a link to the first one's, and one whose segments are hard links.
    for name in ["linked", "hard"] {
        std::fs::create_dir(at(name)).unwrap();
        std::fs::copy(at("first").join(FACTS), at(name).join(FACTS)).unwrap();
    }
    symlink(at("first/journal"), at("linked/journal")).unwrap();
    std::fs::create_dir(at("hard/journal")).unwrap();
    let segment = journal::segment_name(1);
    std::fs::hard_link(at("first/journal").join(&segment), at("hard/journal").join(&segment))
        .unwrap();
    for name in ["linked", "hard"] {
        let error = refused(&at(name));
        assert!(matches!(error, FolderError::Shared { .. }), "{name}: {error}");
    }
    drop(first);
    drop(Folder::open(&at("linked"), true, DEMO).unwrap());
}

#[test]
fn folder_of_a_newer_version_is_refused() {
    let temp = tempfile::tempdir().unwrap();
    let mut facts = folder(temp.path()).facts.clone();
    facts.version = VERSION + 1;
    write_facts(temp.path(), &facts).unwrap();
    let error = refused(temp.path()).to_string();
    assert!(error.contains("version 2") && error.contains("newer"), "{error}");
    assert!(matches!(aside::move_aside(temp.path()), Err(FolderError::Newer { .. })));
}

#[test]
fn folder_of_a_start_that_was_stopped_begins_anew_with_the_same_id() {
    let temp = tempfile::tempdir().unwrap();
    let first = Folder::open(temp.path(), true, DEMO).unwrap();
    std::fs::write(temp.path().join("floorpass.db"), "half").unwrap();
    std::fs::write(temp.path().join("key"), "a key").unwrap();
    let id = first.facts.id.clone();
    drop(first);
    assert_eq!(read_facts(temp.path()).unwrap(), None);
    let again = Folder::open(temp.path(), true, DEMO).unwrap();
    assert!(again.new && again.facts.id == id);
    assert!(!temp.path().join("floorpass.db").exists());
    assert!(temp.path().join("key").exists(), "a key is never removed");
    // Once it is described, its beginning is over.
    again.finish().unwrap();
    std::fs::write(temp.path().join("floorpass.db"), "whole").unwrap();
    std::fs::remove_file(temp.path().join(FACTS)).unwrap();
    drop(again);
    assert!(matches!(refused(temp.path()), FolderError::Undescribed { .. }));
}

#[test]
fn folder_that_lost_its_description_keeps_all_it_has() {
    let holding = [
        "floorpass.db",
        "floorpass.db-wal",
        "checkpoints.jsonl",
        "journal/00000000000000000001.seg",
        "snapshots/00000000000000000009.snap",
        "mail/1.eml",
    ];
    for name in holding {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, "something").unwrap();
        let error = refused(temp.path());
        assert!(matches!(&error, FolderError::Undescribed { found, .. } if *found == path));
        assert!(error.to_string().contains(name), "{error}");
        assert!(read_facts(temp.path()).is_err(), "a reader is told too");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "something");
        // Not deleted when it is started again either.
        if name.starts_with("journal") {
            assert!(matches!(aside::move_aside(temp.path()), Err(FolderError::NotDemo { .. })));
            continue;
        }
        let aside = aside::move_aside(temp.path()).unwrap().unwrap();
        assert_eq!(std::fs::read_to_string(aside.join(name)).unwrap(), "something");
        assert!(Folder::open(temp.path(), true, DEMO).unwrap().new);
        std::fs::remove_dir_all(aside).unwrap();
    }
}

#[test]
fn folder_with_nothing_but_zeros_begins() {
    let temp = tempfile::tempdir().unwrap();
    std::fs::create_dir(temp.path().join("journal")).unwrap();
    std::fs::write(temp.path().join("journal/spare"), [0; 4096]).unwrap();
    std::fs::write(temp.path().join("floorpass.db"), "").unwrap();
    assert_eq!(aside::move_aside(temp.path()).unwrap(), None, "there is nothing to keep");
    assert!(Folder::open(temp.path(), true, DEMO).unwrap().new);
}

#[test]
fn folder_with_other_files_is_refused_and_not_moved() {
    let temp = tempfile::tempdir().unwrap();
    std::fs::write(temp.path().join("thesis.txt"), "x").unwrap();
    for error in [refused(temp.path()), aside::move_aside(temp.path()).unwrap_err()] {
        assert!(matches!(error, FolderError::Foreign { .. }), "{error}");
        assert!(error.to_string().contains("thesis.txt"), "{error}");
    }
}

#[test]
fn folder_that_is_moved_aside_is_whole_and_its_links_lead_to_the_new_one() {
    let temp = tempfile::tempdir().unwrap();
    let at = |name: &str| temp.path().join(name);
    std::fs::create_dir(at("data")).unwrap();
    symlink(at("data"), at("link")).unwrap();
    let first = folder(&at("data"));
    assert!(matches!(aside::move_aside(&at("data")), Err(FolderError::InUse { .. })));
    let id = first.facts.id.clone();
    drop(first);
    let aside = aside::move_aside(&at("link")).unwrap().unwrap();
    let name = aside.file_name().unwrap().to_str().unwrap();
    assert!(name.starts_with("data.2"), "{name}");
    assert_eq!(read_facts(&aside).unwrap().unwrap().id, id);
    let again = Folder::open(&at("link"), true, DEMO).unwrap();
    assert!(again.new && again.facts.id != id);
}

#[test]
fn description_that_was_lost_is_written_anew_from_the_journal() {
    let temp = tempfile::tempdir().unwrap();
    let facts = folder(temp.path()).facts.clone();
    std::fs::remove_file(temp.path().join(FACTS)).unwrap();
    let anew = describe_anew(temp.path()).unwrap();
    assert_eq!((anew.id, anew.segment_bytes), (facts.id, 1 << 20));
    assert!(!anew.demo, "segments of that length are no demo's");
    assert!(!Folder::open(temp.path(), true, DEMO).unwrap().new);
    let empty = tempfile::tempdir().unwrap();
    assert!(matches!(describe_anew(empty.path()), Err(FolderError::Lost { .. })));
}

#[test]
fn journal_that_is_gone_is_not_begun_anew_in_its_folder() {
    let temp = tempfile::tempdir().unwrap();
    drop(folder(temp.path()));
    std::fs::remove_dir_all(journal_folder(temp.path())).unwrap();
    let error = refused(temp.path());
    assert!(matches!(error, FolderError::Lost { .. }), "{error}");
    assert!(error.to_string().contains("00000000000000000001.seg"), "{error}");
}

#[test]
fn folder_that_others_could_use_is_closed_to_them_but_its_key_is_left_to_be_refused() {
    let temp = tempfile::tempdir().unwrap();
    drop(folder(temp.path()));
    let segment = journal_folder(temp.path()).join(journal::segment_name(1));
    std::fs::write(temp.path().join("key"), "x").unwrap();
    let wide = [(temp.path(), 0o755), (&segment, 0o644), (&temp.path().join("key"), 0o644)];
    for (path, mode) in wide {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    }
    drop(Folder::open(temp.path(), true, DEMO).unwrap());
    let modes = wide.map(|(path, _)| path.metadata().unwrap().permissions().mode() & 0o777);
    assert_eq!(modes, [0o700, 0o600, 0o644]);
}

async fn start(temp: &Path) -> Result<crate::Gate, crate::OpenError> {
    let config = crate::Config {
        data: temp.to_owned(),
        database: None,
        durability: crate::Durability::Process,
        demo: true,
        seed: Some(7),
        hours: crate::Hours::RoundTheClock,
        portal_origin: "http://localhost:8080".parse().unwrap(),
        passkeys: None,
        token_required_by_default: false,
    };
    let clock = crate::clock::Clock::manual(access::Time::from_seconds(1_795_532_400));
    loop {
        let disk = std::sync::Arc::new(crate::disk::LocalDisk);
        match crate::Gate::open_with(config.clone(), clock.clone(), disk).await {
            // A thread may hold the one before for a moment.
            Err(crate::OpenError::Folder(
                FolderError::InUse { .. } | FolderError::Shared { .. },
            )) => tokio::task::yield_now().await,
            opened => return opened,
        }
    }
}

/// A first start that is killed at its last moment has written its beginning, of which nobody has seen
/// anything. Whatever else the journal holds was done by somebody.
#[tokio::test]
async fn first_start_that_was_killed_at_its_end_begins_again_unless_something_was_done() {
    for done in [false, true] {
        let temp = tempfile::tempdir().unwrap();
        let gate = start(temp.path()).await.unwrap();
        assert!(gate.demo().secrets().is_some());
        if done {
            gate.0.sequencer.record(trade::journal::Command::Advance, gate.now()).unwrap();
        }
        gate.orders().flush().await.unwrap();
        drop(gate);
        std::fs::rename(temp.path().join(FACTS), temp.path().join("first-start")).unwrap();
        match start(temp.path()).await {
            Ok(again) => {
                assert!(!done && again.demo().secrets().is_some(), "its secrets are shown");
            }
            Err(error) => {
                let kept =
                    matches!(error, crate::OpenError::Folder(FolderError::Undescribed { .. }));
                assert!(done && kept, "{error}");
                assert!(temp.path().join(DATABASE).metadata().unwrap().len() > 0);
            }
        }
    }
}

#[test]
fn place_in_a_folder_is_known_by_whatever_way_it_is_named() {
    let temp = tempfile::tempdir().unwrap();
    let (data, link) = (temp.path().join("data"), temp.path().join("link"));
    std::fs::create_dir_all(data.join("journal")).unwrap();
    symlink(data.join("journal"), &link).unwrap();
    let named = |name: &str| holds(&data, &temp.path().join(name)).unwrap();
    for inside in
        ["data", "data/copy", "data/a/b/c", "link/copy", "none/../data/copy", "data/none/../copy"]
    {
        assert!(named(inside), "{inside}");
    }
    for outside in ["data2", "copy", "data/../copy", "data.before", "link/../../copy"] {
        assert!(!named(outside), "{outside}");
    }
    // The folder itself may be named by a link.
    let other = temp.path().join("other");
    symlink(&data, &other).unwrap();
    assert!(holds(&other, &data.join("copy")).unwrap());
}
