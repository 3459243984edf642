//! The refusals of the last second, and how many like each of them followed.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use access::person::Person;
use access::{By, Refusal, Slice, Span, Time};

/// How long refusals that are alike are counted together.
const WINDOW: Span = Span::seconds(1);
/// Kinds that are told apart at once; those beyond it are counted together.
const KINDS: usize = 1_024;

/// Refusals that are alike: by whom, from where, with which code.
type Alike = (By, String, &'static str);

/// Refusals that were recorded within the last second, and how many like them followed.
#[derive(Default)]
pub(crate) struct Repeats(Mutex<BTreeMap<Alike, Repeat>>);

pub(super) struct Repeat {
    since: Time,
    pub(super) person: Option<Person>,
    pub(super) text: String,
    pub(super) count: u32,
}

impl Repeat {
    const fn new(since: Time) -> Self {
        Self { since, person: None, text: String::new(), count: 0 }
    }

    fn add(&mut self, person: Option<&Person>, refusal: &Refusal) {
        self.count = self.count.saturating_add(1);
        self.text = refusal.evidence_text();
        self.person = person.cloned();
    }
}

/// The kind that a refusal is counted under: its own while there is room.
fn kind(open: &BTreeMap<Alike, Repeat>, alike: Alike) -> Alike {
    let full = open.len() >= KINDS && !open.contains_key(&alike);
    if full { (By::System, String::from("many"), alike.2) } else { alike }
}

impl Repeats {
    /// Whether to record this refusal now; otherwise it is counted for the entry that follows.
    pub(super) fn is_first(
        &self,
        alike: Alike,
        slice: &Slice,
        refusal: &Refusal,
        now: Time,
    ) -> bool {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let alike = kind(&open, alike);
        if let Some(repeat) = open.get_mut(&alike) {
            repeat.add(slice.person.as_ref(), refusal);
            return false;
        }
        open.insert(alike, Repeat::new(now));
        true
    }

    /// Counts this refusal for the next entry, first or not.
    pub(super) fn count(&self, alike: Alike, person: &Person, refusal: &Refusal, now: Time) {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let alike = kind(&open, alike);
        open.entry(alike).or_insert_with(|| Repeat::new(now)).add(Some(person), refusal);
    }

    /// Those that are due, their second being over. Those that nothing followed are forgotten.
    pub(super) fn take_due(&self, now: Time, all: bool) -> Vec<(Alike, Repeat)> {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let due = open.extract_if(.., |_, one| all || now.since(one.since) >= WINDOW);
        let due: Vec<_> = due.filter(|(_, one)| one.count > 0).collect();
        // A flood goes on: what follows in the next second is counted again.
        for (alike, _) in &due {
            open.insert(alike.clone(), Repeat::new(now));
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use access::refusal::SignInRefusal;

    #[test]
    fn refusals_alike_within_a_second_are_counted_and_one_entry_is_due() {
        let (repeats, slice) = (Repeats::default(), Slice::default());
        let alike = || {
            (
                By::Visitor,
                "10.0.0.1".to_owned(),
                Refusal::SignIn(SignInRefusal::SignInFailed).code(),
            )
        };
        let at = |milliseconds| Time(0) + Span::milliseconds(milliseconds);
        let first = |time| {
            repeats.is_first(alike(), &slice, &Refusal::SignIn(SignInRefusal::SignInFailed), time)
        };
        assert!(first(at(0)));
        assert!((1..=9).all(|count| !first(at(count))));
        assert!(repeats.take_due(at(999), false).is_empty());
        let due = repeats.take_due(at(1_000), false);
        assert_eq!(due.iter().map(|(_, one)| one.count).collect::<Vec<_>>(), [9]);
        assert!(!first(at(1_500)), "the flood goes on: it is counted, not recorded");
        assert_eq!(repeats.take_due(at(2_000), false).len(), 1);
        assert!(repeats.take_due(at(3_000), false).is_empty());
        assert!(first(at(3_001)), "after a quiet second the next one is recorded at once");
    }

    #[test]
    fn refusals_of_too_many_kinds_share_one_entry() {
        let (repeats, slice) = (Repeats::default(), Slice::default());
        for number in 0..3_000 {
            let alike = (By::Visitor, format!("source {number}"), "X");
            repeats.is_first(alike, &slice, &Refusal::SignIn(SignInRefusal::SignInFailed), Time(0));
        }
        let kept = repeats.0.lock().unwrap_or_else(PoisonError::into_inner).len();
        assert!(kept <= KINDS + 1, "{kept}");
    }
}
