//! Sessions: what a person gets by signing in at one interface.

use std::fmt;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::address::Network;
use crate::agent::Agent;
use crate::binding::{BIND_WINDOW, PublicKey};
use crate::decision::{Answer, Decision, Ground};
use crate::entitlements::{Act, Acts};
use crate::id::{DeviceId, LockId, PersonId, SessionId};
use crate::moment::{Span, Time};
use crate::network;
use crate::notice;
use crate::policy::Assurance;
use crate::refusal::Refusal;
use crate::secret::Digest;
use crate::slice::{Slice, put};
use crate::stay::Stay;

mod end;
mod method;

pub use end::SessionEnd;
pub use method::Method;

/// A way in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Interface {
    /// The Client Portal, in a browser.
    Portal,
    /// The portal on a phone that answers approvals.
    Phone,
    /// The desktop program.
    Desktop,
    /// The workstation.
    Workstation,
    /// The TWS socket, for programs.
    Socket,
    /// The web API, for a person's own programs.
    WebApi,
    /// Another company's app.
    App,
    /// The operator's command line.
    Operator,
}

impl Interface {
    /// Every interface.
    pub const ALL: [Self; 8] = [
        Self::Portal,
        Self::Phone,
        Self::Desktop,
        Self::Workstation,
        Self::Socket,
        Self::WebApi,
        Self::App,
        Self::Operator,
    ];

    /// Those whose policy a person sets. A credential at the socket has its own end and scopes, and
    /// the operator is known to the system that runs the server.
    pub const OF_PEOPLE: [Self; 6] =
        [Self::Portal, Self::Phone, Self::Desktop, Self::Workstation, Self::WebApi, Self::App];

    /// Its name in tables.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Portal => "portal",
            Self::Phone => "phone",
            Self::Desktop => "desktop",
            Self::Workstation => "workstation",
            Self::Socket => "socket",
            Self::WebApi => "web_api",
            Self::App => "app",
            Self::Operator => "operator",
        }
    }

    /// The acts that it offers.
    pub const fn acts(self) -> Acts {
        match self {
            Self::Portal | Self::Phone | Self::Desktop | Self::Workstation => Acts::ALL,
            Self::Socket | Self::WebApi | Self::App => Acts::VIEW.or(Acts::TRADE),
            Self::Operator => Acts::NONE,
        }
    }
}

impl fmt::Display for Interface {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Portal => "portal",
            Self::Phone => "phone",
            Self::Desktop => "desktop",
            Self::Workstation => "workstation",
            Self::Socket => "socket",
            Self::WebApi => "web API",
            Self::App => "app",
            Self::Operator => "operator",
        })
    }
}

/// A live session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// Whose.
    pub person: PersonId,
    /// On which device.
    pub device: DeviceId,
    /// Digest of its token.
    pub token: Digest,
    /// At which interface.
    pub interface: Interface,
    /// How the person was proven.
    pub methods: Vec<Method>,
    /// The key of its browser that signs each of its requests.
    pub key: Option<PublicKey>,
    /// The key in its device's hardware that it is bound to as well.
    pub hardware: Option<PublicKey>,
    /// When its person was proven last: by its sign-in, or by a step-up.
    pub proven_at: Time,
    /// By what.
    #[serde(default)]
    pub proven_by: Vec<Method>,
    /// How surely, at best since it began.
    #[serde(default)]
    pub assurance: Assurance,
    /// From where it was begun.
    pub address: Option<IpAddr>,
    /// The networks that it was used from.
    #[serde(default)]
    pub networks: Vec<Seen>,
    /// Since when.
    pub started_at: Time,
    /// It ends when unused for this long.
    pub idle: Span,
    /// When it ends in any case.
    pub until: Time,
    /// Its person was told that it ends.
    #[serde(default)]
    pub announced: bool,
    /// The lock that it set and whose receipt is all that it still shows.
    pub receipt: Option<LockId>,
    /// Until when a recovery holds what its person does in it; it ends then.
    #[serde(default)]
    pub held_until: Option<Time>,
    /// How long its browser was asked to stay signed in.
    #[serde(default)]
    pub stay: Stay,
    /// What its browser said of itself; none of one from before that was kept.
    #[serde(default)]
    pub agent: Option<Agent>,
}

/// A network that a session was used from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// Which.
    pub network: Network,
    /// Whether its person was proven there.
    pub proven: bool,
}

/// Networks of a session that are kept apart.
const MOST_NETWORKS: usize = 8;

impl Session {
    /// Whether a copy of its cookie is worth nothing elsewhere.
    pub const fn is_bound(&self) -> bool {
        self.key.is_some() || self.hardware.is_some()
    }

    /// Whether an address is at a network that its person was not proven at in it. One from before
    /// networks were kept was proven where it began.
    pub fn is_elsewhere(&self, address: IpAddr) -> bool {
        let there = network::of(address);
        if self.networks.is_empty() {
            return self.address.is_some_and(|began| network::of(began) != there);
        }
        !self.networks.iter().any(|seen| seen.proven && seen.network == there)
    }

    /// Whether a network is known to it, proven or not.
    pub(crate) fn has_seen(&self, network: Network) -> bool {
        let began = self.address.map(network::of);
        self.networks.iter().any(|seen| seen.network == network)
            || (self.networks.is_empty() && began == Some(network))
    }

    /// Its networks with one more; with too many the first that nobody was proven at goes, else
    /// the first.
    pub(crate) fn networks_with(&self, network: Network, proven: bool) -> Vec<Seen> {
        let mut networks = self.networks.clone();
        if networks.is_empty() {
            let began = self.address.map(network::of);
            networks.extend(began.map(|network| Seen { network, proven: true }));
        }
        if let Some(seen) = networks.iter_mut().find(|seen| seen.network == network) {
            seen.proven |= proven;
            return networks;
        }
        if networks.len() >= MOST_NETWORKS {
            let gives_way = networks.iter().position(|seen| !seen.proven).unwrap_or(0);
            networks.remove(gives_way);
        }
        networks.push(Seen { network, proven });
        networks
    }
}

/// What is asked about sessions.
pub enum Command {
    /// Ends the session that asks.
    SignOut,
    /// Ends one session of the person.
    End {
        /// Which.
        session: SessionId,
    },
    /// Ends all sessions of the person but the one that asks.
    EndOthers,
    /// Binds the session that asks to a key in its device's hardware, once, soon after its start.
    Bind {
        /// The key; the caller has shown that the browser holds it.
        hardware: PublicKey,
    },
    /// Tells of a copy of a session's cookie that was refused; asked by the server itself.
    Copied {
        /// Which.
        session: SessionId,
        /// From where the copy was used.
        address: IpAddr,
    },
    /// Ends a session that passed a limit; asked by the server itself.
    Expire {
        /// Which.
        session: SessionId,
        /// [`SessionEnd::Idle`] or [`SessionEnd::Absolute`].
        reason: SessionEnd,
    },
    /// Ends all sessions of the person, and approvals that wait for an answer; asked by the server itself
    /// after an upgrade.
    EndForUpgrade,
}

/// What happened to sessions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// Begun: a person signed in. Its device was seen now.
    Started(Box<Session>),
    /// Ended.
    Ended {
        /// Which.
        session: SessionId,
        /// When.
        at: Time,
        /// Why.
        reason: SessionEnd,
    },
    /// Bound to a key in its device's hardware.
    Bound {
        /// Which.
        session: SessionId,
        /// The key.
        hardware: PublicKey,
        /// Its idle limit from now on.
        idle: Span,
    },
    /// Bound to the new key of its browser.
    Keyed {
        /// Which.
        session: SessionId,
        /// The key.
        key: PublicKey,
    },
    /// Its person was proven again.
    Proven {
        /// Which.
        session: SessionId,
        /// How.
        methods: Vec<Method>,
        /// When.
        at: Time,
        /// How surely, at best since it began.
        #[serde(default)]
        assurance: Assurance,
        /// Its networks from now on.
        #[serde(default)]
        networks: Vec<Seen>,
        /// Digest of its new token.
        #[serde(default)]
        token: Option<Digest>,
    },
    /// Used from a network that it was not used from before.
    Moved {
        /// Which.
        session: SessionId,
        /// To where.
        network: Network,
        /// Its networks from now on.
        networks: Vec<Seen>,
    },
    /// Its limits were shortened by a policy.
    Limited {
        /// Which.
        session: SessionId,
        /// Its idle limit from now on.
        idle: Span,
        /// Its end.
        until: Time,
    },
    /// A proof of its person renewed it.
    Renewed {
        /// Which.
        session: SessionId,
        /// Its idle limit from now on.
        idle: Span,
        /// Its end.
        until: Time,
    },
    /// Its person was told that it ends.
    Announced {
        /// Which.
        session: SessionId,
    },
    /// It set a lock of grade `all` and keeps nothing but the receipt.
    KeptForReceipt {
        /// Which.
        session: SessionId,
        /// Of which lock.
        lock: LockId,
    },
}

impl Event {
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::Started(_) => "session.started",
            Self::Ended { .. } => "session.ended",
            Self::Bound { .. } => "session.bound",
            Self::Keyed { .. } => "session.keyed",
            Self::Proven { .. } => "session.proven",
            Self::Moved { .. } => "session.moved",
            Self::Limited { .. } => "session.limited",
            Self::Renewed { .. } => "session.renewed",
            Self::Announced { .. } => "session.announced",
            Self::KeptForReceipt { .. } => "session.kept_for_receipt",
        }
    }

    pub(crate) fn text(&self) -> String {
        match self {
            Self::Started(one) => {
                format!("Session {} began on {}, until {}", one.id, one.device, one.until)
            }
            Self::Ended { session, reason, .. } => {
                format!("Session {session} ended: {reason}")
            }
            Self::Bound { session, .. } => {
                format!("Session {session} bound to its device's hardware")
            }
            Self::Keyed { session, .. } => {
                format!("Session {session} bound to the new key of its browser")
            }
            Self::Proven { session, methods, .. } => {
                let how: Vec<_> = methods.iter().map(|one| one.text()).collect();
                let how = how.join(" and ");
                format!("Session {session}: its person confirmed by {how}; it has a new token")
            }
            Self::Moved { session, network, .. } => {
                format!("Session {session} is now also used from network {network}")
            }
            Self::Limited { session, until, .. } => {
                format!("Session {session} was shortened by a policy; it ends at {until}")
            }
            Self::Renewed { session, until, .. } => {
                format!("Session {session} was renewed until {until}")
            }
            Self::Announced { session } => {
                format!("The end of session {session} was announced")
            }
            Self::KeptForReceipt { session, lock } => {
                format!(
                    "Session {session} may still show the receipt of lock {lock}, and nothing else"
                )
            }
        }
    }
}

pub(crate) fn apply(slice: &mut Slice, event: &Event) {
    match event {
        Event::Started(session) => {
            let seen = slice.devices.iter_mut().find(|device| device.id == session.device);
            if let Some(device) = seen {
                device.signed_in(session);
            }
            put(&mut slice.sessions, Session::clone(session), |one| one.id);
        }
        Event::Ended { session, .. } => slice.sessions.retain(|one| one.id != *session),
        Event::Bound { session, .. }
        | Event::Keyed { session, .. }
        | Event::Proven { session, .. }
        | Event::Moved { session, .. }
        | Event::Limited { session, .. }
        | Event::Renewed { session, .. }
        | Event::Announced { session }
        | Event::KeptForReceipt { session, .. } => {
            for one in slice.sessions.iter_mut().filter(|one| one.id == *session) {
                one.apply(event);
            }
        }
    }
}

impl Session {
    fn apply(&mut self, event: &Event) {
        match event {
            Event::Started(_) | Event::Ended { .. } => {}
            Event::Bound { hardware, idle, .. } => {
                (self.hardware, self.idle) = (Some(*hardware), *idle);
            }
            Event::Keyed { key, .. } => self.key = Some(*key),
            Event::Proven { methods, at, assurance, networks, token, .. } => {
                (self.proven_at, self.assurance) = (*at, *assurance);
                self.token = token.unwrap_or(self.token);
                self.proven_by.clone_from(methods);
                self.networks.clone_from(networks);
            }
            Event::Moved { networks, .. } => self.networks.clone_from(networks),
            Event::Limited { idle, until, .. } => {
                (self.idle, self.until) = (*idle, *until);
            }
            Event::Renewed { idle, until, .. } => {
                (self.idle, self.until, self.announced) = (*idle, *until, false);
            }
            Event::Announced { .. } => self.announced = true,
            Event::KeptForReceipt { lock, .. } => self.receipt = Some(*lock),
        }
    }
}

pub(crate) fn decide(
    slice: &Slice,
    ground: &Ground<'_>,
    command: &Command,
) -> Result<Decision, Refusal> {
    let at = ground.moment.now;
    let ended = |session, reason| Event::Ended { session, at, reason }.into();
    let reason = if ground.by.runs_the_server() {
        SessionEnd::EndedByOperator
    } else {
        SessionEnd::EndedByPerson
    };
    match *command {
        Command::SignOut => {
            let session = ground.session(slice)?.id;
            Ok(Decision::new(vec![ended(session, SessionEnd::SignedOut)], Answer::Done))
        }
        Command::End { session } => {
            ground.authorise(slice, Act::ManageSessions)?;
            let session = slice.session(session).ok_or(Refusal::NotFound { what: "session" })?;
            let mut events = vec![ended(session.id, reason)];
            if reason == SessionEnd::EndedByOperator {
                events.push(notice::session_ended(slice, ground, session));
            }
            Ok(Decision::new(events, Answer::SessionsEnded { count: 1 }))
        }
        Command::EndOthers => {
            ground.authorise(slice, Act::ManageSessions)?;
            let others =
                slice.sessions.iter().filter(|one| ground.by != crate::call::By::Session(one.id));
            let events: Vec<_> = others.map(|one| ended(one.id, reason)).collect();
            let count = u32::try_from(events.len()).unwrap_or(u32::MAX);
            Ok(Decision::new(events, Answer::SessionsEnded { count }))
        }
        Command::EndForUpgrade => {
            if ground.by != crate::call::By::System {
                return Err(Refusal::OperatorOnly);
            }
            Ok(end_for_upgrade(slice, at))
        }
        Command::Bind { hardware } => bind(slice, ground, hardware),
        Command::Copied { session, address } => copied(slice, ground, session, address),
        Command::Expire { session, reason } => {
            if ground.by != crate::call::By::System {
                return Err(Refusal::OperatorOnly);
            }
            let session = slice.session(session).ok_or(Refusal::NotFound { what: "session" })?.id;
            Ok(Decision::new(vec![ended(session, reason)], Answer::SessionsEnded { count: 1 }))
        }
    }
}

fn end_for_upgrade(slice: &Slice, at: Time) -> Decision {
    let reason = SessionEnd::Upgraded;
    let ended =
        slice.sessions.iter().map(|one| Event::Ended { session: one.id, at, reason }.into());
    let open = slice.approvals.iter().filter(|one| one.is_open(at));
    let closed = open.map(|one| crate::approval::Event::Closed { approval: one.id }.into());
    let count = u32::try_from(slice.sessions.len()).unwrap_or(u32::MAX);
    Decision::new(ended.chain(closed).collect(), Answer::SessionsEnded { count })
}

fn bind(slice: &Slice, ground: &Ground<'_>, hardware: PublicKey) -> Result<Decision, Refusal> {
    let session = ground.session(slice)?;
    let age = ground.moment.now.since(session.started_at);
    // A later one may come from somebody who has copied the cookie.
    if session.hardware.is_some() || age > BIND_WINDOW {
        return Err(Refusal::BindingLate { age, limit: BIND_WINDOW });
    }
    let idle = if session.is_bound() {
        session.idle
    } else {
        slice.lasts(ground.moment.now, session.interface, session.device, true, session.stay).0
    };
    let event = Event::Bound { session: session.id, hardware, idle };
    Ok(Decision::new(vec![event.into()], Answer::Done))
}

/// A copy opens nothing, and says that somebody could read the browser's cookies.
fn copied(
    slice: &Slice,
    ground: &Ground<'_>,
    session: SessionId,
    address: IpAddr,
) -> Result<Decision, Refusal> {
    if ground.by != crate::call::By::System {
        return Err(Refusal::OperatorOnly);
    }
    let session = slice.session(session).ok_or(Refusal::NotFound { what: "session" })?;
    let device = slice.device(session.device).map(|device| device.name.to_string());
    let device = device.unwrap_or_else(|| "a browser".to_owned());
    let text = format!(
        "A copy of your session on {device} was used elsewhere, from {address}, and was refused: it lacked that browser's key, so it opened nothing. Somebody may be able to read that browser's cookies: sign out there, and look for programs and extensions that you did not install."
    );
    let subject = notice::Subject {
        device: Some(session.device),
        session: Some(session.id),
        address: Some(address),
    };
    let topic = notice::Topic::SessionCopied;
    let event = notice::queue_about(ground, session.person, topic, text, None, subject);
    Ok(Decision::new(vec![event], Answer::Done))
}
