//! Orders of programs that wait for a person's yes. They are on the exchange, out of the market; who is asked, and what came
//! of it, is in the tables. A task brings the two together: what waits and was not asked for is asked for, what was
//! approved is let through with everything checked again, what was turned down or not answered in time ends. It
//! remembers nothing that a restart could lose.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Weak};
use std::time::Duration;

use access::approval::{self, Approval, Asker, ContentKind, Say, Term, Terms};
use access::large_order::{Command as LargeOrder, HeldOrder};
use access::refusal::{ApprovalRefusal, Refusal};
use access::{ApprovalId, By, Call, Command as Access, Holder, PersonId, Slice, Source, Time};
use rust_decimal::Decimal;
use store::Key;
use trade::journal::{Cause, Command, Decided};
use trade::ledger::Ledger;
use trade::money::Money;
use trade::order::{NewOrder, Order, OrderId, Parent};
use trade::pretrade::large;

use crate::admission::Admission;
use crate::large_order::Large;
use crate::live::Slot;
use crate::order::{Attempt, OrderRequest};
use crate::timer::told;
use crate::{Gate, Inner, ask};

/// How often is looked at what waits, beside whenever something was asked or answered.
const LOOK: Duration = Duration::from_secs(1);
/// Where the server's own requests come from.
const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// What the task knows beside the tables: nothing that it could not find again.
#[derive(Default)]
pub(crate) struct Memory {
    /// What was asked for, to be taken back when the order is gone.
    asked: BTreeMap<OrderId, (PersonId, ApprovalId)>,
    /// Not to be asked for again before.
    later: BTreeMap<OrderId, Time>,
}

/// An order that waits, and its children.
struct Waiting {
    order: Arc<Order>,
    until: Time,
    orders: Vec<NewOrder>,
    held: HeldOrder,
}

impl Waiting {
    fn request(&self) -> OrderRequest {
        OrderRequest::Place(self.orders.clone())
    }

    fn asker(&self) -> Asker {
        Asker::Program { credential: self.held.credential, order: self.held.order }
    }
}

/// All that waits on a ledger.
fn waiting(ledger: &Ledger) -> impl Iterator<Item = Waiting> {
    ledger.held_orders().filter_map(|order| {
        let Holder::Credential(credential) = order.origin.holder else { return None };
        let mut orders = vec![asked_for(order, None)];
        let children = ledger.open_orders().filter(|child| child.parent == Some(order.id));
        orders.extend(children.map(|child| asked_for(child, Some(Parent::Member(0)))));
        let held = HeldOrder { credential, order: order.id.0 };
        Some(Waiting { order: Arc::clone(order), until: order.held?, orders, held })
    })
}

/// An order as it was asked for, without what its sender notes of it and what changes nothing.
fn asked_for(order: &Order, parent: Option<Parent>) -> NewOrder {
    NewOrder {
        account: order.account,
        symbol: order.symbol,
        side: order.side,
        quantity: order.quantity,
        order_type: order.order_type,
        tif: order.tif,
        outside_hours: false,
        origin: order.origin,
        parent,
        oca: None,
        reference: None,
    }
}

impl Gate {
    /// Brings what waits together with what was answered, until the gate is dropped.
    pub(crate) fn spawn_held(&self) {
        let weak = Arc::downgrade(&self.0);
        self.0.health.task("held", told(&self.0), move || keep_settling(Weak::clone(&weak)));
    }

    /// Looks at everything that waits, once.
    pub(crate) async fn settle_held(&self, memory: &mut Memory) {
        let all: Vec<_> =
            self.0.sequencer.peek(|exchange| exchange.ledgers().flat_map(waiting).collect()).1;
        let waits = |id: &OrderId| all.iter().any(|one: &Waiting| one.order.id == *id);
        let gone: Vec<_> = memory.asked.keys().filter(|id| !waits(id)).copied().collect();
        for id in gone {
            if let Some((person, approval)) = memory.asked.remove(&id) {
                let command = LargeOrder::DropHeld { approval };
                if let Err(error) = self.say_held(person, command).await {
                    tracing::warn!(%error, order = id.0, "what was asked for an order that ended could not be taken back");
                }
            }
        }
        memory.later.retain(|id, _| waits(id));
        for one in &all {
            if let Err(error) = self.settle_one(one, memory).await {
                tracing::warn!(%error, order = one.order.id.0, "an order that waits for a person could not be looked at");
            }
        }
    }

    async fn settle_one(&self, one: &Waiting, memory: &mut Memory) -> Result<(), Refusal> {
        let now = self.now();
        if now >= one.until {
            return self.end_held(one, Cause::Unanswered).await;
        }
        let live = &self.0.live;
        let Some(slot) = live.credential(one.held.credential, one.order.account) else {
            return Ok(());
        };
        // Of one that is paused nothing is asked; one that was revoked has no open orders.
        if !slot.is_open() {
            return Ok(());
        }
        let slice = self.load(Key::Person(slot.person)).await?;
        let newest = approval::newest(&slice, one.asker(), ContentKind::ProgramOrder);
        let bound = newest.and_then(|asked| asked.content.terms.bound());
        let terms = match bound {
            Some(bound) => Some(self.held_terms(&slice, one, bound)?),
            None => None,
        };
        match newest.zip(terms) {
            Some((asked, terms)) if asked.content.terms == terms => {
                memory.asked.insert(one.order.id, (slot.person, asked.id));
                self.follow_answer(one, &slot, (asked, terms, bound)).await
            }
            // It was not asked for yet, or not with these terms.
            _ => self.ask_held(&slice, one, (&slot, memory)).await,
        }
    }

    /// Does what the answer says; nothing while there is none.
    async fn follow_answer(
        &self,
        one: &Waiting,
        slot: &Arc<Slot>,
        (asked, terms, bound): (&Approval, Terms, Option<Decimal>),
    ) -> Result<(), Refusal> {
        let now = self.now();
        if asked.is_open(now) {
            return Ok(());
        }
        if !asked.is_granted(now) {
            let cause = match asked.answered.map(|answered| answered.say) {
                Some(Say::No | Say::NotMe) => Cause::Declined,
                // It was used, and the server stopped before the order came to the market.
                Some(Say::Yes) => Cause::Unsound,
                None => Cause::Unanswered,
            };
            return self.end_held(one, cause).await;
        }
        let command = LargeOrder::UseHeld { held: one.held, terms, approval: asked.id };
        if let Err(error) = self.say_held(slot.person, command).await {
            tracing::warn!(%error, order = one.order.id.0, "the yes to an order could not be used");
            return self.end_held(one, Cause::Unsound).await;
        }
        let admission = Admission::new(Arc::clone(slot));
        let attempt = Attempt::of(&one.request());
        let (order, orders) = (one.order.id, one.orders.clone());
        let done = self.case(&admission, HERE, &attempt, |case| case.release(order, orders, bound));
        match done {
            Ok(_) => self.orders().flush().await,
            Err(refused) => {
                tracing::info!(%refused, order = order.0, "an order was approved and is refused now");
                self.end_held(one, Cause::Unsound).await
            }
        }
    }

    async fn ask_held(
        &self,
        slice: &Slice,
        one: &Waiting,
        (slot, memory): (&Arc<Slot>, &mut Memory),
    ) -> Result<(), Refusal> {
        if memory.later.get(&one.order.id).is_some_and(|at| self.now() < *at) {
            return Ok(());
        }
        // Nobody is asked about an order that a stop could lose.
        self.orders().flush().await?;
        let (account, holder) = (one.order.account, one.order.origin.holder);
        let size = self.0.sequencer.peek(|exchange| {
            let facts = exchange.facts(account, holder).ok()?;
            large::of_new(&facts, &one.orders)
        });
        let above = slot.peek().asks_above.unwrap_or_default();
        let found = size.1.and_then(|size| Some((size.value, size.cost?)));
        let Some((value, cost)) = found else {
            // It only reduces by now, or nobody could be told what it does.
            return self.end_held(one, Cause::Unsound).await;
        };
        let large = Large { value, above: Money::new(above, value.currency), cost };
        let terms = self.held_terms(slice, one, cost.bound())?;
        let facts = self.large_orders().facts(&one.request(), &large);
        let asked = ask::approval(LargeOrder::AskHeld { held: one.held, terms, facts });
        let by = (By::System, Source::local());
        match self.ask(Key::Person(slot.person), None, by, asked).await {
            Ok(approval) => {
                memory.asked.insert(one.order.id, (slot.person, approval));
                Ok(())
            }
            Err(Refusal::Approval(ApprovalRefusal::NoPhone)) => {
                self.end_held(one, Cause::Unasked).await
            }
            Err(Refusal::Approval(ApprovalRefusal::ApprovalsPaused { retry_at, .. })) => {
                memory.later.insert(one.order.id, retry_at);
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// Every field of what waits, whose it is, and last what it may cost.
    fn held_terms(&self, slice: &Slice, one: &Waiting, bound: Decimal) -> Result<Terms, Refusal> {
        let credential = slice.credential(one.held.credential);
        let credential = credential.ok_or(Refusal::not_found("credential"))?;
        let mut terms = Terms::default();
        terms.push(Term::Program, &credential.name);
        terms.push(Term::HeldOrder, one.order.id);
        terms.append(self.large_orders().terms(&one.request(), bound)?.1);
        Ok(terms)
    }

    async fn say_held(&self, person: PersonId, command: LargeOrder) -> Result<(), Refusal> {
        let (by, source) = (By::System, Source::local());
        let call = Arc::new(Call { by, source, command: Access::LargeOrder(command) });
        self.run_done(Key::Person(person), &call).await.map(drop)
    }

    /// Ends what waits, with the reason.
    async fn end_held(&self, one: &Waiting, cause: Cause) -> Result<(), Refusal> {
        {
            let mut turn = self.0.sequencer.turn(self.now())?;
            let exchange = turn.exchange();
            let found = exchange.order(one.order.id);
            if !found.is_some_and(|order| order.state.is_open() && order.held.is_some()) {
                return Ok(());
            }
            let account = exchange.beside_first(one.order.account);
            let decision = Decided { account, ..Decided::system() };
            turn.stamp(decision, Command::Cancel { order: one.order.id, cause }, true)?;
        }
        self.orders().flush().await
    }
}

async fn keep_settling(weak: Weak<Inner>) {
    let mut memory = Memory::default();
    let Some(mut changed) = weak.upgrade().map(|inner| inner.people.approvals.subscribe()) else {
        return;
    };
    loop {
        {
            let Some(inner) = weak.upgrade() else { return };
            Gate(inner).settle_held(&mut memory).await;
        }
        tokio::select! {
            more = changed.changed() => if more.is_err() { return },
            () = tokio::time::sleep(LOOK) => {}
        }
    }
}
