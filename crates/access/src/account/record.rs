//! What is kept of accounts.

use serde::{Deserialize, Serialize};

use crate::currency::Currency;
use crate::entitlements::{
    Acts, Control, Entitlements, Limits, Product, Products, RuleOwner, rule,
};
use crate::id::AccountId;
use crate::moment::Time;
use crate::name::Name;

/// An account, whoever holds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// What it is for, in its owners' words.
    pub purpose: Name,
    /// What its worth is told in.
    pub base_currency: Currency,
    /// What may be traded on it, by whomever: the products that were named, and none that came later.
    pub products: Products,
    /// What holds for every order on it, whoever places it.
    pub limits: Limits,
    /// When it was opened.
    pub opened_at: Time,
    /// Since when nothing is done on it any more; none while it is open.
    pub closed_at: Option<Time>,
}

/// What happens when two orders of one account would trade with each other.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SelfMatch {
    /// The order that comes ends.
    #[default]
    CancelNewest,
    /// The order that rests ends, and the one that comes goes on.
    CancelOldest,
}

impl SelfMatch {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::CancelNewest, Self::CancelOldest];

    /// The order that ends: `newest` or `oldest`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CancelNewest => "newest",
            Self::CancelOldest => "oldest",
        }
    }
}

impl Account {
    /// What an account is permitted unless more is named.
    pub const USUAL: Products = Products::of(&[Product::Stock]);

    /// The account that the first mandate on it opened, while no event did: what it was permitted is what
    /// there was then, and never changes.
    pub fn unopened(id: AccountId, opened_at: Time) -> Self {
        Self {
            id,
            purpose: Name::fixed("trading"),
            base_currency: Currency::USD,
            products: Self::USUAL,
            limits: Limits::default(),
            opened_at,
            closed_at: None,
        }
    }

    /// What is left of an authority on this account: what is permitted there, within its limits, and
    /// once it is closed only to look, and what its holder may do about themselves.
    #[must_use]
    pub fn bound(&self, given: Entitlements) -> Entitlements {
        let stays = if self.closed_at.is_some() { Acts::VIEW.or(Acts::OWN) } else { given.acts };
        let mut rules = given.rules;
        rule::put(&mut rules, RuleOwner::Account(self.id), &self.limits);
        let limits = given.limits.and(&self.limits);
        Entitlements {
            acts: given.acts.and(stays),
            products: given.products.and(self.products),
            asks_above: limits.controls.get(Control::AsksAbove),
            limits,
            rules,
            ..given
        }
    }
}
