//! The ready file: written whole once everything answers, read by scripts and tests. Its names are a contract.

use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use serde::Serialize;

/// What a script needs to use a running server.
#[derive(Debug, Serialize)]
pub struct Ready {
    /// The portal's URL.
    pub portal: String,
    /// The account, `DU` and seven digits.
    pub account: String,
    /// Who can sign in; empty unless this start made them.
    pub people: Vec<Person>,
    /// Where programs connect.
    pub sockets: Vec<Socket>,
    /// The data folder, absolute.
    pub data: PathBuf,
}

/// A person that this start made.
#[derive(Debug, Serialize)]
pub struct Person {
    /// The name to sign in with.
    pub username: String,
    /// The password.
    pub password: String,
    /// The `otpauth://` address of the TOTP secret.
    pub totp_uri: String,
}

/// One socket of the trading API.
#[derive(Debug, Clone, Serialize)]
pub struct Socket {
    /// `trading`, `read-only` or `narrow` in a demo folder.
    pub name: String,
    /// The address it listens on.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// The credential's name.
    pub credential: String,
}

/// The ready file of this process; removed when the server ends, so that its presence says something.
pub struct ReadyFile(PathBuf);

impl ReadyFile {
    /// Writes it, readable by its owner alone.
    pub fn write(path: &Path, ready: &Ready) -> io::Result<Self> {
        let mut text = serde_json::to_vec_pretty(ready).map_err(io::Error::other)?;
        text.push(b'\n');
        write_private(path, &text)?;
        Ok(Self(path.to_path_buf()))
    }
}

impl Drop for ReadyFile {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_file(&self.0) {
            tracing::debug!(%error, "the ready file was gone already");
        }
    }
}

/// Writes a file of mode 0600 beside its place and moves it there, so that nobody sees half of it.
pub fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
    let mut draft_name = name.to_os_string();
    draft_name.push(format!(".{}.new", std::process::id()));
    let draft = path.with_file_name(draft_name);
    let mut options = std::fs::OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&draft, path)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn ready_file_is_private_and_goes_with_its_server() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("ready.json");
        let ready = Ready {
            portal: "http://localhost:8080".into(),
            account: "DU1234567".into(),
            people: Vec::new(),
            sockets: Vec::new(),
            data: "/data".into(),
        };
        let file = ReadyFile::write(&path, &ready).unwrap();
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let read: serde_json::Value =
            serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        let names: Vec<&String> = read.as_object().unwrap().keys().collect();
        assert_eq!(names, ["account", "data", "people", "portal", "sockets"]);
        drop(file);
        assert!(!path.exists());
    }
}
