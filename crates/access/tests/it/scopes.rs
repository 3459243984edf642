//! Whether scopes are narrower: each field by itself, and that what counts as narrower never gives more.

use access::SymbolId;
use access::address::{Addresses, Network};
use access::entitlements::{
    Act, Acts, Control, Controls, Hours, Limits, OrderKind, OrderKinds, Products, Rate, Scopes,
    Side, Sides, Symbols, Window,
};
use access::moment::{Span, Time};
use proptest::prelude::*;

use crate::entitlements::{HOLDER, owner, questions, scopes};

const UNTIL: Time = Time::from_seconds(1_800_000_000);

fn networks(texts: &[&str]) -> Addresses {
    let networks: Vec<Network> = texts.iter().map(|text| text.parse().unwrap()).collect();
    Addresses::Only(networks.into_boxed_slice())
}

fn weekly(parts: &[(u16, u16)]) -> Hours {
    Hours::Weekly(parts.iter().map(|(from, to)| Window { from: *from, to: *to }).collect())
}

/// Scopes with every field narrowed.
fn narrow() -> Scopes {
    Scopes {
        acts: Acts::VIEW.or(Acts::TRADE),
        read_only: false,
        products: Products::ALL,
        order_kinds: OrderKinds::UNLISTED,
        symbols: Symbols::only([SymbolId(1), SymbolId(2)]),
        sides: Sides::Only(Side::Buy),
        hours: weekly(&[(0, 60), (120, 180)]),
        addresses: networks(&["10.0.0.0/8", "192.0.2.7"]),
        until: UNTIL,
        rate: Some(Rate { per_second: 5, burst: 10 }),
        limits: Limits {
            max_quantity: Some(100),
            max_notional: Some(20_000.into()),
            collar_bps: Some(50),
            max_open_orders: Some(10),
            duplicate_window: Some(Span::seconds(10)),
            controls: Controls::default()
                .with(Control::DailyLoss, Some(500.into()))
                .restricting([SymbolId(9)]),
        },
    }
}

fn with(it: &mut Scopes, control: Control, most: Option<u32>) {
    it.limits.controls = it.limits.controls.with(control, most.map(Into::into));
}

/// One field changed.
type Change = (&'static str, fn(&mut Scopes));

const NARROWER: &[Change] = &[
    ("smaller loss", |it| with(it, Control::DailyLoss, Some(499))),
    ("another limit", |it| with(it, Control::Position, Some(1))),
    ("more restricted", |it| {
        it.limits.controls = it.limits.controls.restricting([SymbolId(8), SymbolId(9)]);
    }),
    ("fewer acts", |it| it.acts = Acts::VIEW),
    ("view only", |it| it.read_only = true),
    ("no product", |it| it.products = Products::NONE),
    ("one kind of order", |it| it.order_kinds = OrderKinds::of(&[OrderKind::Limit])),
    ("one symbol", |it| it.symbols = Symbols::only([SymbolId(2)])),
    ("no side", |it| it.sides = Sides::Neither),
    ("part of an hour", |it| it.hours = weekly(&[(10, 20)])),
    ("the same hours cut up", |it| it.hours = weekly(&[(150, 180), (0, 30), (30, 60)])),
    ("both lists", |it| {
        let windows = |hours| match hours {
            Hours::Weekly(windows) => windows,
            _ => Box::default(),
        };
        it.hours = Hours::Both(windows(weekly(&[(0, 90)])), windows(weekly(&[(30, 60)])));
    }),
    ("a smaller network", |it| it.addresses = networks(&["10.1.0.0/16"])),
    ("one address", |it| it.addresses = networks(&["192.0.2.7"])),
    ("ends earlier", |it| it.until = UNTIL - Span(1)),
    ("slower", |it| it.rate = Some(Rate { per_second: 4, burst: 10 })),
    ("shorter bursts", |it| it.rate = Some(Rate { per_second: 5, burst: 9 })),
    ("fewer shares", |it| it.limits.max_quantity = Some(99)),
    ("fewer dollars", |it| it.limits.max_notional = Some(19_999.into())),
    ("closer collar", |it| it.limits.collar_bps = Some(49)),
    ("fewer open orders", |it| it.limits.max_open_orders = Some(9)),
    ("longer window", |it| it.limits.duplicate_window = Some(Span::seconds(11))),
];

const WIDER: &[Change] = &[
    ("larger loss", |it| with(it, Control::DailyLoss, Some(501))),
    ("no limit of loss", |it| with(it, Control::DailyLoss, None)),
    ("nothing restricted", |it| it.limits.controls = it.limits.controls.restricting([])),
    ("another act", |it| it.acts = it.acts.or(Acts::of(&[Act::Lock]))),
    ("another symbol", |it| it.symbols = Symbols::only([SymbolId(1), SymbolId(2), SymbolId(3)])),
    ("a different symbol", |it| it.symbols = Symbols::only([SymbolId(3)])),
    ("every symbol", |it| it.symbols = Symbols::All),
    ("the other side", |it| it.sides = Sides::Only(Side::Sell)),
    ("both sides", |it| it.sides = Sides::Both),
    ("a minute more", |it| it.hours = weekly(&[(0, 61), (120, 180)])),
    ("other hours", |it| it.hours = weekly(&[(60, 120)])),
    ("around the clock", |it| it.hours = Hours::Always),
    ("a wider network", |it| it.addresses = networks(&["10.0.0.0/7"])),
    ("another address", |it| it.addresses = networks(&["192.0.2.8"])),
    ("the other family", |it| it.addresses = networks(&["::/0"])),
    ("from anywhere", |it| it.addresses = Addresses::Any),
    ("ends later", |it| it.until = UNTIL + Span(1)),
    ("faster", |it| it.rate = Some(Rate { per_second: 6, burst: 10 })),
    ("longer bursts", |it| it.rate = Some(Rate { per_second: 1, burst: 11 })),
    ("any rate", |it| it.rate = None),
    ("more shares", |it| it.limits.max_quantity = Some(101)),
    ("any shares", |it| it.limits.max_quantity = None),
    ("more dollars", |it| it.limits.max_notional = Some(20_001.into())),
    ("any dollars", |it| it.limits.max_notional = None),
    ("wider collar", |it| it.limits.collar_bps = Some(51)),
    ("no collar", |it| it.limits.collar_bps = None),
    ("more open orders", |it| it.limits.max_open_orders = Some(11)),
    ("any open orders", |it| it.limits.max_open_orders = None),
    ("shorter window", |it| it.limits.duplicate_window = Some(Span::seconds(9))),
    ("duplicates", |it| it.limits.duplicate_window = None),
];

#[test]
fn scopes_with_one_field_narrower_are_within_and_with_one_wider_are_not() {
    assert!(narrow().is_within(&narrow()));
    assert!(narrow().is_within(&Scopes::trading(UNTIL)));
    assert!(!Scopes::trading(UNTIL).is_within(&narrow()));
    for (what, change) in NARROWER {
        let mut changed = narrow();
        change(&mut changed);
        assert!(changed.is_within(&narrow()), "{what}");
    }
    for (what, change) in WIDER {
        let mut changed = narrow();
        change(&mut changed);
        assert!(!changed.is_within(&narrow()), "{what}");
        // One field that grows is enough, whatever else shrinks.
        for (also, shrink) in NARROWER {
            let mut both = narrow();
            shrink(&mut both);
            change(&mut both);
            assert!(!both.is_within(&narrow()), "{what}, {also}");
        }
    }
    let trading = Scopes { read_only: true, ..narrow() };
    assert!(!narrow().is_within(&trading), "trading again");
    assert!(!narrow().is_within(&Scopes { products: Products::NONE, ..narrow() }), "products");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2_000) })]

    #[test]
    fn narrower_scopes_allow_nothing_that_the_old_ones_refused(
        old in scopes(), new in scopes(), pick in 0..NARROWER.len(), question in questions(),
    ) {
        // Two random scopes are seldom comparable: a change of one field is.
        let mut changed = old.clone();
        NARROWER[pick].1(&mut changed);
        for new in [new, changed, old.clone()] {
            if new.is_within(&old) && owner().narrow(HOLDER, &new).check(&question).is_ok() {
                prop_assert!(owner().narrow(HOLDER, &old).check(&question).is_ok());
            }
        }
        prop_assert!(old.is_within(&old));
    }

    #[test]
    fn narrower_of_narrower_is_narrower(first in scopes(), picks in prop::collection::vec(0..NARROWER.len(), 2)) {
        let mut second = first.clone();
        NARROWER[picks[0]].1(&mut second);
        let mut third = second.clone();
        NARROWER[picks[1]].1(&mut third);
        if second.is_within(&first) && third.is_within(&second) {
            prop_assert!(third.is_within(&first));
        }
    }
}
