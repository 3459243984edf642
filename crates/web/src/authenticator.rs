//! Ways to sign in: passkeys, the password, the TOTP app.

use access::refusal::{ChangeRefusal, Field as Input};
use access::{Act, AuthenticatorId, Refusal, Secret, Time};
use axum::Json;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use gate::AuthenticatorInfo;
use maud::{Markup, html};
use serde_json::json;

use crate::fault::{Cause, Fault};
use crate::field;
use crate::figure;
use crate::recovery_code;
use crate::refusal;
use crate::shell::{self, Tab};
use crate::sign_in;
use crate::visit::{Signed, go};

type Reply = Result<Response, Fault>;

/// `GET /authenticators`
pub(crate) async fn list(signed: Signed) -> Reply {
    page(&signed, None, None).await
}

/// The page; with the reason why a change was not made, and which row's name it is about.
async fn page(signed: &Signed, why: Option<&Refusal>, row_of: Option<AuthenticatorId>) -> Reply {
    let gate = signed.visit.portal.gate();
    let all =
        gate.authenticators().list(signed.ticket.person).await.map_err(|why| signed.fault(why))?;
    let holds = crate::recovery::holds(signed).await?;
    let now = signed.now();
    let query = &signed.visit.query;
    let form = [(Input::AuthenticatorName, "name"), (Input::Password, "password")];
    let errors = refusal::errors(why, &form);
    let wrong = |id| errors.get("name").filter(|_| row_of == Some(id));
    let body = html! {
        (shell::rooms(signed, "/authenticators"))
        (shell::title("Ways to sign in", &html! {}))
        (holds)
        @if let Some(why) = why { (refusal::above(why, &errors)) }
        @if query.has("added") { div.note.good role="status" { "The passkey was added. You can sign in with it alone, here and wherever it is synced." } }
        @if query.has("removed") { div.note.good role="status" { "Removed. Nobody can sign in with it any more." } }
        @if query.has("renamed") { div.note.good role="status" { "Renamed." } }
        @if query.has("changed") { (changed(signed).await) }
        @if query.has("app") { div.note role="status" { "You have an authenticator app already. Replace it here with the one on your new phone." } }
        @if query.has("replaced") { div.note.good role="status" { "The new app is in use. Codes from the old one are refused, and your other sessions have ended." } }
        div.grid {
            section.card.s7 aria-labelledby="all" {
                h2 #all { "How you prove it's you" }
                table.flip.lines {
                    thead { tr { th { "Kind" } th { "Since" } th { "Last used" } th { span.sr { "Act" } } } }
                    tbody { @for one in &all { (row(signed, one, now, wrong(one.id))) } }
                }
            }
            div.stack.s5 {
                section.card aria-labelledby="add" { h2 #add { "Add a passkey" } (register(signed)) }
                (app(signed, &all))
                @if !all.iter().any(|one| one.left.is_some()) {
                    section.card aria-labelledby="recovery" {
                        h2 #recovery { "In case you lose your phone" }
                        p.small.dim { "Ten recovery codes on paper. Each works once, after your password." }
                        p { a.btn href=(recovery_code::PATH) { "Make recovery codes" } }
                    }
                }
                section.card aria-labelledby="change" {
                    h2 #change { "Change the password" }
                    p.small.dim { "Your other sessions end, on your phone too: it cannot approve until you sign in there again." }
                    form.f method="post" action="/authenticators/password" {
                        (shell::token(signed))
                        input name="username" value=(signed.ticket.username) autocomplete="username" hidden readonly;
                        (field::password("current", "Current password", "current-password", ""))
                        (field::new_password("password", "New password", "new-password", "At least 8 characters of any kind; a few unrelated words are best. Avoid common passwords and your user name.", errors.get("password")))
                        button { "Change it" }
                    }
                }
            }
        }
    };
    let status = why.map_or(axum::http::StatusCode::OK, refusal::status);
    Ok((status, shell::page(signed, Tab::Access, "Ways to sign in", &body)).into_response())
}

fn row(signed: &Signed, one: &AuthenticatorInfo, now: Time, wrong: Option<&String>) -> Markup {
    let kind = match one.kind {
        "password" => "Password",
        "totp" => "Authenticator app",
        "passkey" => "Passkey",
        "recovery_codes" => "Recovery codes",
        other => other,
    };
    let (passkey, codes) = (one.kind == "passkey", one.kind == "recovery_codes");
    let app = one.kind == "totp" && one.confirmed;
    let field = format!("name-{}", one.id);
    html! {
        tr {
            td.key {
                (kind)
                @if passkey { span.sub { (one.name) @if let Some(model) = &one.model { " \u{b7} " (model) } } }
                @if let Some(left) = one.left { span.sub { "left: " (left) " of 10" } }
                @if let Some(since) = one.suspect_at {
                    span.sub { b { "Suspect" } ": its counter did not rise (" (figure::time(since)) "), so it may be a copy. It no longer works; remove it." }
                }
            }
            td data-l="Since" { (figure::time(one.since)) }
            td data-l="Last used" { @match one.last_use { Some(at) => (figure::ago(at, now)), None => "never" } }
            td { @if passkey { div.act {
                details.ren open[wrong.is_some()] {
                    summary.btn.mini { "Rename" span.sr { " " (one.name) } }
                    form.row method="post" action={ "/authenticators/" (one.id) "/rename" } {
                        (shell::token(signed))
                        (field::rename(&field, &format!("New name of {}", one.name), typed(signed, &one.name, wrong), wrong))
                        button.mini { "Rename" }
                    }
                }
                form method="post" action={ "/authenticators/" (one.id) "/remove" } {
                    (shell::token(signed))
                    button.mini aria-label={ "Remove the passkey " (one.name) } { "Remove" }
                }
            } }
            @if app { div.act {
                form method="post" action="/authenticators/app" {
                    (shell::token(signed))
                    button.mini { "Replace" span.sr { " the authenticator app" } }
                }
                form method="post" action={ "/authenticators/" (one.id) "/remove" } {
                    (shell::token(signed))
                    button.mini aria-label="Remove the authenticator app" { "Remove" }
                }
            } }
            @if codes { div.act {
                a.btn.mini href=(recovery_code::PATH) { "Renew" span.sr { " the recovery codes" } }
                form method="post" action={ "/authenticators/" (one.id) "/remove" } {
                    (shell::token(signed))
                    button.mini aria-label="Remove the recovery codes" { "Remove" }
                }
            } } }
        }
    }
}

/// What stands in the field of a name: what was typed there, where it was not taken.
pub(crate) fn typed<'a>(signed: &'a Signed, name: &'a str, wrong: Option<&String>) -> &'a str {
    if wrong.is_some() { signed.visit.fields.get("name") } else { name }
}

/// After a change of the password: which sessions ended, and how a phone answers again.
async fn changed(signed: &Signed) -> Markup {
    // A list that cannot be read now is not a reason to show no page.
    let phones =
        signed.visit.portal.gate().approvals().phones(&signed.ticket).await.unwrap_or_default();
    let out: Vec<_> =
        phones.iter().filter(|one| one.confirmed && one.id != signed.ticket.device).collect();
    html! {
        div.note.good role="status" { "Your password was changed. Your other sessions have ended." }
        @for phone in out {
            div.note.warm role="status" {
                b { (phone.name) " is signed out too, and cannot approve until you sign in there again. " }
                "Open Floorpass on the phone and sign in with the new password; then it can answer approvals again."
            }
        }
    }
}

/// The way to an app's secret: for a person without one, and for a recovered person, who lost theirs.
fn app(signed: &Signed, all: &[AuthenticatorInfo]) -> Markup {
    let has = all.iter().any(|one| one.kind == "totp" && one.confirmed);
    let held = crate::recovery::held_until(signed).is_some();
    html! {
        @if held || !has {
            section.card aria-labelledby="app" {
                h2 #app { @if has { "Lost the app?" } @else { "Add an authenticator app" } }
                p.small.dim { @if has { "A new app works alongside the old one. The old one is removed when the new one is used after the holding time." } @else { "It shows the codes you type after your password." } }
                p { a.btn href="/enrol/totp" { @if has { "Add a new app" } @else { "Add an app" } } }
            }
        }
    }
}

/// The form that the script turns into a registration; without script it says so.
fn register(signed: &Signed) -> Markup {
    html! {
        p.small.dim { "A passkey is kept by your phone, computer or security key. It cannot be phished or typed into the wrong site." }
        @if let Some(home) = signed.visit.portal.passkeys_elsewhere() {
            p { "A passkey belongs to one host name. This portal's work at " a href=(home) { (home) } " alone." }
        } @else { form.f data-passkey="register" method="post" action="/authenticators/passkey" hidden {
            (shell::token(signed))
            div {
                label for="passkey-name" { "Its name" }
                input #passkey-name name="name" value="My passkey" maxlength="60" required;
            }
            button.main { "Add a passkey" }
            p.err role="status" {}
        } }
        noscript { p.small { "Passkeys need JavaScript, which is switched off here." } }
    }
}

/// The offer on the first page after signing in, where it would be taken.
pub(crate) fn offer(signed: &Signed) -> Markup {
    if !signed.sees.entitlements().acts.contains(Act::ManageAuthenticators) {
        return html! {};
    }
    html! { section.card aria-labelledby="offer" { h2 #offer { "Sign in faster, and safer" } (register(signed)) } }
}

/// `POST /authenticators/passkey/start`, for the script.
pub(crate) async fn start(signed: Signed) -> Reply {
    let gate = signed.visit.portal.gate();
    let begun = gate
        .authenticators()
        .passkey_start(&signed.ticket)
        .await
        .map_err(|why| signed.fault(why))?;
    sign_in::ceremony(&signed.visit, &begun)
}

/// `POST /authenticators/passkey/finish`, for the script.
pub(crate) async fn finish(signed: Signed) -> Reply {
    let fields = &signed.visit.fields;
    let ceremony = Secret::from_text(fields.get("ceremony").to_owned());
    let gate = signed.visit.portal.gate();
    gate.authenticators()
        .passkey_finish(&signed.ticket, &ceremony, fields.raw("credential"), fields.get("name"))
        .await
        .map_err(|why| signed.fault(why))?;
    Ok(Json(json!({ "go": "/authenticators?added=1" })).into_response())
}

fn id(signed: &Signed, text: &str) -> Result<AuthenticatorId, Fault> {
    text.parse().map_err(|_| signed.fault(Cause::Missing))
}

/// `POST /authenticators/{id}/rename`
pub(crate) async fn rename(Path(text): Path<String>, signed: Signed) -> Reply {
    let id = id(&signed, &text)?;
    let gate = signed.visit.portal.gate();
    match gate.authenticators().rename(&signed.actor(), id, signed.visit.fields.get("name")).await {
        Ok(()) => Ok(go("/authenticators?renamed=1")),
        Err(why @ Refusal::Change(ChangeRefusal::NotFound { .. })) => Err(signed.fault(why)),
        Err(why) => page(&signed, Some(&why), Some(id)).await,
    }
}

/// `POST /authenticators/{id}/remove`
pub(crate) async fn remove(Path(text): Path<String>, signed: Signed) -> Reply {
    let id = id(&signed, &text)?;
    match signed.visit.portal.gate().authenticators().remove(&signed.actor(), id).await {
        Ok(()) => Ok(go("/authenticators?removed=1")),
        Err(why @ Refusal::Change(ChangeRefusal::NotFound { .. })) => Err(signed.fault(why)),
        Err(why) => page(&signed, Some(&why), None).await,
    }
}

/// `POST /authenticators/app`: offers another app, which takes the place of the present one by its code.
pub(crate) async fn replace_app(signed: Signed) -> Reply {
    let gate = signed.visit.portal.gate();
    let offered =
        gate.authenticators().totp_replacement(&signed.actor(), signed.ticket.person).await;
    offered.map_err(|why| signed.fault(why))?;
    Ok(go("/enrol/totp?replace=1"))
}

/// `POST /authenticators/password`
pub(crate) async fn change(signed: Signed) -> Reply {
    let fields = &signed.visit.fields;
    let current = Secret::from_text(fields.raw("current").to_owned());
    let new = Secret::from_text(fields.raw("password").to_owned());
    match signed
        .visit
        .portal
        .gate()
        .authenticators()
        .set_password(&signed.ticket, Some(&current), new)
        .await
    {
        Ok(()) => Ok(go("/authenticators?changed=1")),
        Err(why) => page(&signed, Some(&why), None).await,
    }
}
