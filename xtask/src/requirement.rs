//! What the test command needs from the machine: looked for first, installed where root may, named where missing.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::shell;

/// Programs that were found.
pub struct Programs {
    pub python: PathBuf,
    /// `nautilus_trader` runs on nothing older.
    pub python_312: PathBuf,
    pub npm: PathBuf,
    pub node: PathBuf,
    pub chromium: PathBuf,
    /// Folder with `initdb`, `pg_ctl` and `postgres`.
    pub postgres: PathBuf,
}

/// One thing that a stage needs.
struct Need {
    what: &'static str,
    stages: &'static [&'static str],
    /// Debian's packages; none where Debian 12 has none.
    packages: &'static str,
    find: fn() -> Option<PathBuf>,
}

const NEEDS: [Need; 9] = [
    Need {
        what: "Python 3.11 or later with venv (python3)",
        stages: &["reference", "clients"],
        packages: "python3 python3-venv",
        find: python,
    },
    Need {
        what: "Python 3.12, 3.13 or 3.14 with venv, for nautilus_trader; Debian 12 has none: install one with \
               `uv python install 3.13` or `pyenv install 3.13`, or name it in FLOORPASS_PYTHON_312",
        stages: &["clients"],
        packages: "",
        find: python_312,
    },
    Need {
        what: "Node 20 or later (node)",
        stages: &["browser", "clients"],
        packages: "nodejs",
        find: || shell::find("node"),
    },
    Need {
        what: "npm",
        stages: &["browser", "clients"],
        packages: "npm",
        find: || shell::find("npm"),
    },
    Need {
        what: "Chromium (chromium)",
        stages: &["browser"],
        packages: "chromium",
        find: || shell::find("chromium"),
    },
    Need {
        what: "PostgreSQL's server programs (initdb, pg_ctl, postgres)",
        stages: &["unit"],
        packages: "postgresql",
        find: postgres,
    },
    Need {
        what: "a C++ compiler for libFuzzer (c++)",
        stages: &["fuzz"],
        packages: "g++",
        find: || shell::find("c++"),
    },
    Need {
        what: "strace, to show that no acknowledgement is sent before its sync",
        stages: &["unit"],
        packages: "strace",
        find: || shell::find("strace"),
    },
    Need {
        what: "libfaketime, to set the server's clock in a test",
        stages: &["unit", "browser", "clients"],
        packages: "faketime",
        find: faketime,
    },
];

/// Finds everything that the chosen stages need. As root on Debian the missing packages are installed;
/// elsewhere the error names each missing thing, who needs it, and the command that brings it.
pub fn meet(chosen: impl Fn(&str) -> bool) -> Result<Programs, String> {
    let asked = |need: &&Need| need.stages.iter().any(|s| chosen(s));
    let missing: Vec<&Need> = NEEDS.iter().filter(asked).filter(|n| (n.find)().is_none()).collect();
    if !missing.is_empty() && shell::is_root() && shell::find("apt-get").is_some() {
        install(&missing)?;
    }
    let missing: Vec<&Need> = NEEDS.iter().filter(asked).filter(|n| (n.find)().is_none()).collect();
    if !missing.is_empty() {
        let lines: Vec<String> = missing
            .iter()
            .map(|need| format!("  {} (stage {})", need.what, need.stages.join(", ")))
            .collect();
        let mut text = format!("these are missing:\n{}", lines.join("\n"));
        let packages = packages(&missing);
        if !packages.is_empty() {
            text = format!("{text}\non Debian: apt-get install {}", packages.join(" "));
        }
        return Err(text);
    }
    let here = |find: fn() -> Option<PathBuf>| find().unwrap_or_default();
    Ok(Programs {
        python: here(python),
        python_312: here(python_312),
        node: here(|| shell::find("node")),
        npm: here(|| shell::find("npm")),
        chromium: here(|| shell::find("chromium")),
        postgres: here(postgres),
    })
}

fn packages(missing: &[&Need]) -> Vec<&'static str> {
    missing.iter().flat_map(|n| n.packages.split_whitespace()).collect()
}

fn install(missing: &[&Need]) -> Result<(), String> {
    let packages = packages(missing);
    if packages.is_empty() {
        return Ok(());
    }
    println!("installing with apt-get: {}", packages.join(" "));
    // A package list that cannot be renewed may still be good enough for the install below.
    let renewed = shell::quiet(Command::new("apt-get").args(["update", "-qq"]))?;
    if !renewed.ok {
        println!("apt-get update failed; trying with the package list that is here");
    }
    let run = shell::show(
        Command::new("apt-get")
            .args(["install", "-y", "-qq", "--no-install-recommends"])
            .args(&packages)
            .env("DEBIAN_FRONTEND", "noninteractive"),
    )?;
    if run.ok { Ok(()) } else { Err(format!("apt-get could not install {}", packages.join(" "))) }
}

fn python() -> Option<PathBuf> {
    shell::find("python3").filter(|python| runs(python, "sys.version_info >= (3, 11)"))
}

/// A command of this name may be a shim that runs nothing, so each is asked; pyenv and uv keep theirs off PATH.
fn python_312() -> Option<PathBuf> {
    let named = std::env::var_os("FLOORPASS_PYTHON_312").map(PathBuf::from);
    let on_path =
        ["python3.13", "python3.12", "python3.14", "python3"].into_iter().filter_map(shell::find);
    let home = std::env::home_dir().unwrap_or_default();
    let pyenv = std::env::var_os("PYENV_ROOT").map_or_else(|| home.join(".pyenv"), PathBuf::from);
    let installed = [pyenv.join("versions"), home.join(".local/share/uv/python")]
        .into_iter()
        .filter_map(|folder| std::fs::read_dir(folder).ok())
        .flat_map(|versions| versions.flatten().map(|version| version.path().join("bin/python3")));
    let mut found = named.into_iter().chain(on_path).chain(installed);
    found.find(|python| runs(python, "(3, 12) <= sys.version_info < (3, 15)"))
}

/// Whether a Python can make environments and is of the right version.
fn runs(python: &Path, version: &str) -> bool {
    let asks = format!("import sys, venv, ensurepip; sys.exit(not {version})");
    shell::quiet(Command::new(python).args(["-c", &asks])).is_ok_and(|run| run.ok)
}

/// Debian keeps it in a folder named after the machine.
fn faketime() -> Option<PathBuf> {
    let machines = std::fs::read_dir("/usr/lib").ok()?.flatten();
    let library = |entry: std::fs::DirEntry| entry.path().join("faketime/libfaketimeMT.so.1");
    machines.map(library).find(|path| path.is_file())
}

/// Debian keeps the server's programs off PATH, a folder for each major version: the newest is taken.
fn postgres() -> Option<PathBuf> {
    let on_path = shell::find("initdb").and_then(|p| p.parent().map(Path::to_path_buf));
    let debian = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let newest = debian
        .filter_map(|e| Some((e.file_name().to_str()?.parse::<u32>().ok()?, e.path().join("bin"))))
        .filter(|(_, bin)| bin.join("initdb").is_file())
        .max_by_key(|(version, _)| *version)
        .map(|(_, bin)| bin);
    newest.or(on_path)
}
