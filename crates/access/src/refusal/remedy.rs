//! What can be done about a refusal, as data.

/// What can be done about a refusal, where it is done at a page or with a command. The text of a reason names neither: each
/// door says it in its own terms, in a closed match, so a new remedy does not compile before it is worded at every door.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remedy {
    /// This session can take trading over from the one that holds it.
    TakeOver,
    /// The interface's policy can be set otherwise.
    ChangePolicy,
    /// The list of credentials shows which there are.
    SeeCredentials,
    /// A phone can be added that answers approvals.
    AddPhone,
    /// Another phone may have opened the link; it can be removed.
    RemoveDevice,
    /// The authenticator app can be replaced, or reset by the operator.
    ReplaceApp,
    /// The lock can be lifted by its person, or by the operator.
    Unlock,
    /// The lock can be lifted by the operator alone.
    UnlockByOperator,
    /// The lock can be looked at.
    SeeLock,
    /// The server must run until what is owed is on record.
    AwaitRecord,
    /// The operator can have the server push.
    TurnOnPush,
    /// The sign-in can be begun again.
    StartSignIn,
    /// The recovery can be begun again.
    StartRecovery,
    /// The person can sign in where they are now.
    SignInHere,
    /// The person can prove once more who they are.
    ConfirmPerson,
}

impl Remedy {
    /// Every remedy.
    pub const ALL: [Self; 15] = [
        Self::TakeOver,
        Self::ChangePolicy,
        Self::SeeCredentials,
        Self::AddPhone,
        Self::RemoveDevice,
        Self::ReplaceApp,
        Self::Unlock,
        Self::UnlockByOperator,
        Self::SeeLock,
        Self::AwaitRecord,
        Self::TurnOnPush,
        Self::StartSignIn,
        Self::StartRecovery,
        Self::SignInHere,
        Self::ConfirmPerson,
    ];
}

#[cfg(test)]
mod tests {
    #[test]
    fn text_of_a_reason_names_no_page_and_no_command() {
        let source = include_str!("../refusal.rs");
        let texts = source.lines().filter(|line| !line.trim_start().starts_with("//"));
        for line in texts.filter(|line| line.contains('"')) {
            for door in ["floorpass ", "portal", "/session", " page\"", "Policies", "Devices"] {
                assert!(!line.contains(door), "{door} is a door's: {line}");
            }
        }
    }
}
