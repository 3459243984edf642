//! Contracts on one thing by their last day: options with calls and puts side by side, forecasts with yes and no.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::{Instrument, InstrumentKind, Right, YesNo};
use crate::calendar::Day;

/// What a chain is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChainOf {
    /// Options.
    Options,
    /// Forecast contracts.
    Forecasts,
}

/// A call and a put of one strike; of forecasts yes and no.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct StrikePair<'k> {
    /// The call, or yes.
    pub call: Option<&'k Instrument>,
    /// The put, or no.
    pub put: Option<&'k Instrument>,
}

/// The contracts that stand on one thing: their last days, and the strikes of one of them.
#[derive(Debug, Clone, PartialEq)]
pub struct OptionChain<'k> {
    /// Last days with the class of their contracts, ascending.
    pub days: Vec<(Day, &'k str)>,
    /// The one whose strikes follow; none where nothing is listed.
    pub chosen: Option<(Day, &'k str)>,
    /// By strike, or by the threshold of a forecast.
    pub strikes: BTreeMap<Decimal, StrikePair<'k>>,
}

impl<'k> OptionChain<'k> {
    /// Of contracts that stand on one thing, others left out. The last day is the one that is asked for, of the class that is
    /// asked for; where nothing is, the first.
    pub fn of(
        listed: &[&'k Instrument],
        what: ChainOf,
        asked: (Option<Day>, Option<&str>),
    ) -> Option<Self> {
        let all: Vec<_> =
            listed.iter().filter_map(|one| Some((*one, strike(one, what)?))).collect();
        let days = all.iter().filter_map(|(one, _)| Some((one.expiry?, one.class.as_str())));
        let mut days: Vec<_> = days.collect();
        days.sort_unstable();
        days.dedup();
        let is_asked = |(day, class): &&(Day, &str)| {
            asked.0.is_none_or(|asked| asked == *day) && asked.1.is_none_or(|asked| asked == *class)
        };
        let chosen = days.iter().find(is_asked).copied();
        if chosen.is_none() && asked != (None, None) {
            return None;
        }
        let mut strikes = BTreeMap::<_, StrikePair<'_>>::new();
        for (one, (strike, is_call)) in all {
            if chosen.is_some() && chosen == one.expiry.map(|day| (day, one.class.as_str())) {
                let pair = strikes.entry(strike).or_default();
                *if is_call { &mut pair.call } else { &mut pair.put } = Some(one);
            }
        }
        Some(Self { days, chosen, strikes })
    }
}

/// Its strike, and whether it is on the side of the calls.
fn strike(one: &Instrument, what: ChainOf) -> Option<(Decimal, bool)> {
    match (&one.kind, what) {
        (InstrumentKind::Option(terms), ChainOf::Options) => {
            Some((terms.strike, terms.right == Right::Call))
        }
        (InstrumentKind::Forecast(terms), ChainOf::Forecasts) => {
            Some((terms.threshold, terms.outcome == YesNo::Yes))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use super::*;
    use crate::instrument::Instruments;

    #[test]
    fn pair_is_known_by_every_way_that_it_is_written() {
        let (known, today) = (Instruments::builtin(), Day::of(2026, 11, 30));
        let called = |name: &str| known.called(name, today).map(Instrument::key);
        for name in ["EUR.USD", "EURUSD", "eur/usd"] {
            assert_eq!(called(name), Some("EUR.USD".to_owned()), "{name}");
        }
        for name in ["EUR", "EUR/", "/", "EURUS", "\u{20ac}USD", "AAPL.USD"] {
            assert_eq!(called(name), None, "{name}");
        }
    }

    #[test]
    fn calls_and_puts_of_a_day_stand_side_by_side_and_nothing_else() {
        let known = Instruments::builtin();
        let today = Day::of(2026, 11, 30);
        let called = |name: &str| known.called(name, today).unwrap();
        let listed = [
            called("AAPL261218C00125000"),
            called("AAPL261218P00125000"),
            called("AAPL261218P00130000"),
            called("AAPL270115C00125000"),
            called("ESZ6"),
        ];
        let first = OptionChain::of(&listed, ChainOf::Options, (None, None)).unwrap();
        let days: Vec<_> =
            first.days.iter().map(|(day, class)| (day.to_string(), *class)).collect();
        assert_eq!(days, [("2026-12-18".to_owned(), "AAPL"), ("2027-01-15".to_owned(), "AAPL")]);
        assert_eq!(first.chosen, Some(first.days[0]));
        let pairs: Vec<_> = first
            .strikes
            .iter()
            .map(|(strike, pair)| {
                (strike.normalize().to_string(), pair.call.is_some(), pair.put.is_some())
            })
            .collect();
        assert_eq!(pairs, [("125".to_owned(), true, true), ("130".to_owned(), false, true)]);
        let later = Some(Day::of(2027, 1, 15));
        let later = OptionChain::of(&listed, ChainOf::Options, (later, None)).unwrap();
        assert_eq!((later.chosen, later.strikes.len()), (Some(first.days[1]), 1));
        let none = OptionChain::of(&listed, ChainOf::Forecasts, (None, None)).unwrap();
        assert_eq!((none.days.len(), none.chosen, none.strikes.len()), (0, None, 0));
        assert_eq!(OptionChain::of(&listed, ChainOf::Options, (Some(today), None)), None);
        assert_eq!(OptionChain::of(&listed, ChainOf::Options, (None, Some("SPXW"))), None);
    }
}
