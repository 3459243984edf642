//! Cutting: ending or narrowing what is live, before the tables hear of it.
//!
//! The order is always: the live table, the fence (when it returns, nothing later is stamped under
//! what was cut), the commit, the word to whoever listens, the orders.

use access::id::{Holder, PaperAccountId};
use trade::event::Event;
use trade::journal::{Cause, Command, Decided, Scope};

use crate::Gate;
use crate::order::Refused;

impl Gate {
    /// Takes the sequencer's lock once: whoever saw what was in the live table before has stamped
    /// or will see what is in it now.
    pub(crate) fn fence(&self) {
        self.0.sequencer.fence();
    }

    /// Ends the subscriptions of all whose slot has ended, with the reason.
    pub(crate) fn hang_up(&self) {
        self.0.feed().hang_up();
    }

    /// Cancels open orders on the account, of one holder or of all, after `by` cut their
    /// authority; how many. Durable after [`Gate::flush`].
    pub(crate) fn cancel_orders(
        &self,
        account: PaperAccountId,
        of: Option<Holder>,
        by: Holder,
    ) -> Result<usize, Refused> {
        if account != self.account() {
            return Ok(0);
        }
        let (scope, cause) = match of {
            Some(holder) => (Scope::Holder(holder), Cause::Revocation),
            None => (Scope::Account, Cause::Lock),
        };
        let decision = Decided { holder: by, ..Decided::system() };
        let mut turn = self.0.sequencer.turn(self.now())?;
        let record = turn.stamp(decision, Command::CancelAll { scope, cause }, true)?;
        drop(turn);
        let cancelled = |event: &&Event| matches!(event, Event::OrderCancelled { .. });
        Ok(record.events.iter().filter(cancelled).count())
    }
}
