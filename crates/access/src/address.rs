//! Where a caller may come from.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A network: an address and how many of its leading bits count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Network {
    /// The address; the bits beyond the prefix are zero.
    address: IpAddr,
    /// Bits that count, 0 to 32 or 128.
    prefix: u8,
    /// The address as 128 bits, and those of them that count: what a check compares.
    bits: u128,
    mask: u128,
}

/// Why a text is no network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NetworkError;

impl fmt::Display for NetworkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not an address or network: write it like 192.0.2.7, 10.0.0.0/8 or fd00::/8")
    }
}

impl std::error::Error for NetworkError {}

/// Both families as 128 bits, IPv4 in its mapped place, so that one comparison serves.
#[inline]
fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped().to_bits(),
        IpAddr::V6(address) => address.to_bits(),
    }
}

/// Whether these bits are an IPv4 address.
#[inline]
const fn is_mapped(bits: u128) -> bool {
    bits >> 32 == 0xffff
}

fn mask(prefix: u8) -> u128 {
    u128::MAX.checked_shl(128_u32.saturating_sub(u32::from(prefix))).unwrap_or(0)
}

/// The IPv4 address that a translator wrote as IPv6 (RFC 6052, the well-known prefix): all of the Internet of
/// IPv4 has the same first 64 bits there.
pub(crate) fn translated(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) if v6.to_bits() >> 32 == 0x64_ff9b << 64 => {
            let [.., a, b, c, d] = v6.octets();
            Ipv4Addr::new(a, b, c, d).into()
        }
        address => address,
    }
}

impl Network {
    /// Of an address whose bits beyond the prefix are zero.
    fn of(address: IpAddr, prefix: u8) -> Self {
        let wide_prefix = if address.is_ipv4() { prefix + 96 } else { prefix };
        Self { address, prefix, bits: bits(address), mask: mask(wide_prefix) }
    }

    /// The network of an address; none when the prefix is longer than the address.
    pub fn new(address: IpAddr, prefix: u8) -> Option<Self> {
        let address = address.to_canonical();
        match address {
            IpAddr::V4(v4) if prefix <= 32 => {
                let bits = v4.to_bits() & u32::MAX.checked_shl(32 - u32::from(prefix)).unwrap_or(0);
                Some(Self::of(IpAddr::V4(bits.into()), prefix))
            }
            IpAddr::V6(v6) if prefix <= 128 => {
                Some(Self::of(Ipv6Addr::from_bits(v6.to_bits() & mask(prefix)).into(), prefix))
            }
            _ => None,
        }
    }

    /// The network of only this address.
    pub fn host(address: IpAddr) -> Self {
        let address = address.to_canonical();
        Self::of(address, if address.is_ipv4() { 32 } else { 128 })
    }

    /// The network that one caller is counted by: an IPv4 address alone, of IPv6 the first 64 bits,
    /// because a site has all addresses behind them. Machines on one link share those and are strangers.
    pub fn site(address: IpAddr) -> Self {
        let host = Self::host(translated(address));
        match host.address {
            IpAddr::V6(v6) if !v6.is_unicast_link_local() => {
                Self::new(host.address, 64).unwrap_or(host)
            }
            _ => host,
        }
    }

    /// How many leading bits count, and how many there are.
    pub const fn prefix(self) -> (u8, u8) {
        (self.prefix, if self.address.is_ipv4() { 32 } else { 128 })
    }

    /// Whether the address is in it. An IPv4 address written as IPv6 is the IPv4 address.
    #[inline]
    pub fn contains(self, address: IpAddr) -> bool {
        let bits = bits(address);
        ((bits ^ self.bits) & self.mask == 0) & (is_mapped(bits) == self.address.is_ipv4())
    }

    /// The network of what is in both, which is the smaller one or none.
    fn and(self, other: Self) -> Option<Self> {
        let (wide, small) = if self.prefix <= other.prefix { (self, other) } else { (other, self) };
        wide.contains(small.address).then_some(small)
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::host(self.address) {
            write!(f, "{}", self.address)
        } else {
            write!(f, "{}/{}", self.address, self.prefix)
        }
    }
}

impl FromStr for Network {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let parse = |address: &str| address.parse::<IpAddr>().map_err(|_| NetworkError);
        match text.split_once('/') {
            None => parse(text).map(Self::host),
            Some((address, prefix)) => {
                if !prefix.bytes().all(|byte| byte.is_ascii_digit()) {
                    return Err(NetworkError);
                }
                let prefix = prefix.parse().map_err(|_| NetworkError)?;
                Self::new(parse(address)?, prefix).ok_or(NetworkError)
            }
        }
    }
}

impl Serialize for Network {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Network {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// A set of addresses.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Addresses {
    /// From anywhere.
    #[default]
    Any,
    /// Only from these networks.
    Only(Box<[Network]>),
}

impl Addresses {
    /// Whether the address is in the set.
    #[inline]
    pub fn contain(&self, address: IpAddr) -> bool {
        match self {
            Self::Any => true,
            // All of them, without a jump at each: lists are short.
            Self::Only(networks) => {
                networks.iter().fold(false, |found, network| found | network.contains(address))
            }
        }
    }

    /// Whether each of these networks lies in a single one of the other set.
    pub(crate) fn are_within(&self, other: &Self) -> bool {
        match (self, other) {
            (_, Self::Any) => true,
            (Self::Any, Self::Only(_)) => false,
            (Self::Only(small), Self::Only(wide)) => small
                .iter()
                .all(|network| wide.iter().any(|around| around.and(*network) == Some(*network))),
        }
    }

    /// The addresses in both sets.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::Any, set) | (set, Self::Any) => set.clone(),
            (Self::Only(one), Self::Only(two)) => {
                Self::Only(one.iter().flat_map(|a| two.iter().filter_map(|b| a.and(*b))).collect())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn network_contains_its_addresses_alone() {
        for (network, inside, outside) in [
            ("10.0.0.0/8", "10.255.0.1", "11.0.0.0"),
            ("192.0.2.7", "192.0.2.7", "192.0.2.6"),
            ("192.0.2.7", "::ffff:192.0.2.7", "::c000:207"),
            ("::ffff:10.0.0.1", "10.0.0.1", "10.0.0.2"),
            ("0.0.0.0/0", "1.2.3.4", "::1"),
            ("::/0", "::1", "1.2.3.4"),
            ("fd00::/8", "fdff::1", "fe00::"),
            ("10.1.2.3/31", "10.1.2.2", "10.1.2.4"),
        ] {
            let set: Network = network.parse().unwrap();
            assert!(set.contains(inside.parse().unwrap()), "{network} {inside}");
            assert!(!set.contains(outside.parse().unwrap()), "{network} {outside}");
        }
    }

    #[test]
    fn site_is_one_ipv4_address_or_the_first_half_of_ipv6() {
        let site = |text: &str| Network::site(text.parse().unwrap());
        assert_eq!(site("2001:db8:0:7::1"), site("2001:db8:0:7:ffff::2"));
        assert_ne!(site("2001:db8:0:7::1"), site("2001:db8:0:8::1"));
        assert_ne!(site("192.0.2.1"), site("192.0.2.2"));
        assert_eq!(site("::ffff:192.0.2.1"), site("192.0.2.1"));
        // Strangers whose first halves say nothing: behind a translator, and on one link.
        assert_eq!(site("64:ff9b::192.0.2.1"), site("192.0.2.1"));
        assert_ne!(site("64:ff9b::192.0.2.1"), site("64:ff9b::192.0.2.2"));
        assert_eq!(site("64:ff9b:0:1::1"), site("64:ff9b:0:1::2"), "another prefix");
        assert_ne!(site("fe80::1"), site("fe80::2"));
    }

    #[test]
    fn network_text_bad_is_refused() {
        for bad in [
            "",
            "10.0.0.0/33",
            "::/129",
            "10.0.0.0/-1",
            "10.0.0.0/+8",
            "10.0.0.0/",
            "localhost",
            "10.0.0.0/8/8",
        ] {
            assert_eq!(bad.parse::<Network>(), Err(NetworkError), "{bad}");
        }
        assert_eq!("10.1.2.3/8".parse::<Network>().unwrap().to_string(), "10.0.0.0/8");
    }

    #[test]
    fn addresses_in_both_sets_are_the_smaller_networks() {
        let set = |texts: &[&str]| {
            Addresses::Only(texts.iter().map(|text| text.parse().unwrap()).collect())
        };
        let both = set(&["10.0.0.0/8", "fd00::/8"]).and(&set(&["10.1.0.0/16", "192.0.2.0/24"]));
        assert_eq!(both, set(&["10.1.0.0/16"]));
        assert_eq!(Addresses::Any.and(&both), both);
    }
}
