//! A blocking client of the TWS socket: just enough to place orders and read acknowledgements.

use rust_decimal::Decimal;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;
use tws::{Contract, FrameReader, Inbound, OrderFields, PlaceOrder, ServerVersion};

/// What came back for one request: whole messages, as many as were asked for.
pub struct Answer {
    bytes: Vec<u8>,
    length: usize,
    messages: usize,
}

impl Answer {
    /// Room for an answer of so many messages.
    pub fn of(messages: usize) -> Self {
        Self { bytes: vec![0; 16 * 1024], length: 0, messages }
    }

    /// The bytes that came last.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }

    /// The fields of each message.
    pub fn fields(&self) -> Vec<Vec<&str>> {
        let mut rest = self.bytes();
        let mut messages = Vec::new();
        while let Some((length, behind)) = rest.split_first_chunk() {
            let (message, behind) = behind.split_at(u32::from_be_bytes(*length) as usize);
            let text = std::str::from_utf8(message).expect("text");
            messages.push(text.split_terminator('\0').collect());
            rest = behind;
        }
        messages
    }

    /// Whether all of its messages are there, by the lengths in front of them.
    fn is_whole(&self) -> bool {
        let mut at = 0;
        for _ in 0..self.messages {
            match self.bytes().get(at..).and_then(|rest| rest.first_chunk()) {
                Some(length) => at += 4 + u32::from_be_bytes(*length) as usize,
                None => return false,
            }
        }
        assert!(self.length <= at, "more came than was asked for");
        self.length == at
    }
}

/// Sends a request and reads until the whole answer is there.
pub fn exchange(stream: &mut TcpStream, request: &[u8], answer: &mut Answer) {
    answer.length = 0;
    stream.write_all(request).expect("sent");
    while !answer.is_whole() {
        let count = stream.read(&mut answer.bytes[answer.length..]).expect("an answer");
        assert!(count > 0, "the connection ended");
        answer.length += count;
    }
}

/// One connection that has been started.
pub struct Client {
    stream: TcpStream,
    reader: FrameReader,
    version: ServerVersion,
    out: Vec<u8>,
    /// Where what is read lands first.
    buffer: Vec<u8>,
    next_id: i32,
}

impl Client {
    /// Connects, shakes hands and starts the session under this client id.
    pub fn connect(address: SocketAddr, client_id: i32) -> std::io::Result<Self> {
        let mut stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        let mut out = Vec::new();
        tws::write_greeting(157, 176, "", &mut out);
        stream.write_all(&out)?;
        let version = ServerVersion::new(176).expect("176 is spoken");
        let mut client = Self {
            stream,
            reader: FrameReader::for_client(),
            version,
            out: Vec::new(),
            buffer: vec![0; 64 * 1024],
            next_id: 1,
        };
        client.read_until(|fields| (fields.len() == 2).then_some(()))?;
        client.send(&Inbound::from(tws::inbound::StartApi {
            client_id,
            optional_capabilities: String::new(),
        }))?;
        client.next_id = client.read_until(|f| (f[0] == "9").then(|| f[2].parse().unwrap_or(1)))?;
        Ok(client)
    }

    /// Reads frames until one is what was waited for.
    pub fn read_until<T>(
        &mut self,
        mut wanted: impl FnMut(&[&str]) -> Option<T>,
    ) -> std::io::Result<T> {
        loop {
            while let Some(frame) = self.reader.next_frame().map_err(std::io::Error::other)? {
                let text = std::str::from_utf8(frame.0).map_err(std::io::Error::other)?;
                let fields: Vec<&str> = text.split_terminator('\0').collect();
                if let Some(found) = wanted(&fields) {
                    return Ok(found);
                }
            }
            let count = self.stream.read(&mut self.buffer)?;
            if count == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
            self.reader.push(&self.buffer[..count]);
        }
    }

    /// Sends a request and waits for its answer, to be read afterwards. What the client itself costs is no more than this, and a
    /// peer's client does the same.
    pub fn exchange(&mut self, request: &[u8], answer: &mut Answer) {
        exchange(&mut self.stream, request, answer);
    }

    /// Sends one message.
    pub fn send(&mut self, message: &Inbound) -> std::io::Result<()> {
        self.out.clear();
        message.encode(self.version, &mut self.out);
        self.stream.write_all(&self.out)
    }

    /// Sends bytes that were encoded before.
    pub fn send_bytes(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.stream.write_all(bytes)
    }

    /// The bytes of a limit order of the day to buy `quantity` shares of `symbol`, and its order id.
    pub fn limit_buy(&mut self, symbol: &str, quantity: u32, cents: i64, out: &mut Vec<u8>) -> i32 {
        self.buy(symbol, quantity, cents, "DAY", out)
    }

    /// The same, good until cancelled.
    pub fn resting_buy(
        &mut self,
        symbol: &str,
        quantity: u32,
        cents: i64,
        out: &mut Vec<u8>,
    ) -> i32 {
        self.buy(symbol, quantity, cents, "GTC", out)
    }

    /// The same, immediate or cancel.
    pub fn immediate_buy(
        &mut self,
        symbol: &str,
        quantity: u32,
        cents: i64,
        out: &mut Vec<u8>,
    ) -> i32 {
        self.buy(symbol, quantity, cents, "IOC", out)
    }

    fn buy(
        &mut self,
        symbol: &str,
        quantity: u32,
        cents: i64,
        tif: &str,
        out: &mut Vec<u8>,
    ) -> i32 {
        let order_id = self.next_id;
        self.next_id += 1;
        let order = OrderFields {
            action: "BUY".to_owned(),
            total_quantity: Some(Decimal::from(quantity)),
            order_type: "LMT".to_owned(),
            limit_price: Some(Decimal::new(cents, 2)),
            tif: tif.to_owned(),
            transmit: true,
            open_close: "O".to_owned(),
            origin: Some(0),
            ..OrderFields::default()
        };
        let contract = Contract {
            symbol: symbol.to_owned(),
            sec_type: "STK".to_owned(),
            exchange: "SMART".to_owned(),
            currency: "USD".to_owned(),
            ..Contract::default()
        };
        Inbound::from(Box::new(PlaceOrder { order_id, contract, order })).encode(self.version, out);
        order_id
    }

    /// Asks for the stream of a stock's quotes.
    pub fn subscribe(&mut self, symbol: &str) -> std::io::Result<()> {
        let contract = Contract {
            symbol: symbol.to_owned(),
            sec_type: "STK".to_owned(),
            exchange: "SMART".to_owned(),
            currency: "USD".to_owned(),
            ..Contract::default()
        };
        let wish = tws::inbound::MktData { request_id: 1, contract, ..Default::default() };
        self.send(&Inbound::from(wish))?;
        self.read_until(|fields| (fields[0] == "1").then_some(()))
    }

    /// The connection, to be read by somebody else.
    pub fn into_stream(self) -> TcpStream {
        self.stream
    }

    /// Cancels an order.
    pub fn cancel(&mut self, order_id: i32) -> std::io::Result<()> {
        self.send(&Inbound::from(tws::inbound::CancelOrder { order_id, ..Default::default() }))
    }
}
