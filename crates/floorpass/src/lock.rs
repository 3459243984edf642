//! `floorpass lock` and `unlock`.

use access::{Grade, PaperAccountId};
use clap::Args;
use control::{Done, LockReceipt, Request, Target};

use crate::command::Global;
use crate::exit::Failure;
use crate::output;

/// What is locked: exactly one of the two.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct On {
    /// An account, for everyone on it
    #[arg(long, value_name = "ACCOUNT")]
    account: Option<PaperAccountId>,
    /// A person, by user name
    #[arg(long, value_name = "NAME")]
    person: Option<String>,
}

impl On {
    fn target(self) -> Result<Target, Failure> {
        match (self.account, self.person) {
            (Some(account), None) => Ok(Target::Account(account)),
            (None, Some(person)) => Ok(Target::Person(person)),
            _ => Err(Failure::usage("name one of --account and --person")),
        }
    }
}

/// Cuts authority.
#[derive(Debug, Args)]
#[command(
    after_help = "Grades:\n  reduce-only  orders may only reduce a position; cancels pass\n  no-new       no new orders and no changes; cancels pass\n  all          sessions, credentials and devices end, in that order, then orders are cancelled\n\nExamples:\n  floorpass lock --account DU1234567 --grade no-new\n  floorpass lock --person trader --grade all"
)]
pub struct Lock {
    #[command(flatten)]
    on: On,
    /// How far
    #[arg(long, value_name = "GRADE", value_parser = ["reduce-only", "no-new", "all"])]
    grade: String,
}

/// Lifts a lock.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  floorpass unlock --account DU1234567\n  floorpass unlock --person trader\n\nWhat a lock of grade all has ended stays ended. The old password and app no longer sign in: `floorpass person reset-password NAME` makes the link that sets new ones."
)]
pub struct Unlock {
    #[command(flatten)]
    on: On,
}

impl Lock {
    /// Asks the running server.
    pub fn run(self, global: &Global) -> Result<(), Failure> {
        let grade: Grade = self.grade.parse().map_err(Failure::usage)?;
        let request = Request::Lock { target: self.on.target()?, grade };
        let receipt: LockReceipt = control::ask(global.data(), &request)?;
        output::show(global.json, &receipt, |r| {
            format!(
                "{} is locked since {}: {}\nended: {} sessions, {} credentials, {} devices; cancelled: {} orders",
                r.target, r.at, r.means, r.sessions, r.credentials, r.devices, r.orders
            )
        })
    }
}

impl Unlock {
    /// Asks the running server.
    pub fn run(self, global: &Global) -> Result<(), Failure> {
        let request = Request::Unlock { target: self.on.target()? };
        let done: Done = control::ask(global.data(), &request)?;
        output::show(global.json, &done, |done| done.text.clone())
    }
}
