//! Who asks, from where, on which device: on every page that takes a password or a code, so that
//! somebody else's page, or somebody else's sign-in, shows as one.

use maud::{Markup, html};

use crate::visit::Visit;

/// The line of a page on which `username` (none before anybody is known) proves something.
pub(crate) fn line(visit: &Visit, username: Option<&str>) -> Markup {
    let origin = visit.portal.origin();
    let browser = visit.browser();
    let device = access::agent::family(&browser.user_agent);
    let host = origin.host_str().unwrap_or_default();
    html! {
        p.small.dim {
            @match username {
                Some(name) => { "For " b { (name) } " at " b { (host) } ", from " },
                None => { "Signing in to " b { (host) } " from " },
            }
            // Only a browser on the server's own machine comes from a loopback address.
            @if visit.address.is_loopback() { "this computer (" span.mono { (visit.address) } ")" }
            @else { span.mono { (visit.address) } }
            ", " (device) "."
        }
    }
}
