//! Planned travel: a person says when they will be elsewhere, so that a new network is then
//! expected.
//!
//! It changes one thing: while the plan runs, a network not seen before is reported only in the
//! message centre, not by mail. A sign-in there proves as much as anywhere, a new browser is
//! reported as always, and nothing else is quiet.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::address::Network;
use crate::decision::{Answer, Decision, Ground};
use crate::entitlements::Act;
use crate::id::PersonId;
use crate::moment::{Span, Time};
use crate::name::Name;
use crate::notice::{self, Topic};
use crate::refusal::Refusal;
use crate::slice::Slice;

/// Longest travel.
pub const LONGEST: Span = Span::days(90);
/// How far ahead it may be planned.
pub const AHEAD: Span = Span::days(365);
/// The widest network that may be expected, in leading bits: the largest blocks that one registry or provider holds. A
/// wider one names no place.
pub const WIDEST_IPV4: u8 = 8;
/// The same of IPv6.
pub const WIDEST_IPV6: u8 = 19;

/// A travel that a person planned; one at a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Whose.
    pub person: PersonId,
    /// From when.
    pub from: Time,
    /// Until when; it ends by itself.
    pub until: Time,
    /// Where to, in the person's words.
    pub place: Name,
    /// The only network that is expected; any for none.
    pub network: Option<Network>,
}

impl Plan {
    /// Whether it makes this address expected at this time.
    pub fn expects(&self, address: Option<IpAddr>, now: Time) -> bool {
        let runs = self.from <= now && now < self.until;
        let there = |network: Network| address.is_some_and(|one| network.contains(one));
        runs && self.network.is_none_or(there)
    }
}

/// What is asked about travel.
pub enum Command {
    /// Plans it, in place of one planned before.
    Plan {
        /// From when.
        from: Time,
        /// Until when.
        until: Time,
        /// Where to.
        place: String,
        /// The only network that is expected.
        network: Option<Network>,
    },
    /// Ends it early.
    End,
}

/// What happened to travel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// Planned.
    Planned(Plan),
    /// Ended early.
    Ended {
        /// Whose.
        person: PersonId,
    },
}

impl Event {
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::Planned(_) => "travel.planned",
            Self::Ended { .. } => "travel.ended",
        }
    }

    pub(crate) fn text(&self) -> String {
        match self {
            Self::Planned(plan) => {
                let at = plan.network.map(|network| format!(" at {network}")).unwrap_or_default();
                format!(
                    "Travel to {}{at} planned from {} until {}",
                    plan.place, plan.from, plan.until
                )
            }
            Self::Ended { .. } => "Planned travel ended".to_owned(),
        }
    }
}

pub(crate) fn apply(slice: &mut Slice, event: &Event) {
    match event {
        Event::Planned(plan) => slice.travel = Some(plan.clone()),
        Event::Ended { .. } => slice.travel = None,
    }
}

pub(crate) fn decide(
    slice: &Slice,
    ground: &Ground<'_>,
    command: &Command,
) -> Result<Decision, Refusal> {
    ground.authorise(slice, Act::ManageContact)?;
    let person = slice.owner()?.id;
    match command {
        Command::Plan { from, until, place, network } => {
            // It makes something quiet, so it takes a fresh proof, and is told.
            ground.check_recent(slice)?;
            check_dates(*from, *until, ground.moment.now)?;
            let (from, until, network) = (*from, *until, *network);
            network.map_or(Ok(()), check_network)?;
            let place = Name::new("place of your travel", place)?;
            let plan = Plan { person, from, until, place, network };
            let at = network.map(|network| format!(" ({network} only)")).unwrap_or_default();
            let text = format!(
                "You planned travel to {}{at} from {from} until {until}: a new network on the way is reported only under Messages. If that was not you, end the plan and your sessions.",
                plan.place
            );
            let notice = notice::queue(ground, person, Topic::TravelPlanned, text, None);
            Ok(Decision::new(vec![Event::Planned(plan).into(), notice], Answer::Done))
        }
        Command::End => {
            let stands = slice.travel.as_ref().filter(|plan| ground.moment.now < plan.until);
            stands.ok_or(Refusal::NotFound { what: "planned travel" })?;
            Ok(Decision::new(vec![Event::Ended { person }.into()], Answer::Done))
        }
    }
}

/// The leading bits that a network of its kind must have at least.
pub const fn widest(network: Network) -> u8 {
    if network.prefix().1 == 32 { WIDEST_IPV4 } else { WIDEST_IPV6 }
}

fn check_network(network: Network) -> Result<(), Refusal> {
    let ((prefix, most), least) = (network.prefix(), widest(network));
    if prefix >= least {
        return Ok(());
    }
    Err(Refusal::OutOfRange {
        what: "number of leading bits of the network",
        given: prefix.to_string(),
        least: least.to_string(),
        most: most.to_string(),
    })
}

fn check_dates(from: Time, until: Time, now: Time) -> Result<(), Refusal> {
    let (lasts, first) = (until.since(from), now - Span::days(1));
    if lasts <= Span(0) || lasts > LONGEST {
        let days = lasts.0.div_euclid(Span::days(1).0);
        return Err(Refusal::OutOfRange {
            what: "length of the travel in days",
            given: days.to_string(),
            least: "1".to_owned(),
            most: "90".to_owned(),
        });
    }
    if from < first || from > now + AHEAD {
        return Err(Refusal::OutOfRange {
            what: "first day of the travel",
            given: from.to_string(),
            least: first.to_string(),
            most: (now + AHEAD).to_string(),
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn network_that_is_no_place_is_refused() {
        for (network, taken) in [
            ("0.0.0.0/0", false),
            ("10.0.0.0/7", false),
            ("10.0.0.0/8", true),
            ("192.0.2.7", true),
            ("::/0", false),
            ("2001:db8::/18", false),
            ("2001:db8::/19", true),
        ] {
            assert_eq!(check_network(network.parse().unwrap()).is_ok(), taken, "{network}");
        }
    }
}
