//! What a demo folder shows once.

use access::Secret;

use crate::authenticator::TotpSetup;
use crate::person::LinkIssued;

/// What only the start that made the folder knows, to show once.
pub struct DemoSecrets {
    /// The name to sign in with.
    pub username: String,
    /// The password.
    pub password: Secret,
    /// The TOTP app.
    pub totp: TotpSetup,
    /// A link that signs in, trusts the browser and offers a passkey.
    pub link: LinkIssued,
}
