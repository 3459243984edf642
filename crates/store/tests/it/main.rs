//! The store on both engines.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

extern crate floorpass_store as store;

mod engine;
mod place;
