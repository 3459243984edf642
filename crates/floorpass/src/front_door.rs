//! `floorpass where`: the interfaces, and which ways to sign in work now.

use clap::Args;
use control::{PersonRequest, Request, WayRow, WhereNow};

use crate::exit::Failure;
use crate::global::Global;
use crate::output;

/// Where each interface is, and who can sign in how.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  floorpass where\n  floorpass where trader --json\n\nEach way is tested with the checks of a real sign-in; 'refused' comes with its reason."
)]
pub struct Where {
    /// Only this person's ways to sign in (user name)
    name: Option<String>,
    /// The same; the older form
    #[arg(long, value_name = "NAME", hide = true, conflicts_with = "name")]
    person: Option<String>,
}

impl Where {
    /// Asks the running server.
    pub fn run(self, global: &Global) -> Result<(), Failure> {
        let request = Request::Person(PersonRequest::Where { username: self.name.or(self.person) });
        let now: WhereNow = control::ask(global.data(), &request)?;
        output::show(global.json, &now, words)
    }
}

fn words(now: &WhereNow) -> String {
    let interfaces: Vec<[String; 4]> = now
        .interfaces
        .iter()
        .map(|one| {
            let state =
                one.why_not.as_ref().map_or("open".to_owned(), |why| format!("closed: {why}"));
            [one.name.clone(), one.address.clone(), state, one.proof.clone()]
        })
        .collect();
    let ways: Vec<[String; 5]> = now
        .ways
        .iter()
        .map(|one| {
            let place = one.device_name.clone().unwrap_or_else(|| "a new browser".to_owned());
            [
                one.username.clone(),
                place,
                one.way.clone(),
                one.state.replace('_', " "),
                because(one),
            ]
        })
        .collect();
    let interfaces = output::table(
        ["interface", "address", "state", "how to verify"],
        &interfaces,
        "no interfaces",
    );
    let ways = output::table(["person", "at", "way", "state", "details"], &ways, "no people");
    format!("{interfaces}\n\n{ways}")
}

/// The steps of a way that works; the reason of one that does not.
fn because(one: &WayRow) -> String {
    match (&one.why_not, one.state.as_str()) {
        (Some(why), _) => why.clone(),
        (None, "works") => one.steps.join(", then "),
        (None, _) => String::new(),
    }
}
