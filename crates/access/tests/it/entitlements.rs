//! What a holder may do: each refusal, and that nothing ever widens.

use std::net::{IpAddr, Ipv4Addr};

use access::address::{Addresses, Network};
use access::entitlements::{
    Act, Acts, Bucket, Control, Controls, Entitlements, Hours, Limits, OrderKind, OrderKinds,
    Product, Products, Question, Rate, Scopes, Side, Sides, Symbols, Window,
};
use access::mandate::{Mandate, Role};
use access::moment::{Span, Time};
use access::refusal::AuthorityRefusal;
use access::{CredentialId, Grade, Holder, PaperAccountId, PersonId, Refusal, SymbolId};
use proptest::prelude::*;

use crate::desk::account;

pub const HOLDER: Holder = Holder::Credential(CredentialId([1; 16]));
/// A Monday, 00:00 UTC.
const MONDAY: Time = Time::from_seconds(1_767_571_200);

pub fn owner() -> Entitlements {
    let mandate = Mandate::preset(
        (access::id::MandateId([1; 16]), access::mandate::Grantor::System),
        PersonId([1; 16]),
        account().into(),
        Role::Owner,
        Time(0),
    );
    mandate.entitlements(HOLDER, Grade::None).unwrap()
}

fn question() -> Question {
    Question {
        act: Act::PlaceOrder,
        account: account(),
        product: Product::Stock,
        symbol: Some(SymbolId(7)),
        side: Some(Side::Buy),
        kind: Some(OrderKind::Limit),
        address: Ipv4Addr::LOCALHOST.into(),
        now: MONDAY,
    }
}

#[test]
fn each_scope_refuses_what_is_outside_it() {
    let all = || Scopes::trading(MONDAY + Span::days(1));
    let only = |kind| OrderKinds::of(&[kind]);
    let address: IpAddr = Ipv4Addr::LOCALHOST.into();
    let elsewhere = Addresses::Only(Box::new([Network::host("10.0.0.1".parse().unwrap())]));
    let afternoon = Hours::Weekly(Box::new([Window { from: 720, to: 1440 }]));
    let other = PaperAccountId::new(1).unwrap();
    let ended = MONDAY - Span(1);
    let view = Acts::of(&[Act::ViewAccount]);
    let q = question();
    for (scopes, question, code) in [
        (all(), q, None),
        (Scopes { until: MONDAY, ..all() }, q, Some("EXPIRED")),
        (Scopes { until: ended, ..all() }, q, Some("EXPIRED")),
        (all(), Question { account: other, ..q }, Some("ACCOUNT_NOT_ALLOWED")),
        (Scopes { acts: view, ..all() }, q, Some("ACT_NOT_ALLOWED")),
        (all(), Question { act: Act::ManageCredentials, ..q }, Some("ACT_NOT_ALLOWED")),
        (Scopes { read_only: true, ..all() }, q, Some("READ_ONLY")),
        (
            Scopes { read_only: true, ..all() },
            Question { act: Act::CancelOrder, ..q },
            Some("READ_ONLY"),
        ),
        (Scopes { products: Products::NONE, ..all() }, q, Some("PRODUCT_NOT_ALLOWED")),
        (Scopes { symbols: Symbols::only([SymbolId(8)]), ..all() }, q, Some("SYMBOL_NOT_ALLOWED")),
        (Scopes { symbols: Symbols::only([SymbolId(7)]), ..all() }, q, None),
        (Scopes { sides: Sides::Only(Side::Sell), ..all() }, q, Some("SIDE_NOT_ALLOWED")),
        (Scopes { sides: Sides::Neither, ..all() }, q, Some("SIDE_NOT_ALLOWED")),
        (Scopes { order_kinds: only(OrderKind::Limit), ..all() }, q, None),
        (Scopes { order_kinds: only(OrderKind::Stop), ..all() }, q, Some("ORDER_KIND_NOT_ALLOWED")),
        (
            Scopes { order_kinds: only(OrderKind::Stop), ..all() },
            Question { act: Act::CancelOrder, ..q },
            None,
        ),
        (Scopes { addresses: elsewhere, ..all() }, q, Some("ADDRESS_NOT_ALLOWED")),
        (Scopes { hours: afternoon.clone(), ..all() }, q, Some("OUTSIDE_HOURS")),
        (
            Scopes { hours: afternoon.clone(), ..all() },
            Question { now: MONDAY + Span::hours(13), ..q },
            None,
        ),
        (Scopes { hours: afternoon, ..all() }, Question { act: Act::CancelOrder, ..q }, None),
        (
            Scopes { symbols: Symbols::only([SymbolId(8)]), ..all() },
            Question { act: Act::CancelOrder, ..q },
            None,
        ),
        (
            Scopes { symbols: Symbols::only([SymbolId(8)]), ..all() },
            Question { act: Act::ViewMarketData, ..q },
            Some("SYMBOL_NOT_ALLOWED"),
        ),
        (
            Scopes { addresses: Addresses::Only(Box::new([Network::host(address)])), ..all() },
            q,
            None,
        ),
    ] {
        let checked = owner().narrow(HOLDER, &scopes).check(&question);
        assert_eq!(checked.as_ref().err().map(Refusal::code), code, "{scopes:?} {question:?}");
    }
}

#[test]
fn lock_leaves_cancels_and_its_grade_what_reduces() {
    use Act::{CancelOrder, ManageCredentials, ModifyOrder, PlaceOrder, ReduceOrder, ViewAccount};
    let all = [PlaceOrder, ReduceOrder, ModifyOrder, CancelOrder, ManageCredentials, ViewAccount];
    for (grade, may) in [
        (Grade::None, all.to_vec()),
        (Grade::ReduceOnly, vec![ReduceOrder, CancelOrder, ViewAccount]),
        (Grade::NoNew, vec![CancelOrder, ViewAccount]),
        (Grade::All, vec![]),
    ] {
        let given = owner().locked(grade);
        for act in all {
            let checked = given.check(&Question { act, ..question() });
            let expected = if may.contains(&act) {
                Ok(())
            } else {
                Err(Refusal::Authority(AuthorityRefusal::Locked { grade }))
            };
            assert_eq!(checked, expected, "{grade} {act:?}");
        }
    }
}

#[test]
fn bucket_gives_its_burst_then_its_rate() {
    let rate = Rate { per_second: 5, burst: 3 };
    let mut bucket = Bucket::default();
    let start = MONDAY;
    for _ in 0..3 {
        assert_eq!(bucket.take(rate, start), Ok(()));
    }
    let Err(AuthorityRefusal::RateExceeded { per_second: 5, burst: 3, retry_after }) =
        bucket.take(rate, start)
    else {
        panic!("it gave a fourth")
    };
    assert_eq!(retry_after, Span::milliseconds(200));
    assert!(bucket.take(rate, start + Span(199_999)).is_err());
    assert_eq!(bucket.take(rate, start + Span(200_000)), Ok(()));
    assert!(
        bucket.take(rate, start - Span::days(1)).is_err(),
        "a clock stepping back gives nothing"
    );
    assert!(bucket.take(rate, start + Span(200_001)).is_err());
    let later = start + Span::days(1);
    let taken = (0..10).filter(|_| bucket.take(rate, later).is_ok()).count();
    assert_eq!(taken, 3, "waiting long gives the burst and no more");
}

fn symbols() -> impl Strategy<Value = Symbols> {
    prop_oneof![
        Just(Symbols::All),
        prop::collection::vec(0_u32..4, 0..4)
            .prop_map(|ids| Symbols::only(ids.into_iter().map(SymbolId))),
    ]
}

fn sides() -> impl Strategy<Value = Sides> {
    prop_oneof![
        Just(Sides::Both),
        Just(Sides::Only(Side::Buy)),
        Just(Sides::Only(Side::Sell)),
        Just(Sides::Neither)
    ]
}

fn hours() -> impl Strategy<Value = Hours> {
    let windows = || {
        prop::collection::vec((0_u16..10_080, 0_u16..5_000), 0..3).prop_map(|all| {
            let window = |(from, length)| Window { from, to: from + length };
            all.into_iter().map(window).collect::<Box<[_]>>()
        })
    };
    prop_oneof![
        Just(Hours::Always),
        windows().prop_map(Hours::Weekly),
        (windows(), windows()).prop_map(|(one, two)| Hours::Both(one, two)),
    ]
}

fn addresses() -> impl Strategy<Value = Addresses> {
    let network = (0_u32..4, 28_u8..=32).prop_map(|(low, prefix)| {
        Network::new(IpAddr::V4(Ipv4Addr::from_bits(low)), prefix).unwrap()
    });
    prop_oneof![
        Just(Addresses::Any),
        prop::collection::vec(network, 0..3).prop_map(|all| Addresses::Only(all.into())),
    ]
}

fn limits() -> impl Strategy<Value = Limits> {
    use prop::option::of;
    (of(1_u64..9), of(1_u32..9), of(1_u32..9), of(1_i64..9), of(1_i64..9)).prop_map(
        |(quantity, collar, open, window, notional)| Limits {
            max_quantity: quantity,
            max_notional: notional.map(Into::into),
            collar_bps: collar,
            max_open_orders: open,
            duplicate_window: window.map(Span),
            controls: quantity
                .map(|most| Controls::default().with(Control::Position, Some(most.into())))
                .unwrap_or_default(),
        },
    )
}

prop_compose! {
    pub fn scopes()(
        acts in 0_u32..4096, read_only in any::<bool>(), symbols in symbols(), sides in sides(),
        hours in hours(), addresses in addresses(), until in 0_i64..20, limits in limits(),
        rate in prop::option::of((1_u32..9, 1_u32..9)), all in any::<bool>(),
    ) -> Scopes {
        let given: Vec<_> = Act::ALL.iter().copied().filter(|act| acts & (1 << *act as u32) != 0).collect();
        Scopes {
            acts: if all { Acts::ALL } else { Acts::of(&given) },
            read_only, products: Products::ALL, order_kinds: OrderKinds::ALL, symbols, sides, hours, addresses,
            until: MONDAY + Span::hours(until),
            rate: rate.map(|(per_second, burst)| Rate { per_second, burst }),
            limits,
        }
    }
}

prop_compose! {
    pub fn questions()(
        act in 0..Act::ALL.len(), symbol in prop::option::of(0_u32..5), buys in any::<bool>(),
        address in 0_u32..20, hour in 0_i64..170,
    ) -> Question {
        Question {
            act: Act::ALL[act],
            symbol: symbol.map(SymbolId),
            side: Some(if buys { Side::Buy } else { Side::Sell }),
            address: IpAddr::V4(Ipv4Addr::from_bits(address)),
            now: MONDAY + Span::hours(hour),
            ..question()
        }
    }
}

/// Whether a limit lets through no more than another: a number, where none is no limit.
fn within<T: Ord>(child: Option<T>, parent: Option<T>) -> bool {
    parent.is_none_or(|parent| child.is_some_and(|child| child <= parent))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2_000) })]

    #[test]
    fn narrowed_authority_is_never_wider(
        one in scopes(), two in scopes(), question in questions(), grade in 0_usize..4,
    ) {
        let grade = [Grade::None, Grade::ReduceOnly, Grade::NoNew, Grade::All][grade];
        let parent = owner().locked(grade).narrow(HOLDER, &one);
        let child = parent.narrow(HOLDER, &two);
        if child.check(&question).is_ok() {
            prop_assert!(parent.check(&question).is_ok());
            prop_assert!(owner().narrow(HOLDER, &two).check(&question).is_ok());
        }
        prop_assert!(child.acts.without(parent.acts).is_empty());
        prop_assert!(child.until <= parent.until);
        prop_assert!(within(child.limits.max_quantity, parent.limits.max_quantity));
        prop_assert!(within(child.limits.max_notional, parent.limits.max_notional));
        prop_assert!(within(child.limits.collar_bps, parent.limits.collar_bps));
        prop_assert!(within(child.limits.max_open_orders, parent.limits.max_open_orders));
        prop_assert!(child.limits.duplicate_window >= parent.limits.duplicate_window);
        prop_assert!(within(child.rate.map(|rate| rate.burst), parent.rate.map(|rate| rate.burst)));
        prop_assert!(child.clone().locked(Grade::NoNew).acts.without(child.acts).is_empty());
    }

    #[test]
    fn intersection_allows_what_both_allow(one in scopes(), two in scopes(), question in questions()) {
        let both = owner().narrow(HOLDER, &one).narrow(HOLDER, &two).check(&question).is_ok();
        let each = owner().narrow(HOLDER, &one).check(&question).is_ok()
            && owner().narrow(HOLDER, &two).check(&question).is_ok();
        // Hours stop at two lists: beyond that the intersection is narrower than it could be.
        let lists = matches!(one.hours, Hours::Both(..)) || matches!(two.hours, Hours::Both(..));
        prop_assert!(both == each || (lists && !both));
    }
}
