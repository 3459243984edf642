//! Signing in: a state machine that says what is needed next.
//!
//! Password, then TOTP or a recovery code, then, on a browser that is not trusted, a one-time code,
//! then a session. A passkey that verified its user, or a link, is enough by itself. Between the
//! steps an attempt carries its state under the digest of a token in the browser's cookie; the
//! token changes with each step, so a step that is repeated or out of order finds nothing. An
//! unknown name gets the same answers as a known one.
//!
//! ```text
//!  password --wrong or unknown name--> counted, refused
//!     | right
//!     v                       code wrong: counted, at most until the throttle stops it
//!  Totp <---------------------------------------------------+
//!     |-- TOTP or recovery code --> trusted browser? --yes--+--> session
//!     |                                  | no               |
//!     |                                  v                  |
//!     |                             Activation -- code -----+    5 tries, 3 codes, 10 minutes each
//!     |                                  |                  |
//!     `--- yes of a phone ---------------+------------------+
//!
//!  passkey that verified its user, link --------------------+--> session, without an attempt
//!
//!  10 minutes, a no of the phone, 5 newer attempts, a lock of grade `all` --> dropped
//! ```

use crate::agent::{self, Agent};
use crate::approval::{self, Asker, Content, ContentKind, Term, Terms};
use crate::authenticator::passkey::{self, Assertion};
use crate::authenticator::recovery_code;
use crate::authenticator::totp::{self, CodeVerdict};
use crate::authenticator::{self, Kind as AuthenticatorKind, PasswordCheck, password};
use crate::binding::Beginner;
use crate::brokerage;
use crate::decision::{self, Answer, Decision, Ground};
use crate::device::{self, Approver, DeviceState};
use crate::draft::Draft;
use crate::id::{AttemptId, DeviceId, PersonId, SessionId};
use crate::link::{self, Purpose};
use crate::moment::Time;
use crate::network;
use crate::notice::{self, Subject, Topic};
use crate::person::Person;
use crate::policy::Assurance;
use crate::proof::{Proof, Used};
use crate::recovery::{held, signed_in};
use crate::refusal::{PasskeyFault, Refusal, SessionRefusal, SignInRefusal};
use crate::secret::{Digest, Secret};
use crate::session::{self, Interface, Seen, Session, SessionEnd};
use crate::slice::Slice;
use crate::stay::Stay;
use crate::throttle::{self, Factor, Place};
use crate::token::{self, Kind};
use crate::typed;

mod attempt;
mod copied;
pub(crate) mod event;
mod record;
mod trust;

pub(crate) use attempt::{check_open, drop_attempt, fail, may_enter};
pub(crate) use copied::rekeyed;
use copied::{elsewhere, tell_copy};
pub use event::{Command, Event};
use record::MOST_ATTEMPTS;
pub use record::{
    ATTEMPT_LIFE, Activation, Attempt, CODE_LIFE, CODE_TRIES, CODES_SENT, RESEND_WAIT, SignedIn,
    Step,
};
use trust::{Browser, add_device, key, known_device, offered_phone, trust, trusted_browser};

type Decided = Result<Decision, Refusal>;

pub(crate) fn decide(slice: &Slice, ground: &Ground<'_>, command: &Command) -> Decided {
    // No step goes on elsewhere than where it was begun, whatever it is.
    if let Some(token) = command.attempt() {
        let attempt = find(slice, ground, token)?;
        if !attempt.begun.is(ground.source) {
            return Ok(elsewhere(ground, attempt));
        }
    }
    match command {
        Command::Password { proof } => with_password(slice, ground, proof),
        Command::Totp { attempt, code } => with_totp(slice, ground, attempt, code),
        Command::RecoveryCode { attempt, code } => with_recovery_code(slice, ground, attempt, code),
        Command::Activate { attempt, code } => activate(slice, ground, attempt, code),
        Command::Resend { attempt } => resend(slice, ground, attempt),
        Command::AskApproval { attempt } => ask_approval(slice, ground, attempt),
        Command::Approved { attempt } => approved(slice, ground, attempt),
        Command::Look { .. } => Ok(Decision::new(Vec::new(), Answer::Done)),
        Command::Passkey { outcome } => with_passkey(slice, ground, outcome.as_ref()),
        Command::Link { token } => with_link(slice, ground, token),
    }
}

fn with_password(slice: &Slice, ground: &Ground<'_>, proof: &PasswordCheck) -> Decided {
    let now = ground.moment.now;
    let place = throttle::place(slice, ground.source, now);
    throttle::check(slice, Factor::Password, place, now)?;
    password::is_current(slice, proof)?;
    let (Some(person), Some(one), true) = (&slice.person, slice.password(), proof.right) else {
        return Ok(fail(
            slice,
            ground,
            Factor::Password,
            place,
            Refusal::SignIn(SignInRefusal::SignInFailed),
        ));
    };
    check_open(slice, ground)?;
    if slice.totp().is_none() && slice.codes_left() == 0 {
        return Err(Refusal::SignIn(SignInRefusal::SecondFactorMissing));
    }
    let mut events = Vec::new();
    let mut standing: Vec<_> = slice.attempts.iter().collect();
    standing.sort_by_key(|attempt| std::cmp::Reverse(attempt.started_at));
    for (place, attempt) in standing.into_iter().enumerate() {
        if attempt.until <= now || place + 1 >= MOST_ATTEMPTS {
            events.extend(drop_attempt(slice, attempt));
        }
    }
    events.push(authenticator::Event::PasswordUsed { authenticator: one.id, at: now }.into());
    let token = token::issue(Kind::Attempt, ground.moment);
    let attempt = Attempt {
        id: AttemptId(ground.moment.draw("attempt")),
        person: person.id,
        token: token.digest(),
        step: Step::Totp,
        started_at: now,
        until: now + ATTEMPT_LIFE,
        stay: ground.source.stay,
        begun: Beginner::of(ground.source),
    };
    events.push(Event::Started(attempt).into());
    Ok(Decision::new(events, Answer::TotpNeeded { attempt: token }))
}

/// The attempt of this token, if it is not over.
fn find<'s>(
    slice: &'s Slice,
    ground: &Ground<'_>,
    token: &Secret,
) -> Result<&'s Attempt, SignInRefusal> {
    let live = |attempt: &&Attempt| attempt.token.is_of(token) && ground.moment.now < attempt.until;
    slice.attempts.iter().find(live).ok_or(SignInRefusal::AttemptEnded)
}

fn with_totp(slice: &Slice, ground: &Ground<'_>, token: &Secret, typed: &Secret) -> Decided {
    let now = ground.moment.now;
    let attempt = find(slice, ground, token)?;
    if attempt.step != Step::Totp {
        return Err(Refusal::SignIn(SignInRefusal::AttemptEnded));
    }
    let place = throttle::place(slice, ground.source, now);
    check_open(slice, ground)?;
    let mut draft = Draft::of(slice);
    match use_totp(&mut draft, ground, place, (typed, Some(attempt.id)))? {
        Ok(used) => both_right(draft, ground, attempt, used),
        Err(refused) => Ok(refused),
    }
}

fn with_recovery_code(
    slice: &Slice,
    ground: &Ground<'_>,
    token: &Secret,
    typed: &Secret,
) -> Decided {
    let now = ground.moment.now;
    let attempt = find(slice, ground, token)?;
    if attempt.step != Step::Totp {
        return Err(Refusal::SignIn(SignInRefusal::AttemptEnded));
    }
    let place = throttle::place(slice, ground.source, now);
    throttle::check(slice, Factor::RecoveryCode, place, now)?;
    check_open(slice, ground)?;
    let typed = recovery_code::read(typed).ok_or(SignInRefusal::RecoveryCodeMalformed)?;
    let Some(code) = recovery_code::find(slice, &typed) else {
        return Ok(fail(
            slice,
            ground,
            Factor::RecoveryCode,
            place,
            Refusal::SignIn(SignInRefusal::CodeWrong),
        ));
    };
    let mut draft = Draft::of(slice);
    draft.extend(recovery_code::spend(slice, ground, attempt.person, code));
    both_right(draft, ground, attempt, Used::RecoveryCode(Some(code.0)))
}

/// Password and second factor were right: a session on a trusted browser, or the code that makes
/// it one.
fn both_right(
    mut draft: Draft<'_>,
    ground: &Ground<'_>,
    attempt: &Attempt,
    second: Used,
) -> Decided {
    let now = ground.moment.now;
    let place = throttle::place(draft.slice(), ground.source, now);
    if let Some(device) = draft.slice().trusted_device(ground.source, now) {
        let (browser, keyed) = (Browser { id: device.id, token: None }, key(ground, device));
        draft.push(Event::Finished { attempt: attempt.id });
        draft.extend(clear(draft.slice(), place));
        draft.extend(keyed);
        let proof = Proof::of([Used::Password, second]);
        return Ok(begin(draft, ground, attempt.person, browser, (proof, attempt.stay)));
    }
    throttle::check(draft.slice(), Factor::Activation, place, now)?;
    let device = known_device(draft.slice(), ground)
        .unwrap_or_else(|| add_device(&mut draft, ground, attempt.person));
    // A new token for the new step: the one of the step before no longer works.
    let token = token::issue(Kind::Attempt, ground.moment);
    let changed = Attempt { token: token.digest(), ..attempt.clone() };
    draft.extend(send_code(ground, changed, &token, (device, second), 0));
    Ok(draft.decide(Answer::ActivationNeeded { attempt: token }))
}

/// Uses a right TOTP code; of a wrong one, the decision that counts it.
pub(crate) fn use_totp(
    draft: &mut Draft<'_>,
    ground: &Ground<'_>,
    place: Place,
    (typed, attempt): (&Secret, Option<AttemptId>),
) -> Result<Result<Used, Decision>, Refusal> {
    let (slice, now) = (draft.slice(), ground.moment.now);
    throttle::check(slice, Factor::Totp, place, now)?;
    if slice.totp().is_none() {
        return Err(Refusal::SignIn(SignInRefusal::SecondFactorMissing));
    }
    let typed = &typed::digits(typed, totp::DIGITS)?;
    let (mut wrong, mut right) = (Refusal::SignIn(SignInRefusal::CodeWrong), None);
    for one in slice.totps() {
        let AuthenticatorKind::Totp { last_step, .. } = one.kind else { continue };
        let seed = one.open_seed(ground.key)?;
        match totp::check(seed.expose(), typed, ground.moment.wall, last_step) {
            CodeVerdict::Right(step) => {
                right = Some((one.id, totp::used(slice, ground, (one, step), attempt)));
                break;
            }
            CodeVerdict::Replayed => wrong = Refusal::SignIn(SignInRefusal::CodeReplayed),
            CodeVerdict::Wrong => {}
        }
    }
    let Some((app, events)) = right else {
        return Ok(Err(fail(slice, ground, Factor::Totp, place, wrong)));
    };
    draft.extend(events);
    Ok(Ok(Used::Totp(Some(app))))
}

/// The counters of a place that there are.
fn clear(slice: &Slice, place: Place) -> Option<decision::Event> {
    let counted = slice.counters.iter().any(|counter| counter.place == place);
    counted.then(|| throttle::Event::Cleared { place }.into())
}

/// The digest that stands for a code of an attempt.
fn code_digest(token: &Secret, code: &[u8]) -> Digest {
    Digest::of_parts(&[b"activation", token.expose(), code])
}

/// Draws a code, keeps its digest in the attempt and puts it in the outbox.
fn send_code(
    ground: &Ground<'_>,
    mut attempt: Attempt,
    token: &Secret,
    (device, second): (DeviceId, Used),
    sent: u32,
) -> [decision::Event; 2] {
    let now = ground.moment.now;
    let number = ground.moment.draw_below("activation code", 1_000_000);
    let code = Secret::from_text(format!("{number:06}"));
    let code_until = now + CODE_LIFE;
    attempt.step = Step::Activation(Activation {
        device,
        code: code_digest(token, code.expose()),
        code_until,
        tries_left: CODE_TRIES,
        sent: sent + 1,
        sent_at: now,
        second: second.method(),
        app: match second {
            Used::Totp(app) => app,
            _ => None,
        },
    });
    // Longer than the code, so that one that is too late is told so and may ask for another.
    attempt.until = code_until + ATTEMPT_LIFE;
    let name = agent::family(&ground.source.agent);
    let text = format!(
        "A code to activate a new browser ({name}) from {}. It works for {CODE_LIFE}, and only where it was asked for. If that was not you, change your password.",
        ground.source
    );
    let subject = Subject { device: Some(device), ..Subject::of(ground) };
    let topic = Topic::ActivationCode;
    let notice = notice::queue_about(ground, attempt.person, topic, text, Some(&code), subject);
    [Event::Changed(attempt).into(), notice]
}

fn activate(slice: &Slice, ground: &Ground<'_>, token: &Secret, typed: &Secret) -> Decided {
    let now = ground.moment.now;
    let attempt = find(slice, ground, token)?;
    let Step::Activation(activation) = &attempt.step else {
        return Err(Refusal::SignIn(SignInRefusal::AttemptEnded));
    };
    let place = throttle::place(slice, ground.source, now);
    throttle::check(slice, Factor::Activation, place, now)?;
    check_open(slice, ground)?;
    if now >= activation.code_until {
        return Err(Refusal::SignIn(SignInRefusal::CodeExpired {
            expired_at: activation.code_until,
        }));
    }
    let typed = typed::digits(typed, 6)?;
    if !activation.code.same(&code_digest(token, typed.expose())) {
        let tries_left = activation.tries_left.saturating_sub(1);
        let refusal = Refusal::SignIn(SignInRefusal::ActivationWrong { tries_left });
        let mut decision = fail(slice, ground, Factor::Activation, place, refusal);
        if tries_left == 0 {
            decision.events.extend(drop_attempt(slice, attempt));
        } else {
            let step = Step::Activation(Activation { tries_left, ..activation.clone() });
            decision.events.push(Event::Changed(Attempt { step, ..attempt.clone() }).into());
        }
        return Ok(decision);
    }
    let device = slice.device(activation.device).ok_or(SignInRefusal::AttemptEnded)?;
    if device.state == DeviceState::Blocked {
        return Err(Refusal::Session(SessionRefusal::DeviceBlocked));
    }
    let mut draft = Draft::of(slice);
    draft.push(Event::Finished { attempt: attempt.id });
    draft.extend(clear(slice, place));
    let trusted = (device.id, device.confirmed, attempt.stay);
    let browser = trust(&mut draft, ground, attempt.person, trusted);
    let proof = Proof::of([Used::Password, activation.second(), Used::Activation]);
    Ok(begin(draft, ground, attempt.person, browser, (proof, attempt.stay)))
}

fn resend(slice: &Slice, ground: &Ground<'_>, token: &Secret) -> Decided {
    let attempt = find(slice, ground, token)?;
    let Step::Activation(activation) = &attempt.step else {
        return Err(Refusal::SignIn(SignInRefusal::AttemptEnded));
    };
    let sent = activation.sent;
    if sent >= CODES_SENT {
        return Err(Refusal::SignIn(SignInRefusal::ResendLimit { sent, limit: CODES_SENT }));
    }
    let retry_at = activation.sent_at + RESEND_WAIT;
    if ground.moment.now < retry_at {
        return Err(Refusal::SignIn(SignInRefusal::ResendTooSoon { retry_at }));
    }
    let waiting = (activation.device, activation.second());
    let events = send_code(ground, attempt.clone(), token, waiting, sent);
    Ok(Decision::new(events.into(), Answer::CodeSent))
}

/// Asks the phone. One tap is enough only on a trusted browser, at an address that it was used from.
fn ask_approval(slice: &Slice, ground: &Ground<'_>, token: &Secret) -> Decided {
    let attempt = find(slice, ground, token)?;
    check_open(slice, ground)?;
    let trusted = slice.trusted_device(ground.source, ground.moment.now);
    let known = trusted.is_some_and(|device| device.last_address == ground.source.address);
    let name = trusted.map_or_else(
        || format!("{}, new here", agent::family(&ground.source.agent)),
        |device| device.name.to_string(),
    );
    let mut terms = Terms::default();
    terms.push(Term::Interface, "portal");
    terms.push(Term::Browser, name);
    terms.push(Term::Address, ground.source);
    terms.push_time(Term::Time, ground.moment.wall);
    let content = Content { kind: ContentKind::SignIn, terms, facts: Terms::default() };
    let but = trusted.map(|device| device.id);
    let asker = Asker::Attempt(attempt.id);
    let (events, approval) = approval::ask(slice, ground, asker, content, (but, known))?;
    Ok(Decision::new(events, Answer::ApprovalAsked { approval }))
}

/// The password was right and the phone said yes: two factors, one of them a key.
fn approved(slice: &Slice, ground: &Ground<'_>, token: &Secret) -> Decided {
    let attempt = find(slice, ground, token)?;
    check_open(slice, ground)?;
    let granted = approval::granted(
        slice,
        Asker::Attempt(attempt.id),
        ContentKind::SignIn,
        ground.moment.now,
    )?;
    let mut draft = Draft::of(slice);
    draft.push(approval::Event::Closed { approval: granted.id });
    draft.push(Event::Finished { attempt: attempt.id });
    if !slice.counters.is_empty() {
        draft.push(throttle::Event::AllCleared);
    }
    let (person, stay, approval) = (attempt.person, attempt.stay, Used::Approval(granted.id));
    let (browser, proof) = match &attempt.step {
        // It waits for a code already: the yes activates it instead.
        Step::Activation(step) => {
            let waiting = slice.device(step.device).ok_or(SignInRefusal::AttemptEnded)?;
            let browser = trust(&mut draft, ground, person, (waiting.id, true, stay));
            (browser, Proof::of([Used::Password, step.second(), approval]))
        }
        Step::Totp => {
            let browser = trusted_browser(&mut draft, ground, (person, stay));
            (browser, Proof::of([Used::Password, approval]))
        }
    };
    Ok(begin(draft, ground, person, browser, (proof, stay)))
}

fn proven_person(slice: &Slice, unknown: Refusal) -> Result<&Person, Refusal> {
    slice.person.as_ref().ok_or(unknown)
}

fn with_passkey(
    slice: &Slice,
    ground: &Ground<'_>,
    outcome: Result<&Assertion, &PasskeyFault>,
) -> Decided {
    let refused = |reason| Refusal::SignIn(SignInRefusal::PasskeyRefused { reason });
    let assertion = outcome.map_err(|fault| refused(*fault))?;
    let person = proven_person(slice, refused(PasskeyFault::Unknown))?.id;
    let used = match passkey::check(slice, ground, assertion) {
        Ok(used) => used,
        Err(refused) => return Ok(*refused),
    };
    // The signature is right and was asked for by another browser: it was taken on its way.
    if !assertion.begun.is(ground.source) {
        let tells = assertion.begun.is_copied_by(ground.source);
        let events = tells.then(|| tell_copy(ground, person)).into_iter().collect();
        return Ok(Decision::refused(events, refused(PasskeyFault::OtherBrowser)));
    }
    check_open(slice, ground)?;
    let mut draft = Draft::of(slice);
    draft.push(used.event);
    if !slice.counters.is_empty() {
        draft.push(throttle::Event::AllCleared);
    }
    let (stay, proof) = (ground.source.stay, Proof::of([Used::Passkey(used.passkey)]));
    let browser = trusted_browser(&mut draft, ground, (person, stay));
    Ok(begin(draft, ground, person, browser, (proof, stay)))
}

fn with_link(slice: &Slice, ground: &Ground<'_>, token: &Secret) -> Decided {
    let now = ground.moment.now;
    let live = |link: &&link::Link| link.token.is_of(token) && now < link.until;
    let link = slice.links.iter().find(live).ok_or(SessionRefusal::LinkEnded)?;
    let person = proven_person(slice, Refusal::Session(SessionRefusal::LinkEnded))?.id;
    check_open(slice, ground)?;
    let mut draft = Draft::of(slice);
    draft.push(link::Event::Used { link: link.id, at: now });
    if !slice.counters.is_empty() {
        draft.push(throttle::Event::AllCleared);
    }
    if link.purpose == Purpose::Enrolment {
        draft.extend(authenticator::withdraw_offer(slice));
    }
    let browser = if link.purpose == Purpose::Phone {
        offered_phone(&mut draft, ground, person)?
    } else {
        trusted_browser(&mut draft, ground, (person, Stay::Usual))
    };
    let proof = Proof::of([Used::Link(link.purpose)]);
    Ok(begin(draft, ground, person, browser, (proof, Stay::Usual)))
}

/// The session that a recovery becomes, on a browser that is trusted from now on.
pub(crate) fn recovered(mut draft: Draft<'_>, ground: &Ground<'_>, person: PersonId) -> Decision {
    let browser = trusted_browser(&mut draft, ground, (person, Stay::Usual));
    begin(draft, ground, person, browser, (Proof::of([Used::Recovery]), Stay::Usual))
}

/// The session, in place of one that the same browser has.
fn begin(
    mut draft: Draft<'_>,
    ground: &Ground<'_>,
    person: PersonId,
    browser: Browser,
    (proof, asked): (Proof, Stay),
) -> Decision {
    let (now, device) = (ground.moment.now, browser.id);
    // Its notice says where it is.
    let is_new = browser.token.is_some();
    // A computer that is not its person's keeps no token.
    let device_token = browser.token.filter(|_| asked != Stay::Lent);
    if asked == Stay::Lent {
        draft.push(device::Event::Lent { device });
    }
    let (held_until, methods) = (held(draft.slice(), &proof, now), proof.methods());
    // What a recovery brought is not what stood before it.
    if held_until.is_none() {
        draft.extend(signed_in(draft.slice(), ground, &methods));
    }
    let id = SessionId(ground.moment.draw("session"));
    replace_sessions(&mut draft, device, id, now);
    let after = draft.slice();
    let approver = after.device(device).is_some_and(|one| one.approver != Approver::No);
    let interface = if approver { Interface::Phone } else { Interface::Portal };
    let bound = ground.source.key.is_some();
    let confirmed = after.device(device).is_some_and(|one| one.confirmed);
    let stay_refused = asked == Stay::Long && !(bound && confirmed);
    let stay = if stay_refused { Stay::Usual } else { asked };
    let (idle, until) = after.lasts(now, interface, device, bound, stay);
    let proven = |network| Seen { network, proven: true };
    let networks = ground.source.address.map(network::of).map(proven);
    let token = token::issue(Kind::Session, ground.moment);
    draft.push(session::Event::Started(Box::new(Session {
        id,
        person,
        device,
        token: token.digest(),
        interface,
        assurance: Assurance::of(&methods),
        proven_by: methods.clone(),
        methods,
        key: ground.source.key,
        hardware: None,
        proven_at: now,
        address: ground.source.address,
        networks: networks.into_iter().collect(),
        started_at: now,
        idle,
        // What narrows it is over with it, so that nothing widens by the clock alone.
        until: held_until.map_or(until, |held| held.min(until)),
        announced: false,
        receipt: None,
        held_until,
        stay,
        agent: Some(Agent::of(&ground.source.agent)),
    })));
    draft.extend(meet(draft.slice(), ground, person, (device, id), is_new));
    draft.decide(Answer::SignedIn(SignedIn {
        person,
        session: id,
        session_token: token,
        device,
        device_token,
        stay,
        stay_refused,
    }))
}

/// Ends the sessions that a browser has; trading that one of them held goes over to the new one.
fn replace_sessions(draft: &mut Draft<'_>, device: DeviceId, new: SessionId, at: Time) {
    let slice = draft.slice();
    let old = slice.sessions.iter().filter(|one| one.device == device);
    let old: Vec<_> =
        old.map(|one| (one.id, brokerage::hand_over(slice, one.id, new, at))).collect();
    for (session, handed) in old {
        draft.extend(handed);
        draft.push(session::Event::Ended { session, at, reason: SessionEnd::Replaced });
    }
}

/// The network that a session begins at, told where it is new.
fn meet(
    slice: &Slice,
    ground: &Ground<'_>,
    person: PersonId,
    (device, session): (DeviceId, SessionId),
    is_new: bool,
) -> Vec<decision::Event> {
    let name = slice.device(device).map(|one| one.name.to_string());
    let name = name.unwrap_or_else(|| agent::family(&ground.source.agent).to_string());
    let address = ground.source.address;
    let from = address.map_or_else(String::new, |address| format!(" from {address}"));
    let text = (!is_new).then(|| format!("A sign-in on {name}{from}"));
    let subject = Subject { device: Some(device), session: Some(session), address };
    network::meet(slice, ground, person, subject, text).into_iter().collect()
}
