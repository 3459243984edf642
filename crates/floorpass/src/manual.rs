//! `floorpass completions` and `floorpass man`: both are written by the command line's own description.

use std::path::{Path, PathBuf};

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use clap_complete::Shell;

use crate::exit::Failure;
use crate::global::Global;
use crate::output;

/// A completion script.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  floorpass completions bash > ~/.local/share/bash-completion/completions/floorpass\n  floorpass completions zsh > ~/.zfunc/_floorpass\n  floorpass completions fish > ~/.config/fish/completions/floorpass.fish"
)]
pub struct Completions {
    /// The shell
    #[arg(value_parser = PossibleValuesParser::new(["bash", "zsh", "fish"]).try_map(|name| name.parse::<Shell>()))]
    shell: Shell,
}

/// Man pages.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  floorpass man --to man1\n  install -D -m 644 -t ~/.local/share/man/man1 man1/*.1"
)]
pub struct Man {
    /// The folder to write to; created if missing
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
}

impl Completions {
    /// Prints it.
    pub fn run(self, mut command: clap::Command) {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut command, "floorpass", &mut script);
        output::line(String::from_utf8_lossy(&script).trim_end());
    }
}

impl Man {
    /// Writes them.
    pub fn run(self, global: &Global, mut command: clap::Command) -> Result<(), Failure> {
        let failed = |e| Failure::failed(format!("{}: {e}", self.to.display()));
        private::folder(&self.to).map_err(failed)?;
        command.build();
        let mut pages = 0_usize;
        write(&command, &self.to, &mut pages).map_err(failed)?;
        let made = serde_json::json!({"to": self.to, "pages": pages});
        output::show(global.json, &made, |_| {
            format!("{pages} man pages written to {}", self.to.display())
        })
    }
}

fn write(command: &clap::Command, to: &Path, pages: &mut usize) -> std::io::Result<()> {
    for one in command.get_subcommands().filter(|one| !one.is_hide_set()) {
        write(one, to, pages)?;
    }
    let name = command.get_display_name().unwrap_or_else(|| command.get_name());
    let mut page = Vec::new();
    clap_mangen::Man::new(command.clone()).render(&mut page)?;
    *pages += 1;
    private::replace(&to.join(format!("{name}.1")), &page)
}
