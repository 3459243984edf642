//! The Floorpass program: `demo`, `serve`, and the operator's commands on a running server.

mod account;
mod activity;
mod alert;
mod authenticator;
mod authority;
mod backup;
mod banner;
mod command;
mod config;
mod contact;
mod contract;
mod credential;
mod demo;
mod device;
mod doctor;
mod evidence;
mod exit;
mod front_door;
mod global;
mod init;
mod lan;
mod link;
mod lock;
mod log;
mod mandate;
mod manual;
mod notice;
mod order;
mod order_limits;
mod outbox;
mod output;
mod pace;
mod performance;
mod person;
mod place;
mod policy;
mod port;
mod portal;
mod push;
mod ready;
mod recovery;
mod registry;
mod risk;
mod serve;
mod server;
mod session;
mod status;
mod ticket;
mod tls;
mod totp;
mod travel;
mod upgrade;
mod webhook;
mod which;

use std::io::Write as _;

fn main() -> std::process::ExitCode {
    // What libraries create is the owner's alone too; our own files do not depend on it.
    rustix::process::umask(rustix::fs::Mode::RWXG | rustix::fs::Mode::RWXO);
    keep_memory_in();
    command::run()
}

/// Memory holds passwords and keys for a moment, in a command as in the server: a crash must leave no copy of it on a
/// disk, and no other process of this user may read it.
fn keep_memory_in() {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    // The log is not open yet, and a standard error that is gone stops no command.
    let say = |text: &str| drop(writeln!(std::io::stderr(), "{text}"));
    if let Err(error) = setrlimit(Resource::Core, none) {
        say(&format!("warning: core dumps could not be turned off: {error}"));
    }
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{DumpableBehavior, set_dumpable_behavior};
        if let Err(error) = set_dumpable_behavior(DumpableBehavior::NotDumpable) {
            say(&format!(
                "warning: other processes of this user may be able to read this one's memory: {error}"
            ));
        }
    }
}
