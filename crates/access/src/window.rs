//! The window in which a person renews their sessions: a time of the week that they chose. Between
//! two windows, no session of theirs ends because of its age.
//!
//! A time zone is data of the machine, so this crate knows none: the gate says when a window opens
//! ([`Slice::openings`]).

use crate::call::By;
use crate::decision::{self, Answer, Decision, Ground};
use crate::moment::{Span, Time};
use crate::notice::{self, Topic};
use crate::refusal::{ChangeRefusal, Refusal};
use crate::session::{self, Session};
use crate::slice::Slice;

pub(crate) mod event;
mod record;

pub use event::Command;
pub(crate) use record::PLAIN_MOST;
pub use record::{AHEAD, DAYS, NEAR, OPEN, Window, is_windowed};

/// The end of the last window that lies within `ceiling` from now.
pub(crate) fn last_end(slice: &Slice, now: Time, ceiling: Span) -> Option<Time> {
    slice.window.as_ref()?;
    let ends = slice.openings.iter().map(|opens| *opens + OPEN);
    ends.filter(|end| *end > now && *end <= now + ceiling).max()
}

/// What a proof of the person now does to the limits of a session: it lasts until a later window
/// where the present one is open or about to. A session with plain limits gets those of a window
/// that was chosen since, or longer plain ones; these count from its beginning, so no number of
/// proofs goes beyond them.
pub(crate) fn renew(slice: &Slice, session: &Session, now: Time) -> Option<decision::Event> {
    if session.held_until.is_some() {
        return None;
    }
    let limits = slice.limits(session.interface, session.device, session.is_bound());
    let windowed = limits.ceiling.is_some() && slice.window.is_some();
    let plain = session.started_at + limits.absolute;
    let later = renewed(slice, session, now).or((!windowed).then_some(plain));
    let until = later.map_or(session.until, |later| later.max(session.until));
    let bound = session.is_bound();
    let (idle, _) = slice.lasts(now, session.interface, session.device, bound, session.stay);
    let idle = idle.max(session.idle);
    let longer = until > session.until || idle > session.idle;
    longer.then(|| session::Event::Renewed { session: session.id, idle, until }.into())
}

/// Until when a proof of its person now lets a session last, where that is later than it does.
pub fn renewed(slice: &Slice, session: &Session, now: Time) -> Option<Time> {
    // What a recovery brought is over with its holding time, whatever is proven.
    if now < session.renews_from().unwrap_or(now) || session.held_until.is_some() {
        return None;
    }
    let limits = slice.limits(session.interface, session.device, session.is_bound());
    last_end(slice, now, limits.ceiling?).filter(|until| *until > session.until)
}

pub(crate) fn decide(
    slice: &Slice,
    ground: &Ground<'_>,
    command: &Command,
) -> Result<Decision, Refusal> {
    let Command::Announce { session } = *command;
    if ground.by != By::System {
        return Err(Refusal::Change(ChangeRefusal::OperatorOnly));
    }
    let session = slice.session(session).ok_or(Refusal::not_found("session"))?;
    let now = ground.moment.now;
    if session.announced || session.renews_from().is_none_or(|from| now < from) {
        return Ok(Decision::new(Vec::new(), Answer::Done));
    }
    // One notice for all that end together.
    let together: Vec<_> =
        slice.sessions.iter().filter(|one| one.until == session.until && !one.announced).collect();
    let named = |one: &&Session| slice.device(one.device).map(|device| device.name.to_string());
    let names: Vec<_> = together.iter().filter_map(named).collect();
    let when =
        slice.window.as_ref().map(|window| format!(" You chose {window}.")).unwrap_or_default();
    let announced = together.iter().map(|one| session::Event::Announced { session: one.id }.into());
    let mut events: Vec<decision::Event> = announced.collect();
    let ceiling = slice.policy(session.interface).limits(true).ceiling;
    if slice.window.is_none() || ceiling.is_none() {
        return Ok(Decision::new(events, Answer::Done));
    }
    let text = format!(
        "Your sessions on {} end at {} unless you renew them first: open the portal there and confirm it's you. You can do it from now on.{when} Open orders and programs continue either way.",
        names.join(", "),
        session.until,
    );
    events.push(notice::queue(ground, session.person, Topic::Renewal, text, None));
    Ok(Decision::new(events, Answer::Done))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn window_out_of_range_or_with_an_odd_zone_is_refused() {
        assert!(Window::new(7, 0, "UTC").is_err());
        assert!(Window::new(0, 1440, "UTC").is_err());
        for zone in ["", "../../etc/passwd.", "Europe/Berlin<b>", "Europe Berlin", &"a".repeat(65)]
        {
            assert!(Window::new(0, 0, zone).is_err(), "{zone}");
        }
        let late = Window::new(6, 23 * 60 + 30, "Europe/Berlin").unwrap();
        assert_eq!(late.to_string(), "on Sunday from 23:30 to 01:30 (Europe/Berlin)");
    }
}
