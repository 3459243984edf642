//! What can be done about a refusal.

use access::refusal::{
    ApprovalRefusal, AuthorityRefusal, ChangeRefusal, CredentialRefusal, RecoveryRefusal, Remedy,
    ServerRefusal, SessionRefusal, SignInRefusal,
};
use access::{Act, Grade, Refusal, Time};

#[test]
fn refusal_has_the_remedy_that_helps_against_it() {
    let act = Act::PlaceOrder;
    for (why, remedy) in [
        (AuthorityRefusal::Locked { grade: Grade::All }.into(), Some(Remedy::UnlockByOperator)),
        (AuthorityRefusal::Locked { grade: Grade::NoNew }.into(), Some(Remedy::Unlock)),
        (AuthorityRefusal::SessionUnbound { act }.into(), Some(Remedy::ConfirmPerson)),
        (AuthorityRefusal::NetworkUnproven { act }.into(), Some(Remedy::ConfirmPerson)),
        (AuthorityRefusal::SessionUnattended { act }.into(), Some(Remedy::ChangePolicy)),
        (AuthorityRefusal::NetworkLooks { act }.into(), Some(Remedy::SignInHere)),
        (Refusal::Credential(CredentialRefusal::CredentialUnknown), Some(Remedy::SeeCredentials)),
        (Refusal::Session(SessionRefusal::PushOff), Some(Remedy::TurnOnPush)),
        (Refusal::Session(SessionRefusal::NotSignedIn), None),
        (Refusal::Approval(ApprovalRefusal::NoPhone), Some(Remedy::AddPhone)),
        (Refusal::Approval(ApprovalRefusal::PhoneNumberWrong), Some(Remedy::RemoveDevice)),
        (Refusal::Approval(ApprovalRefusal::ApprovalEnded), None),
        (Refusal::SignIn(SignInRefusal::AttemptEnded), Some(Remedy::StartSignIn)),
        (Refusal::SignIn(SignInRefusal::AttemptElsewhere), Some(Remedy::StartSignIn)),
        (Refusal::Recovery(RecoveryRefusal::RecoveryOver), Some(Remedy::StartRecovery)),
        (Refusal::Change(ChangeRefusal::NoLock), Some(Remedy::SeeLock)),
        (Refusal::Change(ChangeRefusal::LockStands { grade: Grade::All }), Some(Remedy::SeeLock)),
        (Refusal::Change(ChangeRefusal::LockUnproven { at: Time(1) }), Some(Remedy::ConfirmPerson)),
        (Refusal::Change(ChangeRefusal::TotpStands), Some(Remedy::ReplaceApp)),
        (
            Refusal::Server(ServerRefusal::NotOnRecord { because: "", kept: false }),
            Some(Remedy::AwaitRecord),
        ),
        (Refusal::Server(ServerRefusal::NotOnRecord { because: "", kept: true }), None),
        (Refusal::Server(ServerRefusal::Stopping), None),
    ] {
        assert_eq!(why.remedy(), remedy, "{why}");
    }
}
