//! The words of this wire for every reason against a request. Nowhere else is a reason worded, and
//! a new one does not compile until it has its place here.
#![deny(clippy::wildcard_enum_match_arm)]

use access::entitlements::Symbols;
use access::{Holder, Refusal};
use gate::Refused;
use trade::{Denial, Instruments, OrderId, Reject};
use tws::outbound::ErrorCode;

use crate::client::Client;

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

/// Contracts that a text lists.
const LISTED: usize = 10;

impl Client {
    /// Why a request about an order was not taken: the stable code, the number that failed, the
    /// limit, and for what is in the order the name that its field has on this wire.
    pub(crate) fn reason(&self, refused: &Refused) -> String {
        let denial = match refused {
            Refused::Refusal(refusal) => return self.words(refusal),
            Refused::Denial(denial) => self.with_own_ids(denial),
        };
        let code = denial.code();
        match field(&denial) {
            Some(field) => format!("{code}: {denial} ({field})"),
            None => format!("{code}: {denial}"),
        }
    }

    /// A refusal in words that a client knows: tickers, and its credential's name.
    pub(crate) fn words(&self, refusal: &Refusal) -> String {
        let Refusal::SymbolNotAllowed { symbol, .. } = refusal else { return refusal.to_string() };
        let ticker =
            Instruments::builtin().get(*symbol).map_or("?", |contract| contract.symbol.as_str());
        let code = refusal.code();
        let whose = match self.credential_name() {
            Some(name) => format!("credential {name}"),
            None => "this credential".to_owned(),
        };
        let allowed = allowed(&self.admission.entitlements().symbols);
        format!("{code}: {ticker} is not allowed for {whose} (allowed: {allowed})")
    }

    fn credential_name(&self) -> Option<String> {
        let Holder::Credential(credential) = self.admission.holder() else { return None };
        let listeners = self.gate.credentials().listeners();
        let listeners = listeners.borrow();
        listeners.iter().find(|one| one.credential == credential).map(|one| one.name.clone())
    }

    /// A denial with this client's own ids for orders where it has some.
    fn with_own_ids(&self, denial: &Denial) -> Denial {
        let mut denial = denial.clone();
        if let Denial::NoParent { order: Some(order) }
        | Denial::Missing(Reject::UnknownOrder { order } | Reject::NotOpen { order, .. }) =
            &mut denial
            && let Ok(name) = u64::try_from(self.orders.name(*order))
            && name != 0
        {
            *order = OrderId(name);
        }
        denial
    }
}

/// The tickers of a set of contracts.
fn allowed(symbols: &Symbols) -> String {
    let all = Instruments::builtin().all().iter();
    let tickers: Vec<_> =
        all.filter(|one| symbols.contains(one.id)).map(|one| one.symbol.as_str()).collect();
    let listed = tickers.get(..LISTED.min(tickers.len())).unwrap_or_default().join(", ");
    match tickers.len().saturating_sub(LISTED) {
        0 if tickers.is_empty() => "none".to_owned(),
        0 => listed,
        more => format!("{listed} and {more} more"),
    }
}

/// The clients' name of the field that a denial is about; none when it is about no single one.
fn field(denial: &Denial) -> Option<&'static str> {
    match denial {
        Denial::QuantityZero
        | Denial::Quantity { .. }
        | Denial::ChildQuantity { .. }
        | Denial::PastFlat { .. }
        | Denial::QuantityBelowFilled { .. } => Some("totalQuantity"),
        Denial::PriceOutOfRange { .. } | Denial::PriceOffStep { .. } | Denial::Collar { .. } => {
            Some("lmtPrice or auxPrice")
        }
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
        | Denial::ValueTooLarge { .. }
        | Denial::OtherCurrency { .. }
        | Denial::Expired { .. }
        | Denial::MarketClosed { .. }
        | Denial::Missing(_) => None,
    }
}

/// What a client is told at its end, with error 1100.
pub(crate) fn goodbye(refusal: &Refusal) -> String {
    format!("Connectivity between this program and the account has been lost: {refusal}")
}

/// The number for a refused request that is not an order.
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
        | Refusal::OrderKindNotAllowed { .. }
        | Refusal::Locked { .. }
        | Refusal::CredentialUnknown
        | Refusal::CredentialRevoked { .. }
        | Refusal::CredentialPaused { .. }
        | Refusal::CredentialNotPaused
        | Refusal::TokenMissing
        | Refusal::TokenWrong
        | Refusal::TokenReplaced { .. }
        | Refusal::TokenNotRequired
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
        | Refusal::AttemptElsewhere
        | Refusal::EnrolmentElsewhere
        | Refusal::RecoveryElsewhere
        | Refusal::CodeWrong
        | Refusal::CodeMalformed { .. }
        | Refusal::RecoveryCodeMalformed
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
        | Refusal::NameHidden { .. }
        | Refusal::NameMixed { .. }
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
        | Refusal::WiderMandate { .. }
        | Refusal::LockStands { .. }
        | Refusal::NoLock
        | Refusal::LockUnproven { .. }
        | Refusal::AccountTaken { .. }
        | Refusal::AccountClosed { .. }
        | Refusal::LastOwner { .. }
        | Refusal::MandateStands { .. }
        | Refusal::LastAuthenticator
        | Refusal::LastPasskey
        | Refusal::PasswordGuessable { .. }
        | Refusal::RecoveryCodesEarly
        | Refusal::OldPasswordNeeded
        | Refusal::TotpStands
        | Refusal::KeptProofMissing
        | Refusal::JournalFailed
        | Refusal::FileLost { .. }
        | Refusal::DatabaseShared
        | Refusal::DiskFull { .. }
        | Refusal::StoreFull
        | Refusal::NotOnRecord { .. }
        | Refusal::StoreFailed
        | Refusal::KeyMismatch
        | Refusal::TooSlow { .. }
        | Refusal::CatchingUp { .. }
        | Refusal::Stopping => subject.code(),
    }
}
