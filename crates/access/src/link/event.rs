//! What can be asked about links, what can happen, and what it does to a slice.

use serde::{Deserialize, Serialize};

use super::record::{Link, Purpose};
use crate::id::LinkId;
use crate::moment::Time;
use crate::slice::{Slice, put};

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
        /// The link.
        link: LinkId,
        /// When it happened.
        at: Time,
    },
    /// Over without use, because a newer one was made.
    Withdrawn {
        /// The link.
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
