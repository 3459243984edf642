//! Ports: one per credential, opened and closed as the gate's list of credentials changes.

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use access::CredentialId;
use gate::{Gate, Listener};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::JoinHandle;

use crate::connection;
use crate::contract::Directory;
use crate::roster::{Lobby, Roster};
use crate::shared::Shared;

/// Connections of one port at a time. TWS takes 32 clients; programs that open one a thread fit too.
const CONNECTIONS_A_PORT: usize = 256;
/// Connections of one port that may wait to be accepted; beyond them the system drops greetings,
/// and their senders wait a second.
const WAITING: u32 = 1_024;
/// Pause after an accept that failed, as it does when the process is out of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// How often a port that could not be opened is tried again.
const RETRY: Duration = Duration::from_secs(5);
/// How long connections have to say goodbye when the server stops.
const FAREWELL: Duration = Duration::from_secs(3);

/// Where the sockets listen.
#[derive(Debug, Clone)]
pub struct Config {
    /// The address to bind.
    pub bind: IpAddr,
    /// Take any free port for each credential, not the one that it names.
    pub free_ports: bool,
    /// Ports that win over the ones that credentials name, by credential name.
    pub ports: Vec<(String, u16)>,
}

impl Config {
    /// The port to bind for a credential; 0 is any free one.
    fn port(&self, listener: &Listener) -> u16 {
        let other = self.ports.iter().find(|(name, _)| *name == listener.name);
        if self.free_ports { 0 } else { other.map_or(listener.port, |(_, port)| *port) }
    }
}

/// A credential's socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Socket {
    /// The credential.
    pub credential: CredentialId,
    /// Its name.
    pub name: String,
    /// Where it listens.
    pub address: SocketAddr,
}

/// Why the sockets cannot be served.
#[derive(Debug)]
pub enum ServeError {
    /// A port cannot be bound.
    Bind {
        /// The credential's name.
        name: String,
        /// The address and port.
        address: SocketAddr,
        /// Why.
        error: io::Error,
    },
}

impl fmt::Display for ServeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Bind { name, address, error } = self;
        if error.kind() == io::ErrorKind::AddrInUse {
            write!(
                f,
                "port {} for credential {name} is in use: a TWS or IB Gateway, or another Floorpass, \
                 may be running; stop it, choose another port, or use --free-ports",
                address.port()
            )
        } else {
            write!(f, "cannot listen on {address} for credential {name}: {error}")
        }
    }
}

impl std::error::Error for ServeError {}

/// The running sockets.
#[derive(Debug)]
pub struct ListenerHandle {
    sockets: watch::Receiver<Vec<Socket>>,
    ended: JoinHandle<()>,
}

impl ListenerHandle {
    /// The sockets that are open now, by name.
    pub fn sockets(&self) -> Vec<Socket> {
        self.sockets.borrow().clone()
    }

    /// Waits until the shutdown that was given to [`serve`] came and all clients were told.
    pub async fn ended(self) {
        if let Err(error) = self.ended.await {
            tracing::error!(%error, "the socket listener failed");
        }
    }
}

/// Opens a port for every credential of the gate and serves it until `shutdown` is ready. Later
/// credentials get their port as soon as the gate lists them.
///
/// # Errors
/// When a port of the present credentials cannot be opened.
pub async fn serve(
    gate: Gate,
    config: Config,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<ListenerHandle, ServeError> {
    let (stop_sender, stop) = watch::channel(false);
    let (alive, mut goodbyes) = mpsc::channel::<()>(1);
    let directory = Arc::new(Directory::new(Arc::clone(gate.markets().instruments())));
    let shared = Shared { gate, directory, roster: Roster::default(), stop, _alive: alive };
    let (sockets_sender, sockets) = watch::channel(Vec::new());
    let mut ports = Ports { shared, config, open: BTreeMap::new(), sockets: sockets_sender };
    let mut listeners = ports.shared.gate.credentials().listeners();
    let first = listeners.borrow_and_update().clone();
    if let Some(error) = ports.reconcile(&first) {
        return Err(error);
    }
    let health = Arc::clone(ports.shared.gate.vitals());
    let ended = health.vital("sockets", async move {
        tokio::pin!(shutdown);
        let mut retry = false;
        loop {
            let again = tokio::time::sleep(RETRY);
            tokio::select! {
                () = &mut shutdown => break,
                changed = listeners.changed() => if changed.is_err() { break },
                () = again, if retry => {}
            }
            let wanted = listeners.borrow_and_update().clone();
            retry = ports.reconcile(&wanted).inspect(|error| tracing::error!("{error}")).is_some();
        }
        stop_sender.send_replace(true);
        drop(ports);
        if tokio::time::timeout(FAREWELL, goodbyes.recv()).await.is_err() {
            tracing::warn!("some socket clients did not read their closing message in time");
        }
    });
    Ok(ListenerHandle { sockets, ended })
}

struct Ports {
    shared: Shared,
    config: Config,
    open: BTreeMap<CredentialId, Port>,
    sockets: watch::Sender<Vec<Socket>>,
}

struct Port {
    name: String,
    wanted: u16,
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Drop for Port {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Ports {
    /// Opens what is listed and not open, closes what is open and not listed. A revoked credential
    /// is listed for as long as its port has to say so. The first failure is returned.
    fn reconcile(&mut self, wanted: &[Listener]) -> Option<ServeError> {
        self.open.retain(|credential, port| {
            wanted.iter().any(|one| one.credential == *credential && one.port == port.wanted)
        });
        let mut failure = None;
        for listener in wanted {
            if self.open.contains_key(&listener.credential) {
                continue;
            }
            match self.open(listener) {
                Ok(port) => {
                    self.shared.gate.credentials().listening(listener.credential, port.address);
                    self.open.insert(listener.credential, port);
                }
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        let mut sockets: Vec<_> = self
            .open
            .iter()
            .map(|(credential, port)| Socket {
                credential: *credential,
                name: port.name.clone(),
                address: port.address,
            })
            .collect();
        sockets.sort_by(|one, two| one.name.cmp(&two.name));
        self.sockets.send_replace(sockets);
        failure
    }

    fn open(&self, listener: &Listener) -> Result<Port, ServeError> {
        let address = SocketAddr::new(self.config.bind, self.config.port(listener));
        let failed = |error| ServeError::Bind { name: listener.name.clone(), address, error };
        let socket = listen(address).map_err(failed)?;
        let address = socket.local_addr().map_err(failed)?;
        tracing::info!(credential = %listener.name, %address, "socket open");
        let (socket, shared, credential) =
            (Arc::new(socket), self.shared.clone(), listener.credential);
        let health = Arc::clone(shared.gate.vitals());
        let make = move || accept(Arc::clone(&socket), shared.clone(), credential);
        let task = health.task("socket", || false, make);
        Ok(Port { name: listener.name.clone(), wanted: listener.port, address, task })
    }
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(WAITING)
}

/// Accepts connections for ever. One beyond the limit is closed at once.
async fn accept(listener: Arc<TcpListener>, shared: Shared, credential: CredentialId) {
    let places = Arc::new(Semaphore::new(CONNECTIONS_A_PORT));
    let lobby = Lobby::default();
    loop {
        let (socket, peer) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
            tracing::debug!(%peer, "closed: this port has {CONNECTIONS_A_PORT} connections");
            continue;
        };
        let shared = shared.clone();
        lobby.enter(|lobby_place| {
            let task = tokio::spawn(async move {
                run(socket, peer, &shared, credential, lobby_place).await;
                drop((place, shared));
            });
            task.abort_handle()
        });
    }
}

async fn run(
    mut socket: TcpStream,
    peer: SocketAddr,
    shared: &Shared,
    credential: CredentialId,
    lobby_place: crate::roster::Place,
) {
    // Answers are small and awaited: they must not wait for each other.
    if let Err(error) = socket.set_nodelay(true) {
        tracing::debug!(%peer, %error, "TCP_NODELAY could not be set");
    }
    connection::run(socket.split(), peer, shared, credential, lobby_place).await;
}
