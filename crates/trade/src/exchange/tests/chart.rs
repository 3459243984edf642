//! Bars.

use super::*;
use crate::bar::{Bar, BarSize};

const EVER: (Time, Time) = (Time(0), Time::FAR);

fn bars(bench: &Bench, size: &str) -> Vec<Bar> {
    bench.exchange.bars(AAPL, BarSize::of(size).unwrap(), EVER.0, EVER.1)
}

fn check_sound(bars: &[Bar]) {
    assert!(!bars.is_empty());
    for bar in bars {
        assert!(bar.low <= bar.open.min(bar.close), "{bar:?}");
        assert!(bar.high >= bar.open.max(bar.close), "{bar:?}");
    }
    for pair in bars.windows(2) {
        assert!(pair[0].time < pair[1].time, "{pair:?}");
    }
}

#[test]
fn daily_bars_are_history_then_the_days_lived_then_today() {
    let mut bench = Bench::new();
    bench.wait(2 * 86_400);
    let bars = bars(&bench, "1 day");
    check_sound(&bars);
    assert_eq!(bars.len(), 1_260 + 2 + 1);
    assert_eq!((bars[1_259].close, bars[1_259].day), (Ticks(12_567), Day::of(2026, 11, 23)));
    assert_eq!(bars[1_260].day, Day::of(2026, 11, 24), "the evening belongs to Tuesday");
    assert_eq!(bars[1_262].close, bench.exchange.mark(AAPL));
    assert_eq!(bars[1_262].day, bench.exchange.session().day);
    let real: Vec<_> = bars.iter().map(|bar| bar.derived).collect();
    assert!(real[..1_260].iter().all(|derived| *derived) && !real[1_260] && !real[1_262]);
}

#[test]
fn longer_bars_are_the_sum_of_shorter_ones() {
    let mut bench = Bench::new();
    bench.wait(5_000);
    let sum = |bars: &[Bar]| bars.iter().map(|bar| bar.volume).sum::<u64>();
    let ends = |bars: &[Bar]| (bars[0].open, bars.last().unwrap().close);
    let minutes = bars(&bench, "1 min");
    check_sound(&minutes);
    for size in ["2 mins", "5 mins", "15 mins", "30 mins", "1 hour", "4 hours"] {
        let longer = bars(&bench, size);
        check_sound(&longer);
        assert!(longer.len() < minutes.len());
        assert_eq!((sum(&longer), ends(&longer)), (sum(&minutes), ends(&minutes)), "{size}");
    }
    let days = bars(&bench, "1 day");
    for size in ["1 week", "1 month"] {
        let longer = bars(&bench, size);
        check_sound(&longer);
        assert_eq!((sum(&longer), ends(&longer)), (sum(&days), ends(&days)), "{size}");
    }
    assert_eq!(bars(&bench, "1 week").last().unwrap().day, Day::of(2026, 11, 23), "its Monday");
    let fives = bars(&bench, "5 secs");
    check_sound(&fives);
    assert_eq!(fives.len(), 1_060 + 1, "5,300 seconds of the day, and the second that it is now");
    assert_eq!(sum(&fives), bench.exchange.quote(AAPL).unwrap().volume);
    let seconds = bars(&bench, "1 secs");
    check_sound(&seconds);
    assert_eq!((sum(&seconds), ends(&seconds)), (sum(&fives), ends(&fives)));
    assert_eq!(seconds.last().unwrap().time, bench.exchange.now(), "none of the future");
    assert_eq!(seconds.len(), 5_301);
}

#[test]
fn bars_keep_to_the_time_asked_for() {
    let mut bench = Bench::new();
    bench.wait(600);
    let size = BarSize::Minutes(1);
    let from = MONDAY + Span::minutes(2);
    let found = bench.exchange.bars(AAPL, size, from, MONDAY + Span::minutes(5));
    assert_eq!(found.len(), 3);
    assert_eq!(found[0].time, from);
    assert!(bench.exchange.bars(AAPL, size, from, from).is_empty());
    assert!(bench.exchange.bars(AAPL, size, Time::FAR, Time(0)).is_empty());
    assert!(bench.exchange.bars(SymbolId(1), size, EVER.0, EVER.1).is_empty());
    assert_eq!(bench.exchange.head(AAPL), Some(bars(&bench, "1 day")[0].time));
}
