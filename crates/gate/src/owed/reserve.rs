//! The file that keeps owed cuts across restarts: `DATA/owed`. Its space is reserved and filled
//! with zeros while there is some, since it is needed when there is none. Two areas are written in
//! turn, each with the whole queue, its number and a tag by the folder's key: a torn area leaves
//! the other one intact.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use access::SealKey;

use super::batch::Batch;

/// Name of the file.
pub(crate) const FILE: &str = "owed";
/// Bytes of an area.
const AREA: usize = 512 * 1024;
/// Bytes before the queue: number, length, tag.
const HEAD: usize = 8 + 8 + 32;
/// What the tag is for.
const PURPOSE: &str = "owed cuts";

/// The file has something that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error(
    "{path} cannot be read ({problem}). It keeps locks, revocations and other cuts that were in effect when the server stopped and are in no table yet, so a start without it could undo them. Put the file back as it was. If you cannot, move it aside and start: `floorpass account list`, `floorpass credential list` and `floorpass activity` then show what has to be locked or revoked again"
)]
pub struct OwedUnreadable {
    path: PathBuf,
    problem: String,
}

/// How many cuts the file of a data folder keeps for its next start; it is changed by nothing here.
///
/// # Errors
/// It has something that cannot be read.
pub fn owed_cuts(data: &Path, key: &SealKey) -> Result<usize, OwedUnreadable> {
    Ok(kept(&data.join(FILE), &own(key))?.1.len())
}

/// The file, open for writing.
pub(crate) struct Reserve {
    path: PathBuf,
    key: SealKey,
    state: Mutex<State>,
}

struct State {
    file: Option<File>,
    /// Number of the last queue that was written.
    number: u64,
}

impl Reserve {
    /// Opens it, made when it is not there, and reads the queue that it keeps.
    pub(crate) fn open(data: &Path, key: &SealKey) -> Result<(Self, Vec<Batch>), OwedUnreadable> {
        let path = data.join(FILE);
        let key = own(key);
        let (number, kept) = kept(&path, &key)?;
        let file = open(&path);
        if let Err(error) = &file {
            tracing::warn!(%error, "no space could be reserved for cuts on a full disk");
        }
        let state = Mutex::new(State { file: file.ok(), number });
        Ok((Self { path, key, state }, kept))
    }

    /// Puts this queue in place of the one before; returns when it is on the disk.
    pub(crate) fn write(&self, queue: &[Batch]) -> io::Result<()> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.file.is_none() {
            state.file = Some(open(&self.path)?);
        }
        let State { file: Some(file), number } = &mut *state else { return Ok(()) };
        let body = serde_json::to_vec(queue)?;
        if body.len() > AREA - HEAD {
            let text = format!("{} bytes, and there is room for {}", body.len(), AREA - HEAD);
            return Err(io::Error::other(text));
        }
        let next = *number + 1;
        let mut bytes = next.to_be_bytes().to_vec();
        bytes.extend((body.len() as u64).to_be_bytes());
        bytes.extend(self.key.tag(PURPOSE, &[&next.to_be_bytes(), &body]).0);
        bytes.extend(body);
        file.write_all_at(&bytes, place(next))?;
        file.sync_data()?;
        *number = next;
        Ok(())
    }
}

const fn place(number: u64) -> u64 {
    (number % 2) * AREA as u64
}

/// The file with all its room, which is taken where it is missing.
fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false).mode(0o600);
    options.custom_flags(i32::try_from(rustix::fs::OFlags::NOFOLLOW.bits()).unwrap_or(0));
    let file = options.open(path)?;
    let length = file.metadata()?.len();
    let whole = 2 * AREA as u64;
    if length < whole {
        let zeros = vec![0; usize::try_from(whole - length).unwrap_or(2 * AREA)];
        if let Err(error) = file.write_all_at(&zeros, length) {
            file.set_len(length)?;
            return Err(error);
        }
        file.sync_all()?;
    }
    Ok(file)
}

/// A key of the file's own, by the folder's: that one has no copies.
fn own(key: &SealKey) -> SealKey {
    SealKey::new(key.tag(PURPOSE, &[]).0)
}

/// The queue that was written last, and its number. None where there is no file, or only zeros in it. While one area can
/// be read, the other may be torn: what was being written there was not answered yet.
fn kept(path: &Path, key: &SealKey) -> Result<(u64, Vec<Batch>), OwedUnreadable> {
    let unreadable = |problem: String| OwedUnreadable { path: path.to_owned(), problem };
    let bytes = match private::read(path) {
        Ok(bytes) => bytes,
        // Nor does a folder in its place keep any.
        Err(error)
            if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::IsADirectory) =>
        {
            return Ok((0, Vec::new()));
        }
        Err(error) => return Err(unreadable(error.to_string())),
    };
    let areas: Vec<_> = bytes.chunks(AREA).take(2).map(|area| read(area, key)).collect();
    if let Some(newest) = areas
        .iter()
        .filter_map(|area| area.as_ref().ok().cloned().flatten())
        .max_by_key(|one| one.0)
    {
        return Ok(newest);
    }
    let problem = areas.into_iter().find_map(Result::err);
    problem.map_or_else(|| Ok((0, Vec::new())), |problem| Err(unreadable(problem)))
}

/// The queue of an area, and its number; none of one that nothing was written to.
fn read(area: &[u8], key: &SealKey) -> Result<Option<(u64, Vec<Batch>)>, String> {
    if area.iter().all(|byte| *byte == 0) {
        return Ok(None);
    }
    let parts = || {
        let (number, rest) = area.split_first_chunk::<8>()?;
        let (length, rest) = rest.split_first_chunk::<8>()?;
        let (tag, rest) = rest.split_first_chunk::<32>()?;
        let body = rest.get(..usize::try_from(u64::from_be_bytes(*length)).ok()?)?;
        (key.tag(PURPOSE, &[number, body]).0 == *tag).then_some((number, body))
    };
    let (number, body) = parts().ok_or("it was altered, or another key wrote it")?;
    let queue = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    Ok(Some((u64::from_be_bytes(*number), queue)))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use access::{By, PersonId, Time};

    use super::*;

    fn batch(at: i64) -> Batch {
        let (by, source) = (By::System, "local".to_owned());
        Batch { person: PersonId([1; 16]), by, source, at: Time(at), events: Vec::new() }
    }

    #[test]
    fn queue_is_read_back_and_a_torn_area_leaves_the_one_before() {
        let folder = tempfile::tempdir().unwrap();
        let key = SealKey::new([7; 32]);
        let (reserve, kept) = Reserve::open(folder.path(), &key).unwrap();
        assert_eq!(kept, []);
        reserve.write(&[batch(1)]).unwrap();
        reserve.write(&[batch(1), batch(2)]).unwrap();
        assert_eq!(Reserve::open(folder.path(), &key).unwrap().1, [batch(1), batch(2)]);
        // The second queue is in the first area.
        let file = OpenOptions::new().write(true).open(folder.path().join(FILE)).unwrap();
        file.write_all_at(b"torn", 60).unwrap();
        assert_eq!(Reserve::open(folder.path(), &key).unwrap().1, [batch(1)]);
        let other = SealKey::new([8; 32]);
        assert!(Reserve::open(folder.path(), &other).is_err(), "written by nobody who has the key");
        reserve.write(&[]).unwrap();
        assert_eq!(Reserve::open(folder.path(), &key).unwrap().1, []);
    }

    /// Whatever it is: no start goes on as if nothing had been owed.
    #[test]
    fn file_of_which_nothing_can_be_read_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let (key, path) = (SealKey::new([7; 32]), folder.path().join(FILE));
        assert_eq!(owed_cuts(folder.path(), &key).unwrap(), 0, "there is none");
        Reserve::open(folder.path(), &key).unwrap().0.write(&[batch(1)]).unwrap();
        let whole = std::fs::read(&path).unwrap();
        assert_eq!(owed_cuts(folder.path(), &key).unwrap(), 1);
        let mut flipped = whole.clone();
        *flipped.get_mut(AREA + HEAD + 3).unwrap() ^= 1;
        let noise: Vec<u8> = (0..whole.len()).map(|at| u8::try_from(at % 251).unwrap()).collect();
        let head = whole.get(AREA..AREA + HEAD).unwrap();
        for bytes in [&flipped[..], &noise[..], &b"short"[..], head] {
            std::fs::write(&path, bytes).unwrap();
            for said in [
                Reserve::open(folder.path(), &key).err().unwrap().to_string(),
                owed_cuts(folder.path(), &key).unwrap_err().to_string(),
            ] {
                assert!(said.contains("owed cannot be read") && said.contains("move it aside"));
            }
            assert_eq!(std::fs::read(&path).unwrap(), bytes, "it is left as it was");
        }
        std::fs::write(&path, [0; 100]).unwrap();
        assert_eq!(owed_cuts(folder.path(), &key).unwrap(), 0, "nothing was written to it");
    }

    #[test]
    fn queue_beyond_the_room_is_refused_and_the_one_before_stays() {
        let folder = tempfile::tempdir().unwrap();
        let key = SealKey::new([7; 32]);
        let (reserve, _) = Reserve::open(folder.path(), &key).unwrap();
        reserve.write(&[batch(1)]).unwrap();
        let many: Vec<_> = (0..10_000).map(batch).collect();
        assert!(reserve.write(&many).unwrap_err().to_string().contains("room"));
        assert_eq!(Reserve::open(folder.path(), &key).unwrap().1, [batch(1)]);
    }
}
