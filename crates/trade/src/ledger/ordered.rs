//! What was ordered in a trading day, by whom: what was placed, not what was filled. It is kept from the fifth rule of
//! orders on, comes from the journal alone, and stands in snapshots.

use std::collections::BTreeMap;

use access::currency::Currency;
use access::id::Holder;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::Ledger;
use crate::instrument::Instrument;
use crate::money::Rates;
use crate::order::Shares;
use crate::price::Ticks;

/// Units and values of orders.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ordered {
    /// Shares, contracts and other units, all added.
    pub units: Decimal,
    /// What they are worth, by the currency of the instruments.
    values: Vec<(Currency, Decimal)>,
}

impl Ordered {
    fn add(&mut self, one: &Instrument, steps: Shares, price: Ticks) {
        self.units = self.units.saturating_add(one.quantity(steps));
        let value = i128::from(price.0.unsigned_abs()).saturating_mul(steps.into());
        let value = one.amount(value);
        match self.values.iter_mut().find(|(currency, _)| *currency == one.currency) {
            Some((_, sum)) => *sum = sum.saturating_add(value),
            None => self.values.push((one.currency, value)),
        }
    }

    /// All of it in the base currency.
    pub(crate) fn value(&self, rates: Rates<'_>) -> Decimal {
        let values = self.values.iter().map(|(currency, value)| rates.convert(*value, *currency));
        values.fold(Decimal::ZERO, Decimal::saturating_add)
    }

    fn put(&mut self, other: &Self) {
        self.units = self.units.saturating_add(other.units);
        for (currency, value) in &other.values {
            match self.values.iter_mut().find(|(known, _)| known == currency) {
                Some((_, sum)) => *sum = sum.saturating_add(*value),
                None => self.values.push((*currency, *value)),
            }
        }
    }
}

/// By who ordered it.
pub(crate) type OrderedBy = BTreeMap<Holder, Ordered>;

impl Ledger {
    /// Counts an order, or what a change adds to one, at its own price or the last one.
    pub(crate) fn count_ordered(
        &mut self,
        holder: Holder,
        one: &Instrument,
        (steps, price): (Shares, Ticks),
    ) {
        if self.rule >= 5 && steps > 0 {
            self.ordered.entry(holder).or_default().add(one, steps, price);
        }
    }

    /// What everybody has ordered on this trading day.
    pub fn ordered_today(&self) -> Ordered {
        let mut all = Ordered::default();
        self.ordered.values().for_each(|one| all.put(one));
        all
    }

    /// What one holder has ordered on this trading day.
    pub fn ordered_today_by(&self, holder: Holder) -> Ordered {
        self.ordered.get(&holder).cloned().unwrap_or_default()
    }
}
