//! Accounts: what is owned and traded on. An account is an aggregate of its own: it has a version,
//! and the mandates and locks on it are its own, whoever looks at them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::id::AccountId;
use crate::lock::Lock;
use crate::mandate::Mandate;
use crate::moment::Time;
use crate::name::Name;

/// A currency, by its three letters of ISO 4217.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3]);

impl Currency {
    /// The US dollar.
    pub const USD: Self = Self(*b"USD");

    /// Its three letters.
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

/// Why a text is not a currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CurrencyError;

impl fmt::Display for CurrencyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a currency: expected three capital letters, such as USD")
    }
}

impl std::error::Error for CurrencyError {}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl FromStr for Currency {
    type Err = CurrencyError;

    fn from_str(text: &str) -> Result<Self, CurrencyError> {
        let letters: [u8; 3] = text.as_bytes().try_into().map_err(|_| CurrencyError)?;
        if letters.iter().all(u8::is_ascii_uppercase) {
            Ok(Self(letters))
        } else {
            Err(CurrencyError)
        }
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// An account, whoever holds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// What it is for, in its owners' words.
    pub purpose: Name,
    /// What its worth is told in.
    pub base_currency: Currency,
    /// Since when.
    pub opened_at: Time,
    /// Since when nothing is done on it any more; none while it is open.
    pub closed_at: Option<Time>,
}

impl Account {
    /// The account that the first mandate on it opens.
    pub fn of(mandate: &Mandate) -> Self {
        Self {
            id: mandate.account,
            purpose: Name::fixed("trading"),
            base_currency: Currency::USD,
            opened_at: mandate.granted_at,
            closed_at: None,
        }
    }
}

/// An account with all that is its own. Every list ascends by id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountSlice {
    /// Which.
    pub id: AccountId,
    /// Rises with every commit that changes the account, a mandate on it or a lock on it. Zero while
    /// there is no such account.
    pub version: i64,
    /// The account; none where there is no such.
    pub account: Option<Account>,
    /// The authority of everybody on it.
    pub mandates: Vec<Mandate>,
    /// The locks on it.
    pub locks: Vec<Lock>,
}

impl AccountSlice {
    /// An account that there is not.
    pub const fn missing(id: AccountId) -> Self {
        Self { id, version: 0, account: None, mandates: Vec::new(), locks: Vec::new() }
    }

    pub(crate) fn sort(&mut self) {
        self.mandates.sort_by_key(|one| one.person);
        self.locks.sort_by_key(|one| one.id);
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn currency_is_three_capital_letters() {
        assert_eq!("USD".parse(), Ok(Currency::USD));
        assert_eq!("CHF".parse::<Currency>().unwrap().to_string(), "CHF");
        for bad in ["usd", "US", "USDT", "U D", "U\u{c9}", ""] {
            assert_eq!(bad.parse::<Currency>(), Err(CurrencyError), "{bad}");
        }
    }
}
