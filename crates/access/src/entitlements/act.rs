//! What may be done, and to what kind of product, as plain sets.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::set::member_set;
use crate::id::AccountId;

macro_rules! acts {
    ($($(#[doc = $doc:literal])* $(#[cfg($when:meta)])? $name:ident = $bit:literal, $text:literal;)*) => {
        /// One thing that may be done.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        #[repr(u8)]
        pub enum Act { $($(#[doc = $doc])* $(#[cfg($when)])? $name = $bit,)* }

        impl Act {
            /// Every act, in order.
            pub const ALL: &[Self] = &[$($(#[cfg($when)])? Self::$name,)*];

            /// In plain words, to follow `may` or `cannot`.
            pub const fn text(self) -> &'static str {
                match self { $($(#[cfg($when)])? Self::$name => $text,)* }
            }
        }
    };
}

acts! {
    /// See balances, positions, orders and executions.
    ViewAccount = 0, "see the account: balances, positions, orders, executions";
    /// See prices and history.
    ViewMarketData = 1, "see prices and history";
    /// Place a new order.
    PlaceOrder = 2, "place orders";
    /// Place an order that only reduces a position.
    ReduceOrder = 3, "place orders that reduce a position";
    /// Change a resting order.
    ModifyOrder = 4, "modify orders";
    /// Cancel a resting order.
    CancelOrder = 5, "cancel orders";
    /// Create and revoke API credentials.
    ManageCredentials = 6, "create and revoke credentials";
    /// List and end sessions.
    ManageSessions = 7, "end other sessions";
    /// Rename, block and remove devices.
    ManageDevices = 8, "rename, block and remove devices";
    /// Add and remove passwords, passkeys and TOTP apps.
    ManageAuthenticators = 9, "change how you sign in";
    /// Lock the account or the person.
    Lock = 10, "lock the account";
    /// See the record of decisions.
    ViewEvidence = 11, "see the activity";
    /// Change mail address, phone number and planned travel.
    ManageContact = 12, "change your mail address, phone number and planned travel";
    /// Change what interfaces ask of sessions, and how long these last.
    ManagePolicy = 13, "change the policies of your sessions";
    /// Choose how a lost access comes back.
    ManageRecovery = 14, "change how you recover your access";
    /// One that came after every grant that a test reads.
    #[cfg(test)] Later = 15, "do what nothing could do before";
}

impl fmt::Display for Act {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

/// What an act is done to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resource {
    /// The person alone, whatever accounts are theirs.
    Person,
    /// One account.
    Account(AccountId),
}

impl<T: Into<AccountId>> From<T> for Resource {
    fn from(account: T) -> Self {
        Self::Account(account.into())
    }
}

/// A set of acts. It is stored as the names of its members: see [`super::members`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Acts(pub(super) u32);

member_set!(Acts of Act);

impl Acts {
    /// View-only acts.
    pub const VIEW: Self = Self::of(&[Act::ViewAccount, Act::ViewMarketData]);
    /// What a session may do that an enrolment link began, until its person is enrolled.
    pub const ENROL: Self = Self::of(&[Act::ManageAuthenticators, Act::ManageContact]);
    /// What is about a person alone, whatever account they act on.
    pub const OWN: Self = Self::of(&[
        Act::ManageSessions,
        Act::ManageDevices,
        Act::ManageAuthenticators,
        Act::ManageContact,
        Act::ManagePolicy,
        Act::ManageRecovery,
        Act::Lock,
        Act::ViewEvidence,
    ]);
    /// What touches orders.
    pub const TRADE: Self =
        Self::of(&[Act::PlaceOrder, Act::ReduceOrder, Act::ModifyOrder, Act::CancelOrder]);

    /// The acts of this set that are not in the other.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether no act is in it.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The set as bits, act 0 lowest.
    pub const fn bits(self) -> u32 {
        self.0
    }
}

/// Which way an order goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// Takes shares for cash.
    Buy,
    /// Gives shares for cash; below a position of zero it sells short.
    Sell,
}

impl Side {
    pub(super) const fn bit(self) -> u8 {
        match self {
            Self::Buy => 1,
            Self::Sell => 2,
        }
    }

    /// The other side.
    #[must_use]
    pub const fn opposite(self) -> Self {
        match self {
            Self::Buy => Self::Sell,
            Self::Sell => Self::Buy,
        }
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Buy => "buy",
            Self::Sell => "sell",
        })
    }
}

/// How an order decides when and at what price it is met.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum OrderKind {
    /// At whatever the market offers.
    Market = 0,
    /// At a price or better.
    Limit = 1,
    /// A market order once a price is reached.
    Stop = 2,
    /// A limit order once a price is reached.
    StopLimit = 3,
    /// One that came after every grant that a test reads.
    #[cfg(test)]
    Later = 4,
}

impl OrderKind {
    /// Every kind, in order.
    pub const ALL: &[Self] = &[
        Self::Market,
        Self::Limit,
        Self::Stop,
        Self::StopLimit,
        #[cfg(test)]
        Self::Later,
    ];
}

impl fmt::Display for OrderKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Market => "market orders",
            Self::Limit => "limit orders",
            Self::Stop => "stop orders",
            Self::StopLimit => "stop-limit orders",
            #[cfg(test)]
            Self::Later => "later orders",
        })
    }
}

/// What kind of thing is traded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Product {
    /// Shares of a company, or of a fund that trade like them.
    Stock = 0,
    /// The right to buy or to sell something at a price, until a day.
    Option = 1,
    /// Something to be delivered, or settled in cash, on a later day.
    Future = 2,
    /// One currency against another.
    Forex = 3,
    /// Money lent until a day.
    Bond = 4,
    /// Shares of a fund that it sells and takes back itself, once a day.
    Fund = 5,
    /// One unit of money if something comes true.
    Forecast = 6,
    /// One that came after every grant that a test reads.
    #[cfg(test)]
    Later = 7,
}

impl Product {
    /// Its name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Stock => "stock",
            Self::Option => "option",
            Self::Future => "future",
            Self::Forex => "forex",
            Self::Bond => "bond",
            Self::Fund => "fund",
            Self::Forecast => "forecast",
            #[cfg(test)]
            Self::Later => "later",
        }
    }

    /// Every product, in order.
    pub const ALL: &[Self] = &[
        Self::Stock,
        Self::Option,
        Self::Future,
        Self::Forex,
        Self::Bond,
        Self::Fund,
        Self::Forecast,
        #[cfg(test)]
        Self::Later,
    ];
}

impl fmt::Display for Product {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Stock => "stocks",
            Self::Option => "options",
            Self::Future => "futures",
            Self::Forex => "forex",
            Self::Bond => "bonds",
            Self::Fund => "funds",
            Self::Forecast => "forecasts",
            #[cfg(test)]
            Self::Later => "later products",
        })
    }
}
