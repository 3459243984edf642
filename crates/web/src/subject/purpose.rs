//! What accounts are for, beside their numbers where a person chooses between several.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use access::PaperAccountId;
use gate::Gate;

/// What accounts are for, once it was read: it never changes.
#[derive(Default)]
pub(crate) struct Purposes(Mutex<BTreeMap<PaperAccountId, String>>);

impl Purposes {
    /// Reads those of these accounts that are not known yet. One that cannot be read now is read with the next page.
    pub(crate) async fn read(&self, gate: &Gate, accounts: &[PaperAccountId]) {
        for account in accounts {
            if self.known().contains_key(account) {
                continue;
            }
            let known = gate.paper_accounts().known(*account).await;
            if let Some(account) = known.ok().and_then(|known| known.account)
                && let Some(id) = account.id.paper()
            {
                self.known().insert(id, account.purpose.to_string());
            }
        }
    }

    /// What an account is for, as far as it is known.
    pub(crate) fn of(&self, account: PaperAccountId) -> Option<String> {
        self.known().get(&account).cloned()
    }

    fn known(&self) -> MutexGuard<'_, BTreeMap<PaperAccountId, String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
