//! How much a lock stops.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::entitlements::{Act, Acts};

/// How much a lock takes away; a later one takes more.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Grade {
    /// No lock.
    #[default]
    None,
    /// New orders must reduce a position; cancels pass.
    ReduceOnly,
    /// No new orders and no changes of orders; cancels pass.
    NoNew,
    /// Everything ends: sessions, credentials, devices, then orders.
    All,
}

impl Grade {
    /// The acts that it leaves.
    #[inline]
    pub const fn allows(self) -> Acts {
        match self {
            Self::None => Acts::ALL,
            Self::ReduceOnly => {
                Acts::ALL.without(Acts::of(&[Act::PlaceOrder, Act::ModifyOrder, GROW]))
            }
            Self::NoNew => Acts::ALL.without(Acts::of(&[
                Act::PlaceOrder,
                Act::ReduceOrder,
                Act::ModifyOrder,
                GROW,
            ])),
            Self::All => Acts::NONE,
        }
    }

    /// Its name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::ReduceOnly => "reduce-only",
            Self::NoNew => "no-new",
            Self::All => "all",
        }
    }

    /// What it means, in plain words.
    pub const fn text(self) -> &'static str {
        match self {
            Self::None => "nothing is locked",
            Self::ReduceOnly => "only orders that reduce a position, and cancellations",
            Self::NoNew => "no new orders and no changes; cancelling works",
            Self::All => "sessions, credentials and devices end, and orders are cancelled",
        }
    }
}

/// Under a lock nothing is widened: no new credential.
pub(super) const GROW: Act = Act::ManageCredentials;

impl fmt::Display for Grade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Why a text is no grade.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GradeError;

impl fmt::Display for GradeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a grade of a lock: use no-new, reduce-only or all")
    }
}

impl std::error::Error for GradeError {}

impl FromStr for Grade {
    type Err = GradeError;

    /// The grades that a lock can have: not `none`.
    fn from_str(text: &str) -> Result<Self, GradeError> {
        [Self::ReduceOnly, Self::NoNew, Self::All]
            .into_iter()
            .find(|grade| grade.name() == text)
            .ok_or(GradeError)
    }
}
