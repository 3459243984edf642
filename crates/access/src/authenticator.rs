//! Authenticators: what proves a person.

use serde::{Deserialize, Serialize};

use crate::agent;
use crate::decision::{self, Answer, Decision, Ground};
use crate::draft::Draft;
use crate::entitlements::Act;
use crate::id::{AuthenticatorId, PersonId};
use crate::link::{self, Purpose};
use crate::moment::Time;
use crate::name::Name;
use crate::notice::{self, Topic};
use crate::refusal::Refusal;
use crate::secret::{Digest, SealKey, SealedSecret, Secret};
use crate::session::{self, SessionEnd};
use crate::slice::{Slice, put};
use crate::{sign_in, throttle};

pub mod passkey;
pub mod password;
pub mod recovery_code;
pub mod totp;

/// What a reset calls the app.
const TOTP: &str = "authenticator app";

/// One authenticator of a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Authenticator {
    /// Its id.
    pub id: AuthenticatorId,
    /// Whose.
    pub person: PersonId,
    /// Its name.
    pub name: Name,
    /// What it is.
    pub kind: Kind,
    /// Rises with each change of the row; a proof names the one that it was made against.
    pub row_version: i64,
    /// When it was added.
    pub created_at: Time,
    /// When it last proved the person.
    pub last_used_at: Option<Time>,
}

/// What an authenticator is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A password.
    Password {
        /// Its Argon2id hash as a PHC string, sealed.
        hash: SealedSecret,
    },
    /// A TOTP app.
    Totp {
        /// Its seed of 20 bytes, sealed.
        seed: SealedSecret,
        /// Whether a code from it was seen; until then it counts for nothing.
        confirmed: bool,
        /// The last step whose code was used.
        last_step: Option<i64>,
    },
    /// A passkey or security key.
    Passkey(passkey::Passkey),
    /// A set of recovery codes.
    RecoveryCodes {
        /// Digests of those that were not used.
        left: Vec<Digest>,
    },
}

/// The outcome of a costly proof, made before the decision against the row that was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PasswordCheck {
    /// Against which authenticator; none when the name has none, so that the work was for show.
    pub authenticator: Option<AuthenticatorId>,
    /// Its row version then.
    pub row_version: i64,
    /// Whether it was right.
    pub right: bool,
}

/// What is asked about authenticators.
pub enum Command {
    /// Sets the password.
    SetPassword {
        /// The Argon2id hash as a PHC string.
        hash: Secret,
        /// PasswordCheck of the old one; not needed by the server, nor where there is none.
        old: Option<PasswordCheck>,
    },
    /// Offers the seed of a TOTP app; by the server itself it counts at once.
    OfferTotp,
    /// Offers another TOTP app in place of the one that there is, which goes once a code of the new
    /// one was typed.
    ReplaceTotp,
    /// Confirms a TOTP app by a code from it.
    ConfirmTotp {
        /// The code.
        code: Secret,
    },
    /// Adds a passkey.
    AddPasskey {
        /// What the ceremony gave.
        registration: passkey::Registration,
        /// Its name.
        name: String,
    },
    /// Makes a set of recovery codes in place of the one that there is.
    MakeRecoveryCodes,
    /// Gives one another name.
    Rename {
        /// Which.
        authenticator: AuthenticatorId,
        /// The new name.
        name: String,
    },
    /// Removes one; the last way to sign in stays, and so does the last passkey that works.
    Remove {
        /// Which.
        authenticator: AuthenticatorId,
    },
    /// Removes the password and issues an enrolment link; by the operator.
    ResetPassword,
    /// Removes the TOTP app and issues an enrolment link; by the operator.
    ResetTotp,
}

/// What happened to authenticators.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// Added.
    Added(Box<Authenticator>),
    /// Renamed.
    Renamed {
        /// Which.
        authenticator: AuthenticatorId,
        /// Its new name.
        name: Name,
    },
    /// A TOTP app was confirmed by the code of this step.
    TotpConfirmed {
        /// Which.
        authenticator: AuthenticatorId,
        /// The step.
        step: i64,
        /// When.
        at: Time,
    },
    /// A TOTP code was used: no code of this step or an earlier one counts again.
    TotpUsed {
        /// Which.
        authenticator: AuthenticatorId,
        /// The step.
        step: i64,
        /// When.
        at: Time,
    },
    /// A password proved the person.
    PasswordUsed {
        /// Which.
        authenticator: AuthenticatorId,
        /// When.
        at: Time,
    },
    /// A passkey proved the person.
    PasskeyUsed {
        /// Which.
        authenticator: AuthenticatorId,
        /// Its counter now.
        counter: u32,
        /// Whether it is backed up now.
        backed_up: bool,
        /// Its data, where the ceremony changed it.
        data: Option<String>,
        /// When.
        at: Time,
    },
    /// A passkey's counter did not rise: it may be a copy, and counts no longer.
    PasskeySuspected {
        /// Which.
        authenticator: AuthenticatorId,
        /// The counter of its last use.
        stored: u32,
        /// The counter that came.
        given: u32,
        /// When.
        at: Time,
    },
    /// A recovery code proved the person, and is used up.
    RecoveryCodeUsed {
        /// Of which set.
        authenticator: AuthenticatorId,
        /// Its digest.
        code: Digest,
        /// When.
        at: Time,
    },
    /// Removed or replaced.
    Removed {
        /// Which.
        authenticator: AuthenticatorId,
    },
}

impl Event {
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::Added(_) => "authenticator.added",
            Self::Renamed { .. } => "authenticator.renamed",
            Self::TotpConfirmed { .. } => "authenticator.confirmed",
            Self::TotpUsed { .. }
            | Self::PasswordUsed { .. }
            | Self::PasskeyUsed { .. }
            | Self::RecoveryCodeUsed { .. } => "authenticator.used",
            Self::PasskeySuspected { .. } => "authenticator.suspected",
            Self::Removed { .. } => "authenticator.removed",
        }
    }

    pub(crate) fn text(&self) -> String {
        match self {
            Self::Added(one) => format!("Authenticator {} ({}) added", one.id, one.name),
            Self::Renamed { authenticator, name } => {
                format!("Authenticator {authenticator} named {name}")
            }
            Self::TotpConfirmed { authenticator, .. } => {
                format!("Authenticator app {authenticator} confirmed")
            }
            Self::TotpUsed { authenticator, .. } => {
                format!("Authenticator app {authenticator}: the code was correct")
            }
            Self::PasswordUsed { authenticator, .. } => {
                format!("Password {authenticator} was correct")
            }
            Self::PasskeyUsed { authenticator, .. } => {
                format!("Passkey {authenticator} was accepted")
            }
            Self::PasskeySuspected { authenticator, stored, given, .. } => format!(
                "Passkey {authenticator} is suspect: its counter is {given}, not above {stored}; it is no longer accepted"
            ),
            Self::RecoveryCodeUsed { authenticator, .. } => {
                format!("A recovery code of {authenticator} was correct and is now used")
            }
            Self::Removed { authenticator } => format!("Authenticator {authenticator} removed"),
        }
    }
}

pub(crate) fn apply(slice: &mut Slice, event: &Event) {
    let id = match event {
        Event::Added(one) => return put(&mut slice.authenticators, *one.clone(), |one| one.id),
        Event::Removed { authenticator } => {
            return slice.authenticators.retain(|one| one.id != *authenticator);
        }
        Event::Renamed { authenticator, .. }
        | Event::TotpConfirmed { authenticator, .. }
        | Event::TotpUsed { authenticator, .. }
        | Event::PasswordUsed { authenticator, .. }
        | Event::PasskeyUsed { authenticator, .. }
        | Event::PasskeySuspected { authenticator, .. }
        | Event::RecoveryCodeUsed { authenticator, .. } => *authenticator,
    };
    let Some(one) = slice.authenticators.iter_mut().find(|one| one.id == id) else { return };
    match event {
        Event::Renamed { name, .. } => one.name = name.clone(),
        Event::TotpConfirmed { step, at, .. } | Event::TotpUsed { step, at, .. } => {
            one.last_used_at = Some(*at);
            one.row_version += 1;
            if let Kind::Totp { confirmed, last_step, .. } = &mut one.kind {
                (*confirmed, *last_step) = (true, Some(*step));
            }
        }
        Event::PasswordUsed { at, .. } => one.last_used_at = Some(*at),
        Event::PasskeyUsed { counter, backed_up, data, at, .. } => {
            one.last_used_at = Some(*at);
            one.row_version += 1;
            if let Kind::Passkey(passkey) = &mut one.kind {
                (passkey.counter, passkey.backed_up) = (*counter, *backed_up);
                passkey.data = data.clone().unwrap_or_else(|| passkey.data.clone());
            }
        }
        Event::PasskeySuspected { at, .. } => {
            one.row_version += 1;
            if let Kind::Passkey(passkey) = &mut one.kind {
                passkey.suspect_at = Some(*at);
            }
        }
        Event::RecoveryCodeUsed { code, at, .. } => {
            one.last_used_at = Some(*at);
            one.row_version += 1;
            if let Kind::RecoveryCodes { left } = &mut one.kind {
                left.retain(|kept| kept != code);
            }
        }
        Event::Added(_) | Event::Removed { .. } => {}
    }
}

impl Authenticator {
    /// What the secrets of this authenticator are sealed for.
    pub fn purpose(id: AuthenticatorId) -> String {
        format!("authenticator {id}")
    }

    fn open(&self, sealed: &SealedSecret, key: &SealKey) -> Result<Secret, Refusal> {
        key.open(sealed, &Self::purpose(self.id)).map_err(|_| Refusal::KeyMismatch)
    }

    /// The PHC string of a password, for the one who checks it.
    pub fn open_hash(&self, key: &SealKey) -> Result<Secret, Refusal> {
        match &self.kind {
            Kind::Password { hash } => self.open(hash, key),
            _ => Err(Refusal::NotFound { what: "password" }),
        }
    }

    /// The seed of a TOTP app.
    pub fn open_seed(&self, key: &SealKey) -> Result<Secret, Refusal> {
        match &self.kind {
            Kind::Totp { seed, .. } => self.open(seed, key),
            _ => Err(Refusal::NotFound { what: TOTP }),
        }
    }
}

pub(crate) fn decide(
    slice: &Slice,
    ground: &Ground<'_>,
    command: &Command,
) -> Result<Decision, Refusal> {
    // What a reset removed may be set again; all else waits until what was kept is used.
    let fills = match command {
        Command::SetPassword { .. } => slice.password().is_none(),
        Command::OfferTotp | Command::ConfirmTotp { .. } => {
            ground.session(slice).is_ok_and(|session| slice.takes_app(session))
        }
        _ => false,
    };
    if !fills {
        ground.check_shown(slice)?;
    }
    match command {
        Command::SetPassword { hash, old } => password::set(slice, ground, hash, old.as_ref()),
        Command::OfferTotp => totp::offer(slice, ground),
        Command::ReplaceTotp => totp::offer_another(slice, ground),
        Command::ConfirmTotp { code } => totp::confirm(slice, ground, code),
        Command::AddPasskey { registration, name } => {
            passkey::add(slice, ground, registration, name)
        }
        Command::MakeRecoveryCodes => recovery_code::make(slice, ground),
        Command::Rename { authenticator, name } => rename(slice, ground, *authenticator, name),
        Command::Remove { authenticator } => remove(slice, ground, *authenticator),
        Command::ResetPassword => reset(slice, ground, "password", slice.password().into_iter()),
        Command::ResetTotp => reset(slice, ground, TOTP, slice.totps()),
    }
}

/// The notice of every binding and loss, as NIST SP 800-63B-4 asks.
fn tell(ground: &Ground<'_>, slice: &Slice, text: &str) -> Option<decision::Event> {
    let person = slice.person.as_ref()?;
    let text = format!("{text}{}", warning(ground));
    Some(notice::queue(ground, person.id, Topic::AuthenticatorChanged, text, None))
}

/// The end of a notice: where it came from, and what to do if it was somebody else.
fn warning(ground: &Ground<'_>) -> String {
    if ground.source.address.is_none() {
        return " It was done on the server's command line. If you did not ask for it, ask the operator.".to_owned();
    }
    format!(
        " It came from {} ({}). If that was not you, lock the account, end your other sessions and tell the operator.",
        ground.source,
        agent::family(&ground.source.agent)
    )
}

/// Ends the person's sessions but the one that asks.
fn end_sessions(slice: &Slice, ground: &Ground<'_>) -> Vec<decision::Event> {
    let at = ground.moment.now;
    let own = ground.session(slice).ok().map(|session| session.id);
    let reason = SessionEnd::AuthenticatorChanged;
    let others = slice.sessions.iter().filter(|session| Some(session.id) != own);
    others.map(|one| session::Event::Ended { session: one.id, at, reason }.into()).collect()
}

/// Drops the person's sign-ins under way: what they have proven no longer counts.
fn drop_attempts(slice: &Slice) -> impl Iterator<Item = decision::Event> {
    slice.attempts.iter().flat_map(|one| sign_in::drop_attempt(slice, one))
}

/// Takes a TOTP app away that was offered and not confirmed: anyone who saw its seed must not have the
/// one that is confirmed later.
pub(crate) fn withdraw_offer(slice: &Slice) -> Option<decision::Event> {
    let offered = slice.offered_totp()?;
    Some(Event::Removed { authenticator: offered.id }.into())
}

fn rename(
    slice: &Slice,
    ground: &Ground<'_>,
    id: AuthenticatorId,
    name: &str,
) -> Result<Decision, Refusal> {
    ground.authorise(slice, Act::ManageAuthenticators)?;
    ground.check_not_held(slice, Act::ManageAuthenticators)?;
    let one = slice.authenticator(id).ok_or(Refusal::NotFound { what: "authenticator" })?;
    let name = Name::new("authenticator name", name)?;
    Ok(Decision::new(vec![Event::Renamed { authenticator: one.id, name }.into()], Answer::Done))
}

fn remove(slice: &Slice, ground: &Ground<'_>, id: AuthenticatorId) -> Result<Decision, Refusal> {
    ground.authorise(slice, Act::ManageAuthenticators)?;
    ground.check_not_held(slice, Act::ManageAuthenticators)?;
    ground.check_recent(slice)?;
    let one = slice.authenticator(id).ok_or(Refusal::NotFound { what: "authenticator" })?;
    let mut draft = Draft::of(slice);
    draft.push(Event::Removed { authenticator: id });
    let left = draft.slice();
    if slice.is_enrolled() && !left.is_enrolled() {
        return Err(Refusal::LastAuthenticator);
    }
    // A person cannot fall back to what can be phished; the operator may take any key away.
    let had = slice.working_passkeys().next().is_some();
    if had && left.working_passkeys().next().is_none() && !ground.by.runs_the_server() {
        return Err(Refusal::LastPasskey);
    }
    let text = format!("{} was removed from your ways to sign in.", one.name);
    if !matches!(one.kind, Kind::Passkey(_)) {
        draft.extend(drop_attempts(slice));
    }
    draft.extend(tell(ground, slice, &text));
    Ok(draft.decide(Answer::Done))
}

/// The operator's reset: the authenticator, a TOTP app that is not confirmed, and all sessions go,
/// and a link to enrol again is made.
fn reset<'s>(
    slice: &'s Slice,
    ground: &Ground<'_>,
    what: &'static str,
    those: impl Iterator<Item = &'s Authenticator>,
) -> Result<Decision, Refusal> {
    if !ground.by.runs_the_server() {
        return Err(Refusal::OperatorOnly);
    }
    let (link, answer) = link::issue(slice, ground, Purpose::Enrolment)?;
    let mut events: Vec<decision::Event> = Vec::new();
    events.extend(those.map(|one| Event::Removed { authenticator: one.id }.into()));
    events.extend(withdraw_offer(slice));
    // The codes stand in for the app: anyone who made them may be the reason for the reset.
    let codes = slice.recovery_codes().filter(|_| what == TOTP);
    events.extend(codes.map(|one| Event::Removed { authenticator: one.id }.into()));
    events.extend(end_sessions(slice, ground));
    events.extend(drop_attempts(slice));
    events.push(throttle::Event::AllCleared.into());
    events.extend(link);
    events.extend(tell(ground, slice, &format!("The operator reset your {what}.")));
    Ok(Decision::new(events, answer))
}
