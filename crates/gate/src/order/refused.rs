//! Orders that were refused or denied, for the list of orders: what was asked for, whose, and why.

use std::collections::VecDeque;
use std::sync::Arc;

use access::id::PaperAccountId;
use access::moment::Time;
use trade::journal::OrdersRefused;

/// Records that are kept at hand.
pub(super) const KEPT: usize = 200;

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
pub(crate) struct Older(pub(super) tokio::sync::OnceCell<Vec<Arc<RefusedOrders>>>);
