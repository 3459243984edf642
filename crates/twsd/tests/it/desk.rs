//! A server in a temporary folder, and a raw client over the codec.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use floorpass_twsd::{Config, ListenerHandle, serve};
use gate::disk::{Disk, LocalDisk};
use gate::folder::FolderError;
use gate::{
    ActivityEntry, ActivityFilter, ActivityKind, Actor, Clock, Durability, Gate, Hours, OpenError,
};
use rust_decimal::Decimal;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::time::timeout;
use trade::Instruments;
use tws::frame::FrameReader;
use tws::inbound::{CurrentTime, StartApi};
use tws::{Contract, Inbound, PlaceOrder, ServerVersion, write_greeting};

/// How long anything may take before a test fails.
const PATIENCE: Duration = Duration::from_secs(20);

/// A demo folder that is served.
pub struct Server {
    pub gate: Gate,
    handle: ListenerHandle,
    stop: oneshot::Sender<()>,
    folder: TempDir,
}

impl Server {
    pub async fn start() -> Self {
        Self::start_in(TempDir::new().unwrap()).await
    }

    /// Stops it and starts it again on the same folder.
    pub async fn restart(self) -> Self {
        Self::start_in(self.stopped().await).await
    }

    /// One whose exchange trades a stock in dollars, a fund in hundredths and a stock in euros.
    pub async fn trading() -> Self {
        let text = include_str!("../../../../tests/instruments.csv");
        let instruments = Instruments::read("tests/instruments.csv", text).unwrap();
        Self::start_with(TempDir::new().unwrap(), Arc::new(instruments)).await
    }

    async fn start_in(folder: TempDir) -> Self {
        Self::start_with(folder, Arc::clone(Instruments::builtin())).await
    }

    /// One whose journal is on this disk.
    pub async fn on(disk: Arc<dyn Disk>) -> Self {
        Self::start_on(TempDir::new().unwrap(), Arc::clone(Instruments::builtin()), disk).await
    }

    async fn start_with(folder: TempDir, instruments: Arc<Instruments>) -> Self {
        Self::start_on(folder, instruments, Arc::new(LocalDisk)).await
    }

    /// One whose markets keep their hours.
    pub async fn in_real_hours() -> Self {
        let (folder, all) = (TempDir::new().unwrap(), Arc::clone(Instruments::builtin()));
        Self::start_as(folder, all, Arc::new(LocalDisk), Hours::Real).await
    }

    async fn start_on(folder: TempDir, instruments: Arc<Instruments>, disk: Arc<dyn Disk>) -> Self {
        Self::start_as(folder, instruments, disk, Hours::RoundTheClock).await
    }

    async fn start_as(
        folder: TempDir,
        instruments: Arc<Instruments>,
        disk: Arc<dyn Disk>,
        hours: Hours,
    ) -> Self {
        let config = gate::Config {
            data: folder.path().to_owned(),
            database: None,
            durability: Durability::Process,
            demo: true,
            seed: Some(11),
            hours,
            portal_origin: "http://localhost:1".parse().unwrap(),
            passkeys: None,
            token_required_by_default: false,
        };
        let gate = opened(config, &instruments, &disk).await;
        let (stop, stopped) = oneshot::channel();
        let config =
            Config { bind: IpAddr::V4(Ipv4Addr::LOCALHOST), free_ports: true, ports: Vec::new() };
        let shutdown = async { stopped.await.unwrap_or(()) };
        let handle = serve(gate.clone(), config, shutdown).await.unwrap();
        Self { gate, handle, stop, folder }
    }

    pub fn address(&self, name: &str) -> SocketAddr {
        self.handle.sockets().iter().find(|socket| socket.name == name).unwrap().address
    }

    /// The address of a credential that was just made, once its port is open.
    pub async fn later_address(&self, name: &str) -> SocketAddr {
        let open = async {
            loop {
                let sockets = self.handle.sockets();
                if let Some(socket) = sockets.iter().find(|socket| socket.name == name) {
                    return socket.address;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(PATIENCE, open).await.expect("its port opens")
    }

    /// Connects and begins a session.
    pub async fn client(&self, name: &str, client_id: i32) -> Raw {
        Raw::begin(self.address(name), client_id).await
    }

    /// What the order journal has on record, newest first.
    pub async fn record(&self) -> Vec<ActivityEntry> {
        self.gate.orders().flush().await.unwrap();
        let filter =
            ActivityFilter { kind: Some(ActivityKind::Order), limit: 200, ..Default::default() };
        self.gate.activity().page(&Actor::Operator { uid: 0 }, &filter, None).await.unwrap().entries
    }

    /// Tells clients that it stops, and waits until they are gone.
    pub async fn stop(self) {
        self.stopped().await;
    }

    async fn stopped(self) -> TempDir {
        self.stop.send(()).unwrap();
        timeout(PATIENCE, self.handle.ended()).await.unwrap();
        self.gate.close().await.unwrap();
        self.folder
    }
}

/// The gate, once nobody holds its folder: a thread of the server before may do so for a moment.
async fn opened(
    config: gate::Config,
    instruments: &Arc<Instruments>,
    disk: &Arc<dyn Disk>,
) -> Gate {
    let open = async {
        loop {
            let (disk, own) = (Arc::clone(disk), Arc::clone(instruments));
            match Gate::open_trading(config.clone(), Clock::system(), disk, own).await {
                Ok(gate) => return gate,
                Err(OpenError::Folder(FolderError::InUse { .. } | FolderError::Shared { .. })) => {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
                Err(error) => panic!("{error}"),
            }
        }
    };
    timeout(PATIENCE, open).await.expect("the folder is free")
}

/// One message: its fields, the id first.
pub type Message = Vec<String>;

/// A connection that speaks the protocol without a library.
pub struct Raw {
    stream: TcpStream,
    reader: FrameReader,
    pub version: ServerVersion,
}

impl Raw {
    /// Sends a greeting of a client with this range; the reply's two fields.
    pub async fn greet(address: SocketAddr, min: u16, max: u16) -> (Self, Option<Message>) {
        Self::greet_with(address, (min, max), "").await
    }

    /// The same with connect options.
    async fn greet_with(
        address: SocketAddr,
        (min, max): (u16, u16),
        options: &str,
    ) -> (Self, Option<Message>) {
        let mut raw = Self::connect(address).await;
        let mut greeting = Vec::new();
        write_greeting(min, max, options, &mut greeting);
        raw.send_bytes(&greeting).await;
        let reply = raw.next().await;
        if let Some(version) = reply.as_ref().and_then(|reply| reply[0].parse().ok()) {
            raw.version = ServerVersion::new(version).unwrap_or(ServerVersion::USUAL);
        }
        (raw, reply)
    }

    pub async fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        Self { stream, reader: FrameReader::for_client(), version: ServerVersion::USUAL }
    }

    /// Greets and sends startApi, without waiting for an answer.
    pub async fn knock(address: SocketAddr, client_id: i32) -> Self {
        Self::knock_with(address, client_id, "").await
    }

    /// The same with connect options.
    pub async fn knock_with(address: SocketAddr, client_id: i32, options: &str) -> Self {
        let (mut raw, _) = Self::greet_with(address, (157, 178), options).await;
        let first = StartApi { client_id, optional_capabilities: String::new() };
        raw.send(&first.into()).await;
        raw
    }

    pub async fn begin(address: SocketAddr, client_id: i32) -> Self {
        let mut raw = Self::knock(address, client_id).await;
        raw.until("9").await;
        raw.barrier().await;
        raw
    }

    pub async fn send(&mut self, request: &Inbound) {
        let mut bytes = Vec::new();
        request.encode(self.version, &mut bytes);
        self.send_bytes(&bytes).await;
    }

    pub async fn send_bytes(&mut self, bytes: &[u8]) {
        // A server that has hung up is seen by the next read.
        drop(self.stream.write_all(bytes).await);
    }

    /// The next message; none when the server closed the connection.
    pub async fn next(&mut self) -> Option<Message> {
        loop {
            if let Some(frame) = self.reader.next_frame().unwrap() {
                let text = |field: &[u8]| String::from_utf8(field.to_vec()).unwrap();
                return Some(frame.fields().map(text).collect());
            }
            let mut bytes = [0; 4096];
            let count =
                timeout(PATIENCE, self.stream.read(&mut bytes)).await.expect("an answer in time");
            match count {
                Ok(0) | Err(_) => return None,
                Ok(count) => self.reader.push(&bytes[..count]),
            }
        }
    }

    /// Messages up to the first of a kind, that one included.
    pub async fn until(&mut self, kind: &str) -> Vec<Message> {
        let mut messages = Vec::new();
        loop {
            let message = self.next().await.unwrap_or_else(|| panic!("closed after {messages:?}"));
            let over = message[0] == kind;
            messages.push(message);
            if over {
                return messages;
            }
        }
    }

    /// All that was sent before the answer to a question asked now.
    pub async fn barrier(&mut self) -> Vec<Message> {
        self.send(&CurrentTime {}.into()).await;
        let mut messages = self.until("49").await;
        messages.pop();
        messages
    }

    /// Sends a request and gives what came of it.
    pub async fn ask(&mut self, request: impl Into<Inbound>) -> Vec<Message> {
        self.send(&request.into()).await;
        self.barrier().await
    }

    /// All bytes until the server closes the connection, beginning with those that came already.
    pub async fn rest_of_bytes(&mut self) -> Vec<u8> {
        let mut bytes = self.reader.buffer_mut().clone();
        let whole = self.stream.read_to_end(&mut bytes);
        drop(timeout(PATIENCE, whole).await.expect("the end in time"));
        bytes
    }

    /// All messages until the server closes the connection.
    pub async fn rest(&mut self) -> Vec<Message> {
        let mut messages = Vec::new();
        while let Some(message) = self.next().await {
            messages.push(message);
        }
        messages
    }
}

/// The errors among messages: id, code, text.
pub fn errors(messages: &[Message]) -> Vec<(i32, i32, String)> {
    messages
        .iter()
        .filter(|message| message[0] == "4")
        .map(|message| {
            (message[2].parse().unwrap(), message[3].parse().unwrap(), message[4].clone())
        })
        .collect()
}

/// The status words of an order, in order.
pub fn statuses(messages: &[Message], order_id: i32) -> Vec<String> {
    messages
        .iter()
        .filter(|message| message[0] == "3" && message[1] == order_id.to_string())
        .map(|message| message[2].clone())
        .collect()
}

pub fn stock(symbol: &str) -> Contract {
    Contract {
        symbol: symbol.to_owned(),
        sec_type: "STK".to_owned(),
        exchange: "SMART".to_owned(),
        currency: "USD".to_owned(),
        ..Contract::default()
    }
}

/// The bytes of an order, with one of its fields spelt as it is given here.
pub fn spelt(version: ServerVersion, order: Box<PlaceOrder>, field: usize, text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    Inbound::from(order).encode(version, &mut bytes);
    let mut fields: Vec<_> = bytes[4..].split(|byte| *byte == 0).map(<[u8]>::to_vec).collect();
    fields[field] = text.as_bytes().to_vec();
    let payload = fields.join(&0);
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[..], &payload].concat()
}

/// Places of fields in placeOrder: the message id is 0, the order id 1, and the contract has 14.
pub const TOTAL_QUANTITY: usize = 17;
/// See [`TOTAL_QUANTITY`].
pub const LIMIT_PRICE: usize = 19;

/// A limit order to buy AAPL far below the market, changed by `set`.
pub fn order(order_id: i32, set: impl FnOnce(&mut PlaceOrder)) -> Box<PlaceOrder> {
    let mut order = PlaceOrder { order_id, contract: stock("AAPL"), ..PlaceOrder::default() };
    "BUY".clone_into(&mut order.order.action);
    "LMT".clone_into(&mut order.order.order_type);
    order.order.total_quantity = Some(Decimal::from(10));
    order.order.limit_price = Some(Decimal::ONE);
    order.order.transmit = true;
    order.order.exempt_code = Some(-1);
    set(&mut order);
    Box::new(order)
}
