//! Keys of a session that server and browser derive: what they prove, for how long, and what ends them.

use access::binding::ProofFault;
use access::lock::Grade;
use access::refusal::SessionRefusal;
use access::{Refusal, SessionId, Span};
use gate::{
    ActivityFilter, BrowserKey, Gate, LockTarget, SessionSigner, SessionTicket, Shown, Shows,
    SignedRequest,
};

use crate::place::{HOME, KEY, OPERATOR, Place, browser, open, text};

fn shown(gate: &Gate, proof: &str) -> Result<Shown, Refusal> {
    gate.sessions().shown(&SignedRequest { proof, method: "GET", target: "/", body: b"" })
}

fn visit(gate: &Gate, token: &str, proof: &str) -> Result<SessionTicket, Refusal> {
    gate.sessions().by_token(token, HOME, Shows { key: Some(shown(gate, proof)?), hardware: None })
}

/// Derives a key with a request of the browser's own key.
fn derived(gate: &Gate, token: &str) -> SessionSigner {
    let proof = KEY.proof("GET", "/", b"", gate.now()).unwrap();
    let shown = shown(gate, &proof).unwrap();
    let ticket =
        gate.sessions().by_token(token, HOME, Shows { key: Some(shown), hardware: None }).unwrap();
    let offer = KEY.offer(&proof).unwrap();
    let answer = gate.sessions().derive_key(&ticket, Some(&shown), offer.header()).unwrap();
    offer.accept(&answer).unwrap()
}

fn sign(gate: &Gate, signer: &SessionSigner) -> String {
    signer.proof("GET", "/", b"", gate.now()).unwrap()
}

/// What the browser is told to sign again for by its own key.
fn is_gone<T>(done: Result<T, Refusal>) -> bool {
    matches!(
        done.err(),
        Some(Refusal::Session(SessionRefusal::KeyProofWrong { reason: ProofFault::SessionKey }))
    )
}

/// Past the moment of the start, before which nothing counts.
async fn place() -> (Place, String, SessionId) {
    let place = Place::new().await;
    let (ticket, signed_in) = place.by_link().await;
    (place, text(&signed_in.session_token).to_owned(), ticket.session)
}

#[tokio::test]
async fn derived_key_opens_its_session_once_a_proof_and_for_a_minute() {
    let (place, token, session) = place().await;
    let gate = &place.gate;
    let signer = derived(gate, &token);
    let proof = sign(gate, &signer);
    let ticket = visit(gate, &token, &proof).unwrap();
    assert_eq!((ticket.session, ticket.key), (session, Some(KEY.public())));
    let again = visit(gate, &token, &proof).unwrap_err();
    assert_eq!(
        again,
        Refusal::Session(SessionRefusal::KeyProofWrong { reason: ProofFault::Replayed })
    );
    let early = sign(gate, &signer);
    let other = SignedRequest { proof: &early, method: "GET", target: "/orders", body: b"" };
    assert!(is_gone(gate.sessions().shown(&other)), "another page");
    place.pass(Span::seconds(61));
    let late = visit(gate, &token, &early).unwrap_err();
    let now = gate.now();
    assert_eq!(
        late,
        Refusal::Session(SessionRefusal::KeyProofWrong { reason: ProofFault::Time { now } })
    );
    visit(gate, &token, &sign(gate, &signer)).unwrap();
}

#[tokio::test]
async fn two_tabs_derive_a_key_each_and_the_first_goes_on_for_ten_seconds() {
    let (place, token, _) = place().await;
    let gate = &place.gate;
    let one = derived(gate, &token);
    visit(gate, &token, &sign(gate, &one)).unwrap();
    let two = derived(gate, &token);
    place.pass(Span::minutes(1));
    visit(gate, &token, &sign(gate, &one)).unwrap();
    visit(gate, &token, &sign(gate, &two)).unwrap();
    place.pass(Span::seconds(9));
    visit(gate, &token, &sign(gate, &one)).unwrap();
    place.pass(Span::seconds(1));
    assert!(is_gone(visit(gate, &token, &sign(gate, &one))));
    visit(gate, &token, &sign(gate, &two)).unwrap();
}

#[tokio::test]
async fn derived_key_of_another_session_opens_nothing_and_no_copy_is_reported() {
    let (place, token, _) = place().await;
    let gate = &place.gate;
    let signer = derived(gate, &token);
    let (_, second) = place.by_link().await;
    let second = text(&second.session_token);
    for _ in 0..4 {
        assert!(is_gone(visit(gate, second, &sign(gate, &signer))));
    }
    visit(gate, &token, &sign(gate, &signer)).unwrap();
    // The worker signs again by itself: neither a copy nor a refusal is on record.
    let filter = ActivityFilter { limit: 50, ..ActivityFilter::default() };
    let page = gate.activity().page(&OPERATOR, &filter, None).await.unwrap();
    assert!(page.entries.iter().all(|entry| entry.code.is_none()), "{:?}", page.entries);
}

#[tokio::test]
async fn derived_key_proves_nothing_beyond_its_session() {
    let (place, token, _) = place().await;
    let gate = &place.gate;
    let signer = derived(gate, &token);
    let shown = shown(gate, &sign(gate, &signer)).unwrap();
    assert_eq!(shown.own_key(), None);
    let ticket =
        gate.sessions().by_token(&token, HOME, Shows { key: Some(shown), hardware: None }).unwrap();
    let by_session = || gate::Browser { key: Some(shown), ..browser(None) };
    // A new key of the browser, which the old one has to vouch for itself.
    let new = BrowserKey::generate().unwrap();
    let (key, signature) = new.succeed(&KEY.public()).unwrap();
    let renewed = gate.devices().renew_key(Some(&ticket), &by_session(), &key, &signature).await;
    assert_eq!(
        renewed,
        Err(Refusal::Session(SessionRefusal::KeyProofWrong { reason: ProofFault::OwnKey }))
    );
    // A session that it begins is bound to no key.
    let link = gate.demo().link().await.unwrap();
    let begun = gate.sign_ins().by_link(&link.token, &by_session()).await.unwrap();
    let begun = crate::place::done(begun);
    let unbound =
        gate.sessions().by_token(text(&begun.session_token), HOME, Shows::default()).unwrap();
    assert_eq!(unbound.key, None);
    // One more key of the session.
    let proof = sign(gate, &signer);
    let offer = KEY.offer(&proof).unwrap();
    let derived = gate.sessions().derive_key(&ticket, Some(&shown), offer.header());
    assert_eq!(
        derived,
        Err(Refusal::Session(SessionRefusal::KeyProofWrong { reason: ProofFault::OwnKey }))
    );
}

#[tokio::test]
async fn offer_counts_with_the_request_that_its_key_signed_it_for() {
    let (place, token, _) = place().await;
    let gate = &place.gate;
    let proof = || KEY.proof("GET", "/", b"", gate.now()).unwrap();
    let (first, second) = (proof(), proof());
    let shown = shown(gate, &first).unwrap();
    let ticket =
        gate.sessions().by_token(&token, HOME, Shows { key: Some(shown), hardware: None }).unwrap();
    let good = KEY.offer(&first).unwrap();
    let of_another = KEY.offer(&second).unwrap();
    let stranger = BrowserKey::generate().unwrap().offer(&first).unwrap();
    let (half, signature) = good.header().split_once(',').unwrap();
    let (other_half, _) = stranger.header().split_once(',').unwrap();
    let wrong = |reason| Err(Refusal::Session(SessionRefusal::KeyProofWrong { reason }));
    for (offer, reason) in [
        (of_another.header(), ProofFault::Signature),
        (stranger.header(), ProofFault::Signature),
        (&format!("{other_half},{signature}"), ProofFault::Signature),
        (&format!("{half},"), ProofFault::Signature),
        (&format!("{half},{signature}="), ProofFault::Malformed),
        (half, ProofFault::Malformed),
        ("", ProofFault::Malformed),
    ] {
        assert_eq!(
            gate.sessions().derive_key(&ticket, Some(&shown), offer),
            wrong(reason),
            "{offer}"
        );
    }
    assert_eq!(
        gate.sessions().derive_key(&ticket, None, good.header()),
        wrong(ProofFault::OwnKey),
        "no proof at all"
    );
    gate.sessions().derive_key(&ticket, Some(&shown), good.header()).unwrap();
}

#[tokio::test]
async fn derived_key_ends_with_its_session_and_at_a_lock() {
    let (place, token, session) = place().await;
    let gate = &place.gate;
    // A lock that leaves the session open.
    let signer = derived(gate, &token);
    visit(gate, &token, &sign(gate, &signer)).unwrap();
    let account = LockTarget::Account(gate.account().into());
    gate.locks().lock(&OPERATOR, account, Grade::NoNew).await.unwrap();
    assert!(is_gone(visit(gate, &token, &sign(gate, &signer))));
    let signer = derived(gate, &token);
    visit(gate, &token, &sign(gate, &signer)).unwrap();
    // The end.
    gate.sessions().end(&OPERATOR, session).await.unwrap();
    assert!(is_gone(shown(gate, &sign(gate, &signer))));
    let proof = KEY.proof("GET", "/", b"", gate.now()).unwrap();
    assert_eq!(visit(gate, &token, &proof).unwrap_err().code(), "SESSION_ENDED");
    // Signing out.
    let (ticket, signed_in) = place.by_link().await;
    let signer = derived(gate, text(&signed_in.session_token));
    gate.sessions().sign_out(&ticket).await.unwrap();
    assert!(is_gone(shown(gate, &sign(gate, &signer))));
}

#[tokio::test]
async fn derived_key_is_forgotten_by_a_restart_and_the_own_key_derives_another() {
    let (place, token, _) = place().await;
    let signer = derived(&place.gate, &token);
    visit(&place.gate, &token, &sign(&place.gate, &signer)).unwrap();
    place.gate.close().await.unwrap();
    let Place { gate, clock, folder, .. } = place;
    drop(gate);
    clock.set(clock.wall() + Span::minutes(2));
    let gate = open(folder.path(), &clock).await;
    assert!(is_gone(visit(&gate, &token, &sign(&gate, &signer))));
    // What was dated ahead before the start is over by then.
    clock.set(clock.wall() + Span::minutes(2));
    let anew = derived(&gate, &token);
    visit(&gate, &token, &sign(&gate, &anew)).unwrap();
    gate.close().await.unwrap();
}
