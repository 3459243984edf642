//! The people's side of the gate: what it keeps in memory besides the order path.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use access::credential::LastUse;
use access::refusal::ServerRefusal;
use access::{CredentialId, Refusal, SealKey};
use store::Store;
use tokio::sync::watch;

use crate::binding::SessionKeys;
use crate::clock::Clock;
use crate::command::Turns;
use crate::config::Config;
use crate::connection::Connections;
use crate::credential::Listeners;
use crate::delivery::Deliveries;
use crate::demo::DemoSecrets;
use crate::health::Health;
use crate::known::Known;
use crate::notice::Unread;
use crate::owed::Owed;
use crate::passkey::Passkeys;
use crate::password::PasswordPool;
use crate::push::Pushes;
use crate::repeat::Repeats;
use crate::session::{EndedBefore, Sessions};
use crate::throttle::Sites;

/// Tables, hasher, ceremonies and the live sessions of people.
pub(crate) struct Registry {
    pub(crate) store: Store,
    pub(crate) key: SealKey,
    pub(crate) clock: Clock,
    pub(crate) passwords: PasswordPool,
    pub(crate) passkeys: Passkeys,
    pub(crate) sessions: Sessions,
    pub(crate) session_keys: SessionKeys,
    pub(crate) before: EndedBefore,
    /// Counts changes of approvals.
    pub(crate) approvals: watch::Sender<u64>,
    pub(crate) turns: Turns,
    /// Failures by address.
    pub(crate) sites: Sites,
    /// Held while the live table is made to show what is known, so that the later of two comes later.
    pub(crate) publishing: Mutex<()>,
    /// Everybody, as the last commit left them: what the live table shows.
    pub(crate) known: Known,
    pub(crate) repeats: Repeats,
    /// Cuts that are in force and not on record yet.
    pub(crate) owed: Arc<Owed>,
    pub(crate) deliveries: Deliveries,
    pub(crate) pushes: Pushes,
    pub(crate) unread: Unread,
    pub(crate) uses: Mutex<BTreeMap<CredentialId, LastUse>>,
    pub(crate) listeners: watch::Sender<Listeners>,
    pub(crate) connections: Connections,
    /// What the start that made a demo folder shows once.
    pub(crate) secrets: Mutex<Option<DemoSecrets>>,
}

impl Registry {
    /// Starts the hasher threads. `Gate::load_people` fills the live table afterwards.
    pub(crate) fn open(
        store: Store,
        key: SealKey,
        clock: Clock,
        owed: Owed,
        config: &Config,
        health: &Arc<Health>,
    ) -> std::io::Result<Self> {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Ok(Self {
            passkeys: Passkeys::new(&config.portal_origin, config.passkeys.clone()),
            passwords: PasswordPool::start(cores, health)?,
            sessions: Sessions::default(),
            session_keys: SessionKeys::default(),
            before: EndedBefore::default(),
            approvals: watch::Sender::default(),
            turns: Turns::default(),
            sites: Sites::default(),
            publishing: Mutex::default(),
            known: Known::default(),
            repeats: Repeats::default(),
            owed: Arc::new(owed),
            deliveries: Deliveries::default(),
            pushes: Pushes::default(),
            unread: Unread::default(),
            uses: Mutex::default(),
            listeners: watch::Sender::default(),
            connections: Connections::default(),
            secrets: Mutex::default(),
            store,
            key,
            clock,
        })
    }

    /// Credentials used since the last tick.
    pub(crate) fn uses(&self) -> MutexGuard<'_, BTreeMap<CredentialId, LastUse>> {
        self.uses.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A failure of the store, for the caller; the details go to the log.
pub(crate) fn store_failed(error: &store::StoreError) -> Refusal {
    // A page that stays open may ask until its connection is closed.
    if error.is_closed() {
        return Refusal::Server(ServerRefusal::Stopping);
    }
    tracing::error!(%error, "the store failed");
    if error.is_full() {
        Refusal::Server(ServerRefusal::StoreFull)
    } else {
        Refusal::Server(ServerRefusal::StoreFailed)
    }
}
