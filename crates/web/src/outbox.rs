//! The outbox: messages with their codes, which the message centre never shows. Shown in a demo, to a signed-in person in a trusted browser.

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
    let notices = gate.notices().outbox(&signed.actor()).await.map_err(|why| signed.fault(why))?;
    let now = signed.now();
    let body = html! {
        (shell::rooms(&signed, "/outbox"))
        (shell::title("Outbox", &html! {}))
        section.card aria-label="Messages" {
            p.small.dim { "Messages sent to you, with their codes. Only a demo keeps them here, for you alone; it also writes each mail to the folder " code { "mail" } " in its data folder." }
            @if notices.is_empty() { p.empty { "Nothing has been sent." } } @else {
                table.flip.lines.letters {
                    thead { tr { th { "When" } th { "About" } th { "Message" } } }
                    tbody { @for notice in &notices {
                        tr {
                            td.end { (figure::ago(notice.at, now)) span.sub { (figure::time(notice.at)) } }
                            td.key data-l="About" { (notice.topic.title()) }
                            td { div { (notice.text) @if let Some(code) = &notice.code { " " b.mono { (code) } } } }
                        }
                    } }
                }
            }
        }
    };
    Ok(shell::page(&signed, Tab::Elsewhere, "Outbox", &body).into_response())
}
