//! What a format must bear: fields that come later, values that it does not know, bytes that are none.
#![expect(clippy::unwrap_used, reason = "tests")]

use access::id::{PaperAccountId, SessionId};
use prost::Message;

use super::*;
use crate::order::Parent;

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
