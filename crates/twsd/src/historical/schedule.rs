//! Trading sessions of a period: those of a product's own calendar, by the clock of its market, as its description has them.

use access::{Span, SymbolId, Time};
use trade::calendar::{Day, Hours, TradingSession};
use trade::instrument::{Instrument, InstrumentKind};
use tws::outbound::{ErrorCode, HistoricalSchedule, PastSession};

use super::{Duration, failed};
use crate::client::Client;
use crate::outgoing::Outgoing;
use crate::stamp;

/// Days before the end that a schedule goes back, at most.
const DAYS: i64 = 3_660;

/// From a second (since 1970 UTC) up to another one, and the date that it counts for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Session {
    open: i64,
    close: i64,
    day: Day,
}

impl Client {
    pub(super) fn schedule(
        &self,
        request_id: i32,
        symbol: SymbolId,
        duration: Duration,
        ((begin, end), is_regular): ((Time, Time), bool),
        out: &mut Outgoing,
    ) {
        let markets = self.gate.markets();
        let begin = begin.max(end - Span::days(DAYS));
        let known = markets.instruments().get(symbol);
        let (zone, found) = known.map_or((stamp::NEW_YORK, Vec::new()), |one| {
            let period = (begin.seconds(), end.seconds());
            (stamp::zone_of(one), sessions(one, markets.hours(), is_regular, period))
        });
        let texts: Vec<(String, String, String)> = duration
            .last(found, |session| session.day)
            .iter()
            .map(|s| {
                (stamp::session(s.open, zone), stamp::session(s.close, zone), stamp::day(s.day))
            })
            .collect();
        let (Some((start, ..)), Some((_, end, _))) = (texts.first(), texts.last()) else {
            let text = failed("HMDS query returned no data");
            return out.error(request_id, ErrorCode::HISTORICAL_DATA, &text);
        };
        let rows: Vec<PastSession<'_>> = texts
            .iter()
            .map(|(start, end, reference_date)| PastSession { start, end, reference_date })
            .collect();
        let time_zone = stamp::name_of(zone);
        out.put(&HistoricalSchedule { request_id, start, end, time_zone, sessions: &rows });
    }
}

/// The sessions that touch a period, in order: liquid hours where regular ones alone are asked for, and of shares, which trade
/// in these alone. A day with a break has one for each part. Where markets trade always, all have the account's days.
fn sessions(
    one: &Instrument,
    hours: Hours,
    is_regular: bool,
    (begin, end): (i64, i64),
) -> Vec<Session> {
    let touches = |session: &Session| session.open < end && session.close > begin;
    let mut found = Vec::new();
    let Some(calendar) = one.calendar.filter(|_| hours == Hours::Real) else {
        let mut day = TradingSession::at(begin, hours);
        while day.open < end {
            if day.open < day.close {
                found.push(Session { open: day.open, close: day.close, day: day.day });
            }
            day = day.next(hours);
        }
        found.retain(touches);
        return found;
    };
    let is_share = matches!(one.kind, InstrumentKind::Stock | InstrumentKind::Etf);
    let (mut day, _) = calendar.zone().civil(begin);
    // Tomorrow's session may have begun in the evening of the last day.
    let last = calendar.zone().civil(end).0.plus(1);
    while day <= last {
        if let Some(session) = calendar.session(day) {
            let is_liquid = (is_regular || is_share) && !session.liquid.is_empty();
            let parts = if is_liquid { session.liquid } else { session.trading };
            let parts = parts.iter().map(|one| Session { open: one.start, close: one.end, day });
            found.extend(parts.filter(touches));
        }
        day = day.plus(1);
    }
    found
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use trade::instrument::Instruments;

    use super::*;

    /// Sessions from a time to another one, as they are written.
    fn written(name: &str, hours: Hours, is_regular: bool, from: &str, until: &str) -> Vec<String> {
        let one = Instruments::builtin().named(name).unwrap();
        let second = |text| stamp::read(text).unwrap().seconds();
        let zone = stamp::zone_of(one);
        let found = sessions(one, hours, is_regular, (second(from), second(until)));
        let text = |session: &Session| {
            let (open, close) =
                (stamp::session(session.open, zone), stamp::session(session.close, zone));
            format!("{open} {close} {}", stamp::day(session.day))
        };
        found.iter().map(text).collect()
    }

    #[test]
    fn sessions_are_those_of_the_products_own_market() {
        // Thanksgiving: shares rest, and close early on the day after. Tokyo has a break at noon.
        let (from, until) = ("20261125-20:00:00", "20261127-23:00:00");
        let new_york = [
            "20261125-09:30:00 20261125-16:00:00 20261125",
            "20261127-09:30:00 20261127-13:00:00 20261127",
        ];
        let tokyo = [
            "20261126-09:00:00 20261126-11:30:00 20261126",
            "20261126-12:30:00 20261126-15:30:00 20261126",
            "20261127-09:00:00 20261127-11:30:00 20261127",
            "20261127-12:30:00 20261127-15:30:00 20261127",
        ];
        let london = [
            "20261126-08:00:00 20261126-16:30:00 20261126",
            "20261127-08:00:00 20261127-16:30:00 20261127",
        ];
        let bond = [
            "20261125-08:00:00 20261125-17:00:00 20261125",
            "20261127-08:00:00 20261127-14:00:00 20261127",
        ];
        let pair = [
            "20261124-17:15:00 20261125-17:00:00 20261125",
            "20261125-17:15:00 20261126-17:00:00 20261126",
            "20261126-17:15:00 20261127-17:00:00 20261127",
        ];
        for (name, sessions) in [
            ("AAPL", &new_york[..]),
            ("7203", &tokyo),
            ("VOD", &london),
            ("UST-30Y", &bond),
            ("EUR.USD", &pair),
        ] {
            for is_regular in [false, true] {
                assert_eq!(written(name, Hours::Real, is_regular, from, until), sessions, "{name}");
            }
        }
    }

    #[test]
    fn where_markets_trade_always_each_has_the_accounts_days_by_its_own_clock() {
        let (from, until) = ("20261128-20:00:00", "20261129-20:00:00");
        let of = |name| written(name, Hours::RoundTheClock, true, from, until);
        assert_eq!(
            of("AAPL"),
            [
                "20261127-17:00:00 20261128-17:00:00 20261128",
                "20261128-17:00:00 20261129-17:00:00 20261129"
            ]
        );
        let tokyo = of("7203");
        assert_eq!(tokyo.first().unwrap(), "20261128-07:00:00 20261129-07:00:00 20261128");
    }
}
