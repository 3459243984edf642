//! A proof of a session's person: what it does to the session's token.

use access::refusal::SessionRefusal;
use access::{Refusal, Secret, Span};
use gate::{BrowserKey, Shows};

use crate::passkey::register;
use crate::place::{AWAY, HOME, Place, browser, done, open, shows, text};

#[tokio::test]
async fn proof_by_password_replaces_the_token_and_keeps_all_else_of_the_session() {
    // ASVS 7.2.4
    let place = Place::new().await;
    let (ticket, signed_in) = place.by_link().await;
    let old = text(&signed_in.session_token);
    let admission = place.gate.sessions().admit(&ticket).unwrap();
    let form = place.gate.sessions().form_token(ticket.session);
    let wrong = Secret::from_text("not the password".to_owned());
    assert!(place.gate.step_ups().password(&ticket, wrong, "000000").await.is_err());
    assert!(place.gate.sessions().by_token(old, HOME, shows()).is_ok(), "nothing was proven");
    let code = place.code().await;
    let proven = place.gate.step_ups().password(&ticket, place.password(), &code).await.unwrap();
    let new = text(&proven.token);
    assert_ne!(new, old);
    let after = place.gate.sessions().by_token(new, HOME, shows()).unwrap();
    assert_eq!((after.session, after.since), (ticket.session, ticket.since));
    let same = place.gate.sessions().form_token(after.session) == form;
    assert!(same, "forms of other tabs count");
    assert!(admission.is_current(), "a stream goes on");
    assert_eq!(place.gate.sessions().list(None).await.unwrap().len(), 1);
    // Requests on their way show the browser's key; what shows none, or another, is a copy.
    assert_eq!(place.gate.sessions().by_token(old, HOME, shows()).unwrap().session, ticket.session);
    let stranger = BrowserKey::generate().unwrap();
    for key in [None, Some(stranger.shown(place.gate.now()).unwrap())] {
        assert!(place.gate.sessions().by_token(old, AWAY, Shows { key, hardware: None }).is_err());
    }
    place.pass(Span::seconds(10));
    let over = place.gate.sessions().by_token(old, HOME, shows()).unwrap_err();
    assert_eq!(over, Refusal::Session(SessionRefusal::NotSignedIn));
    assert!(place.gate.sessions().by_token(new, HOME, shows()).is_ok());
    let (old, new) = (old.to_owned(), new.to_owned());
    drop(admission);
    place.gate.close().await.unwrap();
    let Place { gate, clock, folder, .. } = place;
    drop(gate);
    let gate = open(folder.path(), &clock).await;
    assert_eq!(
        gate.sessions().by_token(&old, HOME, shows()).unwrap_err(),
        Refusal::Session(SessionRefusal::NotSignedIn)
    );
    assert!(gate.sessions().by_token(&new, HOME, shows()).is_ok());
}

#[tokio::test]
async fn proof_by_passkey_replaces_the_token() {
    // ASVS 7.2.4
    let place = Place::new().await;
    let (ticket, signed_in) = place.by_link().await;
    let mut passkey = register(&place, &ticket, b"handle one").await;
    let start = place.gate.step_ups().passkey_start(&ticket).unwrap();
    let answer = passkey.get(&start.options);
    let proven = place.gate.step_ups().passkey_finish(&ticket, &start.ceremony, &answer).await;
    let proven = proven.unwrap();
    let come = |token: &Secret| place.gate.sessions().by_token(text(token), HOME, shows());
    // While the answer has not come, or when it is lost, its browser has the old one alone.
    place.pass(Span::seconds(60));
    assert!(come(&signed_in.session_token).is_ok());
    assert!(come(&proven.token).is_ok());
    place.pass(Span::seconds(10));
    assert_eq!(
        come(&signed_in.session_token).unwrap_err(),
        Refusal::Session(SessionRefusal::NotSignedIn)
    );
    assert!(come(&proven.token).is_ok());
}

#[tokio::test]
async fn proof_of_a_session_that_nothing_binds_ends_its_old_token_at_once() {
    let place = Place::new().await;
    let link = place.gate.demo().link().await.unwrap();
    let plain = gate::Browser { key: None, ..browser(None) };
    let signed_in = done(place.gate.sign_ins().by_link(&link.token, &plain).await.unwrap());
    let old = text(&signed_in.session_token);
    let ticket = place.gate.sessions().by_token(old, HOME, Shows::default()).unwrap();
    let code = place.code().await;
    let (_, proven) = place.gate.step_ups().fresh(&ticket, place.password(), &code).await.unwrap();
    assert_eq!(
        place.gate.sessions().by_token(old, HOME, Shows::default()).unwrap_err(),
        Refusal::Session(SessionRefusal::NotSignedIn)
    );
    assert!(place.gate.sessions().by_token(text(&proven.token), HOME, Shows::default()).is_ok());
}
