//! What others trade in contracts that follow others, and what that comes to over a day. It follows from the seed and the
//! second alone; what was looked at once is remembered and goes on from there.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use access::moment::Time;

use super::Paper;
use super::hours::Span;
use super::listing::Listing;
use crate::calendar::Day;
use crate::instrument::{Instrument, InstrumentKind};
use crate::market::FINE;
use crate::order::Side;
use crate::price::Ticks;
use crate::quote::Quote;
use crate::random::{GAMMA, mix};

/// Seconds of a word of trades.
const WORD: i64 = 64;

/// A day's trades of others in one contract, up to a second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Tape {
    day: Day,
    /// When it was last asked for.
    asked: i64,
    through: i64,
    open: i64,
    high: i64,
    low: i64,
    last: i64,
    last_size: u64,
    last_second: i64,
    volume: u64,
}

/// The tapes that were asked for.
#[derive(Debug, Default)]
pub(crate) struct Tapes(Mutex<BTreeMap<usize, Tape>>);

/// How long a contract stays asked for, in seconds.
const ASKED_FOR: i64 = 60;

impl Tapes {
    /// The places of the contracts that were asked for in the last minute. Those that were not for a day are forgotten.
    pub(super) fn asked(&self, second: i64) -> Vec<usize> {
        let mut tapes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        tapes.retain(|_, tape| tape.asked > second - 86_400);
        let lately = tapes.iter().filter(|(_, tape)| tape.asked > second - ASKED_FOR);
        lately.map(|(at, _)| *at).collect()
    }
}

impl Clone for Tapes {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl Tape {
    const fn new(day: Day, through: i64) -> Self {
        let (open, high, low, last) = (0, 0, 0, 0);
        let (last_size, last_second, volume) = (0, 0, 0);
        let asked = through;
        Self { day, asked, through, open, high, low, last, last_size, last_second, volume }
    }

    fn add(&mut self, second: i64, price: i64, size: u64) {
        if self.volume == 0 {
            (self.open, self.high, self.low) = (price, price, price);
        }
        (self.high, self.low) = (self.high.max(price), self.low.min(price));
        (self.last, self.last_size, self.last_second) = (price, size, second);
        self.volume = self.volume.saturating_add(size);
    }
}

impl Paper {
    /// On which side, and how much, others trade in a contract in a second; none in most.
    pub(super) fn others_trade(&self, one: &Instrument, second: i64) -> Option<(Side, u64)> {
        let key = self.key(one);
        if trading(one, key, second.div_euclid(WORD)) >> second.rem_euclid(WORD) & 1 == 0 {
            return None;
        }
        Some(size_at(one, key, second))
    }

    /// What others trade in a contract in some seconds.
    pub(super) fn others_volume(&self, one: &Instrument, within: Span) -> u64 {
        let key = self.key(one);
        let mut volume = 0_u64;
        let mut second = within.open;
        while second < within.close {
            let word = second.div_euclid(WORD);
            let last = (within.close - 1).min((word + 1) * WORD - 1);
            let from = u64::MAX << second.rem_euclid(WORD);
            let to = u64::MAX >> (WORD - 1 - last.rem_euclid(WORD));
            let mut bits = trading(one, key, word) & from & to;
            while bits != 0 {
                let place = i64::from(bits.trailing_zeros());
                volume = volume.saturating_add(size_at(one, key, word * WORD + place).1);
                bits &= bits - 1;
            }
            second = last + 1;
        }
        volume
    }

    /// The prices of a contract that follows others, as anyone may see them at a second. Those who `ask` for it see the day's trades too,
    /// and so does everybody from then on.
    pub(super) fn quote_followed(
        &self,
        at: usize,
        (one, second): (&Instrument, i64),
        (open_now, asks): (bool, bool),
    ) -> Quote {
        let process = self.followed(at, second);
        let own = self.listings.get(at);
        let mut listing = match own {
            Some(own) => own.clone(),
            None => Listing::new(process, 0, one.manner(self.rule).clone(), self.session.start),
        };
        if !listing.has_makers() {
            listing.process = process;
        }
        let middle = process.fair().div_euclid(FINE);
        let mut quote = listing.quote(one, open_now);
        let traded = own.is_some_and(Listing::has_traded);
        if !traded {
            let ticks = Ticks(middle);
            (quote.last, quote.open, quote.high, quote.low) = (ticks, ticks, ticks, ticks);
            quote.close = ticks;
        }
        if let Some(tape) = self.tape(at, one, asks) {
            self.put_tape(one, &tape, (traded, &mut quote));
        }
        quote
    }

    /// Adds the trades of others to those of clients.
    fn put_tape(&self, one: &Instrument, tape: &Tape, (traded, quote): (bool, &mut Quote)) {
        let evening = self.session.day.plus(-1).at(17, 0);
        let before = self.fair_of(one, evening, &|id| self.spot_before(id));
        quote.close = Ticks(before.div_euclid(FINE));
        if tape.volume == 0 {
            return;
        }
        quote.volume = quote.volume.saturating_add(tape.volume);
        let is_later = tape.last_second > quote.last_time.seconds() || !traded;
        if is_later {
            (quote.last, quote.last_size) = (Ticks(tape.last), tape.last_size);
            quote.last_time = Time::from_seconds(tape.last_second);
        }
        if traded {
            quote.high = quote.high.max(Ticks(tape.high));
            quote.low = quote.low.min(Ticks(tape.low));
        } else {
            quote.high = Ticks(tape.high);
            quote.low = Ticks(tape.low);
        }
        quote.open = Ticks(tape.open);
    }

    /// The trades of others on this trading day, up to now; none where nobody ever asked.
    fn tape(&self, at: usize, one: &Instrument, asks: bool) -> Option<Tape> {
        let (day, start) = (self.session.day, self.session.start);
        let mut tapes = self.tapes.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !asks && !tapes.contains_key(&at) {
            return None;
        }
        let tape = tapes.entry(at).or_insert(Tape::new(day, start - 1));
        if tape.day != day {
            *tape = Tape { asked: tape.asked, ..Tape::new(day, start - 1) };
        }
        if asks {
            tape.asked = self.step;
        }
        let spans = self.spans_on(at, &self.session);
        for span in spans.iter() {
            let (from, to) = (span.open.max(tape.through + 1), self.step.min(span.close - 1));
            self.read_tape(at, one, (from, to), tape);
        }
        tape.through = tape.through.max(self.step);
        Some(*tape)
    }

    fn read_tape(&self, at: usize, one: &Instrument, (from, to): (i64, i64), tape: &mut Tape) {
        let key = self.key(one);
        let mut second = from;
        while second <= to {
            let word = second.div_euclid(WORD);
            let last = to.min((word + 1) * WORD - 1);
            let bits = trading(one, key, word);
            for second in second..=last {
                if bits >> second.rem_euclid(WORD) & 1 == 1
                    && let Some(print) = self.followed(at, second).print
                {
                    tape.add(second, print.price, print.size);
                }
            }
            second = last + 1;
        }
    }
}

/// In which of 64 seconds others trade: in a quarter of them, and of options and forecasts in one of 1,024.
fn trading(one: &Instrument, key: u64, word: i64) -> u64 {
    if one.fund().is_some() {
        return 0;
    }
    let is_many = matches!(one.kind, InstrumentKind::Option(_) | InstrumentKind::Forecast(_));
    let draws: u64 = if is_many { 10 } else { 2 };
    let place = word.cast_unsigned().wrapping_mul(16);
    (0..draws).fold(u64::MAX, |bits, draw| {
        bits & mix(key.wrapping_add(place.wrapping_add(draw).wrapping_mul(GAMMA)))
    })
}

/// On which side, and how much, others trade in a second in which they do.
fn size_at(one: &Instrument, key: u64, second: i64) -> (Side, u64) {
    let word = mix(key ^ mix(second.cast_unsigned()));
    let side = if word & 1 == 0 { Side::Buy } else { Side::Sell };
    (side, 1 + (word >> 8) % one.usual_lot().max(1))
}
