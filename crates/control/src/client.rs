//! The other end of the door: what the command line speaks.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::Path;

use serde::de::DeserializeOwned;

use crate::fault::{Answer, Fault};
use crate::request::Request;
use crate::socket;

/// Why the door gave nothing.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// There is no such folder.
    #[error("there is no folder {folder}; give the data folder with --data")]
    NoFolder {
        /// The folder.
        folder: String,
    },
    /// It is somebody else's.
    #[error(
        "{folder} belongs to another user; run the command as that user (`sudo -u USER floorpass ...`) or as root"
    )]
    NotYours {
        /// The folder.
        folder: String,
    },
    /// Nobody listens.
    #[error(
        "no server is running on {folder}; start one with `floorpass demo` or `floorpass serve`"
    )]
    NotRunning {
        /// The folder.
        folder: String,
    },
    /// The system said no.
    #[error("the control socket in {folder} cannot be used: {source}")]
    Io {
        /// The folder.
        folder: String,
        /// Why.
        source: io::Error,
    },
    /// The answer is not an answer of this version.
    #[error(
        "the server's answer cannot be read ({problem}); use the same version of floorpass as the server"
    )]
    Foreign {
        /// What is wrong with it.
        problem: String,
    },
    /// The server did not do it.
    #[error("{0}")]
    Fault(#[from] Fault),
}

/// Bytes that an answer may have.
const LARGEST_ANSWER: u64 = 64 << 20;

/// Whether a server listens on a data folder, of whatever version and whether or not it answers.
pub fn is_listened_at(data: &Path) -> bool {
    socket::connect(data).is_ok()
}

/// Asks the server of a data folder and reads its answer. Blocks: the command line has nothing else to do.
pub fn ask<T: DeserializeOwned>(data: &Path, request: &Request) -> Result<T, ClientError> {
    let folder = || data.display().to_string();
    if let Some(why) = socket::no_folder(data) {
        return Err(match why.kind() {
            io::ErrorKind::PermissionDenied => ClientError::NotYours { folder: folder() },
            _ => ClientError::NoFolder { folder: folder() },
        });
    }
    let mut stream = socket::connect(data).map_err(|source| match source.kind() {
        io::ErrorKind::PermissionDenied => ClientError::NotYours { folder: folder() },
        io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => {
            ClientError::NotRunning { folder: folder() }
        }
        _ => ClientError::Io { folder: folder(), source },
    })?;
    let io = |source| ClientError::Io { folder: folder(), source };
    let foreign = |problem: String| ClientError::Foreign { problem };
    let mut line = serde_json::to_vec(request).map_err(|e| foreign(e.to_string()))?;
    line.push(b'\n');
    stream.write_all(&line).map_err(io)?;
    let mut answer = String::new();
    BufReader::new(stream.take(LARGEST_ANSWER)).read_line(&mut answer).map_err(io)?;
    if answer.is_empty() {
        return Err(foreign("the connection ended".to_owned()));
    }
    match serde_json::from_str(&answer).map_err(|e| foreign(e.to_string()))? {
        Answer::Ok(value) => serde_json::from_value(value).map_err(|e| foreign(e.to_string())),
        Answer::Error(fault) => Err(fault.into()),
    }
}
