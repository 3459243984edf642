//! The command line: what it accepts and which noun answers.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::exit::{self, Failure};
use crate::{
    activity, authenticator, backup, contact, credential, demo, device, doctor, evidence,
    front_door, init, link, lock, log, notice, order, outbox, person, policy, push, recovery,
    serve, session, status, totp, travel, webhook,
};

/// The access layer of a brokerage account, with a paper account behind it.
#[derive(Debug, Parser)]
#[command(
    name = "floorpass",
    version,
    about,
    after_help = exit::HELP,
    arg_required_else_help = true,
    disable_help_subcommand = true
)]
pub struct CommandLine {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    command: Command,
}

/// The data folder unless another is named.
const DATA: &str = "./floorpass-data";

/// What every command takes.
#[derive(Debug, Clone, Args)]
pub struct Global {
    /// The data folder; without it the environment's `FLOORPASS_DATA`, or ./floorpass-data
    #[arg(long, global = true, value_name = "DIR", env = "FLOORPASS_DATA", hide_env = true)]
    pub data: Option<PathBuf>,
    /// Print one JSON value; failures are {"error": {"code", "text"}}
    #[arg(long, global = true)]
    pub json: bool,
    /// What to log on standard error: a level, or a filter such as info,gate=debug
    #[arg(long, global = true, value_name = "FILTER", default_value = "warn")]
    pub log: String,
}

impl Global {
    /// The data folder.
    pub fn data(&self) -> &Path {
        self.data.as_deref().unwrap_or(Path::new(DATA))
    }
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start everything on this machine: paper account, markets, portal and trading sockets
    Demo(demo::Demo),
    /// Make a data folder and its first person, with an enrolment link
    Init(init::Init),
    /// Run a data folder that `init` made
    Serve(serve::Serve),
    /// What runs on the data folder
    Status(status::Status),
    /// Where each interface really is, and which ways to sign in work now
    Where(front_door::Where),
    /// Look for what would keep an installation from working
    Doctor(doctor::Doctor),
    /// API credentials: what programs hold
    #[command(subcommand)]
    Credential(credential::Credential),
    /// Sessions of people at the portal
    #[command(subcommand)]
    Session(session::Session),
    /// What interfaces ask of sessions, when these are renewed, and which one trades
    #[command(subcommand)]
    Policy(policy::Policy),
    /// Ways to sign in: passwords, TOTP apps, passkeys, recovery codes
    #[command(subcommand)]
    Authenticator(authenticator::Authenticator),
    /// Browsers that people sign in with
    #[command(subcommand)]
    Device(device::Device),
    /// Travel that people planned: a new network then is no news
    #[command(subcommand)]
    Travel(travel::Travel),
    /// Phones that are told of approvals while their page is closed
    #[command(subcommand)]
    Push(push::Push),
    /// People: who signs in
    #[command(subcommand)]
    Person(person::Person),
    /// Ways back in of people who lost what they sign in with
    #[command(subcommand)]
    Recovery(recovery::Recovery),
    /// Mail addresses and phone numbers of people
    #[command(subcommand)]
    Contact(contact::Contact),
    /// What people were told, and 'this was not me'
    #[command(subcommand)]
    Notice(notice::Notice),
    /// How the deliveries of messages stand
    Delivery(notice::Delivery),
    /// The webhook that messages are posted to
    #[command(subcommand)]
    Webhook(webhook::Webhook),
    /// A single-use link that signs a person in
    Link(link::Link),
    /// Cut authority on an account or of a person, at once
    Lock(lock::Lock),
    /// Lift a lock
    Unlock(lock::Unlock),
    /// Open and recently completed orders
    Orders(order::Orders),
    /// Executions of the last seven days
    Executions(order::Executions),
    /// Positions and cash
    Positions(order::Positions),
    /// Messages to people, with their codes where no mail took them
    Outbox(outbox::Outbox),
    /// The TOTP code of now, in demo folders
    Totp(totp::Totp),
    /// What was decided, by whom and why; searched and exported
    Activity(activity::Activity),
    /// The record of decisions
    #[command(subcommand)]
    Evidence(evidence::Evidence),
    /// Write journal and tables of one point into a new folder, while the server runs
    Backup(backup::Backup),
    /// Make a data folder from a backup
    Restore(backup::Restore),
}

/// Runs the command line that the program was started with.
pub fn run() -> ExitCode {
    let line = CommandLine::parse();
    let json = line.global.json;
    match line.run() {
        Ok(()) => {
            log::flush();
            ExitCode::SUCCESS
        }
        Err(failure) => failure.report(json),
    }
}

impl CommandLine {
    fn run(self) -> Result<(), Failure> {
        let global = self.global;
        log::begin(&global.log)?;
        match self.command {
            Command::Demo(command) => command.run(&global),
            Command::Init(command) => command.run(&global),
            Command::Serve(command) => command.run(&global),
            Command::Status(_) => status::run(&global),
            Command::Where(command) => command.run(&global),
            Command::Doctor(command) => command.run(&global),
            Command::Credential(command) => command.run(&global),
            Command::Session(command) => command.run(&global),
            Command::Policy(command) => command.run(&global),
            Command::Authenticator(command) => command.run(&global),
            Command::Device(command) => command.run(&global),
            Command::Travel(command) => command.run(&global),
            Command::Push(command) => command.run(&global),
            Command::Person(command) => command.run(&global),
            Command::Contact(command) => command.run(&global),
            Command::Recovery(command) => command.run(&global),
            Command::Notice(command) => command.run(&global),
            Command::Delivery(command) => command.run(&global),
            Command::Webhook(command) => command.run(&global),
            Command::Link(command) => command.run(&global),
            Command::Lock(command) => command.run(&global),
            Command::Unlock(command) => command.run(&global),
            Command::Orders(_) => order::list(&global),
            Command::Executions(_) => order::executions(&global),
            Command::Positions(_) => order::positions(&global),
            Command::Outbox(command) => command.run(&global),
            Command::Totp(command) => command.run(&global),
            Command::Activity(command) => command.run(&global),
            Command::Evidence(command) => command.run(&global),
            Command::Backup(command) => command.run(&global),
            Command::Restore(command) => command.run(&global),
        }
    }
}

#[cfg(test)]
mod document;

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn command_line_is_consistent() {
        CommandLine::command().debug_assert();
    }

    #[test]
    fn every_command_has_examples() {
        fn check(command: &clap::Command, path: &str) {
            let own = format!("{path} {}", command.get_name());
            let subcommands: Vec<_> = command.get_subcommands().collect();
            if subcommands.is_empty() {
                let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
                assert!(help.contains("Example"), "{own} has no examples in its --help");
            }
            for command in subcommands {
                check(command, &own);
            }
        }
        check(&CommandLine::command(), "");
    }
}
