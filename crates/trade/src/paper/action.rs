//! Markets of shares that go ex-dividend, and what options on them are priced on.

use std::sync::Arc;

use rust_decimal::Decimal;

use super::Paper;
use crate::calendar::{Day, TradingSession};
use crate::instrument::Instrument;
use crate::pricing::fair;

impl Paper {
    /// What a unit pays when a trading day begins; none on a day that is no ex-date.
    pub(crate) fn dividend_on(&self, one: &Instrument, day: Day) -> Option<Decimal> {
        one.dividend_on(day)
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
        // Those before the first day were never paid here.
        let after = self.day_of(second).plus(-1).max(self.first);
        let due = one.dividends(after, expiry);
        let ahead = due.map(|(day, amount)| {
            (TradingSession::of_day(day, self.hours).start.saturating_sub(second), amount)
        });
        fair::dividends(ahead.filter(|(ahead, _)| *ahead > 0))
    }
}
