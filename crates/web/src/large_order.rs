//! Large orders: what one needs besides the press of a button, the page that waits for the phone,
//! and the confirmation given with the order.

use access::{ApprovalId, Secret};
use axum::Json;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use gate::{Admission, Large, OrderRequest, Refused, SessionTicket};
use maud::{Markup, html};
use rust_decimal::Decimal;
use serde_json::json;
use trade::order::{OrderId, Side};
use trade::pretrade::large::ROOM;

use crate::approval::{self, Waiting};
use crate::fault::{Cause, Fault};
use crate::figure;
use crate::form::Fields;
use crate::prompt;
use crate::refusal;
use crate::shell::{self, Tab};
use crate::sign_in::ceremony;
use crate::step_up;
use crate::subject;
use crate::ticket::Before;
use crate::visit::{Signed, go};
use crate::{order, ticket};

type Reply = Result<Response, Fault>;

/// An order or a change of one, as forms carry it from page to page.
pub(crate) struct Asked {
    pub(crate) request: OrderRequest,
    pub(crate) side: Side,
    /// In one line.
    pub(crate) line: Markup,
    /// Its fields, as the forms have them.
    pub(crate) fields: Vec<(&'static str, String)>,
    /// One text for one new order; none of a change.
    pub(crate) canonical: Option<String>,
    /// The order that is changed.
    pub(crate) changes: Option<OrderId>,
}

impl Asked {
    /// Its fields again, with the confirmation that came with it.
    fn hidden(&self, fields: &Fields) -> Markup {
        html! {
            @for (name, value) in &self.fields { input type="hidden" name=(name) value=(value); }
            @if self.canonical.is_some() { input type="hidden" name="key" value=(fields.get("key")); }
        }
    }

    /// `Send the buy order`, `Change the order`.
    fn word(&self) -> String {
        match self.changes {
            Some(_) => "Change the order".to_owned(),
            None => format!("Send the {} order", self.side),
        }
    }
}

/// Reads the order of a form or an address of these pages.
async fn read(signed: &Signed, fields: &Fields) -> Result<Asked, Fault> {
    if fields.has("order") {
        return order::asked(signed, fields.get("order"), fields).await;
    }
    ticket::asked(signed, fields).ok_or_else(|| signed.fault(Cause::Malformed))
}

fn bound(signed: &Signed, fields: &Fields) -> Result<Decimal, Fault> {
    fields.get("bound").parse().map_err(|_| signed.fault(Cause::Malformed))
}

/// That an order is large, and why that matters.
pub(crate) fn note(large: &Large) -> Markup {
    let currency = large.value.currency;
    html! {
        div.note.warm {
            b { "A large order. " }
            (figure::money(large.value.amount, currency)) " " (currency) " is above your threshold of " (figure::money(large.above.amount, currency))
            " " (currency) ", so it is sent only after you approve exactly this order on your phone, or sign in for it."
            @if !large.cost.fixed {
                @let verb = if large.cost.side == Side::Buy { "costs more than" } else { "brings less than" };
                " The price may move by " (ROOM) " % until then: the order is not sent if it " (verb) " " (figure::money(large.cost.bound(), currency)) " " (currency) "."
            }
        }
    }
}

/// The ways to send a large order. `key` is the confirmation of a new one.
pub(crate) async fn ways(
    signed: &Signed,
    asked: &Asked,
    large: &Large,
    key: &str,
) -> Result<Markup, Fault> {
    let phones = signed.visit.portal.gate().approvals().phones(&signed.ticket).await;
    let phones = phones.map_err(|why| signed.fault(why))?;
    let phone = phones.iter().any(|one| one.confirmed && one.id != signed.ticket.device);
    let bound = large.cost.bound();
    let hidden = html! {
        (shell::token(signed))
        @for (name, value) in &asked.fields { input type="hidden" name=(name) value=(value); }
        @if asked.canonical.is_some() { input type="hidden" name="key" value=(key); }
    };
    let proof = html! { (hidden) input type="hidden" name="bound" value=(bound); };
    let class = if asked.side == Side::Buy { "buy wide" } else { "sell wide" };
    let by_code = html! {
        form.f method="post" action="/large-orders/prove" {
            (proof)
            (step_up::inputs())
            button class=(if phone { "wide" } else { class }) { (asked.word()) }
        }
    };
    let by_passkey = html! {
        form data-passkey="sign-in" method="post" action="/large-orders/passkey" hidden {
            (proof)
            button.wide { "Use a passkey and " (asked.word().to_lowercase()) }
            p.err role="status" {}
        }
    };
    Ok(html! {
        @if !signed.ticket.is_bound() {
            form.f method="post" action="/large-orders/prove" { (proof) button class=(class) { (asked.word()) } }
            p.small.dim { "You confirm it's you on the next page." }
        } @else {
            // One way is offered first; the others open from a line of their own.
            @if phone {
                form method="post" action="/large-orders/ask" { (hidden) button.main.wide { "Ask my phone" } }
                details {
                    summary.small { "Confirm it here instead" }
                    div.stack { (by_passkey) (by_code) }
                }
            } @else {
                (by_code)
                (by_passkey)
            }
        }
    })
}

/// `POST /large-orders/ask`
pub(crate) async fn ask(signed: Signed) -> Reply {
    let fields = &signed.visit.fields;
    let asked = read(&signed, fields).await?;
    let gate = signed.visit.portal.gate();
    match gate.large_orders().ask(&signed.ticket, &signed.admission, &asked.request).await {
        Ok(Some(done)) => {
            let mut query = url::form_urlencoded::Serializer::new(String::new());
            query.extend_pairs(&asked.fields).append_pair("key", fields.get("key"));
            query.append_pair("bound", &done.bound.to_string());
            Ok(go(&format!("/large-orders/{}?{}", done.approval, query.finish())))
        }
        // Not large any more: its page has the plain button.
        Ok(None) => again(&signed, &asked, StatusCode::OK, &html! {}).await,
        Err(why) => refused(&signed, &asked, why).await,
    }
}

/// `GET /large-orders/{approval}`: waits for the phone.
pub(crate) async fn wait(Path(id): Path<String>, signed: Signed) -> Reply {
    let approval: ApprovalId = id.parse().map_err(|_| signed.fault(Cause::Missing))?;
    let query = &signed.visit.query;
    let (asked, bound) = (read(&signed, query).await?, bound(&signed, query)?);
    let gate = signed.visit.portal.gate();
    let state = gate.large_orders().approval(&signed.ticket, approval).await;
    let state = state.map_err(|why| signed.fault(why))?;
    let hidden = html! {
        (shell::token(&signed)) (asked.hidden(query))
        input type="hidden" name="bound" value=(bound);
    };
    let act = format!("/large-orders/{approval}");
    let (body, looks) = approval::waiting(
        &state,
        &Waiting {
            title: "A large order",
            what: &html! { p.sum { (asked.line) } },
            who: &prompt::line(&signed.visit, Some(&signed.ticket.username)),
            act: &act,
            word: &asked.word(),
            again: "/large-orders/ask",
            hidden: &hidden,
            ways: &html! {},
        },
    );
    let body = html! { div.narrow { div.card.stack { (body) (back(&asked, &hidden)) } } };
    let page = shell::page(&signed, Tab::Trade, "A large order", &body);
    Ok(approval::look_again(page, looks))
}

/// Back to the page of the order, which has the other ways.
fn back(asked: &Asked, hidden: &Markup) -> Markup {
    html! {
        @match asked.changes {
            Some(order) => p.small { a href={ "/orders/" (order) } { "Back to the order" } },
            None => form method="post" action="/ticket/preview" { (hidden) button.mini { "Back to the order" } },
        }
    }
}

/// `POST /large-orders/{approval}`: the phone said yes.
pub(crate) async fn approved(Path(id): Path<String>, signed: Signed) -> Reply {
    let approval = id.parse().map_err(|_| signed.fault(Cause::Missing))?;
    let asked = read(&signed, &signed.visit.fields).await?;
    match place(&signed, &asked, (&signed.ticket, &signed.admission), Some(approval)).await? {
        Ok(path) => Ok(go(&path)),
        Err(why) => refused(&signed, &asked, why).await,
    }
}

/// `POST /large-orders/prove`: what else could refuse the order is checked before its code is used up.
pub(crate) async fn prove(signed: Signed) -> Reply {
    let fields = &signed.visit.fields;
    let (asked, bound) = (read(&signed, fields).await?, bound(&signed, fields)?);
    if let Some(path) = sent_before(&signed, &asked)? {
        return Ok(go(&path));
    }
    let gate = signed.visit.portal.gate();
    let foreseen = gate.step_ups().foresee(&signed.ticket).await;
    let foreseen = foreseen.map_err(|why| signed.fault(why))?;
    let order = (&asked.request, bound);
    if let Err(why) = gate.large_orders().check(&foreseen, &signed.ticket, order) {
        return refused(&signed, &asked, why).await;
    }
    let (ticket, admission) = signed.prove().await?;
    match place(&signed, &asked, (&ticket, &admission), None).await? {
        Ok(path) => Ok(go(&path)),
        Err(why) => refused(&signed, &asked, why).await,
    }
}

/// `POST /large-orders/passkey/start`, for the script.
pub(crate) async fn start(signed: Signed) -> Reply {
    let fields = &signed.visit.fields;
    let (asked, bound) = (read(&signed, fields).await?, bound(&signed, fields)?);
    let gate = signed.visit.portal.gate();
    let may = gate.large_orders().of(&signed.admission, &signed.ticket, &asked.request);
    may.map_err(|why| unsent(&signed, why))?;
    let begun = gate.large_orders().passkey_start(&signed.ticket, &asked.request, bound);
    ceremony(&signed.visit, &begun.map_err(|why| signed.fault(why))?)
}

/// `POST /large-orders/passkey/finish`, for the script.
pub(crate) async fn finish(signed: Signed) -> Reply {
    let fields = &signed.visit.fields;
    let (asked, bound) = (read(&signed, fields).await?, bound(&signed, fields)?);
    let ceremony = Secret::from_text(fields.get("ceremony").to_owned());
    let gate = signed.visit.portal.gate();
    let order = (&asked.request, bound);
    let answer = fields.raw("credential");
    let proven = gate.large_orders().passkey_finish(&signed.ticket, order, &ceremony, answer).await;
    let (ticket, reissued) = proven.map_err(|why| signed.fault(why))?;
    signed.visit.reissue(&reissued);
    let admission = gate.step_ups().foresee(&ticket).await.map_err(|why| signed.fault(why))?;
    let path = place(&signed, &asked, (&ticket, &admission), None).await?;
    Ok(Json(json!({ "go": path.map_err(|why| unsent(&signed, why))? })).into_response())
}

/// What the script says of an order that was not sent.
fn unsent(signed: &Signed, why: Refused) -> Fault {
    match why {
        Refused::Refusal(why) => signed.fault(why),
        denied @ Refused::Denial(_) => {
            let text = refusal::sentence(&denied.caller_text());
            signed.fault(Cause::Unsent(ticket::status(&denied), text))
        }
    }
}

/// The path of the order that this form has already become, if it has; a confirmation that is over is a fault.
fn sent_before(signed: &Signed, asked: &Asked) -> Result<Option<String>, Fault> {
    let Some(content) = &asked.canonical else { return Ok(None) };
    let (key, confirmations) =
        (signed.visit.fields.get("key"), signed.visit.portal.confirmations());
    match confirmations.placed(&signed.form_token(), key, content, signed.now()) {
        Ok(Before::Unused) => Ok(None),
        Ok(Before::Placed(order)) => Ok(Some(ticket::placed(order))),
        Err(stale) => {
            let cause = Cause::Unsent(StatusCode::CONFLICT, stale.text().to_owned());
            Err(signed.fault(cause))
        }
    }
}

/// Sends it, once: the path of the order that it became.
async fn place(
    signed: &Signed,
    asked: &Asked,
    (session, admission): (&SessionTicket, &Admission),
    approval: Option<ApprovalId>,
) -> Result<Result<String, Refused>, Fault> {
    if let Some(path) = sent_before(signed, asked)? {
        return Ok(Ok(path));
    }
    let (fields, portal) = (&signed.visit.fields, &signed.visit.portal);
    let (gate, now) = (portal.gate(), signed.now());
    let key = fields.get("key");
    let order = (asked.request.clone(), bound(signed, fields)?);
    let taken = match gate.large_orders().submit(session, admission, order, approval).await {
        Ok(taken) => taken,
        Err(why) => return Ok(Err(why)),
    };
    let order = taken.orders().first().map(|order| order.id);
    portal.confirmations().note(key, now, order);
    gate.orders().flush().await.map_err(|why| signed.fault(why))?;
    Ok(Ok(match asked.changes {
        Some(order) => format!("/orders/{order}?modified=1"),
        None => ticket::placed(order),
    }))
}

/// An order that was not sent: its page again, with the reason and what it takes now.
async fn refused(signed: &Signed, asked: &Asked, why: Refused) -> Reply {
    match why {
        Refused::Refusal(why) if refusal::wants_proof(&why) => Err(signed.fault(why)),
        why => again(signed, asked, ticket::status(&why), &ticket::said(&why)).await,
    }
}

async fn again(signed: &Signed, asked: &Asked, status: StatusCode, why: &Markup) -> Reply {
    match asked.changes {
        Some(_) => change(signed, asked, status, why).await,
        None => ticket::again(signed, status, why).await,
    }
}

/// The page of a change that makes its order large.
pub(crate) async fn change(
    signed: &Signed,
    asked: &Asked,
    status: StatusCode,
    why: &Markup,
) -> Reply {
    let gate = signed.visit.portal.gate();
    let back = html! { p.small { @if let Some(order) = asked.changes { a href={ "/orders/" (order) } { "Leave the order as it is" } } } };
    let ways = match gate.large_orders().of(&signed.sees, &signed.ticket, &asked.request) {
        Ok(Some(large)) => html! { (note(&large)) (ways(signed, asked, &large, "").await?) },
        Ok(None) => refusal::missing(
            "This change does not make it a large order. Send it from the order's page.",
        ),
        Err(why) => ticket::said(&why),
    };
    let body = html! {
        (why)
        div.narrow { section.card.stack aria-labelledby="change" {
            h1 #change { "Confirm this change" }
            (subject::line(signed))
            p.sum { (asked.line) }
            (ways) (back)
        } }
    };
    let page = shell::page(signed, Tab::Orders, "Confirm this change", &body);
    Ok((status, page).into_response())
}
