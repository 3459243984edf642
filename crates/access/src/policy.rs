//! Policies: what an interface requires of its sessions, and how long they last there. A person
//! chooses a tempo, which fills in the limits, and may type their own limits instead.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::binding::UNBOUND_IDLE;
use crate::decision::{self, Answer, Decision, Ground};
use crate::device::DeviceRole;
use crate::draft::Draft;
use crate::entitlements::{Act, Acts};
use crate::id::{DeviceId, PersonId};
use crate::moment::{Span, Time};
use crate::notice::{self, Topic};
use crate::refusal::Refusal;
use crate::session::{self, Interface, Session};
use crate::slice::{Slice, put};
use crate::stay::{LENT_IDLE, LENT_LIFE, LONG_IDLE, Stay};
use crate::window::{self, Window};

mod need;

pub use need::{Assurance, Needs, NewNetwork, TRADES};

/// How somebody works at an interface: what its limits are made from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tempo {
    /// Now and then.
    #[default]
    Occasional,
    /// All day, for others: at a desk where people come and go.
    Adviser,
    /// Every day, on devices of one's own.
    Active,
    /// A screen that nobody sits at: it looks.
    Unattended,
}

/// How long a session lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Over when it was not used for this long.
    pub idle: Span,
    /// Over when it is this old.
    pub absolute: Span,
    /// Where a window is chosen: over at the end of the last one that lies within this.
    pub ceiling: Option<Span>,
}

impl fmt::Display for Limits {
    /// `3 days unused, 24 hours in total; with a window 9 days at most`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (idle, absolute) = (exact(self.idle), exact(self.absolute));
        write!(f, "{idle} idle, {absolute} in total")?;
        match self.ceiling {
            Some(most) if most == self.absolute => {
                f.write_str("; with a window until its last end before")
            }
            Some(most) => write!(f, "; with a window {} at most", exact(most)),
            None => Ok(()),
        }
    }
}

/// A limit in the largest unit that divides it: a rounded one would be another.
fn exact(span: Span) -> String {
    let minutes = span.seconds_up() / 60;
    let plural =
        |count: i64, unit: &str| format!("{count} {unit}{}", if count == 1 { "" } else { "s" });
    match minutes {
        2_880.. if minutes % 1_440 == 0 => plural(minutes / 1_440, "day"),
        60.. if minutes % 60 == 0 => plural(minutes / 60, "hour"),
        _ => plural(minutes, "minute"),
    }
}

/// What holds wherever more is not earned: no key, or no confirmed device.
pub const PLAIN: Limits =
    Limits { idle: Span::minutes(30), absolute: Span::hours(12), ceiling: None };

/// Limits that a person typed, in place of what their tempo fills in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct OwnLimits {
    /// Over when it was not used for this long.
    pub idle: Option<Span>,
    /// Over when it is this old. Of more than a day: at the end of the last window within it, where
    /// one is chosen.
    pub absolute: Option<Span>,
}

impl OwnLimits {
    /// The shortest and the longest time unused.
    pub const IDLE: (Span, Span) = (Span::minutes(5), Span::days(7));
    /// The shortest and the longest time in all. The shortest is longer than a proof counts for a
    /// change, so the person who makes it is not signed out by it.
    pub const ABSOLUTE: (Span, Span) = (Span::hours(1), Span::days(30));

    /// Whether both are within their bounds.
    fn check(self) -> Result<(), Refusal> {
        let both =
            [("idle time", self.idle, Self::IDLE), ("total time", self.absolute, Self::ABSOLUTE)];
        for (what, given, (least, most)) in both {
            if let Some(given) = given.filter(|given| *given < least || *given > most) {
                let (given, least, most) = (exact(given), exact(least), exact(most));
                return Err(Refusal::OutOfRange { what, given, least, most });
            }
        }
        Ok(())
    }

    /// The limits with these in their place.
    fn over(self, limits: Limits) -> Limits {
        let idle = self.idle.unwrap_or(limits.idle);
        match self.absolute {
            None => Limits { idle, ..limits },
            Some(absolute) => {
                let ceiling = (absolute > window::PLAIN_MOST).then_some(absolute);
                Limits { idle, absolute, ceiling }
            }
        }
    }
}

impl Tempo {
    /// Every tempo.
    pub const ALL: [Self; 4] = [Self::Occasional, Self::Adviser, Self::Active, Self::Unattended];

    /// Its name in tables and forms.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Occasional => "occasional",
            Self::Adviser => "adviser",
            Self::Active => "active",
            Self::Unattended => "unattended",
        }
    }

    /// What a session gets that is bound to its browser, on a confirmed device.
    pub const fn limits(self) -> Limits {
        let day = Span::hours(24);
        match self {
            Self::Occasional => PLAIN,
            Self::Adviser => Limits { idle: Span::hours(1), absolute: day, ceiling: None },
            Self::Active => {
                Limits { idle: Span::days(3), absolute: day, ceiling: Some(Span::days(9)) }
            }
            Self::Unattended => {
                Limits { idle: Span::days(7), absolute: day, ceiling: Some(Span::days(30)) }
            }
        }
    }

    /// The acts that it leaves.
    pub const fn acts(self) -> Acts {
        match self {
            // With a proof it is set back where it was set.
            Self::Unattended => DeviceRole::View.acts().or(Acts::of(&[Act::ManagePolicy])),
            Self::Occasional | Self::Adviser | Self::Active => Acts::ALL,
        }
    }
}

impl fmt::Display for Tempo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Occasional => "occasional: now and then",
            Self::Adviser => "adviser: all day, where people come and go",
            Self::Active => "active: every day, on devices of your own",
            Self::Unattended => "unattended: a view-only screen",
        })
    }
}

/// What an interface asks of a person's sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// Whose.
    pub person: PersonId,
    /// At which interface.
    pub interface: Interface,
    /// How they work there.
    pub tempo: Tempo,
    /// Limits that they typed.
    #[serde(default)]
    pub own: OwnLimits,
    /// What a session does at another network.
    pub new_network: NewNetwork,
    /// What acts need.
    pub needs: Needs,
}

impl Policy {
    /// What holds where nothing was chosen. A phone changes networks all day and its key stays
    /// with it; what another company's app or program does elsewhere is not its person's doing.
    pub const fn standard(person: PersonId, interface: Interface) -> Self {
        let new_network = match interface {
            Interface::Phone | Interface::Socket | Interface::Operator => NewNetwork::Keep,
            Interface::Portal | Interface::Desktop | Interface::Workstation => NewNetwork::Prove,
            Interface::WebApi | Interface::App => NewNetwork::Look,
        };
        let (one, withdraw) = (Assurance::One, Assurance::Two);
        let needs = Needs { view: one, trade: one, administer: one, withdraw };
        let (tempo, own) = (Tempo::Occasional, OwnLimits { idle: None, absolute: None });
        Self { person, interface, tempo, own, new_network, needs }
    }

    /// The limits of a session of it; `earned` by a key of its browser and a confirmed device.
    pub fn limits(&self, earned: bool) -> Limits {
        let chosen = self.own.over(self.tempo.limits());
        if earned {
            return chosen;
        }
        let (idle, absolute) = (chosen.idle.min(PLAIN.idle), chosen.absolute.min(PLAIN.absolute));
        Limits { idle, absolute, ceiling: None }
    }

    /// Whether anything in it lets a session do more, or for longer, than `old` did.
    pub fn widens(&self, old: &Self) -> bool {
        // What was not earned follows: it has the least of these and the plain ones.
        let (new, was) = (self.limits(true), old.limits(true));
        let needs = |one: &Self| {
            let Needs { view, trade, administer, withdraw } = one.needs;
            [view, trade, administer, withdraw]
        };
        new.idle > was.idle
            || new.absolute > was.absolute
            || new.ceiling > was.ceiling
            || !self.tempo.acts().without(old.tempo.acts()).is_empty()
            || !self.new_network.acts().without(old.new_network.acts()).is_empty()
            || (self.new_network == NewNetwork::Prove && old.new_network == NewNetwork::Look)
            || needs(self).iter().zip(needs(old)).any(|(new, was)| *new < was)
    }
}

impl Slice {
    /// The policy of the person at an interface: what they chose, or the default.
    pub fn policy(&self, interface: Interface) -> Policy {
        let chosen = self.policies.iter().find(|one| one.interface == interface).copied();
        let person = self.person.as_ref().map_or(PersonId([0; 16]), |person| person.id);
        chosen.unwrap_or_else(|| Policy::standard(person, interface))
    }

    /// The limits of the person's sessions at an interface, on a device.
    pub(crate) fn limits(&self, interface: Interface, device: DeviceId, bound: bool) -> Limits {
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
        let Limits { idle, absolute, ceiling } = self.limits(interface, device, bound);
        let plain = now + absolute;
        let window = ceiling.and_then(|ceiling| window::last_end(self, now, ceiling));
        let until = window.unwrap_or(plain);
        // Who asks to stay does not mean to go beyond a number of their own.
        let long = stay == Stay::Long && self.policy(interface).own.idle.is_none();
        let idle = if long { idle.max(until.since(now).min(LONG_IDLE)) } else { idle };
        (idle, until)
    }
}

/// What is asked about policies.
pub enum Command {
    /// Sets the policy of the person at an interface.
    Set {
        /// At which.
        interface: Interface,
        /// How they work there.
        tempo: Tempo,
        /// Limits that they typed.
        own: OwnLimits,
        /// What a session does at another network.
        new_network: NewNetwork,
        /// What acts need.
        needs: Needs,
    },
    /// Chooses when sessions are renewed, or that they end by their plain limits.
    SetWindow {
        /// The window.
        window: Option<Window>,
        /// When it opens in the next weeks, by its zone.
        openings: Vec<Time>,
    },
}

/// What happened to policies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// It is this from now on.
    Set(Policy),
    /// Sessions are renewed then from now on.
    WindowSet {
        /// Whose.
        person: PersonId,
        /// When.
        window: Option<Window>,
    },
}

impl Event {
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::Set(_) => "policy.set",
            Self::WindowSet { .. } => "policy.window_set",
        }
    }

    pub(crate) fn text(&self) -> String {
        match self {
            Self::Set(one) => format!(
                "Policy of the {}: {}, {}; on another network a session {}; required to view: {}, to trade: {}, to administer: {}, to withdraw: {}",
                one.interface,
                one.tempo,
                one.limits(true),
                one.new_network,
                one.needs.view,
                one.needs.trade,
                one.needs.administer,
                one.needs.withdraw
            ),
            Self::WindowSet { window: Some(window), .. } => {
                format!("Sessions are renewed {window}")
            }
            Self::WindowSet { window: None, .. } => "Sessions have no renewal window".to_owned(),
        }
    }
}

pub(crate) fn apply(slice: &mut Slice, event: &Event) {
    match event {
        Event::Set(one) => put(&mut slice.policies, *one, |one| one.interface),
        Event::WindowSet { window, .. } => slice.window.clone_from(window),
    }
}

/// Whether the caller may change policies; widening takes a session that is bound to its browser.
pub(crate) fn check_change(
    slice: &Slice,
    ground: &Ground<'_>,
    widens: bool,
) -> Result<(), Refusal> {
    ground.authorise(slice, Act::ManagePolicy)?;
    ground.check_recent(slice)?;
    if ground.by.runs_the_server() || !widens || ground.session(slice)?.is_bound() {
        return Ok(());
    }
    Err(Refusal::PolicyUnbound)
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
                return Err(Refusal::NotFound { what: "policy of a person at this interface" });
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
        return Err(Refusal::AssuranceLow { act, have, needed });
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
        return Err(Refusal::NotFound { what: "window" });
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
