//! What can be asked about sessions, what can happen, and what it does to a slice.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::end::SessionEnd;
use super::method::Method;
use super::record::{Seen, Session};
use crate::address::Network;
use crate::binding::PublicKey;
use crate::id::{LockId, SessionId};
use crate::moment::{Span, Time};
use crate::policy::Assurance;
use crate::secret::Digest;
use crate::slice::{Slice, put};

/// What is asked about sessions.
pub enum Command {
    /// Ends the session that asks.
    SignOut,
    /// Ends one session of the person.
    End {
        /// The session.
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
        /// The session.
        session: SessionId,
        /// From where the copy was used.
        address: IpAddr,
    },
    /// Ends a session that passed a limit; asked by the server itself.
    Expire {
        /// The session.
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
        /// The session.
        session: SessionId,
        /// When it happened.
        at: Time,
        /// Why.
        reason: SessionEnd,
    },
    /// Bound to a key in its device's hardware.
    Bound {
        /// The session.
        session: SessionId,
        /// The key.
        hardware: PublicKey,
        /// Its idle limit from now on.
        idle: Span,
    },
    /// Bound to the new key of its browser.
    Keyed {
        /// The session.
        session: SessionId,
        /// The key.
        key: PublicKey,
    },
    /// Its person was proven again.
    Proven {
        /// The session.
        session: SessionId,
        /// How the person was proven.
        methods: Vec<Method>,
        /// When it happened.
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
        /// The session.
        session: SessionId,
        /// To where.
        network: Network,
        /// Its networks from now on.
        networks: Vec<Seen>,
    },
    /// Its limits were shortened by a policy.
    Limited {
        /// The session.
        session: SessionId,
        /// Its idle limit from now on.
        idle: Span,
        /// Its end.
        until: Time,
    },
    /// A proof of its person renewed it.
    Renewed {
        /// The session.
        session: SessionId,
        /// Its idle limit from now on.
        idle: Span,
        /// Its end.
        until: Time,
    },
    /// Its person was told that it ends.
    Announced {
        /// The session.
        session: SessionId,
    },
    /// It set a lock of grade `all` and keeps nothing but the receipt.
    KeptForReceipt {
        /// The session.
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
