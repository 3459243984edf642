//! What is kept of mandates.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::address::Addresses;
use crate::entitlements::{
    Act, Acts, Control, Entitlements, Hours, Limits, OrderKinds, Product, Products, RuleOwner,
    Sides, Symbols, rule,
};
use crate::id::{AccountId, Holder, IdError, MandateId, PersonId};
use crate::lock::Grade;
use crate::moment::Time;
use crate::policy::NewNetwork;
use crate::scopes::{are_hours_within, are_limits_within, is_limit_within};

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

/// Who gave a mandate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grantor {
    /// The server, as it was set up; all that older versions recorded.
    System,
    /// Whoever may open the control socket.
    Operator,
    /// An owner of the account.
    Person(PersonId),
}

impl fmt::Display for Grantor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::System => f.write_str("system"),
            Self::Operator => f.write_str("operator"),
            Self::Person(person) => person.fmt(f),
        }
    }
}

impl FromStr for Grantor {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        match text {
            "system" => Ok(Self::System),
            "operator" => Ok(Self::Operator),
            _ => text.parse().map(Self::Person),
        }
    }
}

impl Serialize for Grantor {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Grantor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// What else has to hold while a mandate is used.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Conditions {
    /// When it holds.
    pub hours: Hours,
    /// From where.
    pub addresses: Addresses,
    /// The limits of each order.
    pub limits: Limits,
}

/// What a mandate gives, every set by its members.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MandateTerms {
    /// The acts; none that the role does not give.
    pub acts: Acts,
    /// The products.
    pub products: Products,
    /// The kinds of orders.
    pub order_kinds: OrderKinds,
    /// What else has to hold.
    pub conditions: Conditions,
    /// Until when; none is without end.
    pub until: Option<Time>,
}

impl MandateTerms {
    /// All that a role gives now, without end.
    pub fn of(role: Role) -> Self {
        Self {
            acts: role.acts(),
            products: role.products(),
            order_kinds: OrderKinds::ALL,
            conditions: Conditions::default(),
            until: None,
        }
    }

    /// The first of these terms that gives more than the others, by its name; none where all are within
    /// them.
    pub fn wider_than(&self, other: &Self) -> Option<&'static str> {
        // Taken apart, so that a new field does not compile until it is compared.
        let Self { acts, products, order_kinds, conditions, until } = self;
        let Conditions { hours, addresses, limits } = conditions;
        let outer = &other.conditions;
        let compared = [
            ("acts", acts.without(other.acts).is_empty()),
            ("products", products.and(other.products) == *products),
            ("kinds of orders", order_kinds.and(other.order_kinds) == *order_kinds),
            ("hours", are_hours_within(hours, &outer.hours)),
            ("addresses", addresses.are_within(&outer.addresses)),
            ("quantities or amounts", are_limits_within(limits, &outer.limits)),
            ("time", is_limit_within(*until, other.until)),
        ];
        compared.into_iter().find(|(_, within)| !within).map(|(what, _)| what)
    }
}

/// A holder's authority on one account: an edge from who grants it to who holds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Recorded")]
pub struct Mandate {
    /// Its id.
    pub id: MandateId,
    /// Who gave it.
    pub grantor: Grantor,
    /// Who holds it: a person, so far. The id says what it is of.
    #[serde(rename = "holder")]
    pub person: PersonId,
    /// The account.
    pub account: AccountId,
    /// As what: the preset that it was made of.
    pub role: Role,
    /// The acts that were given.
    pub acts: Acts,
    /// The products that were given.
    pub products: Products,
    /// The kinds of orders that were given.
    pub order_kinds: OrderKinds,
    /// What else has to hold.
    pub conditions: Conditions,
    /// When it was granted.
    pub granted_at: Time,
    /// Until when; none is without end.
    pub until: Option<Time>,
}

/// A mandate as evidence has it: the older ones had no id, and listed no members.
#[derive(Deserialize)]
struct Recorded {
    id: Option<MandateId>,
    grantor: Option<Grantor>,
    #[serde(alias = "person")]
    holder: PersonId,
    account: AccountId,
    role: Role,
    acts: Option<Acts>,
    products: Option<Products>,
    order_kinds: Option<OrderKinds>,
    #[serde(default)]
    conditions: Conditions,
    granted_at: Time,
    until: Option<Time>,
}

impl From<Recorded> for Mandate {
    fn from(it: Recorded) -> Self {
        Self {
            // Everybody had one then, on one account: the schema makes the same of it.
            id: it.id.unwrap_or(MandateId(it.holder.0)),
            grantor: it.grantor.unwrap_or(Grantor::System),
            person: it.holder,
            account: it.account,
            role: it.role,
            acts: it.acts.unwrap_or(it.role.unlisted_acts()),
            products: it.products.unwrap_or(Products::of(&[Product::Stock])),
            order_kinds: it.order_kinds.unwrap_or(OrderKinds::UNLISTED),
            conditions: it.conditions,
            granted_at: it.granted_at,
            until: it.until,
        }
    }
}

impl Mandate {
    /// One of all that a role gives now.
    pub fn preset(
        (id, grantor): (MandateId, Grantor),
        person: PersonId,
        account: AccountId,
        role: Role,
        granted_at: Time,
    ) -> Self {
        let of = (person, account, role);
        Self::with((id, grantor), of, MandateTerms::of(role), granted_at)
    }

    /// One of these terms.
    pub fn with(
        (id, grantor): (MandateId, Grantor),
        (person, account, role): (PersonId, AccountId, Role),
        terms: MandateTerms,
        granted_at: Time,
    ) -> Self {
        let MandateTerms { acts, products, order_kinds, conditions, until } = terms;
        Self {
            id,
            grantor,
            person,
            account,
            role,
            acts,
            products,
            order_kinds,
            conditions,
            granted_at,
            until,
        }
    }

    /// What it gives.
    pub fn terms(&self) -> MandateTerms {
        MandateTerms {
            acts: self.acts,
            products: self.products,
            order_kinds: self.order_kinds,
            conditions: self.conditions.clone(),
            until: self.until,
        }
    }

    /// Everything that it gives, under a lock, to a holder that is not narrowed yet. Nothing on a live
    /// account: what is entitled so far trades on paper.
    pub fn entitlements(&self, holder: Holder, lock: Grade) -> Option<Entitlements> {
        let Conditions { hours, addresses, limits } = self.conditions.clone();
        let mut rules = Vec::new();
        rule::put(&mut rules, RuleOwner::Mandate { of: None, on: self.account }, &limits);
        let given = Entitlements {
            holder,
            person: self.person,
            account: self.account.paper()?,
            acts: self.acts,
            read_only: false,
            products: self.products,
            order_kinds: self.order_kinds,
            symbols: Symbols::All,
            sides: Sides::Both,
            hours,
            addresses,
            until: self.until.unwrap_or(Time::FAR),
            rate: None,
            lock: Grade::None,
            narrowing: Vec::new(),
            new_network: NewNetwork::Keep,
            asks_above: limits.controls.get(Control::AsksAbove),
            limits,
            rules,
        };
        Some(given.locked(lock))
    }
}
