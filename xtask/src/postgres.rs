//! A throw-away PostgreSQL: a cluster in a temporary folder, reached over a Unix socket only, gone at the end.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::shell;

/// A running server; stopped and removed when dropped.
pub struct Postgres {
    bin: PathBuf,
    folder: tempfile::TempDir,
}

impl Postgres {
    /// Makes a cluster and starts it. PostgreSQL refuses to run as root, so root drops to the user `postgres`
    /// that Debian's package makes.
    pub fn start(bin: &Path) -> Result<Self, String> {
        let folder = tempfile::Builder::new()
            .prefix("floorpass-postgres-")
            .tempdir()
            .map_err(|e| format!("cannot make a temporary folder: {e}"))?;
        if shell::is_root() {
            shell::read(Command::new("chown").arg("postgres").arg(folder.path()))?;
        }
        let server = Self { bin: bin.to_path_buf(), folder };
        shell::read(
            server
                .program("initdb")
                .args(["--auth=trust", "--username=postgres", "--no-sync", "--encoding=UTF8"])
                .arg("--pgdata")
                .arg(server.data()),
        )?;
        // What these tests ask is whether statements mean the same; the throw-away files need no syncing.
        let options = format!(
            "-c listen_addresses='' -c unix_socket_directories='{}' -c fsync=off -c max_connections=200",
            server.folder.path().display()
        );
        shell::read(
            server
                .program("pg_ctl")
                .args(["start", "--wait", "--silent", "--options", &options])
                .arg("--pgdata")
                .arg(server.data())
                .arg("--log")
                .arg(server.folder.path().join("log")),
        )?;
        Ok(server)
    }

    /// The URL of its database.
    pub fn url(&self) -> String {
        format!("postgres://postgres@localhost/postgres?host={}", self.folder.path().display())
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn program(&self, name: &str) -> Command {
        let mut command = if shell::is_root() {
            let mut command = Command::new("runuser");
            command.args(["-u", "postgres", "--"]).arg(self.bin.join(name));
            command
        } else {
            Command::new(self.bin.join(name))
        };
        command.current_dir(self.folder.path());
        command
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let mut stop = self.program("pg_ctl");
        stop.args(["stop", "--wait", "--mode=immediate", "--silent", "--pgdata"]).arg(self.data());
        if let Err(text) = shell::read(&mut stop) {
            eprintln!("the throw-away PostgreSQL did not stop: {text}");
        }
    }
}
