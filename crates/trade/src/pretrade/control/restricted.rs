//! The restricted list: what may be reduced, and neither opened nor enlarged.

use crate::pretrade::breach::Breach;

/// `symbol` is its ticker.
pub(super) fn check(listed: bool, reduces: bool, symbol: &str) -> Result<(), Breach> {
    if listed && !reduces {
        return Err(Breach::Restricted { symbol: symbol.to_owned() });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_listed_may_be_reduced_alone() {
        for (listed, reduces, passes) in
            [(false, false, true), (false, true, true), (true, true, true), (true, false, false)]
        {
            assert_eq!(check(listed, reduces, "KO").is_ok(), passes, "{listed} {reduces}");
        }
    }
}
