//! What a route demands of a session that comes in by it.

use access::Act;

/// What a session needs to come in by a route; put into each request by the route, so that no handler can forget it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Needs {
    /// The act that it must be entitled to.
    pub(crate) act: Option<Act>,
    /// Whether the route changes nothing of anyone's, so that an unbound session may send its form.
    pub(crate) looks: bool,
    /// Whether its handler takes the proof that comes with a form, after all else was checked.
    pub(crate) proves_late: bool,
}

/// Marks a route that browsers ask for by themselves: it is not a use of the session.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ByItself;

/// What a form is about to do, for the sentence that says what to sign in for: its route may ask for less, such as
/// to see the account, and leave the rest to the gate.
pub(crate) fn meant(needs: Option<Act>, path: &str) -> Act {
    let within = |page: &str| path.starts_with(page);
    match needs {
        Some(act) if !matches!(act, Act::ViewAccount | Act::ViewMarketData) => act,
        _ if within("/credentials") => Act::ManageCredentials,
        _ if within("/ticket") || within("/large-orders") => Act::PlaceOrder,
        _ if within("/orders") && path.ends_with("/modify") => Act::ModifyOrder,
        _ if within("/orders") => Act::CancelOrder,
        _ if within("/lock") => Act::Lock,
        _ => Act::ManageSessions,
    }
}
