//! What a ledger's positions and working orders require, options and what covers them taken together.

use access::currency::Currency;
use access::id::SymbolId;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::Ledger;
use crate::instrument::{Instrument, InstrumentKind, OptionTerms};
use crate::margin::strategy::{self, Grouping, Leg, Shares, Strategy};
use crate::margin::{Exposure, For, Marked, maintenance};
use crate::money::{Rates, ceil_coins};
use crate::price::Ticks;

/// What positions that belong together require while they are held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirement {
    /// What they are together.
    pub strategy: Strategy,
    /// Steps of each, below zero sold; what was sold first.
    pub parts: Vec<(SymbolId, i64)>,
    /// Coins of the account's currency.
    pub(crate) coins: i128,
    /// What it is in.
    pub(crate) currency: Currency,
}

impl Requirement {
    /// How much, in the account's currency.
    pub fn amount(&self) -> Decimal {
        crate::money::of_coins(self.coins, self.currency)
    }
}

/// Other orders and positions in some contracts than there are.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Instead<'a> {
    /// By the contract's place.
    pub(crate) orders: &'a [(usize, Exposure)],
    /// Steps, by contract; below zero sold.
    pub(crate) positions: &'a [(SymbolId, i64)],
}

/// Options of one kind: what is held and what orders could trade.
#[derive(Clone, Copy)]
struct Row<'a> {
    marked: Marked<'a>,
    terms: &'a OptionTerms,
    shares: i64,
    exposure: Exposure,
}

/// Options on one thing as legs, each with its row.
struct Legs {
    all: Vec<Leg>,
    rows: Vec<usize>,
    /// What they are on.
    shares: Option<Shares>,
    /// Steps of that for one contract.
    units: i64,
}

impl Row<'_> {
    /// What is left of it when all its sales have traded, what is sold, and what orders could sell beside that.
    fn ends(&self) -> [i64; 3] {
        let sells = i64::try_from(self.exposure.sell_shares).unwrap_or(i64::MAX);
        let held = self.shares.max(0);
        let left = held.saturating_sub(sells).max(0);
        [left, self.shares.min(0).saturating_neg(), sells.saturating_sub(held).max(0)]
    }

    fn is_sold(&self) -> bool {
        let [_, sold, ordered] = self.ends();
        sold > 0 || ordered > 0
    }

    fn coins(&self, amount: Decimal) -> i128 {
        let one = self.marked.one;
        ceil_coins(amount.saturating_mul(one.multiplier), one.currency)
    }
}

impl Ledger {
    /// What positions and working orders could come to at worst, as the value of shares that binds as much, in the smallest
    /// coins of the base currency; foreign cash counts a tenth. `mark` gives the price, in ticks, of an instrument.
    pub(crate) fn worst(&self, rates: Rates<'_>, mark: impl Fn(SymbolId) -> Ticks) -> i128 {
        self.worst_with(rates, mark, Instead::default())
    }

    /// The same with other orders and positions in some contracts than there are.
    pub(crate) fn worst_with(
        &self,
        rates: Rates<'_>,
        mark: impl Fn(SymbolId) -> Ticks,
        Instead { orders: instead, positions: then }: Instead<'_>,
    ) -> i128 {
        let of = |at: usize| instead.iter().find(|(place, _)| *place == at).map(|(_, one)| *one);
        let has = |id| then.iter().find(|(symbol, _)| *symbol == id).map(|(_, shares)| *shares);
        let known = self.exposures.iter().map(|(at, one)| (*at, of(*at).unwrap_or(*one)));
        let new = instead.iter().filter(|(at, _)| !self.exposures.has(*at));
        // What came without an order, such as shares by an assignment.
        let given = self.positions.keys().filter_map(|id| self.instruments.index(*id));
        let given = given.filter(|at| !self.exposures.has(*at) && of(*at).is_none());
        let given = given.map(|at| (at, Exposure::default()));
        let mut sum = self.foreign(rates, 10);
        let mut options = Vec::new();
        for (at, exposure) in known.chain(new.copied()).chain(given) {
            let Some(one) = self.instruments.at(at) else { continue };
            let held = !self.positions.is_empty();
            let shares = if held { self.position(one.id).shares } else { 0 };
            let shares = has(one.id).unwrap_or(shares);
            if shares == 0 && exposure.is_empty() {
                continue;
            }
            let marked = self.marked(one, &mark);
            if let InstrumentKind::Option(terms) = &one.kind {
                options.push(Row { marked, terms, shares, exposure });
            } else {
                let worst = marked.worst(&exposure, shares);
                sum = sum.saturating_add(rates.coins(worst, one.currency));
            }
        }
        options.sort_by_key(|row| (row.terms.underlying, row.marked.one.id));
        for rows in options.chunk_by(|one, other| one.terms.underlying == other.terms.underlying) {
            let Some(first) = rows.first() else { continue };
            let exposure = |at: usize| of(at).unwrap_or_else(|| self.exposures.of(at));
            let shares = |id| has(id).unwrap_or_else(|| self.position(id).shares);
            let worst = self.worst_options(rows, exposure, shares);
            sum = sum.saturating_add(rates.coins(worst, first.marked.one.currency));
        }
        sum
    }

    /// What options on one thing could come to at worst. What is sold requires what it does with what covers it for sure;
    /// or, where more could be bought back, what is paid for that if it is more.
    fn worst_options(
        &self,
        rows: &[Row<'_>],
        exposure: impl Fn(usize) -> Exposure,
        shares: impl Fn(SymbolId) -> i64,
    ) -> i128 {
        if !rows.iter().any(Row::is_sold) {
            let alone = rows.iter().map(|row| row.marked.worst(&row.exposure, row.shares));
            return alone.fold(0, i128::saturating_add);
        }
        let legs = self.legs(rows, exposure, shares);
        let grouping = strategy::group(&legs.all, legs.shares, For::Initial);
        let mut sold = vec![0_i128; rows.len()];
        for (row, required) in legs.rows.iter().zip(&grouping.sold) {
            if let Some(sum) = sold.get_mut(*row) {
                *sum = sum.saturating_add(*required);
            }
        }
        let bound = rows.iter().zip(sold).map(|(row, sold)| {
            let paid = row.marked.paid(&row.exposure, row.shares);
            if paid > 0 { paid.max(sold) } else { sold }
        });
        bound.fold(0, i128::saturating_add).saturating_mul(2)
    }

    /// What positions come to, as the value of shares that requires as much while they are held; foreign cash counts a fifth.
    pub(crate) fn held(&self, rates: Rates<'_>, mark: impl Fn(SymbolId) -> Ticks) -> i128 {
        self.held_with(rates, mark, &[])
    }

    /// The same with other positions in some contracts than there are.
    pub(crate) fn held_with(
        &self,
        rates: Rates<'_>,
        mark: impl Fn(SymbolId) -> Ticks,
        instead: &[(SymbolId, i64)],
    ) -> i128 {
        let mut sum = self.foreign(rates, 5);
        let (others, options) = self.rows_held(&mark, instead);
        for (marked, shares) in others {
            sum = sum.saturating_add(rates.coins(marked.held(shares), marked.one.currency));
        }
        for rows in options.chunk_by(|one, other| one.terms.underlying == other.terms.underlying) {
            let Some(first) = rows.first() else { continue };
            let held = match self.grouped(rows, instead) {
                None => rows.iter().map(|row| row.marked.held(row.shares)).sum(),
                Some((_, grouping)) => {
                    let bought = rows.iter().filter(|row| row.shares > 0);
                    let bought: i128 = bought.map(|row| row.marked.held(row.shares)).sum();
                    let sold: i128 = grouping.sold.iter().sum();
                    bought.saturating_add(sold.saturating_sub(grouping.saved).saturating_mul(4))
                }
            };
            sum = sum.saturating_add(rates.coins(held, first.marked.one.currency));
        }
        sum
    }

    /// What an order of it requires follows from more than its own contract: it is an option, or there are options on it.
    pub(crate) fn is_beside_options(&self, one: &Instrument) -> bool {
        match one.kind {
            InstrumentKind::Option(_) => true,
            InstrumentKind::Stock | InstrumentKind::Etf => self.exposures.iter().any(|(at, _)| {
                let known = self.instruments.at(*at).map(|known| &known.kind);
                matches!(known, Some(InstrumentKind::Option(terms)) if terms.underlying == one.id)
            }),
            _ => false,
        }
    }

    /// What is held in groups, each with what it requires: by underlying, and in it what belongs together first.
    pub(crate) fn requirements(
        &self,
        rates: Rates<'_>,
        mark: impl Fn(SymbolId) -> Ticks,
    ) -> Vec<Requirement> {
        let (others, options) = self.rows_held(&mark, &[]);
        let mut all = Vec::new();
        let mut used: Vec<(SymbolId, i64)> = Vec::new();
        let put = |all: &mut Vec<Requirement>, one: &Instrument, strategy, parts, value: i128| {
            let coins = maintenance(rates.coins(value, one.currency));
            all.push(Requirement { strategy, parts, coins, currency: self.base() });
        };
        for rows in options.chunk_by(|one, other| one.terms.underlying == other.terms.underlying) {
            let Some((first, (legs, grouping))) = rows.first().zip(self.grouped(rows, &[])) else {
                continue;
            };
            for group in grouping.groups {
                let mut coins = group.sold.saturating_sub(group.saved);
                let mut parts = Vec::with_capacity(group.parts.len());
                for (id, count) in group.parts {
                    let shares = legs.shares.filter(|shares| shares.id == id);
                    let leg = legs.all.iter().find(|leg| leg.id == id && leg.count > 0);
                    let each = match (shares, leg) {
                        (Some(shares), _) => shares.price / 4,
                        (None, Some(leg)) if count > 0 => leg.value,
                        _ => 0,
                    };
                    coins = coins.saturating_add(each.saturating_mul(count.abs().into()));
                    let steps =
                        if shares.is_some() { count.saturating_mul(legs.units) } else { count };
                    parts.push((id, steps));
                }
                used.extend(&parts);
                put(&mut all, first.marked.one, group.strategy, parts, coins.saturating_mul(4));
            }
        }
        let options = options.into_iter().map(|row| (row.marked, row.shares));
        for (marked, shares) in others.into_iter().chain(options) {
            let id = marked.one.id;
            let part = used.iter().filter(|(one, _)| *one == id).map(|(_, steps)| steps);
            let left = shares.saturating_sub(part.sum::<i64>());
            if left != 0 {
                put(&mut all, marked.one, Strategy::Alone, vec![(id, left)], marked.held(left));
            }
        }
        all
    }

    /// What is held, options apart and by what they are on.
    fn rows_held<'a>(
        &'a self,
        mark: impl Fn(SymbolId) -> Ticks,
        instead: &[(SymbolId, i64)],
    ) -> (Vec<(Marked<'a>, i64)>, Vec<Row<'a>>) {
        let of = |id| instead.iter().find(|(one, _)| *one == id).map(|(_, shares)| *shares);
        let known = self.positions.iter().map(|(id, held)| (*id, of(*id).unwrap_or(held.shares)));
        let new = instead.iter().filter(|(id, _)| !self.positions.contains_key(id)).copied();
        let (mut others, mut options) = (Vec::new(), Vec::new());
        for (id, shares) in known.chain(new).filter(|(_, shares)| *shares != 0) {
            let Some(one) = self.instruments.get(id) else { continue };
            let marked = self.marked(one, &mark);
            if let InstrumentKind::Option(terms) = &one.kind {
                options.push(Row { marked, terms, shares, exposure: Exposure::default() });
            } else {
                others.push((marked, shares));
            }
        }
        options.sort_by_key(|row| (row.terms.underlying, row.marked.one.id));
        (others, options)
    }

    /// Options on one thing that are held, as groups; none where none were sold and no shares are there to protect.
    fn grouped(&self, rows: &[Row<'_>], instead: &[(SymbolId, i64)]) -> Option<(Legs, Grouping)> {
        let of = |id| instead.iter().find(|(one, _)| *one == id).map(|(_, shares)| *shares);
        let shares = |id| of(id).unwrap_or_else(|| self.position(id).shares);
        let on = shares(rows.first()?.terms.underlying);
        if on == 0 && !rows.iter().any(Row::is_sold) {
            return None;
        }
        let legs = self.legs(rows, |_| Exposure::default(), shares);
        let grouping = strategy::group(&legs.all, legs.shares, For::Maintenance);
        Some((legs, grouping))
    }

    fn legs(
        &self,
        rows: &[Row<'_>],
        exposure: impl Fn(usize) -> Exposure,
        shares: impl Fn(SymbolId) -> i64,
    ) -> Legs {
        let mut classes: Vec<(&str, Decimal)> = Vec::new();
        let mut legs = Legs { all: Vec::new(), rows: Vec::new(), shares: None, units: 0 };
        for (at, row) in rows.iter().enumerate() {
            let one = row.marked.one;
            let key = (one.class.as_str(), one.multiplier);
            let class = classes.iter().position(|known| *known == key).unwrap_or_else(|| {
                classes.push(key);
                classes.len() - 1
            });
            let leg = Leg {
                id: one.id,
                count: 0,
                right: row.terms.right,
                strike: row.coins(row.terms.strike),
                expiry: one.expiry.unwrap_or(row.marked.today),
                class: u32::try_from(class).unwrap_or(u32::MAX),
                value: one.coins(row.marked.mark.0.max(0).into()),
                alone: row.marked.written(row.terms, 1),
                ordered: false,
            };
            let [left, sold, ordered] = row.ends();
            let counts = [(left, false), (-sold, false), (-ordered, true)];
            for (count, ordered) in counts.into_iter().filter(|(count, _)| *count != 0) {
                legs.all.push(Leg { count, ordered, ..leg });
                legs.rows.push(at);
            }
        }
        let is_one = classes.iter().all(|one| Some(one.1) == classes.first().map(|first| first.1));
        if let Some(row) = rows.first().filter(|_| is_one) {
            (legs.shares, legs.units) = self.shares_under(row, exposure, shares);
        }
        legs
    }

    /// The shares that options are on and that are there for sure, and how many steps of them a contract is of.
    fn shares_under(
        &self,
        row: &Row<'_>,
        exposure: impl Fn(usize) -> Exposure,
        shares: impl Fn(SymbolId) -> i64,
    ) -> (Option<Shares>, i64) {
        let id = row.terms.underlying;
        let under = self.instruments.get(id);
        let under =
            under.filter(|one| matches!(one.kind, InstrumentKind::Stock | InstrumentKind::Etf));
        let (Some(under), held) = (under, shares(id)) else { return (None, 0) };
        let units = row.marked.one.multiplier.checked_div(under.step.size());
        let units = units.filter(Decimal::is_integer).and_then(|units| units.to_i64());
        let (Some(units), Some(at)) =
            (units.filter(|units| *units > 0), self.instruments.index(id))
        else {
            return (None, 0);
        };
        let orders = exposure(at);
        let against = if held > 0 { orders.sell_shares } else { orders.buy_shares };
        let sure = held.unsigned_abs().saturating_sub(against) / units.unsigned_abs();
        let count = i64::try_from(sure).unwrap_or(i64::MAX).saturating_mul(held.signum());
        let price = row.coins(row.marked.under);
        ((count != 0).then_some(Shares { id, count, price }), units)
    }
}
