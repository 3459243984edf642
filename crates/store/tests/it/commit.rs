//! Decisions committed: what the tables hold afterwards is what the events say.

use access::approval::Say;
use access::authenticator::passkey::{Assertion, Passkey, Registration};
use access::authenticator::totp;
use access::binding::Beginner;
use access::call::{By, Call};
use access::credential::{Door, NewCredential};
use access::decision::{Answer, Command};
use access::device::DeviceRole;
use access::entitlements::{Limits, Rate, Scopes, Symbols};
use access::link::Purpose;
use access::lock::{Grade, LockTarget};
use access::moment::Span;
use access::refusal::{
    AccountRefusal, ApprovalRefusal, InputRefusal, SessionRefusal, SignInRefusal,
};
use access::secret::Secret;
use access::{
    AttemptId, PersonId, PublicKey, Refusal, SymbolId, approval, authenticator, credential, device,
    link, lock, recovery, session, sign_in, step_up,
};
use store::{CommitError, CredentialUse, Key, SessionUse, Store};

use crate::both_engines;
use crate::history::{ACCOUNT, History, browser, browser_key, copy, entries, text};
use crate::place::Place;

both_engines!(
    slice_after_every_event_is_the_one_in_memory,
    unknown_name_is_counted_like_a_known_one,
    concurrent_commits_on_one_person_conflict,
    concurrent_failures_of_one_unknown_name_conflict,
    concurrent_commits_of_many_make_one_chain,
    refusal_alone_conflicts_with_nothing,
    port_of_another_person_is_taken,
    last_use_is_kept,
    late_commit_has_both_times_and_is_found_again,
    attempt_of_an_older_version_counts_as_begun_without_a_key,
    name_that_an_older_version_took_is_read,
);

fn begun() -> Beginner {
    Beginner::of(&browser(None))
}

pub fn new_credential(name: &str, port: u16, history: &History) -> Command {
    credential_at(Door::Socket { port }, name, history)
}

pub fn credential_at(door: Door, name: &str, history: &History) -> Command {
    let scopes = Scopes {
        symbols: Symbols::only([SymbolId(265_598)]),
        rate: Some(Rate { per_second: 5, burst: 5 }),
        limits: Limits {
            max_quantity: Some(100),
            max_notional: Some("20000.50".parse().unwrap()),
            duplicate_window: Some(Span::seconds(3)),
            ..Limits::default()
        },
        ..Scopes::trading(history.now + Span::days(30))
    };
    let account = ACCOUNT.parse().unwrap();
    let new = NewCredential {
        name: name.to_owned(),
        accounts: vec![account],
        scopes,
        with_token: true,
        door,
        serves_api: true,
    };
    Command::Credential(credential::Command::Create(Box::new(new)))
}

/// A whole life: every event that there is, each compared by [`History::ask`].
async fn slice_after_every_event_is_the_one_in_memory(place: &Place) {
    let (mut history, seed) = History::enrolled(place).await;
    let (by, device) = sign_in_on_a_new_browser(&mut history, &seed).await;
    sign_in_again(&mut history, &seed, &device).await;
    let by = manage(&mut history, by).await;
    recover(&mut history, by, &device).await;
    let by = sign_in_again(&mut history, &seed, &device).await;
    approve(&mut history, by).await;
    let by = regain(&mut history, by).await;
    cut(&mut history, by).await;
    let replayed = history.verify().await;
    for head in history.store.evidence_heads().await.unwrap() {
        assert_eq!(replayed.ends[&head.shard].hash, head.hash);
    }
    assert!(replayed.entries() > 50, "{replayed:?}");
}

async fn sign_in_on_a_new_browser(history: &mut History, seed: &[u8]) -> (By, Secret) {
    let wrong = sign_in::Command::Password { proof: history.proof(false).await };
    let answer = history.visit(Key::Username("Ann"), None, wrong).await;
    assert_eq!(answer.err(), Some(Refusal::SignIn(SignInRefusal::SignInFailed)));
    let right = sign_in::Command::Password { proof: history.proof(true).await };
    let answer = history.visit(Key::Username(" ann "), None, right).await;
    let Ok(Answer::TotpNeeded { attempt }) = answer else { panic!("no TOTP step") };
    let code = Secret::from_text(totp::code(seed, totp::step(history.now)));
    let key = attempt.digest();
    let typed = sign_in::Command::Totp { attempt, code };
    let answer = history.visit(Key::Attempt(key), None, typed).await;
    let Ok(Answer::ActivationNeeded { attempt }) = answer else { panic!("no activation") };
    history.now = history.now + Span::minutes(1);
    let key = attempt.digest();
    let again = sign_in::Command::Resend { attempt: copy(&attempt) };
    assert!(history.visit(Key::Attempt(key), None, again).await.is_ok());
    let miss = sign_in::Command::Activate {
        attempt: copy(&attempt),
        code: Secret::from_text("000000".to_owned()),
    };
    let answer = history.visit(Key::Attempt(key), None, miss).await;
    assert_eq!(
        answer.err(),
        Some(Refusal::SignIn(SignInRefusal::ActivationWrong { tries_left: 4 }))
    );
    let code = history.activation_code().await;
    let hit = sign_in::Command::Activate { attempt, code };
    let answer = history.visit(Key::Attempt(key), None, hit).await;
    let Ok(Answer::SignedIn(done)) = answer else { panic!("not signed in") };
    (By::Session(done.session), done.device_token.unwrap())
}

/// The trusted browser needs no activation, and its older session is replaced.
async fn sign_in_again(history: &mut History, seed: &[u8], device: &Secret) -> By {
    history.now = history.now + Span::minutes(5);
    let right = sign_in::Command::Password { proof: history.proof(true).await };
    let answer = history.visit(Key::Username("ann"), Some(device), right).await;
    let Ok(Answer::TotpNeeded { attempt }) = answer else { panic!("no TOTP step") };
    let code = Secret::from_text(totp::code(seed, totp::step(history.now)));
    let key = attempt.digest();
    let typed = sign_in::Command::Totp { attempt, code };
    let answer = history.visit(Key::Attempt(key), Some(device), typed).await;
    let Ok(Answer::SignedIn(done)) = answer else { panic!("not signed in") };
    assert!(done.device_token.is_none());
    By::Session(done.session)
}

/// Recovery codes made, made again, and all used up.
async fn recover(history: &mut History, by: By, device: &Secret) {
    let make = || Command::Authenticator(authenticator::Command::MakeRecoveryCodes);
    history.by(by, make()).await.ok().unwrap();
    let Ok(Answer::RecoveryCodes { codes, .. }) = history.by(by, make()).await else {
        panic!("no codes")
    };
    for (used, code) in (1..).zip(&codes) {
        history.now = history.now + Span::minutes(1);
        let right = sign_in::Command::Password { proof: history.proof(true).await };
        let answer = history.visit(Key::Username("ann"), Some(device), right).await;
        let Ok(Answer::TotpNeeded { attempt }) = answer else { panic!("no second step") };
        for (code, signs_in) in [("AAAA", false), (&text(code), true)] {
            let typed = sign_in::Command::RecoveryCode {
                attempt: copy(&attempt),
                code: Secret::from_text(code.to_owned()),
            };
            let answer = history.visit(Key::Attempt(attempt.digest()), Some(device), typed).await;
            assert_eq!(matches!(answer, Ok(Answer::SignedIn(_))), signs_in, "{used}");
        }
        assert_eq!(history.slice().await.codes_left(), codes.len() - used);
    }
}

async fn manage(history: &mut History, old: By) -> By {
    let refused = history.by(old, Command::Session(session::Command::SignOut)).await;
    let code = refused.err().map(|why| why.code());
    assert_eq!(code, Some("NOT_SIGNED_IN"), "the first session was replaced");
    let slice = history.slice().await;
    let by = By::Session(slice.sessions[0].id);
    let role = DeviceRole::Administer;
    let device = slice.devices[0].id;
    let confirm = Command::Device(device::Command::SetRole { device, role });
    history.by_system(confirm).await.ok().unwrap();
    let handle = vec![9, 9, 9];
    let passkey = Passkey {
        handle: handle.clone(),
        data: "{}".to_owned(),
        model: "key".to_owned(),
        backed_up: false,
        counter: 1,
        suspect_at: None,
    };
    let registration = Registration { passkey, user_verified: true, began_at: history.now };
    let add = authenticator::Command::AddPasskey { registration, name: "Laptop".to_owned() };
    let answer = history.by(by, Command::Authenticator(add)).await;
    let Ok(Answer::AuthenticatorAdded { authenticator }) = answer else { panic!("no passkey") };
    let name = "Key \u{e9}".to_owned();
    let rename = authenticator::Command::Rename { authenticator, name };
    history.by(by, Command::Authenticator(rename)).await.ok().unwrap();
    let assertion = Assertion {
        handle: handle.clone(),
        user_verified: true,
        backed_up: true,
        counter: 2,
        data: Some("{\"n\":2}".to_owned()),
        began_at: history.now,
        begun: begun(),
    };
    let used = sign_in::Command::Passkey { outcome: Ok(assertion) };
    history.visit(Key::Passkey(&handle), None, used).await.ok().unwrap();
    // The same counter again: the passkey is suspect, and stays so.
    for _ in 0..2 {
        let assertion = Assertion {
            handle: handle.clone(),
            user_verified: true,
            backed_up: true,
            counter: 2,
            data: None,
            began_at: history.now,
            begun: begun(),
        };
        let copied = sign_in::Command::Passkey { outcome: Ok(assertion) };
        let refusal = history.visit(Key::Passkey(&handle), None, copied).await.err().unwrap();
        assert_eq!(refusal.code(), "PASSKEY_REFUSED");
    }
    let bot = new_credential("bot", 7497, history);
    history.by(by, bot).await.ok().unwrap();
    let taken = new_credential("bot", 7498, history);
    let answer = history.by(by, taken).await;
    assert!(matches!(answer, Err(Refusal::Input(InputRefusal::NameTaken { .. }))));
    let slice = history.slice().await;
    let revoke =
        credential::Command::Revoke { credential: slice.credentials[0].id, cancel_orders: true };
    history.by(by, Command::Credential(revoke)).await.ok().unwrap();
    let again = new_credential("bot", 7499, history);
    history.by(by, again).await.ok().unwrap();
    let id = slice.devices[0].id;
    let name = "Desk".to_owned();
    let rename = Command::Device(device::Command::Rename { device: id, name });
    history.by(by, rename).await.ok().unwrap();
    let others = Command::Session(session::Command::EndOthers);
    history.by(by, others).await.ok().unwrap();
    by
}

/// Keys, roles, a phone, and approvals that are answered, missed and used.
async fn approve(history: &mut History, by: By) {
    history.now = history.now + Span::minutes(3);
    let hardware = PublicKey::of_coordinates(&[5; 32], &[6; 32]).unwrap();
    let bind = Command::Session(session::Command::Bind { hardware });
    let late = history.by(by, bind).await;
    assert!(matches!(late, Err(Refusal::Session(SessionRefusal::BindingLate { .. }))));
    let issue = Command::Link(link::Command::Issue { purpose: Purpose::Phone });
    let Ok(Answer::Link { token, .. }) = history.by_system(issue).await else { panic!("no link") };
    let key = token.digest();
    let used = sign_in::Command::Link { token };
    let Ok(Answer::SignedIn(phone)) = history.visit(Key::Link(key), None, used).await else {
        panic!("no phone")
    };
    let phone_by = By::Session(phone.session);
    let bind = Command::Session(session::Command::Bind { hardware });
    history.by(phone_by, bind).await.ok().unwrap();
    let slice = history.slice().await;
    let number = device::phone_number(slice.device(phone.device).unwrap(), history.key());
    let confirm = device::Command::ConfirmPhone {
        device: phone.device,
        number: number.unwrap().unwrap(),
        instead: None,
    };
    history.by(by, Command::Device(confirm)).await.ok().unwrap();
    for say in [Say::Yes, Say::No] {
        let ask = Command::Approval(approval::Command::AskStepUp);
        let Ok(Answer::ApprovalAsked { approval }) = history.by(by, ask).await else {
            panic!("not asked")
        };
        let slice = history.slice().await;
        let number = slice.approval(approval).unwrap().open_number(history.key());
        let number = number.unwrap().unwrap();
        let signed_by = browser_key();
        for number in [Secret::from_text("00".to_owned()), number] {
            let answer = approval::Command::Answer { approval, say, number, signed_by };
            let answered = history.by(phone_by, Command::Approval(answer)).await;
            if let Err(refusal) = answered {
                // A no needs no number, and is given once.
                let missed = Refusal::Approval(ApprovalRefusal::NumberWrong { tries_left: 2 });
                assert_eq!(
                    refusal,
                    if say == Say::Yes {
                        missed
                    } else {
                        Refusal::Approval(ApprovalRefusal::ApprovalEnded)
                    }
                );
            }
        }
        let approved = Command::StepUp(step_up::Command::Approved);
        assert_eq!(history.by(by, approved).await.is_ok(), say == Say::Yes);
    }
}

/// A recovery that is stopped, one that waits and becomes a session, and the session that follows.
async fn regain(history: &mut History, by: By) -> By {
    let set = Command::Recovery(recovery::Command::Choose(recovery::RecoveryPolicy {
        wait: recovery::SHORTEST_WAIT,
        ..recovery::RecoveryPolicy::default()
    }));
    history.by_system(set).await.ok().unwrap();
    let mut held = by;
    for stops in [true, false] {
        let proof = history.proof(true).await;
        let call = |command| Call {
            by: By::Visitor,
            source: browser(None),
            command: Command::Recovery(command),
        };
        let begin = call(recovery::Command::Begin { proof });
        let Ok(Answer::RecoveryBegun(begun)) = history.ask(Key::Username("ann"), begin).await
        else {
            panic!("not begun")
        };
        let open = history.slice().await.open_recovery().unwrap().clone();
        assert_eq!(
            history.store.slice(Key::Recovery(open.stop)).await.unwrap().open_recovery(),
            Some(&open)
        );
        if stops {
            let token = history.stop_token().await.unwrap();
            let stop = call(recovery::Command::Stop { token: copy(&token) });
            history.ask(Key::Recovery(token.digest()), stop).await.ok().unwrap();
            continue;
        }
        assert!(history.store.recoveries_due(history.now).await.unwrap().is_empty());
        for _ in 0..2 {
            history.now = history.now + Span::hours(13);
            assert_eq!(history.store.recoveries_due(history.now).await.unwrap(), [history.person]);
            let tick = Command::Recovery(recovery::Command::Tick);
            history.by_system(tick).await.ok().unwrap();
        }
        let finish = call(recovery::Command::Finish { token: copy(&begun.token) });
        let key = Key::Recovery(begun.token.digest());
        let Ok(Answer::SignedIn(done)) = history.ask(key, finish).await else {
            panic!("no session")
        };
        held = By::Session(done.session);
    }
    assert_eq!(history.slice().await.recoveries.len(), 2);
    let long_after = history.now + Span::days(91);
    history.pruned = long_after;
    assert!(history.store.prune(long_after).await.unwrap() >= 2);
    assert!(history.slice().await.recoveries.is_empty());
    held
}

async fn cut(history: &mut History, by: By) {
    let slice = history.slice().await;
    let person = LockTarget::Person(history.person);
    let account = LockTarget::Account(ACCOUNT.parse().unwrap());
    let set = |target, grade| Command::Lock(lock::Command::Set { target, grade });
    history.by(by, set(account, Grade::ReduceOnly)).await.ok().unwrap();
    history.by(by, set(account, Grade::NoNew)).await.ok().unwrap();
    let issue = Command::Link(link::Command::Issue { purpose: Purpose::SignIn });
    history.by_system(issue).await.ok().unwrap();
    let answer = history.by(by, set(person, Grade::All)).await;
    let Ok(Answer::Locked(lock)) = answer else { panic!("no lock") };
    assert_eq!(lock.receipt.credentials.len(), 1);
    assert_eq!(lock.receipt.devices.len(), slice.devices.len());
    let slice = history.slice().await;
    assert_eq!(slice.sessions.len(), 1);
    assert_eq!(slice.sessions[0].receipt, Some(lock.id));
    assert!(slice.devices.is_empty() && slice.links.is_empty());
    for target in [person, account] {
        history.by_system(Command::Lock(lock::Command::Lift { target })).await.ok().unwrap();
    }
    for command in [authenticator::Command::ResetTotp, authenticator::Command::ResetPassword] {
        let answer = history.by_system(Command::Authenticator(command)).await;
        let Ok(Answer::Link { token, .. }) = answer else { panic!("no link") };
        let used = sign_in::Command::Link { token: copy(&token) };
        history.visit(Key::Link(token.digest()), None, used).await.ok().unwrap();
        let again = sign_in::Command::Link { token: copy(&token) };
        let answer = history.visit(Key::Link(token.digest()), None, again).await;
        assert_eq!(answer.err(), Some(Refusal::Session(SessionRefusal::LinkEnded)));
    }
    let slice = history.slice().await;
    let (first, second) = (slice.devices[0].id, slice.devices[1].id);
    history
        .by_system(Command::Device(device::Command::Block { device: first }))
        .await
        .ok()
        .unwrap();
    let remove = Command::Device(device::Command::Remove { device: second });
    history.by_system(remove).await.ok().unwrap();
    assert!(history.slice().await.sessions.is_empty());
}

async fn unknown_name_is_counted_like_a_known_one(place: &Place) {
    let mut history = History::enrolled(place).await.0;
    for failures in 1..=7 {
        history.now = history.now + Span::minutes(15);
        let mut refusals = Vec::new();
        for name in ["ann", "nobody", "no name \u{0}"] {
            let mut proof = history.proof(false).await;
            if name != "ann" {
                (proof.authenticator, proof.row_version) = (None, 0);
            }
            let wrong = sign_in::Command::Password { proof };
            refusals.push(history.visit(Key::Username(name), None, wrong).await.err());
        }
        assert!(
            refusals.iter().all(|one| *one == Some(Refusal::SignIn(SignInRefusal::SignInFailed))),
            "{refusals:?}"
        );
        let slice = history.slice().await;
        assert_eq!(slice.counters[0].failures, failures);
        for name in ["nobody", "NOBODY ", "no name \u{0}"] {
            let slice = history.store.slice(Key::Username(name)).await.unwrap();
            assert_eq!(slice.stranger.unwrap().failures, failures, "{name}");
        }
    }
    for name in ["ann", "nobody"] {
        let slice = history.store.slice(Key::Username(name)).await.unwrap();
        let proof =
            authenticator::PasswordCheck { authenticator: None, row_version: 0, right: false };
        let command = Command::SignIn(sign_in::Command::Password { proof });
        let call = Call { by: By::Visitor, source: browser(None), command };
        let refusal = history.decide(&slice, &call).answer.err().unwrap();
        assert!(
            matches!(refusal, Refusal::SignIn(SignInRefusal::Throttled { failures: 7, .. })),
            "{name} {refusal}"
        );
    }
    let long_after = history.now + Span::days(31);
    assert!(history.store.prune(long_after).await.unwrap() >= 2);
    let slice = history.store.slice(Key::Username("nobody")).await.unwrap();
    assert_eq!((slice.version, slice.stranger.unwrap().failures), (0, 0));
}

async fn concurrent_commits_on_one_person_conflict(place: &Place) {
    let mut history = History::enrolled(place).await.0;
    let slice = history.slice().await;
    let call = |port, name, history: &History| Call {
        by: By::System,
        source: browser(None),
        command: new_credential(name, port, history),
    };
    let (one, two) = (call(7497, "one", &history), call(7498, "two", &history));
    let (first, second) = (history.decide(&slice, &one), history.decide(&slice, &two));
    let before = entries(&history.store).await.len() as u64;
    let (done, other) =
        tokio::join!(history.commit(&slice, &one, &first), history.commit(&slice, &two, &second),);
    let conflicts =
        [&done, &other].iter().filter(|one| matches!(one, Err(CommitError::Conflict))).count();
    let commits = [&done, &other].iter().filter(|one| one.is_ok()).count();
    assert_eq!((conflicts, commits), (1, 1), "{done:?} {other:?}");
    let slice = history.slice().await;
    assert_eq!(slice.credentials.len(), 1);
    let after = history.verify().await;
    assert_eq!(after.entries(), before + 2, "the credential and its notice, once");
}

async fn concurrent_failures_of_one_unknown_name_conflict(place: &Place) {
    let mut history = History::begin(place).await;
    for round in 0..2 {
        let slice = history.store.slice(Key::Username("nobody")).await.unwrap();
        assert_eq!(slice.stranger.unwrap().failures, round);
        let proof =
            authenticator::PasswordCheck { authenticator: None, row_version: 0, right: false };
        let command = Command::SignIn(sign_in::Command::Password { proof });
        let call = Call { by: By::Visitor, source: browser(None), command };
        let decision = history.decide(&slice, &call);
        history.commit(&slice, &call, &decision).await.unwrap();
        let late = history.commit(&slice, &call, &decision).await;
        assert!(matches!(late, Err(CommitError::Conflict)), "{late:?}");
    }
}

async fn concurrent_commits_of_many_make_one_chain(place: &Place) {
    let mut history = History::begin(place).await;
    let mut waiting = tokio::task::JoinSet::new();
    for number in 0..32 {
        let name = format!("nobody {number}");
        let slice = history.store.slice(Key::Username(&name)).await.unwrap();
        let proof =
            authenticator::PasswordCheck { authenticator: None, row_version: 0, right: false };
        let command = Command::SignIn(sign_in::Command::Password { proof });
        let call = Call { by: By::Visitor, source: browser(None), command };
        let events = history.decide(&slice, &call).events;
        let (store, now) = (history.store.clone(), history.now);
        waiting.spawn(async move {
            store
                .commit((&slice, &slice.reads()), &events, By::Visitor, &call.source, now)
                .await
                .map(drop)
        });
    }
    while let Some(done) = waiting.join_next().await {
        done.unwrap().unwrap();
    }
    // Three of the person, and the refusal of each failure: its counter brings no entry.
    assert_eq!(history.verify().await.entries(), 3 + 32);
}

async fn refusal_alone_conflicts_with_nothing(place: &Place) {
    let mut history = History::enrolled(place).await.0;
    let stale = history.slice().await;
    let bot = new_credential("bot", 7497, &history);
    history.by_system(bot).await.ok().unwrap();
    let call = Call {
        by: By::Visitor,
        source: browser(None),
        command: Command::Session(session::Command::SignOut),
    };
    let decision = history.decide(&stale, &call);
    assert!(decision.beside_refusal().is_some_and(<[_]>::is_empty));
    history.commit(&stale, &call, &decision).await.unwrap();
    history.verify().await;
}

async fn late_commit_has_both_times_and_is_found_again(place: &Place) {
    let mut history = History::enrolled(place).await.0;
    let slice = history.slice().await;
    let target = LockTarget::Person(slice.person.as_ref().unwrap().id);
    let command = Command::Lock(lock::Command::Set { target, grade: Grade::NoNew });
    let call = Call { by: By::System, source: browser(None), command };
    let decision = history.decide(&slice, &call);
    let (since, now) = (history.now, history.now + Span::minutes(5));
    let store = &history.store;
    assert!(!store.has_evidence(&slice, &decision.events).await.unwrap());
    let (by, events) = (By::System, &decision.events);
    store.commit_late(&slice, events, by, "local", since, now).await.unwrap();
    assert!(store.has_evidence(&slice, events).await.unwrap());
    let entries = entries(store).await;
    let set = entries.iter().find(|one| one.kind == "lock.set").unwrap();
    assert_eq!((set.at, set.source.as_str()), (now, "local"));
    assert!(
        set.text.ends_with(&format!("(in effect since {since}, recorded later)")),
        "{}",
        set.text
    );
    assert!(set.event.contains(&format!("\"at\":{}", since.0)), "{}", set.event);
    assert_eq!(history.slice().await.locks[0].at, since);
    history.verify().await;
}

async fn port_of_another_person_is_taken(place: &Place) {
    let mut history = History::begin(place).await;
    let ann = new_credential("bot", 7497, &history);
    history.by_system(ann).await.ok().unwrap();
    let create = |account: &str| Call {
        by: By::System,
        source: browser(None),
        command: Command::Person(access::person::Command::Create {
            username: "bob".to_owned(),
            account: account.parse().unwrap(),
        }),
    };
    let account = ACCOUNT.parse().unwrap();
    let slice = history.store.slice_about(Key::Username("bob"), &[account]).await.unwrap();
    let decision = history.decide(&slice, &create(ACCOUNT));
    assert_eq!(
        decision.answer.err(),
        Some(Refusal::Account(AccountRefusal::AccountTaken { account }))
    );
    history.ask(Key::Username("bob"), create("DU0000002")).await.ok().unwrap();
    let slice = history.store.slice(Key::Username("bob")).await.unwrap();
    let Command::Credential(credential::Command::Create(mut new)) =
        new_credential("bot", 7497, &history)
    else {
        panic!("no credential")
    };
    new.accounts = vec!["DU0000002".parse().unwrap()];
    let command = Command::Credential(credential::Command::Create(new));
    let call = Call { by: By::System, source: browser(None), command };
    let decision = history.decide(&slice, &call);
    let taken = history.commit(&slice, &call, &decision).await;
    assert!(matches!(taken, Err(CommitError::PortTaken)), "{taken:?}");
    let ports = history.store.taken_ports(history.now).await.unwrap();
    assert_eq!(ports.len(), 1);
    assert_eq!(history.store.slices().await.unwrap().len(), 2);
}

async fn last_use_is_kept(place: &Place) {
    let mut history = History::begin(place).await;
    let issue = Command::Link(link::Command::Issue { purpose: Purpose::SignIn });
    let Ok(Answer::Link { token, .. }) = history.by_system(issue).await else { panic!("no link") };
    let used = sign_in::Command::Link { token: copy(&token) };
    let answer = history.visit(Key::Link(token.digest()), None, used).await;
    let Ok(Answer::SignedIn(done)) = answer else { panic!("not signed in") };
    let bot = new_credential("bot", 7497, &history);
    history.by_system(bot).await.ok().unwrap();
    let slice = history.slice().await;
    let address = "2001:db8::7".parse().unwrap();
    let at = history.now + Span::hours(1);
    let session = SessionUse { session: done.session, at, address: Some(address) };
    let last = credential::LastUse { at, address, client: "ib_\u{0}async".to_owned() };
    let mut used = CredentialUse { credential: slice.credentials[0].id, last };
    history.store.touch(&[session], std::slice::from_ref(&used)).await.unwrap();
    let seen = |slice: access::Slice| slice.device(done.device).unwrap().last_seen_at;
    assert_eq!(seen(history.slice().await), at, "the device was seen as its session was used");
    let late = SessionUse { at: history.now, ..session };
    history.store.touch(&[late, session], &[]).await.unwrap();
    assert_eq!(seen(history.slice().await), at, "and never earlier");
    used.last.client.retain(|letter| !letter.is_control());
    assert_eq!(history.store.session_uses(history.person).await.unwrap(), [session]);
    assert_eq!(history.store.credential_uses(history.person).await.unwrap(), [used]);
    let token = done.session_token.digest();
    assert_eq!(history.store.session_end(token).await.unwrap(), None);
    let by = By::Session(done.session);
    history.by(by, Command::Session(session::Command::SignOut)).await.ok().unwrap();
    let end = history.store.session_end(token).await.unwrap();
    assert_eq!(end.map(|end| end.1), Some(session::SessionEnd::SignedOut));
    assert!(history.store.session_uses(history.person).await.unwrap().is_empty());
}

/// What was begun before the upgrade has no key: it goes on without one, and becomes nobody's who has one.
async fn attempt_of_an_older_version_counts_as_begun_without_a_key(place: &Place) {
    sqlx::any::install_default_drivers();
    let pool = sqlx::AnyPool::connect(place.url()).await.unwrap();
    store::migration::up_to(14).run(&pool).await.unwrap();
    let (attempt, person) = (AttemptId([1; 16]), PersonId([2; 16]));
    let token = Secret::from_text("token".to_owned());
    for statement in [
        format!("INSERT INTO person VALUES ('{person}', 'ann', 1, 1)"),
        format!(
            "INSERT INTO attempt VALUES ('{attempt}', '{person}', '{}', '\"totp\"', 1, 9000, 'usual')",
            token.digest()
        ),
    ] {
        sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&pool).await.unwrap();
    }
    pool.close().await;
    let store = Store::open(place.url()).await.unwrap();
    let slice = store.slice(Key::Attempt(token.digest())).await.unwrap();
    let found = slice.attempts.iter().find(|one| one.id == attempt).unwrap();
    assert_eq!(found.begun, Beginner::default());
    assert!(!found.begun.is(&browser(None)), "a key that comes later takes nothing over");
    assert!(!found.begun.is_copied_by(&browser(None)), "and nobody is alarmed by the upgrade");
}

/// Rules for names get stricter; what is in a folder stays readable.
async fn name_that_an_older_version_took_is_read(place: &Place) {
    let (mut history, _) = History::enrolled(place).await;
    history.by_system(new_credential("bot", 7497, &history)).await.ok().unwrap();
    let pool = sqlx::AnyPool::connect(place.url()).await.unwrap();
    let name = "p\u{430}ypal\u{3164}";
    for table in ["authenticator", "credential"] {
        let statement = format!("UPDATE {table} SET name = '{name}'");
        sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&pool).await.unwrap();
    }
    let slice = history.store.slice_afresh(Key::Person(history.person)).await.unwrap();
    assert_eq!(slice.credentials[0].name.as_str(), name);
    assert!(slice.authenticators.iter().all(|one| one.name.as_str() == name));
    let text = serde_json::to_string(&slice.credentials[0].name).unwrap();
    assert_eq!(serde_json::from_str::<access::name::Name>(&text).unwrap().as_str(), name);
}
