//! The lock: one act that cuts authority, with a receipt. Only a lock of everything asks once more, since nothing of it comes back.

use access::decision::RECENT;
use access::device::DeviceState;
use access::{By, Grade, PaperAccountId};
use axum::http::header;
use axum::response::{AppendHeaders, IntoResponse, Response};
use gate::{LockTarget, Receipt};
use maud::{Markup, html};
use trade::instrument::Instruments;
use trade::order::{Order, Side};

use crate::approval;
use crate::contract;
use crate::cookie::Cookie;
use crate::fault::{Cause, Fault};
use crate::figure;
use crate::shell::{self, Tab};
use crate::step_up;
use crate::visit::{Signed, go};

pub(crate) mod events;
mod head;

use head::{EVERYTHING, GRADES};
pub(crate) use head::{banner, button, stops};

type Reply = Result<Response, Fault>;

/// `GET /lock`: what is locked, how it is unlocked, and the grades.
pub(crate) async fn show(signed: Signed) -> Reply {
    let gate = signed.visit.portal.gate();
    if signed.ticket.receipt.is_some() {
        let receipt =
            gate.locks().receipt(&signed.ticket).await.map_err(|why| signed.fault(why))?;
        return Ok(shell::bare("Locked", &paper(&signed, &receipt)).into_response());
    }
    let lock = signed.admission.entitlements().lock;
    let locks = gate.locks().list(signed.ticket.person).await.map_err(|why| signed.fault(why))?;
    let phone = approval::can_step_up(&signed).await;
    let body = html! {
        (shell::title("Lock", &html! {}))
        @if signed.visit.query.has("unlocked") { div.note.good role="status" { "Unlocked. Orders are accepted again." } }
        div.stack data-lock-page {
            @if locks.is_empty() { section.card aria-label="State" { p { "Nothing is locked." } } }
            @for (at, one) in locks.iter().enumerate() { (standing(&signed, one, at == 0, phone)) }
            section.card aria-label="Grades" {
                form method="post" action="/lock" {
                    (shell::token(&signed))
                    div.grades {
                        @for (grade, name, text) in GRADES {
                            div { button name="grade" value=(grade) disabled[grade <= lock] { (name) } p { (text) } }
                        }
                    }
                }
            }
            section.card.grades aria-label="Everything" {
                div {
                    @if lock < Grade::All { a.btn.lock href=(EVERYTHING) { "Lock everything\u{2026}" } } @else { b { "Lock everything" } }
                    p { "Ends every session, credential and device, then cancels every open order. This cannot be undone. The next page lists what would go." }
                }
            }
        }
        p.small.dim.later { "The lock is on account " span.mono { (signed.ticket.account) } ". Every step is recorded under Activity." }
    };
    Ok(shell::page(&signed, Tab::Elsewhere, "Lock", &body).into_response())
}

/// One lock that is on, and how it comes off.
fn standing(signed: &Signed, lock: &Receipt, is_first: bool, phone: bool) -> Markup {
    let may = lock.grade < Grade::All && lock.lifted_by == Some(signed.ticket.person);
    let who = match lock.by {
        _ if lock.lifted_by == Some(signed.ticket.person) => "you",
        By::Operator { .. } => "the operator",
        By::Session(_) => "somebody at the portal",
        _ => "the server",
    };
    let on = match lock.target {
        LockTarget::Account(account) => html! { "Account " span.mono { (account) } },
        LockTarget::Person(_) => html! { "Everything you have" },
    };
    html! {
        section.card.stack aria-label="Locked" {
            p { (on) " is locked: " b { (lock.grade.text()) } ". Set by " (who) ", " (figure::time(lock.at)) " UTC." }
            @if may { (unlocks(signed, lock, is_first, phone)) }
            @else {
                p { "Only the operator can lift this lock, on the server's command line:" }
                p.once { (command(signed, &format!("unlock {}", target(signed, lock)))) }
            }
        }
    }
}

/// The form that unlocks: with a proof of its person where none came since the lock.
fn unlocks(signed: &Signed, lock: &Receipt, is_first: bool, phone: bool) -> Markup {
    let proven = signed.ticket.proven_at;
    let is_proven =
        signed.ticket.is_bound() && proven > lock.at && signed.now().since(proven) <= RECENT;
    let on = match lock.target {
        LockTarget::Account(_) => "account",
        LockTarget::Person(_) => "person",
    };
    let fields = html! { (shell::token(signed)) input type="hidden" name="on" value=(on); };
    html! {
        @if is_proven {
            form method="post" action="/lock/lift" { (fields) button.main { "Unlock" } }
        } @else {
            p { "To unlock, confirm it's you. A session from before the lock is not enough, so somebody who sits down at yours cannot unlock." }
            div.narrow.stack {
                @if is_first && signed.ticket.is_bound() {
                    form #again method="post" action="/lock/lift" hidden { (fields) }
                    (step_up::passkey(&signed.form_token(), "/lock", "Unlock with a passkey"))
                }
                // The phone's yes proves the person; this page then has the button alone.
                @if is_first && phone { (approval::ask_form(signed, "/lock", "Confirm on my phone")) }
                form.f method="post" action="/lock/lift" { (fields) (step_up::inputs()) button.main.wide { "Unlock" } }
            }
        }
    }
}

/// `POST /lock/lift`: what the person's own session locked.
pub(crate) async fn lift(signed: Signed) -> Reply {
    let target = match signed.visit.fields.get("on") {
        "account" => LockTarget::Account(signed.ticket.account.into()),
        "person" => LockTarget::Person(signed.ticket.person),
        _ => return Err(signed.fault(Cause::Malformed)),
    };
    let gate = signed.visit.portal.gate();
    gate.locks().unlock(&signed.actor(), target).await.map_err(|why| signed.fault(why))?;
    Ok(go("/lock?unlocked=1"))
}

/// `GET /lock/everything`: what would go.
pub(crate) async fn everything(signed: Signed) -> Reply {
    if signed.ticket.receipt.is_some() {
        return Ok(go("/lock"));
    }
    Ok(asked(&signed).await)
}

/// The second question of a lock of everything.
async fn asked(signed: &Signed) -> Response {
    let body = html! {
        div.narrow.wider {
            (shell::title("Lock everything?", &html! {}))
            section.card.stack aria-label="What goes" {
                p { "This ends the following at once, in this order. It " b { "cannot be undone" } "." }
                (toll(signed).await)
                p { "After that, nobody can sign in until the operator unlocks on the server's command line. Your password, app and recovery codes stop working for good; passkeys stay." }
                form method="post" action="/lock" {
                    (shell::token(signed))
                    input type="hidden" name="sure" value="1";
                    button.lock.wide name="grade" value=(Grade::All) { "Lock everything now" }
                }
                p { a href="/lock" { "Cancel, or choose a lock that ends nothing" } }
            }
        }
    };
    shell::page(signed, Tab::Elsewhere, "Lock everything?", &body).into_response()
}

/// What a lock of everything ends, by count and name. A list that cannot be read now keeps nobody from locking.
async fn toll(signed: &Signed) -> Markup {
    let gate = signed.visit.portal.gate();
    let (person, account) = (signed.ticket.person, signed.ticket.account);
    let sessions = gate
        .sessions()
        .list(Some(person))
        .await
        .map(|all| all.into_iter().map(|one| one.device_name).collect::<Vec<_>>());
    let credentials = gate.credentials().list(Some(account)).await.map(|all| {
        let live = all.iter().filter(|one| one.credential.revoked.is_none());
        live.map(|one| one.credential.name.to_string()).collect::<Vec<_>>()
    });
    let devices = gate.devices().list(Some(person)).await.map(|all| {
        let known = all.iter().filter(|one| one.device.state != DeviceState::Pending);
        known.map(|one| one.device.name.to_string()).collect::<Vec<_>>()
    });
    let orders = gate.view_of(account).await.map(|view| {
        let lines =
            view.open_orders.iter().map(|one| order_line(gate.markets().instruments(), one));
        lines.collect::<Vec<_>>()
    });
    html! {
        dl.toll {
            (goes("Sessions", "session, including this one", &sessions))
            (goes("Credentials", "credential", &credentials))
            (goes("Devices", "device, including this one", &devices))
            (goes("Orders", "open order", &orders))
        }
    }
}

/// `BUY 100 AAPL`
fn order_line(known: &Instruments, order: &Order) -> String {
    let side = match order.side {
        Side::Buy => "BUY",
        Side::Sell => "SELL",
    };
    format!(
        "{side} {} {}",
        contract::quantity(known, order.symbol, order.quantity),
        contract::symbol(known, order.symbol)
    )
}

/// Names that are listed of each kind.
const NAMED: usize = 20;

fn goes(title: &str, what: &str, names: &Result<Vec<String>, access::Refusal>) -> Markup {
    let count = |names: &[String]| match (what.split_once(','), names.len()) {
        (_, 0) => "none".to_owned(),
        (Some((noun, also)), many) => format!("{},{also}", figure::plural(many, noun)),
        (None, many) => figure::plural(many, what),
    };
    html! {
        div {
            dt { (title) }
            @match names {
                Ok(names) => dd {
                    b { (count(names)) }
                    @if !names.is_empty() { ul { @for (name, times) in counted(names).iter().take(NAMED) { li { (name) @if *times > 1 { " \u{d7} " (times) } } } } }
                    @if counted(names).len() > NAMED { p.small.dim { "and " (counted(names).len() - NAMED) " more" } }
                },
                Err(_) => dd { "all of them (the list is not available now)" },
            }
        }
    }
}

/// Each name once, with how many have it, in the order of their first.
fn counted(names: &[String]) -> Vec<(&str, usize)> {
    let mut counted: Vec<(&str, usize)> = Vec::new();
    for name in names {
        match counted.iter_mut().find(|(known, _)| known == name) {
            Some((_, times)) => *times += 1,
            None => counted.push((name, 1)),
        }
    }
    counted
}

/// `POST /lock`: locks, and answers with the receipt, since after a lock of everything no page can be asked for.
pub(crate) async fn lock(signed: Signed) -> Reply {
    let fields = &signed.visit.fields;
    let grade: Grade = fields.get("grade").parse().map_err(|_| signed.fault(Cause::Malformed))?;
    if grade == Grade::All && !fields.has("sure") {
        return Ok(asked(&signed).await);
    }
    let gate = signed.visit.portal.gate();
    let target = LockTarget::Account(signed.ticket.account.into());
    let receipt =
        gate.locks().lock(&signed.actor(), target, grade).await.map_err(|why| signed.fault(why))?;
    if grade == Grade::All {
        let body = paper(&signed, &receipt);
        let line = signed.visit.portal.jar().clear(Cookie::Device);
        let lines: Vec<_> = line.map(|line| (header::SET_COOKIE, line)).into_iter().collect();
        return Ok((AppendHeaders(lines), shell::bare("Locked", &body)).into_response());
    }
    Ok(go("/lock"))
}

/// The receipt of a lock of everything, and what remains to be done.
fn paper(signed: &Signed, receipt: &Receipt) -> Markup {
    let account: PaperAccountId = signed.ticket.account;
    let names = |names: &[String]| {
        let each = counted(names).into_iter().map(|(name, times)| match times {
            1 => name.to_owned(),
            _ => format!("{name} \u{d7} {times}"),
        });
        let list = each.collect::<Vec<_>>().join(", ");
        if list.is_empty() { "none".to_owned() } else { list }
    };
    html! {
        h1 { "Locked" }
        p { "Account " span.mono { (account) } ": " (receipt.grade.text()) "." }
        dl.pairs {
            div { dt { "When" } dd { (figure::time(receipt.at)) " UTC" } }
            div { dt { "Sessions ended" } dd.n { (receipt.sessions) } }
            div { dt { "Credentials revoked" } dd { (names(&receipt.credentials)) } }
            div { dt { "Devices removed" } dd { (names(&receipt.devices)) } }
            @if let Some(orders) = receipt.orders { div { dt { "Orders cancelled" } dd.n { (orders) } } }
        }
        p { "This page is your receipt; the session has ended, so save or print it now." }
        h2 { "To get back in" }
        ol.steps {
            li { p { "The operator unlocks on the server:" } div.once { (command(signed, &format!("unlock {}", target(signed, receipt)))) } }
            li { p { "Sign in with your passkey. If you have none, the operator makes a link for setting a new password:" } div.once { (command(signed, &format!("person reset-password {}", signed.ticket.username))) } }
            li { p { "Create new credentials for your programs, and place your orders again." } }
        }
    }
}

/// What a command for this lock names.
fn target(signed: &Signed, lock: &Receipt) -> String {
    match lock.target {
        LockTarget::Account(account) => format!("--account {account}"),
        LockTarget::Person(_) => format!("--person {}", signed.ticket.username),
    }
}

/// A command line that works from any folder of the server's machine.
fn command(signed: &Signed, rest: &str) -> String {
    let data = &signed.visit.portal.gate().config().data;
    let data = std::path::absolute(data).unwrap_or_else(|_| data.clone());
    format!("floorpass {rest} --data {}", quoted(&data.to_string_lossy()))
}

/// As a shell reads one word.
fn quoted(word: &str) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "/._-+:@,".contains(letter);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn word_of_a_command_is_one_word_to_a_shell() {
        assert_eq!(quoted("/srv/floorpass-data"), "/srv/floorpass-data");
        assert_eq!(quoted("/srv/my data"), "'/srv/my data'");
        assert_eq!(quoted("it's $HOME"), r"'it'\''s $HOME'");
    }

    #[test]
    fn names_that_are_alike_are_counted_once() {
        let names = ["a", "b", "a"].map(str::to_owned);
        assert_eq!(counted(&names), [("a", 2), ("b", 1)]);
    }
}
