//! Answers about accounts.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

answers! {
    /// A paper account.
    AccountRow {
        /// Its number.
        account: String,
        /// `open`, `closed`, or `unowned` where opening it did not come to its end.
        state: String,
        /// The grade of the lock on it, or `none`.
        lock: String,
        /// Since when it is locked.
        locked: Option<String>,
        /// Who holds it.
        holders: Vec<HolderRow>,
        /// What it is for.
        purpose: Option<String>,
        /// What its worth is told in.
        currency: String,
        /// Contracts in its currency: how many can be traded on it.
        contracts: usize,
        /// What may be traded on it.
        products: Vec<String>,
        /// What it began with.
        opening_cash: String,
        /// Cash and positions at the last prices.
        net_liquidation: String,
        /// Open orders.
        open_orders: usize,
        /// `newest` or `oldest`: which of its orders ends when two of them meet.
        self_match: String,
        /// What holds for every order on it, whoever places it.
        #[serde(flatten)]
        limits: LimitsRow,
        /// When it was opened.
        opened: String,
        /// When it was closed.
        closed: Option<String>,
    }

    /// A lock on an account.
    LockRow {
        /// The account.
        account: String,
        /// `reduce-only`, `no-new` or `all`.
        grade: String,
        /// Since when.
        since: String,
    }

    /// A person who holds an account.
    HolderRow {
        /// The name that they sign in with.
        username: String,
        /// `owner`, `trader` or `auditor`.
        role: String,
    }
}

/// Limits of orders; amounts are in the currency of the account that an order is on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LimitsRow {
    /// Shares or other units per order.
    pub max_quantity: Option<u64>,
    /// The most that an order may be worth.
    pub max_notional: Option<String>,
    /// Orders of one holder open at once.
    pub max_open_orders: Option<u32>,
    /// How far a limit price may be beyond the market, in percent.
    pub collar: Option<String>,
    /// Seconds within which an identical order is a duplicate.
    pub duplicate_seconds: Option<i64>,
    /// Further limits, by name.
    pub controls: BTreeMap<String, String>,
    /// The symbols that may only be reduced.
    pub restricted: Vec<String>,
}
