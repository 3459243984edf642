//! Every number that the command line takes is understood or refused, never guessed, and in the same words.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::any::TypeId;

use clap::builder::ValueParser;
use clap::{Arg, ArgMatches, Command, CommandFactory};
use rust_decimal::Decimal;

use super::CommandLine;

/// The types that numbers have here.
fn is_number(parser: &ValueParser) -> bool {
    let of = |id: TypeId| parser.type_id() == id;
    of(TypeId::of::<u8>())
        || of(TypeId::of::<u16>())
        || of(TypeId::of::<u32>())
        || of(TypeId::of::<u64>())
        || of(TypeId::of::<usize>())
        || of(TypeId::of::<i32>())
        || of(TypeId::of::<i64>())
        || of(TypeId::of::<f64>())
        || of(TypeId::of::<Decimal>())
}

/// Every argument that is a number, with the command that takes it.
fn numbers(command: &Command, path: &str, found: &mut Vec<(String, Arg)>) {
    let path = format!("{path} {}", command.get_name());
    for arg in command.get_arguments().filter(|arg| is_number(arg.get_value_parser())) {
        found.push((format!("{path} {}", arg.get_id()), arg.clone()));
    }
    for command in command.get_subcommands() {
        numbers(command, &path, found);
    }
}

fn number(matches: &ArgMatches) -> Decimal {
    let small = |id: &str| {
        let of = matches.try_get_one::<u16>(id).ok().flatten().map(|n| Decimal::from(*n));
        let of =
            of.or_else(|| matches.try_get_one::<u32>(id).ok().flatten().map(|n| Decimal::from(*n)));
        of.or_else(|| matches.try_get_one::<u64>(id).ok().flatten().map(|n| Decimal::from(*n)))
    };
    small("n").unwrap_or_else(|| *matches.get_one::<Decimal>("n").unwrap())
}

/// What an argument makes of a text, or what it says against it.
fn read(parser: &ValueParser, typed: &str) -> Result<Decimal, String> {
    let arg = Arg::new("n").long("n").allow_hyphen_values(true).value_parser(parser.clone());
    let read = Command::new("x").arg(arg).try_get_matches_from(["x", "--n", typed]);
    read.map(|matches| number(&matches)).map_err(|error| error.to_string())
}

#[test]
fn number_is_understood_or_refused_by_every_argument() {
    let mut all = Vec::new();
    numbers(&CommandLine::command(), "", &mut all);
    assert!(all.len() > 20, "{}", all.len());
    let long = "9".repeat(30);
    for (name, arg) in &all {
        let parser = arg.get_value_parser();
        for typed in
            ["1e3", "+5", "0x10", "-0", "-5", "1,5,5", "5x", "", " ", "1/2", "\u{661}", &long]
        {
            let said = read(parser, typed).unwrap_err();
            // The words of the one reader of numbers, which says what to type.
            assert!(said.contains("Type "), "{name} {typed:?}: {said}");
        }
        for (typed, plain) in
            [(" 5", "5"), ("\u{ff11}\u{ff10}\u{ff10}", "100"), ("\u{200e}7", "7"), ("007", "7")]
        {
            let plain = read(parser, plain).ok();
            assert_eq!(read(parser, typed).ok(), plain, "{name} {typed:?}");
        }
        for (typed, meant) in [("1_000", 1_000), ("1,000", 1_000)] {
            if let Ok(number) = read(parser, typed) {
                assert_eq!(number, Decimal::from(meant), "{name} {typed:?}");
            }
        }
        if let Ok(number) = read(parser, "1,5") {
            assert_eq!(number, Decimal::new(15, 1), "{name}");
        }
        let taken = arg.is_allow_hyphen_values_set() || arg.is_allow_negative_numbers_set();
        assert!(taken, "{name}: a number below zero is refused as an unknown option");
    }
}
