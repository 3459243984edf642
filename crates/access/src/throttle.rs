//! Throttling: failures count for each factor at each trusted device, and together for all
//! untrusted ones. Somebody who guesses from elsewhere can block only the untrusted way in; the
//! owner's trusted devices have their own counters.
//!
//! The schedule: four failures have no effect; the fifth starts a wait of 15 seconds, which doubles
//! with each further failure up to 15 minutes. A try during the wait is neither checked nor
//! counted. At 100 in a row (NIST SP 800-63B-4) the factor stops working there until the person
//! confirms with a passkey or a link, or the factor is reset. Passkeys are never counted.

use crate::call::Source;
use crate::moment::{Span, Time};
use crate::refusal::SignInRefusal;
use crate::slice::Slice;

pub(crate) mod event;
mod record;

pub use event::Event;
pub use record::{Counter, Factor, Place, Stranger};

/// Failures in a row that cost no wait yet, less one.
const FREE: u32 = 5;
/// The first wait.
const FIRST_WAIT: Span = Span::seconds(15);
/// The longest wait.
const LONGEST_WAIT: Span = Span::minutes(15);
/// Failures in a row at which a factor stops.
pub const LIMIT: u32 = 100;

/// How long to wait after this many failures in a row.
pub const fn wait_after(failures: u32) -> Span {
    if failures < FREE {
        return Span(0);
    }
    let doublings = failures - FREE;
    // Six doublings pass the longest wait.
    if doublings >= 6 { LONGEST_WAIT } else { Span(FIRST_WAIT.0 << doublings) }
}

/// Whether a try counts now, by this many failures in a row, the last one at `last_at`.
fn check_count(failures: u32, last_at: Time, now: Time) -> Result<(), SignInRefusal> {
    if failures >= LIMIT {
        return Err(SignInRefusal::AuthenticatorStopped { failures, limit: LIMIT });
    }
    let retry_at = last_at + wait_after(failures);
    if failures >= FREE && now < retry_at {
        return Err(SignInRefusal::Throttled { failures, retry_at });
    }
    Ok(())
}

/// Where a call counts.
pub fn place(slice: &Slice, source: &Source, now: Time) -> Place {
    slice.trusted_device(source, now).map_or(Place::Untrusted, |device| Place::Device(device.id))
}

/// Whether a try of the factor counts now. The same for a name that nobody has.
pub fn check(slice: &Slice, factor: Factor, place: Place, now: Time) -> Result<(), SignInRefusal> {
    if slice.person.is_none() {
        return slice.stranger.map_or(Ok(()), |one| check_count(one.failures, one.last_at, now));
    }
    slice
        .counter(factor, place)
        .map_or(Ok(()), |counter| check_count(counter.failures, counter.last_at, now))
}

/// The event of one more failure; none for a slice that was not loaded by a name.
pub(crate) fn failed(slice: &Slice, factor: Factor, place: Place, now: Time) -> Option<Event> {
    if slice.person.is_some() {
        let failures = slice.counter(factor, place).map_or(0, |counter| counter.failures);
        let failures = failures.saturating_add(1);
        return Some(Event::Failed(Counter { factor, place, failures, last_at: now }));
    }
    let stranger = slice.stranger?;
    let failures = stranger.failures.saturating_add(1);
    Some(Event::StrangerFailed(Stranger { name: stranger.name, failures, last_at: now }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wait_doubles_after_five_failures_up_to_fifteen_minutes() {
        let seconds = |failures| wait_after(failures).seconds_up();
        assert_eq!(
            (0..=12).map(seconds).collect::<Vec<_>>(),
            [0, 0, 0, 0, 0, 15, 30, 60, 120, 240, 480, 900, 900]
        );
        assert_eq!(seconds(u32::MAX), 900);
    }

    #[test]
    fn try_in_the_wait_is_refused_and_after_it_is_not() {
        let at = Time::from_seconds(1_000);
        assert_eq!(check_count(4, at, at), Ok(()));
        let retry_at = at + Span::seconds(15);
        assert_eq!(
            check_count(5, at, retry_at - Span(1)),
            Err(SignInRefusal::Throttled { failures: 5, retry_at })
        );
        assert_eq!(check_count(5, at, retry_at), Ok(()));
        let stopped = SignInRefusal::AuthenticatorStopped { failures: 100, limit: 100 };
        assert_eq!(check_count(100, at, Time::FAR), Err(stopped));
    }
}
