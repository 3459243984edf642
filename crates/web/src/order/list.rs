//! The list of orders: open, done and refused, live, by symbol and by who sent them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use access::Holder;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use gate::{CancelScope, OrderRequest, RefusedOrders, View};
use maud::{Markup, html};
use trade::Asked;
use trade::instrument::Instruments;
use trade::order::{Order, OrderId, Origin, Side};
use trade::price::Ticks;

use super::{Reply, send, state};
use crate::contract;
use crate::field::{self, Field};
use crate::figure;
use crate::form::Fields;
use crate::holder::Names;
use crate::refusal;
use crate::shell::{self, Tab};
use crate::subject;
use crate::ticket;
use crate::visit::{Signed, go};

/// Rows of a table at most.
const MOST: usize = 200;
const SHOWN: [(&str, &str); 4] =
    [("", "All"), ("open", "Open"), ("done", "Done"), ("refused", "Refused")];
/// Stands for every session, in place of a credential's id.
const PORTAL: &str = "portal";

/// Which orders are shown.
pub(crate) struct Filter {
    shows: String,
    symbol: String,
    from: String,
}

impl Filter {
    pub(crate) fn of(query: &Fields) -> Self {
        Self {
            shows: query.get("show").to_owned(),
            symbol: query.get("symbol").to_uppercase(),
            from: query.get("from").to_owned(),
        }
    }

    fn is_all(&self) -> bool {
        self.shows.is_empty() && self.symbol.is_empty() && self.from.is_empty()
    }

    fn shows(&self, part: &str) -> bool {
        self.shows.is_empty() || self.shows == part
    }

    fn keeps(&self, symbol: &str, holder: Holder) -> bool {
        let from = match self.from.as_str() {
            "" => true,
            PORTAL => matches!(holder, Holder::Session(_)),
            id => holder.to_string() == id,
        };
        from && (self.symbol.is_empty() || self.symbol == symbol)
    }

    fn keeps_order(&self, known: &Instruments, order: &Order) -> bool {
        self.keeps(&contract::symbol(known, order.symbol), order.origin.holder)
    }

    /// The address of the stream of the same list.
    fn events(&self) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::from("/events?orders=1&"));
        for (name, value) in [("show", &self.shows), ("symbol", &self.symbol), ("from", &self.from)]
        {
            query.append_pair(name, value);
        }
        query.finish()
    }
}

/// What the list is made of.
pub(crate) struct List<'a> {
    pub(crate) view: &'a View,
    pub(crate) refused: &'a [Arc<RefusedOrders>],
    pub(crate) names: &'a Names,
    pub(crate) filter: &'a Filter,
    pub(crate) signed: &'a Signed,
}

/// `GET /orders`
pub(crate) async fn list(signed: Signed) -> Reply {
    page(&signed, StatusCode::OK, &html! {}).await
}

async fn page(signed: &Signed, status: StatusCode, why: &Markup) -> Reply {
    let gate = signed.visit.portal.gate();
    let view = signed.view().await?;
    let refused =
        gate.orders().refused(signed.ticket.account).await.map_err(|why| signed.fault(why))?;
    let names = Names::load(signed).await?;
    let filter = Filter::of(&signed.visit.query);
    let list = List { view: &view, refused: &refused, names: &names, filter: &filter, signed };
    let query = &signed.visit.query;
    let body = html! {
        (shell::title("Orders", &html! { div.row {
            (figure::live(signed.now()))
            a.btn href="/executions" { "Executions" } a.btn.main href="/ticket" { "New order" }
        } }))
        (why)
        @if query.has("cancelled") {
            div.note.good role="status" { "All open orders were cancelled." }
        }
        div.stack {
            (choice(signed, &filter, &names))
            div.stack data-live=(filter.events()) { (list.fragment()) }
        }
    };
    Ok((status, shell::page(signed, Tab::Orders, "Orders", &body)).into_response())
}

fn choice(signed: &Signed, filter: &Filter, names: &Names) -> Markup {
    let mut from = vec![(String::new(), "Anyone"), (PORTAL.to_owned(), "The portal")];
    from.extend(names.credentials());
    let from: Vec<(&str, &str)> = from.iter().map(|(id, name)| (id.as_str(), *name)).collect();
    html! {
        form.row.ends.filter method="get" action="/orders" role="search" aria-label="Filter orders" {
            (subject::field(signed))
            (field::select("show", "Show", &filter.shows, &SHOWN))
            (Field { name: "symbol", label: "Symbol", value: &filter.symbol, list: "symbols", ..Field::default() })
            datalist #symbols { @for known in contract::known(signed).all() { option value=(known.symbol) { (known.name) } } }
            (field::select("from", "Sent by", &filter.from, &from))
            button { "Filter" }
            @if !filter.is_all() { a.btn href="/orders" { "Show all" } }
        }
    }
}

impl List<'_> {
    /// All of it that changes; the page holds it, and the stream sends it again.
    pub(crate) fn fragment(&self) -> Markup {
        html! {
            @if self.filter.shows("open") { (self.open()) }
            @if self.filter.shows("done") { (self.done()) }
            @if self.filter.shows("refused") { (self.refused()) }
        }
    }

    fn open(&self) -> Markup {
        let known = contract::known(self.signed);
        let mut orders: Vec<_> = self
            .view
            .open_orders
            .iter()
            .filter(|order| self.filter.keeps_order(known, order))
            .collect();
        let (all, found) = (self.view.open_orders.len(), orders.len());
        // Only the newest: this list is sent anew each second, and thousands may be open.
        orders.drain(..found.saturating_sub(MOST));
        html! {
            section.card aria-labelledby="open" {
                header {
                    h2 #open { "Open" }
                    // A filter hides orders, and what is not seen is not cancelled by one press.
                    @if self.filter.is_all() && all > 1 {
                        form method="post" action="/orders/cancel-all" { (shell::token(self.signed)) button.mini { "Cancel all " (all) } }
                    }
                }
                @if orders.is_empty() { p.empty { "No open orders" @if !self.filter.is_all() { " that this filter shows" } "." } }
                @else { (self.table(&orders)) }
                @if found > MOST { p.small.dim.later { "The newest " (MOST) " of " (figure::count(found as u64)) " open orders. Filter by symbol or sender to see the others." } }
            }
        }
    }

    fn done(&self) -> Markup {
        let known = contract::known(self.signed);
        let mut orders: Vec<_> = self
            .view
            .completed_orders
            .iter()
            .filter(|order| self.filter.keeps_order(known, order))
            .collect();
        orders.sort_by_key(|order| std::cmp::Reverse((order.updated, order.id)));
        orders.truncate(MOST);
        html! {
            section.card aria-labelledby="done" {
                h2 #done { "Done" }
                @if orders.is_empty() { p.empty { "No order has ended in the last seven days" @if !self.filter.is_all() { " that this filter shows" } "." } }
                @else { (self.table(&orders)) }
            }
        }
    }

    fn table(&self, orders: &[&Arc<Order>]) -> Markup {
        html! {
            table.flip.rows.orders {
                thead { tr { th { "Order" } th.r { "Limit" } th.r { "Stop" } th { "State" } th.r { "Filled" } th.r { "Average" } th { "Sent by" } th { "Changed" } th { span.sr { "Act" } } } }
                tbody { @for (order, child) in families(orders) { (row(order, child, self.signed, Some(self.names))) } }
            }
        }
    }

    fn refused(&self) -> Markup {
        let rows: Vec<_> = self
            .refused
            .iter()
            .flat_map(|record| record.refused.asked.iter().map(move |asked| (&**record, asked)))
            .filter(|(record, asked)| self.filter.keeps(&asked.symbol, record.refused.holder))
            .take(MOST)
            .collect();
        html! {
            section.card aria-labelledby="refused" {
                header { h2 #refused { "Refused" } a.small href="/activity?refused=1" { "All refusals" } }
                @if rows.is_empty() { p.empty { "No order was refused" @if !self.filter.is_all() { " that this filter shows" } "." } }
                @else {
                    table.flip.rows.orders.refused {
                        thead { tr { th { "Order" } th.r { "Limit" } th.r { "Stop" } th { "Why" } th { "Sent by" } th { "When" } } }
                        tbody { @for (record, asked) in rows { (self.refused_row(record, asked)) } }
                    }
                }
            }
        }
    }

    fn refused_row(&self, record: &RefusedOrders, asked: &Asked) -> Markup {
        let refused = &record.refused;
        let price = |text: &str| match text.parse() {
            Ok(price) => figure::price(price),
            Err(_) if text.is_empty() => "\u{2013}".to_owned(),
            Err(_) => text.to_owned(),
        };
        let origin =
            Origin { holder: refused.holder, client_id: asked.client_id, order_id: asked.order_id };
        let more = usize::try_from(refused.count).unwrap_or(0).saturating_sub(refused.asked.len());
        // The code is shown beside it.
        let code = format!("{}: ", refused.code);
        let why = refused.text.strip_prefix(code.as_str()).unwrap_or(&refused.text);
        html! {
            tr {
                td.key {
                    span.mono { (refused_line(asked)) }
                    span.sub { (asked.order_type) " " (asked.tif)
                        @if let Some(order) = asked.changes { " \u{b7} change of " a.mono href={ "/orders/" (order) } { "#" (order) } }
                        @if asked.order_id != 0 { " \u{b7} its order " (asked.order_id) }
                        span.phone { @for (word, text) in [("limit", &asked.limit), ("stop", &asked.trigger)] { @if !text.is_empty() { " \u{b7} " (word) " " (price(text)) } } " \u{b7} " (self.names.source(origin)) } }
                }
                td.r.n.off data-l="Limit" { (price(&asked.limit)) }
                td.r.n.off data-l="Stop" { (price(&asked.trigger)) }
                td.full data-l="Why" { (refusal::sentence(why)) " " span.tag.mono { (refused.code) } @if more > 0 { span.sub { "and " (figure::count(u64::try_from(more).unwrap_or(0))) " more within that second" } } }
                td.off data-l="Sent by" { (self.names.source(origin)) }
                td.state.end data-l="When" { (figure::lately(record.at, self.signed.now())) }
            }
        }
    }
}

/// The same rows for the overview, which reads no table for the names of senders.
pub(crate) fn open_orders(orders: &[&Order], signed: &Signed) -> Markup {
    html! {
        table.flip.rows.orders {
            thead { tr { th { "Order" } th.r { "Limit" } th.r { "Stop" } th { "State" } th.r { "Filled" } th.r { "Average" } th { "Changed" } th { span.sr { "Act" } } } }
            tbody { @for order in orders { (row(order, false, signed, None)) } }
        }
    }
}

/// One order; `names` are those of the senders, where they have a column.
fn row(order: &Order, child: bool, signed: &Signed, names: Option<&Names>) -> Markup {
    let known = contract::known(signed);
    let none = || html! { span.dim { "\u{2013}" } };
    let quantity = |steps| contract::quantity(known, order.symbol, steps);
    let price = |ticks: Option<Ticks>| {
        ticks.map_or_else(none, |ticks| html! { (figure::price(known.price(order.symbol, ticks))) })
    };
    let title = contract::title(known, order.symbol);
    html! {
        tr.child[child] {
            td.key {
                a.mono href={ "/orders/" (order.id) } { (brief(order.side, &quantity(order.quantity), &title)) }
                span.sub {
                    (order.order_type.name()) " " (order.tif.name()) " \u{b7} " span.mono { "#" (order.id) } @if !child { (attached(order)) }
                    span.phone { (terms(known, order)) }
                }
            }
            td.r.n.off data-l="Limit" { (price(order.order_type.limit())) }
            td.r.n.off data-l="Stop" { (price(order.order_type.trigger())) }
            td.state.end data-l="State" { span data-k={ "s" (order.id) } { (state(order)) } @if let Some(end) = order.end { span.sub { (refusal::sentence(&end.to_string())) } } }
            td.r.n.off data-l="Filled" data-k={ "f" (order.id) } { (quantity(order.filled)) " / " (quantity(order.quantity)) }
            td.r.n.off data-l="Average" { @match known.average_price(order) { Some(price) => (contract::average(known, order.symbol, price)), None => span.dim { "\u{2013}" } } }
            @if let Some(names) = names { td.off data-l="Sent by" { (names.source(order.origin)) } }
            td.end.last.off[order.state.is_open()] data-l="Changed" { (figure::lately(order.updated, signed.now())) }
            td.end.last.off[!order.state.is_open()] { @if order.state.is_open() { div.act {
                form method="post" action={ "/orders/" (order.id) "/cancel" } {
                    (shell::token(signed))
                    button.mini aria-label={ "Cancel order " (order.id) } { "Cancel" }
                }
            } } }
        }
    }
}

/// `BUY 100 AAPL`.
fn brief(side: Side, quantity: &str, symbol: &str) -> Markup {
    let (word, class) = match side {
        Side::Buy => ("BUY", "up"),
        Side::Sell => ("SELL", "down"),
    };
    html! { span class=(class) { (word) } " " (quantity) " " b { (symbol) } }
}

/// The same of what was refused, in the words that it came in.
fn refused_line(asked: &Asked) -> Markup {
    let quantity = asked.quantity.parse().map_or_else(|_| asked.quantity.clone(), figure::quantity);
    match asked.side.as_str() {
        "BUY" => brief(Side::Buy, &quantity, &asked.symbol),
        "SELL" => brief(Side::Sell, &quantity, &asked.symbol),
        other => html! { (other) " " (quantity) " " b { (asked.symbol) } },
    }
}

/// What has no column on a phone: prices, and how much of it has traded.
fn terms(known: &Instruments, order: &Order) -> Markup {
    let prices = [("limit", order.order_type.limit()), ("stop", order.order_type.trigger())];
    html! {
        @for (word, ticks) in prices { @if let Some(ticks) = ticks { " \u{b7} " (word) " " (figure::price(known.price(order.symbol, ticks))) } }
        @if order.filled > 0 {
            " \u{b7} filled " @if order.filled < order.quantity { (contract::quantity(known, order.symbol, order.filled)) " " }
            @if let Some(price) = known.average_price(order) { "at " (contract::average(known, order.symbol, price)) }
        }
    }
}

fn attached(order: &Order) -> Markup {
    html! { @if let Some(parent) = order.parent { ", attached to " a.mono href={ "/orders/" (parent) } { "#" (parent) } } }
}

/// The orders with each child behind its parent, if that is among them.
fn families<'a>(orders: &[&'a Arc<Order>]) -> Vec<(&'a Order, bool)> {
    let here: BTreeSet<OrderId> = orders.iter().map(|order| order.id).collect();
    let mut children: BTreeMap<OrderId, Vec<&'a Order>> = BTreeMap::new();
    for order in orders {
        if let Some(parent) = order.parent.filter(|parent| here.contains(parent)) {
            children.entry(parent).or_default().push(order);
        }
    }
    let mut rows = Vec::new();
    let mut put = |order: &'a Order| {
        rows.push((order, false));
        let mut waiting = children.remove(&order.id).unwrap_or_default();
        waiting.reverse();
        // A child may have children.
        while let Some(child) = waiting.pop() {
            rows.push((child, true));
            waiting.extend(children.remove(&child.id).unwrap_or_default().into_iter().rev());
        }
    };
    for order in orders {
        if order.parent.is_none_or(|parent| !here.contains(&parent)) {
            put(order);
        }
    }
    rows
}

/// `POST /orders/cancel-all`
pub(crate) async fn cancel_all(signed: Signed) -> Reply {
    match send(&signed, OrderRequest::CancelAll(CancelScope::Account)).await? {
        Ok(()) => Ok(go("/orders?cancelled=1")),
        Err(why) => page(&signed, ticket::status(&why), &ticket::said(&why)).await,
    }
}
