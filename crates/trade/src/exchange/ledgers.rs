//! The ledgers of an exchange, each at a place of its own.

use std::collections::BTreeMap;

use access::id::PaperAccountId;

use crate::ledger::Ledger;
use crate::venue::Owner;

/// The place of the ledger that the genesis names.
const FIRST: Owner = 1;

/// All ledgers. There is always one.
#[derive(Debug, Clone)]
pub(super) struct Ledgers {
    first: Ledger,
    /// In the order that they were opened, from place 2 on.
    others: Vec<Ledger>,
    places: BTreeMap<PaperAccountId, Owner>,
}

impl Ledgers {
    pub(super) fn new(first: Ledger) -> Self {
        let places = BTreeMap::from([(first.id, FIRST)]);
        Self { first, others: Vec::new(), places }
    }

    pub(super) const fn first(&self) -> &Ledger {
        &self.first
    }

    pub(super) const fn first_mut(&mut self) -> &mut Ledger {
        &mut self.first
    }

    /// All but the first, by place.
    pub(super) fn others(&self) -> &[Ledger] {
        &self.others
    }

    /// Gives a ledger the next place; false when its account has one, or there are no places left.
    pub(super) fn open(&mut self, ledger: Ledger) -> bool {
        let Ok(count) = Owner::try_from(self.others.len()) else { return false };
        let (id, place) = (ledger.id, count.checked_add(FIRST + 1));
        match place.filter(|_| self.owner(id).is_none()) {
            Some(place) => {
                self.places.insert(id, place);
                self.others.push(ledger);
                true
            }
            None => false,
        }
    }

    /// The place of an account's ledger.
    pub(super) fn owner(&self, account: PaperAccountId) -> Option<Owner> {
        if account == self.first.id { Some(FIRST) } else { self.places.get(&account).copied() }
    }

    pub(super) fn at(&self, owner: Owner) -> Option<&Ledger> {
        match owner.checked_sub(FIRST + 1) {
            None => (owner == FIRST).then_some(&self.first),
            Some(at) => self.others.get(usize::try_from(at).ok()?),
        }
    }

    pub(super) fn at_mut(&mut self, owner: Owner) -> Option<&mut Ledger> {
        match owner.checked_sub(FIRST + 1) {
            None => (owner == FIRST).then_some(&mut self.first),
            Some(at) => self.others.get_mut(usize::try_from(at).ok()?),
        }
    }

    /// All of them, by place.
    pub(super) fn all(&self) -> impl Iterator<Item = &Ledger> {
        std::iter::once(&self.first).chain(&self.others)
    }

    pub(super) fn all_mut(&mut self) -> impl Iterator<Item = &mut Ledger> {
        std::iter::once(&mut self.first).chain(&mut self.others)
    }

    /// All places.
    pub(super) fn owners(&self) -> impl Iterator<Item = Owner> + use<> {
        (FIRST..).take(1 + self.others.len())
    }

    /// No order is open.
    pub(super) fn is_idle(&self) -> bool {
        self.all().all(|ledger| ledger.orders.open.is_empty())
    }
}
