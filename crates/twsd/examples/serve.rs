//! Serves the sockets of a demo folder without the rest of Floorpass:
//! `cargo run -p floorpass-twsd --example serve -- DATA READY_FILE`. It ends with Ctrl-C.
#![expect(clippy::print_stdout, clippy::expect_used, reason = "a program to try the sockets with")]

use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;

use floorpass_twsd as twsd;
use gate::{Config, Durability, Gate, Hours};

#[tokio::main]
async fn main() {
    let mut args = std::env::args_os().skip(1).map(PathBuf::from);
    let data = args.next().expect("a data folder");
    let ready = args.next().expect("a ready file");
    let config = Config {
        data: data.clone(),
        database: None,
        durability: Durability::Disk,
        demo: true,
        seed: Some(7),
        hours: Hours::RoundTheClock,
        portal_origin: "http://localhost:8080".parse().expect("a URL"),
        passkeys: None,
        token_required_by_default: false,
    };
    let gate = Gate::open(config).await.expect("the data folder opens");
    let bind = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let ended = async {
        tokio::signal::ctrl_c().await.expect("a signal handler");
    };
    let config = twsd::Config { bind, free_ports: true, ports: Vec::new() };
    let handle = twsd::serve(gate.clone(), config, ended).await.expect("the sockets open");
    let account = gate.view().await.expect("a view").account;
    let sockets: Vec<String> = handle
        .sockets()
        .iter()
        .map(|socket| {
            let (name, address) = (&socket.name, socket.address);
            let (host, port) = (address.ip(), address.port());
            format!(r#"{{"name":"{name}","host":"{host}","port":{port},"credential":"{name}"}}"#)
        })
        .collect();
    let facts = format!(r#"{{"account":"{account}","sockets":[{}]}}"#, sockets.join(","));
    std::fs::write(&ready, facts).expect("the ready file is written");
    println!("ready: {}", ready.display());
    handle.ended().await;
    gate.close().await.expect("a clean end");
}
