//! Cutting: ending or narrowing what is live, before the tables hear of it.
//!
//! The order is always: the live table, the fence (when it returns, nothing later is stamped under
//! what was cut), the commit, the word to listeners, the orders.

use access::Refusal;
use access::id::{Holder, PaperAccountId};
use trade::event::Event;
use trade::journal::{CancelTarget, Cause, Command, Decided};
use trade::order::OrderId;

use crate::Gate;
use crate::order::Refused;

impl Gate {
    /// Takes the sequencer's lock once: any order that saw the earlier live table has been stamped
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
    ) -> Result<usize, Refusal> {
        let decision = Decided { holder: by, ..Decided::system() };
        let mut turn = self.0.sequencer.turn(self.now()).map_err(told)?;
        let exchange = turn.exchange();
        if exchange.ledger(account).is_none() {
            return Ok(0);
        }
        let (scope, cause) = match of {
            Some(holder) => (CancelTarget::Holder(holder), Cause::Revocation),
            None => (exchange.scope_of(account), Cause::Lock),
        };
        let record =
            turn.stamp(decision, Command::CancelAll { scope, cause }, true).map_err(told)?;
        drop(turn);
        let cancelled = |event: &&Event| matches!(event, Event::OrderCancelled { .. });
        Ok(record.events.iter().filter(cancelled).count())
    }

    /// Cancels as the operator: one open order, or all. Gives those that were cancelled, with the
    /// children that went with them; durable when it returns.
    pub async fn cancel_as_operator(
        &self,
        order: Option<OrderId>,
    ) -> Result<Vec<OrderId>, Refusal> {
        let cause = Cause::Request;
        let command = match order {
            Some(order) => Command::Cancel { order, cause },
            None => Command::CancelAll { scope: CancelTarget::Account, cause },
        };
        let decision = Decided { holder: Holder::Operator, ..Decided::system() };
        let record = {
            let mut turn = self.0.sequencer.turn(self.now()).map_err(told)?;
            turn.stamp(decision, command, true).map_err(told)?
        };
        self.flush().await?;
        let cancelled = record.events.iter().filter_map(|event| match event {
            Event::OrderCancelled { order } => Some(order.id),
            _ => None,
        });
        Ok(cancelled.collect())
    }
}

/// A cancel is denied by no number of an order.
fn told(refused: impl Into<Refused>) -> Refusal {
    match refused.into() {
        Refused::Refusal(refusal) => refusal,
        Refused::Denial(denial) => {
            tracing::error!(?denial, "a cancel was denied");
            Refusal::StoreFailed
        }
    }
}
