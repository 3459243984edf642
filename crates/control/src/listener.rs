//! The server's end: accepts on the socket, knows the peer's user by the kernel's word, answers line by line.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use gate::{Actor, Gate};
use private::Identity;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Mutex, Semaphore, watch};
use tokio::task::JoinHandle;

use crate::desk::Desk;
use crate::fault::{Answer, Fault};
use crate::person;
use crate::request::{self, Request};
use crate::socket;

/// Connections at a time.
const CONNECTIONS: usize = 32;
/// Bytes that a request may have.
const LARGEST_REQUEST: u64 = 64 * 1024;
/// Time between two looks at the socket's file.
const LOOK: Duration = Duration::from_millis(250);
/// The condition of a socket that is gone and cannot be made again.
const GONE: &str = "CONTROL_SOCKET_LOST";
/// How long a connection may say nothing.
const SILENCE: Duration = Duration::from_secs(30);

/// The door while it is open.
pub struct ControlDoor {
    data: PathBuf,
    listening: Arc<Mutex<Listening>>,
    task: JoinHandle<()>,
}

impl ControlDoor {
    /// Opens the door of a gate whose portal is at `portal`, and for other devices at `devices`. Ends with `stop` (any change of it, or its sender's end). The caller's runtime
    /// carries it.
    pub fn open(
        gate: Gate,
        data: &Path,
        portal: &str,
        devices: &str,
        stop: watch::Receiver<bool>,
    ) -> io::Result<Self> {
        let bound = Listening::bind(data)?;
        let (portal, devices) = (portal.to_owned(), devices.to_owned());
        let house = Arc::new(House { gate, data: data.to_path_buf(), portal, devices });
        let (bound, told) = (Arc::new(Mutex::new(bound)), stop.clone());
        let health = Arc::clone(house.gate.vitals());
        let is_over = move || *told.borrow() || told.has_changed().is_err();
        let at = Arc::clone(&bound);
        let make = move || accept(Arc::clone(&at), Arc::clone(&house), stop.clone());
        let task = health.task("control", is_over, make);
        Ok(Self { data: data.to_path_buf(), listening: bound, task })
    }

    /// Waits until the door is closed and removes its socket.
    pub async fn closed(self) {
        if let Err(error) = self.task.await {
            tracing::error!(%error, "the control socket failed");
        }
        socket::remove(&self.data, self.listening.lock().await.identity);
    }
}

/// The socket that is listened at.
struct Listening {
    listener: UnixListener,
    identity: Identity,
}

impl Listening {
    fn bind(data: &Path) -> io::Result<Self> {
        let bound = socket::bind(data)?;
        Ok(Self { listener: UnixListener::from_std(bound.listener)?, identity: bound.identity })
    }

    /// Makes the socket anew when its file is gone or another one: without it nobody could operate the
    /// server. In a folder that is another server's by now nothing is made.
    fn keep(&mut self, house: &House) {
        if socket::is_there(&house.data, self.identity) {
            house.gate.vitals().clear(GONE, "");
            return;
        }
        if !house.gate.records().is_folder_ours() {
            return;
        }
        match Self::bind(&house.data) {
            Ok(anew) => {
                *self = anew;
                tracing::warn!("the control socket was removed or replaced; a new one was created");
                house.gate.vitals().clear(GONE, "");
            }
            Err(error) => {
                let text = format!(
                    "the control socket was removed and cannot be created again, so no command can reach the server: {error}"
                );
                house.gate.vitals().raise(GONE, "", text, true);
            }
        }
    }
}

/// What every connection is about.
struct House {
    gate: Gate,
    data: PathBuf,
    portal: String,
    devices: String,
}

async fn accept(at: Arc<Mutex<Listening>>, house: Arc<House>, mut stop: watch::Receiver<bool>) {
    // One at a time has it: the next begins when this one ended.
    let mut at = at.lock().await;
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    let mut look = tokio::time::interval(LOOK);
    look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        let stream = tokio::select! {
            _ = stop.changed() => return,
            _ = look.tick() => {
                at.keep(&house);
                continue;
            }
            accepted = at.listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    // Out of descriptors, most likely: they come back.
                    tracing::warn!(%error, "the control socket could not accept a connection");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    continue;
                }
            },
        };
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else { continue };
        let (house, mut stop) = (Arc::clone(&house), stop.clone());
        tokio::spawn(async move {
            let _place = place;
            tokio::select! {
                _ = stop.changed() => {}
                done = converse(stream, &house) => if let Err(error) = done {
                    tracing::debug!(%error, "a connection to the control socket ended");
                },
            }
        });
    }
}

/// The door without its socket, for streams whose peer somebody else knows.
pub struct ControlStreams(House);

impl ControlStreams {
    /// The door of a gate whose portal is at `portal`, and for other devices at `devices`.
    pub fn new(gate: Gate, data: &Path, portal: &str, devices: &str) -> Self {
        let (portal, devices) = (portal.to_owned(), devices.to_owned());
        Self(House { gate, data: data.to_path_buf(), portal, devices })
    }

    /// Answers user `uid` line by line until they go.
    pub async fn converse(
        &self,
        halves: (impl AsyncRead + Unpin, impl AsyncWrite + Unpin),
        uid: u32,
    ) -> io::Result<()> {
        answer_all(halves, uid, &self.0).await
    }
}

async fn converse(stream: UnixStream, house: &House) -> io::Result<()> {
    let uid = stream.peer_cred()?.uid();
    answer_all(stream.into_split(), uid, house).await
}

async fn answer_all(
    (reading, mut writing): (impl AsyncRead + Unpin, impl AsyncWrite + Unpin),
    uid: u32,
    house: &House,
) -> io::Result<()> {
    let mut reading = BufReader::new(reading);
    let own = rustix::process::geteuid().as_raw();
    loop {
        let mut line = Vec::new();
        let mut bounded = (&mut reading).take(LARGEST_REQUEST + 1);
        let read = tokio::time::timeout(SILENCE, bounded.read_until(b'\n', &mut line)).await;
        if read.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?? == 0 {
            return Ok(());
        }
        let whole = line.ends_with(b"\n");
        let answer = if uid != own && uid != 0 {
            Answer::Error(Fault::new(
                "PEER_NOT_ALLOWED",
                format!("user {uid} may not operate this server; user {own} and root may"),
            ))
        } else if whole {
            answer(house, uid, &line).await
        } else {
            Answer::Error(Fault::new(
                "REQUEST_TOO_LONG",
                format!("a request is one line of at most {LARGEST_REQUEST} bytes"),
            ))
        };
        let mut out = serde_json::to_vec(&answer).map_err(io::Error::other)?;
        out.push(b'\n');
        writing.write_all(&out).await?;
        if !whole {
            return Ok(());
        }
    }
}

async fn answer(house: &House, uid: u32, line: &[u8]) -> Answer {
    let request: Request = match serde_json::from_slice(line) {
        Ok(request) => request,
        Err(e) => {
            let text = format!("the request cannot be read: {e}");
            return Answer::Error(Fault::new("REQUEST_MALFORMED", text));
        }
    };
    let desk = Desk {
        gate: &house.gate,
        data: &house.data,
        portal: &house.portal,
        devices: &house.devices,
        actor: Actor::Operator { uid },
    };
    match request::act(&desk, request).await {
        Ok(value) => Answer::Ok(value),
        Err(fault) => Answer::Error(person::naming(&house.gate, fault, line).await),
    }
}
