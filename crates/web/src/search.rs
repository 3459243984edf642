//! Search over contracts, orders and credentials; and the keys that pages answer to.

use axum::http::header;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use trade::instrument::Instruments;
use trade::order::Order;

use crate::contract;
use crate::fault::{Fault, Wants};
use crate::order;
use crate::shell::{self, Tab};
use crate::subject;
use crate::visit::Signed;

/// Results of each kind.
const MOST: usize = 8;
/// What each key does.
const KEYS: [(&str, &str); 6] = [
    ("Ctrl+K or /", "Search"),
    ("?", "Show these shortcuts"),
    ("b", "Buy the symbol of the page, or of the row that has the focus"),
    ("s", "Sell it"),
    ("c", "Close your position, on the overview and a contract's page"),
    ("Esc", "Close a menu"),
];

/// `GET /search`: the page, or the results alone while typing.
pub(crate) async fn show(signed: Signed) -> Result<Response, Fault> {
    let typed = signed.visit.query.get("q");
    let found = results(&signed, typed).await?;
    if signed.visit.wants == Wants::Fragment {
        let kind = [(header::CONTENT_TYPE, "text/vnd.floorpass.fragment; charset=utf-8")];
        let found = subject::addressed(subject::named(&signed.ticket), found);
        return Ok((kind, found.into_string()).into_response());
    }
    let body = html! {
        (shell::title("Search", &html! {}))
        div.grid {
            section.card.s8 aria-label="Search" {
                form.row.find method="get" action="/search" role="search" data-find="/search" {
                    input type="search" name="q" value=(typed) aria-label="Symbol, company, order or credential" placeholder="Symbol, company, order or credential" autocomplete="off" autofocus;
                    (subject::field(&signed))
                    button { "Search" }
                }
                div #found aria-live="polite" { (found) }
            }
            section.card.s4 aria-labelledby="keys" {
                h2 #keys { "Keyboard shortcuts" }
                dl.pairs { @for (key, act) in KEYS { div { dt.mono { (key) } dd { (act) } } } }
                p #single-keys hidden { label.check { input type="checkbox" checked; "Use single-key shortcuts" } }
            }
        }
    };
    Ok(shell::page(&signed, Tab::Search, "Search", &body).into_response())
}

async fn results(signed: &Signed, typed: &str) -> Result<Markup, Fault> {
    if typed.is_empty() {
        return Ok(
            html! { p.empty { "Type part of a symbol or a company, an order number or note, or the name of a credential." } },
        );
    }
    let gate = signed.visit.portal.gate();
    let known = contract::known(signed);
    let mut contracts = known.matching(typed);
    let begun = typed.to_uppercase();
    contracts.sort_by_key(|hit| (!hit.symbol.starts_with(&begun), hit.symbol.as_str()));
    let view = signed.view().await?;
    let wanted = typed.trim_start_matches('#').to_lowercase();
    let all = view.open_orders.iter().rev().chain(view.completed_orders.iter().rev());
    let orders: Vec<_> = all.filter(|order| is_meant(known, order, &wanted)).take(MOST).collect();
    let credentials = gate.credentials().list(Some(signed.ticket.account)).await;
    let credentials = credentials.map_err(|why| signed.fault(why))?;
    let credentials: Vec<_> = credentials
        .iter()
        .filter(|info| info.credential.name.to_string().to_lowercase().contains(&wanted))
        .take(MOST)
        .collect();
    Ok(html! {
        @if contracts.is_empty() && orders.is_empty() && credentials.is_empty() {
            p.empty { "Nothing found for \u{201c}" (typed) "\u{201d}. Orders can be found for seven days after they end." }
        }
        @if !contracts.is_empty() {
            h2 { "Contracts" }
            ul.hits { @for hit in contracts.iter().take(MOST) { li { a href={ "/contracts/" (hit.symbol) } { b.mono { (hit.symbol) } " " (hit.name) } } } }
        }
        @if !orders.is_empty() {
            h2 { "Orders" }
            ul.hits { @for hit in &orders { li { a href={ "/orders/" (hit.id) } { (order::line(known, hit.side, hit.quantity, hit.symbol, hit.order_type, hit.tif)) span.sub.mono { "#" (hit.id) } } } } }
        }
        @if !credentials.is_empty() {
            h2 { "Credentials" }
            ul.hits { @for hit in &credentials { li { a href={ "/credentials/" (hit.credential.id) } { (hit.credential.name) } } } }
        }
    })
}

/// An order is found by its number, its symbol and its note.
fn is_meant(known: &Instruments, order: &Order, wanted: &str) -> bool {
    let note = order.reference.as_deref().unwrap_or_default();
    order.id.to_string().contains(wanted)
        || contract::symbol(known, order.symbol).to_lowercase() == wanted
        || note.to_lowercase().contains(wanted)
}
