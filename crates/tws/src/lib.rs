//! Codec of the TWS socket protocol, both directions.
//!
//! The server's side of the text protocol that `ib_async`, `ib_insync` and ibapi speak, versions
//! 157 to 178. Bytes in, messages out, and the other way round; nothing else. This crate is the
//! lowest layer: it imports no other crate of the workspace and nothing that has a clock, does
//! input or output, or logs. Whatever a peer sends ends in a value or an error, never in a panic,
//! and counts from the wire are bounded before anything is allocated for them.
//!
//! ```
//! # use floorpass_tws as tws;
//! use tws::{FrameReader, Hello, Inbound};
//! use tws::outbound::{NextValidId, Response};
//!
//! let mut reader = FrameReader::new();
//! reader.push(b"API\0\0\0\0\x09v157..176\0\0\0\x0871\x002\x007\0\0");
//! let hello = Hello::parse(reader.next_frame()?.unwrap_or_default().0)?;
//! let version = hello.negotiate()?;
//! reader.set_limit(tws::frame::REQUEST_LIMIT);
//! if let Some(frame) = reader.next_frame()? {
//!     assert_eq!(Inbound::decode(frame, version)?.name(), "startApi");
//! }
//! let mut answer = Vec::new();
//! NextValidId { order_id: 1 }.write(version, &mut answer);
//! assert_eq!(answer, b"\0\0\0\x069\x001\x001\0");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Where the facts come from
//! From the published behaviour of the three clients: what they send, and what they accept. Where
//! they disagree (158, infinite prices, escapes in text), the code says so. The tests decode
//! requests that those clients encoded; none of their code is part of this crate.
//!
//! # How to add a message
//! A request: a struct in its family's file under `inbound/` (the `requests!` macro when its fields
//! simply follow one another) and a line in the table of `inbound.rs`. A response: an entry of
//! `responses!` in its family's file under `outbound/`. Field names in errors are the clients'
//! own. Then a vector in `tests/`, and for a response a snapshot.

pub mod client;
mod codec;
pub mod condition;
pub mod contract;
mod field;
pub mod frame;
pub mod handshake;
pub mod inbound;
pub mod order;
pub mod outbound;
pub mod place_order;
mod shape;
pub mod tick;

pub use client::write_greeting;
pub use condition::{Condition, Test};
pub use contract::Contract;
pub use field::Fault;
pub use frame::{Frame, FrameError, FrameReader};
pub use handshake::{HandshakeError, Hello, Refused, ServerVersion};
pub use inbound::{DecodeError, Inbound};
pub use order::OrderFields;
pub use outbound::Response;
pub use place_order::PlaceOrder;
pub use shape::{OrderShape, ShapedOrder};
