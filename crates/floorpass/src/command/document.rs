//! Every command of this program that a document names must be one that its command line takes.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::path::{Path, PathBuf};

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser};

use super::CommandLine;

/// The repository's documents and what is packaged with the program.
fn documents() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
    let folders = ["", "docs", "docs/decisions", "docs/security", "packaging"];
    let mut found = Vec::new();
    for folder in folders {
        for entry in std::fs::read_dir(root.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            let kind = path.extension().and_then(|e| e.to_str());
            if matches!(kind, Some("md" | "service")) {
                found.push((path.clone(), std::fs::read_to_string(&path).unwrap()));
            }
        }
    }
    found
}

/// Code in back quotes, lines at a prompt, and lines of code blocks that begin with the program's name.
fn commands(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let inline = text.split('`').skip(1).step_by(2).filter(|code| !code.contains('\n'));
    let lines = text.lines().map(|line| line.trim_start_matches(['#', ' ', '$', '>']));
    let lines = lines.map(|line| line.strip_prefix("ExecStart=/usr/bin/").unwrap_or(line));
    let lines = lines.filter(|line| !line.contains('`'));
    for code in inline.chain(lines) {
        // Names of tests (`floorpass serve::..`) and prose are no commands.
        let Some(rest) = code.strip_prefix("floorpass ").filter(|rest| !rest.contains("::")) else {
            continue;
        };
        let end = [" #", " >", "  "].iter().filter_map(|mark| rest.find(mark)).min();
        found.push(rest.get(..end.unwrap_or(rest.len())).unwrap().to_owned());
    }
    found
}

/// `a b|c [--d X]` as the commands that it stands for.
fn spelled_out(command: &str) -> Vec<String> {
    let bare: String = command.replace(['[', ']'], "");
    let short: String = command
        .split('[')
        .enumerate()
        .map(|(i, part)| if i == 0 { part } else { part.split_once(']').unwrap_or(("", "")).1 })
        .collect();
    let mut all = Vec::new();
    for form in [bare, short] {
        let choice = form.split(' ').find(|word| word.contains('|')).unwrap_or_default();
        for word in choice.split('|') {
            all.push(form.replacen(choice, word, usize::from(!choice.is_empty())));
        }
    }
    all.sort_unstable();
    all.dedup();
    all
}

/// A value of the kind that a placeholder means; other words stay.
fn value(word: &str) -> &str {
    match word {
        "A" => "DU1234567",
        "DAY" => "2031-02-03",
        "PLACE" => "FR",
        "N" => "7",
        "AMOUNT" => "50000",
        word => word,
    }
}

/// The words of a command as a shell has them; what is in double quotes is one.
fn words(command: &str) -> Vec<String> {
    let (mut words, mut word, mut is_quoted) = (Vec::new(), None::<String>, false);
    for letter in command.chars() {
        match letter {
            '"' => {
                is_quoted = !is_quoted;
                word.get_or_insert_default();
            }
            letter if letter.is_whitespace() && !is_quoted => words.extend(word.take()),
            letter => word.get_or_insert_default().push(letter),
        }
    }
    words.extend(word);
    words
}

/// Why the command line refuses it, if it does. A command that is only mentioned may lack its arguments.
fn refusal(command: &str) -> Option<String> {
    let words = words(command);
    let words: Vec<&str> = words.iter().map(|word| value(word)).collect();
    let is_mention = !command.contains("--") && !command.contains(|c: char| c.is_uppercase());
    let error = CommandLine::try_parse_from(["floorpass"].iter().chain(&words)).err()?;
    let lacks = matches!(
        error.kind(),
        ErrorKind::MissingRequiredArgument
            | ErrorKind::MissingSubcommand
            | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
    );
    // An id of any kind: what the value is wrong for is not what this test is about.
    let is_id = error.kind() == ErrorKind::ValueValidation && words.contains(&"ID");
    (!(is_id || is_mention && lacks)).then(|| error.to_string())
}

#[test]
fn command_that_a_document_names_is_taken() {
    let mut seen = 0;
    let mut refused = Vec::new();
    for (path, text) in documents() {
        for command in commands(&text).iter().flat_map(|command| spelled_out(command)) {
            seen += 1;
            if let Some(why) = refusal(&command) {
                let name = path.file_name().unwrap().display().to_string();
                refused.push(format!("{name}: floorpass {command}\n{why}"));
            }
        }
    }
    assert!(seen > 40, "only {seen} commands were found in the documents");
    assert!(refused.is_empty(), "{}", refused.join("\n"));
}

#[test]
fn command_that_is_not_there_is_refused() {
    for command in ["lokc", "lock --person P --grad all", "credential revoke", "totp"] {
        let full = format!("{command} --nothing");
        assert!(refusal(&full).is_some(), "{full}");
    }
    assert_eq!(refusal("credential revoke"), None);
    assert!(refusal("credential evoke NAME").is_some());
    assert!(CommandLine::command().get_subcommands().count() > 20);
}

#[test]
fn alternatives_and_options_are_spelled_out() {
    assert_eq!(spelled_out("travel show|end NAME"), ["travel end NAME", "travel show NAME"]);
    assert_eq!(spelled_out("delivery [--open]"), ["delivery ", "delivery --open"]);
    assert_eq!(commands("`floorpass a` b `floorpass c::d`\n$ floorpass e  # f\n"), ["a", "e"]);
}
