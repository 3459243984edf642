//! Terms in the words of the person who reads them.

use std::fmt;

use super::{Term, Terms};
use crate::moment::Time;
use crate::number::grouped;

/// One line to read, with the terms that it tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// What it is about.
    pub label: String,
    /// What it says.
    pub text: String,
    /// The names and values of the terms that it tells, in the order that they are signed in.
    pub terms: Vec<(String, String)>,
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.label, self.text)
    }
}

impl Terms {
    /// All of them, each told once, in order.
    pub fn lines(&self) -> Vec<Line> {
        let mut lines = Vec::new();
        let mut rest = self.0.as_slice();
        while let Some((first, after)) = rest.split_first() {
            let more = after.iter().take_while(|next| belongs(first, next)).count();
            let (told, left) = rest.split_at(more + 1);
            lines.push(line(told));
            rest = left;
        }
        lines
    }

    /// All of them as one text.
    pub fn text(&self) -> String {
        let lines = self.lines();
        lines.iter().map(Line::to_string).collect::<Vec<_>>().join("; ")
    }
}

type Pair = (String, String);

/// Whether a term is told in the line that another one begins.
fn belongs((first, _): &Pair, (next, _): &Pair) -> bool {
    let (Some(first), Some(next)) = (Term::of_name(first), Term::of_name(next)) else {
        return false;
    };
    match first {
        Term::Instrument => matches!(next, Term::Symbol | Term::Name),
        Term::Exit => matches!(
            next,
            Term::Side
                | Term::Quantity
                | Term::OrderType
                | Term::LimitPrice
                | Term::StopPrice
                | Term::TimeInForce
        ),
        Term::OldQuantity => matches!(
            next,
            Term::OldFilled | Term::OldOrderType | Term::OldLimitPrice | Term::OldStopPrice
        ),
        _ => false,
    }
}

fn line(told: &[Pair]) -> Line {
    let terms = told.to_vec();
    let Some((name, value)) = told.first() else {
        return Line { label: String::new(), text: String::new(), terms };
    };
    let Some(first) = Term::of_name(name) else {
        return Line { label: name.clone(), text: value.clone(), terms };
    };
    let text = match first {
        Term::Instrument => instrument(told),
        Term::Exit => exit(told),
        Term::OldQuantity => before(told),
        _ => word(first, value),
    };
    Line { label: label(first, value).to_owned(), text, terms }
}

fn value_of(told: &[Pair], term: Term) -> Option<String> {
    let found = told.iter().find(|(name, _)| name == term.name());
    found.map(|(_, value)| word(term, value))
}

fn instrument(told: &[Pair]) -> String {
    let parts = [Term::Symbol, Term::Name].map(|term| value_of(told, term));
    let parts: Vec<_> = parts.into_iter().flatten().collect();
    if parts.is_empty() {
        return value_of(told, Term::Instrument).unwrap_or_default();
    }
    parts.join(", ")
}

/// An exit: it waits until the order before it fills.
fn exit(told: &[Pair]) -> String {
    let all = [Term::Side, Term::Quantity].map(|term| value_of(told, term).unwrap_or_default());
    let rest = [Term::OrderType, Term::LimitPrice, Term::StopPrice, Term::TimeInForce];
    let rest = rest.into_iter().filter_map(|term| {
        let value = value_of(told, term)?;
        Some(format!("{} {value}", label(term, "").to_lowercase()))
    });
    std::iter::once(all.join(" ")).chain(rest).collect::<Vec<_>>().join("; ")
}

/// What a changed order was.
fn before(told: &[Pair]) -> String {
    let value = |term| value_of(told, term).unwrap_or_default();
    let shares = format!("{} shares, {} filled", value(Term::OldQuantity), value(Term::OldFilled));
    let prices = [Term::OldLimitPrice, Term::OldStopPrice];
    let prices = prices.into_iter().filter_map(|term| value_of(told, term));
    let order: Vec<_> = std::iter::once(value(Term::OldOrderType)).chain(prices).collect();
    format!("{shares}, {}", order.join(" "))
}

fn label(term: Term, value: &str) -> &'static str {
    match term {
        Term::Interface => "Interface",
        Term::Browser => "Browser",
        Term::Device => "In the session on",
        Term::Address => "From",
        Term::Time => "At",
        Term::Opens => "What",
        Term::Account => "Account",
        Term::Order => "Change of order",
        Term::Side => "Side",
        Term::Quantity => "Quantity",
        Term::NewQuantity => "Quantity in total",
        Term::Instrument | Term::Symbol => "Contract",
        Term::Name => "Name",
        Term::OrderType => "Kind",
        Term::LimitPrice => "Limit price",
        Term::StopPrice => "Stop price",
        Term::TimeInForce => "Good for",
        Term::Exit if value == "take_profit" => "Then take profit",
        Term::Exit => "Then stop loss",
        Term::CostAtMost => "Cost at most",
        Term::NotSentAbove => "Not sent above",
        Term::ProceedsAtLeast => "Proceeds at least",
        Term::NotSentBelow => "Not sent below",
        Term::OldQuantity
        | Term::OldFilled
        | Term::OldOrderType
        | Term::OldLimitPrice
        | Term::OldStopPrice => "Until now",
        Term::Value => "Value now",
        Term::Commission => "Commission",
        Term::Cost => "Total cost now",
        Term::Proceeds => "Proceeds now",
        Term::Program => "Program",
        Term::HeldOrder => "Order",
    }
}

/// A value in words. What is not one of its term's values is told as it is.
fn word(term: Term, value: &str) -> String {
    match term {
        Term::Time => value.parse().map_or_else(|_| value.to_owned(), |at| Time(at).to_string()),
        Term::Quantity | Term::NewQuantity | Term::OldQuantity | Term::OldFilled => grouped(value),
        Term::LimitPrice
        | Term::StopPrice
        | Term::OldLimitPrice
        | Term::OldStopPrice
        | Term::CostAtMost
        | Term::NotSentAbove
        | Term::ProceedsAtLeast
        | Term::NotSentBelow
        | Term::Value
        | Term::Commission
        | Term::Cost
        | Term::Proceeds => amount(value),
        _ => token(value).map_or_else(|| value.to_owned(), str::to_owned),
    }
}

fn token(value: &str) -> Option<&'static str> {
    Some(match value {
        "portal" => "Client Portal",
        "sign_in_changes" => "allow changes to how you sign in for 15 minutes",
        "buy" => "Buy",
        "sell" => "Sell",
        "market" => "Market",
        "limit" => "Limit",
        "stop" => "Stop",
        "stop_limit" => "Stop limit",
        "day" => "Day",
        "gtc" => "Until cancelled",
        "ioc" => "Immediate or cancel",
        "fok" => "Fill or kill",
        _ => return None,
    })
}

/// `125455.5 USD` as `125,455.50 USD`.
fn amount(value: &str) -> String {
    let (sign, value) = value.strip_prefix('-').map_or(("", value), |rest| ("-", rest));
    let (number, currency) = value.split_once(' ').unwrap_or((value, ""));
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    format!("{sign}{}.{part:0<2} {currency}", grouped(whole)).trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use rust_decimal::Decimal;

    use super::*;

    fn told(terms: &Terms) -> Vec<String> {
        terms.lines().iter().map(Line::to_string).collect()
    }

    #[test]
    fn each_term_is_told_once_and_in_the_order_that_is_signed() {
        let mut terms = Terms::default();
        for term in Term::ALL {
            terms.push(term, 1);
        }
        terms.push(Term::Exit, "take_profit");
        terms.push(Term::Side, "sell");
        terms.push(Term::CostAtMost, "1 USD");
        let lines = terms.lines();
        let again: Vec<_> = lines.iter().flat_map(|line| line.terms.clone()).collect();
        assert_eq!(Terms(again), terms);
        assert!(lines.iter().all(|line| !line.label.is_empty() && !line.text.is_empty()));
    }

    #[test]
    fn every_term_has_a_name_of_its_own() {
        let mut names: Vec<_> = Term::ALL.iter().map(|term| term.name()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Term::ALL.len());
    }

    #[test]
    fn order_is_told_in_words() {
        let mut terms = Terms::default();
        terms.push(Term::Side, "buy");
        terms.push(Term::Quantity, 1_000);
        terms.push(Term::Instrument, 700_001);
        terms.push(Term::Symbol, "AAPL");
        terms.push(Term::Name, "Apple Inc.");
        terms.push(Term::OrderType, "stop_limit");
        terms.push_amount(Term::LimitPrice, Decimal::new(1_234_500, 3), "USD");
        terms.push(Term::TimeInForce, "gtc");
        terms.push(Term::Exit, "stop_loss");
        terms.push(Term::Side, "sell");
        terms.push(Term::Quantity, 1_000);
        terms.push(Term::OrderType, "stop");
        terms.push_amount(Term::StopPrice, Decimal::from(90), "USD");
        terms.push(Term::TimeInForce, "day");
        terms.push_amount(Term::ProceedsAtLeast, Decimal::new(-12_345, 1), "USD");
        assert_eq!(
            told(&terms),
            [
                "Side: Buy",
                "Quantity: 1,000",
                "Contract: AAPL, Apple Inc.",
                "Kind: Stop limit",
                "Limit price: 1,234.50 USD",
                "Good for: Until cancelled",
                "Then stop loss: Sell 1,000; kind Stop; stop price 90.00 USD; good for Day",
                "Proceeds at least: -1,234.50 USD",
            ]
        );
        assert_eq!(terms.get(Term::LimitPrice).unwrap(), "1234.5 USD");
    }

    #[test]
    fn what_was_kept_as_words_is_told_as_it_was() {
        let line = |label: &str, value: &str| (label.to_owned(), value.to_owned());
        let old = Terms(vec![line("Side", "Buy"), line("At", "2026-11-22 20:30:00 UTC")]);
        assert_eq!(told(&old), ["Side: Buy", "At: 2026-11-22 20:30:00 UTC"]);
    }
}
