//! Cutting: ending or narrowing what is live, before the tables hear of it.
//!
//! The order is always: the live table, the fence (when it returns, nothing later is stamped under
//! what was cut), the commit, the word to listeners, the orders.

use std::collections::BTreeSet;
use std::time::Duration;

use access::Refusal;
use access::id::{Holder, PaperAccountId, PersonId};
use access::lock::LockTarget;
use access::refusal::ServerRefusal;
use trade::event::Event;
use trade::exchange::Exchange;
use trade::journal::{CancelTarget, Cause, Command, Decided};
use trade::ledger::Ledger;
use trade::order::OrderId;

use crate::Gate;
use crate::feed::Published;
use crate::order::{OrderGate, Refused};

/// How long a cut waits to read whose an order is.
const OWNER_READ: Duration = Duration::from_secs(1);

/// What the operator cancels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OperatorCancel {
    /// One open order.
    Order(OrderId),
    /// All open orders of an account.
    Account(PaperAccountId),
    /// All open orders of every account.
    All,
}

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
    /// authority; how many. Durable after [`crate::order::OrderGate::flush`].
    pub(crate) fn cancel_orders(
        &self,
        account: PaperAccountId,
        of: Option<Holder>,
        by: Holder,
    ) -> Result<usize, Refusal> {
        let mut turn = self.0.sequencer.turn(self.now()).map_err(told)?;
        let exchange = turn.exchange();
        let account_of = exchange.beside_first(account);
        let decision = Decided { holder: by, account: account_of, ..Decided::system() };
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
        Ok(cancelled_by(&record))
    }

    /// Those of a person's sessions and credentials that have open orders on an account; none where nobody else holds
    /// it, so that every order there is theirs. Whose an order is that cannot be read in time counts as theirs: a cut
    /// takes rather too much than too little.
    async fn holders_of(&self, account: PaperAccountId, person: PersonId) -> Option<Vec<Holder>> {
        let known = self.0.people.known.holders(account.into());
        if known.iter().all(|slice| slice.person.as_ref().is_some_and(|one| one.id == person)) {
            return None;
        }
        let look = |exchange: &Exchange| {
            let open = exchange.ledger(account).into_iter().flat_map(Ledger::open_orders);
            open.map(|order| order.origin.holder).collect::<BTreeSet<_>>()
        };
        let (store, mut reads) = (&self.0.people.store, true);
        let mut theirs = Vec::new();
        for holder in self.0.sequencer.peek(look).1 {
            let owner = if reads {
                let read = tokio::time::timeout(OWNER_READ, store.owner_of(holder)).await;
                read.ok().and_then(Result::ok)
            } else {
                None
            };
            reads = owner.is_some();
            if owner.is_none_or(|(owner, _)| owner == Some(person)) {
                theirs.push(holder);
            }
        }
        Some(theirs)
    }

    /// Open orders of a person on an account.
    pub(crate) async fn orders_of(&self, account: PaperAccountId, person: PersonId) -> usize {
        let holders = self.holders_of(account, person).await;
        let is_theirs =
            |holder: &Holder| holders.as_ref().is_none_or(|theirs| theirs.contains(holder));
        let look = |exchange: &Exchange| {
            let open = exchange.ledger(account).into_iter().flat_map(Ledger::open_orders);
            open.filter(|order| is_theirs(&order.origin.holder)).count()
        };
        self.0.sequencer.peek(look).1
    }

    /// Cancels what a lock of `all` leaves open on an account: everything where the account is locked, a person's own
    /// where the person is; how many. Durable when it returns.
    pub(crate) async fn cancel_locked_on(
        &self,
        account: PaperAccountId,
        target: LockTarget,
        by: Holder,
    ) -> Result<usize, Refusal> {
        let holders = match target {
            LockTarget::Person(person) => self.holders_of(account, person).await,
            LockTarget::Account(_) => None,
        };
        let Some(holders) = holders else { return self.cancel_cut(account, None, by).await };
        let mut cancelled = 0;
        for holder in holders {
            cancelled += self.cancel_held(account, (holder, Cause::Lock), by).await?;
        }
        Ok(cancelled)
    }

    /// Cancels the open orders of one holder on one account, after its authority there was cut, and leaves those
    /// on other accounts; how many. Durable when it returns.
    pub(crate) async fn cancel_held(
        &self,
        account: PaperAccountId,
        (of, cause): (Holder, Cause),
        by: Holder,
    ) -> Result<usize, Refusal> {
        let mut cancelled = 0;
        {
            let mut turn = self.0.sequencer.turn(self.now()).map_err(told)?;
            let on = turn.exchange().beside_first(account);
            let held: Vec<_> = turn
                .exchange()
                .ledger(account)
                .into_iter()
                .flat_map(Ledger::open_orders)
                .filter(|order| order.origin.holder == of)
                .map(|order| order.id)
                .collect();
            for order in held {
                // It may have gone with its parent.
                let ledger = turn.exchange().ledger(account);
                if ledger.and_then(|ledger| ledger.open_order(order)).is_none() {
                    continue;
                }
                let decision = Decided { holder: by, account: on, ..Decided::system() };
                let command = Command::Cancel { order, cause };
                let record = turn.stamp(decision, command, true).map_err(told)?;
                cancelled += cancelled_by(&record);
            }
        }
        self.orders().flush().await?;
        Ok(cancelled)
    }
}

/// How many orders a record cancelled.
fn cancelled_by(record: &Published) -> usize {
    let cancelled = |event: &&Event| matches!(event, Event::OrderCancelled { .. });
    record.events.iter().filter(cancelled).count()
}

impl OrderGate<'_> {
    /// Cancels as the operator: one open order, or all of one account or of every one. Gives those that were cancelled, with the
    /// children that went with them; durable when it returns.
    pub async fn cancel_as_operator(self, meant: OperatorCancel) -> Result<Vec<OrderId>, Refusal> {
        let cause = Cause::Request;
        let mut cancelled = Vec::new();
        {
            let mut turn = self.gate.0.sequencer.turn(self.gate.now()).map_err(told)?;
            let exchange = turn.exchange();
            let all_of = |account| {
                let scope = exchange.scope_of(account);
                (Some(account), Command::CancelAll { scope, cause })
            };
            let commands: Vec<_> = match meant {
                OperatorCancel::Order(order) => {
                    let account = exchange.order(order).map(|order| order.account);
                    vec![(account, Command::Cancel { order, cause })]
                }
                OperatorCancel::Account(account) => vec![all_of(account)],
                OperatorCancel::All => {
                    let rest = |ledger: &&Ledger| ledger.open_orders().next().is_some();
                    exchange.ledgers().filter(rest).map(|ledger| all_of(ledger.id)).collect()
                }
            };
            for (account, command) in commands {
                let account = account.and_then(|account| turn.exchange().beside_first(account));
                let decision = Decided { holder: Holder::Operator, account, ..Decided::system() };
                let record = turn.stamp(decision, command, true).map_err(told)?;
                cancelled.extend(record.events.iter().filter_map(|event| match event {
                    Event::OrderCancelled { order } => Some(order.id),
                    _ => None,
                }));
            }
        }
        self.flush().await?;
        Ok(cancelled)
    }
}

/// A cancel is denied by no number of an order.
fn told(refused: impl Into<Refused>) -> Refusal {
    match refused.into() {
        Refused::Refusal(refusal) => refusal,
        Refused::Denial(denial) => {
            tracing::error!(?denial, "a cancel was denied");
            Refusal::Server(ServerRefusal::StoreFailed)
        }
    }
}
