//! Decisions, as tables that a trader can read.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

extern crate floorpass_access as access;

mod account;
mod approval;
mod authenticator;
mod authority;
mod contact;
mod credential;
mod desk;
mod device;
mod entitlements;
mod evidence;
mod hold;
mod large_order;
mod lock;
mod mandate;
mod notice;
mod policy;
mod recovery;
mod recovery_code;
mod remedy;
mod scopes;
mod sign_in;
mod throttle;
mod travel;
mod trustee;
mod way;
