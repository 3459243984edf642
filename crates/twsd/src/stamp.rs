//! Instants as this wire writes and reads them.

use access::Time;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use trade::calendar::{Day, MarketCalendar, Zone};
use trade::instrument::Instrument;

/// The name of New York's zone that TWS uses, and all clients know.
pub(crate) const ZONE: &str = "US/Eastern";

/// What its clock shows.
pub(crate) const NEW_YORK: Zone = Zone::NewYork;

/// New York's zone by its rule (Energy Policy Act of 2005), so that no zone database is needed.
fn new_york() -> TimeZone {
    TimeZone::posix("EST5EDT,M3.2.0,M11.1.0").unwrap_or(TimeZone::UTC)
}

fn zoned(time: Time, zone: TimeZone) -> Zoned {
    Timestamp::from_microsecond(time.0).unwrap_or(Timestamp::UNIX_EPOCH).to_zoned(zone)
}

/// `20260105 09:30:00 US/Eastern`: execution times, bars, completed orders.
pub(crate) fn with_zone(time: Time) -> String {
    format!("{} {ZONE}", zoned(time, new_york()).strftime("%Y%m%d %H:%M:%S"))
}

/// `20260105  09:30:00`, New York: beginning and end of a series of bars. Two blanks and no zone
/// below version 196, which is all that is spoken here; some clients read nothing else.
pub(crate) fn without_zone(time: Time) -> String {
    zoned(time, new_york()).strftime("%Y%m%d  %H:%M:%S").to_string()
}

/// What the clock of an instrument's market shows.
pub(crate) fn zone_of(one: &Instrument) -> Zone {
    one.calendar.map_or(NEW_YORK, MarketCalendar::zone)
}

/// The name of a zone. New York's has the one that TWS uses for it.
pub(crate) const fn name_of(zone: Zone) -> &'static str {
    match zone {
        Zone::NewYork => ZONE,
        other => other.name(),
    }
}

/// `20260105-09:30:00`: the hours of a schedule, whose message names the zone.
pub(crate) fn session(second: i64, zone: Zone) -> String {
    let (date, of_day) = zone.civil(second);
    let (hour, minute, second) = (of_day / 3_600, of_day / 60 % 60, of_day % 60);
    format!("{}-{hour:02}:{minute:02}:{second:02}", day(date))
}

/// `20260105 09:30:00 US/Eastern`: the connection time. Some clients take the zone of all times
/// without one from it, and look its name up: it must be a zone's, in summer and winter.
pub(crate) fn connection(time: Time) -> String {
    with_zone(time)
}

/// `20260105-14:30:00`, UTC.
pub(crate) fn utc(time: Time) -> String {
    zoned(time, TimeZone::UTC).strftime("%Y%m%d-%H:%M:%S").to_string()
}

/// `20260105:0930`: trading hours.
pub(crate) fn hours(second: i64, zone: Zone) -> String {
    let (date, of_day) = zone.civil(second);
    format!("{}:{:02}{:02}", day(date), of_day / 3_600, of_day / 60 % 60)
}

/// `09:30`, New York.
pub(crate) fn minute(time: Time) -> String {
    zoned(time, new_york()).strftime("%H:%M").to_string()
}

/// `20260105`.
pub(crate) fn day(day: Day) -> String {
    let (year, month, day) = day.civil();
    format!("{year:04}{month:02}{day:02}")
}

/// The date in New York.
pub(crate) fn date(time: Time) -> Day {
    Day::in_new_york(time.seconds())
}

/// Reads `20260105 09:30:00 ZONE`, `20260105 09:30:00` and `20260105` (New York), and
/// `20260105-14:30:00` (UTC).
pub(crate) fn read(text: &str) -> Option<Time> {
    let mut words = text.split_ascii_whitespace();
    let first = words.next()?;
    let (date, clock, zone) = match first.split_once('-') {
        Some((date, clock)) => (date, clock, words.next().unwrap_or("UTC")),
        None => (first, words.next().unwrap_or("00:00:00"), words.next().unwrap_or(ZONE)),
    };
    if words.next().is_some() || !date.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let civil = ["%Y%m%d %H:%M:%S", "%Y%m%d %H:%M"]
        .iter()
        .find_map(|form| DateTime::strptime(form, format!("{date} {clock}")).ok())?;
    let zone = match zone {
        ZONE | "America/New_York" | "EST" | "EDT" | "ET" | "EST5EDT" => new_york(),
        "UTC" | "GMT" | "Etc/UTC" | "Z" => TimeZone::UTC,
        "CST" | "CDT" | "CT" => TimeZone::get("America/Chicago").ok()?,
        "MST" | "MDT" | "MT" => TimeZone::get("America/Denver").ok()?,
        "PST" | "PDT" | "PT" => TimeZone::get("America/Los_Angeles").ok()?,
        other => TimeZone::get(other).ok()?,
    };
    Some(Time(civil.to_zoned(zone).ok()?.timestamp().as_microsecond()))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn forms_of_one_instant_read_alike() {
        let noon = Time::from_seconds(1_767_632_400);
        for text in [
            "20260105 12:00:00 US/Eastern",
            "20260105 12:00:00",
            "20260105  12:00:00",
            "20260105-17:00:00",
            "20260105 17:00:00 UTC",
            "20260105-17:00:00 UTC",
            "20260105 17:00:00 GMT",
            "20260105 12:00:00 EST",
            "20260105 11:00:00 CST",
            "20260105 09:00:00 US/Pacific",
            "20260105 18:00:00 Europe/Berlin",
            "20260105 12:00 America/New_York",
        ] {
            assert_eq!(read(text).unwrap(), noon, "{text}");
        }
        assert_eq!(read("20260105").unwrap(), Time::from_seconds(1_767_632_400 - 12 * 3_600));
        for text in [
            "",
            "today",
            "2026-01-05",
            "20261305 00:00:00",
            "20260105 12:00:00 Mars/Base",
            "1 2 3 4",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn winter_and_summer_have_their_offsets() {
        let winter = Time::from_seconds(1_767_632_400);
        assert_eq!(with_zone(winter), "20260105 12:00:00 US/Eastern");
        assert_eq!(connection(winter), "20260105 12:00:00 US/Eastern");
        assert_eq!(without_zone(winter), "20260105  12:00:00");
        assert_eq!(session(1_767_632_400, NEW_YORK), "20260105-12:00:00");
        assert_eq!(utc(winter), "20260105-17:00:00");
        let summer = Time::from_seconds(1_783_270_800);
        assert_eq!(connection(summer), "20260705 13:00:00 US/Eastern");
        assert_eq!(without_zone(summer), "20260705  13:00:00");
        assert_eq!(hours(1_783_270_800, NEW_YORK), "20260705:1300");
        assert_eq!(day(Day::of(2026, 1, 5)), "20260105");
    }
}
