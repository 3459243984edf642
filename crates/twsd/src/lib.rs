//! The TWS socket door: programs that speak the protocol of TWS connect, trade and look here.
//!
//! One port a credential, one task a connection. This crate turns messages of `tws` into calls of
//! the gate and the gate's answers into messages; it decides nothing and keeps no time but to wait.
//!
//! # What a program meets
//! - A request that cannot be done gets an error with its id; one without an id gets its empty
//!   answer and end mark. `absent.rs` lists what is not there yet.
//! - An order or what-if that is refused gets error 201 with a stable code, the number and the
//!   limit, and an order a final status. An order that still stands is shown again after the error.
//!   What this door refuses by itself goes on record like what the gate refuses.
//! - When the credential ends, or the server stops, the program gets error 1100 with the reason
//!   and is disconnected: 1100 is what programs know as 'the account cannot be reached from here'.
//!   Each of its streams is told the same, and each open order by 399, which ends no order.
//!   The port stays, answers the handshake, then says the same again.
//! - A client library that is too old or too new gets a version that it speaks, and error 506.
//! - A program that reads too slowly gets no ticks, then no answers, and is cut off in the end.
//!
//! # How to add a message
//! Give its variant of `tws::Inbound` an arm in `client.rs` that calls a method in the file of its
//! noun, and a line in the table of `tests/it/message.rs`.

mod absent;
mod account;
mod client;
mod connection;
mod contract;
mod executions;
mod farewell;
mod historical;
mod listener;
mod market_data;
mod order;
mod outgoing;
mod refusal;
mod roster;
mod stamp;
mod start;
mod tick_by_tick;

pub use self::listener::{Config, Handle, ServeError, Socket, serve};
