//! Pages of the activity: where each begins, and which entries are on it.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use access::Time;
use store::{RecordCursor, Stretch};

use super::entry::ActivityEntry;

/// A page of decisions, newest first.
#[derive(Debug, Clone, Default)]
pub struct ActivityPage {
    /// The decisions.
    pub entries: Vec<ActivityEntry>,
    /// Where the next, older page begins; none at the end.
    pub next: Option<ActivityCursor>,
    /// Where the newer page begins; none at the newest.
    pub newer: Option<ActivityCursor>,
    /// Why the newest orders are missing; none when they are not.
    pub behind: Option<Behind>,
    /// The page ends here though it is not full: it went through as many entries as one page may.
    pub reached: Option<Time>,
    /// What people call the things whose ids are in the entries.
    pub names: BTreeMap<String, String>,
}

/// Why the newest orders are missing from a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Behind {
    /// The database could not be written.
    Unwritten,
    /// There are many, and they are being added.
    Adding,
}

/// Where a page of decisions begins: entries before a place, or behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ActivityCursor {
    /// The place, in both records.
    place: RecordCursor,
    /// Whether the page is behind it.
    above: bool,
}

/// The greatest sequence that the tables can hold.
const LAST: u64 = RecordCursor::END.seq;

impl ActivityCursor {
    /// Behind the newest entries.
    pub(super) const END: Self = Self { place: RecordCursor::END, above: false };

    /// The same place, for the page above it.
    #[must_use]
    pub const fn above(self) -> Self {
        Self { above: true, ..self }
    }

    /// What the page is from.
    pub(super) const fn stretch(self) -> Stretch {
        if self.above { Stretch::above(self.place) } else { Stretch::below(self.place) }
    }

    /// Where to go on behind what was looked through up to a time.
    pub(super) const fn behind(self, time: Time) -> Self {
        Self { place: end_of(time, self.above), ..self }
    }
}

/// The end of what was looked through, up to the end of a time or down to its beginning.
const fn end_of(time: Time, above: bool) -> RecordCursor {
    if above { RecordCursor::behind(time) } else { RecordCursor::before(time) }
}

impl fmt::Display for ActivityCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let RecordCursor { at, shard, seq } = self.place;
        // A shard by its number and one, so that 0 is the journal.
        let chain = shard.map_or(0, |shard| u64::from(shard) + 1);
        write!(f, "{}-{chain}-{seq}", at.0)
    }
}

/// What is no place in the activity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no place in the activity: it is a time, a chain and a sequence")]
pub struct OddCursor;

impl FromStr for ActivityCursor {
    type Err = OddCursor;

    /// As displayed, for the page below it. Beyond the end is the end.
    fn from_str(text: &str) -> Result<Self, OddCursor> {
        let mut parts = text.split('-');
        let mut number = || parts.next().and_then(|part| part.parse::<u64>().ok()).ok_or(OddCursor);
        let (at, chain, seq) = (number()?, number()?, number()?);
        let shard = match chain.checked_sub(1) {
            None => None,
            Some(shard) => Some(u32::try_from(shard).map_err(|_| OddCursor)?),
        };
        if parts.next().is_some() {
            return Err(OddCursor);
        }
        let at = Time(i64::try_from(at).unwrap_or(i64::MAX));
        let place = RecordCursor { at, shard, seq: seq.min(LAST) };
        Ok(Self { place: place.min(RecordCursor::END), above: false })
    }
}

/// The `limit` entries of both that are next to the cursor, newest first, and where the pages beside
/// them begin. `reach` is the time that was looked through to, where more is behind that.
pub(super) fn merge(
    found: Vec<ActivityEntry>,
    from: ActivityCursor,
    limit: usize,
    reach: Option<Time>,
) -> ActivityPage {
    // A full page ends with its last entry, however far it could have looked.
    let reach = reach.filter(|_| found.len() <= limit);
    let more = found.len() > limit || reach.is_some();
    let mut entries = found;
    entries.sort_by_key(ActivityEntry::place);
    if !from.above {
        entries.reverse();
    }
    entries.truncate(limit);
    if from.above {
        entries.reverse();
    }
    let (newest, oldest) =
        (entries.first().map(ActivityEntry::place), entries.last().map(ActivityEntry::place));
    // How far the page goes on the side away from the cursor.
    let end = reach.map(|time| end_of(time, from.above));
    let RecordCursor { seq, .. } = from.place;
    // Where none is shown, what is at the cursor is on the page beside this one.
    let (next, newer) = if from.above {
        let at = RecordCursor { seq: seq.saturating_add(1).min(LAST), ..from.place };
        (oldest.unwrap_or(at), end.or(newest).unwrap_or(from.place))
    } else {
        let at = RecordCursor { seq: seq.saturating_sub(1), ..from.place };
        (end.or(oldest).unwrap_or(from.place), newest.unwrap_or(at))
    };
    let (has_older, has_newer) =
        if from.above { (true, more) } else { (more, from != ActivityCursor::END) };
    ActivityPage {
        entries,
        next: has_older.then_some(ActivityCursor { place: next, above: false }),
        newer: has_newer.then_some(ActivityCursor { place: newer, above: true }),
        reached: reach,
        ..ActivityPage::default()
    }
}

#[cfg(test)]
mod tests {
    use access::Holder;

    use super::super::entry::ActivityKind;
    use super::*;
    use crate::evidence::order;

    /// At most three of the entries that a page from `at` may show, as the tables give them.
    fn entries(shard: Option<u32>, all: &[(u64, i64)], at: ActivityCursor) -> Vec<ActivityEntry> {
        let kind = if shard.is_some() { ActivityKind::Access } else { ActivityKind::Order };
        let entry = |(seq, at): &(u64, i64)| ActivityEntry {
            kind,
            shard,
            holder: None,
            ..order::blank(*seq, Time(*at), Holder::System)
        };
        let Stretch { after, before, ascends } = at.stretch();
        let is_in = |one: &ActivityEntry| after < one.place() && one.place() < before;
        let mut found: Vec<_> = all.iter().map(entry).filter(is_in).collect();
        found.sort_by_key(ActivityEntry::place);
        if !ascends {
            found.reverse();
        }
        found.truncate(3);
        found
    }

    const ACCESS: [(u64, i64); 3] = [(5, 50), (3, 20), (2, 10)];
    const OTHER_SHARD: [(u64, i64); 2] = [(9, 45), (1, 5)];
    const ORDERS: [(u64, i64); 4] = [(4, 48), (3, 47), (2, 46), (1, 1)];

    fn page(cursor: ActivityCursor) -> ActivityPage {
        let mut all = entries(Some(0), &ACCESS, cursor);
        all.extend(entries(Some(77), &OTHER_SHARD, cursor));
        all.extend(entries(None, &ORDERS, cursor));
        merge(all, cursor, 2, None)
    }

    fn times(page: &ActivityPage) -> Vec<i64> {
        page.entries.iter().map(|entry| entry.at.0).collect()
    }

    #[test]
    fn pages_of_all_chains_show_each_entry_once_in_order_of_time() {
        let (mut cursor, mut shown) = (ActivityCursor::END, Vec::new());
        loop {
            let page = page(cursor);
            shown.extend(times(&page));
            match page.next {
                Some(next) => cursor = next,
                None => break,
            }
        }
        assert_eq!(shown, [50, 48, 47, 46, 45, 20, 10, 5, 1]);
    }

    #[test]
    fn entries_of_one_time_and_of_crossed_stamps_are_on_one_page_each() {
        let (common, other, orders) = ([(3, 30), (2, 40), (1, 10)], [(1, 30), (2, 30)], [(7, 30)]);
        let (mut cursor, mut shown) = (ActivityCursor::END, Vec::new());
        loop {
            let mut all = entries(Some(0), &common, cursor);
            all.extend(entries(Some(5), &other, cursor));
            all.extend(entries(None, &orders, cursor));
            let page = merge(all, cursor, 1, None);
            shown.extend(page.entries.iter().map(|entry| (entry.shard, entry.seq)));
            match page.next {
                Some(next) => cursor = next,
                None => break,
            }
        }
        let (common, other) = (Some(0), Some(5));
        let all = [(common, 2), (other, 2), (other, 1), (common, 3), (None, 7), (common, 1)];
        assert_eq!(shown, all);
    }

    #[test]
    fn newer_page_is_the_one_that_was_left_and_there_is_none_above_the_newest() {
        let first = page(ActivityCursor::END);
        assert_eq!((times(&first), first.newer), (vec![50, 48], None));
        let second = page(first.next.unwrap_or(ActivityCursor::END));
        let third = page(second.next.unwrap_or(ActivityCursor::END));
        assert_eq!((times(&second), times(&third)), (vec![47, 46], vec![45, 20]));
        let back = page(third.newer.unwrap_or(ActivityCursor::END));
        assert_eq!(times(&back), [47, 46]);
        let top = page(back.newer.unwrap_or(ActivityCursor::END));
        assert_eq!((times(&top), top.newer), (vec![50, 48], None));
        assert_eq!(times(&page(top.next.unwrap_or(ActivityCursor::END))), [47, 46]);
    }

    #[test]
    fn cursor_text_round_trips_and_nonsense_is_none() {
        for shard in [None, Some(0), Some(u32::MAX)] {
            let place = RecordCursor { at: Time(12), shard, seq: 34 };
            let cursor = ActivityCursor { place, above: false };
            assert_eq!(cursor.to_string().parse(), Ok(cursor));
        }
        let far = format!("{}-4294967296-{}", u64::MAX, u64::MAX);
        assert_eq!(far.parse(), Ok(ActivityCursor::END));
        for bad in ["", "-", "1", "1-2", "1-2-x", "-1-2", "1-2-3-4", "1-4294967297-1"] {
            assert!(bad.parse::<ActivityCursor>().is_err(), "{bad}");
        }
    }
}
