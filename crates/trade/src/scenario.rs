//! What could happen to markets all at once.

use access::id::SymbolId;

/// What is supposed to happen at once, and nothing else.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Scenario {
    /// Prices of what wanders by itself move by so many ten-thousandths of themselves. Currencies and yields stay.
    pub(crate) prices: i64,
    /// Only that of this one.
    pub(crate) only: Option<SymbolId>,
    /// The same of volatility.
    pub(crate) volatility: i64,
    /// So many calendar days go by.
    pub(crate) days: i64,
}
