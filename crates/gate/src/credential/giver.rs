//! Whose program it becomes that the operator makes.

use access::entitlements::Acts;
use access::mandate::{Mandate, Role};
use access::refusal::{CredentialRefusal, Lack, Shortfall};
use access::{PaperAccountId, PersonId, Refusal, Time};
use store::Key;

use super::{CredentialGate, NewCredential};

impl CredentialGate<'_> {
    /// The person who is named, or else of all who hold the accounts of a new credential the first who may do all that it
    /// asks for on each of them now: an owner of all of them before others, by the time at which they had the last.
    pub(super) async fn key_of_giver(
        self,
        new: &NewCredential,
        username: Option<&str>,
    ) -> Result<Key<'static>, Refusal> {
        let mut accounts = new.accounts.clone();
        accounts.sort_unstable();
        accounts.dedup();
        let first = accounts.first().copied().ok_or(Refusal::not_found("account"))?;
        let mut held = Vec::new();
        for account in &accounts {
            held.extend(self.gate.mandates().list((*account).into()).await?);
        }
        let names = self.gate.people().usernames().await?;
        let people: Vec<_> = if let Some(username) = username {
            let person = self.gate.people().find(username).await?;
            vec![(person.id, person.username)]
        } else {
            let holds = |(id, _): &(PersonId, _)| held.iter().any(|one| one.person == *id);
            names.into_iter().filter(holds).collect()
        };
        let wanted = if new.scopes.read_only { Acts::VIEW } else { new.scopes.acts };
        let (mut able, mut lacking) = (Vec::new(), Vec::new());
        for (person, username) in people {
            let theirs = Theirs { held: &held, person, wanted, now: self.gate.now() };
            let shortfall =
                |(account, lack)| Shortfall { username: username.clone(), account, lack };
            let lacks: Vec<_> = theirs.lacks(&accounts).map(shortfall).collect();
            if lacks.is_empty() {
                able.push((theirs.rank(), person));
            }
            lacking.extend(lacks);
        }
        let open = self.gate.paper_accounts().open_ones();
        match able.into_iter().min() {
            Some((_, person)) => Ok(Key::Person(person)),
            // The decision on the account itself says what is wrong with it.
            None if accounts.iter().any(|account| !open.contains(account)) => {
                Ok(Key::Account(first.into()))
            }
            None => Err(Refusal::Credential(CredentialRefusal::NobodyGives { lacking })),
        }
    }
}

/// One person's mandates among those on the accounts of a new credential.
struct Theirs<'a> {
    held: &'a [Mandate],
    person: PersonId,
    wanted: Acts,
    now: Time,
}

impl Theirs<'_> {
    fn mandates(&self) -> impl Iterator<Item = &Mandate> {
        self.held.iter().filter(|one| one.person == self.person)
    }

    /// What is missing, by account.
    fn lacks(&self, accounts: &[PaperAccountId]) -> impl Iterator<Item = (PaperAccountId, Lack)> {
        accounts.iter().filter_map(|account| Some((*account, self.lack(*account)?)))
    }

    fn lack(&self, account: PaperAccountId) -> Option<Lack> {
        let Some(mandate) = self.mandates().find(|one| one.account == account.into()) else {
            return Some(Lack::Mandate);
        };
        let missing = self.wanted.without(mandate.acts);
        match mandate.until.filter(|until| *until <= self.now) {
            Some(until) => Some(Lack::Ended(until)),
            None => (!missing.is_empty()).then_some(Lack::Acts(missing)),
        }
    }

    /// Who comes first is the least. Mandates of one moment are told apart as the tables tell them.
    fn rank(&self) -> (bool, Option<(Time, access::MandateId)>) {
        let owns_all = self.mandates().all(|one| one.role == Role::Owner);
        (!owns_all, self.mandates().map(|one| (one.granted_at, one.id)).max())
    }
}
