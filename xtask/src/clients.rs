//! Real, unmodified client libraries from PyPI and npm against the real program.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::browser;
use crate::demo::{self, Demo};
use crate::python;
use crate::requirement::Programs;
use crate::shell;
use crate::stage::Count;

/// Acceptance drivers of others, run when they lie beside the project: what version 0.1 must pass.
const DRIVERS: [&str; 11] = [
    "connect",
    "qualify",
    "market_order",
    "limit_modify_cancel",
    "bracket",
    "what_if",
    "positions_summary",
    "historical",
    "two_clients",
    "duplicate_id",
    "refused",
];

/// Runs tests/clients, then the drivers.
pub fn run(root: &Path, programs: &Programs) -> Result<Count, String> {
    let named = |file: &str| root.join("tests/clients").join(file);
    let python = python::environment(root, &programs.python, &named("requirements.txt"), "venv")?;
    let nautilus = named("requirements-nautilus.txt");
    let nautilus = python::environment(root, &programs.python_312, &nautilus, "venv-nautilus")?;
    let rust = crate_program(root)?;
    let stoqey = browser::packages(root, programs, "tests/clients/stoqey", "stoqey")?;
    let binary = demo::binary(root)?;
    let demo = Demo::start(&binary)?;
    let ours = shell::show(
        Command::new(&python)
            .arg(root.join("tests/clients/run.py"))
            .arg("--ready-file")
            .arg(demo.ready())
            .arg("--floorpass")
            .arg(&binary)
            .arg("--nautilus")
            .arg(&nautilus)
            .arg("--stoqey")
            .arg(&stoqey)
            .arg("--rust")
            .arg(&rust),
    )?;
    let mut count =
        Count::last_in(&ours.stdout).ok_or("tests/clients/run.py did not end with its count")?;
    if !ours.ok && count.failed == 0 {
        count.failed = 1;
    }
    demo.stop()?;
    let drivers = root.join("../shared/acceptance/tws");
    if drivers.is_dir() {
        count += acceptance(&drivers, &python, &binary)?;
    } else {
        println!("{} does not exist", drivers.display());
    }
    Ok(count)
}

fn acceptance(drivers: &Path, python: &Path, binary: &Path) -> Result<Count, String> {
    let mut count = Count::default();
    for library in ["ib_async", "ib_insync"] {
        let demo = Demo::start(binary)?;
        let port = demo.port("trading")?.to_string();
        for name in DRIVERS {
            let run = shell::show(
                Command::new("timeout")
                    .arg("120")
                    .arg(python)
                    .arg("-B")
                    .arg(drivers.join(format!("ia_{name}.py")))
                    .args(["--port", &port, "--lib", library])
                    .current_dir(drivers),
            )?;
            println!("{library} {name}: {}", if run.ok { "passed" } else { "FAILED" });
            count += if run.ok { Count::ONE_PASSED } else { Count { passed: 0, failed: 1 } };
        }
        demo.stop()?;
    }
    Ok(count)
}

/// The flows of the crate ibapi: a workspace of its own, so that no client enters the product's tree.
fn crate_program(root: &Path) -> Result<PathBuf, String> {
    let target = shell::target(root).join("clients");
    let run = shell::show(
        shell::cargo(&root.join("tests/clients/rust"))
            .args(["build", "--locked", "--target-dir"])
            .arg(&target),
    )?;
    if !run.ok {
        return Err("tests/clients/rust does not build".to_owned());
    }
    Ok(target.join("debug/floorpass-client-tests"))
}
