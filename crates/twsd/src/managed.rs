//! The accounts of a connection: those that its credential is for.

use access::PaperAccountId;
use gate::Admission;

/// The accounts of one connection, by the names that they have on the wire.
pub(crate) struct Managed {
    first: (PaperAccountId, String),
    others: Vec<(PaperAccountId, String)>,
}

impl Managed {
    /// Those that a credential came in on.
    pub(crate) fn of(admission: &Admission) -> Self {
        let named = |account: PaperAccountId| (account, account.to_string());
        let all: Vec<_> = admission.accounts().map(named).collect();
        let first = all.first().cloned().unwrap_or_else(|| named(admission.account()));
        Self { first, others: all.into_iter().skip(1).collect() }
    }

    fn all(&self) -> impl Iterator<Item = &(PaperAccountId, String)> {
        std::iter::once(&self.first).chain(&self.others)
    }

    /// All of them, ascending.
    pub(crate) fn ids(&self) -> Vec<PaperAccountId> {
        self.all().map(|(account, _)| *account).collect()
    }

    /// Their names, ascending.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.all().map(|(_, name)| name.as_str())
    }

    /// `DU0000001,DU0000002`: those from which the credential was not withdrawn since.
    pub(crate) fn list(&self, admission: &Admission) -> String {
        self.current(admission).join(",")
    }

    fn current(&self, admission: &Admission) -> Vec<&str> {
        let is_current = |account| admission.on(account).is_some_and(|one| one.is_current());
        let all = self.all().filter(|(account, _)| is_current(*account));
        all.map(|(_, name)| name.as_str()).collect()
    }

    /// The name of one of them.
    pub(crate) fn name(&self, account: PaperAccountId) -> &str {
        let found = self.all().find(|(known, _)| *known == account);
        found.map_or("", |(_, name)| name)
    }

    /// The first of them, which is meant where a stream that can be of one account alone names none.
    pub(crate) const fn first(&self) -> PaperAccountId {
        self.first.0
    }

    /// The only one; none where there are several.
    pub(crate) fn only(&self) -> Option<PaperAccountId> {
        self.others.is_empty().then_some(self.first.0)
    }

    /// The one of this name.
    pub(crate) fn named(&self, name: &str) -> Option<PaperAccountId> {
        self.all().find(|(_, known)| known == name).map(|(account, _)| *account)
    }

    /// What a client is told that names another account, or none where it has to.
    pub(crate) fn told(&self, admission: &Admission) -> String {
        format!("this connection is for {}", self.current(admission).join(", "))
    }
}
