//! One connection that keeps what its orders were sent, checks that are counted, and the server's own view.

use std::cell::RefCell;
use std::error::Error;
use std::fmt::Debug;
use std::process::Command;
use std::time::{Duration, Instant};

use ibapi::client::blocking::Client;
use ibapi::contracts::Contract;
use ibapi::orders::{CommissionReport, ExecutionData, Order, OrderData, OrderStatus, OrderUpdate};
use ibapi::prelude::Subscription;
use serde_json::Value;

pub type Failure = Box<dyn Error>;

const PATIENCE: Duration = Duration::from_secs(10);

#[derive(Default)]
pub struct Checks {
    pub made: usize,
    pub failed: Vec<String>,
}

impl Checks {
    pub fn that(&mut self, what: &str, holds: bool, seen: impl Debug) {
        self.made += 1;
        if !holds {
            self.failed.push(format!("{what} (seen: {seen:?})"));
        }
    }
}

/// The server as its ready file describes it, and as its own command line does.
pub struct Server {
    pub account: String,
    ready: Value,
    program: String,
}

impl Server {
    pub fn read(ready_file: &str, program: &str) -> Result<Self, Failure> {
        let ready: Value = serde_json::from_str(&std::fs::read_to_string(ready_file)?)?;
        let account = ready["account"].as_str().ok_or("the ready file names no account")?;
        Ok(Self { account: account.to_owned(), program: program.to_owned(), ready })
    }

    pub fn address(&self) -> Result<String, Failure> {
        let sockets = self.ready["sockets"].as_array().ok_or("no sockets")?;
        let socket = sockets.iter().find(|s| s["name"] == "trading").ok_or("no socket trading")?;
        let host = socket["host"].as_str().ok_or("no host")?;
        Ok(format!("{host}:{}", socket["port"]))
    }

    /// What `floorpass orders`, `executions` or `positions` says.
    pub fn says(&self, command: &str) -> Result<Value, Failure> {
        let data = self.ready["data"].as_str().ok_or("the ready file names no data folder")?;
        let mut run = Command::new(&self.program);
        run.args(["--json", "--data", data, command]);
        if command == "positions" {
            // Others may have been opened beside it.
            run.args(["--account", &self.account]);
        }
        let run = run.output()?;
        if !run.status.success() {
            return Err(format!("{command}: {}", String::from_utf8_lossy(&run.stdout)).into());
        }
        Ok(serde_json::from_slice(&run.stdout)?)
    }

    /// The rows of a command that are about one order, by its permanent id.
    pub fn about(&self, command: &str, perm_id: i32) -> Result<Vec<Value>, Failure> {
        let rows = self.says(command)?;
        let rows = rows.as_array().ok_or("no rows")?.clone();
        Ok(rows.into_iter().filter(|row| row["order"] == perm_id).collect())
    }

    /// The state of an order as the server has it.
    pub fn state(&self, perm_id: i32) -> Result<String, Failure> {
        let rows = self.about("orders", perm_id)?;
        Ok(rows.first().and_then(|row| row["state"].as_str()).unwrap_or("absent").to_owned())
    }
}

pub struct Desk {
    pub client: Client,
    updates: Subscription<OrderUpdate>,
    kept: RefCell<Vec<OrderUpdate>>,
}

impl Desk {
    pub fn connect(server: &Server, client_id: i32) -> Result<Self, Failure> {
        let client = Client::connect(&server.address()?, client_id)?;
        let updates = client.order_update_stream()?;
        Ok(Self { client, updates, kept: RefCell::default() })
    }

    /// A connection with the id of one just closed, which the server may not have noticed yet (326).
    pub fn again(server: &Server, client_id: i32) -> Result<Self, Failure> {
        let end = Instant::now() + PATIENCE;
        loop {
            match Self::connect(server, client_id) {
                Err(_) if Instant::now() < end => {
                    std::thread::sleep(Duration::from_millis(200));
                }
                done => return done,
            }
        }
    }

    /// Takes in what comes until the condition holds.
    pub fn until(&self, condition: impl Fn(&Self) -> bool) -> bool {
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end {
            if condition(self) {
                return true;
            }
            if let Some(update) = self.updates.next_timeout(Duration::from_millis(20)) {
                self.kept.borrow_mut().push(update);
            }
        }
        condition(self)
    }

    pub fn place(&self, contract: &Contract, order: &Order) -> Result<i32, Failure> {
        let id = self.client.next_order_id();
        self.client.submit_order(id, contract, order)?;
        Ok(id)
    }

    fn last<T>(&self, pick: impl FnMut(&OrderUpdate) -> Option<T>) -> Option<T> {
        self.kept.borrow().iter().rev().find_map(pick)
    }

    pub fn status(&self, id: i32) -> Option<OrderStatus> {
        self.last(|update| match update {
            OrderUpdate::OrderStatus(status) if status.order_id == id => Some(status.clone()),
            _ => None,
        })
    }

    pub fn is(&self, id: i32, wanted: &[&str]) -> bool {
        self.status(id).is_some_and(|status| wanted.contains(&status.status.as_str()))
    }

    pub fn works(&self, id: i32) -> bool {
        self.is(id, &["PreSubmitted", "Submitted"])
    }

    pub fn opened(&self, id: i32) -> Option<OrderData> {
        self.last(|update| match update {
            OrderUpdate::OpenOrder(open) if open.order_id == id => Some(open.clone()),
            _ => None,
        })
    }

    pub fn executions(&self, id: i32) -> Vec<ExecutionData> {
        let about = |update: &OrderUpdate| match update {
            OrderUpdate::ExecutionData(data) if data.execution.order_id == id => Some(data.clone()),
            _ => None,
        };
        self.kept.borrow().iter().filter_map(about).collect()
    }

    pub fn commissions(&self, id: i32) -> Vec<CommissionReport> {
        let executions = self.executions(id);
        let about = |update: &OrderUpdate| match update {
            OrderUpdate::CommissionReport(report) => executions
                .iter()
                .any(|data| data.execution.execution_id == report.execution_id)
                .then(|| report.clone()),
            _ => None,
        };
        self.kept.borrow().iter().filter_map(about).collect()
    }

    /// What was said about orders: code and text.
    pub fn notices(&self) -> Vec<(i32, String)> {
        let about = |update: &OrderUpdate| match update {
            OrderUpdate::Message(notice) => Some((notice.code, notice.message.clone())),
            _ => None,
        };
        self.kept.borrow().iter().filter_map(about).collect()
    }

    /// Cancels an order; whether the program is told that it ended.
    pub fn cancel(&self, id: i32) -> Result<bool, Failure> {
        let _told = self.client.cancel_order(id, "")?;
        Ok(self.until(|desk| desk.is(id, &["Cancelled"])))
    }
}
