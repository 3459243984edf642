//! `GET /risk`: what the account stands to gain and to lose.

use access::id::SymbolId;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use rust_decimal::Decimal;
use trade::ledger::Requirement;
use trade::risk::{LongShort, Risk, VOLATILITIES};

use crate::contract;
use crate::deed;
use crate::fault::Fault;
use crate::figure;
use crate::shell::{self, Tab};
use crate::visit::Signed;

pub(crate) async fn show(signed: Signed) -> Result<Response, Fault> {
    let view = signed.view().await?;
    let risk = signed.risk()?;
    let body = html! {
        (shell::title("Risk", &html! { a.btn href="/" { "Overview" } }))
        @if risk.requirements.is_empty() {
            section.card { p.empty { "Nothing is held, so there is nothing to gain or to lose." } }
        } @else {
            div.stack {
                (stress(&risk))
                (underlyings(&risk, &signed))
                section.card.stack aria-labelledby="exposure" {
                    h2 #exposure { "Exposure" }
                    (exposures("Product", &risk, &risk.products))
                    (exposures("Currency", &risk, &risk.currencies))
                }
                (requirements(&risk, &signed, view.summary.maintenance_margin))
            }
        }
    };
    Ok(shell::page(&signed, Tab::Overview, "Risk", &body).into_response())
}

fn stress(risk: &Risk) -> Markup {
    html! {
        section.card aria-labelledby="stress" {
            h2 #stress { "If all markets jumped" }
            p.small { "What would be gained or lost at once, in " (risk.currency) ": each line moves all prices, each column volatility as well." }
            table.flip.lines {
                thead { tr { th { "Prices" } @for volatility in VOLATILITIES { th.r { (column(volatility)) } } } }
                tbody { @for row in risk.stress.chunks(VOLATILITIES.len()) {
                    tr {
                        td.key { @if let Some(first) = row.first() { span.phone { "Prices " } (percent(first.prices)) } }
                        @for one in row { td.r.n data-l=(label(one.volatility)) { (figure::gain(one.gain, risk.currency)) } }
                    }
                } }
            }
        }
    }
}

/// A jump, with its sign.
fn percent(percent: i64) -> String {
    format!("{percent:+} %").replace('-', "\u{2212}")
}

fn column(volatility: i64) -> String {
    if volatility == 0 { "Volatility as it is".to_owned() } else { percent(volatility) }
}

/// The same where it stands beside its figure.
fn label(volatility: i64) -> String {
    if volatility == 0 { column(volatility) } else { format!("Volatility {}", percent(volatility)) }
}

fn underlyings(risk: &Risk, signed: &Signed) -> Markup {
    let gain = |amount| figure::gain(amount, risk.currency);
    html! {
        section.card aria-labelledby="underlyings" {
            h2 #underlyings { "By underlying" }
            p.small { "Delta is gained when its price rises by 1 %, gamma is by how much delta is more after that, vega is gained when volatility rises by 1 % of itself, theta in one day." }
            table.flip.lines {
                thead { tr { th { "Underlying" } th.r { "Exposure" } th.r { "Delta" } th.r { "Gamma" } th.r { "Vega" } th.r { "Theta" } } }
                tbody { @for (exposure, answers) in &risk.underlyings {
                    @let symbol = contract::symbol(contract::known(signed), exposure.of);
                    tr {
                        td.key { a.mono href={ "/contracts/" (symbol) } { (symbol) } }
                        td.r.n data-l="Exposure" { (figure::money(exposure.long - exposure.short, risk.currency)) }
                        td.r.n data-l="Delta" { (gain(answers.delta)) }
                        td.r.n data-l="Gamma" { (gain(answers.gamma)) }
                        td.r.n data-l="Vega" { (gain(answers.vega)) }
                        td.r.n data-l="Theta" { (gain(answers.theta)) }
                    }
                } }
            }
        }
    }
}

fn exposures<T: ToString>(title: &str, risk: &Risk, all: &[LongShort<T>]) -> Markup {
    let money = |amount| figure::money(amount, risk.currency);
    html! {
        table.flip.lines {
            thead { tr { th { (title) } th.r { "Long" } th.r { "Short" } } }
            tbody { @for one in all {
                tr { td.key { (one.of.to_string()) } td.r.n data-l="Long" { (money(one.long)) } td.r.n data-l="Short" { (money(one.short)) } }
            } }
        }
    }
}

fn requirements(risk: &Risk, signed: &Signed, all: Decimal) -> Markup {
    let money = |amount| figure::money(amount, risk.currency);
    html! {
        section.card aria-labelledby="margin" {
            h2 #margin { "What positions require" }
            p.small { "What covers each other requires what it can lose together. Options that are held count with their whole price." }
            table.lines {
                thead { tr { th { "Position" } th.r { "Maintenance" } } }
                tbody { @for one in &risk.requirements {
                    tr {
                        td.key { (strategy(one, signed)) }
                        td.r.n { (money(one.amount())) }
                    }
                } }
                tfoot { tr { td.key { "All, with foreign cash" } td.r.n { (money(all)) } } }
            }
        }
    }
}

/// A position by its symbol; of a group its name, and how much of each belongs to it.
fn strategy(one: &Requirement, signed: &Signed) -> Markup {
    let known = contract::known(signed);
    let part = |(id, steps): &(SymbolId, i64)| {
        let quantity = known.signed_quantity(*id, *steps).to_string().replace('-', "\u{2212}");
        format!("{quantity} {}", contract::title(known, *id))
    };
    match one.parts.as_slice() {
        [(id, _)] => html! { (contract::title(known, *id)) },
        parts => html! {
            (deed::capital(one.strategy.name()))
            br;
            span.small { (parts.iter().map(part).collect::<Vec<_>>().join(", ")) }
        },
    }
}
