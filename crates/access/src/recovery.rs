//! Recovery: the way back in for a person who lost their ways to sign in.
//!
//! It takes the password or the operator's word, and then either the word of recovery contacts
//! ([`crate::trustee`]) or time: three days unless the person chose otherwise, with a notice by
//! every channel at the start, halfway and at the end, each of which can stop it with one press. A
//! sign-in with anything from before stops it too. It ends in a session that is *held*: it can
//! view, cancel, reduce and enrol a new way to sign in. So can sessions that start with anything
//! enrolled in that time, until the holding time is over.
//!
//! ```text
//!  password, or the operator
//!     |
//!     v  told       half of the wait       told        the rest of it        told
//!   Begun ---------------------------> Half ---------------------------> Ready
//!     |                                  |                                 |
//!     `-- enough contacts vouch ---------+---------------------------------+
//!                                                                          | its browser finishes it,
//!                                                                          v within 7 days
//!                                                       Finished: a session, held for 72 hours
//!
//!  any of the first three -- stopped by a session, a notice's link or the operator; a sign-in by what
//!  stood before; a lock of grade `all`; begun again by its own browser; nobody finished it --> Over
//! ```

use crate::agent;
use crate::authenticator::{PasswordCheck, password, withdraw_offer};
use crate::binding::Beginner;
use crate::call::By;
use crate::decision::{self, Answer, Decision, Ground};
use crate::draft::Draft;
use crate::entitlements::{Act, Resource};
use crate::id::RecoveryId;
use crate::moment::{Span, Time};
use crate::notice::{self, Topic};
use crate::refusal::{
    AuthorityRefusal, ChangeRefusal, Field, InputRefusal, RecoveryRefusal, Refusal, SignInRefusal,
};
use crate::secret::Secret;
use crate::sign_in::{check_open, fail, recovered};
use crate::slice::Slice;
use crate::throttle::{self, Factor};
use crate::token::{self, Kind};
use crate::trustee::asks as asks_of;

mod course;
mod end;
pub(crate) mod event;
mod record;

pub(crate) use course::{
    changed, check_approver, check_phone, from, held, locked, opens, rekeyed, signed_in, tell,
};
use course::{end as ended_events, tell_end};
pub use end::RecoveryEnd;
pub use event::{Command, Event};
pub(crate) use record::number;
pub use record::{
    ASKS, ASKS_WINDOW, Begun, ENROLS, FINISH, HELD_ACTS, HOLD, LONGEST_WAIT, Recovery,
    RecoveryPolicy, SHORTEST_WAIT, Stage, WAIT,
};

type Decided = Result<Decision, Refusal>;

pub(crate) fn decide(slice: &Slice, ground: &Ground<'_>, command: &Command) -> Decided {
    match command {
        Command::Begin { proof } => begin(slice, ground, proof, None),
        Command::Again { proof, token } => begin(slice, ground, proof, held_by(slice, token).ok()),
        Command::Assist => assist(slice, ground),
        Command::Claim { token } => claim(slice, ground, token),
        Command::Finish { token } => finish(slice, ground, token),
        Command::Look { token } => look(slice, ground, token),
        Command::Cancel { recovery } => cancel(slice, ground, *recovery),
        Command::Stop { token } => stop(slice, ground, token),
        Command::Tick => tick(slice, ground),
        Command::Choose(policy) => choose(slice, ground, *policy),
    }
}

impl Slice {
    /// The recovery that is under way; at most one is.
    pub fn open_recovery(&self) -> Option<&Recovery> {
        self.recoveries.iter().find(|one| one.is_open())
    }

    /// The recovery whose holding time is not over: when it was finished, and until when it holds.
    pub fn recovered(&self, now: Time) -> Option<(Time, Time)> {
        let held = self.recoveries.iter().filter_map(|one| match one.stage {
            Stage::Finished { at, held_until } if now < held_until => Some((at, held_until)),
            _ => None,
        });
        // The earliest one: what was enrolled in any of them is held.
        held.reduce(|one, two| (one.0.min(two.0), one.1.max(two.1)))
    }
}

/// As a sign-in does it: the same checks in the same order, so that nothing is learnt here that a
/// sign-in would not say. `lost` is one that its own browser cannot go on with.
fn begin(
    slice: &Slice,
    ground: &Ground<'_>,
    proof: &PasswordCheck,
    lost: Option<&Recovery>,
) -> Decided {
    let now = ground.moment.now;
    let place = throttle::place(slice, ground.source, now);
    throttle::check(slice, Factor::Password, place, now)?;
    password::is_current(slice, proof)?;
    let (Some(one), true) = (slice.password(), proof.right) else {
        let refusal = Refusal::SignIn(SignInRefusal::SignInFailed);
        return Ok(fail(slice, ground, Factor::Password, place, refusal));
    };
    check_open(slice, ground)?;
    if !slice.is_enrolled() && slice.codes_left() == 0 {
        return Err(Refusal::SignIn(SignInRefusal::SecondFactorMissing));
    }
    let (events, begun) = start(slice, ground, lost)?;
    let used = crate::authenticator::Event::PasswordUsed { authenticator: one.id, at: now };
    let events = std::iter::once(used.into()).chain(events).collect();
    Ok(Decision::new(events, Answer::RecoveryBegun(begun)))
}

fn assist(slice: &Slice, ground: &Ground<'_>) -> Decided {
    if !ground.by.runs_the_server() {
        return Err(Refusal::Change(ChangeRefusal::OperatorOnly));
    }
    if slice.is_shut_out() {
        return Err(Refusal::Authority(AuthorityRefusal::Locked {
            grade: crate::lock::Grade::All,
        }));
    }
    let (events, begun) = start(slice, ground, None)?;
    Ok(Decision::new(events, Answer::RecoveryBegun(begun)))
}

fn start(
    slice: &Slice,
    ground: &Ground<'_>,
    lost: Option<&Recovery>,
) -> Result<(Vec<decision::Event>, Begun), Refusal> {
    let now = ground.moment.now;
    let person = slice.owner()?.id;
    if let Some(open) =
        slice.open_recovery().filter(|open| lost.is_none_or(|one| one.id != open.id))
    {
        return Err(Refusal::Recovery(RecoveryRefusal::RecoveryStands { since: open.begun_at }));
    }
    // Those that somebody asked for in vain: each was a message to every channel.
    let in_vain =
        |one: &&Recovery| !one.by.runs_the_server() && !matches!(one.stage, Stage::Finished { .. });
    let asked = slice.recoveries.iter().filter(in_vain).map(|one| one.begun_at);
    let lately: Vec<Time> = asked.filter(|at| now.since(*at) < ASKS_WINDOW).collect();
    if lately.len() >= ASKS && !ground.by.runs_the_server() {
        let first = lately.iter().min().copied().unwrap_or(now);
        let (count, limit) = (number(lately.len()), number(ASKS));
        return Err(Refusal::Recovery(RecoveryRefusal::TooManyRecoveries {
            count,
            limit,
            retry_at: first + ASKS_WINDOW,
        }));
    }
    let id = RecoveryId(ground.moment.draw("recovery"));
    let token = token::issue(Kind::Recovery, ground.moment);
    let stop = token::issue(Kind::Stop, ground.moment);
    let RecoveryPolicy { wait, needed, waits } = slice.recovery_policy;
    let asks = asks_of(slice, ground, id);
    // Fewer than are needed open nothing: then the wait does.
    let enough = needed > 0 && number(asks.len()) >= needed;
    let recovery = Recovery {
        id,
        person,
        token: token.digest(),
        stop: stop.digest(),
        stop_token: ground.key.seal(&stop, &Recovery::purpose(id), ground.moment),
        by: ground.by,
        source: ground.source.to_string(),
        browser: agent::family(&ground.source.agent),
        begun_at: now,
        wait,
        needed: if enough { needed } else { 0 },
        waits: waits || !enough,
        asks: if enough { asks } else { Vec::new() },
        stage: Stage::Begun { half_at: now + Span(wait.0 / 2) },
        begun: Beginner::of(ground.source),
    };
    let ready_at = recovery.ready_at();
    let text = format!(
        "A recovery of your access was started {}. If nobody stops it, the person who started it can sign in {}. If that was not you, stop it now: on the portal's recovery page, or with the link in this mail. Then change your password.",
        from(&recovery),
        opens(&recovery)
    );
    let mut events =
        lost.map_or_else(Vec::new, |one| ended_events(ground, one, RecoveryEnd::BegunAgain));
    let notice = tell(ground, &recovery, text)?;
    events.extend([changed(recovery), notice]);
    Ok((events, Begun { recovery: id, token, ready_at }))
}

/// The recovery under way whose browser holds this token.
fn held_by<'s>(slice: &'s Slice, token: &Secret) -> Result<&'s Recovery, RecoveryRefusal> {
    let mine = |one: &&Recovery| one.is_open() && one.token.is_of(token);
    slice.recoveries.iter().find(mine).ok_or(RecoveryRefusal::RecoveryOver)
}

/// The operator's link is used up by the browser that opens it: the token changes.
fn claim(slice: &Slice, ground: &Ground<'_>, token: &Secret) -> Decided {
    let one = held_by(slice, token)?;
    if !one.is_unclaimed() {
        return Err(Refusal::Recovery(RecoveryRefusal::RecoveryOver));
    }
    let token = token::issue(Kind::Recovery, ground.moment);
    let claimed = Recovery {
        token: token.digest(),
        source: ground.source.to_string(),
        browser: agent::family(&ground.source.agent),
        begun: Beginner::of(ground.source),
        ..one.clone()
    };
    let ready_at = one.ready_at();
    let text = format!(
        "The recovery that the operator started for you was continued from {} ({}). If that was not you, stop it.",
        claimed.source, claimed.browser
    );
    let events =
        vec![Event::Changed(Box::new(claimed.clone())).into(), tell(ground, &claimed, text)?];
    let begun = Begun { recovery: one.id, token, ready_at };
    Ok(Decision::new(events, Answer::RecoveryBegun(begun)))
}

/// Looked at or finished from another browser than its own: refused, and told once where it looks like
/// a copy. It goes on where it was begun.
fn elsewhere(ground: &Ground<'_>, one: &Recovery) -> Decided {
    let refusal = Refusal::Recovery(RecoveryRefusal::RecoveryElsewhere);
    if one.begun.told || !one.begun.is_copied_by(ground.source) {
        return Ok(Decision::refused(Vec::new(), refusal));
    }
    let begun = Beginner { told: true, ..one.begun };
    let text = format!(
        "A copy of your recovery was used from {} ({}) and was refused: it lacked the key of the browser that started it, so it opened nothing. Somebody may be able to read what that browser stores: check it for programs and extensions that you did not install. If you did not start a recovery, stop it.",
        ground.source,
        agent::family(&ground.source.agent)
    );
    let events = vec![changed(Recovery { begun, ..one.clone() }), tell(ground, one, text)?];
    Ok(Decision::refused(events, refusal))
}

fn look(slice: &Slice, ground: &Ground<'_>, token: &Secret) -> Decided {
    let one = held_by(slice, token)?;
    if !one.begun.is(ground.source) {
        return elsewhere(ground, one);
    }
    Ok(Decision::new(Vec::new(), Answer::Done))
}

/// It becomes a session only after its person was told at the end of the wait: no notice, no session.
fn finish(slice: &Slice, ground: &Ground<'_>, token: &Secret) -> Decided {
    let now = ground.moment.now;
    let one = held_by(slice, token)?;
    if !one.begun.is(ground.source) {
        return elsewhere(ground, one);
    }
    check_open(slice, ground)?;
    match one.stage {
        Stage::Ready { until } if now < until => {}
        Stage::Ready { .. } => return Err(Refusal::Recovery(RecoveryRefusal::RecoveryOver)),
        _ => {
            return Err(match one.ready_at() {
                Some(ready_at) => Refusal::Recovery(RecoveryRefusal::RecoveryWaits { ready_at }),
                None => Refusal::Recovery(RecoveryRefusal::RecoveryUnvouched {
                    yes: number(one.yes()),
                    needed: one.needed,
                }),
            });
        }
    }
    let finished = one.at(Stage::Finished { at: now, held_until: now + HOLD });
    // An app that was offered before, and its seed seen by anyone who was there, is not one of this.
    let offered = withdraw_offer(slice);
    let text = format!(
        "The recovery of your access was finished from {} ({}). Until {}, that session and anything it adds can only view, cancel and reduce. If that was not you, lock the account and tell the operator.",
        ground.source,
        agent::family(&ground.source.agent),
        now + HOLD
    );
    // What it leads to counts by the recovery as it stands from now on.
    let mut draft = Draft::of(slice);
    draft.push(Event::Changed(Box::new(finished)));
    draft.push(tell_end(ground, one, text));
    draft.extend(offered);
    Ok(recovered(draft, ground, one.person))
}

fn cancel(slice: &Slice, ground: &Ground<'_>, id: RecoveryId) -> Decided {
    let why = if ground.by.runs_the_server() {
        RecoveryEnd::ByOperator
    } else {
        // Else somebody who came in by one would stop that of the person whom they shut out.
        ground.check_not_held(slice, Act::ManageRecovery)?;
        RecoveryEnd::ByPerson
    };
    let open = slice.open_recovery().filter(|one| one.id == id);
    Ok(ended(ground, open.ok_or(RecoveryRefusal::RecoveryOver)?, why))
}

fn stop(slice: &Slice, ground: &Ground<'_>, token: &Secret) -> Decided {
    let open = slice.open_recovery().filter(|one| one.stop.is_of(token));
    Ok(ended(ground, open.ok_or(RecoveryRefusal::RecoveryOver)?, RecoveryEnd::ByLink))
}

fn ended(ground: &Ground<'_>, one: &Recovery, why: RecoveryEnd) -> Decision {
    Decision::new(ended_events(ground, one, why), Answer::Done)
}

/// Each step waits for half of the time again from when its person was told, so that a clock that
/// jumps, or a server that was down, can shorten the wait by half at most, and skips no notice.
fn tick(slice: &Slice, ground: &Ground<'_>) -> Decided {
    if ground.by != By::System {
        return Err(Refusal::Change(ChangeRefusal::OperatorOnly));
    }
    let now = ground.moment.now;
    let due = |one: &&Recovery| one.due_at().is_some_and(|at| at <= now);
    let Some(one) = slice.open_recovery().filter(due) else {
        return Ok(Decision::new(Vec::new(), Answer::Done));
    };
    let half = Span(one.wait.0 / 2);
    let (stage, text) = match one.stage {
        Stage::Begun { .. } => {
            let ready_at = (one.begun_at + one.wait).max(now + half);
            let stage = Stage::Half { ready_at };
            let text = format!(
                "Halfway: a recovery of your access, started {} at {}, is still under way. The person who started it can sign in {}. If that is not you, stop it.",
                from(one),
                one.begun_at,
                opens(&one.at(stage))
            );
            (stage, text)
        }
        // Contacts alone open it, and too few said yes in time.
        Stage::Half { .. } if !one.waits => {
            return Ok(ended(ground, one, RecoveryEnd::Lapsed));
        }
        Stage::Half { .. } => {
            let until = now + FINISH;
            let text = format!(
                "The recovery of your access, started {} at {}, has waited long enough. The person who started it can sign in now, until {until}. If that is not you, stop it.",
                from(one),
                one.begun_at
            );
            (Stage::Ready { until }, text)
        }
        Stage::Ready { .. } => return Ok(ended(ground, one, RecoveryEnd::Lapsed)),
        Stage::Finished { .. } | Stage::Over { .. } => {
            return Ok(Decision::new(Vec::new(), Answer::Done));
        }
    };
    let events = vec![Event::Changed(Box::new(one.at(stage))).into(), tell(ground, one, text)?];
    Ok(Decision::new(events, Answer::Done))
}

fn choose(slice: &Slice, ground: &Ground<'_>, policy: RecoveryPolicy) -> Decided {
    ground.authorise(slice, Act::ManageRecovery, Resource::Person)?;
    ground.check_recent(slice)?;
    let person = slice.owner()?.id;
    let RecoveryPolicy { wait, needed, waits } = policy;
    if wait < SHORTEST_WAIT || wait > LONGEST_WAIT {
        return Err(Refusal::Input(InputRefusal::OutOfRange {
            field: Field::RecoveryWait,
            given: wait.to_string(),
            least: SHORTEST_WAIT.to_string(),
            most: LONGEST_WAIT.to_string(),
        }));
    }
    let named = number(slice.trustees.len());
    if needed > named {
        return Err(Refusal::Input(InputRefusal::OutOfRange {
            field: Field::ContactsNeeded,
            given: needed.to_string(),
            least: "0".to_owned(),
            most: named.to_string(),
        }));
    }
    let by_contacts = if needed > 0 {
        let also =
            if waits { "; waiting also lets you in" } else { "; waiting does not let you in" };
        format!(", or {needed} of your recovery contacts can let you in{also}")
    } else {
        String::new()
    };
    let text = format!(
        "From now on, a recovery of your access waits {wait}{by_contacts}. One already under way is not changed. If that was not you, lock the account."
    );
    let events = vec![
        Event::Chosen { person, policy }.into(),
        notice::queue(ground, person, Topic::RecoveryChanged, text, None),
    ];
    Ok(Decision::new(events, Answer::Done))
}
