//! `floorpass contact`: show, set.

use clap::{Args, Subcommand};
use control::{ContactNow, ContactRequest, Request};

use crate::exit::Failure;
use crate::global::Global;
use crate::output;

#[derive(Debug, Subcommand)]
pub enum ContactCommand {
    /// Show a person's mail address and phone number
    #[command(
        visible_alias = "list",
        after_help = "Example:\n  floorpass contact show trader --json"
    )]
    Show {
        /// The person's user name; not needed where there is one person
        name: Option<String>,
    },
    /// Set or remove a person's mail address or phone number, effective at once and without a code
    #[command(
        after_help = "Examples:\n  floorpass contact set trader --mail ada@example.org\n  floorpass contact set trader --no-phone\n\nThe person is notified, also at the old address, which keeps getting security messages for 7 days."
    )]
    Set(SetContact),
}

#[derive(Debug, Args)]
pub struct SetContact {
    /// The person's user name
    name: String,
    /// The mail address for codes and messages
    #[arg(long, value_name = "ADDRESS", required_unless_present_any = ["no_mail", "phone", "no_phone"])]
    mail: Option<String>,
    /// Remove the mail address
    #[arg(long, conflicts_with = "mail")]
    no_mail: bool,
    /// The phone number, for the record only: no code is ever sent there
    #[arg(long, value_name = "NUMBER")]
    phone: Option<String>,
    /// Remove the phone number
    #[arg(long, conflicts_with = "phone")]
    no_phone: bool,
}

impl ContactCommand {
    /// Asks the running server.
    pub fn run(self, global: &Global) -> Result<(), Failure> {
        let request = match self {
            Self::Show { name } => Request::Contact(ContactRequest::Show { username: name }),
            Self::Set(set) => Request::Contact(ContactRequest::Set {
                username: set.name,
                mail: set.mail.or(set.no_mail.then(String::new)),
                phone: set.phone.or(set.no_phone.then(String::new)),
            }),
        };
        let now: ContactNow = control::ask(global.data(), &request)?;
        output::show(global.json, &now, words)
    }
}

fn words(now: &ContactNow) -> String {
    let mut lines = vec![format!("person   {}", now.username)];
    lines.push(match (&now.mail, &now.mail_since) {
        (Some(mail), Some(since)) => format!("mail     {mail} (since {since})"),
        _ => "mail     none".to_owned(),
    });
    lines.extend(now.asked.iter().map(|mail| format!("asked    {mail} (waiting for its code)")));
    let former = now.former.iter();
    lines.extend(former.map(|one| format!("former   {} (notified until {})", one.mail, one.until)));
    lines.push(format!("phone    {}", now.phone.as_deref().unwrap_or("none")));
    lines.join("\n")
}
