//! Changing an order: the form, the page that shows what was understood, and the press that does it.

use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use gate::{OrderRequest, Refused};
use maud::{Markup, html};
use trade::instrument::{Instrument, Instruments, Units};
use trade::money::Money;
use trade::order::{Change, Order, OrderType};
use trade::price::Ticks;

use super::{Reply, detail, find, line, refused, send, terms_of};
use crate::contract;
use crate::fault::{Cause, Fault};
use crate::field::{self, Errors, Field};
use crate::figure;
use crate::form::Fields;
use crate::large_order::{self, Asked};
use crate::refusal;
use crate::shell::{self, Tab};
use crate::subject;
use crate::ticket::{self, Stale};
use crate::visit::{Signed, go};

/// The forms under an open order.
pub(super) fn acts(signed: &Signed, order: &Order, fields: &Fields, errors: &Errors) -> Markup {
    let currency = contract::known(signed).get(order.symbol).map(|one| one.currency);
    let currency = currency.map_or_else(String::new, |currency| format!(", {currency}"));
    let (limit, stop) = (format!("Limit price{currency}"), format!("Stop price{currency}"));
    let line = |name, label, mode| {
        let (value, error) = (fields.get(name), errors.get(name).map(String::as_str));
        Field { name, label, value, error, mode, ..Field::default() }
    };
    html! {
        section.card.s5 aria-labelledby="change" {
            h2 #change { "Change or cancel" }
            form.f.kinds method="post" action={ "/orders/" (order.id) "/preview" } {
                (shell::token(signed))
                div.two {
                    (line("quantity", "Quantity in total", "decimal"))
                    (field::select("type", "Kind", fields.get("type"), &ticket::TYPES))
                    div.limit { (line("price", &limit, "decimal")) }
                    div.stop { (line("trigger", &stop, "decimal")) }
                }
                p.help { "It keeps its place in the queue only if all you do is lower the quantity." }
                div { button { "Preview the change" } }
            }
            form.later method="post" action={ "/orders/" (order.id) "/cancel" } { (shell::token(signed)) button.sell { "Cancel this order" } }
        }
    }
}

/// The new terms that a form has.
fn change(known: &Instruments, order: &Order, fields: &Fields) -> Result<Change, Errors> {
    let mut errors = Errors::new();
    let contract = known.get(order.symbol);
    let quantity = ticket::shares(fields, contract, &mut errors);
    let kind = ticket::order_type(fields, contract, &mut errors);
    let (Some(quantity), Some(order_type)) = (quantity, kind) else { return Err(errors) };
    Ok(Change {
        order: order.id,
        quantity,
        order_type,
        tif: order.tif,
        units: contract.map_or(Units::SHARES, Instrument::units),
    })
}

/// One text for one change of an order as it is now: what a confirmation is bound to. When the order has other terms
/// meanwhile, what was shown is not what would happen.
fn canonical(order: &Order, change: &Change) -> String {
    let now = (order.quantity, order.order_type);
    let Change { quantity, order_type, tif, .. } = change;
    format!("change {} {now:?} {quantity} {order_type:?} {}", order.id, tif.name())
}

/// The form's change; or the page of the order, with what is wrong.
async fn read(signed: &Signed, order: &Order) -> Result<Change, Reply> {
    match change(contract::known(signed), order, &signed.visit.fields) {
        Ok(change) => Ok(change),
        Err(errors) => {
            let why = refusal::missing("Nothing was changed: see the fields marked below.");
            let (status, fields) = (StatusCode::UNPROCESSABLE_ENTITY, &signed.visit.fields);
            Err(detail(signed, order, status, fields, &errors, &why).await)
        }
    }
}

/// `POST /orders/{id}/preview`: what was understood, and the button that does it.
pub(crate) async fn preview(Path(id): Path<String>, signed: Signed) -> Reply {
    let order = find(&signed, &id).await?;
    match read(&signed, &order).await {
        Ok(change) => confirming(&signed, &order, change, StatusCode::OK, &html! {}).await,
        Err(page) => page,
    }
}

/// `POST /orders/{id}/modify`: does what the page before showed, and nothing else.
pub(crate) async fn modify(Path(id): Path<String>, signed: Signed) -> Reply {
    let order = find(&signed, &id).await?;
    let change = match read(&signed, &order).await {
        Ok(change) => change,
        Err(page) => return page,
    };
    let (key, content) = (signed.visit.fields.get("key"), canonical(&order, &change));
    let confirmations = signed.visit.portal.confirmations();
    let (token, now) = (signed.form_token(), signed.now());
    if let Err(stale) = confirmations.placed(&token, key, &content, now) {
        let why = if key.is_empty() {
            html! {}
        } else {
            refusal::missing(missed(stale))
        };
        return confirming(&signed, &order, change, StatusCode::CONFLICT, &why).await;
    }
    match send(&signed, OrderRequest::Modify(change)).await? {
        Ok(()) => Ok(go(&format!("/orders/{}?modified=1", order.id))),
        Err(Refused::Denial(denied)) if denied.is_large() => {
            let why = Refused::Denial(denied);
            let (status, asked) =
                (ticket::status(&why), asked_of(contract::known(&signed), &order, change));
            large_order::change(&signed, &asked, status, &html! {}).await
        }
        Err(why) => refused(&signed, &order, &why).await,
    }
}

const fn missed(stale: Stale) -> &'static str {
    match stale {
        Stale::Foreign => {
            "Nothing was changed, because the order or what you typed is no longer what was shown. This is the change now."
        }
        Stale::Old => {
            "Nothing was changed, because the previous page was more than 10 minutes old. This is the change now."
        }
    }
}

/// The page to confirm a change on.
async fn confirming(
    signed: &Signed,
    order: &Order,
    change: Change,
    status: StatusCode,
    why: &Markup,
) -> Reply {
    let known = contract::known(signed);
    let same = (order.quantity, order.order_type) == (change.quantity, change.order_type);
    if same {
        let note = refusal::missing("The order already has these terms. Nothing was changed.");
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        return detail(signed, order, status, &terms_of(known, order), &Errors::new(), &note).await;
    }
    let asked = asked_of(known, order, change);
    let gate = signed.visit.portal.gate();
    match gate.large_orders().of(&signed.sees, &signed.ticket, &asked.request) {
        Ok(None) => {}
        Ok(Some(_)) => return large_order::change(signed, &asked, status, why).await,
        Err(Refused::Refusal(why)) if refusal::wants_proof(&why) => return Err(signed.fault(why)),
        Err(why) => return refused(signed, order, &why).await,
    }
    let token = signed.form_token();
    let key =
        signed.visit.portal.confirmations().key(&token, &canonical(order, &change), signed.now());
    let quote = gate.markets().quote(order.symbol);
    let body = html! {
        (why)
        div.narrow { section.card.stack aria-labelledby="change" {
            h1 #change { "Confirm this change" }
            (subject::line(signed))
            p.sum { (asked.line) }
            (differences(known, order, &change))
            @if let Some(quote) = &quote { (ticket::warning(order.side, change.order_type, quote)) }
            form.f method="post" action={ "/orders/" (order.id) "/modify" } {
                (shell::token(signed))
                @for (name, value) in &asked.fields { input type="hidden" name=(name) value=(value); }
                input type="hidden" name="key" value=(key);
                div.row { button.main { "Change the order" } a.btn href={ "/orders/" (order.id) } { "Leave it as it is" } }
            }
        } }
    };
    let page = shell::page(signed, Tab::Orders, "Confirm this change", &body);
    Ok((status, page).into_response())
}

/// What was and what will be, line by line.
pub(super) fn differences(known: &Instruments, order: &Order, change: &Change) -> Markup {
    let quantity = |steps| contract::quantity(known, order.symbol, steps);
    let price = |ticks: Option<Ticks>| {
        ticks.map_or_else(
            || "none".to_owned(),
            |ticks| figure::price(known.price(order.symbol, ticks)),
        )
    };
    let (old, new) = (order.order_type, change.order_type);
    let rows = [
        ("Quantity in total", quantity(order.quantity), quantity(change.quantity)),
        ("Kind", kind(old).to_owned(), kind(new).to_owned()),
        ("Limit price", price(old.limit()), price(new.limit())),
        ("Stop price", price(old.trigger()), price(new.trigger())),
    ];
    let value = worth(known, order, change);
    let value = value
        .map(|value| format!("{} {}", figure::money(value.amount, value.currency), value.currency));
    html! {
        dl.pairs {
            @for (label, old, new) in rows { @if old != new {
                div { dt { (label) } dd.n { span.dim { (old) } " \u{2192} " b { (new) } } }
            } }
            @if let Some(value) = value { div { dt { "Value at that price" } dd.n { (value) } } }
            @if order.filled > 0 { div { dt { "Filled already" } dd.n { (quantity(order.filled)) } } }
        }
    }
}

fn worth(known: &Instruments, order: &Order, change: &Change) -> Option<Money> {
    let at = change.order_type.limit().or(change.order_type.trigger())?;
    let instrument = known.get(order.symbol)?;
    let amount = instrument.amount(i128::from(at.0) * i128::from(change.quantity));
    Some(Money::new(amount, instrument.currency))
}

fn kind(of: OrderType) -> &'static str {
    let found = ticket::TYPES.iter().find(|(name, _)| *name == of.name());
    found.map_or(of.name(), |(_, words)| words)
}

/// The change that a form of the pages of large orders carries.
pub(crate) async fn asked(signed: &Signed, id: &str, fields: &Fields) -> Result<Asked, Fault> {
    let order = find(signed, id).await?;
    let known = contract::known(signed);
    let change = change(known, &order, fields).map_err(|_| signed.fault(Cause::Malformed))?;
    Ok(asked_of(known, &order, change))
}

fn asked_of(known: &Instruments, order: &Order, change: Change) -> Asked {
    let Change { quantity, order_type, tif, .. } = change;
    let text = |price: Option<Ticks>| {
        price.map_or_else(String::new, |price| known.price(order.symbol, price).to_string())
    };
    let before = line(known, order.side, order.quantity, order.symbol, order.order_type, tif);
    let after = line(known, order.side, quantity, order.symbol, order_type, tif);
    Asked {
        request: OrderRequest::Modify(change),
        side: order.side,
        line: html! { span.dim { "Order " (order.id) ", " (before) "," } br; "becomes " (after) },
        fields: vec![
            ("order", order.id.to_string()),
            ("quantity", known.quantity(order.symbol, quantity).normalize().to_string()),
            ("type", order_type.name().to_owned()),
            ("price", text(order_type.limit())),
            ("trigger", text(order_type.trigger())),
        ],
        canonical: None,
        changes: Some(order.id),
    }
}
