//! The words of this wire for every reason against a request. Nowhere else is a reason worded, and
//! a new one does not compile until it has its place here.
#![deny(clippy::wildcard_enum_match_arm)]

use access::entitlements::Symbols;
use access::refusal::{AuthorityRefusal, Remedy};
use access::{Grade, Holder, PaperAccountId, Refusal};
use gate::{Locked, Refused};
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
    pub(crate) fn reason(&self, refused: &Refused, account: PaperAccountId) -> String {
        let denial = match refused {
            Refused::Refusal(refusal) => return self.words_on(refusal, account),
            Refused::Denial(denied) => denied,
        };
        let first = self.with_own_ids(denial.first());
        let code = first.code();
        let told = match field(&first) {
            Some(field) => format!("{code}: {first} ({field})"),
            None => format!("{code}: {first}"),
        };
        denial.told(&told)
    }

    /// The words for a refusal on the connection's first account, or on none.
    pub(crate) fn words(&self, refusal: &Refusal) -> String {
        self.words_on(refusal, self.admission.account())
    }

    /// A refusal in words that a client knows: tickers, its credential's name, and what is locked.
    pub(crate) fn words_on(&self, refusal: &Refusal, account: PaperAccountId) -> String {
        if let Refusal::Authority(AuthorityRefusal::Locked { grade }) = refusal {
            let over = self.admission.on(account).and_then(|one| self.gate.locks().over(&one));
            return over.map_or_else(|| told(refusal), |over| locked(&over, *grade));
        }
        let Refusal::Authority(AuthorityRefusal::SymbolNotAllowed { symbol, .. }) = refusal else {
            return told(refusal);
        };
        let ticker = self
            .gate
            .markets()
            .instruments()
            .get(*symbol)
            .map_or("?", |contract| contract.symbol.as_str());
        let code = refusal.code();
        let whose = match self.credential_name() {
            Some(name) => format!("credential {name}"),
            None => "this credential".to_owned(),
        };
        let allowed =
            allowed(&self.admission.entitlements().symbols, self.gate.markets().instruments());
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

/// That an account or a person is locked, and the whole command that unlocks it.
fn locked(over: &Locked, grade: Grade) -> String {
    let code = Refusal::from(AuthorityRefusal::Locked { grade }).code();
    let (says, command) = (over.says(grade), over.unlock());
    match grade {
        Grade::All => format!("{code}: {says}; the operator can unlock it with `{command}`"),
        Grade::None | Grade::ReduceOnly | Grade::NoNew => format!(
            "{code}: {says}; to unlock, open Lock in the portal, or ask the operator to run `{command}`"
        ),
    }
}

/// The tickers of a set of contracts.
fn allowed(symbols: &Symbols, known: &Instruments) -> String {
    let all = known.all().iter();
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
        Denial::ChildSide | Denial::BoughtOnly { .. } => Some("action"),
        Denial::ImmediateChange { .. } => Some("tif"),
        Denial::ForwardPriced { .. } => Some("orderType or tif"),
        Denial::UnknownSymbol { .. } => Some("conId"),
        Denial::UnknownAccount { .. } => Some("account"),
        Denial::GroupSize { .. }
        | Denial::Notional { .. }
        | Denial::Large { .. }
        | Denial::Unheld { .. }
        | Denial::Control(_)
        | Denial::CostMoved { .. }
        | Denial::OpenOrders { .. }
        | Denial::BuyingPower { .. }
        | Denial::Duplicate { .. }
        | Denial::ValueTooLarge { .. }
        | Denial::OtherCurrency { .. }
        | Denial::NotTraded { .. }
        | Denial::NotListed { .. }
        | Denial::Expired { .. }
        | Denial::MarketClosed { .. }
        | Denial::Missing(_) => None,
    }
}

/// A refusal with its code, and what the people behind a program can do about it.
pub(crate) fn told(refusal: &Refusal) -> String {
    match refusal.remedy().and_then(remedy) {
        Some(remedy) => format!("{refusal}; {remedy}"),
        None => refusal.to_string(),
    }
}

/// What can be done about a refusal, for the people behind a program; none where no program meets it, or where the reason's
/// own text says it all.
const fn remedy(remedy: Remedy) -> Option<&'static str> {
    match remedy {
        Remedy::TakeOver => Some("take over trading in the portal"),
        Remedy::ChangePolicy => Some("change that under Policies in the portal"),
        Remedy::SeeCredentials => Some("see the list under Credentials in the portal"),
        Remedy::Unlock => Some(
            "to unlock, open Lock in the portal, or ask the operator to run `floorpass unlock --account ACCOUNT` (`--person NAME` if the lock is on a person); `floorpass account list` and `floorpass person list` show which is locked",
        ),
        Remedy::UnlockByOperator => Some(
            "the operator can unlock it with `floorpass unlock --account ACCOUNT` (`--person NAME` if the lock is on a person); `floorpass account list` and `floorpass person list` show which is locked",
        ),
        Remedy::AwaitRecord => Some(
            "the operator must not restart the server until `floorpass status` shows nothing owed",
        ),
        Remedy::AddPhone
        | Remedy::RemoveDevice
        | Remedy::ReplaceApp
        | Remedy::SeeLock
        | Remedy::TurnOnPush
        | Remedy::StartSignIn
        | Remedy::StartRecovery
        | Remedy::SignInHere
        | Remedy::ConfirmPerson => None,
    }
}

/// What a client is told at its end, with error 1100.
pub(crate) fn goodbye(refusal: &Refusal) -> String {
    format!("Connectivity between this program and the account has been lost: {}", told(refusal))
}

/// The number for a refused request that is not an order. Only an authority refuses by rate; every other kind of reason
/// ends the request as one about its subject.
pub(crate) fn code(refusal: &Refusal, subject: Subject) -> ErrorCode {
    match refusal {
        Refusal::Authority(AuthorityRefusal::RateExceeded { .. }) => ErrorCode::MESSAGE_RATE,
        Refusal::Authority(_)
        | Refusal::Credential(_)
        | Refusal::Session(_)
        | Refusal::Approval(_)
        | Refusal::SignIn(_)
        | Refusal::Recovery(_)
        | Refusal::Input(_)
        | Refusal::Account(_)
        | Refusal::Change(_)
        | Refusal::Server(_) => subject.code(),
    }
}

#[cfg(test)]
mod tests {
    use access::refusal::SessionRefusal;

    use super::*;

    #[test]
    fn refusal_has_its_code_and_says_what_helps() {
        let locked = told(&AuthorityRefusal::Locked { grade: Grade::NoNew }.into());
        assert!(locked.starts_with("LOCKED: the account is locked: "), "{locked}");
        assert!(locked.contains("; to unlock, open Lock in the portal, or ask"), "{locked}");
        let ended = Refusal::from(SessionRefusal::NotSignedIn);
        assert_eq!(told(&ended), ended.to_string());
    }
}
