//! Policies: what each interface requires of its sessions, when these are renewed, and whether only
//! one of them can trade.

use access::currency::Currency;
use access::large_order::Threshold;
use access::policy::{Assurance, Needs, NewNetwork, OwnLimits, Policy, Tempo};
use access::refusal::{Field as Input, InputRefusal};
use access::session::Interface;
use access::window::{DAYS, Window};
use access::{Number as Count, Refusal, Span};
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use gate::Policies;
use maud::{Markup, html};
use rust_decimal::Decimal;

use crate::currency;
use crate::fault::{Cause, Fault};
use crate::field::{self, Errors, Field};
use crate::figure;
use crate::refusal;
use crate::shell::{self, Tab};
use crate::visit::{Signed, go};

type Reply = Result<Response, Fault>;

/// `GET /policies`
pub(crate) async fn show(signed: Signed) -> Reply {
    page(&signed, None, None).await
}

/// The page; with the reason why what was typed, for this interface, was not taken.
async fn page(signed: &Signed, why: Option<&Refusal>, typed: Option<&Policy>) -> Reply {
    let gate = signed.visit.portal.gate();
    let chosen =
        gate.policies().own(signed.ticket.person).await.map_err(|why| signed.fault(why))?;
    let (open, later): (Vec<_>, Vec<_>) =
        chosen.policies.iter().partition(|one| OPEN.contains(&one.interface));
    let errors = refusal::errors(why, &FORMS);
    let is_typed = |policy: &&Policy| typed.is_some_and(|one| one.interface == policy.interface);
    let body = html! {
        (shell::rooms(signed, "/policies"))
        (shell::title("Policies", &html! {}))
        @if let Some(why) = why { (refusal::above(why, &errors)) }
        @if signed.visit.query.has("set") {
            div.note.good role="status" { "Saved. Tighter limits apply at once; looser ones from the next sign-in, or when a session confirms it's you." }
        }
        div.grid {
            div.stack.s7 {
                @for policy in open { (interface(signed, policy, typed.filter(|one| one.interface == policy.interface), &errors)) }
                @if !later.is_empty() { details open[later.iter().any(is_typed)] {
                    summary { "Interfaces that are not available yet (" (later.len()) ")" }
                    div.stack.later { @for policy in later { (interface(signed, policy, typed.filter(|one| one.interface == policy.interface), &errors)) } }
                } }
                (tempos())
                (brokerage(signed, &chosen))
            }
            div.stack.s5 { (window(signed, &chosen, &errors)) (large_orders(signed, &chosen, &errors)) }
        }
    };
    let status = why.map_or(StatusCode::OK, refusal::status);
    Ok((status, shell::page(signed, Tab::Access, "Policies", &body)).into_response())
}

/// The fields that a refusal can be about. Those of an interface stand in each card, and are marked in the one that was sent.
const FORMS: [(Input, &str); 5] = [
    (Input::IdleTime, IDLE.name),
    (Input::TotalTime, ABSOLUTE.name),
    (Input::WindowTime, "time"),
    (Input::Zone, "zone"),
    (Input::LargeOrders, "above"),
];

/// Interfaces that have a door in this version.
const OPEN: [Interface; 2] = [Interface::Portal, Interface::Phone];

/// The card of an interface, its form open where what was typed there was not taken.
fn interface(
    signed: &Signed,
    policy: &Policy,
    refused: Option<&Policy>,
    errors: &Errors,
) -> Markup {
    let name = policy.interface.name();
    let (tempos, networks) = (
        Tempo::ALL.map(|one| (one.name(), one.to_string())),
        NewNetwork::ALL.map(|one| (one.name(), one.to_string())),
    );
    let levels = Assurance::ALL.map(|one| (one.name(), one.to_string()));
    let typed = refused.unwrap_or(policy);
    let needs = typed.needs;
    let title = format!("policy-{name}");
    let open = OPEN.contains(&policy.interface);
    html! {
        section.card aria-labelledby=(title) {
            h2 id=(title) { (refusal::sentence(&policy.interface.to_string()).trim_end_matches('.')) @if !open { " " span.tag { "not available yet" } } }
            p { (refusal::sentence(&policy.tempo.to_string())) " A session ends after " (policy.limits(true)) ". On another network a session " (policy.new_network) "." }
            details open[refused.is_some()] {
                summary.btn.mini { "Change" span.sr { " the policy of the " (policy.interface) } }
                form.f method="post" action={ "/policies/" (name) } {
                    (shell::token(signed))
                    (select(name, "tempo", "How you work there", typed.tempo.name(), &tempos))
                    div.two { (numbers(signed, name, typed, refused.map(|_| errors))) }
                    (select(name, "new_network", "On a network where it was not confirmed, a session", typed.new_network.name(), &networks))
                    div.two {
                        (select(name, "view", "Required to view", needs.view.name(), &levels))
                        (select(name, "trade", "Required to trade", needs.trade.name(), &levels))
                        (select(name, "administer", "Required to administer", needs.administer.name(), &levels))
                        (select(name, "withdraw", "Required to withdraw", needs.withdraw.name(), &levels))
                    }
                    p.help { (NO_WITHDRAWAL) }
                    button { "Set" }
                }
            }
        }
    }
}

/// What is asked of a withdrawal is kept for when there is one.
const NO_WITHDRAWAL: &str =
    "Nothing can be withdrawn from a paper account; this setting is kept for later.";

/// A limit that is typed as a whole number.
struct Number {
    name: &'static str,
    label: &'static str,
    /// What it is, in a refusal.
    input: Input,
    unit: Span,
    units: &'static str,
    bounds: (Span, Span),
}

const IDLE: Number = Number {
    name: "idle_minutes",
    label: "Sign out after (minutes idle)",
    input: Input::IdleTime,
    unit: Span::minutes(1),
    units: "minutes",
    bounds: OwnLimits::IDLE,
};

const ABSOLUTE: Number = Number {
    name: "absolute_hours",
    label: "Sign out after (hours in total)",
    input: Input::TotalTime,
    unit: Span::hours(1),
    units: "hours",
    bounds: OwnLimits::ABSOLUTE,
};

impl Number {
    fn count(&self, span: Span) -> String {
        (span.0 / self.unit.0).to_string()
    }

    /// Its field; an empty one has what the tempo fills in.
    fn field(
        &self,
        form: &str,
        (own, fill): (Option<Span>, Span),
        again: Option<(&str, Option<&String>)>,
    ) -> Markup {
        let id = format!("{form}-{}", self.name);
        let help = format!("{id}-help");
        let error = again.and_then(|(_, error)| error);
        let value = again
            .map_or_else(|| own.map(|own| self.count(own)), |(typed, _)| Some(typed.to_owned()));
        let (least, most) = (self.count(self.bounds.0), self.count(self.bounds.1));
        html! {
            div {
                label for=(id) { (self.label) }
                input id=(id) name=(self.name) inputmode="numeric" autocomplete="off" spellcheck="false"
                    value=[value] placeholder=(self.count(fill)) aria-invalid=[error.map(|_| "true")]
                    aria-describedby=[field::described(&id, "help", error.is_some())];
                @if let Some(text) = error { p.err id={ (id) "-err" } { (text) } }
                p.help id=(help) { (least) " to " (most) ". If empty, the tempo's number applies." }
            }
        }
    }
}

/// The limits in numbers; as they were typed, with what is wrong with them, where they were not taken.
fn numbers(signed: &Signed, form: &str, policy: &Policy, refused: Option<&Errors>) -> Markup {
    let (own, fill) = (policy.own, policy.tempo.limits());
    let again = |name: &str| refused.map(|all| (signed.visit.fields.get(name), all.get(name)));
    html! {
        (IDLE.field(form, (own.idle, fill.idle), again(IDLE.name)))
        (ABSOLUTE.field(form, (own.absolute, fill.absolute), again(ABSOLUTE.name)))
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

fn window(signed: &Signed, chosen: &Policies, errors: &Errors) -> Markup {
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
                None => p { "No window: sessions end at the usual limits of their tempo." },
            }
            form.f method="post" action="/policies/window" {
                (shell::token(signed))
                (field::select("weekday", "Day", &day, &days))
                div {
                    label for="time" { "From" }
                    input id="time" name="time" type="time" value=(time) required aria-invalid=[errors.get("time").map(|_| "true")]
                        aria-describedby=[field::described("time", "", errors.contains_key("time"))];
                    @if let Some(text) = errors.get("time") { p.err #time-err { (text) } }
                }
                (Field { name: "zone", label: "Time zone", value: errors.get("zone").map_or(now.map_or("", Window::zone), |_| signed.visit.fields.get("zone")),
                    required: true, error: errors.get("zone").map(String::as_str),
                    help: "Its name, like Europe/Berlin or America/New_York. The window is open for two hours.", ..Field::default() })
                button { "Set the window" }
            }
            @if now.is_some() {
                form method="post" action="/policies/window" { (shell::token(signed)) button.mini { "No window" } }
            }
            p.small.dim { "Sessions with the tempo \u{201c}active\u{201d} or \u{201c}unattended\u{201d} that are bound to their browser on a confirmed device last until the end of a window and never end between two. We tell you a day before; from then on, confirming it's you renews the session." }
        }
    }
}

fn large_orders(signed: &Signed, chosen: &Policies, errors: &Errors) -> Markup {
    let (above, common) = (chosen.large_orders.above, currency::common(signed));
    // Where accounts have several currencies, as in most of them.
    let told = |most: Decimal| figure::money(most, common.unwrap_or(Currency::USD));
    let error = errors.get("above").map(String::as_str);
    let value = match error {
        Some(_) => signed.visit.fields.get("above").to_owned(),
        None => above.map_or_else(String::new, told),
    };
    let currency = currency::words(common);
    let label = format!("Ask above, {currency}");
    html! {
        section.card.stack aria-labelledby="large" {
            h2 #large { "Large orders" }
            @match above {
                Some(most) => p { "An order placed in a session and worth more than " b.n { (told(most)) " " (currency) } " is sent only after you approve exactly that order on your phone, or sign in for it." },
                None => p { "Off: no confirmation is needed, however large the order." },
            }
            form.f method="post" action="/policies/large-orders" {
                (shell::token(signed))
                (Field { name: "above", label: &label, value: &value, mode: "decimal", required: true, error,
                    help: "Per order, placed here or on the phone. Cancelling and closing a position never need it; programs have the limits of their credentials.", ..Field::default() })
                button { "Set the threshold" }
            }
            @if above.is_some() {
                form method="post" action="/policies/large-orders" { (shell::token(signed)) button.mini name="none" value="1" { "Never ask" } }
            }
        }
    }
}

fn brokerage(signed: &Signed, chosen: &Policies) -> Markup {
    html! {
        section.card.stack aria-labelledby="brokerage" {
            h2 #brokerage { "One brokerage session" }
            @if chosen.one_brokerage {
                p { "On: one of your sessions can trade at a time; the others can view and cancel."
                    @if let Some(held) = &chosen.broker { " " b { (held.device) } " has been trading since " (figure::time(held.since)) " UTC. " a href="/session/take-over" { "Take over" } } }
            } @else {
                p { "Off: any session that may trade can trade. Programs have their own authority and are not affected." }
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
                    div { dt { (tempo.name()) } dd { (limits) } }
                }
            }
            p.small.dim { "Without a key in its browser, or on a device activated only by a typed code, a session has the limits of \u{201c}occasional\u{201d} (and without a key, 15 minutes idle), unless you chose shorter ones." }
            p.small.dim { "With a renewal window, a limit above 24 hours ends with the last window within it." }
        }
    }
}

async fn then(signed: &Signed, done: Result<(), Refusal>, typed: Option<&Policy>) -> Reply {
    match done {
        Ok(()) => Ok(go("/policies?set=1")),
        Err(why @ Refusal::Input(_)) => page(signed, Some(&why), typed).await,
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
    let (idle, absolute) = (number(&signed, &IDLE), number(&signed, &ABSOLUTE));
    let own = OwnLimits {
        idle: idle.as_ref().copied().unwrap_or_default(),
        absolute: absolute.as_ref().copied().unwrap_or_default(),
    };
    let person = signed.ticket.person;
    let policy = Policy { person, interface, tempo, own, new_network, needs };
    let done = match idle.and(absolute) {
        Ok(_) => signed.visit.portal.gate().policies().set(&signed.actor(), policy).await,
        Err(why) => Err(why),
    };
    then(&signed, done, Some(&policy)).await
}

/// What was typed as a limit; an empty field has none.
fn number(signed: &Signed, limit: &Number) -> Result<Option<Span>, Refusal> {
    let typed = signed.visit.fields.get(limit.name);
    if typed.is_empty() {
        return Ok(None);
    }
    let count = Count::count(limit.input.words(), "").read_whole::<u32>(typed).map(i64::from);
    // What is a number and out of all bounds is refused with those that the policy has.
    let beyond = || typed.parse().ok().filter(|_| !typed.starts_with('+'));
    let span = |count: i64| Some(Span(count.saturating_mul(limit.unit.0)));
    count.ok().or_else(beyond).map(span).ok_or_else(|| {
        Refusal::Input(InputRefusal::OutOfRange {
            field: limit.input,
            given: format!("\"{}\"", typed.chars().take(20).collect::<String>()),
            least: limit.count(limit.bounds.0),
            most: format!("{} {}", limit.count(limit.bounds.1), limit.units),
        })
    })
}

/// `POST /policies/window`; without a day there is none from then on.
pub(crate) async fn set_window(signed: Signed) -> Reply {
    let fields = &signed.visit.fields;
    let window = if fields.has("weekday") {
        let weekday = fields.get("weekday").parse().unwrap_or(u8::MAX);
        match Window::new(weekday, minute(fields.get("time")), fields.get("zone")) {
            Ok(window) => Some(window),
            Err(why) => return page(&signed, Some(&why.into()), None).await,
        }
    } else {
        None
    };
    let gate = signed.visit.portal.gate();
    let done = gate.policies().set_window(&signed.actor(), signed.ticket.person, window).await;
    then(&signed, done, None).await
}

/// `POST /policies/large-orders`; `none`, where none is to be asked for from then on.
pub(crate) async fn set_large_orders(signed: Signed) -> Reply {
    let fields = &signed.visit.fields;
    let threshold = if fields.get("none") == "1" {
        Threshold { above: None }
    } else {
        match Threshold::of_text(fields.get("above"), currency::common(&signed)) {
            Ok(threshold) => threshold,
            Err(why) => return page(&signed, Some(&why), None).await,
        }
    };
    let gate = signed.visit.portal.gate();
    let done = gate.large_orders().set(&signed.actor(), signed.ticket.person, threshold).await;
    then(&signed, done, None).await
}

/// `10:30` as minutes after midnight; what is no time is out of every range.
fn minute(text: &str) -> u16 {
    let read = || {
        let (hour, minute) = text.split_once(':')?;
        let digits = |text: &str| text.bytes().all(|letter| letter.is_ascii_digit());
        let part = |text: &str| text.parse::<u16>().ok().filter(|_| digits(text));
        let (hour, minute) = (part(hour)?, part(minute)?);
        (minute < 60).then(|| hour.checked_mul(60)?.checked_add(minute))?
    };
    read().unwrap_or(u16::MAX)
}

/// `POST /policies/brokerage`
pub(crate) async fn set_brokerage(signed: Signed) -> Reply {
    let on = signed.visit.fields.get("on") == "yes";
    let gate = signed.visit.portal.gate();
    let done = gate.policies().set_one_brokerage(&signed.actor(), signed.ticket.person, on).await;
    then(&signed, done, None).await
}
