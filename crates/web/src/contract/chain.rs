//! Option chains: for one last day, calls and puts side by side, a row for each strike. And of forecasts yes and no, a row for
//! each threshold.

use std::collections::BTreeMap;

use axum::extract::Path;
use axum::response::IntoResponse;
use maud::{Markup, html};
use rust_decimal::Decimal;
use trade::instrument::{ChainOf, Instrument, OptionChain, StrikePair};
use trade::quote::{Level, Quote};

use super::{Reply, named};
use crate::fault::Cause;
use crate::figure;
use crate::shell::{self, Tab};
use crate::visit::Signed;

/// `GET /chain/{symbol}`: the options on it, or the forecasts; `expiry` and `class` say which.
pub(crate) async fn show(Path(name): Path<String>, signed: Signed) -> Reply {
    let under = named(&signed, &name).ok_or_else(|| signed.fault(Cause::Missing))?;
    let forecasts = signed.visit.query.get("kind") == "forecasts";
    let of = if forecasts { ChainOf::Forecasts } else { ChainOf::Options };
    let listed = signed.visit.portal.gate().markets().series_on(under.id);
    let (day, class) = (signed.visit.query.get("expiry"), signed.visit.query.get("class"));
    let asked = (day.parse().ok(), Some(class).filter(|class| !class.is_empty()));
    // A link to a day that is over shows the first.
    let chain =
        OptionChain::of(&listed, of, asked).or_else(|| OptionChain::of(&listed, of, (None, None)));
    let Some(OptionChain { days, chosen, strikes: pairs }) = chain else {
        return Err(signed.fault(Cause::Missing));
    };
    let what = if forecasts { "Forecasts" } else { "Options" };
    let heading = format!("{what} on {}", under.symbol);
    let kind = if forecasts { "&kind=forecasts" } else { "" };
    let body = html! {
        (shell::title(&heading, &html! { a.btn href={ "/contracts/" (under.key()) } { (under.symbol) } }))
        div.stack {
            section.card aria-label="Last days" {
                p.row { @for (day, class) in &days {
                    a.btn.mini aria-current=[(chosen == Some((*day, class))).then_some("true")] href={ "/chain/" (under.key()) "?expiry=" (day) "&class=" (class) (kind) } { (day) @if *class != under.symbol { " " (class) } }
                } }
            }
            section.card aria-labelledby="strikes" {
                header { h2 #strikes { @match chosen { Some((day, _)) => { "Until " (day) }, None => "None" } } (figure::live(signed.now())) }
                @if pairs.is_empty() { p.empty { "None on " (under.symbol) " is listed." } } @else { (table(&signed, under, &pairs, forecasts)) }
            }
        }
    };
    Ok(shell::page(&signed, Tab::Trade, &heading, &body).into_response())
}

/// The strikes with their quotes, of one moment.
fn table(
    signed: &Signed,
    under: &Instrument,
    pairs: &BTreeMap<Decimal, StrikePair<'_>>,
    forecasts: bool,
) -> Markup {
    let (call, put, strike_of) =
        if forecasts { ("Yes", "No", "Above") } else { ("Call", "Put", "Strike") };
    let markets = signed.visit.portal.gate().markets();
    let ids: Vec<_> =
        pairs.values().flat_map(|pair| [pair.call, pair.put]).flatten().map(|one| one.id).collect();
    let quotes: BTreeMap<_, Quote> =
        markets.quotes_of(&ids).into_iter().map(|quote| (quote.symbol, quote)).collect();
    let last = markets.quote(under.id).map(|quote| under.price(quote.last));
    let quote = |one: Option<&Instrument>| one.and_then(|one| quotes.get(&one.id));
    let side = |one: Option<&Instrument>, level: fn(&Quote) -> Option<Level>| {
        let price = quote(one).and_then(|quote| Some(quote.price(level(quote)?.price)));
        let price = price.map_or_else(|| "\u{2013}".to_owned(), figure::price);
        // On a phone the prices lead to the contract, for there is no room for the words.
        html! { @match one {
            Some(one) => a href={ "/contracts/" (one.key()) } { span.sr { (one.title()) " " } (price) },
            None => (price),
        } }
    };
    let link = |one: Option<&Instrument>, word: &str| {
        html! { @if let Some(one) = one { a.btn.mini href={ "/contracts/" (one.key()) } aria-label={ (one.title()) } { (word) } } }
    };
    html! {
        @if let Some(last) = last { p.small.dim { (under.symbol) " at " (figure::price(last)) } }
        div.scroll tabindex="0" role="group" aria-label="Strikes" { table.chain {
            thead { tr { th.words { (call) } th.r { span.phone { (call) " " } "Bid" } th.r { "Ask" } th.r { (strike_of) } th.r { span.phone { (put) " " } "Bid" } th.r { "Ask" } th.words { (put) } } }
            tbody { @for (strike, pair) in pairs {
                tr {
                    td.words { (link(pair.call, call)) }
                    td.r.n { (side(pair.call, Quote::bid)) } td.r.n { (side(pair.call, Quote::ask)) }
                    td.r.n { b { (strike.normalize()) } }
                    td.r.n { (side(pair.put, Quote::bid)) } td.r.n { (side(pair.put, Quote::ask)) }
                    td.words { (link(pair.put, put)) }
                }
            } }
        } }
    }
}
