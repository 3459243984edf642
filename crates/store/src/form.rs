//! The form of what no evidence has: what cannot be read there counts as altered too.

use std::net::IpAddr;

use access::id::PaperAccountId;
use access::moment::Time;
use data_encoding::{HEXLOWER, HEXUPPER};

use crate::delivery::DeliveryState;

/// The last microsecond of the year 9999: no time that was ever written is later.
const LAST: i64 = 253_402_300_799_999_999;
/// A counter that somebody set far ahead would overflow.
const MOST: i64 = 1 << 62;

/// What a column holds. Where the schema allows it, nothing fits every form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Microseconds since 1970.
    Time,
    /// How often something happened.
    Count,
    /// A version, which only grows.
    Version,
    /// A day, counted from 1970-01-01.
    Day,
    /// Any text.
    Text,
    /// An address of the Internet.
    Address,
    /// A paper account.
    Account,
    /// An amount of money.
    Money,
    /// 32 bytes in hexadecimal digits.
    Digest,
    /// Where a delivery stands.
    Delivery,
}

impl Form {
    /// Whether a value, as its fingerprint, has this form.
    pub(crate) fn fits(self, fingerprint: &str) -> bool {
        let Some((kind, hex)) = fingerprint.split_once(':') else { return false };
        let Ok(bytes) = HEXUPPER.decode(hex.as_bytes()) else { return false };
        let Ok(text) = String::from_utf8(bytes) else { return false };
        match (kind, self) {
            ("null", _) | ("text", Self::Text) => true,
            ("integer", Self::Time) => is_in(&text, 0, LAST),
            ("integer", Self::Count) => is_in(&text, 0, u32::MAX.into()),
            ("integer", Self::Version) => is_in(&text, 0, MOST),
            ("integer", Self::Day) => is_in(&text, 0, LAST / Time::from_seconds(86_400).0),
            ("text", Self::Address) => text.parse::<IpAddr>().is_ok(),
            ("text", Self::Account) => text.parse::<PaperAccountId>().is_ok(),
            ("text", Self::Money) => is_money(&text),
            ("text", Self::Digest) => {
                HEXLOWER.decode(text.as_bytes()).is_ok_and(|bytes| bytes.len() == 32)
            }
            ("text", Self::Delivery) => DeliveryState::ALL.iter().any(|one| one.name() == text),
            _ => false,
        }
    }
}

fn is_in(text: &str, least: i64, most: i64) -> bool {
    text.parse().is_ok_and(|number: i64| (least..=most).contains(&number))
}

/// Digits with at most one point between them, and a minus before them if need be.
fn is_money(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, part) = digits.split_once('.').unwrap_or((digits, "0"));
    let all = |text: &str| {
        (1..=28).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    all(whole) && all(part)
}
