//! Ten thousand contracts quoted each second: processor time and memory of the markets alone.

use crate::engine::exchange;
use crate::report::Row;
use access::Span;
use std::time::Instant;

const CONTRACTS: usize = 10_000;

/// Seconds of processor time that this thread has used.
fn used() -> f64 {
    let clock = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    clock.tv_sec as f64 + clock.tv_nsec as f64 / 1e9
}

fn resident() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("procfs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a line");
    let kib: u64 = line.trim().trim_end_matches(" kB").parse().expect("a number");
    kib as f64 / 1_024.0
}

/// Measures some seconds of the market, each with the quotes of all. Run alone, as memory is the process' own.
pub fn measure(seconds: usize) -> Row {
    crate::server::pin_this(&[1]);
    let before = resident();
    let mut exchange = exchange();
    let first = exchange.quotes();
    let rows = first.all.iter().map(|quote| quote.symbol);
    let wanted: Vec<_> = rows.chain(first.listed.iter().copied()).take(CONTRACTS).collect();
    let (mut changed, mut busiest, mut last) = (0_usize, 0.0_f64, Vec::new());
    let (mut cpu, began) = (0.0, Instant::now());
    // The first second finds the day's trades of everything, as on the first look.
    for second in 0..=seconds {
        let start = used();
        exchange.advance(exchange.now() + Span::seconds(1));
        let quotes: Vec<_> = wanted.iter().filter_map(|id| exchange.quote(*id)).collect();
        let took = used() - start;
        assert_eq!(quotes.len(), wanted.len());
        assert!(quotes.iter().all(|quote| !quote.open_now || quote.symbol.0 > 0));
        if second > 0 {
            cpu += took;
            busiest = busiest.max(took);
            changed += quotes.iter().zip(&last).filter(|(new, old)| new != old).count();
        }
        last = quotes;
    }
    let memory = resident() - before;
    crate::server::pin_this(&[0, 1]);
    let share = cpu / seconds as f64;
    // Fewer may be listed on a day.
    let scaled = CONTRACTS as f64 / wanted.len() as f64;
    let quoted = last.iter().filter(|quote| quote.bid().is_some() && quote.ask().is_some()).count();
    Row {
        path: "contracts quoted each second, the markets alone",
        subject: format!(
            "{} contracts: {:.1} % of a core (busiest second {:.1} %), {memory:.0} MiB more",
            wanted.len(),
            share * 100.0,
            busiest * 100.0
        ),
        peer: "-".to_owned(),
        ratio: "-".to_owned(),
        null: "-".to_owned(),
        samples: format!("{seconds} seconds in {:.0} s", began.elapsed().as_secs_f64()),
        goal: "<= 25 % of a core and <= 250 MB for 10,000",
        met: Some(share * scaled <= 0.25 && memory * scaled * 1.048_576 <= 250.0),
        checked: format!(
            "{quoted} with bid and ask at the end; {} quotes changed in a second",
            changed / seconds
        ),
    }
}
