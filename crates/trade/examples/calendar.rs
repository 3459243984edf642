//! Prints the sessions of market calendars, for comparison with others: `calendar FROM TO NAME...`, dates such as
//! 2026-11-30. A row a session: name, date, trading intervals and liquid ones in seconds since 1970 UTC.
#![expect(clippy::print_stdout, reason = "what it is for")]

use floorpass_trade as trade;
use trade::calendar::{Day, Intervals, MarketCalendar};

fn written(all: &Intervals) -> String {
    let one = |interval: &trade::calendar::Interval| format!("{}-{}", interval.start, interval.end);
    all.iter().map(one).collect::<Vec<_>>().join(" ")
}

fn main() -> Result<(), String> {
    let given: Vec<String> = std::env::args().skip(1).collect();
    let usage = "calendar FROM TO NAME..., such as: calendar 2026-01-01 2026-12-31 XNYS XLON";
    let [from, to, names @ ..] = given.as_slice() else { return Err(usage.to_owned()) };
    let (Ok(from), Ok(to)) = (from.parse::<Day>(), to.parse::<Day>()) else {
        return Err(usage.to_owned());
    };
    println!("calendar,date,trading,liquid");
    for name in names {
        let calendar = MarketCalendar::named(name).ok_or_else(|| format!("no calendar {name}"))?;
        for day in (from.0..=to.0).map(Day) {
            let Some(session) = calendar.session(day) else { continue };
            let (trading, liquid) = (written(&session.trading), written(&session.liquid));
            println!("{name},{day},{trading},{liquid}");
        }
    }
    Ok(())
}
