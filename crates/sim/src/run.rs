//! One run: a seed, so many steps, and what came of it.

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};

use crate::finding::{Finding, Ran, Trace};
use crate::world::World;

/// Steps of a run unless told otherwise.
pub const STEPS: u32 = 150;

/// What came of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// What it followed from.
    pub seed: u64,
    /// Steps that were done.
    pub steps: u32,
    /// How often all was looked at.
    pub checked: u32,
    /// The hash of all that was written to the journal.
    pub journal: String,
    /// The hash of every word that anybody was told.
    pub told: String,
    /// How often each thing was done.
    pub tally: BTreeMap<&'static str, u32>,
    /// Orders that the exchange took, and executions.
    pub traded: (usize, usize),
    /// Errors that programs were told, and how often.
    pub errors: BTreeMap<String, u32>,
    /// What was done last before that.
    pub trace: Vec<String>,
    /// What it found, and in which step.
    pub fault: Option<(u32, Finding)>,
}

/// Runs a seed. The same seed and number of steps give the same outcome.
pub fn run(seed: u64, steps: u32) -> Outcome {
    run_later(seed, steps, 0)
}

/// The same, beginning so many days later.
pub fn run_later(seed: u64, steps: u32, later: u32) -> Outcome {
    let nothing = |fault| Outcome {
        seed,
        steps: 0,
        checked: 0,
        journal: String::new(),
        told: String::new(),
        tally: BTreeMap::new(),
        traded: (0, 0),
        errors: BTreeMap::new(),
        trace: Vec::new(),
        fault: Some((0, fault)),
    };
    // A task that waits for another thread (the tables, the hasher) goes on when no other task can: then it does not
    // matter how fast that thread was.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .global_queue_interval(u32::MAX)
        .build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => return nothing(Finding::of("the runtime", error)),
    };
    let outcome = runtime.block_on(async { tokio::spawn(whole((seed, later), steps)).await });
    match outcome {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(fault)) => nothing(fault),
        Err(error) => nothing(Finding::of("a panic", error)),
    }
}

async fn whole((seed, later): (u64, u32), steps: u32) -> Ran<Outcome> {
    let trace = Trace::default();
    let mut world = World::new((seed, later), trace.clone()).await?;
    for step in 1..=steps {
        trace.note(format!("step {step}"));
        let tally = world.tally.clone();
        match Box::pin(world.step()).await {
            Ok(next) => world = next,
            Err(fault) => return Ok(failed((seed, step), tally, &trace, fault)),
        }
    }
    let tally = world.tally.clone();
    match Box::pin(world.end()).await {
        Ok(world) => Ok(outcome(seed, steps, &world)),
        Err(fault) => Ok(failed((seed, steps.saturating_add(1)), tally, &trace, fault)),
    }
}

fn failed(
    (seed, steps): (u64, u32),
    tally: BTreeMap<&'static str, u32>,
    trace: &Trace,
    fault: Finding,
) -> Outcome {
    let (journal, told) = (String::new(), String::new());
    let (traded, errors) = ((0, 0), BTreeMap::new());
    let (trace, fault) = (trace.lines(), Some((steps, fault)));
    Outcome { seed, steps, checked: 0, journal, told, tally, traded, errors, trace, fault }
}

fn outcome(seed: u64, steps: u32, world: &World) -> Outcome {
    let mut journal = world.written.clone();
    journal.update(world.life.disk.digest());
    let hex = |hash: Sha256| data_encoding::HEXLOWER.encode(&hash.finalize());
    Outcome {
        seed,
        steps,
        checked: world.checked,
        journal: hex(journal),
        told: hex(world.log.1.clone()),
        tally: world.tally.clone(),
        traded: world.books.size(),
        errors: world.log.0.errors.clone(),
        trace: Vec::new(),
        fault: None,
    }
}
