//! The same refusal from the same source within a second is one entry of evidence with a count, or
//! evidence would become an attack on the disk. (Refused orders have theirs in `refused.rs`.)

use access::person::Person;
use access::{By, Refusal, Slice, Source, evidence};

use crate::Gate;
use crate::command::Boxed;

mod counted;

pub(crate) use counted::Repeats;

impl Gate {
    /// Records a refusal that changed nothing, or counts it when one alike was just recorded.
    pub(crate) async fn record_refusal(
        &self,
        by: By,
        source: &Source,
        slice: &Slice,
        refusal: &Refusal,
    ) {
        let now = self.0.people.clock.stamp();
        let alike = (by, source.to_string(), refusal.code());
        if self.0.people.repeats.is_first(alike, slice, refusal, now) {
            self.write_refusal(by, source, slice, evidence::refused(refusal)).await;
        }
    }

    /// Counts a refusal that was given without a look at the tables; its entry follows within two
    /// seconds.
    pub(crate) fn count_refusal(
        &self,
        by: By,
        source: &Source,
        person: &Person,
        refusal: &Refusal,
    ) {
        let alike = (by, source.to_string(), refusal.code());
        self.0.people.repeats.count(alike, person, refusal, self.0.people.clock.stamp());
    }

    /// Writes the counted ones: those whose second is over, or all of them before the end.
    pub(crate) async fn record_repeats(&self, all: bool) {
        let now = self.0.people.clock.stamp();
        for ((by, from, code), repeat) in self.0.people.repeats.take_due(now, all) {
            let source = Source { address: from.parse().ok(), ..Source::local() };
            let slice = Slice { person: repeat.person, ..Slice::default() };
            let (code, text, count) = (code.to_owned(), repeat.text, repeat.count);
            let event = evidence::Event::Refused { code, text, count };
            self.write_refusal(by, &source, &slice, event).await;
        }
    }

    fn write_refusal<'a>(
        &'a self,
        by: By,
        source: &'a Source,
        slice: &'a Slice,
        event: evidence::Event,
    ) -> Boxed<'a, ()> {
        Box::pin(async move {
            let people = &self.0.people;
            let now = people.clock.stamp();
            if let Err(error) =
                people.store.commit((slice, &slice.reads()), &[event.into()], by, source, now).await
            {
                tracing::error!(%error, "a refusal could not be recorded");
            }
        })
    }
}
