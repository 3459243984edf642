//! The strikes that a class of options may have.

use rust_decimal::Decimal;

use super::number::STRIKES;

/// Strikes in steps that are wider where the strike is higher, each with a place from 0 up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ladder {
    /// From which strike on, by which step, and the place of that strike.
    bands: Vec<(Decimal, Decimal, u16)>,
}

impl Ladder {
    /// From steps with the strikes that they begin at. The first begins at zero, and its first strike is one step above;
    /// every other begins at a strike.
    pub(crate) fn new(steps: &[(Decimal, Decimal)]) -> Option<Self> {
        let mut bands: Vec<(Decimal, Decimal, u16)> = Vec::new();
        for (from, step) in steps {
            if *step <= Decimal::ZERO {
                return None;
            }
            let place = match bands.last() {
                None if from.is_zero() => 0,
                None => return None,
                Some((before, by, place)) => {
                    let steps = from.checked_sub(*before)?.checked_div(*by)?;
                    let count = u16::try_from(i64::try_from(steps).ok()?).ok()?;
                    if count == 0 || !steps.fract().is_zero() {
                        return None;
                    }
                    place.checked_add(count)?
                }
            };
            bands.push((*from, *step, place));
        }
        (!bands.is_empty()).then_some(Self { bands })
    }

    /// The strike at a place; none at 0, which is no strike, and beyond the end.
    pub(crate) fn strike(&self, place: u16) -> Option<Decimal> {
        let band = self.bands.iter().rev().find(|(_, _, first)| *first <= place);
        let (from, step, first) = band.filter(|_| (1..STRIKES).contains(&place))?;
        let steps = Decimal::from(place.checked_sub(*first)?);
        from.checked_add(step.checked_mul(steps)?)
    }

    /// The place of the highest strike that is not above a price.
    pub(crate) fn place_below(&self, price: Decimal) -> Option<u16> {
        let (from, step, first) = self.bands.iter().rev().find(|(from, ..)| *from <= price)?;
        let steps = price.checked_sub(*from)?.checked_div(*step)?.floor();
        let place = first.checked_add(u16::try_from(i64::try_from(steps).ok()?).ok()?)?;
        Some(place.min(STRIKES - 1))
    }

    /// The place of a strike; none for what is none.
    pub(crate) fn place(&self, strike: Decimal) -> Option<u16> {
        let place = self.place_below(strike)?;
        (self.strike(place)? == strike).then_some(place)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn of(steps: &[(&str, &str)]) -> Option<Ladder> {
        let steps: Vec<_> =
            steps.iter().map(|(a, b)| (a.parse().unwrap(), b.parse().unwrap())).collect();
        Ladder::new(&steps)
    }

    #[test]
    fn strike_has_a_place_and_what_lies_between_has_none() {
        let ladder = of(&[("0", "0.5"), ("25", "1"), ("200", "5")]).unwrap();
        let texts = [1, 50, 51, 225, 226].map(|place| ladder.strike(place).unwrap().to_string());
        assert_eq!(texts, ["0.5", "25", "26", "200", "205"]);
        for place in 1..STRIKES {
            let strike = ladder.strike(place).unwrap();
            assert_eq!(ladder.place(strike), Some(place), "{strike}");
        }
        assert_eq!(ladder.place("25.5".parse().unwrap()), None);
        assert_eq!(ladder.place_below("204.99".parse().unwrap()), Some(225));
        assert_eq!((ladder.strike(0), ladder.strike(STRIKES)), (None, None));
        assert_eq!(ladder.place(Decimal::ZERO), None);
        assert_eq!(ladder.place(Decimal::from(-1)), None);
    }

    #[test]
    fn steps_that_are_no_ladder_are_none() {
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[("1", "1")]), None);
        assert_eq!(of(&[("0", "0")]), None);
        assert_eq!(of(&[("0", "2"), ("25", "1")]), None);
        assert_eq!(of(&[("0", "1"), ("0", "5")]), None);
    }
}
