//! What the connections of all ports have in common.

use std::sync::Arc;

use gate::Gate;
use tokio::sync::{mpsc, watch};

use crate::contract::Directory;
use crate::roster::Roster;

/// What all connections share.
#[derive(Clone)]
pub(crate) struct Shared {
    pub(crate) gate: Gate,
    pub(crate) directory: Arc<Directory>,
    pub(crate) roster: Roster,
    /// Turns true when the server stops.
    pub(crate) stop: watch::Receiver<bool>,
    /// Held by every task and never used: when the last one is gone, all have said goodbye.
    pub(crate) _alive: mpsc::Sender<()>,
}
