//! The sessions of a market, from data files: `calendars.csv` (hours) and `holidays.csv` (days that differ). Beyond the
//! years of the second one a rule goes on, so that no calendar ever ends; docs/calendars.md has sources and rules.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::LazyLock;

use super::interval::{self, Minutes};
use super::rule::{DayKind, Rule};
use super::{Day, Intervals, Zone, table};

/// The most days that are looked at for a session: no market rests longer.
const SOON: i32 = 30;

/// Hours of a day, by the market's clock.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct DayHours {
    pub(super) trading: Vec<Minutes>,
    pub(super) liquid: Vec<Minutes>,
}

/// The days and hours of a market.
///
/// The session of a date begins and ends within the account's trading day of that date, 17:00 New York to 17:00, with
/// one exception: stocks of the United States trade on until 20:00, which is the account's next day.
pub struct MarketCalendar {
    pub(super) name: String,
    /// Exchanges that keep it, as the instruments name them.
    pub(super) aliases: Vec<String>,
    /// What trades by it.
    pub(super) title: String,
    pub(super) zone: Zone,
    /// The first and the last day of its week, from 0 for Monday.
    pub(super) week: (i32, i32),
    /// Its usual hours and the dates from which they apply, ascending; the first apply before, too.
    pub(super) hours: Vec<(Day, DayHours)>,
    /// Days of the table that differ; none for one without a session.
    pub(super) changes: BTreeMap<Day, Option<DayHours>>,
    /// The first and the last year of the table.
    pub(super) years: (i32, i32),
    pub(super) rule: Rule,
    /// The calendar of the payments that settle its trades.
    pub(super) payments: Option<String>,
}

/// A day on which a market trades.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MarketSession {
    /// Its date.
    pub day: Day,
    /// When orders trade.
    pub trading: Intervals,
    /// When most do: what an order is good for that does not ask for more. Within `trading`; there may be none.
    pub liquid: Intervals,
}

impl fmt::Debug for MarketCalendar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// A calendar is known by its name: no two have the same.
impl PartialEq for MarketCalendar {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for MarketCalendar {}

static ALL: LazyLock<Result<Vec<MarketCalendar>, String>> = LazyLock::new(table::bundled);

impl MarketCalendar {
    /// All calendars, or what is wrong with their files. A test reads them; a program that has none knows no market.
    pub fn bundled() -> Result<&'static [Self], &'static str> {
        ALL.as_deref().map_err(String::as_str)
    }

    /// The calendar with this name (`XNYS`), or of the exchange with this name (`NASDAQ`); none of another one.
    pub fn named(name: &str) -> Option<&'static Self> {
        let all = Self::bundled().unwrap_or_default();
        all.iter().find(|one| one.name == name || one.aliases.iter().any(|alias| alias == name))
    }

    /// `XNYS`: its market identifier code (ISO 10383), or Floorpass's own name where no code names it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What trades by it.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// What its clock shows.
    pub const fn zone(&self) -> Zone {
        self.zone
    }

    /// The hours of a date; none on a day without a session.
    fn hours(&self, day: Day) -> Option<Cow<'_, DayHours>> {
        let (first, last) = self.week;
        if day.weekday() < first || day.weekday() > last {
            return None;
        }
        let usual = || {
            let known = self.hours.iter().rev().find(|(from, _)| *from <= day);
            known.or(self.hours.first()).map(|(_, hours)| Cow::Borrowed(hours))
        };
        let (year, _, _) = day.civil();
        if year >= self.years.0 && year <= self.years.1 {
            return match self.changes.get(&day) {
                Some(change) => change.as_ref().map(Cow::Borrowed),
                None => usual(),
            };
        }
        match self.rule.kind(day) {
            DayKind::Regular => usual(),
            DayKind::Closed => None,
            DayKind::Short { trading, liquid } => usual().map(|hours| {
                let trading = Minutes::until(&hours.trading, trading);
                Cow::Owned(DayHours { trading, liquid: Minutes::until(&hours.liquid, liquid) })
            }),
        }
    }

    /// The session of a date; none on a day without trading.
    pub fn session(&self, day: Day) -> Option<MarketSession> {
        let hours = self.hours(day).filter(|hours| !hours.trading.is_empty())?;
        Some(MarketSession {
            day,
            trading: Minutes::on(&hours.trading, day, self.zone),
            liquid: Minutes::on(&hours.liquid, day, self.zone),
        })
    }

    /// Whether a date is one of its days: it trades or, for payments, pays.
    pub fn is_business_day(&self, day: Day) -> bool {
        self.hours(day).is_some()
    }

    /// The session that a second (since 1970 UTC) is in; none while the market is closed.
    pub fn session_at(&self, second: i64) -> Option<MarketSession> {
        let (today, _) = self.zone.civil(second);
        // Tomorrow's may have begun this evening.
        let near = [today, today.plus(1)].into_iter().filter_map(|day| self.session(day));
        near.into_iter().find(|session| session.trading.contains(second))
    }

    /// The market trades at a second since 1970 UTC.
    pub fn is_open(&self, second: i64) -> bool {
        self.session_at(second).is_some()
    }

    /// The market is in its liquid hours at a second since 1970 UTC.
    pub fn is_liquid(&self, second: i64) -> bool {
        self.session_at(second).is_some_and(|session| session.liquid.contains(second))
    }

    /// The first session after a date; none for a calendar of payments.
    pub fn next_session(&self, day: Day) -> Option<MarketSession> {
        (1..=SOON).find_map(|days| self.session(day.plus(days)))
    }

    /// The last session before a date; none for a calendar of payments.
    pub fn previous_session(&self, day: Day) -> Option<MarketSession> {
        (1..=SOON).find_map(|days| self.session(day.plus(-days)))
    }

    /// The date on which a trade of `day` settles, `n` business days later. A day counts on which both the market
    /// trades and its currency's payments are made: not Columbus Day, on which New York trades and the Fedwire rests.
    /// Zero is the date itself or, if that does not count, the first after it that does.
    pub fn settlement_day(&self, day: Day, n: u8) -> Day {
        let payments = self.payments.as_deref().and_then(Self::named);
        let counts = |day| {
            self.is_business_day(day)
                && payments.is_none_or(|calendar| calendar.is_business_day(day))
        };
        let first = |from: Day| (0..SOON).map(|days| from.plus(days)).find(|day| counts(*day));
        let mut settled = day;
        if n == 0 {
            return first(day).unwrap_or(day);
        }
        for _ in 0..n {
            let next = settled.plus(1);
            settled = first(next).unwrap_or(next);
        }
        settled
    }

    /// Trading hours of some dates as the TWS socket writes them, by the market's clock:
    /// `20261130:0400-20261130:2000;20261205:CLOSED`. Each interval of a day stands alone.
    pub fn trading_hours(&self, from: Day, days: u16) -> String {
        self.written(from, days, |hours| &hours.trading)
    }

    /// Liquid hours of some dates as the TWS socket writes them: `20261130:0930-20261130:1600;20261205:CLOSED`.
    pub fn liquid_hours(&self, from: Day, days: u16) -> String {
        self.written(from, days, |hours| &hours.liquid)
    }

    fn written(&self, from: Day, days: u16, of: impl Fn(&DayHours) -> &Vec<Minutes>) -> String {
        let mut parts = Vec::new();
        for day in (0..i32::from(days)).map(|days| from.plus(days)) {
            let hours = self.hours(day).unwrap_or_default();
            let all = of(&hours);
            if all.is_empty() {
                parts.push(format!("{}:CLOSED", interval::date(day)));
            }
            parts.extend(all.iter().map(|one| one.written(day)));
        }
        parts.join(";")
    }
}

#[cfg(test)]
mod tests;
