//! The strikes that a class of options may have.

use rust_decimal::Decimal;

use super::number::STRIKES;

/// Strikes in steps that are wider where the strike is higher, each with a place from 0 up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ladder {
    /// From which strike on, by which step, and the place of that strike.
    bands: Vec<(Decimal, Decimal, u16)>,
    /// How many new shares there are for one old, where the shares are split some day. Then the upper half of the places is
    /// for what strikes of the lower half become that are none of the ladder themselves.
    split: Option<u16>,
}

/// The first place of strikes that a split has made.
const SPLIT: u16 = STRIKES / 2;

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
        (!bands.is_empty()).then_some(Self { bands, split: None })
    }

    /// The same for options on shares that are split: so many new ones for one old.
    pub(crate) fn with_split(self, new: u16) -> Self {
        Self { split: Some(new), ..self }
    }

    /// Where the places of strikes that the split did not make end.
    fn end(&self) -> u16 {
        if self.split.is_some() { SPLIT } else { STRIKES }
    }

    /// The strike at a place; none at 0, which is no strike, and beyond the end.
    pub(crate) fn strike(&self, place: u16) -> Option<Decimal> {
        match self.split {
            Some(new) if place >= SPLIT => {
                let before = self.rung(place - SPLIT)?;
                let strike = before.checked_div(new.into())?;
                // Each strike has one place.
                let is_exact = strike.checked_mul(new.into()) == Some(before);
                (is_exact && self.place_of_rung(strike).is_none()).then_some(strike.normalize())
            }
            _ => self.rung(place),
        }
    }

    fn rung(&self, place: u16) -> Option<Decimal> {
        let band = self.bands.iter().rev().find(|(_, _, first)| *first <= place);
        let (from, step, first) = band.filter(|_| (1..self.end()).contains(&place))?;
        let steps = Decimal::from(place.checked_sub(*first)?);
        from.checked_add(step.checked_mul(steps)?)
    }

    /// The place of the highest strike that is not above a price.
    pub(crate) fn place_below(&self, price: Decimal) -> Option<u16> {
        let (from, step, first) = self.bands.iter().rev().find(|(from, ..)| *from <= price)?;
        let steps = price.checked_sub(*from)?.checked_div(*step)?.floor();
        let place = first.checked_add(u16::try_from(i64::try_from(steps).ok()?).ok()?)?;
        Some(place.min(self.end() - 1))
    }

    /// The place of a strike; none for what is none.
    pub(crate) fn place(&self, strike: Decimal) -> Option<u16> {
        self.place_of_rung(strike).or_else(|| {
            let before = strike.checked_mul(self.split?.into())?;
            self.place_of_rung(before)?.checked_add(SPLIT)
        })
    }

    fn place_of_rung(&self, strike: Decimal) -> Option<u16> {
        let place = self.place_below(strike)?;
        (self.rung(place)? == strike).then_some(place)
    }

    /// The place that a strike has after the split; none where there is no split, and of what it made.
    pub(crate) fn split_place(&self, place: u16) -> Option<u16> {
        let strike = self.rung(place)?.checked_div(self.split?.into())?;
        self.place(strike)
    }

    /// The place of a strike that the split made, of what it was before; none of others.
    pub(crate) const fn is_made_by_split(&self, place: u16) -> bool {
        self.split.is_some() && place >= SPLIT
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
    fn strikes_that_a_split_makes_have_places_of_their_own() {
        let steps = [("0", "0.5"), ("25", "1"), ("100", "2.5"), ("200", "5")];
        let (plain, ladder) = (of(&steps).unwrap(), of(&steps).unwrap().with_split(2));
        let mut seen = std::collections::BTreeSet::new();
        for place in 1..STRIKES {
            if let Some(strike) = ladder.strike(place) {
                assert_eq!(ladder.place(strike), Some(place), "{strike}");
                assert!(seen.insert(strike), "{strike}");
            }
            if place < SPLIT {
                assert_eq!(plain.strike(place), ladder.strike(place), "as it always was");
                let half = ladder.split_place(place).and_then(|place| ladder.strike(place));
                assert_eq!(half, plain.strike(place).map(|strike| strike / Decimal::TWO));
            }
        }
        let place = |text: &str| ladder.place(text.parse().unwrap());
        assert_eq!((place("31.5"), place("31"), place("31.4")), (Some(SPLIT + 88), Some(56), None));
        assert_eq!(ladder.split_place(SPLIT + 88), None);
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
