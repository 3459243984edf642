//! Contracts: finding one, and what there is to know of it.

use access::Span;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use trade::bar::{Bar, BarSize};
use trade::contract::{Contract, Contracts};
use trade::quote::{Level, Quote, Quotes};

use crate::fault::{Cause, Fault};
use crate::field::Field;
use crate::figure;
use crate::shell::{self, Tab};
use crate::ticket;
use crate::visit::Signed;

type Reply = Result<Response, Fault>;

/// The contract with this ticker.
pub(crate) fn named(symbol: &str) -> Option<&'static Contract> {
    Contracts::builtin().named(symbol)
}

/// The ticker of a contract; its number when it is unknown.
pub(crate) fn symbol(id: access::SymbolId) -> String {
    Contracts::builtin()
        .get(id)
        .map_or_else(|| id.to_string(), |contract| contract.symbol.to_owned())
}

/// `GET /contracts`
pub(crate) async fn search(signed: Signed) -> Reply {
    let typed = signed.visit.query.get("q");
    let contracts = Contracts::builtin();
    let mut found: Vec<&Contract> =
        if typed.is_empty() { contracts.all().iter().collect() } else { contracts.matching(typed) };
    found.sort_by_key(|contract| contract.symbol);
    let quotes = signed.visit.portal.gate().quotes();
    let body = html! {
        (shell::title("Contracts", &html! {}))
        div.stack {
            section.card aria-label="Search" {
                form.row.ends method="get" action="/contracts" role="search" {
                    (Field { name: "q", label: "Symbol or company", value: typed, ..Field::default() })
                    button { "Find" }
                }
            }
            section.card aria-label="Contracts found" {
                @if found.is_empty() { p.empty { "Nothing that trades here begins with or is called \u{201c}" (typed) "\u{201d}." } } @else {
                    table.flip {
                        thead { tr { th { "Symbol" } th.r { "Last" } th.r { "Day's change" } th.r { "Bid" } th.r { "Ask" } th.r { "Volume" } th { span.sr { "Act" } } } }
                        tbody { @for contract in found { (row(contract, quotes.get(contract.id))) } }
                    }
                }
            }
        }
    };
    Ok(shell::page(&signed, Tab::Trade, "Contracts", &body).into_response())
}

fn row(contract: &Contract, quote: Option<&Quote>) -> Markup {
    let best = |level: Option<Level>| {
        level.map_or_else(|| "none".to_owned(), |level| figure::price(level.price.price()))
    };
    html! {
        tr {
            td.key { a.mono href={ "/contracts/" (contract.symbol) } { (contract.symbol) } span.sub { (contract.name) } }
            @if let Some(quote) = quote {
                td.r.n data-l="Last" { (figure::price(quote.last.price())) }
                td.r.n data-l="Day's change" { (figure::gain(quote.last.price() - quote.close.price())) }
                td.r.n.room data-l="Bid" { (best(quote.bid())) }
                td.r.n.room data-l="Ask" { (best(quote.ask())) }
                td.r.n.room data-l="Volume" { (figure::count(quote.volume)) }
            } @else { td.r colspan="5" { "no quote" } }
            td { div.act { a.btn.mini href={ "/ticket?symbol=" (contract.symbol) } aria-label={ "Trade " (contract.symbol) } { "Trade" } } }
        }
    }
}

/// `GET /contracts/{symbol}`
pub(crate) async fn show(Path(symbol): Path<String>, signed: Signed) -> Reply {
    let contract = named(&symbol).ok_or_else(|| signed.fault(Cause::Missing))?;
    let gate = signed.visit.portal.gate();
    let quotes = gate.quotes();
    let bars = gate.bars(contract.id, BarSize::Day, signed.now() - Span::days(180), signed.now());
    let body = html! {
        (shell::title(contract.name, &html! {
            div.row {
                a.btn.buy href={ "/ticket?side=buy&symbol=" (contract.symbol) } { "Buy" }
                a.btn.sell href={ "/ticket?side=sell&symbol=" (contract.symbol) } { "Sell" }
            }
        }))
        div.grid {
            section.card.s7 aria-labelledby="market" {
                header { h2 #market { span.mono { (contract.symbol) } " now" } (figure::live(signed.now())) }
                div data-live={ "/events?depth=" (contract.symbol) } { (now(&quotes, contract)) }
            }
            div.stack.s5 {
                section.card aria-labelledby="days" {
                    h2 #days { "Daily closes" }
                    (chart(&bars))
                }
                section.card aria-labelledby="facts" {
                    h2 #facts { "Contract" }
                    dl.pairs {
                        div { dt { "Kind" } dd { "Stock" } }
                        div { dt { "Listed at" } dd { (contract.exchange) } }
                        div { dt { "Industry" } dd { (contract.industry) } }
                        div { dt { "Currency" } dd.mono { (contract.currency()) } }
                        div { dt { "Smallest price step" } dd.mono { (contract.tick()) } }
                        div { dt { "Contract id" } dd.mono { (contract.id) } }
                    }
                }
            }
        }
    };
    Ok(shell::page(&signed, Tab::Trade, contract.name, &body).into_response())
}

/// Prices and depth; also sent live.
pub(crate) fn now(quotes: &Quotes, contract: &Contract) -> Markup {
    html! {
        @match quotes.get(contract.id) { Some(quote) => div.stack { (ticket::market(quote)) (depth(quote)) }, None => p.empty { "No quote." } }
    }
}

/// Both sides of the book, best first.
fn depth(quote: &Quote) -> Markup {
    let rows = quote.bids.len().max(quote.asks.len());
    let cell = |level: Option<&Level>| match level {
        Some(level) => (figure::count(level.size), figure::price(level.price.price())),
        None => (String::new(), String::new()),
    };
    html! {
        div.scroll tabindex="0" role="group" aria-label="Depth" { table {
            thead { tr { th.r { "Bid size" } th.r { "Bid" } th { "Ask" } th { "Ask size" } } }
            tbody { @for at in 0..rows {
                @let (bid_size, bid) = cell(quote.bids.get(at));
                @let (ask_size, ask) = cell(quote.asks.get(at));
                tr { td.r.n { (bid_size) } td.r.n.up { (bid) } td.n.down { (ask) } td.n { (ask_size) } }
            } }
        } }
    }
}

/// A line of closes; its words stand beside it, so that the picture is for the eye alone.
fn chart(bars: &[Bar]) -> Markup {
    let closes: Vec<i64> = bars.iter().map(|bar| bar.close.0).collect();
    let (Some(low), Some(high), Some(last)) =
        (closes.iter().min(), closes.iter().max(), closes.last())
    else {
        return html! { p.empty { "No history." } };
    };
    let (range, steps) = ((high - low).max(1), i64::try_from(closes.len()).unwrap_or(1).max(2) - 1);
    let mut line = String::new();
    for (at, close) in (0_i64..).zip(&closes) {
        let x = at * 1_000 / steps;
        let y = 190 - (close - low) * 180 / range;
        line.push_str(if at == 0 { "M" } else { "L" });
        line.push_str(&[x, y].map(|place| place.to_string()).join(" "));
    }
    let price = |ticks: i64| figure::price(trade::price::Ticks(ticks).price());
    html! {
        svg.spark viewBox="0 0 1000 200" preserveAspectRatio="none" aria-hidden="true" {
            path.area d={ (line) "L1000 200L0 200Z" } {}
            path d=(line) {}
        }
        p.small.dim { (figure::plural(bars.len(), "trading day")) ": low " span.n { (price(*low)) } ", high " span.n { (price(*high)) } ", last " span.n { (price(*last)) }
            @if bars.iter().any(|bar| bar.derived) { ". Open, high, low and volume before today are derived from real closes by a documented rule" } "." }
    }
}
