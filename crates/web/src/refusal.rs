//! How the portal words a refusal: its status and its heading. The text is the refusal's own. The
//! match is closed, so a new reason has to get its words here.
#![deny(clippy::wildcard_enum_match_arm)]

use access::Refusal;
use axum::http::{Extensions, StatusCode};
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};

/// Whether a proof of the person is what a refusal asks for.
pub(crate) const fn wants_proof(why: &Refusal) -> bool {
    matches!(
        why,
        Refusal::ProofTooOld { .. }
            | Refusal::KeptProofMissing
            | Refusal::LockUnproven { .. }
            | Refusal::SessionUnbound { .. }
            | Refusal::NetworkUnproven { .. }
            | Refusal::AssuranceLow { .. }
    )
}

/// The status of the answer.
#[expect(clippy::too_many_lines, reason = "one line a reason: the list is closed")]
pub(crate) const fn status(refusal: &Refusal) -> StatusCode {
    use Refusal as R;
    match refusal {
        R::NotSignedIn
        | R::SessionEnded { .. }
        | R::SignInFailed
        | R::SecondFactorMissing
        | R::AttemptEnded
        | R::AttemptElsewhere
        | R::EnrolmentElsewhere
        | R::RecoveryElsewhere
        | R::RecoveryOver
        | R::CodeWrong
        | R::CodeMalformed { .. }
        | R::RecoveryCodeMalformed
        | R::ActivationWrong { .. }
        | R::CodeReplayed
        | R::CodeExpired { .. }
        | R::CodeElsewhere
        | R::PasskeyRefused { .. }
        | R::AuthenticatorStopped { .. }
        | R::KeyProofMissing
        | R::KeyProofWrong { .. }
        | R::HardwareProofMissing
        | R::HardwareProofOver
        | R::TokenMissing
        | R::TokenWrong
        | R::TokenReplaced { .. } => StatusCode::UNAUTHORIZED,
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
        | R::CredentialRevoked { .. }
        | R::CredentialPaused { .. }
        | R::DeviceBlocked
        | R::SessionUnbound { .. }
        | R::DeviceUnconfirmed { .. }
        | R::DeviceRoleNarrow { .. }
        | R::SessionUnattended { .. }
        | R::AssuranceLow { .. }
        | R::NetworkUnproven { .. }
        | R::NetworkLooks { .. }
        | R::BrokerageHeld { .. }
        | R::PolicyUnbound
        | R::RecoveryHolds { .. }
        | R::ProofHeld { .. }
        | R::OwnDevice
        | R::NoApprover
        | R::PhoneWithoutKey
        | R::OperatorOnly
        | R::LockUnproven { .. }
        | R::OrderUnproven
        | R::Wider { .. }
        | R::WiderMandate { .. }
        | R::OldPasswordNeeded
        | R::ProofTooOld { .. }
        | R::KeptProofMissing => StatusCode::FORBIDDEN,
        R::NotFound { .. } | R::CredentialUnknown => StatusCode::NOT_FOUND,
        R::LinkEnded => StatusCode::GONE,
        R::RateExceeded { .. }
        | R::Throttled { .. }
        | R::AddressThrottled { .. }
        | R::ApprovalsPaused { .. }
        | R::ResendTooSoon { .. }
        | R::TooManyCodes { .. }
        | R::TooManyRecoveries { .. }
        | R::ResendLimit { .. } => StatusCode::TOO_MANY_REQUESTS,
        R::NumberWrong { .. }
        | R::VouchNumberWrong { .. }
        | R::PushAddressRefused
        | R::PhoneNumberWrong
        | R::NameInvalid { .. }
        | R::NameHidden { .. }
        | R::NameMixed { .. }
        | R::UsernameInvalid { .. }
        | R::MailInvalid { .. }
        | R::PhoneInvalid { .. }
        | R::OutOfRange { .. }
        | R::ZoneUnknown { .. }
        | R::PasswordGuessable { .. } => StatusCode::UNPROCESSABLE_ENTITY,
        R::NameTaken { .. }
        | R::CredentialNotPaused
        | R::TokenNotRequired
        | R::MailStands
        | R::PortTaken { .. }
        | R::PortsExhausted { .. }
        | R::TooMany { .. }
        | R::LockStands { .. }
        | R::NoLock
        | R::AccountTaken { .. }
        | R::AccountClosed { .. }
        | R::LastOwner { .. }
        | R::MandateStands { .. }
        | R::LastAuthenticator
        | R::LastPasskey
        | R::RecoveryCodesEarly
        | R::TotpStands
        | R::BindingLate { .. }
        | R::NoPhone
        | R::PushOff
        | R::ApprovalEnded
        | R::VouchEnded
        | R::ApprovalWaits { .. }
        | R::ApprovalDiffers
        | R::RecoveryStands { .. }
        | R::RecoveryWaits { .. }
        | R::RecoveryUnvouched { .. }
        | R::RenewalEarly { .. }
        | R::ProofStale => StatusCode::CONFLICT,
        // It was done: what is missing is the record.
        R::NotOnRecord { .. } => StatusCode::ACCEPTED,
        R::Busy { .. }
        | R::JournalFailed
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
    matches!(refusal, Refusal::AttemptEnded | Refusal::AttemptElsewhere)
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
    if *refusal == Refusal::AttemptEnded {
        return "This sign-in has ended";
    }
    if matches!(
        refusal,
        Refusal::AttemptElsewhere | Refusal::RecoveryElsewhere | Refusal::EnrolmentElsewhere
    ) {
        return "Started in another browser";
    }
    if *refusal == Refusal::RecoveryOver {
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
    if matches!(refusal, R::LockStands { .. }) {
        "Already locked"
    } else if matches!(refusal, R::NoLock) {
        "Nothing is locked"
    } else if matches!(refusal, R::NameTaken { .. } | R::PortTaken { .. } | R::AccountTaken { .. })
    {
        "Already taken"
    } else if matches!(refusal, R::MailStands | R::TotpStands | R::RecoveryStands { .. }) {
        "Already set up"
    } else if matches!(refusal, R::LastAuthenticator | R::LastPasskey) {
        "You would lock yourself out"
    } else if matches!(refusal, R::TooMany { .. } | R::PortsExhausted { .. }) {
        "Limit reached"
    } else if matches!(refusal, R::ApprovalEnded | R::VouchEnded | R::BindingLate { .. }) {
        "Too late"
    } else if matches!(
        refusal,
        R::RenewalEarly { .. } | R::RecoveryWaits { .. } | R::RecoveryCodesEarly
    ) {
        "Too early"
    } else if matches!(refusal, R::ProofStale | R::ApprovalDiffers) {
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
    let text = sentence(&refusal.caller_text());
    html! { div.note.bad role="alert" { (text) " " span.tag.mono { (refusal.code()) } } }
}

/// What a form lacks, in the portal's own words.
pub(crate) fn missing(text: &str) -> Markup {
    html! { div.note.bad role="alert" { (text) } }
}
