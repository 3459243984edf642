//! The operator's door: JSON lines on a Unix socket in the data folder.
//!
//! Anyone who may open the socket (mode 0600: the folder's owner, and root) is the operator. The kernel gives the
//! caller's user id, and the evidence records it. One line is one request, `{"command": "..", ..}`; its answer is one line,
//! `{"ok": ..}` or `{"error": {"code", "text"}}`.

mod act;
mod activity;
mod answer;
mod authenticator;
mod client;
mod contact;
mod credential;
mod device;
mod fault;
mod front_door;
mod listener;
mod notice;
mod order;
mod person;
mod policy;
mod push;
mod recovery;
mod request;
mod session;
mod socket;
mod ticket;
mod travel;

pub use act::{instant, link_url};
pub use answer::*;
pub use client::{ClientError, ask, is_listened_at};
pub use fault::{Answer, Fault};
pub use listener::Door;
pub use person::NAME_NEEDED;
pub use request::{
    ActivityWish, Bearer, ChangeWish, Clear, CredentialName, CredentialWish, OrderWish, PolicyWish,
    RecoveryWish, Request, ScopesWish, Target, Token, TravelWish,
};
pub use socket::NAME as SOCKET;
