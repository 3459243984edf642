//! The socket door against a real gate in a temporary folder, spoken to over TCP.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod bad_input;
mod change;
mod currency;
mod cut;
mod desk;
mod disk;
mod fact;
mod family;
mod hostile;
mod instrument;
mod message;
mod narrowed;
mod order;
mod order_id;
mod product;
mod start;
