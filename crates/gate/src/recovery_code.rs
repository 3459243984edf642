//! Recovery codes: made by a person for themselves; one signs in in place of a TOTP code.

use access::{Answer, Command, Refusal, Secret, authenticator};
use store::Key;

use crate::command::odd_answer;
use crate::recovery::RecoveryGate;
use crate::session::SessionTicket;

impl RecoveryGate<'_> {
    /// Makes a set of recovery codes, to be shown this once. The set before it dies.
    pub async fn make_codes(self, ticket: &SessionTicket) -> Result<Vec<Secret>, Refusal> {
        let command = authenticator::Command::MakeRecoveryCodes;
        let call = ticket.call(Command::Authenticator(command));
        match self.gate.run(Key::Person(ticket.person), None, &call).await?.answer {
            Answer::RecoveryCodes { codes, .. } => Ok(codes),
            _ => Err(odd_answer(call.by)),
        }
    }
}
