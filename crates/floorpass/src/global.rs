//! What every command takes: the data folder, and how it prints and logs.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::exit::{Exit, Failure};
use crate::registry;

/// The data folder unless another is named.
const DATA: &str = "./floorpass-data";

/// What every command takes.
#[derive(Debug, Clone, Args)]
pub struct Global {
    /// The data folder [default: `FLOORPASS_DATA`, then ./floorpass-data, then the only running server's]
    #[arg(
        long,
        global = true,
        help_heading = "Global options",
        display_order = 900,
        value_name = "DIR",
        env = "FLOORPASS_DATA",
        hide_env = true
    )]
    pub data: Option<PathBuf>,
    /// Print one JSON value; errors are {"error": {"code", "text", "field"}}
    #[arg(long, global = true, help_heading = "Global options", display_order = 900)]
    pub json: bool,
    /// What to log to standard error: a level, or a filter such as info,gate=debug
    #[arg(
        long,
        global = true,
        help_heading = "Global options",
        display_order = 900,
        value_name = "FILTER",
        default_value = "warn"
    )]
    pub log: String,
}

impl Global {
    /// The data folder.
    pub fn data(&self) -> &Path {
        self.data.as_deref().unwrap_or(Path::new(DATA))
    }

    /// Takes the folder of the only running server where none is named and none is here.
    pub fn find(&mut self) -> Result<(), Failure> {
        if self.data.is_some() || Path::new(DATA).is_dir() {
            return Ok(());
        }
        let mut running = registry::running();
        if running.len() > 1 {
            let list = running
                .iter()
                .map(|one| format!("\n  {} (process {})", one.data.display(), one.process));
            let text = format!(
                "{} servers are running; choose one with --data:{}",
                running.len(),
                list.collect::<String>()
            );
            return Err(Failure::new(Exit::Usage, "SEVERAL_SERVERS", text));
        }
        self.data = running.pop().map(|one| one.data);
        Ok(())
    }
}
