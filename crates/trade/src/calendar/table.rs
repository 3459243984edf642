//! The two files of the market calendars.

use std::collections::BTreeMap;

use super::interval::Minutes;
use super::market::{DayHours, MarketCalendar};
use super::rule::Rule;
use super::{Day, Zone};

/// Hours, a row a calendar; a calendar whose hours have changed has a row for each date from which they apply.
const CALENDARS: &str = include_str!("../../assets/calendars.csv");
/// Days that differ, a row a date and hours: the calendars of which it is true, without hours where they are closed.
const HOLIDAYS: &str = include_str!("../../assets/holidays.csv");

const CALENDAR_COLUMNS: &str = "calendar,aliases,zone,from,weekdays,trading,liquid,payments,name";
const HOLIDAY_COLUMNS: &str = "date,calendar,trading,liquid,reason";

/// The calendars of the bundled files, or what is wrong with them.
pub(super) fn bundled() -> Result<Vec<MarketCalendar>, String> {
    read(CALENDARS, HOLIDAYS)
}

/// The rows of a file below its header, each with as many values as there are columns, none of which has a comma.
fn rows<'a, const N: usize>(
    file: &'a str,
    text: &'a str,
    columns: &'a str,
) -> Result<Vec<(String, [&'a str; N])>, String> {
    let mut lines = (1..).zip(text.lines());
    if lines.next().is_none_or(|(_, header)| header != columns) {
        return Err(format!("{file}, line 1: the columns are {columns}"));
    }
    let row = |(line, text): (usize, &'a str)| {
        let values: Vec<&str> = text.split(',').collect();
        let place = format!("{file}, line {line}");
        let values =
            values.try_into().map_err(|_| format!("{place}: it has other than {N} values"))?;
        Ok((place, values))
    };
    lines.map(row).collect()
}

pub(super) fn read(calendars: &str, holidays: &str) -> Result<Vec<MarketCalendar>, String> {
    let mut all: Vec<MarketCalendar> = Vec::new();
    for (place, row) in rows("calendars.csv", calendars, CALENDAR_COLUMNS)? {
        let [name, aliases, zone, from, weekdays, trading, liquid, payments, title] = row;
        let from = if from.is_empty() { Some(Day(i32::MIN)) } else { from.parse().ok() };
        let from = from.ok_or_else(|| format!("{place}: from is no date"))?;
        let hours = (from, hours(&place, trading, liquid)?);
        if let Some(last) = all.last_mut().filter(|last| last.name == name) {
            if last.hours.last().is_some_and(|(before, _)| *before >= from) {
                return Err(format!("{place}: from is not after the row before"));
            }
            last.hours.push(hours);
            continue;
        }
        if all.iter().any(|one| one.name == name) {
            return Err(format!("{place}: the rows of {name} do not follow one another"));
        }
        all.push(MarketCalendar {
            name: name.to_owned(),
            aliases: aliases.split_whitespace().map(str::to_owned).collect(),
            title: title.to_owned(),
            zone: Zone::named(zone).ok_or_else(|| format!("{place}: no zone {zone}"))?,
            week: week(weekdays).ok_or_else(|| format!("{place}: weekdays are no Mon-Fri"))?,
            hours: vec![hours],
            changes: BTreeMap::new(),
            years: (0, 0),
            rule: Rule::of(name).ok_or_else(|| format!("{place}: no rule for {name}"))?,
            payments: (!payments.is_empty()).then(|| payments.to_owned()),
        });
    }
    let mut years: Option<(i32, i32)> = None;
    for (place, row) in rows("holidays.csv", holidays, HOLIDAY_COLUMNS)? {
        let [on, names, trading, liquid, _reason] = row;
        let day: Day = on.parse().map_err(|_| format!("{place}: {on} is no date"))?;
        let (year, _, _) = day.civil();
        years = Some(years.map_or((year, year), |(first, last)| (first.min(year), last.max(year))));
        let hours = hours(&place, trading, liquid)?;
        let change = (!hours.trading.is_empty()).then_some(hours);
        for name in names.split_whitespace() {
            let one = all.iter_mut().find(|one| one.name == name);
            let one = one.ok_or_else(|| format!("{place}: no calendar {name}"))?;
            if one.changes.insert(day, change.clone()).is_some() {
                return Err(format!("{place}: {name} has {on} twice"));
            }
        }
    }
    let years = years.ok_or_else(|| "holidays.csv has no row".to_owned())?;
    for one in &mut all {
        one.years = years;
    }
    Ok(all)
}

/// Trading hours, and liquid ones within them.
fn hours(place: &str, trading: &str, liquid: &str) -> Result<DayHours, String> {
    let read = |text| Minutes::all(text).ok_or_else(|| format!("{place}: {text} are no hours"));
    let (trading, liquid) = (read(trading)?, read(liquid)?);
    let within = |one: &Minutes| {
        trading.iter().any(|whole| whole.start <= one.start && one.end <= whole.end)
    };
    if !liquid.iter().all(within) {
        return Err(format!("{place}: liquid hours are outside the trading hours"));
    }
    Ok(DayHours { trading, liquid })
}

/// `Mon-Fri`
fn week(text: &str) -> Option<(i32, i32)> {
    let names = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
    let number = |name: &str| (0..).zip(names).find(|(_, one)| *one == name).map(|(at, _)| at);
    let (first, last) = text.split_once('-')?;
    Some((number(first)?, number(last)?))
}
