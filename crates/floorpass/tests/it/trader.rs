//! A trading program of our own: speaks the socket's protocol with the codec's client side and keeps what it was told.

use std::collections::BTreeMap;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use tws::inbound::{AllOpenOrders, Executions, Positions, StartApi};
use tws::place_order::PlaceOrder;
use tws::{FrameReader, Inbound, ServerVersion};

/// What a program was told. Anything here was acknowledged.
#[derive(Debug, Default, Clone, PartialEq)]
pub struct Told {
    /// Last status of each order, by the exchange's number for it (permId).
    pub statuses: BTreeMap<u64, String>,
    /// Numbers of orders that ended, from the list of completed ones, with their status.
    pub completed: BTreeMap<u64, String>,
    /// The exchange's number of our own orders, by order id.
    pub numbers: BTreeMap<i32, u64>,
    /// Executions: execution id to (the order's number, shares).
    pub executions: BTreeMap<String, (u64, i64)>,
    /// Execution ids in the order in which they came, doubles included.
    pub execution_log: Vec<String>,
    /// Positions by symbol.
    pub positions: BTreeMap<String, i64>,
    /// Errors: id, code, text.
    pub errors: Vec<(i32, i32, String)>,
    /// End marks that came, by message id.
    pub ends: Vec<u32>,
    /// The next valid order id.
    pub next_id: Option<i32>,
}

/// A connection.
pub struct Trader {
    stream: TcpStream,
    reader: FrameReader,
    version: Option<ServerVersion>,
    /// What came so far.
    pub told: Told,
    /// Whether the server ended the connection.
    pub closed: bool,
}

/// What is to be told before a wait ends.
const PATIENCE: u32 = 400;

impl Trader {
    /// Connects and waits for the next valid id.
    pub fn connect(port: u16, client_id: i32) -> Self {
        let mut trader = Self::greet(port);
        trader.send(&Inbound::from(StartApi { client_id, optional_capabilities: String::new() }));
        trader.wait("the next valid id", |told| told.next_id.is_some());
        trader
    }

    /// Connects and shakes hands, no more.
    pub fn greet(port: u16) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
        let reader = FrameReader::for_client();
        let told = Told::default();
        let mut trader = Self { stream, reader, version: None, told, closed: false };
        let mut greeting = Vec::new();
        tws::write_greeting(157, 176, "", &mut greeting);
        trader.stream.write_all(&greeting).unwrap();
        for _ in 0..PATIENCE {
            trader.read();
            if trader.version.is_some() || trader.closed {
                break;
            }
        }
        assert_eq!(trader.version.map(ServerVersion::number), Some(176));
        trader
    }

    /// Sends a request; a closed connection is noted, not a failure.
    pub fn send(&mut self, request: &Inbound) {
        self.send_all(std::slice::from_ref(request));
    }

    /// Sends requests in one write.
    pub fn send_all(&mut self, requests: &[Inbound]) {
        let mut bytes = Vec::new();
        for request in requests {
            request.encode(self.version.unwrap(), &mut bytes);
        }
        self.send_bytes(&bytes);
    }

    /// Sends bytes as they are.
    pub fn send_bytes(&mut self, bytes: &[u8]) {
        if self.stream.write_all(bytes).is_err() {
            self.closed = true;
        }
    }

    /// An order for AAPL.
    pub fn order(id: i32, action: &str, quantity: i64, limit: Option<&str>) -> Inbound {
        Inbound::from(Box::new(Self::placing(id, action, quantity, limit)))
    }

    /// An order with the longest reference, which makes its record large.
    pub fn referenced(id: i32, action: &str, quantity: i64, limit: &str) -> Inbound {
        let mut order = Self::placing(id, action, quantity, Some(limit));
        order.order.order_ref = "x".repeat(64);
        Inbound::from(Box::new(order))
    }

    /// The same, to be changed before it is sent.
    pub fn placing(id: i32, action: &str, quantity: i64, limit: Option<&str>) -> PlaceOrder {
        let mut order = PlaceOrder { order_id: id, ..PlaceOrder::default() };
        order.contract.symbol = "AAPL".into();
        order.contract.sec_type = "STK".into();
        order.contract.exchange = "SMART".into();
        order.contract.currency = "USD".into();
        order.order.action = action.into();
        order.order.total_quantity = Some(quantity.into());
        order.order.order_type = if limit.is_some() { "LMT" } else { "MKT" }.into();
        order.order.limit_price = limit.map(|l| l.parse().unwrap());
        order.order.tif = "GTC".into();
        order.order.transmit = true;
        order
    }

    /// Takes what has come; waits at most the read timeout when nothing has.
    pub fn read(&mut self) {
        let mut bytes = [0; 16_384];
        match self.stream.read(&mut bytes) {
            Ok(0) => self.closed = true,
            Ok(n) => self.reader.push(&bytes[..n]),
            Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(_) => self.closed = true,
        }
        while let Ok(Some(frame)) = self.reader.next_frame() {
            let fields: Vec<String> =
                frame.fields().map(|f| String::from_utf8_lossy(f).into_owned()).collect();
            if self.version.is_none() {
                self.version = fields[0].parse().ok().and_then(ServerVersion::new);
            } else {
                self.told.take(&fields);
            }
        }
    }

    /// Reads until the server has told it.
    pub fn wait(&mut self, what: &str, told: impl Fn(&Told) -> bool) {
        for _ in 0..PATIENCE {
            if told(&self.told) {
                return;
            }
            assert!(
                !self.closed,
                "the connection ended while waiting for {what}: {:?}",
                self.told.errors
            );
            self.read();
        }
        panic!("never told: {what}: ends {:?}, errors {:?}", self.told.ends, self.told.errors);
    }

    /// Reads until the server ends the connection.
    pub fn wait_closed(&mut self) {
        for _ in 0..PATIENCE {
            if self.closed {
                return;
            }
            self.read();
        }
        panic!("the connection was not closed: {:?}", self.told.errors);
    }

    /// Reads until all that was sent before is answered.
    pub fn barrier(&mut self) {
        let count = self.told.ends.iter().filter(|end| **end == 53).count();
        self.send(&Inbound::from(AllOpenOrders {}));
        self.wait("the open orders", |told| {
            told.ends.iter().filter(|end| **end == 53).count() > count
        });
    }

    /// All that the server knows of this credential's orders, executions and positions.
    pub fn ask_all(&mut self) -> Told {
        self.told = Told::default();
        self.send_all(&[
            Inbound::from(AllOpenOrders {}),
            Inbound::from(tws::inbound::CompletedOrders { api_only: false }),
            Inbound::from(Executions { request_id: 77, ..Executions::default() }),
            Inbound::from(Positions {}),
        ]);
        self.wait("open orders, completed orders, executions and positions", |told| {
            [53, 102, 55, 62].iter().all(|end| told.ends.contains(end))
        });
        self.told.clone()
    }
}

impl Told {
    fn take(&mut self, fields: &[String]) {
        let number = |at: usize| fields[at].parse::<i32>().unwrap_or(0);
        let order = |at: usize| fields[at].parse::<u64>().unwrap_or(0);
        let shares = |at: usize| fields[at].parse::<Decimal>().unwrap().to_i64().unwrap();
        match number(0) {
            // orderStatus: id, status, filled, remaining, average price, permId
            3 => {
                self.statuses.insert(order(6), fields[2].clone());
                self.numbers.insert(number(1), order(6));
            }
            4 => self.errors.push((number(2), number(3), fields[4].clone())),
            9 => self.next_id = Some(number(2)),
            // execDetails: request, order, contract (11 fields), execution id, time, account, exchange, side, shares,
            // price, permId
            11 => {
                let id = fields[14].clone();
                self.execution_log.push(id.clone());
                self.executions.insert(id, (order(21), shares(19)));
            }
            end @ (53 | 55 | 62 | 102) => self.ends.push(u32::try_from(end).unwrap()),
            // position: version, account, contract (11 fields), position
            61 => drop(self.positions.insert(fields[4].clone(), shares(14))),
            // completedOrder: contract (11 fields), action, quantity, type, limit, aux, tif, oca, account, open or close,
            // origin, reference, permId
            101 => drop(self.completed.insert(order(23), fields.join("|"))),
            _ => {}
        }
    }
}
