//! Policies, as the operator sees and sets them.

use access::currency::Currency;
use access::large_order::Threshold;
use access::policy::{Assurance, Needs, NewNetwork, OwnLimits, Policy, Tempo};
use access::refusal::ServerRefusal;
use access::session::Interface;
use access::window::{DAYS, Window};
use access::{Refusal, Span};
use gate::{Actor, Gate, Policies};

use serde::{Deserialize, Serialize};

use crate::account;
use crate::amount::money;
use crate::answer::{PoliciesNow, PolicyRow};
use crate::desk::instant;
use crate::desk::{Desk, value};
use crate::fault::Fault;
use crate::person;
use serde_json::Value;

/// What of a person's policies is to be another; none leaves what is there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyWish {
    /// User name of the person.
    pub username: String,
    /// The interface that the next eight are of.
    pub interface: Option<String>,
    /// How they work there; fills in the limits.
    pub tempo: Option<String>,
    /// Ends when unused for this many minutes, in place of what the tempo fills in.
    pub idle_minutes: Option<i64>,
    /// Ends after this many hours, in place of what the tempo fills in.
    pub absolute_hours: Option<i64>,
    /// What a session does at another network.
    pub new_network: Option<String>,
    /// What looking takes.
    pub view: Option<String>,
    /// What trading takes.
    pub trade: Option<String>,
    /// What administering takes.
    pub administer: Option<String>,
    /// What withdrawing will take.
    pub withdraw: Option<String>,
    /// When sessions are renewed, `sunday 10:00 Europe/Berlin`; an empty text removes the window.
    pub window: Option<String>,
    /// Whether one session holds trading.
    pub one_brokerage: Option<bool>,
    /// Above how much, in the account's base currency, orders of sessions are asked for, `250000.00`; an empty text asks
    /// for none.
    pub large_orders: Option<String>,
}

/// What people chose for their interfaces.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum PolicyRequest {
    /// What a person chose for their interfaces.
    Show {
        /// Whose; none is the only person's.
        username: Option<String>,
    },
    /// Sets some of it.
    Set(Box<PolicyWish>),
}

/// Does one request about policies.
pub(crate) async fn act(desk: &Desk<'_>, request: PolicyRequest) -> Result<Value, Fault> {
    match request {
        PolicyRequest::Set(wish) => value(set(desk.gate, &desk.actor, *wish).await?),
        PolicyRequest::Show { username } => {
            let username = person::the(desk.gate, username).await?;
            value(show(desk.gate, &username).await?)
        }
    }
}

/// The interfaces of people that can be used today.
const OPEN: [Interface; 2] = [Interface::Portal, Interface::Phone];

pub(crate) async fn show(gate: &Gate, username: &str) -> Result<PoliciesNow, Refusal> {
    let chosen = gate.policies().of(username).await?;
    Ok(now(chosen, account::currency_of(gate, username).await?))
}

fn now(chosen: Policies, currency: Option<Currency>) -> PoliciesNow {
    let row = |one: &Policy| {
        let limits = one.limits(true);
        let seconds = |span: Option<Span>| span.map(Span::seconds_up);
        PolicyRow {
            interface: one.interface.name().to_owned(),
            tempo: one.tempo.name().to_owned(),
            new_network: one.new_network.name().to_owned(),
            view: one.needs.view.name().to_owned(),
            trade: one.needs.trade.name().to_owned(),
            administer: one.needs.administer.name().to_owned(),
            withdraw: one.needs.withdraw.name().to_owned(),
            idle_seconds: limits.idle.seconds_up(),
            absolute_seconds: limits.absolute.seconds_up(),
            ceiling_seconds: seconds(limits.ceiling),
            own_idle_seconds: seconds(one.own.idle),
            own_absolute_seconds: seconds(one.own.absolute),
        }
    };
    PoliciesNow {
        policies: chosen
            .policies
            .iter()
            .filter(|one| OPEN.contains(&one.interface))
            .map(row)
            .collect(),
        username: chosen.username,
        window: chosen.window.as_ref().map(words),
        opens: chosen.opens.map(instant),
        large_orders: chosen.large_orders.above.map(|above| money(above, currency)),
        one_brokerage: chosen.one_brokerage,
        broker: chosen.broker.map(|held| held.session),
    }
}

/// A window as it is typed: `sunday 10:00 Europe/Berlin`.
fn words(window: &Window) -> String {
    let day = DAYS.get(usize::from(window.weekday())).copied().unwrap_or_default();
    let (hour, minute) = (window.minute() / 60, window.minute() % 60);
    format!("{} {hour:02}:{minute:02} {}", day.to_ascii_lowercase(), window.zone())
}

/// The window of such a text.
fn window(text: &str) -> Option<Result<Window, Refusal>> {
    let mut parts = text.split_whitespace();
    let (day, time, zone) = (parts.next()?, parts.next()?, parts.next()?);
    let weekday = DAYS.iter().position(|one| one.eq_ignore_ascii_case(day))?;
    let (hour, minute) = time.split_once(':')?;
    let digits = |text: &str| text.bytes().all(|letter| letter.is_ascii_digit());
    let part = |text: &str| text.parse::<u16>().ok().filter(|_| digits(text));
    let (hour, minute) = (part(hour)?, part(minute)?);
    let minute = (minute < 60).then(|| hour.checked_mul(60)?.checked_add(minute))??;
    let weekday = u8::try_from(weekday).ok()?;
    parts.next().is_none().then(|| Ok(Window::new(weekday, minute, zone)?))
}

fn named<T: Copy>(
    what: &str,
    given: Option<&String>,
    now: T,
    all: &[T],
    name: impl Fn(T) -> &'static str,
) -> Result<T, Fault> {
    let Some(given) = given else { return Ok(now) };
    let found = all.iter().copied().find(|one| name(*one) == given.as_str());
    found.ok_or_else(|| {
        let names: Vec<_> = all.iter().map(|one| name(*one)).collect();
        Fault::new("NAME_UNKNOWN", format!("{what}: use one of {}", names.join(", ")))
    })
}

pub(crate) async fn set(
    gate: &Gate,
    actor: &Actor,
    wish: PolicyWish,
) -> Result<PoliciesNow, Fault> {
    let chosen = gate.policies().of(&wish.username).await?;
    let (person, mut owed) = (chosen.person, None);
    if let Some(name) = &wish.interface {
        let all = Interface::OF_PEOPLE;
        let interface = named("interface", Some(name), Interface::Portal, &all, Interface::name)?;
        if !OPEN.contains(&interface) {
            let names = OPEN.map(Interface::name).join(", ");
            let text = format!(
                "the interface {} is not available yet, so it has no policy to set; use {names}",
                interface.name()
            );
            return Err(Fault::new("INTERFACE_NOT_AVAILABLE", text));
        }
        let old = chosen.policies.iter().find(|one| one.interface == interface);
        let old = old.copied().unwrap_or_else(|| Policy::standard(person, interface));
        let level = |what, given, now| named(what, given, now, &Assurance::ALL, Assurance::name);
        let needs = Needs {
            view: level("view", wish.view.as_ref(), old.needs.view)?,
            trade: level("trade", wish.trade.as_ref(), old.needs.trade)?,
            administer: level("administer", wish.administer.as_ref(), old.needs.administer)?,
            withdraw: level("withdraw", wish.withdraw.as_ref(), old.needs.withdraw)?,
        };
        let tempo = named("tempo", wish.tempo.as_ref(), old.tempo, &Tempo::ALL, Tempo::name)?;
        let network = wish.new_network.as_ref();
        let network =
            named("new network", network, old.new_network, &NewNetwork::ALL, NewNetwork::name)?;
        // A tempo fills the numbers in; a typed number overrides it.
        let own = if wish.tempo.is_some() { OwnLimits::default() } else { old.own };
        let own = OwnLimits {
            idle: wish.idle_minutes.map_or(own.idle, |count| Some(Span::minutes(count))),
            absolute: wish.absolute_hours.map_or(own.absolute, |count| Some(Span::hours(count))),
        };
        let policy = Policy { person, interface, tempo, own, new_network: network, needs };
        go_on(gate.policies().set(actor, policy).await, &mut owed)?;
    }
    match wish.window.as_deref() {
        None => {}
        Some("") => go_on(gate.policies().set_window(actor, person, None).await, &mut owed)?,
        Some(text) => {
            let read = window(text).ok_or_else(|| {
                let text =
                    "write the window as a day, a time and a time zone: sunday 10:00 Europe/Berlin";
                Fault::new("WINDOW_INVALID", text.to_owned())
            })?;
            gate.policies().set_window(actor, person, Some(read?)).await?;
        }
    }
    if let Some(text) = wish.large_orders {
        let threshold = match text.as_str() {
            "" => Threshold { above: None },
            text => Threshold::of_text(text, account::currency_of(gate, &wish.username).await?)?,
        };
        go_on(gate.large_orders().set(actor, person, threshold).await, &mut owed)?;
    }
    if let Some(on) = wish.one_brokerage {
        go_on(gate.policies().set_one_brokerage(actor, person, on).await, &mut owed)?;
    }
    match owed {
        Some(owed) => Err(owed.into()),
        None => Ok(show(gate, &wish.username).await?),
    }
}

/// What is in force and not on record yet keeps nothing else of a wish from being done; it is told at the end.
fn go_on(done: Result<(), Refusal>, owed: &mut Option<Refusal>) -> Result<(), Refusal> {
    match done {
        Err(why @ Refusal::Server(ServerRefusal::NotOnRecord { .. })) => {
            *owed = Some(why);
            Ok(())
        }
        done => done,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn window_text_round_trips_and_odd_ones_are_refused() {
        let text = "sunday 10:05 Europe/Berlin";
        assert_eq!(words(&window(text).unwrap().unwrap()), text);
        for odd in [
            "",
            "sunday",
            "sunday 10:00",
            "someday 10:00 UTC",
            "sunday 1000 UTC",
            "sunday 10:61 UTC",
            "sunday +10:00 UTC",
            "sunday 10:00 UTC x",
        ] {
            assert!(window(odd).is_none(), "{odd}");
        }
        assert!(window("sunday 24:00 UTC").unwrap().is_err());
    }
}
