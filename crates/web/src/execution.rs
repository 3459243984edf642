//! Executions: the list, and the same as CSV.

use axum::http::header;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use trade::order::{Execution, Side};

use crate::contract;
use crate::fault::Fault;
use crate::figure;
use crate::shell::{self, Tab};
use crate::visit::Signed;

/// `GET /executions`
pub(crate) async fn list(signed: Signed) -> Result<Response, Fault> {
    let view = signed.visit.portal.gate().view().await.map_err(|why| signed.fault(why))?;
    let fills: Vec<_> = view.executions.iter().rev().take(200).map(AsRef::as_ref).collect();
    let body = html! {
        (shell::title("Executions", &html! { a.btn href="/executions.csv" { "Download CSV" } }))
        section.card aria-label="Executions" {
            @if fills.is_empty() { p.empty { "No order has traded yet." } } @else { (table(&fills)) }
        }
    };
    Ok(shell::page(&signed, Tab::Orders, "Executions", &body).into_response())
}

/// A table of executions.
pub(crate) fn table(fills: &[&Execution]) -> Markup {
    html! {
        table.flip.rows.fills {
            thead { tr { th { "When" } th { "Trade" } th.r { "Price" } th.r { "Commission" } th.r { "Realised" } th { "Order" } } }
            tbody { @for fill in fills {
                @let (word, class) = match fill.side { Side::Buy => ("BUY", "up"), Side::Sell => ("SELL", "down") };
                tr {
                    td.key { (figure::time(fill.time)) span.phone { " \u{b7} " a.mono href={ "/orders/" (fill.order) } { "#" (fill.order) } } }
                    td.n.what data-l="Trade" { span { span class=(class) { (word) } " " (figure::count(fill.quantity)) " " b { (contract::symbol(fill.symbol)) } } }
                    td.r.n.end.price data-l="Price" { (figure::price(fill.price.price())) }
                    td.r.n.off data-l="Commission" { (figure::money(fill.commission)) }
                    td.r.n.end.gain data-l="Realised" { @match fill.realised { Some(amount) => (figure::gain(amount)), None => span.dim { "\u{2013}" } } }
                    td.off data-l="Order" { a.mono href={ "/orders/" (fill.order) } { (fill.order) } }
                }
            } }
        }
    }
}

/// `GET /executions.csv`
pub(crate) async fn csv(signed: Signed) -> Result<Response, Fault> {
    let view = signed.visit.portal.gate().view().await.map_err(|why| signed.fault(why))?;
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
            contract::symbol(fill.symbol),
            fill.side.to_string(),
            fill.quantity.to_string(),
            fill.price.price().to_string(),
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

/// A cell by RFC 4180, in quotes. Where a spreadsheet would read a formula, an apostrophe comes first: at the beginning,
/// and after whatever a spreadsheet of another country takes for the end of a cell. Numbers below zero stay.
fn cell(text: &str) -> String {
    if text.parse::<rust_decimal::Decimal>().is_ok() {
        return format!("\"{text}\"");
    }
    let mut cell = String::from('"');
    let mut begins = true;
    for letter in text.chars() {
        // As Excel reads them, those of full width too.
        let starts = matches!(
            letter,
            '=' | '+'
                | '-'
                | '@'
                | '\t'
                | '\r'
                | '\n'
                | '\u{ff1d}'
                | '\u{ff0b}'
                | '\u{ff0d}'
                | '\u{ff20}'
        );
        if begins && starts {
            cell.push('\'');
        }
        cell.push(letter);
        if letter == '"' {
            cell.push('"');
        }
        let ends = matches!(letter, ';' | ',' | '|' | '\t' | '\r' | '\n');
        let is_nothing =
            letter.is_whitespace() || matches!(letter, '"' | '\'' | '\u{feff}' | '\u{200b}');
        begins = ends || (begins && is_nothing);
    }
    cell.push('"');
    cell
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cell_that_is_a_formula_is_defused() {
        for (text, kept) in [
            ("=HYPERLINK(\"x\")", "\"'=HYPERLINK(\"\"x\"\")\""),
            ("@a", "\"'@a\""),
            ("+1+1", "\"'+1+1\""),
            ("-2+cmd|' /C calc'!A0", "\"'-2+cmd|' /C calc'!A0\""),
            ("\t=1", "\"'\t'=1\""),
            ("\r=1", "\"'\r'=1\""),
            (" =1", "\" '=1\""),
            ("\"=1", "\"\"\"'=1\""),
            ("a;=1+1", "\"a;'=1+1\""),
            ("a; \"@x", "\"a; \"\"'@x\""),
            ("a,-x", "\"a,'-x\""),
            ("a\n=1", "\"a\n'=1\""),
            ("a|=1", "\"a|'=1\""),
            ("\u{ff1d}1", "\"'\u{ff1d}1\""),
            ("-12.50", "\"-12.50\""),
            ("a,b", "\"a,b\""),
            ("a-b=c", "\"a-b=c\""),
            ("", "\"\""),
        ] {
            assert_eq!(cell(text), kept, "{text:?}");
        }
    }
}
