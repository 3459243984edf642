//! Instruments: finding one, and what there is to know of it.

mod chain;
mod list;

use std::sync::Arc;

use access::Span;
use access::currency::Currency;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use gate::View;
use maud::{Markup, html};
use rust_decimal::Decimal;
use trade::bar::{Bar, BarSize};
use trade::calendar::{Day, TradingSession};
use trade::instrument::{
    BondTerms, FundKind, Instrument, InstrumentKind, Instruments, OptionTerms, Settlement, Style,
    YesNo,
};
use trade::order::{Execution, Side};
use trade::position::Holding;
use trade::quote::{Level, Quote};

pub(crate) use self::chain::show as option_chain;
pub(crate) use self::list::{Shown, search};
use crate::chart::{self, Candle, Mark, Point};
use crate::fault::{Cause, Fault};
use crate::figure;
use crate::shell::{self, Tab};
use crate::ticket;
use crate::visit::Signed;

type Reply = Result<Response, Fault>;

/// What is traded.
pub(crate) fn known(signed: &Signed) -> &Instruments {
    signed.visit.portal.gate().markets().instruments()
}

/// The contract that is called so: by its ticker, or as its exchange calls it.
pub(crate) fn named<'s>(signed: &'s Signed, name: &str) -> Option<&'s Instrument> {
    known(signed).called(name, Day::in_new_york(signed.now().seconds()))
}

/// The name of a contract that is its own; its number when it is unknown.
pub(crate) fn symbol(known: &Instruments, id: access::SymbolId) -> String {
    known.get(id).map_or_else(|| id.to_string(), Instrument::key)
}

/// The name of a contract as people read it; its number when it is unknown.
pub(crate) fn title(known: &Instruments, id: access::SymbolId) -> String {
    known.get(id).map_or_else(|| id.to_string(), Instrument::title)
}

/// That what is held ends today or tomorrow, where it does.
pub(crate) fn ends_soon(signed: &Signed, id: access::SymbolId) -> Option<String> {
    let one = known(signed).get(id)?;
    let hours = signed.visit.portal.gate().markets().hours();
    let today = TradingSession::at(signed.now().seconds(), hours).day;
    let when = match one.expiry?.0 - today.0 {
        0 => "today",
        1 => "tomorrow",
        _ => return None,
    };
    let verb = if one.bond().is_some() { "Matures" } else { "Expires" };
    Some(format!("{verb} {when}"))
}

/// What kind of thing it is.
fn noun(contract: &Instrument) -> &'static str {
    match contract.kind {
        InstrumentKind::Stock => "Stock",
        InstrumentKind::Etf => "Exchange-traded fund",
        InstrumentKind::Index => "Index",
        InstrumentKind::Forex { .. } => "Pair of currencies",
        InstrumentKind::Option(_) => "Option",
        InstrumentKind::Future(_) => "Future",
        InstrumentKind::Bond(_) => "Bond",
        InstrumentKind::Fund(_) => "Fund",
        InstrumentKind::Forecast(_) => "Forecast contract",
    }
}

/// So many steps of a contract, as they are written.
pub(crate) fn quantity(known: &Instruments, id: access::SymbolId, steps: u64) -> String {
    figure::quantity(known.quantity(id, steps))
}

/// An average price of a contract, as it is written.
pub(crate) fn average(known: &Instruments, id: access::SymbolId, price: Decimal) -> String {
    figure::average(price, known.get(id).map_or(2, Instrument::price_places))
}

/// What amounts of a contract are in.
fn currency(known: &Instruments, id: access::SymbolId) -> Currency {
    known.get(id).map_or(Currency::USD, |one| one.currency)
}

/// An amount in a contract's currency, as it is written.
pub(crate) fn money(known: &Instruments, id: access::SymbolId, amount: Decimal) -> String {
    figure::money(amount, currency(known, id))
}

/// A gain in a contract's currency, as it is written.
pub(crate) fn gain(known: &Instruments, id: access::SymbolId, amount: Decimal) -> Markup {
    figure::gain(amount, currency(known, id))
}

/// `GET /contracts/{symbol}`
pub(crate) async fn show(Path(symbol): Path<String>, signed: Signed) -> Reply {
    let contract = named(&signed, &symbol).ok_or_else(|| signed.fault(Cause::Missing))?;
    let gate = signed.visit.portal.gate();
    let (quote, key) = (gate.markets().quote(contract.id), contract.key());
    let view = gate.view_of(signed.ticket.account).await.map_err(|why| signed.fault(why))?;
    let held = view.position(contract.id).map_or(Decimal::ZERO, Holding::quantity);
    let heading = if contract.title() == contract.symbol {
        format!("{}, {}", contract.symbol, contract.name)
    } else {
        contract.title()
    };
    let can_order = contract.product().is_some();
    let body = html! {
        (shell::title(&heading, &html! {
            @if can_order { div.row {
                a.btn.buy href={ "/ticket?side=buy&symbol=" (key) } data-key="b" { "Buy" }
                @if contract.other_side().is_none() { a.btn.sell href={ "/ticket?side=sell&symbol=" (key) } data-key="s" { "Sell" } }
                (ticket::close(&signed, &key, held, Some("c")))
            } }
        }))
        p.small.dim.under { (noun(contract)) " at " (contract.exchange) ", in " (contract.currency) @if !held.is_zero() { " \u{b7} you hold " (figure::quantity(held)) } }
        div.grid {
            section.card.s7 aria-labelledby="chart" {
                (history(&signed, contract, &view))
            }
            div.stack.s5 {
                section.card aria-labelledby="market" {
                    header { h2 #market { "Market" } (figure::live(signed.now())) }
                    div data-live={ "/events?depth=" (key) } { (now(quote.as_ref())) }
                }
                (derived(&signed, contract))
                section.card aria-labelledby="facts" {
                    h2 #facts { "Contract" }
                    (facts(&signed, contract))
                }
            }
        }
    };
    Ok(shell::page(&signed, Tab::Trade, &heading, &body).into_response())
}

/// What there is to know of a contract beside its prices.
fn facts(signed: &Signed, contract: &Instrument) -> Markup {
    let under = contract.kind.underlying().and_then(|id| known(signed).get(id));
    let margin = match &contract.kind {
        InstrumentKind::Future(terms) => Some((terms.initial, terms.maintenance)),
        _ => None,
    };
    let margin = margin.map(|(initial, kept)| {
        let money = |amount| figure::money(amount, contract.currency);
        format!("{} to open, {} to hold", money(initial), money(kept))
    });
    html! {
        dl.pairs {
            div { dt { "Symbol" } dd.mono { (contract.symbol) } }
            @if contract.local != contract.symbol { div { dt { "At its exchange" } dd.mono { (contract.local) } } }
            div { dt { "Kind" } dd { (noun(contract)) } }
            @if let Some(under) = under { div { dt { "On" } dd { a.mono href={ "/contracts/" (under.key()) } { (under.symbol) } } } }
            @if let Some(day) = contract.expiry { div { dt { "Last day" } dd.mono { (day) } } }
            @if let InstrumentKind::Option(terms) = &contract.kind {
                div { dt { "Strike" } dd.mono { (figure::price(terms.strike)) " " (terms.right) } }
                div { dt { "Exercise" } dd { (exercise(terms)) } }
            }
            @if let InstrumentKind::Bond(terms) = &contract.kind { (bond_facts(signed, contract, terms)) }
            @if let InstrumentKind::Fund(terms) = &contract.kind {
                div { dt { "Price" } dd { "one a day, when the day's trading ends; orders wait for it" } }
                div { dt { "Earns a year" } dd { ((terms.income * Decimal::ONE_HUNDRED).normalize()) " % after its expenses, " @if terms.kind == FundKind::MoneyMarket { "paid each day" } @else { "kept in its price" } } }
            }
            @if let InstrumentKind::Forecast(terms) = &contract.kind {
                div { dt { "Question" } dd { (contract.name) } }
                div { dt { "Paid" } dd { (figure::money(Decimal::ONE, contract.currency)) " if the figure is " @if terms.outcome == YesNo::Yes { "above " } @else { "not above " } (terms.threshold.normalize()) ", else nothing" } }
                div { dt { "To give it up" } dd { "buy " (other_side(signed, contract)) "; a pair of both is paid 1.00 at once" } }
            }
            @if contract.multiplier != Decimal::ONE && contract.bond().is_none() { div { dt { "Multiplier" } dd.mono { (figure::quantity(contract.multiplier)) } } }
            @if let Some(margin) = margin { div { dt { "Margin a contract" } dd { (margin) } } }
            div { dt { "Listed at" } dd { (contract.exchange) } }
            @if !contract.industry.is_empty() { div { dt { "Industry" } dd { (contract.industry) } } }
            div { dt { "Currency" } dd.mono { (contract.currency) } }
            @if contract.product().is_some() {
                div { dt { "Quantity step" } dd.mono { (contract.step.size()) } }
                div { dt { "Price increment" } dd.mono { (increments(contract)) } }
            }
            div { dt { "Contract ID" } dd.mono { (contract.id) } }
        }
    }
}

/// What its prices are whole numbers of: `0.01`, or `0.01, from 3 on 0.05`.
fn increments(contract: &Instrument) -> String {
    let step = |(from, step): (Decimal, Decimal)| {
        if from.is_zero() {
            step.to_string()
        } else {
            format!("from {} on {step}", from.normalize())
        }
    };
    contract.prices.steps().map(step).collect::<Vec<_>>().join(", ")
}

/// What a bond pays, and what it yields at its last price.
fn bond_facts(signed: &Signed, contract: &Instrument, terms: &BondTerms) -> Markup {
    let quote = signed.visit.portal.gate().markets().quote(contract.id);
    let today = Day::in_new_york(signed.now().seconds());
    let found = quote.and_then(|quote| contract.yield_at(contract.price(quote.last), today));
    let money = |amount| figure::money(amount, contract.currency);
    let often = match terms.per_year {
        0 => "none".to_owned(),
        count => {
            format!("{} %, {count} times a year", (terms.coupon * Decimal::ONE_HUNDRED).normalize())
        }
    };
    html! {
        div { dt { "Issuer" } dd { (terms.issuer_name) } }
        div { dt { "Coupon" } dd { (often) } }
        div { dt { "Issued, matures" } dd.mono { (terms.issued) ", " (terms.maturity) } }
        @if let Some(found) = found { div { dt { "Yield at the last price" } dd.mono { (found) " %" } } }
        div { dt { "One unit" } dd { (money(terms.face)) " of face value; prices are in percent of it" } }
        @if terms.per_year > 0 { div { dt { "Accrued, a unit" } dd { (money(contract.accrued(1, today))) ", paid by the buyer beside the price" } } }
    }
}

/// The contract that is paid for the other outcome of a forecast.
fn other_side(signed: &Signed, contract: &Instrument) -> Markup {
    let other = contract.other_side().and_then(|id| known(signed).get(id));
    html! { @if let Some(other) = other { a.mono href={ "/contracts/" (other.key()) } { (other.title()) } } }
}

/// When an option is exercised, and what then changes hands.
fn exercise(terms: &OptionTerms) -> &'static str {
    match (terms.style, terms.settlement) {
        (Style::American, Settlement::Physical) => "at its expiry here, in shares",
        (Style::American, Settlement::Cash) => "at its expiry here, in cash",
        (Style::European, Settlement::Physical) => "at its expiry, in shares",
        (Style::European, Settlement::Cash) => "at its expiry, in cash",
    }
}

/// Where the contracts are that stand on this one.
fn derived(signed: &Signed, contract: &Instrument) -> Markup {
    let series = signed.visit.portal.gate().markets().series_on(contract.id);
    let futures: Vec<_> =
        series.iter().filter(|one| matches!(one.kind, InstrumentKind::Future(_))).collect();
    let has_options = series.iter().any(|one| matches!(one.kind, InstrumentKind::Option(_)));
    let has_forecasts = series.iter().any(|one| matches!(one.kind, InstrumentKind::Forecast(_)));
    html! {
        @if has_options || has_forecasts || !futures.is_empty() {
            section.card aria-labelledby="derived" {
                h2 #derived { "On " (contract.symbol) }
                @if has_options { p { a.btn href={ "/chain/" (contract.key()) } { "Options" } } }
                @if has_forecasts { p { a.btn href={ "/chain/" (contract.key()) "?kind=forecasts" } { "Forecasts" } } }
                @if !futures.is_empty() { p { "Futures: " @for (at, one) in futures.iter().enumerate() { @if at > 0 { ", " } a.mono href={ "/contracts/" (one.key()) } { (one.local) } } } }
            }
        }
    }
}

/// Ranges of a contract's chart: the value in its link, and how it is called.
const RANGES: [(&str, &str); 4] =
    [("day", "1 day"), ("days", "5 days"), ("month", "1 month"), ("year", "1 year")];

/// The chart of a contract over the range that was asked for, with the account's own trades of it.
fn history(signed: &Signed, contract: &Instrument, view: &View) -> Markup {
    let asked = signed.visit.query.get("range");
    let range = RANGES.iter().map(|(value, _)| *value).find(|value| *value == asked);
    let range = range.unwrap_or("day");
    let gate = signed.visit.portal.gate();
    let bars =
        |size, back| gate.markets().bars(contract.id, size, signed.now() - back, signed.now());
    let bars = match range {
        // A weekend and a holiday may lie between.
        "day" => last_days(bars(BarSize::Minutes(5), Span::days(5)), 1),
        "days" => last_days(bars(BarSize::Minutes(30), Span::days(9)), 5),
        "month" => bars(BarSize::Day, Span::days(31)),
        _ => bars(BarSize::Day, Span::days(366)),
    };
    let is_pair = matches!(contract.kind, InstrumentKind::Forex { .. });
    let has_volume = contract.is_quoted() && !is_pair;
    let candle = |bar: &Bar| {
        let [open, high, low, close] =
            [bar.open, bar.high, bar.low, bar.close].map(|price| contract.price(price));
        let close = match range {
            "day" => Point::at_time(bar.time, close),
            "days" => Point::at_day_and_time(bar.time, bar.day, close),
            _ => Point::at_day(bar.day, close),
        };
        // Nobody counts what is traded of a figure or of a pair of currencies.
        let volume = if has_volume { contract.quantity(bar.volume) } else { Decimal::ZERO };
        Candle { close, open, high, low, volume }
    };
    let candles: Vec<Candle> = bars.iter().map(candle).collect();
    html! {
        header { h2 #chart { "Price, " (contract.currency) } (chart::ranges(&format!("/contracts/{}", contract.key()), "range", &RANGES, range)) }
        (chart::candles(&candles, &own_trades(contract, view, &bars)))
        @if bars.iter().any(|bar| bar.derived) { p.small.dim { "Closing prices from before the account was opened are real; the prices between them are derived from them." } }
    }
}

/// What the account traded of a contract while these bars were made, as far as executions are kept; the newest first.
fn own_trades(contract: &Instrument, view: &View, bars: &[Bar]) -> Vec<Mark> {
    let mark = |one: &Arc<Execution>| {
        let candle = bars.partition_point(|bar| bar.time <= one.time).checked_sub(1)?;
        let price = contract.price(one.price);
        let did = if one.side == Side::Buy { "Bought" } else { "Sold" };
        let (quantity, at) = (figure::quantity(contract.quantity(one.quantity)), one.time);
        let said = format!("{did} {quantity} at {} ({at})", figure::price(price));
        Some(Mark { candle, side: one.side, price, said })
    };
    view.executions.iter().rev().filter(|one| one.symbol == contract.id).filter_map(mark).collect()
}

/// The bars of the last trading days.
fn last_days(bars: Vec<Bar>, count: usize) -> Vec<Bar> {
    let mut days: Vec<Day> = bars.iter().map(|bar| bar.day).collect();
    days.dedup();
    let first = days.get(days.len().saturating_sub(count)).copied().unwrap_or_default();
    bars.into_iter().filter(|bar| bar.day >= first).collect()
}

/// Prices and depth; also sent live.
pub(crate) fn now(quote: Option<&Quote>) -> Markup {
    html! {
        @match quote { Some(quote) => div.stack { (ticket::market(quote)) @if !(quote.bids.is_empty() && quote.asks.is_empty()) { (depth(quote)) } }, None => p.empty { "No quote." } }
    }
}

/// Both sides of the book, best first; a bar behind each size, as long as it is to the largest.
fn depth(quote: &Quote) -> Markup {
    let rows = quote.bids.len().max(quote.asks.len());
    let most = quote.bids.iter().chain(&quote.asks).map(|level| level.size).max().unwrap_or(1);
    let bar = |level: &Level| level.size.saturating_mul(100).div_ceil(most.max(1));
    let size = |level: Option<&Level>, falls: bool| {
        html! { @if let Some(level) = level {
            svg.size.falls[falls] viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true" { rect width=(bar(level)) height="1" x=(if falls { 0 } else { 100 - bar(level) }) {} }
            span { (figure::quantity(quote.quantity(level.size))) }
        } }
    };
    let price = |level: Option<&Level>| level.map(|level| figure::price(quote.price(level.price)));
    html! {
        div.scroll tabindex="0" role="group" aria-label="Depth" { table.depth {
            thead { tr { th.r { "Bid size" } th.r { "Bid" } th { "Ask" } th { "Ask size" } } }
            tbody { @for at in 0..rows {
                @let (bid, ask) = (quote.bids.get(at), quote.asks.get(at));
                tr {
                    td.r.n { (size(bid, false)) } td.r.n.up { (price(bid).unwrap_or_default()) }
                    td.n.down { (price(ask).unwrap_or_default()) } td.n { (size(ask, true)) }
                }
            } }
        } }
    }
}
