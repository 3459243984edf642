//! Recovery contacts at the gate: two persons of one server.

use access::approval::Say;
use access::recovery::RecoveryPolicy;
use access::refusal::RecoveryRefusal;
use access::{Act, Refusal, Secret};
use gate::SessionTicket;

use crate::place::{OPERATOR, Place, browser, done};
use crate::soft_passkey::SoftPasskey;

/// Another person of the server, enrolled by a passkey.
async fn second(place: &Place, name: &str) -> SessionTicket {
    let link = place.gate.people().add(&OPERATOR, name, place.gate.account()).await.unwrap();
    let signed = done(place.gate.sign_ins().by_link(&link.token, &browser(None)).await.unwrap());
    let ticket = place.ticket(&signed);
    let start = place.gate.authenticators().passkey_start(&ticket).await.unwrap();
    let (_, answer) = SoftPasskey::create(&start.options, crate::place::ORIGIN, name.as_bytes());
    let added =
        place.gate.authenticators().passkey_finish(&ticket, &start.ceremony, &answer, "Key").await;
    added.unwrap();
    place.ticket(&signed)
}

async fn begin(place: &Place) -> Secret {
    let begun =
        place.gate.recoveries().begin("trader", place.password(), None, &browser(None)).await;
    begun.unwrap().token
}

#[tokio::test]
async fn contact_agrees_and_vouches_in_a_session_of_their_own_and_opens_the_recovery() {
    let place = Place::new().await;
    let gate = &place.gate;
    let (owner, _) = place.by_link().await;
    let bob = second(&place, "bob").await;
    gate.trustees().name(&owner, "bob").await.unwrap();
    gate.trustees().name(&owner, "nobody").await.unwrap();
    let helping = gate.trustees().helping(&bob).await.unwrap();
    assert_eq!((helping.len(), helping[0].username.as_str()), (1, "trader"));
    assert!(helping[0].agreed_at.is_none() && helping[0].asks.is_none());
    assert!(gate.trustees().helping(&owner).await.unwrap().is_empty());
    gate.trustees().agree(&bob, owner.person, true).await.unwrap();
    let policy = RecoveryPolicy { needed: 1, waits: false, ..RecoveryPolicy::default() };
    gate.recoveries().choose(&owner, policy).await.unwrap();
    let token = begin(&place).await;
    let asked = gate.trustees().helping(&bob).await.unwrap().remove(0).asks.unwrap();
    assert_eq!((asked.source.as_str(), asked.said), ("192.0.2.1", None));
    let mine = gate.recoveries().by_token(&token, &browser(None)).await.unwrap();
    let right = mine.asks[0].number.clone().unwrap();
    // The owner's other page, and the contact's, show no number.
    let listed = gate.recoveries().list(None).await.unwrap();
    assert!(listed.iter().all(|one| one.asks.iter().all(|ask| ask.number.is_none())));
    let whose = (owner.person, asked.recovery);
    let missed = gate.trustees().vouch(&bob, whose, (Say::Yes, "000")).await;
    assert_eq!(missed, Err(Refusal::Recovery(RecoveryRefusal::VouchNumberWrong { tries_left: 2 })));
    let own = gate.trustees().vouch(&owner, whose, (Say::Yes, &right)).await;
    assert_eq!(own, Err(Refusal::not_found("recovery contact")));
    gate.trustees().vouch(&bob, whose, (Say::Yes, &right)).await.unwrap();
    let signed = done(gate.recoveries().finish(&token, &browser(None)).await.unwrap());
    let admission = gate.sessions().admit(&place.ticket(&signed)).unwrap();
    let acts = admission.entitlements().acts;
    assert!(acts.contains(Act::CancelOrder) && !acts.contains(Act::PlaceOrder));
    let told = gate.notices().list(bob.person, None).await.unwrap().messages;
    let told: Vec<_> = told.iter().filter(|one| one.notice.text.contains("trader")).collect();
    assert_eq!(told.len(), 2, "named, and asked");
}

/// Both contacts answer at the same time: the tables keep both, and each counts once.
#[tokio::test]
async fn two_contacts_who_answer_at_once_both_count() {
    let place = Place::new().await;
    let gate = &place.gate;
    let (owner, _) = place.by_link().await;
    let (bob, eve) = (second(&place, "bob").await, second(&place, "eve").await);
    for (name, other) in [("bob", &bob), ("eve", &eve)] {
        gate.trustees().name(&owner, name).await.unwrap();
        gate.trustees().agree(other, owner.person, true).await.unwrap();
    }
    let policy = RecoveryPolicy { needed: 2, waits: false, ..RecoveryPolicy::default() };
    gate.recoveries().choose(&owner, policy).await.unwrap();
    let token = begin(&place).await;
    let mine = gate.recoveries().by_token(&token, &browser(None)).await.unwrap();
    let number = |name: &str| {
        let ask = mine.asks.iter().find(|ask| ask.username == name).unwrap();
        ask.number.clone().unwrap()
    };
    let whose = (owner.person, mine.id);
    let (one, two) = (number("bob"), number("eve"));
    let (one, two, again) = tokio::join!(
        gate.trustees().vouch(&bob, whose, (Say::Yes, &one)),
        gate.trustees().vouch(&eve, whose, (Say::Yes, &two)),
        gate.trustees().vouch(&bob, whose, (Say::Yes, &one)),
    );
    let over = Err(Refusal::Recovery(RecoveryRefusal::VouchEnded));
    assert!((one.is_ok() && again == over) || (again.is_ok() && one == over), "{one:?} {again:?}");
    two.unwrap();
    done(gate.recoveries().finish(&token, &browser(None)).await.unwrap());
}
