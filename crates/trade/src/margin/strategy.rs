//! What options require together: those that were sold and what covers them, as groups that rules have a name for.
//!
//! [`group`] takes all that an account has on one thing and says which of it belongs together. Amounts are the smallest coins
//! of the contracts' currency for one contract, and what is sold counts below zero in the account's equity, so that a
//! requirement here is what has to be there beside that. With S what the sold option is worth:
//!
//! | group | what the sold ones require beside what is held | read in |
//! |---|---|---|
//! | spread: the long one ends no earlier, same right and class | the most that all spreads of one expiry can lose at any strike, less S | the order on Cboe's universal spread rule, 77 FR 54626 |
//! | covered call, covered put | what it is in the money, less S; the shares require what they do alone | Place Trade, US options margin; Cboe's table of examples |
//! | straddle, strangle | the requirement of the one that requires more with its price | tastytrade, short straddle or strangle |
//! | shares with a put, or sold ones with a call | nothing is sold; shares require to hold no more than 10 % of the strike and what it is out of the money | tastytrade, protective put |
//! | the same with a call sold on the shares | of that and 25 % of the call's strike the lesser | tastytrade, collar |
//! | the same where both strikes are one | 10 % of the strike | optionshouse.com, reverse conversion; a conversion as its mirror, by our own rule |
//!
//! Spreads are taken together only where the sold ones end on one day, by our own rule: two days could each have a loss. An option that is sold by
//! an order that has not traded yet makes nothing smaller that is there already.
//!
//! # Which belongs together
//! Sold options in the order of what they require alone, the largest first and of equal ones that with the lower id, each
//! take the cover that saves most a contract, of equal ones the option with the lower id and the shares last, as often as
//! there are contracts of both: once only while something is saved, and once whatever it is, because a spread that saves nothing
//! may require nothing beside another. What is left becomes straddles, the largest with the largest. Where no more than [`FEW`]
//! pairs are possible, every other way to pair is looked at too, and the first of the cheapest is taken.

use access::id::SymbolId;

use super::For;
use crate::calendar::Day;
use crate::instrument::Right;

mod tell;

pub use tell::Strategy;

/// Possible pairs up to which every way to pair is looked at.
const FEW: usize = 6;

/// Options of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Leg {
    pub(crate) id: SymbolId,
    /// Contracts; below zero sold.
    pub(crate) count: i64,
    pub(crate) right: Right,
    /// Strike times what a contract is of.
    pub(crate) strike: i128,
    pub(crate) expiry: Day,
    /// Only options of one class cover each other.
    pub(crate) class: u32,
    /// What one is worth.
    pub(crate) value: i128,
    /// What one requires that is sold alone, beside what it is worth.
    pub(crate) alone: i128,
    /// It is sold only once an order trades.
    pub(crate) ordered: bool,
}

/// What the options are on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shares {
    pub(crate) id: SymbolId,
    /// For so many contracts there are shares; below zero sold.
    pub(crate) count: i64,
    /// What the shares of one contract are worth.
    pub(crate) price: i128,
}

impl Shares {
    /// What those of one contract require to hold.
    const fn maintenance(&self) -> i128 {
        self.price / 4
    }
}

/// What belongs together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Group {
    pub(crate) strategy: Strategy,
    /// Contracts by id, those that were sold first and below zero; of shares, contracts' worth.
    pub(crate) parts: Vec<(SymbolId, i64)>,
    /// What its sold options require.
    pub(crate) sold: i128,
    /// By how much less its shares require.
    pub(crate) saved: i128,
}

/// All of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Grouping {
    /// What sold options require, in the order of the legs that came in; nothing for the others.
    pub(crate) sold: Vec<i128>,
    /// By how much less the shares require to hold.
    pub(crate) saved: i128,
    /// What belongs together; the rest stands alone.
    pub(crate) groups: Vec<Group>,
}

/// What covers a sold option.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Cover {
    Leg(usize),
    Shares,
}

/// So many sold options with what covers each.
#[derive(Debug, Clone, Copy)]
struct Pair {
    sold: usize,
    cover: Cover,
    count: i64,
}

/// One way to pair.
#[derive(Debug, Clone, Default)]
struct Pairing {
    pairs: Vec<Pair>,
    /// What is left, by leg.
    left: Vec<i64>,
    shares: i64,
}

/// What a pairing comes to beside its spreads: options that stand alone, straddles and protected shares.
#[derive(Debug, Default)]
struct Rest {
    /// The one that requires more, the other, how many.
    straddles: Vec<(usize, usize, i64)>,
    /// The option, the sold one that the same shares cover, how many, what is saved on each.
    protected: Vec<(usize, Option<usize>, i64, i128)>,
}

struct Book<'a> {
    legs: &'a [Leg],
    shares: Option<Shares>,
    what: For,
}

/// What requires least together; see the text of the module.
pub(crate) fn group(legs: &[Leg], shares: Option<Shares>, what: For) -> Grouping {
    let mut order: Vec<usize> = (0..legs.len()).collect();
    let key = |at: &usize| legs.get(*at).map(|leg| (leg.id, leg.ordered));
    order.sort_by_key(key);
    let sorted: Vec<Leg> = order.iter().filter_map(|at| legs.get(*at).copied()).collect();
    let book = Book { legs: &sorted, shares, what };
    let pairing = book.best();
    let told = tell::tell(&book, &pairing);
    let mut sold = vec![0; legs.len()];
    for (at, required) in order.into_iter().zip(told.sold) {
        if let Some(slot) = sold.get_mut(at) {
            *slot = required;
        }
    }
    Grouping { sold, ..told }
}

impl Book<'_> {
    fn leg(&self, at: usize) -> Option<&Leg> {
        self.legs.get(at)
    }

    fn sold(&self) -> impl Iterator<Item = (usize, &Leg)> {
        self.legs.iter().enumerate().filter(|(_, leg)| leg.count < 0)
    }

    fn covers(&self) -> impl Iterator<Item = Cover> + '_ {
        let held = self.legs.iter().enumerate().filter(|(_, leg)| leg.count > 0);
        held.map(|(at, _)| Cover::Leg(at)).chain(self.shares.map(|_| Cover::Shares))
    }

    /// What a contract that was sold requires with a cover, on its own; none where that covers nothing.
    fn required(&self, sold: &Leg, cover: Cover) -> Option<i128> {
        let lost = match cover {
            Cover::Leg(at) => {
                let held = self.leg(at)?;
                let fits = held.right == sold.right
                    && held.class == sold.class
                    && held.expiry >= sold.expiry;
                fits.then(|| lost(sold, held))?
            }
            Cover::Shares => {
                let shares = self.shares?;
                let fits = match sold.right {
                    Right::Call => shares.count > 0,
                    Right::Put => shares.count < 0,
                };
                fits.then(|| within(sold, shares.price))?
            }
        };
        let required = lost.saturating_sub(sold.value);
        Some(if sold.ordered { required.max(0) } else { required })
    }

    /// What a cover saves a contract, below zero where it requires more; none where it covers nothing.
    fn saves(&self, sold: &Leg, cover: Cover) -> Option<i128> {
        Some(sold.alone.saturating_sub(self.required(sold, cover)?))
    }

    fn best(&self) -> Pairing {
        // A spread that requires more than its sold option alone may require nothing beside another.
        let (saving, all) = (self.greedy(true), self.greedy(false));
        let totals = [self.total(&saving), self.total(&all)];
        let mut best = if totals[1] < totals[0] { (totals[1], all) } else { (totals[0], saving) };
        let possible: Vec<(usize, Cover)> = self.possible();
        if possible.len() <= FEW {
            self.search(&possible, self.unpaired(), &mut best);
        }
        best.1
    }

    /// What can be paired at all; one more than are few where they are not.
    fn possible(&self) -> Vec<(usize, Cover)> {
        let of = |(at, leg)| {
            let covers = self.covers().filter(move |cover| self.saves(leg, *cover).is_some());
            covers.map(move |cover| (at, cover))
        };
        self.sold().flat_map(of).take(FEW + 1).collect()
    }

    fn unpaired(&self) -> Pairing {
        Pairing {
            pairs: Vec::new(),
            left: self.legs.iter().map(|leg| magnitude(leg.count)).collect(),
            shares: self.shares.map_or(0, |shares| magnitude(shares.count)),
        }
    }

    /// As the text of the module has it; where `saving`, covers are taken only while they save.
    fn greedy(&self, saving: bool) -> Pairing {
        let mut pairing = self.unpaired();
        let mut order: Vec<(usize, &Leg)> = self.sold().collect();
        order.sort_by_key(|(at, leg)| (std::cmp::Reverse(leg.alone), *at));
        let covers: Vec<Cover> = self.covers().collect();
        for (at, leg) in order {
            while pairing.left_of(Cover::Leg(at)) > 0 {
                let there = covers.iter().filter(|cover| pairing.left_of(**cover) > 0);
                let saved = there.filter_map(|cover| Some((self.saves(leg, *cover)?, *cover)));
                let saved = saved.filter(|(saved, _)| !saving || *saved > 0);
                let best = saved.reduce(|best, one| if one.0 > best.0 { one } else { best });
                let Some((_, cover)) = best else { break };
                pairing.take(at, cover);
            }
        }
        pairing
    }

    /// Every way to go on.
    fn search(&self, possible: &[(usize, Cover)], pairing: Pairing, best: &mut (i128, Pairing)) {
        for (sold, cover) in possible {
            if pairing.left_of(Cover::Leg(*sold)) > 0 && pairing.left_of(*cover) > 0 {
                let mut next = pairing.clone();
                next.take(*sold, *cover);
                self.search(possible, next, best);
            }
        }
        let total = self.total(&pairing);
        if total < best.0 {
            *best = (total, pairing);
        }
    }

    /// What a pairing requires of sold options, less what it saves on the shares.
    fn total(&self, pairing: &Pairing) -> i128 {
        let alone = self
            .sold()
            .map(|(at, leg)| leg.alone.saturating_mul(pairing.left_of(Cover::Leg(at)).into()));
        let singly = pairing.pairs.iter().filter(|pair| !self.is_spread(pair));
        let singly = singly.map(|pair| self.required_by(pair));
        let spreads = self.spreads(pairing);
        let spreads = spreads.chunk_by(|one, other| self.bucket(one) == self.bucket(other));
        let spreads = spreads.map(|bucket| self.together(bucket));
        let rest = self.rest(pairing);
        let straddles = rest.straddles.iter().map(|(greater, other, count)| {
            self.straddled(*greater, *other)
                .saturating_sub(self.both(*greater, *other))
                .saturating_mul((*count).into())
        });
        let saved = rest.protected.iter();
        let saved = saved.map(|(.., count, each)| -each.saturating_mul((*count).into()));
        let all = alone.chain(singly).chain(spreads).chain(straddles).chain(saved);
        all.fold(0, i128::saturating_add)
    }

    fn required_by(&self, pair: &Pair) -> i128 {
        let each = self.leg(pair.sold).and_then(|sold| self.required(sold, pair.cover));
        each.unwrap_or_default().saturating_mul(pair.count.into())
    }

    /// It is taken together with others: it is of options alone, and what is sold is sold.
    fn is_spread(&self, pair: &Pair) -> bool {
        matches!(pair.cover, Cover::Leg(_)) && self.leg(pair.sold).is_some_and(|one| !one.ordered)
    }

    /// What spreads must have alike to be taken together.
    fn bucket(&self, pair: &Pair) -> Option<(u32, Day)> {
        self.leg(pair.sold).map(|sold| (sold.class, sold.expiry))
    }

    /// The spreads, those that are taken together beside each other.
    fn spreads(&self, pairing: &Pairing) -> Vec<Pair> {
        let spreads = pairing.pairs.iter().filter(|pair| self.is_spread(pair));
        let mut spreads: Vec<Pair> = spreads.copied().collect();
        spreads.sort_by_key(|pair| (self.bucket(pair), pair.sold, pair.cover));
        spreads
    }

    /// The most that spreads can lose together at any price, less what the sold ones are worth. Above the highest and below the
    /// lowest strike nothing changes any more: there are as many held as sold of each right.
    fn together(&self, pairs: &[Pair]) -> i128 {
        let mut strikes = Vec::with_capacity(pairs.len() * 2);
        let (mut payoff, mut value) = (0_i128, 0_i128);
        for pair in pairs {
            let Cover::Leg(held) = pair.cover else { continue };
            let (Some(sold), Some(held)) = (self.leg(pair.sold), self.leg(held)) else { continue };
            let count = i128::from(pair.count);
            strikes.extend([(sold.strike, -count), (held.strike, count)]);
            value = value.saturating_add(sold.value.saturating_mul(count));
            if sold.right == Right::Put {
                let each = held.strike.saturating_sub(sold.strike);
                payoff = payoff.saturating_add(each.saturating_mul(count));
            }
        }
        // What is paid changes its slope at each strike by as many as it is of.
        strikes.sort_unstable();
        let (mut least, mut slope, mut before) = (payoff, 0_i128, 0_i128);
        for (strike, count) in strikes {
            let step = slope.saturating_mul(strike.saturating_sub(before));
            payoff = payoff.saturating_add(step);
            (least, slope, before) = (least.min(payoff), slope.saturating_add(count), strike);
        }
        least.min(0).saturating_neg().saturating_sub(value)
    }

    /// What two sold options require, one of each right, where the first is the greater.
    fn straddled(&self, greater: usize, other: usize) -> i128 {
        let (Some(greater), Some(other)) = (self.leg(greater), self.leg(other)) else { return 0 };
        let either = greater.ordered || other.ordered;
        if either { greater.alone.max(other.alone) } else { greater.alone }
    }

    fn both(&self, one: usize, other: usize) -> i128 {
        let alone = |at| self.leg(at).map_or(0, |leg| leg.alone);
        alone(one).saturating_add(alone(other))
    }

    fn rest(&self, pairing: &Pairing) -> Rest {
        let mut rest = Rest { straddles: self.straddles(pairing), protected: Vec::new() };
        if self.what == For::Maintenance
            && let Some(shares) = self.shares
        {
            rest.protected = self.protected(pairing, shares);
        }
        rest
    }

    /// The largest call with the largest put, and so on.
    fn straddles(&self, pairing: &Pairing) -> Vec<(usize, usize, i64)> {
        let side = |right: Right| {
            let sold = self.sold().filter(move |(_, leg)| leg.right == right);
            let left = sold.map(|(at, leg)| (at, leg, pairing.left_of(Cover::Leg(at))));
            let mut left: Vec<_> = left.filter(|(.., left)| *left > 0).collect();
            left.sort_by_key(|(at, leg, _)| (std::cmp::Reverse(leg.alone), *at));
            left
        };
        let (calls, mut puts) = (side(Right::Call), side(Right::Put));
        let mut found = Vec::new();
        for (call, one, mut left) in calls {
            for (put, other, there) in &mut puts {
                let count = left.min(*there);
                if count == 0 || one.class != other.class {
                    continue;
                }
                (left, *there) = (left - count, *there - count);
                let with_price = |leg: &Leg| leg.alone.saturating_add(leg.value);
                found.push(if with_price(one) >= with_price(other) {
                    (call, *put, count)
                } else {
                    (*put, call, count)
                });
            }
        }
        found
    }

    /// Options that are held beside shares and cover nothing else, with what they save on them.
    fn protected(
        &self,
        pairing: &Pairing,
        shares: Shares,
    ) -> Vec<(usize, Option<usize>, i64, i128)> {
        let right = if shares.count > 0 { Right::Put } else { Right::Call };
        let covered = pairing.pairs.iter().filter(|pair| pair.cover == Cover::Shares);
        let mut pools: Vec<(Option<usize>, i64)> =
            covered.map(|pair| (Some(pair.sold), pair.count)).collect();
        pools.push((None, pairing.shares));
        let held = self.legs.iter().enumerate();
        let held = held.filter(|(_, leg)| leg.count > 0 && leg.right == right);
        let mut left: Vec<_> =
            held.map(|(at, leg)| (at, leg, pairing.left_of(Cover::Leg(at)))).collect();
        let mut found = Vec::new();
        loop {
            let mut best: Option<(i128, usize, usize)> = None;
            for (row, (_, held, there)) in left.iter().enumerate().filter(|(_, one)| one.2 > 0) {
                for (column, (sold, count)) in pools.iter().enumerate() {
                    let sold = sold.and_then(|at| self.leg(at));
                    let each = shares.maintenance() - protected(held, sold, &shares);
                    let is_better = best.is_none_or(|(most, ..)| each > most);
                    if *count > 0 && *there > 0 && each > 0 && is_better {
                        best = Some((each, row, column));
                    }
                }
            }
            let Some((each, row, column)) = best else { return found };
            let (Some(held), Some(pool)) = (left.get_mut(row), pools.get_mut(column)) else {
                return found;
            };
            let count = held.2.min(pool.1);
            (held.2, pool.1) = (held.2 - count, pool.1 - count);
            found.push((held.0, pool.0, count, each));
        }
    }
}

impl Pairing {
    fn left_of(&self, cover: Cover) -> i64 {
        match cover {
            Cover::Leg(at) => self.left.get(at).copied().unwrap_or_default(),
            Cover::Shares => self.shares,
        }
    }

    fn left_mut(&mut self, cover: Cover) -> Option<&mut i64> {
        match cover {
            Cover::Leg(at) => self.left.get_mut(at),
            Cover::Shares => Some(&mut self.shares),
        }
    }

    /// As many as there are of both.
    fn take(&mut self, sold: usize, cover: Cover) {
        let count = self.left_of(Cover::Leg(sold)).min(self.left_of(cover));
        for side in [Cover::Leg(sold), cover] {
            if let Some(left) = self.left_mut(side) {
                *left -= count;
            }
        }
        self.pairs.push(Pair { sold, cover, count });
    }
}

fn magnitude(count: i64) -> i64 {
    count.saturating_abs()
}

/// What a spread can lose at its end beside what was paid for it.
fn lost(sold: &Leg, held: &Leg) -> i128 {
    let lost = match sold.right {
        Right::Call => held.strike.saturating_sub(sold.strike),
        Right::Put => sold.strike.saturating_sub(held.strike),
    };
    lost.max(0)
}

/// What an option is in the money.
fn within(option: &Leg, price: i128) -> i128 {
    let within = match option.right {
        Right::Call => price.saturating_sub(option.strike),
        Right::Put => option.strike.saturating_sub(price),
    };
    within.max(0)
}

/// What shares require to hold beside an option that limits what they can lose.
fn protected(held: &Leg, sold: Option<&Leg>, shares: &Shares) -> i128 {
    let tenth = held.strike.saturating_add(9) / 10;
    let outside = match held.right {
        Right::Put => shares.price.saturating_sub(held.strike),
        Right::Call => held.strike.saturating_sub(shares.price),
    };
    let least = tenth.saturating_add(outside.max(0));
    match sold {
        Some(sold) if sold.strike == held.strike => tenth,
        Some(sold) if held.right == Right::Put => least.min(sold.strike.saturating_add(3) / 4),
        _ => least,
    }
}

#[cfg(test)]
mod tests;
