//! Commands of this automation that documents name: each must be one that it takes.
//! (Those of the program itself are held against its command line by a test of its own.)

use std::path::Path;

use crate::{bench, sim, test};

/// Commands in a document that `cargo xtask` would refuse.
pub fn faults(path: &str, text: &str) -> Vec<String> {
    if !is_document(path) {
        return Vec::new();
    }
    let refused = commands(text).filter_map(|command| {
        Some(format!("{path}: `cargo xtask {command}`: {}", refusal(command)?))
    });
    refused.collect()
}

fn is_document(path: &str) -> bool {
    Path::new(path).extension().is_some_and(|kind| kind == "md")
}

/// What follows each `cargo xtask`, up to the end of its code or line.
fn commands(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices("cargo xtask ").map(|(at, found)| {
        let rest = text.get(at + found.len()..).unwrap_or_default();
        let end = rest.find(['`', '#', '\n', ')', ';']).unwrap_or(rest.len());
        rest.get(..end).unwrap_or_default().trim()
    })
}

/// Why a command would be refused, if it would.
fn refusal(command: &str) -> Option<String> {
    let mut words = command.split_whitespace();
    let name = words.next().unwrap_or_default();
    let args: Vec<String> = words.map(str::to_owned).collect();
    match name {
        "test" => {
            let unknown = args.iter().find(|stage| !test::STAGES.contains(&stage.as_str()))?;
            Some(format!("there is no stage {unknown:?}"))
        }
        "bench" => bench::check(args.strip_prefix(&["--".to_owned()]).unwrap_or(&args)).err(),
        "sim" => sim::check(&args).err(),
        "noun" if args.len() == 1 => None,
        "noun" => Some("it takes the name of one noun".to_owned()),
        "tidy" | "structure" | "reference" | "help" => {
            args.first().map(|arg| format!("it takes no {arg:?}"))
        }
        other => Some(format!("there is no command {other:?}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn command_that_the_automation_takes_is_no_fault() {
        let text = "`cargo xtask test clippy unit`, `cargo xtask bench -- --only storm` and\n\
                    cargo xtask tidy   # the house rules\n\
                    `cargo xtask sim --seeds 10000 --from 21`";
        assert_eq!(faults("docs/a.md", text), Vec::<String>::new());
    }

    #[test]
    fn command_that_would_be_refused_is_a_fault() {
        for command in [
            "reference all",
            "test units",
            "bench --lonely storm",
            "bensh",
            "tidy all",
            "noun",
            "sim --sead 1",
        ] {
            assert_eq!(faults("README.md", &format!("run `cargo xtask {command}`")).len(), 1);
        }
    }
}
