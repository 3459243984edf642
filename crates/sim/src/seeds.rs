//! Seeds that found something: they run first, for ever.

use crate::finding::{Finding, Ran};
use crate::run::STEPS;

/// One line of `crates/sim/seeds.txt`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptSeed {
    /// The seed.
    pub seed: u64,
    /// Steps of the run.
    pub steps: u32,
    /// What it found, and what mended that.
    pub found: String,
}

/// Those of this build.
pub fn kept() -> Ran<Vec<KeptSeed>> {
    read(include_str!("../seeds.txt"))
}

fn read(text: &str) -> Ran<Vec<KeptSeed>> {
    let lines =
        text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| {
            let mut parts = line.splitn(3, char::is_whitespace);
            let wrong = || Finding(format!("seeds.txt: {line:?} is not SEED STEPS WHAT IT FOUND"));
            let seed = parts.next().and_then(|one| one.parse().ok()).ok_or_else(wrong)?;
            let steps = parts.next().and_then(|one| one.parse().ok()).unwrap_or(STEPS);
            let found = parts.next().ok_or_else(wrong)?.trim().to_owned();
            Ok(KeptSeed { seed, steps, found })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn line_without_what_it_found_is_refused() {
        assert_eq!(read("# words\n\n7 90 a fill was lost\n").unwrap().first().unwrap().seed, 7);
        assert!(read("7 90").is_err());
        assert!(kept().is_ok());
    }
}
