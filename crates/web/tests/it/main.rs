//! The portal over a real gate, by its router.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod account;
mod activity;
mod app;
mod binding;
mod copied;
mod credential;
mod device;
mod enumeration;
mod field;
mod form;
mod forwarded;
mod front_door;
mod instrument;
mod large_order;
mod link;
mod lock;
mod matrix;
mod notice;
mod number;
mod order;
mod overview;
mod phone;
mod place;
mod policy;
mod push;
mod recovery;
mod recovery_code;
mod route;
mod session;
mod session_key;
mod sign_in;
#[path = "../../../gate/tests/it/statements.rs"]
mod statements;
mod step_up;
mod throttle;
mod trust;
mod trustee;
mod typed;
