//! Orders: the list, one of them, and changing or cancelling it.

use std::sync::Arc;

use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use gate::{OrderRequest, Refused};
use maud::{Markup, html};
use trade::Denial;
use trade::order::{Change, Order, OrderId, OrderState, OrderType, Side, TimeInForce};

use crate::contract;
use crate::execution;
use crate::fault::{Cause, Fault};
use crate::field::{self, Errors, Field};
use crate::figure;
use crate::form::Fields;
use crate::large_order::{self, Asked};
use crate::refusal;
use crate::shell::{self, Tab};
use crate::step_up;
use crate::ticket;
use crate::visit::{Signed, go};

type Reply = Result<Response, Fault>;

/// One line for an order, the same on every page: `BUY 100 AAPL LMT 231.40 DAY`.
pub(crate) fn line(
    side: Side,
    quantity: u64,
    symbol: &str,
    kind: OrderType,
    tif: TimeInForce,
) -> Markup {
    let (word, class) = match side {
        Side::Buy => ("BUY", "up"),
        Side::Sell => ("SELL", "down"),
    };
    html! {
        span.mono { span class=(class) { (word) } " " (figure::count(quantity)) " " b { (symbol) } " " (terms(kind)) " " (tif.name()) }
    }
}

/// `LMT 231.40`, `STP LMT 230.00 at 231.40`.
fn terms(kind: OrderType) -> String {
    let price = |ticks: trade::price::Ticks| figure::price(ticks.price());
    match kind {
        OrderType::Market => "MKT".to_owned(),
        OrderType::Limit { price: limit } => format!("LMT {}", price(limit)),
        OrderType::Stop { trigger } => format!("STP {}", price(trigger)),
        OrderType::StopLimit { trigger, price: limit } => {
            format!("STP {} LMT {}", price(trigger), price(limit))
        }
    }
}

/// Where an order stands, in a word.
pub(crate) fn state(order: &Order) -> Markup {
    let waits = if order.parent.is_some() && order.released == 0 {
        "waits for its parent"
    } else {
        "waits for its stop"
    };
    let (class, text) = match order.state {
        OrderState::PreSubmitted => ("tag", waits),
        OrderState::Working if order.filled > 0 => ("tag accent", "partly filled"),
        OrderState::Working => ("tag accent", "working"),
        OrderState::Filled => ("tag up", "filled"),
        OrderState::Cancelled => ("tag", "cancelled"),
        OrderState::Rejected => ("tag down", "rejected"),
    };
    html! { span class=(class) { (text) } }
}

/// A table of orders; `cancel` puts a button in each row.
pub(crate) fn table(orders: &[Arc<Order>], token: Option<&Signed>) -> Markup {
    html! {
        table.flip {
            thead { tr { th { "Order" } th { "State" } th.r { "Filled" } th.r { "Average" } th { "Changed" } @if token.is_some() { th { span.sr { "Act" } } } } }
            tbody { @for order in orders {
                tr {
                    td.key { a href={ "/orders/" (order.id) } { (line(order.side, order.quantity, &contract::symbol(order.symbol), order.order_type, order.tif)) } span.sub.mono { "#" (order.id) } }
                    td data-l="State" { span data-k={ "s" (order.id) } { (state(order)) } }
                    td.r.n data-l="Filled" { (figure::count(order.filled)) " / " (figure::count(order.quantity)) }
                    td.r.n data-l="Average" { @match order.average_price() { Some(price) => (figure::price(price)), None => span.dim { "\u{2013}" } } }
                    td data-l="Changed" { (figure::time(order.updated)) }
                    @if let Some(signed) = token { td { div.act {
                        form method="post" action={ "/orders/" (order.id) "/cancel" } {
                            (shell::token(signed))
                            button.mini aria-label={ "Cancel order " (order.id) } { "Cancel" }
                        }
                    } } }
                }
            } }
        }
    }
}

/// `GET /orders`
pub(crate) async fn list(signed: Signed) -> Reply {
    let view = signed.visit.portal.gate().view().await.map_err(|why| signed.fault(why))?;
    let body = html! {
        (shell::title("Orders", &html! { div.row { a.btn href="/executions" { "Executions" } a.btn.main href="/ticket" { "New order" } } }))
        div.stack {
            section.card aria-labelledby="open" {
                h2 #open { "Open" }
                @if view.open_orders.is_empty() { p.empty { "No open orders." } } @else { (table(&view.open_orders, Some(&signed))) }
            }
            section.card aria-labelledby="done" {
                h2 #done { "Done" }
                @if view.completed_orders.is_empty() { p.empty { "Nothing has ended yet." } } @else { (table(&newest(&view.completed_orders), None)) }
            }
        }
    };
    Ok(shell::page(&signed, Tab::Orders, "Orders", &body).into_response())
}

fn newest(orders: &[Arc<Order>]) -> Vec<Arc<Order>> {
    let mut orders: Vec<_> = orders.to_vec();
    orders.sort_by_key(|order| std::cmp::Reverse((order.updated, order.id)));
    orders.truncate(200);
    orders
}

async fn find(signed: &Signed, id: &str) -> Result<Arc<Order>, Fault> {
    let id = id.parse().map(OrderId).map_err(|_| signed.fault(Cause::Missing))?;
    let view = signed.visit.portal.gate().view().await.map_err(|why| signed.fault(why))?;
    view.order(id).cloned().ok_or_else(|| signed.fault(Cause::Missing))
}

/// `GET /orders/{id}`
pub(crate) async fn show(Path(id): Path<String>, signed: Signed) -> Reply {
    let order = find(&signed, &id).await?;
    let fields = terms_of(&order);
    detail(&signed, &order, StatusCode::OK, &fields, &Errors::new(), &html! {}).await
}

/// The present terms, as the form has them.
fn terms_of(order: &Order) -> Fields {
    let text = |price: Option<trade::price::Ticks>| {
        price.map_or_else(String::new, |price| price.price().to_string())
    };
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    form.append_pair("quantity", &order.quantity.to_string())
        .append_pair("type", order.order_type.name())
        .append_pair("price", &text(order.order_type.limit()))
        .append_pair("trigger", &text(order.order_type.trigger()));
    Fields::parse(form.finish().as_bytes()).unwrap_or_default()
}

async fn detail(
    signed: &Signed,
    order: &Order,
    status: StatusCode,
    fields: &Fields,
    errors: &Errors,
    why: &Markup,
) -> Reply {
    let view = signed.visit.portal.gate().view().await.map_err(|why| signed.fault(why))?;
    let fills: Vec<_> =
        view.executions.iter().filter(|fill| fill.order == order.id).map(AsRef::as_ref).collect();
    let query = &signed.visit.query;
    let open = order.state.is_open();
    let body = html! {
        (shell::title(&format!("Order {}", order.id), &state(order)))
        (why)
        @if query.has("placed") { div.note.good role="status" { "Taken, and safe on record." @if open { " It works until it fills, ends or is cancelled." } } }
        @if query.has("modified") { div.note.good role="status" { "Modified." } }
        @if query.has("cancelled") { div.note.good role="status" { "Cancelled." } }
        div.grid data-live={ "/events?order=" (order.id) } { (facts(order)) }
        div.grid.later {
            section.card.s7 aria-labelledby="fills" {
                h2 #fills { "Executions" }
                @if fills.is_empty() { p.empty { "None yet." } } @else { (execution::table(&fills)) }
            }
            @if open { (acts(signed, order, fields, errors)) }
        }
    };
    Ok((status, shell::page(signed, Tab::Orders, &format!("Order {}", order.id), &body))
        .into_response())
}

/// What stands about an order; also sent live.
pub(crate) fn facts(order: &Order) -> Markup {
    html! {
        section.card.s7 aria-label="What was asked for" {
            p.sum { (line(order.side, order.quantity, &contract::symbol(order.symbol), order.order_type, order.tif)) }
            dl.figs {
                div { dt { "State" } dd data-k="state" { (state(order)) } }
                div { dt { "Filled" } dd data-k="filled" { (figure::count(order.filled)) " / " (figure::count(order.quantity)) } }
                div { dt { "Average price" } dd data-k="average" { @match order.average_price() { Some(price) => (figure::price(price)), None => "\u{2013}" } } }
                div { dt { "Commission" } dd data-k="fee" { (figure::money(order.commission)) } }
            }
            @if let Some(end) = order.end { p.small { (refusal::sentence(&end.to_string())) " " span.tag.mono { (end.code()) } } }
        }
        section.card.s5 aria-label="Where it comes from" {
            dl.pairs {
                div { dt { "Sent by" } dd.mono.small { (order.origin.holder) } }
                @if order.origin.client_id != 0 || order.origin.order_id != 0 { div { dt { "Client, its number" } dd.mono { (order.origin.client_id) ", " (order.origin.order_id) } } }
                @if let Some(note) = &order.reference { div { dt { "Its note" } dd { (note) } } }
                @if let Some(parent) = order.parent { div { dt { "Parent" } dd { a.mono href={ "/orders/" (parent) } { (parent) } } } }
                div { dt { "Taken" } dd { (figure::time(order.placed)) } }
                div { dt { "Changed" } dd { (figure::time(order.updated)) } }
            }
        }
    }
}

fn acts(signed: &Signed, order: &Order, fields: &Fields, errors: &Errors) -> Markup {
    let line = |name: &'static str, label: &'static str, mode: &'static str| Field {
        name,
        label,
        mode,
        value: fields.get(name),
        error: errors.get(name).map(String::as_str),
        ..Field::default()
    };
    html! {
        section.card.s5 aria-labelledby="change" {
            h2 #change { "Change or cancel" }
            form.f method="post" action={ "/orders/" (order.id) "/modify" } {
                (shell::token(signed))
                div.two {
                    (line("quantity", "Shares in total", "numeric"))
                    (field::select("type", "Kind", fields.get("type"), &ticket::TYPES))
                    (line("price", "Limit price, USD", "decimal"))
                    (line("trigger", "Stop price, USD", "decimal"))
                }
                p.help { "Its place in the queue is kept only when nothing but the quantity becomes smaller." }
                div { button { "Modify" } }
            }
            form.later method="post" action={ "/orders/" (order.id) "/cancel" } { (shell::token(signed)) button.sell { "Cancel this order" } }
        }
    }
}

/// `POST /orders/{id}/modify`
pub(crate) async fn modify(Path(id): Path<String>, signed: Signed) -> Reply {
    let order = find(&signed, &id).await?;
    let fields = &signed.visit.fields;
    match change(&order, fields) {
        Ok(change) => send(&signed, &order, OrderRequest::Modify(change), "modified").await,
        Err(errors) => {
            let why = refusal::missing("Nothing was changed: see the fields marked below.");
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            detail(&signed, &order, status, fields, &errors, &why).await
        }
    }
}

/// The new terms that a form has.
fn change(order: &Order, fields: &Fields) -> Result<Change, Errors> {
    let mut errors = Errors::new();
    let quantity = ticket::shares(fields.get("quantity"));
    if quantity.is_none() {
        errors.insert("quantity", "Shares are a whole number of 1 or more, like 100.".to_owned());
    }
    let kind = ticket::order_type(fields, &mut errors);
    let (Some(quantity), Some(order_type)) = (quantity, kind) else { return Err(errors) };
    Ok(Change { order: order.id, quantity, order_type, tif: order.tif })
}

/// The change that a form of the pages of large orders carries.
pub(crate) async fn asked(signed: &Signed, id: &str, fields: &Fields) -> Result<Asked, Fault> {
    let order = find(signed, id).await?;
    let change = change(&order, fields).map_err(|_| signed.fault(Cause::Malformed))?;
    Ok(asked_of(&order, change))
}

fn asked_of(order: &Order, change: Change) -> Asked {
    let Change { quantity, order_type, tif, .. } = change;
    let text = |price: Option<trade::price::Ticks>| {
        price.map_or_else(String::new, |price| price.price().to_string())
    };
    let symbol = contract::symbol(order.symbol);
    Asked {
        request: OrderRequest::Modify(change),
        side: order.side,
        line: html! { "Order " (order.id) " becomes " (line(order.side, quantity, &symbol, order_type, tif)) },
        fields: vec![
            ("order", order.id.to_string()),
            ("quantity", quantity.to_string()),
            ("type", order_type.name().to_owned()),
            ("price", text(order_type.limit())),
            ("trigger", text(order_type.trigger())),
        ],
        canonical: None,
        changes: Some(order.id),
    }
}

/// `POST /orders/{id}/cancel`
pub(crate) async fn cancel(Path(id): Path<String>, signed: Signed) -> Reply {
    let order = find(&signed, &id).await?;
    send(&signed, &order, OrderRequest::Cancel { order: order.id }, "cancelled").await
}

/// Sends it, and goes on to the order once it is safe on record.
async fn send(signed: &Signed, order: &Order, request: OrderRequest, done: &str) -> Reply {
    let gate = signed.visit.portal.gate();
    let change = if let OrderRequest::Modify(change) = &request { Some(*change) } else { None };
    let taken: Result<_, Refused> = gate.submit(&signed.admission, signed.ticket.address, request);
    match taken {
        Ok(_) => {
            gate.flush().await.map_err(|why| signed.fault(why))?;
            Ok(go(&format!("/orders/{}?{done}=1", order.id)))
        }
        Err(Refused::Refusal(why)) if step_up::helps(&why) => Err(signed.fault(why)),
        Err(why @ Refused::Denial(Denial::Large { .. })) if let Some(change) = change => {
            let (status, asked) = (ticket::status(&why), asked_of(order, change));
            large_order::change(signed, &asked, status, &html! {}).await
        }
        Err(why) => {
            let status = ticket::status(&why);
            detail(signed, order, status, &terms_of(order), &Errors::new(), &ticket::said(&why))
                .await
        }
    }
}
