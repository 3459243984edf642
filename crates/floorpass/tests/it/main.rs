//! The whole program, run as a user runs it.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod alert;
mod anywhere;
mod authenticator;
mod backup;
mod browser;
mod clock;
mod coin;
mod crash;
mod credential;
mod demo;
mod disk;
mod evidence;
mod fixture;
mod folder;
mod front_door;
mod help;
mod hostile;
mod lan;
mod log;
mod mandate;
mod opening;
mod person;
mod program;
mod proxy;
mod push;
mod restart;
mod revocation;
mod serve;
mod shape;
#[path = "../../../gate/tests/it/soft_passkey.rs"]
mod soft_passkey;
mod storm;
mod sync;
mod tamper;
mod ticket;
mod trader;
mod travel;
mod upgrade;
mod wire;
