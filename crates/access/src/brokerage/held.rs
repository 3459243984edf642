//! The session that holds trading.

use crate::id::SessionId;
use crate::moment::Time;
use crate::name::Name;

/// The session that may trade, for those that may not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// Which.
    pub session: SessionId,
    /// The name of its device.
    pub device: Name,
    /// Since when.
    pub since: Time,
}
