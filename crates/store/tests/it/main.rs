//! The store on both engines.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

extern crate floorpass_store as store;

mod activity;
mod commit;
mod delivery;
mod door;
mod engine;
mod evidence;
mod folder;
mod grant;
mod guard;
mod history;
mod hold;
mod place;
mod push;
mod shard;
mod tamper;
mod trustee;
mod walk;
