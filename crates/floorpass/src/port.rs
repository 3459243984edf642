//! Ports: taken before anything is written, so that a start that cannot work leaves nothing behind.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};

use access::Number;
use access::number::Misread;

use crate::exit::{Exit, Failure};

/// Connections that may wait to be accepted; beyond them the system drops greetings, and their senders wait a second.
const WAITING: i32 = 1_024;

/// Ports that a TWS or an IB Gateway listens on unless told otherwise.
const TWS_PORTS: [u16; 4] = [7496, 7497, 4001, 4002];

/// A port that was typed; 0 takes a free one.
pub fn read(typed: &str) -> Result<u16, Misread> {
    Number::LISTENER.read_whole(typed)
}

/// Binds the portal on loopback, at both of its addresses where the machine has both: a browser may take either
/// for `localhost`. Port 0 takes a free one.
pub fn bind_loopback(port: u16) -> Result<Vec<TcpListener>, Failure> {
    for _ in 0..32 {
        let first = bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port)), "--portal-port")?;
        let got = first.local_addr().map_err(Failure::failed)?.port();
        match listen(SocketAddr::from((Ipv6Addr::LOCALHOST, got))) {
            Ok(second) => return Ok(vec![first, second]),
            // Somebody else's on the other address; another free port may be free on both.
            Err(e) if e.kind() == io::ErrorKind::AddrInUse && port == 0 => {}
            Err(e) if e.kind() == io::ErrorKind::AddrInUse => {
                return Err(in_use(got, "--portal-port"));
            }
            // No IPv6 here.
            Err(_) => return Ok(vec![first]),
        }
    }
    Err(Failure::failed("no port is free on both 127.0.0.1 and ::1"))
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let listener = TcpListener::bind(address)?;
    // A second time, which changes how many may wait: std asks for 128.
    rustix::net::listen(&listener, WAITING)?;
    Ok(listener)
}

/// Binds one address; `flag` is what sets its port.
pub fn bind(address: SocketAddr, flag: &str) -> Result<TcpListener, Failure> {
    listen(address).map_err(|e| match e.kind() {
        io::ErrorKind::AddrInUse => in_use(address.port(), flag),
        io::ErrorKind::PermissionDenied => Failure::failed(format!(
            "this user may not use port {}; choose another with {flag}",
            address.port()
        )),
        _ => Failure::failed(format!("cannot listen on {address}: {e}")),
    })
}

/// Whether a port can be taken right now; it is given back at once.
pub fn probe(address: IpAddr, port: u16, flag: &str) -> Result<(), Failure> {
    bind(SocketAddr::from((address, port)), flag).map(drop)
}

/// The words for a port that is taken.
pub fn in_use(port: u16, flag: &str) -> Failure {
    // What is no option stands in a file, and only options go with --free-ports.
    if flag.starts_with("--") {
        taken(port, &format!("stop it, choose another port with {flag}, or use --free-ports"))
    } else {
        taken(port, &format!("stop it, or change {flag}"))
    }
}

/// A credential's port is in use, and no option of `serve` moves it.
pub fn of_credential(port: u16, name: &str) -> Failure {
    taken(
        port,
        &format!(
            "it belongs to credential {name}, so stop the other program; to use another port, start the server, revoke the credential and create one with --port"
        ),
    )
}

fn taken(port: u16, what: &str) -> Failure {
    let who = if TWS_PORTS.contains(&port) {
        "perhaps by TWS, IB Gateway or another floorpass"
    } else {
        "by another program"
    };
    Failure::new(Exit::InUse, "PORT_IN_USE", format!("port {port} is in use, {who}; {what}"))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn port_that_is_typed_is_what_it_can_only_be() {
        for (typed, port) in [("8080", 8080), (" 8080 ", 8080), ("\u{ff18}\u{ff10}", 80), ("0", 0)]
        {
            assert_eq!(read(typed).unwrap(), port, "{typed}");
        }
        for typed in
            ["+8080", "8,080", "8 080", "8080.", "1e3", "0x1F90", "1_000", "-1", "65536", "NaN", ""]
        {
            assert!(read(typed).is_err(), "{typed}");
        }
        assert!(read(&"9".repeat(30)).is_err());
    }

    #[test]
    fn port_in_use_names_the_port_and_the_flag() {
        let first = bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), "--x").unwrap();
        let port = first.local_addr().unwrap().port();
        let failure = probe(Ipv4Addr::LOCALHOST.into(), port, "--trading-port").unwrap_err();
        assert_eq!(failure.exit, Exit::InUse);
        assert!(
            failure.text.contains(&port.to_string()) && failure.text.contains("--trading-port")
        );
    }

    #[test]
    fn port_of_a_tws_says_so() {
        assert!(in_use(7497, "--trading-port").text.contains("TWS, IB Gateway"));
        assert!(!in_use(8080, "--portal-port").text.contains("TWS"));
    }

    #[test]
    fn free_port_is_the_same_on_both_loopback_addresses() {
        let ports: Vec<u16> =
            bind_loopback(0).unwrap().iter().map(|l| l.local_addr().unwrap().port()).collect();
        assert!(ports.windows(2).all(|w| w.first() == w.last()));
    }
}
