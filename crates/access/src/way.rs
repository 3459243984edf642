//! Ways to sign in: which of them work for a person at a browser now, fastest first, and why the
//! others do not. The checks are those of the sign-in itself, so what is shown is what happens.

use serde::{Deserialize, Serialize};

use crate::approval;
use crate::call::Source;
use crate::moment::Time;
use crate::refusal::{PasskeyFault, Refusal, SignInRefusal};
use crate::sign_in;
use crate::slice::Slice;
use crate::throttle::{self, Factor, Place};

/// A way to sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A passkey that verifies its user.
    Passkey,
    /// The password, then a yes on the phone.
    Phone,
    /// The password, then a code of the app.
    Code,
    /// The password, then a recovery code.
    RecoveryCode,
    /// A single-use link of the operator.
    Link,
}

/// What a person does on a way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Touches a passkey.
    Passkey,
    /// Types the password.
    Password,
    /// Answers on the phone.
    Phone,
    /// Types a code of the app.
    Code,
    /// Types a recovery code.
    RecoveryCode,
    /// Types the code that was sent, because the browser is new.
    Activation,
    /// Opens a link.
    Link,
}

/// The state of a way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stand {
    /// It works now.
    Open,
    /// What it needs was never set up.
    NotSetUp,
    /// It would be refused, for this reason.
    Refused(Refusal),
}

/// A way and its state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Way {
    /// Its kind.
    pub kind: Kind,
    /// What it takes, in order.
    pub steps: Vec<Step>,
    /// Its state.
    pub stand: Stand,
}

impl Kind {
    /// Every kind, the fastest first.
    pub const ALL: [Self; 5] =
        [Self::Passkey, Self::Phone, Self::Code, Self::RecoveryCode, Self::Link];

    /// Its name in answers to scripts.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Passkey => "passkey",
            Self::Phone => "phone",
            Self::Code => "code",
            Self::RecoveryCode => "recovery_code",
            Self::Link => "link",
        }
    }

    /// In plain words.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Passkey => "Passkey",
            Self::Phone => "Password and your phone",
            Self::Code => "Password and a code from your app",
            Self::RecoveryCode => "Password and a recovery code",
            Self::Link => "A link from the operator",
        }
    }
}

impl Step {
    /// Its name in answers to scripts.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Passkey => "passkey",
            Self::Password => "password",
            Self::Phone => "phone",
            Self::Code => "code",
            Self::RecoveryCode => "recovery_code",
            Self::Activation => "activation",
            Self::Link => "link",
        }
    }

    /// In plain words.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Passkey => "touch the passkey",
            Self::Password => "type the password",
            Self::Phone => "answer on the phone",
            Self::Code => "type the six digits from the app",
            Self::RecoveryCode => "type a recovery code",
            Self::Activation => "type the code we send you, because this browser is new",
            Self::Link => "open the link from the operator",
        }
    }
}

/// Every way of the person at a browser, those that work now first, each group fastest first.
pub fn ways(slice: &Slice, source: &Source, now: Time) -> Vec<Way> {
    let mut ways: Vec<Way> = Kind::ALL
        .into_iter()
        .map(|kind| Way {
            kind,
            steps: steps(slice, source, kind, now),
            stand: stand(slice, source, kind, now),
        })
        .collect();
    ways.sort_by_key(|way| way.stand != Stand::Open);
    ways
}

fn steps(slice: &Slice, source: &Source, kind: Kind, now: Time) -> Vec<Step> {
    let mut steps = match kind {
        Kind::Passkey => vec![Step::Passkey],
        Kind::Phone => vec![Step::Password, Step::Phone],
        Kind::Code => vec![Step::Password, Step::Code],
        Kind::RecoveryCode => vec![Step::Password, Step::RecoveryCode],
        Kind::Link => vec![Step::Link],
    };
    let new = slice.trusted_device(source, now).is_none();
    if new && matches!(kind, Kind::Code | Kind::RecoveryCode) {
        steps.push(Step::Activation);
    }
    steps
}

fn stand(slice: &Slice, source: &Source, kind: Kind, now: Time) -> Stand {
    if !is_set_up(slice, kind, now) {
        // A lock takes devices away: it is the reason, not what it took.
        return sign_in::may_enter(slice, source).map_or_else(Stand::Refused, |()| Stand::NotSetUp);
    }
    match check(slice, source, kind, now) {
        Ok(()) => Stand::Open,
        Err(refusal) => Stand::Refused(refusal),
    }
}

fn is_set_up(slice: &Slice, kind: Kind, now: Time) -> bool {
    let password = slice.password().is_some();
    match kind {
        Kind::Passkey => slice.passkeys().next().is_some(),
        Kind::Phone => {
            // The second step begins only where a code could be typed as well.
            let second = slice.totp().is_some() || slice.codes_left() > 0;
            password && second && approval::phones(slice, now, None).next().is_some()
        }
        Kind::Code => password && slice.totp().is_some(),
        Kind::RecoveryCode => password && slice.codes_left() > 0,
        Kind::Link => true,
    }
}

/// What a sign-in on this way would be refused for, with all that is typed right.
fn check(slice: &Slice, source: &Source, kind: Kind, now: Time) -> Result<(), Refusal> {
    let place = throttle::place(slice, source, now);
    let count = |factor| throttle::check(slice, factor, place, now);
    match kind {
        Kind::Passkey => check_passkeys(slice)?,
        Kind::Link => {}
        Kind::Phone | Kind::Code | Kind::RecoveryCode => count(Factor::Password)?,
    }
    sign_in::may_enter(slice, source)?;
    let second = match kind {
        Kind::Passkey | Kind::Link => return Ok(()),
        Kind::Phone => {
            let open = slice.approvals.iter().filter(|one| one.is_open(now)).count();
            return Ok(approval::check_pause(slice, open, now)?);
        }
        Kind::Code => Factor::Totp,
        Kind::RecoveryCode => Factor::RecoveryCode,
    };
    count(second)?;
    if place == Place::Untrusted {
        count(Factor::Activation)?;
    }
    Ok(())
}

/// A suspect passkey signs nobody in; one that is not is enough.
fn check_passkeys(slice: &Slice) -> Result<(), SignInRefusal> {
    if slice.working_passkeys().next().is_some() {
        return Ok(());
    }
    let since = slice.passkeys().find_map(|(_, passkey)| passkey.suspect_at);
    since.map_or(Ok(()), |since| {
        Err(SignInRefusal::PasskeyRefused { reason: PasskeyFault::Suspect { since } })
    })
}
