//! The form of an order, how it is read, and what it would bind.

use access::Holder;
use gate::OrderRequest;
use maud::{Markup, html};
use rust_decimal::Decimal;
use trade::Preview;
use trade::contract::{Contract, Contracts};
use trade::order::{NewOrder, OrderType, Origin, Side, TimeInForce};
use trade::price::Ticks;

use crate::contract;
use crate::field::{self, Errors, Field};
use crate::figure;
use crate::form::Fields;
use crate::large_order::Asked;
use crate::order;
use crate::shell;
use crate::visit::Signed;

/// Kinds of order, as the socket names them.
pub(crate) const TYPES: [(&str, &str); 4] =
    [("LMT", "Limit"), ("MKT", "Market"), ("STP", "Stop"), ("STP LMT", "Stop limit")];
const TIFS: [(&str, &str, TimeInForce); 4] = [
    ("DAY", "Day", TimeInForce::Day),
    ("GTC", "Until cancelled", TimeInForce::Gtc),
    ("IOC", "At once or cancel the rest", TimeInForce::Ioc),
    ("FOK", "All at once or nothing", TimeInForce::Fok),
];

/// An order as it was read, and its contract.
pub(super) struct Wanted {
    pub(super) order: NewOrder,
    pub(super) contract: &'static Contract,
}

impl Wanted {
    /// One text for one order: what a confirmation is bound to.
    pub(super) fn canonical(&self) -> String {
        let order = &self.order;
        format!(
            "{} {} {} {} {:?} {}",
            order.account,
            order.side,
            order.quantity,
            order.symbol,
            order.order_type,
            order.tif.name()
        )
    }

    /// The same fields again, for the form that confirms it.
    pub(super) fn hidden(&self) -> Markup {
        html! { @for (name, value) in self.fields() { input type="hidden" name=(name) value=(value); } }
    }

    fn fields(&self) -> [(&'static str, String); 7] {
        let order = &self.order;
        let text = |price: Option<Ticks>| {
            price.map_or_else(String::new, |price| price.price().to_string())
        };
        [
            ("symbol", self.contract.symbol.to_owned()),
            ("side", order.side.to_string()),
            ("quantity", order.quantity.to_string()),
            ("type", order.order_type.name().to_owned()),
            ("price", text(order.order_type.limit())),
            ("trigger", text(order.order_type.trigger())),
            ("tif", order.tif.name().to_owned()),
        ]
    }

    /// The same for the pages of large orders.
    pub(super) fn asked(&self) -> Asked {
        let order = &self.order;
        let (side, symbol) = (order.side, self.contract.symbol);
        Asked {
            request: OrderRequest::Place(vec![order.clone()]),
            side,
            line: order::line(side, order.quantity, symbol, order.order_type, order.tif),
            fields: self.fields().into(),
            canonical: Some(self.canonical()),
            changes: None,
        }
    }
}

/// The form as a link may fill it in; the rest as usual.
pub(super) fn prefilled(query: &Fields) -> Fields {
    let or = |name: &str, usual: &str| {
        let given = query.get(name);
        if given.is_empty() { usual.to_owned() } else { given.to_owned() }
    };
    let mut text = url::form_urlencoded::Serializer::new(String::new());
    for (name, usual) in [
        ("symbol", ""),
        ("side", "buy"),
        ("quantity", ""),
        ("type", "LMT"),
        ("price", ""),
        ("trigger", ""),
        ("tif", "DAY"),
    ] {
        text.append_pair(name, &or(name, usual));
    }
    Fields::parse(text.finish().as_bytes()).unwrap_or_default()
}

/// The form.
pub(super) fn form(signed: &Signed, fields: &Fields, errors: &Errors) -> Markup {
    let line =
        |name: &'static str, label: &'static str, help: &'static str, mode: &'static str| Field {
            name,
            label,
            help,
            mode,
            value: fields.get(name),
            error: errors.get(name).map(String::as_str),
            ..Field::default()
        };
    let tifs = TIFS.map(|(value, text, _)| (value, text));
    html! {
        form.f method="post" action="/ticket/preview" data-preview="/ticket/preview" {
            (shell::token(signed))
            (field::choice("side", "Side", fields.get("side"), &[("buy", "Buy"), ("sell", "Sell")]))
            div.two {
                (Field { list: "symbols", required: true, ..line("symbol", "Symbol", "", "") })
                (Field { required: true, ..line("quantity", "Shares", "", "numeric") })
            }
            datalist #symbols { @for one in Contracts::builtin().all() { option value=(one.symbol) { (one.name) } } }
            div.two {
                (field::select("type", "Kind", fields.get("type"), &TYPES))
                (field::select("tif", "Good for", fields.get("tif"), &tifs))
            }
            div.two {
                (line("price", "Limit price, USD", "For a limit: the worst price you accept.", "decimal"))
                (line("trigger", "Stop price, USD", "For a stop: the last price that sets it off.", "decimal"))
            }
            div { button.main { "Preview" } }
        }
    }
}

/// Reads the form; every field that is wrong is named.
pub(super) fn read(signed: &Signed, fields: &Fields) -> Result<Wanted, Errors> {
    let mut errors = Errors::new();
    let contract = contract::named(fields.get("symbol"));
    if contract.is_none() {
        errors.insert(
            "symbol",
            "No contract of that symbol trades here; find one by its name.".to_owned(),
        );
    }
    let quantity = shares(fields.get("quantity"));
    if quantity.is_none() {
        errors.insert("quantity", "Shares are a whole number of 1 or more, like 100.".to_owned());
    }
    let side = match fields.get("side") {
        "buy" => Some(Side::Buy),
        "sell" => Some(Side::Sell),
        _ => None,
    };
    if side.is_none() {
        errors.insert("side", "Choose buy or sell.".to_owned());
    }
    let order_type = order_type(fields, &mut errors);
    let tif = TIFS.iter().find(|(name, _, _)| *name == fields.get("tif")).map(|(_, _, tif)| *tif);
    if tif.is_none() {
        errors.insert("tif", "Choose how long it is good.".to_owned());
    }
    let (Some(contract), Some(quantity), Some(side), Some(order_type), Some(tif)) =
        (contract, quantity, side, order_type, tif)
    else {
        return Err(errors);
    };
    let order = NewOrder {
        account: signed.ticket.account,
        symbol: contract.id,
        side,
        quantity,
        order_type,
        tif,
        outside_hours: false,
        origin: Origin {
            holder: Holder::Session(signed.ticket.session),
            client_id: 0,
            order_id: 0,
        },
        parent: None,
        oca: None,
        reference: None,
    };
    Ok(Wanted { order, contract })
}

/// Whole shares; thousands may be grouped.
pub(crate) fn shares(typed: &str) -> Option<u64> {
    typed.replace([',', ' '], "").parse().ok().filter(|shares| *shares > 0)
}

/// The kind of order, with the prices that it needs. Prices that it does not need are ignored.
pub(crate) fn order_type(fields: &Fields, errors: &mut Errors) -> Option<OrderType> {
    let mut needed = |name: &'static str, what: &str| {
        let price = price(fields.get(name));
        if price.is_none() {
            errors.insert(
                name,
                format!("{what} is a price above zero in steps of 0.01, like 231.40."),
            );
        }
        price
    };
    match fields.get("type") {
        "MKT" => Some(OrderType::Market),
        "LMT" => needed("price", "A limit").map(|price| OrderType::Limit { price }),
        "STP" => needed("trigger", "A stop").map(|trigger| OrderType::Stop { trigger }),
        "STP LMT" => {
            let (price, trigger) = (needed("price", "A limit"), needed("trigger", "A stop"));
            price.zip(trigger).map(|(price, trigger)| OrderType::StopLimit { trigger, price })
        }
        _ => {
            errors.insert("type", "Choose a kind of order.".to_owned());
            None
        }
    }
}

fn price(typed: &str) -> Option<Ticks> {
    let price: Decimal = typed.replace([',', ' ', '$'], "").parse().ok()?;
    Ticks::of(price).filter(|ticks| ticks.0 > 0)
}

/// What it would bind and cost.
pub(super) fn sheet(preview: &Preview) -> Markup {
    html! {
        dl.pairs {
            div { dt { "Value" } dd.n { (figure::money(preview.notional)) " USD" } }
            div { dt { "Commission" } dd.n { (figure::money(preview.commission)) " USD" } }
            div { dt { "Initial margin" } dd.n { (figure::money(preview.initial_before)) " \u{2192} " (figure::money(preview.initial_after)) } }
            div { dt { "Buying power" } dd.n { (figure::money(preview.buying_power_before)) " \u{2192} " (figure::money(preview.buying_power_after)) } }
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn price_not_on_a_tick_or_not_above_zero_is_none() {
        for bad in ["", "0", "-1", "1.005", "NaN", "1e400", "inf", "ten", "0.001"] {
            assert_eq!(price(bad), None, "{bad}");
        }
        assert_eq!(price("1,231.40").unwrap(), Ticks(123_140));
        assert_eq!(price("$5").unwrap(), Ticks(500));
    }

    #[test]
    fn shares_that_are_no_whole_number_are_none() {
        for bad in ["", "0", "-5", "1.5", "NaN", "99999999999999999999999"] {
            assert_eq!(shares(bad), None, "{bad}");
        }
        assert_eq!(shares("1,000"), Some(1_000));
    }

    #[test]
    fn stop_limit_without_its_prices_names_both() {
        let mut errors = Errors::new();
        assert_eq!(order_type(&Fields::of(&[("type", "STP LMT")]), &mut errors), None);
        assert_eq!(errors.keys().copied().collect::<Vec<_>>(), ["price", "trigger"]);
    }
}
