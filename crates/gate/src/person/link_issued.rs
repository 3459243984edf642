//! A link that was made for a person.

use access::link::Purpose;
use access::{Secret, Time};

/// A single-use link that was just made.
pub struct LinkIssued {
    /// What it is for.
    pub purpose: Purpose,
    /// What goes into its address: shown this once.
    pub token: Secret,
    /// When it expires.
    pub until: Time,
}
