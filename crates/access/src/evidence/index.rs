//! By what entries are found. All of it follows from the record itself, so a check can derive it
//! again, and no row can be hidden from a filter unnoticed.

use std::str::FromStr;

use super::{Entry, Event as Kept};
use crate::call::By;
use crate::decision::Event;
use crate::id::{CredentialId, DeviceId, SessionId};

/// By which rule entries are indexed. Whatever changes what [`Index::of`] or [`Topic::of`] says raises
/// it: the next start then indexes all entries again.
pub const INDEX_RULE: i64 = 1;

/// Characters of an id behind its prefix.
const ID_LENGTH: usize = 26;

/// What entries are about, as people look for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Topic {
    /// Sign-ins, sessions, approvals.
    SignIns,
    /// Orders.
    Orders,
    /// API credentials and the programs that use them.
    Credentials,
    /// Devices, phones among them.
    Devices,
    /// Recoveries and recovery contacts.
    Recovery,
    /// Locks.
    Locks,
    /// What people set up and choose.
    Settings,
    /// Messages to people.
    Messages,
    /// The server and its records.
    Server,
}

impl Topic {
    /// All of them, in the order in which they are offered.
    pub const ALL: [Self; 9] = [
        Self::SignIns,
        Self::Orders,
        Self::Credentials,
        Self::Devices,
        Self::Recovery,
        Self::Locks,
        Self::Settings,
        Self::Messages,
        Self::Server,
    ];

    /// Its name in filters, tables and exports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SignIns => "sign-ins",
            Self::Orders => "orders",
            Self::Credentials => "credentials",
            Self::Devices => "devices",
            Self::Recovery => "recovery",
            Self::Locks => "locks",
            Self::Settings => "settings",
            Self::Messages => "messages",
            Self::Server => "server",
        }
    }

    /// Of a kind of entry, and of the stable code of what was refused.
    pub fn of(kind: &str, code: Option<&str>) -> Self {
        if let Some(code) = code {
            return Self::of_code(code);
        }
        match kind.split('.').next().unwrap_or(kind) {
            "sign_in" | "session" | "throttle" | "link" | "approval" | "network" => Self::SignIns,
            "large_order" if kind != "large_order.set" => Self::Orders,
            "brokerage" => Self::Orders,
            "credential" | "program_connected" | "program_refused" => Self::Credentials,
            "device" | "push" => Self::Devices,
            "recovery" | "trustee" => Self::Recovery,
            "lock" => Self::Locks,
            "notice" => Self::Messages,
            "person" | "account" | "mandate" | "authenticator" | "contact" | "travel"
            | "policy" | "large_order" => Self::Settings,
            kind if kind.starts_with("order_") || kind.starts_with("orders_") => Self::Orders,
            _ => Self::Server,
        }
    }

    fn of_code(code: &str) -> Self {
        let begins = |words: &[&str]| words.iter().any(|word| code.starts_with(word));
        if begins(&["CREDENTIAL", "TOKEN_"]) {
            Self::Credentials
        } else if begins(&["DEVICE", "PHONE"]) {
            Self::Devices
        } else if begins(&["RECOVERY", "TRUSTEE"]) {
            Self::Recovery
        } else if begins(&["LOCK"]) {
            Self::Locks
        } else if begins(&["CONTACT", "POLICY", "ZONE", "NAME"]) {
            Self::Settings
        } else {
            Self::SignIns
        }
    }
}

impl FromStr for Topic {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|one| one.name() == text).ok_or(())
    }
}

/// Whether entries of this kind only say how something else was done.
pub fn is_minor(kind: &str) -> bool {
    matches!(
        kind,
        "notice.queued"
            | "link.used"
            | "link.withdrawn"
            | "sign_in.changed"
            | "sign_in.finished"
            | "sign_in.dropped"
            | "session.bound"
            | "session.keyed"
            | "session.announced"
            | "session.kept_for_receipt"
            | "throttle.cleared"
            | "network.seen"
            | "authenticator.used"
            | "device.keyed"
            | "approval.closed"
            | "evidence.owners"
    )
}

/// By what one entry is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Index {
    /// What it is about.
    pub topic: Topic,
    /// Whether it only says how something else was done.
    pub minor: bool,
    /// The stable code, when it was refused.
    pub code: Option<String>,
    /// The session that it names.
    pub session: Option<SessionId>,
    /// The credential that acted, or that it names.
    pub credential: Option<CredentialId>,
    /// The device that it names. Where there is none it is that of the session that acted, which the
    /// entry of the session's start says.
    pub device: Option<DeviceId>,
}

impl Index {
    /// Of an entry and the event that it holds.
    pub fn of(entry: &Entry, event: &Event) -> Self {
        let code = match event {
            Event::Evidence(Kept::Refused { code, .. }) => Some(code.clone()),
            _ => None,
        };
        let credential = match entry.actor {
            By::Credential(id) => Some(id),
            _ => named(CredentialId::PREFIX, &entry.event),
        };
        Self {
            topic: Topic::of(&entry.kind, code.as_deref()),
            minor: is_minor(&entry.kind),
            code,
            session: named(SessionId::PREFIX, &entry.event),
            credential,
            device: named(DeviceId::PREFIX, &entry.event),
        }
    }
}

/// The first id of a kind in a text.
fn named<T: FromStr>(prefix: &str, text: &str) -> Option<T> {
    text.match_indices(prefix).find_map(|(at, _)| {
        let end = at.checked_add(prefix.len())?.checked_add(ID_LENGTH)?;
        text.get(at..end)?.parse().ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_of_kinds_and_codes_are_those_of_the_rule() {
        // Another value here is another rule: raise INDEX_RULE.
        assert_eq!(INDEX_RULE, 1);
        for (kind, topic) in [
            ("session.started", Topic::SignIns),
            ("order_placed", Topic::Orders),
            ("orders_cancelled", Topic::Orders),
            ("order_rule_changed", Topic::Orders),
            ("large_order.allowed", Topic::Orders),
            ("large_order.set", Topic::Settings),
            ("credential.revoked", Topic::Credentials),
            ("program_connected", Topic::Credentials),
            ("program_refused", Topic::Credentials),
            ("push.set", Topic::Devices),
            ("trustee.named", Topic::Recovery),
            ("lock.lifted", Topic::Locks),
            ("authenticator.added", Topic::Settings),
            ("notice.queued", Topic::Messages),
            ("evidence.exported", Topic::Server),
            ("server_started", Topic::Server),
            ("made up", Topic::Server),
        ] {
            assert_eq!(Topic::of(kind, None), topic, "{kind}");
        }
        assert_eq!(Topic::of("refused", Some("TOKEN_WRONG")), Topic::Credentials);
        assert_eq!(Topic::of("refused", Some("SIGN_IN_FAILED")), Topic::SignIns);
        for topic in Topic::ALL {
            assert_eq!(topic.name().parse(), Ok(topic));
        }
    }

    #[test]
    fn id_in_a_text_is_found_and_what_only_begins_like_one_is_not() {
        let id = CredentialId([7; 16]);
        let text = format!("{{\"crd_\":\"crd_x\",\"credential\":\"{id}\"}}");
        assert_eq!(named::<CredentialId>("crd_", &text), Some(id));
        for text in [
            "",
            "crd_",
            "crd_\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}",
        ] {
            assert_eq!(named::<CredentialId>("crd_", text), None, "{text}");
        }
    }
}
