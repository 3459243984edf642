//! The ticket: what is wanted, what it would do, and one press that does it once.

mod confirmation;
mod draft;

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use gate::{Large, Refused, View};
use maud::{Markup, html};
use rust_decimal::Decimal;
use trade::instrument::{Instrument, Instruments, Product};
use trade::order::{OrderId, OrderType, Side};
use trade::price::Ticks;
use trade::quote::{Level, Quote};

pub(crate) use self::confirmation::{Before, Confirmations, Stale};
use self::draft::Wanted;
pub(crate) use self::draft::{TYPES, order_type, shares};
use crate::contract;
use crate::fault::{Fault, Wants};
use crate::field::Errors;
use crate::figure;
use crate::form::Fields;
use crate::large_order::{self, Asked};
use crate::refusal;
use crate::shell::{self, Tab};
use crate::subject;
use crate::visit::{Signed, go};

type Reply = Result<Response, Fault>;

/// `GET /ticket`
pub(crate) async fn show(signed: Signed) -> Reply {
    let fields = draft::prefilled(&signed.visit.query);
    form(&signed, StatusCode::OK, (&fields, &Errors::new()), &html! {}).await
}

/// The page with the form.
async fn form(
    signed: &Signed,
    status: StatusCode,
    typed: (&Fields, &Errors),
    why: &Markup,
) -> Reply {
    let view = signed.view().await?;
    Ok(page(signed, status, &maker(signed, &view, typed, why)))
}

/// The same with what is wrong with it.
async fn unread(signed: &Signed, errors: &Errors) -> Reply {
    let why = refusal::missing("Nothing was sent: see the fields marked below.");
    form(signed, StatusCode::UNPROCESSABLE_ENTITY, (&signed.visit.fields, errors), &why).await
}

fn page(signed: &Signed, status: StatusCode, body: &Markup) -> Response {
    (status, shell::page(signed, Tab::Trade, "Ticket", body)).into_response()
}

/// The form; beside it the market and what the order would do.
fn maker(
    signed: &Signed,
    view: &View,
    (fields, errors): (&Fields, &Errors),
    why: &Markup,
) -> Markup {
    let chosen = contract::named(signed, fields.get("symbol"));
    let stream = chosen.map(|chosen| format!("/events?market={}", chosen.key()));
    let closed = subject::closed(signed).is_some();
    html! {
        (shell::title("Ticket", &html! { a.btn href="/contracts" { "Find a contract" } }))
        (shell::view_only(signed))
        (why)
        div.grid {
            section.card.s6 aria-labelledby="order" {
                h2 #order { "Order" }
                @if closed { p { "Account " span.mono { (signed.ticket.account) } " is closed, so no order can be placed on it." } }
                @else { (draft::form(signed, fields, errors)) }
            }
            div.stack.s6 {
                section.card aria-labelledby="market" {
                    header { h2 #market { "Market" } (figure::live(signed.now())) }
                    div #quote data-live=[stream] {
                        @match chosen { Some(chosen) => (market_now(signed, view, chosen)), None => p.empty { "Choose a symbol to see its prices and your position." } }
                    }
                }
                @if !closed {
                    section.card aria-labelledby="would" {
                        h2 #would { "What it would do" }
                        div #preview aria-live="polite" { (draft_preview(signed, fields, errors)) }
                    }
                }
            }
        }
    }
}

/// A contract's prices, to take one into the ticket, and what is held of it; also sent live.
pub(crate) fn market_now(signed: &Signed, view: &View, chosen: &Instrument) -> Markup {
    let quote = signed.visit.portal.gate().markets().quote(chosen.id);
    let Some(quote) = quote.as_ref() else { return html! { p.empty { "No quote." } } };
    let side = |word: &'static str, level: Option<Level>| {
        let Some(level) = level else { return html! { span.dim { "none" } } };
        let price = quote.price(level.price);
        html! {
            button.take id={ "take-" (word) } form="ticket" formaction="/ticket/edit" formnovalidate name="take" value=(price) aria-label={ "Take the " (word) " of " (price) " as the price" } { (figure::price(price)) }
            span.sub { (figure::quantity(quote.quantity(level.size))) (units(chosen)) }
        }
    };
    let held = view.position(chosen.id).filter(|held| held.position.shares != 0);
    html! {
        p { b.mono { (chosen.title()) } " " (chosen.name) " " a.small href={ "/contracts/" (chosen.key()) } { "Chart and depth" } }
        dl.figs.quote {
            div { dt { "Bid" } dd { (side("bid", quote.bid())) } }
            div { dt { "Ask" } dd { (side("ask", quote.ask())) } }
            div { dt { "Last" } dd { span data-k="last" { (figure::price(quote.price(quote.last))) } span.sub { (figure::moved(quote.price(quote.last) - quote.price(quote.close))) " today" } } }
            div { dt { "Position" } @match held {
                Some(held) => dd { (figure::quantity(held.quantity())) span.sub { "at " (figure::average(held.average_cost(), chosen.price_places())) } },
                None => dd { "0" span.sub { "none held" } },
            } }
        }
        @if !quote.open_now { p.small.dim { "The market is closed; it opens at " (figure::time(view.next_open)) " UTC." } }
    }
}

/// What a quantity of it counts.
fn units(contract: &Instrument) -> &'static str {
    match contract.product() {
        Some(Product::Stock | Product::Fund) => " shares",
        Some(Product::Option | Product::Future | Product::Forecast) => " contracts",
        Some(Product::Bond) => " units",
        _ => "",
    }
}

/// Bid, ask, last.
pub(crate) fn market(quote: &Quote) -> Markup {
    let level = |level: Option<trade::quote::Level>| {
        let Some(level) = level else { return html! { span.dim { "none" } } };
        html! { (figure::price(quote.price(level.price))) span.small.dim { " \u{d7} " (figure::quantity(quote.quantity(level.size))) } }
    };
    // Of what has no day before this one nothing has changed that anybody could tell.
    let before = (quote.close.0 != 0).then(|| quote.price(quote.close));
    html! {
        dl.figs.pair {
            div { dt { "Bid" } dd { (level(quote.bid())) } }
            div { dt { "Ask" } dd { (level(quote.ask())) } }
            div { dt { "Last" } dd { (figure::price(quote.price(quote.last))) } }
            div { dt { "Day's change" } dd { @match before { Some(before) => (figure::moved(quote.price(quote.last) - before)), None => span.dim { "none" } } } }
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
                html! { (sheet) p.small.dim { "Nothing is sent until you confirm on the next page." } }
            }
            Err(why) => html! { (summary(contract::known(signed), &wanted)) (said(&why)) },
        },
        Err(errors) => {
            html! { ul.says { @for text in errors.values() { li.cannot { span { (text) } } } } }
        }
    }
}

/// What an order would do at once that nobody would guess from its terms.
pub(crate) fn warning(side: Side, order_type: OrderType, quote: &Quote) -> Markup {
    let price = |ticks: Ticks| figure::price(quote.price(ticks));
    let (bid, ask) = (quote.bid().map(|level| level.price), quote.ask().map(|level| level.price));
    let reached = order_type.trigger().filter(|trigger| match side {
        Side::Buy => quote.last >= *trigger,
        Side::Sell => quote.last <= *trigger,
    });
    let crosses = match (side, order_type.limit(), order_type.trigger()) {
        (Side::Buy, Some(limit), None) => ask.filter(|ask| limit >= *ask),
        (Side::Sell, Some(limit), None) => bid.filter(|bid| limit <= *bid),
        _ => None,
    };
    html! {
        @if reached.is_some() {
            div.note.warm role="status" { b { "It would trigger at once. " } "The last price is " (price(quote.last)) ", which has reached the stop price." }
        }
        @if let Some(at) = crosses {
            div.note.warm role="status" { b { "It would trade at once, " } "since " @if side == Side::Buy { "the ask is " } @else { "the bid is " } (price(at)) "." }
        }
    }
}

/// A button to the confirmation of a market order that closes a position and does no more; none without one.
pub(crate) fn close(signed: &Signed, symbol: &str, held: Decimal, key: Option<&str>) -> Markup {
    // A forecast is given up by buying its other outcome.
    let other = contract::named(signed, symbol).and_then(Instrument::other_side);
    let other = other.and_then(|id| contract::known(signed).get(id)).map(Instrument::key);
    let side = if held > Decimal::ZERO && other.is_none() { "sell" } else { "buy" };
    let traded = other.as_deref().unwrap_or(symbol);
    html! {
        @if !held.is_zero() {
            form method="post" action="/ticket/preview" {
                (shell::token(signed))
                @for (name, value) in [("symbol", traded), ("side", side), ("type", "MKT"), ("tif", "DAY"), ("reduce", "1")] { input type="hidden" name=(name) value=(value); }
                input type="hidden" name="quantity" value=(held.abs().normalize());
                button.mini[key.is_none()] data-key=[key] aria-label={ "Close the position in " (symbol) } { "Close" }
            }
        }
    }
}

/// Why an order is not taken, with its stable code.
pub(crate) fn said(why: &Refused) -> Markup {
    let who = match why {
        Refused::Refusal(_) => "Refused",
        Refused::Denial(_) => "Would be refused",
    };
    let text = match why {
        Refused::Refusal(why) => refusal::said(why),
        Refused::Denial(why) => {
            html! { (refusal::sentence(&why.caller_text())) " " span.tag.mono { (why.code()) } }
        }
    };
    html! { div.note.bad role="alert" { b { (who) ": " } (text) } }
}

pub(crate) const fn status(why: &Refused) -> StatusCode {
    match why {
        Refused::Refusal(why) => refusal::status(why),
        Refused::Denial(_) => StatusCode::UNPROCESSABLE_ENTITY,
    }
}

/// One line, the same everywhere: `BUY 100 AAPL LMT 231.40 DAY`.
fn summary(known: &Instruments, wanted: &Wanted<'_>) -> Markup {
    html! { p.sum { (wanted.lines(known)) } }
}

/// Exits that stay when a position is closed at the market, and would then open one the other way.
fn left_open(signed: &Signed, wanted: &Wanted<'_>) -> Markup {
    let order = &wanted.order;
    let resting = signed.visit.portal.gate().orders().resting(
        signed.ticket.account,
        order.symbol,
        order.side,
    );
    let (verb, word) = match order.side {
        Side::Sell => ("sell", "short"),
        Side::Buy => ("buy", "long"),
    };
    html! {
        @if resting > 0 && order.order_type == OrderType::Market {
            div.note.warm role="status" {
                b { "Open orders stay. " } "They " (verb) " " (contract::quantity(contract::known(signed), order.symbol, resting)) " more shares, which could leave you " (word) ": "
                a href={ "/orders?show=open&symbol=" (wanted.contract.key()) } { "see them" } "."
            }
        }
    }
}

/// Exits that a lock for all but reducing lets nobody keep beside an order that closes the position.
fn cancelled_first(exits: &[OrderId]) -> Markup {
    html! {
        div.note.warm role="status" {
            b { "This cancels " @if let [_] = exits { "an open exit" } @else { "open exits" } " first. " }
            "Once the position is closed, " @if let [_] = exits { "it" } @else { "they" } " could open a new one, and for now this session may only reduce: "
            @for (at, id) in exits.iter().enumerate() { @if at > 0 { ", " } a href={ "/orders/" (id) } { "order " (id) } } "."
        }
    }
}

/// The order, its checks and what it would bind.
fn weigh(signed: &Signed, wanted: &Wanted<'_>) -> Result<(Markup, Option<Large>), Refused> {
    let gate = signed.visit.portal.gate();
    let (preview, exits) =
        gate.orders().preview(&signed.sees, signed.ticket.address, wanted.request())?;
    let large = gate.large_orders().of(&signed.sees, &signed.ticket, &wanted.request())?;
    let entitlements = signed.sees.entitlements();
    let sheet = html! {
        (summary(contract::known(signed), wanted))
        ul.says {
            @if signed.ticket.is_bound() {
                li.can { span { "This session can place it until " (signed.clock(entitlements.until.min(signed.ticket.until))) "." } }
            } @else {
                li.cannot { span { "This session is view-only, since it is not bound to this browser: placing it needs a sign-in for this one action." } }
            }
            li.can { span { "It passes every pre-trade check: size, value, price, open orders, buying power." } }
        }
        (draft::sheet(&preview))
        @if let Some(quote) = gate.markets().quote(wanted.contract.id) { (warning(wanted.order.side, wanted.order.order_type, &quote)) }
        @if !exits.is_empty() { (cancelled_first(&exits)) } @else if wanted.reduces { (left_open(signed, wanted)) }
        @if let Some(large) = &large { (large_order::note(large)) }
    };
    Ok((sheet, large))
}

/// `POST /ticket/preview`: the page to confirm on, or a fragment while typing.
pub(crate) async fn preview(signed: Signed) -> Reply {
    let fields = &signed.visit.fields;
    if signed.visit.wants == Wants::Fragment {
        let kind = [(header::CONTENT_TYPE, "text/vnd.floorpass.fragment; charset=utf-8")];
        let found = draft_preview(&signed, fields, &Errors::new());
        let found = subject::addressed(subject::named(&signed.ticket), found);
        return Ok((kind, found.into_string()).into_response());
    }
    let wanted = match draft::read(&signed, fields) {
        Ok(wanted) => wanted,
        Err(errors) => return unread(&signed, &errors).await,
    };
    confirming(&signed, &wanted, StatusCode::OK, &html! {}).await
}

/// The page to confirm an order on, or why there is none.
async fn confirming(
    signed: &Signed,
    wanted: &Wanted<'_>,
    status: StatusCode,
    why: &Markup,
) -> Reply {
    match weigh(signed, wanted) {
        Ok((sheet, large)) => {
            let body = confirm(signed, wanted, &sheet, large.as_ref()).await?;
            Ok(page(signed, status, &html! { (why) (body) }))
        }
        Err(why) => refused(signed, why).await,
    }
}

/// The order that a form of the pages of large orders carries.
pub(crate) fn asked(signed: &Signed, fields: &Fields) -> Option<Asked> {
    draft::read(signed, fields).ok().map(|wanted| wanted.asked(contract::known(signed)))
}

/// The page to confirm the form's order on once more, with the reason.
pub(crate) async fn again(signed: &Signed, status: StatusCode, why: &Markup) -> Reply {
    match draft::read(signed, &signed.visit.fields) {
        Ok(wanted) => confirming(signed, &wanted, status, why).await,
        Err(errors) => form(signed, status, (&signed.visit.fields, &errors), why).await,
    }
}

/// Where an order is shown that was just placed.
pub(crate) fn placed(order: Option<OrderId>) -> String {
    order.map_or_else(|| "/orders".to_owned(), |order| format!("/orders/{order}?placed=1"))
}

/// An order that was refused: the form again with the reason, or first the page that asks for a proof.
async fn refused(signed: &Signed, why: Refused) -> Reply {
    match why {
        Refused::Refusal(why) if refusal::wants_proof(&why) => Err(signed.fault(why)),
        why => {
            let typed = (&signed.visit.fields, &Errors::new());
            form(signed, status(&why), typed, &said(&why)).await
        }
    }
}

/// The second page: the order in full, and the button that sends it.
async fn confirm(
    signed: &Signed,
    wanted: &Wanted<'_>,
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
        let ways =
            large_order::ways(signed, &wanted.asked(contract::known(signed)), large, &key).await?;
        let change = html! { (shell::token(signed)) (wanted.hidden()) button { "Change it" } };
        html! { (ways) form method="post" action="/ticket/edit" { (change) } }
    } else {
        html! {
            form.f method="post" action="/ticket/confirm" {
                (shell::token(signed))
                (wanted.hidden())
                input type="hidden" name="key" value=(key);
                div.row {
                    button.buy[buy].sell[!buy] data-lock-stops { "Send the " (word) " order" }
                    button formaction="/ticket/edit" formnovalidate { "Change it" }
                }
            }
        }
    };
    Ok(html! {
        div.narrow { section.card.stack aria-labelledby="confirm" {
            h1 #confirm { "Confirm this order" }
            (subject::line(signed))
            (sheet)
            (ways)
            p.small.dim { "Prices can move until you send it. If you send it twice, it is placed once. Paper account: no real money." }
        } }
    })
}

/// `POST /ticket/edit`: back to the form with what was typed, and with a price that was taken from the market.
pub(crate) async fn edit(signed: Signed) -> Reply {
    let fields = &signed.visit.fields;
    let fields = match fields.get("take") {
        "" => fields.clone(),
        price => draft::with_price(fields, price),
    };
    form(&signed, StatusCode::OK, (&fields, &Errors::new()), &html! {}).await
}

/// `POST /ticket/confirm`: sends it, once however often the button is pressed.
pub(crate) async fn place(signed: Signed) -> Reply {
    let fields = &signed.visit.fields;
    let portal = &signed.visit.portal;
    let wanted = match draft::read(&signed, fields) {
        Ok(wanted) => wanted,
        Err(errors) => return unread(&signed, &errors).await,
    };
    let submit = || {
        let taken = portal.gate().orders().submit(
            &signed.admission,
            signed.ticket.address,
            wanted.request(),
        )?;
        Ok(taken.orders().first().map(|order| order.id))
    };
    let (token, content, now) = (signed.form_token(), wanted.canonical(), signed.now());
    match portal.confirmations().once(&token, fields.get("key"), &content, now, submit) {
        Ok(Ok(order)) => {
            portal.gate().orders().flush().await.map_err(|why| signed.fault(why))?;
            Ok(go(&placed(order)))
        }
        // The price has moved, or the threshold: the page says what it takes now.
        Ok(Err(Refused::Denial(denied))) if denied.is_large() => {
            let why = Refused::Denial(denied);
            confirming(&signed, &wanted, status(&why), &said(&why)).await
        }
        Ok(Err(why)) => refused(&signed, why).await,
        Err(stale) => {
            let why = refusal::missing(stale.text());
            form(&signed, StatusCode::CONFLICT, (fields, &Errors::new()), &why).await
        }
    }
}
