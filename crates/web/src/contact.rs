//! Contact: the mail address that codes and messages go to, and a phone number as text.

use access::Refusal;
use access::refusal::Field as Input;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use gate::{AskedMail, ContactInfo};
use maud::{Markup, html};

use crate::fault::Fault;
use crate::field::{Errors, Field};
use crate::figure;
use crate::prompt;
use crate::refusal;
use crate::shell::{self, Tab};
use crate::sign_in::{code_field, typed_code};
use crate::visit::{Signed, go};

type Reply = Result<Response, Fault>;

/// `GET /contact`
pub(crate) async fn show(signed: Signed) -> Reply {
    page(&signed, None).await
}

async fn page(signed: &Signed, why: Option<&Refusal>) -> Reply {
    let gate = signed.visit.portal.gate();
    let info = gate.contacts().own(&signed.ticket).await.map_err(|why| signed.fault(why))?;
    let query = &signed.visit.query;
    let errors = refusal::errors(why, &[(Input::Mail, "address"), (Input::Phone, "number")]);
    let body = html! {
        (shell::rooms(signed, "/contact"))
        (shell::title("Contact", &html! {}))
        @if let Some(why) = why { (refusal::above(why, &errors)) }
        @if query.has("sent") { div.note.good role="status" { "We sent a code to the new address. Type it here, in this session." } }
        @if query.has("verified") { div.note.good role="status" { "The address is verified. Codes and messages go there now; the old address has been notified and gets security messages for 7 more days." } }
        @if query.has("removed") { div.note.good role="status" { "Removed. The address gets security messages for 7 more days." } }
        @if query.has("phone") { div.note.good role="status" { "Phone number changed." } }
        div.grid {
            section.card.s7 aria-labelledby="mail" { h2 #mail { "Mail address" } (mail(signed, &info, &errors)) }
            section.card.s5 aria-labelledby="phone-title" { h2 #phone-title { "Phone number" } (phone(signed, &info, &errors)) }
        }
    };
    let status = why.map_or(StatusCode::OK, refusal::status);
    Ok((status, shell::page(signed, Tab::Access, "Contact", &body)).into_response())
}

fn mail(signed: &Signed, info: &ContactInfo, errors: &Errors) -> Markup {
    html! {
        dl.pairs {
            div { dt { "Verified" } dd { @match &info.mail {
                Some((address, since)) => { (address) span.sub { "since " (figure::time(*since)) } },
                None if signed.visit.portal.config().demo => "none: codes for a new browser go to the demo's outbox",
                None => "none: only the operator can give you codes for a new browser",
            } } }
            @for (address, until) in &info.former {
                div { dt { "Former" } dd { (address) span.sub { "gets security messages until " (figure::time(*until)) } } }
            }
        }
        @match &info.asked {
            Some(asked) if asked.here => (code_form(signed, asked, "/contact/mail")),
            Some(asked) => p.note { (asked.address) " is waiting for its code in another session, and it can only be typed there." },
            None => {},
        }
        // Where a code is waiting, the page's own button is the one that takes it.
        @let waits = info.asked.as_ref().is_some_and(|asked| asked.here);
        form.f method="post" action="/contact/mail" {
            (shell::token(signed))
            (Field { name: "address", label: if info.mail.is_some() { "New address" } else { "Address" }, mode: "email", required: true,
                value: signed.visit.fields.get("address"), error: errors.get("address").map(String::as_str),
                help: "We send a code there. The change takes effect when you type the code here; your current address is notified.", ..Field::default() })
            button.main[!waits] { "Send a code" }
        }
        @if info.mail.is_some() {
            form method="post" action="/contact/mail/remove" { (shell::token(signed)) button.mini { "Remove the address" } }
        }
        p.small.dim { "You can change it within 15 minutes of signing in." }
    }
}

/// The form for a code that was asked for in this session; what is under `path` takes it.
pub(crate) fn code_form(signed: &Signed, asked: &AskedMail, path: &str) -> Markup {
    html! {
        (prompt::line(&signed.visit, Some(&signed.ticket.username)))
        form.f method="post" action={ (path) "/confirm" } {
            (shell::token(signed))
            (code_field(&format!("Code sent to {}", asked.address)))
            p.help { "It works until " (signed.clock(asked.until)) " and only in this session. Tries left: " (asked.tries_left) "." }
            button.main { "Verify" }
        }
        form method="post" action={ (path) "/resend" } { (shell::token(signed)) button.mini { "Send another code" } }
    }
}

fn phone(signed: &Signed, info: &ContactInfo, errors: &Errors) -> Markup {
    let typed = errors.get("number").map(|_| signed.visit.fields.get("number"));
    let number = info.phone.as_ref().map_or("", |(number, _)| number.as_str());
    let number = typed.unwrap_or(number);
    html! {
        form.f method="post" action="/contact/phone" {
            (shell::token(signed))
            (Field { name: "number", label: "Number", value: number, mode: "tel",
                error: errors.get("number").map(String::as_str),
                help: "For people who know you. We never send codes there, because a number can be taken over. Leave empty to remove it.", ..Field::default() })
            button { "Save" }
        }
    }
}

async fn then(signed: &Signed, done: Result<(), Refusal>, path: &str) -> Reply {
    match done {
        Ok(()) => Ok(go(path)),
        Err(why) => page(signed, Some(&why)).await,
    }
}

/// `POST /contact/mail`: sends a code to a new address.
pub(crate) async fn set(signed: Signed) -> Reply {
    let address = signed.visit.fields.get("address");
    let done = signed.visit.portal.gate().contacts().set_mail(&signed.ticket, address).await;
    then(&signed, done, "/contact?sent=1").await
}

/// `POST /contact/mail/confirm`: the code.
pub(crate) async fn confirm(signed: Signed) -> Reply {
    let code = typed_code(&signed.visit);
    let done = signed.visit.portal.gate().contacts().confirm_mail(&signed.ticket, &code).await;
    then(&signed, done, "/contact?verified=1").await
}

/// `POST /contact/mail/resend`
pub(crate) async fn resend(signed: Signed) -> Reply {
    let done = signed.visit.portal.gate().contacts().resend_mail_code(&signed.ticket).await;
    then(&signed, done, "/contact?sent=1").await
}

/// `POST /contact/mail/remove`
pub(crate) async fn remove(signed: Signed) -> Reply {
    let done = signed.visit.portal.gate().contacts().remove_mail(&signed.ticket).await;
    then(&signed, done, "/contact?removed=1").await
}

/// `POST /contact/phone`
pub(crate) async fn phone_number(signed: Signed) -> Reply {
    let number = signed.visit.fields.get("number");
    let done = signed.visit.portal.gate().contacts().set_phone(&signed.ticket, number).await;
    then(&signed, done, "/contact?phone=1").await
}
