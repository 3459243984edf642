//! The brake of a program that has run away: orders that are refused, or that repeat the last one, are counted, and too
//! many of them stop its holder for a while. The gate keeps the count in memory: a restart forgets it, as it does the
//! tokens of a rate.

use std::collections::VecDeque;

use access::moment::{Span, Time};

use crate::pretrade::breach::Breach;

/// The time in which they are counted.
pub const WITHIN: Span = Span::seconds(10);
/// How long nothing is taken.
pub const STOP: Span = Span::minutes(1);

/// What is counted of one holder.
#[derive(Debug, Clone, Default)]
pub struct Brake {
    bad: VecDeque<Time>,
    stopped: Option<(u32, Time)>,
}

impl Brake {
    /// Whether an order is taken now.
    pub fn check(&self, now: Time) -> Result<(), Breach> {
        match self.stopped {
            Some((orders, until)) if now < until => {
                Err(Breach::Runaway { orders, within: WITHIN, until })
            }
            _ => Ok(()),
        }
    }

    /// Counts an order that was refused or repeats the last one; `limit` of them stop it.
    pub fn count(&mut self, limit: u32, now: Time) {
        while self.bad.front().is_some_and(|at| now.since(*at) >= WITHIN) {
            self.bad.pop_front();
        }
        self.bad.push_back(now);
        let orders = u32::try_from(self.bad.len()).unwrap_or(u32::MAX);
        if orders >= limit {
            self.bad.clear();
            self.stopped = Some((orders, now + STOP));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_within_ten_seconds_stop_it_for_a_minute() {
        // When each of them came, when one is asked for, and whether it is taken.
        let cases: [(&[i64], i64, bool); 6] = [
            (&[], 0, true),
            (&[0, 1], 1, true),
            (&[0, 1, 2], 2, false),
            (&[0, 5, 10], 10, true),
            (&[0, 1, 9], 68, false),
            (&[0, 1, 9], 69, true),
        ];
        for (bad, asked, passes) in cases {
            let mut brake = Brake::default();
            for at in bad {
                brake.count(3, Time::from_seconds(*at));
            }
            assert_eq!(brake.check(Time::from_seconds(asked)).is_ok(), passes, "{bad:?} {asked}");
        }
    }
}
