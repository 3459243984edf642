//! What is kept of the right to trade.

use serde::{Deserialize, Serialize};

use crate::id::{PersonId, SessionId};
use crate::moment::Time;

/// That a person has it on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Brokerage {
    /// The person.
    pub person: PersonId,
    /// The session that took trading; none since it was switched on by the operator.
    pub holder: Option<SessionId>,
    /// When that began.
    pub since: Time,
}
