//! When a contract trades on a trading day.

use crate::calendar::{Hours, MarketCalendar, TradingSession};
use crate::instrument::Instrument;

/// Seconds of trading: from `open` on, before `close`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) open: i64,
    pub(crate) close: i64,
}

/// The most that a day may have.
const MOST: usize = 3;

/// The hours of one contract on one trading day; two where it rests at noon.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Spans([Span; MOST]);

/// The hours of every calendar on one trading day.
#[derive(Debug, Clone)]
pub(crate) struct Timetable {
    session: TradingSession,
    hours: Hours,
    calendars: Vec<(&'static MarketCalendar, Spans)>,
}

impl Timetable {
    /// That of a trading day.
    pub(crate) fn new(session: TradingSession, hours: Hours) -> Self {
        let all = MarketCalendar::bundled().unwrap_or_default().iter();
        let calendars = match hours {
            Hours::RoundTheClock => Vec::new(),
            Hours::Real => all.map(|one| (one, Spans::of(one, &session))).collect(),
        };
        Self { session, hours, calendars }
    }

    /// When an instrument trades: by its calendar, or, where markets trade always, and of one without a calendar, by the
    /// hours that all have in common.
    pub(crate) fn of(&self, one: &Instrument) -> Spans {
        let own = one.calendar.filter(|_| self.hours == Hours::Real).and_then(|own| {
            let found = self.calendars.iter().find(|(known, _)| std::ptr::eq(*known, own));
            found.map(|(_, spans)| *spans)
        });
        own.unwrap_or_else(|| Spans::common(&self.session))
    }
}

impl Span {
    pub(crate) const fn contains(self, second: i64) -> bool {
        second >= self.open && second < self.close
    }
}

impl Spans {
    /// Those of a trading day that all contracts have in common.
    pub(crate) const fn common(session: &TradingSession) -> Self {
        let none = Span { open: session.close, close: session.close };
        Self([Span { open: session.open, close: session.close }, none, none])
    }

    /// Those of a calendar on the date of a trading day: of shares in the United States the liquid ones.
    fn of(calendar: &MarketCalendar, session: &TradingSession) -> Self {
        let mut spans = [Span { open: session.roll, close: session.roll }; MOST];
        let Some(trading) = calendar.session(session.day) else { return Self(spans) };
        // Only these would go beyond the account's trading day.
        let outlives = trading.trading.end().is_some_and(|end| end > session.roll);
        let hours = if outlives { trading.liquid } else { trading.trading };
        for (span, interval) in spans.iter_mut().zip(hours.iter()) {
            let (open, close) = (interval.start.max(session.start), interval.end.min(session.roll));
            *span = Span { open, close: close.max(open) };
        }
        Self(spans)
    }

    /// The hours that a second is in.
    #[inline]
    pub(crate) fn at(self, second: i64) -> Option<Span> {
        self.0.into_iter().find(|span| span.contains(second))
    }

    /// Those with any trading.
    pub(crate) fn iter(self) -> impl Iterator<Item = Span> {
        self.0.into_iter().filter(|span| span.open < span.close)
    }
}
