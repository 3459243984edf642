//! Deliveries: by channels that work, fail, or hang; over a restart; and never in the way of a
//! sign-in.

use std::os::unix::fs::PermissionsExt;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use access::notice::Topic;
use access::{Span, Time};
use alert::{Channel, Fault, Letter, MailFolder, Try};
use gate::{DeliveryRow, DeliveryState};
use tokio::sync::Notify;

use crate::place::{OPERATOR, Place, activation, browser, done, open, totp};

/// A channel that does as it is told and keeps what it got.
#[derive(Default)]
struct Wire {
    name: &'static str,
    /// Tries that fail before one works.
    failing: AtomicU32,
    lasting: bool,
    hangs: bool,
    tried: AtomicU32,
    arrived: Mutex<Vec<(Topic, String, Option<String>)>>,
    /// When each letter was written and sent, as its receiver is told.
    dated: Mutex<Vec<(Time, Time)>>,
    moved: Notify,
}

impl Wire {
    fn new(name: &'static str) -> Self {
        Self { name, ..Self::default() }
    }

    fn arrived(&self) -> Vec<(Topic, String, Option<String>)> {
        self.arrived.lock().unwrap().clone()
    }

    /// Waits until so many tries were begun.
    async fn tried(&self, count: u32) {
        loop {
            let moved = self.moved.notified();
            if self.tried.load(Ordering::SeqCst) >= count {
                return;
            }
            moved.await;
        }
    }
}

impl Channel for Wire {
    fn name(&self) -> &'static str {
        self.name
    }

    fn deliver<'a>(&'a self, letter: &'a Letter, now: Time) -> Try<'a> {
        Box::pin(async move {
            self.dated.lock().unwrap().push((letter.at, now));
            let fails = self.failing.load(Ordering::SeqCst);
            if fails == 0 && !self.hangs {
                let code = letter.code.as_ref().and_then(|code| code.expose_text());
                let one = (letter.topic, letter.to.clone(), code.map(str::to_owned));
                self.arrived.lock().unwrap().push(one);
            }
            self.tried.fetch_add(1, Ordering::SeqCst);
            self.moved.notify_waiters();
            if self.hangs {
                std::future::pending::<()>().await;
            }
            if fails > 0 {
                self.failing.store(fails - 1, Ordering::SeqCst);
                return Err(Fault { text: "no".to_owned(), lasting: self.lasting });
            }
            Ok(())
        })
    }
}

async fn set_mail(place: &Place, address: &str) {
    place.gate.contacts().set(&OPERATOR, "trader", Some(address), None).await.unwrap();
}

/// The one delivery that is not yet or no longer waiting, once it is in that state.
async fn settled(place: &Place, state: DeliveryState) -> DeliveryRow {
    loop {
        let rows = place.gate.deliveries().list(&OPERATOR).await.unwrap();
        if let Some(row) = rows.into_iter().find(|row| row.state == state) {
            return row;
        }
        tokio::task::yield_now().await;
    }
}

/// As far as the code for a new browser.
async fn ask_for_a_code(place: &Place) -> access::Secret {
    let gate = &place.gate;
    place.pass(Span::minutes(1));
    let step = gate.sign_ins().password("trader", place.password(), &browser(None)).await.unwrap();
    let attempt = totp(step);
    let code = place.code().await;
    activation(gate.sign_ins().totp(&attempt, &code, &browser(None)).await.unwrap())
}

#[tokio::test]
async fn code_goes_by_mail_and_activates() {
    let place = Place::new().await;
    let mail = Arc::new(Wire::new("mail"));
    place.gate.deliveries().start(vec![mail.clone()]);
    set_mail(&place, "ann@example.org").await;
    mail.tried(1).await;
    let attempt = ask_for_a_code(&place).await;
    mail.tried(2).await;
    let (topic, to, code) = mail.arrived().pop().unwrap();
    assert_eq!((topic, to.as_str()), (Topic::ActivationCode, "ann@example.org"));
    let step = place.gate.sign_ins().activation(&attempt, &code.unwrap(), &browser(None)).await;
    done(step.unwrap());
}

#[tokio::test]
async fn letter_of_a_server_whose_clock_was_set_back_is_dated_by_that_clock() {
    let place = Place::new().await;
    let webhook = Arc::new(Wire::new("webhook"));
    place.gate.deliveries().start(vec![webhook.clone()]);
    let wall = place.gate.now() - Span::hours(2);
    place.clock.set(wall);
    assert_eq!(place.gate.clock().ahead(), Span::hours(2));
    set_mail(&place, "ann@example.org").await;
    webhook.tried(1).await;
    assert_eq!(*webhook.dated.lock().unwrap(), [(wall, wall)], "receivers refuse five minutes");
}

#[tokio::test]
async fn channel_that_hangs_holds_up_neither_another_nor_a_sign_in() {
    let place = Place::new().await;
    let mail = Arc::new(Wire { hangs: true, ..Wire::new("mail") });
    let webhook = Arc::new(Wire::new("webhook"));
    place.gate.deliveries().start(vec![mail.clone(), webhook.clone()]);
    set_mail(&place, "ann@example.org").await;
    mail.tried(1).await;
    webhook.tried(1).await;
    // Mail hangs in its first try from here on.
    for count in 2..5 {
        place.by_link().await;
        webhook.tried(count).await;
    }
    let attempt = ask_for_a_code(&place).await;
    let code = place.activation_code().await;
    done(place.gate.sign_ins().activation(&attempt, &code, &browser(None)).await.unwrap());
    assert_eq!(mail.tried.load(Ordering::SeqCst), 1);
    assert!(webhook.arrived().iter().all(|(_, _, code)| code.is_none()));
    assert!(webhook.arrived().iter().all(|(topic, ..)| *topic != Topic::ActivationCode));
    place.gate.close().await.unwrap();
}

#[tokio::test]
async fn delivery_goes_on_after_a_restart() {
    let place = Place::new().await;
    set_mail(&place, "ann@example.org").await;
    let broken = Arc::new(Wire { failing: 1.into(), ..Wire::new("mail") });
    place.gate.deliveries().start(vec![broken.clone()]);
    broken.tried(1).await;
    place.gate.close().await.unwrap();
    let Place { gate, clock, secrets, folder } = place;
    drop(gate);
    clock.set(clock.stamp() + Span::seconds(11));
    let place = Place { gate: open(folder.path(), &clock).await, clock, secrets, folder };
    let mail = Arc::new(Wire::new("mail"));
    place.gate.deliveries().start(vec![mail.clone()]);
    mail.tried(1).await;
    assert_eq!(mail.arrived().len(), 1);
    let row = settled(&place, DeliveryState::Delivered).await;
    assert_eq!(row.delivery.tries, 2);
    assert!(broken.arrived().is_empty());
}

#[tokio::test]
async fn delivery_that_fails_is_tried_later_and_given_up_in_the_end() {
    let place = Place::new().await;
    let mail = Arc::new(Wire { failing: u32::MAX.into(), ..Wire::new("mail") });
    place.gate.deliveries().start(vec![mail.clone()]);
    set_mail(&place, "ann@example.org").await;
    mail.tried(1).await;
    let waits = |tries| alert::wait_after(tries);
    for tries in 1.. {
        let Some(wait) = waits(tries) else { break };
        place.pass(wait);
        place.gate.deliveries().wake();
        mail.tried(tries + 1).await;
    }
    let row = settled(&place, DeliveryState::GivenUp).await;
    assert_eq!((row.delivery.tries, row.fault.as_deref()), (10, Some("no")));
    let tried = mail.tried.load(Ordering::SeqCst);
    assert_eq!(tried, 10, "bounded");
}

#[tokio::test]
async fn address_that_does_not_exist_is_given_up_at_once() {
    let place = Place::new().await;
    let mail = Arc::new(Wire { failing: 1.into(), lasting: true, ..Wire::new("mail") });
    place.gate.deliveries().start(vec![mail.clone()]);
    set_mail(&place, "nobody@example.org").await;
    let row = settled(&place, DeliveryState::GivenUp).await;
    assert_eq!(row.delivery.tries, 1);
    // The next notice is tried all the same.
    place.by_link().await;
    mail.tried(2).await;
    assert_eq!(mail.arrived().len(), 1);
}

#[tokio::test]
async fn code_that_expired_is_not_sent() {
    let place = Place::new().await;
    set_mail(&place, "ann@example.org").await;
    ask_for_a_code(&place).await;
    place.pass(Span::minutes(15));
    let mail = Arc::new(Wire::new("mail"));
    place.gate.deliveries().start(vec![mail.clone()]);
    let row = settled(&place, DeliveryState::GivenUp).await;
    assert_eq!(row.delivery.notice.topic, Topic::ActivationCode);
    assert!(mail.arrived().iter().all(|(topic, ..)| *topic != Topic::ActivationCode));
}

#[tokio::test]
async fn mail_without_a_server_lies_in_the_data_folder() {
    let place = Place::new().await;
    let folder = place.folder.path().join("mail");
    let channel = MailFolder::new(folder.clone()).unwrap();
    place.gate.deliveries().start(vec![Arc::new(channel)]);
    set_mail(&place, "ann@example.org").await;
    settled(&place, DeliveryState::Delivered).await;
    let files: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|one| one.unwrap()).collect();
    assert_eq!(files.len(), 1);
    assert_eq!(files[0].metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let text = std::fs::read_to_string(files[0].path()).unwrap();
    assert!(text.contains("ann@example.org is now yours"), "{text}");
}

#[tokio::test]
async fn secret_of_the_webhook_is_drawn_once_a_folder() {
    let place = Place::new().await;
    let text = async |place: &Place| {
        let secret = place.gate.deliveries().webhook_secret().await.unwrap().text();
        secret.expose_text().unwrap().to_owned()
    };
    let one = text(&place).await;
    assert_eq!(text(&place).await, one);
    assert_ne!(text(&Place::new().await).await, one);
    place.gate.close().await.unwrap();
    let Place { gate, clock, secrets, folder } = place;
    drop(gate);
    let place = Place { gate: open(folder.path(), &clock).await, clock, secrets, folder };
    assert_eq!(text(&place).await, one, "after a restart");
}
