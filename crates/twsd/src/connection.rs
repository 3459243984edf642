//! One connection: reads, decodes, lets the client act, writes in batches.
//!
//! Everything happens in one task. All frames that are there are taken; orders go to the gate one
//! by one; one sync covers them; what it published and what was refused is written; one write.

use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use access::refusal::ServerRefusal;
use access::{CredentialId, Refusal};
use gate::{Delivery, Subscription};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::watch;
use tokio::time::{sleep_until, timeout};
use tws::outbound::ErrorCode;
use tws::{FrameReader, Inbound};

use crate::client::Client;
use crate::outgoing::Outgoing;
use crate::refusal;
use crate::roster::Place;
use crate::shared::Shared;
use crate::start::{self, Farewell, READ, Started};
use crate::stopping::Stopping;
use crate::wire::Sink;

/// How long the end of a connection may take: its last bytes, and the peer's close.
const LINGER: Duration = Duration::from_secs(2);
/// Records of one delivery after which the socket is looked at again.
const DELIVERIES_AT_ONCE: usize = 64;

/// Why a connection ends.
enum End {
    /// The peer closed it, it broke, or there is nobody to tell.
    Gone,
    /// The client is told this and disconnected.
    Told(ErrorCode, String),
}

impl From<io::Error> for End {
    fn from(error: io::Error) -> Self {
        tracing::debug!(%error, "a connection broke");
        Self::Gone
    }
}

/// Serves a connection until it ends.
pub(crate) async fn run<R: AsyncRead + Unpin, W: Sink>(
    (mut read, write): (R, W),
    peer: SocketAddr,
    shared: &Shared,
    credential: CredentialId,
    lobby: Place,
) {
    let address = peer.ip().to_canonical();
    let begun =
        timeout(start::PATIENCE, start::start(&mut read, &write, shared, credential, address));
    let Ok(started) = begun.await else {
        tracing::debug!(%peer, "closed: no session within {} s", start::PATIENCE.as_secs());
        return;
    };
    match started {
        Ok(started) => {
            drop(lobby);
            serve(read, write, started, shared, peer).await;
        }
        // A refused client keeps its place in the lobby to the end: it was never let in.
        Err(Farewell(Some(bytes))) => {
            part(read, write, bytes).await;
            drop(lobby);
        }
        Err(Farewell(None)) => {}
    }
}

/// Writes the last bytes and waits for the peer to close, so that they are not lost with what the
/// peer still sends.
async fn part<R: AsyncRead + Unpin, W: Sink>(mut read: R, mut write: W, bytes: Vec<u8>) {
    let goodbye = async {
        write.write_all(&bytes).await?;
        write.shutdown().await?;
        let mut rest = [0; 1024];
        while read.read(&mut rest).await? > 0 {}
        io::Result::Ok(())
    };
    if !matches!(timeout(LINGER, goodbye).await, Ok(Ok(()))) {
        tracing::debug!("a client did not read its closing message");
    }
}

async fn serve<R: AsyncRead + Unpin, W: Sink>(
    read: R,
    write: W,
    started: Started,
    shared: &Shared,
    peer: SocketAddr,
) {
    let Started { admission, claim, client_id, program, reader, mut out } = started;
    // First the subscription, then the state: nothing between them is missed.
    let subscription = shared.gate.orders().subscribe_client(&admission, client_id);
    let address = peer.ip().to_canonical();
    shared.gate.credentials().used(&admission, address, &program);
    let presence = shared.gate.admissions().note_connected(&admission, address, &program);
    tracing::info!(%peer, %program, "client connected");
    let quotes = shared.gate.markets().quotes_changed();
    let stop = Stopping::new(shared.stop.clone());
    let client = Client::begin(shared, admission, address, client_id, &mut out).await;
    let mut connection =
        Connection { read, write, reader, out, client, subscription, quotes, stop };
    let end = connection.turn().await;
    drop((claim, presence));
    let Connection { read, write, mut out, mut client, .. } = connection;
    tracing::info!(%peer, %program, "client disconnected");
    if let End::Told(code, text) = end {
        client.drop_held(&mut out);
        client.say_goodbye(code, &text, &mut out).await;
        part(read, write, out.take()).await;
    }
}

/// What a connection waited for.
enum Wake {
    Stop,
    Delivery(Delivery),
    Read(io::Result<usize>),
    Write(io::Result<()>),
    /// New quotes; false when there will be no more.
    Quotes(bool),
    Deadline,
}

/// Waits when nothing waits to be sent and no quotes are asked for. It is what an order comes through:
/// a `select!` of all six would prepare the other three each time.
async fn wake_by_request(
    read: impl Future<Output = io::Result<usize>>,
    subscription: &mut Subscription,
    stop: &mut Stopping,
) -> Wake {
    let mut read = pin!(read);
    poll_fn(|context| {
        if stop.poll(context).is_ready() {
            return Poll::Ready(Wake::Stop);
        }
        if let Poll::Ready(delivery) = subscription.poll_recv(context) {
            return Poll::Ready(Wake::Delivery(delivery));
        }
        read.as_mut().poll(context).map(Wake::Read)
    })
    .await
}

fn stopping() -> End {
    End::Told(ErrorCode::VENUE_LOST, refusal::goodbye(&Refusal::Server(ServerRefusal::Stopping)))
}

struct Connection<R, W> {
    read: R,
    write: W,
    reader: FrameReader,
    out: Outgoing,
    client: Client,
    subscription: Subscription,
    quotes: watch::Receiver<u64>,
    stop: Stopping,
}

impl<R: AsyncRead + Unpin, W: Sink> Connection<R, W> {
    /// Serves until there is a reason to end.
    async fn turn(&mut self) -> End {
        loop {
            match self.step().await {
                Ok(()) => {}
                Err(end) => return end,
            }
        }
    }

    /// Waits for one thing to happen and deals with it.
    async fn step(&mut self) -> Result<(), End> {
        // Frames that were left because too much waited to be sent, then what is to be sent.
        let left = self.act().await?;
        self.out.flush(&self.write)?;
        if left && !self.out.is_high() {
            // The socket took it all: what was left is due now, whether or not anything comes.
            return Ok(());
        }
        // The account's new values come after the acknowledgement that somebody waits for.
        self.client.refresh(&mut self.out).await;
        self.out.flush(&self.write)?;
        if self.out.is_over() || self.out.is_stalled() {
            tracing::warn!(waiting = self.out.len(), "closed: the client does not read");
            return Err(End::Gone);
        }
        match self.wake().await {
            Wake::Stop | Wake::Quotes(false) => Err(stopping()),
            Wake::Delivery(delivery) => self.deliver(delivery),
            Wake::Read(count) => match count? {
                0 => Err(End::Gone),
                _ => Ok(()),
            },
            Wake::Write(ready) => Ok(ready?),
            Wake::Quotes(true) => {
                self.client.tick(&mut self.out).await;
                Ok(())
            }
            Wake::Deadline => Ok(()),
        }
    }

    /// Waits for one thing to happen. What it reads is in the reader's buffer.
    async fn wake(&mut self) -> Wake {
        let Self { read, write, reader, out, client, subscription, quotes, stop } = self;
        let buffer = reader.buffer_mut();
        buffer.reserve(READ);
        let wake = if out.is_empty() && !client.follows_quotes() {
            wake_by_request(read.read_buf(buffer), subscription, stop).await
        } else {
            tokio::select! {
                biased;
                () = poll_fn(|context| stop.poll(context)) => Wake::Stop,
                delivery = subscription.recv() => Wake::Delivery(delivery),
                count = read.read_buf(buffer), if !out.is_high() => Wake::Read(count),
                ready = write.writable(), if out.waits_for_socket() => Wake::Write(ready),
                changed = quotes.changed(), if client.follows_quotes() => {
                    Wake::Quotes(changed.is_ok())
                }
                () = sleep_until(out.deadline()), if !out.is_empty() => Wake::Deadline,
            }
        };
        subscription.rest();
        wake
    }

    /// Lets the client act on the frames that are there, then settles. True when it stopped early
    /// because too much waits to be sent.
    async fn act(&mut self) -> Result<bool, End> {
        let mut left = true;
        while !self.out.is_high() {
            let version = self.out.version();
            let request = match self.reader.next_frame() {
                Ok(Some(frame)) => {
                    if self.client.admission.is_current() && self.client.place_alike(frame) {
                        continue;
                    }
                    Inbound::decode(frame, version)
                }
                Ok(None) => {
                    left = false;
                    break;
                }
                Err(error) => {
                    self.settle().await?;
                    return Err(End::Told(
                        ErrorCode::READING,
                        format!("Server error when reading a request: {error}"),
                    ));
                }
            };
            if !self.client.admission.is_current_anywhere() {
                return Err(self.last_word(request).await);
            }
            match request {
                Ok(Inbound::PlaceOrder(request)) => {
                    self.client.place_order(request, self.reader.last_frame());
                }
                Ok(Inbound::CancelOrder(request)) => self.client.cancel_order(&request),
                Ok(Inbound::GlobalCancel(_)) => self.client.global_cancel(),
                Ok(request) => {
                    // What it asks for has to include what was ordered before it.
                    self.settle().await?;
                    self.client.answer(request, &mut self.out).await;
                }
                Err(error) => self.client.complain(&error, &mut self.out),
            }
        }
        self.settle().await?;
        Ok(left)
    }

    /// Makes what was asked durable, and writes what came of it.
    async fn settle(&mut self) -> Result<(), End> {
        if !self.client.orders.is_unsettled() {
            return Ok(());
        }
        self.client.note_order_ids();
        match self.client.gate.orders().flush().await {
            Ok(()) => {
                while let Some(delivery) = self.subscription.try_recv() {
                    self.deliver_one(delivery)?;
                }
                self.client.orders.settled();
            }
            Err(refusal) => self.client.orders.fail(&refusal::told(&refusal)),
        }
        self.client.put_late(&mut self.out);
        Ok(())
    }

    /// Writes a delivery, and some that came with it.
    fn deliver(&mut self, first: Delivery) -> Result<(), End> {
        self.deliver_one(first)?;
        for _ in 0..DELIVERIES_AT_ONCE {
            match self.subscription.try_recv() {
                Some(delivery) => self.deliver_one(delivery)?,
                None => break,
            }
        }
        Ok(())
    }

    fn deliver_one(&mut self, delivery: Delivery) -> Result<(), End> {
        match delivery {
            Delivery::Group(group) => {
                for record in &group.records {
                    self.client.report(record, &mut self.out);
                }
                Ok(())
            }
            Delivery::Ended(refusal) => {
                Err(End::Told(ErrorCode::VENUE_LOST, refusal::goodbye(&refusal)))
            }
        }
    }

    /// Answers the first request after the credential's end, and ends the connection. What was
    /// taken before is reported first.
    async fn last_word(&mut self, request: Result<Inbound, tws::DecodeError>) -> End {
        let reason =
            self.client.admission.ended().unwrap_or(Refusal::Server(ServerRefusal::Stopping));
        self.client.note_refused(reason.code(), reason.evidence_text());
        let settled = self.settle().await;
        self.client.refuse_last(request, &reason, &mut self.out);
        if let Err(end) = settled {
            return end;
        }
        End::Told(ErrorCode::VENUE_LOST, refusal::goodbye(&reason))
    }
}
