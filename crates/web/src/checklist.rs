//! What is still missing for a safe account, as facts and not as clicks; and the name of a new browser.

use access::Act;
use maud::{Markup, html};

use crate::shell;
use crate::visit::Signed;

/// One thing to set up: whether it is there, where, what, and why.
struct Item {
    done: bool,
    to: &'static str,
    what: &'static str,
    why: &'static str,
}

/// The card on the account's first page; nothing once nothing is missing, or where this session may set nothing up.
pub(crate) async fn card(signed: &Signed) -> Markup {
    let may = signed.sees.entitlements().acts.contains(Act::ManageAuthenticators);
    let welcome = signed.visit.query.has("welcome");
    let held = crate::recovery::held_until(signed).is_some();
    let items = if may && !held { items(signed).await } else { Vec::new() };
    let missing = items.iter().filter(|one| !one.done).count();
    html! {
        @if welcome {
            div.note.good role="status" {
                "You are signed in, until " (signed.clock(signed.ticket.until)) " at the latest. "
                a href="/session" { "What this session can and cannot do" }
            }
            (named(signed).await) (crate::device::older(signed).await)
        }
        @if missing > 0 {
            section.card.checklist aria-labelledby="missing" {
                h2 #missing { "Finish setting up: " (items.len() - missing) " of " (items.len()) " done" }
                ul { @for one in &items {
                    li.done[one.done] {
                        @if one.done { b { (one.what) } span.tag.up { "done" } }
                        @else { a href=(one.to) { (one.what) } span.small.dim { (one.why) } }
                    }
                } }
            }
        }
    }
}

/// A list that cannot be read now is not a reason to show no page.
async fn items(signed: &Signed) -> Vec<Item> {
    let Ok(setup) = signed.visit.portal.gate().authenticators().setup(signed.ticket.person).await
    else {
        return Vec::new();
    };
    let item = |done, to, what, why| Item { done, to, what, why };
    vec![
        item(
            setup.passkey,
            "/authenticators#add",
            "Add a passkey",
            "Sign in with one touch. It cannot be phished.",
        ),
        item(setup.phone, "/phone", "Add your phone", "Approve sign-ins and large orders there."),
        item(
            setup.codes,
            crate::recovery_code::PATH,
            "Print recovery codes",
            "In case you lose your phone.",
        ),
        item(setup.mail, "/contact", "Add a mail address", "Codes and warnings reach you there."),
    ]
}

/// Asks for the name of a browser that still has the one that it came with.
async fn named(signed: &Signed) -> Markup {
    let may = signed.sees.entitlements().acts.contains(Act::ManageDevices);
    if !may {
        return html! {};
    }
    let all = signed.visit.portal.gate().devices().list(Some(signed.ticket.person)).await;
    let all = all.unwrap_or_default();
    let this = all.iter().find(|one| one.device.id == signed.ticket.device);
    html! {
        @if let Some(this) = this.filter(|one| one.device.is_unnamed() && !one.device.lent) {
            section.card.naming aria-labelledby="naming" {
                h2 #naming { "What do you call this browser?" }
                form.row method="post" action={ "/devices/" (this.device.id) "/rename" } {
                    (shell::token(signed))
                    input type="hidden" name="next" value="/";
                    label.sr for="device-name" { "Name of this browser" }
                    input #device-name name="name" value=(this.device.name) maxlength="60" required aria-describedby="device-name-help";
                    button { "Save the name" }
                }
                p.help #device-name-help { "For example \u{201c}Office laptop\u{201d}. You will see it in every list and message." }
            }
        }
    }
}
