//! Sessions and devices: limits, ends, lists.

use access::binding::ProofFault;
use access::device::Standing;
use access::refusal::SessionRefusal;
use access::{Refusal, Span};
use gate::{ActivityFilter, Actor, BrowserKey, Shows};

use crate::place::{AWAY, HOME, KEY, OPERATOR, Place, browser, done, from, open, shows, text};

#[tokio::test]
async fn session_idle_for_half_an_hour_is_over_and_a_use_slides_it() {
    let place = Place::new().await;
    let (ticket, signed_in) = place.by_link().await;
    assert_eq!(ticket.idle_until, place.gate.now() + Span::minutes(30));
    place.pass(Span::minutes(29));
    place.ticket(&signed_in);
    place.pass(Span::minutes(29));
    place.ticket(&signed_in);
    place.pass(Span::minutes(30));
    let over =
        place.gate.sessions().by_token(text(&signed_in.session_token), HOME, shows()).unwrap_err();
    assert!(over.caller_text().contains("it was idle for too long"), "{over}");
}

#[tokio::test]
async fn what_a_browser_does_by_itself_does_not_slide_the_idle_limit() {
    let place = Place::new().await;
    let (ticket, signed_in) = place.by_link().await;
    let token = text(&signed_in.session_token);
    for _ in 0..3 {
        place.pass(Span::minutes(9));
        let seen = place.gate.sessions().by_token_unused(token, AWAY, shows()).unwrap();
        assert_eq!((seen.session, seen.idle_until), (ticket.session, ticket.idle_until));
    }
    let listed = place.gate.sessions().list(None).await.unwrap();
    assert_eq!((listed[0].last_use, listed[0].address), (ticket.since, Some(HOME)));
    place.pass(Span::minutes(3));
    let over = place.gate.sessions().by_token_unused(token, HOME, shows()).unwrap_err();
    assert!(over.caller_text().contains("it was idle for too long"), "{over}");
}

#[tokio::test]
async fn session_that_ended_before_a_restart_is_told_why_for_an_hour() {
    let place = Place::new().await;
    let (own, live) = place.by_link().await;
    let (ticket, ended) = place.by_link().await;
    place.gate.sessions().end(&OPERATOR, ticket.session).await.unwrap();
    let at = place.gate.now();
    place.gate.close().await.unwrap();
    let Place { gate, clock, folder, .. } = place;
    drop(gate);
    clock.set(at + Span::minutes(29));
    let gate = open(folder.path(), &clock).await;
    let why = Refusal::Session(SessionRefusal::SessionEnded {
        at,
        reason: access::session::SessionEnd::EndedByOperator,
    });
    assert_eq!(
        gate.sessions().by_token(text(&ended.session_token), HOME, shows()).unwrap_err(),
        why
    );
    assert_eq!(
        gate.sessions().by_token(text(&live.session_token), HOME, shows()).unwrap().session,
        own.session
    );
    // Its cookie is on record, as one of a session that ended since is.
    gate.close().await.unwrap();
    drop(gate);
    let gate = open(folder.path(), &clock).await;
    let filter = ActivityFilter { refused_only: true, limit: 50, ..ActivityFilter::default() };
    let page = gate.activity().page(&OPERATOR, &filter, None).await.unwrap();
    assert_eq!(page.entries[0].holder, Some(access::Holder::Session(ticket.session)));
    drop(gate);
    clock.set(at + Span::hours(1));
    let gate = open(folder.path(), &clock).await;
    assert_eq!(
        gate.sessions().by_token(text(&ended.session_token), HOME, shows()).unwrap_err(),
        Refusal::Session(SessionRefusal::NotSignedIn)
    );
}

#[tokio::test]
async fn session_older_than_twelve_hours_is_over_however_it_is_used() {
    let place = Place::new().await;
    let (_, signed_in) = place.by_link().await;
    for _ in 0..35 {
        place.pass(Span::minutes(20));
        place.ticket(&signed_in);
    }
    place.pass(Span::minutes(20));
    let over =
        place.gate.sessions().by_token(text(&signed_in.session_token), HOME, shows()).unwrap_err();
    assert!(over.caller_text().contains("maximum length"), "{over}");
}

#[tokio::test]
async fn cookie_that_is_broken_or_unknown_is_not_signed_in() {
    let place = Place::new().await;
    let (_, signed_in) = place.by_link().await;
    let token = text(&signed_in.session_token);
    for bad in ["", "x", &token[1..], &token.to_uppercase(), &format!("{token}0"), "\u{0}\u{ffff}"]
    {
        assert_eq!(
            place.gate.sessions().by_token(bad, HOME, shows()).unwrap_err(),
            Refusal::Session(SessionRefusal::NotSignedIn),
            "{bad:?}"
        );
    }
}

#[tokio::test]
async fn session_ended_by_another_is_refused_at_once_and_its_subscription_told() {
    let place = Place::new().await;
    let (first, _) = place.by_link().await;
    let (second, cookie) = place.by_link().await;
    let admission = place.gate.sessions().admit(&second).unwrap();
    let mut inbox = place.gate.orders().subscribe(&admission);
    let listed = place.gate.sessions().list(Some(first.person)).await.unwrap();
    assert_eq!(listed.len(), 2);
    let mut names: Vec<_> = listed.iter().map(|one| one.device_name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["Firefox on Linux", "Firefox on Linux (2)"]);
    place.gate.sessions().end(&Actor::Session(first.clone()), second.session).await.unwrap();
    let over =
        place.gate.sessions().by_token(text(&cookie.session_token), HOME, shows()).unwrap_err();
    assert_eq!(over.code(), "SESSION_ENDED");
    assert!(!admission.is_current());
    let gate::Delivery::Ended(reason) = inbox.recv().await else { panic!("not told") };
    assert_eq!(reason, over);
    assert_eq!(place.gate.sessions().list(None).await.unwrap().len(), 1);
}

#[tokio::test]
async fn cookie_of_a_session_that_ended_is_on_record_once_with_a_count() {
    let place = Place::new().await;
    let (ticket, cookie) = place.by_link().await;
    place.gate.sessions().end(&OPERATOR, ticket.session).await.unwrap();
    for _ in 0..7 {
        assert!(
            place.gate.sessions().by_token(text(&cookie.session_token), AWAY, shows()).is_err()
        );
    }
    place.pass(Span::seconds(2));
    let filter = ActivityFilter { refused_only: true, limit: 50, ..ActivityFilter::default() };
    let recorded = async {
        loop {
            let page = place.gate.activity().page(&OPERATOR, &filter, None).await.unwrap();
            if let Some(entry) = page.entries.into_iter().next() {
                break entry;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    let entry = tokio::time::timeout(std::time::Duration::from_secs(20), recorded).await.unwrap();
    assert_eq!((entry.code.as_deref(), entry.count), (Some("SESSION_ENDED"), 7));
    assert_eq!(entry.source, AWAY.to_string());
    assert_eq!(entry.holder, Some(access::Holder::Session(ticket.session)));
}

#[tokio::test]
async fn all_other_sessions_end_and_the_one_that_asks_stays() {
    let place = Place::new().await;
    let (own, cookie) = place.by_link().await;
    for _ in 0..3 {
        place.by_link().await;
    }
    assert_eq!(place.gate.sessions().end_others(&own).await, Ok(3));
    place.ticket(&cookie);
    place.gate.sessions().sign_out(&own).await.unwrap();
    let over =
        place.gate.sessions().by_token(text(&cookie.session_token), HOME, shows()).unwrap_err();
    assert!(over.caller_text().contains("signed out"), "{over}");
    let again = place.gate.sessions().sign_out(&own).await;
    assert!(again.is_err(), "a ticket of a session that is over does nothing");
}

#[tokio::test]
async fn device_renamed_is_listed_and_removed_ends_its_sessions_and_its_trust() {
    let place = Place::new().await;
    let (own, _) = place.by_link().await;
    let (other, cookie) = place.by_link().await;
    let actor = Actor::Session(own.clone());
    place.gate.devices().rename(&actor, other.device, "Kitchen <b>").await.unwrap();
    let devices = place.gate.devices().list(Some(own.person)).await.unwrap();
    let renamed = devices.iter().find(|one| one.device.id == other.device).unwrap();
    assert_eq!(renamed.device.name.as_str(), "Kitchen <b>");
    assert_eq!((renamed.standing, renamed.sessions), (Standing::Trusted, 1));
    let bad = place.gate.devices().rename(&actor, other.device, "a\nb").await.unwrap_err();
    assert_eq!(bad.code(), "NAME_HIDDEN");

    place.gate.devices().remove(&actor, other.device).await.unwrap();
    assert!(place.gate.sessions().by_token(text(&cookie.session_token), HOME, shows()).is_err());
    let forgotten = from(AWAY, cookie.device_token.as_ref());
    let step =
        place.gate.sign_ins().password("trader", place.password(), &forgotten).await.unwrap();
    let attempt = crate::place::totp(step);
    let step = place.gate.sign_ins().totp(&attempt, &place.code().await, &forgotten).await.unwrap();
    crate::place::activation(step);
}

#[tokio::test]
async fn operator_ends_any_session_by_id() {
    let place = Place::new().await;
    let (ticket, cookie) = place.by_link().await;
    place.gate.sessions().end(&OPERATOR, ticket.session).await.unwrap();
    let over =
        place.gate.sessions().by_token(text(&cookie.session_token), HOME, shows()).unwrap_err();
    assert!(over.caller_text().contains("ended by the operator"), "{over}");
    let again = place.gate.sessions().end(&OPERATOR, ticket.session).await;
    assert_eq!(again, Err(Refusal::not_found("session")));
}

#[tokio::test]
async fn commands_of_one_person_at_once_are_all_done() {
    let place = Place::new().await;
    // All of them change one slice, so most commits meet a conflict first.
    let mut waiting = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let link = place.gate.demo().link().await.unwrap();
        let step = place.gate.sign_ins().by_link(&link.token, &browser(None)).await.unwrap();
        let signed_in = done(step);
        let gate = place.gate.clone();
        let ticket = place.ticket(&signed_in);
        waiting.spawn(async move {
            let name = format!("Browser {}", ticket.device);
            gate.devices().rename(&Actor::Session(ticket.clone()), ticket.device, &name).await
        });
    }
    for renamed in waiting.join_all().await {
        renamed.expect("a conflict is decided again, not told");
    }
}

#[tokio::test]
async fn operator_plans_and_ends_travel_and_says_that_a_browser_is_an_older_one_again() {
    let place = Place::new().await;
    let (ticket, _) = place.by_link().await;
    let (person, none) = place.gate.travels().of("trader").await.unwrap();
    assert!(person == ticket.person && none.is_none());
    let now = place.gate.now();
    let dates = (now, now + Span::days(3));
    place.gate.travels().plan(&OPERATOR, person, dates, "Lisbon", None).await.unwrap();
    let plan = place.gate.travels().own(&ticket).await.unwrap().unwrap();
    assert_eq!((plan.place.as_str(), plan.until), ("Lisbon", dates.1));
    place.gate.travels().end(&OPERATOR, person).await.unwrap();
    assert!(place.gate.travels().of("trader").await.unwrap().1.is_none());
    let over = place.gate.travels().end(&OPERATOR, person).await.unwrap_err();
    assert_eq!(over.code(), "NOT_FOUND");
    assert_eq!(place.gate.travels().of("nobody").await.unwrap_err().code(), "NOT_FOUND");
    let stranger = access::PersonId([9; 16]);
    let actor = Actor::Session(ticket.clone());
    let not_theirs = place.gate.travels().plan(&actor, stranger, dates, "Lisbon", None).await;
    assert_eq!(not_theirs, Err(Refusal::not_found("planned travel")));

    place.pass(Span::minutes(1));
    let (used, its) = place.by_link().await;
    place.pass(Span::minutes(1));
    let (new, _) = place.by_link().await;
    let offered =
        |older: Vec<access::device::Device>| -> Vec<_> { older.iter().map(|one| one.id).collect() };
    let older = place.gate.devices().predecessors(&new).await.unwrap();
    assert_eq!(offered(older), [used.device, ticket.device]);
    // One whose session was used since is in use.
    place.pass(Span::seconds(1));
    place.ticket(&its);
    let older = place.gate.devices().predecessors(&new).await.unwrap();
    assert_eq!(offered(older), [ticket.device]);
    let again = Some(new.device);
    let refused = place.gate.devices().succeed(&OPERATOR, used.device, again).await;
    assert_eq!(refused.unwrap_err().code(), "NOT_FOUND");
    let old = ticket.device;
    place.gate.devices().succeed(&OPERATOR, old, again).await.unwrap();
    let devices = place.gate.devices().list(None).await.unwrap();
    assert_eq!(devices.len(), 2);
    assert_eq!(devices[0].device.id, used.device, "it was seen last");
    assert_eq!(devices[0].device.last_seen_at, place.gate.now());
    assert_eq!((devices[1].device.id, devices[1].device.succeeds), (new.device, Some(old)));
    // On record as the operator's.
    let filter = ActivityFilter { limit: 50, ..ActivityFilter::default() };
    let page = place.gate.activity().page(&OPERATOR, &filter, None).await.unwrap();
    let by: Vec<_> = page.entries.iter().map(|one| format!("{one:?}")).collect();
    assert!(by.iter().any(|one| one.contains("travel")), "{by:?}");
}

/// What was shown is remembered in memory alone, so nothing counts that was signed before the start.
#[tokio::test]
async fn proof_and_challenge_from_before_a_restart_count_no_more_and_nobody_is_signed_out() {
    let place = Place::new().await;
    let (_, signed_in) = place.by_link().await;
    let token = text(&signed_in.session_token).to_owned();
    place.pass(Span::seconds(1));
    let visit = |gate: &gate::Gate, proof: &str, hardware: Option<&str>| {
        let request = gate::SignedRequest { proof, method: "GET", target: "/", body: b"" };
        let key = Some(gate.sessions().shown(&request)?);
        gate.sessions().by_token(&token, HOME, Shows { key, hardware })
    };
    let sign = |at| KEY.proof("GET", "/", b"", at).unwrap();
    let (now, ahead) = (place.gate.now(), Span::seconds(60));
    let old: Vec<_> = [now - Span::seconds(59), now, now + ahead].into_iter().map(sign).collect();
    for one in &old {
        visit(&place.gate, one, None).unwrap();
    }
    let hardware = BrowserKey::generate().unwrap();
    let (_, challenge) = place.gate.sessions().hardware_challenge(&token).unwrap();
    let answer = hardware.hardware_answer(&challenge, true).unwrap();
    place.gate.sessions().bind_hardware(&token, &answer, HOME).await.unwrap();
    place.gate.close().await.unwrap();
    let Place { gate, clock, folder, .. } = place;
    drop(gate);
    clock.set(clock.wall() + Span::milliseconds(1));
    let gate = open(folder.path(), &clock).await;
    let proof = hardware.hardware_answer(&challenge, false).unwrap();
    let refused = gate.sessions().prove_hardware(&token, &proof, HOME).unwrap_err();
    assert!(matches!(
        refused,
        Refusal::Session(SessionRefusal::KeyProofWrong { reason: ProofFault::Time { .. } })
    ));
    let (_, challenge) = gate.sessions().hardware_challenge(&token).unwrap();
    let proof = hardware.hardware_answer(&challenge, false).unwrap();
    let cookie = gate.sessions().prove_hardware(&token, &proof, HOME).unwrap().cookie;
    for _ in 0..3 {
        for one in &old {
            let again = visit(&gate, one, Some(&cookie)).unwrap_err();
            let Refusal::Session(SessionRefusal::KeyProofWrong {
                reason: ProofFault::Time { now: told },
            }) = again
            else {
                panic!("{again}");
            };
            // A worker that signs again at the time it is told goes on; one refused for its age is
            // told the clock's, and then the other.
            let second = match visit(&gate, &sign(told), Some(&cookie)) {
                Err(Refusal::Session(SessionRefusal::KeyProofWrong {
                    reason: ProofFault::Time { now },
                })) => now,
                done => {
                    done.unwrap();
                    continue;
                }
            };
            visit(&gate, &sign(second), Some(&cookie)).unwrap();
        }
        clock.set(clock.wall() + Span::seconds(29));
    }
    visit(&gate, &sign(gate.now()), Some(&cookie)).unwrap();
    gate.close().await.unwrap();
}
