//! Doors: by which way a program comes in.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The one way in by which a program uses its credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Kept", into = "Kept")]
pub enum Door {
    /// A socket of its own. The port names the credential and proves nothing about the caller.
    Socket {
        /// The port: 1024 or above.
        port: u16,
    },
    /// The HTTP API, which all its credentials have in common: the token names the credential.
    Api,
}

impl Door {
    /// Its word, in tables and for scripts.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Socket { .. } => "socket",
            Self::Api => "api",
        }
    }

    /// The port of a socket; the API has none for a credential of its own.
    pub const fn port(self) -> Option<u16> {
        match self {
            Self::Socket { port } => Some(port),
            Self::Api => None,
        }
    }

    /// The door of a word and a port; none where they do not go together.
    pub fn kept(word: &str, port: Option<u16>) -> Option<Self> {
        let door = match port {
            Some(port) => Self::Socket { port },
            None => Self::Api,
        };
        (door.word() == word).then_some(door)
    }
}

/// As people read it: `the socket at port 7497`.
impl fmt::Display for Door {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Socket { port } => write!(f, "the socket at port {port}"),
            Self::Api => f.write_str("the HTTP API"),
        }
    }
}

/// A door as evidence has it, among the other fields of its credential: `"port":7497`, as before there were
/// others, or `"door":"api"`.
#[derive(Serialize, Deserialize)]
struct Kept {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    port: Option<u16>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    door: Option<String>,
}

impl From<Door> for Kept {
    fn from(door: Door) -> Self {
        let word = || door.word().to_owned();
        Self { port: door.port(), door: door.port().is_none().then(word) }
    }
}

impl TryFrom<Kept> for Door {
    type Error = &'static str;

    fn try_from(kept: Kept) -> Result<Self, Self::Error> {
        let door = match (kept.port, kept.door) {
            (Some(port), None) => Some(Self::Socket { port }),
            (port, Some(word)) => Self::kept(&word, port).filter(|door| door.port().is_none()),
            (None, None) => None,
        };
        door.ok_or("a credential has a port or another door")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn word_and_port_of_every_door_lead_back_to_it() {
        for door in [Door::Socket { port: 7_497 }, Door::Api] {
            assert_eq!(Door::kept(door.word(), door.port()), Some(door));
        }
        for (word, port) in [("api", Some(7_497)), ("socket", None), ("", None)] {
            assert_eq!(Door::kept(word, port), None);
        }
    }
}
