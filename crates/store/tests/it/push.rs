//! A phone's whole life on both engines: linked, confirmed, told of approvals, answering, removed. Each step compares the
//! tables with memory ([`History::ask`]).

use access::approval::{self, Say};
use access::call::{By, Call, Source};
use access::decision::{Answer, Command};
use access::link::{self, Purpose};
use access::push::{self, Wish};
use access::refusal::{ApprovalRefusal, ChangeRefusal};
use access::secret::Secret;
use access::sign_in::{self, SignedIn};
use access::{DeviceId, PublicKey, Refusal, device};
use store::Key;

use crate::both_engines;
use crate::history::{History, browser, browser_key, text};
use crate::place::Place;

both_engines!(phone_is_told_and_answers, phone_that_goes_takes_its_push_address_along);

pub fn phone_key() -> PublicKey {
    PublicKey::of_coordinates(&[3; 32], &[4; 32]).unwrap()
}

pub fn phone_source() -> Source {
    Source::browser("192.0.2.8".parse().unwrap(), None, Some(phone_key()), "Android Chrome/156")
}

async fn signed_in(history: &mut History, purpose: Purpose, source: Source) -> SignedIn {
    let issue = Command::Link(link::Command::Issue { purpose });
    let Ok(Answer::Link { token, .. }) = history.by_system(issue).await else { panic!("no link") };
    let key = token.digest();
    let command = Command::SignIn(sign_in::Command::Link { token });
    match history.ask(Key::Link(key), Call { by: By::Visitor, source, command }).await {
        Ok(Answer::SignedIn(done)) => done,
        _ => panic!("not signed in"),
    }
}

pub async fn by_phone(
    history: &mut History,
    phone: &SignedIn,
    command: Command,
) -> Option<Refusal> {
    let call = Call { by: By::Session(phone.session), source: phone_source(), command };
    history.ask(Key::Person(history.person), call).await.err()
}

pub fn wish(endpoint: &str, shows: bool) -> Command {
    Command::Push(push::Command::Set(Box::new(Wish {
        endpoint: Secret::from_text(endpoint.to_owned()),
        service: "push.example.net".to_owned(),
        key: browser_key(),
        auth: Secret::new(vec![5; 16]),
        shows,
    })))
}

/// A person with a browser and a phone that answers approvals.
pub async fn home(place: &Place) -> (History, SignedIn, SignedIn) {
    let (mut history, _) = History::enrolled(place).await;
    let owner = signed_in(&mut history, Purpose::SignIn, browser(None)).await;
    let phone = signed_in(&mut history, Purpose::Phone, phone_source()).await;
    let asked = by_phone(&mut history, &phone, wish("https://push.example.net/early", false)).await;
    assert_eq!(
        asked,
        Some(Refusal::Approval(ApprovalRefusal::NoApprover)),
        "it answers nothing yet"
    );
    let offered = history.slice().await.device(phone.device).unwrap().clone();
    let number = device::phone_number(&offered, history.key()).unwrap().unwrap();
    let confirm = device::Command::ConfirmPhone { device: phone.device, number, instead: None };
    assert!(history.by(By::Session(owner.session), Command::Device(confirm)).await.is_ok());
    (history, owner, phone)
}

async fn phone_is_told_and_answers(place: &Place) {
    let (mut history, owner, phone) = home(place).await;
    for (endpoint, shows) in
        [("https://push.example.net/1", true), ("https://push.example.net/2", false)]
    {
        assert_eq!(by_phone(&mut history, &phone, wish(endpoint, shows)).await, None);
        let push = history.slice().await.push(phone.device).unwrap().clone();
        let (opened, auth) = push.open(history.key()).unwrap();
        assert_eq!(
            (text(&opened).as_str(), auth.expose(), push.shows),
            (endpoint, &[5; 16][..], shows)
        );
    }
    // Tries are counted beside, and change no version.
    for (worked, failures) in [(false, 1), (false, 2), (true, 0)] {
        history.store.push_tried(phone.device, worked).await.unwrap();
        let rows = history.store.pushes().await.unwrap();
        assert_eq!((rows.len(), rows[0].failures), (1, failures));
        assert_eq!(rows[0].username, "ann");
    }
    let ask = Command::Approval(approval::Command::AskStepUp);
    let asked = history.by(By::Session(owner.session), ask).await;
    let Ok(Answer::ApprovalAsked { approval }) = asked else { panic!("not asked") };
    let answer = |number: Secret| {
        let (say, signed_by) = (Say::Yes, phone_key());
        Command::Approval(approval::Command::Answer { approval, say, number, signed_by })
    };
    let wrong = by_phone(&mut history, &phone, answer(Secret::from_text("00".into()))).await;
    assert!(
        matches!(wrong, Some(Refusal::Approval(ApprovalRefusal::NumberWrong { tries_left: 2 }))),
        "{wrong:?}"
    );
    let number = history.slice().await.approval(approval).unwrap().open_number(history.key());
    assert_eq!(by_phone(&mut history, &phone, answer(number.unwrap().unwrap())).await, None);
    let used = Command::StepUp(access::step_up::Command::Approved);
    assert!(history.by(By::Session(owner.session), used).await.is_ok());
    history.verify().await;
}

async fn phone_that_goes_takes_its_push_address_along(place: &Place) {
    let (mut history, owner, phone) = home(place).await;
    let by = By::Session(owner.session);
    let set = |endpoint: &str| wish(&format!("https://push.example.net/{endpoint}"), false);
    let stop = |device: DeviceId| Command::Push(push::Command::Stop { device });
    assert_eq!(by_phone(&mut history, &phone, set("1")).await, None);
    assert_eq!(by_phone(&mut history, &phone, stop(phone.device)).await, None);
    assert!(matches!(
        history.by(by, stop(phone.device)).await,
        Err(Refusal::Change(ChangeRefusal::NotFound { .. }))
    ));
    assert_eq!(by_phone(&mut history, &phone, set("2")).await, None);
    let created_at = history.slice().await.push(phone.device).unwrap().created_at;
    let gone = |created_at| Command::Push(push::Command::Gone { device: phone.device, created_at });
    let of_before = gone(created_at - access::Span::seconds(1));
    assert!(
        matches!(
            history.by_system(of_before).await,
            Err(Refusal::Change(ChangeRefusal::NotFound { .. }))
        ),
        "a newer one stays"
    );
    assert!(matches!(
        history.by(by, gone(created_at)).await,
        Err(Refusal::Change(ChangeRefusal::NotFound { .. }))
    ));
    assert!(history.by_system(gone(created_at)).await.is_ok());
    assert_eq!(by_phone(&mut history, &phone, set("3")).await, None);
    let block = device::Command::Block { device: phone.device };
    assert!(history.by(by, Command::Device(block)).await.is_ok());
    assert!(history.store.pushes().await.unwrap().is_empty());
    let remove = device::Command::Remove { device: phone.device };
    assert!(history.by(by, Command::Device(remove)).await.is_ok());
    history.verify().await;
}
