//! Prices as integers.

use serde::{Deserialize, Serialize};

/// A price as a count of its instrument's ticks; below zero where the instrument has such prices. What it is in money only
/// the instrument knows: [`crate::instrument::Instrument::price`].
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Ticks(pub i64);

/// A fair price is kept in 65,536ths of a tick.
pub(crate) const FINE: i64 = 1 << 16;
