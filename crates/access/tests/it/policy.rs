//! Policies: tempo, assurance, networks, the window, and one brokerage session.

use access::decision::Command;
use access::device::{self, DeviceRole};
use access::entitlements::Act;
use access::link::Purpose;
use access::moment::Span;
use access::policy::{self, Assurance, Needs, NewNetwork, OwnLimits, Policy, Tempo};
use access::refusal::{AuthorityRefusal, SessionRefusal};
use access::session::Interface;
use access::sign_in::SignedIn;
use access::stay::Stay;
use access::window::{self, OPEN, Window};
use access::{Answer, By, Call, Event, Refusal, SessionId, Source, Time};
use access::{brokerage, network, notice, session, step_up};

use crate::desk::{Desk, browser};
use crate::device::sign_in;

fn wish(desk: &Desk, tempo: Tempo) -> Policy {
    Policy { tempo, ..Policy::standard(desk.person(), Interface::Portal) }
}

fn set(policy: Policy) -> Command {
    let Policy { interface, tempo, own, new_network, needs, .. } = policy;
    Command::Policy(policy::Command::Set { interface, tempo, own, new_network, needs })
}

fn from(address: &str) -> Source {
    Source { address: address.parse().ok(), ..browser(None) }
}

fn prove(desk: &mut Desk, session: SessionId, source: Source) -> Result<Answer, Refusal> {
    // A code counts once.
    desk.wait(Span::seconds(60));
    let (proof, code) = (desk.proof(true), desk.code());
    let command = Command::StepUp(step_up::Command::Password { proof, code });
    desk.call(&Call { by: By::Session(session), source, command })
}

fn one(desk: &Desk, session: SessionId) -> access::session::Session {
    desk.slice.session(session).unwrap().clone()
}

fn why_not(desk: &Desk, session: SessionId, act: Act) -> Option<Refusal> {
    let given = desk
        .slice
        .session_entitlements(&one(desk, session), crate::desk::account(), false)
        .unwrap();
    (!given.acts.contains(act)).then(|| given.why_not(act))
}

/// A person whose window opens two days from now and a week later, and so on.
fn with_window(desk: &mut Desk, by: By) -> Time {
    let first = desk.now + Span::days(2);
    let openings: Vec<_> = (0..5).map(|week| first + Span::days(7 * week)).collect();
    let window = Window::new(6, 600, "Europe/Berlin").ok();
    desk.slice.openings.clone_from(&openings);
    let command = policy::Command::SetWindow { window, openings };
    desk.by(by, Command::Policy(command)).ok().unwrap();
    first
}

const OPERATOR: By = By::Operator { uid: 0 };

#[test]
fn without_a_choice_a_session_has_the_limits_that_it_always_had() {
    let mut desk = Desk::enrolled();
    let done = desk.signed_in();
    let session = one(&desk, done.session);
    assert_eq!(session.idle, Span::minutes(30));
    assert_eq!(session.until, session.started_at + Span::hours(12));
    assert_eq!((session.interface, session.assurance), (Interface::Portal, Assurance::Two));
    assert_eq!(why_not(&desk, done.session, Act::PlaceOrder), None);
    let link = desk.link(Purpose::SignIn);
    let by_link = desk.open(&link).unwrap().session;
    assert_eq!(one(&desk, by_link).assurance, Assurance::One);
    for act in [Act::PlaceOrder, Act::ManageCredentials, Act::ManagePolicy] {
        assert_eq!(why_not(&desk, by_link, act), None, "{act}");
    }
}

#[test]
fn policy_is_changed_by_a_session_that_was_proven_lately_and_told() {
    // ASVS 7.5.1
    let mut desk = Desk::enrolled();
    let session = desk.signed_in().session;
    desk.wait(Span::minutes(16));
    let command = set(wish(&desk, Tempo::Active));
    let refused = desk.by(By::Session(session), command).err().unwrap();
    assert_eq!(refused.code(), "PROOF_TOO_OLD");
    prove(&mut desk, session, browser(None)).ok().unwrap();
    let command = set(wish(&desk, Tempo::Active));
    desk.by(By::Session(session), command).ok().unwrap();
    assert_eq!(desk.slice.policy(Interface::Portal).tempo, Tempo::Active);
    let told = desk.events.iter().any(|event| {
        matches!(event, Event::Notice(notice::Event::Queued(one)) if one.topic == notice::Topic::PolicyChanged)
    });
    assert!(told);
    assert!(desk.events.iter().any(|event| event.kind() == "policy.set"));
    for interface in [Interface::Socket, Interface::Operator] {
        let command = set(Policy { interface, ..wish(&desk, Tempo::Active) });
        assert_eq!(desk.by(OPERATOR, command).err().unwrap().code(), "NOT_FOUND");
    }
}

#[test]
fn unbound_session_narrows_a_policy_and_widens_none() {
    let mut desk = Desk::enrolled();
    let session = desk.signed_in().session;
    let command = set(wish(&desk, Tempo::Adviser));
    desk.by(OPERATOR, command).ok().unwrap();
    for one in &mut desk.slice.sessions {
        one.key = None;
    }
    let fresh = Source { fresh: true, key: None, ..browser(None) };
    let ask = |desk: &mut Desk, command| {
        desk.call(&Call { by: By::Session(session), source: fresh.clone(), command })
    };
    for tempo in [Tempo::Active, Tempo::Unattended] {
        let command = set(wish(&desk, tempo));
        assert_eq!(
            ask(&mut desk, command).err(),
            Some(Refusal::Session(SessionRefusal::PolicyUnbound)),
            "{tempo}"
        );
    }
    for (idle, absolute) in [(Some(61), None), (None, Some(25))] {
        let command = typed(idle.map(Span::minutes), absolute.map(Span::hours));
        assert_eq!(
            ask(&mut desk, command).err(),
            Some(Refusal::Session(SessionRefusal::PolicyUnbound))
        );
    }
    let window = Window::new(6, 600, "UTC").ok();
    let openings = vec![desk.now + Span::days(1)];
    let command = Command::Policy(policy::Command::SetWindow { window, openings });
    assert_eq!(
        ask(&mut desk, command).err(),
        Some(Refusal::Session(SessionRefusal::PolicyUnbound))
    );
    let command = set(wish(&desk, Tempo::Occasional));
    ask(&mut desk, command).ok().unwrap();
}

#[test]
fn assurance_that_a_policy_asks_for_counts_at_once_and_a_proof_gives_it() {
    // ASVS 7.1.1
    let mut desk = Desk::enrolled();
    let link = desk.link(Purpose::SignIn);
    let session = desk.open(&link).unwrap().session;
    let standard = wish(&desk, Tempo::Occasional);
    let needs = Needs { trade: Assurance::Two, ..standard.needs };
    desk.by(OPERATOR, set(Policy { needs, ..standard })).ok().unwrap();
    let refused = why_not(&desk, session, Act::PlaceOrder).unwrap();
    let (have, needed) = (Assurance::One, Assurance::Two);
    assert_eq!(
        refused,
        Refusal::Authority(AuthorityRefusal::AssuranceLow { act: Act::PlaceOrder, have, needed })
    );
    assert!(refused.caller_text().contains("with your password and a code"), "{refused}");
    for act in [Act::CancelOrder, Act::ViewAccount, Act::ManageDevices, Act::Lock] {
        assert_eq!(why_not(&desk, session, act), None, "{act}");
    }
    prove(&mut desk, session, browser(None)).ok().unwrap();
    assert_eq!(why_not(&desk, session, Act::PlaceOrder), None);
    let needs = Needs { trade: Assurance::Resistant, ..standard.needs };
    desk.by(OPERATOR, set(Policy { needs, ..standard })).ok().unwrap();
    let refused = why_not(&desk, session, Act::PlaceOrder).unwrap();
    assert!(refused.caller_text().contains("with a passkey"), "{refused}");
}

#[test]
fn reason_that_is_told_is_the_one_that_took_the_act() {
    let mut desk = Desk::enrolled();
    let link = desk.link(Purpose::SignIn);
    let done = desk.open(&link).unwrap();
    let set_role = device::Command::SetRole { device: done.device, role: DeviceRole::Trade };
    desk.system(Command::Device(set_role)).ok().unwrap();
    let standard = wish(&desk, Tempo::Occasional);
    let needs = Needs { trade: Assurance::Two, ..standard.needs };
    desk.by(OPERATOR, set(Policy { needs, ..standard })).ok().unwrap();
    let code = |act| why_not(&desk, done.session, act).unwrap().code();
    assert_eq!(code(Act::PlaceOrder), "ASSURANCE_LOW");
    assert_eq!(code(Act::ManageCredentials), "DEVICE_ROLE");
}

#[test]
fn session_at_another_network_looks_and_cancels_until_it_is_proven_there() {
    let mut desk = Desk::enrolled();
    let session = desk.signed_in().session;
    let rename = |desk: &mut Desk, address: &str| {
        let name = "x".to_owned();
        let device = desk.slice.devices[0].id;
        let command = Command::Device(device::Command::Rename { device, name });
        desk.call(&Call { by: By::Session(session), source: from(address), command }).err()
    };
    assert_eq!(rename(&mut desk, "192.0.2.200"), None, "the same network");
    let act = Act::ManageDevices;
    assert_eq!(
        rename(&mut desk, "198.51.100.7"),
        Some(Refusal::Authority(AuthorityRefusal::NetworkUnproven { act }))
    );
    let end = Command::Session(session::Command::EndOthers);
    let away = from("198.51.100.7");
    let call = Call { by: By::Session(session), source: away.clone(), command: end };
    desk.call(&call).ok().unwrap();
    prove(&mut desk, session, away).ok().unwrap();
    assert_eq!(rename(&mut desk, "198.51.100.9"), None);
    assert_eq!(rename(&mut desk, "192.0.2.7"), None, "both are proven now");
    assert_eq!(
        rename(&mut desk, "203.0.113.1"),
        Some(Refusal::Authority(AuthorityRefusal::NetworkUnproven { act }))
    );
    let standard = wish(&desk, Tempo::Occasional);
    let look = Policy { new_network: NewNetwork::Look, ..standard };
    desk.by(OPERATOR, set(look)).ok().unwrap();
    prove(&mut desk, session, from("203.0.113.1")).ok().unwrap();
    assert_eq!(
        rename(&mut desk, "203.0.113.1"),
        Some(Refusal::Authority(AuthorityRefusal::NetworkLooks { act }))
    );
    let keep = Policy { new_network: NewNetwork::Keep, ..standard };
    desk.by(OPERATOR, set(keep)).ok().unwrap();
    assert_eq!(rename(&mut desk, "203.0.113.1"), None);
}

#[test]
fn network_of_a_session_is_on_record_once_and_many_of_them_are_bounded() {
    let mut desk = Desk::enrolled();
    let session = desk.signed_in().session;
    let moved =
        |desk: &Desk| desk.events.iter().filter(|event| event.kind() == "session.moved").count();
    for number in [7, 9, 7, 200] {
        let address = format!("198.51.100.{number}").parse().unwrap();
        let seen = network::Command::Seen { session, address };
        desk.system(Command::Network(seen)).ok().unwrap();
        assert_eq!(moved(&desk), 1);
    }
    for number in 0..40 {
        let address = format!("203.0.{number}.1").parse().unwrap();
        desk.system(Command::Network(network::Command::Seen { session, address })).ok().unwrap();
    }
    let kept = one(&desk, session);
    assert_eq!(kept.networks.len(), 8);
    assert!(!kept.is_elsewhere("192.0.2.7".parse().unwrap()), "where it began stays");
}

#[test]
fn active_session_lasts_until_the_last_window_within_its_ceiling() {
    let mut desk = Desk::enrolled();
    let first = with_window(&mut desk, OPERATOR);
    desk.by(OPERATOR, set(wish(&Desk::enrolled(), Tempo::Active))).ok().unwrap();
    let plain = desk.signed_in_by_code();
    let session = one(&desk, plain.session);
    assert_eq!(session.until, session.started_at + Span::hours(12), "not confirmed");
    let again = desk_kept(&mut desk).session;
    let kept = one(&desk, again);
    // Two days and nine days ahead; the second ends past the ceiling of nine days.
    assert_eq!((kept.until, kept.idle), (first + OPEN, Span::days(3)));
    assert!(kept.is_windowed());
}

/// Signed in again on a browser that is confirmed already.
fn desk_kept(desk: &mut Desk) -> SignedIn {
    let link = desk.link(Purpose::SignIn);
    desk.open(&link).unwrap()
}

#[test]
fn proof_renews_from_a_day_before_the_window_and_not_earlier() {
    let mut desk = Desk::enrolled();
    let first = with_window(&mut desk, OPERATOR);
    desk.by(OPERATOR, set(wish(&Desk::enrolled(), Tempo::Active))).ok().unwrap();
    let session = desk_kept(&mut desk).session;
    prove(&mut desk, session, browser(None)).ok().unwrap();
    assert_eq!(one(&desk, session).until, first + OPEN);
    desk.now = first - window::AHEAD + Span::minutes(1);
    let announce = || Command::Window(window::Command::Announce { session });
    let renewals = |desk: &Desk| {
        let is = |event: &&Event| matches!(event, Event::Notice(notice::Event::Queued(one)) if one.topic == notice::Topic::Renewal);
        desk.events.iter().filter(is).count()
    };
    for _ in 0..3 {
        desk.system(announce()).ok().unwrap();
        assert_eq!(renewals(&desk), 1, "told once");
    }
    prove(&mut desk, session, browser(None)).ok().unwrap();
    assert_eq!(one(&desk, session).until, first + Span::days(7) + OPEN);
    assert!(!one(&desk, session).announced);
    desk.system(announce()).ok().unwrap();
    assert_eq!(renewals(&desk), 1, "a week ahead there is nothing to say");
}

#[test]
fn proof_on_a_lent_computer_or_after_a_recovery_prolongs_nothing() {
    let mut desk = Desk::enrolled();
    with_window(&mut desk, OPERATOR);
    desk.by(OPERATOR, set(wish(&Desk::enrolled(), Tempo::Active))).ok().unwrap();
    let token = desk.signed_in().device_token.unwrap();
    let lent = sign_in(&mut desk, Some(&token), &browser(None), Stay::Lent).session;
    let held = desk_kept(&mut desk).session;
    for (session, recovered) in [(lent, false), (held, true)] {
        let until = desk.now + Span::hours(1);
        let kept = desk.slice.sessions.iter_mut().find(|one| one.id == session).unwrap();
        kept.held_until = recovered.then_some(until);
        kept.until = kept.until.min(until);
        let before = one(&desk, session).until;
        prove(&mut desk, session, browser(None)).ok().unwrap();
        assert_eq!(one(&desk, session).until, before, "recovered: {recovered}");
    }
}

#[test]
fn act_that_manages_takes_what_administering_takes() {
    let needs = Needs {
        administer: Assurance::Resistant,
        ..wish(&Desk::enrolled(), Tempo::Occasional).needs
    };
    for act in [
        Act::ManageCredentials,
        Act::ManageDevices,
        Act::ManageAuthenticators,
        Act::ManageContact,
        Act::ManagePolicy,
        Act::ManageRecovery,
    ] {
        assert_eq!(needs.of(act), Assurance::Resistant, "{act:?}");
        assert!(!needs.acts(Assurance::Two).contains(act), "{act:?}");
    }
}

#[test]
fn shorter_limit_counts_at_once_and_a_longer_one_from_the_next_proof() {
    // ASVS 7.3.1, 7.3.2
    let mut desk = Desk::enrolled();
    let first = with_window(&mut desk, OPERATOR);
    let session = desk_kept(&mut desk).session;
    let began = one(&desk, session).started_at;
    desk.by(OPERATOR, set(wish(&Desk::enrolled(), Tempo::Active))).ok().unwrap();
    assert_eq!(one(&desk, session).until, began + Span::hours(12));
    prove(&mut desk, session, browser(None)).ok().unwrap();
    assert_eq!(one(&desk, session).until, first + OPEN);
    let proven = one(&desk, session).proven_at;
    desk.by(OPERATOR, set(wish(&Desk::enrolled(), Tempo::Occasional))).ok().unwrap();
    let now = one(&desk, session);
    assert_eq!((now.idle, now.until), (Span::minutes(30), proven + Span::hours(12)));
}

#[test]
fn unattended_session_looks_and_says_why() {
    let mut desk = Desk::enrolled();
    let session = desk.signed_in().session;
    desk.by(OPERATOR, set(wish(&Desk::enrolled(), Tempo::Unattended))).ok().unwrap();
    assert_eq!(why_not(&desk, session, Act::ViewAccount), None);
    let why = why_not(&desk, session, Act::PlaceOrder).unwrap();
    assert_eq!(why.code(), "SESSION_UNATTENDED");
}

#[test]
fn one_brokerage_session_trades_and_another_takes_over() {
    let mut desk = Desk::enrolled();
    let (first, second) = (desk.signed_in(), desk.signed_in());
    let on = |on| Command::Brokerage(brokerage::Command::Set { on });
    let take = || Command::Brokerage(brokerage::Command::TakeOver);
    assert_eq!(desk.by(By::Session(second.session), take()).err().unwrap().code(), "NOT_FOUND");
    desk.by(By::Session(first.session), on(true)).ok().unwrap();
    let act = Act::PlaceOrder;
    assert_eq!(why_not(&desk, first.session, act), None);
    let held = why_not(&desk, second.session, act).unwrap();
    assert!(held.caller_text().contains("Firefox on Linux has been trading since"), "{held}");
    assert_eq!(why_not(&desk, second.session, Act::CancelOrder), None);
    assert_eq!(why_not(&desk, second.session, Act::ManageCredentials), None);
    desk.by(By::Session(second.session), take()).ok().unwrap();
    assert_eq!(why_not(&desk, second.session, act), None);
    assert_eq!(why_not(&desk, first.session, act).unwrap().code(), "BROKERAGE_HELD");
    assert!(desk.slice.session(first.session).is_some(), "it is not signed out");
    // A view-only device never competes: it takes nothing over and is told its own reason.
    let third = desk.signed_in();
    let role = DeviceRole::View;
    let narrow = device::Command::SetRole { device: third.device, role };
    desk.system(Command::Device(narrow)).ok().unwrap();
    assert_eq!(why_not(&desk, third.session, act).unwrap().code(), "DEVICE_ROLE");
    let refused = desk.by(By::Session(third.session), take()).err().unwrap();
    assert_eq!(refused.code(), "DEVICE_ROLE");
    // The holder ends: the session that began first trades, without a prompt.
    let end = session::Command::End { session: second.session };
    desk.system(Command::Session(end)).ok().unwrap();
    assert_eq!(why_not(&desk, first.session, act), None);
    let fourth = desk.signed_in();
    assert_eq!(why_not(&desk, fourth.session, act).unwrap().code(), "BROKERAGE_HELD");
    desk.by(By::Session(fourth.session), on(false)).ok().unwrap();
    assert_eq!(why_not(&desk, fourth.session, act), None);
}

#[test]
fn browser_that_signs_in_again_keeps_what_its_session_held() {
    let mut desk = Desk::enrolled();
    let first = desk.signed_in();
    let other = desk.signed_in();
    let on = Command::Brokerage(brokerage::Command::Set { on: true });
    desk.by(By::Session(other.session), on).ok().unwrap();
    let token = other.device_token.as_ref().unwrap();
    desk.wait(Span::seconds(60));
    let attempt = desk.at_totp(Some(token));
    let code = desk.code();
    let Ok(Answer::SignedIn(again)) = desk.totp(Some(token), &attempt, code) else {
        panic!("another step")
    };
    assert!(desk.slice.session(other.session).is_none());
    assert_eq!(why_not(&desk, again.session, Act::PlaceOrder), None);
    assert!(why_not(&desk, first.session, Act::PlaceOrder).is_some());
}

fn typed(idle: Option<Span>, absolute: Option<Span>) -> Command {
    let own = OwnLimits { idle, absolute };
    set(Policy { own, ..wish(&Desk::enrolled(), Tempo::Occasional) })
}

#[test]
fn limit_that_is_typed_stands_over_the_tempos_and_is_told() {
    let mut desk = Desk::enrolled();
    let session = desk_kept(&mut desk).session;
    let (idle, absolute) = (Span::minutes(45), Span::hours(10));
    desk.by(By::Session(session), typed(Some(idle), Some(absolute))).ok().unwrap();
    let one = |desk: &mut Desk| {
        let session = desk_kept(desk).session;
        let kept = desk.slice.session(session).unwrap();
        (kept.idle, kept.until.since(kept.started_at))
    };
    assert_eq!(one(&mut desk), (idle, absolute));
    let said = |event: &Event| matches!(event, Event::Notice(notice::Event::Queued(one)) if one.text.contains("ends after 45 minutes idle, 10 hours in total"));
    assert!(desk.events.iter().any(said));
    desk.by(OPERATOR, typed(Some(idle), None)).ok().unwrap();
    assert_eq!(one(&mut desk), (idle, Span::hours(12)), "the tempo fills in the other");
}

#[test]
fn limit_out_of_its_bounds_is_refused_with_the_number_and_the_bounds() {
    let mut desk = Desk::enrolled();
    let by = |limit: Span, minutes| Some(Span(limit.0 + Span::minutes(minutes).0));
    let (shortest, longest) = OwnLimits::IDLE;
    let (least, most) = OwnLimits::ABSOLUTE;
    for (idle, absolute) in
        [(Some(shortest), Some(least)), (Some(longest), Some(most)), (None, None)]
    {
        desk.by(OPERATOR, typed(idle, absolute)).ok().unwrap();
    }
    for (idle, absolute, said) in [
        (by(shortest, -1), None, "the idle time is 4 minutes; use 5 minutes to 7 days"),
        (by(longest, 1), None, "is 10081 minutes; use 5 minutes to 7 days"),
        (Some(Span(-5)), None, "is 0 minutes"),
        (None, by(least, -1), "the total time is 59 minutes; use 1 hour to 30 days"),
        (None, by(most, 60), "is 721 hours; use 1 hour to 30 days"),
    ] {
        let refused = desk.by(OPERATOR, typed(idle, absolute)).err().unwrap();
        assert_eq!(refused.code(), "OUT_OF_RANGE");
        assert!(refused.to_string().contains(said), "{refused}");
    }
}

#[test]
fn limit_that_is_typed_narrows_at_once_and_widens_from_a_proof_on() {
    // ASVS 7.3.1, 7.3.2
    let mut desk = Desk::enrolled();
    let session = desk_kept(&mut desk).session;
    let limits = |desk: &Desk| {
        let kept = one(desk, session);
        (kept.idle, kept.until.since(kept.started_at))
    };
    let wide = (Some(Span::hours(2)), Some(Span::hours(20)));
    desk.by(OPERATOR, typed(wide.0, wide.1)).ok().unwrap();
    assert_eq!(limits(&desk), (Span::minutes(30), Span::hours(12)));
    prove(&mut desk, session, browser(None)).ok().unwrap();
    assert_eq!(limits(&desk), (Span::hours(2), Span::hours(20)));
    desk.wait(Span::hours(1));
    prove(&mut desk, session, browser(None)).ok().unwrap();
    assert_eq!(limits(&desk), (Span::hours(2), Span::hours(20)), "counted from its beginning");
    let proven = one(&desk, session).proven_at;
    desk.by(OPERATOR, typed(Some(Span::minutes(5)), Some(Span::hours(1)))).ok().unwrap();
    let kept = one(&desk, session);
    assert_eq!((kept.idle, kept.until), (Span::minutes(5), proven + Span::hours(1)));
}

#[test]
fn session_that_earns_no_more_has_a_typed_limit_only_where_it_is_shorter() {
    let mut desk = Desk::enrolled();
    let unconfirmed = desk.signed_in_by_code();
    let limits = |desk: &Desk, bound| {
        let device = unconfirmed.device;
        let (idle, until) =
            desk.slice.lasts(desk.now, Interface::Portal, device, bound, Stay::Usual);
        (idle, until.since(desk.now))
    };
    desk.by(OPERATOR, typed(Some(Span::days(7)), Some(Span::days(30)))).ok().unwrap();
    assert_eq!(limits(&desk, true), (Span::minutes(30), Span::hours(12)));
    assert_eq!(limits(&desk, false), (Span::minutes(15), Span::hours(12)));
    desk.by(OPERATOR, typed(Some(Span::minutes(5)), Some(Span::hours(2)))).ok().unwrap();
    for bound in [true, false] {
        assert_eq!(limits(&desk, bound), (Span::minutes(5), Span::hours(2)));
    }
}

#[test]
fn session_that_was_to_stay_outlives_a_change_and_no_typed_limit() {
    let mut desk = Desk::enrolled();
    let token = desk.signed_in().device_token.unwrap();
    let session = sign_in(&mut desk, Some(&token), &browser(None), Stay::Long).session;
    let standard = wish(&desk, Tempo::Occasional);
    desk.by(OPERATOR, set(Policy { new_network: NewNetwork::Look, ..standard })).ok().unwrap();
    assert_eq!(one(&desk, session).idle, Span::hours(12), "the change does not touch its limits");
    desk.by(OPERATOR, typed(Some(Span::minutes(20)), None)).ok().unwrap();
    assert_eq!(one(&desk, session).idle, Span::minutes(20));
    let again = sign_in(&mut desk, Some(&token), &browser(None), Stay::Long).session;
    assert_eq!(one(&desk, again).idle, Span::minutes(20), "a typed limit is what it says");
}

#[test]
fn limit_of_days_ends_with_the_last_window_within_it() {
    let mut desk = Desk::enrolled();
    desk.by(OPERATOR, typed(None, Some(Span::days(5)))).ok().unwrap();
    let plain = desk_kept(&mut desk).session;
    let kept = one(&desk, plain);
    assert_eq!(kept.until, kept.started_at + Span::days(5), "no window");
    let first = with_window(&mut desk, OPERATOR);
    let windowed = desk_kept(&mut desk).session;
    assert_eq!(one(&desk, windowed).until, first + OPEN);
    // Of less than a day: nothing to wait for a window with.
    desk.by(OPERATOR, typed(None, Some(Span::hours(24)))).ok().unwrap();
    let short = desk_kept(&mut desk).session;
    let kept = one(&desk, short);
    assert_eq!(kept.until, kept.started_at + Span::hours(24));
}
