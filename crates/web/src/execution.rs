//! Executions: the list, and the same as CSV; below it the payments.

use axum::http::header;
use axum::response::{IntoResponse, Response};
use gate::View;
use gate::activity::cell;
use maud::{Markup, html};
use trade::instrument::Instruments;
use trade::order::{Execution, OrderId, Side};
use trade::payment::Payment;

use crate::contract;
use crate::fault::Fault;
use crate::figure;
use crate::shell::{self, Tab};
use crate::visit::Signed;

/// `GET /executions`
pub(crate) async fn list(signed: Signed) -> Result<Response, Fault> {
    let view = signed.view().await?;
    let fills: Vec<_> = view.executions.iter().rev().take(200).map(AsRef::as_ref).collect();
    let body = html! {
        (shell::title("Executions", &html! { a.btn href="/executions.csv" { "Download CSV" } }))
        section.card aria-label="Executions" {
            @if fills.is_empty() { p.empty { "No executions yet." } } @else { (table(contract::known(&signed), &fills)) }
        }
        section.card.later aria-labelledby="payments" {
            header { h2 #payments { "Payments" } }
            @if view.payments.is_empty() { p.empty { "No dividends, coupons, interest or splits yet." } } @else { (payments(contract::known(&signed), &view)) }
        }
    };
    Ok(shell::page(&signed, Tab::Orders, "Executions", &body).into_response())
}

/// A table of money that moved without a trade.
fn payments(known: &Instruments, view: &View) -> Markup {
    let rows: Vec<&Payment> = view.payments.iter().rev().take(200).map(AsRef::as_ref).collect();
    html! {
        table.flip.rows {
            thead { tr { th { "Day" } th { "Payment" } th.r { "Held" } th.r { "Amount" } } }
            tbody { @for row in rows {
                tr {
                    td.key { (row.day) }
                    td.what data-l="Payment" { span { (row.kind) @if let Some(id) = row.symbol { " " b { (contract::title(known, id)) } } } }
                    td.r.n.off data-l="Held" { @match row.symbol.and_then(|id| known.get(id)) { Some(one) => (figure::quantity(one.signed_quantity(row.held))), None => span.dim { "\u{2013}" } } }
                    td.r.n.end data-l="Amount" { (figure::gain(row.amount, row.currency)) }
                }
            } }
        }
    }
}

/// A table of executions.
pub(crate) fn table(known: &Instruments, fills: &[&Execution]) -> Markup {
    html! {
        table.flip.rows.fills {
            thead { tr { th { "When" } th { "Trade" } th.r { "Price" } th.r { "Commission" } th.r { "Realised" } th { "Order" } } }
            tbody { @for fill in fills {
                @let (word, class) = match fill.side { Side::Buy => ("BUY", "up"), Side::Sell => ("SELL", "down") };
                tr {
                    td.key { (figure::time(fill.time)) span.phone { " \u{b7} " (source(fill, "#")) } }
                    td.n.what data-l="Trade" { span { span class=(class) { (word) } " " (contract::quantity(known, fill.symbol, fill.quantity)) " " b { (contract::title(known, fill.symbol)) } } }
                    td.r.n.end.price data-l="Price" { (figure::price(known.price(fill.symbol, fill.price))) }
                    td.r.n.off data-l="Commission" { (contract::money(known, fill.symbol, fill.commission)) }
                    td.r.n.end.gain data-l="Realised" { @match fill.realised { Some(amount) => (contract::gain(known, fill.symbol, amount)), None => span.dim { "\u{2013}" } } }
                    td.off data-l="Order" { (source(fill, "")) }
                }
            } }
        }
    }
}

/// The order that was filled; where there was none, what came to its end.
fn source(fill: &Execution, before: &str) -> Markup {
    html! {
        @if fill.order == OrderId(0) { (fill.reference.as_deref().unwrap_or("none")) }
        @else { a.mono href={ "/orders/" (fill.order) } { (before) (fill.order) } }
    }
}

/// `GET /executions.csv`
pub(crate) async fn csv(signed: Signed) -> Result<Response, Fault> {
    let view = signed.view().await?;
    let known = contract::known(&signed);
    let names = "time,execution,order,account,symbol,side,quantity,price,commission,realised,holder,reference";
    let mut text = names.split(',').map(cell).collect::<Vec<_>>().join(",");
    text.push_str("\r\n");
    for fill in &view.executions {
        let realised = fill.realised.map_or_else(String::new, |amount| amount.to_string());
        let cells = [
            fill.time.to_string(),
            fill.id.to_string(),
            fill.order.to_string(),
            fill.account.to_string(),
            contract::symbol(known, fill.symbol),
            fill.side.to_string(),
            known.quantity(fill.symbol, fill.quantity).normalize().to_string(),
            known.price(fill.symbol, fill.price).to_string(),
            fill.commission.to_string(),
            realised,
            fill.origin.holder.to_string(),
            fill.reference.as_deref().unwrap_or("").to_owned(),
        ];
        text.push_str(&cells.map(|text| cell(&text)).join(","));
        text.push_str("\r\n");
    }
    let name = format!("attachment; filename=\"executions-{}.csv\"", signed.ticket.account);
    let head = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, name),
    ];
    Ok((head, text).into_response())
}
