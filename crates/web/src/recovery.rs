//! Recovery: for people who lost their ways to sign in, and for the person concerned, who can stop
//! it from anywhere.

use access::approval::Say;
use access::recovery::{ENROLS, FINISH, LONGEST_WAIT, RecoveryPolicy, SHORTEST_WAIT, Stage};
use access::refusal::{
    Field as Input, InputRefusal, RecoveryRefusal, SessionRefusal, SignInRefusal,
};
use access::{Number, RecoveryId, Refusal, Secret, Span, Time};
use axum::extract::Path;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use gate::{AskInfo, RecoveryBegun, RecoveryInfo};
use maud::{Markup, html};

use crate::cookie::Cookie;
use crate::fault::{Cause, Fault};
use crate::field::{self, Errors, Field};
use crate::figure;
use crate::prompt;
use crate::refusal;
use crate::shell::{self, Tab};
use crate::sign_in::forward;
use crate::trustee;
use crate::visit::{Signed, Visit, go, go_with, text};

mod held;

pub(crate) use held::{held, held_until, holds};

type Reply = Result<Response, Fault>;

/// The token of the recovery that this browser began.
fn mine(visit: &Visit) -> Option<Secret> {
    visit.cookie(Cookie::Recovery).map(Secret::from_text)
}

/// `GET /recover`
pub(crate) async fn show(visit: Visit) -> Reply {
    if visit.query.has("again") {
        return Ok(first(
            &visit,
            "",
            Some(&Refusal::Recovery(RecoveryRefusal::RecoveryElsewhere)),
            StatusCode::OK,
        ));
    }
    if let Some(token) = mine(&visit) {
        match visit.portal.gate().recoveries().by_token(&token, &visit.browser()).await {
            Ok(one) if one.is_open() => return Ok(under_way(&visit, &one, None)),
            Ok(_) | Err(Refusal::Recovery(RecoveryRefusal::RecoveryOver)) => {
                return Ok(first(
                    &visit,
                    "",
                    Some(&Refusal::Recovery(RecoveryRefusal::RecoveryOver)),
                    StatusCode::OK,
                ));
            }
            // Its cookie stays for weeks: without it going on, another one can be begun here.
            Err(why @ Refusal::Recovery(RecoveryRefusal::RecoveryElsewhere))
                if visit.browser().key.is_some() =>
            {
                let status = refusal::status(&why);
                return Ok(refusal::told(&why, first(&visit, "", Some(&why), status)));
            }
            Err(why) => return Err(visit.fault(why)),
        }
    }
    Ok(first(&visit, "", None, StatusCode::OK))
}

fn first(visit: &Visit, name: &str, why: Option<&Refusal>, status: StatusCode) -> Response {
    let body = html! {
        h1 { "Get back in" }
        (prompt::line(visit, None))
        @if let Some(why) = why { (refusal::note(why)) }
        h2 { "Do you still have one of these?" }
        p { "A passkey, or your password with a code from your app or a printed recovery code? Then sign in as usual: it is quicker." }
        p { a.btn.main.wide href="/sign-in" { "Sign in" } }
        h2 { "Only your password left?" }
        p { "Then it takes time: three days, unless you chose otherwise. We notify all your addresses at the start, halfway and at the end, and each message can stop the recovery. Come back in this same browser." }
        form.f method="post" action="/recover" {
            div {
                label for="username" { "User name" }
                input #username name="username" value=(name) autocomplete="username" autocapitalize="none" spellcheck="false" required;
            }
            (field::password("password", "Password", "current-password", ""))
            button.wide { "Start a recovery" }
        }
        h2 { "Lost the password too?" }
        p { "Ask the operator of this server. A recovery started by the operator waits just as long, with the same messages." }
        p.small.dim { "For three days after a recovery you can view, cancel and reduce, but not open positions." }
    };
    (status, shell::bare("Get back in", &body)).into_response()
}

/// `POST /recover`
pub(crate) async fn begin(visit: Visit) -> Reply {
    let (name, typed) = (visit.fields.get("username"), visit.fields.raw("password"));
    if name.is_empty() || typed.is_empty() {
        let why = Refusal::SignIn(SignInRefusal::SignInFailed);
        return Ok(refusal::told(&why, first(&visit, name, Some(&why), refusal::status(&why))));
    }
    let secret = Secret::from_text(typed.to_owned());
    let lost = mine(&visit);
    match visit
        .portal
        .gate()
        .recoveries()
        .begin(name, secret, lost.as_ref(), &visit.browser())
        .await
    {
        Ok(begun) => Ok(kept(&visit, &begun)),
        Err(why) => Ok(refusal::told(&why, first(&visit, name, Some(&why), refusal::status(&why)))),
    }
}

/// To the page of the recovery, with its token in this browser.
fn kept(visit: &Visit, begun: &RecoveryBegun) -> Response {
    let line = visit.portal.jar().set(Cookie::Recovery, &text(&begun.token));
    go_with("/recover", line.map(|line| (header::SET_COOKIE, line)).into_iter().collect())
}

fn under_way(visit: &Visit, one: &RecoveryInfo, why: Option<&Refusal>) -> Response {
    let now = visit.portal.gate().now();
    let body = html! {
        h1 { "Your recovery" }
        (prompt::line(visit, Some(&one.username)))
        @if let Some(why) = why { (refusal::note(why)) }
        dl.pairs {
            div { dt { "Started" } dd { (figure::time(one.begun_at)) " UTC" } }
            @if let Some(at) = one.ready_at { div { dt { "Open from" } dd { (figure::time(at)) " UTC" } } }
            @if let Stage::Ready { until } = one.stage { div { dt { "Open until" } dd { (figure::time(until)) " UTC" } } }
        }
        @if matches!(one.stage, Stage::Ready { .. }) {
            p { (opened(one)) " The next page lets you add a new passkey or app, within " (ENROLS) ". For three days after that you can view, cancel and reduce, but not open positions." }
            form method="post" action="/recover/finish" { button.main.wide { "Finish and sign in" } }
            @if visit.browser().key.is_none() {
                div.note.warm role="status" { "This browser has no key of its own, so its session will be view-only. Use a browser with JavaScript, not a private window." }
            }
        } @else {
            @if !one.asks.is_empty() { (asks(one)) }
            @if let Some(at) = one.ready_at {
                p { @if one.asks.is_empty() { "Come back" } @else { "Or come back" } " from " (figure::time(at)) " UTC, in this browser, within " (FINISH) "." }
                p.small.dim { "Time left: " (figure::span(at.since(now))) ". It grows if the server was down, or if a contact is removed." }
            } @else {
                p { "Come back in this browser once they have said yes." }
            }
            p { "If you find what you lost, sign in as usual: that ends the recovery." }
        }
        p { a.btn href="/sign-in" { "Sign in with what I had before" } }
    };
    let status = why.map_or(StatusCode::OK, refusal::status);
    (status, shell::bare("Your recovery", &body)).into_response()
}

/// Why it is open: contacts let the person in, or time did.
fn opened(one: &RecoveryInfo) -> String {
    let yes = one.asks.iter().filter(|ask| ask.said == Some(Say::Yes)).count();
    if one.needed > 0 && yes >= usize::try_from(one.needed).unwrap_or(usize::MAX) {
        let contacts = figure::plural(yes, "recovery contact");
        return format!("{contacts} vouched for you.");
    }
    "It has waited.".to_owned()
}

/// The contacts to call, each with the number to read to them.
fn asks(one: &RecoveryInfo) -> Markup {
    let line = |ask: &AskInfo| {
        html! {
            div {
                dt { (ask.username) }
                dd { @match ask.said {
                    Some(Say::Yes) => "vouched for you",
                    Some(Say::No | Say::NotMe) => "said no",
                    None => { "read them " b.mono { (ask.number.as_deref().unwrap_or("")) } },
                } }
            }
        }
    };
    html! {
        h2 { "Call your recovery contacts" }
        p { (one.needed) " of them can let you in at once. Read each of them the number beside their name, by voice; do not send it." }
        dl.pairs { @for ask in &one.asks { (line(ask)) } }
    }
}

/// `POST /recover/finish`
pub(crate) async fn finish(visit: Visit) -> Reply {
    let token = mine(&visit)
        .ok_or_else(|| visit.fault(Refusal::Recovery(RecoveryRefusal::RecoveryOver)))?;
    let gate = visit.portal.gate();
    match gate.recoveries().finish(&token, &visit.browser()).await {
        Ok(step) => {
            let mut answer = forward(&visit, step, "/authenticators");
            let line: Option<HeaderValue> = visit.portal.jar().clear(Cookie::Recovery);
            answer.headers_mut().extend(line.map(|line| (header::SET_COOKIE, line)));
            Ok(answer)
        }
        Err(
            why @ Refusal::Recovery(
                RecoveryRefusal::RecoveryWaits { .. } | RecoveryRefusal::RecoveryUnvouched { .. },
            ),
        ) => {
            let one = gate
                .recoveries()
                .by_token(&token, &visit.browser())
                .await
                .map_err(|why| visit.fault(why))?;
            Ok(under_way(&visit, &one, Some(&why)))
        }
        Err(why) => Err(visit.fault(why)),
    }
}

/// A page with one button, for a token of a link. Opening it changes nothing.
fn one_button(
    visit: &Visit,
    (path, token): (&str, &str),
    (title, words, button): (&str, &str, &str),
) -> Response {
    let body = html! {
        h1 { (title) }
        (prompt::line(visit, None))
        p { (words) }
        form.f method="post" action=(path) {
            input type="hidden" name="token" value=(token);
            button.main.wide autofocus { (button) }
        }
    };
    shell::bare(title, &body).into_response()
}

/// `GET /recover/claim/{token}`
pub(crate) async fn claim_form(Path(token): Path<String>, visit: Visit) -> Reply {
    match visit.portal.gate().recoveries().to_claim(&Secret::from_text(token.clone())).await {
        Ok(one) if one.is_open() => {}
        Ok(one) => return Ok(closed(&one, visit.portal.gate().now(), StatusCode::OK)),
        Err(Refusal::Recovery(RecoveryRefusal::RecoveryOver)) => return Ok(claimed(&visit).await),
        Err(why) => return Err(visit.fault(why)),
    }
    let words = "The operator started this for you. It continues in the browser where you press the button, so use your own computer and keep that browser. It waits like any other recovery and does not sign you in yet.";
    let page = ("Continue your recovery", words, "Continue in this browser");
    Ok(one_button(&visit, ("/recover/claim", &token), page))
}

/// `POST /recover/claim`
pub(crate) async fn claim(visit: Visit) -> Reply {
    let token = Secret::from_text(visit.fields.get("token").to_owned());
    match visit.portal.gate().recoveries().claim(&token, &visit.browser()).await {
        Ok(begun) => Ok(kept(&visit, &begun)),
        Err(Refusal::Recovery(RecoveryRefusal::RecoveryOver)) => Ok(claimed(&visit).await),
        Err(why) => Err(visit.fault(why)),
    }
}

/// After a link of the operator's that is nobody's any more: anyone who takes it up gets another token, so the link alone no
/// longer tells which recovery it was.
async fn claimed(visit: &Visit) -> Response {
    let own = match mine(visit) {
        Some(token) => {
            visit.portal.gate().recoveries().by_token(&token, &visit.browser()).await.ok()
        }
        None => None,
    };
    let own = own.filter(RecoveryInfo::is_open);
    let title = "This link has already been used";
    let body = html! {
        h1 { (title) }
        @if own.is_some() {
            p { "It was used in this browser, and your recovery continues here." }
            p { a.btn.main.wide href="/recover" { "Continue your recovery" } }
        } @else {
            p { "It works once. The recovery continues in the browser that used it: open " a href="/recover" { "Get back in" } " there. The message you got then says when that was, and in which browser." }
            p { "If that browser is not yours, stop the recovery with the link in that message, and tell the operator. If the link is some weeks old, ask the operator for a new one." }
            p { a.btn href="/sign-in" { "Sign in with what I had before" } }
        }
    };
    (refusal::status(&Refusal::Recovery(RecoveryRefusal::RecoveryOver)), shell::bare(title, &body))
        .into_response()
}

/// What became of a recovery that is under way no more, for anyone who comes by a link of its messages.
fn closed(one: &RecoveryInfo, now: Time, status: StatusCode) -> Response {
    let Stage::Finished { at, held_until } = one.stage else {
        return stopped_before(one, status);
    };
    let title = "This recovery was finished";
    let held = now < held_until;
    let body = html! {
        h1 { (title) }
        div.note.bad role="alert" { "At " (figure::time(at)) " UTC somebody signed in as " b { (one.username) } " with it. It can no longer be stopped." }
        @if held {
            p { "Until " (figure::time(held_until)) " UTC that session, and anything it adds, can view, cancel and reduce, but not open positions." }
        } @else {
            p { "What it added could only view, cancel and reduce until " (figure::time(held_until)) " UTC; since then it works like your other ways to sign in." }
        }
        p { b { "If it was you, there is nothing to do. " } "If it was not: sign in now, press Lock and choose " b { "Lock everything" } ", which ends every session; then tell the operator of this server." }
        p { a.btn.main.wide href="/sign-in?next=/lock" { "Sign in and lock" } }
    };
    (status, shell::bare(title, &body)).into_response()
}

fn stopped_before(one: &RecoveryInfo, status: StatusCode) -> Response {
    let title = "This recovery has ended";
    let body = html! {
        h1 { (title) }
        div.note.good role="status" {
            @if let Stage::Over { at, why } = one.stage { (refusal::sentence(why.text())) " That was at " (figure::time(at)) " UTC. " }
            "Nobody can get in with it, and there is nothing to do here."
        }
        p { a.btn href="/sign-in" { "To the sign-in page" } }
    };
    (status, shell::bare(title, &body)).into_response()
}

/// `GET /recover/stop/{token}`
pub(crate) async fn stop_form(Path(token): Path<String>, visit: Visit) -> Reply {
    let one = visit.portal.gate().recoveries().to_stop(&Secret::from_text(token.clone())).await;
    let one = one.map_err(|why| visit.fault(why))?;
    if !one.is_open() {
        return Ok(closed(&one, visit.portal.gate().now(), StatusCode::OK));
    }
    let words = "Somebody started a recovery of your access. If it was not you, stop it. That is all this page does: it asks for no password or code, and signs nobody in.";
    let page = ("Stop a recovery", words, "Stop the recovery");
    Ok(one_button(&visit, ("/recover/stop", &token), page))
}

/// `POST /recover/stop`
pub(crate) async fn stop(visit: Visit) -> Reply {
    let token = Secret::from_text(visit.fields.get("token").to_owned());
    let gate = visit.portal.gate();
    if let Err(why) = gate.recoveries().stop(&token, &visit.browser()).await {
        // The press came too late: what became of it is what its person has to know.
        return match gate.recoveries().to_stop(&token).await {
            Ok(one) if !one.is_open() => Ok(closed(&one, gate.now(), refusal::status(&why))),
            Ok(_) | Err(_) => Err(visit.fault(why)),
        };
    }
    let body = html! {
        h1 { "The recovery is stopped" }
        div.note.good role="status" { "Nobody can get in with it any more." }
        p { "The person who started it knows your password, or was helped by the operator. Once you are signed in, change your password." }
        p { a.btn.main href="/sign-in" { "To the sign-in page" } }
    };
    Ok(shell::bare("The recovery is stopped", &body).into_response())
}

/// `GET /recovery`
pub(crate) async fn of_person(signed: Signed) -> Reply {
    page(&signed, None).await
}

async fn page(signed: &Signed, why: Option<&Refusal>) -> Reply {
    let status = why.map_or(StatusCode::OK, refusal::status);
    let form = [
        (Input::RecoveryWait, "hours"),
        (Input::ContactsNeeded, "needed"),
        (Input::Username, "username"),
        (Input::ContactName, "username"),
    ];
    let errors = refusal::errors(why, &form);
    with_errors(signed, why.map(|why| refusal::above(why, &errors)), &errors, status).await
}

/// The page with a note, and what is wrong with its fields.
pub(crate) async fn with_errors(
    signed: &Signed,
    note: Option<Markup>,
    errors: &Errors,
    status: StatusCode,
) -> Reply {
    let gate = signed.visit.portal.gate();
    let all = gate
        .recoveries()
        .list(Some(signed.ticket.person))
        .await
        .map_err(|why| signed.fault(why))?;
    let policy = gate.recoveries().policy(&signed.ticket).await.map_err(|why| signed.fault(why))?;
    let trustees = gate.trustees().own(&signed.ticket).await.map_err(|why| signed.fault(why))?;
    let query = &signed.visit.query;
    let body = html! {
        (shell::rooms(signed, "/recovery"))
        (shell::title("Recovery", &html! {}))
        @if let Some(note) = note { (note) }
        @if query.has("stopped") { div.note.good role="status" { "Stopped. If you did not start it, change your password: somebody else knows it." } }
        @if query.has("named") { div.note.good role="status" { "Named. They count once they accept on their own page." } }
        @if query.has("removed") { div.note.good role="status" { "Removed." } }
        @if query.has("changed") { div.note.good role="status" { "Changed, starting with the next recovery." } }
        div.grid {
            div.stack.s7 {
                section.card aria-labelledby="standing" {
                    h2 #standing { "Recoveries" }
                    @if all.is_empty() { p.empty { "None in recent weeks." } }
                    @for one in &all { (entry(signed, one)) }
                }
                (trustee::card(signed, &trustees, errors.get("username").map(String::as_str)))
            }
            section.card.s5 aria-labelledby="wait" { h2 #wait { "How a recovery works" } (policy_form(signed, policy, errors)) }
        }
    };
    Ok((status, shell::page(signed, Tab::Access, "Recovery", &body)).into_response())
}

fn entry(signed: &Signed, one: &RecoveryInfo) -> Markup {
    html! {
        dl.pairs {
            div { dt { "Started" } dd { (figure::time(one.begun_at)) " UTC" span.sub { (origin(one)) } } }
            div { dt { "State" } dd { (state(one)) } }
        }
        @if one.is_open() {
            div.note.warm role="status" { "If this is not you, stop it now." }
            (stop_button(signed, one.id))
        }
    }
}

/// The one click that stops a recovery.
pub(crate) fn stop_button(signed: &Signed, recovery: RecoveryId) -> Markup {
    html! {
        form method="post" action="/recovery/cancel" {
            (shell::token(signed))
            input type="hidden" name="recovery" value=(recovery);
            button.main { "Stop the recovery" }
        }
    }
}

fn origin(one: &RecoveryInfo) -> Markup {
    html! {
        @if one.by.runs_the_server() { "by the operator, " }
        "from " span.mono { (one.source) } " (" (one.browser) ")"
    }
}

fn state(one: &RecoveryInfo) -> Markup {
    html! {
        @match one.stage {
            Stage::Begun { .. } | Stage::Half { .. } => { "waits" @if let Some(at) = one.ready_at { " until " (figure::time(at)) " UTC" } },
            Stage::Ready { until } => { "ready; the person who started it can sign in until " (figure::time(until)) " UTC" },
            Stage::Finished { at, held_until } => { "signed in at " (figure::time(at)) " UTC; what it added is limited until " (figure::time(held_until)) " UTC" },
            Stage::Over { at, why } => { (why.text()) span.sub { (figure::time(at)) " UTC" } },
        }
    }
}

fn policy_form(signed: &Signed, policy: RecoveryPolicy, errors: &Errors) -> Markup {
    let error = |name: &str| errors.get(name).map(String::as_str);
    // What was typed stays, where any of it was not taken.
    let fields = &signed.visit.fields;
    let again = error("hours").or(error("needed")).is_some();
    let typed = |name: &str| again.then(|| fields.get(name).to_owned());
    let hours = typed("hours").unwrap_or_else(|| (policy.wait.seconds_up() / 3_600).to_string());
    let needed = typed("needed").unwrap_or_else(|| policy.needed.to_string());
    let waits = if again { fields.has("waits") } else { policy.waits };
    html! {
        p { "Anybody with your password can start one. It waits, we notify you three times, and each message can stop it. A shorter wait helps when you need it; a longer one helps when somebody else tries." }
        form.f method="post" action="/recovery/policy" {
            (shell::token(signed))
            (Field { name: "hours", label: "Hours to wait", value: &hours, mode: "numeric", required: true, error: error("hours"), help: "From 24 (one day) to 720 (30 days).", ..Field::default() })
            (Field { name: "needed", label: "Contacts who let you in at once", value: &needed, mode: "numeric", required: true, error: error("needed"), help: "0 for none, and at most as many as you named. If fewer accepted, the wait applies.", ..Field::default() })
            (field::tick("waits", "Waiting also lets me in, even with contacts", waits))
            button.main { "Save" }
        }
        p.small.dim { "You can change this within 15 minutes of signing in. A recovery already under way is not affected." }
    }
}

/// `POST /recovery/cancel`
pub(crate) async fn cancel(signed: Signed) -> Reply {
    let recovery = signed.visit.fields.get("recovery").parse();
    let recovery = recovery.map_err(|_| signed.fault(Cause::Missing))?;
    let done = signed.visit.portal.gate().recoveries().cancel(&signed.actor(), recovery).await;
    then(&signed, done, "/recovery?stopped=1").await
}

/// On to the page, or the page with the reason.
pub(crate) async fn then(signed: &Signed, done: Result<(), Refusal>, path: &str) -> Reply {
    match done {
        Ok(()) => Ok(go(path)),
        Err(why @ Refusal::Session(SessionRefusal::ProofTooOld { .. })) => Err(signed.fault(why)),
        Err(why) => page(signed, Some(&why)).await,
    }
}

/// `POST /recovery/policy`
pub(crate) async fn choose(signed: Signed) -> Reply {
    let fields = &signed.visit.fields;
    let (hours, needed) = (fields.get("hours"), fields.get("needed"));
    let wait: Result<u32, _> = Number::count("a number of hours", "48").read_whole(hours);
    let least = Number::within("a number of contacts", "2", 0, 1_000).read_whole(needed);
    let out = |field, given: &str, least, most| {
        Refusal::Input(InputRefusal::OutOfRange {
            field,
            given: format!("\"{}\"", given.chars().take(20).collect::<String>()),
            least,
            most,
        })
    };
    let done = match (wait, least) {
        (Ok(wait), Ok(needed)) => {
            let wait = Span::hours(i64::from(wait));
            let policy = RecoveryPolicy { wait, needed, waits: fields.has("waits") };
            signed.visit.portal.gate().recoveries().choose(&signed.ticket, policy).await
        }
        (Err(_), _) => {
            let bounds = (SHORTEST_WAIT.to_string(), LONGEST_WAIT.to_string());
            Err(out(Input::RecoveryWait, hours, bounds.0, bounds.1))
        }
        (_, Err(_)) => {
            let most = "as many as you named".to_owned();
            Err(out(Input::ContactsNeeded, needed, "0".to_owned(), most))
        }
    };
    then(&signed, done, "/recovery?changed=1").await
}
