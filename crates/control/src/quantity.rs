//! Quantities in answers.

use std::fmt;

use rust_decimal::Decimal;
use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A quantity of a contract: in JSON a number where it is whole, and a text such as `0.5` where it is not, so that none is
/// ever rounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quantity(pub Decimal);

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.normalize().fmt(f)
    }
}

impl Serialize for Quantity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match i64::try_from(self.0) {
            Ok(whole) if Decimal::from(whole) == self.0 => serializer.serialize_i64(whole),
            _ => serializer.collect_str(self),
        }
    }
}

impl<'de> Deserialize<'de> for Quantity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl Visitor<'_> for Either {
            type Value = Quantity;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a whole number, or a decimal as a text")
            }

            fn visit_i64<E: de::Error>(self, whole: i64) -> Result<Quantity, E> {
                Ok(Quantity(whole.into()))
            }

            fn visit_u64<E: de::Error>(self, whole: u64) -> Result<Quantity, E> {
                Ok(Quantity(whole.into()))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Quantity, E> {
                text.parse().map(Quantity).map_err(E::custom)
            }
        }
        deserializer.deserialize_any(Either)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn quantity_is_a_number_where_it_is_whole_and_an_exact_text_where_it_is_not() {
        for (decimal, json, text) in [
            ("100", "100", "100"),
            ("-3.00", "-3", "-3"),
            ("0.50", "\"0.5\"", "0.5"),
            ("12345678901.12345678", "\"12345678901.12345678\"", "12345678901.12345678"),
            ("0", "0", "0"),
        ] {
            let quantity = Quantity(decimal.parse().unwrap());
            assert_eq!(serde_json::to_string(&quantity).unwrap(), json);
            assert_eq!(serde_json::from_str::<Quantity>(json).unwrap(), quantity);
            assert_eq!(quantity.to_string(), text);
        }
        assert!(serde_json::from_str::<Quantity>("0.5").is_err(), "a number that is not whole");
    }
}
