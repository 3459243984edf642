//! The message centre: everything the person was told, by every channel, and 'This was not me'. It
//! never shows a code.

use std::collections::BTreeMap;

use access::device::Standing;
use access::notice::{Disowned, Topic};
use access::{Act, DeviceId, Grade, NoticeId, RecoveryId, Refusal, Time};
use axum::extract::Path;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use gate::Message;
use maud::{Markup, html};

use crate::fault::{Cause, Fault};
use crate::figure;
use crate::shell::{self, Tab};
use crate::visit::{Signed, go};

type Reply = Result<Response, Fault>;

fn id(signed: &Signed, text: &str) -> Result<NoticeId, Fault> {
    text.parse().map_err(|_| signed.fault(Cause::Missing))
}

/// `GET /messages`
pub(crate) async fn list(signed: Signed) -> Reply {
    let after = match signed.visit.query.get("after") {
        "" => None,
        text => Some(id(&signed, text)?),
    };
    let gate = signed.visit.portal.gate();
    let page = gate.notices().list(signed.ticket.person, after).await;
    let page = page.map_err(|why| signed.fault(why))?;
    let now = signed.now();
    let newest = page.messages.first().map(|one| one.notice.id);
    let body = html! {
        (shell::rooms(&signed, "/messages"))
        (shell::title("Messages", &html! {
            @if let (Some(newest), true) = (newest, signed.unread > 0 && after.is_none()) {
                form method="post" action="/messages/read" {
                    (shell::token(&signed))
                    input type="hidden" name="newest" value=(newest);
                    button { "Mark all as read" }
                }
            }
        }))
        @if signed.visit.query.has("read") { div.note.good role="status" { "Marked as read." } }
        section.card aria-label="Messages" {
            p.small.dim { "Every message we send you also appears here, without its codes. A message that is not here is not from us." }
            @if page.messages.is_empty() { p.empty { "No messages." } } @else {
                table.flip.lines.letters {
                    thead { tr { th { "When" } th { "About" } th { "Message" } th { span.sr { "Act" } } } }
                    tbody { @for message in &page.messages { (row(&signed, message, &page.devices, now)) } }
                }
            }
            @if let Some(next) = page.next { p { a.btn href={ "/messages?after=" (next) } { "Older messages" } } }
        }
    };
    Ok(shell::page(&signed, Tab::Elsewhere, "Messages", &body).into_response())
}

fn row(
    signed: &Signed,
    message: &Message,
    devices: &BTreeMap<DeviceId, String>,
    now: Time,
) -> Markup {
    let notice = &message.notice;
    let path = format!("/messages/{}", notice.id);
    html! {
        tr.hit[message.read_at.is_none()] {
            td.end {
                (figure::ago(notice.at, now)) span.sub { (figure::time(notice.at)) }
                @if message.read_at.is_none() { span.tag.accent { "unread" } }
            }
            td.key data-l="About" { a href=(path) { (notice.topic.title()) } (place(message, devices)) }
            td { (notice.text) @if message.disowned_at.is_some() { span.sub { "You answered that this was not you." } } }
            td { div.act {
                @if message.read_at.is_none() {
                    form method="post" action={ (path) "/read" } {
                        (shell::token(signed))
                        button.mini aria-label={ "Mark as read: " (notice.topic.title()) } { "Mark as read" }
                    }
                }
                @if notice.topic.can_be_disowned() && message.disowned_at.is_none() { (not_me(signed, message, "mini")) }
            } }
        }
    }
}

fn not_me(signed: &Signed, message: &Message, class: &str) -> Markup {
    let notice = &message.notice;
    html! {
        form method="post" action={ "/messages/" (notice.id) "/not-me" } {
            (shell::token(signed))
            button class=(class) aria-label={ "This was not me: " (notice.topic.title()) } { "This was not me" }
        }
    }
}

/// Where from and on which browser.
fn place(message: &Message, devices: &BTreeMap<DeviceId, String>) -> Markup {
    let subject = &message.notice.subject;
    html! {
        @if let Some(address) = subject.address { span.sub { "from " span.mono { (address) } } }
        @if let Some(device) = subject.device {
            span.sub { @match devices.get(&device) { Some(name) => (name), None => "a browser that was removed" } }
        }
    }
}

/// `GET /messages/{id}`
///
/// One that is opened is read. A browser that only fetches ahead opens nothing, and what cannot be written down now
/// keeps its button.
pub(crate) async fn show(
    Path(text): Path<String>,
    headers: HeaderMap,
    mut signed: Signed,
) -> Reply {
    let id = id(&signed, &text)?;
    let ahead = headers.get("sec-purpose").is_some();
    let gate = signed.visit.portal.gate();
    let unread = gate.notices().message(signed.ticket.person, id).await;
    let (unread, _) = unread.map_err(|why| signed.fault(why))?;
    if unread.read_at.is_none() && !ahead && gate.notices().read(&signed.ticket, id).await.is_ok() {
        signed.unread = signed.unread.saturating_sub(1);
    }
    page(&signed, id, None).await
}

async fn page(signed: &Signed, id: NoticeId, stopped: Option<&Disowned>) -> Reply {
    let gate = signed.visit.portal.gate();
    let found = gate.notices().message(signed.ticket.person, id).await;
    let (message, devices) = found.map_err(|why| signed.fault(why))?;
    let notice = &message.notice;
    let open = match notice.topic {
        Topic::Recovery => open_recovery(signed).await?,
        _ => None,
    };
    let subject = &notice.subject;
    let since = if message.disowned_at.is_some() {
        afterwards(signed, subject.device).await?
    } else {
        html! {}
    };
    let body = html! {
        (shell::rooms(signed, "/messages"))
        (shell::title(notice.topic.title(), &html! { a.btn href="/messages" { "All messages" } }))
        @if let Some(stopped) = stopped { (receipt(stopped)) }
        div.grid {
            section.card.s7 aria-label="Message" {
                @if message.disowned_at.is_some() { p.small.dim { "What we told you then:" } }
                p { (notice.text) }
                @if message.read_at.is_none() {
                    form method="post" action={ "/messages/" (notice.id) "/read" } { (shell::token(signed)) button { "Mark as read" } }
                }
                dl.pairs {
                    div { dt { "When" } dd { (figure::time(notice.at)) " UTC" } }
                    @if let Some(address) = subject.address { div { dt { "From" } dd.mono { (address) } } }
                    @if let Some(device) = subject.device {
                        div { dt { "Browser" } dd { @match devices.get(&device) { Some(name) => (name), None => "removed since" } } }
                    }
                    @if !notice.mail.is_empty() {
                        div { dt { "Sent to" } dd { @for one in &notice.mail { (one) br; } } }
                    }
                    @if let Some(at) = message.disowned_at { div { dt { "Not you" } dd { "said " (figure::time(at)) " UTC" } } }
                }
            }
            @if notice.topic.can_be_disowned() {
                @if message.disowned_at.is_none() { (stop(signed, &message)) } @else { (since) }
            }
            @if let Some(one) = open { section.card.s5 aria-labelledby="stop" { h2 #stop { "Was this not you?" } (crate::recovery::stop_button(signed, one)) } }
        }
    };
    Ok(shell::page(signed, Tab::Elsewhere, notice.topic.title(), &body).into_response())
}

/// The recovery that is under way.
async fn open_recovery(signed: &Signed) -> Result<Option<RecoveryId>, Fault> {
    let all = signed.visit.portal.gate().recoveries().list(Some(signed.ticket.person)).await;
    let all = all.map_err(|why| signed.fault(why))?;
    Ok(all.iter().find(|one| one.is_open()).map(|one| one.id))
}

/// What 'this was not me' does, and the lock.
fn stop(signed: &Signed, message: &Message) -> Markup {
    let lock = signed.admission.entitlements().lock;
    html! {
        section.card.s5 aria-labelledby="stop" {
            h2 #stop { "Was this not you?" }
            p { "This ends the sessions of the browser in this message, removes its trust, and stops every sign-in under way. This session and its browser stay." }
            (not_me(signed, message, "main"))
            p { "If in doubt, lock:" }
            form.tight method="post" action="/lock" {
                (shell::token(signed))
                button name="grade" value=(Grade::NoNew) disabled[Grade::NoNew <= lock] { "No new orders" }
                button.lock name="grade" value=(Grade::All) disabled[Grade::All <= lock] { "Lock everything\u{2026}" }
            }
            p.small.dim { "To revoke a credential you did not create, open its page under " a href="/credentials" { "Credentials" } "." }
        }
    }
}

/// What is true now of the browser that a disowned message names, and the lock.
async fn afterwards(signed: &Signed, device: Option<DeviceId>) -> Result<Markup, Fault> {
    let all = signed.visit.portal.gate().devices().list(Some(signed.ticket.person)).await;
    let all = all.map_err(|why| signed.fault(why))?;
    let now = device.and_then(|id| all.iter().find(|one| one.device.id == id));
    Ok(html! {
        section.card.s5.stack aria-labelledby="stop" {
            h2 #stop { "You answered that this was not you" }
            p { @match now {
                Some(info) => {
                    b { (info.device.name) }
                    @match info.standing {
                        Standing::Trusted => " is still trusted, and has ",
                        Standing::Pending | Standing::Expired => " is not trusted, and has ",
                        Standing::Blocked => " is blocked, and has ",
                    }
                    (figure::plural(info.sessions, "session")) " now. "
                    a href="/devices" { "Devices" }
                }
                None if device.is_none() => "Every sign-in under way at the time was stopped.",
                None => "The browser in the message has been removed, and it has no sessions left.",
            } }
            p { "Somebody may know your password: " a href="/authenticators" { "change it" } ". If in doubt, " a href="/lock" { "lock the account" } "." }
        }
    })
}

/// What was stopped.
fn receipt(stopped: &Disowned) -> Markup {
    html! {
        div.note.good role="status" {
            b { "Stopped. " }
            (figure::plural(usize::try_from(stopped.sessions).unwrap_or(0), "session")) " ended, "
            (figure::plural(usize::try_from(stopped.attempts).unwrap_or(0), "sign-in")) " under way stopped"
            @if let Some(text) = stopped.untrusted() { ", and " (text) }
            "."
        }
        @if stopped.is_asker {
            div.note.warm role="status" { "The message is about the browser you are using now, which stays trusted. If somebody else uses it too, remove it under " a href="/devices" { "Devices" } ", or lock." }
        }
    }
}

/// `POST /messages/{id}/not-me`: stops it, and answers with what was stopped and the lock.
pub(crate) async fn disown(Path(text): Path<String>, signed: Signed) -> Reply {
    let id = id(&signed, &text)?;
    let gate = signed.visit.portal.gate();
    let stopped =
        gate.notices().disown(&signed.actor(), id).await.map_err(|why| signed.fault(why))?;
    if signed.admission.entitlements().acts.contains(Act::ViewAccount) {
        return page(&signed, id, Some(&stopped)).await;
    }
    Ok(shell::bare("Stopped", &html! { h1 { "Stopped" } (receipt(&stopped)) }).into_response())
}

/// `POST /messages/{id}/read`
pub(crate) async fn read(Path(text): Path<String>, signed: Signed) -> Reply {
    let id = id(&signed, &text)?;
    let done = signed.visit.portal.gate().notices().read(&signed.ticket, id).await;
    done.map_err(|why| signed.fault(why))?;
    Ok(go("/messages?read=1"))
}

/// `POST /messages/read`: all that the page showed or could have.
pub(crate) async fn read_all(signed: Signed) -> Reply {
    let newest = signed.visit.fields.get("newest").parse();
    let newest = newest.map_err(|_| signed.fault(Refusal::not_found("message")))?;
    let done = signed.visit.portal.gate().notices().read_all(&signed.ticket, newest).await;
    done.map_err(|why| signed.fault(why))?;
    Ok(go("/messages?read=1"))
}
