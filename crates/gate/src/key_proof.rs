//! The proof that a key is a folder's own, where the folder has no check value: it opens what was
//! sealed before there was one.

use std::path::Path;

use access::authenticator::Authenticator;
use access::secret::{SealKey, SealedSecret};
use data_encoding::HEXLOWER;
use store::{Store, StoreError};

use crate::key_file::KeyFileError;
use crate::tables::{CHECKPOINT_FACT, PUSH_FACT, WEBHOOK_FACT};

/// Why a key is not known to be right.
#[derive(Debug, thiserror::Error)]
pub enum ProofError {
    /// It opens nothing of what is sealed.
    #[error(transparent)]
    Key(#[from] KeyFileError),
    /// The tables.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Tries `key`, from the file at `path`, on what the tables hold. A key for tables without anything
/// sealed is as good as any other. One altered row is not the key's fault.
pub(crate) async fn prove(store: &Store, key: &SealKey, path: &Path) -> Result<(), ProofError> {
    let mut sealed = Vec::new();
    for fact in [CHECKPOINT_FACT, WEBHOOK_FACT, PUSH_FACT] {
        if let Some(hex) = store.fact(fact).await? {
            let bytes = HEXLOWER.decode(hex.as_bytes()).unwrap_or_default();
            sealed.push((fact.to_owned(), SealedSecret(bytes)));
        }
    }
    for (id, secret) in store.sealed_authenticators().await? {
        sealed.push((Authenticator::purpose(id), secret));
    }
    let opens = sealed.iter().any(|(purpose, secret)| key.open(secret, purpose).is_ok());
    if opens || sealed.is_empty() {
        return Ok(());
    }
    Err(KeyFileError::Other { path: path.to_owned() }.into())
}
