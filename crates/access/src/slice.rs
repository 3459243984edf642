//! Everything that a decision about one person needs, loaded at once.

use crate::account::AccountSlice;
use crate::approval::Approval;
use crate::authenticator::{Authenticator, Kind, passkey::Passkey};
use crate::brokerage::Brokerage;
use crate::call::Source;
use crate::contact::Contact;
use crate::credential::Credential;
use crate::device::{Device, Standing};
use crate::id::{AccountId, ApprovalId, AuthenticatorId, CredentialId, DeviceId, SessionId};
use crate::large_order::Threshold;
use crate::link::Link;
use crate::lock::{Grade, Lock};
use crate::mandate::Mandate;
use crate::moment::Time;
use crate::network::Known;
use crate::notice::Addressee;
use crate::person::Person;
use crate::policy::Policy;
use crate::push::Push;
use crate::recovery::{Recovery, RecoveryPolicy};
use crate::refusal::ChangeRefusal;
use crate::secret::Digest;
use crate::session::{Method, Session};
use crate::sign_in::Attempt;
use crate::throttle::{Counter, Factor, Place, Stranger};
use crate::travel::Plan;
use crate::trustee::Trustee;
use crate::window::Window;

mod apply;

/// One person with all that is theirs, or a name that nobody has. What is over (ended sessions,
/// removed devices, used links) is not in it; revoked credentials are. Every list ascends by id.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Slice {
    /// Rises with every commit that changes what is the person's own; a commit against another one is a
    /// conflict.
    pub version: i64,
    /// The person; none for an unknown name, token or key.
    pub person: Option<Person>,
    /// Other owners of the accounts that a decision is about, whom it tells of it. In no table of its own; nobody
    /// where they were not loaded for the decision.
    pub owners: Vec<Addressee>,
    /// The counter of the unknown name that was asked for.
    pub stranger: Option<Stranger>,
    /// Their authority on accounts.
    pub mandates: Vec<Mandate>,
    /// Those accounts, and others that a decision is about.
    pub accounts: Vec<AccountSlice>,
    /// What proves them.
    pub authenticators: Vec<Authenticator>,
    /// Their devices.
    pub devices: Vec<Device>,
    /// Which of their phones are notified of approvals, and where.
    pub pushes: Vec<Push>,
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
    /// The locks on them; those on an account are its own.
    pub locks: Vec<Lock>,
    /// Their mail addresses and phone number, former ones too.
    pub contacts: Vec<Contact>,
    /// The networks that they signed in from.
    pub networks: Vec<Known>,
    /// The policies that they chose.
    pub policies: Vec<Policy>,
    /// Above what their orders are asked for.
    pub large_orders: Threshold,
    /// When they renew their sessions.
    pub window: Option<Window>,
    /// When that window opens in the next weeks; no table holds it, the gate knows its zone.
    pub openings: Vec<Time>,
    /// Whether one session of theirs holds trading, and which.
    pub brokerage: Option<Brokerage>,
    /// The travel that they planned, over or not.
    pub travel: Option<Plan>,
    /// Their recoveries of the last weeks, those that are over too.
    pub recoveries: Vec<Recovery>,
    /// Their recovery contacts.
    pub trustees: Vec<Trustee>,
    /// What they chose for recoveries.
    pub recovery_policy: RecoveryPolicy,
}

impl Slice {
    /// A name that nobody has.
    pub fn of_stranger(name: Digest) -> Self {
        let stranger = Stranger { name, failures: 0, last_at: Time::default() };
        Self { stranger: Some(stranger), ..Self::default() }
    }

    /// The order of every list, for the code that filled them.
    pub fn sort(&mut self) {
        self.mandates.sort_by_key(|one| (one.account, one.id));
        self.accounts.sort_by_key(|one| one.id);
        self.accounts.iter_mut().for_each(AccountSlice::sort);
        self.authenticators.sort_by_key(|one| one.id);
        self.devices.sort_by_key(|one| one.id);
        self.pushes.sort_by_key(|one| one.device);
        self.sessions.sort_by_key(|one| one.id);
        self.credentials.sort_by_key(|one| one.id);
        self.approvals.sort_by_key(|one| one.id);
        self.attempts.sort_by_key(|one| one.id);
        self.links.sort_by_key(|one| one.id);
        self.counters.sort();
        self.locks.sort_by_key(|one| one.id);
        self.contacts.sort_by_key(|one| one.id);
        self.networks.sort_by_key(|one| one.network);
        self.policies.sort_by_key(|one| one.interface);
        self.recoveries.sort_by_key(|one| one.id);
        self.trustees.sort_by_key(|one| one.id);
    }

    /// The person, for what only a person does.
    pub fn owner(&self) -> Result<&Person, ChangeRefusal> {
        self.person.as_ref().ok_or(ChangeRefusal::NotFound { what: "person" })
    }

    /// The mandate on this account.
    pub fn mandate(&self, account: impl Into<AccountId>) -> Option<&Mandate> {
        let account = account.into();
        self.mandates.iter().find(|mandate| mandate.account == account)
    }

    /// The account of this id, where it is theirs or a decision is about it.
    pub fn account(&self, id: impl Into<AccountId>) -> Option<&AccountSlice> {
        let id = id.into();
        self.accounts.iter().find(|one| one.id == id)
    }

    /// Changes the account of this id, even where it only begins.
    pub(crate) fn on_account(&mut self, id: AccountId, change: impl FnOnce(&mut AccountSlice)) {
        if !self.accounts.iter().any(|one| one.id == id) {
            self.accounts.push(AccountSlice::missing(id));
        }
        if let Some(account) = self.accounts.iter_mut().find(|one| one.id == id) {
            change(account);
        }
    }

    /// The locks on the person and on the accounts.
    pub fn locks(&self) -> impl Iterator<Item = &Lock> {
        self.locks.iter().chain(self.accounts.iter().flat_map(|one| &one.locks))
    }

    /// The authenticator of this id.
    pub fn authenticator(&self, id: AuthenticatorId) -> Option<&Authenticator> {
        self.authenticators.iter().find(|one| one.id == id)
    }

    /// The password.
    pub fn password(&self) -> Option<&Authenticator> {
        self.authenticators.iter().find(|one| matches!(one.kind, Kind::Password { .. }))
    }

    /// The TOTP apps that count. One that a recovery brought counts beside the one before it for a while.
    pub fn totps(&self) -> impl Iterator<Item = &Authenticator> {
        let counts = |one: &&Authenticator| matches!(one.kind, Kind::Totp { confirmed: true, .. });
        self.authenticators.iter().filter(counts)
    }

    /// The newest of them.
    pub fn totp(&self) -> Option<&Authenticator> {
        self.totps().max_by_key(|one| one.created_at)
    }

    /// A TOTP app that was only offered.
    pub fn offered_totp(&self) -> Option<&Authenticator> {
        self.authenticators
            .iter()
            .find(|one| matches!(one.kind, Kind::Totp { confirmed: false, .. }))
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

    /// Whether an enrolment link began a session and its person has not yet shown what they had
    /// before it. Others may have handled the link: a reset of one factor must not
    /// stand in for the others.
    pub fn owes_proof(&self, session: &Session) -> bool {
        let by_link = |one: &Method| *one == Method::EnrolmentLink;
        let passkeys = self.working_passkeys().map(|(one, _)| one);
        let mut kept = self.password().into_iter().chain(self.totps()).chain(passkeys);
        session.methods == [Method::EnrolmentLink]
            && session.proven_by.iter().all(by_link)
            && kept.any(|one| one.created_at < session.started_at)
    }

    /// Whether a session may do nothing but enrol.
    pub fn enrols_only(&self, session: &Session) -> bool {
        let begun = session.methods == [Method::EnrolmentLink];
        begun && (!self.is_enrolled() || self.owes_proof(session))
    }

    /// Whether a session that owes a proof may set up an app where there is none: it does where the
    /// password is kept, which comes with the app's code then, or where no passkey could be shown.
    pub fn takes_app(&self, session: &Session) -> bool {
        let is_kept = self.password().is_some_and(|one| one.created_at < session.started_at);
        self.totp().is_none() && (is_kept || self.working_passkeys().next().is_none())
    }

    /// Where a phone is notified of approvals.
    pub fn push(&self, device: DeviceId) -> Option<&Push> {
        self.pushes.iter().find(|one| one.device == device)
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
    pub fn grade(&self, account: impl Into<AccountId>) -> Grade {
        let account = account.into();
        let on_account = self.account(account).into_iter().flat_map(|one| &one.locks);
        self.locks.iter().chain(on_account).map(|lock| lock.grade).max().unwrap_or_default()
    }

    /// The strongest lock on the person or on any account of theirs.
    pub fn strongest_lock(&self) -> Grade {
        self.locks().map(|lock| lock.grade).max().unwrap_or_default()
    }
}

/// Puts a row in place of the one with its key, or adds it.
pub(crate) fn put<T, K: PartialEq>(rows: &mut Vec<T>, row: T, key: impl Fn(&T) -> K) {
    let wanted = key(&row);
    match rows.iter_mut().find(|other| key(other) == wanted) {
        Some(place) => *place = row,
        None => rows.push(row),
    }
}
