//! What is kept of large orders.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::currency::Currency;
use crate::id::{ApprovalId, SessionId};
use crate::name::tidy;
use crate::number::Number;
use crate::refusal::{Field, InputRefusal, Refusal};

/// The threshold of people who chose none, in the account's base currency: a tenth of what an account begins with.
pub const STANDARD: Decimal = Decimal::from_parts(100_000, 0, 0, false, 0);

/// The highest threshold: what one order may be worth at most.
pub const MOST: Decimal = Decimal::from_parts(100_000_000, 0, 0, false, 0);

/// The decimals of the finest coin that an account is kept in.
const PLACES: u32 = 3;

/// What a person chose for large orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Threshold {
    /// Orders worth more, in the account's base currency, are asked for; none asks for none.
    pub above: Option<Decimal>,
}

impl Default for Threshold {
    fn default() -> Self {
        Self { above: Some(STANDARD) }
    }
}

impl Threshold {
    /// Whether it lets an order through that `old` asked for.
    pub fn widens(self, old: Self) -> bool {
        match (old.above, self.above) {
            (None, _) => false,
            (Some(_), None) => true,
            (Some(old), Some(new)) => new > old,
        }
    }

    /// The amount of a text that somebody typed: `250000`, `250,000.00`; with a sign where all accounts of its
    /// person have this base currency.
    pub fn of_text(text: &str, currency: Option<Currency>) -> Result<Self, Refusal> {
        let amount = Number::amount_to("a threshold", "250000", MOST).of(currency).read(text);
        let threshold = Self { above: Some(amount.map_err(|_| out_of_range(text))?) };
        threshold.check().map(|()| threshold)
    }

    pub(super) fn check(self) -> Result<(), Refusal> {
        let sound = |most: Decimal| {
            (Decimal::ZERO..=MOST).contains(&most) && most.normalize().scale() <= PLACES
        };
        match self.above {
            Some(most) if !sound(most) => Err(out_of_range(&most.to_string())),
            _ => Ok(()),
        }
    }
}

pub(super) fn out_of_range(given: &str) -> Refusal {
    Refusal::Input(InputRefusal::OutOfRange {
        field: Field::LargeOrders,
        given: format!("\"{}\"", tidy(given, 40)),
        least: "an amount from 0".to_owned(),
        most: format!("{MOST} in the base currency of the account, in steps of its smallest coin"),
    })
}

/// What came of a large order that was let through.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Placed {
    /// Of which session.
    pub session: SessionId,
    /// By which approval; none is by a proof that came with it.
    pub approval: Option<ApprovalId>,
    /// The orders that were placed or changed.
    pub orders: Vec<u64>,
    /// Its sequence in the journal.
    pub seq: u64,
}
