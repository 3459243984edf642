//! The account's past value, derived backwards from what it holds now, through its executions.
//!
//! No past figure is stored for this: cash and positions before an execution are those after it,
//! less what it changed, and the bars have the prices. It reaches as far back as the executions do. Other currencies count at
//! the rates of now, and what came without an execution, such as a coupon, as if it had always been there.

use std::collections::BTreeMap;

use access::currency::Currency;
use access::id::SymbolId;
use access::moment::Time;
use rust_decimal::Decimal;

use crate::calendar::Day;
use crate::instrument::{Instrument, InstrumentKind, Instruments};
use crate::order::{Execution, OrderId, Side};
use crate::position::Holding;
use crate::price::Ticks;

/// Cash and shares at some time.
#[derive(Debug, Clone, Default)]
pub struct Held {
    /// By currency. What is held on margin counts as if it had been paid for: then a fill changes both the same way,
    /// whatever it is of, and a daily settlement changes nothing.
    cash: BTreeMap<Currency, Decimal>,
    /// By contract; shorts below zero.
    shares: BTreeMap<SymbolId, i64>,
}

impl Held {
    /// What an account has: its cash by currency, and its positions.
    pub fn new<'a>(
        cash: impl IntoIterator<Item = (Currency, Decimal)>,
        positions: impl IntoIterator<Item = &'a Holding>,
        instruments: &Instruments,
    ) -> Self {
        let mut held = Self { cash: cash.into_iter().collect(), shares: BTreeMap::new() };
        for one in positions {
            held.shares.insert(one.symbol, one.position.shares);
            if instruments.get(one.symbol).is_some_and(Instrument::is_margined) {
                held.put(one.currency, -one.position.basis);
            }
        }
        held
    }

    fn put(&mut self, currency: Currency, amount: Decimal) {
        let cash = self.cash.entry(currency).or_default();
        *cash = cash.saturating_add(amount);
    }

    /// As it was before an execution on a trading day. The interest that a bond is traded with came or went beside its price; a
    /// settlement has none.
    fn undo(&mut self, execution: &Execution, instrument: &Instrument, day: Day) {
        let value = i128::from(execution.price.0) * i128::from(execution.quantity);
        let value = instrument.amount(value);
        let quantity = i64::try_from(execution.quantity).unwrap_or(i64::MAX);
        let (paid, bought) = match execution.side {
            Side::Buy => (value, quantity),
            Side::Sell => (-value, -quantity),
        };
        let is_trade = execution.order != OrderId(0);
        let interest = if is_trade { instrument.accrued(bought, day) } else { Decimal::ZERO };
        let paid = paid.saturating_add(execution.commission).saturating_add(interest);
        self.put(instrument.currency, paid);
        if let InstrumentKind::Forex { base } = instrument.kind {
            self.put(base, -instrument.signed_quantity(bought));
        } else {
            let shares = self.shares.entry(execution.symbol).or_default();
            *shares = shares.saturating_sub(bought);
        }
    }

    fn worth(
        &self,
        price: impl Fn(SymbolId) -> Ticks,
        rate: impl Fn(Currency) -> Decimal,
        (instruments, day): (&Instruments, Day),
    ) -> Decimal {
        let mut all = self.cash.clone();
        for (symbol, shares) in self.shares.iter().filter(|(_, shares)| **shares != 0) {
            let Some(one) = instruments.get(*symbol) else { continue };
            let value = one.amount(i128::from(price(*symbol).0) * i128::from(*shares));
            let sum = all.entry(one.currency).or_default();
            *sum = sum.saturating_add(value).saturating_add(one.accrued(*shares, day));
        }
        let worth = all.into_iter().map(|(currency, sum)| sum.saturating_mul(rate(currency)));
        worth.fold(Decimal::ZERO, Decimal::saturating_add)
    }
}

/// The net liquidation at each of these times, which ascend; what happened at a time counts as before it. `executions` are
/// all that came after the first of them, oldest first, and `now` is what is held after the last. `rate` is what a unit of a
/// currency is worth in the account's; `day` is the trading day of a time.
pub fn curve<'a>(
    mut now: Held,
    executions: impl DoubleEndedIterator<Item = &'a Execution>,
    times: &[Time],
    price: impl Fn(SymbolId, Time) -> Ticks,
    rate: impl Fn(Currency) -> Decimal,
    (instruments, day): (&Instruments, impl Fn(Time) -> Day),
) -> Vec<Decimal> {
    let mut back = executions.rev().peekable();
    let mut values: Vec<Decimal> = times
        .iter()
        .rev()
        .map(|time| {
            while let Some(later) = back.next_if(|execution| execution.time > *time) {
                if let Some(instrument) = instruments.get(later.symbol) {
                    now.undo(later, instrument, day(later.time));
                }
            }
            now.worth(|symbol| price(symbol, *time), &rate, (instruments, day(*time)))
        })
        .collect();
    values.reverse();
    values
}
