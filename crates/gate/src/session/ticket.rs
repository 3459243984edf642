//! A session as a request has it.

use std::net::IpAddr;
use std::sync::Arc;

use access::binding::Beginner;
use access::refusal::AuthorityRefusal;
use access::{
    By, Call, Command, DeviceId, LockId, PaperAccountId, PersonId, PublicKey, SessionId, Source,
    Time,
};

/// A session that was alive when it was looked up, for one request. Only the gate makes one.
#[derive(Clone)]
pub struct SessionTicket {
    /// The session.
    pub session: SessionId,
    /// Whose it is.
    pub person: PersonId,
    /// The name that the person signs in with.
    pub username: Arc<str>,
    /// The account that this request is about.
    pub account: PaperAccountId,
    /// All accounts that it sees, its person's first one first.
    pub accounts: Arc<[PaperAccountId]>,
    /// The browser that it was begun in.
    pub device: DeviceId,
    /// Where this request comes from.
    pub address: IpAddr,
    /// When it began.
    pub since: Time,
    /// When it ends unless used before.
    pub idle_until: Time,
    /// When it ends in any case.
    pub until: Time,
    /// The key that signed the request, if the session is bound to one.
    pub key: Option<PublicKey>,
    /// Whether its device's hardware binds it.
    pub hardware: bool,
    /// Whether the request comes from a network that the session was not proven at.
    pub elsewhere: bool,
    /// When its person was proven last.
    pub proven_at: Time,
    /// Whether this request comes with a sign-in of its own.
    pub(crate) fresh: bool,
    /// Whether its browser should renew its key now.
    pub renews: bool,
    /// It was begun by an enrolment link and may only set up how its person signs in.
    pub enrolling: bool,
    /// It locked everything and keeps this lock's receipt alone.
    pub receipt: Option<LockId>,
}

impl SessionTicket {
    /// The same session, for a request about this account.
    pub fn on(&self, account: PaperAccountId) -> Result<Self, AuthorityRefusal> {
        if !self.accounts.contains(&account) {
            let allowed = self.accounts.to_vec();
            return Err(AuthorityRefusal::AccountNotAllowed { account, allowed });
        }
        Ok(Self { account, ..self.clone() })
    }

    /// Whether a copy of its cookie is worth nothing elsewhere.
    pub fn is_bound(&self) -> bool {
        self.key.is_some() || self.hardware
    }

    /// Whether this request comes with a sign-in of its own, which only the gate takes.
    pub fn is_fresh(&self) -> bool {
        self.fresh
    }

    /// Its browser, for what it begins.
    pub(crate) fn beginner(&self) -> Beginner {
        Beginner::of(&self.source())
    }

    pub(crate) fn source(&self) -> Source {
        Source { address: Some(self.address), key: self.key, fresh: self.fresh, ..Source::local() }
    }

    pub(crate) fn call(&self, command: Command) -> Arc<Call> {
        Arc::new(Call { by: By::Session(self.session), source: self.source(), command })
    }

    /// Who asks, and from where.
    pub(crate) fn asker(&self) -> (By, Source) {
        (By::Session(self.session), self.source())
    }
}

impl std::fmt::Debug for SessionTicket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SessionTicket").field("session", &self.session).finish_non_exhaustive()
    }
}
