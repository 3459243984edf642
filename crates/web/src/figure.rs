//! How figures are written: money, quantities, times. Exact decimals in, text out.

use std::net::Ipv4Addr;

use access::currency::Currency;
use access::{Span, Time};
use maud::{Markup, html};
use rust_decimal::Decimal;

/// `1234567.891` as `1,234,567.89`: with the decimals of the currency's smallest coin.
pub(crate) fn money(value: Decimal, currency: Currency) -> String {
    fixed(value, currency.digits())
}

/// A price: two decimals where its steps have them, and as many as it has.
pub(crate) fn price(value: Decimal) -> String {
    let places = value.scale().min(2).max(value.normalize().scale());
    fixed(value, places)
}

/// A value of a line, which all of its values have as many decimals as.
pub(crate) fn exact(value: Decimal) -> String {
    fixed(value, value.scale())
}

/// An average of prices whose steps have so many decimals: two more at most.
pub(crate) fn average(value: Decimal, places: u32) -> String {
    let value = value.round_dp(places.saturating_add(2));
    fixed(value, places.min(2).max(value.normalize().scale()))
}

fn fixed(value: Decimal, places: u32) -> String {
    let digits = places as usize;
    grouped(&format!("{:.digits$}", value.round_dp(places)))
}

/// A quantity with the decimals that it has: `1,000`, `0.5`.
pub(crate) fn quantity(value: Decimal) -> String {
    grouped(&value.normalize().to_string())
}

/// `12345` as `12,345`.
pub(crate) fn count(value: impl Into<i128>) -> String {
    grouped(&value.into().to_string())
}

fn grouped(text: &str) -> String {
    let (sign, digits) = text.strip_prefix('-').map_or(("", text), |rest| ("\u{2212}", rest));
    format!("{sign}{}", access::number::grouped(digits))
}

/// Money gained or lost: with its sign and colour.
pub(crate) fn gain(value: Decimal, currency: Currency) -> Markup {
    signed(value, currency.digits())
}

/// By how much a price moved.
pub(crate) fn moved(by: Decimal) -> Markup {
    signed(by, by.scale().min(2).max(by.normalize().scale()))
}

fn signed(value: Decimal, places: u32) -> Markup {
    let value = value.round_dp(places);
    let class = if value.is_zero() {
        "dim"
    } else if value.is_sign_negative() {
        "down"
    } else {
        "up"
    };
    let sign = if value > Decimal::ZERO { "+" } else { "" };
    html! { span class=(class) { (sign) (fixed(value, places)) } }
}

/// A gain as a share of what it was made on, `+1.25 %`; nothing where there is nothing to compare it with.
pub(crate) fn percent(gain: Decimal, on: Decimal) -> Markup {
    let on = on.abs();
    let share = if on.is_zero() { None } else { gain.checked_div(on) };
    let Some(share) = share.and_then(|share| share.checked_mul(Decimal::ONE_HUNDRED)) else {
        return html! { span.dim { "\u{2013}" } };
    };
    html! { (signed(share, 2)) "\u{a0}%" }
}

/// What a value became: `+1.50 (+1.25 %)`.
pub(crate) fn change(from: Decimal, to: Decimal) -> Markup {
    let by = to - from;
    html! { span.n { (signed(by, by.scale())) " (" (percent(by, from)) ")" } }
}

/// `2026-11-22 20:30:05` with the zone for machines; pages say once that times are UTC.
pub(crate) fn time(at: Time) -> Markup {
    let text = at.to_string();
    let short = text.trim_end_matches(" UTC");
    html! { time.mono datetime=(short.replacen(' ', "T", 1) + "Z") { (short) } }
}

/// The time alone where the day is today, else the day: short enough for a column.
pub(crate) fn lately(at: Time, now: Time) -> Markup {
    let (text, today) = (at.to_string(), now.to_string());
    let whole = text.trim_end_matches(" UTC");
    let (date, clock) = whole.split_once(' ').unwrap_or((whole, ""));
    let short = if today.starts_with(date) { clock } else { date };
    html! { time.mono datetime=(whole.replacen(' ', "T", 1) + "Z") title=(whole) { (short) } }
}

/// How old a live page is: the script writes it anew.
pub(crate) fn live(now: Time) -> Markup {
    html! { span.small.dim #live-mark { "as of " (clock(now, now)) } }
}

/// The day alone, `2026-11-22`.
pub(crate) fn day(at: Time) -> String {
    at.to_string().split(' ').next().unwrap_or_default().to_owned()
}

/// A text with networks in it, in which this machine's is called what it is: nobody knows `127.0.0.0/24` for it.
pub(crate) fn here(text: &str) -> String {
    let loopback = access::network::of(Ipv4Addr::LOCALHOST.into()).to_string();
    text.replace(&loopback, "this machine")
}

/// The time of day where the day is known, `20:30:05 UTC`, else date and time.
pub(crate) fn clock(at: Time, now: Time) -> String {
    let (text, today) = (at.to_string(), now.to_string());
    match (text.split_once(' '), today.split_once(' ')) {
        (Some((day, rest)), Some((this, _))) if day == this => rest.to_owned(),
        _ => text,
    }
}

/// `40 s`, `12 min`, `3 h 20 min`, `2 days 23 h`, `29 days`: rounded down, never negative.
pub(crate) fn span(span: Span) -> String {
    let seconds = span.0.max(0) / 1_000_000;
    match (seconds / 86_400, seconds / 3_600, seconds / 60) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, minutes) => format!("{minutes} min"),
        (0, hours, minutes) if minutes % 60 == 0 => format!("{hours} h"),
        (0, hours, minutes) => format!("{hours} h {} min", minutes % 60),
        (1, hours, _) => format!("{hours} h"),
        (days @ 2..=6, hours, _) if hours % 24 != 0 => format!("{days} days {} h", hours % 24),
        (days, _, _) => format!("{days} days"),
    }
}

/// How long ago, `12 min ago`.
pub(crate) fn ago(at: Time, now: Time) -> String {
    let past = now.since(at);
    if past < Span::seconds(5) { "just now".to_owned() } else { format!("{} ago", span(past)) }
}

/// `1 order`, `2 orders`.
pub(crate) fn plural(number: usize, noun: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{ending}")
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn money_is_grouped_and_rounded() {
        for (given, written) in [
            ("1234567.891", "1,234,567.89"),
            ("999.999", "1,000.00"),
            ("-1234.5", "\u{2212}1,234.50"),
            ("0", "0.00"),
            ("100", "100.00"),
        ] {
            assert_eq!(money(given.parse().unwrap(), Currency::USD), written);
        }
        let in_coins = |code: &str| money("1234.5678".parse().unwrap(), code.parse().unwrap());
        assert_eq!(["JPY", "EUR", "KWD"].map(in_coins), ["1,235", "1,234.57", "1,234.568"]);
        let quantities = ["1000", "-2500.50", "0.010"].map(|text| quantity(text.parse().unwrap()));
        assert_eq!(quantities, ["1,000", "\u{2212}2,500.5", "0.01"]);
        assert_eq!(price("231.4375".parse().unwrap()), "231.4375");
        assert_eq!(price("231.4000".parse().unwrap()), "231.40");
        let prices =
            ["1250", "0.0875", "1.08755", "-37.60"].map(|text| price(text.parse().unwrap()));
        assert_eq!(prices, ["1,250", "0.0875", "1.08755", "\u{2212}37.60"]);
        let of = |text: &str, places| average(text.parse().unwrap(), places);
        assert_eq!(
            [of("231.4", 2), of("231.43756", 2), of("1250.5", 0), of("1250", 0)],
            ["231.40", "231.4376", "1,250.5", "1,250"]
        );
        assert_eq!(of("1.0875512345", 5), "1.0875512");
    }

    #[test]
    fn span_reads_in_its_largest_units() {
        for (seconds, written) in [
            (40, "40 s"),
            (720, "12 min"),
            (12_000, "3 h 20 min"),
            (7_200, "2 h"),
            (90_000, "25 h"),
            (259_199, "2 days 23 h"),
            (259_200, "3 days"),
            (864_000, "10 days"),
        ] {
            assert_eq!(span(Span::seconds(seconds)), written);
        }
    }

    #[test]
    fn network_of_this_machine_is_called_so() {
        for address in ["127.0.0.1", "127.77.0.2", "::1"] {
            let network = access::network::of(address.parse().unwrap()).to_string();
            assert_eq!(here(&network), "this machine", "{address}");
        }
        assert_eq!(here("192.0.2.0/24, new"), "192.0.2.0/24, new");
        assert_eq!(day(Time::from_seconds(1_795_000_000)), "2026-11-18");
    }

    #[test]
    fn percent_is_of_what_it_was_made_on_and_none_of_nothing() {
        let text = |gain: &str, on: &str| {
            percent(gain.parse().unwrap(), on.parse().unwrap()).into_string()
        };
        assert_eq!(text("1.5", "120"), "<span class=\"up\">+1.25</span>\u{a0}%");
        assert!(text("-1", "-200").contains("\u{2212}0.50"), "of a short position");
        assert_eq!(text("5", "0"), "<span class=\"dim\">\u{2013}</span>");
    }

    #[test]
    fn gain_shows_its_sign_besides_its_colour() {
        let text = |value: &str, code: &str| {
            gain(value.parse().unwrap(), code.parse().unwrap()).into_string()
        };
        assert_eq!(text("5", "USD"), "<span class=\"up\">+5.00</span>");
        assert!(
            text("-5", "USD").contains("\u{2212}5.00") && text("-5", "JPY").contains("\u{2212}5<")
        );
        assert_eq!(
            moved("0.00004".parse().unwrap()).into_string(),
            "<span class=\"up\">+0.00004</span>"
        );
    }
}
