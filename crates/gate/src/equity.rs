//! The account's value over time: today every few minutes, and at the end of each trading day.
//!
//! Both are derived backwards from the view's executions and the bars. Those reach back seven days,
//! so the value at the end of each day is also kept in a table, written once an hour for the days
//! that can still be derived.

use std::collections::{BTreeMap, BTreeSet};

use access::currency::Currency;
use access::id::{PaperAccountId, SymbolId};
use access::moment::{Span, Time};
use access::refusal::Refusal;
use rust_decimal::Decimal;
use trade::bar::{Bar, BarSize};
use trade::calendar::{Day, TradingSession};
use trade::equity::{Held, curve};
use trade::exchange::Exchange;
use trade::instrument::Instruments;
use trade::ledger::{KEPT, KEPT_FOR};
use trade::payment::PaymentKind;
use trade::performance::{Flow, Moves, Performance};
use trade::price::Ticks;

use crate::account::PaperAccounts;
use crate::registry::store_failed;
use crate::{Gate, Hours, View};

/// Between two points of a day's curve.
const STEP: i64 = 300;
/// Days that are shown.
pub const DAYS: i32 = 30;

/// The interest of a month, as if each of its nights had brought the same: all of it by a trading day.
struct Interest {
    amount: Decimal,
    until: Day,
    /// It is cash from then on.
    is_paid: bool,
}

impl Interest {
    /// How much of it had accrued when a trading day began, and was no cash yet.
    fn by(&self, day: Day, began: Day) -> Decimal {
        if self.is_paid && day >= self.until {
            return Decimal::ZERO;
        }
        let last = if self.is_paid { self.until.plus(-1) } else { self.until };
        let (year, month, _) = last.civil();
        let first = Day::of(year, month, 1).0.max(began.0);
        let nights = self.until.0.saturating_sub(first);
        if nights <= 0 {
            return self.amount;
        }
        let past = Decimal::from(day.0.saturating_sub(first).clamp(0, nights));
        let so_far = self.amount.saturating_mul(past);
        so_far.checked_div(nights.into()).unwrap_or_default()
    }
}

impl View {
    /// The trading day.
    fn today(&self, gate: &Gate) -> Day {
        TradingSession::at(self.time.seconds(), gate.markets().hours()).day
    }

    /// From when on its executions are all that happened.
    fn reach(&self) -> Time {
        let full = self.executions.len() >= KEPT;
        let first = self.executions.iter().next().filter(|_| full).map(|first| first.time);
        first.unwrap_or(self.began).max(self.time - KEPT_FOR).max(self.began)
    }

    fn worth_at(
        &self,
        (known, hours): (&Instruments, Hours),
        times: &[Time],
        price: impl Fn(SymbolId, Time) -> Ticks,
    ) -> Vec<Decimal> {
        let Some(first) = times.first() else { return Vec::new() };
        let parts = &self.summary.parts;
        let cash = parts.iter().map(|part| (part.currency, part.cash));
        let now = Held::new(cash, &self.positions, known);
        let rate = |currency| {
            let part = parts.iter().find(|part| part.currency == currency);
            part.map_or(Decimal::ONE, |part| part.rate)
        };
        let since: Vec<_> = self.executions.from_where(|row| row.time <= *first).collect();
        let since = since.into_iter().map(AsRef::as_ref);
        let day = |time: Time| TradingSession::at(time.seconds(), hours).day;
        let mut values = curve(now, since, times, price, rate, (known, day));
        for payment in self.payments.from_where(|row| row.time <= *first) {
            let amount = payment.amount.saturating_mul(rate(payment.currency));
            let before = times.iter().zip(&mut values).take_while(|(at, _)| **at < payment.time);
            before.for_each(|(_, value)| *value = value.saturating_sub(amount));
        }
        let earned = self.interest(day(self.time), rate);
        let began = day(self.began);
        for (time, value) in times.iter().zip(&mut values) {
            let by = earned.iter().map(|one| one.by(day(*time), began));
            *value = by.fold(*value, Decimal::saturating_add);
        }
        values
    }

    /// The interest of each month, in the account's currency.
    fn interest(&self, today: Day, rate: impl Fn(Currency) -> Decimal) -> Vec<Interest> {
        let paid = self.payments.iter().filter(|row| row.kind == PaymentKind::Interest);
        let paid = paid.map(|row| Interest {
            amount: row.amount.saturating_mul(rate(row.currency)),
            until: row.day,
            is_paid: true,
        });
        let amount = self.summary.interest();
        paid.chain([Interest { amount, until: today, is_paid: false }]).collect()
    }

    /// Instruments that were held at some time since.
    fn held_since(&self, since: Time) -> BTreeSet<SymbolId> {
        let held = self.positions.iter().filter(|held| held.position.shares != 0);
        let traded = self.executions.from_where(|row| row.time <= since).map(|row| row.symbol);
        held.map(|held| held.symbol).chain(traded).collect()
    }
}

impl Gate {
    /// The days that ended since the executions reach, with what the account was worth.
    fn closes(&self, view: &View) -> Vec<(Day, Decimal)> {
        let (hours, reach) = (self.markets().hours(), view.reach());
        let today = TradingSession::at(view.time.seconds(), hours).day;
        let ended = (1..=8).rev().map(|back| TradingSession::of_day(today.plus(-back), hours));
        let ended: Vec<TradingSession> = ended
            .filter(|session| session.open < session.close && session.roll > reach.seconds())
            .collect();
        // What happens in the second of the roll belongs to the next day.
        let times: Vec<Time> =
            ended.iter().map(|session| Time(Time::from_seconds(session.roll).0 - 1)).collect();
        let since = reach - Span::days(8);
        let bars = self.bars_of(view.held_since(reach), BarSize::Day, since, view.time);
        let values =
            view.worth_at((self.markets().instruments(), hours), &times, |symbol, time| {
                let day = TradingSession::at(time.seconds(), hours).day;
                let bars = bars.get(&symbol).map(Vec::as_slice).unwrap_or_default();
                let after = bars.partition_point(|bar| bar.day <= day);
                let last = after.checked_sub(1).and_then(|at| bars.get(at));
                last.map_or_else(|| mark(view, symbol), |bar| bar.close)
            });
        ended.iter().map(|session| session.day).zip(values).collect()
    }

    fn bars_of(
        &self,
        symbols: BTreeSet<SymbolId>,
        size: BarSize,
        from: Time,
        to: Time,
    ) -> BTreeMap<SymbolId, Vec<Bar>> {
        symbols
            .into_iter()
            .map(|symbol| (symbol, self.markets().bars(symbol, size, from, to)))
            .collect()
    }

    /// Keeps, for every account, the ends of days that can still be worked back.
    pub(crate) async fn keep_equity(&self) {
        for account in self.paper_accounts().all() {
            self.keep_equity_of(account).await;
        }
    }

    async fn keep_equity_of(&self, account: PaperAccountId) {
        let Ok(view) = self.view_of(account).await else { return };
        let days: Vec<_> = self.closes(&view);
        let days: Vec<_> =
            days.into_iter().map(|(day, value)| (day.0, value.to_string())).collect();
        if days.is_empty() || self.0.stop.is_stopped() {
            return;
        }
        if let Err(error) = self.0.people.store.put_equity(view.account, &days).await {
            tracing::warn!(%error, "the account's values at the end of its days could not be stored");
        }
    }
}

impl PaperAccounts<'_> {
    /// The net liquidation since the trading day began, every five minutes and now.
    pub fn equity_today(self, view: &View) -> Vec<(Time, Decimal)> {
        let hours = self.gate.markets().hours();
        let session = TradingSession::at(view.time.seconds(), hours);
        let reach = view.reach().seconds();
        let steps = (view.time.seconds() - session.start + STEP - 1) / STEP;
        // An account that began today has its first value then.
        let begun = Some(view.began).filter(|began| began.seconds() > session.start);
        let begun = begun.filter(|began| *began >= view.reach() && *began < view.time);
        let times = (0..steps)
            .map(|step| session.start + step * STEP)
            .filter(|second| *second > reach)
            .map(Time::from_seconds);
        let times: Vec<Time> = begun.into_iter().chain(times).collect();
        let since = Time::from_seconds(session.start);
        let bars = self.gate.bars_of(view.held_since(since), BarSize::Minutes(5), since, view.time);
        let values =
            view.worth_at((self.gate.markets().instruments(), hours), &times, |symbol, time| {
                let bars = bars.get(&symbol).map(Vec::as_slice).unwrap_or_default();
                let after = bars.partition_point(|bar| bar.time < time);
                let last = after.checked_sub(1).and_then(|at| bars.get(at)).map(|bar| bar.close);
                last.or_else(|| bars.first().map(|bar| bar.open)).unwrap_or(mark(view, symbol))
            });
        times.into_iter().zip(values).chain([(view.time, view.summary.net_liquidation)]).collect()
    }

    /// The net liquidation at the end of each of the last thirty trading days that is known, oldest first, and now.
    pub async fn equity_by_day(self, view: &View) -> Result<Vec<(Day, Decimal)>, Refusal> {
        self.equity_since(view, view.today(self.gate).plus(-DAYS)).await
    }

    /// The same of all days since one.
    async fn equity_since(self, view: &View, since: Day) -> Result<Vec<(Day, Decimal)>, Refusal> {
        let today = view.today(self.gate);
        let store = &self.gate.0.people.store;
        let kept = store.equity_since(view.account, since.0).await;
        let kept = kept.map_err(|error| store_failed(&error))?;
        let mut days: BTreeMap<Day, Decimal> = BTreeMap::new();
        for (day, value) in kept {
            days.extend(value.parse().ok().map(|value| (Day(day), value)));
        }
        for (day, value) in self.gate.closes(view).into_iter().filter(|(day, _)| *day >= since) {
            days.entry(day).or_insert(value);
        }
        days.insert(today, view.summary.net_liquidation);
        Ok(days.into_iter().collect())
    }
}

/// A range that performance is told over: its name in answers, and how many days; none of all that is known.
pub const RANGES: [(&str, Option<i32>); 3] =
    [("today", Some(1)), ("30_days", Some(DAYS)), ("all", None)];

impl PaperAccounts<'_> {
    /// What the account has gained as a rate over each of [`RANGES`], by its name; those of which too little is known are left
    /// out.
    pub async fn performance(
        self,
        view: &View,
    ) -> Result<Vec<(&'static str, Performance)>, Refusal> {
        let (today, hours) = (view.today(self.gate), self.gate.markets().hours());
        let began = TradingSession::at(view.began.seconds(), hours).day;
        let mut values = self.equity_since(view, Day(i32::MIN)).await?;
        // Before it began it had nothing.
        if values
            .first()
            .is_some_and(|(first, _)| days_between(&[began.plus(-1), *first], hours).is_empty())
        {
            values.insert(0, (began.plus(-1), Decimal::ZERO));
        }
        let flows = [Flow { day: began, amount: view.deposited }];
        let ranges = RANGES.iter().filter_map(|(name, days)| {
            let since = match days {
                // Since the last day that ended, however long ago.
                Some(1) => values.len().saturating_sub(2),
                Some(days) => values.partition_point(|(day, _)| *day < today.plus(-days)),
                None => 0,
            };
            Some((*name, Performance::over(values.get(since..)?, &flows)?))
        });
        Ok(ranges.collect())
    }

    /// What the trading day has changed of an account's worth, by prices and by currencies. Who asks must have shown that they
    /// may look at it.
    pub fn moves(self, account: PaperAccountId) -> Result<Moves, Refusal> {
        let look =
            |exchange: &Exchange| exchange.ledger(account).map(|ledger| exchange.moves_of(ledger));
        self.gate.0.sequencer.peek(look).1.ok_or(Refusal::not_found("paper account"))
    }
}

/// The trading days between the first and the last of these, which ascend, that are not among them: the first and the
/// last of each stretch.
pub fn days_between(known: &[Day], hours: Hours) -> Vec<(Day, Day)> {
    let trades = |day: &Day| {
        let session = TradingSession::of_day(*day, hours);
        session.open < session.close
    };
    let stretch = |pair: &[Day]| {
        let [before, after] = pair else { return None };
        let missing: Vec<Day> = (before.0 + 1..after.0).map(Day).filter(trades).collect();
        Some((*missing.first()?, *missing.last()?))
    };
    known.windows(2).filter_map(stretch).collect()
}

fn mark(view: &View, symbol: SymbolId) -> Ticks {
    view.position(symbol).map_or(Ticks(0), |held| held.mark)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_that_are_not_known_are_told_without_weekends() {
        let day = |of_month| Day::of(2026, 11, of_month);
        let hours = Hours::Real;
        // Friday the 6th to Monday the 9th lacks nothing; the 10th to the 19th lacks the days between.
        let known = [day(5), day(6), day(9), day(10), day(19), day(20), day(24)];
        assert_eq!(days_between(&known, hours), [(day(11), day(18)), (day(23), day(23))]);
        assert_eq!(days_between(&[day(5)], hours), []);
        assert_eq!(days_between(&[], hours), []);
    }
}
