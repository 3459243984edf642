//! Where running servers of this user say that they run, so that commands find them from any folder: a file each in
//! `$XDG_RUNTIME_DIR/floorpass`, or in `~/.local/state/floorpass` where there is no such folder.
//!
//! An entry is only ever a hint: a server counts as running when its control socket answers.

use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// Bytes that an entry may have.
const LARGEST: u64 = 16 * 1024;
/// How an entry's name ends.
const ENDING: &str = "json";

/// A server that runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunningServer {
    /// Its process.
    pub process: u32,
    /// When it began, RFC 3339.
    pub since: String,
    /// Its data folder, absolute.
    pub data: PathBuf,
}

/// This server's entry; it goes when the server ends.
pub struct Registered {
    path: PathBuf,
    identity: private::Identity,
}

impl Drop for Registered {
    fn drop(&mut self) {
        // It may be a later server's by now.
        let ours = private::Identity::at(&self.path).is_ok_and(|found| found == self.identity);
        if ours && let Err(error) = std::fs::remove_file(&self.path) {
            tracing::debug!(%error, "this server's entry was already gone");
        }
    }
}

/// Enters this process as the server of `data`, in the first place that takes it.
pub fn register(data: &Path, since: String) -> io::Result<Registered> {
    register_in(&places(), data, since)
}

fn register_in(places: &[PathBuf], data: &Path, since: String) -> io::Result<Registered> {
    let entry = RunningServer { process: std::process::id(), since, data: data.to_path_buf() };
    // One for each folder, by whatever path it is reached.
    let facts = std::fs::metadata(data)?;
    let name = format!("{:x}-{:x}.{ENDING}", facts.dev(), facts.ino());
    let bytes = serde_json::to_vec(&entry).map_err(io::Error::other)?;
    let mut failed = io::Error::other("neither XDG_RUNTIME_DIR nor HOME names a folder");
    for place in places {
        let path = place.join(&name);
        match make(place).and_then(|()| private::replace(&path, &bytes)) {
            Ok(()) => return Ok(Registered { identity: private::Identity::at(&path)?, path }),
            Err(error) => failed = error,
        }
    }
    Err(failed)
}

/// The servers of this user that run now, by data folder.
pub fn running() -> Vec<RunningServer> {
    running_in(&places())
}

fn running_in(places: &[PathBuf]) -> Vec<RunningServer> {
    let mut found: Vec<RunningServer> = places.iter().flat_map(|place| read_place(place)).collect();
    found.sort_by(|a, b| a.data.cmp(&b.data));
    found.dedup_by(|a, b| a.data == b.data);
    found
}

/// The places, the preferred one first. Relative ones are taken from nobody.
fn places() -> Vec<PathBuf> {
    let named = |name: &str| std::env::var_os(name).map(PathBuf::from);
    let runtime = named("XDG_RUNTIME_DIR").filter(|folder| folder.is_dir());
    let state = named("HOME").map(|home| home.join(".local/state"));
    let folders = [runtime, state].into_iter().flatten().filter(|folder| folder.is_absolute());
    folders.map(|folder| folder.join("floorpass")).collect()
}

/// Makes the place; an error unless it is a folder of this user's alone and no link.
fn make(place: &Path) -> io::Result<()> {
    if place.symlink_metadata().is_err() {
        private::folder(place)?;
    }
    if is_ours(place) {
        return Ok(());
    }
    Err(io::Error::other(format!(
        "{} is not a private folder of this user (mode 0700)",
        place.display()
    )))
}

fn is_ours(place: &Path) -> bool {
    let own = rustix::process::geteuid().as_raw();
    let of_others = 0o077;
    let alone = |facts: &std::fs::Metadata| facts.uid() == own && facts.mode() & of_others == 0;
    place.symlink_metadata().is_ok_and(|facts| facts.is_dir() && alone(&facts))
}

fn read_place(place: &Path) -> Vec<RunningServer> {
    // Somebody else's folder could name any socket.
    if !is_ours(place) {
        return Vec::new();
    }
    let Ok(files) = std::fs::read_dir(place) else { return Vec::new() };
    let paths = files.filter_map(|file| file.ok().map(|file| file.path()));
    let entries = paths.filter(|path| path.extension().is_some_and(|ending| ending == ENDING));
    entries.filter_map(|path| read(&path)).collect()
}

/// An entry whose server answers. One that a dead server left is removed.
fn read(path: &Path) -> Option<RunningServer> {
    let mut text = String::new();
    private::open(path).ok()?.take(LARGEST).read_to_string(&mut text).ok()?;
    let entry: RunningServer = serde_json::from_str(&text).ok()?;
    if entry.data.is_absolute() && control::is_listened_at(&entry.data) {
        return Some(entry);
    }
    if !is_alive(entry.process) {
        std::fs::remove_file(path).ok();
    }
    None
}

/// Whether a process has that number: a server that begins or ends does not listen for a moment.
fn is_alive(process: u32) -> bool {
    let pid = i32::try_from(process).ok().and_then(rustix::process::Pid::from_raw);
    pid.is_some_and(|pid| rustix::process::test_kill_process(pid) != Err(rustix::io::Errno::SRCH))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::os::unix::net::UnixListener;

    fn listened(folder: &Path, name: &str) -> (PathBuf, UnixListener) {
        let data = folder.join(name);
        std::fs::create_dir(&data).unwrap();
        let listener = UnixListener::bind(data.join(control::SOCKET)).unwrap();
        (data, listener)
    }

    #[test]
    fn entry_is_private_and_found_while_its_server_listens() {
        let temp = tempfile::tempdir().unwrap();
        let places = [temp.path().join("place")];
        let (data, listener) = listened(temp.path(), "data");
        let entry = register_in(&places, &data, "2026-11-29T08:00:00Z".into()).unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&places[0]), mode(&entry.path)), (0o700, 0o600));
        let found = running_in(&places);
        assert_eq!(found.len(), 1);
        let first = found.first().unwrap();
        assert_eq!((&first.data, first.process), (&data, std::process::id()));
        drop(listener);
        assert!(running_in(&places).is_empty());
        // Its process lives, so the entry stays for when it listens again.
        assert!(entry.path.exists());
        let path = entry.path.clone();
        drop(entry);
        assert!(!path.exists());
    }

    #[test]
    fn entry_of_a_dead_server_is_removed() {
        let temp = tempfile::tempdir().unwrap();
        let places = [temp.path().join("place")];
        make(&places[0]).unwrap();
        let mut child = std::process::Command::new("true").spawn().unwrap();
        child.wait().unwrap();
        let entry =
            RunningServer { process: child.id(), since: String::new(), data: "/nowhere".into() };
        let path = places[0].join("1-2.json");
        private::replace(&path, &serde_json::to_vec(&entry).unwrap()).unwrap();
        assert!(running_in(&places).is_empty() && !path.exists());
    }

    #[test]
    fn place_that_is_a_link_or_open_to_others_is_neither_read_nor_written() {
        let temp = tempfile::tempdir().unwrap();
        let (data, _listener) = listened(temp.path(), "data");
        let real = temp.path().join("real");
        let entry = register_in(std::slice::from_ref(&real), &data, String::new()).unwrap();
        let link = temp.path().join("link");
        symlink(&real, &link).unwrap();
        assert!(running_in(std::slice::from_ref(&link)).is_empty());
        assert!(register_in(&[link], &data, String::new()).is_err());
        // An entry that is a link.
        let moved = temp.path().join("moved.json");
        std::fs::rename(&entry.path, &moved).unwrap();
        symlink(&moved, &entry.path).unwrap();
        assert!(running_in(std::slice::from_ref(&real)).is_empty());
        assert!(register_in(std::slice::from_ref(&real), &data, String::new()).is_err());
        std::fs::remove_file(&entry.path).unwrap();
        std::fs::rename(&moved, &entry.path).unwrap();
        assert_eq!(running_in(std::slice::from_ref(&real)).len(), 1);
        std::fs::set_permissions(&real, std::fs::Permissions::from_mode(0o755)).unwrap();
        assert!(running_in(std::slice::from_ref(&real)).is_empty());
        assert!(register_in(&[real], &data, String::new()).is_err());
    }
}
