//! What the command line says: its help, and its refusals.

use std::path::Path;

use crate::program::{command, text};

/// A command's output with what differs from machine to machine taken out.
fn said(folder: &Path, args: &[&str]) -> String {
    // A narrow terminal's width would change the wrapping.
    let output = command(Path::new("data"), args)
        .current_dir(folder)
        .env("COLUMNS", "100")
        .output()
        .unwrap();
    format!("exit {}\n{}", output.status.code().unwrap(), text(&output))
}

#[test]
fn help_of_every_command_is_as_recorded() {
    let temp = tempfile::tempdir().unwrap();
    let commands: [&[&str]; 15] = [
        &["--help"],
        &["demo", "--help"],
        &["init", "--help"],
        &["serve", "--help"],
        &["credential", "create", "--help"],
        &["credential", "revoke", "--help"],
        &["session", "end", "--help"],
        &["lock", "--help"],
        &["evidence", "verify", "--help"],
        &["restore", "--help"],
        &["policy", "set", "--help"],
        &["travel", "plan", "--help"],
        &["device", "again", "--help"],
        &["device", "move-phone", "--help"],
        &["link", "--help"],
    ];
    for args in commands {
        let name = args.join("_").replace("--", "").replace('-', "_");
        insta::assert_snapshot!(name, said(temp.path(), args));
    }
}

#[test]
fn refusals_say_what_to_do() {
    let temp = tempfile::tempdir().unwrap();
    std::fs::create_dir(temp.path().join("data")).unwrap();
    std::fs::write(temp.path().join("bad.toml"), "[portal]\npublic_url = \"https://192.0.2.1\"\n")
        .unwrap();
    let commands: [&[&str]; 6] = [
        &["status"],
        &["credential", "revoke", "narrow"],
        &["lock", "--account", "DU1234567", "--person", "trader", "--grade", "all"],
        &["lock", "--account", "U1234567", "--grade", "all"],
        &["serve", "--config", "bad.toml"],
        &["serve", "--config", "missing.toml"],
    ];
    let all: Vec<String> = commands
        .iter()
        .map(|args| format!("$ floorpass {}\n{}", args.join(" "), said(temp.path(), args)))
        .collect();
    insta::assert_snapshot!("refusals", all.join("\n"));
}
