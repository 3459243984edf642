//! The Floorpass program: `demo`, `serve`, and the operator's commands on a running server.

mod authenticator;
mod backup;
mod banner;
mod command;
mod config;
mod credential;
mod demo;
mod device;
mod doctor;
mod evidence;
mod exit;
mod init;
mod link;
mod lock;
mod log;
mod order;
mod outbox;
mod output;
mod person;
mod place;
mod port;
mod portal;
mod ready;
mod serve;
mod server;
mod session;
mod status;
mod tls;
mod totp;

fn main() -> std::process::ExitCode {
    command::run()
}
