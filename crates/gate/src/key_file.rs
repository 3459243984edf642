//! The key file: 32 random bytes in `DATA/key` (0600, outside backups) under which TOTP seeds and
//! the key that signs checkpoints are encrypted at rest.

use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use access::moment::Moment;
use access::secret::{SealKey, SealedSecret, Secret};
use data_encoding::HEXLOWER;
use zeroize::Zeroizing;

use crate::clock::{Clock, NoEntropy};
use crate::folder::{self, FolderFacts};

/// Name of the file in the data folder.
pub const NAME: &str = folder::KEY;
/// What a folder's check value is sealed for.
const CHECK: &str = "key check";
/// Bytes of the key.
const KEY_BYTES: usize = 32;

/// Why the key file could not be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// It could not be read or made.
    #[error("the key file {path} could not be used: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Others may read it.
    #[error("the key file {path} has mode {mode:03o}: others can read it. Run: chmod 600 {path}")]
    Open {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// It is not 32 bytes long.
    #[error("the key file {path} has {found} bytes instead of 32; put back the right one")]
    Length {
        /// The file.
        path: PathBuf,
        /// Its length in bytes.
        found: usize,
    },
    /// It is another folder's.
    #[error(
        "the key file {path} does not belong to this data folder: it cannot decrypt its secrets. Nothing was changed; put the right key file in its place"
    )]
    Other {
        /// The file.
        path: PathBuf,
    },
    /// It is not there, though the folder has data that was sealed with one.
    #[error(
        "the key file {path} is missing; without it, TOTP secrets and the signing key cannot be read"
    )]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// The system's generator failed.
    #[error(transparent)]
    Entropy(#[from] NoEntropy),
}

/// Reads the key in `DATA/key`; makes it when `new` (a new folder).
pub fn open(data: &Path, new: bool) -> Result<SealKey, KeyFileError> {
    open_on(data, new, &Clock::system())
}

/// The same on the machine of this clock, which gives the entropy of a new key.
pub(crate) fn open_on(data: &Path, new: bool, clock: &Clock) -> Result<SealKey, KeyFileError> {
    let path = data.join(NAME);
    let io = |source| KeyFileError::Io { path: path.clone(), source };
    let mut file = match private::look(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && new => {
            return create(&path, clock);
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(KeyFileError::Missing { path });
        }
        Err(error) => return Err(io(error)),
    };
    // A first start of an older version that was stopped between making it and writing it.
    if new && file.metadata().map_err(io)?.len() == 0 {
        return create(&path, clock);
    }
    let mode = file.metadata().map_err(io)?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(KeyFileError::Open { path, mode });
    }
    let mut bytes = Zeroizing::new(Vec::new());
    file.read_to_end(&mut bytes).map_err(io)?;
    key_of(path, &bytes)
}

/// Reads a key that is kept elsewhere, and its bytes.
pub fn read(path: &Path) -> Result<(SealKey, Zeroizing<Vec<u8>>), KeyFileError> {
    let bytes =
        private::read(path).map_err(|source| KeyFileError::Io { path: path.to_owned(), source })?;
    let bytes = Zeroizing::new(bytes);
    Ok((key_of(path.to_owned(), &bytes)?, bytes))
}

fn key_of(path: PathBuf, bytes: &[u8]) -> Result<SealKey, KeyFileError> {
    let key = <[u8; KEY_BYTES]>::try_from(bytes)
        .map_err(|_| KeyFileError::Length { path, found: bytes.len() })?;
    Ok(SealKey::new(key))
}

/// What only `key` opens, for the description of the folder `id`.
pub(crate) fn seal_check(key: &SealKey, id: &str, moment: &Moment) -> String {
    HEXLOWER.encode(&key.seal(&Secret::from_text(id.to_owned()), CHECK, moment).0)
}

/// Whether `key`, from the file at `path`, is the folder's; not known in a folder without a check value.
pub fn check(path: &Path, key: &SealKey, facts: &FolderFacts) -> Result<(), KeyFileError> {
    let Some(kept) = &facts.key_check else { return Ok(()) };
    let sealed = SealedSecret(HEXLOWER.decode(kept.as_bytes()).unwrap_or_default());
    match key.open(&sealed, CHECK) {
        Ok(id) if id.matches(facts.id.as_bytes()) => Ok(()),
        _ => Err(KeyFileError::Other { path: path.to_owned() }),
    }
}

fn create(path: &Path, clock: &Clock) -> Result<SealKey, KeyFileError> {
    let key = Zeroizing::new(clock.entropy::<KEY_BYTES>()?);
    private::replace(path, key.as_slice())
        .map_err(|source| KeyFileError::Io { path: path.to_owned(), source })?;
    Ok(SealKey::new(*key))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use access::moment::{Moment, Time};
    use access::secret::Secret;

    #[test]
    fn key_file_read_again_opens_what_it_sealed() {
        let folder = tempfile::tempdir().unwrap();
        let key = open(folder.path(), true).unwrap();
        let moment = Moment::new(Time(1), [1; 32]);
        let sealed = key.seal(&Secret::new(b"seed".to_vec()), "totp", &moment);
        let again = open(folder.path(), false).unwrap();
        assert_eq!(again.open(&sealed, "totp").unwrap().expose(), b"seed");
    }

    #[test]
    fn key_file_that_others_can_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        drop(open(folder.path(), true).unwrap());
        let path = folder.path().join(NAME);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        let error = open(folder.path(), false).err().unwrap();
        assert!(error.to_string().contains("chmod 600"), "{error}");
    }

    #[test]
    fn key_file_that_a_first_start_left_empty_is_filled_and_no_other_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(NAME);
        drop(private::create(&path).unwrap());
        let error = open(folder.path(), false).err().unwrap();
        assert!(matches!(error, KeyFileError::Length { found: 0, .. }), "{error}");
        drop(open(folder.path(), true).unwrap());
        assert_eq!(std::fs::read(&path).unwrap().len(), KEY_BYTES);
        std::fs::write(&path, "half").unwrap();
        let error = open(folder.path(), true).err().unwrap();
        assert!(matches!(error, KeyFileError::Length { found: 4, .. }), "{error}");
    }

    #[test]
    fn key_file_missing_from_an_old_folder_is_not_made_anew() {
        let folder = tempfile::tempdir().unwrap();
        let error = open(folder.path(), false).err().unwrap();
        assert!(matches!(error, KeyFileError::Missing { .. }));
    }
}
