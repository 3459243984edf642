//! Policies of interfaces, the renewal window, and 'one brokerage session'. Time zones are this
//! machine's data, so windows become times here.

use std::sync::Arc;

use access::brokerage;
use access::large_order::Threshold;
use access::policy::{Command as Change, Policy};
use access::session::Interface;
use access::window::{self, OPEN, Window};
use access::{By, Call, Command, PersonId, Refusal, SessionId, Slice, Source, Time};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use store::Key;

use crate::Gate;
use crate::session::{Actor, SessionTicket};

/// Days in which openings are looked for: the longest ceiling, and a week to be sure.
const DAYS: i32 = 38;

/// What a person chose, and the defaults for the rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policies {
    /// The person.
    pub person: PersonId,
    /// The name that they sign in with.
    pub username: String,
    /// One for each interface of people.
    pub policies: Vec<Policy>,
    /// When they renew their sessions.
    pub window: Option<Window>,
    /// When that window opens next, or is open since.
    pub opens: Option<Time>,
    /// Above what orders of their sessions are asked for.
    pub large_orders: Threshold,
    /// Whether one session of theirs holds trading.
    pub one_brokerage: bool,
    /// Which session that is: its device and since when.
    pub broker: Option<brokerage::Held>,
}

/// A renewal that is possible now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Renewal {
    /// When the session ends without it.
    pub until: Time,
    /// Until when a proof of the person now lets it last.
    pub then: Time,
}

/// When a window opens, from the one that is open now on.
pub(crate) fn openings(window: &Window, now: Time) -> Option<Vec<Time>> {
    let zone = TimeZone::get(window.zone()).ok()?;
    let from = Timestamp::from_microsecond((now - OPEN).0).ok()?;
    let first: Date = from.to_zoned(zone.clone()).date();
    let (hour, minute) = (window.minute() / 60, window.minute() % 60);
    let mut openings = Vec::new();
    for day in 0..=DAYS {
        let date = first.checked_add(day.days()).ok()?;
        if date.weekday().to_monday_zero_offset() != i8::try_from(window.weekday()).ok()? {
            continue;
        }
        // An hour that a clock skips is the one after it; one that comes twice is the first.
        let clock = date.at(i8::try_from(hour).ok()?, i8::try_from(minute).ok()?, 0, 0);
        let opens = Time(clock.to_zoned(zone.clone()).ok()?.timestamp().as_microsecond());
        if opens + OPEN > now {
            openings.push(opens);
        }
    }
    Some(openings)
}

/// Policies of people, through the gate. Cheap to copy.
#[derive(Clone, Copy)]
pub struct PolicyGate<'a> {
    gate: &'a Gate,
}

impl Gate {
    /// Policies of people, through the gate.
    pub fn policies(&self) -> PolicyGate<'_> {
        PolicyGate { gate: self }
    }
}

impl PolicyGate<'_> {
    /// What the person who asks chose.
    pub async fn own(self, person: PersonId) -> Result<Policies, Refusal> {
        let slice = self.gate.load(Key::Person(person)).await?;
        policies(&slice, self.gate.now()).ok_or(Refusal::not_found("person"))
    }

    /// What a person chose, for the operator; as it was last known where the tables are away, since a
    /// narrower policy does not wait for them.
    pub async fn of(self, username: &str) -> Result<Policies, Refusal> {
        let slice =
            self.gate.with_openings(self.gate.found_or_known(Key::Username(username)).await?);
        policies(&slice, self.gate.now()).ok_or(Refusal::not_found("person"))
    }

    /// Sets the policy of its person at its interface.
    pub async fn set(self, actor: &Actor, policy: Policy) -> Result<(), Refusal> {
        let Policy { person, interface, tempo, own, new_network, needs } = policy;
        let command = Command::Policy(Change::Set { interface, tempo, own, new_network, needs });
        self.gate.change_policy(actor, person, command).await
    }

    /// Chooses when a person's sessions are renewed; none lets them end by their plain limits.
    pub async fn set_window(
        self,
        actor: &Actor,
        person: PersonId,
        window: Option<Window>,
    ) -> Result<(), Refusal> {
        let openings = match &window {
            Some(window) => {
                openings(window, self.gate.now()).ok_or_else(|| window.unknown_zone())?
            }
            None => Vec::new(),
        };
        let command = Command::Policy(Change::SetWindow { window, openings });
        self.gate.change_policy(actor, person, command).await
    }

    /// Switches 'one brokerage session' of a person on or off.
    pub async fn set_one_brokerage(
        self,
        actor: &Actor,
        person: PersonId,
        on: bool,
    ) -> Result<(), Refusal> {
        let command = Command::Brokerage(brokerage::Command::Set { on });
        self.gate.change_policy(actor, person, command).await
    }

    /// Takes trading over for the session that asks.
    pub async fn take_over(self, ticket: &SessionTicket) -> Result<(), Refusal> {
        let call = ticket.call(Command::Brokerage(brokerage::Command::TakeOver));
        self.gate.run_done(Key::Person(ticket.person), &call).await.map(drop)
    }

    /// What a proof of its person now would give a session whose window is near or open.
    pub async fn renewal(self, ticket: &SessionTicket) -> Result<Option<Renewal>, Refusal> {
        let now = self.gate.now();
        if !ticket.is_windowed() || ticket.until.since(now) > window::NEAR {
            return Ok(None);
        }
        let slice = self.gate.load(Key::Person(ticket.person)).await?;
        let Some(session) = slice.session(ticket.session) else { return Ok(None) };
        let until = session.until;
        Ok(window::renewed(&slice, session, now).map(|then| Renewal { until, then }))
    }
}

impl Gate {
    /// Puts the openings of its person's window into a slice that was just loaded.
    pub(crate) fn with_openings(&self, mut slice: Slice) -> Slice {
        if let Some(window) = &slice.window {
            slice.openings = openings(window, self.now()).unwrap_or_default();
        }
        slice
    }

    pub(crate) async fn change_policy(
        &self,
        actor: &Actor,
        person: PersonId,
        command: Command,
    ) -> Result<(), Refusal> {
        actor.check_person(person, "policy")?;
        self.run_done(Key::Person(person), &actor.call(command)).await.map(drop)
    }

    /// Tells people of sessions whose window opens within a day, once.
    pub(crate) async fn announce(&self, due: Vec<(SessionId, PersonId)>) {
        for (session, person) in due {
            let command = Command::Window(window::Command::Announce { session });
            let call = Arc::new(Call { by: By::System, source: Source::local(), command });
            if let Err(refusal) = self.run_done(Key::Person(person), &call).await {
                tracing::warn!(%session, %refusal, "the end of a session could not be announced");
            }
        }
    }
}

fn policies(slice: &Slice, now: Time) -> Option<Policies> {
    let person = slice.person.as_ref()?;
    let ends_later = |opens: &&Time| **opens + OPEN > now;
    Some(Policies {
        person: person.id,
        username: person.username.to_string(),
        policies: Interface::OF_PEOPLE.map(|interface| slice.policy(interface)).into(),
        window: slice.window.clone(),
        opens: slice.openings.iter().find(ends_later).copied(),
        large_orders: slice.large_orders,
        one_brokerage: slice.brokerage.is_some(),
        broker: slice.broker(),
    })
}

impl SessionTicket {
    /// Whether the session lasts until the end of a window.
    pub fn is_windowed(&self) -> bool {
        window::is_windowed(self.since, self.until)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use access::Span;

    use super::*;

    #[test]
    fn window_opens_at_its_clock_on_both_sides_of_a_change_to_summer_time() {
        // Berlin goes from +1 to +2 on 28 March 2027.
        let window = Window::new(6, 10 * 60, "Europe/Berlin").unwrap();
        let now: Timestamp = "2027-03-20T00:00:00Z".parse().unwrap();
        let found = openings(&window, Time(now.as_microsecond())).unwrap();
        let text: Vec<_> = found.iter().take(3).map(ToString::to_string).collect();
        assert_eq!(
            text,
            ["2027-03-21 09:00:00 UTC", "2027-03-28 08:00:00 UTC", "2027-04-04 08:00:00 UTC"]
        );
        // While it is open it is the first.
        let inside = *found.first().unwrap() + Span::minutes(119);
        assert_eq!(openings(&window, inside).unwrap().first(), found.first());
        assert_eq!(openings(&window, inside + Span::minutes(1)).unwrap().first(), found.get(1));
    }

    #[test]
    fn zone_that_nobody_keeps_has_no_openings() {
        let window = Window::new(0, 0, "Mars/Olympus_Mons").unwrap();
        assert_eq!(openings(&window, Time::from_seconds(1_800_000_000)), None);
    }
}
