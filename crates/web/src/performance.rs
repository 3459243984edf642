//! `GET /performance`: what the account has gained, as a rate, and what of today's gain came from currencies.

use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use rust_decimal::Decimal;
use trade::performance::{Moves, Performance};

use crate::contract;
use crate::fault::Fault;
use crate::figure;
use crate::shell::{self, Tab};
use crate::visit::Signed;

/// The names of ranges, as the gate has them and as they are called.
const NAMES: [(&str, &str); 3] =
    [("today", "Today"), ("30_days", "30 days"), ("all", "All that is known")];

pub(crate) async fn show(signed: Signed) -> Result<Response, Fault> {
    let view = signed.view().await?;
    let accounts = signed.visit.portal.gate().paper_accounts();
    let ranges = accounts.performance(&view).await.map_err(|why| signed.fault(why))?;
    let moves = signed.moves()?;
    let body = html! {
        (shell::title("Performance", &html! { a.btn href="/" { "Overview" } }))
        div.stack {
            (rates(&ranges, &moves))
            (today(&moves, &signed))
        }
    };
    Ok(shell::page(&signed, Tab::Overview, "Performance", &body).into_response())
}

/// A part of one as a percentage, with its sign.
fn rate(rate: Option<Decimal>) -> Markup {
    html! {
        @match rate {
            Some(rate) => (figure::percent(rate, Decimal::ONE)),
            None => "\u{2013}",
        }
    }
}

fn rates(ranges: &[(&'static str, Performance)], moves: &Moves) -> Markup {
    let money = |amount| figure::money(amount, moves.base);
    let name = |range| NAMES.iter().find(|(known, _)| *known == range).map_or(range, |one| one.1);
    html! {
        section.card aria-labelledby="rates" {
            h2 #rates { "Rates" }
            @if ranges.is_empty() { p.empty { "There is none before the account's first trading day has been seen." } }
            @else {
                p.small { "By time: the rates of the days, linked; what is paid in counts from the beginning of its day and changes nothing. By money: the one rate of the whole range for all that was there, each for as long as it was. Neither is a yearly rate." }
                table.flip.lines {
                    thead { tr { th { "Range" } th.r { "Begin" } th.r { "Paid in" } th.r { "End" } th.r { "Gain" } th.r { "By time" } th.r { "By money" } } }
                    tbody { @for (range, one) in ranges {
                        tr {
                            td.key { (name(range)) span.sub { "since the end of " (one.from) } }
                            td.r.n data-l="Begin" { (money(one.begin)) }
                            td.r.n data-l="Paid in" { (money(one.flows)) }
                            td.r.n data-l="End" { (money(one.end)) }
                            td.r.n data-l="Gain" { (figure::gain(one.gain(), moves.base)) }
                            td.r.n data-l="By time" { (rate(one.time_weighted)) }
                            td.r.n data-l="By money" { (rate(one.money_weighted)) }
                        }
                    } }
                }
            }
        }
    }
}

fn today(moves: &Moves, signed: &Signed) -> Markup {
    let gain = |amount| figure::gain(amount, moves.base);
    html! {
        section.card aria-labelledby="today" {
            h2 #today { "Today by price and by currency" }
            @if moves.positions.is_empty() { p.empty { "Nothing has moved." } }
            @else {
                p.small { "In " (moves.base) ". By price at the rate of now; by currency what the position was worth when the day began, since the last close of the currency\u{2019}s pair." }
                table.lines {
                    thead { tr { th { "Position" } th.r { "Price" } th.r { "Currency" } } }
                    tbody { @for one in &moves.positions {
                        tr { td.key { (contract::symbol(contract::known(signed), one.symbol)) } td.r.n { (gain(one.price)) } td.r.n { (gain(one.rate)) } }
                    } }
                }
            }
            @if !moves.currencies.is_empty() {
                table.lines {
                    thead { tr { th { "Currency, with its cash" } th.r { "Gain" } } }
                    tbody { @for (currency, amount) in &moves.currencies {
                        tr { td.key { (currency) } td.r.n { (gain(*amount)) } }
                    } }
                }
            }
        }
    }
}
