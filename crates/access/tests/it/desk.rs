//! One person and a clock, for tests: asks, applies what was decided, and keeps every event.

use std::net::IpAddr;

use access::authenticator::{self, PasswordCheck, totp};
use access::decision::{Answer, Command, decide};
use access::link::Purpose;
use access::moment::{Moment, Span, Time};
use access::notice;
use access::sign_in::{self, SignedIn};
use access::{By, Call, Event, PaperAccountId, PersonId, Refusal, SealKey, Secret, Slice, Source};

pub const PASSWORD_HASH: &str = "$argon2id$v=19$stands-for-a-hash";

pub struct Desk {
    pub slice: Slice,
    pub now: Time,
    pub key: SealKey,
    pub seed: Vec<u8>,
    /// Every event so far.
    pub events: Vec<Event>,
    /// Every secret that an answer told.
    pub told: Vec<String>,
    drawn: u32,
}

pub fn copy(secret: &Secret) -> Secret {
    Secret::new(secret.expose().to_vec())
}

pub fn account() -> PaperAccountId {
    "DU1234567".parse().unwrap()
}

/// The key of the one browser of these tests.
pub fn key() -> access::PublicKey {
    access::PublicKey::of_coordinates(&[1; 32], &[2; 32]).unwrap()
}

pub fn browser(device: Option<&Secret>) -> Source {
    let address: IpAddr = "192.0.2.7".parse().unwrap();
    Source::browser(address, device, Some(key()), "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0")
}

impl Desk {
    /// A person who owns an account and has no way to sign in.
    pub fn bare() -> Self {
        let mut desk = Self {
            slice: Slice::default(),
            now: Time::from_seconds(1_800_000_000),
            key: SealKey::new([7; 32]),
            seed: Vec::new(),
            events: Vec::new(),
            told: Vec::new(),
            drawn: 0,
        };
        let create = access::person::Command::Create { username: "ann".into(), account: account() };
        desk.system(Command::Person(create)).ok().unwrap();
        desk
    }

    /// The same with password and TOTP.
    pub fn enrolled() -> Self {
        let mut desk = Self::bare();
        let hash = Secret::from_text(PASSWORD_HASH.into());
        desk.told.push(PASSWORD_HASH.into());
        let set = authenticator::Command::SetPassword { hash, old: None };
        desk.system(Command::Authenticator(set)).ok().unwrap();
        desk.system(Command::Authenticator(authenticator::Command::OfferTotp)).ok().unwrap();
        desk.seed = desk.slice.totp().unwrap().open_seed(&desk.key).unwrap().expose().to_vec();
        desk
    }

    pub fn person(&self) -> PersonId {
        self.slice.person.as_ref().unwrap().id
    }

    pub fn wait(&mut self, span: Span) {
        self.now = self.now + span;
    }

    pub fn moment(&mut self) -> Moment {
        self.now = self.now + Span::milliseconds(1);
        self.drawn += 1;
        let mut entropy = [0; 32];
        entropy[..4].copy_from_slice(&self.drawn.to_be_bytes());
        Moment::new(self.now, entropy)
    }

    pub fn call(&mut self, call: &Call) -> Result<Answer, Refusal> {
        let moment = self.moment();
        let decision = decide(&self.slice, call, &moment, &self.key);
        self.slice.apply(&decision.events);
        for event in &decision.events {
            if let Event::Notice(notice::Event::Queued(notice)) = event
                && let Some(code) = &notice.code
            {
                let code = self.key.open(code, &notice::Notice::purpose(notice.id)).unwrap();
                self.told.push(code.expose_text().unwrap().to_owned());
            }
        }
        self.events.extend(decision.events);
        if let Ok(answer) = &decision.answer {
            self.hear(answer);
        }
        decision.answer
    }

    fn hear(&mut self, answer: &Answer) {
        let secrets: Vec<&Secret> = match answer {
            Answer::Link { token, .. } => vec![token],
            Answer::TotpNeeded { attempt } | Answer::ActivationNeeded { attempt } => vec![attempt],
            Answer::SignedIn(done) => {
                std::iter::once(&done.session_token).chain(&done.device_token).collect()
            }
            Answer::TotpOffered { seed, .. } => vec![seed],
            Answer::RecoveryCodes { codes, .. } => codes.iter().collect(),
            Answer::CredentialCreated { token, .. } => token.iter().collect(),
            _ => Vec::new(),
        };
        self.told.extend(secrets.iter().map(|one| one.expose_text().unwrap().to_owned()));
    }

    pub fn by(&mut self, by: By, command: Command) -> Result<Answer, Refusal> {
        self.call(&Call { by, source: browser(None), command })
    }

    pub fn system(&mut self, command: Command) -> Result<Answer, Refusal> {
        self.call(&Call { by: By::System, source: Source::local(), command })
    }

    pub fn visit(
        &mut self,
        device: Option<&Secret>,
        command: sign_in::Command,
    ) -> Result<Answer, Refusal> {
        let command = Command::SignIn(command);
        self.call(&Call { by: By::Visitor, source: browser(device), command })
    }

    pub fn proof(&self, right: bool) -> PasswordCheck {
        let password = self.slice.password();
        PasswordCheck {
            authenticator: password.map(|one| one.id),
            row_version: password.map_or(0, |one| one.row_version),
            right,
        }
    }

    pub fn password(&mut self, device: Option<&Secret>, right: bool) -> Result<Answer, Refusal> {
        let proof = self.proof(right);
        self.visit(device, sign_in::Command::Password { proof })
    }

    /// The TOTP code of this time.
    pub fn code(&self) -> Secret {
        Secret::from_text(totp::code(&self.seed, totp::step(self.now)))
    }

    pub fn totp(
        &mut self,
        device: Option<&Secret>,
        attempt: &Secret,
        code: Secret,
    ) -> Result<Answer, Refusal> {
        self.visit(device, sign_in::Command::Totp { attempt: copy(attempt), code })
    }

    pub fn activate(&mut self, attempt: &Secret, code: &str) -> Result<Answer, Refusal> {
        let code = Secret::from_text(code.into());
        self.visit(None, sign_in::Command::Activate { attempt: copy(attempt), code })
    }

    /// The code of the newest activation notice.
    pub fn mailed(&self) -> String {
        let notices = self.events.iter().rev().filter_map(|event| match event {
            Event::Notice(notice::Event::Queued(notice)) => {
                notice.code.as_ref().map(|code| (notice.id, code))
            }
            _ => None,
        });
        let (id, code) = notices.into_iter().next().unwrap();
        let code = self.key.open(code, &notice::Notice::purpose(id)).unwrap();
        code.expose_text().unwrap().to_owned()
    }

    /// Right password at a device, up to the TOTP step.
    pub fn at_totp(&mut self, device: Option<&Secret>) -> Secret {
        match self.password(device, true) {
            Ok(Answer::TotpNeeded { attempt }) => attempt,
            Ok(_) => panic!("another step"),
            Err(refusal) => panic!("{refusal}"),
        }
    }

    /// Right password and TOTP on a new browser, up to its activation.
    pub fn at_activation(&mut self) -> Secret {
        self.wait(Span::seconds(60));
        let attempt = self.at_totp(None);
        let code = self.code();
        match self.totp(None, &attempt, code) {
            Ok(Answer::ActivationNeeded { attempt }) => attempt,
            Ok(_) => panic!("another step"),
            Err(refusal) => panic!("{refusal}"),
        }
    }

    /// Signed in on a new browser with all steps, and that browser confirmed by the operator.
    pub fn signed_in(&mut self) -> SignedIn {
        let done = self.signed_in_by_code();
        let role = access::device::DeviceRole::Administer;
        let confirm = access::device::Command::SetRole { device: done.device, role };
        self.system(Command::Device(confirm)).ok().unwrap();
        done
    }

    /// Signed in on a new browser with all steps; a typed code alone stands behind it.
    pub fn signed_in_by_code(&mut self) -> SignedIn {
        let attempt = self.at_activation();
        let code = self.mailed();
        match self.activate(&attempt, &code) {
            Ok(Answer::SignedIn(done)) => done,
            Ok(_) => panic!("another step"),
            Err(refusal) => panic!("{refusal}"),
        }
    }

    pub fn link(&mut self, purpose: Purpose) -> Secret {
        let issue = access::link::Command::Issue { purpose };
        match self.system(Command::Link(issue)) {
            Ok(Answer::Link { token, .. }) => token,
            _ => panic!("no link"),
        }
    }

    pub fn open(&mut self, token: &Secret) -> Result<SignedIn, Refusal> {
        match self.visit(None, sign_in::Command::Link { token: copy(token) })? {
            Answer::SignedIn(done) => Ok(done),
            _ => panic!("another step"),
        }
    }
}
