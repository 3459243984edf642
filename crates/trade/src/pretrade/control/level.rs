//! Which level of option trading an order needs: what multiplies risk takes a higher one.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;

use crate::pretrade::breach::Breach;

/// An option order that opens something.
pub(super) struct Asked {
    pub(super) buys: bool,
    pub(super) call: bool,
    pub(super) contracts: Decimal,
    /// Shares of a contract.
    pub(super) multiplier: Decimal,
}

/// What could cover an option that is sold.
pub(super) struct Cover {
    /// Shares held of what it is on.
    pub(super) stock: Decimal,
    /// Contracts held of the same right, no worse in strike and no earlier in expiry.
    pub(super) options: Decimal,
    /// Contracts of the same right that are sold already, or ordered to be.
    pub(super) sold: Decimal,
}

/// 1 for calls on shares that are held, 2 for buying, 3 where another option covers it, 4 where nothing does.
pub(super) fn needed(asked: &Asked, cover: &Cover) -> u8 {
    if asked.buys {
        return 2;
    }
    let sold = cover.sold.saturating_add(asked.contracts);
    let shares = sold.saturating_mul(asked.multiplier);
    if asked.call && cover.stock >= shares {
        return 1;
    }
    let by_stock = if asked.call && !asked.multiplier.is_zero() {
        cover.stock.max(Decimal::ZERO).checked_div(asked.multiplier).unwrap_or_default().floor()
    } else {
        Decimal::ZERO
    };
    if by_stock.saturating_add(cover.options) >= sold { 3 } else { 4 }
}

/// Whether the level allows it.
pub(super) fn check(needs: u8, level: Decimal) -> Result<(), Breach> {
    let level = level.to_u8().unwrap_or(0);
    if needs > level { Err(Breach::OptionLevel { needs, level }) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_needs_the_level_of_what_covers_it() {
        // buys, call, contracts, stock, options, sold already -> level
        let cases: [(bool, bool, i64, i64, i64, i64, u8); 9] = [
            (true, true, 1, 0, 0, 0, 2),
            (true, false, 9, 0, 0, 0, 2),
            (false, true, 1, 100, 0, 0, 1),
            (false, true, 1, 99, 0, 0, 4),
            (false, true, 1, 100, 0, 1, 4),
            (false, true, 2, 100, 1, 0, 3),
            (false, false, 1, 1_000, 0, 0, 4),
            (false, false, 2, 0, 2, 0, 3),
            (false, false, 2, 0, 2, 1, 4),
        ];
        for (buys, call, contracts, stock, options, sold, level) in cases {
            let number = |number: i64| Decimal::from(number);
            let (contracts, multiplier) = (number(contracts), number(100));
            let asked = Asked { buys, call, contracts, multiplier };
            let cover =
                Cover { stock: number(stock), options: number(options), sold: number(sold) };
            assert_eq!(needed(&asked, &cover), level, "{buys} {call} {contracts}");
            assert!(check(level, number(i64::from(level))).is_ok());
            assert!(check(level, number(i64::from(level) - 1)).is_err());
        }
    }
}
