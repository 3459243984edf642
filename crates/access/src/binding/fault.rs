//! Why a proof by a key does not count.

use std::fmt;

use crate::moment::Time;

/// Why a proof by a key does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProofFault {
    /// It cannot be read.
    Malformed,
    /// It was made by another key than the session's.
    OtherKey,
    /// It does not verify: another method, path or content was signed.
    Signature,
    /// It is from another time than now.
    Time {
        /// Our time.
        now: Time,
    },
    /// It was shown before.
    Replayed,
    /// No key that is known for this session made it, so the browser's own has to sign.
    SessionKey,
    /// It was made by a key of the session, where the browser's own has to sign.
    OwnKey,
}

impl fmt::Display for ProofFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed => f.write_str("it cannot be read"),
            Self::OtherKey => f.write_str("it was made with another key"),
            Self::Signature => f.write_str("it does not verify"),
            Self::Time { now } => {
                write!(
                    f,
                    "its time is not within 60 seconds of {now}, or it is from before the server started"
                )
            }
            Self::Replayed => f.write_str("it was shown before"),
            Self::SessionKey => f.write_str("it was made with no session key that is known here"),
            Self::OwnKey => {
                f.write_str("it was made with a session key, which does not count here")
            }
        }
    }
}
