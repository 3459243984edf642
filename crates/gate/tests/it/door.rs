//! The doors of programs: each lets in the credentials that are for it, and no others.

use access::credential::Door;
use access::refusal::CredentialRefusal;
use access::{CredentialId, Holder, Refusal, Scopes, Secret, Span};
use gate::{Admission, ApiProof, DoorWish, Gate, NewCredential, SocketProof, evidence_verify};

use crate::place::{HOME, OPERATOR, Place};

fn wanted(gate: &Gate, name: &str, door: DoorWish) -> NewCredential {
    NewCredential {
        name: name.to_owned(),
        accounts: vec![gate.account()],
        scopes: Scopes::trading(gate.now() + Span::days(90)),
        token_required: Some(true),
        door,
    }
}

const SOCKET: DoorWish = DoorWish::Socket { port: None };

async fn made(gate: &Gate, name: &str, door: DoorWish) -> (CredentialId, Secret) {
    let made = gate.credentials().create(&OPERATOR, wanted(gate, name, door)).await.unwrap();
    (made.credential, made.token.unwrap())
}

fn at_socket(gate: &Gate, credential: CredentialId, token: &Secret) -> Result<Admission, Refusal> {
    gate.enter_socket(&SocketProof { credential, address: HOME, token: Some(token) })
}

fn at_api(gate: &Gate, token: &Secret) -> Result<Admission, Refusal> {
    gate.enter_api(&ApiProof { address: HOME, token })
}

fn why(admitted: Result<Admission, Refusal>) -> Option<CredentialRefusal> {
    match admitted {
        Err(Refusal::Credential(why)) => Some(why),
        _ => None,
    }
}

#[tokio::test]
async fn door_lets_in_the_credentials_that_are_for_it_alone() {
    let place = Place::new().await;
    let gate = &place.gate;
    let unserved = gate.credentials().create(&OPERATOR, wanted(gate, "rest", DoorWish::Api)).await;
    let door = Door::Api;
    assert_eq!(
        unserved.err(),
        Some(Refusal::Credential(CredentialRefusal::DoorNotServed { door }))
    );
    gate.front_door().note_api();
    let tokenless =
        NewCredential { token_required: Some(false), ..wanted(gate, "rest", DoorWish::Api) };
    let refused = gate.credentials().create(&OPERATOR, tokenless).await.err();
    assert_eq!(refused, Some(Refusal::Credential(CredentialRefusal::TokenNeeded { door })));
    let (rest, of_rest) = made(gate, "rest", DoorWish::Api).await;
    let (bot, of_bot) = made(gate, "bot", SOCKET).await;
    let listeners = gate.credentials().listeners().borrow().clone();
    assert!(listeners.iter().all(|one| one.credential != rest), "it has no socket");

    assert_eq!(at_api(gate, &of_rest).unwrap().holder(), Holder::Credential(rest));
    assert_eq!(at_socket(gate, bot, &of_bot).unwrap().holder(), Holder::Credential(bot));
    let elsewhere = why(at_socket(gate, rest, &of_rest));
    assert_eq!(elsewhere, Some(CredentialRefusal::OtherDoor { door }));
    let socket = gate.credentials().find("bot").await.unwrap().credential.door;
    let elsewhere = why(at_api(gate, &of_bot));
    assert_eq!(elsewhere, Some(CredentialRefusal::OtherDoor { door: socket }));
    let nobodys = Secret::from_text("fpc_x".to_owned());
    assert_eq!(why(at_api(gate, &nobodys)), Some(CredentialRefusal::TokenWrong));

    let listed = gate.credentials().list(None).await.unwrap();
    let listed = listed.iter().find(|info| info.credential.id == rest).unwrap();
    assert_eq!((listed.door(), listed.listening), (door, None));
}

/// What ends a credential at the API: a new token, a pause, a revocation; and a restart forgets none of it.
#[tokio::test]
async fn token_names_a_credential_at_the_api_for_as_long_as_it_is_its_token() {
    let place = Place::new().await;
    let gate = &place.gate;
    gate.front_door().note_api();
    let (id, first) = made(gate, "rest", DoorWish::Api).await;
    let came = at_api(gate, &first).unwrap();
    let second = gate.credentials().rotate(&OPERATOR, id, Span::hours(1)).await.unwrap().token;
    assert!(came.is_current() && at_api(gate, &first).is_ok() && at_api(gate, &second).is_ok());
    let third = gate.credentials().rotate(&OPERATOR, id, Span(0)).await.unwrap().token;
    assert!(!came.is_current(), "the first token ended");
    assert_eq!(why(at_api(gate, &first)), Some(CredentialRefusal::TokenWrong));
    assert!(matches!(why(at_api(gate, &second)), Some(CredentialRefusal::TokenReplaced { .. })));
    let came = at_api(gate, &third).unwrap();
    gate.credentials().pause(&OPERATOR, id, false).await.unwrap();
    assert!(!came.is_current());
    let paused = why(at_api(gate, &third));
    assert!(matches!(paused, Some(CredentialRefusal::CredentialPaused { .. })), "{paused:?}");
    gate.credentials().resume(&OPERATOR, id).await.unwrap();

    // It stays what it is where the server that is started next does not serve the API.
    let place = place.reopened().await;
    let gate = &place.gate;
    let came = at_api(gate, &third).unwrap();
    gate.credentials().revoke(&OPERATOR, id, true).await.unwrap();
    assert!(!came.is_current());
    let revoked = why(at_api(gate, &third));
    assert!(matches!(revoked, Some(CredentialRefusal::CredentialRevoked { .. })), "{revoked:?}");
    place.pass(Span::days(1));
    let over = async {
        while why(at_api(&place.gate, &third)) != Some(CredentialRefusal::TokenWrong) {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    };
    let over = tokio::time::timeout(std::time::Duration::from_secs(20), over).await;
    assert!(over.is_ok(), "a day later nothing answers for it");
    let report = evidence_verify(place.folder.path(), None).await.unwrap();
    assert!(report.faults.is_empty(), "{:?}", report.faults);
}
