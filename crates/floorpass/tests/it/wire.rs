//! The way to PostgreSQL is cut, or goes silent as a stopped process does, at each point of a cut: before the load,
//! between load and commit, at the commit, and after it, before its answer. Whatever the database then says or does not
//! say, the cut is in force when its caller is answered, a killed server has it again, and it is on record once.

use std::io::{Read as _, Write as _};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

use crate::program::{Server, command, fault, json, lasting_port, run, text};

/// When the wire fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Point {
    /// At whatever is asked next.
    Load,
    /// As the transaction of a change begins.
    Begin,
    /// Before the commit of one reaches the database.
    Commit,
    /// After it did, before the answer.
    Answer,
}

/// How it fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Cut,
    Silent,
}

#[derive(Default)]
struct State {
    armed: Option<(Point, Way)>,
    down: Option<Way>,
    open: Vec<UnixStream>,
}

/// A socket that looks like the database's.
struct Wire {
    folder: tempfile::TempDir,
    state: Arc<(Mutex<State>, Condvar)>,
}

impl Wire {
    fn new(database: PathBuf) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(folder.path().join(".s.PGSQL.5432")).unwrap();
        let state = Arc::<(Mutex<State>, Condvar)>::default();
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                if shared.0.lock().unwrap().down == Some(Way::Cut) {
                    continue;
                }
                let Ok(server) = UnixStream::connect(&database) else { continue };
                join(&client, &server, &shared);
            }
        });
        Self { folder, state }
    }

    fn arm(&self, point: Point, way: Way) {
        self.state.0.lock().unwrap().armed = Some((point, way));
    }

    fn has_failed(&self) -> bool {
        self.state.0.lock().unwrap().down.is_some()
    }

    fn mend(&self) {
        let mut state = self.state.0.lock().unwrap();
        (state.armed, state.down) = (None, None);
        self.state.1.notify_all();
    }
}

type Shared = Arc<(Mutex<State>, Condvar)>;

fn join(client: &UnixStream, server: &UnixStream, shared: &Shared) {
    let both = [client.try_clone().unwrap(), server.try_clone().unwrap()];
    shared.0.lock().unwrap().open.extend(both);
    let (from, to, state) = (client.try_clone(), server.try_clone(), Arc::clone(shared));
    thread::spawn(move || ask(from.unwrap(), to.unwrap(), &state));
    let (from, to, state) = (server.try_clone(), client.try_clone(), Arc::clone(shared));
    thread::spawn(move || pass(from.unwrap(), to.unwrap(), &state));
}

/// What the server asks of the database.
fn ask(mut from: UnixStream, mut to: UnixStream, shared: &Shared) {
    let mut bytes = vec![0; 65536];
    let mut writes = false;
    while let Ok(length @ 1..) = from.read(&mut bytes) {
        let asked = bytes.get(..length).unwrap();
        let says = |words: &[u8]| asked.windows(words.len()).any(|part| part == words);
        let (begins, commits) = (says(b"BEGIN\0"), says(b"COMMIT\0") && writes);
        writes = begins || (writes && !commits);
        let met = |point| match point {
            Point::Load => true,
            Point::Begin => begins,
            Point::Commit | Point::Answer => commits,
        };
        let armed = shared.0.lock().unwrap().armed.filter(|(point, _)| met(*point));
        if let Some((Point::Answer, way)) = armed {
            // The database does it; what it says of it is swallowed with the wire.
            fail(shared, way);
            drop(to.write_all(asked));
            if way == Way::Cut {
                thread::sleep(Duration::from_millis(300));
                cut(shared);
            }
            continue;
        }
        if let Some((_, way)) = armed {
            fail(shared, way);
            if way == Way::Cut {
                cut(shared);
                return;
            }
        }
        until_mended(shared);
        if to.write_all(asked).is_err() {
            break;
        }
    }
    drop((from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both)));
}

/// What the database answers.
fn pass(mut from: UnixStream, mut to: UnixStream, shared: &Shared) {
    let mut bytes = vec![0; 65536];
    while let Ok(length @ 1..) = from.read(&mut bytes) {
        until_mended(shared);
        if to.write_all(bytes.get(..length).unwrap()).is_err() {
            break;
        }
    }
    drop((from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both)));
}

fn fail(shared: &Shared, way: Way) {
    let mut state = shared.0.lock().unwrap();
    (state.armed, state.down) = (None, Some(way));
}

fn cut(shared: &Shared) {
    for stream in std::mem::take(&mut shared.0.lock().unwrap().open) {
        drop(stream.shutdown(Shutdown::Both));
    }
}

fn until_mended(shared: &Shared) {
    let mut state = shared.0.lock().unwrap();
    while state.down.is_some() {
        state = shared.1.wait(state).unwrap();
    }
}

/// A server whose tables are on the other side of a wire.
struct Far {
    wire: Wire,
    temp: tempfile::TempDir,
    config: PathBuf,
}

impl Far {
    fn new(name: &str) -> Self {
        let url = crate::folder::postgres_database(name);
        let (address, folder) = url
            .split_once("?host=")
            .unwrap_or_else(|| panic!("no server that listens on a socket, ?host=FOLDER"));
        let wire = Wire::new(Path::new(folder).join(".s.PGSQL.5432"));
        let temp = tempfile::tempdir().unwrap();
        let (config, port) = (temp.path().join("floorpass.toml"), lasting_port());
        let lines = format!(
            "database = \"{address}?host={}\"\n[portal]\nlisten = \"127.0.0.1:{port}\"\npublic_url = \"http://localhost:{port}\"\n",
            wire.folder.path().display()
        );
        std::fs::write(&config, lines).unwrap();
        let far = Self { wire, temp, config };
        json(&far.data(), &["init", "--config", far.config.to_str().unwrap()]);
        far
    }

    fn data(&self) -> PathBuf {
        self.temp.path().join("data")
    }

    fn start(&self) -> Server {
        let data = self.data();
        let args = ["serve", "--config", self.config.to_str().unwrap()];
        Server::start(command(&data, &args), self.temp.path(), &data)
    }
}

/// How often the record says that a credential was revoked.
fn records(data: &Path, name: &str) -> usize {
    let list = json(data, &["activity", "--credential", name, "--limit", "100"]);
    let entries = list["entries"].as_array().unwrap();
    entries.iter().filter(|one| one.to_string().contains("credential.revoked")).count()
}

fn until_recorded(data: &Path) {
    for _ in 0..300 {
        let status = json(data, &["status"]);
        let conditions = status["conditions"].as_array().unwrap();
        if conditions.iter().all(|one| one["code"] != "CUTS_OWED") {
            return;
        }
        thread::sleep(Duration::from_millis(200));
    }
    panic!("{}", json(data, &["status"]));
}

fn is_owed(data: &Path, args: &[&str]) {
    let (exit, code) = fault(data, args);
    assert_eq!((exit, code.as_str()), (7, "IN_FORCE_NOT_ON_RECORD"), "{args:?}");
}

fn cut_holds(way: Way) {
    let far = Far::new(if way == Way::Cut { "cut" } else { "silent" });
    let data = far.data();
    let mut server = far.start();
    for point in [Point::Load, Point::Begin, Point::Commit, Point::Answer] {
        let name = format!("{point:?}").to_lowercase();
        let named = format!("cut-{name}");
        // A port of its own: tests run side by side.
        let port = lasting_port().to_string();
        json(&data, &["credential", "create", &named, "--no-token", "--port", &port]);
        far.wire.arm(point, way);
        is_owed(&data, &["credential", "revoke", &named]);
        assert!(far.wire.has_failed(), "{named}: the wire failed where it should");
        // As a crash would have it: nothing is kept but what is on the disk.
        server.kill();
        far.wire.mend();
        server = far.start();
        until_recorded(&data);
        assert_eq!(json(&data, &["credential", "show", &named])["state"], "revoked", "{named}");
        assert_eq!(records(&data, &named), 1, "{named}: on record once");
    }
    // And without a restart in between: a lock, which is lifted afterwards.
    far.wire.arm(Point::Commit, way);
    is_owed(&data, &["lock", "--grade", "no-new"]);
    far.wire.mend();
    until_recorded(&data);
    json(&data, &["unlock"]);
    assert_eq!(server.terminate(), 0);
    let config = far.config.to_str().unwrap();
    let verified = run(&data, &["evidence", "verify", "--config", config]);
    assert!(verified.status.success(), "{}", text(&verified));
}

#[test]
fn cut_holds_when_the_database_is_lost_at_any_point() {
    cut_holds(Way::Cut);
}

#[test]
fn cut_holds_when_the_database_goes_silent_at_any_point() {
    cut_holds(Way::Silent);
}
