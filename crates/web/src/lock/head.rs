//! What every page says of the lock: the button in its head, and the line under it.

use access::Grade;
use maud::{Markup, html};

use crate::asset;
use crate::form::TOKEN;
use crate::visit::Signed;

/// The grades that act at once.
pub(super) const GRADES: [(Grade, &str, &str); 2] = [
    (
        Grade::ReduceOnly,
        "Reduce only",
        "Orders may only reduce a position; cancelling still works. Everyone stays signed in.",
    ),
    (
        Grade::NoNew,
        "No new orders",
        "No new orders and no changes, from any person or program; cancelling still works.",
    ),
];

/// The page that asks once more.
pub(super) const EVERYTHING: &str = "/lock/everything";

/// What the button in the head says of a lock.
const fn says(grade: Grade) -> &'static str {
    match grade {
        Grade::None => "Lock",
        Grade::ReduceOnly => "Locked: reduce only",
        Grade::NoNew => "Locked: no new orders",
        Grade::All => "Locked",
    }
}

/// The red button in the head of every page. It never leaves the screen, so where there is no room it says the first word alone.
pub(crate) fn button(signed: &Signed) -> Markup {
    let grade = signed.admission.entitlements().lock;
    let (word, rest) = button_text(grade);
    html! {
        details.menu.locks {
            summary.btn.lock {
                svg viewBox="0 0 24 24" aria-hidden="true" { path d=(asset::PADLOCK) {} }
                span data-lock-word { (word) } span.rest data-lock-rest { (rest) }
            }
            div {
                @if grade == Grade::None { p.small.dim data-lock-says { "These two take effect at once. You can unlock again after confirming it's you." } }
                @else { p.small data-lock-says { "Locked: " (grade.text()) "." } }
                form.tight method="post" action="/lock" {
                    input type="hidden" name=(TOKEN) value=(signed.form_token());
                    @for (each, name, _) in GRADES { button.wide name="grade" value=(each) data-lock-from=(from(each)) hidden[each <= grade] { (name) } }
                }
                a.btn href="/lock" data-lock-from="none" hidden[grade == Grade::None] { "Unlock" }
                a.small href="/lock" { "What each of these does" }
                @if grade < Grade::All { a.btn.lock.apart href=(EVERYTHING) { "Lock everything\u{2026}" } }
            }
        }
    }
}

/// The word of the button, and what is left away where there is no room.
pub(super) fn button_text(grade: Grade) -> (&'static str, String) {
    let text = says(grade);
    let (word, rest) = text.split_once(':').unwrap_or((text, ""));
    (word, if rest.is_empty() { String::new() } else { format!(":{rest}") })
}

/// The grades under which a lock of this one takes nothing more away: its button is hidden then.
fn from(grade: Grade) -> String {
    let names: Vec<_> =
        GRADES.iter().filter(|(each, ..)| *each >= grade).map(|(each, ..)| each.name()).collect();
    names.join(" ")
}

/// The first thing on every page of a locked account; the script fills it in when a lock is set later.
pub(crate) fn banner(signed: &Signed) -> Markup {
    let grade = signed.admission.entitlements().lock;
    html! {
        div #lock-banner role="status" data-grade=(grade) {
            @if grade != Grade::None {
                div.note.locked {
                    b { "This account is locked: " } (grade.text()) ". " a href="/lock" { "Unlock, or see who locked it" }
                }
            }
        }
    }
}

/// Why the ticket sends nothing, where a lock stops every new order.
pub(crate) fn stops(signed: &Signed) -> Option<Markup> {
    let text = stops_text(signed.admission.entitlements().lock)?;
    Some(html! { (text) " " a href="/lock" { "Unlock" } })
}

/// The same as plain text; none where orders can be sent.
pub(super) fn stops_text(grade: Grade) -> Option<String> {
    let stops = grade >= Grade::NoNew;
    stops.then(|| format!("No order can be sent: the account is locked ({}).", grade.text()))
}
