//! Who may do what, from where, now.
//!
//! This crate decides and never touches the world: time and randomness are arguments
//! ([`moment::Moment`]), what a decision needs is loaded before, and what it changes is a list of
//! events that the store applies.

pub mod address;
pub mod entitlements;
pub mod id;
pub mod lock;
pub mod moment;
pub mod refusal;
pub mod secret;
pub mod session;
