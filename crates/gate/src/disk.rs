//! The few file operations under the journal, behind a trait so that tests can make them fail.

use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;

use rustix::fs::{FallocateFlags, fallocate, statvfs};

/// Zeros are written in pieces of this many bytes. The page cache keeps what one write brought as one
/// piece, and each later write into a piece walks through all blocks of it: small ones are faster.
const ZEROS: usize = 16 * 1024;

/// One open segment. Dropping it closes it.
pub trait SegmentFile: Send {
    /// Writes some of `bytes` at `offset` and says how many.
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<usize>;
    /// Returns when all that was written is on the disk (fdatasync).
    fn sync(&self) -> io::Result<()>;
}

/// Where segments live.
pub trait Disk: Send + Sync {
    /// A new file of `bytes` zeros that are really there, on the disk: later writes move no
    /// metadata and cannot run out of space.
    fn allocate(&self, path: &Path, bytes: u64) -> io::Result<Box<dyn SegmentFile>>;
    /// An existing segment, for writing.
    fn open(&self, path: &Path) -> io::Result<Box<dyn SegmentFile>>;
    /// Renames, and syncs the folder so that the new name outlives power loss.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Bytes that this process may still take in `folder`'s file system.
    fn free_bytes(&self, folder: &Path) -> io::Result<u64>;
}

/// The machine's file system.
#[derive(Debug, Clone, Copy, Default)]
pub struct LocalDisk;

struct LocalSegment(File);

impl SegmentFile for LocalSegment {
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<usize> {
        FileExt::write_at(&self.0, bytes, offset)
    }

    fn sync(&self) -> io::Result<()> {
        self.0.sync_data()?;
        // What is on the disk under no name is lost.
        if self.0.metadata()?.nlink() == 0 {
            return Err(io::Error::new(io::ErrorKind::NotFound, "the segment was removed"));
        }
        Ok(())
    }
}

impl Disk for LocalDisk {
    fn allocate(&self, path: &Path, bytes: u64) -> io::Result<Box<dyn SegmentFile>> {
        let file = private::renew(path)?;
        match fallocate(file.as_fd(), FallocateFlags::empty(), 0, bytes) {
            // A file system without it: the zeros below take the space.
            Ok(()) | Err(rustix::io::Errno::OPNOTSUPP) => {}
            Err(errno) => {
                std::fs::remove_file(path)?;
                return Err(errno.into());
            }
        }
        // Blocks that are only reserved would be converted, with a metadata write, on each sync.
        let zeros = vec![0; ZEROS];
        let mut at = 0;
        while at < bytes {
            let left = usize::try_from(bytes - at).unwrap_or(ZEROS).min(ZEROS);
            file.write_all_at(zeros.get(..left).unwrap_or_default(), at)?;
            at += u64::try_from(left).unwrap_or(bytes);
        }
        file.sync_all()?;
        Ok(Box::new(LocalSegment(file)))
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn SegmentFile>> {
        Ok(Box::new(LocalSegment(private::open(path)?)))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        std::fs::rename(from, to)?;
        to.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
    }

    fn free_bytes(&self, folder: &Path) -> io::Result<u64> {
        let facts = statvfs(folder)?;
        Ok(facts.f_bavail.saturating_mul(facts.f_frsize))
    }
}
