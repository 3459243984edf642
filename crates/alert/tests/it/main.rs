//! Channels against servers of the test's own on loopback: what really arrives there.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

extern crate floorpass_alert as alert;

mod authority;
mod letter;
mod mail;
mod mail_server;
mod push;
mod webhook;
