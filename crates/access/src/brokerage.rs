//! 'One brokerage session': while a person has it on, only one of their sessions can trade. The
//! others can view and cancel, and may take over. A session that could not trade anyway never
//! competes, and neither do programs: a credential has its own authority.

use crate::decision::{self, Answer, Decision, Ground};
use crate::entitlements::{Acts, Entitlements, Narrowing};
use crate::id::{PersonId, SessionId};
use crate::moment::Time;
use crate::notice::{self, Topic};
use crate::policy::{NOT_YOU, TRADES, check_change};
use crate::refusal::Refusal;
use crate::session::Session;
use crate::slice::Slice;

pub(crate) mod event;
mod held;
mod record;

pub use event::{Command, Event};
pub use held::Held;
pub use record::Brokerage;

impl Slice {
    /// Whether a session could trade if nobody else held it.
    pub fn competes(&self, session: &Session, fresh: bool) -> bool {
        self.uncontested_anywhere(session, fresh).any(|given| !given.acts.and(TRADES).is_empty())
    }

    /// The session that holds trading, while one may: who took it, or else the one that began first.
    pub fn broker(&self) -> Option<Held> {
        let brokerage = self.brokerage?;
        let taken = brokerage.holder.and_then(|id| self.session(id));
        let taken = taken.filter(|one| self.competes(one, true));
        let (session, since) = if let Some(session) = taken {
            (session, brokerage.since)
        } else {
            let rest = self.sessions.iter().filter(|one| self.competes(one, false));
            let first = rest.min_by_key(|one| (one.started_at, one.id))?;
            (first, first.started_at)
        };
        let device = self.device(session.device)?.name.clone();
        Some(Held { session: session.id, device, since })
    }
}

/// What is left of a session's authority while another one holds trading.
pub(crate) fn contest(slice: &Slice, session: &Session, given: &mut Entitlements) {
    if given.acts.and(TRADES).is_empty() {
        return;
    }
    if let Some(held) = slice.broker().filter(|held| held.session != session.id) {
        given.keep(Acts::ALL.without(TRADES), Narrowing::Brokerage(Box::new(held)));
    }
}

/// When a browser signs in again, its new session holds what the old one held.
pub(crate) fn hand_over(
    slice: &Slice,
    old: SessionId,
    new: SessionId,
    now: Time,
) -> Option<decision::Event> {
    let held = slice.broker().filter(|held| held.session == old)?;
    let person = slice.session(held.session)?.person;
    Some(Event::Held(Brokerage { person, holder: Some(new), since: now }).into())
}

pub(crate) fn decide(
    slice: &Slice,
    ground: &Ground<'_>,
    command: &Command,
) -> Result<Decision, Refusal> {
    let person = slice.owner()?.id;
    match command {
        Command::Set { on } => set(slice, ground, person, *on),
        Command::TakeOver => take_over(slice, ground, person),
    }
}

fn set(
    slice: &Slice,
    ground: &Ground<'_>,
    person: PersonId,
    on: bool,
) -> Result<Decision, Refusal> {
    check_change(slice, ground, !on)?;
    let since = ground.moment.now;
    let (event, text) = if on {
        let asks = ground.session(slice).ok().filter(|one| slice.competes(one, true));
        let holder = asks.map(|one| one.id);
        let text = "From now on only one of your sessions can trade at a time; the others are view-only and can take over";
        (Event::Held(Brokerage { person, holder, since }), text)
    } else {
        (Event::Off { person }, "All your sessions that may trade can trade again")
    };
    let text = format!("{text}.{NOT_YOU}");
    let notice = notice::queue(ground, person, Topic::PolicyChanged, text, None);
    Ok(Decision::new(vec![event.into(), notice], Answer::Done))
}

fn take_over(slice: &Slice, ground: &Ground<'_>, person: PersonId) -> Result<Decision, Refusal> {
    let session = ground.session(slice)?;
    if slice.brokerage.is_none() {
        return Err(Refusal::not_found("brokerage session to take over"));
    }
    let given = slice.uncontested_anywhere(session, ground.source.fresh);
    let given: Vec<_> = given.map(|given| ground.at_place(session, given)).collect();
    if given.iter().all(|given| given.acts.and(TRADES).is_empty()) {
        let why = given.first().map(|given| given.why_not(crate::entitlements::Act::PlaceOrder));
        return Err(why.unwrap_or(Refusal::not_found("account")));
    }
    let before = slice.broker();
    if before.as_ref().is_some_and(|held| held.session == session.id) {
        return Ok(Decision::new(Vec::new(), Answer::Done));
    }
    let since = ground.moment.now;
    let mut events: Vec<decision::Event> =
        vec![Event::Held(Brokerage { person, holder: Some(session.id), since }).into()];
    if let Some(held) = before {
        let device = slice.device(session.device).map(|device| device.name.to_string());
        let text = format!(
            "{} took over trading from {}, which is now view-only. Open orders stay.{NOT_YOU}",
            device.unwrap_or_else(|| "A session".to_owned()),
            held.device
        );
        events.push(notice::queue(ground, person, Topic::BrokerageTaken, text, None));
    }
    Ok(Decision::new(events, Answer::Done))
}
