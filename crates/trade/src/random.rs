//! The numbers that the simulated market draws: `SplitMix64` (Steele, Lea and Flood, 2014), which
//! has one word of state and gives the same numbers everywhere. Nothing secret comes from it.

/// What a stream's state grows by with each word: the word at any place is its mix.
pub(crate) const GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;

/// Mixes a word.
#[inline]
pub(crate) const fn mix(word: u64) -> u64 {
    let word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

/// The next word of a stream.
#[inline]
pub(crate) const fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(GAMMA);
    mix(*state)
}

/// Below `limit`, by the high half of a product; `limit` is small here, so the bias is nothing.
#[inline]
pub(crate) fn below(word: u64, limit: u64) -> u64 {
    let product = u128::from(word) * u128::from(limit);
    u64::try_from(product >> 64).unwrap_or(0)
}

/// A step of a random walk: mean 0, standard deviation 4, from -32 to 32.
#[inline]
pub(crate) fn walk(word: u64) -> i64 {
    i64::from(word.count_ones()) - 32
}
