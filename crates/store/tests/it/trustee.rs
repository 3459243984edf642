//! Recovery contacts: what one person says on another one's slice is kept on both engines.

use access::approval::Say;
use access::call::By;
use access::decision::Command;
use access::recovery::{self, RecoveryPolicy};
use access::trustee::{self, attest, open_number};
use store::Key;

use crate::both_engines;
use crate::history::{History, browser};
use crate::place::Place;

both_engines!(contact_is_named_agrees_vouches_and_is_removed);

async fn contact_is_named_agrees_vouches_and_is_removed(place: &Place) {
    let (mut history, _) = History::enrolled(place).await;
    let bob = history.second("bob").await;
    let session = history.by_link(bob).await.unwrap();
    let by = By::Session(history.by_link(history.person).await.unwrap());
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
            let policy = RecoveryPolicy { needed: 1, waits: false, ..RecoveryPolicy::default() };
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
