//! Sets as they are stored: the names of their members, so that a member that is added later is in
//! no set that was granted before. Older versions stored a number with a bit for each member; it
//! stands for the members that there were then.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Error, SeqAccess, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Act, Acts, OrderKind, OrderKinds, Product, Products};

/// The acts that numbers could mean: bits 0 to 14. It never changes.
const NUMBERED_ACTS: Acts = Acts(0x7fff);
/// The products that numbers could mean. It never changes.
const NUMBERED_PRODUCTS: Products = Products::of(&[Product::Stock]);

/// A set as it was stored.
enum Members<T> {
    /// By an older version.
    Numbered(u32),
    /// By name.
    Named(Vec<T>),
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Members<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader(PhantomData))
    }
}

struct Reader<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Reader<T> {
    type Value = Members<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of names, or a number below 4294967296")
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
        let number = u32::try_from(number)
            .map_err(|_| E::invalid_value(Unexpected::Unsigned(number), &self))?;
        Ok(Members::Numbered(number))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut names = Vec::new();
        while let Some(name) = list.next_element()? {
            names.push(name);
        }
        Ok(Members::Named(names))
    }
}

macro_rules! stored_by_name {
    ($($Set:ident of $Member:ident;)*) => {
        $(impl Serialize for $Set {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_seq($Member::ALL.iter().filter(|one| self.contains(**one)))
            }
        })*
    };
}

stored_by_name! {
    Acts of Act;
    Products of Product;
    OrderKinds of OrderKind;
}

impl<'de> Deserialize<'de> for Acts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match Members::deserialize(deserializer)? {
            Members::Numbered(bits) => Self(bits).and(NUMBERED_ACTS),
            Members::Named(names) => Self::of(&names),
        })
    }
}

impl<'de> Deserialize<'de> for Products {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match Members::deserialize(deserializer)? {
            Members::Numbered(bits) => Self(bits).and(NUMBERED_PRODUCTS),
            Members::Named(names) => Self::of(&names),
        })
    }
}

/// Kinds of orders were never stored as a number.
impl<'de> Deserialize<'de> for OrderKinds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::<OrderKind>::deserialize(deserializer).map(|names| Self::of(&names))
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use std::net::Ipv4Addr;

    use super::*;
    use crate::entitlements::{Entitlements, Question, Scopes, Side};
    use crate::id::{CredentialId, Holder, PersonId};
    use crate::lock::Grade;
    use crate::mandate::{Event, Mandate, Role};
    use crate::moment::Time;

    /// The acts that there were when sets became lists.
    const FIRST: &str = r#"["view_account","view_market_data","place_order","reduce_order","modify_order","cancel_order","manage_credentials","manage_sessions","manage_devices","manage_authenticators","lock","view_evidence","manage_contact","manage_policy","manage_recovery"]"#;
    const ALL_PRODUCTS: &str =
        r#"["stock","option","future","forex","bond","fund","forecast","later"]"#;
    const HOLDER: Holder = Holder::Credential(CredentialId([1; 16]));

    fn acts(text: &str) -> Acts {
        serde_json::from_str(text).unwrap()
    }

    fn products(text: &str) -> Products {
        serde_json::from_str(text).unwrap()
    }

    fn granted(text: &str) -> Mandate {
        let granted = match serde_json::from_str(text).unwrap() {
            Event::Granted(mandate) => Some(mandate),
            Event::Changed(_) | Event::Revoked { .. } => None,
        };
        granted.unwrap()
    }

    /// A mandate as it was recorded: version 0.1.0 listed no `members`.
    fn recorded(role: &str, members: &str) -> Mandate {
        let person = PersonId([1; 16]);
        granted(&format!(
            r#"{{"granted":{{"person":"{person}","account":"DU1234567","role":"{role}",{members}"granted_at":0,"until":null}}}}"#
        ))
    }

    fn owner(members: &str) -> Mandate {
        recorded("owner", members)
    }

    fn scopes(acts: &str, products: &str) -> Scopes {
        serde_json::from_str(&format!(
            r#"{{"acts":{acts},"read_only":false,"products":{products},"symbols":"all","sides":"both","hours":"always","addresses":"any","until":9,"rate":null,"limits":{{"max_quantity":null,"max_notional":null,"collar_bps":null,"max_open_orders":null,"duplicate_window":null}}}}"#
        ))
        .unwrap()
    }

    fn may(given: &Entitlements, act: Act, product: Product) -> Option<&'static str> {
        may_by(given, act, product, OrderKind::Limit)
    }

    fn may_by(
        given: &Entitlements,
        act: Act,
        product: Product,
        kind: OrderKind,
    ) -> Option<&'static str> {
        let (account, symbol, side) = (given.account, None, Some(Side::Buy));
        let kind = Some(kind);
        let address = Ipv4Addr::LOCALHOST.into();
        let question =
            Question { act, account, product, symbol, side, kind, address, now: Time(1) };
        given.check(&question).err().map(|refusal| refusal.code())
    }

    #[test]
    fn old_numbers_stand_for_the_members_of_their_time() {
        assert_eq!(products("4294967295"), Products::of(&[Product::Stock]));
        assert_eq!(products("1"), Products::of(&[Product::Stock]));
        assert_eq!(products("3"), Products::of(&[Product::Stock]));
        assert_eq!(products("2"), Products::NONE);
        assert_eq!(products("0"), Products::NONE);
        assert_eq!(acts("63"), Acts::VIEW.or(Acts::TRADE));
        assert_eq!(acts("32767"), acts(FIRST));
        assert_eq!(acts("65535"), acts(FIRST));
        assert_eq!(acts("4294967295"), acts(FIRST));
        assert_eq!(acts("32768"), Acts::NONE);
        assert_eq!(acts("0"), Acts::NONE);
    }

    #[test]
    fn sets_are_stored_as_names() {
        let first = acts(FIRST);
        assert_eq!(serde_json::to_string(&first).unwrap(), FIRST);
        assert!(!first.contains(Act::Later) && first.or(Acts::of(&[Act::Later])) == Acts::ALL);
        let stock = products(r#"["stock"]"#);
        assert_eq!(stock, Products::of(&[Product::Stock]));
        assert_eq!(serde_json::to_string(&stock).unwrap(), r#"["stock"]"#);
        assert_eq!(serde_json::to_string(&Products::NONE).unwrap(), "[]");
        assert_eq!(serde_json::to_string(&Acts::NONE).unwrap(), "[]");
        // What is granted from now on has what there is now.
        assert_eq!(serde_json::to_string(&Products::ALL).unwrap(), ALL_PRODUCTS);
        assert_eq!(products(ALL_PRODUCTS), Products::ALL);
    }

    #[test]
    fn what_is_no_set_is_refused() {
        for text in [r#"["stock","nothing"]"#, "4294967296", "-1", "1.5", r#""stock""#, "null"] {
            assert!(serde_json::from_str::<Products>(text).is_err(), "{text}");
        }
        assert!(serde_json::from_str::<Acts>(r#"["place_order","rule"]"#).is_err());
    }

    #[test]
    fn member_that_is_added_later_is_in_no_old_grant() {
        let lists = format!(r#""acts":{FIRST},"products":["stock"],"#);
        let order_kinds = OrderKinds::ALL;
        let now = Mandate { acts: Acts::ALL, products: Products::ALL, order_kinds, ..owner("") };
        let given = |one: &Mandate| one.entitlements(HOLDER, Grade::None).unwrap();
        assert_eq!(may(&given(&now), Act::PlaceOrder, Product::Later), None);
        assert_eq!(may(&given(&now), Act::Later, Product::Stock), None);
        let later = may_by(&given(&now), Act::PlaceOrder, Product::Stock, OrderKind::Later);
        assert_eq!(later, None);
        for old in [owner(""), owner(&lists)] {
            assert_eq!(may(&given(&old), Act::PlaceOrder, Product::Stock), None);
            let code = may(&given(&old), Act::PlaceOrder, Product::Later);
            assert_eq!(code, Some("PRODUCT_NOT_ALLOWED"));
            let code = may(&given(&old), Act::Later, Product::Stock);
            assert_eq!(code, Some("ACT_NOT_ALLOWED"));
            let by = |kind| may_by(&given(&old), Act::PlaceOrder, Product::Stock, kind);
            assert_eq!(by(OrderKind::StopLimit), None);
            assert_eq!(by(OrderKind::Later), Some("ORDER_KIND_NOT_ALLOWED"));
        }
        // A credential that its owner made when all was less, though the owner has it all now.
        for old in [scopes("4294967295", "4294967295"), scopes(FIRST, r#"["stock"]"#)] {
            let given = given(&now).narrow(HOLDER, &old);
            assert_eq!(may(&given, Act::PlaceOrder, Product::Stock), None);
            assert_eq!(may(&given, Act::PlaceOrder, Product::Later), Some("PRODUCT_NOT_ALLOWED"));
            let by = |kind| may_by(&given, Act::PlaceOrder, Product::Stock, kind);
            assert_eq!(by(OrderKind::Market), None);
            assert_eq!(by(OrderKind::Later), Some("ORDER_KIND_NOT_ALLOWED"));
            assert_eq!(may(&given, Act::Later, Product::Stock), Some("ACT_NOT_ALLOWED"));
        }
    }

    #[test]
    fn mandate_without_lists_has_what_its_role_gave_then() {
        let first = acts(FIRST);
        let without = |role: &str, acts: &[Act]| {
            let one = recorded(role, "");
            assert_eq!(one.acts, first.without(Acts::of(acts)), "{role}");
            assert_eq!(one.products, Products::of(&[Product::Stock]), "{role}");
        };
        without("owner", &[]);
        without("trader", &[Act::ManageCredentials]);
        let trades = [Act::PlaceOrder, Act::ReduceOrder, Act::ModifyOrder, Act::CancelOrder];
        let none = [&[Act::ManageCredentials][..], &trades].concat();
        without("auditor", &none);
        // And what is recorded from now on is read as it was.
        let now = Mandate { acts: Role::Owner.acts(), products: Products::ALL, ..owner("") };
        let text = serde_json::to_string(&Event::Granted(now.clone())).unwrap();
        assert_eq!(granted(&text), now);
    }
}
