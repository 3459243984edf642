//! Keys that browsers hold, and what they bind.
//!
//! A browser with script keeps a key that it cannot export and signs every request with it: that
//! key is its device's, and a session that it starts is bound to it. On https a browser may bind a
//! session to a key in its hardware as well (Device Bound Session Credentials). A request of a
//! bound session that does not show each of its keys is refused, so a copied cookie opens nothing.
//! A session without either is *unbound*: it is view-only, and each act needs a sign-in.
//!
//! What comes before a session (a sign-in under way, a recovery, a passkey ceremony) keeps the key
//! that its first request showed, and continues only under that key: a session is bound to the
//! browser that started, never to the one that came last. What started without a key stays without
//! one.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::address::Network;
use crate::call::Source;
use crate::entitlements::Acts;
use crate::moment::Span;

mod fault;
mod key;

pub use fault::ProofFault;
pub use key::{KeyError, PublicKey};

/// How long an unbound session may go unused.
pub const UNBOUND_IDLE: Span = Span::minutes(15);
/// What an unbound session does without a sign-in for the act: it looks.
pub const UNBOUND_ACTS: Acts = Acts::VIEW;
/// How far the time of a signed request may be from ours: a proof expires after that.
pub const PROOF_WINDOW: Span = Span::seconds(60);
/// How long after its start a session may be bound to hardware.
pub const BIND_WINDOW: Span = Span::minutes(2);
/// How long one proof by hardware counts. Chromium makes at most six in nine minutes.
pub const HARDWARE_WINDOW: Span = Span::minutes(10);

/// The browser that began what is to become a session. What earlier versions began has none of it, and
/// counts as begun without a key.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Beginner {
    /// The key that the first request showed; none of a browser without script.
    pub key: Option<PublicKey>,
    /// Where it came from.
    pub address: Option<IpAddr>,
    /// Whether its person was told of a copy: once is enough.
    pub told: bool,
}

impl Beginner {
    /// The browser that a request comes from.
    pub const fn of(source: &Source) -> Self {
        Self { key: source.key, address: source.address, told: false }
    }

    /// Whether nothing is known of it, as of what earlier versions began.
    pub fn is_unknown(&self) -> bool {
        *self == Self::default()
    }

    /// Whether a request shows the key that it was begun with. One that shows a key where there was
    /// none is refused too: a copied cookie would bind its session to the key of anyone who copied it.
    pub fn is(&self, source: &Source) -> bool {
        self.key == source.key
    }

    /// Whether a request that does not show it comes from a copy: it shows another key, or comes from
    /// elsewhere. One without a proof from the same place is a page that was loaded past the worker,
    /// and one with a key for the first time, a script that came late.
    pub fn is_copied_by(&self, source: &Source) -> bool {
        let (ours, theirs) = (self.address.map(Network::site), source.address.map(Network::site));
        !self.is(source)
            && ((self.key.is_some() && source.key.is_some()) || (ours.is_some() && ours != theirs))
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn key_text_round_trips_and_other_points_are_refused() {
        let key = PublicKey::of_coordinates(&[1; 32], &[2; 32]).unwrap();
        assert_eq!(key.to_string().parse::<PublicKey>(), Ok(key));
        assert_eq!(PublicKey::of_coordinates(&[1; 31], &[2; 33]), None);
        let mut compressed = key.bytes().to_vec();
        *compressed.first_mut().unwrap() = 2;
        assert_eq!(PublicKey::new(&compressed), None);
        assert_eq!(PublicKey::new(&[4; 64]), None);
        assert!("04ff".parse::<PublicKey>().is_err());
    }
}
