//! The Client Portal: server-rendered pages over the gate.
//!
//! Each file is a noun; a view is a function next to its handler. Every flow is a plain form (POST, 303, GET) and works
//! without JavaScript; scripts add passkeys, the live stream and previews while typing. No page has inline code, and
//! nothing is loaded from another site.

mod activity;
mod app;
mod approval;
mod asset;
mod authenticator;
mod binding;
mod brokerage;
mod chart;
mod checklist;
mod contact;
mod contract;
mod cookie;
mod credential;
mod currency;
mod deed;
mod device;
mod enrol;
mod events;
mod execution;
mod fault;
mod field;
mod figure;
mod form;
mod front_door;
mod header;
mod health;
mod holder;
mod large_order;
mod link;
mod lock;
mod need;
mod notice;
mod order;
mod outbox;
mod overview;
mod performance;
mod phone;
mod policy;
mod portal;
mod prompt;
mod push;
mod recovery;
mod recovery_code;
mod refusal;
mod remedy;
mod risk;
mod room;
mod route;
mod search;
mod session;
mod shell;
mod sign_in;
mod step_up;
mod stream;
mod subject;
mod ticket;
mod travel;
mod trust;
mod trustee;
mod visit;

use axum::Router;
use axum::middleware;
use gate::Gate;

pub use self::fault::UNNAMED;
pub use self::header::marked;
pub use self::portal::Config;
pub use self::route::{Admits, Route, routes};
pub use self::trust::{Authority, Lan, trust_router};
pub use self::visit::client_address;

/// The portal. Serve it so that each request carries the peer's address as `ConnectInfo<SocketAddr>`.
pub fn router(gate: Gate, config: Config) -> Router {
    let portal = portal::Portal::new(gate, config);
    route::router()
        .layer(middleware::from_fn_with_state(portal.clone(), header::guard))
        .with_state(portal)
}
