//! The list of contracts: live, searched and sorted.

use std::borrow::Cow;

use access::currency::Currency;
use axum::response::IntoResponse;
use gate::MarketGate;
use maud::{Markup, html};
use rust_decimal::Decimal;
use trade::calendar::Day;
use trade::instrument::{Instrument, InstrumentKind, Instruments};
use trade::quote::{Level, Quote};

use super::Reply;
use crate::field::Field;
use crate::figure;
use crate::form::Fields;
use crate::shell::{self, Tab};
use crate::subject;
use crate::visit::Signed;

/// What the list can be sorted by, and the heading of it.
const COLUMNS: [(&str, &str); 5] = [
    ("symbol", "Symbol"),
    ("last", "Last"),
    ("change", "Change"),
    ("percent", "Change, %"),
    ("volume", "Volume"),
];

/// What the list shows while nothing is typed: the value in its link, and how it is called.
const KINDS: [(&str, &str); 7] = [
    ("stocks", "Stocks in dollars"),
    ("abroad", "Stocks in other currencies"),
    ("funds", "Funds"),
    ("currencies", "Currencies"),
    ("futures", "Futures"),
    ("bonds", "Bonds"),
    ("figures", "Indices and other figures"),
];

/// Which contracts are shown, in which order.
pub(crate) struct Shown {
    typed: String,
    kind: &'static str,
    column: &'static str,
    falling: bool,
}

impl Shown {
    pub(crate) fn of(query: &Fields) -> Self {
        let sort = query.get("sort");
        let (falling, name) = sort.strip_prefix('-').map_or((false, sort), |name| (true, name));
        let column = COLUMNS.iter().find(|(known, _)| *known == name);
        let (column, falling) = column.map_or(("symbol", false), |(known, _)| (*known, falling));
        let kind = KINDS.iter().find(|(known, _)| *known == query.get("kind"));
        let kind = kind.map_or("stocks", |(known, _)| *known);
        Self { typed: query.get("q").to_owned(), kind, column, falling }
    }

    fn contracts<'k>(
        &self,
        contracts: &'k Instruments,
        markets: MarketGate<'_>,
    ) -> Vec<(&'k Instrument, Option<Quote>)> {
        let quotes = markets.quotes();
        let found: Vec<&Instrument> = if self.typed.is_empty() {
            let rows = contracts.all().iter();
            let series = quotes.listed.iter().filter(|_| self.kind == "futures");
            let series = series.filter_map(|id| contracts.get(*id));
            rows.chain(series).filter(|one| kind_of(one) == self.kind).collect()
        } else {
            let exact = contracts.called(&self.typed, Day::in_new_york(quotes.time.seconds()));
            let listed = exact.filter(|one| quotes.listed.binary_search(&one.id).is_ok());
            listed.into_iter().chain(contracts.matching(&self.typed)).collect()
        };
        let quoted = |contract: &'k Instrument| {
            (contract, markets.quote_in(&quotes, contract.id).map(Cow::into_owned))
        };
        let mut found: Vec<_> = found.into_iter().map(quoted).collect();
        found.sort_by_key(|(contract, _)| contract.symbol.as_str());
        let key = |quote: &Option<Quote>| quote.as_ref().map(|quote| self.key(quote));
        if self.column == "symbol" {
            if self.falling {
                found.reverse();
            }
        } else if self.falling {
            found.sort_by_key(|(_, quote)| std::cmp::Reverse(key(quote)));
        } else {
            found.sort_by_key(|(_, quote)| key(quote));
        }
        found
    }

    fn key(&self, quote: &Quote) -> Decimal {
        let change = quote.price(quote.last) - quote.price(quote.close);
        match self.column {
            "last" => quote.price(quote.last),
            "change" => change,
            "percent" => change.checked_div(quote.price(quote.close)).unwrap_or_default(),
            _ => Decimal::from(quote.volume),
        }
    }

    fn sorted_by(&self, column: &str, falling: bool) -> String {
        let sort = format!("{}{column}", if falling { "-" } else { "" });
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.append_pair("sort", &sort);
        if !self.typed.is_empty() {
            query.append_pair("q", &self.typed);
        }
        if self.kind != "stocks" {
            query.append_pair("kind", self.kind);
        }
        query.finish()
    }

    /// A heading that sorts by its column: numbers first from the top, a second press turns the order around.
    fn heading(&self, (column, label): (&'static str, &str)) -> Markup {
        let is = column == self.column;
        let falling = if is { !self.falling } else { column != "symbol" };
        let order = is.then_some(if self.falling { "descending" } else { "ascending" });
        html! {
            th.r[column != "symbol"] aria-sort=[order] {
                a.sort href={ "/contracts?" (self.sorted_by(column, falling)) } { (label) @if is { span aria-hidden="true" { @if self.falling { " \u{2193}" } @else { " \u{2191}" } } } }
            }
        }
    }

    /// All of it that changes; the page holds it, and the stream sends it again.
    pub(crate) fn fragment(&self, known: &Instruments, markets: MarketGate<'_>) -> Markup {
        let found = self.contracts(known, markets);
        html! {
            @if found.is_empty() { p.empty { "No symbol or company here matches \u{201c}" (self.typed) "\u{201d}." } } @else {
                table.lines {
                    thead { tr { @for column in COLUMNS { (self.heading(column)) } th.r.room { "Bid" } th.r.room { "Ask" } th { span.sr { "Trade" } } } }
                    tbody { @for (contract, quote) in &found { (row(contract, quote.as_ref())) } }
                }
            }
        }
    }
}

/// The part of the list that a contract is in; options and forecasts have pages of their own.
fn kind_of(contract: &Instrument) -> &'static str {
    match contract.kind {
        InstrumentKind::Stock if contract.currency == Currency::USD => "stocks",
        InstrumentKind::Stock => "abroad",
        InstrumentKind::Etf | InstrumentKind::Fund(_) => "funds",
        InstrumentKind::Forex { .. } => "currencies",
        InstrumentKind::Future(_) => "futures",
        InstrumentKind::Index => "figures",
        InstrumentKind::Bond(_) => "bonds",
        InstrumentKind::Option(_) | InstrumentKind::Forecast(_) => "options",
    }
}

fn row(contract: &Instrument, quote: Option<&Quote>) -> Markup {
    let symbol = contract.key();
    let best = |level: Option<Level>| {
        level.map_or_else(|| "none".to_owned(), |level| figure::price(contract.price(level.price)))
    };
    html! {
        tr data-symbol=(symbol) {
            td.key { a.mono href={ "/contracts/" (symbol) } { (symbol) } span.sub { (contract.name) } }
            @if let Some(quote) = quote {
                @let (last, close) = (quote.price(quote.last), quote.price(quote.close));
                td.r.n.last data-k={ "l" (symbol) } { (figure::price(last)) }
                td.r.n.change { (figure::moved(last - close)) }
                td.r.n.percent { (figure::percent(last - close, close)) }
                td.r.n.room { (figure::quantity(quote.quantity(quote.volume))) }
                td.r.n.room { (best(quote.bid())) }
                td.r.n.room { (best(quote.ask())) }
            } @else { td.r colspan="6" { "no quote" } }
            td.room { @if contract.product().is_some() { div.act { a.btn.mini href={ "/ticket?symbol=" (symbol) } aria-label={ "Trade " (symbol) } { "Trade" } } } }
        }
    }
}

/// `GET /contracts`
pub(crate) async fn search(signed: Signed) -> Reply {
    let shown = Shown::of(&signed.visit.query);
    let markets = signed.visit.portal.gate().markets();
    let stream = format!("/events?contracts=1&{}", shown.sorted_by(shown.column, shown.falling));
    let body = html! {
        (shell::title("Contracts", &figure::live(signed.now())))
        div.stack {
            section.card aria-label="Find a contract" {
                form.row.ends method="get" action="/contracts" role="search" {
                    (subject::field(&signed))
                    (Field { name: "q", label: "Symbol or company", value: &shown.typed, ..Field::default() })
                    button { "Find" }
                    @if !shown.typed.is_empty() { a.btn href="/contracts" { "Show all" } }
                }
                // On a phone the table has no headings.
                p.small.sorts { "Sort by " @for (at, (column, label)) in COLUMNS.iter().enumerate() { @if at > 0 { ", " } a href={ "/contracts?" (shown.sorted_by(column, *column != "symbol" && !(shown.column == *column && shown.falling))) } { (label.to_lowercase()) } } }
            }
            @if shown.typed.is_empty() {
                p.row { @for (kind, label) in KINDS { a.btn.mini aria-current=[(kind == shown.kind).then_some("true")] href={ "/contracts?kind=" (kind) } { (label) } } }
            }
            section.card aria-label="Contracts found" {
                div data-live=(stream) { (shown.fragment(super::known(&signed), markets)) }
            }
        }
    };
    Ok(shell::page(&signed, Tab::Trade, "Contracts", &body).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(sort: &str) -> Shown {
        Shown::of(&Fields::of(&[("sort", sort), ("q", "a&b")]))
    }

    #[test]
    fn heading_turns_the_order_of_its_own_column_around_and_keeps_what_was_typed() {
        let text = |sort: &str, at: (&'static str, &str)| shown(sort).heading(at).into_string();
        let change = ("change", "Change");
        let new = text("symbol", change);
        assert!(new.contains("sort=-change&amp;q=a%26b") && !new.contains("aria-sort"));
        let falling = text("-change", change);
        assert!(falling.contains("sort=change&amp;") && falling.contains("descending"));
        assert!(text("change", change).contains("sort=-change&amp;"));
        // What nobody can sort by counts as nothing.
        assert_eq!((shown("-nonsense").column, shown("-nonsense").falling), ("symbol", false));
    }
}
