//! Persons: who signs in, and how the operator lets them in.

use access::entitlements::Limits;
use access::link::{self, Purpose};
use access::lock::LockTarget;
use access::mandate::Role;
use access::refusal::AccountRefusal;
use access::{
    AccountId, By, Command, Grade, PaperAccountId, PersonId, Refusal, Slice, Source, Time,
    authenticator, person,
};
use store::Key;

use crate::Gate;
use crate::ask;
use crate::command::Boxed;
use crate::registry::store_failed;
use crate::session::Actor;

mod link_issued;

pub use link_issued::LinkIssued;

/// A person as lists show them.
#[derive(Debug, Clone)]
pub struct PersonInfo {
    /// The person.
    pub id: PersonId,
    /// The name that they sign in with.
    pub username: String,
    /// Their accounts.
    pub accounts: Vec<AccountId>,
    /// The strongest lock on them or on an account of theirs.
    pub lock: Grade,
    /// Each lock on them or on an account of theirs.
    pub locks: Vec<(LockTarget, Grade)>,
    /// Whether they can sign in without a link.
    pub enrolled: bool,
    /// What holds for every order of theirs.
    pub limits: Limits,
    /// When they were made.
    pub since: Time,
}

/// People, through the gate. Cheap to copy.
#[derive(Clone, Copy)]
pub struct PersonGate<'a> {
    gate: &'a Gate,
}

impl Gate {
    /// People, through the gate.
    pub fn people(&self) -> PersonGate<'_> {
        PersonGate { gate: self }
    }
}

impl PersonGate<'_> {
    /// What everybody signs in with, by name.
    pub async fn usernames(self) -> Result<Vec<(PersonId, String)>, Refusal> {
        self.gate.names_or_known().await.map_err(|error| store_failed(&error))
    }

    /// What the owner of an account signs in with.
    pub async fn owner_name(self, account: AccountId) -> Result<String, Refusal> {
        let owner = self.gate.found_or_known(Key::Account(account)).await?.person;
        let name = owner.map(|person| person.username.to_string());
        name.ok_or(Refusal::not_found("person"))
    }

    /// Everybody, by name.
    pub async fn list(self) -> Result<Vec<PersonInfo>, Refusal> {
        let mut list: Vec<_> = self.gate.slices(None).await?.iter().filter_map(info).collect();
        list.sort_by(|one, two| one.username.cmp(&two.username));
        Ok(list)
    }

    /// The person of this name or id.
    pub async fn find(self, name_or_id: &str) -> Result<PersonInfo, Refusal> {
        let key = match name_or_id.parse() {
            Ok(id) => Key::Person(id),
            Err(_) => Key::Username(name_or_id),
        };
        info(&self.gate.found_or_known(key).await?).ok_or(Refusal::not_found("person"))
    }

    /// Makes a person who owns this server's account, with a link to enrol (24 hours, once). For
    /// `floorpass init` on a new folder.
    pub async fn create_first(self, username: &str) -> Result<LinkIssued, Refusal> {
        self.gate.create_person(username).await?;
        self.gate.issue(&system(), username, Purpose::Enrolment).await
    }

    /// Makes a person who may look at an account, with a link to enrol; the operator alone.
    pub async fn add(
        self,
        actor: &Actor,
        username: &str,
        account: PaperAccountId,
    ) -> Result<LinkIssued, Refusal> {
        self.add_as(actor, username, account, Role::Auditor).await
    }

    /// Makes a person with a mandate of this role on an account, in one decision, with a link to enrol; the
    /// operator alone.
    pub async fn add_as(
        self,
        actor: &Actor,
        username: &str,
        account: PaperAccountId,
        role: Role,
    ) -> Result<LinkIssued, Refusal> {
        let username = username.to_owned();
        let key = username.clone();
        let add = person::Command::Add { username, account, role };
        let call = actor.call(Command::Person(add));
        self.gate.run_done(Key::Username(&key), &call).await?;
        self.gate.issue(&caller(actor), &key, Purpose::Enrolment).await
    }

    /// Sets what holds for every order of a person and of their programs, on any account; the operator alone.
    pub async fn limit(self, actor: &Actor, username: &str, limits: Limits) -> Result<(), Refusal> {
        let command = person::Command::Limit { limits: Box::new(limits) };
        let call = actor.call(Command::Person(command));
        self.gate.run_done(Key::Username(username), &call).await.map(drop)
    }

    /// Makes a single-use link; the operator alone. Older ones of the same purpose are over.
    pub async fn issue_link(
        self,
        actor: &Actor,
        username: &str,
        purpose: Purpose,
    ) -> Result<LinkIssued, Refusal> {
        self.gate.issue(&caller(actor), username, purpose).await
    }

    /// Removes a password and ends the person's sessions; the operator alone. The link lets the
    /// person set a new one.
    pub async fn reset_password(
        self,
        actor: &Actor,
        username: &str,
    ) -> Result<LinkIssued, Refusal> {
        let command = Command::Authenticator(authenticator::Command::ResetPassword);
        self.run_link(&caller(actor), username, command, Purpose::Enrolment).await
    }

    /// Removes a TOTP app and ends the person's sessions; the operator alone. The link lets the
    /// person set up a new one.
    pub async fn reset_totp(self, actor: &Actor, username: &str) -> Result<LinkIssued, Refusal> {
        let command = Command::Authenticator(authenticator::Command::ResetTotp);
        self.run_link(&caller(actor), username, command, Purpose::Enrolment).await
    }

    async fn run_link(
        self,
        (by, source): &(By, Source),
        username: &str,
        command: Command,
        purpose: Purpose,
    ) -> Result<LinkIssued, Refusal> {
        let (key, asker) = (Key::Username(username), (*by, source.clone()));
        let (token, until) = self.gate.ask(key, None, asker, ask::link(command)).await?;
        Ok(LinkIssued { purpose, token, until })
    }
}

impl Gate {
    pub(crate) async fn create_person(&self, username: &str) -> Result<PersonId, Refusal> {
        let account = self.account();
        if self.load(Key::Account(account.into())).await?.person.is_some() {
            return Err(Refusal::Account(AccountRefusal::AccountTaken { account: account.into() }));
        }
        let username = username.to_owned();
        let key = username.clone();
        let create = ask::create_person(person::Command::Create { username, account });
        self.ask(Key::Username(&key), None, system(), create).await
    }

    pub(crate) async fn issue(
        &self,
        caller: &(By, Source),
        username: &str,
        purpose: Purpose,
    ) -> Result<LinkIssued, Refusal> {
        let command = Command::Link(link::Command::Issue { purpose });
        self.people().run_link(caller, username, command, purpose).await
    }

    /// The slice of one person, or of everybody.
    pub(crate) fn slices(
        &self,
        person: Option<PersonId>,
    ) -> Boxed<'_, Result<Vec<Slice>, Refusal>> {
        Box::pin(async move {
            if let Some(person) = person {
                return Ok(vec![self.load(Key::Person(person)).await?]);
            }
            self.all_or_known().await.map_err(|error| store_failed(&error))
        })
    }
}

/// A person as lists show them; none for a slice of nobody.
fn info(slice: &Slice) -> Option<PersonInfo> {
    let person = slice.person.as_ref()?;
    Some(PersonInfo {
        id: person.id,
        username: person.username.to_string(),
        accounts: slice.mandates.iter().map(|one| one.account).collect(),
        lock: slice.strongest_lock(),
        locks: slice.locks().map(|one| (one.target, one.grade)).collect(),
        enrolled: slice.is_enrolled(),
        limits: person.limits.clone(),
        since: person.created_at,
    })
}

/// The server itself, which sets up new folders.
pub(crate) fn system() -> (By, Source) {
    (By::System, Source::local())
}

fn caller(actor: &Actor) -> (By, Source) {
    (actor.by(), actor.source())
}
