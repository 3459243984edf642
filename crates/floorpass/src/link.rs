//! `floorpass link`: a single-use link that signs in and trusts the browser that opens it.

use clap::Args;
use control::{LinkMade, PersonRequest, Request};

use crate::exit::Failure;
use crate::global::Global;
use crate::output;

/// A link.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  floorpass link trader\n  floorpass link trader --phone")]
pub struct LinkCommand {
    /// The user name of the person it signs in
    name: String,
    /// Set up a phone for approvals: it shows a number with which you confirm it
    #[arg(long)]
    phone: bool,
}

impl LinkCommand {
    /// Asks the running server.
    pub fn run(self, global: &Global) -> Result<(), Failure> {
        let request =
            Request::Person(PersonRequest::Link { username: self.name, phone: self.phone });
        let made: LinkMade = control::ask(global.data(), &request)?;
        output::show(global.json, &made, words)
    }
}

/// A link for people.
pub fn words(made: &LinkMade) -> String {
    format!(
        "{}\nworks once, until {}; anyone who opens it is signed in as {who}\nAn earlier link of this kind for {who} no longer works.",
        made.url,
        made.until,
        who = made.username
    )
}
