//! Orders that were refused or denied, for the list of orders: what was asked for, whose, and why.

use std::collections::VecDeque;
use std::sync::Arc;

use access::id::PaperAccountId;
use access::moment::Time;
use access::refusal::{Refusal, ServerRefusal};
use trade::journal::OrdersRefused;

use crate::Gate;
use crate::evidence;

/// Records that are kept at hand.
const KEPT: usize = 200;

/// One record of refused orders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedOrders {
    /// Its sequence in the journal.
    pub seq: u64,
    /// When it happened.
    pub at: Time,
    /// On which account; none on the first.
    pub account: Option<PaperAccountId>,
    /// What was refused, to whom, and why.
    pub refused: OrdersRefused,
}

/// The last ones since the server started.
#[derive(Default)]
pub(crate) struct Recent(VecDeque<Arc<RefusedOrders>>);

impl Recent {
    pub(crate) fn put(&mut self, record: RefusedOrders) {
        if self.0.len() == KEPT {
            self.0.pop_front();
        }
        self.0.push_back(Arc::new(record));
    }

    pub(crate) fn all(&self) -> Vec<Arc<RefusedOrders>> {
        self.0.iter().cloned().collect()
    }
}

/// Those of the journal from before the server started, read when they are first asked for.
#[derive(Default)]
pub(crate) struct Older(tokio::sync::OnceCell<Vec<Arc<RefusedOrders>>>);

impl Gate {
    /// The newest records of refused orders on an account, newest first: those of the last 200 of all
    /// accounts. It is asked by anyone who may see the account.
    pub async fn refused_orders(
        &self,
        account: PaperAccountId,
    ) -> Result<Vec<Arc<RefusedOrders>>, Refusal> {
        let older = self.0.older_refused.0.get_or_try_init(|| self.read_refused()).await?;
        let recent = self.0.sequencer.refused();
        let first = recent.first().map_or(u64::MAX, |record| record.seq);
        let mut all: Vec<_> = older.iter().filter(|record| record.seq < first).cloned().collect();
        all.extend(recent);
        let named = (account != self.account()).then_some(account);
        all.retain(|record| record.account.filter(|one| *one != self.account()) == named);
        Ok(all.into_iter().rev().take(KEPT).collect())
    }

    /// The first to ask may come long after the start: what is at hand by then is not read again.
    async fn read_refused(&self) -> Result<Vec<Arc<RefusedOrders>>, Refusal> {
        let (data, last) = (self.0.folder.path.clone(), self.0.sequencer.durable());
        let read = tokio::task::spawn_blocking(move || evidence::order::refused(&data, last, KEPT));
        match read.await {
            Ok(Ok(found)) => Ok(found.into_iter().map(Arc::new).collect()),
            Ok(Err(error)) => {
                tracing::error!(%error, "the journal could not be read");
                Err(Refusal::Server(ServerRefusal::JournalFailed))
            }
            Err(error) => {
                tracing::error!(%error, "reading the journal was stopped");
                Err(Refusal::Server(ServerRefusal::Stopping))
            }
        }
    }
}
