//! Candles: a picture of open, high, low and close with the volume below and one's own trades on it, and the same as a table.

use maud::{Markup, html};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use trade::order::Side;

use super::{Point, ROWS, SIDE, Scale, ticks};
use crate::figure;

/// One bar.
pub(crate) struct Candle {
    /// When, and the last price.
    pub(crate) close: Point,
    pub(crate) open: Decimal,
    pub(crate) high: Decimal,
    pub(crate) low: Decimal,
    /// How much has traded; 0 where nobody counts it.
    pub(crate) volume: Decimal,
}

/// A trade of the account.
pub(crate) struct Mark {
    /// In which of the bars.
    pub(crate) candle: usize,
    pub(crate) side: Side,
    pub(crate) price: Decimal,
    /// The same in words.
    pub(crate) said: String,
}

/// A picture of these bars, and tables that say what it shows.
pub(crate) fn candles(all: &[Candle], marks: &[Mark]) -> Markup {
    let (lows, highs) = (all.iter().map(|one| one.low), all.iter().map(|one| one.high));
    let (Some(low), Some(high), Some(first), Some(last)) =
        (lows.min(), highs.max(), all.first(), all.last())
    else {
        return html! { p.empty { "Nothing to show yet." } };
    };
    let scale = Scale::of(low, high);
    let most = all.iter().map(|one| one.volume).max().unwrap_or_default();
    let points: Vec<&Point> = all.iter().map(|one| &one.close).collect();
    html! {
        div.plot {
            (picture(all, marks, &scale))
            ol.ys aria-hidden="true" { @for at in (0..=scale.steps).rev() { li { (scale.written(scale.line(at))) } } }
            @if !most.is_zero() { (volumes(all, most)) div.small.dim aria-hidden="true" { "Vol." } }
            div.xs aria-hidden="true" { @for point in ticks(&points) { span { (point.tick) } } }
        }
        p.small { "Last " b.n { (figure::exact(last.close.value)) } " (" (last.close.at) "), " (figure::change(first.open, last.close.value)) " since " (first.close.at) span.dim { "; low " span.n { (figure::exact(low)) } ", high " span.n { (figure::exact(high)) } "." } }
        @if !marks.is_empty() {
            details.later open {
                summary.small { "Your trades here" }
                ul.small.trades { @for mark in marks { li { (mark.said) } } }
            }
        }
        (table(all))
    }
}

/// The middle of a bar's place, and half of its width.
fn place(at: usize, count: usize) -> (i64, i64) {
    let (at, count) = (i64::try_from(at).unwrap_or(0), i64::try_from(count.max(1)).unwrap_or(1));
    ((2 * at + 1) * SIDE / (2 * count), SIDE * 7 / (20 * count))
}

fn picture(all: &[Candle], marks: &[Mark], scale: &Scale) -> Markup {
    let (mut rise, mut fall) = (Vec::new(), Vec::new());
    for (at, one) in all.iter().enumerate() {
        let (x, half) = place(at, all.len());
        let (open, close) = (scale.y(one.open), scale.y(one.close.value));
        let (top, bottom) = (open.min(close), open.max(close));
        let path = if one.close.value < one.open { &mut fall } else { &mut rise };
        let (high, low) = (scale.y(one.high), scale.y(one.low));
        let (left, right) = (x - half, x + half);
        path.push(format!(
            "M{x} {high}V{top}M{x} {bottom}V{low}M{left} {top}H{right}V{bottom}H{left}Z"
        ));
    }
    let mark = |mark: &Mark| {
        let (x, y) = (place(mark.candle, all.len()).0, scale.y(mark.price));
        let away = if mark.side == Side::Buy { 45 } else { -45 };
        format!("M{x} {y}L{} {}H{}Z", x - 9, y + away, x + 9)
    };
    let of =
        |side| marks.iter().filter(|one| one.side == side).map(mark).collect::<Vec<_>>().concat();
    let across: Vec<String> =
        (0..=scale.steps).map(|at| format!("M0 {}H{SIDE}", scale.y(scale.line(at)))).collect();
    html! {
        svg.candles viewBox="0 0 1000 1000" preserveAspectRatio="none" aria-hidden="true" {
            path.across d=(across.concat()) {}
            path.rise d=(rise.concat()) {}
            path.fall d=(fall.concat()) {}
            path.bought d=(of(Side::Buy)) {}
            path.sold d=(of(Side::Sell)) {}
        }
    }
}

fn volumes(all: &[Candle], most: Decimal) -> Markup {
    let bar = |(at, one): (usize, &Candle)| {
        let (x, half) = place(at, all.len());
        let share = (one.volume / most * Decimal::from(SIDE)).round().to_i64().unwrap_or(0);
        format!("M{} {SIDE}V{}H{}V{SIDE}Z", x - half, SIDE - share, x + half)
    };
    let bars = all.iter().enumerate().map(bar).collect::<Vec<_>>().concat();
    html! {
        svg.volumes viewBox="0 0 1000 1000" preserveAspectRatio="none" aria-hidden="true" { path d=(bars) {} }
    }
}

/// The newest first, and no more rows than somebody would read.
fn table(all: &[Candle]) -> Markup {
    html! {
        details.later {
            summary.small { "As a table" }
            div.scroll tabindex="0" role="group" aria-label="Bars as a table" { table {
                thead { tr { th { "From" } th.r { "Open" } th.r { "High" } th.r { "Low" } th.r { "Close" } th.r { "Volume" } } }
                tbody { @for one in all.iter().rev().take(ROWS) {
                    tr {
                        td.mono { (one.close.at) }
                        @for price in [one.open, one.high, one.low, one.close.value] { td.r.n { (figure::exact(price)) } }
                        td.r.n { (figure::quantity(one.volume)) }
                    }
                } }
            } }
            @if all.len() > ROWS { p.small.dim { "The last " (ROWS) " of " (all.len()) " bars." } }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use trade::calendar::Day;

    fn candle(at: i32, open: i64, high: i64, low: i64, close: i64) -> Candle {
        Candle {
            close: Point::at_day(Day::of(2026, 1, 5).plus(at), Decimal::from(close)),
            open: Decimal::from(open),
            high: Decimal::from(high),
            low: Decimal::from(low),
            volume: Decimal::from(at * 100),
        }
    }

    /// The path of a class, as the picture has it.
    fn path(text: &str, class: &str) -> String {
        let rest = text.split(&format!("class=\"{class}\" d=\"")).nth(1).unwrap_or_default();
        rest.split('"').next().unwrap_or_default().to_owned()
    }

    #[test]
    fn bars_that_rise_and_fall_are_drawn_apart_within_the_picture() {
        let all = [candle(0, 100, 110, 90, 108), candle(1, 108, 109, 95, 96)];
        let text = candles(&all, &[]).into_string();
        // Scale 90 to 110: 108 is a tenth from the top, 100 in the middle.
        assert_eq!(path(&text, "rise"), "M250 0V100M250 500V1000M75 100H425V500H75Z");
        assert_eq!(path(&text, "fall"), "M750 50V100M750 700V750M575 100H925V700H575Z");
        assert!(text.contains("<svg class=\"volumes\"") && text.contains("M575 1000V0H925V1000Z"));
        assert!(!text.contains("style="), "the content policy allows none");
        assert!(text.contains("<td class=\"r n\">96"), "the same as a table");
        assert!(candles(&[], &[]).into_string().contains("Nothing to show yet."));
    }

    #[test]
    fn own_trades_are_marked_at_their_price_and_said_in_words() {
        let all = [candle(0, 100, 110, 90, 108), candle(1, 108, 109, 95, 96)];
        let mark = |candle, side, price: i64| Mark {
            candle,
            side,
            price: Decimal::from(price),
            said: format!("{side} at {price}"),
        };
        let marks = [mark(0, Side::Buy, 100), mark(1, Side::Sell, 100)];
        let text = candles(&all, &marks).into_string();
        assert_eq!(path(&text, "bought"), "M250 500L241 545H259Z");
        assert_eq!(path(&text, "sold"), "M750 500L741 455H759Z");
        assert!(text.contains("Your trades here") && text.contains("at 100</li>"));
        // Pairs of currencies and figures have no volume.
        let quiet = [Candle { volume: Decimal::ZERO, ..candle(1, 100, 110, 90, 108) }];
        assert!(!candles(&quiet, &[]).into_string().contains("volumes"));
    }
}
