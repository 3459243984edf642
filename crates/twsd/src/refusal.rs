//! The words of this wire for every reason against a request. Nowhere else is a reason worded, and
//! a new one does not compile until it has its place here.
#![deny(clippy::wildcard_enum_match_arm)]

use access::Refusal;
use gate::Refused;
use trade::Denial;
use tws::outbound::ErrorCode;

/// What a refused request was about: clients expect another number for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Subject {
    /// Reference data.
    Contract,
    /// Live market data.
    MarketData,
    /// Past market data.
    Historical,
    /// The account, its positions, orders and executions.
    Account,
}

impl Subject {
    /// The number that ends such a request in all clients.
    pub(crate) fn code(self) -> ErrorCode {
        match self {
            Self::Contract => ErrorCode::NO_DEFINITION,
            Self::MarketData => ErrorCode::NOT_SUBSCRIBED,
            Self::Historical => ErrorCode::HISTORICAL_DATA,
            Self::Account => ErrorCode::PROCESSING,
        }
    }
}

/// The text of error 201: the stable code, the number that failed, the limit, and for what is in
/// the order the name that its field has on this wire.
pub(crate) fn order(refused: &Refused) -> String {
    let (denial, code) = match refused {
        Refused::Refusal(refusal) => return format!("Order rejected - reason: {refusal}"),
        Refused::Denial(denial) => (denial, denial.code()),
    };
    match field(denial) {
        Some(field) => format!("Order rejected - reason: {code}: {denial} ({field})"),
        None => format!("Order rejected - reason: {code}: {denial}"),
    }
}

/// The clients' name of the field that a denial is about; none when it is about no single one.
fn field(denial: &Denial) -> Option<&'static str> {
    match denial {
        Denial::QuantityZero
        | Denial::Quantity { .. }
        | Denial::ChildQuantity { .. }
        | Denial::QuantityBelowFilled { .. } => Some("totalQuantity"),
        Denial::PriceOutOfRange { .. } | Denial::Collar { .. } => Some("lmtPrice or auxPrice"),
        Denial::TextTooLong { .. } | Denial::ControlCharacter { .. } => {
            Some("orderRef or ocaGroup")
        }
        Denial::NoParent { .. } => Some("parentId"),
        Denial::ChildSide => Some("action"),
        Denial::ImmediateChange { .. } => Some("tif"),
        Denial::UnknownSymbol { .. } => Some("conId"),
        Denial::UnknownAccount { .. } => Some("account"),
        Denial::GroupSize { .. }
        | Denial::Notional { .. }
        | Denial::Large { .. }
        | Denial::CostMoved { .. }
        | Denial::OpenOrders { .. }
        | Denial::BuyingPower { .. }
        | Denial::Duplicate { .. }
        | Denial::MarketClosed { .. }
        | Denial::Missing(_) => None,
    }
}

/// What a client is told at its end, with error 1100.
pub(crate) fn goodbye(refusal: &Refusal) -> String {
    format!("Connectivity between this program and the account has been lost: {refusal}")
}

/// The number for a refused request that is no order.
#[expect(clippy::too_many_lines, reason = "one line a reason: the list is closed")]
pub(crate) fn code(refusal: &Refusal, subject: Subject) -> ErrorCode {
    match refusal {
        Refusal::RateExceeded { .. } => ErrorCode::MESSAGE_RATE,
        Refusal::Expired { .. }
        | Refusal::AccountNotAllowed { .. }
        | Refusal::ActNotAllowed { .. }
        | Refusal::ReadOnly
        | Refusal::ProductNotAllowed { .. }
        | Refusal::SymbolNotAllowed { .. }
        | Refusal::SideNotAllowed { .. }
        | Refusal::AddressNotAllowed { .. }
        | Refusal::OutsideHours { .. }
        | Refusal::Locked { .. }
        | Refusal::CredentialUnknown
        | Refusal::CredentialRevoked { .. }
        | Refusal::TokenMissing
        | Refusal::TokenWrong
        | Refusal::SessionUnbound { .. }
        | Refusal::DeviceUnconfirmed { .. }
        | Refusal::DeviceRoleNarrow { .. }
        | Refusal::SessionUnattended { .. }
        | Refusal::AssuranceLow { .. }
        | Refusal::NetworkUnproven { .. }
        | Refusal::NetworkLooks { .. }
        | Refusal::BrokerageHeld { .. }
        | Refusal::PolicyUnbound
        | Refusal::ZoneUnknown { .. }
        | Refusal::KeyProofMissing
        | Refusal::KeyProofWrong { .. }
        | Refusal::HardwareProofMissing
        | Refusal::HardwareProofOver
        | Refusal::BindingLate { .. }
        | Refusal::RenewalEarly { .. }
        | Refusal::OwnDevice
        | Refusal::NoPhone
        | Refusal::NoApprover
        | Refusal::PushOff
        | Refusal::PushAddressRefused
        | Refusal::ApprovalsPaused { .. }
        | Refusal::ApprovalEnded
        | Refusal::ApprovalWaits { .. }
        | Refusal::ApprovalDiffers
        | Refusal::OrderUnproven
        | Refusal::NumberWrong { .. }
        | Refusal::VouchNumberWrong { .. }
        | Refusal::VouchEnded
        | Refusal::PhoneWithoutKey
        | Refusal::PhoneNumberWrong
        | Refusal::NotSignedIn
        | Refusal::SessionEnded { .. }
        | Refusal::DeviceBlocked
        | Refusal::LinkEnded
        | Refusal::SignInFailed
        | Refusal::Throttled { .. }
        | Refusal::AddressThrottled { .. }
        | Refusal::AuthenticatorStopped { .. }
        | Refusal::SecondFactorMissing
        | Refusal::AttemptEnded
        | Refusal::CodeWrong
        | Refusal::ActivationWrong { .. }
        | Refusal::CodeReplayed
        | Refusal::CodeExpired { .. }
        | Refusal::CodeElsewhere
        | Refusal::TooManyCodes { .. }
        | Refusal::ResendTooSoon { .. }
        | Refusal::ResendLimit { .. }
        | Refusal::PasskeyRefused { .. }
        | Refusal::ProofStale
        | Refusal::ProofTooOld { .. }
        | Refusal::RecoveryHolds { .. }
        | Refusal::ProofHeld { .. }
        | Refusal::RecoveryStands { .. }
        | Refusal::TooManyRecoveries { .. }
        | Refusal::RecoveryWaits { .. }
        | Refusal::RecoveryUnvouched { .. }
        | Refusal::RecoveryOver
        | Refusal::Busy { .. }
        | Refusal::OperatorOnly
        | Refusal::NotFound { .. }
        | Refusal::NameInvalid { .. }
        | Refusal::UsernameInvalid { .. }
        | Refusal::MailInvalid { .. }
        | Refusal::PhoneInvalid { .. }
        | Refusal::MailStands
        | Refusal::NameTaken { .. }
        | Refusal::PortTaken { .. }
        | Refusal::PortsExhausted { .. }
        | Refusal::TooMany { .. }
        | Refusal::OutOfRange { .. }
        | Refusal::Wider { .. }
        | Refusal::LockStands { .. }
        | Refusal::NoLock
        | Refusal::AccountTaken { .. }
        | Refusal::LastAuthenticator
        | Refusal::LastPasskey
        | Refusal::PasswordGuessable { .. }
        | Refusal::RecoveryCodesEarly
        | Refusal::OldPasswordNeeded
        | Refusal::TotpStands
        | Refusal::JournalFailed
        | Refusal::FileLost { .. }
        | Refusal::DatabaseShared
        | Refusal::DiskFull { .. }
        | Refusal::StoreFull
        | Refusal::StoreFailed
        | Refusal::KeyMismatch
        | Refusal::TooSlow { .. }
        | Refusal::Stopping => subject.code(),
    }
}
