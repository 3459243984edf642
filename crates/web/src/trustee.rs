//! Recovery contacts: the people whom a person named, and those who named them.

use access::approval::Say;
use access::refusal::{ChangeRefusal, SessionRefusal};
use access::{PersonId, RecoveryId, Refusal, TrusteeId};
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use gate::{HelpAsked, Helping, TrusteeInfo};
use maud::{Markup, html};

use crate::fault::{Cause, Fault};
use crate::field::{Errors, Field};
use crate::figure;
use crate::refusal;
use crate::shell::{self, Tab};
use crate::visit::{Signed, go};

type Reply = Result<Response, Fault>;

/// The contacts of the person, on their recovery page.
pub(crate) fn card(signed: &Signed, trustees: &[TrusteeInfo], wrong: Option<&str>) -> Markup {
    html! {
        section.card aria-labelledby="contacts" {
            h2 #contacts { "Recovery contacts" }
            p { "Up to five people on this server who know your voice. To recover, you call them and read each a number; as many yeses as you chose let you in at once." }
            @if trustees.is_empty() { p.empty { "You have not named anybody." } } @else {
                table.flip {
                    thead { tr { th { "Name" } th { "State" } th { span.sr { "Act" } } } }
                    tbody { @for one in trustees {
                        tr {
                            td.key { (one.username) }
                            td data-l="State" { @match one.agreed_at {
                                Some(at) => { "agrees since " (figure::time(at)) },
                                None => { "has not accepted yet" span.sub { "named " (figure::time(one.named_at)) } },
                            } }
                            td { form method="post" action={ "/recovery/trustees/" (one.id) "/remove" } {
                                (shell::token(signed))
                                button.mini aria-label={ "Remove " (one.username) } { "Remove" }
                            } }
                        }
                    } }
                }
            }
            form.f method="post" action="/recovery/trustees" {
                (shell::token(signed))
                (Field { name: "username", label: "User name", required: true, error: wrong,
                    value: wrong.map_or("", |_| signed.visit.fields.get("username")), help: "They accept on their own page. We do not say whether the name exists.", ..Field::default() })
                button { "Name a contact" }
            }
            p.small { a href="/recovery/contacts" { "People who named you" } }
        }
    }
}

/// `POST /recovery/trustees`
pub(crate) async fn name(signed: Signed) -> Reply {
    let gate = signed.visit.portal.gate();
    let typed = signed.visit.fields.get("username");
    if typed.eq_ignore_ascii_case(&signed.ticket.username) {
        let text =
            "That is your own name. A recovery contact is somebody else, who knows your voice.";
        let errors = Errors::from([("username", text.to_owned())]);
        let note = refusal::missing("Nobody was named: correct the field marked below.");
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        return crate::recovery::with_errors(&signed, Some(note), &errors, status).await;
    }
    let done = gate.trustees().name(&signed.ticket, typed).await;
    crate::recovery::then(&signed, done, "/recovery?named=1").await
}

/// `POST /recovery/trustees/{trustee}/remove`
pub(crate) async fn remove(Path(text): Path<String>, signed: Signed) -> Reply {
    let id: TrusteeId = text.parse().map_err(|_| signed.fault(Cause::Missing))?;
    match signed.visit.portal.gate().trustees().remove(&signed.ticket, id).await {
        Err(why @ Refusal::Change(ChangeRefusal::NotFound { .. })) => Err(signed.fault(why)),
        done => crate::recovery::then(&signed, done, "/recovery?removed=1").await,
    }
}

/// `GET /recovery/contacts`
pub(crate) async fn list(signed: Signed) -> Reply {
    page(&signed, None).await
}

async fn page(signed: &Signed, why: Option<&Refusal>) -> Reply {
    let status = why.map_or(StatusCode::OK, refusal::status);
    with_note(signed, why.map(refusal::note), status).await
}

async fn with_note(signed: &Signed, note: Option<Markup>, status: StatusCode) -> Reply {
    let all = signed.visit.portal.gate().trustees().helping(&signed.ticket).await;
    let all = all.map_err(|why| signed.fault(why))?;
    let query = &signed.visit.query;
    let body = html! {
        (shell::rooms(signed, "/recovery"))
        (shell::title("People who named you", &html! { a.btn href="/recovery" { "Your own recovery" } }))
        @if let Some(note) = note { (note) }
        @if query.has("said") { div.note.good role="status" { "Your answer is recorded, and they have been told." } }
        @if all.is_empty() { section.card aria-label="People" { p.empty { "Nobody has named you as a recovery contact." } } }
        div.grid { @for one in &all { (entry(signed, one)) } }
    };
    Ok((status, shell::page(signed, Tab::Access, "People who named you", &body)).into_response())
}

fn entry(signed: &Signed, one: &Helping) -> Markup {
    html! {
        section.card.stack.s6 aria-label={ "Recovery contact of " (one.username) } {
            h2 { (one.username) }
            @match (&one.asks, one.agreed_at) {
                (Some(asks), _) => (asked(signed, one.person, asks)),
                (None, Some(at)) => p { "You accepted on " (figure::time(at)) ". Nothing is asked of you now." },
                (None, None) => p { "They ask you to be a recovery contact: if they lose their ways to sign in, you confirm that it is really them calling. Accept only if you would know their voice." },
            }
            form method="post" action="/recovery/contacts/agree" {
                (shell::token(signed))
                input type="hidden" name="person" value=(one.person);
                div.row {
                    @if one.agreed_at.is_none() { button.main name="yes" value="yes" { "Agree" } }
                    button name="yes" value="no" { @if one.agreed_at.is_some() { "Stop being their contact" } @else { "Decline" } }
                }
            }
        }
    }
}

fn asked(signed: &Signed, person: PersonId, asks: &HelpAsked) -> Markup {
    html! {
        div.note.warm role="status" { "They are recovering their access and ask you to vouch for them." }
        dl.pairs {
            div { dt { "Started" } dd { (figure::time(asks.begun_at)) " UTC" @if asks.by_operator { span.sub { "by the operator" } } } }
            div { dt { "From" } dd { span.mono { (asks.source) } span.sub { (asks.browser) } } }
        }
        @match asks.said {
            Some(Say::Yes) => p { "You vouched for it." },
            Some(Say::No | Say::NotMe) => p { "You did not vouch for it." },
            None if asks.tries_left == 0 => p { "The number was wrong too often: you can no longer vouch for this one." },
            None => {
                p { "Speak with them: call the number you know, not one you were sent. They will read you the number beside your name. If you have not heard from them, say no." }
                form.f method="post" action="/recovery/contacts/answer" {
                    (shell::token(signed))
                    input type="hidden" name="person" value=(person);
                    input type="hidden" name="recovery" value=(asks.recovery);
                    (Field { name: "number", label: "The number they read to you", mode: "numeric", required: true, pattern: ("", "three digits"), help: "Needed for a yes.", ..Field::default() })
                    p.help { "Tries left: " (asks.tries_left) "." }
                    div.row {
                        button.main name="say" value=(Say::Yes.name()) { "Yes, it's them" }
                        button name="say" value=(Say::No.name()) formnovalidate { "No" }
                    }
                }
            },
        }
    }
}

fn person(signed: &Signed) -> Result<PersonId, Fault> {
    signed.visit.fields.get("person").parse().map_err(|_| signed.fault(Cause::Missing))
}

async fn then(signed: &Signed, done: Result<(), Refusal>) -> Reply {
    match done {
        Ok(()) => Ok(go("/recovery/contacts?said=1")),
        Err(
            why @ (Refusal::Session(SessionRefusal::ProofTooOld { .. })
            | Refusal::Change(ChangeRefusal::NotFound { .. })),
        ) => Err(signed.fault(why)),
        Err(why) => page(signed, Some(&why)).await,
    }
}

/// `POST /recovery/contacts/agree`
pub(crate) async fn agree(signed: Signed) -> Reply {
    let yes = signed.visit.fields.get("yes") == "yes";
    let gate = signed.visit.portal.gate();
    let done = gate.trustees().agree(&signed.ticket, person(&signed)?, yes).await;
    then(&signed, done).await
}

/// `POST /recovery/contacts/answer`
pub(crate) async fn answer(signed: Signed) -> Reply {
    let fields = &signed.visit.fields;
    let recovery: RecoveryId =
        fields.get("recovery").parse().map_err(|_| signed.fault(Cause::Missing))?;
    let say = if fields.get("say") == Say::Yes.name() { Say::Yes } else { Say::No };
    let number: String = fields.get("number").chars().take(16).collect();
    if say == Say::Yes && number.is_empty() {
        let note = refusal::missing(
            "Type the number they read to you. Nothing was sent, and no try was used.",
        );
        return with_note(&signed, Some(note), StatusCode::BAD_REQUEST).await;
    }
    let whose = (person(&signed)?, recovery);
    let done =
        signed.visit.portal.gate().trustees().vouch(&signed.ticket, whose, (say, &number)).await;
    then(&signed, done).await
}
