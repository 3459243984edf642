//! How the portal words what can be done about a refusal: a sentence that leads to the page where it is done. The match is
//! closed, so a new remedy has to get its page here.
#![deny(clippy::wildcard_enum_match_arm)]

use access::refusal::Remedy;
use maud::{Markup, html};

/// A remedy, worded.
struct Worded {
    /// A sentence: what stands before its link, the link, and what stands behind; empty where the reason's own text says it all.
    says: [&'static str; 3],
    /// The page where it is done, and what a button says that leads there; none where others do it.
    at: Option<(&'static str, &'static str)>,
}

const fn worded(remedy: Remedy) -> Worded {
    const NOTHING: [&str; 3] = [""; 3];
    let (says, at) = match remedy {
        Remedy::TakeOver => (
            ["To trade here, ", "take over", "."],
            Some(("/session/take-over", "Take over trading")),
        ),
        Remedy::ChangePolicy => {
            (["Change that under ", "Policies", "."], Some(("/policies", "Policies")))
        }
        Remedy::SeeCredentials => {
            (["See the list under ", "Credentials", "."], Some(("/credentials", "Credentials")))
        }
        Remedy::AddPhone => {
            (["Add one under ", "Phone", ", or use another way."], Some(("/phone", "Add a phone")))
        }
        Remedy::RemoveDevice => (
            ["If another phone opened the link, remove it under ", "Devices", "."],
            Some(("/devices", "Go to Devices")),
        ),
        Remedy::ReplaceApp => (
            ["Replace it under ", "Ways to sign in", ", or ask the operator to reset it."],
            Some(("/authenticators", "Ways to sign in")),
        ),
        Remedy::Unlock => (
            ["To unlock, open ", "Lock", ", or ask the operator."],
            Some(("/lock", "See the lock")),
        ),
        Remedy::UnlockByOperator => (
            ["Only the operator can unlock it; ", "Lock", " says how."],
            Some(("/lock", "See the lock")),
        ),
        Remedy::SeeLock => (NOTHING, Some(("/lock", "See the lock"))),
        Remedy::AwaitRecord => {
            (["Ask the operator not to restart the server before that.", "", ""], None)
        }
        Remedy::TurnOnPush => (["The server's operator can turn them on.", "", ""], None),
        Remedy::StartSignIn => (NOTHING, Some(("/sign-in", "Start again"))),
        Remedy::StartRecovery => (NOTHING, Some(("/recover", "Start again"))),
        Remedy::SignInHere => (NOTHING, Some(("/sign-in", "Sign in here"))),
        Remedy::ConfirmPerson => (NOTHING, Some(("/step-up", "Confirm it's you"))),
    };
    Worded { says, at }
}

/// The sentence, with a link; nothing where the reason's own text says it all.
pub(crate) fn sentence(remedy: Remedy) -> Markup {
    let Worded { says: [before, link, after], at } = worded(remedy);
    html! {
        (before)
        @match at {
            Some((to, _)) if !link.is_empty() => { a href=(to) { (link) } },
            _ => (link),
        }
        (after)
    }
}

/// The sentence where there are no links.
pub(crate) fn text(remedy: Remedy) -> String {
    worded(remedy).says.concat()
}

/// The page where it is done, and what a button says that leads there.
pub(crate) fn page(remedy: Remedy) -> Option<(&'static str, &'static str)> {
    worded(remedy).at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn page_of_every_remedy_is_one_of_the_portal() {
        for remedy in Remedy::ALL {
            let Some((to, button)) = page(remedy) else { continue };
            let routes = crate::route::routes();
            assert!(routes.iter().any(|route| route.path == to), "{remedy:?}: {to}");
            assert!(!button.is_empty(), "{remedy:?}");
        }
    }

    #[test]
    fn remedy_leads_where_it_is_done() {
        for (remedy, to) in [
            (Remedy::TakeOver, Some("/session/take-over")),
            (Remedy::ChangePolicy, Some("/policies")),
            (Remedy::SeeCredentials, Some("/credentials")),
            (Remedy::AddPhone, Some("/phone")),
            (Remedy::RemoveDevice, Some("/devices")),
            (Remedy::ReplaceApp, Some("/authenticators")),
            (Remedy::UnlockByOperator, Some("/lock")),
            (Remedy::SeeLock, Some("/lock")),
            (Remedy::AwaitRecord, None),
            (Remedy::TurnOnPush, None),
            (Remedy::StartSignIn, Some("/sign-in")),
            (Remedy::StartRecovery, Some("/recover")),
            (Remedy::SignInHere, Some("/sign-in")),
            (Remedy::ConfirmPerson, Some("/step-up")),
        ] {
            assert_eq!(page(remedy).map(|(to, _)| to), to, "{remedy:?}");
        }
        let said = text(Remedy::UnlockByOperator);
        assert_eq!(said, "Only the operator can unlock it; Lock says how.");
    }

    #[test]
    fn sentence_leads_to_its_page() {
        let markup = sentence(Remedy::Unlock).into_string();
        assert_eq!(markup, "To unlock, open <a href=\"/lock\">Lock</a>, or ask the operator.");
        assert_eq!(text(Remedy::Unlock), "To unlock, open Lock, or ask the operator.");
        assert_eq!(sentence(Remedy::StartSignIn).into_string(), "");
    }
}
