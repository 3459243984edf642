//! Who asks, and from where.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::binding::PublicKey;
use crate::id::{CredentialId, IdError, SessionId};
use crate::name::tidy;
use crate::secret::{Digest, Secret};
use crate::stay::Stay;

/// Longest user agent that is kept, in bytes.
const AGENT_LIMIT: usize = 256;

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum By {
    /// Someone who is not signed in.
    Visitor,
    /// A person, by a session.
    Session(SessionId),
    /// A program, by a credential; it administers nothing, and its refusals are recorded.
    Credential(CredentialId),
    /// The person who runs the server, with the user id that the control socket saw.
    Operator {
        /// User id of the operating system.
        uid: u32,
    },
    /// The server itself: demo folders and clean-up.
    System,
}

impl By {
    /// Whether it is the operator or the server itself.
    pub const fn runs_the_server(self) -> bool {
        matches!(self, Self::Operator { .. } | Self::System)
    }
}

impl fmt::Display for By {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Visitor => f.write_str("visitor"),
            Self::Session(id) => write!(f, "{id}"),
            Self::Credential(id) => write!(f, "{id}"),
            Self::Operator { uid } => write!(f, "operator:{uid}"),
            Self::System => f.write_str("system"),
        }
    }
}

impl FromStr for By {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        match text {
            "visitor" => Ok(Self::Visitor),
            "system" => Ok(Self::System),
            _ => match text.strip_prefix("operator:").map(str::parse) {
                Some(Ok(uid)) => Ok(Self::Operator { uid }),
                Some(Err(_)) => Err(IdError { expected: "operator: and a user id" }),
                None if text.starts_with(CredentialId::PREFIX) => {
                    text.parse().map(Self::Credential)
                }
                None => text.parse().map(Self::Session),
            },
        }
    }
}

impl Serialize for By {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for By {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// Where a call comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Address of the caller; none at the command line.
    pub address: Option<IpAddr>,
    /// Digest of the device token that came with it, right or not.
    pub device: Option<Digest>,
    /// The key of the caller's browser that signed this request, checked.
    pub key: Option<PublicKey>,
    /// Whether this very request comes with a sign-in of its person for what it asks.
    pub fresh: bool,
    /// How long its person wants to stay signed in there; asked with a sign-in.
    pub stay: Stay,
    /// What the caller's program calls itself; at most 256 bytes, without control characters.
    pub agent: String,
}

impl Source {
    /// A browser, with the device token that its cookie held and the key that signed its request.
    pub fn browser(
        address: IpAddr,
        device: Option<&Secret>,
        key: Option<PublicKey>,
        agent: &str,
    ) -> Self {
        Self {
            address: Some(address),
            device: device.map(Secret::digest),
            key,
            fresh: false,
            stay: Stay::Usual,
            agent: tidy(agent, AGENT_LIMIT),
        }
    }

    /// The server's own command line.
    pub fn local() -> Self {
        let (key, stay, agent) = (None, Stay::Usual, String::new());
        Self { address: None, device: None, key, fresh: false, stay, agent }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.address {
            Some(address) => write!(f, "{address}"),
            None => f.write_str("local"),
        }
    }
}
