//! The overview: the account at a glance, live.

use axum::response::{IntoResponse, Response};
use gate::View;
use maud::{Markup, html};
use trade::position::Holding;

use crate::contract;
use crate::execution;
use crate::fault::Fault;
use crate::figure;
use crate::order;
use crate::shell::{self, Tab};
use crate::visit::Signed;

/// `GET /`
pub(crate) async fn show(signed: Signed) -> Result<Response, Fault> {
    let view = signed.visit.portal.gate().view().await.map_err(|why| signed.fault(why))?;
    let body = html! {
        (shell::title("Overview", &html! { span.small.dim { span.mono { (signed.ticket.account) } ", paper, USD \u{b7} " span #live-mark { "as of " (signed.clock(signed.now())) } } }))
        (crate::checklist::card(&signed).await)
        div.stack data-live="/events" { (fragment(&view)) }
    };
    Ok(shell::page(&signed, Tab::Overview, "Overview", &body).into_response())
}

/// All of it that changes; the page holds it, and the stream sends it again.
pub(crate) fn fragment(view: &View) -> Markup {
    let held: Vec<&Holding> =
        view.positions.iter().filter(|held| held.position.shares != 0).collect();
    let fills: Vec<_> = view.executions.iter().rev().take(6).map(AsRef::as_ref).collect();
    html! {
        (summary(view))
        section.card aria-labelledby="positions" {
            h2 #positions { "Positions" }
            @if held.is_empty() { p.empty { "Nothing is held. " a href="/ticket" { "Place an order" } ", or connect a program to one of the " a href="/credentials" { "credentials" } "." } }
            @else { (positions(&held)) }
        }
        section.card aria-labelledby="open" {
            h2 #open { "Open orders" }
            @if view.open_orders.is_empty() { p.empty { "None." } } @else { (order::table(&view.open_orders)) }
        }
        section.card aria-labelledby="fills" {
            header { h2 #fills { "Last executions" } a.small href="/executions" { "All" } }
            @if fills.is_empty() { p.empty { "None yet." } } @else { (execution::table(&fills)) }
        }
    }
}

fn summary(view: &View) -> Markup {
    let sum = &view.summary;
    html! {
        section.card aria-label="Summary" {
            dl.figs {
                div.wide { dt { "Net liquidation" } dd.big data-k="net" { (figure::money(sum.net_liquidation)) } }
                div { dt { "Today" } dd data-k="day" { (figure::gain(sum.daily)) } }
                div { dt { "Unrealised" } dd data-k="unreal" { (figure::gain(sum.unrealised)) } }
                div { dt { "Realised today" } dd data-k="real" { (figure::gain(sum.realised)) } }
                div { dt { "Cash" } dd data-k="cash" { (figure::money(sum.cash)) } }
                div { dt { "Buying power" } dd data-k="power" { (figure::money(sum.buying_power)) } }
                div { dt { "Excess liquidity" } dd data-k="excess" { (figure::money(sum.excess_liquidity)) } }
            }
        }
    }
}

fn positions(held: &[&Holding]) -> Markup {
    html! {
        table.flip {
            thead { tr { th { "Symbol" } th.r { "Shares" } th.r { "Average cost" } th.r { "Last" } th.r { "Value" } th.r { "Unrealised" } th.r { "Today" } } }
            tbody { @for one in held {
                @let symbol = contract::symbol(one.symbol);
                @let position = &one.position;
                tr {
                    td.key { a.mono href={ "/contracts/" (symbol) } { (symbol) } }
                    td.r.n data-l="Shares" { (figure::count(position.shares)) }
                    td.r.n data-l="Average cost" { (figure::price(position.average_cost())) }
                    td.r.n data-l="Last" data-k={ "l" (symbol) } { (figure::price(one.mark.price())) }
                    td.r.n data-l="Value" data-k={ "v" (symbol) } { (figure::money(position.value(one.mark))) }
                    td.r.n data-l="Unrealised" { (figure::gain(position.unrealised(one.mark))) }
                    td.r.n data-l="Today" { (figure::gain(position.daily(one.mark))) }
                }
            } }
        }
    }
}
