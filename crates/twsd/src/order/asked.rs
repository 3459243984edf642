//! An order in the words that it came in, for the record of what is refused.

use trade::Asked;
use tws::PlaceOrder;

/// What a client asked for, whether or not this exchange has it.
pub(super) fn of(request: &PlaceOrder, client_id: i32) -> Asked {
    let PlaceOrder { order_id, contract, order } = request;
    let number = |given: Option<rust_decimal::Decimal>| {
        given.map_or_else(String::new, |number| number.normalize().to_string())
    };
    let unless = |text: &str, other: &str| if text.is_empty() { other } else { text }.to_owned();
    Asked {
        changes: None,
        client_id,
        order_id: *order_id,
        side: order.action.clone(),
        quantity: number(order.total_quantity),
        symbol: unless(&contract.symbol, &contract.local_symbol),
        order_type: order.order_type.clone(),
        limit: number(order.limit_price.filter(|price| !price.is_zero())),
        trigger: number(order.aux_price.filter(|price| !price.is_zero())),
        tif: unless(&order.tif, "DAY"),
    }
}
