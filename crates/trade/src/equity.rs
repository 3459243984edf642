//! The account's past value, derived backwards from what it holds now, through its executions.
//!
//! No past figure is stored for this: cash and positions before an execution are those after it,
//! less what it changed, and the bars have the prices. It reaches as far back as the executions do.

use std::collections::BTreeMap;

use access::id::SymbolId;
use access::moment::Time;
use rust_decimal::Decimal;

use crate::instrument::{Instrument, Instruments};
use crate::order::{Execution, Side};
use crate::price::Ticks;

/// Cash and shares at some time.
#[derive(Debug, Clone)]
pub struct Held {
    /// In the account's base currency.
    pub cash: Decimal,
    /// By contract; shorts below zero.
    pub shares: BTreeMap<SymbolId, i64>,
}

impl Held {
    /// As it was before an execution.
    fn undo(&mut self, execution: &Execution, instrument: &Instrument) {
        let value = i128::from(execution.price.0) * i128::from(execution.quantity);
        let value = instrument.amount(value);
        let quantity = i64::try_from(execution.quantity).unwrap_or(i64::MAX);
        let shares = self.shares.entry(execution.symbol).or_default();
        let cash = match execution.side {
            Side::Buy => {
                *shares = shares.saturating_sub(quantity);
                self.cash.saturating_add(value)
            }
            Side::Sell => {
                *shares = shares.saturating_add(quantity);
                self.cash.saturating_sub(value)
            }
        };
        self.cash = cash.saturating_add(execution.commission);
    }

    fn worth(&self, price: impl Fn(SymbolId) -> Ticks, instruments: &Instruments) -> Decimal {
        self.shares.iter().filter(|(_, shares)| **shares != 0).fold(
            self.cash,
            |sum, (symbol, shares)| {
                let value = i128::from(price(*symbol).0) * i128::from(*shares);
                let worth = instruments.get(*symbol).map(|one| one.amount(value));
                sum.saturating_add(worth.unwrap_or_default())
            },
        )
    }
}

/// The net liquidation at each of these times, which ascend; what happened at a time counts as before it. `executions` are
/// all that came after the first of them, oldest first, and `now` is what is held after the last.
pub fn curve<'a>(
    mut now: Held,
    executions: impl DoubleEndedIterator<Item = &'a Execution>,
    times: &[Time],
    price: impl Fn(SymbolId, Time) -> Ticks,
    instruments: &Instruments,
) -> Vec<Decimal> {
    let mut back = executions.rev().peekable();
    let mut values: Vec<Decimal> = times
        .iter()
        .rev()
        .map(|time| {
            while let Some(later) = back.next_if(|execution| execution.time > *time) {
                if let Some(instrument) = instruments.get(later.symbol) {
                    now.undo(later, instrument);
                }
            }
            now.worth(|symbol| price(symbol, *time), instruments)
        })
        .collect();
    values.reverse();
    values
}
