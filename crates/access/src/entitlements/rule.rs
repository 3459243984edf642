//! Whose a limit is: the tightest of several holds, and who is refused learns which one that was.

use std::fmt;

use super::Limits;
use crate::id::{AccountId, CredentialId};

/// Who set a limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RuleOwner {
    /// The server itself; it holds for everyone.
    House,
    /// The account, whoever orders on it.
    Account(AccountId),
    /// A person, on whichever account they or a program of theirs order, by their user name.
    Person(String),
    /// The mandate of a person on an account, by the person's user name where it is known.
    Mandate {
        /// Whose.
        of: Option<String>,
        /// On which account.
        on: AccountId,
    },
    /// A credential, by its name where it is known.
    Credential {
        /// Which.
        id: Option<CredentialId>,
        /// Its name.
        name: Option<String>,
    },
}

impl RuleOwner {
    /// How to ask for more.
    pub fn remedy(&self) -> String {
        match self {
            Self::House => "it holds for everyone and cannot be raised".to_owned(),
            Self::Account(account) => {
                format!("the operator can raise it with `floorpass account limit {account}`")
            }
            Self::Person(name) => {
                format!("the operator can raise it with `floorpass person limit {name}`")
            }
            Self::Mandate { of, on } => {
                let who = of.as_deref().unwrap_or("NAME");
                format!(
                    "an owner of {on} or the operator can raise it with `floorpass mandate change {who} --account {on}`"
                )
            }
            Self::Credential { name, .. } => {
                let name = name.as_deref().unwrap_or("NAME");
                format!(
                    "its owner can raise it in the portal under Credentials, or the operator with `floorpass credential edit {name}`"
                )
            }
        }
    }
}

impl fmt::Display for RuleOwner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::House => f.write_str("the house"),
            Self::Account(account) => write!(f, "account {account}"),
            Self::Person(name) => write!(f, "person {name}"),
            Self::Mandate { of: Some(name), on } => write!(f, "the mandate of {name} on {on}"),
            Self::Mandate { of: None, on } => write!(f, "the mandate on {on}"),
            Self::Credential { name: Some(name), .. } => write!(f, "credential {name}"),
            Self::Credential { name: None, .. } => f.write_str("the credential"),
        }
    }
}

/// Limits, and whose they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Who set them.
    pub owner: RuleOwner,
    /// What they are.
    pub limits: Limits,
}

/// Puts limits to others, where they limit anything.
pub(crate) fn put(rules: &mut Vec<Rule>, owner: RuleOwner, limits: &Limits) {
    if !limits.are_none() {
        rules.push(Rule { owner, limits: limits.clone() });
    }
}
