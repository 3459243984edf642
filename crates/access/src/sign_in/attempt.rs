//! What ends a sign-in under way, counts a failure of it, or keeps it out.

use super::event::Event;
use super::record::{Attempt, Step};
use crate::call::Source;
use crate::decision::{self, Decision, Ground};
use crate::device::{DeviceState, Event as DeviceEvent};
use crate::lock::Grade;
use crate::refusal::{AuthorityRefusal, Refusal, SessionRefusal};
use crate::slice::Slice;
use crate::throttle::{self, Factor, Place};

/// One more failure of a factor, and the refusal for it.
pub(crate) fn fail(
    slice: &Slice,
    ground: &Ground<'_>,
    factor: Factor,
    place: Place,
    refusal: Refusal,
) -> Decision {
    let failed = throttle::failed(slice, factor, place, ground.moment.now);
    Decision::refused(failed.map(Into::into).into_iter().collect(), refusal)
}

/// Whether the person and their browser may sign in at all. Asked only once a factor was right.
pub(crate) fn check_open(slice: &Slice, ground: &Ground<'_>) -> Result<(), Refusal> {
    may_enter(slice, ground.source)
}

/// The same, ahead of a sign-in.
pub(crate) fn may_enter(slice: &Slice, source: &Source) -> Result<(), Refusal> {
    if slice.is_shut_out() {
        return Err(Refusal::Authority(AuthorityRefusal::Locked { grade: Grade::All }));
    }
    let device = slice.device_of(source.device);
    if device.is_some_and(|device| device.state == DeviceState::Blocked) {
        return Err(Refusal::Session(SessionRefusal::DeviceBlocked));
    }
    Ok(())
}

/// The end of an attempt without a session; a device that only it knew goes with it.
pub(crate) fn drop_attempt(slice: &Slice, attempt: &Attempt) -> Vec<decision::Event> {
    let mut events = vec![Event::Dropped { attempt: attempt.id }.into()];
    if let Step::Activation(activation) = &attempt.step {
        let device = slice.device(activation.device);
        let pending = device.filter(|device| device.state == DeviceState::Pending);
        events.extend(pending.map(|device| DeviceEvent::Removed { device: device.id }.into()));
    }
    events
}
