//! The people's side of the gate: what it keeps in memory besides the order path.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use access::credential::LastUse;
use access::refusal::{ServerRefusal, SignInRefusal};
use access::{CredentialId, Refusal, SealKey, Span, Time};
use store::Store;
use tokio::sync::watch;

use crate::Gate;
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
use crate::open::OpenError;
use crate::owed::Owed;
use crate::passkey::Passkeys;
use crate::password::{PasswordError, PasswordPool};
use crate::push::Pushes;
use crate::repeat::Repeats;
use crate::session::{EndedBefore, Sessions};
use crate::throttle::Sites;
use crate::timer::told;

/// How often memory is written back: last uses, repeated refusals, sessions that passed a limit.
const TICK: Duration = Duration::from_secs(1);

/// How often old rows are forgotten.
const PRUNE: Span = Span::hours(1);

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
    /// Starts the hasher threads. [`Gate::load_people`] fills the live table afterwards.
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

impl Gate {
    /// Fills the live table from the store: every person's sessions and credentials. Finishes locks
    /// and revocations.
    pub(crate) async fn load_people(&self) -> Result<(), OpenError> {
        let store = &self.0.people.store;
        if let Err(error) = self.settle_owed().await {
            tracing::warn!(%error, "cuts from before this start are in effect but cannot be recorded yet");
        }
        Box::pin(self.load_sites()).await?;
        for slice in self.all_slices().await? {
            let Some(person) = &slice.person else { continue };
            let uses = store.session_uses(person.id).await?;
            self.publish_with(&slice, &uses);
            self.remember_ended(person).await?;
            self.locks().end_locked(&slice).await;
            self.cancel_locked(&slice).await.map_err(OpenError::Refused)?;
            self.cancel_revoked(&slice).await.map_err(OpenError::Refused)?;
        }
        Ok(())
    }

    /// Writes back, once a second, what memory holds; ends when the gate is dropped.
    pub(crate) fn spawn_people_ticks(&self) {
        let weak = Arc::downgrade(&self.0);
        let pruned = Arc::new(Mutex::new(Time(0)));
        self.0.health.task("tick", told(&self.0), move || {
            let (weak, pruned) = (Weak::clone(&weak), Arc::clone(&pruned));
            async move {
                let mut timer = tokio::time::interval(TICK);
                timer.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
                loop {
                    timer.tick().await;
                    let Some(inner) = weak.upgrade() else { return };
                    Self(inner).tick_people(&pruned).await;
                }
            }
        });
    }

    async fn tick_people(&self, pruned: &Mutex<Time>) {
        self.expire_credentials();
        self.meet_networks().await;
        self.announce(self.0.people.sessions.due(self.now())).await;
        self.tell_copies().await;
        self.recoveries().tick().await;
        self.write_back(false).await;
        self.rest_ports();
        let now = self.0.people.clock.stamp();
        let due = {
            let mut pruned = pruned.lock().unwrap_or_else(PoisonError::into_inner);
            let due = now.since(*pruned) >= PRUNE;
            if due {
                *pruned = now;
            }
            due
        };
        if due && let Err(error) = self.0.people.store.prune(now).await {
            tracing::error!(%error, "old rows could not be deleted");
        }
        if due {
            self.keep_equity().await;
        }
    }

    /// Writes what memory holds: repeated refusals, ends of sessions, last uses. `all` at the end.
    pub(crate) async fn write_back(&self, all: bool) {
        self.record_repeats(all).await;
        Box::pin(self.keep_sites()).await;
        let sessions = self.expire_sessions(all).await;
        let credentials = self.uses_to_write();
        if (!sessions.is_empty() || !credentials.is_empty())
            && let Err(error) = self.0.people.store.touch(&sessions, &credentials).await
        {
            tracing::error!(%error, "the times of last use could not be written");
        }
        self.forget_uses(&credentials);
    }

    /// Argon2id calls since the start, for tests that compare names.
    pub fn password_checks(&self) -> u64 {
        self.0.people.passwords.calls()
    }

    /// Whether this is a demo folder, whose one-time codes can be printed.
    pub fn is_demo(&self) -> bool {
        self.0.folder.facts.demo
    }

    /// Whether a new credential demands a token unless told otherwise.
    pub fn token_required_by_default(&self) -> bool {
        self.0.config.token_required_by_default
    }
}

impl From<PasswordError> for Refusal {
    fn from(error: PasswordError) -> Self {
        match error {
            PasswordError::Busy { waiting, limit } => {
                Self::SignIn(SignInRefusal::Busy { waiting, limit })
            }
            PasswordError::Unreadable => Self::Server(ServerRefusal::KeyMismatch),
        }
    }
}

/// A failure of the store, for the caller; the details go to the log.
pub(crate) fn store_failed(error: &store::StoreError) -> Refusal {
    tracing::error!(%error, "the store failed");
    if error.is_full() {
        Refusal::Server(ServerRefusal::StoreFull)
    } else {
        Refusal::Server(ServerRefusal::StoreFailed)
    }
}
