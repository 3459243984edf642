//! What can be asked about step-ups.

use crate::authenticator::PasswordCheck;
use crate::authenticator::passkey::Assertion;
use crate::refusal::PasskeyFault;
use crate::secret::Secret;

/// What proves the person. Load the slice by the session.
pub enum Command {
    /// The password was checked, and a code of the TOTP app was typed.
    Password {
        /// With this outcome.
        proof: PasswordCheck,
        /// The code.
        code: Secret,
    },
    /// A passkey's ceremony ended.
    Passkey {
        /// What it says, or why it failed.
        outcome: Result<Assertion, PasskeyFault>,
    },
    /// The phone said yes to the approval that the session asked for.
    Approved,
}
