//! `cargo xtask tidy`: the house rules that no compiler knows.

mod circle;
mod command;
mod document;
mod layer;
mod module;
mod name;
mod noun;
mod source;
mod standard;
mod structure;
mod type_name;

use std::path::Path;
use std::process::Command;

use crate::stage::Count;
use crate::{licence, shell};

/// A check over the whole tree: what it is called, and the faults that it finds.
type Check = (&'static str, fn(&Tree) -> Result<Vec<String>, String>);

const CHECKS: [Check; 14] = [
    ("names", |tree| Ok(tree.each_path(name::faults))),
    ("size", |tree| Ok(tree.each_text(source::size))),
    ("text", |tree| Ok(tree.each_text(source::words))),
    ("SQL", |tree| Ok(tree.each_text(source::sql))),
    ("layers", |tree| layer::edges(&tree.metadata)),
    ("circles", |tree| circle::faults(&tree.root, &tree.files)),
    ("type names", |tree| type_name::faults(&tree.root, &tree.files)),
    ("structure", |tree| structure::faults(&tree.root, &tree.files)),
    ("purity", |tree| layer::purity(&tree.root)),
    ("licences", licence::faults),
    ("documents", |tree| Ok(document::faults(&tree.root, &tree.metadata))),
    ("commands", |tree| Ok(tree.each_text(command::faults))),
    ("standard", |tree| Ok(standard::faults(&tree.root, &tree.files))),
    ("operations", |tree| Ok(standard::operations(&tree.root, &tree.files))),
];

/// The files under version control (new ones included) and what cargo knows of the packages.
pub struct Tree {
    pub root: std::path::PathBuf,
    pub files: Vec<String>,
    pub metadata: serde_json::Value,
}

impl Tree {
    /// Reads the lists of files and packages.
    pub fn read(root: &Path) -> Result<Self, String> {
        let listing = shell::read(
            Command::new("git")
                .args(["ls-files", "--cached", "--others", "--exclude-standard"])
                .current_dir(root),
        )?;
        let files = listing.lines().filter(|f| root.join(f).is_file()).map(str::to_owned).collect();
        let json =
            shell::read(shell::cargo(root).args(["metadata", "--format-version=1", "--locked"]))?;
        let metadata = serde_json::from_str(&json).map_err(|e| format!("cargo metadata: {e}"))?;
        Ok(Self { root: root.to_path_buf(), files, metadata })
    }

    fn each_path(&self, check: fn(&str) -> Vec<String>) -> Vec<String> {
        self.files.iter().flat_map(|file| check(file)).collect()
    }

    fn each_text(&self, check: fn(&str, &str) -> Vec<String>) -> Vec<String> {
        let texts = self.files.iter().filter_map(|file| {
            // Files that are not a text (fonts, pictures) have no lines to check.
            Some((file, std::fs::read_to_string(self.root.join(file)).ok()?))
        });
        texts.flat_map(|(file, text)| check(file, &text)).collect()
    }
}

/// Runs every check and prints what it finds.
pub fn count(root: &Path) -> Result<Count, String> {
    let tree = Tree::read(root)?;
    let mut count = Count::default();
    for (title, check) in CHECKS {
        let faults = check(&tree)?;
        for fault in &faults {
            println!("tidy: {title}: {fault}");
        }
        count += if faults.is_empty() { Count::ONE_PASSED } else { Count { passed: 0, failed: 1 } };
    }
    Ok(count)
}

/// `cargo xtask noun NAME`.
pub fn noun(root: &Path, args: &[String]) -> Result<(), String> {
    let [noun] = args else { return Err("name one noun, such as travel".to_owned()) };
    noun::run(root, &Tree::read(root)?.files, noun)
}

/// `cargo xtask structure`.
pub fn structure(root: &Path) -> Result<(), String> {
    structure::run(root, &Tree::read(root)?.files)
}

/// The command by itself.
pub fn run(root: &Path) -> Result<(), String> {
    let count = count(root)?;
    println!("{count}");
    if count.failed == 0 { Ok(()) } else { Err("the tree is not tidy".to_owned()) }
}
