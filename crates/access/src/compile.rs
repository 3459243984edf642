//! What a session may do now, compiled from all that its person has.

use crate::binding::UNBOUND_ACTS;
use crate::brokerage;
use crate::device::Device;
use crate::entitlements::{Acts, Entitlements, Narrowing, narrower};
use crate::id::{AccountId, Holder};
use crate::mandate::Mandate;
use crate::moment::Time;
use crate::recovery;
use crate::refusal::Refusal;
use crate::session::Session;
use crate::slice::Slice;

impl Slice {
    /// What the person's mandate on an account gives a holder there, under the locks.
    pub(crate) fn given(
        &self,
        account: impl Into<AccountId>,
        holder: Holder,
    ) -> Result<Entitlements, Refusal> {
        let id = account.into();
        let mandate = self.mandate(id).ok_or(Refusal::not_found("account"))?;
        let given = mandate.entitlements(holder, self.grade(id));
        let given = given.ok_or(Refusal::not_found("paper account"))?;
        let person = self.person.as_ref().filter(|one| one.id == given.person);
        let person = person.ok_or(Refusal::not_found("person"))?;
        let given = given.of_person(&person.username.to_string(), &person.limits);
        match self.account(id).and_then(|one| one.account.as_ref()) {
            Some(account) => Ok(account.bound(given)),
            None => Err(Refusal::not_found("account")),
        }
    }

    /// What a session of the person may do now on an account: what its own state gives it there, and
    /// trading only where no other session holds it.
    pub fn session_entitlements(
        &self,
        session: &Session,
        account: impl Into<AccountId>,
        fresh: bool,
    ) -> Result<Entitlements, Refusal> {
        let mut given = self.uncontested(session, account, fresh)?;
        brokerage::contest(self, session, &mut given);
        Ok(given)
    }

    /// What a session may do about its person now, whatever the account: what any mandate of theirs that
    /// has not ended gives.
    pub fn own_entitlements(
        &self,
        session: &Session,
        fresh: bool,
        now: Time,
    ) -> Result<Entitlements, Refusal> {
        let on = |one: &Mandate| self.session_entitlements(session, one.account, fresh).ok();
        let mut all = self.mandates.iter().filter_map(on).filter(|given| now < given.until);
        let mut given = all.next().ok_or(Refusal::not_found("account"))?;
        for other in all {
            given.acts = given.acts.or(other.acts);
            given.until = given.until.max(other.until);
        }
        given.acts = given.acts.and(Acts::OWN);
        Ok(given)
    }

    /// What its own state gives a session on any account.
    pub(crate) fn uncontested_anywhere<'s>(
        &'s self,
        session: &'s Session,
        fresh: bool,
    ) -> impl Iterator<Item = Entitlements> + 's {
        self.mandates
            .iter()
            .filter_map(move |one| self.uncontested(session, one.account, fresh).ok())
    }

    /// What its own state gives a session: its person's mandate on the account within what the
    /// interface and its policy offer and what its device is for, until the session ends. Unbound,
    /// it looks, but for an act that comes with a `fresh` sign-in. One that an enrolment link began
    /// may only enrol until that is done, and what its person had before was shown; one kept for a
    /// receipt may do nothing.
    pub fn uncontested(
        &self,
        session: &Session,
        account: impl Into<AccountId>,
        fresh: bool,
    ) -> Result<Entitlements, Refusal> {
        let mut given = self.given(account, Holder::Session(session.id))?;
        given.until = given.until.min(session.until);
        given.asks_above = narrower(given.asks_above, self.large_orders.above);
        given.acts = given.acts.and(session.interface.acts());
        if self.enrols_only(session) {
            given.acts = given.acts.and(Acts::ENROL);
            return Ok(given);
        }
        if let Some(until) = session.held_until {
            given.keep(recovery::HELD_ACTS, Narrowing::Recovered { until });
        }
        if !session.is_bound() && !fresh {
            given.keep(UNBOUND_ACTS, Narrowing::Unbound);
        }
        match self.device(session.device).map(Device::narrows) {
            Some((acts, why)) => given.keep(acts, why),
            None => given.acts = Acts::NONE,
        }
        let policy = self.policy(session.interface);
        given.new_network = policy.new_network;
        given.keep(policy.tempo.acts(), Narrowing::Unattended);
        let (have, needs) = (session.assurance, policy.needs);
        given.keep(needs.acts(have), Narrowing::Assurance { have, needs });
        if session.receipt.is_some() {
            given.acts = Acts::NONE;
        }
        Ok(given)
    }
}
