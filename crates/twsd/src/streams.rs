//! The door without its ports, for streams that are no sockets of this machine.

use std::net::SocketAddr;

use access::CredentialId;
use gate::Gate;
use std::sync::Arc;
use tokio::io::AsyncRead;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use crate::connection;
use crate::contract::Directory;
use crate::roster::{Lobby, Roster};
use crate::shared::Shared;
use crate::wire::Sink;

/// A gate's door for streams. Dropping it ends its connections as a stop of the server does.
pub struct Streams {
    shared: Shared,
    lobby: Lobby,
    /// Its end tells the connections.
    _stop: watch::Sender<bool>,
}

impl Streams {
    /// The door of a gate.
    pub fn new(gate: Gate) -> Self {
        let (sender, stop) = watch::channel(false);
        let directory = Arc::new(Directory::new(Arc::clone(gate.markets().instruments())));
        let (alive, _) = mpsc::channel(1);
        let shared = Shared { gate, directory, roster: Roster::default(), stop, _alive: alive };
        Self { shared, lobby: Lobby::default(), _stop: sender }
    }

    /// Serves a connection that came to a credential's port, in a task of its own.
    pub fn connect<R, W>(
        &self,
        (read, write): (R, W),
        peer: SocketAddr,
        credential: CredentialId,
    ) -> Option<JoinHandle<()>>
    where
        R: AsyncRead + Unpin + Send + 'static,
        W: Sink + 'static,
    {
        let (shared, mut served) = (self.shared.clone(), None);
        self.lobby.enter(|place| {
            let task = tokio::spawn(async move {
                connection::run((read, write), peer, &shared, credential, place).await;
            });
            let handle = task.abort_handle();
            served = Some(task);
            handle
        });
        served
    }
}
