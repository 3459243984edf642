//! Keys of a session: how they are derived, which count, and when they go.
#![expect(clippy::unwrap_used, reason = "tests")]
use access::refusal::SessionRefusal;
use data_encoding::HEXLOWER;

use super::*;

const NOW: Time = Time::from_seconds(1_800_000_000);
const SESSION: SessionId = SessionId([7; 16]);

/// Two pairs of RFC 5903, section 8.1, and what Web Crypto derives from them (node 20, `crypto.webcrypto`,
/// as the worker does it): ECDH to HKDF, HKDF to HMAC with SHA-256 and `length: 256`.
const SHARED: &str = "d6840f6b42f6edafd13116e0e12565202fef8e9ece7dce03812464d04b9442de";
const BROWSER: &str = "04dad0b65394221cf9b051e1feca5787d098dfe637fc90b9ef945d0c37725811805271a0461cdb8252d61f1c456fa3e59ab1f45b33accf5f58389e0577b8990bb3";
const SERVER: &str = "04d12dfb5289c8d4f81208b70270398c342296970a0bccb74c736fc7554494bf6356fbf3ca366cc23e8157854c13c58d6aac23f046ada30f8353e74f33039872ab";
const ID: &str = "BwcHBwcHBwcHBwcHBwcHB4SdZMpeYg12";
const KEY: &str = "0c92cdb0fd024419a4572bc79426e6ff2f7c9a5d56080c6525bf51046e5e4c4e";
const TEXT: &str = "floorpass proof 1\nPOST\n/orders?x=1\n1800000000000\nAAECAwQFBgcICQoLDA0ODw\nraelGam1yN7Dxz1jI7fcCEm9dBo85NAdC-ZtNUl4ss8";
const CODE: &str = "td89Uyzl2FaA-ib7vdjM-xoz73kjPR9-5tp83C6HF4I";

fn hex(text: &str) -> Vec<u8> {
    HEXLOWER.decode(text.as_bytes()).unwrap()
}

fn owner(person: u8) -> Owner {
    Owner {
        person: PersonId([person; 16]),
        accounts: Arc::new([PaperAccountId::new(u32::from(person)).unwrap()]),
        browser: PublicKey::new(&hex(BROWSER)).unwrap(),
    }
}

fn id(number: u8) -> KeyId {
    KeyId { session: SESSION, number: [number; 8] }
}

/// Keeps a key of 32 times the same byte under the id of that number.
fn keep(keys: &SessionKeys, number: u8, now: Time) {
    keys.keep(id(number), owner(1), Secret::new(vec![number; 32]), now);
}

fn counts(keys: &SessionKeys, number: u8, now: Time) -> bool {
    let code = code(&Secret::new(vec![number; 32]), "text").unwrap();
    let checked = keys.check(id(number), "text", &code, now);
    assert!(matches!(
        checked,
        Ok(_)
            | Err(Refusal::Session(SessionRefusal::KeyProofWrong {
                reason: ProofFault::SessionKey
            }))
    ));
    checked.is_ok()
}

#[test]
fn key_and_code_are_those_of_web_crypto() {
    let (browser, server) = (hex(BROWSER), hex(SERVER));
    let id = KeyId::of(SESSION, &server);
    assert_eq!(BASE64URL_NOPAD.encode(&id.bytes()), ID);
    assert_eq!(KeyId::read(ID), Some(id));
    let key = expand(&hex(SHARED), &id, &browser, &server).unwrap();
    assert_eq!(HEXLOWER.encode(key.expose()), KEY);
    assert_eq!(BASE64URL_NOPAD.encode(&code(&key, TEXT).unwrap()), CODE);
    // Each of them counts.
    let other = KeyId::of(SessionId([8; 16]), &server);
    for (id, browser, server) in
        [(other, &browser, &server), (id, &server, &server), (id, &browser, &browser)]
    {
        let another = expand(&hex(SHARED), &id, browser, server).unwrap();
        assert_ne!(another.expose(), key.expose());
    }
}

#[test]
fn point_that_is_on_no_curve_derives_nothing() {
    let mut off = hex(SERVER);
    *off.last_mut().unwrap() ^= 1;
    for theirs in [off, hex(SERVER).split_off(1), Vec::new(), vec![4; 65]] {
        let mine = clock::key_pair().unwrap();
        assert!(agree(mine, &theirs, |shared| Some(Secret::new(shared.to_vec()))).is_none());
    }
}

#[test]
fn code_counts_under_its_own_key_for_its_own_text_alone() {
    let keys = SessionKeys::default();
    keep(&keys, 1, NOW);
    keep(&keys, 2, NOW);
    let right = code(&Secret::new(vec![1; 32]), "text").unwrap();
    assert_eq!(keys.check(id(1), "text", &right, NOW), Ok(owner(1).browser));
    let mut turned = right;
    *turned.last_mut().unwrap() ^= 1;
    let elsewhere = KeyId { session: SessionId([8; 16]), ..id(1) };
    for (id, text, code) in [
        (id(1), "text ", &right[..]),
        (id(1), "", &right[..]),
        (id(2), "text", &right[..]),
        (id(3), "text", &right[..]),
        (elsewhere, "text", &right[..]),
        (id(1), "text", &turned[..]),
        (id(1), "text", right.split_last().unwrap().1),
        (id(1), "text", &[right.as_slice(), &[0]].concat()),
        (id(1), "text", &[]),
    ] {
        assert_eq!(
            keys.check(id, text, code, NOW),
            Err(Refusal::Session(SessionRefusal::KeyProofWrong { reason: ProofFault::SessionKey })),
            "{id:?}"
        );
    }
    for garbage in
        ["", "B", ID.split_at(31).0, &format!("{ID}AA"), "????????????????????????????????"]
    {
        assert_eq!(KeyId::read(garbage), None, "{garbage}");
    }
}

#[test]
fn earlier_key_counts_until_ten_seconds_after_the_first_use_of_a_later_one() {
    let keys = SessionKeys::default();
    keep(&keys, 1, NOW);
    assert!(counts(&keys, 1, NOW));
    keep(&keys, 2, NOW);
    // Its answer may be lost on the way: the first goes on.
    let later = NOW + Span::minutes(5);
    assert!(counts(&keys, 1, later) && counts(&keys, 2, later));
    let last = later + UNDER_WAY - Span(1);
    assert!(counts(&keys, 1, last));
    assert!(counts(&keys, 2, last), "a use of the earlier one does not end the later one");
    assert!(!counts(&keys, 1, later + UNDER_WAY) && counts(&keys, 2, later + UNDER_WAY));
    keys.sweep(later + UNDER_WAY);
    assert_eq!(keys.all().get(&SESSION).map(Vec::len), Some(1));
}

#[test]
fn key_that_is_not_used_and_the_earliest_of_too_many_go() {
    let keys = SessionKeys::default();
    for number in 0..=4 {
        keep(&keys, number, NOW);
    }
    assert!(!counts(&keys, 0, NOW) && counts(&keys, 1, NOW));
    let end = NOW + IDLE;
    assert!(counts(&keys, 4, end - Span(1)));
    assert!(!counts(&keys, 3, end));
    assert!(counts(&keys, 4, end + IDLE - Span::minutes(2)), "a use puts it off");
    keys.sweep(end + IDLE);
    assert!(!keys.all().is_empty(), "used a minute ago");
    keys.sweep(end + IDLE + IDLE);
    assert!(keys.all().is_empty());
}

#[test]
fn keys_go_with_their_session_and_with_their_owner() {
    let keys = SessionKeys::default();
    keep(&keys, 1, NOW);
    let other = KeyId { session: SessionId([8; 16]), number: [1; 8] };
    keys.keep(other, owner(2), Secret::new(vec![1; 32]), NOW);
    keys.forget(SESSION);
    assert!(!counts(&keys, 1, NOW) && keys.all().len() == 1);
    keep(&keys, 1, NOW);
    keys.forget_of(|owner| owner.person == PersonId([2; 16]));
    assert!(counts(&keys, 1, NOW) && keys.all().len() == 1);
}
