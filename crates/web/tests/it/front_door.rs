//! The front door: what it tells to whom.

use crate::place::Place;

/// ASVS 6.3.8: anyone who is nobody here learns nothing about anyone.
#[tokio::test]
async fn stranger_sees_public_interfaces_and_nothing_of_a_person() {
    let place = Place::new().await;
    let owner = place.signed_in().await;
    let mut stranger = place.visitor();
    let page = stranger.get("/where").await;
    assert!(page.says("http://localhost:8080") && page.says("plain HTTP"), "{}", page.body);
    assert!(page.says("Nobody is signed in here."), "{}", page.body);
    for secret in ["trader", "narrow", "read-only"] {
        assert!(!page.body.contains(secret), "{secret} is told to a stranger");
    }
    stranger.steal(&owner);
    let page = stranger.get("/where").await;
    assert!(page.says("This browser's last session"), "{}", page.body);
    assert!(!page.body.contains("trader") && !page.body.contains("fastest first</h2>"));
}

#[tokio::test]
async fn trusted_browser_is_told_its_persons_ways_after_signing_out() {
    let place = Place::new().await;
    let mut owner = place.signed_in().await;
    owner.post("/sign-out", &[]).await;
    let page = owner.get("/where").await;
    assert!(page.says("Ways to sign in as trader here, fastest first"), "{}", page.body);
    assert!(page.says("Type the password, then type the six digits from the app"), "{}", page.body);
    assert!(page.says("Password and a recovery code") && page.says("not set up"), "{}", page.body);
    assert!(!page.body.contains("read-only"), "sockets are only for people who are signed in");
}

#[tokio::test]
async fn session_is_told_what_stands_between_it_and_each_act() {
    let place = Place::new().await;
    let mut owner = place.signed_in().await;
    let page = owner.get("/where").await;
    assert!(page.says("place orders") && !page.says(">refused<"), "{}", page.body);
    assert!(page.says("programs that hold the credential narrow"), "{}", page.body);
    place
        .gate
        .locks()
        .lock(
            &gate::Actor::Operator { uid: 0 },
            gate::LockTarget::Account(place.gate.account().into()),
            access::Grade::NoNew,
        )
        .await
        .unwrap();
    let page = owner.get("/where").await;
    let refused = page.body.matches(">refused<").count();
    assert!(refused >= 2 && page.says("LOCKED"), "{refused}: {}", page.body);
    // What is told is what happens.
    let order =
        [("side", "buy"), ("symbol", "AAPL"), ("quantity", "1"), ("type", "MKT"), ("tif", "DAY")];
    let answer = owner.post("/ticket/preview", &order).await;
    assert!(answer.body.contains("LOCKED"), "{}", answer.body);
}

#[tokio::test]
async fn front_door_keeps_the_navigation_of_who_is_signed_in() {
    let place = Place::new().await;
    let page = place.visitor().get("/where").await;
    assert!(!page.body.contains("aria-label=\"Main\""), "{}", page.body);
    let page = place.signed_in().await.get("/where").await;
    assert!(page.body.contains("aria-label=\"Main\"") && page.says("Sign out"), "{}", page.body);
}
