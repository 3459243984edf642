//! Sessions that end with a window, for the word that goes ahead of it.

use access::window::NEAR;
use access::{PersonId, SessionId, Span, Time};

use super::Sessions;

/// How often sessions are looked for that end with a window.
const LOOK: Span = Span::minutes(1);

impl Sessions {
    /// The open sessions that end with a window within a day and were not told so; looked for once
    /// a minute.
    pub(crate) fn due(&self, now: Time) -> Vec<(SessionId, PersonId)> {
        let mut due = Vec::new();
        {
            let mut table = self.lock();
            if now.since(table.looked) < LOOK {
                return due;
            }
            table.looked = now;
        }
        self.each_stride(|table, ats| {
            for (record, class) in ats.filter_map(|at| table.both(at)) {
                let ends = class.until(record).since(now);
                let near = class.lasts > Span::hours(24) && ends > Span(0) && ends <= NEAR;
                let told = record.extra.as_ref().is_some_and(|extra| extra.announced);
                if near && !told && record.ended().is_none() {
                    due.push((record.id, class.owner.id));
                }
            }
        });
        due
    }
}
