//! Benchmarks of Floorpass against its peers. `cargo xtask bench` builds and runs them and writes docs/benchmarks.md.

mod absence;
mod book;
mod browse;
mod contracts;
mod engine;
mod entitlements;
mod enumeration;
mod fanout;
mod lookup;
mod memory;
mod order;
mod overview;
mod password;
mod portal;
mod program;
mod report;
mod restart;
mod resting;
mod sample;
mod search;
mod server;
mod session;
mod storm;
mod throughput;
mod whatif;
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
    /// The program whose memory and restart are measured; without it they are left out.
    #[arg(long)]
    program: Option<PathBuf>,
    /// An older program, to compare the start after ninety days with.
    #[arg(long)]
    peer: Option<PathBuf>,
    /// The library `libfaketimeMT.so.1`, which gives the older program its clock; where Debian has it without this.
    #[arg(long)]
    faketime: Option<PathBuf>,
    /// A PostgreSQL database to search in too, which must be empty.
    #[arg(long)]
    postgres: Option<String>,
    /// A Python that has nautilus_trader, to run the engine's stream too.
    #[arg(long)]
    nautilus: Option<PathBuf>,
    /// Write the table here.
    #[arg(long)]
    out: Option<PathBuf>,
    /// Only place so many orders on a server in this process and end: for a profiler to count.
    #[arg(long)]
    orders: Option<u32>,
    /// A tenth of the samples: to see that it runs, not for figures.
    #[arg(long)]
    quick: bool,
}

type Measure<'a> = (&'static str, Box<dyn FnOnce() -> Vec<Row> + 'a>);

/// All that is measured, in order.
fn all(arguments: &Arguments) -> Vec<Measure<'_>> {
    let less = if arguments.quick { 10 } else { 1 };
    let mut all = trading(arguments, less);
    all.extend(access(less));
    all.push(("search", Box::new(move || search::measure(arguments.postgres.clone(), less))));
    if let Some(program) = arguments.program.as_deref() {
        let rest = Duration::from_secs(60 / less as u64);
        all.push(("memory", Box::new(move || vec![memory::measure(program, rest)])));
        all.push(("restart", Box::new(|| restart::measure(program))));
        all.push(("resting", Box::new(move || vec![resting::measure(program, less)])));
        let faketime = arguments.faketime.as_deref();
        let peer = arguments.peer.as_deref().map(|program| absence::Peer { program, faketime });
        all.push(("absence", Box::new(move || vec![absence::measure(program, peer)])));
    }
    all
}

fn trading(arguments: &Arguments, less: usize) -> Vec<Measure<'_>> {
    vec![
        (
            "order-process",
            Box::new(move || vec![order::measure(Durability::Process, 50_000 / less)]),
        ),
        ("order-disk", Box::new(move || vec![order::measure(Durability::Disk, 10_000 / less)])),
        ("order-ledgers", Box::new(move || vec![order::ledgers(50_000 / less)])),
        ("order-pages", Box::new(move || vec![order::beside_pages(50_000 / less)])),
        (
            "order-peer",
            Box::new(move || {
                let programs = arguments.program.as_deref().zip(arguments.peer.as_deref());
                let measure = |(program, peer)| order::against(program, peer, 50_000 / less);
                programs.map(measure).into_iter().collect()
            }),
        ),
        (
            "engine",
            Box::new(move || {
                vec![engine::measure(arguments.nautilus.as_deref(), 5_usize.div_ceil(less))]
            }),
        ),
        ("whatif", Box::new(move || vec![whatif::measure(20_000 / less)])),
        ("contracts", Box::new(move || vec![contracts::measure(60 / less)])),
        ("fanout", Box::new(move || vec![fanout::measure(70 / less as u64)])),
        ("throughput", Box::new(move || vec![throughput::measure(20 / less as u64)])),
        (
            "throughput-peer",
            Box::new(move || {
                let programs = arguments.program.as_deref().zip(arguments.peer.as_deref());
                let seconds = 5.max(40 / less as u64);
                let measure = |(program, peer)| throughput::against(program, peer, seconds);
                programs.map(measure).into_iter().collect()
            }),
        ),
        (
            "book",
            Box::new(move || {
                vec![book::measure("order book, synthetic", &book::synthetic(5_000_000 / less), 7)]
            }),
        ),
        (
            "flow",
            Box::new(|| match &arguments.flow {
                None => Vec::new(),
                Some(path) => match book::from_file(path) {
                    Ok(flow) => vec![book::measure("order book, real order flow", &flow, 41)],
                    Err(error) => panic!("{error}"),
                },
            }),
        ),
    ]
}

fn access(less: usize) -> Vec<Measure<'static>> {
    vec![
        (
            "entitlements",
            Box::new(move || {
                vec![entitlements::measure(session::entitlements(), 1_000_000 / less)]
            }),
        ),
        ("session", Box::new(move || session::measure(less))),
        (
            "portal",
            Box::new(move || {
                let bound = [portal::Bound::Hardware, portal::Bound::Key, portal::Bound::Derived];
                bound.map(|bound| portal::measure(bound, 50_000 / less)).into()
            }),
        ),
        ("overview", Box::new(move || vec![overview::measure(2_000 / less)])),
        ("lookup", Box::new(move || vec![lookup::measure(1_000_000, 1_000 / less)])),
        ("end", Box::new(|| vec![lookup::end_all(1_000)])),
        ("password", Box::new(move || vec![password::measure(9, 100 / less)])),
        (
            "storm",
            Box::new(move || vec![storm::measure(10, Duration::from_millis(6_000 / less as u64))]),
        ),
        ("enumeration", Box::new(move || enumeration::measure(300 / less))),
    ]
}

fn main() {
    let arguments = Arguments::parse();
    if let Some(orders) = arguments.orders {
        order::place_only(orders);
    }
    let mut rows = Vec::new();
    for (name, measure) in all(&arguments) {
        if arguments.only.as_deref().is_some_and(|only| !name.contains(only)) {
            continue;
        }
        eprintln!("measuring {name} ...");
        for row in measure() {
            report::show(&row);
            rows.push(row);
        }
        // After each: a measurement that fails takes none of the others with it.
        if let Some(out) = &arguments.out
            && let Err(error) = report::write(out, &rows, "cargo xtask bench")
        {
            eprintln!("{} cannot be written: {error}", out.display());
            std::process::exit(1);
        }
    }
}
