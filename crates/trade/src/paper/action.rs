//! Markets of shares that go ex-dividend or are split, and what options on them are priced on.

use std::sync::Arc;

use access::id::SymbolId;
use rust_decimal::Decimal;

use super::Paper;
use crate::calendar::{Day, TradingSession};
use crate::instrument::{Instrument, Split};
use crate::pricing::fair;

impl Paper {
    /// What a unit pays when a trading day begins; none on a day that is no ex-date.
    pub(crate) fn dividend_on(&self, one: &Instrument, day: Day) -> Option<Decimal> {
        one.dividend_on(day).map(|amount| self.of_present_shares(one, amount))
    }

    /// What a dividend of a share as there was before any split is for one as there is now.
    fn of_present_shares(&self, one: &Instrument, amount: Decimal) -> Decimal {
        let Some(split) = self.splits.get(&one.id) else { return amount };
        let all = amount.saturating_mul(split.old.into());
        all.checked_div(split.new.into()).unwrap_or(amount)
    }

    /// The split that an instrument has had here.
    pub(super) fn split_of(&self, id: SymbolId) -> Option<(u64, u64)> {
        self.splits.get(&id).map(|split| (split.new.into(), split.old.into()))
    }

    /// The splits that there have been here, as a snapshot has them.
    pub(crate) fn splits_kept(&self) -> Vec<(SymbolId, Day, u32, u32)> {
        let kept = |(id, split): (&SymbolId, &Split)| (*id, split.day, split.new, split.old);
        self.splits.iter().map(kept).collect()
    }

    /// From what a snapshot has.
    pub(crate) fn take_splits(&mut self, kept: Vec<(SymbolId, Day, u32, u32)>) {
        let kept = kept.into_iter();
        self.splits = kept.map(|(id, day, new, old)| (id, Split { day, new, old })).collect();
    }

    /// The instrument at a place is split: its price, its past, and the strikes of options on it.
    pub(crate) fn split(&mut self, at: usize, split: Split) {
        let instruments = Arc::clone(&self.instruments);
        let Some(one) = instruments.at(at) else { return };
        if let Some(listing) = self.listings.get_mut(at) {
            listing.split(one, (split.new.into(), split.old.into()));
        }
        self.splits.insert(one.id, split);
        for (class, options) in (0..).zip(&instruments.families().options) {
            if options.underlying == one.id {
                self.series.split(class, &options.ladder);
            }
        }
    }

    /// The price of the instrument at a place falls by a dividend.
    pub(crate) fn fall(&mut self, at: usize, amount: Decimal) {
        let instruments = Arc::clone(&self.instruments);
        if let Some(one) = instruments.at(at)
            && let Some(listing) = self.listings.get_mut(at)
        {
            listing.fall(one, amount);
        }
    }

    /// What the dividends of a share until a day's end are worth at a second; nothing under the first three rules.
    pub(super) fn dividends_until(
        &self,
        one: &Instrument,
        expiry: Option<Day>,
        second: i64,
    ) -> f64 {
        let Some(expiry) = expiry.filter(|_| self.rule >= 4) else {
            return fair::of(Decimal::ZERO);
        };
        // What a second that is yet to come has behind it has not been paid either; what was before the first day never was.
        let now = second.min(self.step);
        let after = self.day_of(now).plus(-1).max(self.first);
        let due = one.dividends(after, expiry);
        let due = due.map(|(day, amount)| (day, self.of_present_shares(one, amount)));
        let begins = |day| TradingSession::of_day(day, self.hours).start;
        let due = due.map(|(day, amount)| (begins(day), amount)).filter(|(at, _)| *at > now);
        fair::dividends(due.map(|(at, amount)| (at.saturating_sub(second).max(0), amount)))
    }
}
