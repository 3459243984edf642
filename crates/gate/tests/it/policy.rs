//! Policies at the gate: what they take counts for what was admitted before, and outlives a restart.

use access::entitlements::Act;
use access::policy::{Policy, Tempo};
use access::refusal::AuthorityRefusal;
use access::session::Interface;
use access::{Refusal, Span};
use gate::{Actor, LayerState};

use crate::place::{AWAY, HOME, OPERATOR, Place, open, shows, text};

#[tokio::test]
async fn session_proven_at_another_network_stays_so_after_a_restart() {
    let place = Place::new().await;
    let (_, signed_in) = place.by_link().await;
    let token = text(&signed_in.session_token).to_owned();
    let there = place.gate.sessions().by_token(&token, AWAY, shows()).unwrap();
    assert!(there.elsewhere);
    let acts = place.gate.sessions().admit(&there).unwrap().entitlements().acts;
    assert!(acts.contains(Act::CancelOrder) && !acts.contains(Act::PlaceOrder));
    let here = place.gate.sessions().by_token(&token, HOME, shows()).unwrap();
    let acts = place.gate.sessions().admit(&here).unwrap().entitlements().acts;
    assert!(!here.elsewhere && acts.contains(Act::PlaceOrder), "home is not narrowed by it");
    let there = place.gate.sessions().by_token(&token, AWAY, shows()).unwrap();
    let layers = place.gate.sessions().layers(there.session, there.account, None).await.unwrap();
    assert!(matches!(
        layers.trades,
        Err(Refusal::Authority(AuthorityRefusal::NetworkUnproven { .. }))
    ));
    let network = layers.layers.iter().find(|one| one.name == "network").unwrap();
    assert_eq!(network.state, LayerState::Narrow);
    place.gate.close().await.unwrap();
    let Place { gate, clock, folder, secrets } = place;
    drop(gate);
    let gate = open(folder.path(), &clock).await;
    let there = gate.sessions().by_token(&token, AWAY, shows()).unwrap();
    assert!(there.elsewhere, "not proven there yet");
    let code = gate.authenticators().totp_now("trader").await.unwrap();
    let password = access::Secret::new(secrets.password.expose().to_vec());
    let proven = gate.step_ups().password(&there, password, &code).await.unwrap();
    let token = text(&proven.token).to_owned();
    assert!(!gate.sessions().by_token(&token, AWAY, shows()).unwrap().elsewhere);
    gate.close().await.unwrap();
    drop(gate);
    let gate = open(folder.path(), &clock).await;
    assert!(!gate.sessions().by_token(&token, AWAY, shows()).unwrap().elsewhere);
    assert!(!gate.sessions().by_token(&token, HOME, shows()).unwrap().elsewhere);
}

#[tokio::test]
async fn what_was_admitted_before_a_change_has_what_the_change_left() {
    let place = Place::new().await;
    let (one, _) = place.by_link().await;
    let (two, cookie) = place.by_link().await;
    let (first, second) =
        (place.gate.sessions().admit(&one).unwrap(), place.gate.sessions().admit(&two).unwrap());
    let trades = |admission: &gate::Admission| {
        admission.is_current() && admission.entitlements().acts.contains(Act::PlaceOrder)
    };
    let actor = Actor::Session(one.clone());
    place.gate.policies().set_one_brokerage(&actor, one.person, true).await.unwrap();
    assert!(trades(&first) && !trades(&second));
    place.gate.policies().take_over(&two).await.unwrap();
    assert!(!trades(&first) && trades(&second) && first.is_current());
    let standard = Policy::standard(one.person, Interface::Portal);
    let unattended = Policy { tempo: Tempo::Unattended, ..standard };
    place.gate.policies().set(&OPERATOR, unattended).await.unwrap();
    assert!(!trades(&first) && !trades(&second));
    // A shorter limit ends what is past it, at its next request.
    place.gate.policies().set(&OPERATOR, standard).await.unwrap();
    place.pass(Span::minutes(31));
    let over =
        place.gate.sessions().by_token(text(&cookie.session_token), HOME, shows()).unwrap_err();
    assert_eq!(over.code(), "SESSION_ENDED");
    let stranger =
        place.gate.policies().set_one_brokerage(&actor, access::PersonId([9; 16]), false).await;
    assert_eq!(stranger, Err(Refusal::not_found("policy")));
}
