//! `floorpass lock` and `unlock`.

use access::{AccountId, Grade};
use clap::Args;
use control::{LockReceipt, LockRequest, Request, Target};

use crate::exit::Failure;
use crate::global::Global;
use crate::output;
use crate::which::done;

/// What is locked.
#[derive(Debug, Args)]
#[group(multiple = false)]
pub struct On {
    /// An account, for everyone on it; not needed where there is one account
    #[arg(long, value_name = "ACCOUNT")]
    account: Option<AccountId>,
    /// A person, by user name
    #[arg(long, value_name = "NAME")]
    person: Option<String>,
}

impl On {
    fn target(self) -> Target {
        let person = self.person.map(Target::Person);
        self.account.map(Target::Account).or(person).unwrap_or(Target::OnlyAccount)
    }
}

/// Cuts authority.
#[derive(Debug, Args)]
#[command(
    after_help = "Grades:\n  reduce-only  orders may only reduce a position; cancelling still works\n  no-new       no new orders and no changes; cancelling still works\n  all          ends all sessions, credentials and devices, then cancels all orders\n\nExamples:\n  floorpass lock --grade no-new\n  floorpass lock --account DU1234567 --grade no-new\n  floorpass lock --person trader --grade all"
)]
pub struct LockCommand {
    #[command(flatten)]
    on: On,
    /// How much to lock
    #[arg(long, value_name = "GRADE", value_parser = ["reduce-only", "no-new", "all"])]
    grade: String,
}

/// Lifts a lock.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  floorpass unlock\n  floorpass unlock --account DU1234567\n  floorpass unlock --person trader\n\nWhat a lock of grade all ended stays ended, and the old password and authenticator app no longer work. To set new ones: floorpass person reset-password NAME."
)]
pub struct Unlock {
    #[command(flatten)]
    on: On,
}

impl LockCommand {
    /// Asks the running server.
    pub fn run(self, global: &Global) -> Result<(), Failure> {
        let grade: Grade = self.grade.parse().map_err(Failure::usage)?;
        let request = Request::Lock(LockRequest::Lock { target: self.on.target(), grade });
        let receipt: LockReceipt = control::ask(global.data(), &request)?;
        output::show(global.json, &receipt, |r| {
            format!(
                "{} (since {})\nsessions ended: {}, credentials ended: {}, devices removed: {}, orders cancelled: {}",
                r.text, r.at, r.sessions, r.credentials, r.devices, r.orders
            )
        })
    }
}

impl Unlock {
    /// Asks the running server.
    pub fn run(self, global: &Global) -> Result<(), Failure> {
        done(global, &Request::Lock(LockRequest::Unlock { target: self.on.target() }))
    }
}
