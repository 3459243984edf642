//! What each credential did today: its orders, and what was refused. The journal is the truth; this
//! counts along with it, and once reads what was recorded before the server started.

use std::collections::BTreeMap;

use access::id::{CredentialId, Holder};
use access::moment::Time;

use crate::Gate;
use crate::evidence;

mod tally;

pub use tally::Usage;
use tally::day;
pub(crate) use tally::{Before, Tally, Usages, count, midnight};

impl Gate {
    /// What each credential did since midnight, UTC. A journal that cannot be read counts as nothing:
    /// the failure is in the log, and pages go on.
    pub(crate) async fn usages(&self) -> Usages {
        let now = self.now();
        let mut usages = self.0.sequencer.usages(now);
        let before = self.0.usage_before.read.get_or_try_init(|| self.read_usages(now)).await;
        if let Ok((read, older)) = before
            && *read == day(now)
        {
            for (id, older) in older {
                let usage = usages.entry(*id).or_default();
                *usage = usage.plus(*older);
            }
        }
        usages
    }

    async fn read_usages(&self, now: Time) -> Result<(i64, Usages), ()> {
        let (data, last) = (self.0.folder.path.clone(), self.0.usage_before.last);
        let read = move || evidence::order::usages(&data, last, midnight(now));
        match tokio::task::spawn_blocking(read).await {
            Ok(Ok(usages)) => Ok((day(now), usages)),
            Ok(Err(error)) => {
                tracing::error!(%error, "the journal could not be read for the usage of credentials");
                Err(())
            }
            Err(error) => {
                tracing::error!(%error, "reading the journal was stopped");
                Err(())
            }
        }
    }

    /// How many orders of each credential rest.
    pub(crate) fn open_orders_of(&self) -> BTreeMap<CredentialId, usize> {
        let look = |exchange: &trade::exchange::Exchange| {
            let mut counts = BTreeMap::new();
            for order in exchange.open_orders() {
                if let Holder::Credential(id) = order.origin.holder {
                    *counts.entry(id).or_insert(0) += 1;
                }
            }
            counts
        };
        self.0.sequencer.peek(look).1
    }
}
