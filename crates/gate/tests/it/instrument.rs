//! An exchange with instruments of its own: its orders, snapshots and index are checked by them.

use std::sync::Arc;

use access::Span;
use gate::disk::LocalDisk;
use gate::{
    Actor, Clock, DoorWish, Gate, NewCredential, OrderRequest, SocketProof, evidence_verify,
    evidence_verify_trading,
};
use trade::instrument::Instruments;
use trade::order::{NewOrder, OrderType, Origin, TimeInForce};

use crate::place::{HOME, config, start};

#[tokio::test]
async fn folder_is_verified_by_the_instruments_that_its_exchange_trades() {
    let text = include_str!("../../../../tests/instruments.csv");
    let own = Arc::new(Instruments::read("tests/instruments.csv", text).unwrap());
    let temp = tempfile::tempdir().unwrap();
    let (clock, disk) = (Clock::manual(start()), Arc::new(LocalDisk));
    let config = config(temp.path(), true);
    let gate = Gate::open_trading(config, clock.clone(), disk, Arc::clone(&own)).await.unwrap();
    let new = NewCredential {
        name: "parts".to_owned(),
        accounts: vec![gate.account()],
        scopes: access::Scopes::trading(gate.now() + Span::days(1)),
        token_required: Some(false),
        door: DoorWish::Socket { port: None },
    };
    let made = gate.credentials().create(&Actor::Operator { uid: 1 }, new).await.unwrap();
    let door = SocketProof { credential: made.credential, address: HOME, token: None };
    let admission = gate.enter_socket(&door).unwrap();
    let order = NewOrder {
        account: gate.account(),
        symbol: own.named("FUND").unwrap().id,
        side: access::Side::Buy,
        quantity: 125,
        order_type: OrderType::Market,
        tif: TimeInForce::Day,
        outside_hours: false,
        origin: Origin { holder: admission.holder(), client_id: 0, order_id: 0 },
        parent: None,
        oca: None,
        reference: None,
    };
    gate.orders().submit(&admission, HOME, OrderRequest::Place(vec![order])).unwrap();
    gate.orders().flush().await.unwrap();
    // Its index says what was ordered, in the words and steps of its own contracts.
    let actor = Actor::Operator { uid: 1 };
    let filter = gate::ActivityFilter { limit: 50, ..gate::ActivityFilter::default() };
    let page = gate.activity().page(&actor, &filter, None).await.unwrap();
    assert!(page.entries.iter().any(|one| one.text.contains("buy 1.25 FUND")), "{page:?}");
    gate.close().await.unwrap();
    drop(gate);

    let report = evidence_verify_trading(temp.path(), &own).await.unwrap();
    assert!(report.faults.is_empty(), "{:?}", report.faults);
    // By others, its snapshot and its index are not what the journal makes.
    let report = evidence_verify(temp.path(), None).await.unwrap();
    assert!(!report.faults.is_empty());
}
