//! What a format must bear: fields that come later, values that it does not know, bytes that are none.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

use access::entitlements::{Control, Controls};
use access::id::{CredentialId, PaperAccountId, SessionId};
use proptest::collection;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use prost::Message;

use super::*;
use crate::instrument::{Unit, Units};
use crate::order::{Oca, Parent};

/// Format 2 as a later version may have it: with fields before, between and behind the old ones.
#[derive(Clone, PartialEq, Message)]
struct LaterRecord {
    #[prost(string, tag = "4")]
    node: String,
    #[prost(uint64, tag = "1")]
    seq: u64,
    #[prost(message, optional, tag = "3")]
    decision: Option<LaterDecision>,
    #[prost(sint64, tag = "2")]
    time: i64,
    #[prost(message, optional, tag = "21")]
    advance: Option<v2::Advance>,
}

#[derive(Clone, PartialEq, Message)]
struct LaterDecision {
    #[prost(uint64, repeated, tag = "9")]
    mandates: Vec<u64>,
    #[prost(message, optional, tag = "1")]
    holder: Option<v2::Holder>,
    #[prost(uint64, tag = "2")]
    epoch: u64,
    #[prost(message, optional, tag = "3")]
    limits: Option<LaterLimits>,
}

#[derive(Clone, PartialEq, Message)]
struct LaterLimits {
    #[prost(uint32, optional, tag = "7")]
    max_orders_a_day: Option<u32>,
    #[prost(uint32, optional, tag = "3")]
    collar: Option<u32>,
}

fn stamped(command: Command) -> Stamped {
    let limits = Limits { collar_bps: Some(250), ..Limits::default() };
    let holder = Holder::Session(SessionId([0xfe; 16]));
    Stamped {
        seq: 300,
        time: Time(1_795_471_500_000_001),
        decision: Decided { holder, account: None, epoch: 7, limits },
        command,
    }
}

fn record(command: Command) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode(&stamped(command), &**Instruments::builtin(), &mut bytes).unwrap();
    bytes
}

fn message(bytes: &[u8]) -> v2::Record {
    v2::Record::decode(bytes.strip_prefix(&[0, SCHEMA]).unwrap()).unwrap()
}

#[test]
fn field_that_is_added_shifts_nothing_in_an_old_record() {
    let old = record(Command::Advance);
    let read = LaterRecord::decode(old.strip_prefix(&[0, SCHEMA]).unwrap()).unwrap();
    assert_eq!((read.seq, read.time, read.node.as_str()), (300, 1_795_471_500_000_001, ""));
    assert!(read.advance.is_some());
    let decision = read.decision.unwrap();
    assert_eq!((decision.epoch, decision.mandates.len()), (7, 0));
    assert_eq!(decision.holder, message(&old).decision.unwrap().holder);
    let limits = decision.limits.unwrap();
    assert_eq!((limits.collar, limits.max_orders_a_day), (Some(250), None));
}

#[test]
fn record_of_a_later_schema_is_refused_however_well_it_reads() {
    let later = LaterRecord {
        node: "b".to_owned(),
        seq: 300,
        decision: None,
        time: 5,
        advance: Some(v2::Advance {}),
    };
    let mut bytes = vec![0, SCHEMA + 1];
    later.encode(&mut bytes).unwrap();
    let error = decode(&bytes).unwrap_err();
    assert_eq!(error, RecordError::Schema { found: SCHEMA + 1 });
    assert!(error.to_string().contains("start the version that wrote it"), "{error}");
}

/// Makes a record one that this version does not know.
type Spoil = fn(&mut v2::Record);

#[test]
fn value_that_this_version_does_not_know_is_an_error() {
    let cancel = record(Command::Cancel { order: OrderId(1), cause: Cause::Lock });
    let cases: [(Spoil, &str); 6] = [
        (|record| record.command = None, "command"),
        (|record| record.decision = None, "decision"),
        (|record| record.command = Some(v2::Command::Cancel(v2::Cancel::default())), "cause"),
        (
            |record| {
                if let Some(holder) = record.decision.as_mut().and_then(|one| one.holder.as_mut()) {
                    holder.kind = 5;
                }
            },
            "kind of holder",
        ),
        (
            |record| {
                let rule = v2::Rule { rule: 65_536 };
                record.command = Some(v2::Command::OrderRule(rule));
            },
            "rule",
        ),
        (
            |record| {
                let scope = v2::CancelAll { cause: 1, client_id: Some(3), ..Default::default() };
                record.command = Some(v2::Command::CancelAll(scope));
            },
            "scope",
        ),
    ];
    for (change, field) in cases {
        let mut changed = message(&cancel);
        change(&mut changed);
        let mut bytes = vec![0, SCHEMA];
        changed.encode(&mut bytes).unwrap();
        assert_eq!(decode(&bytes), Err(RecordError::Value { field }));
    }
}

/// What the format has room for and this version does not trade: never read as something else.
#[test]
fn price_or_quantity_between_the_steps_of_this_version_is_an_error() {
    let terms = v2::Terms { kind: 2, limit: Some(1_000_000), trigger: None, time_in_force: 1 };
    let change = v2::Change { order: 1, quantity: 300_000_000, terms: Some(terms), units: None };
    let read = |change: v2::Change| {
        let mut record = message(&record(Command::Advance));
        record.command = Some(v2::Command::Modify(change));
        let mut bytes = vec![0, SCHEMA];
        record.encode(&mut bytes).unwrap();
        decode(&bytes)
    };
    let Command::Modify(change_read) = read(change).unwrap().command else { unreachable!() };
    assert_eq!(change_read.get().quantity, 3);
    assert_eq!(change_read.get().order_type.limit(), Some(Ticks(1)));
    for quantity in [300_000_001, -100_000_000, 1] {
        let changed = v2::Change { quantity, ..change };
        assert_eq!(read(changed), Err(RecordError::Value { field: "quantity" }), "{quantity}");
    }
    let terms = Some(v2::Terms { limit: Some(1_500_000), ..terms });
    assert_eq!(read(v2::Change { terms, ..change }), Err(RecordError::Value { field: "price" }));
}

#[test]
fn amounts_keep_every_digit_and_place() {
    for text in ["0", "-0.01", "1000000", "1.50", "79228162514264337593543950335", "-0.0000000001"]
    {
        let cash: Decimal = text.parse().unwrap();
        let genesis = Genesis {
            seed: u64::MAX,
            at: Time(-1),
            account: PaperAccountId::new(9_999_999).unwrap(),
            cash,
            currency: Currency::USD,
            hours: Hours::Real,
            market_rule: 2,
        };
        let bytes = record(Command::Genesis(genesis.clone()));
        let Command::Genesis(read) = decode(&bytes).unwrap().command else { unreachable!() };
        assert_eq!(read.cash.to_string(), text);
        assert_eq!(read, genesis);
    }
}

#[test]
fn account_that_opens_changes_or_closes_or_is_cleared_is_itself_again() {
    let account = PaperAccountId::new(7).unwrap();
    for self_match in SelfMatch::ALL {
        let command = Command::SelfMatch { account, self_match };
        assert_eq!(decode(&record(command.clone())), Ok(stamped(command)));
        let opening =
            Opening { account, cash: Decimal::new(-5, 2), currency: Currency::USD, self_match };
        let command = Command::OpenAccount(opening);
        assert_eq!(decode(&record(command.clone())), Ok(stamped(command)));
    }
    let scope = CancelTarget::Of(account);
    for command in
        [Command::CloseAccount { account }, Command::CancelAll { scope, cause: Cause::Revocation }]
    {
        assert_eq!(decode(&record(command.clone())), Ok(stamped(command)));
    }
}

#[test]
fn parent_in_the_group_is_not_the_order_of_that_number() {
    let holder = Holder::Operator;
    let order = |parent| NewOrder {
        account: PaperAccountId::new(1).unwrap(),
        symbol: SymbolId(700_001),
        side: Side::Sell,
        quantity: 1_000_000,
        order_type: OrderType::StopLimit { trigger: Ticks(0), price: Ticks(100_000_000) },
        tif: TimeInForce::Fok,
        outside_hours: true,
        origin: Origin { holder, client_id: i32::MIN, order_id: i32::MAX },
        parent,
        oca: Some(crate::order::Oca { group: "g".into(), reduce: true }),
        reference: Some("".into()),
    };
    let orders =
        vec![order(None), order(Some(Parent::Member(0))), order(Some(Parent::Order(OrderId(0))))];
    let command = Command::Place(Checked::of_record(orders));
    assert_eq!(decode(&record(command.clone())), Ok(stamped(command)));
}

/// A decision on the account of the genesis, which nearly all are, takes no more bytes for it.
#[test]
fn decision_on_another_account_says_which_and_the_first_account_costs_nothing() {
    let mut first = message(&record(Command::Advance));
    let decision = first.decision.as_mut().unwrap();
    assert!(decision.account.is_none());
    decision.account = Some(v2::Account { kind: 1, number: 7_654_321 });
    let other = [&[0, SCHEMA][..], &first.encode_to_vec()].concat();
    assert_eq!(decode(&other).unwrap().decision.account, PaperAccountId::new(7_654_321));
    assert_eq!(decode(&record(Command::Advance)).unwrap().decision.account, None);
}

fn any_holder() -> impl Strategy<Value = Holder> {
    let id = || any::<[u8; 16]>();
    prop_oneof![
        id().prop_map(|id| Holder::Session(SessionId(id))),
        id().prop_map(|id| Holder::Credential(CredentialId(id))),
        Just(Holder::Credential(CredentialId([0; 16]))),
        Just(Holder::Operator),
        Just(Holder::System),
    ]
}

fn any_account() -> impl Strategy<Value = PaperAccountId> {
    (1..=9_999_999_u32).prop_map(|number| PaperAccountId::new(number).unwrap())
}

fn any_limits() -> impl Strategy<Value = Limits> {
    let amount = option::of((any::<i64>(), 0..=28_u32).prop_map(|(n, at)| Decimal::new(n, at)));
    let numbers = (option::of(any::<u64>()), amount, option::of(any::<u32>()));
    (numbers, option::of(any::<u32>()), option::of(any::<i64>())).prop_map(
        |((max_quantity, max_notional, collar_bps), max_open_orders, window)| Limits {
            max_quantity,
            max_notional,
            collar_bps,
            max_open_orders,
            duplicate_window: window.map(Span),
            controls: Controls::default().with(Control::DailyNotional, window.map(Decimal::from)),
        },
    )
}

fn any_terms() -> impl Strategy<Value = (OrderType, TimeInForce)> {
    let price = || prop_oneof![Just(0_i64), -5..300_i64, -90_000_000_000..90_000_000_000_i64];
    let types = (0..4, price(), price()).prop_map(|(kind, price, trigger)| {
        let (price, trigger) = (Ticks(price), Ticks(trigger));
        match kind {
            0 => OrderType::Market,
            1 => OrderType::Limit { price },
            2 => OrderType::Stop { trigger },
            _ => OrderType::StopLimit { trigger, price },
        }
    });
    let times = [TimeInForce::Day, TimeInForce::Gtc, TimeInForce::Ioc, TimeInForce::Fok].map(Just);
    let [day, gtc, ioc, fok] = times;
    (types, prop_oneof![day, gtc, ioc, fok])
}

/// Whole shares, and what is counted otherwise.
fn any_units() -> impl Strategy<Value = Units> {
    let small = Unit::new(Decimal::new(25, 2)).unwrap();
    prop_oneof![Just(Units::SHARES), Just(Units { price: small, quantity: Unit::CENT })]
}

fn any_order() -> impl Strategy<Value = NewOrder> {
    let quantity = prop_oneof![0..3_u64, 0..90_000_000_000_u64];
    let origin = (any_holder(), any::<i32>(), any::<i32>());
    let parent = prop_oneof![
        Just(None),
        any::<u32>().prop_map(|place| Some(Parent::Member(place))),
        any::<u64>().prop_map(|order| Some(Parent::Order(OrderId(order)))),
    ];
    let oca = option::of(("[ -~]{0,200}", any::<bool>()));
    let place = (any_account(), any::<u32>(), any::<bool>(), quantity, any_terms(), any::<bool>());
    (place, origin, parent, oca, option::of("\\PC{0,60}")).prop_map(
        |((account, symbol, buys, quantity, terms, outside_hours), origin, parent, oca, text)| {
            let (holder, client_id, order_id) = origin;
            NewOrder {
                account,
                symbol: SymbolId(symbol),
                side: if buys { Side::Buy } else { Side::Sell },
                quantity,
                order_type: terms.0,
                tif: terms.1,
                outside_hours,
                origin: Origin { holder, client_id, order_id },
                parent,
                oca: oca.map(|(group, reduce)| Oca { group: group.into(), reduce }),
                reference: text.map(Into::into),
            }
        },
    )
}

fn any_command() -> impl Strategy<Value = Command> {
    let orders = || collection::vec(any_order(), 0..4).prop_map(Checked::of_record);
    let change = (any::<u64>(), 0..90_000_000_000_u64, any_terms(), any_units());
    prop_oneof![
        orders().prop_map(Command::Place),
        orders().prop_map(Command::PlaceReduceOnly),
        change.prop_map(|(order, quantity, (order_type, tif), units)| {
            let order = OrderId(order);
            let change = Change { order, quantity, order_type, tif, units };
            Command::Modify(Checked::of_record(change))
        }),
        (any::<u64>(), select(vec![Cause::Request, Cause::Lock, Cause::Revocation]))
            .prop_map(|(order, cause)| Command::Cancel { order: OrderId(order), cause }),
    ]
}

/// Contracts with an even number are counted otherwise than shares.
struct Mixed;

impl Catalogue for Mixed {
    fn units_of(&self, symbol: SymbolId) -> Units {
        let small = Unit::new(Decimal::new(25, 2)).unwrap();
        let other = Units { price: small, quantity: Unit::CENT };
        if symbol.0.is_multiple_of(2) { other } else { Units::SHARES }
    }

    fn base_of(&self, account: PaperAccountId) -> Currency {
        if account.number().is_multiple_of(2) { "EUR".parse().unwrap() } else { Currency::USD }
    }

    fn account_of(&self, order: OrderId) -> Option<PaperAccountId> {
        order.0.is_multiple_of(2).then(|| PaperAccountId::new(2).unwrap())
    }
}

proptest! {
    /// What is written by hand is what prost writes of the same message, to the last byte.
    #[test]
    fn orders_are_written_as_prost_writes_them(
        seq in any::<u64>(),
        time in any::<i64>(),
        who in (any_holder(), option::of(any_account()), any::<u64>()),
        limits in option::of(any_limits()),
        command in any_command(),
    ) {
        let (holder, account, epoch) = who;
        let limits = limits.unwrap_or_default();
        let decision = Decided { holder, account, epoch, limits };
        let stamped = Stamped { seq, time: Time(time), decision, command };
        let mut bytes = Vec::new();
        encode(&stamped, &Mixed, &mut bytes).unwrap();
        let [zero, schema, ref body @ ..] = bytes[..] else { panic!("no message") };
        prop_assert_eq!([zero, schema], [0, SCHEMA]);
        let read = v2::Record::decode(body).unwrap();
        prop_assert_eq!(read.encode_to_vec(), body);
        prop_assert_eq!(decode(&bytes).unwrap(), stamped);
    }
}
