//! The overview: the account at a glance, live.

mod exposure;

use std::collections::BTreeSet;

use axum::response::{IntoResponse, Response};
use gate::View;
use maud::{Markup, html};
use rust_decimal::Decimal;
use trade::order::Order;
use trade::position::Holding;

use crate::chart::{self, Point};
use crate::contract;
use crate::currency;
use crate::execution;
use crate::fault::Fault;
use crate::figure;
use crate::holder::Names;
use crate::order;
use crate::shell::{self, Tab};
use crate::subject;
use crate::ticket;
use crate::visit::Signed;

/// Open orders shown; an account may have thousands, and this page is sent anew each second.
const ORDERS: usize = 10;
/// Ranges of the curve: the value in its link, and how it is called.
const RANGES: [(&str, &str); 2] = [("day", "Today"), ("month", "30 days")];

/// `GET /`
pub(crate) async fn show(signed: Signed) -> Result<Response, Fault> {
    let view = signed.view().await?;
    let names = Names::of_ports(&signed);
    let body = html! {
        (shell::title("Overview", &html! { span.small.dim { span.mono { (signed.ticket.account) } ", paper, " (view.currency) " \u{b7} " span #live-mark { "as of " (signed.clock(signed.now())) } } }))
        (shell::view_only(&signed))
        // What is to be set up waits while the account is called for margin.
        @if view.summary.margin_call.is_none() { (crate::checklist::card(&signed).await) }
        div.stack {
            section.card #curve aria-labelledby="equity" { (curve(&signed, &view).await?) }
            div.stack data-live={ "/events?range=" (range(&signed)) } { (fragment(&view, &signed)) }
            (exposure::card(contract::known(&signed), &view, &names))
        }
    };
    Ok(shell::page(&signed, Tab::Overview, "Overview", &body).into_response())
}

/// All of it that changes; the page holds it, and the stream sends it again.
pub(crate) fn fragment(view: &View, signed: &Signed) -> Markup {
    let held: Vec<&Holding> =
        view.positions.iter().filter(|held| held.position.shares != 0).collect();
    let open = view.open_orders.len();
    let newest: Vec<&Order> =
        view.open_orders.iter().rev().take(ORDERS).map(AsRef::as_ref).collect();
    let fills: Vec<_> = view.executions.iter().rev().take(6).map(AsRef::as_ref).collect();
    html! {
        (summary(view))
        section.card aria-labelledby="positions" {
            h2 #positions { "Positions" }
            @if held.is_empty() && subject::closed(signed).is_some() { p.empty { "No positions." } }
            @else if held.is_empty() { p.empty { "No positions. " a href="/ticket" { "Place an order" } ", or connect a program with one of the " a href="/credentials" { "credentials" } "." } }
            @else { (positions(&held, view, signed)) p.small { a href="/risk" { "Risk of these positions" } } }
            p.small { a href="/performance" { "Performance" } }
        }
        section.card aria-labelledby="open" {
            header {
                h2 #open { "Open orders" }
                @if open > ORDERS { a.small href="/orders?show=open" { "The newest " (ORDERS) " of " (figure::count(open as u64)) } }
                @if open > 1 { form method="post" action="/orders/cancel-all" { (shell::token(signed)) button.mini { "Cancel all " (open) } } }
            }
            @if newest.is_empty() { p.empty { "None." } } @else { (order::open_orders(&newest, signed)) }
        }
        section.card aria-labelledby="fills" {
            header { h2 #fills { "Latest executions" } a.small href="/executions" { "All" } }
            @if fills.is_empty() { p.empty { "None yet." } } @else { (execution::table(contract::known(signed), &fills)) }
        }
    }
}

fn summary(view: &View) -> Markup {
    let money = |amount| figure::money(amount, view.currency);
    let gained = |amount| figure::gain(amount, view.currency);
    let sum = &view.summary;
    let before = sum.net_liquidation - sum.daily;
    let cost = view.positions.iter().fold(Decimal::ZERO, |sum, held| sum + cost(held));
    let share = |gain, on| html! { span.sub { (figure::percent(gain, on)) } };
    html! {
        @if let Some(until) = sum.margin_call {
            div.note.bad role="alert" {
                b { "Margin call. " }
                "The account is worth " (money((-sum.excess_liquidity).max(Decimal::ZERO))) " less than its positions require. Close some of them by " (figure::time(until)) " UTC; after that open orders are cancelled and positions are closed at the market, the one that requires most first."
            }
        }
        section.card aria-label="Summary" {
            dl.figs.account {
                div.wide { dt { "Net liquidation" } dd.big data-k="net" { (money(sum.net_liquidation)) } }
                div { dt { "Today" } dd data-k="day" { (gained(sum.daily)) (share(sum.daily, before)) } }
                div { dt { "Unrealised" } dd data-k="unreal" { (gained(sum.unrealised)) (share(sum.unrealised, cost)) } }
                div { dt { "Realised today" } dd data-k="real" { (gained(sum.realised)) (share(sum.realised, before)) } }
                div { dt { "Cash" } dd data-k="cash" { (money(sum.cash)) @for part in sum.parts.iter().filter(|part| part.currency != view.currency && !part.cash.is_zero()) { span.sub { (figure::money(part.cash, part.currency)) " " (part.currency) } } @if !sum.interest().round_dp(view.currency.digits()).is_zero() { span.sub { (gained(sum.interest())) " interest" } } } }
                div { dt { "Buying power" } dd data-k="power" { (money(sum.buying_power)) } }
                div { dt { "Excess liquidity" } dd data-k="excess" { (money(sum.excess_liquidity)) } }
                @if view.day_trades.total() > 0 { div { dt { "Day trades" } dd data-k="daytrades" { (view.day_trades.total()) @if let Some([left, ..]) = view.day_trades.left() { span.sub { (left) " left today" } } } } }
            }
        }
    }
}

/// What a position was bought or sold short for, above zero.
fn cost(held: &Holding) -> Decimal {
    let shares = held.quantity().abs();
    held.average_cost().saturating_mul(shares)
}

/// What it was worth when the day began, or what was paid for it since.
fn basis(held: &Holding) -> Decimal {
    held.value() - held.daily()
}

fn positions(held: &[&Holding], view: &View, signed: &Signed) -> Markup {
    // What is in other currencies counts at their rates.
    let rate = |currency| {
        let part = view.summary.parts.iter().find(|part| part.currency == currency);
        part.map_or(Decimal::ONE, |part| part.rate)
    };
    let sum = |of: fn(&Holding) -> Decimal| {
        held.iter().fold(Decimal::ZERO, |sum, it| sum + of(it) * rate(it.currency))
    };
    let (value, unrealised, daily) =
        (sum(Holding::value), sum(Holding::unrealised), sum(Holding::daily));
    let currency = currency::of(signed);
    html! {
        table.lines.positions {
            thead { tr { th { "Symbol" } th.r { "Quantity" } th.r { "Average cost" } th.r { "Last" } th.r { "Value" } th.r { "Unrealised" } th.r { "Today" } th { span.sr { "Close" } } } }
            tbody { @for held in held {
                @let (symbol, shares) = (contract::symbol(contract::known(signed), held.symbol), held.quantity());
                @let (gain, today) = (held.unrealised(), held.daily());
                tr data-symbol=(symbol) {
                    td.key { a.mono href={ "/contracts/" (symbol) } { (contract::title(contract::known(signed), held.symbol)) } span.sub.small-only { (figure::quantity(shares)) " at " (figure::price(held.price())) } @if let Some(words) = contract::ends_soon(signed, held.symbol) { span.sub.soon { (words) } } }
                    td.r.n.room { (figure::quantity(shares)) }
                    td.r.n.room { (contract::average(contract::known(signed), held.symbol, held.average_cost())) }
                    td.r.n.room data-k={ "l" (symbol) } { (figure::price(held.price())) }
                    td.r.n.last data-k={ "v" (symbol) } { (figure::money(held.value(), held.currency)) }
                    td.r.n.change { (figure::gain(gain, held.currency)) span.sub { (figure::percent(gain, cost(held))) } }
                    td.r.n.percent { (figure::gain(today, held.currency)) span.sub { (figure::percent(today, basis(held))) } }
                    td.room.close { div.act { (ticket::close(signed, &symbol, shares, None)) } }
                }
            } }
            tfoot { tr {
                th.key scope="row" { "Total" }
                td.none {} td.none {} td.none {}
                td.r.n.last data-k="total" { (figure::money(value, currency)) }
                td.r.n.change { (figure::gain(unrealised, currency)) span.sub { (figure::percent(unrealised, sum(cost))) } }
                td.r.n.percent { (figure::gain(daily, currency)) span.sub { (figure::percent(daily, sum(|held| basis(held).abs()))) } }
                td.none {}
            } }
        }
    }
}

/// Which range of the curve is asked for.
fn range(signed: &Signed) -> &'static str {
    let asked = signed.visit.query.get("range");
    RANGES.iter().find(|(value, _)| *value == asked).map_or("day", |(value, _)| *value)
}

/// What the account was worth, today or over thirty days; the stream sends it again each minute.
pub(crate) async fn curve(signed: &Signed, view: &View) -> Result<Markup, Fault> {
    let gate = signed.visit.portal.gate();
    let chosen = range(signed);
    let mut unknown = Vec::new();
    let told = |value: Decimal| {
        let mut value = value.round_dp(view.currency.digits());
        value.rescale(view.currency.digits());
        value
    };
    let points: Vec<Point> = if chosen == "month" {
        let days =
            gate.paper_accounts().equity_by_day(view).await.map_err(|why| signed.fault(why))?;
        let known: Vec<_> = days.iter().map(|(day, _)| *day).collect();
        unknown = gate::equity::days_between(&known, gate.markets().hours());
        let after = unknown.iter().filter_map(|(_, last)| known.iter().find(|day| *day > last));
        let apart: BTreeSet<_> = after.collect();
        let point = |(day, value): (_, Decimal)| {
            Point::at_day(day, told(value)).apart(apart.contains(&day))
        };
        days.into_iter().map(point).collect()
    } else {
        let today = gate.paper_accounts().equity_today(view);
        today.into_iter().map(|(at, value)| Point::at_time(at, told(value))).collect()
    };
    Ok(html! {
        header { h2 #equity { "Net liquidation, " (view.currency) } (chart::ranges("/", "range", &RANGES, chosen)) }
        @if points.len() < 2 { p.empty { "The curve begins once a trading day has ended." } } @else { (chart::line("Net liquidation", &points)) }
        @for (first, last) in unknown {
            p.small.dim { "No values for " (first) @if first != last { " to " (last) } ": the server was off, and a day can be worked out for only a week after it." }
        }
    })
}
