//! Everything that a decision about one person needs, loaded at once.

use crate::approval::Approval;
use crate::authenticator::{Authenticator, Kind, passkey::Passkey};
use crate::binding::UNBOUND_ACTS;
use crate::call::Source;
use crate::contact::Contact;
use crate::credential::Credential;
use crate::device::{Device, Standing};
use crate::entitlements::{Acts, Entitlements, Narrowing};
use crate::id::{
    ApprovalId, AuthenticatorId, CredentialId, DeviceId, Holder, PaperAccountId, SessionId,
};
use crate::link::Link;
use crate::lock::{Grade, Lock, Target};
use crate::mandate::Mandate;
use crate::moment::Time;
use crate::network::Known;
use crate::person::Person;
use crate::recovery::{self, Recovery};
use crate::refusal::Refusal;
use crate::secret::Digest;
use crate::session::{Method, Session};
use crate::sign_in::Attempt;
use crate::throttle::{Counter, Factor, Place, Stranger};
use crate::trustee::Trustee;

mod apply;

/// One person with all that is theirs, or a name that nobody has. What is over (ended sessions,
/// removed devices, used links) is not in it; revoked credentials are. Every list ascends by id.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Slice {
    /// Rises with every commit that changes a table; a commit against another one is a conflict.
    pub version: i64,
    /// The person; none for an unknown name, token or key.
    pub person: Option<Person>,
    /// The counter of the unknown name that was asked for.
    pub stranger: Option<Stranger>,
    /// Their authority on accounts.
    pub mandates: Vec<Mandate>,
    /// What proves them.
    pub authenticators: Vec<Authenticator>,
    /// Their devices.
    pub devices: Vec<Device>,
    /// Their live sessions.
    pub sessions: Vec<Session>,
    /// Their credentials, revoked ones too.
    pub credentials: Vec<Credential>,
    /// Approvals of the last minutes, answered ones too.
    pub approvals: Vec<Approval>,
    /// Their sign-ins under way, expired ones too.
    pub attempts: Vec<Attempt>,
    /// Their unused links, expired ones too.
    pub links: Vec<Link>,
    /// Their failures in a row.
    pub counters: Vec<Counter>,
    /// The locks on them and on their accounts.
    pub locks: Vec<Lock>,
    /// Their mail addresses and phone number, former ones too.
    pub contacts: Vec<Contact>,
    /// The networks that they signed in from.
    pub networks: Vec<Known>,
    /// Their recoveries of the last weeks, those that are over too.
    pub recoveries: Vec<Recovery>,
    /// Their recovery contacts.
    pub trustees: Vec<Trustee>,
    /// What they chose for recoveries.
    pub policy: recovery::Policy,
}

impl Slice {
    /// A name that nobody has.
    pub fn of_stranger(name: Digest) -> Self {
        let stranger = Stranger { name, failures: 0, last_at: Time::default() };
        Self { stranger: Some(stranger), ..Self::default() }
    }

    /// The order of every list, for whoever filled them.
    pub fn sort(&mut self) {
        self.mandates.sort_by_key(|one| one.account);
        self.authenticators.sort_by_key(|one| one.id);
        self.devices.sort_by_key(|one| one.id);
        self.sessions.sort_by_key(|one| one.id);
        self.credentials.sort_by_key(|one| one.id);
        self.approvals.sort_by_key(|one| one.id);
        self.attempts.sort_by_key(|one| one.id);
        self.links.sort_by_key(|one| one.id);
        self.counters.sort();
        self.locks.sort_by_key(|one| one.id);
        self.contacts.sort_by_key(|one| one.id);
        self.networks.sort_by_key(|one| one.network);
        self.recoveries.sort_by_key(|one| one.id);
        self.trustees.sort_by_key(|one| one.id);
    }

    /// The mandate on this account.
    pub fn mandate(&self, account: PaperAccountId) -> Option<&Mandate> {
        self.mandates.iter().find(|mandate| mandate.account == account)
    }

    /// The authenticator of this id.
    pub fn authenticator(&self, id: AuthenticatorId) -> Option<&Authenticator> {
        self.authenticators.iter().find(|one| one.id == id)
    }

    /// The password.
    pub fn password(&self) -> Option<&Authenticator> {
        self.authenticators.iter().find(|one| matches!(one.kind, Kind::Password { .. }))
    }

    /// The TOTP app that counts.
    pub fn totp(&self) -> Option<&Authenticator> {
        self.authenticators
            .iter()
            .find(|one| matches!(one.kind, Kind::Totp { confirmed: true, .. }))
    }

    /// A TOTP app that was only offered.
    pub fn offered_totp(&self) -> Option<&Authenticator> {
        self.authenticators
            .iter()
            .find(|one| matches!(one.kind, Kind::Totp { confirmed: false, .. }))
    }

    /// The TOTP app, confirmed or only offered.
    pub fn any_totp(&self) -> Option<&Authenticator> {
        self.totp().or(self.offered_totp())
    }

    /// The passkeys.
    pub fn passkeys(&self) -> impl Iterator<Item = (&Authenticator, &Passkey)> {
        self.authenticators.iter().filter_map(|one| match &one.kind {
            Kind::Passkey(passkey) => Some((one, passkey)),
            _ => None,
        })
    }

    /// The passkeys that are not suspect.
    pub fn working_passkeys(&self) -> impl Iterator<Item = (&Authenticator, &Passkey)> {
        self.passkeys().filter(|(_, passkey)| passkey.suspect_at.is_none())
    }

    /// The set of recovery codes.
    pub fn recovery_codes(&self) -> Option<&Authenticator> {
        self.authenticators.iter().find(|one| matches!(one.kind, Kind::RecoveryCodes { .. }))
    }

    /// Recovery codes that were not used.
    pub fn codes_left(&self) -> usize {
        match self.recovery_codes().map(|one| &one.kind) {
            Some(Kind::RecoveryCodes { left }) => left.len(),
            _ => 0,
        }
    }

    /// The passkey of this credential id.
    pub fn passkey(&self, handle: &[u8]) -> Option<(&Authenticator, &Passkey)> {
        self.passkeys().find(|(_, passkey)| passkey.handle == handle)
    }

    /// Whether the person can sign in without a link: password and TOTP, or a passkey
    /// that is not suspect.
    pub fn is_enrolled(&self) -> bool {
        (self.password().is_some() && self.totp().is_some())
            || self.working_passkeys().next().is_some()
    }

    /// The device of this id.
    pub fn device(&self, id: DeviceId) -> Option<&Device> {
        self.devices.iter().find(|device| device.id == id)
    }

    /// The device that holds the token of this digest.
    pub fn device_of(&self, token: Option<Digest>) -> Option<&Device> {
        let token = token?;
        self.devices.iter().find(|device| device.token == Some(token))
    }

    /// The device that a request comes from, if it is trusted now: it holds the token, and the key
    /// where it has one, so that a copied token is worth nothing.
    pub fn trusted_device(&self, source: &Source, now: Time) -> Option<&Device> {
        let device = self.device_of(source.device)?;
        let holds_key = device.key.is_none() || device.key == source.key;
        (holds_key && device.standing(now) == Standing::Trusted).then_some(device)
    }

    /// The live session of this id.
    pub fn session(&self, id: SessionId) -> Option<&Session> {
        self.sessions.iter().find(|session| session.id == id)
    }

    /// The approval of this id.
    pub fn approval(&self, id: ApprovalId) -> Option<&Approval> {
        self.approvals.iter().find(|one| one.id == id)
    }

    /// The credential of this id, revoked or not.
    pub fn credential(&self, id: CredentialId) -> Option<&Credential> {
        self.credentials.iter().find(|credential| credential.id == id)
    }

    /// Failures in a row of a factor at a place.
    pub fn counter(&self, factor: Factor, place: Place) -> Option<&Counter> {
        self.counters.iter().find(|one| one.factor == factor && one.place == place)
    }

    /// The strongest lock on the person or on this account.
    pub fn grade(&self, account: PaperAccountId) -> Grade {
        let counts = |target| match target {
            Target::Person(_) => true,
            Target::Account(locked) => locked == account,
        };
        let grades = self.locks.iter().filter(|lock| counts(lock.target)).map(|lock| lock.grade);
        grades.max().unwrap_or_default()
    }

    /// The strongest lock on the person or on any account of theirs.
    pub fn strongest_lock(&self) -> Grade {
        self.locks.iter().map(|lock| lock.grade).max().unwrap_or_default()
    }

    /// What a session of the person may do now: the mandate on their account within what the
    /// interface offers and what its device is for, until the session ends. Unbound, it looks, but
    /// for an act that comes with a `fresh` sign-in. One that an enrolment link began may only
    /// enrol until that is done; one kept for a receipt may do nothing.
    pub fn session_entitlements(
        &self,
        session: &Session,
        fresh: bool,
    ) -> Result<Entitlements, Refusal> {
        let mandate = self.mandates.first().ok_or(Refusal::NotFound { what: "account" })?;
        let holder = Holder::Session(session.id);
        let mut given = mandate.entitlements(holder, self.grade(mandate.account));
        given.until = given.until.min(session.until);
        given.acts = given.acts.and(session.interface.policy().acts);
        if session.methods == [Method::EnrolmentLink] && !self.is_enrolled() {
            given.acts = given.acts.and(Acts::ENROL);
            return Ok(given);
        }
        let device = self.device(session.device).map(Device::narrows);
        let (acts, narrowing) = device.unwrap_or((Acts::NONE, Narrowing::None));
        given.acts = given.acts.and(acts);
        given.narrowing = narrowing;
        if let Some(until) = session.held_until {
            given.acts = given.acts.and(recovery::HELD_ACTS);
            given.narrowing = Narrowing::Recovered { until };
        }
        if !session.is_bound() && !fresh {
            given.acts = given.acts.and(UNBOUND_ACTS);
            given.narrowing = Narrowing::Unbound;
        }
        if session.receipt.is_some() {
            given.acts = Acts::NONE;
        }
        Ok(given)
    }
}
