//! The operator's door: JSON lines on a Unix socket in the data folder.
//!
//! Anyone who may open the socket (mode 0600: the folder's owner, and root) is the operator. The kernel gives the
//! caller's user id, and the evidence records it. One line is one request, `{"credential": {"show": {..}}}`; its answer is one line,
//! `{"ok": ..}` or `{"error": {"code", "text"}}`.

mod account;
mod activity;
mod amount;
mod answer;
mod authenticator;
mod client;
mod condition;
mod contact;
mod contract;
mod credential;
mod desk;
mod device;
mod fault;
mod front_door;
mod listener;
mod lock;
mod mandate;
mod notice;
mod performance;
mod person;
mod policy;
mod portfolio;
mod push;
mod quantity;
mod recovery;
mod request;
mod risk;
mod server;
mod session;
mod socket;
mod ticket;
mod travel;

pub use account::{AccountRequest, AccountWish};
pub use activity::{ActivityRequest, ActivityWish};
pub use answer::*;
pub use authenticator::AuthenticatorRequest;
pub use client::{ClientError, ask, is_listened_at};
pub use condition::LimitsWish;
pub use contact::ContactRequest;
pub use contract::ContractRequest;
pub use credential::{
    Clear, CredentialName, CredentialRequest, CredentialWish, DoorName, ScopesWish,
};
pub use desk::instant;
pub use device::DeviceRequest;
pub use fault::{Answer, Fault, words};
pub use listener::{ControlDoor, ControlStreams};
pub use lock::{LockRequest, Target};
pub use mandate::{ClearTerm, MandateRequest, TermsWish};
pub use notice::NoticeRequest;
pub use person::{NAME_NEEDED, PersonRequest, link_url};
pub use policy::{PolicyRequest, PolicyWish};
pub use portfolio::PortfolioRequest;
pub use push::PushRequest;
pub use quantity::Quantity;
pub use recovery::{RecoveryRequest, RecoveryWish};
pub use request::Request;
pub use server::ServerRequest;
pub use session::SessionRequest;
pub use socket::NAME as SOCKET;
pub use ticket::{Bearer, ChangeWish, OrderWish, TicketRequest, Token};
pub use travel::{TravelNow, TravelRequest, TravelRow, TravelWish};
