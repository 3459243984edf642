//! What is said while a recovery holds something back.

use access::Time;
use access::entitlements::Narrowing;
use maud::{Markup, html};

use crate::fault::Fault;
use crate::figure;
use crate::visit::Signed;

/// Until when a recovery holds the session.
pub(crate) fn held_until(signed: &Signed) -> Option<Time> {
    signed.sees.entitlements().narrowing.iter().find_map(|(_, why)| match why {
        Narrowing::Recovered { until } => Some(*until),
        _ => None,
    })
}

/// What a person is told where ways to sign in are added, while what a recovery brings is held: from whichever session it
/// is added.
pub(crate) async fn holds(signed: &Signed) -> Result<Markup, Fault> {
    let held = signed.visit.portal.gate().recoveries().recovered(&signed.ticket).await;
    let held = held.map_err(|why| signed.fault(why))?;
    Ok(html! {
        @if let Some((at, until)) = held {
            div.note.warm role="status" {
                b { "Your access was recovered at " (figure::time(at)) " UTC. " }
                "Anything you add before " (figure::time(until)) " UTC can only view, cancel and reduce until then."
            }
        }
    })
}

/// What a held session is told on each page.
pub(crate) fn held(signed: &Signed) -> Markup {
    let Some(until) = held_until(signed) else {
        return html! {};
    };
    html! {
        div.note.warm role="status" {
            b { "This session came from a recovery. " }
            "Until " (figure::time(until)) " UTC it can view, cancel and reduce, and add a new way to sign in under "
            a href="/authenticators" { "Ways to sign in" } "."
        }
    }
}
