//! The form of an order, how it is read, and what it would bind.

use access::{Holder, Number};
use gate::OrderRequest;
use maud::{Markup, html};
use trade::instrument::{Instrument, Instruments};
use trade::order::{NewOrder, OrderType, Origin, Shares, Side, TimeInForce};
use trade::price::Ticks;
use trade::{Exits, Preview};

use crate::contract;
use crate::currency;
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
    ("IOC", "Immediate or cancel", TimeInForce::Ioc),
    ("FOK", "Fill or kill", TimeInForce::Fok),
];

/// The fields of the form, each with what it begins with.
const FIELDS: [(&str, &str); 10] = [
    ("symbol", ""),
    ("side", "buy"),
    ("quantity", ""),
    ("type", "LMT"),
    ("price", ""),
    ("trigger", ""),
    ("tif", "DAY"),
    ("profit", ""),
    ("loss", ""),
    ("reduce", ""),
];

/// An order as it was read, its contract, and the exits that are attached to it.
pub(super) struct Wanted<'k> {
    pub(super) order: NewOrder,
    pub(super) contract: &'k Instrument,
    exits: Exits,
    /// It is refused where it would do more than close what is held.
    pub(super) reduces: bool,
}

impl Wanted<'_> {
    /// The order, and behind it its exits.
    pub(super) fn orders(&self) -> Vec<NewOrder> {
        self.exits.attached_to(self.order.clone())
    }

    /// Each order in one line, the first as all pages write it.
    pub(super) fn lines(&self, known: &Instruments) -> Markup {
        let line = |order: &NewOrder| {
            order::line(
                known,
                order.side,
                order.quantity,
                self.contract.id,
                order.order_type,
                order.tif,
            )
        };
        let orders = self.orders();
        html! {
            @for (at, order) in orders.iter().enumerate() {
                @if at > 0 { br; span.dim { @if order.order_type.limit().is_some() { "take profit " } @else { "stop loss " } } }
                (line(order))
            }
        }
    }

    /// What is asked of the gate, which holds an order to what it says of itself.
    pub(super) fn request(&self) -> OrderRequest {
        if self.reduces {
            OrderRequest::Reduce(self.order.clone())
        } else {
            OrderRequest::Place(self.orders())
        }
    }

    /// One text for one order: what a confirmation is bound to.
    pub(super) fn canonical(&self) -> String {
        let order = &self.order;
        format!(
            "{} {} {} {} {:?} {} {:?} {:?} {}",
            order.account,
            order.side,
            order.quantity,
            order.symbol,
            order.order_type,
            order.tif.name(),
            self.exits.profit,
            self.exits.loss,
            if self.reduces { "reduces" } else { "" }
        )
    }

    /// The same fields again, for the form that confirms it.
    pub(super) fn hidden(&self) -> Markup {
        html! { @for (name, value) in self.fields() { input type="hidden" name=(name) value=(value); } }
    }

    fn fields(&self) -> [(&'static str, String); 10] {
        let order = &self.order;
        let text = |price: Option<Ticks>| {
            price.map_or_else(String::new, |price| self.contract.price(price).to_string())
        };
        [
            ("symbol", self.contract.key()),
            ("side", order.side.to_string()),
            ("quantity", self.contract.quantity(order.quantity).normalize().to_string()),
            ("type", order.order_type.name().to_owned()),
            ("price", text(order.order_type.limit())),
            ("trigger", text(order.order_type.trigger())),
            ("tif", order.tif.name().to_owned()),
            ("profit", text(self.exits.profit)),
            ("loss", text(self.exits.loss)),
            ("reduce", if self.reduces { "1" } else { "" }.to_owned()),
        ]
    }

    /// The same for the pages of large orders.
    pub(super) fn asked(&self, known: &Instruments) -> Asked {
        Asked {
            request: self.request(),
            side: self.order.side,
            line: self.lines(known),
            fields: self.fields().into(),
            canonical: Some(self.canonical()),
            changes: None,
        }
    }
}

/// The form as a link may fill it in; the rest as usual.
pub(super) fn prefilled(query: &Fields) -> Fields {
    filled(|name, usual| {
        let given = query.get(name);
        if given.is_empty() { usual.to_owned() } else { given.to_owned() }
    })
}

fn filled(value: impl Fn(&str, &str) -> String) -> Fields {
    let mut text = url::form_urlencoded::Serializer::new(String::new());
    for (name, usual) in FIELDS {
        text.append_pair(name, &value(name, usual));
    }
    Fields::parse(text.finish().as_bytes()).unwrap_or_default()
}

/// The form with a price of the market in the field that its type has for one.
pub(super) fn with_price(fields: &Fields, price: &str) -> Fields {
    let kind = fields.get("type");
    let field = if kind == "STP" { "trigger" } else { "price" };
    filled(|name, _| match name {
        name if name == field => price.to_owned(),
        // A price that somebody takes is one to keep to.
        "type" if kind == "MKT" => "LMT".to_owned(),
        name => fields.get(name).to_owned(),
    })
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
    let attached = ["profit", "loss"]
        .iter()
        .any(|name| !fields.get(name).is_empty() || errors.contains_key(name));
    let locked = crate::lock::stops(signed);
    let currency = currency::of(signed);
    let [limit, stop, profit, loss] =
        ["Limit price", "Stop price", "Take profit at", "Stop loss at"]
            .map(|what| format!("{what}, {currency}"));
    html! {
        form.f.kinds #ticket method="post" action="/ticket/preview" data-preview="/ticket/preview" data-market="/events?market=" {
            (shell::token(signed))
            @if !fields.get("reduce").is_empty() { input type="hidden" name="reduce" value="1"; p.small.dim { "This order may only reduce your position. " a href={ "/ticket?symbol=" (fields.get("symbol")) } { "Start over without this limit" } } }
            (field::choice("side", "Side", fields.get("side"), &[("buy", "Buy"), ("sell", "Sell")]))
            div.two {
                (Field { list: "symbols", required: true, ..line("symbol", "Symbol", "", "") })
                (Field { required: true, ..line("quantity", "Quantity", "", "decimal") })
            }
            datalist #symbols { @for one in contract::known(signed).all().iter().filter(|one| one.product().is_some()) { option value=(one.symbol) { (one.name) } } }
            div.two {
                (field::select("type", "Kind", fields.get("type"), &TYPES))
                (field::select("tif", "Good for", fields.get("tif"), &tifs))
                div.limit { (Field { label: &limit, ..line("price", "", "The worst price you accept.", "decimal") }) }
                div.stop { (Field { label: &stop, ..line("trigger", "", "The last price that triggers it.", "decimal") }) }
            }
            details open[attached] {
                summary { "Take profit and stop loss" }
                div.two {
                    (Field { label: &profit, ..line("profit", "", "", "decimal") })
                    (Field { label: &loss, ..line("loss", "", "", "decimal") })
                }
                p.help { "Each is a separate order for the same shares, good until cancelled. They wait until this one fills, and a fill of one cancels the other. Leave a field empty for none." }
            }
            p.err #locked hidden[locked.is_none()] { @if let Some(why) = &locked { (why) } }
            div.row { button.main data-lock-stops disabled[locked.is_some()] aria-describedby="locked" { "Preview" } button formaction="/ticket/edit" formnovalidate { "Show the market" } }
        }
    }
}

/// Reads the form; every field that is wrong is named.
pub(super) fn read<'s>(signed: &'s Signed, fields: &Fields) -> Result<Wanted<'s>, Errors> {
    let mut errors = Errors::new();
    let contract = contract::named(signed, fields.get("symbol"));
    if contract.is_none() {
        errors.insert(
            "symbol",
            "No contract with that symbol trades here; search by name.".to_owned(),
        );
    }
    let quantity = shares(fields, contract, &mut errors);
    let side = match fields.get("side") {
        "buy" => Some(Side::Buy),
        "sell" => Some(Side::Sell),
        _ => None,
    };
    if side.is_none() {
        errors.insert("side", "Choose buy or sell.".to_owned());
    }
    let order_type = order_type(fields, contract, &mut errors);
    let tif = TIFS.iter().find(|(name, _, _)| *name == fields.get("tif")).map(|(_, _, tif)| *tif);
    if tif.is_none() {
        errors.insert("tif", "Choose how long it is good for.".to_owned());
    }
    let exits = Exits {
        profit: exit(fields, "profit", contract, &mut errors),
        loss: exit(fields, "loss", contract, &mut errors),
    };
    let (Some(contract), Some(quantity), Some(side), Some(order_type), Some(tif)) =
        (contract, quantity, side, order_type, tif)
    else {
        return Err(errors);
    };
    let quote = signed.visit.portal.gate().markets().quote(contract.id).map(|quote| quote.last);
    if let Some(entry) = order_type.limit().or(order_type.trigger()).or(quote) {
        wrong_side(contract, side, entry, exits, &mut errors);
    }
    let reduces = !fields.get("reduce").is_empty();
    if reduces && !exits.is_empty() {
        errors.insert(
            "profit",
            "An order that only reduces cannot have a take profit or stop loss.".to_owned(),
        );
    }
    if !errors.is_empty() {
        return Err(errors);
    }
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
    Ok(Wanted { order, contract, exits, reduces })
}

/// The price of an exit; an empty field has none.
fn exit(
    fields: &Fields,
    name: &'static str,
    contract: Option<&Instrument>,
    errors: &mut Errors,
) -> Option<Ticks> {
    if fields.get(name).is_empty() { None } else { price(fields, name, contract, errors) }
}

/// An exit on the wrong side of the entry would trade the moment it is there.
fn wrong_side(contract: &Instrument, side: Side, entry: Ticks, exits: Exits, errors: &mut Errors) {
    let buys = side == Side::Buy;
    let at = figure::price(contract.price(entry));
    let must = |above: bool| if above { "above" } else { "below" };
    let (profit, loss) = exits.misplaced(side, entry);
    if profit {
        let text = format!("To take a profit, a {side} order needs a price {} {at}.", must(buys));
        errors.insert("profit", text);
    }
    if loss {
        let text = format!("To stop a loss, a {side} order needs a price {} {at}.", must(!buys));
        errors.insert("loss", text);
    }
}

/// The quantity in steps of the contract, at least one.
pub(crate) fn shares(
    fields: &Fields,
    contract: Option<&Instrument>,
    errors: &mut Errors,
) -> Option<Shares> {
    let number = contract.map_or(Number::SHARES, |one| Number::quantity(one.step.size()));
    let quantity = number.read(fields.get("quantity"));
    let quantity = quantity.map_err(|why| errors.insert("quantity", why.to_string())).ok()?;
    let why = |off: trade::instrument::QuantityError| {
        let text = format!("Type a multiple of {}, the step of this contract.", off.step);
        errors.insert("quantity", text)
    };
    contract?.steps(quantity).map_err(why).ok()
}

/// A price of a contract.
pub(crate) fn price(
    fields: &Fields,
    name: &'static str,
    contract: Option<&Instrument>,
    errors: &mut Errors,
) -> Option<Ticks> {
    let price = contract.map_or(Number::PRICE, Instrument::typed_price).read(fields.get(name));
    let price = price.map_err(|why| errors.insert(name, why.to_string())).ok()?;
    contract?
        .ticks(price)
        .map_err(|why| errors.insert(name, crate::refusal::sentence(&why.to_string())))
        .ok()
}

/// The kind of order, with the prices that it needs. Prices that it does not need are ignored.
pub(crate) fn order_type(
    fields: &Fields,
    contract: Option<&Instrument>,
    errors: &mut Errors,
) -> Option<OrderType> {
    let mut needed = |name: &'static str| price(fields, name, contract, errors);
    match fields.get("type") {
        "MKT" => Some(OrderType::Market),
        "LMT" => needed("price").map(|price| OrderType::Limit { price }),
        "STP" => needed("trigger").map(|trigger| OrderType::Stop { trigger }),
        "STP LMT" => {
            let (price, trigger) = (needed("price"), needed("trigger"));
            price.zip(trigger).map(|(price, trigger)| OrderType::StopLimit { trigger, price })
        }
        _ => {
            errors.insert("type", "Choose an order type.".to_owned());
            None
        }
    }
}

/// What it would bind and cost.
pub(super) fn sheet(preview: &Preview) -> Markup {
    let money = |amount| figure::money(amount, preview.currency);
    html! {
        dl.pairs {
            div { dt { "Value" } dd.n { (money(preview.notional)) " " (preview.currency) } }
            div { dt { "Commission" } dd.n { (money(preview.commission)) " " (preview.currency) } }
            div { dt { "Initial margin" } dd.n { (money(preview.initial_before)) " \u{2192} " (money(preview.initial_after)) } }
            div { dt { "Buying power" } dd.n { (money(preview.buying_power_before)) " \u{2192} " (money(preview.buying_power_after)) } }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn price_is_whole_ticks_or_an_error_under_its_name() {
        let mut errors = Errors::new();
        let stock = Instruments::builtin().named("AAPL");
        let mut read =
            |typed: &str| price(&Fields::of(&[("price", typed)]), "price", stock, &mut errors);
        assert_eq!((read("1,231.40"), read("70,50")), (Some(Ticks(123_140)), Some(Ticks(7_050))));
        assert_eq!((read("1.005"), read("0.00")), (None, None));
        assert_eq!(errors.into_keys().collect::<Vec<_>>(), ["price"]);
    }

    #[test]
    fn stop_limit_without_its_prices_names_both() {
        let mut errors = Errors::new();
        let stock = Instruments::builtin().named("AAPL");
        assert_eq!(order_type(&Fields::of(&[("type", "STP LMT")]), stock, &mut errors), None);
        assert_eq!(errors.keys().copied().collect::<Vec<_>>(), ["price", "trigger"]);
    }
}
