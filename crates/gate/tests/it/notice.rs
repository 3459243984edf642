//! The message centre: what is unread, whose it is, what 'this was not me' does at the door.

use access::notice::Topic;
use access::refusal::{ServerRefusal, SessionRefusal};
use access::{Refusal, Span};
use gate::Actor;

use crate::place::{AWAY, HOME, OPERATOR, Place, shows, text};

#[tokio::test]
async fn unread_messages_are_counted_and_marked() {
    let place = Place::new().await;
    let (ticket, _) = place.by_link().await;
    let gate = &place.gate;
    let before = gate.notices().unread(ticket.person).await.unwrap();
    assert!(before > 0);
    place.pass(Span::seconds(1));
    place.by_link().await;
    assert_eq!(gate.notices().unread(ticket.person).await.unwrap(), before + 1);
    let page = gate.notices().list(ticket.person, None).await.unwrap();
    let newest = page.messages[0].notice.id;
    gate.notices().read(&ticket, newest).await.unwrap();
    assert_eq!(gate.notices().unread(ticket.person).await.unwrap(), before);
    place.pass(Span::seconds(1));
    place.by_link().await;
    // All that the page showed; what came since is news.
    gate.notices().read_all(&ticket, newest).await.unwrap();
    assert_eq!(gate.notices().unread(ticket.person).await.unwrap(), 1);
}

#[tokio::test]
async fn message_of_nobody_or_another_is_not_found() {
    let place = Place::new().await;
    let (ticket, _) = place.by_link().await;
    let unknown = access::NoticeId([9; 16]);
    let not_found = Refusal::not_found("message");
    let gate = &place.gate;
    assert_eq!(gate.notices().read(&ticket, unknown).await, Err(not_found.clone()));
    assert_eq!(gate.notices().disown(&OPERATOR, unknown).await, Err(not_found.clone()));
    let page = gate.notices().list(ticket.person, None).await.unwrap();
    let stranger = access::PersonId([9; 16]);
    let found = gate.notices().message(stranger, page.messages[0].notice.id).await.err();
    assert_eq!(found, Some(not_found));
    assert!(gate.notices().list(stranger, None).await.unwrap().messages.is_empty());
}

#[tokio::test]
async fn not_me_cuts_the_other_session_at_its_next_request() {
    let place = Place::new().await;
    let (owner, _) = place.by_link().await;
    place.pass(Span::seconds(1));
    let (thief, thief_signed) = place.by_link().await;
    let gate = &place.gate;
    let page = gate.notices().list(owner.person, None).await.unwrap();
    let about = page.messages.iter().find(|one| one.notice.subject.device == Some(thief.device));
    let id = about.unwrap().notice.id;
    place.pass(Span::seconds(1));
    let stopped = gate.notices().disown(&Actor::Session(owner.clone()), id).await.unwrap();
    assert_eq!(stopped.sessions, 1);
    assert_eq!(stopped.devices[0].as_str(), "Firefox on Linux (2)");
    let refused = gate.sessions().by_token(text(&thief_signed.session_token), HOME, shows()).err();
    assert!(
        matches!(refused, Some(Refusal::Session(SessionRefusal::SessionEnded { .. }))),
        "{refused:?}"
    );
    let admission = gate.sessions().admit(&owner).unwrap();
    assert_eq!(gate.admissions().may(&admission, HOME, access::Act::ViewAccount, None), Ok(()));
    let (message, _) = gate.notices().message(owner.person, id).await.unwrap();
    assert!(message.disowned_at.is_some());
    let report = gate.notices().list(owner.person, None).await.unwrap();
    assert_eq!(report.messages[0].notice.topic, Topic::NotMe);
}

#[tokio::test]
async fn session_that_comes_from_a_new_network_is_told() {
    let place = Place::new().await;
    let (ticket, signed) = place.by_link().await;
    let gate = &place.gate;
    gate.sessions().by_token(text(&signed.session_token), AWAY, shows()).unwrap();
    // The server looks once a second.
    let told = loop {
        let page = gate.notices().list(ticket.person, None).await.unwrap();
        let found = page.messages.into_iter().find(|one| one.notice.topic == Topic::NewNetwork);
        if let Some(message) = found {
            break message.notice;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    };
    assert_eq!(told.subject.session, Some(ticket.session));
    assert_eq!(told.subject.address, Some(AWAY));
    assert!(told.text.contains("Firefox on Linux"), "{}", told.text);
}

#[tokio::test]
async fn outbox_of_a_lasting_folder_shows_a_code_to_the_operator_alone_and_only_unsent_ones() {
    let folder = tempfile::tempdir().unwrap();
    let clock = gate::Clock::manual(crate::place::start());
    let config = crate::place::config(folder.path(), false);
    let disk = std::sync::Arc::new(gate::disk::LocalDisk);
    let gate = gate::Gate::open_with(config, clock.clone(), disk).await.unwrap();
    let link = gate.people().create_first("ada").await.unwrap();
    let signed = gate.sign_ins().by_link(&link.token, &crate::place::browser(None)).await.unwrap();
    let signed = crate::place::done(signed);
    let ticket = gate.sessions().by_token(text(&signed.session_token), HOME, shows()).unwrap();
    assert!(ticket.enrolling);
    gate.contacts().set_mail(&ticket, "ada@example.org").await.unwrap();
    let codes = async |actor: &Actor| {
        let all = gate.notices().outbox(actor).await.unwrap();
        assert!(all.iter().any(|one| one.topic == Topic::ContactCode));
        all.iter().filter(|one| one.code.is_some()).count()
    };
    assert_eq!(codes(&Actor::Session(ticket.clone())).await, 0);
    assert_eq!(codes(&OPERATOR).await, 0, "it went by mail");
}

/// A page that is still open when the server stops asks tables that are closed: that is no failure of theirs.
#[tokio::test]
async fn store_that_was_closed_says_that_the_server_stops() {
    let place = Place::new().await;
    place.gate.close().await.unwrap();
    let asked = place.gate.notices().outbox(&OPERATOR).await;
    assert_eq!(asked.err(), Some(Refusal::Server(ServerRefusal::Stopping)));
}
