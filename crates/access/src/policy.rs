//! Policies: what an interface requires of its sessions, and how long they last there. A person
//! chooses a tempo, which fills in the limits, and may type their own limits instead.

use crate::binding::UNBOUND_IDLE;
use crate::decision::{self, Answer, Decision, Ground};
use crate::draft::Draft;
use crate::entitlements::{Act, Resource};
use crate::id::{DeviceId, PersonId};
use crate::moment::{Span, Time};
use crate::notice::{self, Topic};
use crate::refusal::{AuthorityRefusal, Refusal, SessionRefusal};
use crate::session::{self, Interface, Session};
use crate::slice::Slice;
use crate::stay::{LENT_IDLE, LENT_LIFE, LONG_IDLE, Stay};
use crate::window::{self, Window};

pub(crate) mod event;
mod need;
mod record;

pub use event::{Command, Event};
pub use need::{Assurance, Needs, NewNetwork, TRADES};
pub use record::{OwnLimits, PLAIN, Policy, SessionLimits, Tempo};

impl Slice {
    /// The policy of the person at an interface: what they chose, or the default.
    pub fn policy(&self, interface: Interface) -> Policy {
        let chosen = self.policies.iter().find(|one| one.interface == interface).copied();
        let person = self.person.as_ref().map_or(PersonId([0; 16]), |person| person.id);
        chosen.unwrap_or_else(|| Policy::standard(person, interface))
    }

    /// The limits of the person's sessions at an interface, on a device.
    pub(crate) fn limits(
        &self,
        interface: Interface,
        device: DeviceId,
        bound: bool,
    ) -> SessionLimits {
        let device = self.device(device);
        let earned = bound && device.is_some_and(|device| device.confirmed);
        let mut limits = self.policy(interface).limits(earned);
        if !bound {
            limits.idle = limits.idle.min(UNBOUND_IDLE);
        }
        if device.is_some_and(|device| device.lent) {
            limits.idle = limits.idle.min(LENT_IDLE);
            limits.absolute = limits.absolute.min(LENT_LIFE);
            limits.ceiling = None;
        }
        limits
    }

    /// How long a session may go unused, and until when it lasts, when its person is proven now.
    pub fn lasts(
        &self,
        now: Time,
        interface: Interface,
        device: DeviceId,
        bound: bool,
        stay: Stay,
    ) -> (Span, Time) {
        let SessionLimits { idle, absolute, ceiling } = self.limits(interface, device, bound);
        let plain = now + absolute;
        let window = ceiling.and_then(|ceiling| window::last_end(self, now, ceiling));
        let until = window.unwrap_or(plain);
        // Who asks to stay does not mean to go beyond a number of their own.
        let long = stay == Stay::Long && self.policy(interface).own.idle.is_none();
        let idle = if long { idle.max(until.since(now).min(LONG_IDLE)) } else { idle };
        (idle, until)
    }
}

/// Whether the caller may change policies; widening takes a session that is bound to its browser.
pub(crate) fn check_change(
    slice: &Slice,
    ground: &Ground<'_>,
    widens: bool,
) -> Result<(), Refusal> {
    ground.authorise(slice, Act::ManagePolicy, Resource::Person)?;
    ground.check_recent(slice)?;
    if ground.by.runs_the_server() || !widens || ground.session(slice)?.is_bound() {
        return Ok(());
    }
    Err(Refusal::Session(SessionRefusal::PolicyUnbound))
}

pub(crate) fn decide(
    slice: &Slice,
    ground: &Ground<'_>,
    command: &Command,
) -> Result<Decision, Refusal> {
    let person = slice.owner()?.id;
    match command {
        Command::Set { interface, tempo, own, new_network, needs } => {
            if !Interface::OF_PEOPLE.contains(interface) {
                return Err(Refusal::not_found("policy of a person at this interface"));
            }
            let (interface, tempo, own) = (*interface, *tempo, *own);
            let (new_network, needs) = (*new_network, *needs);
            set(slice, ground, Policy { person, interface, tempo, own, new_network, needs })
        }
        Command::SetWindow { window, openings } => {
            set_window(slice, ground, person, window.as_ref(), openings)
        }
    }
}

fn set(slice: &Slice, ground: &Ground<'_>, policy: Policy) -> Result<Decision, Refusal> {
    policy.own.check()?;
    let old = slice.policy(policy.interface);
    check_change(slice, ground, policy.widens(&old))?;
    // Nobody can ask for what they cannot show, and so shut themselves out.
    let Needs { view, trade, administer, .. } = policy.needs;
    let needed = view.max(trade).max(administer);
    if let Ok(session) = ground.session(slice)
        && session.assurance < needed
    {
        let (act, have) = (Act::ManagePolicy, session.assurance);
        return Err(Refusal::Authority(AuthorityRefusal::AssuranceLow { act, have, needed }));
    }
    let mut draft = Draft::of(slice);
    draft.push(Event::Set(policy));
    draft.extend(shorten(draft.slice()));
    let text = format!(
        "The policy of the {} is now {}; a session ends after {}; on another network it {}. Viewing takes {}, trading {}, administering {}.{}",
        policy.interface,
        policy.tempo,
        policy.limits(true),
        policy.new_network,
        policy.needs.view,
        policy.needs.trade,
        policy.needs.administer,
        NOT_YOU
    );
    draft.push(notice::queue(ground, policy.person, Topic::PolicyChanged, text, None));
    Ok(draft.decide(Answer::Done))
}

pub(crate) const NOT_YOU: &str =
    " If that was not you, say so under Messages, or lock the account.";

fn set_window(
    slice: &Slice,
    ground: &Ground<'_>,
    person: PersonId,
    window: Option<&Window>,
    openings: &[Time],
) -> Result<Decision, Refusal> {
    check_change(slice, ground, window.is_some())?;
    if window.is_some() && openings.is_empty() {
        return Err(Refusal::not_found("window"));
    }
    let window = window.cloned();
    // The openings are those of the new window.
    let slice = Slice { openings: openings.to_vec(), ..slice.clone() };
    let mut draft = Draft::of(&slice);
    draft.push(Event::WindowSet { person, window: window.clone() });
    draft.extend(shorten(draft.slice()));
    let what = window.map_or_else(
        || "Your sessions no longer have a renewal window".to_owned(),
        |window| format!("From now on your sessions are renewed {window}"),
    );
    let text = format!("{what}.{NOT_YOU}");
    draft.push(notice::queue(ground, person, Topic::PolicyChanged, text, None));
    Ok(draft.decide(Answer::Done))
}

/// What a changed policy takes from sessions that live: a shorter limit counts at once, a longer one
/// only for what is proven later.
fn shorten(after: &Slice) -> Vec<decision::Event> {
    let limited = |one: &Session| {
        // From its last proof on: the person who makes the change confirmed a moment ago and stays.
        let (bound, at) = (one.is_bound(), one.proven_at);
        let (idle, until) = after.lasts(at, one.interface, one.device, bound, one.stay);
        let (idle, until) = (idle.min(one.idle), until.min(one.until));
        let changes = idle < one.idle || until < one.until;
        changes.then(|| session::Event::Limited { session: one.id, idle, until }.into())
    };
    after.sessions.iter().filter_map(limited).collect()
}
