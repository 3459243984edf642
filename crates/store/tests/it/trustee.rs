//! Recovery contacts: what one person says on another one's slice is kept on both engines.

use access::approval::Say;
use access::call::{By, Call, Source};
use access::decision::{Answer, Command};
use access::link::{self, Purpose};
use access::recovery::{self, Policy};
use access::trustee::{self, attest, open_number};
use access::{PersonId, SessionId, person, sign_in};
use store::Key;

use crate::both_engines;
use crate::history::{ACCOUNT, History, browser};
use crate::place::Place;

both_engines!(contact_is_named_agrees_vouches_and_is_removed);

/// Another person of the server, signed in by a link.
async fn second(history: &mut History) -> (PersonId, SessionId) {
    let ask = |command| Call { by: By::System, source: Source::local(), command };
    let (username, account) = ("bob".to_owned(), ACCOUNT.parse().unwrap());
    let add = ask(Command::Person(person::Command::Add { username, account }));
    let Ok(Answer::PersonCreated { person }) = history.ask(Key::Username("bob"), add).await else {
        panic!("no person")
    };
    let issue = ask(Command::Link(link::Command::Issue { purpose: Purpose::SignIn }));
    let Ok(Answer::Link { token, .. }) = history.ask(Key::Person(person), issue).await else {
        panic!("no link")
    };
    let key = token.digest();
    let used = sign_in::Command::Link { token };
    let Ok(Answer::SignedIn(done)) = history.visit(Key::Link(key), None, used).await else {
        panic!("not signed in")
    };
    (person, done.session)
}

async fn contact_is_named_agrees_vouches_and_is_removed(place: &Place) {
    let (mut history, _) = History::enrolled(place).await;
    let (bob, session) = second(&mut history).await;
    let issue = Command::Link(link::Command::Issue { purpose: Purpose::SignIn });
    let Ok(Answer::Link { token, .. }) = history.by_system(issue).await else { panic!("no link") };
    let key = token.digest();
    let used = sign_in::Command::Link { token };
    let Ok(Answer::SignedIn(owner)) = history.visit(Key::Link(key), None, used).await else {
        panic!("not signed in")
    };
    let by = By::Session(owner.session);
    assert!(history.store.helped_by(bob).await.unwrap().is_empty());
    for (username, found) in [("bob", Some(bob)), ("nobody", None)] {
        let username = username.to_owned();
        let name = Command::Trustee(trustee::Command::Name { username, found });
        history.by(by, name).await.ok().unwrap();
    }
    assert_eq!(history.store.helped_by(bob).await.unwrap(), [history.person]);
    for vouches in [false, true] {
        let slice = history.store.slice(Key::Person(bob)).await.unwrap();
        let moment = history.moment();
        let who = (By::Session(session), &browser(None));
        let attested = attest(&slice, who, &moment, history.key()).unwrap();
        let command = if vouches {
            let policy = Policy { needed: 1, waits: false, ..Policy::default() };
            let choose = Command::Recovery(recovery::Command::Choose(policy));
            history.by(by, choose).await.ok().unwrap();
            let assist = Command::Recovery(recovery::Command::Assist);
            history.by_system(assist).await.ok().unwrap();
            let slice = history.slice().await;
            let open = slice.open_recovery().unwrap();
            let number = open_number(open, &open.asks[0], history.key()).unwrap();
            trustee::Command::Vouch { attested, recovery: open.id, say: Say::Yes, number }
        } else {
            trustee::Command::Agree { attested, yes: true }
        };
        history.by(By::Session(session), Command::Trustee(command)).await.ok().unwrap();
    }
    let slice = history.slice().await;
    assert!(matches!(slice.open_recovery().unwrap().stage, recovery::Stage::Ready { .. }));
    let trustee = slice.trustees.iter().find(|one| one.trustee == Some(bob)).unwrap().id;
    let remove = Command::Trustee(trustee::Command::Remove { trustee });
    history.by(by, remove).await.ok().unwrap();
    assert!(history.store.helped_by(bob).await.unwrap().is_empty());
    history.verify().await;
}
