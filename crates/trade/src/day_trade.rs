//! Day trades: positions that were opened and closed on one trading day, over the last five.
//!
//! They are counted by contract, as FINRA lets a broker count them (Regulatory Notice 21-13, its examples as Alpaca tells
//! them): what opens or enlarges a position, in however many orders and fills, and what closes any of it on the same day,
//! in a row, is one. What closes what was held before the day began is none, nor is what ends by itself. Only shares, options
//! and bonds count, by our own rule: the rule is about securities in a margin account.
//!
//! An account that was worth 25,000 US dollars or more when the day began may make any number; any other three in five days.
//! Nothing is refused because of it.

use std::collections::{BTreeMap, BTreeSet};

use access::id::SymbolId;
use rust_decimal::Decimal;

use crate::calendar::{Day, Hours, TradingSession};
use crate::instrument::{InstrumentKind, Instruments};
use crate::order::{Execution, Side};

/// Trading days that are counted together.
pub const DAYS: usize = 5;
/// So many in them are one too many where the account is worth less.
pub const TOO_MANY: u32 = 4;
/// US dollars from which on any number may be made.
pub const EQUITY: u32 = 25_000;

/// Those of the last five trading days, today's last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DayTrades {
    /// Of each day.
    pub days: [(Day, u32); DAYS],
    /// The account is worth enough for any number.
    pub unlimited: bool,
}

impl DayTrades {
    /// Of executions, the oldest first, which led to what is held now; at a second.
    pub fn count<'a>(
        executions: impl DoubleEndedIterator<Item = &'a Execution>,
        held: impl Fn(SymbolId) -> i64,
        known: &Instruments,
        (second, hours): (i64, Hours),
        unlimited: bool,
    ) -> Self {
        let sessions = last_days(second, hours);
        let since = sessions.first().map_or(i64::MAX, |first| first.start);
        let mut after: BTreeMap<SymbolId, i64> = BTreeMap::new();
        let mut acts = Vec::new();
        let recent = executions.rev().take_while(|one| one.time.seconds() >= since);
        for execution in recent.filter(|one| counts(known, one.symbol)) {
            let left = after.entry(execution.symbol).or_insert_with(|| held(execution.symbol));
            let quantity = i64::try_from(execution.quantity).unwrap_or(i64::MAX);
            let change = if execution.side == Side::Buy { quantity } else { -quantity };
            let closes = execution.realised.is_some();
            // What closes and leaves a position on its own side has opened that.
            let opens = !closes || left.signum() == change.signum();
            acts.push((execution.time.seconds(), execution.symbol, closes, opens));
            *left = left.saturating_sub(change);
        }
        acts.reverse();
        let mut days = sessions.map(|session| (session.day, 0_u32));
        for (session, (_, count)) in sessions.iter().zip(&mut days) {
            let mut opened: BTreeSet<SymbolId> = BTreeSet::new();
            let of_day = |(at, ..): &&(i64, SymbolId, bool, bool)| {
                *at >= session.start && *at < session.roll
            };
            for (_, symbol, closes, opens) in acts.iter().filter(of_day) {
                if *closes && opened.remove(symbol) {
                    *count = count.saturating_add(1);
                }
                if *opens {
                    opened.insert(*symbol);
                }
            }
        }
        Self { days, unlimited }
    }

    /// All of them.
    pub fn total(&self) -> u32 {
        self.days.iter().map(|(_, count)| count).sum()
    }

    /// How many may be made today, and on each of the next four trading days if none is made until then; none where any
    /// number may.
    pub fn left(&self) -> Option<[u32; DAYS]> {
        let mut left = [0; DAYS];
        for (ahead, left) in left.iter_mut().enumerate() {
            let counted: u32 = self.days.iter().skip(ahead).map(|(_, count)| count).sum();
            *left = (TOO_MANY - 1).saturating_sub(counted);
        }
        (!self.unlimited).then_some(left)
    }

    /// Whether an account that was worth so much when the day began may make any number; `rate` is what a US dollar is worth.
    pub fn is_unlimited(worth: Decimal, rate: Decimal) -> bool {
        worth >= Decimal::from(EQUITY).saturating_mul(rate)
    }
}

/// The last trading days, the present one last.
fn last_days(second: i64, hours: Hours) -> [TradingSession; DAYS] {
    let now = TradingSession::at(second, hours);
    let mut days = [now; DAYS];
    let mut day = now.day;
    for slot in days.iter_mut().rev().skip(1) {
        let mut session = TradingSession::of_day(day.plus(-1), hours);
        while session.open == session.close {
            session = TradingSession::of_day(session.day.plus(-1), hours);
        }
        (*slot, day) = (session, session.day);
    }
    days
}

fn counts(known: &Instruments, symbol: SymbolId) -> bool {
    known.get(symbol).is_some_and(|one| {
        matches!(
            one.kind,
            InstrumentKind::Stock
                | InstrumentKind::Etf
                | InstrumentKind::Option(_)
                | InstrumentKind::Bond(_)
        )
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use access::id::{CredentialId, Holder};
    use access::moment::Time;

    use super::*;
    use crate::order::{ExecutionId, Liquidity, OrderId, Origin};
    use crate::price::Ticks;

    /// Symbol, hours after the start of the first day, shares; below zero sold.
    type Act = (&'static str, i64, i64);

    /// What is counted on each of the five days, where an account held so many shares of AAPL before.
    fn counted(before: i64, acts: &[Act]) -> [u32; DAYS] {
        let known = Instruments::builtin();
        let first = TradingSession::of_day(Day::of(2026, 11, 18), Hours::RoundTheClock);
        let mut held: BTreeMap<SymbolId, i64> = BTreeMap::new();
        held.insert(known.named("AAPL").unwrap().id, before);
        let mut executions = Vec::new();
        for (name, hour, shares) in acts {
            let symbol = known.named(name).unwrap().id;
            let slot = held.entry(symbol).or_default();
            let closes = *slot != 0 && (*slot < 0) != (*shares < 0);
            *slot += shares;
            executions.push(Execution {
                id: ExecutionId(1),
                order: OrderId(1),
                account: "DU1234567".parse().unwrap(),
                symbol,
                side: if *shares > 0 { Side::Buy } else { Side::Sell },
                quantity: shares.unsigned_abs(),
                price: Ticks(100),
                commission: Decimal::ZERO,
                time: Time::from_seconds(first.start + hour * 3_600),
                liquidity: Liquidity::Removed,
                realised: closes.then_some(Decimal::ONE),
                cumulative: 1,
                origin: Origin {
                    holder: Holder::Credential(CredentialId([1; 16])),
                    client_id: 1,
                    order_id: 1,
                },
                reference: None,
            });
        }
        let now = (first.start + 5 * 86_400 - 1, Hours::RoundTheClock);
        let shares = |id| held.get(&id).copied().unwrap_or_default();
        let found = DayTrades::count(executions.iter(), shares, known, now, false);
        found.days.map(|(_, count)| count)
    }

    #[test]
    fn what_is_opened_and_closed_on_one_day_counts_by_changes_of_direction() {
        // A to F are the examples of Regulatory Notice 21-13, as Alpaca's help tells them.
        let cases: [(&str, i64, &[Act], u32); 11] = [
            ("A", 0, &[("AAPL", 1, 250), ("AAPL", 2, 250), ("AAPL", 3, -500)], 1),
            (
                "B",
                0,
                &[("AAPL", 1, 100), ("AAPL", 2, -100), ("AAPL", 3, 100), ("AAPL", 4, -100)],
                2,
            ),
            (
                "C",
                0,
                &[("AAPL", 1, 500), ("AAPL", 2, -100), ("AAPL", 3, -100), ("AAPL", 4, -300)],
                1,
            ),
            (
                "D",
                0,
                &[
                    ("AAPL", 1, 250),
                    ("AAPL", 2, 300),
                    ("AAPL", 3, 100),
                    ("AAPL", 4, -150),
                    ("AAPL", 5, -175),
                ],
                1,
            ),
            (
                "E",
                0,
                &[
                    ("AAPL", 1, 199),
                    ("AAPL", 2, 142),
                    ("AAPL", 3, -1),
                    ("AAPL", 4, 45),
                    ("AAPL", 5, -100),
                    ("AAPL", 6, -200),
                ],
                2,
            ),
            (
                "F",
                0,
                &[("AAPL", 1, 200), ("MSFT", 1, 100), ("AAPL", 3, -100), ("MSFT", 3, -100)],
                2,
            ),
            ("held before", 100, &[("AAPL", 1, -100), ("AAPL", 2, 100)], 0),
            ("overnight", 0, &[("AAPL", 20, 100), ("AAPL", 30, -100)], 0),
            ("sold short and bought back", 0, &[("AAPL", 1, -100), ("AAPL", 2, 100)], 1),
            ("through zero and back", 100, &[("AAPL", 1, -200), ("AAPL", 2, 100)], 1),
            ("currencies are no securities", 0, &[("EUR.USD", 1, 100), ("EUR.USD", 2, -100)], 0),
        ];
        for (what, before, acts, expected) in cases {
            assert_eq!(counted(before, acts).iter().sum::<u32>(), expected, "{what}");
        }
    }

    #[test]
    fn what_is_left_grows_as_days_drop_out() {
        let acts = [
            ("AAPL", 1, 100),
            ("AAPL", 2, -100),
            ("MSFT", 1 + 48, 100),
            ("MSFT", 2 + 48, -100),
            ("AAPL", 1 + 96, 100),
            ("AAPL", 2 + 96, -100),
            ("MSFT", -3, 100),
            ("MSFT", -2, -100),
        ];
        let mut acts = acts;
        acts.sort_by_key(|act| act.1);
        let days = counted(0, &acts);
        assert_eq!(days, [1, 0, 1, 0, 1], "what is older is no more");
        let day = Day::of(2026, 11, 18);
        let mut found = DayTrades { days: days.map(|count| (day, count)), unlimited: false };
        assert_eq!((found.total(), found.left()), (3, Some([0, 1, 1, 2, 2])));
        found.unlimited = true;
        assert_eq!(found.left(), None);
        let worth = |amount: i64| DayTrades::is_unlimited(Decimal::from(amount), Decimal::ONE);
        assert_eq!([worth(24_999), worth(25_000)], [false, true]);
    }
}
