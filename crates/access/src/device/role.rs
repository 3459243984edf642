//! What a device may be used for.

use serde::{Deserialize, Serialize};

use crate::entitlements::{Act, Acts};

/// What a device may be used for, whatever its person may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeviceRole {
    /// Looking.
    View,
    /// Looking, and setting programs up.
    Automate,
    /// Looking and trading.
    Trade,
    /// Everything.
    Administer,
}

impl DeviceRole {
    /// Every role, the narrowest first.
    pub const ALL: [Self; 4] = [Self::View, Self::Automate, Self::Trade, Self::Administer];

    /// Its name in tables and forms.
    pub const fn name(self) -> &'static str {
        match self {
            Self::View => "view",
            Self::Automate => "automate",
            Self::Trade => "trade",
            Self::Administer => "administer",
        }
    }

    /// What sessions on such a device may do, in plain words.
    pub const fn text(self) -> &'static str {
        match self {
            Self::View => "view the account",
            Self::Automate => "view, and set up programs",
            Self::Trade => "view and trade",
            Self::Administer => "do everything",
        }
    }

    /// The acts that it leaves. Ending sessions and locking only take away, so every role has them.
    pub const fn acts(self) -> Acts {
        let own = Acts::VIEW.or(Acts::of(&[Act::ManageSessions, Act::Lock, Act::ViewEvidence]));
        match self {
            Self::View => own,
            Self::Automate => own.or(Acts::of(&[Act::ManageCredentials])),
            Self::Trade => own.or(Acts::TRADE),
            Self::Administer => Acts::ALL,
        }
    }
}

impl std::fmt::Display for DeviceRole {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.text())
    }
}
