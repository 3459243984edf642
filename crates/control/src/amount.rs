//! Amounts and prices, as answers have them.

use access::currency::Currency;
use rust_decimal::Decimal;

/// An amount: with the places of its currency's smallest coin, and with more only where there are any. Where several
/// currencies share it, with cents.
pub(crate) fn money(amount: Decimal, currency: Option<Currency>) -> String {
    with_places(amount, currency.map_or(2, Currency::digits))
}

/// A price: with cents where its steps have them, and with more places only where there are any.
pub(crate) fn price(price: Decimal) -> String {
    with_places(price, price.scale().min(2))
}

fn with_places(value: Decimal, least: u32) -> String {
    let (value, places) = (value.normalize(), least as usize);
    if value.scale() < least { format!("{value:.places$}") } else { value.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_has_the_places_of_its_coin_and_keeps_what_is_finer() {
        for (units, scale, text) in [
            (1, 0, "1.00"),
            (125, 1, "12.50"),
            (35, 2, "0.35"),
            (12_345, 4, "1.2345"),
            (-5, 1, "-0.50"),
        ] {
            assert_eq!(money(Decimal::new(units, scale), Some(Currency::USD)), text);
            assert_eq!(money(Decimal::new(units, scale), None), text);
        }
        let told = |code: &str, units, scale| money(Decimal::new(units, scale), code.parse().ok());
        assert_eq!([told("JPY", 12_500, 1), told("JPY", 5, 1)], ["1250", "0.5"]);
        assert_eq!([told("KWD", 125, 1), told("KWD", 12_345, 4)], ["12.500", "1.2345"]);
        let prices = [(1_250, 0), (12_500, 1), (23_140, 2), (1_087_550, 6), (-3_760, 2)];
        let prices = prices.map(|(units, scale)| price(Decimal::new(units, scale)));
        assert_eq!(prices, ["1250", "1250.0", "231.40", "1.08755", "-37.60"]);
    }
}
