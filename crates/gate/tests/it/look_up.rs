//! What is found by name or id is not searched for among everybody.

use access::entitlements::Limits;
use access::name::Username;
use access::person::{self, Person};
use access::{By, Event, PersonId, Slice, Source};
use store::Store;
use store::engine::sqlite_url;

use crate::place::{OPERATOR, Place, open};
use crate::statements::{selects, sent};

const PERSONS: u32 = 1_000;

/// A folder with many people, who have nothing that is theirs.
async fn crowd() -> Place {
    let Place { gate, clock, secrets, folder } = Place::new().await;
    gate.close().await.unwrap();
    drop(gate);
    let people = (0..PERSONS).map(|number| {
        let mut id = [0x55; 16];
        id[..4].copy_from_slice(&number.to_be_bytes());
        let username = Username::new(&format!("person{number}")).unwrap();
        let person = Person {
            id: PersonId(id),
            username,
            created_at: clock.stamp(),
            limits: Limits::default(),
        };
        Event::Person(person::Event::Created(person))
    });
    let people: Vec<_> = people.collect();
    let store =
        Store::open(&sqlite_url(&folder.path().join(gate::folder::DATABASE))).await.unwrap();
    let (nobody, local) = (Slice::default(), Source::local());
    store
        .commit((&nobody, &nobody.reads()), &people, By::System, &local, clock.stamp())
        .await
        .unwrap();
    store.close().await;
    let gate = open(folder.path(), &clock).await;
    assert_eq!(gate.people().usernames().await.unwrap().len(), 1 + PERSONS as usize);
    Place { gate, clock, secrets, folder }
}

#[tokio::test]
async fn revocation_by_name_reads_no_more_among_a_thousand_people() {
    let place = crowd().await;
    let revoke = async {
        let found = place.gate.credentials().find("trading").await.unwrap();
        place.gate.credentials().revoke(&OPERATOR, found.credential.id, true).await.unwrap()
    };
    let (_, statements) = sent(revoke).await;
    let reads = selects(&statements);
    println!("{} reads, {} statements in all", reads.len(), statements.len());
    assert!((2..=30).contains(&reads.len()), "{} reads: {reads:#?}", reads.len());
}

#[tokio::test]
async fn things_and_people_are_found_by_id_and_name_among_a_thousand_people() {
    let place = crowd().await;
    let (_, signed_in) = place.by_link().await;
    let trader = signed_in.person;
    let device = place.gate.devices().list(Some(trader)).await.unwrap()[0].device.id;
    let authenticator = place.gate.authenticators().list(trader).await.unwrap()[0].id;
    let work = async {
        assert_eq!(place.gate.people().find("Trader").await.unwrap().id, trader);
        assert_eq!(place.gate.people().find(&trader.to_string()).await.unwrap().username, "trader");
        assert!(place.gate.people().find("nobody").await.is_err());
        place.gate.devices().rename(&OPERATOR, device, "desk").await.unwrap();
        place.gate.authenticators().rename(&OPERATOR, authenticator, "word").await.unwrap();
        place.gate.notices().outbox(&OPERATOR).await.unwrap();
        assert_eq!(
            place.gate.people().owner_name(place.gate.account().into()).await.unwrap(),
            "trader"
        );
    };
    let ((), statements) = sent(work).await;
    let reads = selects(&statements);
    assert!((7..=90).contains(&reads.len()), "{} reads: {reads:#?}", reads.len());
}
