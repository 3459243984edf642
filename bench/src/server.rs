//! The real gate and socket door in this process, on a folder that is thrown away.

use gate::{Config, Durability, Gate, Hours};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;

/// A running server.
pub struct Server {
    /// Where the `trading` credential listens.
    pub trading: SocketAddr,
    /// The gate.
    pub gate: Gate,
    /// The sockets' runtime.
    pub sockets: Runtime,
    /// Its folder.
    pub folder: TempDir,
    stop: Option<oneshot::Sender<()>>,
}

impl Server {
    /// Starts a demo folder.
    pub fn start(durability: Durability) -> Self {
        Self::on(durability, None)
    }

    /// The same with its tables in a PostgreSQL database.
    pub fn on(durability: Durability, database: Option<String>) -> Self {
        let folder =
            tempfile::Builder::new().prefix("floorpass-bench").tempdir_in(".").expect("a folder");
        let sockets =
            Builder::new_multi_thread().worker_threads(4).enable_all().build().expect("a runtime");
        let config = Config {
            data: folder.path().to_owned(),
            database,
            durability,
            demo: true,
            seed: Some(7),
            hours: Hours::RoundTheClock,
            portal_origin: url::Url::parse("http://localhost:8080").expect("a url"),
            passkeys: None,
            token_required_by_default: false,
        };
        let (sender, receiver) = oneshot::channel();
        let (gate, trading) = sockets.block_on(async {
            let gate = Gate::open(config).await.expect("the gate opens");
            let door = twsd::Config {
                bind: IpAddr::V4(Ipv4Addr::LOCALHOST),
                free_ports: true,
                ports: Vec::new(),
            };
            let handle = twsd::serve(gate.clone(), door, async { drop(receiver.await) })
                .await
                .expect("the door opens");
            let sockets = handle.sockets();
            (
                gate,
                sockets.iter().find(|s| s.name == "trading").expect("a trading credential").address,
            )
        });
        Self { trading, gate, sockets, folder, stop: Some(sender) }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        let gate = self.gate.clone();
        self.sockets.block_on(async move { drop(gate.close().await) });
    }
}

/// Pins all threads of this process, present and future, to these cores.
pub fn pin(cores: &[usize]) {
    pin_process("self", cores);
}

/// The same of a process by its number.
pub fn pin_process(process: &str, cores: &[usize]) {
    let mut set = rustix::thread::CpuSet::new();
    for core in cores {
        set.set(*core);
    }
    for task in std::fs::read_dir(format!("/proc/{process}/task")).expect("procfs").flatten() {
        let id = task
            .file_name()
            .to_string_lossy()
            .parse::<i32>()
            .ok()
            .and_then(rustix::thread::Pid::from_raw);
        let _ = rustix::thread::sched_setaffinity(id, &set);
    }
}

/// Pins the calling thread.
pub fn pin_this(cores: &[usize]) {
    let mut set = rustix::thread::CpuSet::new();
    for core in cores {
        set.set(*core);
    }
    let _ = rustix::thread::sched_setaffinity(None, &set);
}
