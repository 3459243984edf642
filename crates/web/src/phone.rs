//! The phone: adding one that answers approvals.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::time::Duration;

use access::DeviceId;
use access::link::Purpose;
use access::refusal::ApprovalRefusal;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::sse::Event;
use axum::response::{IntoResponse, Response};
use gate::{Delivery, LinkIssued, PhoneInfo, Subscription};
use maud::{Markup, html};
use url::{Host, Url};

use crate::enrol::picture;
use crate::fault::{Cause, Fault};
use crate::link::APPROVALS;
use crate::refusal;
use crate::shell::{self, Tab};
use crate::subject;
use crate::visit::{Signed, go, text};

type Reply = Result<Response, Fault>;

/// `GET /phone`
pub(crate) async fn show(signed: Signed) -> Reply {
    page(&signed, None, None).await
}

/// What is told where a number was expected and none came.
const NO_NUMBER: &str = "Type the number that the phone shows. Nothing was done.";

/// Why a page is shown once more: its status and the words.
type Why = (StatusCode, Markup);

/// Whether a phone of this person waiting for its number.
async fn waits(signed: &Signed, id: DeviceId) -> Result<bool, Fault> {
    let phones = signed.visit.portal.gate().approvals().phones(&signed.ticket).await;
    let phones = phones.map_err(|why| signed.fault(why))?;
    Ok(phones.iter().any(|one| one.id == id && !one.confirmed))
}

/// A wrong number, with the way to what it may have come from.
fn wrong(why: &access::Refusal) -> Why {
    (refusal::status(why), refusal::note(why))
}

async fn page(signed: &Signed, link: Option<&LinkIssued>, why: Option<Why>) -> Reply {
    let (status, note) = why.unwrap_or_else(|| (StatusCode::OK, html! {}));
    let gate = signed.visit.portal.gate();
    let phones = gate.approvals().phones(&signed.ticket).await.map_err(|why| signed.fault(why))?;
    let holds = crate::recovery::holds(signed).await?;
    let body = html! {
        (shell::rooms(signed, "/phone"))
        (shell::title("Phone", &html! {}))
        (holds)
        (note)
        @if signed.visit.query.has("added") { div.note.good role="status" { "Your phone now answers approvals." } }
        div.grid {
            section.card.stack.s7 aria-labelledby="how" {
                h2 #how { "Approve on your phone" }
                p { "Your phone keeps a key that never leaves it. When a sign-in or an action needs your approval, the page shows a number: your phone shows exactly what is asked, and you type the number there." }
                @match link {
                    Some(link) => (offered(signed, link, &phones, false)),
                    None => {
                        form method="post" action="/phone/link" { (shell::token(signed)) button.main { "Add a phone" } }
                    }
                }
            }
            section.card.stack.s5 aria-labelledby="phones" {
                h2 #phones { "Your phones" }
                @if phones.is_empty() { p.empty { "None yet." } }
                @for phone in &phones {
                    div.tight {
                        b { (phone.name) }
                        @if phone.confirmed { span.tag.up { "answers approvals" } }
                        // Where a link is offered, its own part of the page asks for the number.
                        @else if link.is_none() { (number_form(signed, phone.id, false)) }
                        @else { span.tag { "waiting for its number" } }
                    }
                }
                p.small.dim { "Got a new phone and still have the old one? Choose \u{201c}Move to a new phone\u{201d} on the old phone's Approve page." }
                p.small.dim { "Lost the old one? Remove it under " a href="/devices" { "Devices" } ": it can answer nothing from then on. To sign in here you need another phone, a passkey, or a code from your app or your recovery codes; then add the new phone here. If you have only your password left, start a recovery at " a href="/recover" { "Get back in" } "; without the password, ask the operator to start one." }
            }
        }
    };
    Ok((status, shell::page(signed, Tab::Access, "Phone", &body)).into_response())
}

fn number_form(signed: &Signed, phone: DeviceId, moves: bool) -> Markup {
    let field = format!("number-{phone}");
    html! {
        form.f method="post" action={ "/phone/" (phone) @if moves { "/move" } @else { "/confirm" } } {
            (shell::token(signed))
            div {
                label for=(field) { "The number that the phone shows" }
                input.code id=(field) name="number" inputmode="numeric" title="six digits" autocomplete="off" maxlength="32" required;
            }
            @if moves { button.main { "It is my new phone: sign this one out" } } @else { button.main { "It is my phone" } }
        }
    }
}

fn offered(signed: &Signed, link: &LinkIssued, phones: &[PhoneInfo], moves: bool) -> Markup {
    let back = if moves { "/phone/move" } else { "/phone" };
    let stream =
        format!("/phone/events?seen={}{}", mark(phones), if moves { "&moves=1" } else { "" });
    let path = format!("/link/{}?next={APPROVALS}", text(&link.token));
    let portal = &signed.visit.portal;
    let origin = portal.for_devices();
    let address = origin.join(&path).map_or(path, String::from);
    html! {
        @if let Some(lan) = &portal.config().lan {
            details {
                summary { "First time on this phone? It has to trust this server first" }
                p { "Open this on the phone and follow the steps:" }
                (picture(lan.trust.as_str().as_bytes(), "QR code with the page on how to trust this server"))
                p.once { (lan.trust) }
            }
        }
        ol.steps {
            li { p { b { "Scan this with the phone" } ", or open the link there. It works once, until " (signed.clock(link.until)) "." }
                (picture(address.as_bytes(), "QR code with the link for your phone"))
                p.once { (address) }
            }
            li { p { b { "The phone shows a number." } " This page then continues by itself; if it does not: " a.btn.mini href=(back) { "The phone shows a number" } } }
            li { p { b { "Type the number here." } " The field for it appears below." } }
        }
        div.stack data-live=(stream) data-next=(back) role="status" { (waiting(signed, phones, moves)) }
        @if is_this_machine(origin) {
            p.note.warm {
                "This address works only on this computer: no other device can open " b { (origin.host_str().unwrap_or_default()) } ". For a real phone, "
                @if portal.config().demo { "stop the demo and start it again with " code { "floorpass demo --lan" } "." }
                @else { "serve the portal under a name that the phone can reach: see TLS in docs/operations.md." }
            }
        }
        p.small.dim { "Anyone else who opens it is view-only until you remove them under " a href="/devices" { "Devices" } ", and cannot approve anything." }
    }
}

/// Whether an address leads other devices to themselves and not here.
fn is_this_machine(origin: &Url) -> bool {
    match origin.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// The phones that opened a link, each with the field for its number; the page that offers the link shows them by itself.
fn waiting(signed: &Signed, phones: &[PhoneInfo], moves: bool) -> Markup {
    html! {
        @for phone in phones.iter().filter(|phone| !phone.confirmed) {
            p { b { (phone.name) } " opened the link." }
            (number_form(signed, phone.id, moves))
        }
    }
}

/// A mark of what [`waiting`] shows.
fn mark(phones: &[PhoneInfo]) -> String {
    let mut hash = DefaultHasher::new();
    for phone in phones.iter().filter(|phone| !phone.confirmed) {
        phone.id.hash(&mut hash);
    }
    format!("{:x}", hash.finish())
}

/// Between two looks for a phone that opened the link.
const LOOK: Duration = Duration::from_secs(2);
/// How often to look: for as long as a link is valid.
const LOOKS: u32 = 300;

struct Watcher {
    signed: Signed,
    /// Tells the session's end, whatever ended it.
    subscription: Subscription,
    seen: String,
    moves: bool,
    looks: u32,
    over: bool,
}

/// `GET /phone/events?seen=MARK`: the phones that opened a link, whenever there are others.
pub(crate) async fn events(signed: Signed) -> Reply {
    let gate = signed.visit.portal.gate();
    let query = &signed.visit.query;
    let watcher = Watcher {
        subscription: gate.orders().subscribe(&signed.admission),
        seen: query.get("seen").to_owned(),
        moves: query.has("moves"),
        looks: LOOKS,
        over: false,
        signed,
    };
    Ok(crate::stream::watched(watcher))
}

impl crate::stream::Watch for Watcher {
    /// The next event; none once the end was told.
    async fn next(&mut self) -> Option<Event> {
        while !self.over {
            if self.looks > 0 {
                let phones = self
                    .signed
                    .visit
                    .portal
                    .gate()
                    .approvals()
                    .phones(&self.signed.ticket)
                    .await
                    .ok()?;
                let now = mark(&phones);
                if now != self.seen {
                    self.seen = now;
                    let shown = waiting(&self.signed, &phones, self.moves);
                    let shown = subject::addressed(subject::named(&self.signed.ticket), shown);
                    return Some(Event::default().event("fragment").data(shown.into_string()));
                }
            }
            tokio::select! {
                delivery = self.subscription.recv() => self.over = matches!(delivery, Delivery::Ended(_)),
                () = tokio::time::sleep(LOOK), if self.looks > 0 => self.looks -= 1,
            }
            if self.over {
                return Some(Event::default().event("ended").data("now"));
            }
        }
        None
    }
}

/// `POST /phone/link`
pub(crate) async fn link(signed: Signed) -> Reply {
    let gate = signed.visit.portal.gate();
    let issued =
        gate.people().issue_link(&signed.actor(), &signed.ticket.username, Purpose::Phone).await;
    let issued = issued.map_err(|why| signed.fault(why))?;
    page(&signed, Some(&issued), None).await
}

/// `POST /phone/{device}/confirm`
pub(crate) async fn confirm(Path(id): Path<String>, signed: Signed) -> Reply {
    let id: DeviceId = id.parse().map_err(|_| signed.fault(Cause::Missing))?;
    let number = signed.visit.fields.get("number");
    if number.is_empty() && waits(&signed, id).await? {
        let note = refusal::missing(NO_NUMBER);
        return page(&signed, None, Some((StatusCode::BAD_REQUEST, note))).await;
    }
    match signed
        .visit
        .portal
        .gate()
        .approvals()
        .confirm_phone(&signed.ticket, id, number, false)
        .await
    {
        Ok(()) => Ok(go("/phone?added=1")),
        Err(why @ access::Refusal::Approval(ApprovalRefusal::PhoneNumberWrong)) => {
            page(&signed, None, Some(wrong(&why))).await
        }
        Err(why) => Err(signed.fault(why)),
    }
}

/// `GET /phone/move`: on the old phone.
pub(crate) async fn move_page(signed: Signed) -> Reply {
    moving(&signed, None, None).await
}

async fn moving(signed: &Signed, link: Option<&LinkIssued>, why: Option<Why>) -> Reply {
    let (status, note) = why.unwrap_or_else(|| (StatusCode::OK, html! {}));
    let gate = signed.visit.portal.gate();
    let phones = gate.approvals().phones(&signed.ticket).await.map_err(|why| signed.fault(why))?;
    let own = phones.iter().any(|one| one.confirmed && one.id == signed.ticket.device);
    let holds = crate::recovery::holds(signed).await?;
    let body = html! {
        (shell::title("Move to a new phone", &html! {}))
        (holds)
        (note)
        section.card.stack aria-label="Move to a new phone" {
            @match link {
                _ if !own => p { "This phone does not answer approvals. Open this page on the one that does; if you lost it, see " a href="/phone" { "Phone" } "." },
                Some(link) => (offered(signed, link, &phones, true)),
                None => {
                    p { "The new phone takes this one's place and may do what this one may: it answers approvals, and this one is signed out and removed." }
                    form method="post" action="/phone/move" { (shell::token(signed)) button.main { "Make a link for the new phone" } }
                }
            }
            @if own && link.is_none() { @for phone in phones.iter().filter(|phone| !phone.confirmed) { b { (phone.name) } (number_form(signed, phone.id, true)) } }
        }
    };
    Ok((status, shell::page(signed, Tab::Approve, "Move to a new phone", &body)).into_response())
}

/// `POST /phone/move`: the link for the new phone.
pub(crate) async fn move_link(signed: Signed) -> Reply {
    let gate = signed.visit.portal.gate();
    let issued =
        gate.people().issue_link(&signed.actor(), &signed.ticket.username, Purpose::Phone).await;
    let issued = issued.map_err(|why| signed.fault(why))?;
    moving(&signed, Some(&issued), None).await
}

/// `POST /phone/{device}/move`: the new phone's number, typed on the old one.
pub(crate) async fn move_on(Path(id): Path<String>, signed: Signed) -> Reply {
    let id: DeviceId = id.parse().map_err(|_| signed.fault(Cause::Missing))?;
    let number = signed.visit.fields.get("number");
    if number.is_empty() && waits(&signed, id).await? {
        let note = refusal::missing(NO_NUMBER);
        return moving(&signed, None, Some((StatusCode::BAD_REQUEST, note))).await;
    }
    match signed
        .visit
        .portal
        .gate()
        .approvals()
        .confirm_phone(&signed.ticket, id, number, true)
        .await
    {
        Ok(()) => Ok(go("/sign-in?moved=1")),
        Err(why @ access::Refusal::Approval(ApprovalRefusal::PhoneNumberWrong)) => {
            moving(&signed, None, Some(wrong(&why))).await
        }
        Err(why) => Err(signed.fault(why)),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn address_that_no_other_device_reaches_is_known() {
        for (address, is) in [
            ("http://localhost:8080/", true),
            ("https://demo.localhost/", true),
            ("http://127.0.0.2/", true),
            ("http://[::1]:8080/", true),
            ("https://192.168.1.5/", false),
            ("https://trade.example.org/", false),
        ] {
            assert_eq!(is_this_machine(&Url::parse(address).unwrap()), is, "{address}");
        }
    }
}
