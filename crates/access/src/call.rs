//! Who asks, from where, for what.

pub use crate::caller::{By, Source};
pub use crate::name::tidy;
use crate::noun::Command;

/// One thing asked of access.
pub struct Call {
    /// Who asks.
    pub by: By,
    /// From where.
    pub source: Source,
    /// The command.
    pub command: Command,
}
