//! A pairing told as groups, with their names.

use std::fmt;

use access::id::SymbolId;

use super::{Book, Cover, Group, Grouping, Leg, Pair, Pairing};
use crate::instrument::Right;

/// Spreads of one expiry up to which pieces with a name are looked for; more of them are told as one.
const MOST_PIECES: usize = 8;

/// What a group is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Strategy {
    /// One position that stands alone.
    Alone,
    /// Shares and a call that was sold.
    CoveredCall,
    /// Sold shares and a put that was sold.
    CoveredPut,
    /// Two options of one right and expiry.
    Vertical,
    /// Two options of one right and strike.
    Calendar,
    /// Two options of one right that have neither alike.
    Diagonal,
    /// Two of a right between one below and one above.
    Butterfly,
    /// Two strikes of a right between one below and one above.
    Condor,
    /// A call and a put of one strike, both sold, with one held outside of each.
    IronButterfly,
    /// The same of two strikes.
    IronCondor,
    /// Two spreads that come to the same at every price.
    Box,
    /// More spreads of one expiry, which lose least together.
    Spreads,
    /// A call and a put of one strike and expiry, both sold.
    Straddle,
    /// A call and a put that were sold.
    Strangle,
    /// Shares and a put.
    ProtectivePut,
    /// Sold shares and a call.
    ProtectiveCall,
    /// Shares, a put, and a call that was sold, or all of it the other way round.
    Collar,
    /// The same with one strike.
    Conversion,
}

impl Strategy {
    /// As it is written.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Alone => "alone",
            Self::CoveredCall => "covered call",
            Self::CoveredPut => "covered put",
            Self::Vertical => "vertical",
            Self::Calendar => "calendar",
            Self::Diagonal => "diagonal",
            Self::Butterfly => "butterfly",
            Self::Condor => "condor",
            Self::IronButterfly => "iron butterfly",
            Self::IronCondor => "iron condor",
            Self::Box => "box",
            Self::Spreads => "spreads",
            Self::Straddle => "straddle",
            Self::Strangle => "strangle",
            Self::ProtectivePut => "protective put",
            Self::ProtectiveCall => "protective call",
            Self::Collar => "collar",
            Self::Conversion => "conversion",
        }
    }
}

impl fmt::Display for Strategy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The groups of a pairing. What it requires of each sold option is in the order of the book.
pub(super) fn tell(book: &Book<'_>, pairing: &Pairing) -> Grouping {
    let alone = |(at, leg): (usize, &Leg)| {
        let left = pairing.left_of(Cover::Leg(at));
        if leg.count < 0 { leg.alone.saturating_mul(left.into()) } else { 0 }
    };
    let sold = book.legs.iter().enumerate().map(alone).collect();
    let mut told = Told { book, grouping: Grouping { sold, ..Grouping::default() } };
    told.beside_shares(pairing);
    let singly = pairing.pairs.iter().filter(|pair| matches!(pair.cover, Cover::Leg(_)));
    for pair in singly.filter(|pair| !book.is_spread(pair)) {
        told.spread(&[*pair], book.required_by(pair));
    }
    let spreads = book.spreads(pairing);
    for bucket in spreads.chunk_by(|one, other| book.bucket(one) == book.bucket(other)) {
        for piece in pieces(book, bucket) {
            told.spread(&piece, book.together(&piece));
        }
    }
    told.grouping
}

struct Told<'a> {
    book: &'a Book<'a>,
    grouping: Grouping,
}

impl Told<'_> {
    fn add(&mut self, at: usize, required: i128) {
        if let Some(sold) = self.grouping.sold.get_mut(at) {
            *sold = sold.saturating_add(required);
        }
    }

    fn id(&self, at: usize) -> Option<SymbolId> {
        self.book.leg(at).map(|leg| leg.id)
    }

    /// Options that shares cover or that protect shares, and straddles.
    fn beside_shares(&mut self, pairing: &Pairing) {
        let rest = self.book.rest(pairing);
        for (greater, other, count) in rest.straddles {
            self.straddle((greater, other), count);
        }
        let shares = self.book.shares;
        let Some(shares) = shares else { return };
        let side = if shares.count < 0 { -1 } else { 1 };
        for (held, sold, count, each) in &rest.protected {
            let saved = each.saturating_mul((*count).into());
            self.grouping.saved = self.grouping.saved.saturating_add(saved);
            let (Some(held), sold) = (self.book.leg(*held), sold.map(|at| (at, self.book.leg(at))))
            else {
                continue;
            };
            let mut parts = Vec::with_capacity(3);
            let mut required = 0;
            let strategy = match (sold, held.right) {
                (Some((at, Some(sold))), _) => {
                    parts.push((sold.id, -count));
                    let pair = Pair { sold: at, cover: Cover::Shares, count: *count };
                    required = self.book.required_by(&pair);
                    if sold.strike == held.strike { Strategy::Conversion } else { Strategy::Collar }
                }
                (_, Right::Put) => Strategy::ProtectivePut,
                (_, Right::Call) => Strategy::ProtectiveCall,
            };
            parts.extend([(held.id, *count), (shares.id, side * count)]);
            self.grouping.groups.push(Group { strategy, parts, sold: required, saved });
        }
        for pair in pairing.pairs.iter().filter(|pair| pair.cover == Cover::Shares) {
            self.add(pair.sold, self.book.required_by(pair));
            let with = rest.protected.iter().filter(|one| one.1 == Some(pair.sold));
            let count = pair.count - with.map(|one| one.2).sum::<i64>();
            let Some(sold) = self.book.leg(pair.sold).filter(|_| count > 0) else { continue };
            let strategy = match sold.right {
                Right::Call => Strategy::CoveredCall,
                Right::Put => Strategy::CoveredPut,
            };
            let parts = vec![(sold.id, -count), (shares.id, side * count)];
            let sold = self.book.required_by(&Pair { count, ..*pair });
            self.grouping.groups.push(Group { strategy, parts, sold, saved: 0 });
        }
    }

    fn straddle(&mut self, (greater, other): (usize, usize), count: i64) {
        let (Some(one), Some(two)) = (self.book.leg(greater), self.book.leg(other)) else { return };
        let times = |each: i128| each.saturating_mul(count.into());
        let required = self.book.straddled(greater, other);
        self.add(greater, times(required.saturating_sub(one.alone)));
        self.add(other, times(-two.alone));
        let is_one = (one.strike, one.expiry) == (two.strike, two.expiry);
        self.grouping.groups.push(Group {
            strategy: if is_one { Strategy::Straddle } else { Strategy::Strangle },
            parts: vec![(one.id, -count), (two.id, -count)],
            sold: times(required),
            saved: 0,
        });
    }

    /// Spreads that are taken together, with what they require.
    fn spread(&mut self, pairs: &[Pair], required: i128) {
        let Some(first) = pairs.first() else { return };
        self.add(first.sold, required);
        let mut parts: Vec<(SymbolId, i64)> = Vec::new();
        let sold = pairs.iter().map(|pair| (Cover::Leg(pair.sold), -pair.count));
        let held = pairs.iter().map(|pair| (pair.cover, pair.count));
        for (cover, count) in sold.chain(held) {
            let Cover::Leg(at) = cover else { continue };
            let Some(id) = self.id(at) else { continue };
            match parts.iter_mut().find(|part| part.0 == id) {
                Some(part) => part.1 += count,
                None => parts.push((id, count)),
            }
        }
        let strategy = named(self.book, pairs);
        self.grouping.groups.push(Group { strategy, parts, sold: required, saved: 0 });
    }
}

/// The spreads of one expiry in pieces that come to what all of them do together; in one where there are none.
fn pieces(book: &Book<'_>, bucket: &[Pair]) -> Vec<Vec<Pair>> {
    let singly: Vec<Vec<Pair>> = bucket.iter().map(|pair| vec![*pair]).collect();
    let sum = |pieces: &[Vec<Pair>]| {
        pieces.iter().fold(0_i128, |sum, piece| sum.saturating_add(book.together(piece)))
    };
    let all = book.together(bucket);
    if sum(&singly) == all {
        return singly;
    }
    let mut pieces = singly;
    while pieces.len() <= MOST_PIECES {
        let Some(found) = best_merge(book, &pieces) else { break };
        merge(&mut pieces, found);
        if sum(&pieces) == all {
            return pieces;
        }
    }
    vec![bucket.to_vec()]
}

/// The two single spreads that lose least together beside what they lose apart, as many of each as there are of both.
fn best_merge(book: &Book<'_>, pieces: &[Vec<Pair>]) -> Option<(usize, usize)> {
    let mut best: Option<(i128, (usize, usize))> = None;
    for (at, one) in pieces.iter().enumerate() {
        for (behind, other) in pieces.iter().enumerate().skip(at + 1) {
            let ([one], [other]) = (one.as_slice(), other.as_slice()) else { continue };
            let count = one.count.min(other.count);
            let (one, other) = (Pair { count, ..*one }, Pair { count, ..*other });
            let apart = book.together(&[one]).saturating_add(book.together(&[other]));
            let saved = apart.saturating_sub(book.together(&[one, other]));
            if saved > 0 && best.is_none_or(|(most, _)| saved > most) {
                best = Some((saved, (at, behind)));
            }
        }
    }
    best.map(|(_, found)| found)
}

fn merge(pieces: &mut Vec<Vec<Pair>>, (at, behind): (usize, usize)) {
    let other = pieces.remove(behind);
    let Some(one) = pieces.get_mut(at) else { return };
    let count = one.iter().chain(&other).map(|pair| pair.count).min().unwrap_or_default();
    let all = one.iter().chain(&other).copied();
    let rest: Vec<Vec<Pair>> = all
        .clone()
        .filter(|pair| pair.count > count)
        .map(|pair| vec![Pair { count: pair.count - count, ..pair }])
        .collect();
    *one = all.map(|pair| Pair { count, ..pair }).collect();
    pieces.extend(rest);
}

/// What spreads are called.
fn named(book: &Book<'_>, pairs: &[Pair]) -> Strategy {
    let legs = |pair: &Pair| {
        let Cover::Leg(held) = pair.cover else { return None };
        Some((book.leg(pair.sold)?, book.leg(held)?))
    };
    match pairs {
        [one] => match legs(one) {
            Some((sold, held)) if sold.expiry == held.expiry => Strategy::Vertical,
            Some((sold, held)) if sold.strike == held.strike => Strategy::Calendar,
            _ => Strategy::Diagonal,
        },
        [one, two] if one.count == two.count => match (legs(one), legs(two)) {
            (Some(one), Some(two)) => of_two(one, two),
            _ => Strategy::Spreads,
        },
        _ => Strategy::Spreads,
    }
}

/// What two spreads are called, each the sold option and the one that is held.
fn of_two(one: (&Leg, &Leg), two: (&Leg, &Leg)) -> Strategy {
    if [one.1, two.0, two.1].iter().any(|leg| leg.expiry != one.0.expiry) {
        return Strategy::Spreads;
    }
    if one.0.right == two.0.right {
        let mut strikes =
            [(one.0.strike, 0), (one.1.strike, 1), (two.0.strike, 0), (two.1.strike, 1)];
        strikes.sort_unstable();
        let [low, second, third, high] = strikes;
        let held_outside = low.1 == 1 && high.1 == 1;
        let sold_outside = low.1 == 0 && high.1 == 0;
        return match (held_outside || sold_outside, second.0 == third.0) {
            (true, true) => Strategy::Butterfly,
            (true, false) => Strategy::Condor,
            (false, _) => Strategy::Spreads,
        };
    }
    let (call, put) = if one.0.right == Right::Call { (one, two) } else { (two, one) };
    let is_box = call.0.strike == put.1.strike && call.1.strike == put.0.strike;
    let is_iron = call.1.strike > call.0.strike && put.1.strike < put.0.strike;
    match (is_box, is_iron, call.0.strike.cmp(&put.0.strike)) {
        (true, ..) => Strategy::Box,
        (_, true, std::cmp::Ordering::Equal) => Strategy::IronButterfly,
        (_, true, std::cmp::Ordering::Greater) => Strategy::IronCondor,
        _ => Strategy::Spreads,
    }
}
