//! Approvals: the phone's page that answers them, and the pages that wait for one.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use access::approval::{Content, Line, Say, Term, Terms};
use access::{ApprovalId, Refusal, Secret};
use axum::extract::Path;
use axum::http::{HeaderName, StatusCode, header};
use axum::response::sse::Event;
use axum::response::{Html, IntoResponse, Response};
use data_encoding::HEXLOWER;
use gate::{Answered, ApprovalInfo, ApprovalState, AttemptInfo, Delivery, Subscription};
use maud::{Markup, html};
use serde_json::json;
use tokio::sync::watch;

use crate::fault::{Cause, Fault};
use crate::form;
use crate::prompt;
use crate::push;
use crate::refusal;
use crate::shell::{self, Tab};
use crate::sign_in::{attempt, forward, with_next};
use crate::visit::{Signed, Visit, go};

type Reply = Result<Response, Fault>;

/// Between two looks of a page that waits without script.
const LOOK_AGAIN: (HeaderName, &str) = (header::REFRESH, "3");

/// `GET /approvals`: what waits for this phone's answer.
pub(crate) async fn list(signed: Signed) -> Reply {
    page(&signed, None).await
}

/// Why an answer was not taken: its status, the words, and the approval that they stand at.
struct Untaken {
    status: StatusCode,
    note: Markup,
    of: ApprovalId,
    /// Its heading and what it asked, for where it waits no more.
    was: Option<ApprovalInfo>,
}

impl Untaken {
    /// The words at the top, where what they are about is no longer on the page.
    fn top(&self, waiting: &[ApprovalInfo]) -> Markup {
        if waiting.iter().any(|one| one.id == self.of) {
            return html! {};
        }
        html! {
            @if let Some(was) = &self.was {
                div.note.warm role="status" { b { "That request has ended: " (was.content.kind.text()) ". " } (was.content.text()) "." }
            }
            (self.note)
        }
    }
}

async fn page(signed: &Signed, untaken: Option<&Untaken>) -> Reply {
    let gate = signed.visit.portal.gate();
    let waiting = gate.approvals().list(&signed.ticket).await.map_err(|why| signed.fault(why))?;
    let phones = gate.approvals().phones(&signed.ticket).await.map_err(|why| signed.fault(why))?;
    let own = phones.iter().find(|one| one.id == signed.ticket.device);
    let number =
        gate.approvals().phone_number(&signed.ticket).await.map_err(|why| signed.fault(why))?;
    let switch = match own {
        Some(own) if own.confirmed => push::switch(signed).await?,
        _ => html! {},
    };
    let query = &signed.visit.query;
    let body = html! {
        (shell::title("Approve", &html! {}))
        @if let Some(untaken) = untaken { (untaken.top(&waiting)) }
        // What was answered before says nothing of what waits now.
        @if query.has("yes") && waiting.is_empty() { div.note.good role="status" { "Approved. The page that asked continues." } }
        @if query.has("no") && waiting.is_empty() { div.note.good role="status" { "Declined. Nothing was done." } }
        @if query.has("not_me") { (not_me(signed)) }
        div.stack data-approvals={ "/approvals/events?seen=" (mark(&waiting, number.as_ref())) } {
            @if let Some(number) = number {
                section.card.stack aria-labelledby="new" {
                    h2 #new { "One step is left" }
                    p { "Type this number on the page where you made the link. Until then this phone is view-only." }
                    p.match.mono { (crate::visit::text(&number)) }
                }
            } @else if own.is_none_or(|one| !one.confirmed) {
                section.card { p.empty { "This browser cannot answer approvals. " a href="/phone" { "Add a phone" } " that does." } }
            } @else if waiting.is_empty() {
                section.card { p.empty { "Nothing is waiting for you. While this page is open, new requests appear here by themselves." } }
            }
            @for one in &waiting { (card(signed, one, untaken.filter(|untaken| untaken.of == one.id))) }
            @if own.is_some_and(|one| one.confirmed) { p.small { a href="/phone/move" { "Move to a new phone" } } }
            (switch)
        }
        script src={ "/assets/approve.js?v=" (*crate::asset::VERSION) } defer {}
    };
    let status = untaken.map_or(StatusCode::OK, |untaken| untaken.status);
    Ok((status, shell::page(signed, Tab::Approve, "Approve", &body)).into_response())
}

/// All of what is approved, and the three answers. The script signs the terms of what the lists show.
fn card(signed: &Signed, one: &ApprovalInfo, untaken: Option<&Untaken>) -> Markup {
    let field = format!("number-{}", one.id);
    let hex = HEXLOWER.encode(&one.id.0);
    html! {
        section.card.stack aria-label=(one.content.kind.text()) {
            h2 { (one.content.kind.text()) }
            @if let Some(text) = headline(&one.content) { p.ask { (text) } }
            @if let Some(untaken) = untaken { (untaken.note) }
            form.f data-approval=(hex) data-id=(one.id) data-kind=(one.content.kind.name()) method="post" action={ "/approvals/" (one.id) } {
                (shell::token(signed))
                input type="hidden" name="signature" value="";
                @if one.asks_number {
                    div {
                        label for=(field) { "The number on the page that asks" }
                        input.code id=(field) name="number" inputmode="numeric" title="two digits" autocomplete="off" maxlength="16" required aria-describedby={ (field) "-help" };
                        p.help id={ (field) "-help" } { "If you see no such page, it was not you who asked." }
                    }
                } @else { input type="hidden" name="number" value=""; }
                button.main.wide name="say" value="yes" { "Yes, approve it" }
                div.row {
                    // A no takes no number.
                    button name="say" value="no" formnovalidate { "No" }
                    button.sell name="say" value="not_me" formnovalidate { "This was not me" }
                }
                p.err role="status" {}
            }
            dl.pairs data-content="terms" { (pairs(&one.content.terms)) }
            @if !one.content.facts.is_empty() { dl.pairs data-content="facts" { (pairs(&one.content.facts)) } }
            p.small.dim { "Until " (signed.clock(one.until)) ", " (tries(one.tries_left)) ". It needs JavaScript: the answer is signed with this phone's key." }
        }
    }
}

/// What is signed, in words: each line carries the terms that it tells, for the script.
fn pairs(terms: &Terms) -> Markup {
    let terms = terms.lines();
    html! {
        @for line in &terms {
            @let signed: Vec<_> = line.terms.iter().flat_map(|(name, value)| [name, value]).collect();
            div data-terms=(json!(signed)) { dt { (line.label) } dd { (line.text) } }
        }
    }
}

/// An order in one line: `BUY 1,000 AAPL at market, about 125,455.00 USD`. The lines below it are what is signed.
fn headline(content: &Content) -> Option<String> {
    let lines = content.lines();
    let find = |term: Term| {
        let begins = |line: &&Line| line.terms.first().is_some_and(|(name, _)| name == term.name());
        lines.iter().find(begins).map(|line| line.text.as_str())
    };
    let side = find(Term::Side)?.to_uppercase();
    let shares = find(Term::Quantity).or_else(|| find(Term::NewQuantity))?;
    let symbol = content.terms.get(Term::Symbol)?;
    let kind = find(Term::OrderType)?.to_lowercase();
    let price = [(Term::StopPrice, "stop"), (Term::LimitPrice, "limit")]
        .into_iter()
        .filter_map(|(term, word)| Some(format!("{word} {}", find(term)?)))
        .collect::<Vec<_>>()
        .join(" ");
    let at = if price.is_empty() { format!("at {kind}") } else { price };
    let change = find(Term::Order).map_or("", |_| "Change to ");
    let about = find(Term::Value).map_or_else(String::new, |value| format!(", about {value}"));
    Some(format!("{change}{side} {shares} {symbol} {at}{about}"))
}

/// After 'this was not me': what was done, and what to do.
fn not_me(signed: &Signed) -> Markup {
    html! {
        div.note.bad role="alert" {
            b { "Declined and recorded. " }
            "The person who asked knows your password or was using one of your sessions, which has ended. Change your password, and lock the account if in doubt:"
        }
        div.row {
            a.btn.main href="/authenticators" { "Change the password" }
            form method="post" action="/lock" { (shell::token(signed)) button.lock name="grade" value="all" { "Lock everything\u{2026}" } }
        }
    }
}

/// `POST /approvals/{approval}`
pub(crate) async fn answer(Path(id): Path<String>, signed: Signed) -> Reply {
    let approval = id.parse().map_err(|_| signed.fault(Cause::Missing))?;
    let fields = &signed.visit.fields;
    let say = Say::ALL.into_iter().find(|say| say.name() == fields.get("say"));
    let say = say.ok_or_else(|| signed.fault(Cause::Malformed))?;
    let (number, signature) = (fields.get("number"), fields.get("signature"));
    let gate = signed.visit.portal.gate();
    // Looked at before the answer: one that is over by it is in no list.
    let waiting = gate.approvals().list(&signed.ticket).await.map_err(|why| signed.fault(why))?;
    let was = waiting.into_iter().find(|one| one.id == approval);
    if say == Say::Yes && number.is_empty() && was.as_ref().is_some_and(|one| one.asks_number) {
        let note = refusal::missing(
            "Type the number on the page that asks. Nothing was sent, and it did not count as a try.",
        );
        let untaken = Untaken { status: StatusCode::BAD_REQUEST, note, of: approval, was };
        return page(&signed, Some(&untaken)).await;
    }
    let answered = Answered { approval, say, number, signature };
    match gate.approvals().answer(&signed.ticket, &answered).await {
        Ok(()) => Ok(go(&format!("/approvals?{}=1", say.name()))),
        Err(why) => {
            let (status, note) = (refusal::status(&why), refusal::note(&why));
            page(&signed, Some(&Untaken { status, note, of: approval, was })).await
        }
    }
}

/// How many tries are left.
pub(crate) fn tries(left: u32) -> String {
    format!("{left} {}", if left == 1 { "try" } else { "tries" })
}

/// `GET /approvals/events?seen=MARK`: an event whenever the page would show something else, and one when its session is over.
pub(crate) async fn events(signed: Signed) -> Reply {
    let gate = signed.visit.portal.gate();
    let watcher = Watcher {
        changes: gate.approvals().changed(),
        subscription: gate.orders().subscribe(&signed.admission),
        seen: signed.visit.query.get("seen").to_owned(),
        signed,
        over: false,
    };
    Ok(crate::stream::watched(watcher))
}

/// A mark of what the page shows: each approval with its tries, and the phone's number.
fn mark(waiting: &[ApprovalInfo], number: Option<&Secret>) -> String {
    let mut hash = DefaultHasher::new();
    number.map(Secret::digest).hash(&mut hash);
    for one in waiting {
        (one.id, one.tries_left).hash(&mut hash);
    }
    format!("{:x}", hash.finish())
}

struct Watcher {
    signed: Signed,
    changes: watch::Receiver<u64>,
    /// Tells the session's end, whatever ended it.
    subscription: Subscription,
    seen: String,
    over: bool,
}

impl crate::stream::Watch for Watcher {
    /// The next event; none once the end was told. Approvals of others bring none. Browsers drop events without data.
    async fn next(&mut self) -> Option<Event> {
        let gate = self.signed.visit.portal.gate();
        let mut stale = true;
        while !self.over {
            if std::mem::take(&mut stale) {
                let waiting = gate.approvals().list(&self.signed.ticket).await.ok()?;
                let number = gate.approvals().phone_number(&self.signed.ticket).await.ok()?;
                let now = mark(&waiting, number.as_ref());
                if now != self.seen {
                    self.seen = now;
                    return Some(Event::default().event("changed").data("now"));
                }
            }
            tokio::select! {
                delivery = self.subscription.recv() => if let Delivery::Ended(_) = delivery {
                    self.over = true;
                    return Some(Event::default().event("ended").data("now"));
                },
                changed = self.changes.changed() => {
                    changed.ok()?;
                    stale = true;
                }
            }
        }
        None
    }
}

/// A page that waits for a phone's answer.
pub(crate) struct Waiting<'a> {
    pub(crate) title: &'a str,
    /// What is asked for, where the title does not say it all.
    pub(crate) what: &'a Markup,
    /// Who asks.
    pub(crate) who: &'a Markup,
    /// Where its form goes with the yes, and the words on its button.
    pub(crate) act: &'a str,
    pub(crate) word: &'a str,
    /// Where to ask once more.
    pub(crate) again: &'a str,
    /// Fields of both forms.
    pub(crate) hidden: &'a Markup,
    /// Other ways on.
    pub(crate) ways: &'a Markup,
}

/// What waits for a phone's answer: the number, and a button that appears with the yes. And whether to look again.
pub(crate) fn waiting(state: &ApprovalState, page: &Waiting<'_>) -> (Markup, bool) {
    let Waiting { title, what, who, act, word, again, hidden, ways } = page;
    let body = html! {
        h1 { (title) }
        (what)
        @match state {
            ApprovalState::Waits { number, .. } => {
                (who)
                @match number {
                    Some(number) => { p { "Open Floorpass on your phone and type this number there:" } p.match.mono { (number) } }
                    None => p { "Open Floorpass on your phone and answer." },
                }
                p.small.dim role="status" { "This page checks for the answer every three seconds." }
            }
            ApprovalState::Granted => {
                div.note.good role="status" { "Your phone approved it." }
                form.f data-auto method="post" action=(act) { (hidden) button.main.wide autofocus { (word) } }
            }
            ApprovalState::Ended => {
                div.note.bad role="alert" { "The phone declined, did not answer within two minutes, or was given a wrong number three times." }
                form.f method="post" action=(again) { (hidden) button.main.wide { "Ask the phone again" } }
            }
        }
        @if *state != ApprovalState::Granted { (ways) }
    };
    (body, matches!(state, ApprovalState::Waits { .. }))
}

/// The page, which loads itself again while it waits.
pub(crate) fn look_again(page: Html<String>, again: bool) -> Response {
    if again { ([LOOK_AGAIN], page).into_response() } else { page.into_response() }
}

const SIGN_IN: &str = "Approve on your phone";

fn next_field(next: &str) -> Markup {
    html! { input type="hidden" name="next" value=(next); }
}

/// The step of a sign-in whose code the phone stands in for, by the name that pages and forms keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Instead {
    /// The code of the app, or one from paper.
    Code,
    /// The code that was sent for a new browser.
    Activation,
}

impl Instead {
    const fn name(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::Activation => "activate",
        }
    }

    fn of(text: &str) -> Self {
        if text == Self::Activation.name() { Self::Activation } else { Self::Code }
    }

    /// What the form that asks and the page that waits send along.
    fn fields(self, next: &str) -> Markup {
        html! { (next_field(next)) input type="hidden" name="instead" value=(self.name()); }
    }

    /// The ways on without the phone. Anyone who is asked for a code has one: a sign-in by password begins with no other.
    fn ways(self, next: &str) -> Markup {
        let to = with_next(&format!("/sign-in/{}", self.name()), next, "");
        html! { p { a.btn href=(to) { "Use a code instead" } " " a.btn href="/sign-in" { "Start again" } } }
    }
}

/// `POST /sign-in/approval/ask`
pub(crate) async fn ask_sign_in(visit: Visit) -> Reply {
    let (attempt, next) = (attempt(&visit)?, form::local_path(visit.fields.get("next")));
    let instead = Instead::of(visit.fields.get("instead"));
    match visit.portal.gate().approvals().ask_sign_in(&attempt, &visit.browser()).await {
        Ok(()) => {
            let more = if instead == Instead::Activation { "instead=activate" } else { "" };
            Ok(go(&with_next("/sign-in/approval", next, more)))
        }
        Err(why) if refusal::ends_attempt(&why) => Err(visit.fault(why)),
        Err(why) => Ok((refusal::status(&why), refused(&why, instead, next)).into_response()),
    }
}

fn refused(why: &Refusal, instead: Instead, next: &str) -> Html<String> {
    let body = html! {
        h1 { (SIGN_IN) }
        (refusal::note(why))
        (instead.ways(next))
    };
    shell::bare(SIGN_IN, &body)
}

/// `GET /sign-in/approval`
pub(crate) async fn sign_in(visit: Visit) -> Reply {
    let attempt = attempt(&visit)?;
    let next = form::local_path(visit.query.get("next"));
    let instead = Instead::of(visit.query.get("instead"));
    let gate = visit.portal.gate();
    let browser = visit.browser();
    let state =
        gate.approvals().sign_in(&attempt, &browser).await.map_err(|why| visit.fault(why))?;
    let asker =
        gate.sign_ins().attempt(&attempt, &browser).await.map_err(|why| visit.fault(why))?;
    let who = prompt::line(&visit, Some(&asker.username));
    let page = Waiting {
        title: SIGN_IN,
        what: &html! {},
        who: &who,
        act: "/sign-in/approval",
        word: "Continue",
        again: "/sign-in/approval/ask",
        hidden: &instead.fields(next),
        ways: &instead.ways(next),
    };
    let (body, again) = waiting(&state, &page);
    Ok(look_again(shell::bare(SIGN_IN, &body), again))
}

/// `POST /sign-in/approval`
pub(crate) async fn sign_in_approved(visit: Visit) -> Reply {
    let (attempt, next) = (attempt(&visit)?, form::local_path(visit.fields.get("next")));
    match visit.portal.gate().approvals().sign_in_approved(&attempt, &visit.browser()).await {
        Ok(step) => Ok(forward(&visit, step, next)),
        Err(why) if refusal::ends_attempt(&why) => Err(visit.fault(why)),
        Err(why) => {
            let instead = Instead::of(visit.fields.get("instead"));
            Ok((refusal::status(&why), refused(&why, instead, next)).into_response())
        }
    }
}

/// The button that asks the phone instead of a code, where there is one.
pub(crate) fn offer(asker: &AttemptInfo, next: &str, instead: Instead) -> Markup {
    html! {
        @if asker.phone {
            form.f method="post" action="/sign-in/approval/ask" { (instead.fields(next)) button.wide { "Approve on my phone instead" } }
        }
    }
}

const STEP_UP: &str = "Is it you?";

/// Whether a phone can be asked to prove the person of this session.
pub(crate) async fn can_step_up(signed: &Signed) -> bool {
    // A list that cannot be read now is not a reason to show no page.
    let phones =
        signed.visit.portal.gate().approvals().phones(&signed.ticket).await.unwrap_or_default();
    signed.ticket.is_bound()
        && phones.iter().any(|one| one.confirmed && one.id != signed.ticket.device)
}

/// The button that asks the phone, and where to go on with its yes.
pub(crate) fn ask_form(signed: &Signed, next: &str, words: &str) -> Markup {
    html! {
        form method="post" action="/step-up/approval/ask" {
            (shell::token(signed)) (next_field(next))
            button.wide { (words) }
        }
    }
}

/// `POST /step-up/approval/ask`
pub(crate) async fn ask_step_up(signed: Signed) -> Reply {
    let gate = signed.visit.portal.gate();
    gate.approvals().ask_step_up(&signed.ticket).await.map_err(|why| signed.fault(why))?;
    Ok(go(&with_next("/step-up/approval", form::local_path(signed.visit.fields.get("next")), "")))
}

/// `GET /step-up/approval`
pub(crate) async fn step_up(signed: Signed) -> Reply {
    let gate = signed.visit.portal.gate();
    let state = gate.approvals().step_up(&signed.ticket).await.map_err(|why| signed.fault(why))?;
    let next = form::local_path(signed.visit.query.get("next"));
    let hidden = html! { (shell::token(&signed)) (next_field(next)) };
    let who = prompt::line(&signed.visit, Some(&signed.ticket.username));
    let page = Waiting {
        title: STEP_UP,
        what: &html! {},
        who: &who,
        act: "/step-up/approval",
        word: "Continue",
        again: "/step-up/approval/ask",
        hidden: &hidden,
        ways: &html! {},
    };
    let (body, again) = waiting(&state, &page);
    let body = html! { div.narrow { div.card.stack { (body) } } };
    Ok(look_again(shell::page(&signed, Tab::Access, STEP_UP, &body), again))
}

/// `POST /step-up/approval`
pub(crate) async fn step_up_approved(signed: Signed) -> Reply {
    let gate = signed.visit.portal.gate();
    let proven = gate.step_ups().approved(&signed.ticket).await;
    signed.visit.reissue(&proven.map_err(|why| signed.fault(why))?);
    Ok(go(form::local_path(signed.visit.fields.get("next"))))
}

#[cfg(test)]
mod tests {
    use access::approval::ContentKind;

    #[test]
    fn kind_of_content_has_a_heading_and_a_name() {
        for kind in ContentKind::ALL {
            assert!(!kind.text().is_empty() && !kind.name().contains(' '));
        }
    }
}
