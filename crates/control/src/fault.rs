//! What went wrong, in the operator's words: a stable code and a sentence.

use access::Refusal;
use access::refusal::Remedy;
use gate::Refused;
use serde::{Deserialize, Serialize};

/// A request that was not done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{text}")]
pub struct Fault {
    /// Stable, upper case.
    pub code: String,
    /// What happened and what to do.
    pub text: String,
    /// The field that it is about, by its stable name; none where it is about no single one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
}

impl Fault {
    /// A fault of this door's own.
    pub fn new(code: &str, text: impl Into<String>) -> Self {
        Self { code: code.to_owned(), text: text.into(), field: None }
    }
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        let field = refusal.field().map(|field| field.name().to_owned());
        Self { code: refusal.code().to_owned(), text: words(&refusal), field }
    }
}

impl From<Refused> for Fault {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Refusal(refusal) => refusal.into(),
            Refused::Denial(denial) => Self::new(denial.code(), denial.caller_text()),
        }
    }
}

/// A refusal in the operator's words: why, and with which command something can be done about it.
pub fn words(refusal: &Refusal) -> String {
    let text = refusal.caller_text();
    match refusal.remedy().and_then(remedy) {
        Some(remedy) => format!("{text}; {remedy}"),
        None => text,
    }
}

/// The command by which something can be done; none where the reason's own text says it all, or where it is the person's
/// own to do. The match is closed, so a new remedy has to get its command here.
#[deny(clippy::wildcard_enum_match_arm)]
pub(crate) const fn remedy(remedy: Remedy) -> Option<&'static str> {
    match remedy {
        Remedy::TakeOver => Some(
            "take over in the portal, or end the session that trades with `floorpass session end`",
        ),
        Remedy::ChangePolicy => Some("change that with `floorpass policy set`"),
        Remedy::SeeCredentials => Some("`floorpass credential list` shows them all"),
        Remedy::AddPhone => Some("add one with `floorpass link NAME --phone`"),
        Remedy::RemoveDevice => {
            Some("if another phone opened the link, remove it with `floorpass device remove`")
        }
        Remedy::ReplaceApp => Some("replace it with `floorpass authenticator replace-app`"),
        Remedy::Unlock | Remedy::UnlockByOperator => {
            Some("unlock it with `floorpass unlock` (`--person NAME` if the lock is on a person)")
        }
        Remedy::AwaitRecord => Some("do not restart until `floorpass status` shows nothing owed"),
        Remedy::TurnOnPush => Some("turn them on with [push] in the configuration"),
        Remedy::SeeLock
        | Remedy::StartSignIn
        | Remedy::StartRecovery
        | Remedy::SignInHere
        | Remedy::ConfirmPerson => None,
    }
}

/// The answer to one request, as it stands on the line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// Done; what came of it.
    Ok(serde_json::Value),
    /// Not done, and why.
    Error(Fault),
}

#[cfg(test)]
mod tests {
    use access::Grade;
    use access::refusal::{AuthorityRefusal, SignInRefusal};

    use super::*;

    #[test]
    fn refusal_says_the_command_that_helps() {
        let fault = Fault::from(Refusal::from(AuthorityRefusal::Locked { grade: Grade::All }));
        assert_eq!(fault.code, "LOCKED");
        assert!(fault.text.contains("; unlock it with `floorpass unlock`"), "{fault}");
        let ended = Refusal::from(SignInRefusal::AttemptEnded);
        assert_eq!(words(&ended), ended.caller_text(), "a person's own to do");
    }
}
