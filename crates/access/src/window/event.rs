//! What can be asked about trading windows.

use crate::id::SessionId;

/// What is asked about windows.
pub enum Command {
    /// A session's window opens within a day, or is open; asked by the server itself.
    Announce {
        /// Which session.
        session: SessionId,
    },
}
