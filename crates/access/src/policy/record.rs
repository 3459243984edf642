//! What is kept of policies.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::need::{Assurance, Needs, NewNetwork};
use crate::device::DeviceRole;
use crate::entitlements::{Act, Acts};
use crate::id::PersonId;
use crate::moment::Span;
use crate::refusal::{Field, InputRefusal};
use crate::session::Interface;
use crate::window::PLAIN_MOST;

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
pub struct SessionLimits {
    /// Over when it was not used for this long.
    pub idle: Span,
    /// Over when it is this old.
    pub absolute: Span,
    /// Where a window is chosen: over at the end of the last one that lies within this.
    pub ceiling: Option<Span>,
}

impl fmt::Display for SessionLimits {
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
pub(super) fn exact(span: Span) -> String {
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
pub const PLAIN: SessionLimits =
    SessionLimits { idle: Span::minutes(30), absolute: Span::hours(12), ceiling: None };

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
    pub(super) fn check(self) -> Result<(), InputRefusal> {
        let both = [
            (Field::IdleTime, self.idle, Self::IDLE),
            (Field::TotalTime, self.absolute, Self::ABSOLUTE),
        ];
        for (field, given, (least, most)) in both {
            if let Some(given) = given.filter(|given| *given < least || *given > most) {
                let (given, least, most) = (exact(given), exact(least), exact(most));
                return Err(InputRefusal::OutOfRange { field, given, least, most });
            }
        }
        Ok(())
    }

    /// The limits with these in their place.
    pub(super) fn over(self, limits: SessionLimits) -> SessionLimits {
        let idle = self.idle.unwrap_or(limits.idle);
        match self.absolute {
            None => SessionLimits { idle, ..limits },
            Some(absolute) => {
                let ceiling = (absolute > PLAIN_MOST).then_some(absolute);
                SessionLimits { idle, absolute, ceiling }
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
    pub const fn limits(self) -> SessionLimits {
        let day = Span::hours(24);
        match self {
            Self::Occasional => PLAIN,
            Self::Adviser => SessionLimits { idle: Span::hours(1), absolute: day, ceiling: None },
            Self::Active => {
                SessionLimits { idle: Span::days(3), absolute: day, ceiling: Some(Span::days(9)) }
            }
            Self::Unattended => {
                SessionLimits { idle: Span::days(7), absolute: day, ceiling: Some(Span::days(30)) }
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
    /// The person.
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
    pub fn limits(&self, earned: bool) -> SessionLimits {
        let chosen = self.own.over(self.tempo.limits());
        if earned {
            return chosen;
        }
        let (idle, absolute) = (chosen.idle.min(PLAIN.idle), chosen.absolute.min(PLAIN.absolute));
        SessionLimits { idle, absolute, ceiling: None }
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
