//! The one way in for requests of signed-in people.

use access::refusal::{AuthorityRefusal, SessionRefusal};
use access::{Act, Refusal, Secret};
use gate::{Barred, Browser, Doorway, Presented, SessionTicket, SignedIn};

use crate::place::{HOME, Place, browser, done, shows, text};

/// A form that places orders.
const ORDERS: Doorway = Doorway {
    act: Some(Act::PlaceOrder),
    meant: Act::PlaceOrder,
    posts: true,
    looks: false,
    is_use: true,
};

fn shown<'a>(signed_in: &'a SignedIn, form: &'a str) -> Presented<'a> {
    Presented {
        subject: gate::WhichAccount::First,
        token: Some(text(&signed_in.session_token)),
        key: Ok(shows().key),
        hardware: None,
        address: HOME,
        form,
        person: None,
    }
}

/// A session that no key binds to its browser.
async fn unbound(place: &Place) -> (SessionTicket, SignedIn) {
    let link = place.gate.demo().link().await.unwrap();
    let browser = Browser { key: None, ..browser(None) };
    let signed_in = done(place.gate.sign_ins().by_link(&link.token, &browser).await.unwrap());
    let token = text(&signed_in.session_token);
    let ticket = place.gate.sessions().by_token(token, HOME, gate::Shows::default()).unwrap();
    (ticket, signed_in)
}

#[tokio::test]
async fn form_token_is_of_one_session() {
    let place = Place::new().await;
    let (ticket, signed_in) = place.by_link().await;
    let (other, _) = place.by_link().await;
    let own = place.gate.sessions().form_token(ticket.session);
    let entered = place.gate.enter(&ORDERS, shown(&signed_in, &own)).await.unwrap();
    assert_eq!(entered.ticket.session, ticket.session);
    assert!(!own.contains(text(&signed_in.session_token)));
    let theirs = place.gate.sessions().form_token(other.session);
    for form in [theirs.as_str(), "", &own[1..]] {
        let barred = place.gate.enter(&ORDERS, shown(&signed_in, form)).await.unwrap_err();
        assert!(matches!(barred, Barred::Form(session) if session == ticket.session), "{barred:?}");
    }
    let page = Doorway { posts: false, ..ORDERS };
    assert!(place.gate.enter(&page, shown(&signed_in, "")).await.is_ok(), "a page has no form");
}

#[tokio::test]
async fn request_without_a_session_that_counts_is_nobodys_whatever_else_it_shows() {
    let place = Place::new().await;
    let (ticket, signed_in) = place.by_link().await;
    let form = place.gate.sessions().form_token(ticket.session);
    let none = Presented { token: None, ..shown(&signed_in, &form) };
    let barred = place.gate.enter(&ORDERS, none).await.unwrap_err();
    assert!(matches!(barred, Barred::Unknown(None)), "{barred:?}");
    let keyless = Presented { key: Ok(None), ..shown(&signed_in, "wrong") };
    let barred = place.gate.enter(&ORDERS, keyless).await.unwrap_err();
    assert!(
        matches!(barred, Barred::Unknown(Some(Refusal::Session(SessionRefusal::KeyProofMissing)))),
        "{barred:?}"
    );
    place.gate.sessions().sign_out(&ticket).await.unwrap();
    let barred = place.gate.enter(&ORDERS, shown(&signed_in, &form)).await.unwrap_err();
    let over = matches!(
        barred,
        Barred::Unknown(Some(Refusal::Session(SessionRefusal::SessionEnded { .. })))
    );
    assert!(over, "{barred:?}");
}

#[tokio::test]
async fn unbound_session_is_shown_what_a_sign_in_would_give_and_acts_only_with_one() {
    let place = Place::new().await;
    let (ticket, signed_in) = unbound(&place).await;
    let form = place.gate.sessions().form_token(ticket.session);
    let shown = || Presented { key: Ok(None), ..shown(&signed_in, &form) };
    let page = Doorway { posts: false, ..ORDERS };
    let entered = place.gate.enter(&page, shown()).await.unwrap();
    let may = |admission: &gate::Admission| admission.entitlements().acts.contains(Act::PlaceOrder);
    assert!(may(&entered.sees) && !may(&entered.admission), "shown, and not given");
    let barred = place.gate.enter(&ORDERS, shown()).await.unwrap_err();
    let Barred::Unproven(entered, why) = barred else { panic!("{barred:?}") };
    assert_eq!(why, Refusal::Authority(AuthorityRefusal::SessionUnbound { act: Act::PlaceOrder }));
    assert!(!may(&entered.sees) && !may(&entered.admission));
    let wrong = Secret::from_text("not the password".to_owned());
    let proof = Presented { person: Some((wrong, "000000")), ..shown() };
    let barred = place.gate.enter(&ORDERS, proof).await.unwrap_err();
    assert!(matches!(barred, Barred::Unproven(entered, _) if entered.reissued.is_none()));
    let code = place.code().await;
    let proof = Presented { person: Some((place.password(), &code)), ..shown() };
    let entered = place.gate.enter(&ORDERS, proof).await.unwrap();
    assert!(may(&entered.admission) && entered.ticket.is_fresh());
    let new = entered.reissued.unwrap().token;
    assert_ne!(text(&new), text(&signed_in.session_token));
}

#[tokio::test]
async fn session_that_may_not_is_told_so_with_what_it_may_see() {
    let place = Place::new().await;
    let (ticket, signed_in) = place.by_link().await;
    let owner = gate::Actor::Session(ticket.clone());
    let grade = access::Grade::ReduceOnly;
    let account = gate::LockTarget::Account(ticket.account.into());
    place.gate.locks().lock(&owner, account, grade).await.unwrap();
    let form = place.gate.sessions().form_token(ticket.session);
    let barred = place.gate.enter(&ORDERS, shown(&signed_in, &form)).await.unwrap_err();
    let Barred::Refused(entered, why) = barred else { panic!("{barred:?}") };
    assert_eq!(why.code(), "LOCKED");
    assert!(entered.sees.entitlements().acts.contains(Act::ViewAccount));
}
