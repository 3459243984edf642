//! Locks: one act that cuts authority, and its receipt.

use access::credential::Credential;
use access::lock::{self, Lock, Worn};
use access::refusal::{ChangeRefusal, ServerRefusal};
use access::session;
use access::{
    AccountId, By, Event, Grade, Holder, LockId, PaperAccountId, PersonId, Refusal, Slice, Source,
    Time, account, mandate,
};
use store::Key;
use trade::exchange::Exchange;
use trade::ledger::Ledger;

use crate::Gate;
use crate::admission::Admission;
use crate::ask;
use crate::command::{Boxed, to_the_end};
use crate::session::{Actor, SessionTicket};

pub use access::lock::LockTarget;

/// What a lock did, in the order in which it took effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The lock.
    pub lock: LockId,
    /// What was locked.
    pub target: LockTarget,
    /// The grade that holds now.
    pub grade: Grade,
    /// When it happened.
    pub at: Time,
    /// By whom.
    pub by: By,
    /// The person who may lift it at the portal, if anybody may.
    pub lifted_by: Option<PersonId>,
    /// The person whose devices a lock of `all` took, and whose password, app and recovery codes its end takes.
    pub worn: Option<PersonId>,
    /// Sessions ended.
    pub sessions: usize,
    /// Names of the credentials that were revoked.
    pub credentials: Vec<String>,
    /// Names of the devices that were forgotten.
    pub devices: Vec<String>,
    /// Orders cancelled; none where the receipt is read again later.
    pub orders: Option<usize>,
}

impl Receipt {
    fn new(lock: &Lock, orders: Option<usize>) -> Self {
        let names = |names: &[access::name::Name]| names.iter().map(ToString::to_string).collect();
        Self {
            lock: lock.id,
            target: lock.target,
            grade: lock.grade,
            at: lock.at,
            by: lock.by,
            lifted_by: lock.receipt.lifted_by,
            worn: match lock.receipt.worn {
                Some(Worn::Person(person)) => Some(person),
                Some(Worn::Nobody) | None => None,
            },
            sessions: lock.receipt.sessions.len(),
            credentials: names(&lock.receipt.credentials),
            devices: names(&lock.receipt.devices),
            orders,
        }
    }
}

/// Locks, through the gate. Cheap to copy.
#[derive(Clone, Copy)]
pub struct LockGate<'a> {
    gate: &'a Gate,
}

impl Gate {
    /// Locks, through the gate.
    pub fn locks(&self) -> LockGate<'_> {
        LockGate { gate: self }
    }
}

/// What a lock is on, by the name that the operator has for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Locked {
    /// An account.
    Account(AccountId),
    /// A person, by user name.
    Person(String),
}

impl Locked {
    /// What holds, in words: `account DU1234567 is locked: no new orders`.
    pub fn says(&self, grade: Grade) -> String {
        let on = match self {
            Self::Account(account) => format!("account {account}"),
            Self::Person(name) => format!("the person {name}"),
        };
        format!("{on} is locked: {}", grade.text())
    }

    /// The operator's command that lifts it.
    pub fn unlock(&self) -> String {
        match self {
            Self::Account(account) => format!("floorpass unlock --account {account}"),
            Self::Person(name) => format!("floorpass unlock --person {name}"),
        }
    }
}

impl LockGate<'_> {
    /// What is locked where a program is refused as locked, from memory; none where that is not known, as of a lock that
    /// is in effect and not yet on record.
    pub fn over(self, program: &Admission) -> Option<Locked> {
        let Holder::Credential(credential) = program.holder() else { return None };
        let account = program.account().into();
        let (target, name) = self.gate.0.people.known.lock_over(credential, account)?;
        Some(match target {
            LockTarget::Account(account) => Locked::Account(account),
            LockTarget::Person(_) => Locked::Person(name),
        })
    }

    /// Locks. When this returns, nothing that the grade takes away is stamped any more. `all` ends
    /// sessions, credentials and devices, in that order, then cancels the orders; the session that
    /// asked keeps the receipt. A second `all` cancels what rests in spite of the first, and is
    /// refused when nothing does.
    pub fn lock(
        self,
        actor: &Actor,
        target: LockTarget,
        grade: Grade,
    ) -> Boxed<'static, Result<Receipt, Refusal>> {
        let (gate, actor) = (self.gate.clone(), actor.clone());
        Box::pin(to_the_end(
            async move { gate.locks().lock_and_cancel(&actor, target, grade).await },
        ))
    }

    async fn lock_and_cancel(
        self,
        actor: &Actor,
        target: LockTarget,
        grade: Grade,
    ) -> Result<Receipt, Refusal> {
        let key = key_of(actor, target);
        let (slice, known) = self.gate.load_to_cut(key, &[]).await?;
        if let Some(person) = &slice.person {
            actor.check_person(person.id, "person or account")?;
        }
        let reached = accounts(target, &slice);
        let (loaded, set) = ((!known).then_some(slice), ask::lock(target, grade));
        let lock = match self.gate.ask(key, loaded, actor.asker(), set).await {
            Ok(lock) => Ok(lock),
            // The orders go all the same: their journal has room of its own. Others are narrowed in memory.
            Err(owed @ Refusal::Server(ServerRefusal::NotOnRecord { .. })) => Err(owed),
            // Who hears this was allowed to lock.
            Err(Refusal::Change(ChangeRefusal::LockStands { grade: Grade::All }))
                if grade == Grade::All =>
            {
                return self.cancel_again(key, target, actor).await;
            }
            Err(refusal) => return Err(refusal),
        };
        let mut orders = 0;
        if grade == Grade::All {
            for account in reached {
                match (&lock, self.gate.cancel_locked_on(account, target, holder(actor)).await) {
                    (Ok(_), cancelled) => orders += cancelled?,
                    // The lock holds, which comes first; the next start cancels what rests.
                    (Err(_), cancelled) => orders += cancelled.unwrap_or(0),
                }
            }
        }
        let lock = lock?;
        let mut receipt = Receipt::new(&lock, Some(orders));
        let (sessions, credentials) = self.end_of_others(&lock).await;
        receipt.sessions += sessions;
        receipt.credentials.extend(credentials);
        Ok(receipt)
    }

    /// Ends what a lock of `all` on an account ends of those who hold it beside the person whom its
    /// commit was about. Their authority there went with the lock itself; how many sessions it ended,
    /// and which credentials.
    async fn end_of_others(self, lock: &Lock) -> (usize, Vec<String>) {
        let (mut sessions, mut credentials) = (0, Vec::new());
        let LockTarget::Account(account) = lock.target else { return (sessions, credentials) };
        for holder in self.gate.0.people.known.holders(account) {
            let ended = self.end_locked(&holder).await;
            sessions += ended.0;
            credentials.extend(ended.1);
        }
        (sessions, credentials)
    }

    /// Ends what the locks of `all` on a person's accounts left of theirs: at a start too, for the server
    /// may have stopped in between.
    pub(crate) async fn end_locked(self, slice: &Slice) -> (usize, Vec<String>) {
        let (mut sessions, mut credentials) = (0, Vec::new());
        let Some(person) = &slice.person else { return (sessions, credentials) };
        let on_accounts = slice.accounts.iter().flat_map(|account| &account.locks);
        for lock in on_accounts.filter(|lock| lock.grade == Grade::All) {
            let leaves = |one: &session::Session| one.ends_under(slice, lock);
            let runs = |one: &Credential| {
                let reached =
                    one.accounts().any(|one| lock.target == LockTarget::Account(one.into()));
                one.revoked.is_none() && one.created_at <= lock.at && reached
            };
            if !slice.sessions.iter().any(leaves) && !slice.credentials.iter().any(runs) {
                continue;
            }
            let (key, reach) = (Key::Person(person.id), ask::reach(lock.target));
            match self.gate.ask(key, None, (By::System, Source::local()), reach).await {
                Ok(lock) => {
                    sessions += lock.receipt.sessions.len();
                    credentials.extend(lock.receipt.credentials.iter().map(ToString::to_string));
                }
                Err(refusal) => {
                    tracing::warn!(person = %person.id, %refusal, "sessions on a locked account could not be ended; they can do nothing there");
                }
            }
        }
        (sessions, credentials)
    }

    /// Cancels the open orders under a lock of `all` that is in force.
    async fn cancel_again(
        self,
        key: Key<'_>,
        target: LockTarget,
        actor: &Actor,
    ) -> Result<Receipt, Refusal> {
        let slice = self.gate.load(key).await?;
        let mut orders = 0;
        for account in accounts(target, &slice) {
            if self.gate.rests(account, None) {
                orders += self.gate.cancel_locked_on(account, target, holder(actor)).await?;
            }
        }
        let standing = slice.locks().find(|lock| lock.target == target);
        match standing {
            Some(lock) if orders > 0 => Ok(Receipt::new(lock, Some(orders))),
            _ => Err(Refusal::Change(ChangeRefusal::LockStands { grade: Grade::All })),
        }
    }

    /// Lifts a lock: the operator any, a person what their own session set, with a proof younger than
    /// it. What `all` ended stays ended.
    pub async fn unlock(self, actor: &Actor, target: LockTarget) -> Result<Receipt, Refusal> {
        let key = key_of(actor, target);
        let slice = self.gate.load(key).await?;
        if let Some(person) = &slice.person {
            actor.check_person(person.id, "person or account")?;
        }
        let standing = slice.locks().find(|lock| lock.target == target);
        let worn = standing.and_then(|lock| lock.receipt.worn);
        // What wears out is that of the person whom the lock names, whoever is loaded for the account.
        let (key, slice) = match (actor, worn) {
            (Actor::Operator { .. }, Some(Worn::Person(worn))) => (Key::Person(worn), None),
            _ => (key, Some(slice)),
        };
        let lift = ask::unlock(target);
        let lock = self.gate.ask(key, slice, actor.asker(), lift).await?;
        Ok(Receipt::new(&lock, None))
    }

    /// The locks on a person and their accounts.
    pub async fn list(self, person: PersonId) -> Result<Vec<Receipt>, Refusal> {
        let slice = self.gate.load(Key::Person(person)).await?;
        Ok(slice.locks().map(|lock| Receipt::new(lock, None)).collect())
    }

    /// The receipt that a session kept.
    pub async fn receipt(self, ticket: &SessionTicket) -> Result<Receipt, Refusal> {
        let slice = self.gate.load(Key::Person(ticket.person)).await?;
        let kept = slice.locks().find(|lock| Some(lock.id) == ticket.receipt);
        kept.map(|lock| Receipt::new(lock, None)).ok_or(Refusal::not_found("receipt"))
    }
}

impl Gate {
    /// Cancels, at a start, what rests on accounts that are locked with `all`: the server may have
    /// stopped between the lock and the orders.
    pub(crate) async fn cancel_locked(&self, slice: &Slice) -> Result<(), Refusal> {
        for lock in slice.locks().filter(|lock| lock.grade == Grade::All) {
            for account in accounts(lock.target, slice) {
                if self.rests(account, None) {
                    let orders =
                        self.cancel_locked_on(account, lock.target, Holder::System).await?;
                    if orders > 0 {
                        tracing::warn!(orders, %account, "orders under a lock were still open and are cancelled");
                    }
                }
            }
        }
        Ok(())
    }

    /// Whether orders of the account, of one holder or of all, are open.
    pub(crate) fn rests(&self, account: PaperAccountId, of: Option<Holder>) -> bool {
        let is_theirs = |holder| of.is_none_or(|of| of == holder);
        let look = |exchange: &Exchange| {
            let ledger = exchange.ledger(account);
            let mut open = ledger.into_iter().flat_map(Ledger::open_orders);
            open.any(|order| is_theirs(order.origin.holder))
        };
        self.0.sequencer.peek(look).1
    }

    /// Cancels, after authority was cut, what rests under it; returns when that is durable.
    pub(crate) async fn cancel_cut(
        &self,
        account: PaperAccountId,
        of: Option<Holder>,
        by: Holder,
    ) -> Result<usize, Refusal> {
        let cancelled = self.cancel_orders(account, of, by)?;
        self.orders().flush().await?;
        Ok(cancelled)
    }
}

/// Whom the journal names for what the actor cancels.
pub(crate) fn holder(actor: &Actor) -> Holder {
    match actor {
        Actor::Session(ticket) => Holder::Session(ticket.session),
        Actor::Operator { .. } => Holder::Operator,
    }
}

/// The accounts whose orders on paper a lock reaches.
fn accounts(target: LockTarget, slice: &Slice) -> Vec<PaperAccountId> {
    match target {
        LockTarget::Account(account) => account.paper().into_iter().collect(),
        LockTarget::Person(_) => {
            slice.mandates.iter().filter_map(|mandate| mandate.account.paper()).collect()
        }
    }
}

/// Whose slice a lock is decided on: that of the person who asks, who may hold the account beside its
/// owner; for the operator, the person who is locked or an owner of the account.
fn key_of(actor: &Actor, target: LockTarget) -> Key<'static> {
    match (actor, target) {
        (Actor::Session(ticket), LockTarget::Account(_)) => Key::Person(ticket.person),
        _ => target_key(target),
    }
}

fn target_key(target: LockTarget) -> Key<'static> {
    match target {
        LockTarget::Person(person) => Key::Person(person),
        LockTarget::Account(account) => Key::Account(account),
    }
}

/// The authority that a lock takes away, in memory, before the commit.
pub(crate) fn narrow(gate: &Gate, event: &Event) -> bool {
    let Event::Lock(lock::Event::Set(lock)) = event else { return false };
    gate.0.live.narrow_to(lock.grade, |slot| match lock.target {
        LockTarget::Person(person) => slot.person == person,
        LockTarget::Account(account) => AccountId::from(slot.account) == account,
    });
    gate.0.people.sessions.narrow_to(lock.grade, |person, account| match lock.target {
        LockTarget::Person(locked) => locked == person,
        LockTarget::Account(locked) => locked == account.into(),
    });
    gate.0.people.session_keys.forget_of(|owner| match lock.target {
        LockTarget::Person(person) => owner.person == person,
        LockTarget::Account(account) => {
            owner.accounts.iter().any(|one| AccountId::from(*one) == account)
        }
    });
    true
}

/// The same of the end of a mandate, or of an account.
pub(crate) fn narrow_on_account(gate: &Gate, event: &Event) -> bool {
    let (on, of, grade) = match event {
        Event::Mandate(mandate::Event::Revoked { holder, account, .. }) => {
            (*account, Some(*holder), Grade::All)
        }
        Event::Account(account::Event::Closed { account, .. }) => (*account, None, Grade::NoNew),
        // What it takes is published with the commit, and fenced behind it.
        Event::Mandate(mandate::Event::Changed(_)) => return true,
        _ => return false,
    };
    let is_meant = |person: PersonId, account: PaperAccountId| {
        of.is_none_or(|of| of == person) && AccountId::from(account) == on
    };
    gate.0.live.narrow_to(grade, |slot| is_meant(slot.person, slot.account));
    gate.0.people.sessions.narrow_to(grade, is_meant);
    true
}

#[cfg(test)]
mod tests;
