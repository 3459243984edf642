//! How surely a person was proven, and what acts need.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::device::DeviceRole;
use crate::entitlements::{Act, Acts};
use crate::session::Method;

/// How surely a person was proven.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Assurance {
    /// One factor: a link, or a phone's yes alone (NIST SP 800-63B-4, AAL1).
    #[default]
    One,
    /// Two factors of different kinds (AAL2): a password with a code or a phone's yes.
    Two,
    /// Resistant to phishing (what AAL2 must offer and AAL3 demands): a passkey that verified its
    /// user signs for this portal alone.
    Resistant,
}

impl Assurance {
    /// Every level, the lowest first.
    pub const ALL: [Self; 3] = [Self::One, Self::Two, Self::Resistant];

    /// Its name in tables and forms.
    pub const fn name(self) -> &'static str {
        match self {
            Self::One => "one",
            Self::Two => "two",
            Self::Resistant => "resistant",
        }
    }

    /// How to get it.
    pub const fn how(self) -> &'static str {
        match self {
            Self::One => "confirm it's you",
            Self::Two => "confirm it's you with your password and a code, or with a passkey",
            Self::Resistant => "confirm it's you with a passkey",
        }
    }

    /// What these methods together show.
    pub fn of(methods: &[Method]) -> Self {
        if methods.contains(&Method::Passkey) {
            return Self::Resistant;
        }
        let held = [Method::Totp, Method::RecoveryCode, Method::Approval];
        let known = methods.contains(&Method::Password);
        if known && methods.iter().any(|method| held.contains(method)) {
            Self::Two
        } else {
            Self::One
        }
    }
}

impl fmt::Display for Assurance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::One => "one factor",
            Self::Two => "two factors",
            Self::Resistant => "a passkey",
        })
    }
}

/// What a session does when its requests come from another network than those it was proven at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NewNetwork {
    /// The same as before.
    #[default]
    Keep,
    /// It looks and cancels until its person is proven there.
    Prove,
    /// It looks and cancels; more takes a sign-in there.
    Look,
}

impl NewNetwork {
    /// Every choice, the widest first.
    pub const ALL: [Self; 3] = [Self::Keep, Self::Prove, Self::Look];

    /// Its name in tables and forms.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Keep => "keep",
            Self::Prove => "prove",
            Self::Look => "look",
        }
    }

    /// The acts that it leaves there. What only reduces stays.
    pub const fn acts(self) -> Acts {
        match self {
            Self::Keep => Acts::ALL,
            Self::Prove | Self::Look => DeviceRole::View.acts().or(Acts::of(&[Act::CancelOrder])),
        }
    }
}

impl fmt::Display for NewNetwork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Keep => "continues as before",
            Self::Prove => "is view-only until you confirm it's you",
            Self::Look => "is view-only until you sign in there",
        })
    }
}

/// The assurance that acts need. What only takes away (cancelling, ending, locking) needs none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Needs {
    /// To look.
    pub view: Assurance,
    /// To place and change orders.
    pub trade: Assurance,
    /// To change credentials, devices, ways to sign in, contact and policies.
    pub administer: Assurance,
    /// To withdraw; nothing can be withdrawn from a paper account yet.
    pub withdraw: Assurance,
}

/// Acts that place or change orders.
pub const TRADES: Acts = Acts::of(&[Act::PlaceOrder, Act::ReduceOrder, Act::ModifyOrder]);

/// Acts that change what gives authority.
const ADMINISTERS: Acts = Acts::of(&[
    Act::ManageCredentials,
    Act::ManageDevices,
    Act::ManageAuthenticators,
    Act::ManageContact,
    Act::ManagePolicy,
    Act::ManageRecovery,
]);

impl Needs {
    /// What it leaves to a session of this assurance.
    pub fn acts(self, have: Assurance) -> Acts {
        let parts = [(self.view, Acts::VIEW), (self.trade, TRADES), (self.administer, ADMINISTERS)];
        let lacks = parts.into_iter().filter(|(need, _)| have < *need);
        lacks.fold(Acts::ALL, |acts, (_, part)| acts.without(part))
    }

    /// What an act needs.
    pub fn of(self, act: Act) -> Assurance {
        if Acts::VIEW.contains(act) {
            self.view
        } else if TRADES.contains(act) {
            self.trade
        } else if ADMINISTERS.contains(act) {
            self.administer
        } else {
            Assurance::One
        }
    }
}
