//! Policies: what each interface asks of its sessions, when these are renewed, and whether one of them
//! holds trading.

use access::Refusal;
use access::policy::{Assurance, Needs, NewNetwork, Policy, Tempo};
use access::session::Interface;
use access::window::{DAYS, Window};
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use gate::Policies;
use maud::{Markup, html};

use crate::fault::{Cause, Fault};
use crate::field::{self, Field};
use crate::figure;
use crate::refusal;
use crate::shell::{self, Tab};
use crate::visit::{Signed, go};

type Reply = Result<Response, Fault>;

/// `GET /policies`
pub(crate) async fn show(signed: Signed) -> Reply {
    page(&signed, None).await
}

async fn page(signed: &Signed, why: Option<&Refusal>) -> Reply {
    let gate = signed.visit.portal.gate();
    let chosen = gate.policies(signed.ticket.person).await.map_err(|why| signed.fault(why))?;
    let body = html! {
        (shell::rooms(signed, "/policies"))
        (shell::title("Policies", &html! {}))
        @if let Some(why) = why { (refusal::note(why)) }
        @if signed.visit.query.has("set") {
            div.note.good role="status" { "Set. What narrows counts at once; a longer limit counts from the next sign-in or proof of a session." }
        }
        div.grid {
            div.stack.s7 { @for policy in &chosen.policies { (interface(signed, policy)) } }
            div.stack.s5 { (window(signed, &chosen)) (brokerage(signed, &chosen)) (tempos()) }
        }
    };
    let status = why.map_or(StatusCode::OK, refusal::status);
    Ok((status, shell::page(signed, Tab::Access, "Policies", &body)).into_response())
}

/// Interfaces that have a door in this version.
const OPEN: [Interface; 2] = [Interface::Portal, Interface::Phone];

fn interface(signed: &Signed, policy: &Policy) -> Markup {
    let name = policy.interface.name();
    let (tempos, networks) = (
        Tempo::ALL.map(|one| (one.name(), one.to_string())),
        NewNetwork::ALL.map(|one| (one.name(), one.to_string())),
    );
    let levels = Assurance::ALL.map(|one| (one.name(), one.to_string()));
    let needs = policy.needs;
    let title = format!("policy-{name}");
    let open = OPEN.contains(&policy.interface);
    html! {
        section.card aria-labelledby=(title) {
            h2 id=(title) { (refusal::sentence(&policy.interface.to_string()).trim_end_matches('.')) @if !open { " " span.tag { "no door yet" } } }
            p { (policy.tempo) ". At another network a session " (policy.new_network) "." }
            details {
                summary.btn.mini { "Change" span.sr { " the policy of the " (policy.interface) } }
                form.f method="post" action={ "/policies/" (name) } {
                    (shell::token(signed))
                    (select(name, "tempo", "How you work there", policy.tempo.name(), &tempos))
                    (select(name, "new_network", "At a network that it was not proven at, a session", policy.new_network.name(), &networks))
                    div.two {
                        (select(name, "view", "To look it takes", needs.view.name(), &levels))
                        (select(name, "trade", "To trade it takes", needs.trade.name(), &levels))
                        (select(name, "administer", "To administer it takes", needs.administer.name(), &levels))
                        (select(name, "withdraw", "To withdraw it will take", needs.withdraw.name(), &levels))
                    }
                    button { "Set" }
                }
            }
        }
    }
}

/// A choice whose field is named alike in several forms of the page.
fn select(form: &str, name: &str, label: &str, chosen: &str, options: &[(&str, String)]) -> Markup {
    let id = format!("{form}-{name}");
    html! {
        div {
            label for=(id) { (label) }
            select id=(id) name=(name) {
                @for (value, text) in options { option value=(value) selected[*value == chosen] { (text) } }
            }
        }
    }
}

fn window(signed: &Signed, chosen: &Policies) -> Markup {
    let now = chosen.window.as_ref();
    let time = now.map_or_else(
        || "10:00".to_owned(),
        |one| format!("{:02}:{:02}", one.minute() / 60, one.minute() % 60),
    );
    let day = now.map_or(6, Window::weekday).to_string();
    let numbers: Vec<String> = (0..DAYS.len()).map(|number| number.to_string()).collect();
    let days: Vec<(&str, &str)> =
        numbers.iter().map(String::as_str).zip(DAYS.iter().copied()).collect();
    html! {
        section.card.stack aria-labelledby="window" {
            h2 #window { "When you renew your sessions" }
            @match now {
                Some(window) => p { "Renewed " (window) "." @if let Some(opens) = chosen.opens { " Next: " (figure::time(opens)) " UTC." } },
                None => p { "No window: sessions end by the plain limits of their tempo." },
            }
            form.f method="post" action="/policies/window" {
                (shell::token(signed))
                (field::select("weekday", "Day", &day, &days))
                div {
                    label for="time" { "From" }
                    input id="time" name="time" type="time" value=(time) required;
                }
                (Field { name: "zone", label: "Time zone", value: now.map_or("", Window::zone), required: true,
                    help: "Its name, like Europe/Berlin or America/New_York. The window is open for two hours.", ..Field::default() })
                button { "Set the window" }
            }
            @if now.is_some() {
                form method="post" action="/policies/window" { (shell::token(signed)) button.mini { "No window" } }
            }
            p.small.dim { "Sessions with the tempo active or unattended, bound to their browser on a confirmed device, last until the end of a window and never end between two. You are told a day before, and a proof from then on renews." }
        }
    }
}

fn brokerage(signed: &Signed, chosen: &Policies) -> Markup {
    html! {
        section.card.stack aria-labelledby="brokerage" {
            h2 #brokerage { "One brokerage session" }
            @if chosen.one_brokerage {
                p { "On: one session of yours trades at a time, the others look and cancel."
                    @if let Some(held) = &chosen.broker { " " b { (held.device) } " holds trading since " (figure::time(held.since)) " UTC. " a href="/session/take-over" { "Take over" } } }
            } @else {
                p { "Off: every session of yours that may trade does. Programs have authority of their own and never compete." }
            }
            form method="post" action="/policies/brokerage" {
                (shell::token(signed))
                input type="hidden" name="on" value=(if chosen.one_brokerage { "no" } else { "yes" });
                button.mini { @if chosen.one_brokerage { "Switch it off" } @else { "Switch it on" } }
            }
        }
    }
}

fn tempos() -> Markup {
    html! {
        section.card aria-labelledby="tempos" {
            h2 #tempos { "What a tempo means" }
            dl.pairs {
                @for tempo in Tempo::ALL {
                    @let limits = tempo.limits();
                    div { dt { (tempo.name()) } dd {
                        (limits.idle) " unused, " (limits.absolute) " in all"
                        @if let Some(ceiling) = limits.ceiling { "; with a window " (ceiling) " at most" }
                    } }
                }
            }
            p.small.dim { "Without a key of its browser, or on a device that a typed code alone activated, a session has the limits of occasional whatever you choose." }
        }
    }
}

async fn then(signed: &Signed, done: Result<(), Refusal>) -> Reply {
    match done {
        Ok(()) => Ok(go("/policies?set=1")),
        Err(why @ (Refusal::ZoneUnknown { .. } | Refusal::OutOfRange { .. })) => {
            page(signed, Some(&why)).await
        }
        Err(why) => Err(signed.fault(why)),
    }
}

/// One of a list by its name.
fn named<T: Copy>(
    signed: &Signed,
    field: &str,
    all: &[T],
    name: impl Fn(T) -> &'static str,
) -> Result<T, Fault> {
    let given = signed.visit.fields.get(field);
    let found = all.iter().copied().find(|one| name(*one) == given);
    found.ok_or_else(|| signed.fault(Cause::Malformed))
}

/// `POST /policies/{interface}`
pub(crate) async fn set(Path(at): Path<String>, signed: Signed) -> Reply {
    let interface = Interface::OF_PEOPLE.into_iter().find(|one| one.name() == at);
    let interface = interface.ok_or_else(|| signed.fault(Cause::Missing))?;
    let level = |field| named(&signed, field, &Assurance::ALL, Assurance::name);
    let needs = Needs {
        view: level("view")?,
        trade: level("trade")?,
        administer: level("administer")?,
        withdraw: level("withdraw")?,
    };
    let tempo = named(&signed, "tempo", &Tempo::ALL, Tempo::name)?;
    let new_network = named(&signed, "new_network", &NewNetwork::ALL, NewNetwork::name)?;
    let policy = (interface, tempo, new_network, needs);
    let gate = signed.visit.portal.gate();
    let done = gate.set_policy(&signed.actor(), signed.ticket.person, policy).await;
    then(&signed, done).await
}

/// `POST /policies/window`; without a day there is none from then on.
pub(crate) async fn set_window(signed: Signed) -> Reply {
    let fields = &signed.visit.fields;
    let window = if fields.has("weekday") {
        let weekday = fields.get("weekday").parse().unwrap_or(u8::MAX);
        match Window::new(weekday, minute(fields.get("time")), fields.get("zone")) {
            Ok(window) => Some(window),
            Err(why) => return page(&signed, Some(&why)).await,
        }
    } else {
        None
    };
    let gate = signed.visit.portal.gate();
    let done = gate.set_window(&signed.actor(), signed.ticket.person, window).await;
    then(&signed, done).await
}

/// `10:30` as minutes after midnight; what is no time is out of every range.
fn minute(text: &str) -> u16 {
    let read = || {
        let (hour, minute) = text.split_once(':')?;
        let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
        (minute < 60).then(|| hour.checked_mul(60)?.checked_add(minute))?
    };
    read().unwrap_or(u16::MAX)
}

/// `POST /policies/brokerage`
pub(crate) async fn set_brokerage(signed: Signed) -> Reply {
    let on = signed.visit.fields.get("on") == "yes";
    let gate = signed.visit.portal.gate();
    let done = gate.set_one_brokerage(&signed.actor(), signed.ticket.person, on).await;
    then(&signed, done).await
}
