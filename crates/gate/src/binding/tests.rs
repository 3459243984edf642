//! Proofs by keys: what is signed, for how long, and how often it counts.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]
use super::hardware::CHALLENGE_WINDOW;
use super::proof::LONGEST;
use super::seen::REMEMBERED;
use super::*;
use access::refusal::SessionRefusal;
use access::{SealKey, Span, Time};
use serde_json::json;

fn ask<'a>(proof: &'a str, method: &'a str, target: &'a str, body: &'a [u8]) -> SignedRequest<'a> {
    SignedRequest { proof, method, target, body }
}

/// Where no session has a key of its own.
fn check(request: &SignedRequest<'_>, wall: Time) -> Result<Shown, Refusal> {
    super::check(request, &SessionKeys::default(), (wall, wall))
}

const NOW: Time = Time::from_seconds(1_800_000_000);

fn fault(result: Result<Shown, Refusal>) -> ProofFault {
    match result {
        Err(Refusal::Session(SessionRefusal::KeyProofWrong { reason })) => reason,
        other => panic!("{other:?}"),
    }
}

#[test]
fn proof_is_of_one_method_target_body_and_minute() {
    let signer = BrowserKey::generate().unwrap();
    let proof = signer.proof("POST", "/orders?x=1", b"side=buy", NOW).unwrap();
    let good = ask(&proof, "POST", "/orders?x=1", b"side=buy");
    assert_eq!(check(&good, NOW).unwrap().key.bytes(), signer.public().bytes());
    for other in [
        ask(&proof, "GET", "/orders?x=1", b"side=buy"),
        ask(&proof, "POST", "/orders?x=2", b"side=buy"),
        ask(&proof, "POST", "/orders?x=1", b"side=sell"),
    ] {
        assert_eq!(fault(check(&other, NOW)), ProofFault::Signature);
    }
    for (shift, counts) in [(-61, false), (-60, true), (60, true), (61, false)] {
        let checked = check(&good, NOW + Span::seconds(shift));
        assert_eq!(checked.is_ok(), counts, "{shift}");
        if !counts {
            let now = NOW + Span::seconds(shift);
            assert_eq!(fault(checked), ProofFault::Time { now });
        }
    }
}

#[test]
fn proof_that_cannot_be_read_is_malformed() {
    let good = BrowserKey::generate().unwrap().proof("GET", "/", b"", NOW).unwrap();
    let long = "t=".repeat(LONGEST);
    for bad in ["", "t=1", "t=x,n=,k=,s=", long.as_str(), &good[2..], &format!("{good},x=1")] {
        assert_eq!(fault(check(&ask(bad, "GET", "/", b""), NOW)), ProofFault::Malformed, "{bad}");
    }
    // A key of a session that nobody knows, and ids that are none.
    let (head, rest) = good.split_once("k=").unwrap();
    let (_, signature) = rest.split_once(",s=").unwrap();
    for (id, reason) in [
        ("A".repeat(32), ProofFault::SessionKey),
        ("A".repeat(31), ProofFault::Malformed),
        (String::new(), ProofFault::Malformed),
    ] {
        let other = format!("{head}h={id},s={signature}");
        assert_eq!(fault(check(&ask(&other, "GET", "/", b""), NOW)), reason, "{other}");
    }
    let both = good.replacen(",s=", ",h=A,s=", 1);
    assert_eq!(fault(check(&ask(&both, "GET", "/", b""), NOW)), ProofFault::Malformed);
    // Another first byte of the key: no uncompressed point.
    let other = good.replacen("k=B", "k=C", 1);
    assert_eq!(fault(check(&ask(&other, "GET", "/", b""), NOW)), ProofFault::Malformed);
}

#[test]
fn proof_shown_twice_counts_once_whatever_came_between() {
    let signer = BrowserKey::generate().unwrap();
    let mut seen = Seen::default();
    let first = signer.shown(NOW).unwrap();
    assert_eq!(seen.take(&first), Ok(()));
    assert_eq!(seen.take(&first), Err(wrong(ProofFault::Replayed)));
    for count in 0..REMEMBERED + 10 {
        let mut other = first;
        other.at = NOW + Span::milliseconds(i64::try_from(count).unwrap() + 1);
        other.nonce[..8].copy_from_slice(&count.to_be_bytes());
        other.wall = other.at;
        assert_eq!(seen.take(&other), Ok(()), "{count}");
    }
    assert!(seen.proofs.len() <= REMEMBERED);
    assert_eq!(seen.take(&first), Err(wrong(ProofFault::Replayed)), "forgotten by number");
}

/// A clock a little ahead, or one proof from ahead, is not a reason to refuse those of now.
#[test]
fn proofs_dated_ahead_shut_nothing_out_and_still_count_once() {
    let signer = BrowserKey::generate().unwrap();
    let proof = |number: usize, at: Time| {
        let mut shown = signer.shown(at).unwrap();
        shown.nonce[..8].copy_from_slice(&number.to_be_bytes());
        shown
    };
    let take = |seen: &mut Seen, shown: &Shown, wall| seen.take(&Shown { wall, ..*shown });
    let mut seen = Seen::default();
    let ahead = proof(0, NOW + Span::seconds(59));
    assert_eq!(take(&mut seen, &ahead, NOW), Ok(()));
    for count in 1..2 * REMEMBERED {
        let at = NOW + Span::milliseconds(i64::try_from(count).unwrap());
        assert_eq!(take(&mut seen, &proof(count, at), at), Ok(()), "{count}");
    }
    let later = NOW + Span::seconds(30);
    assert_eq!(take(&mut seen, &ahead, later), Err(wrong(ProofFault::Replayed)));
    // More of them ahead than are remembered: none is forgotten while it could be shown again.
    let mut seen = Seen::default();
    let all: Vec<_> = (0..REMEMBERED).map(|one| proof(one, NOW + Span::seconds(50))).collect();
    assert!(all.iter().all(|one| take(&mut seen, one, NOW).is_ok()));
    let one_more = proof(9_000, NOW + Span::seconds(50));
    assert_eq!(take(&mut seen, &one_more, NOW), Err(wrong(ProofFault::Time { now: NOW })));
    let of_now = proof(9_001, NOW);
    assert_eq!(take(&mut seen, &of_now, NOW), Ok(()), "a right clock goes on");
    for again in all.iter().chain([&of_now]) {
        assert_eq!(take(&mut seen, again, NOW), Err(wrong(ProofFault::Replayed)));
    }
    assert!(seen.proofs.len() <= REMEMBERED);
}

#[test]
fn proofs_are_judged_by_the_clock_as_it_is_and_counted_once_also_when_it_is_set_back() {
    let signer = BrowserKey::generate().unwrap();
    let mut seen = Seen::default();
    let ahead = signer.shown(NOW + Span::hours(2)).unwrap();
    assert_eq!(seen.take(&ahead), Ok(()));
    for count in 0..REMEMBERED + 10 {
        let mut other = ahead;
        other.nonce[..8].copy_from_slice(&count.to_be_bytes());
        other.at = ahead.at + Span::milliseconds(i64::try_from(count).unwrap() + 1);
        other.wall = other.at;
        assert_eq!(seen.take(&other), Ok(()), "{count}");
    }
    // Set back by two hours: a right browser is let in at once, and what was shown stays known.
    let right = signer.shown(NOW).unwrap();
    assert_eq!(seen.take(&right), Ok(()));
    assert_eq!(seen.take(&right), Err(wrong(ProofFault::Replayed)));
    let (stamp, wall) = (NOW + Span::hours(4), NOW + Span::seconds(30));
    assert!(seen.is_needed(stamp, wall), "stamps run on, and the proof would still be taken");
    assert!(!seen.is_needed(stamp, NOW + Span::hours(3)));
}

#[test]
fn hardware_cookie_is_of_one_session_address_and_time() {
    let (secret, session) = (SealKey::new([1; 32]), SessionId([2; 16]));
    let (here, there) = ("192.0.2.1".parse().unwrap(), "192.0.2.2".parse().unwrap());
    let until = NOW + HARDWARE_WINDOW;
    let given = cookie(&secret, session, here, until);
    let good = |secret: &SealKey, session, address, given: &str, now| {
        is_cookie_of(secret, session, address, given, now)
    };
    assert!(good(&secret, session, here, &given, NOW));
    assert!(good(&secret, session, "::ffff:192.0.2.1".parse().unwrap(), &given, NOW));
    assert!(!good(&secret, session, here, &given, until));
    assert!(!good(&secret, session, there, &given, NOW));
    assert!(!good(&secret, SessionId([3; 16]), here, &given, NOW));
    assert!(!good(&SealKey::new([9; 32]), session, here, &given, NOW));
    let later = format!("{}{}", until.0 + 1, &given[given.find('-').unwrap()..]);
    assert!(!good(&secret, session, here, &later, NOW));
    assert!(!good(&secret, session, here, "garbage", NOW));
}

#[test]
fn answer_by_hardware_is_of_its_key_and_challenge() {
    let (secret, session, signer) =
        (SealKey::new([1; 32]), SessionId([2; 16]), BrowserKey::generate().unwrap());
    let given = challenge(&secret, session, NOW);
    let first = signer.hardware_answer(&given, true).unwrap();
    let (key, signed) = open_answer(&first, None).unwrap();
    assert_eq!((key, &signed), (signer.public(), &given));
    let later = signer.hardware_answer(&given, false).unwrap();
    assert!(open_answer(&later, Some(key)).is_ok());
    assert!(open_answer(&later, None).is_err(), "no key at all");
    let other = Some(BrowserKey::generate().unwrap().public());
    assert!(open_answer(&later, other).is_err(), "another key");
    let unsigned = signer.jws(&json!({ "alg": "none" }), &json!({ "jti": given })).unwrap();
    assert!(open_answer(&unsigned, Some(key)).is_err());
    assert_eq!(challenged_at(&secret, session, &given, NOW), Some(NOW));
    assert_eq!(challenged_at(&secret, SessionId([3; 16]), &given, NOW), None);
    let late = NOW + CHALLENGE_WINDOW + Span(1);
    assert_eq!(challenged_at(&secret, session, &given, late), None);
}
