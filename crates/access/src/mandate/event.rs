//! What can happen to mandates, and what it does to a slice.

use serde::{Deserialize, Serialize};

use super::record::Mandate;
use crate::account::Account;
use crate::slice::{Slice, put};

/// What happened to mandates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// Granted.
    Granted(Mandate),
}

impl Event {
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::Granted(_) => "mandate.granted",
        }
    }

    pub(crate) fn text(&self) -> String {
        match self {
            Self::Granted(one) => {
                format!("{} became {} of account {}", one.person, one.role.name(), one.account)
            }
        }
    }
}

pub(crate) fn apply(slice: &mut Slice, event: &Event) {
    let Event::Granted(mandate) = event;
    if slice.person.as_ref().is_some_and(|person| person.id == mandate.person) {
        put(&mut slice.mandates, mandate.clone(), |one| one.account);
    }
    slice.on_account(mandate.account, |account| {
        account
            .account
            .get_or_insert_with(|| Account::unopened(mandate.account, mandate.granted_at));
        put(&mut account.mandates, mandate.clone(), |one| one.person);
    });
}
