//! A demo folder of its own for each test, on a clock that the test moves.

use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::sync::{Arc, LazyLock};

use access::{Secret, Span, Time};
use gate::disk::LocalDisk;
use gate::folder::FolderError;
use gate::{
    Actor, Browser, BrowserKey, Clock, Config, DemoSecrets, Durability, Gate, Hours, OpenError,
    SessionTicket, Shows, SignInStep, SignedIn,
};

pub const HOME: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
pub const AWAY: IpAddr = IpAddr::V4(Ipv4Addr::new(198, 51, 100, 7));
pub const OPERATOR: Actor = Actor::Operator { uid: 1000 };
pub const ORIGIN: &str = "http://localhost:8080";
/// The key of the browsers of these tests.
pub static KEY: LazyLock<BrowserKey> = LazyLock::new(|| BrowserKey::generate().unwrap());
const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

pub struct Place {
    pub gate: Gate,
    pub clock: Clock,
    pub secrets: DemoSecrets,
    pub folder: tempfile::TempDir,
}

pub fn config(data: &Path, demo: bool) -> Config {
    Config {
        data: data.to_owned(),
        database: None,
        durability: Durability::Process,
        demo,
        seed: Some(7),
        hours: Hours::RoundTheClock,
        portal_origin: ORIGIN.parse().unwrap(),
        passkeys: None,
        token_required_by_default: false,
    }
}

pub fn start() -> Time {
    Time::from_seconds(1_795_000_000)
}

pub async fn open(data: &Path, clock: &Clock) -> Gate {
    loop {
        match Gate::open_with(config(data, true), clock.clone(), Arc::new(LocalDisk)).await {
            Ok(gate) => return gate,
            // A thread may hold the one before for a moment.
            Err(OpenError::Folder(FolderError::InUse { .. } | FolderError::Shared { .. })) => {
                tokio::task::yield_now().await;
            }
            Err(error) => panic!("{error}"),
        }
    }
}

impl Place {
    pub async fn new() -> Self {
        Self::in_hours(Hours::RoundTheClock).await
    }

    /// The same with markets that trade at these hours.
    pub async fn in_hours(hours: Hours) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::manual(start());
        let config = Config { hours, ..config(folder.path(), true) };
        let gate = Gate::open_with(config, clock.clone(), Arc::new(LocalDisk)).await.unwrap();
        let secrets = gate.demo().secrets().expect("a new folder has secrets to show");
        assert!(gate.demo().secrets().is_none(), "they are shown once");
        Self { gate, clock, secrets, folder }
    }

    /// The same folder after a stop and a start.
    pub async fn reopened(self) -> Self {
        let Self { gate, folder, clock, secrets } = self;
        drop(gate);
        let gate = open(folder.path(), &clock).await;
        Self { gate, clock, secrets, folder }
    }

    /// Moves the clock on.
    pub fn pass(&self, span: Span) {
        self.clock.set(self.clock.stamp() + span);
    }

    pub fn password(&self) -> Secret {
        Secret::new(self.secrets.password.expose().to_vec())
    }

    pub async fn code(&self) -> String {
        self.gate.authenticators().totp_now("trader").await.unwrap()
    }

    /// Signs in by the demo's link.
    pub async fn by_link(&self) -> (SessionTicket, SignedIn) {
        let link = self.gate.demo().link().await.unwrap();
        let signed_in =
            done(self.gate.sign_ins().by_link(&link.token, &browser(None)).await.unwrap());
        (self.ticket(&signed_in), signed_in)
    }

    pub fn ticket(&self, signed_in: &SignedIn) -> SessionTicket {
        self.gate.sessions().by_token(text(&signed_in.session_token), HOME, shows()).unwrap()
    }

    /// The last code in the outbox.
    pub async fn activation_code(&self) -> String {
        let outbox = self.gate.notices().outbox(&OPERATOR).await.unwrap();
        outbox.iter().find_map(|notice| notice.code.clone()).expect("a code was sent")
    }
}

pub fn browser(device_token: Option<&Secret>) -> Browser {
    from(HOME, device_token)
}

pub fn from(address: IpAddr, device_token: Option<&Secret>) -> Browser {
    let device_token = device_token.map(|token| Secret::new(token.expose().to_vec()));
    let user_agent = FIREFOX.to_owned();
    Browser { device_token, address, key: shows().key, user_agent, stay: access::stay::Stay::Usual }
}

/// What a request of these browsers shows.
pub fn shows() -> Shows<'static> {
    let later = start() + Span::days(3_650);
    Shows { key: Some(KEY.shown(later).unwrap()), hardware: None }
}

pub fn text(secret: &Secret) -> &str {
    secret.expose_text().unwrap()
}

pub fn secret(text: &str) -> Secret {
    Secret::from_text(text.to_owned())
}

pub fn done(step: SignInStep) -> SignedIn {
    match step {
        SignInStep::Done(signed_in) => signed_in,
        SignInStep::Totp { .. } => panic!("a TOTP code is asked for"),
        SignInStep::Activate { .. } => panic!("an activation code is asked for"),
    }
}

pub fn totp(step: SignInStep) -> Secret {
    match step {
        SignInStep::Totp { attempt } => attempt,
        _ => panic!("no TOTP code is asked for"),
    }
}

pub fn activation(step: SignInStep) -> Secret {
    match step {
        SignInStep::Activate { attempt } => attempt,
        _ => panic!("no activation code is asked for"),
    }
}
