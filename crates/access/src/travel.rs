//! Planned travel: a person says when they will be elsewhere, so that a new network is then
//! expected.
//!
//! It changes one thing: while the plan runs, a network not seen before is reported only in the
//! message centre, not by mail. A sign-in there proves as much as anywhere, a new browser is
//! reported as always, and nothing else is quiet.

use crate::address::Network;
use crate::decision::{Answer, Decision, Ground};
use crate::entitlements::{Act, Resource};
use crate::moment::{Span, Time};
use crate::name::Name;
use crate::notice::{self, Topic};
use crate::refusal::{Field, InputRefusal, Refusal};
use crate::slice::Slice;

pub(crate) mod event;
mod record;

pub use event::{Command, Event};
pub use record::{AHEAD, LONGEST, Plan, WIDEST_IPV4, WIDEST_IPV6};

pub(crate) fn decide(
    slice: &Slice,
    ground: &Ground<'_>,
    command: &Command,
) -> Result<Decision, Refusal> {
    ground.authorise(slice, Act::ManageContact, Resource::Person)?;
    let person = slice.owner()?.id;
    match command {
        Command::Plan { from, until, place, network } => {
            // It makes something quiet, so it takes a fresh proof, and is told.
            ground.check_recent(slice)?;
            check_dates(*from, *until, ground.moment.now)?;
            let (from, until, network) = (*from, *until, *network);
            network.map_or(Ok(()), check_network)?;
            let place = Name::new(Field::Place, place)?;
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
            stands.ok_or(Refusal::not_found("planned travel"))?;
            Ok(Decision::new(vec![Event::Ended { person }.into()], Answer::Done))
        }
    }
}

/// The leading bits that a network of its kind must have at least.
pub const fn widest(network: Network) -> u8 {
    if network.prefix().1 == 32 { WIDEST_IPV4 } else { WIDEST_IPV6 }
}

fn check_network(network: Network) -> Result<(), InputRefusal> {
    let ((prefix, most), least) = (network.prefix(), widest(network));
    if prefix >= least {
        return Ok(());
    }
    Err(InputRefusal::OutOfRange {
        field: Field::Network,
        given: prefix.to_string(),
        least: least.to_string(),
        most: most.to_string(),
    })
}

fn check_dates(from: Time, until: Time, now: Time) -> Result<(), InputRefusal> {
    let (lasts, first) = (until.since(from), now - Span::days(1));
    if lasts <= Span(0) || lasts > LONGEST {
        let days = lasts.0.div_euclid(Span::days(1).0);
        return Err(InputRefusal::OutOfRange {
            field: Field::LastDay,
            given: days.to_string(),
            least: "1".to_owned(),
            most: "90".to_owned(),
        });
    }
    if from < first || from > now + AHEAD {
        return Err(InputRefusal::OutOfRange {
            field: Field::FirstDay,
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
