//! What can be asked about mandates, what can happen, and what it does to a slice.

use serde::{Deserialize, Serialize};

use super::record::{Mandate, MandateTerms, Role};
use super::words;
use crate::account::Account;
use crate::call::By;
use crate::guard::Reads;
use crate::id::{AccountId, MandateId, PersonId};
use crate::moment::Time;
use crate::slice::{Slice, put};

/// What is asked about mandates. Load the slice by who holds it, or is to hold it.
pub enum Command {
    /// Gives somebody authority on an account.
    Grant {
        /// The account.
        account: AccountId,
        /// The preset that its powers come from.
        role: Role,
        /// What exactly; nothing that the role does not give.
        terms: Box<MandateTerms>,
        /// The owner who asks; none where the operator does.
        owner: Option<OwnerWord>,
    },
    /// Gives it other terms.
    Change {
        /// The mandate.
        mandate: MandateId,
        /// What it gives from now on.
        terms: Box<MandateTerms>,
        /// The owner who asks; none where the operator does.
        owner: Option<OwnerWord>,
    },
    /// Ends it, with all that its holder has on the account.
    Revoke {
        /// The mandate.
        mandate: MandateId,
        /// The account.
        account: AccountId,
        /// The owner who asks; none where the operator does.
        owner: Option<OwnerWord>,
    },
}

impl Command {
    /// The owner who asks.
    pub(crate) const fn owner(&self) -> Option<&OwnerWord> {
        let (Self::Grant { owner, .. } | Self::Change { owner, .. } | Self::Revoke { owner, .. }) =
            self;
        owner.as_ref()
    }

    /// The account that it names.
    pub(crate) const fn account(&self) -> Option<AccountId> {
        match self {
            Self::Grant { account, .. } | Self::Revoke { account, .. } => Some(*account),
            Self::Change { .. } => None,
        }
    }
}

/// An owner of an account who acts for it: a live session of theirs that may, and whose person was
/// proven lately. Made by [`super::vouch_owner`] alone.
pub struct OwnerWord {
    pub(super) mandate: Mandate,
    /// Their user name, for those who are told.
    pub(super) name: String,
    pub(super) reads: Reads,
}

impl OwnerWord {
    /// What the look was based on: it is worth nothing once that has changed.
    pub(crate) const fn reads(&self) -> &Reads {
        &self.reads
    }
}

/// What happened to mandates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// Granted.
    Granted(Mandate),
    /// Given other terms.
    Changed(Mandate),
    /// Ended.
    Revoked {
        /// The mandate.
        mandate: MandateId,
        /// The holder.
        holder: PersonId,
        /// The account.
        account: AccountId,
        /// When it happened.
        at: Time,
        /// By whom.
        by: By,
    },
}

impl Event {
    /// Whose, and on which account.
    pub const fn between(&self) -> (PersonId, AccountId) {
        match self {
            Self::Granted(one) | Self::Changed(one) => (one.person, one.account),
            Self::Revoked { holder, account, .. } => (*holder, *account),
        }
    }

    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::Granted(_) => "mandate.granted",
            Self::Changed(_) => "mandate.changed",
            Self::Revoked { .. } => "mandate.revoked",
        }
    }

    pub(crate) fn text(&self) -> String {
        match self {
            Self::Granted(one) => {
                let (role, terms) = (one.role.name(), words::terms(one.role, &one.terms(), None));
                format!("{} became {role} of account {}: {terms}", one.person, one.account)
            }
            Self::Changed(one) => {
                let terms = words::terms(one.role, &one.terms(), None);
                format!(
                    "What {} may do on account {} was changed: {terms}",
                    one.person, one.account
                )
            }
            Self::Revoked { holder, account, .. } => {
                format!("{holder} has no authority on account {account} any more")
            }
        }
    }
}

pub(crate) fn apply(slice: &mut Slice, event: &Event) {
    let (person, account) = event.between();
    if slice.person.as_ref().is_some_and(|one| one.id == person) {
        change(&mut slice.mandates, event);
    }
    slice.on_account(account, |one| {
        if let Event::Granted(mandate) = event {
            one.account
                .get_or_insert_with(|| Account::unopened(mandate.account, mandate.granted_at));
        }
        change(&mut one.mandates, event);
    });
}

fn change(mandates: &mut Vec<Mandate>, event: &Event) {
    match event {
        Event::Granted(mandate) | Event::Changed(mandate) => {
            put(mandates, mandate.clone(), |one| one.id);
        }
        Event::Revoked { mandate, .. } => mandates.retain(|one| one.id != *mandate),
    }
}
