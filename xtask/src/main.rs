//! Automation of the workspace: `cargo xtask test`, `tidy`, `bench`.

mod advisory;
mod bench;
mod browser;
mod clients;
mod demo;
mod fuzz;
mod licence;
mod postgres;
mod python;
mod reference;
mod requirement;
mod shell;
mod sim;
mod stage;
mod test;
mod tidy;

use std::path::PathBuf;
use std::process::ExitCode;

const HELP: &str = "\
cargo xtask COMMAND

  test [STAGE..]  run every check, or only the named stages, and print a count at the end
                  stages: format clippy tidy deny advisories unit sim doc reference clients browser fuzz
  tidy            check the project's rules: names, layers, purity, size, SQL, licences, documents
  noun NAME       print where the product names a noun outside its own files
  structure       print the figures of docs/structure.md
  sim [ARGS..]    run the simulator: [--seed N | --seeds N] [--from N] [--steps N] [--json]
  bench [ARGS..]  run the benchmarks with these arguments (see docs/benchmarks.md)
  reference       compare prices and calendars with libraries of others (see docs/pricing.md)
  help            this text
";

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let command = args.next().unwrap_or_default();
    let rest: Vec<String> = args.collect();
    let root = root();
    let done = match command.as_str() {
        "test" => test::run(&root, &rest),
        "tidy" => tidy::run(&root),
        "noun" => tidy::noun(&root, &rest),
        "structure" => tidy::structure(&root),
        "sim" => sim::run(&root, &rest),
        "bench" => bench::run(&root, &rest),
        "reference" => reference::run(&root),
        "help" | "--help" | "-h" | "" => {
            print!("{HELP}");
            return if command.is_empty() { ExitCode::from(2) } else { ExitCode::SUCCESS };
        }
        other => {
            eprintln!("xtask: there is no command {other:?}\n\n{HELP}");
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(text) => {
            eprintln!("\nxtask {command}: {text}");
            ExitCode::FAILURE
        }
    }
}

/// The workspace's folder: the one above this package's.
fn root() -> PathBuf {
    let own = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    own.parent().map_or(own.clone(), std::path::Path::to_path_buf)
}
