//! The switch on a phone that answers approvals: whether it is notified of new ones while the page
//! is closed.

use axum::response::Response;
use gate::PushWish;
use maud::{Markup, html};

use crate::fault::Fault;
use crate::field;
use crate::link::APPROVALS;
use crate::shell;
use crate::visit::{Signed, go};

type Reply = Result<Response, Fault>;

/// The switch with its state; nothing where the server pushes to nobody. Turning on needs script, turning off does not.
pub(crate) async fn switch(signed: &Signed) -> Result<Markup, Fault> {
    let gate = signed.visit.portal.gate();
    let Some(public) = gate.pushes().public() else { return Ok(html! {}) };
    let push = gate.pushes().of(&signed.ticket).await.map_err(|why| signed.fault(why))?;
    Ok(html! {
        section.card.stack aria-labelledby="push" {
            h2 #push { "Notifications while this page is closed" }
            @match push {
                Some(push) => {
                    p { span.tag.up { "On" } " "
                        @if push.shows { "A notification shows what needs approval, on the lock screen too." }
                        @else { "A notification says that an approval is waiting, with no details." }
                    }
                    p.small.dim { "Sent through " (push.service) ", the push service of this browser's vendor. It sees when, not what." }
                    form data-push-off method="post" action="/phone/push/off" { (shell::token(signed)) button { "Turn it off" } }
                }
                None => {
                    p { span.tag { "Off" } " This phone shows an approval only while this page is open." }
                    form.f data-push=(public) method="post" action="/phone/push" hidden {
                        (shell::token(signed))
                        @for name in ["endpoint", "key", "auth"] { input type="hidden" name=(name) value=""; }
                        (field::tick("shows", "Show what needs approval, on the lock screen too", false))
                        button.main.wide { "Notify this phone" }
                        p.err role="status" {}
                    }
                    p.small.dim data-push-none { "This needs JavaScript and a browser with notifications. On an iPhone, add Floorpass to the home screen first." }
                }
            }
        }
    })
}

/// `POST /phone/push`
pub(crate) async fn on(signed: Signed) -> Reply {
    let fields = &signed.visit.fields;
    let wish = PushWish {
        endpoint: fields.raw("endpoint"),
        key: fields.get("key"),
        auth: fields.get("auth"),
        shows: fields.get("shows") == "yes",
    };
    let set = signed.visit.portal.gate().pushes().set(&signed.ticket, &wish).await;
    set.map_err(|why| signed.fault(why))?;
    Ok(go(APPROVALS))
}

/// `POST /phone/push/off`
pub(crate) async fn off(signed: Signed) -> Reply {
    let (actor, device) = (signed.actor(), signed.ticket.device);
    let stopped = signed.visit.portal.gate().pushes().stop(&actor, device).await;
    stopped.map_err(|why| signed.fault(why))?;
    Ok(go(APPROVALS))
}
