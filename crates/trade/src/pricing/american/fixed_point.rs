//! The boundary as the fixed point of an integral equation: Andersen, Lake and Offengenden's method, with their second
//! equation ("B").
//!
//! With the time t left, the boundary b of a put with strike 1 is exp(-(r - q) t) N / D, where
//!
//! - N = cdf(d-(t, b)) + r times the integral over u from 0 to t of exp(r u) cdf(d-(t - u, b / b(u))),
//! - D = cdf(d+(t, b)) + q times the integral over u from 0 to t of exp(q u) cdf(d+(t - u, b / b(u))).
//!
//! What is kept is the square of the logarithm of limit over boundary (a node's height), which is nearly a polynomial of the
//! root of t. Each step is Newton's, at each node for itself, in the logarithm of b.

use super::grid::{GRID, NODES, Node, PLACES};
use super::put::Put;
use crate::pricing::matrix::{self, Matrix};
use crate::pricing::normal;

/// Steps at most. From a guess that is near it takes five or six.
const STEPS: usize = 32;
/// Simple steps, each node for itself, before the first with a matrix, and after one that led away.
const SIMPLE: usize = 2;
/// A matrix is made anew when a step with it leaves more of the distance than this.
const WORTH: f64 = 0.2;
/// Steps with a matrix that may lead away; after as many all steps are simple.
const PATIENCE: usize = 2;
/// Logarithms this near to their equation's are found, with one step more.
const NEAR: f64 = 1e-5;
/// Newton's steps to the first guess of one node.
const GUESS_STEPS: usize = 6;
/// A guess this near is good enough.
const GUESS_NEAR: f64 = 1e-3;
/// Logarithm of limit over boundary: no boundary is farther down.
const LOWEST: f64 = 60.0;

/// The boundary, by its heights at the grid's nodes.
pub(super) fn heights(put: &Put) -> [f64; NODES] {
    let limit = put.log_limit();
    let terms = GRID.nodes.each_ref().map(|node| Terms::of(put, node));
    let mut downs = guess(put, limit);
    let mut best = Stand { downs, off: [0.0; NODES], distance: f64::INFINITY };
    let mut solver: Option<Matrix<NODES>> = None;
    let (mut simple, mut away) = (SIMPLE, 0);
    for _ in 0..STEPS {
        let known = Known { limit, heights: downs.map(|down| down * down), downs };
        let (stand, seen) = Stand::of(&known, &terms);
        // Where the boundary is steep, a matrix may lead away from it; simple steps do not.
        if solver.is_some() && (stand.distance.is_nan() || stand.distance > best.distance) {
            (solver, simple, away) = (None, SIMPLE, away + 1);
            downs = stepped(&best, None);
            continue;
        }
        let worth = stand.distance < WORTH * best.distance;
        if stand.distance < best.distance {
            best = stand;
        }
        if simple > 0 || away > PATIENCE {
            simple = simple.saturating_sub(1);
        } else if solver.is_none() || !worth {
            solver = slopes(&known, &terms, &seen).and_then(matrix::inverse);
        }
        downs = stepped(&stand, solver.as_ref());
        if stand.distance < NEAR {
            return downs.map(|down| down * down);
        }
    }
    best.downs.map(|down| down * down)
}

/// Logarithms of limit over boundary, and how far each is from what its equation gives.
#[derive(Clone, Copy)]
struct Stand {
    downs: [f64; NODES],
    off: [f64; NODES],
    distance: f64,
}

impl Stand {
    fn of(known: &Known, terms: &[Terms; NODES]) -> (Self, [Seen; NODES]) {
        let mut off = [0.0; NODES];
        let mut seen = [Seen::default(); NODES];
        let equations = known.downs.iter().zip(&GRID.nodes).zip(terms);
        for ((off, seen), ((down, node), terms)) in off.iter_mut().zip(&mut seen).zip(equations) {
            *seen = Seen::of(known, known.limit - down, node, terms);
            *off = libm::log(seen.above / seen.below) - terms.drift - known.limit + down;
        }
        let distance =
            off.iter().fold(
                0.0,
                |most: f64, off| {
                    if off.is_finite() { most.max(off.abs()) } else { f64::INFINITY }
                },
            );
        (Self { downs: known.downs, off, distance }, seen)
    }
}

/// One step from where the equations stand: each node for itself, or all with the inverse of their slopes.
fn stepped(stand: &Stand, solver: Option<&Matrix<NODES>>) -> [f64; NODES] {
    let step = solver.map_or(stand.off, |solver| matrix::product(solver, &stand.off));
    let mut downs = stand.downs;
    for (down, step) in downs.iter_mut().zip(&step) {
        let next = *down - step;
        if next.is_finite() {
            *down = next.clamp(0.0, LOWEST);
        }
    }
    downs
}

/// What a step begins with.
struct Known {
    /// The logarithm of the limit.
    limit: f64,
    /// Logarithms of limit over boundary, and their squares.
    downs: [f64; NODES],
    heights: [f64; NODES],
}

/// What an equation needs that no step changes.
struct Terms {
    deviation: f64,
    drift: f64,
    /// By place: weight and growth of strike and spot.
    growth: [(f64, f64); PLACES],
}

impl Terms {
    fn of(put: &Put, node: &Node) -> Self {
        let years = put.years * node.root * node.root;
        Self {
            deviation: put.volatility * put.years.sqrt() * node.root,
            drift: (put.rate - put.dividend_yield) * years,
            growth: node.places.each_ref().map(|place| {
                let (weight, before) = (place.weight * years, place.before * years);
                (
                    weight * put.rate * libm::exp(put.rate * before),
                    weight * put.dividend_yield * libm::exp(put.dividend_yield * before),
                )
            }),
        }
    }
}

/// What the equation of one node came to.
#[derive(Debug, Clone, Copy, Default)]
struct Seen {
    /// d+ of exercise against expiry.
    d_plus: f64,
    /// N and D.
    above: f64,
    below: f64,
    /// By place: d+, and the logarithm of limit over boundary.
    places: [(f64, f64); PLACES],
}

impl Seen {
    fn of(known: &Known, log: f64, node: &Node, terms: &Terms) -> Self {
        let d_plus = (log + terms.drift) / terms.deviation + 0.5 * terms.deviation;
        let mut seen = Self {
            d_plus,
            above: normal::quick_cdf(d_plus - terms.deviation),
            below: normal::quick_cdf(d_plus),
            places: [(0.0, 0.0); PLACES],
        };
        let places = node.places.iter().zip(&terms.growth).zip(&mut seen.places);
        for ((place, (for_strike, for_spot)), slot) in places {
            let deviation = terms.deviation * place.root_since;
            let down = place.height(&known.heights).sqrt();
            let ahead = log - known.limit + down + terms.drift * place.since;
            let d_plus = ahead / deviation + 0.5 * deviation;
            seen.above += for_strike * normal::quick_cdf(d_plus - deviation);
            seen.below += for_spot * normal::quick_cdf(d_plus);
            *slot = (d_plus, down);
        }
        seen
    }

    /// How the logarithm of N / D changes: adds what each other node's logarithm does, and gives what the node's own does.
    fn slopes(&self, known: &Known, node: &Node, terms: &Terms, row: &mut [f64; NODES]) -> f64 {
        let slope = |d_plus: f64, deviation: f64, for_strike: f64, for_spot: f64| {
            (for_strike * normal::pdf(d_plus - deviation) / self.above
                - for_spot * normal::pdf(d_plus) / self.below)
                / deviation
        };
        let mut own = slope(self.d_plus, terms.deviation, 1.0, 1.0);
        let places = node.places.iter().zip(&terms.growth).zip(&self.places);
        for ((place, (for_strike, for_spot)), (d_plus, down)) in places {
            let slope = slope(*d_plus, terms.deviation * place.root_since, *for_strike, *for_spot);
            own += slope;
            if *down > 0.0 {
                for ((to, share), at) in row.iter_mut().zip(&place.shares).zip(&known.downs) {
                    *to += slope * share * at / down;
                }
            }
        }
        own
    }
}

/// How far off each equation is (rows) by each node's logarithm of limit over boundary.
fn slopes(known: &Known, terms: &[Terms; NODES], seen: &[Seen; NODES]) -> Option<Matrix<NODES>> {
    let mut matrix = [[0.0; NODES]; NODES];
    let equations = GRID.nodes.iter().zip(terms).zip(seen);
    for (index, (row, ((node, terms), seen))) in matrix.iter_mut().zip(equations).enumerate() {
        let own = seen.slopes(known, node, terms, row);
        *row.get_mut(index)? += 1.0 - own;
    }
    Some(matrix)
}

/// Barone-Adesi and Whaley's boundary (1987), whose equation is quadratic where the exact one is differential: from the
/// shortest time to the longest, each begun at the one before.
fn guess(put: &Put, limit: f64) -> [f64; NODES] {
    let mut downs = [0.0; NODES];
    let mut log = limit;
    for (down, node) in downs.iter_mut().zip(&GRID.nodes).rev() {
        log = guess_node(put, put.years * node.root * node.root, log).clamp(limit - LOWEST, limit);
        *down = limit - log;
    }
    downs
}

fn guess_node(put: &Put, years: f64, from: f64) -> f64 {
    let variance = put.volatility * put.volatility;
    let deviation = put.volatility * years.sqrt();
    let discount = libm::exp(-put.rate * years);
    let carry = libm::exp(-put.dividend_yield * years);
    // The rate over what is discounted, which is one over the time where there is no rate.
    let faded = -libm::expm1(-put.rate * years);
    let pace = if faded > 0.0 { put.rate / faded } else { 1.0 / years };
    let drift = 2.0 * (put.rate - put.dividend_yield) / variance - 1.0;
    let power = -0.5 * (drift + (drift * drift + 8.0 * pace / variance).sqrt());
    let mut log = from;
    for _ in 0..GUESS_STEPS {
        let spot = libm::exp(log);
        let d_plus = (log + (put.rate - put.dividend_yield) * years) / deviation + 0.5 * deviation;
        let short = carry * normal::quick_cdf(-d_plus);
        let european = discount * normal::quick_cdf(deviation - d_plus) - spot * short;
        let off = (1.0 - short) * spot + power * (1.0 - spot - european);
        let slope = (1.0 - power) * (1.0 - short) + carry * normal::pdf(d_plus) / deviation;
        // Newton's step in the spot, at most to half of it.
        let next = (spot - off / slope).max(0.5 * spot);
        if !next.is_finite() {
            break;
        }
        log = libm::log(next);
        if (next - spot).abs() < GUESS_NEAR * spot {
            break;
        }
    }
    log
}
