//! `floorpass session`: list, show, end.

use access::{PaperAccountId, SessionId};
use clap::Subcommand;
use control::{Request, SessionLayers, SessionRequest, SessionRow};

use crate::exit::Failure;
use crate::global::Global;
use crate::output;
use crate::which::{Which, done, which};

#[derive(Debug, Subcommand)]
pub enum SessionCommand {
    /// List live sessions
    #[command(
        after_help = "Examples:\n  floorpass session list\n  floorpass session list trader --json"
    )]
    List {
        /// Only this person's (user name)
        person: Option<String>,
    },
    /// Show a session layer by layer, and what to do about each layer that is down
    #[command(
        after_help = "Example:\n  floorpass session show ses_0123456789abcdefghjkmnpqrs --json"
    )]
    Show {
        /// Its id, from `session list`; with a user name, or nothing, it lists
        #[arg(value_name = "ID")]
        which: Option<String>,
        /// On this account; required if its person has several
        #[arg(long, value_name = "ACCOUNT")]
        account: Option<PaperAccountId>,
    },
    /// End a session, or all of a person: the next request is refused
    #[command(
        after_help = "Examples:\n  floorpass session end ses_0123456789abcdefghjkmnpqrs\n  floorpass session end --all-of trader\n  floorpass session end --all-of trader --except ses_0123456789abcdefghjkmnpqrs"
    )]
    End {
        /// Its id, from `session list`
        #[arg(required_unless_present = "all_of")]
        id: Option<SessionId>,
        /// All sessions of this person
        #[arg(long, value_name = "NAME", conflicts_with = "id")]
        all_of: Option<String>,
        /// But not this one
        #[arg(long, value_name = "ID", requires = "all_of")]
        except: Option<SessionId>,
    },
}

impl SessionCommand {
    /// Asks the running server.
    pub fn run(self, global: &Global) -> Result<(), Failure> {
        match self {
            Self::List { person } => list(global, person),
            Self::Show { which: typed, account } => match which(typed, "ses_")? {
                Which::Of(person) => list(global, person),
                Which::One(session) => {
                    let request = Request::Session(SessionRequest::Show { session, account });
                    let found: SessionLayers = control::ask(global.data(), &request)?;
                    output::show(global.json, &found, layers)
                }
            },
            Self::End { id: Some(session), .. } => {
                done(global, &Request::Session(SessionRequest::End { session }))
            }
            Self::End { all_of: Some(username), except, .. } => {
                done(global, &Request::Session(SessionRequest::EndAll { username, except }))
            }
            Self::End { .. } => Err(Failure::usage("name a session, or a person with --all-of")),
        }
    }
}

fn list(global: &Global, username: Option<String>) -> Result<(), Failure> {
    let rows: Vec<SessionRow> =
        control::ask(global.data(), &Request::Session(SessionRequest::List { username }))?;
    output::show(global.json, &rows, |rows| table(rows))
}

fn table(rows: &[SessionRow]) -> String {
    let cells: Vec<[String; 9]> = rows
        .iter()
        .map(|row| {
            [
                row.session.to_string(),
                row.username.clone(),
                row.device_name.clone(),
                row.browser.clone().unwrap_or_else(|| "unknown".to_owned()),
                row.methods.join(" + ").replace('_', " "),
                row.interface.clone(),
                row.address.clone().unwrap_or_else(|| "unknown".to_owned()),
                row.last_use.clone(),
                row.until.clone(),
            ]
        })
        .collect();
    let head = [
        "session",
        "person",
        "device",
        "browser",
        "signed in with",
        "interface",
        "address",
        "last use",
        "until",
    ];
    output::table(head, &cells, "nobody is signed in")
}

fn layers(found: &SessionLayers) -> String {
    let cells: Vec<[String; 4]> = found
        .layers
        .iter()
        .map(|row| {
            let next = row.advice.clone().unwrap_or_default();
            [row.layer.clone(), row.state.clone(), row.says.clone(), next]
        })
        .collect();
    let trades = match (&found.refusal, &found.why) {
        (Some(code), Some(why)) => format!("no: {code}: {why}"),
        _ => "yes".to_owned(),
    };
    let table = output::table(["layer", "state", "state", "what to do"], &cells, "none");
    format!(
        "session   {}\nperson    {}\naccount   {}\nat        {}\norders    {trades}\n\n{table}",
        found.session, found.username, found.account, found.interface
    )
}
