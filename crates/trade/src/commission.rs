//! What a trade costs: 0.005 US dollars per share, at least 1.00 per order and at most 1 % of its
//! value. With each partial fill, an order pays the cost of all its shares so far less what it has
//! already paid, so the minimum applies once. Exact, never rounded.

use rust_decimal::Decimal;

use crate::order::Shares;
use crate::price::cents;

/// Commission of an order that has traded so many shares for so many cents, in US dollars.
pub fn commission(shares: Shares, value: i64) -> Decimal {
    if shares == 0 {
        return Decimal::ZERO;
    }
    let by_share = cents(i128::from(shares)).checked_div(Decimal::TWO).unwrap_or_default();
    let most = Decimal::new(value, 4);
    by_share.max(Decimal::ONE).min(most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commission_has_a_floor_and_a_ceiling() {
        for (shares, price, expected) in [
            (10, 12_567, Decimal::ONE),
            (200, 12_567, Decimal::ONE),
            (201, 12_567, Decimal::new(1_005, 3)),
            (10_000, 12_567, Decimal::from(50)),
            (1, 150, Decimal::new(15, 3)),
            (10_000, 10, Decimal::from(10)),
            (0, 100, Decimal::ZERO),
        ] {
            let shares_signed = i64::try_from(shares).unwrap_or(0);
            assert_eq!(commission(shares, shares_signed * price), expected, "{shares} at {price}");
        }
    }

    #[test]
    fn commission_never_falls_as_an_order_fills() {
        let mut last = Decimal::ZERO;
        for shares in 1..2_000 {
            let now = commission(shares, i64::try_from(shares).unwrap_or(0) * 317);
            assert!(now >= last, "{shares}");
            last = now;
        }
    }
}
