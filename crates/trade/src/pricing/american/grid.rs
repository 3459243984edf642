//! Where a boundary is kept, and where integrals over it are taken. None of it depends on an option, so it is made once.

use std::f64::consts::FRAC_PI_4;
use std::sync::LazyLock;

use crate::pricing::quadrature::{chebyshev, gauss_legendre, shares};

/// Times at which the boundary is kept.
pub(super) const NODES: usize = 9;
/// Places of an integral while the boundary is sought.
pub(super) const PLACES: usize = 9;
/// Places of the integral that gives a price.
pub(super) const PRICE_PLACES: usize = 28;

/// One place of an integral over the time from an expiry (0) to a node.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    /// Square root of the share of the node's time that is left for the option when it is exercised there, against now.
    pub root_since: f64,
    /// Its square: the share of the node's time between exercise and the node.
    pub since: f64,
    /// One less that share: between exercise and expiry.
    pub before: f64,
    /// Weight of the place, in shares of the node's time.
    pub weight: f64,
    /// What each node's value adds to the boundary's value there.
    pub shares: [f64; NODES],
}

impl Place {
    /// What the nodes say of the boundary's height there.
    #[inline]
    pub(super) fn height(&self, heights: &[f64; NODES]) -> f64 {
        let mut sum = 0.0;
        for (share, height) in self.shares.iter().zip(heights) {
            sum += share * height;
        }
        sum.max(0.0)
    }
}

/// A time at which the boundary is kept.
#[derive(Debug, Clone, Copy)]
pub(super) struct Node {
    /// Square root of its share of the whole time.
    pub root: f64,
    pub places: [Place; PLACES],
}

/// The tables.
#[derive(Debug)]
pub(super) struct Grid {
    pub nodes: [Node; NODES],
    /// For a price: the integral over the whole time.
    pub whole: [Place; PRICE_PLACES],
}

pub(super) static GRID: LazyLock<Grid> = LazyLock::new(|| {
    let points = chebyshev::<NODES>();
    Grid {
        nodes: points.map(|root| Node { root, places: places(&points, root) }),
        whole: places(&points, 1.0),
    }
});

/// The integral over u from 0 to t is taken in the angle whose squared sine is u / t. The boundary has a root of u in it and
/// the distributions one of t - u: of the angle both are smooth.
fn places<const COUNT: usize>(points: &[f64; NODES], root: f64) -> [Place; COUNT] {
    gauss_legendre::<COUNT>().map(|(x, weight)| {
        let angle = FRAC_PI_4 * (1.0 + x);
        let (root_before, root_since) = (libm::sin(angle), libm::cos(angle));
        Place {
            root_since,
            since: root_since * root_since,
            before: root_before * root_before,
            weight: 2.0 * FRAC_PI_4 * root_since * root_before * weight,
            shares: shares(points, root * root_before),
        }
    })
}
