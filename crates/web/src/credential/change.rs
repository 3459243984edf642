//! Changes of a credential: pause, resume, a new token, rename, edit, revoke.

use access::refusal::CredentialRefusal;
use access::{Refusal, Span};
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use gate::CredentialInfo;
use maud::{Markup, html};

use super::create::preview_of;
use super::{Reply, accounts_of, assets, draft, find};
use crate::contract;
use crate::field::{self, Errors, Field};
use crate::figure;
use crate::form::Fields;
use crate::refusal;
use crate::shell::{self, Tab};
use crate::visit::{Signed, go};

/// `3 open orders, 1 connection`: what an end of it reaches.
fn reach(signed: &Signed, info: &CredentialInfo) -> String {
    let orders = figure::plural(info.open_orders, "open order");
    let accounts: Vec<_> = info.credential.accounts().collect();
    let orders = match accounts.len() {
        0 | 1 => orders,
        _ => format!("{orders} on {}", accounts_of(signed, &accounts)),
    };
    format!("{orders}, {}", figure::plural(info.connections.len(), "connection"))
}

/// The forms on the page of a credential that is not revoked.
pub(super) fn acts(signed: &Signed, info: &CredentialInfo, errors: &Errors) -> Markup {
    let path = format!("/credentials/{}", info.credential.id);
    let name = info.credential.name.as_str();
    let wrong = errors.get("name").map(String::as_str);
    let typed = wrong.map_or(name, |_| signed.visit.fields.get("name"));
    html! {
        section.card aria-labelledby="pause" {
            @if info.credential.paused.is_some() {
                h2 #pause { "Resume" }
                form.f method="post" action={ (path) "/resume" } {
                    (shell::token(signed))
                    p.small.dim { "Programs can connect again at once. Pausing left its open orders alone unless you asked to cancel them." }
                    button.main { "Resume " (name) }
                }
            } @else {
                h2 #pause { "Pause" }
                form.f method="post" action={ (path) "/pause" } {
                    (shell::token(signed))
                    p.small.dim { "Closes its connections and refuses new ones until you resume it. Now: " (reach(signed, info)) "." }
                    (field::tick("cancel_orders", "Cancel its open orders too", false))
                    button { "Pause " (name) }
                }
            }
        }
        @if info.credential.token.is_some() { (token_form(signed, info, &path)) }
        section.card aria-labelledby="rename" {
            h2 #rename { "Rename" }
            form.f method="post" action={ (path) "/rename" } {
                (shell::token(signed))
                (Field { name: "name", label: "Name", value: typed, error: wrong, help: "Up to 40 characters.", required: true, ..Field::default() })
                button { "Rename" }
            }
        }
        section.card aria-labelledby="revoke" {
            h2 #revoke { "Revoke" }
            form.f method="post" action={ (path) "/revoke" } {
                (shell::token(signed))
                p.small.dim { "Takes effect at the next message on every connection and cannot be undone. It ends: " (reach(signed, info)) "." }
                (field::tick("keep_orders", "Leave its open orders in place", false))
                button.sell { "Revoke " (name) }
            }
        }
    }
}

/// How long the old token may go on working, in minutes.
const GRACE: [(&str, &str); 4] = [
    ("0", "ends now"),
    ("60", "works for an hour"),
    ("480", "works for 8 hours"),
    ("1440", "works for a day"),
];

fn token_form(signed: &Signed, info: &CredentialInfo, path: &str) -> Markup {
    let earlier = super::former(info, signed.now());
    html! {
        section.card aria-labelledby="new-token" {
            h2 #new-token { "New token" }
            form.f method="post" action={ (path) "/rotate" } {
                (shell::token(signed))
                p.small.dim { "The new token is shown once. Connections made with the old one are closed when its time is over. If it leaked, end it now." }
                @if let Some(former) = earlier { p.small { "There is an older token, which works until " (figure::time(former.until)) ". It ends at once when you replace this one." } }
                (field::select("grace", "The old token", "60", &GRACE))
                button { "Replace the token" }
            }
        }
    }
}

fn back(info: &CredentialInfo, done: &str) -> Response {
    go(&format!("/credentials/{}?done={done}", info.credential.id))
}

/// `POST /credentials/{id}/revoke`
pub(crate) async fn revoke(Path(id): Path<String>, signed: Signed) -> Reply {
    let info = find(&signed, &id).await?;
    let cancel = !signed.visit.fields.has("keep_orders");
    let gate = signed.visit.portal.gate();
    let revoked = gate.credentials().revoke(&signed.actor(), info.credential.id, cancel).await;
    revoked.map_err(|why| signed.fault(why))?;
    Ok(back(&info, "revoked"))
}

/// `POST /credentials/{id}/pause`
pub(crate) async fn pause(Path(id): Path<String>, signed: Signed) -> Reply {
    let info = find(&signed, &id).await?;
    let cancel = signed.visit.fields.has("cancel_orders");
    let gate = signed.visit.portal.gate();
    let paused = gate.credentials().pause(&signed.actor(), info.credential.id, cancel).await;
    paused.map_err(|why| signed.fault(why))?;
    Ok(back(&info, "paused"))
}

/// `POST /credentials/{id}/resume`
pub(crate) async fn resume(Path(id): Path<String>, signed: Signed) -> Reply {
    let info = find(&signed, &id).await?;
    let gate = signed.visit.portal.gate();
    let resumed = gate.credentials().resume(&signed.actor(), info.credential.id).await;
    resumed.map_err(|why| signed.fault(why))?;
    Ok(back(&info, "resumed"))
}

/// `POST /credentials/{id}/rotate`: the page that follows shows the new token once.
pub(crate) async fn rotate(Path(id): Path<String>, signed: Signed) -> Reply {
    let info = find(&signed, &id).await?;
    let id = info.credential.id;
    // What is not one of the choices is the shortest of them.
    let minutes = signed.visit.fields.get("grace").parse().unwrap_or(0);
    let portal = &signed.visit.portal;
    let rotated =
        portal.gate().credentials().rotate(&signed.actor(), id, Span::minutes(minutes)).await;
    let token = rotated.map_err(|why| signed.fault(why))?.token;
    portal.tokens().put((id, signed.ticket.session), token, signed.now());
    Ok(go(&format!("/credentials/{id}/created?rotated=1")))
}

/// `POST /credentials/{id}/rename`
pub(crate) async fn rename(Path(id): Path<String>, signed: Signed) -> Reply {
    let info = find(&signed, &id).await?;
    let name = signed.visit.fields.get("name");
    let gate = signed.visit.portal.gate();
    match gate.credentials().rename(&signed.actor(), info.credential.id, name).await {
        Ok(()) => Ok(back(&info, "renamed")),
        Err(why @ Refusal::Input(_)) => {
            let page = super::page(&signed, &info, Some(&why));
            Ok((refusal::status(&why), page).into_response())
        }
        Err(why) => Err(signed.fault(why)),
    }
}

/// `GET /credentials/{id}/edit`
pub(crate) async fn edit(Path(id): Path<String>, signed: Signed) -> Reply {
    let info = find(&signed, &id).await?;
    if let Some(revoked) = info.credential.revoked {
        return Err(signed
            .fault(Refusal::Credential(CredentialRefusal::CredentialRevoked { at: revoked.at })));
    }
    let fields = draft::of(contract::known(&signed), &info.credential);
    Ok(editor(&signed, &info, &fields, &Errors::new(), None).into_response())
}

fn editor(
    signed: &Signed,
    info: &CredentialInfo,
    fields: &Fields,
    errors: &Errors,
    why: Option<&Refusal>,
) -> axum::response::Html<String> {
    let title = format!("Edit {}", info.credential.name);
    let body = html! {
        (assets())
        (shell::rooms(signed, "/credentials"))
        (shell::title(&title, &html! { a.btn href={ "/credentials/" (info.credential.id) } { "Its page" } }))
        @if let Some(why) = why { (refusal::above(why, errors)) }
        @else if !errors.is_empty() { (refusal::missing("Nothing was changed: correct the fields marked below.")) }
        p.small.dim { "Narrower limits take effect at once, even while the account is locked. Anything wider asks you to confirm it's you. Open connections stay." }
        div.grid {
            section.card.s6 aria-labelledby="may" { h2 #may { "What it may do" } (draft::form(signed, fields, errors, Some(info))) }
            section.card.s6 aria-labelledby="says" { h2 #says { "This credential" } div #preview aria-live="polite" { (preview_of(signed, fields)) } }
        }
    };
    shell::page(signed, Tab::Access, &title, &body)
}

/// `POST /credentials/{id}/edit`
pub(crate) async fn change(Path(id): Path<String>, signed: Signed) -> Reply {
    let info = find(&signed, &id).await?;
    let fields = &signed.visit.fields;
    let mut errors = Errors::new();
    let scopes = draft::scopes(&signed, fields, &info.credential.scopes, &mut errors);
    if !errors.is_empty() {
        let page = editor(&signed, &info, fields, &errors, None);
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
    }
    let gate = signed.visit.portal.gate();
    match gate.credentials().edit(&signed.actor(), info.credential.id, scopes).await {
        Ok(()) => Ok(back(&info, "edited")),
        Err(why @ Refusal::Input(_)) => {
            let errors = refusal::errors(Some(&why), &draft::FORM);
            let page = editor(&signed, &info, fields, &errors, Some(&why));
            Ok((refusal::status(&why), page).into_response())
        }
        Err(why) => Err(signed.fault(why)),
    }
}
