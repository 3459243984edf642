//! The outbox: messages that nothing delivers yet. Shown in a demo, to a signed-in person in a trusted browser.

use access::notice::Topic;
use axum::response::{IntoResponse, Response};
use maud::html;

use crate::fault::{Cause, Fault};
use crate::figure;
use crate::shell::{self, Tab};
use crate::visit::Signed;

/// `GET /outbox`
pub(crate) async fn list(signed: Signed) -> Result<Response, Fault> {
    if !signed.visit.portal.config().demo {
        return Err(signed.fault(Cause::Missing));
    }
    let gate = signed.visit.portal.gate();
    let notices = gate.outbox(&signed.actor()).await.map_err(|why| signed.fault(why))?;
    let now = signed.now();
    let body = html! {
        (shell::rooms(&signed, "/outbox"))
        (shell::title("Outbox", &html! {}))
        section.card aria-label="Messages" {
            p.small.dim { "What would be sent to you by mail. A demo keeps it here, for you alone." }
            @if notices.is_empty() { p.empty { "Nothing was sent." } } @else {
                table.flip {
                    thead { tr { th { "When" } th { "About" } th { "Message" } } }
                    tbody { @for notice in &notices {
                        tr {
                            td.key { (figure::ago(notice.at, now)) span.sub { (figure::time(notice.at)) } }
                            td data-l="About" { (about(notice.topic)) }
                            td { div { (notice.text) @if let Some(code) = &notice.code { " " b.mono { (code) } } } }
                        }
                    } }
                }
            }
        }
    };
    Ok(shell::page(&signed, Tab::Access, "Outbox", &body).into_response())
}

/// What a message is about, in plain words.
const fn about(topic: Topic) -> &'static str {
    match topic {
        Topic::ActivationCode => "A code for a new browser",
        Topic::NewDevice => "A new browser",
        Topic::AuthenticatorChanged => "How you sign in",
        Topic::CredentialCreated => "A new credential",
        Topic::Lock => "A lock",
        Topic::NotMe => "An approval that was not yours",
    }
}
