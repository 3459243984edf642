//! A decision in the making. Each event takes effect on the draft's own slice at once, so that what
//! follows from it is read from the slice, and no decision searches its own events.

use std::borrow::Cow;

use crate::decision::{Answer, Decision, Event};
use crate::refusal::Refusal;
use crate::slice::Slice;

/// The events so far, and the slice as they leave it.
pub(crate) struct Draft<'a> {
    slice: Cow<'a, Slice>,
    events: Vec<Event>,
}

impl<'a> Draft<'a> {
    pub(crate) fn of(slice: &'a Slice) -> Self {
        Self { slice: Cow::Borrowed(slice), events: Vec::new() }
    }

    /// The slice after the events so far. Its version is the one that was loaded.
    pub(crate) fn slice(&self) -> &Slice {
        &self.slice
    }

    pub(crate) fn push(&mut self, event: impl Into<Event>) {
        let event = event.into();
        self.slice.to_mut().follow(&event);
        self.events.push(event);
    }

    pub(crate) fn extend(&mut self, events: impl IntoIterator<Item = impl Into<Event>>) {
        for event in events {
            self.push(event);
        }
    }

    /// A yes.
    pub(crate) fn decide(self, answer: Answer) -> Decision {
        Decision::new(self.events, answer)
    }

    /// A no that changes something all the same.
    pub(crate) fn refuse(self, refusal: Refusal) -> Decision {
        Decision::refused(self.events, refusal)
    }
}
