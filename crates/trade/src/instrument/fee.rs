//! What an order of an instrument costs.

use rust_decimal::Decimal;

use super::Instrument;
use crate::order::Shares;

/// So much for each unit of the quantity and this part of the value, at least `least` an order, and at most another part
/// of its value; in the instrument's currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fee {
    /// For each unit of the quantity, such as a share.
    pub each: Decimal,
    /// Of the value: 0.0005 is 0.05 %.
    pub part: Decimal,
    /// At least, for an order that traded anything.
    pub least: Decimal,
    /// At most, as a part of the value: 0.01 is 1 %. It is stronger than `least`.
    pub most: Decimal,
}

impl Fee {
    /// It costs nothing.
    pub const NONE: Self =
        Self { each: Decimal::ZERO, part: Decimal::ZERO, least: Decimal::ZERO, most: Decimal::ONE };
}

impl Instrument {
    /// The commission of an order that has traded so many steps for so many ticks times steps, exact. With each partial
    /// fill, an order pays the cost of all that it traded less what it has already paid, so that the minimum applies once.
    pub fn commission(&self, quantity: Shares, value: i128) -> Decimal {
        if quantity == 0 {
            return Decimal::ZERO;
        }
        let each = self.fee.each.saturating_mul(self.quantity(quantity));
        let value = self.amount(value.saturating_abs());
        let most = value.saturating_mul(self.fee.most);
        let each = if self.fee.part.is_zero() {
            each
        } else {
            let part = value.saturating_mul(self.fee.part);
            each.saturating_add(part.round_dp(self.currency.digits()))
        };
        written(each, self.currency.digits()).max(self.fee.least).min(most)
    }
}

/// With the places of its currency, or two more where it has fractions of the smallest coin. Journals of older versions
/// replay to amounts that are written like that.
fn written(amount: Decimal, places: u32) -> Decimal {
    let mut amount = amount.normalize();
    if amount.scale() <= places {
        amount.rescale(places);
    } else if amount.scale() < places + 2 {
        amount.rescale(places + 2);
    }
    amount
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use access::id::SymbolId;

    use super::*;
    use crate::instrument::Instruments;

    #[test]
    fn commission_of_a_stock_has_a_floor_and_a_ceiling() {
        let stock = Instruments::builtin().get(SymbolId(700_001)).unwrap();
        for (shares, price, expected) in [
            (10, 12_567, Decimal::ONE),
            (200, 12_567, Decimal::ONE),
            (201, 12_567, Decimal::new(1_005, 3)),
            (10_000, 12_567, Decimal::from(50)),
            (1, 150, Decimal::new(15, 3)),
            (10_000, 10, Decimal::from(10)),
            (0, 100, Decimal::ZERO),
        ] {
            let value = i128::from(shares) * price;
            assert_eq!(stock.commission(shares, value), expected, "{shares} at {price}");
            assert_eq!(stock.commission(shares, -value), expected, "a price below zero");
        }
    }

    #[test]
    fn commission_never_falls_as_an_order_fills() {
        let stock = Instruments::builtin().get(SymbolId(700_001)).unwrap();
        let mut last = Decimal::ZERO;
        for shares in 1..2_000 {
            let now = stock.commission(shares, i128::from(shares) * 317);
            assert!(now >= last, "{shares}");
            last = now;
        }
    }
}
