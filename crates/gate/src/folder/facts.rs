//! What a data folder says of itself, and the names of what is in it.

use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};

use crate::clock::{Clock, NoEntropy};

/// Version of the folder's layout that this program writes.
pub const VERSION: u32 = 1;
/// The folder's description.
pub const FACTS: &str = "folder.json";
/// The key file.
pub const KEY: &str = "key";
/// The tables, where they are SQLite's.
pub const DATABASE: &str = "floorpass.db";
/// The signed checkpoints.
pub const CHECKPOINTS: &str = "checkpoints.jsonl";

/// What a data folder says of itself, in `DATA/folder.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FolderFacts {
    /// Version of the layout.
    pub version: u32,
    /// 32 hexadecimal digits, drawn when the folder was made.
    pub id: String,
    /// Whether it is a demo: its one-time codes can be printed.
    pub demo: bool,
    /// Bytes of a journal segment.
    pub segment_bytes: u64,
    /// What only the folder's own key file opens, in hexadecimal digits; none in a folder whose key
    /// has not proven itself yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_check: Option<String>,
}

impl FolderFacts {
    /// The id as 16 bytes.
    pub fn id_bytes(&self) -> [u8; 16] {
        HEXLOWER
            .decode(self.id.as_bytes())
            .ok()
            .and_then(|bytes| bytes.try_into().ok())
            .unwrap_or_default()
    }
}

/// Where a data folder keeps its journal.
pub fn journal_folder(data: &Path) -> PathBuf {
    data.join("journal")
}

/// Where a data folder keeps its snapshots.
pub(crate) fn snapshots(data: &Path) -> PathBuf {
    data.join("snapshots")
}

pub(crate) fn new_id(clock: &Clock) -> Result<String, NoEntropy> {
    Ok(HEXLOWER.encode(&clock.entropy::<16>()?))
}
