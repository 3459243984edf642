//! What a mandate gives beside its role, in words: for messages to people, and for the evidence.

use super::record::{Conditions, MandateTerms, Role};
use crate::address::Addresses;
use crate::currency::Currency;
use crate::entitlements::{Act, Hours, OrderKind, OrderKinds};
use crate::number::grouped;

/// What a mandate of this role takes away from what the role gives, and its end. Amounts are in `currency`;
/// without one they are said to be in that of the account.
pub(super) fn terms(role: Role, terms: &MandateTerms, currency: Option<Currency>) -> String {
    let MandateTerms { acts, products, order_kinds, conditions, until } = terms;
    let Conditions { hours, addresses, limits } = conditions;
    let mut parts = Vec::new();
    if *acts != role.acts() {
        parts
            .push(format!("it may {}", listed(Act::ALL.iter().filter(|act| acts.contains(**act)))));
    }
    if *products != role.products() {
        parts.push(format!("products {products}"));
    }
    if *order_kinds != OrderKinds::ALL {
        let kinds = listed(OrderKind::ALL.iter().filter(|kind| order_kinds.contains(**kind)));
        parts.push(if kinds.is_empty() { "no orders".to_owned() } else { format!("{kinds} only") });
    }
    if *hours != Hours::Always {
        parts.push(format!("orders {hours} UTC"));
    }
    if let Addresses::Only(networks) = addresses {
        parts.push(format!("from {}", listed(networks.iter())));
    }
    let most = |most: &str| grouped(most);
    parts
        .extend(limits.max_quantity.map(|it| format!("{} shares an order", most(&it.to_string()))));
    parts.extend(limits.max_notional.map(|it| {
        let currency = currency.map_or_else(
            || "of the account's currency".to_owned(),
            |currency| currency.to_string(),
        );
        format!("{} {currency} an order", most(&it.to_string()))
    }));
    parts.extend(limits.max_open_orders.map(|it| format!("{it} open orders")));
    parts.extend(
        limits.collar_bps.map(|it| format!("{}.{:02} % through the market", it / 100, it % 100)),
    );
    parts.extend(limits.duplicate_window.map(|it| format!("no duplicate within {it}")));
    parts.extend(
        limits.controls.iter().map(|(one, most)| format!("cannot {}", one.forbids(most, currency))),
    );
    if !limits.controls.restricted().is_empty() {
        parts.push(format!("restricted contracts {}", listed(limits.controls.restricted().iter())));
    }
    if parts.is_empty() {
        parts.push("all that the role gives".to_owned());
    }
    parts.push(until.map_or_else(|| "no end".to_owned(), |until| format!("until {until}")));
    parts.join("; ")
}

fn listed(members: impl Iterator<Item = impl ToString>) -> String {
    members.map(|one| one.to_string()).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entitlements::Limits;
    use crate::moment::Time;

    #[test]
    fn terms_say_what_is_narrower_than_the_role_and_the_end() {
        let whole = MandateTerms::of(Role::Trader);
        assert_eq!(terms(Role::Trader, &whole, None), "all that the role gives; no end");
        let until = Time::of_date("2026-12-31");
        let limits = Limits {
            max_quantity: Some(1_000),
            max_notional: Some(20_000.into()),
            ..whole.conditions.limits.clone()
        };
        let narrow = MandateTerms {
            order_kinds: OrderKinds::of(&[OrderKind::Limit]),
            conditions: Conditions { limits, ..whole.conditions.clone() },
            until,
            ..whole
        };
        let said = terms(Role::Trader, &narrow, "EUR".parse().ok());
        assert!(
            said.starts_with("limit orders only; 1,000 shares an order; 20,000 EUR an order; ")
                && said.contains("; until 2026-12-31"),
            "{said}"
        );
    }
}
