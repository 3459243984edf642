//! The numbers of contracts that no file lists one by one: options, futures and forecasts. All that such a contract is follows from
//! its number and its class, so that what was traded years ago can still be named.
//!
//! | bits | option | future | forecast |
//! |---|---|---|---|
//! | 30 | 1 | 0 | 0 |
//! | 29 | class (25 to 29) | 1 | 0 |
//! | 28 | | 0 | 1 |
//! | 24 to 27 | | 0 | class |
//! | 16 to 23 | | class | |
//! | 12 to 24 | last day, in days from 2020-01-01 (to 2042) | | (11 to 23) the same |
//! | 0 to 15 | | months from 2000-01 | |
//! | 1 to 11 | place of the strike on the class's ladder | | (1 to 10) of the threshold |
//! | 0 | 0 call, 1 put | | 0 yes, 1 no |
//!
//! A class is a row of its file; rows are only ever appended. Instruments with a row of their own have numbers below a
//! million.

use access::id::SymbolId;

use super::{Right, YesNo};
use crate::calendar::Day;

const OPTION: u32 = 1 << 30;
const FUTURE: u32 = 1 << 29;
const FORECAST: u32 = 1 << 28;
/// The first day that an option can end on.
const FIRST_DAY: Day = Day::of(2020, 1, 1);
/// The year of month 0.
const FIRST_YEAR: i32 = 2000;
/// Strikes of a ladder.
pub(super) const STRIKES: u16 = 1 << 11;

/// Thresholds of a ladder.
const THRESHOLDS: u16 = 1 << 10;

/// What a contract's number says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ContractNumber {
    Option { class: u8, day: Day, strike: u16, right: Right },
    Future { class: u8, month: (i32, i32) },
    Forecast { class: u8, day: Day, threshold: u16, outcome: YesNo },
}

impl ContractNumber {
    /// What a number says; nothing for one of an instrument that has a row.
    pub(crate) fn of(id: SymbolId) -> Option<Self> {
        let bits = |from: u32, count: u32| (id.0 >> from) & ((1 << count) - 1);
        if id.0 & (1 << 31) != 0 {
            return None;
        }
        if id.0 & OPTION != 0 {
            return Some(Self::Option {
                class: u8::try_from(bits(25, 5)).ok()?,
                day: FIRST_DAY.plus(i32::try_from(bits(12, 13)).ok()?),
                strike: u16::try_from(bits(1, 11)).ok()?,
                right: if bits(0, 1) == 0 { Right::Call } else { Right::Put },
            });
        }
        if id.0 & (FUTURE | FORECAST) == FORECAST {
            return Some(Self::Forecast {
                class: u8::try_from(bits(24, 4)).ok()?,
                day: FIRST_DAY.plus(i32::try_from(bits(11, 13)).ok()?),
                threshold: u16::try_from(bits(1, 10)).ok()?,
                outcome: if bits(0, 1) == 0 { YesNo::Yes } else { YesNo::No },
            });
        }
        if id.0 & FUTURE == 0 || bits(24, 5) != 0 {
            return None;
        }
        let months = i32::try_from(bits(0, 16)).ok()?;
        let month = (FIRST_YEAR + months / 12, months % 12 + 1);
        Some(Self::Future { class: u8::try_from(bits(16, 8)).ok()?, month })
    }

    /// The number that says it; none beyond its range.
    pub(crate) fn id(self) -> Option<SymbolId> {
        Some(SymbolId(match self {
            Self::Option { class, day, strike, right } => {
                let days = days(day)?;
                if class >= 1 << 5 || strike >= STRIKES {
                    return None;
                }
                let right = u32::from(right == Right::Put);
                OPTION | u32::from(class) << 25 | days << 12 | u32::from(strike) << 1 | right
            }
            Self::Future { class, month: (year, month) } => {
                let months = (year - FIRST_YEAR) * 12 + month - 1;
                FUTURE | u32::from(class) << 16 | u32::from(u16::try_from(months).ok()?)
            }
            Self::Forecast { class, day, threshold, outcome } => {
                if class >= 1 << 4 || threshold >= THRESHOLDS {
                    return None;
                }
                let (day, threshold) = (days(day)? << 11, u32::from(threshold) << 1);
                let no = u32::from(outcome == YesNo::No);
                FORECAST | u32::from(class) << 24 | day | threshold | no
            }
        }))
    }
}

/// The days since the first; none beyond the range.
fn days(day: Day) -> Option<u32> {
    u32::try_from(day.0 - FIRST_DAY.0).ok().filter(|days| *days < 1 << 13)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn number_says_what_it_was_made_from(
            class in 0_u8..32, days in 0..8_192, strike in 0..STRIKES, put in any::<bool>(), months in 0..2_400,
            threshold in 0..THRESHOLDS,
        ) {
            let right = if put { Right::Put } else { Right::Call };
            let option = ContractNumber::Option { class, day: FIRST_DAY.plus(days), strike, right };
            let id = option.id().unwrap();
            prop_assert_eq!(ContractNumber::of(id), Some(option));
            // It fits into the 31 bits of a conId.
            prop_assert!(i32::try_from(id.0).is_ok());
            let outcome = if put { YesNo::No } else { YesNo::Yes };
            let (class_of, day) = (class / 2, FIRST_DAY.plus(days));
            let forecast = ContractNumber::Forecast { class: class_of, day, threshold, outcome };
            let id = forecast.id().unwrap();
            prop_assert_eq!(ContractNumber::of(id), Some(forecast));
            prop_assert!(i32::try_from(id.0).is_ok());
            let future = ContractNumber::Future { class, month: (FIRST_YEAR + months / 12, months % 12 + 1) };
            let id = future.id().unwrap();
            prop_assert_eq!(ContractNumber::of(id), Some(future));
            prop_assert!(i32::try_from(id.0).is_ok());
        }

        #[test]
        fn any_number_says_what_gives_it_again_or_nothing(id in any::<u32>()) {
            if let Some(said) = ContractNumber::of(SymbolId(id)) {
                prop_assert_eq!(said.id(), Some(SymbolId(id)));
            }
        }
    }

    #[test]
    fn instrument_with_a_row_has_no_such_number() {
        for id in [0, 1, 700_001, 999_999] {
            assert_eq!(ContractNumber::of(SymbolId(id)), None);
        }
        let late = ContractNumber::Option {
            class: 0,
            day: Day::of(2043, 1, 1),
            strike: 0,
            right: Right::Put,
        };
        assert_eq!(late.id(), None);
    }
}
