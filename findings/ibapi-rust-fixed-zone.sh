#!/bin/sh
# The Rust crate ibapi 2.12.0 reads a connection time in the zone MST with daylight saving time.
#
# TWS ends the time in its answer to the handshake with the name of its own time zone. In the IANA database MST
# is a zone without daylight saving time: UTC-7 all year. The crate looks the name up with
# `time_tz::timezones::find_by_name`, which returns every zone whose name *contains* the text, in the order of a
# hash table, and takes the first one: MST7MDT, which is at UTC-6 in July. `Client::connection_time` is then an hour
# early, and so is every later time read in the session's zone. The exact name is in the table, and
# `get_by_name` finds it.
#
# A server can avoid this by sending names that are part of no other name, such as America/Phoenix.
#
# Needs cargo. Exit code 0: it still behaves this way. 1: it no longer does. Anything else: the script could not be run.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/src"
cat > "$folder/Cargo.toml" <<'END'
[package]
name = "zone"
version = "0.0.0"
edition = "2021"

[dependencies]
ibapi = { version = "=2.12.0", default-features = false, features = ["sync"] }
time = "0.3"
# Pinned, because they decide the order of the table.
time-tz = { version = "=2.0.0", features = ["db"] }
phf = "=0.11.3"
END
cat > "$folder/src/main.rs" <<'END'
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

use time_tz::{timezones, TimeZone};

fn frame(stream: &mut TcpStream, fields: &[&str]) {
    let body: String = fields.iter().flat_map(|field| [field, "\0"]).collect();
    let length = u32::try_from(body.len()).unwrap().to_be_bytes();
    stream.write_all(&[&length, body.as_bytes()].concat()).unwrap();
}

fn answer(stream: &mut TcpStream) {
    let mut length = [0; 4];
    stream.read_exact(&mut length).unwrap();
    let mut body = vec![0; u32::from_be_bytes(length) as usize];
    stream.read_exact(&mut body).unwrap();
}

/// The opening of a TWS session, with noon on 1 July 2026 in `zone` as its time: seconds since 1970 as read.
fn connected_at(zone: &str) -> Option<i64> {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let time = format!("20260701 12:00:00 {zone}");
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.read_exact(&mut [0; 4]).unwrap(); // "API" and a zero
        answer(&mut stream); // the versions it speaks
        frame(&mut stream, &["178", &time]);
        answer(&mut stream); // startApi
        frame(&mut stream, &["15", "1", "DU0000000"]);
        frame(&mut stream, &["9", "1", "1"]);
        stream // open until the client has gone
    });
    let client = ibapi::client::blocking::Client::connect(&address, 1).unwrap();
    let read = client.connection_time().map(|time| time.unix_timestamp());
    drop(client);
    drop(server.join());
    read
}

fn main() {
    const NOON_AT_UTC_7: i64 = 1_782_932_400;
    let exact = timezones::get_by_name("MST").map(|zone| zone.name());
    let first = timezones::find_by_name("MST").first().map(|zone| zone.name());
    println!("time-tz 2.0.0: get_by_name(\"MST\") {exact:?}, the first of find_by_name(\"MST\") {first:?}");
    let control = connected_at("America/Phoenix");
    let read = connected_at("MST");
    println!("ibapi 2.12.0: noon in America/Phoenix is read as {control:?} (right: {NOON_AT_UTC_7})");
    println!("ibapi 2.12.0: noon in MST             is read as {read:?} (right: {NOON_AT_UTC_7})");
    let as_described = control == Some(NOON_AT_UTC_7)
        && read == Some(NOON_AT_UTC_7 - 3600)
        && exact == Some("MST")
        && first == Some("MST7MDT");
    std::process::exit(if as_described { 0 } else { 1 });
}
END
cd "$folder"
CARGO_TARGET_DIR="$folder/target" cargo build --quiet || exit 2
status=0
timeout 60 "$folder/target/debug/zone" || status=$?
case $status in
0) echo "As described: MST is read an hour early in summer, America/Phoenix is read correctly." ;;
1) echo "It no longer behaves this way: read the output above." ;;
*) echo "It could not be run (exit code $status)." ;;
esac
exit $status
