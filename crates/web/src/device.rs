//! Devices: the browsers that were activated, their names, and their removal.

use std::net::IpAddr;

use access::agent::Agent;
use access::device::{DeviceRole, DeviceState, Standing};
use access::refusal::{ChangeRefusal, Field as Input, SessionRefusal};
use access::session::Method;
use access::{Act, DeviceId, Time};
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use gate::DeviceInfo;
use maud::{Markup, html};

use crate::authenticator::typed;
use crate::fault::{Cause, Fault};
use crate::field;
use crate::figure;
use crate::form;
use crate::refusal;
use crate::shell::{self, Tab};
use crate::visit::{Signed, go};

type Reply = Result<Response, Fault>;

/// `GET /devices`
pub(crate) async fn list(signed: Signed) -> Reply {
    page(&signed, None, None).await
}

/// The page; with the reason why a change was not made, and which row's name it is about.
async fn page(signed: &Signed, why: Option<&access::Refusal>, row_of: Option<DeviceId>) -> Reply {
    let gate = signed.visit.portal.gate();
    let devices =
        gate.devices().list(Some(signed.ticket.person)).await.map_err(|why| signed.fault(why))?;
    let now = signed.now();
    let errors = refusal::errors(why, &[(Input::DeviceName, "name")]);
    let wrong = |id| errors.get("name").filter(|_| row_of == Some(id));
    let body = html! {
        (shell::rooms(signed, "/devices"))
        (shell::title("Devices", &html! {
            @if devices.len() > 1 {
                form method="post" action="/devices/remove-others" { (shell::token(signed)) button { "Remove all others" } }
            }
        }))
        @if let Some(why) = why { (refusal::above(why, &errors)) }
        @if signed.visit.query.has("removed") { div.note.good role="status" { "Removed. Its sessions have ended, and it must be activated again." } }
        @if signed.visit.query.has("role") { div.note.good role="status" { "Role changed. It applies from the browser's next request." } }
        @if signed.visit.query.has("again") { div.note.good role="status" { "This browser has its old name and first day again. The old entry is no longer trusted." } }
        @if signed.visit.query.has("renamed") { div.note.good role="status" { "Renamed." } }
        div.stack {
        section.card aria-label="Browsers" {
            @if devices.is_empty() { p.empty { "No browsers." } } @else {
                table.flip.lines.browsers {
                    thead { tr { th { "Name" } th { "Trust" } th { "May" } th { "Last used" } th { "First used" } th { span.sr { "Act" } } } }
                    tbody { @for device in &devices { (row(signed, device, now, wrong(device.device.id))) } }
                }
            }
            p.small.dim { "A new browser is activated once, by a code, a link or a passkey. Removing it ends its sessions at once; blocking it also keeps it from signing in again." }
        }
        (older(signed).await)
        }
    };
    let status = why.map_or(axum::http::StatusCode::OK, refusal::status);
    Ok((status, shell::page(signed, Tab::Access, "Devices", &body)).into_response())
}

fn row(signed: &Signed, info: &DeviceInfo, now: Time, wrong: Option<&String>) -> Markup {
    let device = &info.device;
    let this = device.id == signed.ticket.device;
    let (class, standing) = match info.standing {
        Standing::Pending => ("tag", "waiting for its code"),
        Standing::Trusted => ("tag up", "trusted"),
        Standing::Expired => ("tag", "expired"),
        Standing::Blocked => ("tag down", "blocked"),
    };
    let until = match device.state {
        DeviceState::Trusted { until } => Some(until),
        DeviceState::Pending | DeviceState::Blocked => None,
    };
    let field = format!("name-{}", device.id);
    html! {
        tr.hit[this] {
            td.key {
                (device.name) @if this { " " span.tag.accent { "this browser" } }
                @if device.lent { " " span.tag { "not yours: removed with its session" } }
                (agent(device.agent.as_ref()))
                @if device.succeeds.is_some() { span.sub { "continues an earlier entry" } }
            }
            td.end data-l="Trust" { span class=(class) { (standing) } @if let Some(until) = until { span.sub { "until " (figure::day(until)) } } }
            td.full data-l="May" { (may(info)) }
            td.full data-l="Last used" { (figure::ago(device.last_seen_at, now)) (from(device.last_address)) (signed_in_by(&device.methods)) (sessions(info)) }
            td.full data-l="First used" { (figure::lately(device.created_at, now)) (from(device.first_address)) }
            td { div.act {
                (role(signed, info))
                details.ren open[wrong.is_some()] {
                    summary.btn.mini { "Rename" span.sr { " " (device.name) } }
                    form.row method="post" action={ "/devices/" (device.id) "/rename" } {
                        (shell::token(signed))
                        (field::rename(&field, &format!("New name of {}", device.name), typed(signed, device.name.as_str(), wrong), wrong))
                        button.mini { "Rename" }
                    }
                }
                form method="post" action={ "/devices/" (device.id) "/remove" } {
                    (shell::token(signed))
                    button.mini aria-label={ "Remove " (device.name) } { "Remove" }
                }
                @if info.standing != Standing::Blocked && !this {
                    form method="post" action={ "/devices/" (device.id) "/block" } {
                        (shell::token(signed))
                        button.mini aria-label={ "Block " (device.name) } { "Block" }
                    }
                }
            } }
        }
    }
}

/// What a browser said of itself.
pub(crate) fn agent(agent: Option<&Agent>) -> Markup {
    html! {
        @if let Some(agent) = agent {
            span.sub { (agent.name) @if let Some(form) = agent.form.text() { ", " (form) } }
        }
    }
}

/// From where it was used; nothing where that was not kept.
pub(crate) fn from(address: Option<IpAddr>) -> Markup {
    html! {
        @if let Some(address) = address {
            span.sub { span.mono { (address) } @if let Some(place) = access::network::place(address) { " (" (place) ")" } }
        }
    }
}

/// How its person was proven.
pub(crate) fn signed_in_by(methods: &[Method]) -> Markup {
    let methods: Vec<_> = methods.iter().map(|one| one.text()).collect();
    html! { @if !methods.is_empty() { span.sub { "signed in with " (methods.join(" and ")) } } }
}

/// How many sessions are open on it, and at which interfaces.
fn sessions(info: &DeviceInfo) -> Markup {
    let names: Vec<_> = info.interfaces.iter().map(|one| one.name()).collect();
    html! {
        @if info.sessions > 0 { span.sub { (figure::plural(info.sessions, "session")) " open: " (names.join(", ")) } }
    }
}

/// What sessions on it may do now; none on a browser that is blocked or waits for its code.
fn role_now(info: &DeviceInfo) -> Option<DeviceRole> {
    let device = &info.device;
    let none = info.standing == Standing::Blocked || info.standing == Standing::Pending;
    (!none).then_some(if device.confirmed { device.role } else { DeviceRole::View })
}

fn may(info: &DeviceInfo) -> Markup {
    html! {
        @match role_now(info) { Some(role) => (role), None => "nothing" }
        @if role_now(info).is_some() && !info.device.confirmed { span.sub { "until a passkey is used there, or you change its role here" } }
    }
}

/// The choice of another role. No device gives itself more.
fn role(signed: &Signed, info: &DeviceInfo) -> Markup {
    let device = &info.device;
    let Some(now) = role_now(info) else { return html! {} };
    let field = format!("role-{}", device.id);
    html! {
        details.ren {
            summary.btn.mini { "Change role" span.sr { " of " (device.name) } }
            form.row method="post" action={ "/devices/" (device.id) "/role" } {
                (shell::token(signed))
                label.sr for=(field) { "What " (device.name) " may do" }
                select id=(field) name="role" {
                    @for role in DeviceRole::ALL { option value=(role.name()) selected[role == now] { (role) } }
                }
                button.mini { "Set" }
            }
        }
    }
}

/// `POST /devices/{id}/role`
pub(crate) async fn set_role(Path(id): Path<String>, signed: Signed) -> Reply {
    let id: DeviceId = id.parse().map_err(|_| signed.fault(Cause::Missing))?;
    let wanted = signed.visit.fields.get("role");
    let role = DeviceRole::ALL.into_iter().find(|role| role.name() == wanted);
    let role = role.ok_or_else(|| signed.fault(Cause::Malformed))?;
    match signed.visit.portal.gate().devices().set_role(&signed.actor(), id, role).await {
        Ok(()) => Ok(go("/devices?role=1")),
        Err(why @ access::Refusal::Session(SessionRefusal::OwnDevice)) => {
            page(&signed, Some(&why), None).await
        }
        Err(why) => Err(signed.fault(why)),
    }
}

/// Offers, on a new browser, that it is an older one again.
pub(crate) async fn older(signed: &Signed) -> Markup {
    let may = signed.sees.entitlements().acts.contains(Act::ManageDevices);
    if !may || crate::recovery::held_until(signed).is_some() {
        return html! {};
    }
    // A list that cannot be read now is not a reason to show no page.
    let older =
        signed.visit.portal.gate().devices().predecessors(&signed.ticket).await.unwrap_or_default();
    html! {
        @if !older.is_empty() {
            section.card.stack aria-labelledby="older" {
                h2 #older { "Is this one of your browsers again?" }
                p.small { "If you reinstalled or cleared one of these browsers, this browser can take back its name and history; the old entry is removed. If not, there is nothing to do." }
                @for one in older.iter().take(3) {
                    // Two of one name are told apart by when they were here.
                    form.tight method="post" action={ "/devices/" (one.id) "/succeed" } {
                        (shell::token(signed))
                        p id={ "seen-" (one.id) } { b { (one.name) } span.sub { "first seen " (figure::time(one.created_at)) ", last used " (figure::time(one.last_seen_at)) " UTC (" (figure::ago(one.last_seen_at, signed.now())) ")" } }
                        div.row { button aria-describedby={ "seen-" (one.id) } { "This is " (one.name) " again" } }
                    }
                }
            }
        }
    }
}

/// `POST /devices/{id}/succeed`
pub(crate) async fn succeed(Path(id): Path<String>, signed: Signed) -> Reply {
    let id: DeviceId = id.parse().map_err(|_| signed.fault(Cause::Missing))?;
    let gate = signed.visit.portal.gate();
    gate.devices().succeed(&signed.actor(), id, None).await.map_err(|why| signed.fault(why))?;
    Ok(go("/devices?again=1"))
}

/// `POST /devices/remove-others`
pub(crate) async fn remove_others(signed: Signed) -> Reply {
    let gate = signed.visit.portal.gate();
    gate.devices().remove_others(&signed.ticket).await.map_err(|why| signed.fault(why))?;
    Ok(go("/devices?removed=1"))
}

/// `POST /devices/{id}/block`
pub(crate) async fn block(Path(id): Path<String>, signed: Signed) -> Reply {
    let id: DeviceId = id.parse().map_err(|_| signed.fault(Cause::Missing))?;
    let gate = signed.visit.portal.gate();
    gate.devices().block(&signed.actor(), id).await.map_err(|why| signed.fault(why))?;
    Ok(go(if id == signed.ticket.device { "/sign-in?out=1" } else { "/devices?removed=1" }))
}

/// `POST /devices/{id}/rename`
pub(crate) async fn rename(Path(id): Path<String>, signed: Signed) -> Reply {
    let id: DeviceId = id.parse().map_err(|_| signed.fault(Cause::Missing))?;
    let name = signed.visit.fields.get("name");
    match signed.visit.portal.gate().devices().rename(&signed.actor(), id, name).await {
        Ok(()) => Ok(go(match signed.visit.fields.get("next") {
            "" => "/devices?renamed=1",
            next => form::local_path(next),
        })),
        Err(why @ access::Refusal::Change(ChangeRefusal::NotFound { .. })) => {
            Err(signed.fault(why))
        }
        Err(why) => page(&signed, Some(&why), Some(id)).await,
    }
}

/// `POST /devices/{id}/remove`
pub(crate) async fn remove(Path(id): Path<String>, signed: Signed) -> Reply {
    let id: DeviceId = id.parse().map_err(|_| signed.fault(Cause::Missing))?;
    let gate = signed.visit.portal.gate();
    gate.devices().remove(&signed.actor(), id).await.map_err(|why| signed.fault(why))?;
    Ok(go(if id == signed.ticket.device { "/sign-in?out=1" } else { "/devices?removed=1" }))
}
