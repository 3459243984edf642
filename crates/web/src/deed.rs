//! What a form does, in words: for the page that asks for a sign-in before it is done.

use maud::{Markup, html};

use crate::form::Fields;
use crate::ticket;
use crate::visit::Signed;

/// Fields that say nothing to a person.
const TECHNICAL: [&str; 10] =
    ["key", "next", "bound", "ends", "edits", "sure", "welcome", "signature", "recovery", "set"];
/// Fields whose names are not the words for them.
const LABELS: [(&str, &str); 11] = [
    ("quantity", "Quantity"),
    ("type", "Kind"),
    ("price", "Limit price"),
    ("trigger", "Stop price"),
    ("tif", "Good for"),
    ("mail", "Mail address"),
    ("also", "Also for"),
    ("demand_token", "Requires a token"),
    ("max_notional", "Largest order"),
    ("max_quantity", "Shares or contracts per order"),
    ("until", "Ends"),
];
/// Pages whose acts are on an account.
const ON_ACCOUNT: [&str; 5] = ["ticket", "large-orders", "orders", "credentials", "lock"];

/// What the form of a request does, the account that it is on, and what was typed.
pub(crate) fn of(signed: &Signed) -> Markup {
    let path = &signed.visit.path;
    let fields = &signed.visit.fields;
    let first = path.split('/').nth(1).unwrap_or("");
    html! {
        p { b { (words(path)) } @if ON_ACCOUNT.contains(&first) { " on account " b.mono { (signed.ticket.account) } } "." }
        @match line(signed, fields) {
            Some(line) => p.sum { (line) },
            None => (typed(fields)),
        }
    }
}

/// The order of a form that sends a new one, in one line.
fn line(signed: &Signed, fields: &Fields) -> Option<Markup> {
    let sends =
        ["/ticket/confirm", "/large-orders/"].iter().any(|at| signed.visit.path.starts_with(at));
    if !sends || fields.has("order") {
        return None;
    }
    ticket::asked(signed, fields).map(|asked| asked.line)
}

/// What was typed, by the words for it.
pub(crate) fn typed(fields: &Fields) -> Markup {
    let said = |(name, value): &(&str, &str)| !value.is_empty() && !TECHNICAL.contains(name);
    let label = |name: &str| {
        let known = LABELS.iter().find(|(known, _)| *known == name);
        known.map_or_else(|| capital(&name.replace('_', " ")), |(_, label)| (*label).to_owned())
    };
    let rows: Vec<_> = fields.shown().filter(said).collect();
    html! {
        @if !rows.is_empty() {
            dl.pairs { @for (name, value) in rows { div { dt { (label(name)) } dd { (value) } } } }
        }
    }
}

pub(crate) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// What a form at this path does; the name of what it is done to stands in the path.
pub(crate) fn words(path: &str) -> String {
    let parts: Vec<&str> = path.split('/').skip(1).collect();
    let text = match parts.as_slice() {
        ["orders", "cancel-all"] => "Cancel all open orders",
        ["orders", order, "cancel"] => return format!("Cancel order {order}"),
        ["orders", order, "modify" | "preview"] => return format!("Change order {order}"),
        ["ticket", ..] => "Place this order",
        ["large-orders", ..] => "Send this large order",
        ["credentials"] => "Create a credential",
        ["credentials", .., act] => credential(act),
        ["devices", .., act] => device(act),
        ["sessions", "end-others"] => "End all other sessions",
        ["sessions", ..] => "End a session",
        ["session", "take-over"] => "Take over trading",
        ["authenticators", "recovery-codes"] => "Make new recovery codes",
        ["authenticators", ..] => "Change how you sign in",
        ["phone", ..] => "Change what your phones can do",
        ["approvals", ..] => "Answer a request for approval",
        ["lock", "lift"] => "Unlock",
        ["lock", ..] => "Lock",
        ["recovery", ..] => "Change how your sign-in is recovered",
        ["recover", ..] => "Recover a sign-in",
        ["messages", _, "not-me"] => "Say that it was not you",
        ["messages", ..] => "Mark messages as read",
        ["travel", "end"] => "End a journey",
        ["travel", ..] => "Plan a journey",
        ["contact", ..] => "Change where messages reach you",
        ["policies", ..] => "Change a policy",
        ["activity", ..] => "Export the activity",
        ["enrol", ..] => "Set up how you sign in",
        ["sign-out", ..] => "Sign out",
        ["step-up", ..] => "Confirm it's you",
        _ => "Send this form",
    };
    text.to_owned()
}

fn credential(act: &str) -> &'static str {
    match act {
        "rotate" => "Replace the token of a credential",
        "pause" => "Pause a credential",
        "resume" => "Resume a credential",
        "rename" => "Rename a credential",
        "revoke" => "Revoke a credential",
        _ => "Change a credential",
    }
}

fn device(act: &str) -> &'static str {
    match act {
        "rename" => "Rename a device",
        "remove" => "Remove a device",
        "remove-others" => "Remove all other devices",
        "block" => "Block a device",
        _ => "Change what a device can do",
    }
}

#[cfg(test)]
mod tests {
    use axum::http::Method;

    use super::*;
    use crate::route::{Admits, routes};

    /// A new form has its words here before anybody is asked to sign in for it.
    #[test]
    fn form_of_every_route_has_words() {
        let forms = routes()
            .into_iter()
            .filter(|one| one.method == Method::POST && matches!(one.admits, Admits::Session(_)));
        for form in forms {
            assert_ne!(words(form.path), "Send this form", "{}", form.path);
        }
    }

    #[test]
    fn fields_are_told_by_their_words_and_technical_ones_are_not() {
        let fields = Fields::of(&[
            ("max_notional", "5000"),
            ("grade", "no-new"),
            ("key", "1796.3.x"),
            ("name", ""),
        ]);
        let told = typed(&fields).into_string();
        assert!(told.contains("Largest order") && told.contains("Grade"), "{told}");
        assert!(!told.contains("1796") && !told.contains("Name"), "{told}");
    }
}
