//! The programs that are connected now, by credential. They belong to this process only: a
//! connection that is gone leaves nothing behind but its entry in the journal.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use access::id::{CredentialId, Holder};
use access::moment::Time;

/// A program that is connected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connected {
    /// What it calls itself.
    pub client: String,
    /// From where.
    pub address: IpAddr,
    /// When that began.
    pub since: Time,
}

/// What a program calls itself, as it is shown: older versions wrote `client 2, ib_async or like it
/// (v157..178, speaks 178)` for `ib_async (client 2)`.
pub(crate) fn shown(told: &str) -> String {
    let older = || {
        let (client, rest) = told.strip_prefix("client ")?.split_once(", ")?;
        let (library, _) = rest.split_once(" (v")?;
        let library = library.trim_start_matches("an ").trim_end_matches(" or like it");
        Some(format!("{library} (client {client})"))
    };
    older().unwrap_or_else(|| told.to_owned())
}

/// All of them, each under its credential and a number of its own.
#[derive(Clone, Default)]
pub(crate) struct Connections(Arc<Mutex<Places>>);

#[derive(Default)]
struct Places {
    next: u64,
    all: BTreeMap<(CredentialId, u64), Connected>,
}

impl Connections {
    fn places(&self) -> MutexGuard<'_, Places> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Enters a program; it is connected until what comes back is dropped.
    pub(crate) fn enter(&self, holder: Holder, connected: Connected) -> Presence {
        let Holder::Credential(credential) = holder else { return Presence(None) };
        let mut places = self.places();
        let key = (credential, places.next);
        places.next = places.next.wrapping_add(1);
        places.all.insert(key, connected);
        Presence(Some((self.clone(), key)))
    }

    /// The programs that are connected by a credential, the first to come first.
    pub(crate) fn of(&self, credential: CredentialId) -> Vec<Connected> {
        let places = self.places();
        let theirs = places.all.range((credential, 0)..=(credential, u64::MAX));
        theirs.map(|(_, connected)| connected.clone()).collect()
    }
}

/// A program's place among those that are connected, until this is dropped.
#[must_use]
pub struct Presence(Option<(Connections, (CredentialId, u64))>);

impl Drop for Presence {
    fn drop(&mut self) {
        if let Some((connections, key)) = self.0.take() {
            connections.places().all.remove(&key);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    #[test]
    fn client_is_shown_without_the_numbers_that_older_versions_wrote() {
        for (told, says) in [
            ("client 2, ib_async or like it (v157..178, speaks 178)", "ib_async (client 2)"),
            ("client 0, an unknown library (v1..2, speaks 2)", "unknown library (client 0)"),
            ("ib_async (client 2)", "ib_async (client 2)"),
            ("bot7", "bot7"),
            ("client 7", "client 7"),
        ] {
            assert_eq!(shown(told), says);
        }
    }

    #[test]
    fn program_is_listed_by_its_credential_until_its_presence_is_dropped() {
        let connections = Connections::default();
        let (one, two) = (CredentialId([1; 16]), CredentialId([2; 16]));
        let connected = |client: &str| Connected {
            client: client.to_owned(),
            address: Ipv4Addr::LOCALHOST.into(),
            since: Time(5),
        };
        let first = connections.enter(Holder::Credential(one), connected("a"));
        let second = connections.enter(Holder::Credential(one), connected("b"));
        let other = connections.enter(Holder::System, connected("c"));
        assert_eq!(connections.of(one), [connected("a"), connected("b")]);
        assert_eq!(connections.of(two), []);
        drop((first, other));
        assert_eq!(connections.of(one), [connected("b")]);
        drop(second);
        assert_eq!(connections.of(one), []);
    }
}
