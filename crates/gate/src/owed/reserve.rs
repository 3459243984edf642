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
    pub(crate) fn open(data: &Path, key: &SealKey) -> (Self, Vec<Batch>) {
        let path = data.join(FILE);
        // One of its own, by the folder's: the key itself has no copies.
        let key = SealKey::new(key.tag(PURPOSE, &[]).0);
        let file = open(&path);
        if let Err(error) = &file {
            tracing::warn!(%error, "no space could be reserved for cuts on a full disk");
        }
        let file = file.ok();
        let (number, kept) = file.as_ref().map_or((0, Vec::new()), |file| newest(file, &key));
        let state = Mutex::new(State { file, number });
        (Self { path, key, state }, kept)
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

/// The queue that was written last, and its number.
fn newest(file: &File, key: &SealKey) -> (u64, Vec<Batch>) {
    let areas = [0, AREA as u64].into_iter().filter_map(|at| read(file, at, key));
    areas.max_by_key(|(number, _)| *number).unwrap_or_default()
}

fn read(file: &File, at: u64, key: &SealKey) -> Option<(u64, Vec<Batch>)> {
    let mut bytes = vec![0; AREA];
    file.read_exact_at(&mut bytes, at).ok()?;
    let (number, rest) = bytes.split_first_chunk::<8>()?;
    let (length, rest) = rest.split_first_chunk::<8>()?;
    let (tag, rest) = rest.split_first_chunk::<32>()?;
    let body = rest.get(..usize::try_from(u64::from_be_bytes(*length)).ok()?)?;
    if key.tag(PURPOSE, &[number, body]).0 != *tag {
        return None;
    }
    match serde_json::from_slice(body) {
        Ok(queue) => Some((u64::from_be_bytes(*number), queue)),
        Err(error) => {
            tracing::error!(%error, "owed cuts from an earlier run cannot be read");
            None
        }
    }
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
        let (reserve, kept) = Reserve::open(folder.path(), &key);
        assert_eq!(kept, []);
        reserve.write(&[batch(1)]).unwrap();
        reserve.write(&[batch(1), batch(2)]).unwrap();
        assert_eq!(Reserve::open(folder.path(), &key).1, [batch(1), batch(2)]);
        // The second queue is in the first area.
        let file = OpenOptions::new().write(true).open(folder.path().join(FILE)).unwrap();
        file.write_all_at(b"torn", 60).unwrap();
        assert_eq!(Reserve::open(folder.path(), &key).1, [batch(1)]);
        let other = SealKey::new([8; 32]);
        assert_eq!(Reserve::open(folder.path(), &other).1, [], "written by nobody who has the key");
        reserve.write(&[]).unwrap();
        assert_eq!(Reserve::open(folder.path(), &key).1, []);
    }

    #[test]
    fn queue_beyond_the_room_is_refused_and_the_one_before_stays() {
        let folder = tempfile::tempdir().unwrap();
        let key = SealKey::new([7; 32]);
        let (reserve, _) = Reserve::open(folder.path(), &key);
        reserve.write(&[batch(1)]).unwrap();
        let many: Vec<_> = (0..10_000).map(batch).collect();
        assert!(reserve.write(&many).unwrap_err().to_string().contains("room"));
        assert_eq!(Reserve::open(folder.path(), &key).1, [batch(1)]);
    }
}
