//! What the sessions of one person share.

use std::collections::BTreeSet;
use std::sync::Arc;

use access::entitlements::Acts;
use access::lock::Grade;
use access::person::Person;
use access::refusal::AuthorityRefusal;
use access::session::{Interface, Method, Session, SessionEnd};
use access::{Entitlements, Holder, PaperAccountId, Refusal, Span, Time};

use super::record::Record;
use crate::session::SessionInfo;

/// Authority on an account, and on others beside it.
#[derive(PartialEq)]
pub(super) struct Given {
    first: Entitlements,
    others: Vec<Entitlements>,
}

impl Given {
    pub(super) fn new(given: Vec<Entitlements>) -> Option<Self> {
        let mut given = given.into_iter();
        Some(Self { first: given.next()?, others: given.collect() })
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Entitlements> {
        std::iter::once(&self.first).chain(&self.others)
    }

    pub(super) fn all_mut(&mut self) -> impl Iterator<Item = &mut Entitlements> {
        std::iter::once(&mut self.first).chain(&mut self.others)
    }
}

/// Name, proof, limits and authority, once for all sessions that have them in common.
pub(super) struct Class {
    pub(super) owner: Arc<Person>,
    pub(super) username: Arc<str>,
    pub(super) idle: Span,
    /// From beginning to end.
    pub(super) lasts: Span,
    pub(super) interface: Interface,
    pub(super) methods: Vec<Method>,
    /// Their authority on each account, the first one first; holder and end are each session's own.
    pub(super) given: Given,
    /// Those accounts.
    pub(super) accounts: Arc<[PaperAccountId]>,
    pub(super) members: BTreeSet<u32>,
}

impl Class {
    pub(super) fn until(&self, record: &Record) -> Time {
        record.started + self.lasts
    }

    /// Why a session of it is over by its limits.
    pub(super) fn limit(&self, record: &Record, now: Time) -> Option<(Time, SessionEnd)> {
        let (until, idle_until) = (self.until(record), record.used + self.idle);
        if now >= until {
            return Some((until, SessionEnd::Absolute));
        }
        (now >= idle_until).then_some((idle_until, SessionEnd::Idle))
    }

    /// The authority on the first account, which is that of whoever names none.
    pub(super) fn first(&self) -> &Entitlements {
        &self.given.first
    }

    /// The authority on an account.
    pub(super) fn on(&self, account: PaperAccountId) -> Option<&Entitlements> {
        self.given.all().find(|given| given.account == account)
    }

    /// The accounts, with nothing that may be done on them.
    pub(super) fn stripped(&self) -> Vec<Entitlements> {
        let none = |given: &Entitlements| Entitlements { acts: Acts::NONE, ..given.clone() };
        self.given.all().map(none).collect()
    }

    /// Why nothing is done on an account that is not among theirs.
    pub(super) fn not_allowed(&self, account: PaperAccountId) -> Refusal {
        Refusal::Authority(AuthorityRefusal::AccountNotAllowed {
            account,
            allowed: self.first().account,
        })
    }

    /// What one session has of the authority `given` on an account.
    pub(super) fn entitlements(&self, record: &Record, given: &Entitlements) -> Entitlements {
        let acts = if record.receipt().is_some() { Acts::NONE } else { given.acts };
        let until = given.until.min(self.until(record));
        let holder = Holder::Session(record.id);
        Entitlements { holder, until, acts, ..given.clone() }
    }

    /// Puts a lock's grade on the authority on accounts that `which` picks.
    pub(super) fn narrow(&mut self, grade: Grade, which: impl Fn(PaperAccountId) -> bool) {
        for given in self.given.all_mut().filter(|given| which(given.account)) {
            *given = given.clone().locked(grade);
        }
    }

    pub(super) fn info(&self, record: &Record) -> SessionInfo {
        SessionInfo {
            id: record.id,
            person: self.owner.id,
            username: self.username.to_string(),
            device: record.device,
            device_name: String::new(),
            agent: None,
            address: record.address,
            since: record.started,
            last_use: record.used,
            idle_until: record.used + self.idle,
            until: self.until(record),
            interface: self.interface,
            methods: self.methods.clone(),
            key: record.key.is_some(),
            hardware: record.hardware().is_some(),
        }
    }

    /// Whether a session with this authority belongs in it.
    pub(super) fn suits(&self, session: &Session, given: &Given) -> bool {
        self.idle == session.idle
            && self.lasts == session.until.since(session.started_at)
            && self.interface == session.interface
            && self.methods == session.methods
            && self.given == *given
    }
}
