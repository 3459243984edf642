//! Planned travel: announced ahead, shown while it lasts, ended early.

use access::address::Network;
use access::refusal::{ChangeRefusal, Field as Input};
use access::travel::Plan;
use access::{Refusal, Span, Time};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};

use crate::fault::Fault;
use crate::field::{self, Errors, Field};
use crate::figure;
use crate::refusal;
use crate::shell::{self, Tab};
use crate::visit::{Signed, go};

type Reply = Result<Response, Fault>;

/// `GET /travel`
pub(crate) async fn show(signed: Signed) -> Reply {
    page(&signed, &Errors::new(), None).await
}

async fn page(signed: &Signed, errors: &Errors, why: Option<&Refusal>) -> Reply {
    let gate = signed.visit.portal.gate();
    let plan = gate.travels().own(&signed.ticket).await.map_err(|why| signed.fault(why))?;
    let query = &signed.visit.query;
    let body = html! {
        (shell::rooms(signed, "/travel"))
        (shell::title("Travel", &html! {}))
        @if let Some(why) = why { (refusal::above(why, errors)) }
        @if query.has("planned") { div.note.good role="status" { "Planned." } }
        @if query.has("ended") { div.note.good role="status" { "Ended. New networks are reported by mail again." } }
        div.grid {
            section.card.s7 aria-labelledby="plan" {
                h2 #plan { @if plan.is_some() { "Plan it again" } @else { "Plan travel" } }
                @if plan.is_some() { p.small { "It replaces the current plan." } }
                (form(signed, &Typed::of(signed, plan.as_ref()), errors))
            }
            section.card.stack.s5 aria-labelledby="stands" {
                h2 #stands { "Current plan" }
                @match &plan { Some(plan) => (standing(signed, plan)), None => p.empty { "No travel is planned." } }
                p.small.dim { "All it changes: a sign-in from a network you have not used is reported under Messages only, marked as expected, and not by mail. Sign-in asks for the same as before, and a new browser is still reported by mail. We do not check where a network is; the place is for your own records." }
            }
        }
    };
    let status = why.map_or(StatusCode::OK, refusal::status);
    let status = if errors.is_empty() { status } else { StatusCode::UNPROCESSABLE_ENTITY };
    Ok((status, shell::page(signed, Tab::Access, "Travel", &body)).into_response())
}

fn standing(signed: &Signed, plan: &Plan) -> Markup {
    let runs = plan.from <= signed.now();
    html! {
        dl.pairs {
            div { dt { "Where" } dd { (plan.place) " " span.tag.up[runs] { @if runs { "now" } @else { "ahead" } } } }
            div { dt { "First day" } dd.mono { (figure::day(plan.from)) } }
            div { dt { "Last day" } dd { span.mono { (figure::day(last(plan))) } span.sub { "then it ends by itself" } } }
            div { dt { "Network" } dd.mono { @match plan.network { Some(network) => (figure::here(&network.to_string())), None => "any" } } }
        }
        form method="post" action="/travel/end" { (shell::token(signed)) button { "End it now" } }
    }
}

/// The last moment of a plan: it ends where the day after its last one begins.
fn last(plan: &Plan) -> Time {
    plan.until - Span(1)
}

/// What the form shows: what was typed, or else the current plan.
struct Typed {
    place: String,
    from: String,
    until: String,
    network: String,
}

impl Typed {
    fn of(signed: &Signed, plan: Option<&Plan>) -> Self {
        let fields = &signed.visit.fields;
        match plan.filter(|_| !fields.has("place")) {
            Some(plan) => Self {
                place: plan.place.to_string(),
                // A first day that is over cannot be planned again.
                from: figure::day(plan.from.max(signed.now())),
                until: figure::day(last(plan)),
                network: plan.network.map(|network| network.to_string()).unwrap_or_default(),
            },
            None => Self {
                place: fields.get("place").to_owned(),
                from: fields.get("from").to_owned(),
                until: fields.get("until").to_owned(),
                network: fields.get("network").to_owned(),
            },
        }
    }
}

fn form(signed: &Signed, typed: &Typed, errors: &Errors) -> Markup {
    let error = |name: &str| errors.get(name).map(String::as_str);
    let date = |name: &'static str, label: &'static str, value: &str| {
        html! {
            div {
                label for=(name) { (label) }
                input id=(name) name=(name) type="date" value=(value) required aria-invalid=[error(name).map(|_| "true")]
                    aria-describedby=[field::described(name, "", error(name).is_some())];
                @if let Some(text) = error(name) { p.err id={ (name) "-err" } { (text) } }
            }
        }
    };
    html! {
        form.f method="post" action="/travel" {
            (shell::token(signed))
            (Field { name: "place", label: "Where to", value: &typed.place, required: true, error: error("place"),
                help: "In your own words: a country or a city.", ..Field::default() })
            div.two { (date("from", "First day", &typed.from)) (date("until", "Last day", &typed.until)) }
            (Field { name: "network", label: "Only from this network (optional)", value: &typed.network, error: error("network"),
                help: "If you know it, like 192.0.2.0/24. Empty means any.", ..Field::default() })
            button.main { "Plan it" }
            p.small.dim { "At most 90 days, in UTC. You can plan within 15 minutes of signing in." }
        }
    }
}

/// `POST /travel`
pub(crate) async fn plan(signed: Signed) -> Reply {
    let fields = &signed.visit.fields;
    let mut errors = Errors::new();
    let mut date = |name: &'static str| {
        let time = Time::of_date(fields.get(name));
        if time.is_none() {
            errors.insert(name, "Choose a day, like 2026-12-24.".to_owned());
        }
        time.unwrap_or_default()
    };
    // The last day belongs to it.
    let dates = (date("from"), date("until") + Span::days(1));
    if errors.is_empty() {
        let reversed = dates.1 <= dates.0;
        let text = || ("until", "The last day is before the first.".to_owned());
        errors.extend(reversed.then(text));
    }
    let network = network(fields.get("network")).unwrap_or_else(|text| {
        errors.insert("network", text);
        None
    });
    if !errors.is_empty() {
        return page(&signed, &errors, None).await;
    }
    let (gate, person) = (signed.visit.portal.gate(), signed.ticket.person);
    match gate.travels().plan(&signed.actor(), person, dates, fields.get("place"), network).await {
        Ok(()) => Ok(go("/travel?planned=1")),
        Err(why @ Refusal::Input(_)) => {
            page(&signed, &refusal::errors(Some(&why), &FORM), Some(&why)).await
        }
        Err(why) => Err(signed.fault(why)),
    }
}

/// The fields that a refusal can be about.
const FORM: [(Input, &str); 4] = [
    (Input::Place, "place"),
    (Input::FirstDay, "from"),
    (Input::LastDay, "until"),
    (Input::Network, "network"),
];

/// The network that was typed, none for any; otherwise what is wrong with it.
fn network(text: &str) -> Result<Option<Network>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|_| "Write it like 192.0.2.0/24 or 2001:db8::/32.".to_owned())
}

/// `POST /travel/end`
pub(crate) async fn end(signed: Signed) -> Reply {
    let gate = signed.visit.portal.gate();
    match gate.travels().end(&signed.actor(), signed.ticket.person).await {
        // It was over by itself meanwhile.
        Ok(()) | Err(Refusal::Change(ChangeRefusal::NotFound { .. })) => Ok(go("/travel?ended=1")),
        Err(why) => Err(signed.fault(why)),
    }
}
