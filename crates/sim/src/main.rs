//! `floorpass-sim [--seed N | --seeds N] [--from N] [--steps N] [--later N] [--json]`: runs seeds and says what they found.

use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use floorpass_sim::seeds::kept;
use floorpass_sim::{Outcome, STEPS, run_later};

const HELP: &str = "\
floorpass-sim [--seed N | --seeds N] [--from N] [--steps N] [--later N] [--json]

  --seed N   run one seed, and print all that came of it
  --seeds N  run so many, after those of crates/sim/seeds.txt (20 unless given)
  --from N   the first of them (1 unless given)
  --steps N  steps of each run (see STEPS in crates/sim/src/run.rs)
  --later N  begin so many days after November 2026: 85 is over dividends, 113 over a split
  --json     one JSON object for each run
";

/// What is asked for.
struct Wish {
    seed: Option<u64>,
    seeds: u64,
    from: u64,
    steps: u32,
    later: u32,
    json: bool,
}

fn wish(mut args: impl Iterator<Item = String>) -> Option<Wish> {
    let mut wish = Wish { seed: None, seeds: 20, from: 1, steps: STEPS, later: 0, json: false };
    while let Some(name) = args.next() {
        if name == "--json" {
            wish.json = true;
            continue;
        }
        let number: u64 = args.next()?.parse().ok()?;
        match name.as_str() {
            "--seed" => wish.seed = Some(number),
            "--seeds" => wish.seeds = number,
            "--from" => wish.from = number,
            "--steps" => wish.steps = u32::try_from(number).ok()?,
            "--later" => wish.later = u32::try_from(number).ok()?,
            _ => return None,
        }
    }
    Some(wish)
}

fn main() -> ExitCode {
    let Some(wish) = wish(std::env::args().skip(1)) else {
        eprint!("{HELP}");
        return ExitCode::from(2);
    };
    if let Some(seed) = wish.seed {
        let outcome = run_later(seed, wish.steps, wish.later);
        if wish.json {
            println!("{}", json(&outcome));
        } else {
            println!("{outcome:#?}");
        }
        return if outcome.fault.is_some() { ExitCode::FAILURE } else { ExitCode::SUCCESS };
    }
    let kept = match kept() {
        Ok(kept) => kept,
        Err(fault) => {
            eprintln!("{fault}");
            return ExitCode::FAILURE;
        }
    };
    let mut runs: Vec<_> = kept.iter().map(|one| (one.seed, one.steps)).collect();
    runs.extend((wish.from..wish.from.saturating_add(wish.seeds)).map(|seed| (seed, wish.steps)));
    let failed = all(&runs, wish.later, wish.json);
    let count = u64::try_from(runs.len()).unwrap_or(u64::MAX);
    println!("{} passed, {failed} failed", count.saturating_sub(failed));
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Runs them, as many at a time as there are cores; how many failed.
fn all(runs: &[(u64, u32)], later: u32, as_json: bool) -> u64 {
    let (next, failed, out) = (AtomicU64::new(0), AtomicU64::new(0), Mutex::new(()));
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    std::thread::scope(|scope| {
        for _ in 0..cores.min(runs.len()) {
            scope.spawn(|| {
                loop {
                    let at =
                        usize::try_from(next.fetch_add(1, Ordering::Relaxed)).unwrap_or(usize::MAX);
                    let Some((seed, steps)) = runs.get(at) else { return };
                    let outcome = run_later(*seed, *steps, later);
                    let _alone = out.lock();
                    if outcome.fault.is_some() {
                        failed.fetch_add(1, Ordering::Relaxed);
                    }
                    tell(&outcome, as_json);
                }
            });
        }
    });
    failed.load(Ordering::Relaxed)
}

fn tell(outcome: &Outcome, as_json: bool) {
    if as_json {
        println!("{}", json(outcome));
    } else if let Some((step, fault)) = &outcome.fault {
        println!("seed {}, step {step}: {fault}", outcome.seed);
    }
}

fn json(outcome: &Outcome) -> serde_json::Value {
    let fault = outcome.fault.as_ref();
    serde_json::json!({
        "seed": outcome.seed,
        "steps": outcome.steps,
        "checked": outcome.checked,
        "journal": outcome.journal,
        "told": outcome.told,
        "tally": outcome.tally,
        "fault": fault.map(|(step, fault)| serde_json::json!({"step": step, "text": fault.to_string()})),
    })
}
