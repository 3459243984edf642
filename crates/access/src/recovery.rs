//! Recovery: the way back in for a person who lost their ways to sign in.
//!
//! It takes the password or the operator's word, and then either the word of recovery contacts
//! ([`crate::trustee`]) or time: three days unless the person chose otherwise, with a notice by
//! every channel at the start, halfway and at the end, each of which can stop it with one press. A
//! sign-in with anything from before stops it too. It ends in a session that is *held*: it can
//! view, cancel, reduce and enrol a new way to sign in. So can sessions that start with anything
//! enrolled in that time, until the holding time is over.

use serde::{Deserialize, Serialize};

use crate::agent;
use crate::approval::{Approval, Say};
use crate::authenticator::{self, Authenticator, PasswordCheck, password};
use crate::binding::{Beginner, PublicKey};
use crate::call::By;
use crate::decision::{self, Answer, Decision, Ground};
use crate::draft::Draft;
use crate::entitlements::{Act, Acts};
use crate::id::{PersonId, RecoveryId};
use crate::link::Purpose;
use crate::moment::{Span, Time};
use crate::name::Name;
use crate::notice::{self, Note, Subject, Topic};
use crate::proof::{Proof, Used};
use crate::refusal::Refusal;
use crate::secret::{Digest, SealKey, SealedSecret, Secret};
use crate::session::{Method, Session};
use crate::sign_in;
use crate::slice::Slice;
use crate::throttle::{self, Factor};
use crate::token::{self, Kind};
use crate::trustee::{self, Ask};

mod end;
mod event;

pub use event::Event;
pub(crate) use event::apply;

pub use self::end::RecoveryEnd;

/// How long a recovery waits unless its person chose otherwise.
pub const WAIT: Span = Span::hours(72);
/// The shortest wait that may be chosen: a night and a day pass over it.
pub const SHORTEST_WAIT: Span = Span::hours(24);
/// The longest.
pub const LONGEST_WAIT: Span = Span::days(30);
/// How long one that has waited may be finished.
pub const FINISH: Span = Span::days(7);
/// How long a recovered session, and all that it enrols, is held.
pub const HOLD: Span = Span::hours(72);
/// How long after its start a recovered session may enrol: it can prove its person in no other way.
pub const ENROLS: Span = Span::hours(1);
/// Recoveries that may be asked for within [`ASKS_WINDOW`]; those that were finished, or that the
/// operator began, do not count.
pub const ASKS: usize = 3;
/// How long asks are counted together.
pub const ASKS_WINDOW: Span = Span::days(7);

/// What a held session may do: look, take risk away, and enrol.
pub const HELD_ACTS: Acts = Acts::VIEW.or(Acts::of(&[
    Act::ReduceOrder,
    Act::CancelOrder,
    Act::ManageSessions,
    Act::ManageDevices,
    Act::ManageAuthenticators,
    Act::Lock,
    Act::ViewEvidence,
]));

/// What a person chose for their recoveries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// How long one waits.
    pub wait: Span,
    /// How many recovery contacts let the person in at once; 0 for none.
    pub needed: u32,
    /// Whether the wait opens one too, where contacts do.
    pub waits: bool,
}

impl Default for Policy {
    fn default() -> Self {
        Self { wait: WAIT, needed: 0, waits: true }
    }
}

/// One recovery of a person. It stays known for a while after its end, because asks are counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recovery {
    /// Its id.
    pub id: RecoveryId,
    /// Whose.
    pub person: PersonId,
    /// Digest of the token that the recovering browser holds.
    pub token: Digest,
    /// Digest of the token that stops it and does nothing else.
    pub stop: Digest,
    /// That token, for the mails.
    pub stop_token: SealedSecret,
    /// Who began it.
    pub by: By,
    /// From where.
    pub source: String,
    /// On what kind of browser.
    pub browser: Name,
    /// When it was begun.
    pub begun_at: Time,
    /// How long it waits.
    pub wait: Span,
    /// How many contacts open it.
    pub needed: u32,
    /// Whether the wait opens it.
    pub waits: bool,
    /// The contacts that it asks.
    pub asks: Vec<Ask>,
    /// Its state.
    pub stage: Stage,
    /// The browser that began it, or took it up; it is looked at and finished there.
    #[serde(default, skip_serializing_if = "Beginner::is_unknown")]
    pub begun: Beginner,
}

/// The state of a recovery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Its person was told that it began.
    Begun {
        /// When half of the wait is over.
        half_at: Time,
    },
    /// Its person was told at half time.
    Half {
        /// When it has waited.
        ready_at: Time,
    },
    /// It has waited and its person was told so; it may be finished.
    Ready {
        /// Until then.
        until: Time,
    },
    /// It became a session.
    Finished {
        /// When.
        at: Time,
        /// Until when what it enrols is held.
        held_until: Time,
    },
    /// It is over without a session.
    Over {
        /// When.
        at: Time,
        /// Why.
        why: RecoveryEnd,
    },
}

impl Stage {
    /// Its name, for programs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Begun { .. } => "begun",
            Self::Half { .. } => "half",
            Self::Ready { .. } => "ready",
            Self::Finished { .. } => "finished",
            Self::Over { .. } => "over",
        }
    }
}

impl Recovery {
    /// What its stop token is sealed for.
    fn purpose(id: RecoveryId) -> String {
        format!("recovery {id}")
    }

    /// Whether the operator began it and no browser took it up yet.
    pub fn is_unclaimed(&self) -> bool {
        self.by.runs_the_server() && self.source == LOCAL
    }

    /// Whether it is under way.
    pub const fn is_open(&self) -> bool {
        matches!(self.stage, Stage::Begun { .. } | Stage::Half { .. } | Stage::Ready { .. })
    }

    /// When something has to be done about it: a notice, or its end.
    pub const fn due_at(&self) -> Option<Time> {
        match self.stage {
            Stage::Begun { half_at } => Some(half_at),
            Stage::Half { ready_at } => Some(ready_at),
            Stage::Ready { until } => Some(until),
            Stage::Finished { .. } | Stage::Over { .. } => None,
        }
    }

    /// When it may be finished, as far as is known now; none where the wait does not open it.
    pub fn ready_at(&self) -> Option<Time> {
        if !self.waits {
            return None;
        }
        match self.stage {
            Stage::Begun { half_at } => Some(half_at + Span(self.wait.0 / 2)),
            Stage::Half { ready_at } => Some(ready_at),
            Stage::Ready { .. } | Stage::Finished { .. } | Stage::Over { .. } => None,
        }
    }

    /// How many contacts said yes.
    pub fn yes(&self) -> usize {
        self.asks.iter().filter(|one| one.said.is_some_and(|(say, _)| say == Say::Yes)).count()
    }

    /// Whether so many contacts said yes as open it.
    pub fn is_vouched(&self) -> bool {
        self.needed > 0 && number(self.yes()) >= self.needed
    }

    fn at(&self, stage: Stage) -> Self {
        Self { stage, ..self.clone() }
    }

    fn over(&self, at: Time, why: RecoveryEnd) -> decision::Event {
        Event::Changed(Box::new(self.at(Stage::Over { at, why }))).into()
    }

    fn open_stop(&self, key: &SealKey) -> Result<Secret, Refusal> {
        let opened = key.open(&self.stop_token, &Self::purpose(self.id));
        opened.map_err(|_| Refusal::KeyMismatch)
    }
}

/// What is asked about recoveries.
pub enum Command {
    /// The password was checked. Load the slice by the user name.
    Begin {
        /// With this outcome.
        proof: PasswordCheck,
    },
    /// The same by a browser that has the token of one, and lost its key: that one ends.
    Again {
        /// With this outcome.
        proof: PasswordCheck,
        /// The token.
        token: Secret,
    },
    /// The operator vouches for the person who asked them.
    Assist,
    /// The link of the operator's was opened in the recovering browser. Load the slice by it.
    Claim {
        /// The token.
        token: Secret,
    },
    /// It has waited, and becomes a session. Load the slice by the token.
    Finish {
        /// The token.
        token: Secret,
    },
    /// Its page is looked at. Load the slice by the token.
    Look {
        /// The token.
        token: Secret,
    },
    /// Stops one, by a session of the person or by the operator.
    Cancel {
        /// Which.
        recovery: RecoveryId,
    },
    /// Stops one by the token of its notices. Load the slice by it.
    Stop {
        /// The token.
        token: Secret,
    },
    /// Does what is due; asked by the server itself.
    Tick,
    /// Says how recoveries go.
    Choose(Policy),
}

/// A recovery that was just begun.
pub struct Begun {
    /// Which.
    pub recovery: RecoveryId,
    /// The token of the recovering browser.
    pub token: Secret,
    /// When it may be finished; none where contacts alone open it.
    pub ready_at: Option<Time>,
}

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
        let refusal = Refusal::SignInFailed;
        return Ok(sign_in::fail(slice, ground, Factor::Password, place, refusal));
    };
    sign_in::check_open(slice, ground)?;
    if !slice.is_enrolled() && slice.codes_left() == 0 {
        return Err(Refusal::SecondFactorMissing);
    }
    let (events, begun) = start(slice, ground, lost)?;
    let used = crate::authenticator::Event::PasswordUsed { authenticator: one.id, at: now };
    let events = std::iter::once(used.into()).chain(events).collect();
    Ok(Decision::new(events, Answer::RecoveryBegun(begun)))
}

fn assist(slice: &Slice, ground: &Ground<'_>) -> Decided {
    if !ground.by.runs_the_server() {
        return Err(Refusal::OperatorOnly);
    }
    if slice.strongest_lock() == crate::lock::Grade::All {
        return Err(Refusal::Locked { grade: crate::lock::Grade::All });
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
        return Err(Refusal::RecoveryStands { since: open.begun_at });
    }
    // Those that somebody asked for in vain: each was a message to every channel.
    let in_vain =
        |one: &&Recovery| !one.by.runs_the_server() && !matches!(one.stage, Stage::Finished { .. });
    let asked = slice.recoveries.iter().filter(in_vain).map(|one| one.begun_at);
    let lately: Vec<Time> = asked.filter(|at| now.since(*at) < ASKS_WINDOW).collect();
    if lately.len() >= ASKS && !ground.by.runs_the_server() {
        let first = lately.iter().min().copied().unwrap_or(now);
        let (count, limit) = (number(lately.len()), number(ASKS));
        return Err(Refusal::TooManyRecoveries { count, limit, retry_at: first + ASKS_WINDOW });
    }
    let id = RecoveryId(ground.moment.draw("recovery"));
    let token = token::issue(Kind::Recovery, ground.moment);
    let stop = token::issue(Kind::Stop, ground.moment);
    let Policy { wait, needed, waits } = slice.recovery_policy;
    let asks = trustee::asks(slice, ground, id);
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
    let mut events = lost.map_or_else(Vec::new, |one| end(ground, one, RecoveryEnd::BegunAgain));
    let notice = tell(ground, &recovery, text)?;
    events.extend([changed(recovery), notice]);
    Ok((events, Begun { recovery: id, token, ready_at }))
}

/// What opens it, in words.
pub(crate) fn opens(one: &Recovery) -> String {
    if let Stage::Ready { until } = one.stage {
        return format!("now, until {until}");
    }
    let by_time = one.ready_at().map(|at| format!("from {at}"));
    let by_contacts = (one.needed > 0)
        .then(|| format!("once {} of your recovery contacts vouch for it", one.needed));
    let ways: Vec<String> = by_contacts.into_iter().chain(by_time).collect();
    ways.join(", or ")
}

/// The event of a recovery as it stands now.
pub(crate) fn changed(one: Recovery) -> decision::Event {
    Event::Changed(Box::new(one)).into()
}

pub(crate) fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// Where a recovery was begun, in words.
pub(crate) fn from(recovery: &Recovery) -> String {
    if recovery.by.runs_the_server() {
        return "by the operator".to_owned();
    }
    format!("from {} ({}) with your password", recovery.source, recovery.browser)
}

/// A notice of a recovery that is under way, to every address that its person had in the last week,
/// with the token that stops it.
pub(crate) fn tell(
    ground: &Ground<'_>,
    one: &Recovery,
    text: String,
) -> Result<decision::Event, Refusal> {
    let stop = one.open_stop(ground.key)?;
    let (person, topic, code) = (one.person, Topic::Recovery, Some(&stop));
    let (subject, mail) = (Subject::of(ground), ground.reach.of_notice(false));
    Ok(notice::send(ground, Note { person, topic, text, code, subject, mail }))
}

/// The same for one that has ended: there is nothing to stop.
fn tell_end(ground: &Ground<'_>, one: &Recovery, text: String) -> decision::Event {
    notice::queue(ground, one.person, Topic::RecoveryEnded, text, None)
}

/// The recovery under way whose browser holds this token.
fn held_by<'s>(slice: &'s Slice, token: &Secret) -> Result<&'s Recovery, Refusal> {
    let mine = |one: &&Recovery| one.is_open() && one.token.is_of(token);
    slice.recoveries.iter().find(mine).ok_or(Refusal::RecoveryOver)
}

/// The operator's link is used up by the browser that opens it: the token changes.
fn claim(slice: &Slice, ground: &Ground<'_>, token: &Secret) -> Decided {
    let one = held_by(slice, token)?;
    if !one.is_unclaimed() {
        return Err(Refusal::RecoveryOver);
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
    let refusal = Refusal::RecoveryElsewhere;
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

/// The recovery that a browser began under a key that it renewed.
pub(crate) fn rekeyed(
    slice: &Slice,
    old: Option<PublicKey>,
    new: PublicKey,
) -> Option<decision::Event> {
    let one = slice.open_recovery().filter(|one| one.begun.key == old)?;
    let begun = Beginner { key: Some(new), ..one.begun };
    Some(changed(Recovery { begun, ..one.clone() }))
}

fn look(slice: &Slice, ground: &Ground<'_>, token: &Secret) -> Decided {
    let one = held_by(slice, token)?;
    if !one.begun.is(ground.source) {
        return elsewhere(ground, one);
    }
    Ok(Decision::new(Vec::new(), Answer::Done))
}

/// Where a recovery that no browser took up came from.
const LOCAL: &str = "local";

/// It becomes a session only after its person was told at the end of the wait: no notice, no session.
fn finish(slice: &Slice, ground: &Ground<'_>, token: &Secret) -> Decided {
    let now = ground.moment.now;
    let one = held_by(slice, token)?;
    if !one.begun.is(ground.source) {
        return elsewhere(ground, one);
    }
    sign_in::check_open(slice, ground)?;
    match one.stage {
        Stage::Ready { until } if now < until => {}
        Stage::Ready { .. } => return Err(Refusal::RecoveryOver),
        _ => {
            return Err(match one.ready_at() {
                Some(ready_at) => Refusal::RecoveryWaits { ready_at },
                None => Refusal::RecoveryUnvouched { yes: number(one.yes()), needed: one.needed },
            });
        }
    }
    let finished = one.at(Stage::Finished { at: now, held_until: now + HOLD });
    // An app that was offered before, and its seed seen by anyone who was there, is not one of this.
    let offered = authenticator::withdraw_offer(slice);
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
    Ok(sign_in::recovered(draft, ground, one.person))
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
    Ok(ended(ground, open.ok_or(Refusal::RecoveryOver)?, why))
}

fn stop(slice: &Slice, ground: &Ground<'_>, token: &Secret) -> Decided {
    let open = slice.open_recovery().filter(|one| one.stop.is_of(token));
    Ok(ended(ground, open.ok_or(Refusal::RecoveryOver)?, RecoveryEnd::ByLink))
}

fn ended(ground: &Ground<'_>, one: &Recovery, why: RecoveryEnd) -> Decision {
    Decision::new(end(ground, one, why), Answer::Done)
}

fn end(ground: &Ground<'_>, one: &Recovery, why: RecoveryEnd) -> Vec<decision::Event> {
    let text = format!("The recovery started {} at {} is {}.", from(one), one.begun_at, why.text());
    vec![one.over(ground.moment.now, why), tell_end(ground, one, text)]
}

/// A lock of grade `all` ends what is under way. Its own notice tells of it.
pub(crate) fn locked(slice: &Slice, now: Time) -> Option<decision::Event> {
    slice.open_recovery().map(|one| one.over(now, RecoveryEnd::Locked))
}

/// A sign-in by what stood before ends what is under way: its person has lost nothing.
pub(crate) fn signed_in(
    slice: &Slice,
    ground: &Ground<'_>,
    methods: &[Method],
) -> Vec<decision::Event> {
    let own =
        |one: &Method| !matches!(one, Method::Recovery | Method::Link | Method::EnrolmentLink);
    let open = slice.open_recovery().filter(|_| methods.iter().any(own));
    open.map_or_else(Vec::new, |one| end(ground, one, RecoveryEnd::SignedIn))
}

/// Each step waits for half of the time again from when its person was told, so that a clock that
/// jumps, or a server that was down, can shorten the wait by half at most, and skips no notice.
fn tick(slice: &Slice, ground: &Ground<'_>) -> Decided {
    if ground.by != By::System {
        return Err(Refusal::OperatorOnly);
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

fn choose(slice: &Slice, ground: &Ground<'_>, policy: Policy) -> Decided {
    ground.authorise(slice, Act::ManageRecovery)?;
    ground.check_recent(slice)?;
    let person = slice.owner()?.id;
    let Policy { wait, needed, waits } = policy;
    if wait < SHORTEST_WAIT || wait > LONGEST_WAIT {
        return Err(Refusal::OutOfRange {
            what: "waiting time",
            given: wait.to_string(),
            least: SHORTEST_WAIT.to_string(),
            most: LONGEST_WAIT.to_string(),
        });
    }
    let named = number(slice.trustees.len());
    if needed > named {
        return Err(Refusal::OutOfRange {
            what: "number of contacts needed",
            given: needed.to_string(),
            least: "0".to_owned(),
            most: named.to_string(),
        });
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

/// Until when what this proves is held: something of it was enrolled after a recovery whose holding
/// time is not over.
pub(crate) fn held(slice: &Slice, proof: &Proof, now: Time) -> Option<Time> {
    let (since, until) = slice.recovered(now)?;
    let new = |one: Option<&Authenticator>| one.is_none_or(|one| one.created_at >= since);
    let is_held = proof.used.iter().any(|used| match *used {
        Used::Recovery => true,
        Used::Totp(app) => new(app.map_or_else(|| slice.totp(), |id| slice.authenticator(id))),
        Used::RecoveryCode(set) => {
            new(set.map_or_else(|| slice.recovery_codes(), |id| slice.authenticator(id)))
        }
        Used::Passkey(id) => new(slice.authenticator(id)),
        Used::Approval(id) => by_new_phone(slice, slice.approval(id), since),
        // The operator's, but for a phone's: that one may come from a held session.
        Used::Link(purpose) => purpose == Purpose::Phone,
        // The code of a notice, and a password, stand beside other means. Only whole sessions put a
        // password in place of one.
        Used::Activation | Used::Password => false,
    });
    is_held.then_some(until)
}

fn by_new_phone(slice: &Slice, approval: Option<&Approval>, since: Time) -> bool {
    let answered = approval.and_then(|one| one.answered.as_ref());
    let phone = answered.and_then(|answered| slice.device(answered.device));
    phone.is_none_or(|phone| phone.created_at >= since)
}

/// Whether a yes proves a session that no recovery holds: not one of a phone that a recovery brought.
pub(crate) fn check_phone(
    slice: &Slice,
    session: &Session,
    approval: &Approval,
    now: Time,
) -> Result<(), Refusal> {
    match slice.recovered(now) {
        Some((since, until))
            if session.held_until.is_none() && by_new_phone(slice, Some(approval), since) =>
        {
            Err(Refusal::ProofHeld { until })
        }
        _ => Ok(()),
    }
}
