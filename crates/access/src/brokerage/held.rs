//! The session that holds trading.

use crate::id::SessionId;
use crate::moment::Time;
use crate::name::Name;

/// The session that may trade, for those that may not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// The session.
    pub session: SessionId,
    /// The name of its device.
    pub device: Name,
    /// When that began.
    pub since: Time,
}
