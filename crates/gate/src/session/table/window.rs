//! Sessions that end with a window, for the word that goes ahead of it.

use access::window::NEAR;
use access::{PersonId, SessionId, Span, Time};

use super::{ENDED, STRIDE, Sessions};

/// How often sessions are looked for that end with a window.
const LOOK: Span = Span::minutes(1);

impl Sessions {
    /// The open sessions that end with a window within a day and were not told so; looked for once
    /// a minute.
    pub(crate) fn due(&self, now: Time) -> Vec<(SessionId, PersonId)> {
        let mut due = Vec::new();
        let mut from = 0;
        {
            let mut table = self.lock();
            if now.since(table.looked) < LOOK {
                return due;
            }
            table.looked = now;
        }
        loop {
            let table = self.lock();
            if from >= table.len() {
                return due;
            }
            for (at, record) in table.some(from) {
                let Some((_, class)) = table.both(at) else { continue };
                let ends = class.until(record).since(now);
                let near = class.lasts > Span::hours(24) && ends <= NEAR;
                if near && ends > Span(0) && !record.is(ENDED) && !table.announced.contains(&at) {
                    due.push((record.id, class.person));
                }
            }
            from += STRIDE;
        }
    }
}
