//! Enrolment: anyone who came by an enrolment link sets a password, puts a secret into an app, and
//! proves that it works. The session may do nothing else until then.

use access::refusal::Field as Input;
use access::{Refusal, Secret};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use maud::{Markup, PreEscaped, html};
use qrcode::QrCode;
use qrcode::render::svg;

use crate::contact;
use crate::fault::Fault;
use crate::field::{self, Errors, Field};
use crate::prompt;
use crate::refusal;
use crate::shell::{self, Frame};
use crate::sign_in::{WELCOME, code_field, typed_code};
use crate::visit::{Signed, go, text};

type Reply = Result<Response, Fault>;

/// `GET /enrol`: on to what is missing.
pub(crate) async fn show(signed: Signed) -> Reply {
    Ok(match missing(&signed).await? {
        Missing::Mail => mail_page(&signed, None).into_response(),
        Missing::Password => password_page(&signed, None, &Errors::new()).into_response(),
        Missing::App => go("/enrol/totp"),
        Missing::Proof => go(PROOF),
        Missing::Nothing => go(WELCOME),
    })
}

/// What protects an enrolment in a browser without script, and what does not.
fn unbound(signed: &Signed) -> Markup {
    html! {
        @if signed.ticket.enrolling && !signed.ticket.is_bound() {
            div.note.warm role="status" {
                "This browser runs no JavaScript, so it has no key of its own. This enrolment continues only on the network where you opened the link, but somebody on that network who copies its cookie could finish it in your place. With JavaScript on, and a new link, nobody could."
            }
        }
    }
}

/// Where what was kept is shown, and the first page after it.
const PROOF: &str = "/step-up?next=%2F%3Fwelcome%3D1";

/// What a person lacks to sign in on their own.
enum Missing {
    Mail,
    Password,
    App,
    Proof,
    Nothing,
}

async fn missing(signed: &Signed) -> Result<Missing, Fault> {
    let gate = signed.visit.portal.gate();
    let all =
        gate.authenticators().list(signed.ticket.person).await.map_err(|why| signed.fault(why))?;
    let has = |kind| all.iter().any(|one| one.kind == kind && one.confirmed);
    let yet =
        gate.authenticators().enrolment(&signed.ticket).await.map_err(|why| signed.fault(why))?;
    // Without an address, codes for a new browser reach nobody; a demo has its outbox.
    let asks = !gate.is_demo() && !signed.visit.query.has("later");
    let contact = gate.contacts().own(&signed.ticket).await.map_err(|why| signed.fault(why))?;
    Ok(match has("password") {
        false if asks && contact.mail.is_none() => Missing::Mail,
        false => Missing::Password,
        true if yet.takes_app => Missing::App,
        true if yet.owes_proof => Missing::Proof,
        true => Missing::Nothing,
    })
}

fn mail_page(signed: &Signed, why: Option<&Refusal>) -> Html<String> {
    let errors = refusal::errors(why, &[(Input::Mail, "address")]);
    let body = html! {
        p.small.dim { "First, before the password" }
        h1 { "Where do codes and messages reach you?" }
        (prompt::line(&signed.visit, Some(&signed.ticket.username)))
        (unbound(signed))
        @if let Some(why) = why { (refusal::above(why, &errors)) }
        p { "We send the code for a new browser by mail, and tell you there whenever your way to sign in changes." }
        form.f method="post" action="/enrol/mail" {
            (shell::token(signed))
            (Field { name: "address", label: "Mail address", mode: "email", required: true,
                value: signed.visit.fields.get("address"), error: errors.get("address").map(String::as_str), help: "We send a code there; type it on the next page.", ..Field::default() })
            button.main.wide { "Send a code" }
        }
        p.small { a href="/enrol?later=1" { "Later" } ": until you add one, only the operator can give you the code for a new browser." }
    };
    shell::bare("Mail address", &body)
}

/// `POST /enrol/mail`: sends a code to the address.
pub(crate) async fn mail(signed: Signed) -> Reply {
    let address = signed.visit.fields.get("address");
    match signed.visit.portal.gate().contacts().set_mail(&signed.ticket, address).await {
        Ok(()) => Ok(go("/enrol/mail")),
        Err(why) => Ok((refusal::status(&why), mail_page(&signed, Some(&why))).into_response()),
    }
}

/// `GET /enrol/mail`: for the code.
pub(crate) async fn mail_form(signed: Signed) -> Reply {
    mail_code_page(&signed, None).await
}

async fn mail_code_page(signed: &Signed, why: Option<&Refusal>) -> Reply {
    let gate = signed.visit.portal.gate();
    let contact = gate.contacts().own(&signed.ticket).await.map_err(|why| signed.fault(why))?;
    let Some(asked) = contact.asked.filter(|asked| asked.here) else { return Ok(go("/enrol")) };
    let body = html! {
        h1 { "Verify your mail address" }
        @if let Some(why) = why { (refusal::note(why)) }
        (contact::code_form(signed, &asked, "/enrol/mail"))
        p.small { a href="/enrol" { "Another address" } }
    };
    let status = why.map_or(StatusCode::OK, refusal::status);
    Ok((status, shell::bare("Verify your mail address", &body)).into_response())
}

/// `POST /enrol/mail/confirm`: the code.
pub(crate) async fn mail_confirm(signed: Signed) -> Reply {
    let code = typed_code(&signed.visit);
    match signed.visit.portal.gate().contacts().confirm_mail(&signed.ticket, &code).await {
        Ok(()) => Ok(go("/enrol")),
        Err(why) => mail_code_page(&signed, Some(&why)).await,
    }
}

/// `POST /enrol/mail/resend`
pub(crate) async fn mail_resend(signed: Signed) -> Reply {
    match signed.visit.portal.gate().contacts().resend_mail_code(&signed.ticket).await {
        Ok(()) => Ok(go("/enrol/mail")),
        Err(why) => mail_code_page(&signed, Some(&why)).await,
    }
}

/// `POST /enrol`: the password.
pub(crate) async fn password(signed: Signed) -> Reply {
    let fields = &signed.visit.fields;
    if fields.raw("password") != fields.raw("again") {
        let why = refusal::missing("The two passwords differ. Type the same one twice.");
        let page = password_page(&signed, Some(&why), &Errors::new());
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
    }
    let password = Secret::from_text(fields.raw("password").to_owned());
    match signed
        .visit
        .portal
        .gate()
        .authenticators()
        .set_password(&signed.ticket, None, password)
        .await
    {
        Ok(()) => Ok(go("/enrol")),
        Err(why) => {
            let errors = refusal::errors(Some(&why), &[(Input::Password, "password")]);
            let page = password_page(&signed, Some(&refusal::above(&why, &errors)), &errors);
            Ok((refusal::status(&why), page).into_response())
        }
    }
}

/// `GET /enrol/totp`
///
/// A person who has an app is not offered another: asking for one all the same would put a refusal on record.
pub(crate) async fn totp_form(signed: Signed) -> Reply {
    let all = signed.visit.portal.gate().authenticators().list(signed.ticket.person).await;
    let all = all.map_err(|why| signed.fault(why))?;
    let has = all.iter().any(|one| one.kind == "totp" && one.confirmed);
    let replaces = signed.visit.query.has("replace") && !signed.ticket.enrolling;
    if has && !replaces && crate::recovery::held_until(&signed).is_none() {
        return Ok(go(if signed.ticket.enrolling { "/enrol" } else { "/authenticators?app=1" }));
    }
    totp_page(&signed, replaces, None).await
}

async fn totp_page(signed: &Signed, replaces: bool, why: Option<&Refusal>) -> Reply {
    let gate = signed.visit.portal.gate();
    let setup = if replaces {
        gate.authenticators().totp_replacement(&signed.actor(), signed.ticket.person).await
    } else {
        gate.authenticators().totp_setup(&signed.ticket).await
    };
    let setup = setup.map_err(|why| signed.fault(why))?;
    let title =
        if replaces { "Replace your authenticator app" } else { "Add an authenticator app" };
    let body = html! {
        @if signed.ticket.enrolling { p.small.dim { "Step 2 of 2" } }
        h1 { (title) }
        (prompt::line(&signed.visit, Some(&signed.ticket.username)))
        (unbound(signed))
        @if let Some(why) = why { (refusal::note(why)) }
        p { "Scan this with an authenticator app, then type the code it shows." }
        @if replaces { p.small { "Until then the app you have now still works. When the new one is confirmed, codes from the old one are refused and your other sessions end." } }
        (picture(setup.uri.expose(), "QR code with the secret for your authenticator app"))
        details { summary.small { "Type the secret instead" } p.once { (spaced(&text(&setup.secret))) } }
        form.f method="post" action="/enrol/totp" {
            (shell::token(signed))
            @if replaces { input type="hidden" name="replace" value="1"; }
            (code_field("The six digits the app shows now"))
            button.main.wide { "Confirm" }
        }
        @if !signed.ticket.enrolling { p.small { a href="/authenticators" { "Back to Ways to sign in" } } }
    };
    let status = why.map_or(StatusCode::OK, refusal::status);
    Ok((status, framed(signed, title, &body)).into_response())
}

/// With the navigation, where the session may go elsewhere.
fn framed(signed: &Signed, title: &str, body: &Markup) -> Html<String> {
    let frame = (!signed.ticket.enrolling).then(|| Frame::of(signed));
    shell::card(frame.as_ref(), title, body)
}

/// `POST /enrol/totp`: the code that proves the app.
pub(crate) async fn totp(signed: Signed) -> Reply {
    let replaces = signed.visit.fields.has("replace");
    match signed
        .visit
        .portal
        .gate()
        .authenticators()
        .totp_confirm(&signed.ticket, &typed_code(&signed.visit))
        .await
    {
        Ok(()) if replaces => Ok(go("/authenticators?replaced=1")),
        Ok(()) if signed.ticket.enrolling => Ok(go("/enrol")),
        Ok(()) => Ok(go(WELCOME)),
        Err(why) => totp_page(&signed, replaces, Some(&why)).await,
    }
}

fn password_page(signed: &Signed, why: Option<&Markup>, errors: &Errors) -> Html<String> {
    let body = html! {
        p.small.dim { "Step 1 of 2, for " b { (signed.ticket.username) } }
        h1 { "Choose a password" }
        (prompt::line(&signed.visit, Some(&signed.ticket.username)))
        (unbound(signed))
        @if let Some(why) = why { (why) }
        form.f method="post" action="/enrol" {
            (shell::token(signed))
            input name="username" value=(signed.ticket.username) autocomplete="username" hidden readonly;
            (field::new_password("password", "Password", "new-password", "At least 8 characters of any kind, spaces included; a few unrelated words are best. Avoid common passwords and your user name.", errors.get("password")))
            (field::password("again", "Repeat it", "new-password", ""))
            button.main.wide { "Continue" }
        }
    };
    shell::bare("Choose a password", &body)
}

/// The QR code as SVG. The library writes no inline style, which the content policy would refuse.
pub(crate) fn picture(text: &[u8], label: &str) -> Markup {
    let Ok(code) = QrCode::new(text) else { return html! {} };
    let drawn = code.render::<svg::Color<'_>>().min_dimensions(180, 180).quiet_zone(false).build();
    let drawn = drawn.find("<svg").and_then(|at| drawn.get(at..)).unwrap_or_default();
    html! { div.qr role="img" aria-label=(label) { (PreEscaped(drawn)) } }
}

fn spaced(secret: &str) -> String {
    let letters: Vec<char> = secret.chars().collect();
    letters.chunks(4).map(|four| four.iter().collect::<String>()).collect::<Vec<_>>().join(" ")
}
