//! One running server: gate, portal, sockets and the operator's door, on two runtimes, until a signal ends it.

use std::io::ErrorKind;
use std::net::{IpAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use gate::Gate;
use gate::folder::FolderError;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use url::Url;

use crate::config::Alerts;
use crate::exit::{Exit, Failure};
use crate::lan::Lan;
use crate::{alert, authority, log, port, portal, ready, registry, tls};

/// All that a server is started with.
pub struct ServerPlan {
    /// What the gate is opened with.
    pub gate: gate::Config,
    /// The portal's URL for browsers on this machine.
    pub home: Url,
    /// Where the portal listens; bound before anything else.
    pub portal: Vec<TcpListener>,
    /// The portal's TLS.
    pub tls: Tls,
    /// The doors for other devices on the network, beside those.
    pub lan: Option<Lan>,
    /// The proxy in front of the portal.
    pub proxy: Option<IpAddr>,
    /// Where the trading sockets listen.
    pub sockets: twsd::Config,
    /// The channels of messages.
    pub alerts: Alerts,
}

/// Where the portal's certificate comes from.
pub enum Tls {
    /// Nowhere: plain HTTP.
    Off,
    /// The data folder's own authority, for localhost.
    Local,
    /// These files.
    Files(tls::Files),
}

/// What has just started.
pub struct Started<'a> {
    /// The gate.
    pub gate: &'a Gate,
    /// The portal's URL.
    pub portal: &'a Url,
    /// The trading sockets.
    pub sockets: Vec<ready::Socket>,
    /// The data folder, absolute.
    pub data: PathBuf,
    /// The authority that was made for the portal's certificate, if one was.
    pub authority: Option<web::Authority>,
    /// How other devices reach the portal, where they have doors of their own.
    pub lan: Option<web::Lan>,
}

/// Runs until a signal comes. `started` is called once all of it answers; what it returns is dropped at the end.
pub fn run<T>(
    plan: ServerPlan,
    started: impl AsyncFnOnce(Started<'_>) -> Result<T, Failure>,
) -> Result<(), Failure> {
    raise_open_files();
    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    // A connection that leads a sync blocks its worker meanwhile, so the sockets have workers of their own.
    let sockets = runtime("socket", cores.max(2))?;
    let portal = runtime("portal", 2)?;
    let done = portal.block_on(serve(plan, &sockets, started));
    sockets.shutdown_timeout(std::time::Duration::from_secs(1));
    portal.shutdown_timeout(std::time::Duration::from_secs(1));
    done
}

/// Lets this process open as many files as the system allows it (a shell often gives 1,024, and each connection is
/// one).
fn raise_open_files() {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    if let Err(error) = setrlimit(Resource::Nofile, raised) {
        tracing::warn!(%error, "the number of open files could not be raised");
    }
}

fn runtime(name: &str, workers: usize) -> Result<Runtime, Failure> {
    Builder::new_multi_thread()
        .worker_threads(workers)
        .thread_name(name)
        .enable_all()
        .build()
        .map_err(|e| Failure::failed(format!("threads could not be started: {e}")))
}

async fn serve<T>(
    plan: ServerPlan,
    sockets: &Runtime,
    started: impl AsyncFnOnce(Started<'_>) -> Result<T, Failure>,
) -> Result<(), Failure> {
    let mut end = End::watch()?;
    // A server of an older version locks only what can be removed, but it answers.
    let data = &plan.gate.data;
    if control::is_listened_at(data) {
        let owner = gate::folder::holder(data);
        let error = FolderError::InUse { path: data.clone(), owner };
        return Err(open_failure(&gate::OpenError::Folder(error)));
    }
    let config = plan.gate.clone();
    let gate = Gate::open(config).await.map_err(|e| open_failure(&e))?;
    let (stop, stopping) = watch::channel(false);
    let done = doors(plan, &gate, sockets, stopping, started, &mut end, stop).await;
    let closed = gate.close().await;
    done?;
    closed.map_err(|why| Failure::refused(Exit::Failed, &why))
}

/// Opens the doors, waits for the end, closes them: sockets first, so that clients are told.
async fn doors<T>(
    mut plan: ServerPlan,
    gate: &Gate,
    sockets: &Runtime,
    stopping: watch::Receiver<bool>,
    started: impl AsyncFnOnce(Started<'_>) -> Result<T, Failure>,
    end: &mut End,
    stop: watch::Sender<bool>,
) -> Result<(), Failure> {
    let data = std::path::absolute(&plan.gate.data).map_err(Failure::failed)?;
    let house = House::furnish(&plan, &data, gate)?;
    let sides = house.sides(&mut plan, gate);
    alert::start(gate, &data, &plan.alerts).await?;
    let mut told = stopping.clone();
    // Ready when the end has begun; the sender's own end is one.
    let ending = async move { told.changed().await.unwrap_or_default() };
    let opening = twsd::serve(gate.clone(), plan.sockets, ending);
    let opened = sockets.spawn(opening).await.map_err(Failure::failed)?;
    let trading = opened.map_err(|e| socket_failure(&e, plan.gate.demo))?;
    let control = control::ControlDoor::open(
        gate.clone(),
        &data,
        plan.home.as_str(),
        house.for_devices(&plan.home).as_str(),
        stopping.clone(),
    )
    .map_err(|e| Failure::failed(format!("the control socket could not be opened: {e}")))?;
    // Found from any folder from now on; a server that cannot say so runs all the same.
    let _registered = registry::register(&data, control::instant(gate.wall()))
        .inspect_err(|error| {
            tracing::warn!(%error, "this server could not be registered: commands need --data to find it");
        })
        .ok();
    let vitals = gate.vitals();
    let told = stopping.clone();
    let health = Arc::clone(vitals);
    let watch = move || log::watch(Arc::clone(&health));
    let lines = vitals.task("log", move || is_over(&told), watch);
    let mut pages = tokio::spawn(portal::serve_all(sides, Arc::clone(vitals), stopping));
    let House { authority, lan, .. } = house;
    let open = open_sockets(&trading);
    let begun =
        started(Started { gate, portal: &plan.home, sockets: open, data, authority, lan }).await;
    let (mut over, mut served) = (None, None);
    if begun.is_ok() {
        tokio::select! {
            () = end.come() => {}
            why = vitals.over() => over = Some(why),
            // Untold: it could not be served at all.
            done = &mut pages => served = Some(done),
        }
    }
    lines.abort();
    // Receivers may all be gone when a door ended by itself.
    stop.send(true).ok();
    trading.ended().await;
    control.closed().await;
    let served = match served {
        Some(done) => done,
        None => pages.await,
    };
    let served = served.map_err(Failure::failed)?;
    begun?;
    served.map_err(|e| Failure::failed(format!("the portal ended: {e}")))?;
    over.map_or(Ok(()), |why| Err(Failure::new(Exit::Failed, "TASK_ENDED", why)))
}

/// Whether the server ends.
pub fn is_over(stop: &watch::Receiver<bool>) -> bool {
    *stop.borrow() || stop.has_changed().is_err()
}

/// The sockets that are open, the demo's own first.
fn open_sockets(trading: &twsd::ListenerHandle) -> Vec<ready::Socket> {
    let open = trading.sockets().into_iter().map(|socket| ready::Socket {
        host: socket.address.ip().to_string(),
        port: socket.address.port(),
        credential: socket.name.clone(),
        name: socket.name,
    });
    let mut open: Vec<ready::Socket> = open.collect();
    open.sort_by_key(|socket| (place(&socket.name), socket.port));
    open
}

/// The demo's sockets in the order in which people meet them, then all others.
fn place(name: &str) -> usize {
    let known = gate::demo::SOCKETS;
    known.iter().position(|(socket, _)| *socket == name).unwrap_or(known.len())
}

/// The folder's id: part of the portal's cookies.
fn folder_id(data: &Path) -> Result<String, Failure> {
    let facts = gate::folder::read_facts(data).map_err(Failure::failed)?;
    facts.map(|facts| facts.id).ok_or_else(|| Failure::failed("the data folder has no description"))
}

/// What the portal's doors are made of.
struct House {
    folder: String,
    /// TLS of the door on this machine, or of a lasting server's only one.
    tls: Option<tls::Loaded>,
    /// TLS of the door to the network.
    lan_tls: Option<tls::Loaded>,
    authority: Option<web::Authority>,
    lan: Option<web::Lan>,
}

impl House {
    /// Reads or makes the certificates, and says how the portal shows that it is the genuine one.
    fn furnish(plan: &ServerPlan, data: &Path, gate: &Gate) -> Result<Self, Failure> {
        let vouch = |stem: &str, names: &[String]| {
            let vouched = authority::vouch(data, stem, names, gate.wall())?;
            Ok::<_, Failure>((tls::load(&vouched.files)?, vouched.authority))
        };
        let mut made = None;
        let tls = match &plan.tls {
            Tls::Off => None,
            Tls::Files(files) => Some(tls::load(files)?),
            Tls::Local => {
                let names = ["localhost", "127.0.0.1", "::1"].map(str::to_owned);
                let (loaded, authority) = vouch("localhost", &names)?;
                made = Some(authority);
                Some(loaded)
            }
        };
        gate.front_door().note_portal(portal_proof(tls.as_ref(), plan.proxy));
        let (mut lan, mut lan_tls) = (None, None);
        if let Some(door) = &plan.lan {
            let (loaded, authority) = vouch("lan", &door.names)?;
            gate.front_door().note_devices(door.origin.as_str(), portal_proof(Some(&loaded), None));
            made = Some(authority);
            lan = Some(web::Lan { portal: door.origin.clone(), trust: door.trust.clone() });
            lan_tls = Some(loaded);
        }
        Ok(Self { folder: folder_id(data)?, tls, lan_tls, authority: made, lan })
    }

    /// The portal as other devices reach it.
    fn for_devices<'a>(&'a self, home: &'a Url) -> &'a Url {
        self.lan.as_ref().map_or(home, |lan| &lan.portal)
    }

    /// The portal's own door, and those to the network: the portal again, which is another origin to browsers, and the
    /// page on how to trust it.
    fn sides(&self, plan: &mut ServerPlan, gate: &Gate) -> Vec<portal::PortalSide> {
        let files = getrlimit(Resource::Nofile).current;
        let files = if plan.lan.is_some() { files.map(|files| files / 3) } else { files };
        let side = |listeners, origin: &Url, tls: Option<&tls::Loaded>, proxy| {
            let config = web::Config {
                origin: origin.clone(),
                folder: self.folder.clone(),
                demo: gate.is_demo(),
                durability: plan.gate.durability,
                proxy,
                authority: self.authority.clone(),
                lan: self.lan.clone(),
            };
            let rules = portal::Rules {
                strict: config.is_strict(),
                tls: tls.map(|tls| Arc::clone(&tls.config)),
                only_from: proxy,
                open_files: files,
            };
            portal::PortalSide { listeners, router: web::router(gate.clone(), config), rules }
        };
        let own = std::mem::take(&mut plan.portal);
        let mut sides = vec![side(own, &plan.home, self.tls.as_ref(), plan.proxy)];
        if let (Some(door), Some(authority)) = (plan.lan.take(), &self.authority) {
            sides.push(side(door.portal, &door.origin, self.lan_tls.as_ref(), None));
            let router = web::trust_router(authority.clone(), door.origin);
            let rules =
                portal::Rules { strict: false, tls: None, only_from: None, open_files: files };
            sides.push(portal::PortalSide { listeners: vec![door.page], router, rules });
        }
        sides
    }
}

/// What shows people that the portal is the genuine one.
fn portal_proof(tls: Option<&tls::Loaded>, proxy: Option<IpAddr>) -> gate::Proof {
    match (tls, proxy) {
        (Some(tls), _) => gate::Proof::Certificate(tls.fingerprint.clone()),
        (None, Some(_)) => gate::Proof::Proxy,
        (None, None) => gate::Proof::ThisMachine,
    }
}

/// The signals that end a server: a second one while it ends is not waited for.
struct End {
    /// Not an end: a file that reaches the limit on its size (`ulimit -f`) is a failed write, as on a full disk.
    _file_size: Signal,
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
}

impl End {
    fn watch() -> Result<Self, Failure> {
        let on = |kind| signal(kind).map_err(Failure::failed);
        let file_size = SignalKind::from_raw(rustix::process::Signal::XFSZ.as_raw());
        Ok(Self {
            _file_size: on(file_size)?,
            terminate: on(SignalKind::terminate())?,
            interrupt: on(SignalKind::interrupt())?,
            hang_up: on(SignalKind::hangup())?,
        })
    }

    async fn come(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
            _ = self.hang_up.recv() => {}
        }
    }
}

/// The words for a gate that does not open.
pub fn open_failure(error: &gate::OpenError) -> Failure {
    let text = error.to_string();
    match error {
        gate::OpenError::Folder(FolderError::InUse { .. } | FolderError::Shared { .. }) => {
            Failure::new(Exit::InUse, "FOLDER_IN_USE", text)
        }
        gate::OpenError::Store(gate::StoreError::Held { .. }) => {
            Failure::new(Exit::InUse, "DATABASE_IN_USE", text)
        }
        gate::OpenError::Key(gate::key_file::KeyFileError::Other { .. }) => {
            Failure::new(Exit::Refused, "OTHER_KEY", text)
        }
        gate::OpenError::Upgrade(gate::upgrade::CopyError::NoRoom { .. }) => {
            Failure::new(Exit::Refused, "NO_ROOM", text)
        }
        gate::OpenError::Folder(_) => Failure::new(Exit::Refused, "DATA_FOLDER", text),
        _ => Failure::new(Exit::Failed, "NOT_OPENED", text),
    }
}

/// Only a demo has options for the ports of its credentials.
fn socket_failure(error: &twsd::ServeError, demo: bool) -> Failure {
    match error {
        twsd::ServeError::Bind { name, address, error } if error.kind() == ErrorKind::AddrInUse => {
            if demo {
                port::in_use(address.port(), &format!("--{name}-port"))
            } else {
                port::of_credential(address.port(), name)
            }
        }
        other @ twsd::ServeError::Bind { .. } => Failure::failed(other),
    }
}
