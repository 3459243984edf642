//! Mandates, through the gate: who may do what on an account beside its owner.

use access::credential::Credential;
use access::mandate::{self, Mandate, MandateTerms, OwnerWord, Role, vouch_owner};
use access::refusal::{ServerRefusal, SignInRefusal};
use access::{AccountId, By, Command, Holder, MandateId, Refusal, Slice};
use store::Key;
use trade::journal::Cause;

use crate::Gate;
use crate::command::{Boxed, to_the_end};
use crate::lock;
use crate::session::Actor;

/// Looks at an owner who acts before it is given up: their session may change meanwhile.
const LOOKS: usize = 3;

/// What ended with a mandate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MandateEnd {
    /// Names of the credentials that act there no more.
    pub credentials: Vec<String>,
    /// Orders that were cancelled.
    pub orders: usize,
    /// Orders of the person's own that are still open there: they were placed while they might.
    pub left: usize,
}

/// Mandates, through the gate. Cheap to copy.
#[derive(Clone, Copy)]
pub struct MandateGate<'a> {
    gate: &'a Gate,
}

impl Gate {
    /// Mandates, through the gate.
    pub const fn mandates(&self) -> MandateGate<'_> {
        MandateGate { gate: self }
    }
}

impl MandateGate<'_> {
    /// Everybody's on an account, by id.
    pub async fn list(self, account: AccountId) -> Result<Vec<Mandate>, Refusal> {
        let slice = self.gate.load(Key::Account(account)).await?;
        let found = slice.account(account).filter(|one| one.account.is_some());
        Ok(found.ok_or(Refusal::not_found("account"))?.mandates.clone())
    }

    /// Gives somebody authority on an account: the operator, or an owner within what they hold.
    pub async fn grant(
        self,
        actor: &Actor,
        username: &str,
        (account, role): (AccountId, Role),
        terms: MandateTerms,
    ) -> Result<(), Refusal> {
        let grant = |owner| mandate::Command::Grant {
            account,
            role,
            terms: Box::new(terms.clone()),
            owner,
        };
        self.act(actor, Key::Username(username), account, grant).await
    }

    /// Gives somebody's mandate on an account other terms.
    pub async fn change(
        self,
        actor: &Actor,
        username: &str,
        account: AccountId,
        terms: MandateTerms,
    ) -> Result<(), Refusal> {
        let mandate = self.held(username, account).await?.1;
        let change =
            |owner| mandate::Command::Change { mandate, terms: Box::new(terms.clone()), owner };
        self.act(actor, Key::Username(username), account, change).await
    }

    /// Ends somebody's mandate on an account. When this returns, neither their sessions nor their
    /// credentials act there, and the orders of these are cancelled.
    pub fn revoke(
        self,
        actor: &Actor,
        username: &str,
        account: AccountId,
    ) -> Boxed<'static, Result<MandateEnd, Refusal>> {
        let (gate, actor, username) = (self.gate.clone(), actor.clone(), username.to_owned());
        Box::pin(to_the_end(async move {
            gate.mandates().revoke_and_cancel(&actor, &username, account).await
        }))
    }

    async fn revoke_and_cancel(
        self,
        actor: &Actor,
        username: &str,
        account: AccountId,
    ) -> Result<MandateEnd, Refusal> {
        let (slice, mandate) = self.held(username, account).await?;
        let on = account.paper().ok_or(Refusal::not_found("paper account"))?;
        let ran = |one: &&Credential| one.revoked.is_none() && one.is_on(account);
        let programs: Vec<_> = slice
            .credentials
            .iter()
            .filter(ran)
            .map(|one| (one.id, one.name.to_string(), one.others.is_empty()))
            .collect();
        let revoke = |owner| mandate::Command::Revoke { mandate, account, owner };
        let owed = match self.act(actor, Key::Username(username), account, revoke).await {
            Ok(()) => None,
            // The orders go all the same: their journal has room of its own.
            Err(owed @ Refusal::Server(ServerRefusal::NotOnRecord { .. })) => Some(owed),
            Err(refusal) => return Err(refusal),
        };
        let mut end = MandateEnd { credentials: Vec::new(), orders: 0, left: 0 };
        for (id, name, is_alone) in programs {
            let (of, by) = (Holder::Credential(id), lock::holder(actor));
            let cancelled = if is_alone {
                self.gate.cancel_cut(on, Some(of), by).await
            } else {
                // Its orders on the other accounts stay.
                self.gate.cancel_held(on, (of, Cause::Revocation), by).await
            };
            match cancelled {
                // The cut holds, which comes first; the next start cancels what rests.
                Err(_) if owed.is_some() => {}
                cancelled => end.orders += cancelled?,
            }
            end.credentials.push(name);
        }
        if let Some(owed) = owed {
            return Err(owed);
        }
        if let Some(person) = &slice.person {
            end.left = self.gate.orders_of(on, person.id).await;
            // Where all that is left to them is locked, their sessions end now, as they would at the next start.
            if let Ok(now) = self.gate.load(Key::Person(person.id)).await {
                self.gate.locks().end_locked(&now).await;
            }
        }
        Ok(end)
    }

    /// Somebody with their mandate on an account, as they are or as they were last known.
    async fn held(self, username: &str, account: AccountId) -> Result<(Slice, MandateId), Refusal> {
        let slice = self.gate.found_or_known(Key::Username(username)).await?;
        slice.owner()?;
        let mandate = slice.mandate(account).ok_or(Refusal::not_found("mandate"))?.id;
        Ok((slice, mandate))
    }

    /// Decides on the holder's slice. An owner who asks is looked at first, and again when that changed
    /// before the act was on record.
    async fn act(
        self,
        actor: &Actor,
        key: Key<'_>,
        account: AccountId,
        command: impl Fn(Option<OwnerWord>) -> mandate::Command,
    ) -> Result<(), Refusal> {
        for _ in 0..LOOKS {
            let owner = self.owner(actor, account).await?;
            let call = actor.call(Command::Mandate(command(owner)));
            match self.gate.run_done(key, &call).await {
                Err(Refusal::SignIn(SignInRefusal::ProofStale)) => {}
                done => return done.map(drop),
            }
        }
        Err(Refusal::Server(ServerRefusal::StoreFailed))
    }

    /// The word of a session's person as an owner; none of the operator. A refusal is on record.
    async fn owner(self, actor: &Actor, account: AccountId) -> Result<Option<OwnerWord>, Refusal> {
        let Actor::Session(ticket) = actor else { return Ok(None) };
        let slice = self.gate.load(Key::Person(ticket.person)).await?;
        let (by, source, moment) =
            (By::Session(ticket.session), ticket.source(), self.gate.moment()?);
        let word = vouch_owner(&slice, account, (by, &source), &moment, &self.gate.0.people.key);
        if let Err(refusal) = &word {
            self.gate.record_refusal(by, &source, &slice, refusal).await;
        }
        word.map(Some)
    }
}
