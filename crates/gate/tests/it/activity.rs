//! The record of decisions and its offline check.

use access::{Grade, Span};
use gate::{
    ActivityCursor, ActivityFilter, ActivityPage, Actor, LockTarget, OrderRequest, SocketProof,
    evidence_verify,
};
use trade::Ticks;
use trade::order::{NewOrder, OrderType, Origin, Side, TimeInForce};

use crate::place::{AWAY, HOME, OPERATOR, Place, from, secret};

fn all(limit: usize) -> ActivityFilter {
    ActivityFilter { limit, ..ActivityFilter::default() }
}

#[tokio::test]
async fn pages_show_both_chains_newest_first_and_each_entry_once() {
    let place = Place::new().await;
    place.by_link().await;
    let target = LockTarget::Account(place.gate.account().into());
    place.gate.locks().lock(&OPERATOR, target, Grade::All).await.unwrap();
    let (mut cursor, mut seen) = (None, Vec::new());
    loop {
        let page = place.gate.activity().page(&OPERATOR, &all(7), cursor).await.unwrap();
        assert!(page.entries.len() <= 7);
        seen.extend(page.entries);
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    assert!(seen.is_sorted_by(|one, two| one.at >= two.at));
    let chains: std::collections::BTreeSet<_> = seen.iter().map(|one| one.shard).collect();
    assert!(chains.len() > 2, "of the journal, a person and an account: {chains:?}");
    for chain in chains {
        let of_chain = seen.iter().filter(|one| one.shard == chain);
        let seqs: Vec<_> = of_chain.map(|one| one.seq).collect();
        assert!(seqs.is_sorted_by(|one, two| one > two), "{seqs:?}");
        assert_eq!(seqs.last(), Some(&1));
    }
    for what in
        ["account_opened", "server_started", "orders_cancelled", "lock.set", "session.started"]
    {
        assert!(seen.iter().any(|one| one.what == what), "{what} is not shown");
    }
}

#[tokio::test]
async fn search_for_a_text_ends_its_page_and_goes_on_with_the_next() {
    let place = Place::new().await;
    for _ in 0..5 {
        place.by_link().await;
        place.pass(Span::minutes(1));
    }
    let target = LockTarget::Account(place.gate.account().into());
    place.gate.locks().lock(&OPERATOR, target, Grade::All).await.unwrap();
    let whole = ActivityFilter { text: "session".to_owned(), ..all(500) };
    let whole_page = place.gate.activity().page(&OPERATOR, &whole, None).await.unwrap();
    assert_eq!(
        (whole_page.reached, whole_page.next),
        (None, None),
        "few entries are gone through at once"
    );
    let key = |page: &ActivityPage| -> Vec<_> {
        page.entries.iter().map(|one| (one.kind, one.seq)).collect()
    };
    let short = ActivityFilter { reach: 3, ..whole };
    let (mut cursor, mut seen, mut ended) = (None, Vec::new(), 0);
    let oldest = loop {
        let page = place.gate.activity().page(&OPERATOR, &short, cursor).await.unwrap();
        seen.extend(key(&page));
        ended += usize::from(page.reached.is_some());
        cursor = page.next;
        if cursor.is_none() {
            break page;
        }
    };
    assert_eq!(seen, key(&whole_page), "each once, in the same order");
    assert!(ended > 3, "{ended} pages ended before they were full");
    // And up again, from the oldest page.
    let (mut again, mut above) = (key(&oldest), oldest.newer);
    while let Some(cursor) = above {
        let page = place.gate.activity().page(&OPERATOR, &short, Some(cursor)).await.unwrap();
        again.extend(key(&page));
        above = page.newer;
    }
    again.sort_unstable();
    seen.sort_unstable();
    assert_eq!(again, seen);
}

/// Places orders that rest, every four hundredth of them for MSFT.
async fn trade(place: &Place, orders: i32) {
    let gate = &place.gate;
    let credential = gate
        .credentials()
        .listeners()
        .borrow()
        .iter()
        .find(|one| one.name == "trading")
        .unwrap()
        .credential;
    let door = SocketProof { credential, address: HOME, token: None };
    let who = gate.enter_socket(&door).unwrap();
    for number in 1..=orders {
        place.pass(Span::milliseconds(100));
        let name = if number % 400 == 1 { "MSFT" } else { "AAPL" };
        let order = NewOrder {
            account: gate.account(),
            symbol: gate.markets().instruments().named(name).unwrap().id,
            side: Side::Buy,
            quantity: 1,
            order_type: OrderType::Limit { price: Ticks(i64::from(100 + number % 50)) },
            tif: TimeInForce::Gtc,
            outside_hours: true,
            origin: Origin { holder: who.holder(), client_id: 0, order_id: number },
            parent: None,
            oca: None,
            reference: None,
        };
        gate.orders().submit(&who, HOME, OrderRequest::Place(vec![order])).unwrap();
    }
    gate.orders().flush().await.unwrap();
}

#[tokio::test]
async fn search_of_many_entries_goes_on_in_steps_and_finds_each_once_in_both_directions() {
    let place = Place::new().await;
    trade(&place, 1_300).await;
    // No page waits until all of them are added.
    while place.gate.activity().page(&OPERATOR, &all(1), None).await.unwrap().behind.is_some() {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    let filter = ActivityFilter { text: "msft".to_owned(), ..all(500) };
    let seqs = |page: &ActivityPage| -> Vec<_> { page.entries.iter().map(|one| one.seq).collect() };
    let (mut cursor, mut down) = (None, Vec::new());
    loop {
        let page = place.gate.activity().page(&OPERATOR, &filter, cursor).await.unwrap();
        down.extend(seqs(&page));
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(down.len(), 4);
    assert!(down.is_sorted_by(|one, two| one > two), "{down:?}");
    let bottom: ActivityCursor = "0-0-0".parse().unwrap();
    let (mut cursor, mut up) = (Some(bottom.above()), Vec::new());
    while let Some(from) = cursor {
        let page = place.gate.activity().page(&OPERATOR, &filter, Some(from)).await.unwrap();
        up.extend(seqs(&page).into_iter().rev());
        cursor = page.newer;
    }
    down.reverse();
    assert_eq!(up, down);
}

#[tokio::test]
async fn refusals_are_shown_with_code_and_source_and_only_they_when_asked() {
    let place = Place::new().await;
    let failed = place.gate.sign_ins().password("trader", secret("x"), &from(AWAY, None)).await;
    assert!(failed.is_err());
    let (ticket, _) = place.by_link().await;
    let filter = ActivityFilter { refused_only: true, ..all(50) };
    for actor in [OPERATOR, Actor::Session(ticket)] {
        let page = place.gate.activity().page(&actor, &filter, None).await.unwrap();
        assert_eq!(page.entries.len(), 1);
        let entry = &page.entries[0];
        assert_eq!(entry.code.as_deref(), Some("SIGN_IN_FAILED"));
        assert_eq!((entry.source.as_str(), entry.who.as_str()), ("198.51.100.7", "visitor"));
    }
}

#[tokio::test]
async fn evidence_verifies_on_a_running_and_on_a_stopped_folder() {
    let place = Place::new().await;
    place.by_link().await;
    place.gate.records().checkpoint().await.unwrap();
    let running = evidence_verify(place.folder.path(), None).await.unwrap();
    assert_eq!(running.faults, Vec::<String>::new());
    assert!(running.access_entries > 10 && running.journal_records >= 2);
    place.gate.close().await.unwrap();
    let kept = place.folder.path().join("checkpoints.jsonl");
    let stopped = evidence_verify(place.folder.path(), Some(&kept)).await.unwrap();
    assert_eq!(stopped.faults, Vec::<String>::new());
    assert!(running.to_string().contains("--checkpoint"));
    assert!(!stopped.to_string().contains("--checkpoint"));
}

#[tokio::test]
async fn journal_byte_that_was_changed_is_named_by_its_entry() {
    let place = Place::new().await;
    // A group behind the first one: what is torn in the last group was never acknowledged.
    let target = LockTarget::Account(place.gate.account().into());
    place.gate.locks().lock(&OPERATOR, target, Grade::All).await.unwrap();
    place.gate.close().await.unwrap();
    let folder = gate::open::journal_folder(place.folder.path());
    let (_, segment) = gate::journal::segments(&folder).unwrap().remove(0);
    let mut bytes = std::fs::read(&segment).unwrap();
    bytes[128 + 64 + 2] ^= 1; // in the payload of the first record
    std::fs::write(&segment, bytes).unwrap();
    let report = evidence_verify(place.folder.path(), None).await.unwrap();
    assert!(report.faults[0].contains("journal entry 1"), "{:?}", report.faults);
}

#[tokio::test]
async fn checkpoint_that_was_altered_or_is_beyond_the_end_is_named() {
    let place = Place::new().await;
    place.gate.records().checkpoint().await.unwrap();
    place.gate.close().await.unwrap();
    let kept = place.folder.path().join("checkpoints.jsonl");
    let text = std::fs::read_to_string(&kept).unwrap();
    let altered = place.folder.path().join("altered.jsonl");
    let line = text.lines().next().unwrap();
    let value: serde_json::Value = serde_json::from_str(line).unwrap();
    let seq = value["checkpoint"]["access_seq"].as_u64().unwrap();
    let from = format!("\"access_seq\":{seq}");
    std::fs::write(&altered, line.replace(&from, &format!("\"access_seq\":{}", seq + 1))).unwrap();
    let report = evidence_verify(place.folder.path(), Some(&altered)).await.unwrap();
    assert!(report.faults[0].contains("signature is wrong"), "{:?}", report.faults);
}
