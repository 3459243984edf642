//! The command line: what it accepts and which noun answers.

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

use crate::exit::{self, Failure};
use crate::global::Global;
use crate::log;

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

/// Writes a command once: what its help says, what it takes, and what does it where that is not its own `run`.
macro_rules! commands {
    (@run $command:ident, $global:ident) => { $command.run($global) };
    (@run $command:ident, $global:ident, |$own:ident, $all:ident| $run:expr) => {{
        let ($own, $all) = ($command, $global);
        $run
    }};
    ($($(#[$about:meta])* $Name:ident($Args:ty) $(|$own:ident, $all:ident| $run:expr)?;)*) => {
        #[derive(Debug, Subcommand)]
        enum Command { $($(#[$about])* $Name($Args),)* }

        impl Command {
            fn run(self, global: &Global) -> Result<(), Failure> {
                match self {
                    $(Self::$Name(command) => {
                        commands!(@run command, global $(, |$own, $all| $run)?)
                    })*
                }
            }
        }
    };
}

commands! {
    /// Run a complete demo on this machine: paper account, markets, portal and trading sockets
    Demo(crate::demo::Demo);
    /// Create a data folder and its first person, and print an enrolment link
    Init(crate::init::Init);
    /// Run the server on a data folder that `init` created
    Serve(crate::serve::Serve);
    /// Show the running server: version, addresses, warnings
    Status(crate::status::StatusCommand);
    /// Show the address of each interface, and which ways to sign in work right now
    Where(crate::front_door::Where);
    /// Check the installation for problems
    Doctor(crate::doctor::Doctor);
    /// Paper accounts: list, show, create, permit, change, close
    #[command(subcommand)]
    Account(crate::account::AccountCommand);
    /// Who may do what on which account: list, grant, change, revoke
    #[command(subcommand)]
    Mandate(crate::mandate::MandateCommand);
    /// Manage the API credentials that programs use
    #[command(subcommand)]
    Credential(crate::credential::CredentialCommand);
    /// Manage people's sessions at the portal
    #[command(subcommand)]
    Session(crate::session::SessionCommand);
    /// Manage session limits, assurance, renewal and large orders
    #[command(subcommand)]
    Policy(crate::policy::PolicyCommand);
    /// Manage ways to sign in: passwords, authenticator apps, passkeys, recovery codes
    #[command(subcommand)]
    Authenticator(crate::authenticator::AuthenticatorCommand);
    /// Manage the browsers and phones that people sign in with
    #[command(subcommand)]
    Device(crate::device::DeviceCommand);
    /// Manage planned travel, during which new networks are not announced by mail
    #[command(subcommand)]
    Travel(crate::travel::Travel);
    /// Manage push notifications to phones
    #[command(subcommand)]
    Push(crate::push::PushCommand);
    /// Manage the people who can sign in
    #[command(subcommand)]
    Person(crate::person::PersonCommand);
    /// Manage recoveries, for people who cannot sign in any more
    #[command(subcommand)]
    Recovery(crate::recovery::RecoveryCommand);
    /// Manage people's mail addresses and phone numbers
    #[command(subcommand)]
    Contact(crate::contact::ContactCommand);
    /// Show the messages people were sent, or answer one 'this was not me'
    #[command(subcommand)]
    Notice(crate::notice::NoticeCommand);
    /// Show which messages were delivered and which were not
    Delivery(crate::notice::DeliveryCommand);
    /// Manage the webhook that messages are posted to
    #[command(subcommand)]
    Webhook(crate::webhook::WebhookCommand);
    /// Print a single-use link that signs a person in
    Link(crate::link::LinkCommand);
    /// Lock an account or a person at once
    Lock(crate::lock::LockCommand);
    /// Lift a lock
    Unlock(crate::lock::Unlock);
    /// List, show, preview, place, change and cancel orders
    #[command(subcommand)]
    Order(crate::order::OrderCommand);
    /// The same as `order list`
    Orders(crate::order::Orders);
    /// List the executions of the last seven days
    Executions(crate::order::Executions) |which, global| crate::order::executions(&which, global);
    /// List dividends, coupons and other money that moved without a trade
    Payments(crate::order::Payments) |which, global| crate::order::payments(&which, global);
    /// List positions and cash
    Positions(crate::order::Positions) |which, global| crate::order::positions(&which, global);
    /// Find contracts, and show what is known of one and the options on it
    #[command(subcommand)]
    Contract(crate::contract::ContractCommand);
    /// Show the prices of contracts
    Market(crate::contract::ShowMarket);
    /// Show what an account has gained, as a rate by time and by money
    Performance(crate::performance::ShowPerformance);
    /// Show what an account stands to gain and to lose
    Risk(crate::risk::ShowRisk);
    /// Show outgoing messages, with codes for people without a mail address
    Outbox(crate::outbox::Outbox);
    /// Print a person's current TOTP code (demo folders only)
    Totp(crate::totp::Totp);
    /// Search or export the activity: what was decided, by whom and why
    Activity(crate::activity::Activity);
    /// Verify, sign or export the evidence, the record of decisions
    #[command(subcommand)]
    Evidence(crate::evidence::Evidence);
    /// Back up journal and tables to a new folder, while the server runs
    Backup(crate::backup::Backup);
    /// Create a data folder from a backup
    Restore(crate::backup::Restore);
    /// Upgrade the data folder of an older version, or show what that would do
    Upgrade(crate::upgrade::Upgrade);
    /// Print a completion script for a shell
    Completions(crate::manual::Completions) |command, _global| {
        command.run(CommandLine::command());
        Ok(())
    };
    /// Write the man pages
    Man(crate::manual::Man) |command, global| command.run(global, CommandLine::command());
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
            // A configuration file says which one, or that it is the usual one.
            Self::Evidence(evidence) => !evidence.has_config(),
            Self::Doctor(doctor) => !doctor.has_config(),
            Self::Upgrade(upgrade) => !upgrade.has_config(),
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
        self.command.run(&global)
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
