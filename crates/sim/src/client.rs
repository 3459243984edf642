//! A program at the TWS socket: it sends what the dice say and remembers what it was told.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use access::CredentialId;
use sha2::{Digest as _, Sha256};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tws::inbound::{CurrentTime, StartApi};
use tws::{FrameReader, Inbound, ServerVersion, write_greeting};
use twsd::Streams;

use crate::finding::{Finding, Ran};
use crate::wire::{Pipe, Reading, Writing};

/// How long an answer may take by this machine's clock: beyond any work that it may wait for.
const PATIENCE: Duration = Duration::from_mins(1);
/// Bytes under way to a client that reads.
const ROOM: usize = 1 << 20;
/// The messages that are understood here.
const STATUS: &str = "3";
const ERROR: &str = "4";
const NEXT_ID: &str = "9";
const EXECUTION: &str = "11";
const NOW: &str = "49";

/// What clients were told of orders. It outlives their connections, and crashes of the server.
#[derive(Debug, Default, Clone)]
pub struct Told {
    /// The last status of each order, by its number on the exchange, and the shares that had traded.
    pub orders: BTreeMap<u64, (String, String)>,
    /// The executions.
    pub executions: BTreeSet<String>,
    /// Errors, by their number and code or first word, and how often each came.
    pub errors: BTreeMap<String, u32>,
}

/// One connection.
pub struct Client {
    /// By which credential.
    pub credential: CredentialId,
    /// Its client id.
    pub client_id: i32,
    /// The next order id that nobody used.
    pub next_id: i32,
    /// Ids of orders that it sent, newest last.
    pub sent: Vec<i32>,
    /// Whether the server has not closed it.
    pub is_open: bool,
    version: ServerVersion,
    to: Pipe,
    from: Pipe,
    reader: FrameReader,
    task: Option<JoinHandle<()>>,
    /// Bytes of a frame whose rest was not sent yet.
    rest: Vec<u8>,
}

impl Client {
    /// Connects. The client may have been turned away, in which case it is not open.
    pub async fn connect(
        door: &Streams,
        (credential, client_id): (CredentialId, i32),
        home: Ipv4Addr,
        log: &mut (Told, Sha256),
    ) -> Ran<Self> {
        let (to, from) = (Pipe::new(usize::MAX), Pipe::new(ROOM));
        let peer = SocketAddr::new(IpAddr::V4(home), 50_000);
        let ends = (Reading(to.clone()), Writing(from.clone()));
        let task = door.connect(ends, peer, credential);
        let reader = FrameReader::for_client();
        let (sent, rest) = (Vec::new(), Vec::new());
        let mut client = Self {
            credential,
            client_id,
            next_id: 1,
            sent,
            is_open: true,
            version: ServerVersion::USUAL,
            to,
            from,
            reader,
            task,
            rest,
        };
        let mut greeting = Vec::new();
        write_greeting(157, 178, "", &mut greeting);
        client.to.send(&greeting);
        if let Some(reply) = client.next(log).await? {
            let version = reply.first().and_then(|version| version.parse().ok());
            client.version = version.and_then(ServerVersion::new).unwrap_or(ServerVersion::USUAL);
            client.send(&StartApi { client_id, optional_capabilities: String::new() }.into());
            while let Some(message) = client.next(log).await? {
                if message.first().is_some_and(|kind| kind == NEXT_ID) {
                    break;
                }
            }
            client.barrier(log).await?;
        }
        Ok(client)
    }

    /// Sends a request.
    pub fn send(&mut self, request: &Inbound) {
        let mut bytes = std::mem::take(&mut self.rest);
        request.encode(self.version, &mut bytes);
        self.to.send(&bytes);
    }

    /// Sends a part of a request; the rest goes with the next one.
    pub fn send_half(&mut self, request: &Inbound, at: usize) {
        let mut bytes = std::mem::take(&mut self.rest);
        request.encode(self.version, &mut bytes);
        let at = at.min(bytes.len());
        self.rest = bytes.split_off(at);
        self.to.send(&bytes);
    }

    /// Whether a part of a request waits for its rest.
    pub fn is_halfway(&self) -> bool {
        !self.rest.is_empty()
    }

    /// Hears all that comes before the answer to a question that is asked now: whatever was sent before has been
    /// dealt with by then.
    pub async fn barrier(&mut self, log: &mut (Told, Sha256)) -> Ran {
        if !self.is_open {
            return Ok(());
        }
        self.send(&CurrentTime {}.into());
        while let Some(message) = self.next(log).await? {
            if message.first().is_some_and(|kind| kind == NOW) {
                return Ok(());
            }
        }
        Ok(())
    }

    /// The connection breaks: nothing that is under way arrives.
    pub fn cut(&mut self) {
        self.to.cut();
        self.from.cut();
        self.is_open = false;
    }

    /// Reads at most so many bytes that the server has sent from now on.
    pub fn read_slowly(&self, room: usize) {
        self.from.set_room(room);
    }

    /// Reads as fast as the server sends.
    pub fn read_freely(&self) {
        self.from.set_room(ROOM);
    }

    /// Waits for the server's side to end.
    pub async fn gone(mut self) -> Ran {
        self.cut();
        let Some(task) = self.task.take() else { return Ok(()) };
        match timeout(PATIENCE, task).await {
            Ok(Err(error)) if error.is_panic() => Err(Finding::of("a connection panicked", error)),
            Ok(_) => Ok(()),
            Err(_) => Err(Finding("the server did not notice that a connection broke".to_owned())),
        }
    }

    /// The server dies with it.
    pub async fn die(self) {
        if let Some(task) = self.task {
            task.abort();
            // Until it is gone it holds the gate.
            task.await.ok();
        }
    }

    async fn next(&mut self, (told, log): &mut (Told, Sha256)) -> Ran<Option<Vec<String>>> {
        loop {
            let frame = self.reader.next_frame().map_err(|error| Finding::of("a frame", error))?;
            if let Some(frame) = frame {
                let text = |field: &[u8]| String::from_utf8_lossy(field).into_owned();
                let message: Vec<String> = frame.fields().map(text).collect();
                log.update(self.client_id.to_le_bytes());
                for field in &message {
                    log.update(field);
                    log.update([0]);
                }
                told.learn(&message);
                self.learn(&message);
                return Ok(Some(message));
            }
            let bytes = timeout(PATIENCE, self.from.receive(4096)).await;
            let bytes = bytes.map_err(|_| Finding("the server does not answer".to_owned()))?;
            if bytes.is_empty() {
                self.is_open = false;
                return Ok(None);
            }
            self.reader.push(&bytes);
        }
    }

    fn learn(&mut self, message: &[String]) {
        if let [kind, _, id, ..] = message
            && kind == NEXT_ID
            && let Ok(id) = id.parse::<i32>()
        {
            self.next_id = self.next_id.max(id);
        }
    }
}

impl Told {
    /// A page said that this order is there.
    pub fn shown(&mut self, number: u64) {
        let status = ("Accepted".to_owned(), "0".to_owned());
        self.orders.entry(number).or_insert(status);
    }

    fn learn(&mut self, message: &[String]) {
        match message {
            [kind, _, status, filled, _, _, number, ..] if kind == STATUS => {
                if let Ok(number) = number.parse::<u64>()
                    && number > 0
                {
                    self.orders.insert(number, (status.clone(), filled.clone()));
                }
            }
            [kind, _, _, code, text, ..] if kind == ERROR => {
                // `Order rejected - reason:CODE: words`, or words.
                let word = text.split("reason:").last().unwrap_or_default();
                let word = word.trim().split([' ', ':']).next().unwrap_or_default();
                *self.errors.entry(format!("{code} {word}")).or_default() += 1;
            }
            [kind, rest @ ..] if kind == EXECUTION => {
                if let Some(id) = rest.get(13) {
                    self.executions.insert(id.clone());
                }
            }
            _ => {}
        }
    }
}
