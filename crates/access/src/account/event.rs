//! What can be asked about accounts, what can happen, and what it does to a slice.

use serde::{Deserialize, Serialize};

use super::record::{Account, SelfMatch};
use crate::currency::Currency;
use crate::entitlements::{Limits, Products};
use crate::id::AccountId;
use crate::moment::Time;
use crate::slice::Slice;

/// What is asked about accounts; the operator alone.
pub enum Command {
    /// Opens one for a person, who becomes its owner. Load the slice by that person.
    Open(Box<NewAccount>),
    /// Permits products beside those that it has. Load the slice by the account.
    Permit {
        /// The account.
        account: AccountId,
        /// What is permitted as well.
        products: Products,
    },
    /// Sets what holds for every order on it. Load the slice by the account.
    Limit {
        /// The account.
        account: AccountId,
        /// Its limits from now on.
        limits: Box<Limits>,
    },
    /// Puts on record which of its orders ends when two of them would trade with each other; its ledger follows that
    /// already. Load the slice by the account.
    SelfMatch {
        /// The account.
        account: AccountId,
        /// Its choice from now on.
        self_match: SelfMatch,
    },
    /// Tells its owners of a margin call; its ledger knows already. Load the slice by the account.
    TellMargin {
        /// The account.
        account: AccountId,
        /// What there is to tell.
        news: MarginNews,
    },
    /// Closes it for good: it can be looked at. Load the slice by the account.
    Close {
        /// The account.
        account: AccountId,
    },
}

impl Command {
    /// The account that it is about.
    pub(crate) fn account(&self) -> AccountId {
        match self {
            Self::Open(new) => new.account,
            Self::Permit { account, .. }
            | Self::Limit { account, .. }
            | Self::SelfMatch { account, .. }
            | Self::TellMargin { account, .. }
            | Self::Close { account } => *account,
        }
    }
}

/// What owners are told of a margin call.
pub enum MarginNews {
    /// The account is worth less than its positions require.
    Called {
        /// How much less, in words, such as `1,500.00 USD`.
        missing: String,
        /// When positions are closed.
        until: Time,
    },
    /// It is worth enough again.
    Met,
    /// The time is over: what works is cancelled and positions are closed.
    Closing {
        /// How much is still missing, in words.
        missing: String,
    },
}

impl MarginNews {
    /// What an owner reads.
    pub(crate) fn text(&self, account: AccountId) -> String {
        match self {
            Self::Called { missing, until } => format!(
                "Margin call: account {account} is worth {missing} less than its positions require. Close some of them by {until}; after that open orders are cancelled and positions are closed at the market, the one that requires most first."
            ),
            Self::Met => {
                format!("The margin call of account {account} is met: it is worth enough again.")
            }
            Self::Closing { missing } => format!(
                "The margin call of account {account} was not met, {missing} are missing: its open orders are cancelled and positions are closed at the market now, the one that requires most first."
            ),
        }
    }
}

/// What a new account is to be.
pub struct NewAccount {
    /// Its id.
    pub account: AccountId,
    /// What it is for, in its owner's words.
    pub purpose: String,
    /// What its worth is told in.
    pub base_currency: Currency,
    /// What may be traded on it.
    pub products: Products,
    /// What holds for every order on it.
    pub limits: Limits,
}

/// What happened to accounts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// Opened.
    Opened(Box<Account>),
    /// Permitted more.
    Permitted {
        /// The account.
        account: AccountId,
        /// All that it is permitted from now on.
        products: Products,
        /// When it happened.
        at: Time,
    },
    /// Given other limits.
    Limited {
        /// The account.
        account: AccountId,
        /// Its limits from now on.
        limits: Box<Limits>,
        /// When it happened.
        at: Time,
    },
    /// Which of its orders ends when two of them would trade with each other was chosen. The ledger keeps it.
    SelfMatchSet {
        /// The account.
        account: AccountId,
        /// Its choice from now on.
        self_match: SelfMatch,
        /// When it happened.
        at: Time,
    },
    /// Closed.
    Closed {
        /// The account.
        account: AccountId,
        /// When it happened.
        at: Time,
    },
}

impl Event {
    /// The account that it is about.
    pub fn account(&self) -> AccountId {
        match self {
            Self::Opened(account) => account.id,
            Self::Permitted { account, .. }
            | Self::Limited { account, .. }
            | Self::SelfMatchSet { account, .. }
            | Self::Closed { account, .. } => *account,
        }
    }

    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::Opened(_) => "account.opened",
            Self::Permitted { .. } => "account.permitted",
            Self::Limited { .. } => "account.limited",
            Self::SelfMatchSet { .. } => "account.self_match_set",
            Self::Closed { .. } => "account.closed",
        }
    }

    pub(crate) fn text(&self) -> String {
        match self {
            Self::Opened(one) => format!(
                "Account {} was opened for {}, in {}; it may trade {}",
                one.id, one.purpose, one.base_currency, one.products
            ),
            Self::Permitted { account, products, .. } => {
                format!("Account {account} may trade {products}")
            }
            Self::Limited { account, .. } => {
                format!("The limits of account {account} were changed")
            }
            Self::SelfMatchSet { account, self_match, .. } => format!(
                "Where two orders of account {account} would trade with each other, the {} one ends",
                self_match.name()
            ),
            Self::Closed { account, .. } => format!("Account {account} was closed"),
        }
    }
}

pub(crate) fn apply(slice: &mut Slice, event: &Event) {
    slice.on_account(event.account(), |known| match event {
        Event::Opened(account) => known.account = Some((**account).clone()),
        Event::Permitted { products, .. } => {
            known.account.iter_mut().for_each(|one| one.products = *products);
        }
        Event::Limited { limits, .. } => {
            known.account.iter_mut().for_each(|one| one.limits = (**limits).clone());
        }
        Event::SelfMatchSet { .. } => {}
        Event::Closed { at, .. } => {
            known.account.iter_mut().for_each(|one| one.closed_at = Some(*at));
        }
    });
}
