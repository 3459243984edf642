//! The ticket: what is wanted, what it would do, and one press that does it once.

mod confirmation;
mod draft;

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use gate::{Large, OrderRequest, Refused};
use maud::{Markup, html};
use trade::Denial;
use trade::order::OrderId;
use trade::quote::Quote;

pub(crate) use self::confirmation::{Before, Confirmations};
use self::draft::Wanted;
pub(crate) use self::draft::{TYPES, order_type, shares};
use crate::contract;
use crate::fault::{Fault, Wants};
use crate::field::Errors;
use crate::figure;
use crate::form::Fields;
use crate::large_order::{self, Asked};
use crate::order;
use crate::refusal;
use crate::shell::{self, Tab};
use crate::step_up;
use crate::visit::{Signed, go};

type Reply = Result<Response, Fault>;

/// `GET /ticket`
pub(crate) async fn show(signed: Signed) -> Reply {
    let fields = draft::prefilled(&signed.visit.query);
    Ok(page(&signed, StatusCode::OK, &maker(&signed, &fields, &Errors::new(), &html! {})))
}

fn page(signed: &Signed, status: StatusCode, body: &Markup) -> Response {
    (status, shell::page(signed, Tab::Trade, "Ticket", body)).into_response()
}

/// The form; beside it the market and what the order would do.
fn maker(signed: &Signed, fields: &Fields, errors: &Errors, why: &Markup) -> Markup {
    let quotes = signed.visit.portal.gate().quotes();
    let chosen = contract::named(fields.get("symbol"));
    html! {
        (shell::title("Ticket", &html! { a.btn href="/contracts" { "Find a contract" } }))
        (why)
        div.grid {
            section.card.s6 aria-labelledby="order" { h2 #order { "Order" } (draft::form(signed, fields, errors)) }
            div.stack.s6 {
                section.card aria-labelledby="would" {
                    h2 #would { "What it would do" }
                    div #preview aria-live="polite" { (draft_preview(signed, fields, errors)) }
                }
                @if let Some(chosen) = chosen { @if let Some(quote) = quotes.get(chosen.id) {
                    section.card aria-label={ "Market in " (chosen.symbol) } {
                        header { h2 { span.mono { (chosen.symbol) } " " (chosen.name) } a.small href={ "/contracts/" (chosen.symbol) } { "More" } }
                        (market(quote))
                    }
                } }
            }
        }
    }
}

/// Bid, ask, last.
pub(crate) fn market(quote: &Quote) -> Markup {
    let level = |level: Option<trade::quote::Level>| {
        let Some(level) = level else { return html! { span.dim { "none" } } };
        html! { (figure::price(level.price.price())) span.small.dim { " \u{d7} " (figure::count(level.size)) } }
    };
    html! {
        dl.figs {
            div { dt { "Bid" } dd { (level(quote.bid())) } }
            div { dt { "Ask" } dd { (level(quote.ask())) } }
            div { dt { "Last" } dd { (figure::price(quote.last.price())) } }
            div { dt { "Day's change" } dd { (figure::gain(quote.last.price() - quote.close.price())) } }
        }
    }
}

fn draft_preview(signed: &Signed, fields: &Fields, errors: &Errors) -> Markup {
    if !errors.is_empty() || fields.get("symbol").is_empty() || fields.get("quantity").is_empty() {
        return html! { p.empty { "Choose a contract and a quantity." } };
    }
    match draft::read(signed, fields) {
        Ok(wanted) => match weigh(signed, &wanted) {
            Ok((sheet, _)) => {
                html! { (sheet) p.small.dim { "Nothing is sent before you confirm it on the next page." } }
            }
            Err(why) => html! { (summary(&wanted)) (said(&why)) },
        },
        Err(errors) => {
            html! { ul.says { @for text in errors.values() { li.cannot { span { (text) } } } } }
        }
    }
}

/// Why an order is not taken, with its stable code.
pub(crate) fn said(why: &Refused) -> Markup {
    let who = match why {
        Refused::Refusal(_) => "Refused",
        Refused::Denial(_) => "Denied before the trade",
    };
    let text = refusal::sentence(&why.caller_text());
    html! { div.note.bad role="alert" { b { (who) ": " } (text) " " span.tag.mono { (why.code()) } } }
}

pub(crate) const fn status(why: &Refused) -> StatusCode {
    match why {
        Refused::Refusal(why) => refusal::status(why),
        Refused::Denial(_) => StatusCode::UNPROCESSABLE_ENTITY,
    }
}

/// One line, the same everywhere: `BUY 100 AAPL LMT 231.40 DAY`.
fn summary(wanted: &Wanted) -> Markup {
    let order = &wanted.order;
    html! { p.sum { (order::line(order.side, order.quantity, wanted.contract.symbol, order.order_type, order.tif)) } }
}

/// The order, its checks and what it would bind.
fn weigh(signed: &Signed, wanted: &Wanted) -> Result<(Markup, Option<Large>), Refused> {
    let gate = signed.visit.portal.gate();
    let preview = gate.what_if(&signed.sees, signed.ticket.address, vec![wanted.order.clone()])?;
    let request = OrderRequest::Place(vec![wanted.order.clone()]);
    let large = gate.large_order(&signed.sees, &signed.ticket, &request)?;
    let entitlements = signed.sees.entitlements();
    let sheet = html! {
        (summary(wanted))
        ul.says {
            li.can { span { "This session may place it until " (signed.clock(entitlements.until.min(signed.ticket.until))) "." } }
            li.can { span { "It passes every check before the trade: size, value, price, open orders, buying power." } }
        }
        (draft::sheet(&preview))
        @if let Some(large) = &large { (large_order::note(large)) }
    };
    Ok((sheet, large))
}

/// `POST /ticket/preview`: the page to confirm on, or a fragment while typing.
pub(crate) async fn preview(signed: Signed) -> Reply {
    let fields = &signed.visit.fields;
    if signed.visit.wants == Wants::Fragment {
        let kind = [(header::CONTENT_TYPE, "text/vnd.floorpass.fragment; charset=utf-8")];
        return Ok(
            (kind, draft_preview(&signed, fields, &Errors::new()).into_string()).into_response()
        );
    }
    let wanted = match draft::read(&signed, fields) {
        Ok(wanted) => wanted,
        Err(errors) => {
            let why = refusal::missing("Nothing was sent: see the fields marked below.");
            return Ok(page(
                &signed,
                StatusCode::UNPROCESSABLE_ENTITY,
                &maker(&signed, fields, &errors, &why),
            ));
        }
    };
    confirming(&signed, &wanted, StatusCode::OK, &html! {}).await
}

/// The page to confirm an order on, or why there is none.
async fn confirming(signed: &Signed, wanted: &Wanted, status: StatusCode, why: &Markup) -> Reply {
    match weigh(signed, wanted) {
        Ok((sheet, large)) => {
            let body = confirm(signed, wanted, &sheet, large.as_ref()).await?;
            Ok(page(signed, status, &html! { (why) (body) }))
        }
        Err(why) => refused(signed, why),
    }
}

/// The order that a form of the pages of large orders carries.
pub(crate) fn asked(signed: &Signed, fields: &Fields) -> Option<Asked> {
    draft::read(signed, fields).ok().map(|wanted| wanted.asked())
}

/// The page to confirm the form's order on once more, with the reason.
pub(crate) async fn again(signed: &Signed, status: StatusCode, why: &Markup) -> Reply {
    match draft::read(signed, &signed.visit.fields) {
        Ok(wanted) => confirming(signed, &wanted, status, why).await,
        Err(errors) => Ok(page(signed, status, &maker(signed, &signed.visit.fields, &errors, why))),
    }
}

/// Where an order is shown that was just placed.
pub(crate) fn placed(order: Option<OrderId>) -> String {
    order.map_or_else(|| "/orders".to_owned(), |order| format!("/orders/{order}?placed=1"))
}

/// An order that was refused: the form again with the reason, or first the page that asks for a proof.
fn refused(signed: &Signed, why: Refused) -> Reply {
    match why {
        Refused::Refusal(why) if step_up::helps(&why) => Err(signed.fault(why)),
        why => {
            let form = maker(signed, &signed.visit.fields, &Errors::new(), &said(&why));
            Ok(page(signed, status(&why), &form))
        }
    }
}

/// The second page: the order in full, and the button that sends it.
async fn confirm(
    signed: &Signed,
    wanted: &Wanted,
    sheet: &Markup,
    large: Option<&Large>,
) -> Result<Markup, Fault> {
    let buy = wanted.order.side == trade::order::Side::Buy;
    let key = signed.visit.portal.confirmations().key(
        &signed.form_token(),
        &wanted.canonical(),
        signed.now(),
    );
    let word = if buy { "buy" } else { "sell" };
    let ways = if let Some(large) = large {
        let ways = large_order::ways(signed, &wanted.asked(), large, &key).await?;
        let change = html! { (shell::token(signed)) (wanted.hidden()) button { "Change it" } };
        html! { (ways) form method="post" action="/ticket/edit" { (change) } }
    } else {
        html! {
            form.f method="post" action="/ticket/confirm" {
                (shell::token(signed))
                (wanted.hidden())
                input type="hidden" name="key" value=(key);
                div.row {
                    button.buy[buy].sell[!buy] { "Send the " (word) " order" }
                    button formaction="/ticket/edit" formnovalidate { "Change it" }
                }
            }
        }
    };
    Ok(html! {
        div.narrow { section.card.stack aria-labelledby="confirm" {
            h1 #confirm { "Confirm this order" }
            (sheet)
            (ways)
            p.small.dim { "Prices move until it is sent. Sending twice places it once. Paper account: no real money." }
        } }
    })
}

/// `POST /ticket/edit`: back to the form with what was typed.
pub(crate) async fn edit(signed: Signed) -> Reply {
    Ok(page(
        &signed,
        StatusCode::OK,
        &maker(&signed, &signed.visit.fields, &Errors::new(), &html! {}),
    ))
}

/// `POST /ticket/confirm`: sends it, once however often the button is pressed.
pub(crate) async fn place(signed: Signed) -> Reply {
    let fields = &signed.visit.fields;
    let portal = &signed.visit.portal;
    let wanted = match draft::read(&signed, fields) {
        Ok(wanted) => wanted,
        Err(errors) => {
            let why = refusal::missing("Nothing was sent: see the fields marked below.");
            return Ok(page(
                &signed,
                StatusCode::UNPROCESSABLE_ENTITY,
                &maker(&signed, fields, &errors, &why),
            ));
        }
    };
    let submit = || {
        let request = OrderRequest::Place(vec![wanted.order.clone()]);
        let taken = portal.gate().submit(&signed.admission, signed.ticket.address, request)?;
        Ok(taken.orders().first().map(|order| order.id))
    };
    let (token, content, now) = (signed.form_token(), wanted.canonical(), signed.now());
    match portal.confirmations().once(&token, fields.get("key"), &content, now, submit) {
        Ok(Ok(order)) => {
            portal.gate().flush().await.map_err(|why| signed.fault(why))?;
            Ok(go(&placed(order)))
        }
        // The price has moved, or the threshold: the page says what it takes now.
        Ok(Err(why @ Refused::Denial(Denial::Large { .. }))) => {
            confirming(&signed, &wanted, status(&why), &said(&why)).await
        }
        Ok(Err(why)) => refused(&signed, why),
        Err(stale) => {
            let why = refusal::missing(stale.text());
            Ok(page(&signed, StatusCode::CONFLICT, &maker(&signed, fields, &Errors::new(), &why)))
        }
    }
}
