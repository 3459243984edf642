//! How far the markets have come.

use access::moment::{Span, Time};

/// Time that a request passes by itself. It costs a few milliseconds at most.
pub(crate) const AT_ONCE: Span = Span::minutes(10);

/// How far the markets have come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Where they began.
    pub from: Time,
    /// Where they are.
    pub at: Time,
    /// Where they go.
    pub to: Time,
}

impl Progress {
    /// In hundredths of the way.
    pub fn percent(&self) -> i64 {
        let (done, whole) = (self.at.since(self.from).0, self.to.since(self.from).0);
        done.saturating_mul(100).checked_div(whole).unwrap_or(100).clamp(0, 100)
    }
}
