//! Which contracts of classes are listed: expiries by the class's rule, and strikes around the price, more of them as it
//! moves.

use std::sync::Arc;

use access::id::SymbolId;
use serde::{Deserialize, Serialize};

use super::Paper;
use crate::calendar::Day;
use crate::instrument::number::ContractNumber;
use crate::instrument::{Ladder, Right, YesNo};

/// The strikes of one class and one last day: from one place of the class's ladder to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Strikes {
    class: u8,
    day: Day,
    low: u16,
    high: u16,
}

/// What is listed on a trading day.
#[derive(Debug, Clone, Default)]
pub(crate) struct Series {
    strikes: Vec<Strikes>,
    /// The same of forecasts, in thresholds.
    thresholds: Vec<Strikes>,
    /// All of it, ascending. It follows from the strikes and the day.
    listed: Arc<[SymbolId]>,
}

impl Series {
    /// Contracts that can be ordered, by number ascending.
    pub(crate) const fn all(&self) -> &Arc<[SymbolId]> {
        &self.listed
    }

    /// Whether a contract can be ordered.
    pub(crate) fn contains(&self, id: SymbolId) -> bool {
        self.listed.binary_search(&id).is_ok()
    }

    /// Has the strikes of a class be those that a split makes of them. They stay to their last day.
    pub(crate) fn split(&mut self, class: u8, ladder: &Ladder) {
        let (before, rest): (Vec<Strikes>, _) =
            self.strikes.drain(..).partition(|one| one.class == class);
        self.strikes = rest;
        for one in before {
            let places = (one.low..=one.high).filter_map(|place| ladder.split_place(place));
            let (made, own): (Vec<u16>, Vec<u16>) =
                places.partition(|place| ladder.is_made_by_split(*place));
            for places in [own, made] {
                if let Some((low, high)) = places.first().copied().zip(places.last().copied()) {
                    self.strikes.push(Strikes { low, high, ..one });
                }
            }
        }
    }

    /// What a snapshot has of it.
    pub(crate) fn strikes(&self) -> &[Strikes] {
        &self.strikes
    }

    /// The same of forecasts.
    pub(crate) fn thresholds(&self) -> &[Strikes] {
        &self.thresholds
    }
}

impl Strikes {
    /// Has `all` hold those of a class's last day, so many around a place, and those that were there before. Those that a
    /// split has made stand apart.
    fn extend(
        all: &mut Vec<Self>,
        (class, day): (u8, Day),
        (place, count): (u16, u16),
        is_made: impl Fn(u16) -> bool,
    ) {
        let half = count / 2;
        let low = place.saturating_sub(half).max(1);
        let high = low.saturating_add(count.saturating_sub(1));
        let is_it = |one: &&mut Self| (one.class, one.day) == (class, day) && !is_made(one.low);
        match all.iter_mut().find(is_it) {
            Some(there) => (there.low, there.high) = (there.low.min(low), there.high.max(high)),
            None => all.push(Self { class, day, low, high }),
        }
    }

    fn ids(self) -> impl Iterator<Item = SymbolId> {
        let Self { class, day, low, high } = self;
        (low..=high).flat_map(move |strike| {
            [Right::Call, Right::Put]
                .into_iter()
                .filter_map(move |right| ContractNumber::Option { class, day, strike, right }.id())
        })
    }

    fn forecasts(self) -> impl Iterator<Item = SymbolId> {
        let Self { class, day, low, high } = self;
        (low..=high).flat_map(move |threshold| {
            [YesNo::Yes, YesNo::No].into_iter().filter_map(move |outcome| {
                ContractNumber::Forecast { class, day, threshold, outcome }.id()
            })
        })
    }
}

impl Paper {
    /// Lists what is to be listed on this trading day. What was listed before stays to its last day.
    pub(crate) fn list_series(&mut self) {
        if self.rule < 3 {
            return;
        }
        let today = self.session.day;
        self.series.strikes.retain(|one| one.day >= today);
        let known = Arc::clone(&self.instruments);
        for (class, one) in (0..).zip(&known.families().options) {
            let Some(at) = known.index(one.underlying) else { continue };
            let price = self.middle(at);
            let Some(place) = known.at(at).and_then(|it| one.ladder.place_below(it.price(price)))
            else {
                continue;
            };
            for day in one.expiries(today) {
                let is_made = |place| one.ladder.is_made_by_split(place);
                let all = &mut self.series.strikes;
                Strikes::extend(all, (class, day), (place, one.strikes), is_made);
            }
        }
        self.series.thresholds.retain(|one| one.day >= today);
        for (class, one) in (0..).zip(&known.families().forecasts) {
            let Some(at) = known.index(one.underlying) else { continue };
            let figure = known.at(at).map(|it| it.price(self.middle(at)));
            let Some(place) = figure.and_then(|figure| one.ladder.place_below(figure)) else {
                continue;
            };
            for day in one.days(today) {
                let all = &mut self.series.thresholds;
                Strikes::extend(all, (class, day), (place, one.thresholds), |_| false);
            }
        }
        self.relist();
    }

    /// What a snapshot had.
    pub(crate) fn take_strikes(&mut self, strikes: Vec<Strikes>) {
        self.series.strikes = strikes;
        self.relist();
    }

    /// What a snapshot had of forecasts.
    pub(crate) fn take_thresholds(&mut self, thresholds: Vec<Strikes>) {
        self.series.thresholds = thresholds;
        self.relist();
    }

    fn relist(&mut self) {
        let today = self.session.day;
        let mut listed: Vec<_> = self.series.strikes.iter().flat_map(|one| one.ids()).collect();
        for (class, root) in (0..).zip(&self.instruments.families().futures) {
            let months = root.listed_on(today).into_iter();
            listed.extend(months.filter_map(|month| ContractNumber::Future { class, month }.id()));
        }
        listed.extend(self.series.thresholds.iter().flat_map(|one| one.forecasts()));
        listed.retain(|id| self.instruments.get(*id).is_some());
        listed.sort_unstable();
        self.series.listed = listed.into();
    }
}
