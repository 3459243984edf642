//! What people lack who would have to hold a credential.

use std::fmt;

use crate::entitlements::{Act, Acts};
use crate::id::PaperAccountId;
use crate::moment::Time;

/// How many are told.
const TOLD: usize = 10;

/// What one person lacks on one account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shortfall {
    /// Their user name.
    pub username: String,
    /// The account.
    pub account: PaperAccountId,
    /// What is missing.
    pub lack: Lack,
}

/// What is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lack {
    /// A mandate.
    Mandate,
    /// Time: the mandate has ended.
    Ended(Time),
    /// These acts.
    Acts(Acts),
}

impl fmt::Display for Shortfall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { username, account, lack } = self;
        match lack {
            Lack::Mandate => write!(f, "{username} has no mandate on {account}"),
            Lack::Ended(at) => write!(f, "{username}\u{2019}s mandate on {account} ended at {at}"),
            Lack::Acts(acts) => {
                let missing = Act::ALL.iter().filter(|act| acts.contains(**act));
                let missing: Vec<_> = missing.map(ToString::to_string).collect();
                let missing = missing.join(", ");
                write!(f, "{username} may not do this on {account}: {missing}")
            }
        }
    }
}

/// They in one line; of many the first.
pub(super) fn list(lacking: &[Shortfall]) -> String {
    let mut told: Vec<_> = lacking.iter().take(TOLD).map(ToString::to_string).collect();
    let more = lacking.len().saturating_sub(TOLD);
    if more > 0 {
        told.push(format!("and {more} more"));
    }
    told.join("; ")
}
