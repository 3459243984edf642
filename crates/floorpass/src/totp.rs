//! `floorpass totp`: the current code, in demo folders only.

use clap::Args;
use control::{AuthenticatorRequest, Request, TotpNow};

use crate::exit::Failure;
use crate::global::Global;
use crate::output;

/// The code of now.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  floorpass totp trader")]
pub struct Totp {
    /// The person's user name
    name: String,
}

impl Totp {
    /// Asks the running server.
    pub fn run(self, global: &Global) -> Result<(), Failure> {
        let now: TotpNow = control::ask(
            global.data(),
            &Request::Authenticator(AuthenticatorRequest::Totp { username: self.name }),
        )?;
        output::show(global.json, &now, |now| now.code.clone())
    }
}
