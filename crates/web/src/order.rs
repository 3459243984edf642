//! Orders: the list, one of them, and changing or cancelling it.

mod change;
mod list;

use std::sync::Arc;

use access::Act;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use gate::{OrderRequest, Refused, View};
use maud::{Markup, html};
use trade::instrument::Instruments;
use trade::order::{Order, OrderId, OrderState, OrderType, Side, TimeInForce};

use crate::contract;
use crate::execution;
use crate::fault::{Cause, Fault};
use crate::field::Errors;
use crate::figure;
use crate::form::Fields;
use crate::holder::Names;
use crate::refusal;
use crate::shell::{self, Tab};
use crate::ticket;
use crate::visit::{Signed, go};

pub(crate) use self::change::{asked, modify, preview};
pub(crate) use self::list::{Filter, List, cancel_all, list, open_orders};

type Reply = Result<Response, Fault>;

/// One line for an order, the same on every page: `BUY 100 AAPL LMT 231.40 DAY`.
pub(crate) fn line(
    known: &Instruments,
    side: Side,
    quantity: u64,
    symbol: access::SymbolId,
    kind: OrderType,
    tif: TimeInForce,
) -> Markup {
    let (word, class) = match side {
        Side::Buy => ("BUY", "up"),
        Side::Sell => ("SELL", "down"),
    };
    html! {
        span.mono { span class=(class) { (word) } " " (contract::quantity(known, symbol, quantity)) " " b { (contract::title(known, symbol)) } " " (terms(known, symbol, kind)) " " (tif.name()) }
    }
}

/// `LMT 231.40`, `STP LMT 230.00 at 231.40`.
fn terms(known: &Instruments, symbol: access::SymbolId, kind: OrderType) -> String {
    let price = |ticks: trade::price::Ticks| figure::price(known.price(symbol, ticks));
    match kind {
        OrderType::Market => "MKT".to_owned(),
        OrderType::Limit { price: limit } => format!("LMT {}", price(limit)),
        OrderType::Stop { trigger } => format!("STP {}", price(trigger)),
        OrderType::StopLimit { trigger, price: limit } => {
            format!("STP {} LMT {}", price(trigger), price(limit))
        }
    }
}

/// The state of an order, in a word.
pub(crate) fn state(order: &Order) -> Markup {
    let waits = if order.held.is_some() {
        "waits for your yes"
    } else if order.parent.is_some() && order.released == 0 {
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

async fn find(signed: &Signed, id: &str) -> Result<Arc<Order>, Fault> {
    let id = id.parse().map(OrderId).map_err(|_| signed.fault(Cause::Missing))?;
    let view = signed.view().await?;
    view.order(id).cloned().ok_or_else(|| signed.fault(Cause::Missing))
}

/// Where the page of an order is that is on another account of the person; none where it is on none.
async fn elsewhere(signed: &Signed, id: &str) -> Option<Response> {
    let (gate, number) = (signed.visit.portal.gate(), id.parse().map(OrderId).ok()?);
    for account in signed.ticket.accounts.iter().filter(|one| **one != signed.ticket.account) {
        let sees = gate.sessions().admit(&signed.ticket.on(*account).ok()?).ok()?;
        let may =
            gate.admissions().may(&sees, signed.visit.address, Act::ViewAccount, None).is_ok();
        if may && gate.view_of(*account).await.ok()?.order(number).is_some() {
            return Some(go(&format!("/orders/{number}?account={account}")));
        }
    }
    None
}

/// `GET /orders/{id}`
pub(crate) async fn show(Path(id): Path<String>, signed: Signed) -> Reply {
    let order = match find(&signed, &id).await {
        Ok(order) => order,
        Err(fault) => return elsewhere(&signed, &id).await.ok_or(fault),
    };
    let fields = terms_of(contract::known(&signed), &order);
    detail(&signed, &order, StatusCode::OK, &fields, &Errors::new(), &html! {}).await
}

/// The present terms, as the form has them.
fn terms_of(known: &Instruments, order: &Order) -> Fields {
    let text = |price: Option<trade::price::Ticks>| {
        price.map_or_else(String::new, |price| known.price(order.symbol, price).to_string())
    };
    let quantity = known.quantity(order.symbol, order.quantity).normalize();
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    form.append_pair("quantity", &quantity.to_string())
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
    let view = signed.view().await?;
    let names = Names::load(signed).await?;
    let fills: Vec<_> =
        view.executions.iter().filter(|fill| fill.order == order.id).map(AsRef::as_ref).collect();
    let query = &signed.visit.query;
    let open = order.state.is_open();
    let body = html! {
        (shell::title(&format!("Order {}", order.id), &html! { (figure::live(signed.now())) }))
        (why)
        @if query.has("placed") { div.note.good role="status" { "Order accepted on account " span.mono { (signed.ticket.account) } "." @if open { " It stays open until filled, expired or cancelled." } } }
        @if query.has("modified") { div.note.good role="status" { "Changed." } }
        @if query.has("cancelled") { div.note.good role="status" { "Cancelled." } }
        div.grid data-live={ "/events?order=" (order.id) } { (facts(contract::known(signed), order, &view, &names)) }
        div.grid.later {
            section.card.s7 aria-labelledby="fills" {
                h2 #fills { "Executions" }
                @if fills.is_empty() { p.empty { "None yet." } } @else { (execution::table(contract::known(signed), &fills)) }
            }
            @if open { (change::acts(signed, order, fields, errors)) }
        }
    };
    Ok((status, shell::page(signed, Tab::Orders, &format!("Order {}", order.id), &body))
        .into_response())
}

/// What is shown about an order; also sent live.
pub(crate) fn facts(known: &Instruments, order: &Order, view: &View, names: &Names) -> Markup {
    let quantity = |steps| contract::quantity(known, order.symbol, steps);
    html! {
        section.card.s7 aria-label="What was ordered" {
            p.sum { (line(known, order.side, order.quantity, order.symbol, order.order_type, order.tif)) }
            dl.figs {
                div { dt { "State" } dd data-k="state" { (state(order)) } }
                div { dt { "Filled" } dd data-k="filled" { (quantity(order.filled)) " / " (quantity(order.quantity)) } }
                div { dt { "Average price" } dd data-k="average" { @match known.average_price(order) { Some(price) => (contract::average(known, order.symbol, price)), None => "\u{2013}" } } }
                div { dt { "Commission" } dd data-k="fee" { (contract::money(known, order.symbol, order.commission)) } }
            }
            @if order.reduce_only { p.small.dim { "Reduce only: it is never larger than the position, and ends with it." } }
            @if let Some(end) = order.end { p.small { (refusal::sentence(&end.to_string())) " " span.tag.mono { (end.code()) } } }
        }
        section.card.s5 aria-label="Who sent it" {
            dl.pairs {
                div { dt { "Sent by" } dd { (names.source(order.origin)) } }
                @if order.origin.order_id != 0 { div { dt { "Sender's number" } dd.mono { (order.origin.order_id) } } }
                @if let Some(note) = &order.reference { div { dt { "Sender's note" } dd { bdi { (note) } } } }
                div { dt { "Taken" } dd { (figure::time(order.placed)) } }
                div { dt { "Changed" } dd { (figure::time(order.updated)) } }
            }
        }
        (family(known, order, view))
    }
}

/// The order that it is attached to, and those that are attached to it.
fn family(known: &Instruments, order: &Order, view: &View) -> Markup {
    let all = || view.open_orders.iter().chain(&view.completed_orders);
    let parent = order.parent.and_then(|parent| view.order(parent));
    let mut children: Vec<_> = all().filter(|other| other.parent == Some(order.id)).collect();
    children.sort_by_key(|other| other.id);
    let beside: Vec<_> = all()
        .filter(|other| {
            order.parent.is_some() && other.parent == order.parent && other.id != order.id
        })
        .collect();
    let row = |other: &Order| {
        html! {
            div {
                dt { a href={ "/orders/" (other.id) } { (line(known, other.side, other.quantity, other.symbol, other.order_type, other.tif)) } }
                dd data-k={ "a" (other.id) } { (state(other)) }
            }
        }
    };
    if parent.is_none() && children.is_empty() {
        return html! { @if let Some(gone) = order.parent { section.card { p.small.dim { "Attached to order " (gone) ", which ended more than seven days ago." } } } };
    }
    html! {
        section.card aria-labelledby="attached" {
            h2 #attached { "Orders that belong together" }
            @if let Some(parent) = parent { h3 { "Attached to" } dl.pairs.kin { (row(parent)) } }
            @if !beside.is_empty() { h3.later { "Alongside it; a fill of one cancels the other" } dl.pairs.kin { @for other in &beside { (row(other)) } } }
            @if !children.is_empty() { h3 { "Attached to it; they wait until it fills, and a fill of one cancels the other" } dl.pairs.kin { @for child in &children { (row(child)) } } }
        }
    }
}

/// `POST /orders/{id}/cancel`
pub(crate) async fn cancel(Path(id): Path<String>, signed: Signed) -> Reply {
    let order = find(&signed, &id).await?;
    let request = OrderRequest::Cancel { order: order.id };
    match send(&signed, request).await? {
        Ok(()) => Ok(go(&format!("/orders/{}?cancelled=1", order.id))),
        Err(why) => refused(&signed, &order, &why).await,
    }
}

/// Sends a request, and returns once it is safe on record.
async fn send(signed: &Signed, request: OrderRequest) -> Result<Result<(), Refused>, Fault> {
    let gate = signed.visit.portal.gate();
    match gate.orders().submit(&signed.admission, signed.ticket.address, request) {
        Ok(_) => gate.orders().flush().await.map(Ok).map_err(|why| signed.fault(why)),
        Err(Refused::Refusal(why)) if refusal::wants_proof(&why) => Err(signed.fault(why)),
        Err(why) => Ok(Err(why)),
    }
}

/// The page of an order with the reason why something was not done with it.
async fn refused(signed: &Signed, order: &Order, why: &Refused) -> Reply {
    let status = ticket::status(why);
    detail(
        signed,
        order,
        status,
        &terms_of(contract::known(signed), order),
        &Errors::new(),
        &ticket::said(why),
    )
    .await
}
