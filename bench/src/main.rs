//! Benchmarks of Floorpass against its peers. `cargo xtask bench` builds and runs them and writes docs/benchmarks.md.

mod book;
mod entitlements;
mod memory;
mod order;
mod password;
mod report;
mod sample;
mod server;
mod session;
mod throughput;
mod wire;

use clap::Parser;
use gate::Durability;
use report::Row;
use std::path::PathBuf;
use std::time::Duration;

/// What to measure.
#[derive(Parser)]
struct Arguments {
    /// Measure only the paths whose name contains this.
    #[arg(long)]
    only: Option<String>,
    /// Also run the book on an order-level flow from this CSV file.
    #[arg(long)]
    flow: Option<PathBuf>,
    /// The program whose memory is measured.
    #[arg(long)]
    program: Option<PathBuf>,
    /// Write the table here.
    #[arg(long)]
    out: Option<PathBuf>,
    /// A tenth of the samples: to see that it runs, not for figures.
    #[arg(long)]
    quick: bool,
}

type Measure<'a> = (&'static str, Box<dyn FnOnce() -> Vec<Row> + 'a>);

fn main() {
    let arguments = Arguments::parse();
    let less = if arguments.quick { 10 } else { 1 };
    let flow = arguments.flow.clone();
    let program = arguments.program.clone();
    let all: Vec<Measure> = vec![
        ("order-process", Box::new(|| vec![order::measure(Durability::Process, 50_000 / less)])),
        ("order-disk", Box::new(|| vec![order::measure(Durability::Disk, 10_000 / less)])),
        ("throughput", Box::new(|| vec![throughput::measure(20 / less as u64)])),
        (
            "entitlements",
            Box::new(|| vec![entitlements::measure(session::entitlements(), 1_000_000 / less)]),
        ),
        ("session", Box::new(|| session::measure(less))),
        (
            "book",
            Box::new(|| {
                vec![book::measure("order book, synthetic", &book::synthetic(5_000_000 / less), 7)]
            }),
        ),
        (
            "flow",
            Box::new(move || match flow {
                None => Vec::new(),
                Some(path) => match book::from_file(&path) {
                    Ok(flow) => vec![book::measure("order book, real order flow", &flow, 41)],
                    Err(error) => panic!("{error}"),
                },
            }),
        ),
        ("password", Box::new(|| vec![password::measure(9, 100 / less)])),
        (
            "memory",
            Box::new(move || {
                program
                    .map(|p| memory::measure(&p, Duration::from_secs(60 / less as u64)))
                    .into_iter()
                    .collect()
            }),
        ),
    ];
    let mut rows = Vec::new();
    for (name, measure) in all {
        if arguments.only.as_deref().is_some_and(|only| !name.contains(only)) {
            continue;
        }
        eprintln!("measuring {name} ...");
        for row in measure() {
            report::show(&row);
            rows.push(row);
        }
    }
    if let Some(out) = arguments.out {
        if let Err(error) = report::write(&out, &rows, "cargo xtask bench") {
            eprintln!("{} cannot be written: {error}", out.display());
            std::process::exit(1);
        }
    }
}
