//! Publishes what became durable, in order, to everyone who listens.

use std::collections::{BTreeMap, VecDeque};
use std::future::poll_fn;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context, Poll, Waker};

use access::id::{Holder, PaperAccountId};
use access::moment::Time;
use access::refusal::{Refusal, ServerRefusal};
use trade::event::Event;
use trade::order::Order;

use crate::live::Slot;

/// Records that one listener may leave unread before it is cut off.
pub const INBOX_RECORDS: usize = 65_536;

/// What one journal record did.
#[derive(Debug)]
pub struct Published {
    /// The record's sequence.
    pub seq: u64,
    /// Its stamp.
    pub time: Time,
    /// Whose command it was.
    pub holder: Holder,
    /// What happened, in order.
    pub events: Vec<Event>,
}

impl Published {
    /// What may be learnt of it on an account: a trade between two accounts is told to each by its own
    /// side.
    pub(crate) fn of(self: &Arc<Self>, account: PaperAccountId) -> Arc<Self> {
        self.of_all(&[account])
    }

    /// The same for whoever sees several.
    fn of_all(self: &Arc<Self>, accounts: &[PaperAccountId]) -> Arc<Self> {
        let is_own =
            |event: &Event| event.account().is_none_or(|account| accounts.contains(&account));
        if self.events.iter().all(is_own) {
            return Arc::clone(self);
        }
        let events = self.events.iter().filter(|event| is_own(event)).cloned().collect();
        Arc::new(Self { seq: self.seq, time: self.time, holder: self.holder, events })
    }

    /// The orders that its events touch, each in its last state, in order of first mention.
    pub fn orders(&self) -> Vec<Arc<Order>> {
        let mut orders: Vec<Arc<Order>> = Vec::new();
        for order in self.events.iter().filter_map(Event::order) {
            match orders.iter_mut().find(|known| known.id == order.id) {
                Some(known) => known.clone_from(order),
                None => orders.push(Arc::clone(order)),
            }
        }
        orders
    }
}

/// All that one sync made durable.
#[derive(Debug)]
pub struct Group {
    /// In order of their sequences.
    pub records: Vec<Arc<Published>>,
}

/// What a subscription gives.
#[derive(Debug, Clone)]
pub enum Delivery {
    /// What happened next.
    Group(Arc<Group>),
    /// Nothing will come any more: revoked, too slow, or the server stops.
    Ended(Refusal),
}

/// What waits for one listener.
#[derive(Default)]
struct Inbox {
    waiting: Mutex<Waiting>,
    unread: AtomicUsize,
    ended: OnceLock<Refusal>,
}

#[derive(Default)]
struct Waiting {
    groups: VecDeque<Arc<Group>>,
    /// Who waits for the next: woken once. A connection that takes its deliveries anyway does not wait
    /// meanwhile, and is not woken for them.
    listener: Option<Waker>,
}

impl Inbox {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, group: &Arc<Group>) {
        let mut waiting = self.waiting();
        waiting.groups.push_back(Arc::clone(group));
        let listener = waiting.listener.take();
        drop(waiting);
        if let Some(listener) = listener {
            listener.wake();
        }
    }

    /// The first reason stays.
    fn end(&self, reason: Refusal) {
        drop(self.ended.set(reason));
        let listener = self.waiting().listener.take();
        if let Some(listener) = listener {
            listener.wake();
        }
    }

    /// The next delivery; when there is none and somebody waits for it, who that is is kept.
    fn take(&self, listener: Option<&Waker>) -> Option<Delivery> {
        let mut waiting = self.waiting();
        // Looked at before the groups: what came before the end is delivered before it.
        let ended = self.ended.get();
        if let Some(group) = waiting.groups.pop_front() {
            self.unread.fetch_sub(group.records.len(), Ordering::Relaxed);
            return Some(Delivery::Group(group));
        }
        if ended.is_none()
            && let Some(listener) = listener
            && !waiting.listener.as_ref().is_some_and(|known| known.will_wake(listener))
        {
            waiting.listener = Some(listener.clone());
        }
        ended.cloned().map(Delivery::Ended)
    }
}

struct Listener {
    /// One for each account that it listens to.
    slots: Vec<Arc<Slot>>,
    /// The accounts that it listened to until its authority there ended: it still hears what becomes of its program's own
    /// orders on them, which would stand as open at the program for ever.
    left: Vec<PaperAccountId>,
    /// The accounts of `slots`.
    accounts: Arc<[PaperAccountId]>,
    /// The client id whose orders it is about; none for all of the accounts.
    client: Option<i32>,
    inbox: Arc<Inbox>,
}

/// One program's orders: the credential, and its client id.
type Program = (Holder, i32);

/// The records of some accounts, and which of them concern which program.
struct Sorted {
    accounts: Arc<[PaperAccountId]>,
    all: Arc<Group>,
    /// By program: its own orders, and all trades of the accounts.
    own: Vec<(Program, Arc<Group>)>,
    /// Records of trades, for a program that has no order among the others; none when there are none.
    trades: Option<Arc<Group>>,
}

impl Sorted {
    fn new(records: &[Arc<Published>], accounts: Arc<[PaperAccountId]>) -> Self {
        let own = records.iter().map(|record| record.of_all(&accounts));
        let all: Vec<_> = own.filter(|record| !record.events.is_empty()).collect();
        let all = Arc::new(Group { records: all });
        let trades = |record: &&Arc<Published>| record.events.iter().any(Event::moves_money);
        let trades: Vec<_> = all.records.iter().filter(trades).cloned().collect();
        let own = match only_program(&all.records) {
            // As nearly always when one program trades: its group is that of all.
            Some(program) => vec![(program, Arc::clone(&all))],
            None => by_program(&all.records, &trades),
        };
        let trades = (!trades.is_empty()).then(|| Arc::new(Group { records: trades }));
        Self { accounts, all, own, trades }
    }

    /// Whether it is of the accounts that a listener listens to.
    fn is_for(&self, listener: &Listener) -> bool {
        Arc::ptr_eq(&self.accounts, &listener.accounts) || self.accounts == listener.accounts
    }

    /// What a listener is told, if anything.
    fn of(&self, listener: &Listener) -> Option<&Arc<Group>> {
        let Some((client, slot)) = listener.client.zip(listener.slots.first()) else {
            return Some(&self.all).filter(|all| !all.records.is_empty());
        };
        let program = (slot.holder, client);
        let found = self.own.binary_search_by_key(&program, |(program, _)| *program);
        let own = found.ok().and_then(|at| self.own.get(at)).map(|(_, group)| group);
        own.or(self.trades.as_ref())
    }
}

/// The program whose orders each of these records is about, and none else's.
fn only_program(records: &[Arc<Published>]) -> Option<Program> {
    let of = |event: &Event| event.order().map(|order| program_of(order));
    let program = records.first()?.events.iter().find_map(of)?;
    let is_own = |record: &Arc<Published>| {
        let mut programs = record.events.iter().filter_map(of).peekable();
        programs.peek().is_some() && programs.all(|one| one == program)
    };
    records.iter().all(is_own).then_some(program)
}

fn program_of(order: &Order) -> Program {
    (order.origin.holder, order.origin.client_id)
}

/// Each program's records and all trades, by program.
fn by_program(records: &[Arc<Published>], trades: &[Arc<Published>]) -> Vec<(Program, Arc<Group>)> {
    let mut programs: BTreeMap<Program, Vec<Arc<Published>>> = BTreeMap::new();
    for record in records {
        for order in record.events.iter().filter_map(Event::order) {
            let own = programs.entry(program_of(order)).or_default();
            if own.last().is_none_or(|last| last.seq != record.seq) {
                own.push(Arc::clone(record));
            }
        }
    }
    let group = |records| Arc::new(Group { records });
    programs.into_iter().map(|(program, own)| (program, group(merged(own, trades)))).collect()
}

/// Both lists in the order of the journal, each record once.
fn merged(mut own: Vec<Arc<Published>>, trades: &[Arc<Published>]) -> Vec<Arc<Published>> {
    if !trades.is_empty() {
        own.extend(trades.iter().cloned());
        own.sort_by_key(|record| record.seq);
        own.dedup_by_key(|record| record.seq);
    }
    own
}

/// An ordered inbox of what happens on one or several accounts. A listener that stops reading is cut off;
/// nobody waits for it.
pub struct Subscription {
    inbox: Arc<Inbox>,
}

impl Subscription {
    /// The next delivery. Once it is [`Delivery::Ended`] it stays so. Safe to drop while it waits.
    pub async fn recv(&mut self) -> Delivery {
        poll_fn(|context| self.poll_recv(context)).await
    }

    /// The same for a task that waits for other things too. It is woken for the next delivery until it
    /// calls [`Subscription::rest`].
    pub fn poll_recv(&mut self, context: &Context<'_>) -> Poll<Delivery> {
        self.inbox.take(Some(context.waker())).map_or(Poll::Pending, Poll::Ready)
    }

    /// The next delivery if one is there.
    pub fn try_recv(&mut self) -> Option<Delivery> {
        self.inbox.take(None)
    }

    /// Nobody waits any more, for now: deliveries that come meanwhile wake nobody.
    pub fn rest(&mut self) {
        self.inbox.waiting().listener = None;
    }
}

/// The listeners.
#[derive(Default)]
pub(crate) struct Feed {
    listeners: Mutex<Vec<Listener>>,
}

impl Feed {
    fn lock(&self) -> MutexGuard<'_, Vec<Listener>> {
        self.listeners.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn subscribe(&self, slots: Vec<Arc<Slot>>, client: Option<i32>) -> Subscription {
        let inbox = Arc::new(Inbox::default());
        let mut listeners = self.lock();
        listeners.retain(|listener| !listener.is_gone());
        let accounts = accounts_of(&slots);
        let (left, inbox_of) = (Vec::new(), Arc::clone(&inbox));
        listeners.push(Listener { slots, accounts, left, client, inbox: inbox_of });
        Subscription { inbox }
    }

    /// Gives every listener what its accounts may learn of `records`. The caller publishes groups in
    /// order.
    pub(crate) fn publish(&self, records: &[Arc<Published>]) {
        if records.is_empty() {
            return;
        }
        let mut groups: Vec<Sorted> = Vec::new();
        self.lock().retain(|listener| {
            if listener.is_gone() {
                return false;
            }
            if !groups.iter().any(|sorted| sorted.is_for(listener)) {
                groups.push(Sorted::new(records, Arc::clone(&listener.accounts)));
            }
            let sorted = groups.iter().find(|sorted| sorted.is_for(listener));
            let group = sorted.and_then(|sorted| sorted.of(listener));
            let last = listener.with_last_words(group, records);
            let Some(group) = last.as_ref().or(group) else {
                return true;
            };
            let count = group.records.len();
            let unread = listener.inbox.unread.fetch_add(count, Ordering::Relaxed);
            if unread.saturating_add(count) > INBOX_RECORDS && unread > 0 {
                let queued = u32::try_from(unread + count).unwrap_or(u32::MAX);
                let limit = u32::try_from(INBOX_RECORDS).unwrap_or(u32::MAX);
                listener.inbox.end(Refusal::Server(ServerRefusal::TooSlow { queued, limit }));
                return false;
            }
            listener.inbox.put(group);
            true
        });
    }

    /// Ends the subscriptions of all whose slots have ended. One that has others left goes on with them.
    pub(crate) fn hang_up(&self) {
        self.lock().retain_mut(|listener| {
            let ended = listener.slots.iter().find_map(|slot| slot.end_reason());
            let Some(reason) = ended else { return true };
            let (open, over): (Vec<_>, Vec<_>) =
                listener.slots.drain(..).partition(|slot| slot.is_open());
            listener.slots = open;
            listener.accounts = accounts_of(&listener.slots);
            listener.left.extend(over.iter().map(|slot| slot.account));
            if listener.slots.is_empty() {
                listener.inbox.end(reason);
            }
            !listener.slots.is_empty()
        });
    }

    /// Ends every subscription.
    pub(crate) fn close(&self) {
        self.lock().clear();
    }
}

fn accounts_of(slots: &[Arc<Slot>]) -> Arc<[PaperAccountId]> {
    slots.iter().map(|slot| slot.account).collect()
}

impl Listener {
    /// Whether nobody reads its inbox any more.
    fn is_gone(&self) -> bool {
        Arc::strong_count(&self.inbox) == 1
    }

    /// A group, with what `records` did to its program's orders on accounts that it left; none where that is nothing.
    fn with_last_words(
        &self,
        group: Option<&Arc<Group>>,
        records: &[Arc<Published>],
    ) -> Option<Arc<Group>> {
        let own = self.client.zip(self.slots.first());
        let (client_id, slot) = own.filter(|_| !self.left.is_empty())?;
        let is_last = |order: &Arc<Order>| {
            self.left.contains(&order.account)
                && (order.origin.holder, order.origin.client_id) == (slot.holder, client_id)
        };
        let mut last = Vec::new();
        for record in records {
            let told = record.events.iter().filter(|event| event.order().is_some_and(is_last));
            let events: Vec<_> = told.cloned().collect();
            if !events.is_empty() {
                let (seq, time, holder) = (record.seq, record.time, record.holder);
                last.push(Arc::new(Published { seq, time, holder, events }));
            }
        }
        if last.is_empty() {
            return None;
        }
        last.extend(group.into_iter().flat_map(|group| group.records.iter().cloned()));
        last.sort_by_key(|record| record.seq);
        Some(Arc::new(Group { records: last }))
    }
}

impl Drop for Listener {
    /// A client let go without a reason is told that the server stops.
    fn drop(&mut self) {
        self.inbox.end(Refusal::Server(ServerRefusal::Stopping));
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::panic, clippy::unwrap_used, reason = "tests")]
    use super::*;
    use access::id::{CredentialId, PersonId};
    use access::lock::Grade;
    use access::refusal::CredentialRefusal;

    const HOLDER: Holder = Holder::Credential(CredentialId([1; 16]));

    fn slot() -> Arc<Slot> {
        let mandate = access::mandate::Mandate::preset(
            (access::id::MandateId([1; 16]), access::mandate::Grantor::System),
            PersonId([1; 16]),
            account().into(),
            access::mandate::Role::Owner,
            Time(0),
        );
        Slot::new(mandate.entitlements(HOLDER, Grade::None).unwrap())
    }

    fn account() -> PaperAccountId {
        PaperAccountId::new(1).unwrap()
    }

    fn event() -> Event {
        let reject = trade::event::Reject::UnknownOrder { order: trade::order::OrderId(1) };
        Event::CommandRejected { holder: HOLDER, reject }
    }

    fn records(from: u64, count: u64) -> Vec<Arc<Published>> {
        (from..from + count)
            .map(|seq| Published { seq, time: Time(0), holder: HOLDER, events: vec![event()] })
            .map(Arc::new)
            .collect()
    }

    #[tokio::test]
    async fn listener_that_stops_reading_is_cut_off_and_others_are_not() {
        let feed = Feed::default();
        let mut slow = feed.subscribe(vec![slot()], None);
        let mut fast = feed.subscribe(vec![slot()], None);
        let group = INBOX_RECORDS as u64 / 4;
        for round in 0..6 {
            feed.publish(&records(round * group, group));
            assert!(matches!(fast.recv().await, Delivery::Group(_)));
        }
        for _ in 0..4 {
            assert!(matches!(slow.recv().await, Delivery::Group(_)));
        }
        let Delivery::Ended(Refusal::Server(ServerRefusal::TooSlow { limit, .. })) =
            slow.recv().await
        else {
            panic!("the slow listener was not cut off")
        };
        assert_eq!(limit, 65_536);
        assert!(fast.try_recv().is_none());
    }

    #[tokio::test]
    async fn subscription_of_a_revoked_holder_gives_the_reason_after_what_came_before() {
        let feed = Feed::default();
        let slot = slot();
        let mut inbox = feed.subscribe(vec![Arc::clone(&slot)], None);
        feed.publish(&records(1, 1));
        slot.end(Refusal::Credential(CredentialRefusal::CredentialRevoked { at: Time(5) }));
        feed.hang_up();
        feed.publish(&records(2, 1));
        assert!(matches!(inbox.recv().await, Delivery::Group(group) if group.records.len() == 1));
        for _ in 0..2 {
            let Delivery::Ended(ended) = inbox.recv().await else { panic!("not ended") };
            assert_eq!(
                ended,
                Refusal::Credential(CredentialRefusal::CredentialRevoked { at: Time(5) })
            );
        }
    }
}
