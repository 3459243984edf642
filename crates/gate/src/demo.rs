//! What a new demo folder gets: a person, three credentials, and a link that signs in.

use std::sync::{Arc, PoisonError};

use access::account;
use access::authenticator;
use access::entitlements::{Products, Rate, Symbols};
use access::id::AccountId;
use access::link::Purpose;
use access::refusal::ChangeRefusal;
use access::{Call, Command, Refusal, Scopes, Secret, Span, SymbolId, credential};
use data_encoding::BASE32_NOPAD;
use rust_decimal::Decimal;
use store::Key;

use crate::Gate;
use crate::ask;
use crate::authenticator::TotpSetup;
use crate::person::{LinkIssued, system};

mod secrets;

pub use secrets::DemoSecrets;

/// The name that the demo's person signs in with.
pub const USERNAME: &str = "trader";
/// The demo's credentials and their ports.
pub const SOCKETS: [(&str, u16); 3] = [("trading", 7497), ("read-only", 7498), ("narrow", 7499)];

/// What a demo folder shows, through the gate. Cheap to copy.
#[derive(Clone, Copy)]
pub struct DemoGate<'a> {
    gate: &'a Gate,
}

impl Gate {
    /// What a demo folder shows, through the gate.
    pub const fn demo(&self) -> DemoGate<'_> {
        DemoGate { gate: self }
    }
}

impl DemoGate<'_> {
    /// What to show once: only the start that made a demo folder has it, and gives it out once.
    pub fn secrets(self) -> Option<DemoSecrets> {
        self.gate.0.people.secrets.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// A fresh sign-in link for the demo's banner; only demo folders have one.
    pub async fn link(self) -> Result<LinkIssued, Refusal> {
        if !self.gate.is_demo() {
            return Err(Refusal::Change(ChangeRefusal::OperatorOnly));
        }
        self.gate.issue(&system(), USERNAME, Purpose::SignIn).await
    }
}

impl Gate {
    /// Fills a new demo folder.
    pub(crate) async fn create_demo(&self) -> Result<(), Refusal> {
        self.create_person(USERNAME).await?;
        let moment = self.moment()?;
        // 100 bits in five groups of four, easy to copy by hand.
        let drawn = BASE32_NOPAD.encode(&moment.draw::<13>("demo password")).to_lowercase();
        let groups: Vec<&str> = (0..5).filter_map(|at| drawn.get(at * 4..at * 4 + 4)).collect();
        let text = groups.join("-");
        let hash = self.hash(Secret::from_text(text.clone())).await?;
        let password = authenticator::Command::SetPassword { hash, old: None };
        self.run_demo(Command::Authenticator(password)).await?;
        let key = Key::Username(USERNAME);
        let (secret, uri) = self.ask(key, None, system(), ask::totp(false)).await?;
        let totp = TotpSetup { secret, uri };
        self.permit_everything().await?;
        for (name, port) in SOCKETS {
            self.create_demo_credential(name, port).await?;
        }
        // What the demo made for its person is no news to them.
        let person = self.people().find(USERNAME).await?.id;
        self.read_until(person, self.now()).await?;
        let secrets = DemoSecrets {
            username: USERNAME.to_owned(),
            password: Secret::from_text(text),
            totp,
            link: self.demo().link().await?,
        };
        let mut kept = self.0.people.secrets.lock().unwrap_or_else(PoisonError::into_inner);
        *kept = Some(secrets);
        Ok(())
    }

    /// A demo is there to try whatever can be traded.
    async fn permit_everything(&self) -> Result<(), Refusal> {
        let (by, source) = system();
        let account = AccountId::from(self.account());
        let command = account::Command::Permit { account, products: Products::ALL };
        let call = Arc::new(Call { by, source, command: Command::Account(command) });
        self.run_done(Key::Account(account), &call).await.map(drop)
    }

    async fn create_demo_credential(&self, name: &str, port: u16) -> Result<(), Refusal> {
        let new = credential::NewCredential {
            name: name.to_owned(),
            accounts: vec![self.account()],
            scopes: self.demo_scopes(name),
            with_token: false,
            door: credential::Door::Socket { port },
            serves_api: false,
        };
        let command = Command::Credential(credential::Command::Create(Box::new(new)));
        self.run_demo(command).await
    }

    fn demo_scopes(&self, name: &str) -> Scopes {
        let now = self.now();
        let year = now + Span::days(365);
        match name {
            "read-only" => Scopes::read_only(year),
            "narrow" => {
                let mut scopes = Scopes::trading(now + Span::days(30));
                let apple = self.markets().instruments().named("AAPL").map(|contract| contract.id);
                scopes.symbols = Symbols::only(apple.into_iter().collect::<Vec<SymbolId>>());
                scopes.rate = Some(Rate { per_second: 5, burst: 5 });
                scopes.limits.max_quantity = Some(100);
                scopes.limits.max_notional = Some(Decimal::from(20_000));
                scopes
            }
            _ => Scopes::trading(year),
        }
    }

    async fn run_demo(&self, command: Command) -> Result<(), Refusal> {
        let (by, source) = system();
        let call = Arc::new(Call { by, source, command });
        self.run_done(Key::Username(USERNAME), &call).await.map(drop)
    }
}
