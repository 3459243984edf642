//! How long a browser stays signed in, as chosen when signing in.

use serde::{Deserialize, Serialize};

use crate::moment::Span;

/// How long a session on a computer that is not its person's may go unused.
pub const LENT_IDLE: Span = Span::minutes(10);
/// How long such a session lasts at the most.
pub const LENT_LIFE: Span = Span::hours(1);
/// How long a session that was to stay may go unused, as far as it lasts so long.
pub const LONG_IDLE: Span = Span::hours(12);

/// The choice.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Stay {
    /// The interface's limits; the session ends with the browser.
    #[default]
    Usual,
    /// Stay signed in: unused for as long as the session lasts, also when the browser is closed.
    /// For a session that is bound to its browser, on a confirmed device.
    Long,
    /// Not my computer: short limits, and the device is forgotten with the session.
    Lent,
}

impl Stay {
    /// Every choice.
    pub const ALL: [Self; 3] = [Self::Usual, Self::Long, Self::Lent];

    /// Its name in tables and forms.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Usual => "usual",
            Self::Long => "long",
            Self::Lent => "lent",
        }
    }
}
