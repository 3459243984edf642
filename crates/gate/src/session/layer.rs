//! The layers of a session: what each says of it now, and what to do where one is down. One piece
//! for every door, so that none says 'signed in' where nothing works.

use std::net::IpAddr;

use access::device::{DeviceRole, Standing};
use access::policy::NewNetwork;
use access::refusal::Remedy;
use access::session::{Interface, Session};
use access::{AccountId, Act, Grade, PaperAccountId, PersonId, Refusal, SessionId, Slice, Time};
use store::Key;

use crate::session::SessionGate;
use crate::session::SessionInfo;

/// The state of a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LayerState {
    /// It takes nothing away.
    Up,
    /// It leaves less than everything.
    Narrow,
    /// It leaves nothing to do but look, or not even that.
    Down,
}

impl LayerState {
    /// For programs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Narrow => "narrow",
            Self::Down => "down",
        }
    }
}

/// One layer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layer {
    /// Its name, for programs too.
    pub name: &'static str,
    /// Its state.
    pub state: LayerState,
    /// What it says of the session.
    pub says: String,
    /// What to do about it, where something can be done.
    pub next: Option<Advice>,
}

/// What to do about a layer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Advice {
    /// What is done at a page or with a command, which each door words.
    Remedy(Remedy),
    /// What is done anywhere.
    Text(String),
}

impl From<&str> for Advice {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<Remedy> for Advice {
    fn from(remedy: Remedy) -> Self {
        Self::Remedy(remedy)
    }
}

/// A session, layer by layer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layers {
    /// The session.
    pub session: SessionId,
    /// The person.
    pub person: PersonId,
    /// The name that they sign in with.
    pub username: String,
    /// At which interface.
    pub interface: Interface,
    /// Whether it can place orders now, all layers together; why not.
    pub trades: Result<(), Refusal>,
    /// The layers, from who it is to what trades.
    pub layers: Vec<Layer>,
}

/// What the layers are made from.
struct Ground<'a> {
    slice: &'a Slice,
    session: &'a Session,
    live: &'a SessionInfo,
    /// Where it is looked at from, or was used last.
    address: Option<IpAddr>,
    /// The account that it is looked at for.
    account: AccountId,
    now: Time,
}

impl SessionGate<'_> {
    /// The accounts that the person of a live session has a mandate on, ascending.
    pub async fn accounts(self, session: SessionId) -> Result<Vec<PaperAccountId>, Refusal> {
        let unknown = || Refusal::not_found("session");
        let live =
            self.gate.0.people.sessions.info(session, self.gate.now()).ok_or_else(unknown)?;
        let slice = self.gate.load(Key::Person(live.person)).await?;
        let mut accounts: Vec<_> =
            slice.mandates.iter().filter_map(|mandate| mandate.account.paper()).collect();
        accounts.sort_unstable();
        Ok(accounts)
    }

    /// A live session, layer by layer, on this account, as it is from this address, or from where it was used last.
    pub async fn layers(
        self,
        session: SessionId,
        account: PaperAccountId,
        address: Option<IpAddr>,
    ) -> Result<Layers, Refusal> {
        let unknown = || Refusal::not_found("session");
        let now = self.gate.now();
        let live = self.gate.0.people.sessions.info(session, now).ok_or_else(unknown)?;
        let slice = self.gate.load(Key::Person(live.person)).await?;
        let found = slice.session(session).ok_or_else(unknown)?;
        let address = address.or(live.address);
        let account = AccountId::from(account);
        let ground = Ground { slice: &slice, session: found, live: &live, address, account, now };
        let mut layers = ground.layers();
        layers.push(self.exchange_layer().await);
        let mut given = slice.session_entitlements(found, account, false)?;
        if ground.elsewhere() {
            given = given.moved();
        }
        let places = given.acts.contains(Act::PlaceOrder);
        let trades = if places { self.gate.health() } else { Err(given.why_not(Act::PlaceOrder)) };
        Ok(Layers {
            session,
            person: live.person,
            username: live.username.clone(),
            interface: found.interface,
            trades,
            layers,
        })
    }

    async fn exchange_layer(self) -> Layer {
        let view = match self.gate.health() {
            Ok(()) => self.gate.view().await,
            Err(refusal) => Err(refusal),
        };
        let (state, says) = match view {
            Ok(view) if view.market_open => {
                (LayerState::Up, "running; the markets are open".to_owned())
            }
            Ok(view) => {
                (LayerState::Up, format!("running; the markets open at {}", view.next_open))
            }
            Err(refusal) => (LayerState::Down, format!("no orders are accepted: {refusal}")),
        };
        let next = (state == LayerState::Down).then(|| "tell the operator".into());
        Layer { name: "exchange", state, says, next }
    }
}

fn layer<A: Into<Advice>>(
    name: &'static str,
    state: LayerState,
    says: String,
    next: Option<A>,
) -> Layer {
    Layer { name, state, says, next: next.map(A::into) }
}

/// A layer about which nothing has to be done.
const fn up(name: &'static str, says: String) -> Layer {
    Layer { name, state: LayerState::Up, says, next: None }
}

impl Ground<'_> {
    fn layers(&self) -> Vec<Layer> {
        vec![
            self.identity(),
            self.binding(),
            self.device(),
            self.network(),
            self.policy(),
            self.brokerage(),
            self.account(),
        ]
    }

    fn elsewhere(&self) -> bool {
        self.address.is_some_and(|address| self.session.is_elsewhere(address))
    }

    fn identity(&self) -> Layer {
        let session = self.session;
        let by: Vec<_> = session.proven_by.iter().map(|one| one.text()).collect();
        let says = format!(
            "confirmed at {} by {}; assurance: {}",
            session.proven_at,
            by.join(" and "),
            session.assurance
        );
        let needs = self.slice.policy(session.interface).needs;
        let wanted = needs.trade.max(needs.administer).max(needs.view);
        if session.assurance >= wanted {
            return up("identity", says);
        }
        let says = format!("{says}; your policy requires {wanted}");
        layer("identity", LayerState::Narrow, says, Some(wanted.how()))
    }

    fn binding(&self) -> Layer {
        let says = match (self.session.key.is_some(), self.session.hardware.is_some()) {
            (true, true) => "a key of its browser and its device's hardware",
            (true, false) => "a key of its browser",
            (false, true) => "its device's hardware",
            (false, false) => {
                let next = "sign in for each action, or use a browser with JavaScript";
                let says = "not bound to its browser: view-only".to_owned();
                return layer("binding", LayerState::Narrow, says, Some(next));
            }
        };
        up("binding", says.to_owned())
    }

    fn device(&self) -> Layer {
        let Some(device) = self.slice.device(self.session.device) else {
            let next = Some("sign in again");
            return layer("device", LayerState::Down, "forgotten".to_owned(), next);
        };
        let (name, role) = (&device.name, device.role);
        let trust = match (device.standing(self.now), device.state) {
            (Standing::Trusted, access::device::DeviceState::Trusted { until }) => {
                format!("trusted until {until}")
            }
            (Standing::Blocked, _) => "blocked".to_owned(),
            _ => "no longer trusted; the next sign-in activates it again".to_owned(),
        };
        if !device.confirmed {
            let says = format!("{name}: {trust}; activated only by a typed code, so view-only");
            let next = "use a passkey here, or change its role from another device";
            return layer("device", LayerState::Narrow, says, Some(next));
        }
        let says = format!("{name}: {trust}; it may {role}");
        let (state, next) = match role {
            DeviceRole::Administer => (LayerState::Up, None),
            _ => (LayerState::Narrow, Some("change its role from another of your devices")),
        };
        layer("device", state, says, next)
    }

    fn network(&self) -> Layer {
        let Some(address) = self.address else {
            return up("network", "unknown".to_owned());
        };
        let network = access::network::of(address);
        if !self.elsewhere() {
            let says = format!("{network}, where it was confirmed");
            return up("network", says);
        }
        let there = self.slice.policy(self.session.interface).new_network;
        let says = format!("{network}, new to this session: it {there}");
        match there {
            NewNetwork::Keep => up("network", says),
            NewNetwork::Prove => {
                let next = Some("confirm it's you here");
                layer("network", LayerState::Narrow, says, next)
            }
            NewNetwork::Look => layer("network", LayerState::Narrow, says, Some("sign in here")),
        }
    }

    fn policy(&self) -> Layer {
        let policy = self.slice.policy(self.session.interface);
        let mut says = format!(
            "{}; {}; ends at {} if idle, at {} in any case",
            policy.interface, policy.tempo, self.live.idle_until, self.session.until
        );
        let opens = self.slice.openings.iter().find(|opens| **opens > self.now);
        if let Some(opens) = opens {
            says = format!("{says}; the next window opens at {opens}");
        }
        if policy.tempo == access::policy::Tempo::Unattended {
            let next = Some(Remedy::ChangePolicy);
            return layer("policy", LayerState::Narrow, says, next);
        }
        let next = access::window::renewed(self.slice, self.session, self.now)
            .filter(|_| self.session.is_windowed())
            .map(|then| Advice::Text(format!("confirm it's you now to extend it until {then}")));
        Layer { name: "policy", state: LayerState::Up, says, next }
    }

    fn brokerage(&self) -> Layer {
        let up = |says: String| up("brokerage", says);
        if self.slice.brokerage.is_none() {
            return up("any session that may trade can trade".to_owned());
        }
        if !self.slice.competes(self.session, true) {
            return up("this session does not compete for trading".to_owned());
        }
        match self.slice.broker() {
            Some(held) if held.session == self.session.id => {
                up(format!("this session has been trading since {}", held.since))
            }
            Some(held) => layer(
                "brokerage",
                LayerState::Narrow,
                format!("{} has been trading since {}", held.device, held.since),
                Some(Remedy::TakeOver),
            ),
            None => layer(
                "brokerage",
                LayerState::Narrow,
                "no session is trading".to_owned(),
                Some(Remedy::TakeOver),
            ),
        }
    }

    fn account(&self) -> Layer {
        let account = self.account;
        let grade = self.slice.grade(account);
        match grade {
            Grade::None => up("account", format!("{account}, no lock")),
            Grade::All => {
                let says = format!("{account}, locked: {}", grade.text());
                layer("account", LayerState::Down, says, Some(Remedy::UnlockByOperator))
            }
            Grade::ReduceOnly | Grade::NoNew => {
                let says = format!("{account}, locked: {}", grade.text());
                layer("account", LayerState::Narrow, says, Some(Remedy::Unlock))
            }
        }
    }
}
