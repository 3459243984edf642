//! 4,096 bits with a summary word: which prices of the ladder have orders.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bits {
    /// Bit `w`: word `w` is not zero.
    summary: u64,
    words: [u64; 64],
}

impl Default for Bits {
    fn default() -> Self {
        Self { summary: 0, words: [0; 64] }
    }
}

impl Bits {
    #[inline]
    pub(super) fn set(&mut self, at: usize) {
        let word = (at >> 6) & 63;
        if let Some(bits) = self.words.get_mut(word) {
            *bits |= 1 << (at & 63);
            self.summary |= 1 << word;
        }
    }

    #[inline]
    pub(super) fn clear(&mut self, at: usize) {
        let word = (at >> 6) & 63;
        if let Some(bits) = self.words.get_mut(word) {
            *bits &= !(1 << (at & 63));
            if *bits == 0 {
                self.summary &= !(1 << word);
            }
        }
    }

    #[inline]
    fn word(&self, word: u32) -> u64 {
        self.words.get((word & 63) as usize).copied().unwrap_or(0)
    }

    /// The lowest bit that is set.
    #[inline]
    pub(super) fn first(&self) -> Option<i64> {
        let word = self.summary.trailing_zeros();
        (word < 64).then(|| i64::from(word * 64 + self.word(word).trailing_zeros()))
    }

    /// The highest bit that is set.
    #[inline]
    pub(super) fn last(&self) -> Option<i64> {
        let word = 63_u32.checked_sub(self.summary.leading_zeros())?;
        Some(i64::from(word * 64 + 63 - self.word(word).leading_zeros()))
    }

    /// The lowest bit that is set at `from` or above.
    pub(super) fn first_from(&self, from: i64) -> Option<i64> {
        let from = u32::try_from(from.max(0)).ok().filter(|from| *from < 4_096)?;
        let word = from >> 6;
        let here = self.word(word) & (u64::MAX << (from & 63));
        if here != 0 {
            return Some(i64::from(word * 64 + here.trailing_zeros()));
        }
        let above = self.summary & u64::MAX.checked_shl(word + 1).unwrap_or(0);
        let word = above.trailing_zeros();
        (word < 64).then(|| i64::from(word * 64 + self.word(word).trailing_zeros()))
    }

    /// The highest bit that is set at `to` or below.
    pub(super) fn last_to(&self, to: i64) -> Option<i64> {
        let to = u32::try_from(to.min(4_095)).ok()?;
        let word = to >> 6;
        let here = self.word(word) & (u64::MAX >> (63 - (to & 63)));
        if here != 0 {
            return Some(i64::from(word * 64 + 63 - here.leading_zeros()));
        }
        let below = self.summary & !(u64::MAX << word);
        let word = 63_u32.checked_sub(below.leading_zeros())?;
        Some(i64::from(word * 64 + 63 - self.word(word).leading_zeros()))
    }
}
