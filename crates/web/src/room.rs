//! Where Access leads: four groups of pages, listed at the side or, where there is no room, behind one line; and what lies under the bell.

use maud::{Markup, html};

use crate::visit::Signed;

/// The page about the server itself: its interfaces, and how its certificate is known.
pub(crate) const FRONT_DOOR: &str = "/where";

type Room = (&'static str, &'static str);

/// The pages of Access by group.
const GROUPS: [(&str, &[Room]); 4] = [
    (
        "Devices and sessions",
        &[
            ("/sessions", "Sessions"),
            ("/devices", "Devices"),
            ("/phone", "Phone"),
            ("/session", "This session"),
        ],
    ),
    (
        "Signing in",
        &[
            ("/authenticators", "Ways to sign in"),
            ("/recovery", "Recovery"),
            ("/contact", "Contact"),
        ],
    ),
    ("Programs", &[("/credentials", "Credentials")]),
    ("Rules", &[("/policies", "Policies"), ("/travel", "Travel")]),
];

/// What the bell opens; the outbox only in a demo.
const BELL: [Room; 2] = [("/messages", "Messages"), ("/outbox", "Outbox")];

/// The way to the pages beside the one at `path`.
pub(crate) fn beside(signed: &Signed, path: &str) -> Markup {
    if BELL.iter().any(|(to, _)| *to == path) {
        return bell(signed, path);
    }
    let here = GROUPS.iter().flat_map(|(_, rooms)| *rooms).find(|(to, _)| *to == path);
    html! {
        // Both hold the same; the style sheet shows one of them.
        details.rooms.fold {
            summary.btn { "Access" @if let Some((_, name)) = here { ": " (name) } }
            nav aria-label="Access" { (groups(path)) }
        }
        nav.rooms.side aria-label="Access" { (groups(path)) }
    }
}

fn groups(path: &str) -> Markup {
    html! {
        @for (group, rooms) in GROUPS {
            div {
                p { (group) }
                @for (to, name) in rooms { (link(to, name, path)) }
            }
        }
    }
}

fn bell(signed: &Signed, path: &str) -> Markup {
    html! {
        @if signed.visit.portal.config().demo {
            nav.tabs aria-label="Messages" { @for (to, name) in BELL { (link(to, name, path)) } }
        }
    }
}

fn link(to: &str, name: &str, path: &str) -> Markup {
    html! { a href=(to) aria-current=[(to == path).then_some("page")] { (name) } }
}
