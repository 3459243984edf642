//! The credential that a name or an id means.

use std::cmp::Reverse;

use access::name::Name;
use access::refusal::{CredentialRefusal, Field, InputRefusal, Namesake};
use access::{CredentialId, PaperAccountId, Refusal};
use store::{CredentialsOf, Key};

use super::{CredentialGate, CredentialInfo};
use crate::registry::store_failed;

impl CredentialGate<'_> {
    /// The credential of this id, or the one of this name: the live one, or the last that was revoked where none is.
    /// Two people may give theirs the same name, so a name that several have means none of them.
    pub async fn find(self, name_or_id: &str) -> Result<CredentialInfo, Refusal> {
        if let Ok(id) = name_or_id.parse::<CredentialId>() {
            let holder = self.gate.found_or_known(Key::Credential(id)).await?;
            let all = Box::pin(self.credentials_of(&[holder])).await?;
            if let Some(found) = all.into_iter().find(|one| one.credential.id == id) {
                return Ok(found);
            }
        }
        let named = CredentialsOf::Name(name_or_id);
        let holders = Box::pin(self.gate.credential_holders(named)).await;
        let holders = holders.map_err(|error| store_failed(&error))?;
        let mut all = Box::pin(self.credentials_of(&holders)).await?;
        all.retain(|one| one.credential.name.as_str() == name_or_id);
        let mut meant = meant(all);
        match (meant.pop(), meant.is_empty()) {
            (Some(only), true) => Ok(only),
            (Some(last), false) => {
                meant.push(last);
                let found = meant.iter().map(namesake).collect();
                let name = name_or_id.to_owned();
                Err(Refusal::Credential(CredentialRefusal::CredentialAmbiguous { name, found }))
            }
            (None, _) => Err(Refusal::Credential(CredentialRefusal::CredentialUnknown)),
        }
    }

    /// Refuses a name that a live credential of another holder of these accounts has. A decision reads one person; what it
    /// cannot see the tables refuse as a conflict, at every try.
    pub(super) async fn check_name(
        self,
        name: &str,
        accounts: &[PaperAccountId],
        own: Option<CredentialId>,
    ) -> Result<(), Refusal> {
        let Ok(name) = Name::new(Field::CredentialName, name) else { return Ok(()) };
        let holders = self.gate.credential_holders(CredentialsOf::Name(name.as_str())).await;
        let holders = holders.map_err(|error| store_failed(&error))?;
        let is_taken = holders.iter().flat_map(|slice| &slice.credentials).any(|other| {
            other.revoked.is_none()
                && Some(other.id) != own
                && other.name == name
                && accounts.iter().any(|account| other.is_on(*account))
        });
        if !is_taken {
            return Ok(());
        }
        let (field, name) = (Field::CredentialName, name.to_string());
        Err(Refusal::Input(InputRefusal::NameTaken { field, name }))
    }
}

/// Those of one name that it may mean: the live ones, or the last of each person's that were revoked.
fn meant(all: Vec<CredentialInfo>) -> Vec<CredentialInfo> {
    let (live, mut over): (Vec<_>, Vec<_>) =
        all.into_iter().partition(|one| one.credential.revoked.is_none());
    if !live.is_empty() {
        return live;
    }
    let of = |one: &CredentialInfo| one.credential.person;
    let ended = |one: &CredentialInfo| one.credential.revoked.map(|revoked| revoked.at);
    over.sort_by_key(|one| (of(one), Reverse(ended(one))));
    over.dedup_by_key(|one| of(one));
    over
}

fn namesake(one: &CredentialInfo) -> Namesake {
    Namesake {
        credential: one.credential.id,
        username: one.username.to_string(),
        accounts: one.credential.accounts().collect(),
    }
}
