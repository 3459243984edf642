//! Deliveries and the message centre: what is queued with a notice, what is due, what a try leaves.

use access::contact;
use access::decision::Command;
use access::lock::{self, Grade, LockTarget};
use access::moment::Span;
use access::notice::Topic;
use store::DeliveryState;
use store::delivery::{MAIL, WEBHOOK};

use crate::both_engines;
use crate::history::History;
use crate::place::Place;

both_engines!(
    delivery_is_due_until_it_is_settled,
    delivery_outlives_a_restart_and_ends_with_its_notice,
    webhook_hears_notices_without_a_code_once_it_is_on,
    message_is_paged_read_and_disowned,
);

/// A lock is set or lifted: one notice.
async fn tell(history: &mut History) {
    let target = LockTarget::Person(history.person);
    let slice = history.slice().await;
    let command = if slice.locks.is_empty() {
        lock::Command::Set { target, grade: Grade::NoNew }
    } else {
        lock::Command::Lift { target }
    };
    history.by_system(Command::Lock(command)).await.ok().unwrap();
}

async fn set_mail(history: &mut History, address: &str) {
    let set = contact::Command::SetMail { address: address.to_owned() };
    history.by_system(Command::Contact(set)).await.ok().unwrap();
}

async fn delivery_is_due_until_it_is_settled(place: &Place) {
    let mut history = History::begin(place).await;
    tell(&mut history).await;
    let now = history.now;
    assert!(history.store.deliveries_due(MAIL, now, 9).await.unwrap().is_empty(), "no address");
    assert_eq!(history.store.next_delivery(MAIL).await.unwrap(), None);
    set_mail(&mut history, "ann@example.org").await;
    set_mail(&mut history, "ann@new.example").await;
    let now = history.now;
    let due = history.store.deliveries_due(MAIL, now, 9).await.unwrap();
    let targets: Vec<_> = due.iter().map(|one| one.target.as_str()).collect();
    assert_eq!(targets, ["ann@example.org", "ann@example.org", "ann@new.example"]);
    assert_eq!((due[0].username.as_str(), due[0].tries), ("ann", 0));
    assert_eq!(due[0].notice.topic, Topic::ContactChanged);
    let later = now + Span::minutes(1);
    let store = &history.store;
    for one in &due {
        assert!(store.claim_delivery(MAIL, one, now, later).await.unwrap());
        assert!(!store.claim_delivery(MAIL, one, now, later).await.unwrap(), "taken already");
    }
    assert!(store.deliveries_due(MAIL, now, 9).await.unwrap().is_empty(), "a crash tries no storm");
    let (waiting, no) = (DeliveryState::Waiting, Some("no"));
    store.settle_delivery(MAIL, &due[0], waiting, no).await.unwrap();
    store.settle_delivery(MAIL, &due[1], DeliveryState::Delivered, None).await.unwrap();
    store.settle_delivery(MAIL, &due[2], DeliveryState::GivenUp, no).await.unwrap();
    assert_eq!(store.next_delivery(MAIL).await.unwrap(), Some(later));
    let due = store.deliveries_due(MAIL, later, 9).await.unwrap();
    assert_eq!((due.len(), due[0].tries), (1, 1));
    // What is settled stays so, whatever a second worker says.
    let rows = store.deliveries(9).await.unwrap();
    let given_up = rows.iter().find(|row| row.state == DeliveryState::GivenUp).unwrap();
    assert_eq!(given_up.fault.as_deref(), Some("no"));
    assert_eq!(given_up.tried_at, Some(now));
    let delivery = &given_up.delivery;
    assert!(!store.claim_delivery(MAIL, delivery, later, later).await.unwrap());
    store.settle_delivery(MAIL, delivery, DeliveryState::Delivered, None).await.unwrap();
    assert_eq!(store.deliveries(9).await.unwrap(), rows);
}

async fn delivery_outlives_a_restart_and_ends_with_its_notice(place: &Place) {
    let mut history = History::begin(place).await;
    set_mail(&mut history, "ann@example.org").await;
    let before = history.store.deliveries(9).await.unwrap();
    assert_eq!(before.len(), 1);
    history.store.close().await;
    history.store = store::Store::open(place.url()).await.unwrap();
    assert_eq!(history.store.deliveries(9).await.unwrap(), before);
    let now = history.now;
    assert_eq!(history.store.deliveries_due(MAIL, now, 9).await.unwrap().len(), 1);
    history.store.prune(history.now + Span::days(91)).await.unwrap();
    assert!(history.store.deliveries(9).await.unwrap().is_empty());
}

async fn webhook_hears_notices_without_a_code_once_it_is_on(place: &Place) {
    let (mut history, _) = History::enrolled(place).await;
    tell(&mut history).await;
    let late = history.now + Span::days(1);
    assert!(history.store.deliveries_due(WEBHOOK, late, 9).await.unwrap().is_empty());
    history.store.set_webhook(true);
    tell(&mut history).await;
    let due = history.store.deliveries_due(WEBHOOK, late, 9).await.unwrap();
    assert_eq!(due.len(), 1);
    assert_eq!((due[0].notice.topic, due[0].target.as_str()), (Topic::Lock, ""));
    assert!(history.store.deliveries_due(MAIL, late, 9).await.unwrap().is_empty());
}

async fn message_is_paged_read_and_disowned(place: &Place) {
    let mut history = History::begin(place).await;
    set_mail(&mut history, "ann@example.org").await;
    for _ in 0..6 {
        tell(&mut history).await;
    }
    let (store, person) = (history.store.clone(), history.person);
    assert_eq!(store.unread(person).await.unwrap(), 7);
    let all = store.messages(person, None, 99).await.unwrap();
    let mut paged = Vec::new();
    let mut after = None;
    loop {
        let page = store.messages(person, after, 3).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some((last.notice.at, last.notice.id));
        paged.extend(page);
    }
    assert_eq!(paged, all);
    assert!(all.is_sorted_by_key(|one| std::cmp::Reverse(one.notice.at)));
    let first = &all[6].notice;
    assert_eq!(first.mail.len(), 1);
    let stranger = access::PersonId([9; 16]);
    store.read_message(stranger, first.id, history.now).await.unwrap();
    assert_eq!(store.unread(person).await.unwrap(), 7, "another's message");
    store.read_message(person, first.id, history.now).await.unwrap();
    assert_eq!(store.unread(person).await.unwrap(), 6);
    store.read_messages(person, all[1].notice.at, history.now).await.unwrap();
    assert_eq!(store.unread(person).await.unwrap(), 1, "the newest came later");
    let disown = access::notice::Command::Disown { notice: Box::new(first.clone()) };
    history.by_system(Command::Notice(disown)).await.ok().unwrap();
    let message = store.message(first.id).await.unwrap().unwrap();
    assert_eq!(message.disowned_at, Some(history.now));
    assert!(store.message(access::NoticeId([9; 16])).await.unwrap().is_none());
    history.verify().await;
}
