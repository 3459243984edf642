//! How far a limit price may go through the market, by product.

use access::entitlements::{Control, Limits, Product};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;

/// The collar of a product in hundredths of a percent: its own or the general one, whichever is narrower.
pub(crate) fn width(limits: &Limits, product: Option<Product>) -> Option<u32> {
    let own = product.and_then(Control::collar_of).and_then(|one| limits.controls.get(one));
    let own = own.and_then(|percent| percent.saturating_mul(Decimal::ONE_HUNDRED).to_u32());
    match (own, limits.collar_bps) {
        (Some(own), Some(all)) => Some(own.min(all)),
        (own, all) => own.or(all),
    }
}

#[cfg(test)]
mod tests {
    use access::entitlements::Controls;

    use super::*;

    #[test]
    fn narrower_of_the_products_collar_and_the_general_one_holds() {
        // Its own, the general one, the product, the width that holds.
        type Case = (Option<&'static str>, Option<u32>, Product, Option<u32>);
        let cases: [Case; 6] = [
            (None, None, Product::Option, None),
            (None, Some(1_000), Product::Option, Some(1_000)),
            (Some("2.5"), None, Product::Option, Some(250)),
            (Some("2.5"), Some(1_000), Product::Option, Some(250)),
            (Some("20"), Some(1_000), Product::Option, Some(1_000)),
            (Some("2.5"), Some(1_000), Product::Stock, Some(1_000)),
        ];
        for (own, collar_bps, product, width_is) in cases {
            let number = own.and_then(|text| text.parse().ok());
            let controls = Controls::default().with(Control::CollarOption, number);
            let limits = Limits { collar_bps, controls, ..Limits::default() };
            assert_eq!(width(&limits, Some(product)), width_is, "{own:?} {collar_bps:?}");
        }
    }
}
