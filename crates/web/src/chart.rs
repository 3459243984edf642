//! A line over time: a picture with axes, its last value in words, and the same as a table.

mod candle;

use std::borrow::Borrow;

use access::Time;
use maud::{Markup, html};
use rust_decimal::Decimal;
use trade::calendar::Day;

pub(crate) use self::candle::{Candle, Mark, candles};
use crate::figure;

/// Rows of the table, at most.
const ROWS: usize = 60;
/// Names under the picture.
const TICKS: usize = 5;
/// The picture is drawn in this many steps each way, and stretched to where it is shown.
const SIDE: i64 = 1_000;
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// One value.
pub(crate) struct Point {
    /// When, in full.
    at: String,
    /// The same under the axis.
    tick: String,
    value: Decimal,
    /// Nothing is known of the time before it, so no line leads there.
    apart: bool,
}

impl Point {
    /// A value at a time of day.
    pub(crate) fn at_time(at: Time, value: Decimal) -> Self {
        let at = at.to_string();
        let tick = at.get(11..16).unwrap_or_default().to_owned();
        Self { at, tick, value, apart: false }
    }

    /// A value at a time of one of several days.
    pub(crate) fn at_day_and_time(at: Time, day: Day, value: Decimal) -> Self {
        Self { at: at.to_string(), tick: short(day), value, apart: false }
    }

    /// A value at the end of a day.
    pub(crate) fn at_day(day: Day, value: Decimal) -> Self {
        let (year, month, of_month) = day.civil();
        let at = format!("{year}-{month:02}-{of_month:02}");
        Self { at, tick: short(day), value, apart: false }
    }

    /// The same, behind a time of which nothing is known.
    pub(crate) fn apart(self, apart: bool) -> Self {
        Self { apart, ..self }
    }
}

/// `24 Nov`.
fn short(day: Day) -> String {
    let (_, month, of_month) = day.civil();
    let name = usize::try_from(month - 1).ok().and_then(|month| MONTHS.get(month));
    format!("{of_month} {}", name.copied().unwrap_or_default())
}

/// Where the lines across lie: round numbers that take in all values.
struct Scale {
    low: Decimal,
    step: Decimal,
    steps: i64,
}

impl Scale {
    fn of(low: Decimal, high: Decimal) -> Self {
        // A line that does not move lies in the middle of something.
        let least = (high.abs() / Decimal::from(20_000)).max(Decimal::new(4, 2));
        let want = (high - low).max(least) / Decimal::from(4);
        let mut power = Decimal::new(1, 2);
        while power * Decimal::TEN <= want {
            power *= Decimal::TEN;
        }
        let step = [1, 2, 5, 10].map(|times| power * Decimal::from(times));
        let step = step.into_iter().find(|step| *step >= want).unwrap_or(power);
        let low = (low / step).floor() * step;
        let steps = ((high - low) / step).ceil().max(Decimal::ONE);
        Self { low, step, steps: i64::try_from(steps).unwrap_or(1) }
    }

    fn line(&self, at: i64) -> Decimal {
        self.low + self.step * Decimal::from(at)
    }

    /// From the top of the picture.
    fn y(&self, value: Decimal) -> i64 {
        let share = (value - self.low) / (self.step * Decimal::from(self.steps));
        SIDE - i64::try_from((share * Decimal::from(SIDE)).round()).unwrap_or(0)
    }

    fn written(&self, value: Decimal) -> String {
        if self.step.fract().is_zero() {
            figure::count(i128::try_from(value.round()).unwrap_or(0))
        } else {
            figure::price(value)
        }
    }
}

/// The line of these points, of which a table says what the picture shows. `what` is what the values are.
pub(crate) fn line(what: &str, points: &[Point]) -> Markup {
    let values = || points.iter().map(|point| point.value);
    let (Some(low), Some(high), Some(first), Some(last)) =
        (values().min(), values().max(), points.first(), points.last())
    else {
        return html! { p.empty { "Nothing to show yet." } };
    };
    let scale = Scale::of(low, high);
    html! {
        div.plot {
            (picture(points, &scale))
            ol.ys aria-hidden="true" { @for at in (0..=scale.steps).rev() { li { (scale.written(scale.line(at))) } } }
            div.xs aria-hidden="true" { @for point in ticks(points) { span { (point.tick) } } }
        }
        p.small { "Last " b.n { (figure::exact(last.value)) } " (" (last.at) "), " (figure::change(first.value, last.value)) " since " (first.at) span.dim { "; low " span.n { (figure::exact(low)) } ", high " span.n { (figure::exact(high)) } "." } }
        (table(what, points))
    }
}

fn picture(points: &[Point], scale: &Scale) -> Markup {
    let steps = i64::try_from(points.len()).unwrap_or(1).max(2) - 1;
    let (mut path, mut area) = (Vec::new(), Vec::new());
    let places: Vec<(i64, &Point)> = (0_i64..).map(|at| at * SIDE / steps).zip(points).collect();
    for part in places.chunk_by(|_, (_, next)| !next.apart) {
        let line: Vec<String> =
            part.iter().map(|(x, point)| format!("{x} {}", scale.y(point.value))).collect();
        let mut line = format!("M{}", line.join("L"));
        if part.len() == 1 {
            // One value alone is as wide as the step to where the next would be.
            line = format!("{line}h{}", SIDE / steps);
        }
        let first = part.first().map_or(0, |(x, _)| *x);
        area.push(format!("{line}V{SIDE}H{first}Z"));
        path.push(line);
    }
    let across: Vec<String> =
        (0..=scale.steps).map(|at| format!("M0 {}H{SIDE}", scale.y(scale.line(at)))).collect();
    html! {
        svg viewBox="0 0 1000 1000" preserveAspectRatio="none" aria-hidden="true" {
            path.across d=(across.concat()) {}
            path.area d=(area.concat()) {}
            path.line d=(path.concat()) {}
        }
    }
}

/// Points that are named under the axis, as far apart from each other as they are shown.
fn ticks<P: Borrow<Point>>(points: &[P]) -> Vec<&Point> {
    let last = points.len().saturating_sub(1);
    let count = TICKS.min(points.len());
    let at = |tick: usize| if count < 2 { 0 } else { last * tick / (count - 1) };
    (0..count).filter_map(|tick| points.get(at(tick)).map(Borrow::borrow)).collect()
}

/// The same for those who cannot see it: the newest first, and no more rows than somebody would read.
fn table(what: &str, points: &[Point]) -> Markup {
    let each = points.len().div_ceil(ROWS).max(1);
    html! {
        details.later {
            summary.small { "As a table" }
            div.scroll tabindex="0" role="group" aria-label={ (what) " as a table" } { table {
                thead { tr { th { "When" } th.r { (what) } } }
                tbody { @for point in points.iter().rev().step_by(each) {
                    tr { td.mono { (point.at) } td.r.n { (figure::exact(point.value)) } }
                } }
            } }
        }
    }
}

/// Links to the ranges that there are.
pub(crate) fn ranges(path: &str, name: &str, all: &[(&str, &str)], chosen: &str) -> Markup {
    html! {
        nav.ranges aria-label={ "Range of the chart" } {
            @for (value, label) in all {
                a href={ (path) "?" (name) "=" (value) } aria-current=[(*value == chosen).then_some("true")] { (label) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn number(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn lines_across_are_round_and_take_in_every_value() {
        for (low, high) in [
            ("0", "0"),
            ("231.40", "231.40"),
            ("999123.55", "1000100.10"),
            ("-50", "70"),
            ("0.01", "0.02"),
            ("123456789.01", "987654321.99"),
        ] {
            let (low, high) = (number(low), number(high));
            let scale = Scale::of(low, high);
            assert!(scale.line(0) <= low && scale.line(scale.steps) >= high, "{low} {high}");
            assert!((1..=6).contains(&scale.steps), "{low} {high}: {}", scale.steps);
            assert!((0..=SIDE).contains(&scale.y(low)) && (0..=SIDE).contains(&scale.y(high)));
            assert!(scale.y(high) <= scale.y(low), "higher is further up");
        }
        let scale = Scale::of(number("101"), number("109"));
        let lines: Vec<_> = (0..=scale.steps).map(|at| scale.written(scale.line(at))).collect();
        assert_eq!(lines, ["100", "102", "104", "106", "108", "110"]);
    }

    #[test]
    fn table_says_what_the_picture_shows_without_end() {
        let day = |at: i32| {
            Point::at_day(Day::of(2026, 1, 1).plus(at), Decimal::new(i64::from(at) * 100, 2))
        };
        let points: Vec<Point> = (0..500).map(day).collect();
        let text = line("Close", &points).into_string();
        assert!(text.matches("<tr>").count() <= ROWS + 1);
        // The newest is in it, and named first.
        assert!(text.contains("<td class=\"mono\">2027-05-15</td><td class=\"r n\">499.00"));
        assert!(text.contains("<span>1 Jan</span>") && text.contains("<span>15 May</span>"));
        assert!(!text.contains("style="), "the content policy allows none");
        assert!(line("Close", &[]).into_string().contains("Nothing to show yet."));
        assert!(line("Close", &[day(1)]).into_string().contains("Last"));
        // No line leads over days of which nothing is known.
        let drawn = |apart| {
            let points = [day(1), day(2), day(9).apart(apart), day(10)];
            let text = line("Close", &points).into_string();
            let path = text.split("class=\"line\" d=\"").nth(1).unwrap().to_owned();
            path.split('"').next().unwrap().matches('M').count()
        };
        assert_eq!((drawn(false), drawn(true)), (1, 2));
    }
}
