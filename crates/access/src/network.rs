//! Networks that a person signs in from. One not seen in 90 days is reported.

use crate::call::By;
use crate::decision::{self, Answer, Decision, Ground};
use crate::id::PersonId;
use crate::notice::{self, Note, Subject, Topic};
use crate::refusal::{ChangeRefusal, Refusal};
use crate::session;
use crate::slice::Slice;

pub(crate) mod event;
mod record;

pub use event::{Command, Event};
use record::FRESH;
pub use record::{Known, MEMORY, of, place};

pub(crate) fn decide(
    slice: &Slice,
    ground: &Ground<'_>,
    command: &Command,
) -> Result<Decision, Refusal> {
    let Command::Seen { session, address } = *command;
    if ground.by != By::System {
        return Err(Refusal::Change(ChangeRefusal::OperatorOnly));
    }
    let session = slice.session(session).ok_or(Refusal::not_found("session"))?;
    let device = slice.device(session.device).map(|device| device.name.to_string());
    let device = device.unwrap_or_else(|| "a browser".to_owned());
    let text = format!("Your session on {device} now comes from {address}");
    let subject =
        Subject { device: Some(session.device), session: Some(session.id), address: Some(address) };
    let mut events = meet(slice, ground, session.person, subject, Some(text));
    let network = of(address);
    if !session.has_seen(network) {
        let networks = session.networks_with(network, false);
        events.push(session::Event::Moved { session: session.id, network, networks }.into());
    }
    Ok(Decision::new(events, Answer::Done))
}

/// Remembers the network of the subject's address, and tells of it when it is new. No `text`: its
/// person is told of it by another notice of the same decision.
pub(crate) fn meet(
    slice: &Slice,
    ground: &Ground<'_>,
    person: PersonId,
    subject: Subject,
    text: Option<String>,
) -> Vec<decision::Event> {
    let now = ground.moment.now;
    let Some(network) = subject.address.map(of) else { return Vec::new() };
    let known = slice.networks.iter().find(|one| one.network == network);
    let known = known.filter(|one| now.since(one.last_at) <= MEMORY);
    if known.is_some_and(|one| now.since(one.last_at) < FRESH) {
        return Vec::new();
    }
    let first_at = known.map_or(now, |one| one.first_at);
    let mut events = vec![Event::Seen(Known { person, network, first_at, last_at: now }).into()];
    if let (None, Some(text)) = (known, text) {
        let planned = slice.travel.as_ref().filter(|plan| plan.expects(subject.address, now));
        if let Some(plan) = planned {
            // Expected: it is shown in the message centre, and no mail goes out.
            let text = format!(
                "{text}, a new network, as you planned (travel to {} until {}). If that was not you, say so here: that ends the session and that browser's trust.",
                plan.place, plan.until
            );
            let (topic, mail) = (Topic::NewNetwork, Vec::new());
            let note = Note { person, topic, text, code: None, subject, mail };
            events.push(notice::send(ground, note));
            return events;
        }
        let text = format!(
            "{text}, a network you have not used in 90 days. If that was not you, say so under Messages: that ends the session and that browser's trust."
        );
        let topic = Topic::NewNetwork;
        let mail = ground.reach.of_notice(false);
        events.push(notice::send(ground, Note { person, topic, text, code: None, subject, mail }));
    }
    events
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn place_is_told_where_the_address_alone_says_it() {
        let told = |address: &str| place(address.parse().unwrap());
        for here in ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"] {
            assert_eq!(told(here), Some("this machine"), "{here}");
        }
        for local in ["10.1.2.3", "172.31.0.1", "192.168.1.20", "169.254.1.1", "fd00::7", "fe80::1"]
        {
            assert_eq!(told(local), Some("local network"), "{local}");
        }
        for away in ["172.32.0.1", "192.0.2.7", "100.64.0.1", "2001:db8::7", "0.0.0.0", "::"] {
            assert_eq!(told(away), None, "{away}");
        }
    }

    #[test]
    fn network_behind_a_translator_is_that_of_the_ipv4_address() {
        let of = |text: &str| of(text.parse().unwrap());
        assert_eq!(of("64:ff9b::198.51.100.7"), of("198.51.100.9"));
        assert_ne!(of("64:ff9b::198.51.100.7"), of("64:ff9b::203.0.113.7"));
    }

    #[test]
    fn network_is_24_bits_of_ipv4_and_64_of_ipv6() {
        let text = |address: &str| of(address.parse().unwrap()).to_string();
        assert_eq!(text("192.0.2.7"), "192.0.2.0/24");
        assert_eq!(text("::ffff:192.0.2.7"), "192.0.2.0/24");
        assert_eq!(text("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
        assert_eq!(text("::1"), text("127.0.0.1"));
    }
}
