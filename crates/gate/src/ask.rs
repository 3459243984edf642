//! What each command is answered with. `access` has one type for all answers; which of them a command
//! has is said here, once, so that nobody who asks has to say what they would do with another one.

use std::sync::Arc;

use access::credential::Door;
use access::notice::Disowned;
use access::recovery::Begun;
use access::refusal::ServerRefusal;
use access::{
    Answer, ApprovalId, AuthenticatorId, By, Call, Command, CredentialId, PersonId, Refusal,
    Secret, Slice, Source, Time, authenticator, credential, large_order, lock, notice, person,
    session,
};
use store::Key;

use crate::Gate;

/// A command, and how its answer is read.
pub(crate) struct Ask<T> {
    command: Command,
    read: fn(Answer) -> Option<T>,
}

/// Pairs a command with its answer.
macro_rules! ask {
    ($command:expr, $answer:pat => $value:expr) => {
        Ask {
            command: $command,
            read: |answer| match answer {
                $answer => Some($value),
                _ => None,
            },
        }
    };
}

/// A TOTP app can be set up with these: the seed in base 32, and the same as an address.
pub(crate) type Offered = (Secret, Secret);

/// Offers a TOTP app, in place of the one that there is when `replaces`.
pub(crate) fn totp(replaces: bool) -> Ask<Offered> {
    let command = if replaces {
        authenticator::Command::ReplaceTotp
    } else {
        authenticator::Command::OfferTotp
    };
    ask!(Command::Authenticator(command), Answer::TotpOffered { seed, uri, .. } => (seed, uri))
}

/// Adds a way to sign in.
pub(crate) fn add(command: authenticator::Command) -> Ask<AuthenticatorId> {
    ask!(
        Command::Authenticator(command),
        Answer::AuthenticatorAdded { authenticator } => authenticator
    )
}

/// Makes a set of recovery codes.
pub(crate) fn recovery_codes() -> Ask<Vec<Secret>> {
    let command = authenticator::Command::MakeRecoveryCodes;
    ask!(Command::Authenticator(command), Answer::RecoveryCodes { codes, .. } => codes)
}

/// Creates a credential: its id, its token, its door.
pub(crate) fn create_credential(
    new: credential::NewCredential,
) -> Ask<(CredentialId, Option<Secret>, Door)> {
    ask!(
        Command::Credential(credential::Command::Create(Box::new(new))),
        Answer::CredentialCreated { credential, token, door } => (credential, token, door)
    )
}

/// Gives a credential a new token: it, and until when the one before works.
pub(crate) fn rotate(command: credential::Command) -> Ask<(Secret, Time)> {
    ask!(
        Command::Credential(command),
        Answer::CredentialRotated { token, until, .. } => (token, until)
    )
}

/// Asks a phone to approve an order.
pub(crate) fn approval(command: large_order::Command) -> Ask<ApprovalId> {
    ask!(Command::LargeOrder(command), Answer::ApprovalAsked { approval } => approval)
}

/// Locks.
pub(crate) fn lock(target: lock::LockTarget, grade: access::Grade) -> Ask<lock::Lock> {
    ask!(Command::Lock(lock::Command::Set { target, grade }), Answer::Locked(lock) => lock)
}

/// Lifts a lock.
pub(crate) fn unlock(target: lock::LockTarget) -> Ask<lock::Lock> {
    ask!(Command::Lock(lock::Command::Lift { target }), Answer::Unlocked(lock) => lock)
}

/// Ends what a lock of `all` on an account ends of another one who holds it.
pub(crate) fn reach(target: lock::LockTarget) -> Ask<lock::Lock> {
    ask!(Command::Lock(lock::Command::Reach { target }), Answer::Locked(lock) => lock)
}

/// Says that what a message names was not its person's doing.
pub(crate) fn disown(command: notice::Command) -> Ask<Disowned> {
    ask!(Command::Notice(command), Answer::Disowned(stopped) => stopped)
}

/// Makes a link, by whichever noun's command: what goes into its address, and until when it works.
pub(crate) fn link(command: Command) -> Ask<(Secret, Time)> {
    ask!(command, Answer::Link { token, until, .. } => (token, until))
}

/// Creates a person.
pub(crate) fn create_person(command: person::Command) -> Ask<PersonId> {
    ask!(Command::Person(command), Answer::PersonCreated { person } => person)
}

/// Ends all sessions of a person but the one that asks: how many.
pub(crate) fn end_others() -> Ask<u32> {
    ask!(Command::Session(session::Command::EndOthers), Answer::SessionsEnded { count } => count)
}

impl Gate {
    /// Decides what is asked on the slice of `key` (`loaded`, when the caller just read it).
    pub(crate) async fn ask<T>(
        &self,
        key: Key<'_>,
        loaded: Option<Slice>,
        (by, source): (By, Source),
        ask: Ask<T>,
    ) -> Result<T, Refusal> {
        let Ask { command, read } = ask;
        let done = self.run(key, loaded, &Arc::new(Call { by, source, command })).await?;
        done.read(by, |answer, _| read(answer))
    }
}

/// What a command came to.
pub(crate) struct Done {
    /// What the caller gets.
    pub(crate) answer: Answer,
    /// The person as they are now.
    pub(crate) after: Slice,
}

impl Done {
    /// What the caller gets. An answer of another kind than the command has is a broken invariant of
    /// `access`, told as a failure instead of a panic.
    pub(crate) fn read<T>(
        self,
        by: By,
        read: impl FnOnce(Answer, &Slice) -> Option<T>,
    ) -> Result<T, Refusal> {
        read(self.answer, &self.after).ok_or_else(|| {
            tracing::error!(%by, "a decision gave the answer to another command");
            Refusal::Server(ServerRefusal::StoreFailed)
        })
    }

    /// The recovery that was begun.
    pub(crate) fn recovery(self, by: By) -> Result<Begun, Refusal> {
        self.read(by, |answer, _| match answer {
            Answer::RecoveryBegun(begun) => Some(begun),
            _ => None,
        })
    }
}
