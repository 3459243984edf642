//! Runs one flow of the crate ibapi: exit code 0 when every check holds. `--list` names the flows.

#![expect(clippy::disallowed_methods, reason = "a client waits by the clock")]

mod desk;
mod flows;

use std::process::ExitCode;

use desk::{Checks, Failure, Server};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let value = |name: &str| {
        let at = arguments.iter().position(|argument| argument == name)?;
        arguments.get(at + 1).cloned()
    };
    if arguments.iter().any(|argument| argument == "--list") {
        for (name, _) in flows::FLOWS {
            println!("{name}");
        }
        return ExitCode::SUCCESS;
    }
    let (Some(ready_file), Some(program), Some(name)) =
        (value("--ready-file"), value("--floorpass"), value("--one"))
    else {
        eprintln!("usage: --list, or --ready-file FILE --floorpass PROGRAM --one FLOW");
        return ExitCode::from(2);
    };
    let mut checks = Checks::default();
    let mut run = || -> Result<(), Failure> {
        let at = flows::FLOWS.iter().position(|(flow, _)| *flow == name);
        let at = at.ok_or_else(|| format!("there is no flow {name}"))?;
        let (_, flow) = flows::FLOWS.get(at).ok_or("the flow is gone")?;
        // Client ids of its own, so that no flow waits for another's connection to end.
        flow(&Server::read(&ready_file, &program)?, &mut checks, 800 + 10 * i32::try_from(at)?)
    };
    if let Err(failure) = run() {
        checks.that("the flow ends", false, failure.to_string());
    }
    checks.that("the flow makes checks", checks.made > 0, "");
    for text in &checks.failed {
        println!("  not so: {text}");
    }
    if checks.failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
