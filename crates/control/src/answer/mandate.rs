//! Answers about mandates.

use access::MandateId;
use serde::{Deserialize, Serialize};

use super::LimitsRow;

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
        /// What orders have to keep to.
        #[serde(flatten)]
        limits: LimitsRow,
        /// That currency.
        #[serde(default)]
        currency: Option<String>,
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
