//! Currencies.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A currency, by its three letters of ISO 4217.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3]);

/// Those whose smallest coin is the unit itself.
const WHOLE: [&[u8; 3]; 17] = [
    b"BIF", b"CLP", b"DJF", b"GNF", b"ISK", b"JPY", b"KMF", b"KRW", b"PYG", b"RWF", b"UGX", b"UYI",
    b"VND", b"VUV", b"XAF", b"XOF", b"XPF",
];
/// Those that have thousandths.
const THOUSANDTHS: [&[u8; 3]; 7] = [b"BHD", b"IQD", b"JOD", b"KWD", b"LYD", b"OMR", b"TND"];

/// All that are in use. A record may have another one; an account is not opened in it.
const IN_USE: &str = "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN \
    BZD CAD CDF CHF CLP CNH CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ \
    GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD \
    MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR \
    RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH \
    UGX USD UYU UZS VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMW ZWG";

impl Currency {
    /// The US dollar.
    pub const USD: Self = Self(*b"USD");

    /// Whether it is a currency that is in use, and not just three letters.
    pub fn is_in_use(self) -> bool {
        IN_USE.split(' ').any(|code| code == self.code())
    }

    /// The signs that people write before or behind an amount of it, longest first; its three letters are one.
    pub const fn signs(self) -> &'static [&'static str] {
        match &self.0 {
            b"USD" => &["US$", "$"],
            b"EUR" => &["\u{20ac}"],
            b"GBP" => &["\u{a3}"],
            b"JPY" => &["\u{a5}"],
            _ => &[],
        }
    }

    /// Its three letters.
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// Decimal places of its smallest coin: 2 for the US dollar, 0 for the yen, 3 for the Kuwaiti dinar.
    pub fn digits(self) -> u32 {
        match self {
            Self(code) if WHOLE.contains(&&code) => 0,
            Self(code) if THOUSANDTHS.contains(&&code) => 3,
            Self(_) => 2,
        }
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

    #[test]
    fn currency_in_use_is_more_than_three_letters() {
        let is_in_use = |code: &str| code.parse::<Currency>().unwrap().is_in_use();
        assert!(["USD", "EUR", "JPY", "KWD", "ZWG"].into_iter().all(is_in_use));
        assert!(!["EUT", "AAA", "DEM"].into_iter().any(is_in_use));
        for code in WHOLE.iter().chain(&THOUSANDTHS) {
            assert!(Currency(**code).is_in_use() || *code == b"UYI", "{:?}", Currency(**code));
        }
    }

    #[test]
    fn smallest_coin_of_a_currency_has_its_places() {
        let digits = |code: &str| code.parse::<Currency>().unwrap().digits();
        assert_eq!(["USD", "EUR", "JPY", "KWD"].map(digits), [2, 2, 0, 3]);
    }
}
