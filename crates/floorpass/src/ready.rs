//! The ready file: written whole once everything answers, read by scripts and tests. Its names are a contract.

use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::exit::{Exit, Failure};

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
    /// Where other devices reach it, with `demo --lan`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lan: Option<Lan>,
}

/// How other devices on the network reach the portal.
#[derive(Debug, Clone, Serialize)]
pub struct Lan {
    /// The portal's URL for them.
    pub portal: String,
    /// The page on how to trust its certificate, by plain HTTP.
    pub trust: String,
}

impl Lan {
    /// As scripts read it.
    pub fn of(lan: &web::Lan) -> Self {
        let text = |url: &url::Url| url.as_str().trim_end_matches('/').to_owned();
        Self { portal: text(&lan.portal), trust: text(&lan.trust) }
    }
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
pub struct ReadyFile {
    path: PathBuf,
    identity: private::Identity,
}

impl ReadyFile {
    /// Whether it can be written; asked before a folder is made whose secrets it alone would tell.
    pub fn check(path: Option<&Path>) -> Result<(), Failure> {
        let Some(path) = path else { return Ok(()) };
        private::can_replace(path).map_err(|error| {
            let text = format!("the ready file {} cannot be written: {error}", path.display());
            Failure::new(Exit::Refused, "READY_FILE", text)
        })
    }

    /// Writes it, readable only by its owner.
    pub fn write(path: &Path, ready: &Ready) -> io::Result<Self> {
        let mut text = serde_json::to_vec_pretty(ready).map_err(io::Error::other)?;
        text.push(b'\n');
        private::replace(path, &text)?;
        Ok(Self { path: path.to_path_buf(), identity: private::Identity::at(path)? })
    }
}

impl Drop for ReadyFile {
    fn drop(&mut self) {
        // Another server's by now, or something else that was put there.
        if !private::Identity::at(&self.path).is_ok_and(|found| found == self.identity) {
            return;
        }
        if let Err(error) = std::fs::remove_file(&self.path) {
            tracing::debug!(%error, "the ready file was already gone");
        }
    }
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
            lan: None,
        };
        let file = ReadyFile::write(&path, &ready).unwrap();
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let read: serde_json::Value =
            serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        let names: Vec<&String> = read.as_object().unwrap().keys().collect();
        assert_eq!(names, ["account", "data", "people", "portal", "sockets"]);
        // A later server's file stays.
        let later = ReadyFile::write(&path, &ready).unwrap();
        drop(file);
        assert!(path.exists());
        drop(later);
        assert!(!path.exists());
    }

    #[test]
    fn ready_file_is_not_written_through_a_link() {
        let temp = tempfile::tempdir().unwrap();
        let (victim, path) = (temp.path().join("victim"), temp.path().join("ready.json"));
        std::fs::write(&victim, "theirs").unwrap();
        std::os::unix::fs::symlink(&victim, &path).unwrap();
        let ready = Ready {
            portal: String::new(),
            account: String::new(),
            people: Vec::new(),
            sockets: Vec::new(),
            data: "/data".into(),
            lan: None,
        };
        assert!(ReadyFile::write(&path, &ready).is_err());
        assert_eq!(std::fs::read(&victim).unwrap(), b"theirs");
    }
}
