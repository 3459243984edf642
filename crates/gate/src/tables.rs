//! Where the tables of a folder are, and the facts by which they know it.

use std::path::Path;

use data_encoding::HEXLOWER;
use store::engine::sqlite_url;
use store::{StoreError, Trial};

use crate::clock::{self, NoEntropy};
use crate::folder::DATABASE;

/// Name of the fact by which tables know their folder.
pub(crate) const FOLDER_FACT: &str = "folder_id";
/// Name of the fact by which tables know for which schema sessions were ended.
pub(crate) const SIGNED_OUT_FACT: &str = "signed_out_for_schema";

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
}

/// A copy of the tables at `url` with this version's schema.
pub(crate) async fn trial(url: &str) -> Result<Trial, TrialError> {
    let drawn = clock::entropy::<8>()?;
    let name = format!("floorpass_trial_{}", HEXLOWER.encode(&drawn));
    Ok(Trial::make(url, &std::env::temp_dir(), &name).await?)
}
