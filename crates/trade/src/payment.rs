//! Money that moves without a trade.

use std::fmt;

use access::currency::Currency;
use access::id::{PaperAccountId, SymbolId};
use access::moment::Time;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::calendar::Day;

/// What it is paid for. Snapshots have the place of a kind in this list: more come at its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentKind {
    /// Interest of a bond.
    Coupon,
    /// What shares, and funds of money markets, pay.
    Dividend,
    /// For the part of a share that a split leaves.
    CashInLieu,
    /// Nothing: a split made more or fewer of what is held.
    Split,
    /// Interest on cash, and on what is owed.
    Interest,
}

impl PaymentKind {
    /// A stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Coupon => "coupon",
            Self::Dividend => "dividend",
            Self::CashInLieu => "cash_in_lieu",
            Self::Split => "split",
            Self::Interest => "interest",
        }
    }
}

impl fmt::Display for PaymentKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Coupon => "coupon",
            Self::Dividend => "dividend",
            Self::CashInLieu => "cash in lieu",
            Self::Split => "split",
            Self::Interest => "interest",
        })
    }
}

/// A payment to an account, or from it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    /// Its number among those of the account, 1 and up.
    pub number: u64,
    /// The account.
    pub account: PaperAccountId,
    /// What it is paid for.
    pub kind: PaymentKind,
    /// On what; none where it is on no contract.
    pub symbol: Option<SymbolId>,
    /// Steps of it that were held when it was due, of a split that are held since; below zero what was owed.
    pub held: i64,
    /// Below zero: the account paid it.
    pub amount: Decimal,
    /// What the amount is in.
    pub currency: Currency,
    /// The trading day that it belongs to: an ex-date, the day on which a split is in effect.
    pub day: Day,
    /// When it was paid.
    pub time: Time,
}
