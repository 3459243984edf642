//! Where other devices on the network reach a demo: the portal by HTTPS, and by plain HTTP the page
//! that says how to trust its certificate.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, ToSocketAddrs, UdpSocket};
use std::str::FromStr;

use url::{Host, Url};

use crate::exit::{Exit, Failure};
use crate::port;

/// What `--lan` was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    /// Nothing: this machine's address on the network that its traffic takes.
    Default,
    /// An address of this machine.
    Address(IpAddr),
    /// A name of this machine.
    Name(String),
}

impl FromStr for Reach {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Ok(Self::Default);
        }
        if let Ok(address) = text.parse::<IpAddr>() {
            let unusable = match address {
                IpAddr::V4(v4) => v4.is_broadcast(),
                // It says nothing without an interface, and no URL can name one.
                IpAddr::V6(v6) => v6.is_unicast_link_local(),
            };
            if unusable || address.is_unspecified() || address.is_multicast() {
                return Err(format!("{address} is not an address that a phone can open"));
            }
            return Ok(Self::Address(address));
        }
        let name = text.to_ascii_lowercase();
        let url = Url::parse(&format!("https://{name}/"));
        let is_name = url.is_ok_and(|url| url.host() == Some(Host::Domain(&name)));
        if !is_name || rustls_pki_types::DnsName::try_from(name.as_str()).is_err() {
            return Err("give an address of this machine, or its name, such as studio.local".into());
        }
        if name == "localhost" || name.ends_with(".localhost") {
            return Err("on a phone, localhost is the phone itself".into());
        }
        Ok(Self::Name(name))
    }
}

/// The doors to the network, bound.
#[derive(Debug)]
pub struct Lan {
    /// The portal as other devices reach it.
    pub origin: Url,
    /// The page on how to trust its certificate.
    pub trust: Url,
    /// What its certificate is made for.
    pub names: Vec<String>,
    /// Where the portal listens.
    pub portal: Vec<TcpListener>,
    /// Where that page listens.
    pub page: TcpListener,
}

impl Lan {
    /// Binds its ports; 0 takes a free one.
    pub fn bind(reach: Reach, portal_port: u16, trust_port: u16) -> Result<Self, Failure> {
        let (address, name) = match reach {
            Reach::Default => (default_address()?, None),
            Reach::Address(address) => (address, None),
            Reach::Name(name) => (address_for(&name)?, Some(name)),
        };
        Self::at(address, name, portal_port, trust_port)
    }

    fn at(
        address: IpAddr,
        name: Option<String>,
        portal_port: u16,
        trust_port: u16,
    ) -> Result<Self, Failure> {
        own(address)?;
        let first = port::bind(SocketAddr::new(address, portal_port), "--lan-port")?;
        let portal_port = first.local_addr().map_err(Failure::failed)?.port();
        let page = port::bind(SocketAddr::new(address, trust_port), "--trust-port")?;
        let trust_port = page.local_addr().map_err(Failure::failed)?.port();
        let mut portal = vec![first];
        // A browser on this machine may find the name at another of its addresses.
        for other in name.iter().flat_map(|name| found(name)).filter(|one| *one != address) {
            own(other).map_err(|_| {
                let name = name.as_deref().unwrap_or_default();
                Failure::usage(format!(
                    "{name} leads to {other}, which is not an address of this machine; give a name that leads here, or an address with --lan=ADDRESS"
                ))
            })?;
            portal.push(port::bind(SocketAddr::new(other, portal_port), "--lan-port")?);
        }
        let url = |scheme: &str, host: &str, port: u16| {
            Url::parse(&format!("{scheme}://{host}:{port}/")).map_err(Failure::failed)
        };
        let host = match address {
            IpAddr::V4(v4) => v4.to_string(),
            IpAddr::V6(v6) => format!("[{v6}]"),
        };
        Ok(Self {
            origin: url("https", name.as_deref().unwrap_or(&host), portal_port)?,
            // By its address: a phone that finds no names opens it too.
            trust: url("http", &host, trust_port)?,
            names: name.into_iter().chain([address.to_string()]).collect(),
            portal,
            page,
        })
    }
}

/// Where a name leads on this machine; the warning is all where it leads nowhere, for a phone may know it all the same.
fn found(name: &str) -> Vec<IpAddr> {
    match (name, 0).to_socket_addrs() {
        Ok(all) => {
            let mut all: Vec<IpAddr> =
                all.map(|one| one.ip().to_canonical()).filter(is_usable).collect();
            all.sort();
            all.dedup();
            all
        }
        Err(error) => {
            eprintln!(
                "floorpass: this machine does not find {name} ({error}), so a browser here cannot open it; a phone can if it finds names by multicast DNS (docs/operations.md)"
            );
            Vec::new()
        }
    }
}

fn is_usable(address: &IpAddr) -> bool {
    !matches!(address, IpAddr::V6(v6) if v6.is_unicast_link_local())
}

/// Refuses an address that this machine does not have.
fn own(address: IpAddr) -> Result<(), Failure> {
    UdpSocket::bind((address, 0)).map(drop).map_err(|e| {
        Failure::usage(format!(
            "{address} is not an address of this machine ({e}); see `ip address`"
        ))
    })
}

/// This machine's address on its network; on a machine without a network, where the name leads.
fn address_for(name: &str) -> Result<IpAddr, Failure> {
    match default_address() {
        Err(why) if why.exit == Exit::Usage => found(name).into_iter().next().ok_or(why),
        other => other,
    }
}

/// The address from which this machine would send to the Internet. Nothing is sent: the destinations are reserved for
/// documentation, and a socket for datagrams only chooses its way.
fn default_address() -> Result<IpAddr, Failure> {
    let toward = [
        (IpAddr::V4(Ipv4Addr::UNSPECIFIED), IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1))),
        (
            IpAddr::V6(Ipv6Addr::UNSPECIFIED),
            IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1)),
        ),
    ];
    let mut found = toward.into_iter().filter_map(|(any, there)| {
        let socket = UdpSocket::bind((any, 0)).ok()?;
        socket.connect((there, 9)).ok()?;
        Some(socket.local_addr().ok()?.ip())
    });
    let Some(address) = found.find(|one| !one.is_loopback() && is_usable(one)) else {
        return Err(Failure::usage(
            "this machine is on no network that leads anywhere; name the address that your phone can reach: --lan=ADDRESS",
        ));
    };
    if is_of_the_internet(address) {
        let text = format!(
            "{address} is this machine's address on the Internet, where anybody could open the demo; if you want that, say --lan={address}, else name an address of your own network"
        );
        return Err(Failure::new(Exit::Refused, "PUBLIC_ADDRESS", text));
    }
    Ok(address)
}

/// Whether an address may be reached from everywhere.
fn is_of_the_internet(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let [first, second, ..] = v4.octets();
            let shared = first == 100 && (64..128).contains(&second);
            !(v4.is_private()
                || v4.is_loopback()
                || v4.is_link_local()
                || v4.is_documentation()
                || shared)
        }
        IpAddr::V6(v6) => !(v6.is_unique_local() || v6.is_loopback() || v6.is_unicast_link_local()),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn reach_is_an_address_or_a_name_that_a_phone_can_open() {
        let reach = |text: &str| text.parse::<Reach>();
        assert_eq!(reach(""), Ok(Reach::Default));
        assert_eq!(reach("192.168.1.5"), Ok(Reach::Address("192.168.1.5".parse().unwrap())));
        assert_eq!(reach("fd00::2"), Ok(Reach::Address("fd00::2".parse().unwrap())));
        assert_eq!(reach("Studio.local"), Ok(Reach::Name("studio.local".into())));
        for bad in [
            "0.0.0.0",
            "::",
            "224.0.0.1",
            "255.255.255.255",
            "fe80::1",
            "localhost",
            "a.localhost",
            "https://x.local",
            "x.local:8443",
            "x y",
            "-",
            "1.2.3",
            "x/y",
            "user@x.local",
            "[::1]",
            "é.local",
        ] {
            assert!(reach(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn address_of_the_internet_is_known() {
        for (address, is) in [
            ("10.0.0.1", false),
            ("172.31.0.1", false),
            ("192.168.0.1", false),
            ("169.254.1.1", false),
            ("100.64.0.1", false),
            ("100.127.255.255", false),
            ("100.128.0.1", true),
            ("172.32.0.1", true),
            ("8.8.8.8", true),
            ("fd00::1", false),
            ("2606:4700::1", true),
        ] {
            assert_eq!(is_of_the_internet(address.parse().unwrap()), is, "{address}");
        }
    }

    #[test]
    fn doors_are_bound_at_the_address_and_named_by_it() {
        let address = IpAddr::from([127, 0, 0, 2]);
        let lan = Lan::bind(Reach::Address(address), 0, 0).unwrap();
        let port = |listener: &TcpListener| listener.local_addr().unwrap().port();
        let (portal, page) = (port(lan.portal.first().unwrap()), port(&lan.page));
        assert_eq!(lan.origin.as_str(), format!("https://127.0.0.2:{portal}/"));
        assert_eq!(lan.trust.as_str(), format!("http://127.0.0.2:{page}/"));
        assert_eq!(lan.names, ["127.0.0.2"]);
        let taken = Lan::bind(Reach::Address(address), portal, 0).unwrap_err();
        assert!(taken.text.contains("--lan-port"), "{}", taken.text);
        // Reserved for documentation, so no machine has it by right.
        let foreign = Lan::bind(Reach::Address("203.0.113.77".parse().unwrap()), 0, 0).unwrap_err();
        assert!(foreign.text.contains("not an address of this machine"), "{}", foreign.text);
    }

    #[test]
    fn name_is_the_portals_and_the_page_on_trust_keeps_the_address() {
        let address = IpAddr::from([127, 0, 0, 2]);
        let lan = Lan::at(address, Some("studio.invalid".into()), 0, 0).unwrap();
        assert_eq!(lan.origin.domain(), Some("studio.invalid"));
        assert_eq!(lan.trust.host_str(), Some("127.0.0.2"));
        assert_eq!(lan.names, ["studio.invalid", "127.0.0.2"]);
    }
}
