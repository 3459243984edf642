//! What is kept of mandates.

use serde::{Deserialize, Serialize};

use crate::address::Addresses;
use crate::entitlements::{
    Act, Acts, Entitlements, Hours, Limits, Product, Products, Sides, Symbols,
};
use crate::id::{AccountId, Holder, PersonId};
use crate::lock::Grade;
use crate::moment::Time;
use crate::policy::NewNetwork;

/// What someone is to an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// May do everything.
    Owner,
    /// May trade, and administer nothing but their own sign-in.
    Trader,
    /// May look.
    Auditor,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 3] = [Self::Owner, Self::Trader, Self::Auditor];

    /// Its name in tables.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Trader => "trader",
            Self::Auditor => "auditor",
        }
    }

    /// The acts that it gives when it is granted. A mandate keeps what it was granted with.
    pub const fn acts(self) -> Acts {
        match self {
            Self::Owner => Acts::ALL,
            Self::Trader => Acts::VIEW.or(Acts::TRADE).or(Acts::OWN),
            Self::Auditor => Acts::VIEW.or(Acts::OWN),
        }
    }

    /// The products that it gives when it is granted.
    pub const fn products(self) -> Products {
        match self {
            Self::Owner | Self::Trader | Self::Auditor => Products::ALL,
        }
    }

    /// The acts that it gave while mandates recorded the role alone. They never change: what was
    /// granted then is read by them.
    const fn unlisted_acts(self) -> Acts {
        let looks = Acts::of(&[
            Act::ViewAccount,
            Act::ViewMarketData,
            Act::ManageSessions,
            Act::ManageDevices,
            Act::ManageAuthenticators,
            Act::Lock,
            Act::ViewEvidence,
            Act::ManageContact,
            Act::ManagePolicy,
            Act::ManageRecovery,
        ]);
        let trades = looks.or(Acts::of(&[
            Act::PlaceOrder,
            Act::ReduceOrder,
            Act::ModifyOrder,
            Act::CancelOrder,
        ]));
        match self {
            Self::Owner => trades.or(Acts::of(&[Act::ManageCredentials])),
            Self::Trader => trades,
            Self::Auditor => looks,
        }
    }
}

/// One person's authority on one account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Recorded")]
pub struct Mandate {
    /// Whose.
    pub person: PersonId,
    /// On which account.
    pub account: AccountId,
    /// As what.
    pub role: Role,
    /// The acts that the role gave when this was granted.
    pub acts: Acts,
    /// The products that the role gave when this was granted.
    pub products: Products,
    /// Since when.
    pub granted_at: Time,
    /// Until when; none is without end.
    pub until: Option<Time>,
}

/// A mandate as evidence has it: the older ones list no acts and no products.
#[derive(Deserialize)]
struct Recorded {
    person: PersonId,
    account: AccountId,
    role: Role,
    acts: Option<Acts>,
    products: Option<Products>,
    granted_at: Time,
    until: Option<Time>,
}

impl From<Recorded> for Mandate {
    fn from(it: Recorded) -> Self {
        let Recorded { person, account, role, acts, products, granted_at, until } = it;
        let acts = acts.unwrap_or(role.unlisted_acts());
        let products = products.unwrap_or(Products::of(&[Product::Stock]));
        Self { person, account, role, acts, products, granted_at, until }
    }
}

impl Mandate {
    /// One without end, of what a role gives now.
    pub const fn preset(
        person: PersonId,
        account: AccountId,
        role: Role,
        granted_at: Time,
    ) -> Self {
        let (acts, products) = (role.acts(), role.products());
        Self { person, account, role, acts, products, granted_at, until: None }
    }

    /// Everything that it gives, under a lock, to a holder that is not narrowed yet. Nothing on a live
    /// account: what is entitled so far trades on paper.
    pub fn entitlements(&self, holder: Holder, lock: Grade) -> Option<Entitlements> {
        let given = Entitlements {
            holder,
            person: self.person,
            account: self.account.paper()?,
            acts: self.acts,
            read_only: false,
            products: self.products,
            symbols: Symbols::All,
            sides: Sides::Both,
            hours: Hours::Always,
            addresses: Addresses::Any,
            until: self.until.unwrap_or(Time::FAR),
            rate: None,
            lock: Grade::None,
            narrowing: Vec::new(),
            new_network: NewNetwork::Keep,
            limits: Limits::default(),
            asks_above: None,
        };
        Some(given.locked(lock))
    }
}
