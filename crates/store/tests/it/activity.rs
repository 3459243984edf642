//! The record searched on both engines: by person, credential, device, group, day and text.

use access::call::By;
use access::evidence::{Entry, Index, Topic};
use access::id::{CredentialId, Holder};
use access::moment::{Span, Time};
use store::{OrderDecision, RecordCursor, Search, Store, Stretch};

use crate::both_engines;
use crate::commit::new_credential;
use crate::history::History;
use crate::place::Place;
use crate::push::home;

both_engines!(
    evidence_is_found_by_all_that_it_is_about,
    older_entries_are_indexed_as_new_ones_are,
    orders_are_found_and_what_a_restored_journal_lost_goes,
    page_looks_through_a_bounded_part_of_the_record,
    text_is_searched_as_it_is_typed,
);

const TOP: Stretch = Stretch::below(RecordCursor::END);

async fn kinds(store: &Store, search: &Search) -> Vec<String> {
    let found = store.search_evidence(search, TOP, 1_000).await.unwrap();
    let place = |one: &(Entry, _)| (one.0.at, one.0.shard, one.0.seq);
    assert!(found.is_sorted_by(|one, two| place(one) > place(two)));
    found.into_iter().map(|(entry, _)| entry.kind).collect()
}

fn all() -> Search {
    Search { minor: true, ..Search::default() }
}

async fn evidence_is_found_by_all_that_it_is_about(place: &Place) {
    let (mut history, owner, _) = home(place).await;
    let by = By::Session(owner.session);
    let new = new_credential("bot", 7_497, &history);
    history.by(by, new).await.ok().unwrap();
    let slice = history.slice().await;
    let store = &history.store;
    let credential = slice.credentials[0].id;
    let search = Search { credential: Some(credential), ..all() };
    assert_eq!(kinds(store, &search).await, ["credential.created"]);
    let search = Search { topic: Some(Topic::Credentials), ..Search::default() };
    assert_eq!(kinds(store, &search).await, ["credential.created"]);

    // What a session did is its device's, though the entry does not name it.
    let session = slice.sessions.iter().find(|one| one.id == owner.session).unwrap();
    let search = Search { device: Some(session.device), ..all() };
    let found = kinds(store, &search).await;
    assert!(found.contains(&"credential.created".to_owned()), "{found:?}");
    assert!(found.contains(&"session.started".to_owned()), "{found:?}");

    let total = kinds(store, &all()).await;
    let minor = store.search_evidence(&all(), TOP, 1_000).await.unwrap();
    let major = kinds(store, &Search::default()).await;
    assert!(major.len() < total.len() && !major.contains(&"notice.queued".to_owned()));
    assert_eq!(
        minor.iter().filter(|(_, index)| !index.as_ref().unwrap().minor).count(),
        major.len()
    );

    let whose = Search { person: Some(history.person), ..all() };
    assert!(kinds(store, &whose).await.contains(&"credential.created".to_owned()));
    let refused = Search { refused: true, ..all() };
    assert!(kinds(store, &refused).await.iter().all(|kind| kind == "refused"));
    let holder = Search { holder: Some(Holder::Session(owner.session)), ..all() };
    assert!(kinds(store, &holder).await.contains(&"credential.created".to_owned()));

    // Days, and pages up and down.
    let at = minor[minor.len() / 2].0.at;
    let since = Search { from: Some(at), ..all() };
    let before = Search { until: Some(at), ..all() };
    let (since, before) = (kinds(store, &since).await, kinds(store, &before).await);
    assert_eq!(since.len() + before.len(), total.len());
    assert_eq!(before.len(), minor.iter().filter(|(entry, _)| entry.at < at).count());
    let none = Search { from: Some(Time::FAR), ..all() };
    assert!(kinds(store, &none).await.is_empty());
    let third = &minor[minor.len() - 3].0;
    let after = RecordCursor { at: third.at, shard: Some(third.shard), seq: third.seq };
    let up = store.search_evidence(&all(), Stretch::above(after), 2).await.unwrap();
    assert_eq!(up, [minor[minor.len() - 4].clone(), minor[minor.len() - 5].clone()]);
    history.verify().await;
}

async fn older_entries_are_indexed_as_new_ones_are(place: &Place) {
    let (mut history, owner, _) = home(place).await;
    let new = new_credential("bot", 7_497, &history);
    history.by(By::Session(owner.session), new).await.ok().unwrap();
    let store = &history.store;
    let read = async || -> Vec<Option<Index>> {
        let found = store.search_evidence(&all(), TOP, 1_000).await.unwrap();
        found.into_iter().map(|(_, index)| index).collect()
    };
    let new = read().await;
    assert!(new.iter().all(Option::is_some));
    assert_eq!(store.index_evidence().await.unwrap(), 0, "a new record is indexed from the start");
    // As an older version left it.
    for change in [
        "UPDATE evidence SET topic = NULL, minor = NULL, code = NULL, session = NULL, \
         credential = NULL, device = NULL",
        "UPDATE record_index SET rule = 0 WHERE name = 'access'",
    ] {
        sqlx::query(change).execute(store.database().pool()).await.unwrap();
    }
    let replayed = store.replay(history.now, &mut |_| ()).await.unwrap();
    assert_eq!(replayed.faults, Vec::<String>::new(), "what is not indexed yet is no fault");
    assert_eq!(store.index_evidence().await.unwrap(), new.len() as u64);
    assert_eq!(store.search_evidence(&all(), TOP, 1_000).await.unwrap().len(), new.len());
    assert_eq!(read().await, new);
    history.verify().await;
}

fn decision(seq: u64, holder: Holder, words: &str) -> OrderDecision {
    OrderDecision {
        account: None,
        seq,
        at: Time(i64::try_from(seq).unwrap() * 10),
        holder,
        topic: Topic::Orders,
        minor: false,
        code: seq.is_multiple_of(2).then(|| "READ_ONLY".to_owned()),
        person: None,
        credential: match holder {
            Holder::Credential(id) => Some(id),
            _ => None,
        },
        device: None,
        record: vec![1, 2, 3],
        words: words.to_owned(),
    }
}

async fn orders_are_found_and_what_a_restored_journal_lost_goes(place: &Place) {
    let store = Store::open(place.url()).await.unwrap();
    let bot = Holder::Credential(CredentialId([3; 16]));
    let rows = [
        decision(2, bot, "order_refused buy 900000 aapl"),
        decision(5, Holder::Operator, "orders_cancelled"),
        decision(7, bot, "order_placed sell 5 ko"),
    ];
    assert_eq!(store.orders_indexed(10).await.unwrap(), 0);
    store.put_orders(&rows, 9).await.unwrap();
    store.put_orders(&rows, 9).await.unwrap();
    let seqs = async |search: Search| -> Vec<u64> {
        let found = store.search_orders(&search, TOP, 10).await.unwrap();
        found.into_iter().map(|one| one.seq).collect()
    };
    assert_eq!(store.search_orders(&all(), TOP, 10).await.unwrap()[2], rows[0]);
    assert_eq!(seqs(all()).await, [7, 5, 2]);
    assert_eq!(seqs(Search { refused: true, ..all() }).await, [2]);
    let credential = Some(CredentialId([3; 16]));
    assert_eq!(seqs(Search { credential, ..all() }).await, [7, 2]);
    assert_eq!(seqs(Search { holder: Some(Holder::Operator), ..all() }).await, [5]);
    let of_others = Search { of: Some(access::PersonId([9; 16])), ..all() };
    assert_eq!(seqs(of_others).await, [7, 5, 2], "the account's orders are seen by its people");
    let day = Search { from: Some(Time(20)), until: Some(Time(70)), ..all() };
    assert_eq!(seqs(day).await, [5, 2]);
    assert_eq!(seqs(Search { text: "AAPL".to_owned(), ..all() }).await, [2]);
    assert_eq!(store.orders_indexed(6).await.unwrap(), 6);
    assert_eq!(seqs(all()).await, [5, 2]);
    assert_eq!(
        store.orders_after(2, 10).await.unwrap().map(|(rows, at)| (rows.len(), at)),
        Some((1, 6))
    );
    store.close().await;
}

async fn page_looks_through_a_bounded_part_of_the_record(place: &Place) {
    /// Which part to look through next.
    type Next = fn(Time) -> Stretch;
    const MOST: u32 = 7;
    let store = Store::open(place.url()).await.unwrap();
    let word = |seq| if seq == 3 { "rare" } else { "usual" };
    let rows: Vec<_> = (1..=30).map(|seq| decision(seq, Holder::Operator, word(seq))).collect();
    store.put_orders(&rows, 30).await.unwrap();
    let search = Search { text: "rare".to_owned(), ..all() };
    let down: Next = |time| Stretch::below(RecordCursor::before(time));
    let up: Next = |time| Stretch::above(RecordCursor::behind(time));
    let ways = [(TOP, down), (Stretch::above(RecordCursor::START), up)];
    for (start, next) in ways {
        let (mut at, mut found, mut seen) = (start, Vec::new(), Vec::new());
        for _ in 0..10 {
            let reach = store.reach(&search, at, MOST).await.unwrap();
            let page = reach.map_or(at, |time| at.to(time));
            let looked_at = store.search_orders(&all(), page, 100).await.unwrap();
            assert!(looked_at.len() <= MOST as usize, "{page:?}");
            seen.extend(looked_at.iter().map(|one| one.seq));
            let of_page = store.search_orders(&search, page, 100).await.unwrap();
            found.extend(of_page.iter().map(|one| one.seq));
            let Some(reach) = reach else { break };
            at = next(reach);
        }
        assert_eq!(found, [3]);
        seen.sort_unstable();
        assert_eq!(seen, (1..=30).collect::<Vec<_>>(), "each once, from {start:?}");
    }
    // A day that is near enough ends the search.
    let since = |time| Search { from: Some(Time(time)), ..search.clone() };
    let reach = async |search: Search| store.reach(&search, TOP, MOST).await.unwrap();
    assert_eq!(reach(since(200)).await, Some(Time(240)));
    assert_eq!(reach(since(240)).await, None);
    assert_eq!(reach(since(10_000)).await, None);
    store.close().await;
}

async fn text_is_searched_as_it_is_typed(place: &Place) {
    let mut history = History::begin(place).await;
    let credential = new_credential("night_bot", 7_497, &history);
    history.by_system(credential).await.ok().unwrap();
    history.now = history.now + Span::minutes(1);
    let found = async |text: &str| -> usize {
        let search = Search { text: text.to_owned(), ..all() };
        history.store.search_evidence(&search, TOP, 100).await.unwrap().len()
    };
    assert_eq!(found("Night_Bot").await, 1, "the name");
    assert_eq!(found("CREDENTIAL.created").await, 1, "the kind");
    for none in ["night%bot", "nightxbot", "night\\_bot", "' OR 1 = 1 --", "\u{0130}"] {
        assert_eq!(found(none).await, 0, "{none}");
    }
    assert!(found(" created ").await >= 1, "spaces around it do not count");
}
