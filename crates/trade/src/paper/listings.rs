//! All markets, by the place of their instrument.

use std::collections::BTreeMap;

use access::id::SymbolId;

use super::listing::Listing;

/// Those of instruments that have a row, and of the contracts of classes that a client has to do with. The others need
/// none: nothing waits there, and their prices follow.
#[derive(Debug, Clone, Default)]
pub(crate) struct Listings {
    rows: Vec<Listing>,
    /// By number, so that the order does not depend on places.
    series: BTreeMap<SymbolId, (usize, Listing)>,
    ids: BTreeMap<usize, SymbolId>,
}

impl Listings {
    /// Of how many instruments that have a row.
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(crate) fn push(&mut self, listing: Listing) {
        self.rows.push(listing);
    }

    /// Adds that of a contract of a class.
    pub(crate) fn insert(&mut self, at: usize, id: SymbolId, listing: Listing) {
        self.series.insert(id, (at, listing));
        self.ids.insert(at, id);
    }

    #[inline]
    pub(crate) fn get(&self, at: usize) -> Option<&Listing> {
        match self.rows.get(at) {
            None => self.series.get(self.ids.get(&at)?).map(|(_, listing)| listing),
            row => row,
        }
    }

    #[inline]
    pub(crate) fn get_mut(&mut self, at: usize) -> Option<&mut Listing> {
        if at < self.rows.len() {
            return self.rows.get_mut(at);
        }
        self.series.get_mut(self.ids.get(&at)?).map(|(_, listing)| listing)
    }

    /// Those of instruments that have a row.
    pub(crate) fn rows(&self) -> &[Listing] {
        &self.rows
    }

    /// The same.
    pub(crate) fn rows_mut(&mut self) -> &mut [Listing] {
        &mut self.rows
    }

    /// Those of contracts of classes, by number.
    pub(crate) fn series(&self) -> impl Iterator<Item = (SymbolId, &Listing)> {
        self.series.iter().map(|(id, (_, listing))| (*id, listing))
    }

    /// All, each with its place: rows first, then contracts by number.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (usize, &Listing)> {
        let series = self.series.values().map(|(at, listing)| (*at, listing));
        self.rows.iter().enumerate().chain(series)
    }

    /// The same.
    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = (usize, &mut Listing)> {
        let series = self.series.values_mut().map(|(at, listing)| (*at, listing));
        self.rows.iter_mut().enumerate().chain(series)
    }

    /// The places of those that somebody waits on, in that order.
    pub(crate) fn watched(&self) -> impl Iterator<Item = usize> {
        self.iter().filter(|(_, listing)| listing.is_watched()).map(|(at, _)| at)
    }

    /// Forgets those of contracts that nobody waits on.
    pub(crate) fn forget_idle(&mut self) {
        self.series.retain(|_, (_, listing)| listing.is_watched());
        let series = &self.series;
        self.ids.retain(|_, id| series.contains_key(id));
    }
}
