//! The Floorpass program: `demo`, `serve`, and the operator's commands on a running server.

mod activity;
mod alert;
mod authenticator;
mod backup;
mod banner;
mod command;
mod config;
mod contact;
mod credential;
mod demo;
mod device;
mod doctor;
mod evidence;
mod exit;
mod front_door;
mod init;
mod link;
mod lock;
mod log;
mod notice;
mod order;
mod outbox;
mod output;
mod pace;
mod person;
mod place;
mod policy;
mod port;
mod portal;
mod push;
mod ready;
mod recovery;
mod serve;
mod server;
mod session;
mod status;
mod tls;
mod totp;
mod travel;
mod webhook;

fn main() -> std::process::ExitCode {
    // What libraries create is the owner's alone too; our own files do not depend on it.
    rustix::process::umask(rustix::fs::Mode::RWXG | rustix::fs::Mode::RWXO);
    command::run()
}
