//! The command line: what it accepts and which noun answers.

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

use crate::exit::{self, Failure};
use crate::global::Global;
use crate::{
    account, activity, authenticator, backup, contact, credential, demo, device, doctor, evidence,
    front_door, init, link, lock, log, manual, notice, order, outbox, person, policy, push,
    recovery, serve, session, status, totp, travel, upgrade, webhook,
};

/// Controls who and what can trade on a brokerage account; comes with a paper account.
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

#[derive(Debug, Subcommand)]
enum Command {
    /// Run a complete demo on this machine: paper account, markets, portal and trading sockets
    Demo(demo::Demo),
    /// Create a data folder and its first person, and print an enrolment link
    Init(init::Init),
    /// Run the server on a data folder that `init` created
    Serve(serve::Serve),
    /// Show the running server: version, addresses, warnings
    Status(status::StatusCommand),
    /// Show the address of each interface, and which ways to sign in work right now
    Where(front_door::Where),
    /// Check the installation for problems
    Doctor(doctor::Doctor),
    /// Paper accounts: list, show, create, permit, close
    #[command(subcommand)]
    Account(account::AccountCommand),
    /// Manage the API credentials that programs use
    #[command(subcommand)]
    Credential(credential::CredentialCommand),
    /// Manage people's sessions at the portal
    #[command(subcommand)]
    Session(session::SessionCommand),
    /// Manage session limits, assurance, renewal and large orders
    #[command(subcommand)]
    Policy(policy::PolicyCommand),
    /// Manage ways to sign in: passwords, authenticator apps, passkeys, recovery codes
    #[command(subcommand)]
    Authenticator(authenticator::AuthenticatorCommand),
    /// Manage the browsers and phones that people sign in with
    #[command(subcommand)]
    Device(device::DeviceCommand),
    /// Manage planned travel, during which new networks are not announced by mail
    #[command(subcommand)]
    Travel(travel::Travel),
    /// Manage push notifications to phones
    #[command(subcommand)]
    Push(push::PushCommand),
    /// Manage the people who can sign in
    #[command(subcommand)]
    Person(person::PersonCommand),
    /// Manage recoveries, for people who cannot sign in any more
    #[command(subcommand)]
    Recovery(recovery::RecoveryCommand),
    /// Manage people's mail addresses and phone numbers
    #[command(subcommand)]
    Contact(contact::ContactCommand),
    /// Show the messages people were sent, or answer one 'this was not me'
    #[command(subcommand)]
    Notice(notice::NoticeCommand),
    /// Show which messages were delivered and which were not
    Delivery(notice::DeliveryCommand),
    /// Manage the webhook that messages are posted to
    #[command(subcommand)]
    Webhook(webhook::WebhookCommand),
    /// Print a single-use link that signs a person in
    Link(link::LinkCommand),
    /// Lock an account or a person at once
    Lock(lock::LockCommand),
    /// Lift a lock
    Unlock(lock::Unlock),
    /// List, show, preview, place, change and cancel orders
    #[command(subcommand)]
    Order(order::OrderCommand),
    /// The same as `order list`
    Orders(order::Orders),
    /// List the executions of the last seven days
    Executions(order::Executions),
    /// List positions and cash
    Positions(order::Positions),
    /// Show outgoing messages, with their codes where no mail is configured
    Outbox(outbox::Outbox),
    /// Print a person's current TOTP code (demo folders only)
    Totp(totp::Totp),
    /// Search or export the activity: what was decided, by whom and why
    Activity(activity::Activity),
    /// Verify, sign or export the evidence, the record of decisions
    #[command(subcommand)]
    Evidence(evidence::Evidence),
    /// Back up journal and tables to a new folder, while the server runs
    Backup(backup::Backup),
    /// Create a data folder from a backup
    Restore(backup::Restore),
    /// Upgrade the data folder of an older version, or show what that would do
    Upgrade(upgrade::Upgrade),
    /// Print a completion script for a shell
    Completions(manual::Completions),
    /// Write the man pages
    Man(manual::Man),
}

impl Command {
    /// Whether it is about a folder that is there, and not one that it makes or about none at all.
    fn finds_folder(&self) -> bool {
        match self {
            Self::Demo(_)
            | Self::Init(_)
            | Self::Serve(_)
            | Self::Restore(_)
            | Self::Completions(_)
            | Self::Man(_) => false,
            Self::Status(status) => !status.is_of_all(),
            _ => true,
        }
    }
}

/// Runs the command line that the program was started with.
pub fn run() -> ExitCode {
    let line = match CommandLine::try_parse() {
        Ok(line) => line,
        Err(wrong) => return misread(&wrong),
    };
    let json = line.global.json;
    match line.run() {
        Ok(()) => {
            log::flush();
            ExitCode::SUCCESS
        }
        Err(failure) => failure.report(json),
    }
}

/// Says what is wrong with the command line, for scripts as every other failure; help and version are no failures.
fn misread(wrong: &clap::Error) -> ExitCode {
    let json = std::env::args_os().skip(1).take_while(|one| one != "--").any(|one| one == "--json");
    if !json || !wrong.use_stderr() {
        wrong.exit();
    }
    let text = wrong.render().to_string();
    let text = text.split("\n\nUsage:").next().unwrap_or(&text);
    let text = text.split("\n\nFor more information").next().unwrap_or(text);
    Failure::usage(text.strip_prefix("error: ").unwrap_or(text).trim()).report(json)
}

impl CommandLine {
    fn run(self) -> Result<(), Failure> {
        let mut global = self.global;
        log::begin(&global.log)?;
        if self.command.finds_folder() {
            global.find()?;
        }
        match self.command {
            Command::Demo(command) => command.run(&global),
            Command::Init(command) => command.run(&global),
            Command::Serve(command) => command.run(&global),
            Command::Status(command) => command.run(&global),
            Command::Where(command) => command.run(&global),
            Command::Doctor(command) => command.run(&global),
            Command::Account(command) => command.run(&global),
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
            Command::Order(command) => command.run(&global),
            Command::Orders(command) => command.run(&global),
            Command::Executions(which) => order::executions(&which, &global),
            Command::Positions(which) => order::positions(&which, &global),
            Command::Outbox(command) => command.run(&global),
            Command::Totp(command) => command.run(&global),
            Command::Activity(command) => command.run(&global),
            Command::Evidence(command) => command.run(&global),
            Command::Backup(command) => command.run(&global),
            Command::Restore(command) => command.run(&global),
            Command::Upgrade(command) => command.run(&global),
            Command::Completions(command) => {
                command.run(CommandLine::command());
                Ok(())
            }
            Command::Man(command) => command.run(&global, CommandLine::command()),
        }
    }
}

#[cfg(test)]
mod document;
#[cfg(test)]
mod number;
#[cfg(test)]
mod route;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn command_line_is_consistent() {
        CommandLine::command().debug_assert();
    }

    #[test]
    fn option_of_every_field_is_one_of_a_command() {
        fn has(command: &clap::Command, option: &str) -> bool {
            let own = command.get_arguments().filter_map(clap::Arg::get_long);
            own.chain([""]).any(|long| format!("--{long}") == option)
                || command.get_subcommands().any(|command| has(command, option))
        }
        let all = CommandLine::command();
        for field in access::refusal::Field::ALL {
            let option = crate::exit::option(*field);
            assert!(option.is_none_or(|option| has(&all, option)), "{field}: {option:?}");
        }
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
