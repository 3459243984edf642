//! Recovery codes: made by a person for themselves; one signs in in place of a TOTP code.

use access::{Refusal, Secret};
use store::Key;

use crate::ask;
use crate::recovery::RecoveryGate;
use crate::session::SessionTicket;

impl RecoveryGate<'_> {
    /// Makes a set of recovery codes, to be shown this once. The set before it dies.
    pub async fn make_codes(self, ticket: &SessionTicket) -> Result<Vec<Secret>, Refusal> {
        let key = Key::Person(ticket.person);
        self.gate.ask(key, None, ticket.asker(), ask::recovery_codes()).await
    }
}
