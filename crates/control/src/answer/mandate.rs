//! Answers about mandates.

use std::collections::BTreeMap;

use access::MandateId;
use serde::{Deserialize, Serialize};

answers! {
    /// What somebody may do on an account, as it was granted. What the account itself is permitted, its limits
    /// and locks narrow it further.
    MandateRow {
        /// Its id.
        mandate: MandateId,
        /// The name that its holder signs in with.
        username: String,
        /// The account.
        account: String,
        /// `owner`, `trader` or `auditor`: the preset that it was made of.
        role: String,
        /// Who granted it: `system`, `operator`, or the user name of an owner.
        grantor: String,
        /// What it lets its holder do.
        acts: Vec<String>,
        /// What may be traded.
        products: Vec<String>,
        /// The kinds of orders.
        order_kinds: Vec<String>,
        /// The networks that requests may come from; none for any.
        addresses: Option<Vec<String>>,
        /// The hours in which orders may be placed, in UTC; none for any.
        hours: Option<String>,
        /// Shares per order.
        max_quantity: Option<u64>,
        /// The most that an order may be worth, in the account's base currency.
        max_notional: Option<String>,
        /// That currency.
        #[serde(default)]
        currency: Option<String>,
        /// Orders open at once.
        max_open_orders: Option<u32>,
        /// How far a limit price may be beyond the market, in percent.
        collar: Option<String>,
        /// Seconds within which an identical order is a duplicate.
        duplicate_seconds: Option<i64>,
        /// Further limits, by name.
        #[serde(default)]
        controls: BTreeMap<String, String>,
        /// The symbols that may only be reduced.
        #[serde(default)]
        restricted: Vec<String>,
        /// When it was granted.
        granted: String,
        /// When it ends; none is without end.
        until: Option<String>,
    }

    /// A mandate that was revoked, and what ended with it.
    MandateEnded {
        /// The name that its holder signs in with.
        username: String,
        /// The account.
        account: String,
        /// Names of the credentials that act on the account no more.
        credentials: Vec<String>,
        /// Their orders on it that were cancelled.
        orders_cancelled: usize,
        /// Orders of the person's own that are still open there.
        orders_left: usize,
    }
}
