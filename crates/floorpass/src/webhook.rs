//! `floorpass webhook`: the secret that a receiver verifies with.

use clap::Subcommand;
use control::{NoticeRequest, Request, WebhookKey};

use crate::exit::Failure;
use crate::global::Global;
use crate::output;

#[derive(Debug, Subcommand)]
pub enum WebhookCommand {
    /// Print the secret that webhooks are signed with, for the receiver
    #[command(after_help = "Example:\n  floorpass webhook secret")]
    Secret,
}

impl WebhookCommand {
    /// Asks the running server.
    pub fn run(self, global: &Global) -> Result<(), Failure> {
        let Self::Secret = self;
        let key: WebhookKey =
            control::ask(global.data(), &Request::Notice(NoticeRequest::WebhookSecret))?;
        output::show(global.json, &key, |key| key.secret.clone())
    }
}
