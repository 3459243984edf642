//! Creating a credential: the form, what it would be, and the page that shows its token once.

use access::credential::Door;
use access::{Refusal, Scopes};
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use gate::snippet;
use maud::{Markup, html};

use super::{Reply, assets, copied, draft, find, host, of, says_of};
use crate::fault::Wants;
use crate::field::Errors;
use crate::figure;
use crate::form::Fields;
use crate::refusal;
use crate::shell::{self, Tab};
use crate::visit::{Signed, go, text};

/// `GET /credentials/new`
pub(crate) async fn new(signed: Signed) -> Reply {
    let preset = signed.visit.query.get("preset").to_owned();
    let fields = draft::preset(&preset);
    let body = maker(&signed, &fields, &Errors::new(), None);
    Ok(shell::page(&signed, Tab::Access, "New credential", &body).into_response())
}

/// The form, and beside it what the credential would be able to do.
fn maker(signed: &Signed, fields: &Fields, errors: &Errors, why: Option<&Refusal>) -> Markup {
    html! {
        (assets())
        (shell::rooms(signed, "/credentials"))
        (shell::title("New credential", &html! {}))
        @if let Some(why) = why { (refusal::above(why, errors)) }
        @else if !errors.is_empty() { (refusal::missing("Nothing was created: correct the fields marked below.")) }
        (presets(signed.visit.query.get("preset")))
        @if signed.visit.query.get("preset") == draft::TOKENLESS { div.note { (draft::TOKENLESS_NOTE) } }
        div.grid {
            section.card.s6 aria-labelledby="may" { h2 #may { "What it may do" } (draft::form(signed, fields, errors, None)) }
            section.card.s6 aria-labelledby="says" { h2 #says { "This credential" } div #preview aria-live="polite" { (preview_of(signed, fields)) } }
        }
    }
}

/// Links that fill the form in.
fn presets(chosen: &str) -> Markup {
    html! {
        nav.presets aria-label="Start from" {
            @for (name, label, _) in draft::PRESETS {
                a.btn href={ "/credentials/new?preset=" (name) } aria-current=[(name == chosen).then_some("true")] { (label) }
            }
        }
    }
}

/// The sentences for what is typed so far.
pub(super) fn preview_of(signed: &Signed, fields: &Fields) -> Markup {
    let mut errors = Errors::new();
    let base = draft::base_of(signed.now(), fields);
    let scopes: Scopes = draft::scopes(signed, fields, &base, &mut errors);
    if !errors.is_empty() {
        return html! { ul.says { @for text in errors.values() { li.cannot { span { (text) } } } } };
    }
    let token = if fields.has("demand_token") {
        "Its programs must show a token, which you see once after it is created."
    } else {
        "It needs no token: any program on this machine that reaches its port can use it."
    };
    html! { (says_of(signed, &of(signed, &scopes), &draft::accounts(signed, fields))) @if fields.has("kind") && !fields.has("edits") { p.small.dim { (token) } } }
}

/// `POST /credentials/preview`: as a page without script, as a fragment while typing.
pub(crate) async fn preview(signed: Signed) -> Reply {
    let fields = &signed.visit.fields;
    if signed.visit.wants == Wants::Fragment {
        let kind =
            [(axum::http::header::CONTENT_TYPE, "text/vnd.floorpass.fragment; charset=utf-8")];
        return Ok((kind, preview_of(&signed, fields).into_string()).into_response());
    }
    match draft::read(&signed, fields) {
        Ok(_) => Ok(shell::page(&signed, Tab::Access, "New credential", &confirm(&signed, fields))
            .into_response()),
        Err(errors) => Ok(unfit(&signed, fields, &errors, None)),
    }
}

fn unfit(signed: &Signed, fields: &Fields, errors: &Errors, why: Option<&Refusal>) -> Response {
    let status = why.map_or(StatusCode::UNPROCESSABLE_ENTITY, refusal::status);
    let body = maker(signed, fields, errors, why);
    (status, shell::page(signed, Tab::Access, "New credential", &body)).into_response()
}

/// The second step without script: what it will be, and the button that creates it.
fn confirm(signed: &Signed, fields: &Fields) -> Markup {
    html! {
        (assets())
        (shell::rooms(signed, "/credentials"))
        (shell::title("New credential", &html! {}))
        div.narrow { section.card.stack aria-labelledby="says" {
            h2 #says { "\u{201c}" (fields.get("name")) "\u{201d} will be this" }
            (preview_of(signed, fields))
            form.f method="post" action="/credentials" {
                (shell::token(signed))
                @for (name, value) in fields.shown() { input type="hidden" name=(name) value=(value); }
                div.row { button.main { "Create it" } button formaction="/credentials/edit" { "Change it" } }
            }
        } }
    }
}

/// `POST /credentials/edit`: back to the form with what was typed.
pub(crate) async fn back(signed: Signed) -> Reply {
    let body = maker(&signed, &signed.visit.fields, &Errors::new(), None);
    Ok(shell::page(&signed, Tab::Access, "New credential", &body).into_response())
}

/// `POST /credentials`: the page that follows has an address of its own, and shows the token once.
pub(crate) async fn create(signed: Signed) -> Reply {
    let wanted = match draft::read(&signed, &signed.visit.fields) {
        Ok(wanted) => wanted,
        Err(errors) => return Ok(unfit(&signed, &signed.visit.fields, &errors, None)),
    };
    let portal = &signed.visit.portal;
    match portal.gate().credentials().create(&signed.actor(), wanted).await {
        Ok(made) => {
            if let Some(token) = made.token {
                let of = (made.credential, signed.ticket.session);
                portal.tokens().put(of, token, signed.now());
            }
            Ok(go(&format!("/credentials/{}/created", made.credential)))
        }
        Err(why) if refusal::wants_proof(&why) => Err(signed.fault(why)),
        Err(why) => {
            let errors = refusal::errors(Some(&why), &draft::FORM);
            Ok(unfit(&signed, &signed.visit.fields, &errors, Some(&why)))
        }
    }
}

/// `GET /credentials/{id}/created`: after its creation, and after its token was replaced.
pub(crate) async fn created(Path(id): Path<String>, signed: Signed) -> Reply {
    let info = find(&signed, &id).await?;
    let of = (info.credential.id, signed.ticket.session);
    let token = signed.visit.portal.tokens().take(of, signed.now()).map(|token| text(&token));
    let token_required = info.credential.token.is_some();
    let program = match info.door() {
        Door::Socket { port } => {
            Some(snippet::python(&host(&info), port, token_required, token.as_deref()))
        }
        Door::Api => None,
    };
    let rotated = signed.visit.query.has("rotated");
    let title = if rotated {
        format!("New token for {}", info.credential.name)
    } else {
        format!("{} was created", info.credential.name)
    };
    let body = html! {
        (assets())
        (shell::rooms(&signed, "/credentials"))
        (shell::title(&title, &html! { a.btn href={ "/credentials/" (info.credential.id) } { "Its page" } }))
        div.note.good role="status" {
            @match super::former(&info, signed.now()).filter(|_| rotated) {
                Some(former) => { "The old token works until " (figure::time(former.until)) "." },
                None if rotated => "The old token no longer works.",
                None => @match info.door() {
                    Door::Socket { port } => { "Port " span.mono { (port) } " on " span.mono { (host(&info)) } " is open." },
                    door @ Door::Api => { "It is used at " (door) ", with its token." },
                },
            }
        }
        div.grid {
            @if token_required {
                section.card.s5 aria-labelledby="token" {
                    h2 #token { "Token" }
                    @match &token {
                        Some(token) => {
                            (copied("secret", "once", token, "Copy the token"))
                            p.small.dim { "It is shown only once, within ten minutes. Store it where your program can read it" @if program.is_some() { "; the program below already has it" } "." }
                        },
                        None => p { "The token was shown once and is not kept. If you have lost it, replace it on the credential's page." },
                    }
                }
            }
            @if let Some(program) = &program {
                section.card.s7 aria-labelledby="python" {
                    h2 #python { "Connect from Python" }
                    p.small.dim { "Install ib_async, save this as hello.py and run it." }
                    (copied("program", "program", program, "Copy the program"))
                }
            }
        }
    };
    Ok(shell::page(&signed, Tab::Access, &title, &body).into_response())
}
