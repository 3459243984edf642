//! Tests of the gate through its public face.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

extern crate floorpass_gate as gate;

mod account;
mod activity;
mod attestation;
mod backup;
mod contact;
mod credential;
mod day;
mod delivery;
mod door;
mod enter;
mod held;
mod instrument;
mod large_order;
mod limit;
mod lock;
mod look_up;
mod mandate;
mod margin;
mod notice;
mod owed;
mod passkey;
mod payment;
mod performance;
mod place;
mod policy;
mod recovery_code;
mod session;
mod session_key;
mod sign_in;
mod soft_passkey;
mod statements;
mod step_up;
mod trustee;
mod walk;
mod watch;
