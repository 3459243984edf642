//! How the portal words a refusal: its status and its heading. The text is the refusal's own. The
//! match is closed, so a new reason has to get its words here.
#![deny(clippy::wildcard_enum_match_arm)]

use access::Refusal;
use access::refusal::{
    AccountRefusal, ApprovalRefusal, AuthorityRefusal, ChangeRefusal, CredentialRefusal, Field,
    InputRefusal, RecoveryRefusal, Remedy, ServerRefusal, SessionRefusal, SignInRefusal,
};
use axum::http::{Extensions, StatusCode};
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};

use crate::field::Errors;
use crate::remedy;

/// Whether a proof of the person is what a refusal asks for.
pub(crate) const fn wants_proof(why: &Refusal) -> bool {
    matches!(why.remedy(), Some(Remedy::ConfirmPerson))
}

/// The status of the answer.
pub(crate) const fn status(refusal: &Refusal) -> StatusCode {
    match refusal {
        Refusal::Authority(why) => authority(why),
        Refusal::Credential(why) => credential(why),
        Refusal::Session(why) => session(why),
        Refusal::Approval(why) => approval(why),
        Refusal::SignIn(why) => sign_in(why),
        Refusal::Recovery(why) => recovery(why),
        Refusal::Input(why) => input(why),
        Refusal::Account(why) => account(why),
        Refusal::Change(why) => change(why),
        Refusal::Server(why) => server(why),
    }
}

const fn authority(why: &AuthorityRefusal) -> StatusCode {
    use AuthorityRefusal as R;
    match why {
        R::Expired { .. }
        | R::AccountNotAllowed { .. }
        | R::ActNotAllowed { .. }
        | R::ReadOnly
        | R::ProductNotAllowed { .. }
        | R::SymbolNotAllowed { .. }
        | R::SideNotAllowed { .. }
        | R::AddressNotAllowed { .. }
        | R::OutsideHours { .. }
        | R::OrderKindNotAllowed { .. }
        | R::Locked { .. }
        | R::SessionUnbound { .. }
        | R::DeviceUnconfirmed { .. }
        | R::DeviceRoleNarrow { .. }
        | R::SessionUnattended { .. }
        | R::AssuranceLow { .. }
        | R::NetworkUnproven { .. }
        | R::NetworkLooks { .. }
        | R::BrokerageHeld { .. }
        | R::RecoveryHolds { .. } => StatusCode::FORBIDDEN,
        R::RateExceeded { .. } => StatusCode::TOO_MANY_REQUESTS,
    }
}

const fn credential(why: &CredentialRefusal) -> StatusCode {
    use CredentialRefusal as R;
    match why {
        R::TokenMissing | R::TokenWrong | R::TokenReplaced { .. } => StatusCode::UNAUTHORIZED,
        R::CredentialRevoked { .. }
        | R::CredentialWithdrawn { .. }
        | R::CredentialPaused { .. }
        | R::OtherDoor { .. }
        | R::Wider { .. } => StatusCode::FORBIDDEN,
        R::CredentialUnknown => StatusCode::NOT_FOUND,
        R::CredentialAmbiguous { .. }
        | R::NobodyGives { .. }
        | R::CredentialNotPaused
        | R::TokenNotRequired
        | R::TokenNeeded { .. }
        | R::DoorNotServed { .. }
        | R::PortTaken { .. }
        | R::PortsExhausted { .. } => StatusCode::CONFLICT,
    }
}

const fn session(why: &SessionRefusal) -> StatusCode {
    use SessionRefusal as R;
    match why {
        R::NotSignedIn
        | R::SessionEnded { .. }
        | R::KeyProofMissing
        | R::KeyProofWrong { .. }
        | R::HardwareProofMissing
        | R::HardwareProofOver => StatusCode::UNAUTHORIZED,
        R::DeviceBlocked
        | R::PolicyUnbound
        | R::ProofHeld { .. }
        | R::OwnDevice
        | R::ProofTooOld { .. }
        | R::KeptProofMissing => StatusCode::FORBIDDEN,
        R::LinkEnded => StatusCode::GONE,
        R::PushAddressRefused => StatusCode::UNPROCESSABLE_ENTITY,
        R::BindingLate { .. } | R::PushOff | R::RenewalEarly { .. } => StatusCode::CONFLICT,
    }
}

const fn approval(why: &ApprovalRefusal) -> StatusCode {
    use ApprovalRefusal as R;
    match why {
        R::NoApprover | R::PhoneWithoutKey | R::OrderUnproven => StatusCode::FORBIDDEN,
        R::ApprovalsPaused { .. } => StatusCode::TOO_MANY_REQUESTS,
        R::NumberWrong { .. } | R::PhoneNumberWrong => StatusCode::UNPROCESSABLE_ENTITY,
        R::NoPhone | R::ApprovalEnded | R::ApprovalWaits { .. } | R::ApprovalDiffers => {
            StatusCode::CONFLICT
        }
    }
}

const fn sign_in(why: &SignInRefusal) -> StatusCode {
    use SignInRefusal as R;
    match why {
        R::SignInFailed
        | R::SecondFactorMissing
        | R::AttemptEnded
        | R::AttemptElsewhere
        | R::EnrolmentElsewhere
        | R::CodeWrong
        | R::CodeMalformed { .. }
        | R::RecoveryCodeMalformed
        | R::ActivationWrong { .. }
        | R::CodeReplayed
        | R::CodeExpired { .. }
        | R::CodeElsewhere
        | R::PasskeyRefused { .. }
        | R::AuthenticatorStopped { .. } => StatusCode::UNAUTHORIZED,
        R::Throttled { .. }
        | R::AddressThrottled { .. }
        | R::ResendTooSoon { .. }
        | R::TooManyCodes { .. }
        | R::ResendLimit { .. } => StatusCode::TOO_MANY_REQUESTS,
        R::ProofStale => StatusCode::CONFLICT,
        R::Busy { .. } => StatusCode::SERVICE_UNAVAILABLE,
    }
}

const fn recovery(why: &RecoveryRefusal) -> StatusCode {
    use RecoveryRefusal as R;
    match why {
        R::RecoveryElsewhere | R::RecoveryOver => StatusCode::UNAUTHORIZED,
        R::TooManyRecoveries { .. } => StatusCode::TOO_MANY_REQUESTS,
        R::VouchNumberWrong { .. } => StatusCode::UNPROCESSABLE_ENTITY,
        R::VouchEnded
        | R::RecoveryStands { .. }
        | R::RecoveryWaits { .. }
        | R::RecoveryUnvouched { .. } => StatusCode::CONFLICT,
    }
}

const fn input(why: &InputRefusal) -> StatusCode {
    use InputRefusal as R;
    match why {
        R::NameInvalid { .. }
        | R::NameHidden { .. }
        | R::NameMixed { .. }
        | R::UsernameInvalid { .. }
        | R::UsernameReserved { .. }
        | R::NameReserved { .. }
        | R::MailInvalid { .. }
        | R::PhoneInvalid { .. }
        | R::OutOfRange { .. }
        | R::ZoneUnknown { .. }
        | R::PasswordGuessable { .. } => StatusCode::UNPROCESSABLE_ENTITY,
        R::AccountsMixed { .. } | R::NameTaken { .. } | R::TooMany { .. } => StatusCode::CONFLICT,
    }
}

const fn account(why: &AccountRefusal) -> StatusCode {
    use AccountRefusal as R;
    match why {
        R::WiderMandate { .. } => StatusCode::FORBIDDEN,
        R::AccountTaken { .. }
        | R::AccountBegun { .. }
        | R::AccountUnowned { .. }
        | R::AccountClosed { .. }
        | R::LastOwner { .. }
        | R::MandateStands { .. } => StatusCode::CONFLICT,
    }
}

const fn change(why: &ChangeRefusal) -> StatusCode {
    use ChangeRefusal as R;
    match why {
        R::OperatorOnly | R::LockUnproven { .. } | R::OldPasswordNeeded => StatusCode::FORBIDDEN,
        R::NotFound { .. } => StatusCode::NOT_FOUND,
        R::MailStands
        | R::LockStands { .. }
        | R::NoLock
        | R::LastAuthenticator
        | R::LastPasskey
        | R::RecoveryCodesEarly
        | R::TotpStands => StatusCode::CONFLICT,
    }
}

const fn server(why: &ServerRefusal) -> StatusCode {
    use ServerRefusal as R;
    match why {
        // It was done: what is missing is the record.
        R::NotOnRecord { .. } => StatusCode::ACCEPTED,
        R::JournalFailed
        | R::FileLost { .. }
        | R::DatabaseShared
        | R::DiskFull { .. }
        | R::StoreFull
        | R::StoreFailed
        | R::KeyMismatch
        | R::TooSlow { .. }
        | R::CatchingUp { .. }
        | R::Stopping => StatusCode::SERVICE_UNAVAILABLE,
    }
}

/// A page that tells a refusal, with its status and, where that helps, when to come back.
pub(crate) fn told(refusal: &Refusal, page: impl IntoResponse) -> Response {
    let mut response = (status(refusal), page).into_response();
    response.extensions_mut().extend(when(refusal));
    response
}

/// Whether a sign-in does not go on here after it.
pub(crate) const fn ends_attempt(refusal: &Refusal) -> bool {
    matches!(
        refusal,
        Refusal::SignIn(SignInRefusal::AttemptEnded | SignInRefusal::AttemptElsewhere)
    )
}

/// When to come back, for the guard of every answer, which knows what time it is.
pub(crate) fn when(refusal: &Refusal) -> Extensions {
    let mut extensions = Extensions::new();
    if let Some(retry) = refusal.retry() {
        extensions.insert(retry);
    }
    extensions
}

/// The heading of a page that shows nothing else.
pub(crate) fn heading(refusal: &Refusal) -> &'static str {
    // What is over is begun again, and not only by a sign-in.
    if *refusal == Refusal::SignIn(SignInRefusal::AttemptEnded) {
        return "This sign-in has ended";
    }
    if matches!(
        refusal,
        Refusal::SignIn(SignInRefusal::AttemptElsewhere | SignInRefusal::EnrolmentElsewhere)
            | Refusal::Recovery(RecoveryRefusal::RecoveryElsewhere)
    ) {
        return "Started in another browser";
    }
    if *refusal == Refusal::Recovery(RecoveryRefusal::RecoveryOver) {
        return "This recovery has ended";
    }
    match status(refusal) {
        StatusCode::ACCEPTED => "In effect, but not yet recorded",
        StatusCode::UNAUTHORIZED => "Sign in",
        StatusCode::NOT_FOUND => "Not found",
        StatusCode::GONE => "This link no longer works",
        StatusCode::TOO_MANY_REQUESTS => "Too many tries",
        StatusCode::UNPROCESSABLE_ENTITY => "That was not accepted",
        StatusCode::CONFLICT => conflict(refusal),
        StatusCode::SERVICE_UNAVAILABLE => "The server cannot do this now",
        _ => "Refused",
    }
}

/// The heading where something is in the way.
fn conflict(refusal: &Refusal) -> &'static str {
    use Refusal as R;
    if matches!(refusal, R::Change(ChangeRefusal::LockStands { .. })) {
        "Already locked"
    } else if matches!(refusal, R::Change(ChangeRefusal::NoLock)) {
        "Nothing is locked"
    } else if matches!(
        refusal,
        R::Input(InputRefusal::NameTaken { .. })
            | R::Credential(CredentialRefusal::PortTaken { .. })
            | R::Account(AccountRefusal::AccountTaken { .. })
    ) {
        "Already taken"
    } else if matches!(
        refusal,
        R::Change(ChangeRefusal::MailStands | ChangeRefusal::TotpStands)
            | R::Recovery(RecoveryRefusal::RecoveryStands { .. })
    ) {
        "Already set up"
    } else if matches!(
        refusal,
        R::Change(ChangeRefusal::LastAuthenticator | ChangeRefusal::LastPasskey)
    ) {
        "You would lock yourself out"
    } else if matches!(
        refusal,
        R::Input(InputRefusal::TooMany { .. })
            | R::Credential(CredentialRefusal::PortsExhausted { .. })
    ) {
        "Limit reached"
    } else if matches!(
        refusal,
        R::Approval(ApprovalRefusal::ApprovalEnded)
            | R::Recovery(RecoveryRefusal::VouchEnded)
            | R::Session(SessionRefusal::BindingLate { .. })
    ) {
        "Too late"
    } else if matches!(
        refusal,
        R::Session(SessionRefusal::RenewalEarly { .. })
            | R::Recovery(RecoveryRefusal::RecoveryWaits { .. })
            | R::Change(ChangeRefusal::RecoveryCodesEarly)
    ) {
        "Too early"
    } else if matches!(
        refusal,
        R::SignIn(SignInRefusal::ProofStale) | R::Approval(ApprovalRefusal::ApprovalDiffers)
    ) {
        "It has changed in the meantime"
    } else {
        "Not possible now"
    }
}

/// A sentence of a text that begins small: `no such device` as `No such device.`
pub(crate) fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first =
        letters.next().map(|letter| letter.to_uppercase().collect::<String>()).unwrap_or_default();
    let end = if text.ends_with(['.', '?', '!']) { "" } else { "." };
    format!("{first}{}{end}", letters.as_str())
}

/// Why, with the stable code: for the top of a page or a form.
pub(crate) fn note(refusal: &Refusal) -> Markup {
    html! { div.note.bad role="alert" { (said(refusal)) } }
}

/// Why, what can be done about it, and the stable code.
pub(crate) fn said(refusal: &Refusal) -> Markup {
    html! {
        (sentence(&refusal.caller_text())) " "
        @if let Some(remedy) = refusal.remedy() { (remedy::sentence(remedy)) " " }
        span.tag.mono { (refusal.code()) }
    }
}

/// Why, and what can be done about it, where there are no links.
pub(crate) fn text(refusal: &Refusal) -> String {
    let remedy = refusal.remedy().map(remedy::text).unwrap_or_default();
    let text = sentence(&refusal.caller_text());
    if remedy.is_empty() { text } else { format!("{text} {remedy}") }
}

/// What a refusal says of a form, by the name that its field has there; nothing where it is about none of these.
pub(crate) fn errors(refusal: Option<&Refusal>, form: &[(Field, &'static str)]) -> Errors {
    let field = refusal.and_then(Refusal::field);
    let named = form.iter().filter(|(one, _)| field == Some(*one));
    let text = refusal.map_or_else(String::new, text);
    named.map(|(_, name)| (*name, text.clone())).collect()
}

/// The note above forms: the reason, or that it stands beside the field that it is about.
pub(crate) fn above(refusal: &Refusal, errors: &Errors) -> Markup {
    if errors.is_empty() {
        return note(refusal);
    }
    html! {
        div.note.bad role="alert" {
            "Nothing was saved: correct the field marked below. " span.tag.mono { (refusal.code()) }
        }
    }
}

/// What a form lacks, in the portal's own words.
pub(crate) fn missing(text: &str) -> Markup {
    html! { div.note.bad role="alert" { (text) } }
}
