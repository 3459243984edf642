//! Single-use links: the demo's first way in, and enrolment.

use serde::{Deserialize, Serialize};

use crate::decision::{Answer, Decision, Ground};
use crate::device;
use crate::entitlements::Act;
use crate::id::{LinkId, PersonId};
use crate::moment::{Span, Time};
use crate::refusal::Refusal;
use crate::secret::Digest;
use crate::slice::{Slice, put};
use crate::token::{self, Kind};

/// What a link is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Signs in and trusts the browser: the demo's banner. 15 minutes.
    SignIn,
    /// Makes the phone that opens it one that answers approvals, once its number is typed where the
    /// link was made. 10 minutes.
    Phone,
    /// Signs in to set up password and TOTP, or a passkey; until then the session may do nothing
    /// else. 24 hours.
    Enrolment,
}

impl Purpose {
    /// Every purpose.
    pub const ALL: [Self; 3] = [Self::SignIn, Self::Enrolment, Self::Phone];

    /// Its name in tables.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SignIn => "sign_in",
            Self::Enrolment => "enrolment",
            Self::Phone => "phone",
        }
    }

    /// How long such a link works.
    pub const fn life(self) -> Span {
        match self {
            Self::SignIn => Span::minutes(15),
            Self::Enrolment => Span::hours(24),
            Self::Phone => Span::minutes(10),
        }
    }
}

/// A link that was not used yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// Its id.
    pub id: LinkId,
    /// Whom it signs in.
    pub person: PersonId,
    /// Digest of its token.
    pub token: Digest,
    /// What for.
    pub purpose: Purpose,
    /// When it expires.
    pub until: Time,
}

/// What is asked about links; using one is a sign-in.
pub enum Command {
    /// Makes one; those of the same purpose are over.
    Issue {
        /// What for.
        purpose: Purpose,
    },
}

/// What happened to links.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// Made.
    Issued(Link),
    /// Used.
    Used {
        /// Which.
        link: LinkId,
        /// When.
        at: Time,
    },
    /// Over without use, because a newer one was made.
    Withdrawn {
        /// Which.
        link: LinkId,
    },
}

impl Event {
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::Issued(_) => "link.issued",
            Self::Used { .. } => "link.used",
            Self::Withdrawn { .. } => "link.withdrawn",
        }
    }

    pub(crate) fn text(&self) -> String {
        match self {
            Self::Issued(one) => {
                format!(
                    "Link {} ({}) created, valid until {}",
                    one.id,
                    one.purpose.name().replace('_', "-"),
                    one.until
                )
            }
            Self::Used { link, .. } => format!("Link {link} used"),
            Self::Withdrawn { link } => format!("Link {link} withdrawn"),
        }
    }
}

pub(crate) fn apply(slice: &mut Slice, event: &Event) {
    match event {
        Event::Issued(link) => put(&mut slice.links, link.clone(), |one| one.id),
        Event::Used { link, .. } | Event::Withdrawn { link } => {
            slice.links.retain(|one| one.id != *link);
        }
    }
}

pub(crate) fn decide(
    slice: &Slice,
    ground: &Ground<'_>,
    command: &Command,
) -> Result<Decision, Refusal> {
    let Command::Issue { purpose } = *command;
    if purpose == Purpose::Phone {
        // A phone may always give its part to another: that is no more than it has.
        if !device::asks_on_phone(slice, ground) {
            ground.authorise(slice, Act::ManageDevices)?;
        }
        ground.check_recent(slice)?;
    } else if !ground.by.runs_the_server() {
        return Err(Refusal::OperatorOnly);
    }
    let (events, answer) = issue(slice, ground, purpose)?;
    Ok(Decision::new(events, answer))
}

/// The events and the answer of a new link.
pub(crate) fn issue(
    slice: &Slice,
    ground: &Ground<'_>,
    purpose: Purpose,
) -> Result<(Vec<crate::decision::Event>, Answer), Refusal> {
    let person = slice.owner()?.id;
    let older = slice.links.iter().filter(|link| link.purpose == purpose);
    let mut events: Vec<_> = older.map(|link| Event::Withdrawn { link: link.id }.into()).collect();
    let token = token::issue(Kind::Link, ground.moment);
    let until = ground.moment.now + purpose.life();
    let link = LinkId(ground.moment.draw("link"));
    events.push(
        Event::Issued(Link { id: link, person, token: token.digest(), purpose, until }).into(),
    );
    Ok((events, Answer::Link { link, token, until }))
}
