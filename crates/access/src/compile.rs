//! What a session may do now, compiled from all that its person has.

use crate::binding::UNBOUND_ACTS;
use crate::brokerage;
use crate::device::Device;
use crate::entitlements::{Acts, Entitlements, Narrowing};
use crate::id::Holder;
use crate::recovery;
use crate::refusal::Refusal;
use crate::session::Session;
use crate::slice::Slice;

impl Slice {
    /// What a session of the person may do now: what its own state gives it, and trading only
    /// where no other session holds it.
    pub fn session_entitlements(
        &self,
        session: &Session,
        fresh: bool,
    ) -> Result<Entitlements, Refusal> {
        let mut given = self.uncontested(session, fresh)?;
        brokerage::contest(self, session, &mut given);
        Ok(given)
    }

    /// What its own state gives a session: the mandate on its person's account within what the
    /// interface and its policy offer and what its device is for, until the session ends. Unbound,
    /// it looks, but for an act that comes with a `fresh` sign-in. One that an enrolment link began
    /// may only enrol until that is done, and what its person had before was shown; one kept for a
    /// receipt may do nothing.
    pub fn uncontested(&self, session: &Session, fresh: bool) -> Result<Entitlements, Refusal> {
        let mandate = self.first_mandate().ok_or(Refusal::NotFound { what: "account" })?;
        let holder = Holder::Session(session.id);
        let given = mandate.entitlements(holder, self.grade(mandate.account));
        let mut given = given.ok_or(Refusal::NotFound { what: "paper account" })?;
        given.until = given.until.min(session.until);
        given.asks_above = self.large_orders.above;
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
