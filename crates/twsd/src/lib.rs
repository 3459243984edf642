//! The TWS socket door: where programs that speak the TWS protocol connect, trade and read data.
//!
//! One port per credential, one task per connection. This crate turns messages of `tws` into calls to
//! the gate and the gate's answers into messages; it decides nothing, and uses clocks only to wait.
//!
//! # What a program can expect
//! - A request that cannot be done gets an error with its id; one without an id gets its empty
//!   answer and end mark. `absent.rs` lists what is not supported yet.
//! - An order or what-if that is refused gets error 201 with a stable code, the number and the
//!   limit, and an order a final status. An order that is still open is shown again after the error.
//!   What this door itself refuses is recorded just like what the gate refuses.
//! - When the credential ends, or the server stops, the program gets error 1100 with the reason
//!   and is disconnected: programs understand 1100 as 'the account cannot be reached from here'.
//!   Each of its streams gets the same error, and each open order gets 399, which does not end it.
//!   The port stays open, answers the handshake, then gives the same error again.
//! - A client library that is too old or too new is answered in a version it speaks, with error 506.
//! - A program that reads too slowly gets no ticks, then no answers, and is finally disconnected.
//!
//! # How to add a message
//! Give its variant of `tws::Inbound` an arm in `client.rs` that calls a method in the file of its
//! noun, and a line in the table of `tests/it/message.rs`.

mod absent;
mod account;
mod client;
mod computed;
mod connection;
mod contract;
mod data_kind;
mod executions;
mod farewell;
mod generic_tick;
mod historical;
mod historical_tick;
mod listener;
mod managed;
mod market_data;
mod narrowed;
mod option_tick;
mod order;
mod outgoing;
mod refusal;
mod roster;
mod shared;
mod stamp;
mod start;
mod stopping;
mod streams;
mod tick_by_tick;
mod wire;

pub use self::listener::{Config, ListenerHandle, ServeError, Socket, serve};
pub use self::streams::Streams;
pub use self::wire::Sink;
