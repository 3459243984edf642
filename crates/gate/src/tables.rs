//! Where the tables of a folder are, and the facts by which they know it.

use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;
use store::engine::sqlite_url;
use store::{StoreError, Trial};

use crate::clock::{self, NoEntropy};
use crate::folder::{self, DATABASE};

/// Name of the fact by which tables know their folder.
pub(crate) const FOLDER_FACT: &str = "folder_id";
/// Name of the fact by which tables know for which schema sessions were ended.
pub(crate) const SIGNED_OUT_FACT: &str = "signed_out_for_schema";
/// The key that checkpoints are signed with, sealed for this name.
pub(crate) const CHECKPOINT_FACT: &str = "checkpoint_key";
/// The secret that the webhook signs with, sealed for this name.
pub(crate) const WEBHOOK_FACT: &str = "webhook_secret";
/// The key that push services know this server by, sealed for this name.
pub(crate) const PUSH_FACT: &str = "push_key";

/// The address of the tables: the one that is configured, or that of the folder's own file, if there is one.
pub(crate) fn url(data: &Path, database: Option<&str>) -> Option<String> {
    let file = data.join(DATABASE);
    match database {
        Some(url) => Some(url.to_owned()),
        None => file.exists().then(|| sqlite_url(&file)),
    }
}

/// Why a copy of tables could not be made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TrialError {
    /// The tables.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The system's generator.
    #[error(transparent)]
    Entropy(#[from] NoEntropy),
    /// No room for it.
    #[error(transparent)]
    NoRoom(NoTrialRoom),
}

/// There is no room for a copy of the tables.
#[derive(Debug, thiserror::Error)]
#[error(
    "a copy of the tables takes {} MiB in {}, the folder for temporary files, and {} MiB are free there; free some space, or name another folder in TMPDIR",
    needed.div_ceil(1 << 20), folder.display(), free >> 20
)]
pub struct NoTrialRoom {
    /// Where the copy would be.
    folder: PathBuf,
    /// Bytes that it takes.
    needed: u64,
    /// Bytes that are free.
    free: u64,
}

/// A copy of the tables of a folder with this version's schema: of those in `data`, or of those at `url`.
pub(crate) async fn trial(data: &Path, url: &str) -> Result<Trial, TrialError> {
    let drawn = clock::entropy::<8>()?;
    let name = format!("floorpass_trial_{}", HEXLOWER.encode(&drawn));
    let folder = std::env::temp_dir();
    let file = data.join(DATABASE);
    if url == sqlite_url(&file) {
        let files = [DATABASE.to_owned(), format!("{DATABASE}-wal")];
        let sizes = files.map(|name| data.join(name).metadata().map_or(0, |file| file.len()));
        let needed = sizes.into_iter().fold(0, u64::saturating_add);
        // Where the system does not say, the copy itself finds out.
        let free = folder::free(&folder).unwrap_or(u64::MAX);
        if free < needed {
            return Err(TrialError::NoRoom(NoTrialRoom { folder, needed, free }));
        }
    }
    Ok(Trial::make(url, &folder, &name).await?)
}
