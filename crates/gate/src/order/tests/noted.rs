//! What goes on record without changing anything, and what never does.

use access::refusal::ServerRefusal;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::*;
use crate::noted::Kind;

fn refused(journal: &[Stamped], wanted: &str) -> Vec<(Holder, String)> {
    let of = |stamped: &Stamped| match &stamped.command {
        Command::Refused { holder, code, text, .. }
        | Command::ConnectionRefused { holder, code, text, .. }
            if code == wanted =>
        {
            Some((*holder, text.clone()))
        }
        Command::OrdersRefused(refused) if refused.code == wanted => {
            Some((refused.holder, refused.text.clone()))
        }
        _ => None,
    };
    journal.iter().filter_map(of).collect()
}

#[tokio::test]
async fn refusals_at_the_door_are_recorded_with_the_address_they_came_from() {
    let bench = Bench::new().await;
    let who = bench.trading();
    let unknown = CredentialId([9; 16]);
    let door = crate::SocketProof { credential: unknown, address: HERE, token: None };
    assert_eq!(bench.gate.enter_socket(&door).unwrap_err().code(), "CREDENTIAL_UNKNOWN");
    bench.gate.admissions().note_refused(&who, HERE, "FIELD_INVALID", "x\0\n".repeat(1_000));
    bench.gate.orders().flush().await.unwrap();
    let journal = bench.journal();
    let (holder, text) = refused(&journal, "CREDENTIAL_UNKNOWN").remove(0);
    assert_eq!(holder, Holder::Credential(unknown));
    assert!(text.ends_with("; asked from 127.0.0.1"), "{text}");
    let expected = (who.holder(), format!("{}; asked from 127.0.0.1", "x".repeat(300)));
    assert_eq!(refused(&journal, "FIELD_INVALID"), [expected]);
}

#[tokio::test]
async fn refused_order_is_on_record_with_all_that_was_asked_for_and_a_preview_is_not() {
    let bench = Bench::new().await;
    let narrow = bench.credential(2, |scopes| scopes.limits.max_quantity = Some(100));
    let read_only = bench.credential(3, |scopes| scopes.read_only = true);
    let limit = OrderType::StopLimit { trigger: Ticks(10_050), price: Ticks(10_100) };
    let mut big = bench.order(Side::Buy, 10_000_000, limit);
    (big.origin.client_id, big.origin.order_id) = (3, 77);
    // What it would do is asked three times, as a page does while somebody types.
    for _ in 0..3 {
        assert!(bench.gate.orders().what_if(&narrow, HERE, vec![big.clone()]).is_err());
    }
    bench.gate.orders().flush().await.unwrap();
    assert_eq!(bench.gate.orders().refused(bench.gate.account()).await.unwrap(), []);
    let evidence = |bench: &Bench| {
        let kinds = bench.journal();
        kinds.iter().filter(|stamped| matches!(stamped.command, Command::Refused { .. })).count()
    };
    assert_eq!(evidence(&bench), 0);
    // A program that has no authority for what it asks about is another matter.
    assert!(bench.gate.orders().what_if(&read_only, HERE, vec![big.clone()]).is_err());
    bench.gate.orders().flush().await.unwrap();
    assert_eq!(evidence(&bench), 1);
    assert!(bench.place(&narrow, vec![big.clone()]).is_err());
    bench.gate.orders().flush().await.unwrap();
    let refused = bench.gate.orders().refused(bench.gate.account()).await.unwrap();
    let [record] = refused.as_slice() else { panic!("{refused:?}") };
    assert_eq!((record.refused.holder, record.refused.count), (narrow.holder(), 1));
    assert_eq!(record.refused.code, "QUANTITY_ABOVE_LIMIT");
    let [asked] = record.refused.asked.as_slice() else { panic!("{record:?}") };
    assert_eq!(asked.to_string(), "BUY 10000000 AAPL STP LMT 101.00 stop 100.50 GTC");
    assert_eq!((asked.client_id, asked.order_id, asked.changes), (3, 77, None));
    // A refused change names its order.
    let resting = bench.place(&narrow, vec![bench.resting()]).unwrap();
    let order = resting.orders()[0].clone();
    let change = Change {
        order: order.id,
        quantity: 101,
        order_type: order.order_type,
        tif: order.tif,
        units: trade::instrument::Units::SHARES,
    };
    bench.clock.set(START + Span::seconds(2));
    assert!(bench.gate.orders().submit(&narrow, HERE, OrderRequest::Modify(change)).is_err());
    let changes = bench.gate.orders().refused(bench.gate.account()).await.unwrap()[0].refused.asked
        [0]
    .changes;
    assert_eq!(changes, Some(order.id));
    // A restart reads them from the journal, and what comes then is added.
    let before = bench.gate.orders().refused(bench.gate.account()).await.unwrap();
    let bench = bench.reopen(true).await;
    assert_eq!(bench.gate.orders().refused(bench.gate.account()).await.unwrap(), before);
    bench.clock.set(START + Span::seconds(4));
    let again = bench.credential(2, |scopes| scopes.limits.max_quantity = Some(100));
    assert!(bench.place(&again, vec![big]).is_err());
    assert_eq!(bench.gate.orders().refused(bench.gate.account()).await.unwrap().len(), 3);
}

#[tokio::test]
async fn programs_let_in_are_recorded_once_a_second_with_their_number() {
    let bench = Bench::new().await;
    let who = bench.trading();
    for client in 0..40 {
        let _gone = bench.gate.admissions().note_connected(&who, HERE, &format!("client {client}"));
    }
    bench.gate.close().await.unwrap();
    let of = |stamped: Stamped| match stamped.command {
        Command::Connected { holder, clients, count } => Some((holder, clients, count)),
        _ => None,
    };
    let found: Vec<_> = bench.journal().into_iter().filter_map(of).collect();
    assert_eq!(found[0], (who.holder(), "client 0, from 127.0.0.1".to_owned(), 1));
    assert_eq!((found.len(), found[1].2), (2, 39));
}

#[tokio::test]
async fn command_that_was_cut_off_is_never_written() {
    let bench = Bench::new().await;
    let kind = Kind::Refused {
        holder: Holder::System,
        account: None,
        code: "HALF",
        symbol: None,
        address: None,
    };
    let cut = catch_unwind(AssertUnwindSafe(|| {
        let mut turn = bench.gate.0.sequencer.turn(START).unwrap();
        turn.note(kind, String::new, Vec::new());
        panic!("cut off in the middle");
    }));
    assert!(cut.is_err());
    assert_eq!(
        bench.gate.orders().flush().await,
        Err(Refusal::Server(ServerRefusal::JournalFailed))
    );
    assert!(bench.gate.0.sequencer.freeze().is_err());
    assert_eq!(refused(&bench.journal(), "HALF"), []);
}
