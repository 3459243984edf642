//! Authenticators: what proves a person.

use std::sync::Arc;

use access::authenticator::{self, Authenticator, Kind, password};
use access::device::{Approver, Device, Standing};
use access::refusal::SessionRefusal;
use access::{
    AuthenticatorId, By, Call, Command, PersonId, Refusal, Secret, Slice, Source, Time, decision,
};
use store::Key;

use crate::Gate;
use crate::ask;
use crate::passkey::{Ceremony, Opening};
use crate::session::{Actor, SessionTicket};

mod totp;

pub use totp::TotpSetup;

/// An authenticator as pages list it.
#[derive(Debug, Clone)]
pub struct AuthenticatorInfo {
    /// The authenticator.
    pub id: AuthenticatorId,
    /// `password`, `totp`, `passkey` or `recovery_codes`.
    pub kind: &'static str,
    /// Its name.
    pub name: String,
    /// Whether it counts: a TOTP app does once a code from it was seen.
    pub confirmed: bool,
    /// Whether it is backed up, so that several devices may hold it: passkeys only.
    pub backed_up: bool,
    /// The policy's name for its model: passkeys only, where there is a policy.
    pub model: Option<String>,
    /// Since when it may be a copy and counts no longer: passkeys only.
    pub suspect_at: Option<Time>,
    /// Codes that were not used: recovery codes only.
    pub left: Option<usize>,
    /// When it was set up.
    pub since: Time,
    /// When it was used last, if ever.
    pub last_use: Option<Time>,
}

/// What is missing in a session that an enrolment link began.
#[derive(Debug, Clone, Copy)]
pub struct Enrolment {
    /// Something that its person had before the link has to be shown.
    pub owes_proof: bool,
    /// There is no TOTP app, and one may be set up.
    pub takes_app: bool,
}

/// What a person has set up of what makes an account safe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct Setup {
    /// A passkey.
    pub passkey: bool,
    /// A phone that answers approvals.
    pub phone: bool,
    /// Recovery codes.
    pub codes: bool,
    /// A verified mail address.
    pub mail: bool,
}

/// Ways to sign in, through the gate. Cheap to copy.
#[derive(Clone, Copy)]
pub struct AuthenticatorGate<'a> {
    gate: &'a Gate,
}

impl Gate {
    /// Ways to sign in, through the gate.
    pub fn authenticators(&self) -> AuthenticatorGate<'_> {
        AuthenticatorGate { gate: self }
    }
}

impl AuthenticatorGate<'_> {
    /// Argon2id calls since the start, for tests that compare names.
    pub fn password_checks(self) -> u64 {
        self.gate.0.people.passwords.calls()
    }

    /// What of it a person has set up, in one read.
    pub async fn setup(self, person: PersonId) -> Result<Setup, Refusal> {
        let (slice, now) = (self.gate.load(Key::Person(person)).await?, self.gate.now());
        let ways = self.infos(&slice);
        let has = |kind| ways.iter().any(|one| one.kind == kind && one.confirmed);
        let answers =
            |one: &Device| one.approver == Approver::Yes && one.standing(now) == Standing::Trusted;
        Ok(Setup {
            passkey: has("passkey"),
            phone: slice.devices.iter().any(answers),
            codes: has("recovery_codes"),
            mail: slice.mail().is_some_and(|one| one.mail().is_some()),
        })
    }

    /// What proves a person, oldest first.
    pub async fn list(self, person: PersonId) -> Result<Vec<AuthenticatorInfo>, Refusal> {
        let slice = self.gate.load(Key::Person(person)).await?;
        Ok(self.infos(&slice))
    }

    /// What proves everybody, with the names that they sign in with.
    pub async fn all(self) -> Result<Vec<(String, AuthenticatorInfo)>, Refusal> {
        let mut list = Vec::new();
        for slice in self.gate.slices(None).await? {
            let Some(person) = &slice.person else { continue };
            let name = person.username.to_string();
            list.extend(self.infos(&slice).into_iter().map(|info| (name.clone(), info)));
        }
        Ok(list)
    }

    fn infos(self, slice: &Slice) -> Vec<AuthenticatorInfo> {
        let mut list: Vec<_> = slice.authenticators.iter().map(|one| self.info(one)).collect();
        list.sort_by_key(|one| (one.since, one.id));
        list
    }

    fn info(self, one: &Authenticator) -> AuthenticatorInfo {
        let mut info = AuthenticatorInfo {
            id: one.id,
            kind: "password",
            name: one.name.to_string(),
            confirmed: true,
            backed_up: false,
            model: None,
            suspect_at: None,
            left: None,
            since: one.created_at,
            last_use: one.last_used_at,
        };
        match &one.kind {
            Kind::Password { .. } => {}
            Kind::Totp { confirmed, .. } => (info.kind, info.confirmed) = ("totp", *confirmed),
            Kind::RecoveryCodes { left } => {
                (info.kind, info.left) = ("recovery_codes", Some(left.len()));
            }
            Kind::Passkey(passkey) => {
                info.kind = "passkey";
                info.backed_up = passkey.backed_up;
                info.suspect_at = passkey.suspect_at;
                info.model = self.gate.0.people.passkeys.model_name(passkey).map(str::to_owned);
            }
        }
        info
    }

    /// Sets a person's own password; `current` is asked for where there is one. Ends the person's
    /// other sessions.
    pub async fn set_password(
        self,
        ticket: &SessionTicket,
        current: Option<&Secret>,
        new: Secret,
    ) -> Result<(), Refusal> {
        let key = Key::Person(ticket.person);
        let slice = self.gate.load(key).await?;
        if let Err(refusal) = password::check(&new, &ticket.username) {
            let actor = Actor::Session(ticket.clone());
            self.gate.record_refusal(actor.by(), &actor.source(), &slice, &refusal).await;
            return Err(refusal);
        }
        // A wrong one counts for the browser that the session is in, not for all others.
        let device = slice.device(ticket.device).and_then(|device| device.token);
        let source = Source { device, ..Actor::Session(ticket.clone()).source() };
        let old = match current {
            Some(current) if slice.password().is_some() => {
                Some(self.gate.prove_at(&slice, current, &source).await?)
            }
            _ => None,
        };
        let hash = self.gate.hash(new).await?;
        let command = Command::Authenticator(authenticator::Command::SetPassword { hash, old });
        let call = Arc::new(Call { by: By::Session(ticket.session), source, command });
        self.gate.run(key, Some(slice), &call).await.map(drop)
    }

    /// Offers a TOTP app: the same secret until a code from the app was seen.
    pub async fn totp_setup(self, ticket: &SessionTicket) -> Result<TotpSetup, Refusal> {
        let key = Key::Person(ticket.person);
        let (secret, uri) = self.gate.ask(key, None, ticket.asker(), ask::totp(false)).await?;
        Ok(TotpSetup { secret, uri })
    }

    /// Offers another TOTP app in place of the one that there is: the same secret until a code
    /// from the app was seen.
    pub async fn totp_replacement(
        self,
        actor: &Actor,
        person: PersonId,
    ) -> Result<TotpSetup, Refusal> {
        let key = Key::Person(person);
        let (secret, uri) = self.gate.ask(key, None, actor.asker(), ask::totp(true)).await?;
        Ok(TotpSetup { secret, uri })
    }

    /// What a session that an enrolment link began has to do yet.
    pub async fn enrolment(self, ticket: &SessionTicket) -> Result<Enrolment, Refusal> {
        let slice = self.gate.load(Key::Person(ticket.person)).await?;
        let session = slice.session(ticket.session).ok_or(SessionRefusal::NotSignedIn)?;
        let owes_proof = slice.owes_proof(session);
        let takes_app = slice.totp().is_none() && (!owes_proof || slice.takes_app(session));
        Ok(Enrolment { owes_proof, takes_app })
    }

    /// Confirms the offered TOTP app by a code from it.
    pub async fn totp_confirm(self, ticket: &SessionTicket, code: &str) -> Result<(), Refusal> {
        self.totp_confirm_as(&Actor::Session(ticket.clone()), ticket.person, code).await
    }

    /// The same by the operator, for an app that was offered to them.
    pub async fn totp_confirm_as(
        self,
        actor: &Actor,
        person: PersonId,
        code: &str,
    ) -> Result<(), Refusal> {
        let code = Secret::from_text(code.to_owned());
        let command = authenticator::Command::ConfirmTotp { code };
        let call = actor.call(Command::Authenticator(command));
        self.gate.run(Key::Person(person), None, &call).await.map(drop)
    }

    /// Starts the registration of a passkey.
    pub async fn passkey_start(self, ticket: &SessionTicket) -> Result<Ceremony, Refusal> {
        let slice = self.gate.load(Key::Person(ticket.person)).await?;
        let existing = slice.passkeys().map(|(_, passkey)| passkey.handle.clone()).collect();
        let moment = self.gate.moment()?;
        let (moment, address) = (&moment, ticket.address);
        let opening = Opening { moment, address, purpose: None, begun: ticket.beginner() };
        let who = (ticket.person, &*ticket.username);
        self.gate.0.people.passkeys.start_registration(who, ticket.session, existing, &opening)
    }

    /// Finishes the registration of a passkey under a name.
    pub async fn passkey_finish(
        self,
        ticket: &SessionTicket,
        ceremony: &Secret,
        answer: &str,
        name: &str,
    ) -> Result<AuthenticatorId, Refusal> {
        let people = &self.gate.0.people;
        let now = people.clock.stamp();
        let registered = people.passkeys.finish_registration(ceremony, answer, ticket.session, now);
        let registration = match registered {
            Ok(registration) => registration,
            Err(refusal) => {
                let call = Actor::Session(ticket.clone());
                let slice = self.gate.load(Key::Person(ticket.person)).await?;
                self.gate.record_refusal(call.by(), &call.source(), &slice, &refusal).await;
                return Err(refusal);
            }
        };
        let name = name.to_owned();
        let add = ask::add(authenticator::Command::AddPasskey { registration, name });
        self.gate.ask(Key::Person(ticket.person), None, ticket.asker(), add).await
    }

    /// Whether passkeys are possible: the portal must be reached by a name.
    pub fn passkeys_are_possible(self) -> bool {
        self.gate.0.people.passkeys.are_possible()
    }

    /// Gives a passkey another name: one of the person who acts, or anybody's for the operator.
    pub async fn rename(
        self,
        actor: &Actor,
        authenticator: AuthenticatorId,
        name: &str,
    ) -> Result<(), Refusal> {
        let name = name.to_owned();
        let command = authenticator::Command::Rename { authenticator, name };
        self.change_authenticator(actor, authenticator, command).await
    }

    /// Removes an authenticator; the last way to sign in stays, and so does a
    /// person's last passkey unless the operator removes it.
    pub async fn remove(
        self,
        actor: &Actor,
        authenticator: AuthenticatorId,
    ) -> Result<(), Refusal> {
        let command = authenticator::Command::Remove { authenticator };
        self.change_authenticator(actor, authenticator, command).await
    }

    async fn change_authenticator(
        self,
        actor: &Actor,
        authenticator: AuthenticatorId,
        command: authenticator::Command,
    ) -> Result<(), Refusal> {
        let person = match actor {
            Actor::Session(ticket) => ticket.person,
            Actor::Operator { .. } => {
                let owner = self.gate.found_or_known(Key::Authenticator(authenticator)).await?;
                owner.person.ok_or(Refusal::not_found("authenticator"))?.id
            }
        };
        let call = actor.call(Command::Authenticator(command));
        self.gate.run_done(Key::Person(person), &call).await.map(drop)
    }

    /// The code that a person's TOTP app shows now; on demo folders only.
    pub async fn totp_now(self, username: &str) -> Result<String, Refusal> {
        if !self.gate.is_demo() {
            return Err(Refusal::not_found("TOTP code: only demo folders print them"));
        }
        let slice = self.gate.load(Key::Username(username)).await?;
        decision::totp_now(&slice, &self.gate.moment()?, &self.gate.0.people.key)
    }
}

impl Gate {
    /// The PHC string of a new password.
    pub(crate) async fn hash(&self, password: Secret) -> Result<Secret, Refusal> {
        let salt = self.moment()?.draw("password salt");
        Ok(Secret::from_text(self.0.people.passwords.hash(password, salt).await?))
    }
}
