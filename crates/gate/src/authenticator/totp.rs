//! A TOTP app that is being set up.

use access::Secret;

/// A TOTP secret, to be put into an app and confirmed by a code from it.
pub struct TotpSetup {
    /// The seed in base 32, as apps take it.
    pub secret: Secret,
    /// The `otpauth://` address that a QR code carries.
    pub uri: Secret,
}
