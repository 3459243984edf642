//! What waits to be sent on one connection: filled by the answers, emptied by one write per batch.

use std::io;
use std::time::Duration;

use tokio::time::Instant;
use tws::outbound::{Error, ErrorCode, OrderTemplate, PlainOrder};
use tws::{OrderFields, Response, ServerVersion};

use crate::wire::Sink;

/// Above this many waiting bytes no request is read and no tick is added: the client has to read.
pub(crate) const HIGH_WATER: usize = 256 << 10;
/// A client for which more than this waits is cut off: only order and account events get here.
const LIMIT: usize = 8 << 20;
/// A client that takes nothing for this long while something waits is cut off.
const PATIENCE: Duration = Duration::from_secs(20);
/// ibapi reads this many bytes at a time and goes on while it gets exactly as many; when nothing
/// follows such a read, it throws away what it has.
const IBAPI_READ: usize = 4096;
/// After this pause ibapi has taken all that was sent.
const SETTLED: Duration = Duration::from_millis(200);
/// How long the last byte of an unlucky total is held back.
const HOLD: Duration = Duration::from_millis(5);

/// The outgoing bytes of one connection.
pub(crate) struct Outgoing {
    version: ServerVersion,
    /// What the orders of this exchange have in common, made for the first of them.
    template: Option<OrderTemplate>,
    bytes: Vec<u8>,
    sent: usize,
    /// Whether the reader has ibapi's fault.
    fragile: bool,
    /// Bytes since the reader had taken everything, for such a reader.
    since_settled: usize,
    last_progress: Instant,
    hold_until: Option<Instant>,
}

impl Outgoing {
    pub(crate) fn new(version: ServerVersion, fragile: bool) -> Self {
        Self {
            version,
            template: None,
            bytes: Vec::new(),
            sent: 0,
            fragile,
            since_settled: 0,
            last_progress: Instant::now(),
            hold_until: None,
        }
    }

    /// Adds a message.
    pub(crate) fn put(&mut self, response: &impl Response) {
        self.touch();
        response.write(self.version, &mut self.bytes);
    }

    /// Adds an openOrder.
    pub(crate) fn put_order(&mut self, order: &PlainOrder<'_>) {
        self.touch();
        let version = self.version;
        let template = self.template.get_or_insert_with(|| OrderTemplate::new(version, &usual()));
        template.write(order, &mut self.bytes);
    }

    /// Adds an error, a warning or a notice; -1 stands for no request.
    pub(crate) fn error(&mut self, request_id: i32, code: ErrorCode, text: &str) {
        self.put(&Error { request_id, code, text, advanced_reject_json: "" });
    }

    /// Says that a stream to be ended is not there.
    pub(crate) fn no_stream(&mut self, request_id: i32) {
        let text = format!("Can't find EId with tickerId:{request_id}");
        self.error(request_id, ErrorCode::UNKNOWN_TICKER_ID, &text);
    }

    /// Adds bytes that are no message of a version.
    pub(crate) fn raw(&mut self, fill: impl FnOnce(&mut Vec<u8>)) {
        self.touch();
        fill(&mut self.bytes);
    }

    /// The bytes that wait, taken out.
    pub(crate) fn take(mut self) -> Vec<u8> {
        self.bytes.drain(..self.sent.min(self.bytes.len()));
        self.bytes
    }

    /// The version that messages are written for.
    pub(crate) fn version(&self) -> ServerVersion {
        self.version
    }

    /// Bytes that wait.
    pub(crate) fn len(&self) -> usize {
        self.bytes.len().saturating_sub(self.sent)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether so much waits that nothing may be added that the client can do without.
    pub(crate) fn is_high(&self) -> bool {
        self.len() > HIGH_WATER
    }

    /// Whether so much waits that the connection has to end.
    pub(crate) fn is_over(&self) -> bool {
        self.len() > LIMIT
    }

    /// When to look again although the socket says nothing: the held byte, or the end of patience.
    pub(crate) fn deadline(&self) -> Instant {
        self.hold_until.unwrap_or(self.last_progress + PATIENCE)
    }

    /// Whether the client has taken nothing for too long.
    pub(crate) fn is_stalled(&self) -> bool {
        !self.is_empty() && self.last_progress.elapsed() >= PATIENCE
    }

    /// Whether waiting for the socket makes sense; not while a byte is held back.
    pub(crate) fn waits_for_socket(&self) -> bool {
        !self.is_empty() && self.hold_until.is_none()
    }

    /// Writes what the socket takes.
    ///
    /// # Errors
    /// When the connection is broken.
    pub(crate) fn flush(&mut self, socket: &impl Sink) -> io::Result<()> {
        let held = self.take_hold();
        while let Some(rest) = self.bytes.get(self.sent..).filter(|rest| !rest.is_empty()) {
            let total = self.since_settled.saturating_add(rest.len());
            let hold = self.fragile && !held && total.is_multiple_of(IBAPI_READ);
            let now = rest.get(..rest.len().saturating_sub(usize::from(hold))).unwrap_or(rest);
            if now.is_empty() {
                break;
            }
            match socket.try_write(now) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => {
                    let whole = count == now.len();
                    self.sent = self.sent.saturating_add(count);
                    self.since_settled = self.since_settled.saturating_add(count);
                    self.last_progress = Instant::now();
                    if hold && whole {
                        self.hold_until = Some(self.last_progress + HOLD);
                        break;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        if self.is_empty() {
            self.bytes.clear();
            self.bytes.shrink_to(HIGH_WATER);
            self.sent = 0;
        }
        Ok(())
    }

    /// Whether a byte was held back until now: it goes out whatever the total is.
    fn take_hold(&mut self) -> bool {
        let over = self.hold_until.is_some_and(|until| until <= Instant::now());
        if over {
            self.hold_until = None;
            self.since_settled = 0;
        }
        over
    }

    /// Called before bytes are added: the clock of patience starts with the first waiting byte.
    fn touch(&mut self) {
        if self.is_empty() {
            let now = Instant::now();
            if now.duration_since(self.last_progress) > SETTLED {
                self.since_settled = 0;
            }
            self.last_progress = now;
        }
        // More bytes follow, so that the total is another one.
        self.hold_until = None;
    }
}

/// What every order here has. There is nothing to hedge, and the broker's orders say so in this way.
pub(crate) fn usual() -> OrderFields {
    OrderFields { dont_use_auto_price_for_hedge: true, ..OrderFields::default() }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use tokio::io::AsyncReadExt as _;
    use tokio::net::{TcpListener, TcpStream};

    use super::*;

    async fn pair() -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let near = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        (near, listener.accept().await.unwrap().0)
    }

    fn filled(fragile: bool, count: usize) -> Outgoing {
        let mut out = Outgoing::new(ServerVersion::USUAL, fragile);
        out.touch();
        out.bytes.resize(count, b'x');
        out
    }

    #[tokio::test]
    async fn burst_of_4096_bytes_to_ibapi_is_split() {
        let (mut near, mut far) = pair().await;
        let (_, writer) = near.split();
        for count in [4096, 8192] {
            let mut out = filled(true, count);
            writer.writable().await.unwrap();
            out.flush(&writer).unwrap();
            assert_eq!(out.len(), 1, "the last of {count} bytes waits");
            let mut first = vec![0; count - 1];
            far.read_exact(&mut first).await.unwrap();
            tokio::time::sleep_until(out.deadline()).await;
            out.flush(&writer).unwrap();
            assert!(out.is_empty());
            assert_eq!(far.read_u8().await.unwrap(), b'x');
        }
    }

    #[tokio::test]
    async fn burst_of_another_size_or_to_another_client_is_not_split() {
        let (mut near, _far) = pair().await;
        let (_, writer) = near.split();
        writer.writable().await.unwrap();
        for (fragile, count) in [(true, 4095), (true, 4097), (false, 4096)] {
            let mut out = filled(fragile, count);
            out.flush(&writer).unwrap();
            assert!(out.is_empty(), "{fragile} {count}");
        }
    }

    #[tokio::test]
    async fn byte_held_back_goes_with_what_follows() {
        let (mut near, _far) = pair().await;
        let (_, writer) = near.split();
        writer.writable().await.unwrap();
        let mut out = filled(true, 4096);
        out.flush(&writer).unwrap();
        out.touch();
        out.bytes.extend_from_slice(b"more");
        out.flush(&writer).unwrap();
        assert!(out.is_empty());
    }

    #[tokio::test]
    async fn reader_that_stops_leaves_bytes_waiting_not_an_error() {
        let (mut near, _far) = pair().await;
        let (_, writer) = near.split();
        writer.writable().await.unwrap();
        let mut out = filled(false, 32 << 20);
        out.flush(&writer).unwrap();
        assert!(out.is_high() && out.is_over() && out.waits_for_socket());
        assert!(!out.is_stalled());
    }
}
