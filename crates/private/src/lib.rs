//! Files and folders that only their owner can access: the only way in which this program creates any.
//!
//! Files have mode 0600 and folders 0700, whatever the umask. A new file is created exclusively, and
//! nothing is ever written through a symbolic link: somebody who may write next to one of our files
//! must not be able to choose which file we overwrite.

use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, OFlags, StatxFlags};

#[cfg(feature = "simulation")]
pub mod simulation;

/// Mode of a file.
pub const FILE: u32 = 0o600;
/// Mode of a folder.
pub const FOLDER: u32 = 0o700;
/// The bits of everybody but the owner.
const OTHERS: u32 = 0o077;

/// Which file something is, whatever its name: what stays equal over a rename and differs for a copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identity {
    device: u64,
    inode: u64,
}

impl Identity {
    /// Of what is at `path`, behind links too. Asks for nothing else: once somebody has asked for a file's times,
    /// Linux (since 6.13) writes a new one with the next write, and the next sync takes longer.
    pub fn at(path: &Path) -> io::Result<Self> {
        match rustix::fs::statx(CWD, path, AtFlags::empty(), StatxFlags::INO) {
            Ok(facts) => Ok(Self {
                device: rustix::fs::makedev(facts.stx_dev_major, facts.stx_dev_minor),
                inode: facts.stx_ino,
            }),
            // A sandbox may know only the older call; where something is wrong, that says so too.
            Err(_) => std::fs::metadata(path).map(|facts| Self::of(&facts)),
        }
    }

    /// Of what these are the facts of.
    pub fn of(facts: &std::fs::Metadata) -> Self {
        Self { device: facts.dev(), inode: facts.ino() }
    }
}

/// A new file, open for reading and writing. An error when there is anything at `path`, a dangling
/// link too.
pub fn create(path: &Path) -> io::Result<File> {
    #[cfg(feature = "simulation")]
    simulation::check()?;
    let file = OpenOptions::new().read(true).write(true).create_new(true).mode(FILE).open(path)?;
    // The umask may have taken even the owner's bits.
    file.set_permissions(Permissions::from_mode(FILE))?;
    Ok(file)
}

/// The plain file at `path`, open for reading and writing; an error when it is a link or not there.
pub fn open(path: &Path) -> io::Result<File> {
    existing(path, OpenOptions::new().read(true).write(true))
}

/// The plain file or folder at `path`, behind links too, open for reading alone. Never waits: a pipe that
/// somebody put there would make its reader wait for ever.
pub fn look(path: &Path) -> io::Result<File> {
    let flags = OFlags::NONBLOCK.bits().cast_signed();
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    let facts = file.metadata()?;
    if facts.is_file() || facts.is_dir() {
        return Ok(file);
    }
    let text = format!("{} is a device or a pipe, not a plain file", path.display());
    Err(io::Error::new(ErrorKind::InvalidInput, text))
}

/// What the plain file at `path` holds; see [`look`].
pub fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    look(path)?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The plain file at `path`, open for appending; created when it is not there.
pub fn append(path: &Path) -> io::Result<File> {
    #[cfg(feature = "simulation")]
    simulation::check()?;
    let mut options = OpenOptions::new();
    match existing(path, options.append(true)) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            create(path)?;
            existing(path, &mut options)
        }
        opened => opened,
    }
}

/// An empty file at `path`, in place of the one that was there.
pub fn renew(path: &Path) -> io::Result<File> {
    clear(path)?;
    create(path)
}

/// Writes the file at `path` so that it is there whole or as it was: a new file beside it, synced, is
/// moved to its name, and the folder is synced. An error when something other than a plain file has
/// that name.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    plain_or_nothing(path)?;
    let draft = draft_of(path)?;
    let written = renew(&draft).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(&draft, path)
    });
    if written.is_err() {
        // What is left of it is of no use; the first error is what matters.
        drop(std::fs::remove_file(&draft));
    }
    written?;
    sync_folder_of(path)
}

/// Whether [`replace`] can write there, tried beforehand: where a failure would come too late.
pub fn can_replace(path: &Path) -> io::Result<()> {
    plain_or_nothing(path)?;
    let draft = draft_of(path)?;
    renew(&draft)?;
    std::fs::remove_file(&draft)
}

/// Copies a plain file to a new one at `to`, synced; gives its bytes.
pub fn copy(from: &Path, to: &Path) -> io::Result<u64> {
    let mut source = look(from)?;
    if source.metadata()?.is_dir() {
        return Err(ErrorKind::IsADirectory.into());
    }
    let mut file = create(to)?;
    let bytes = io::copy(&mut source, &mut file)?;
    file.sync_all()?;
    Ok(bytes)
}

/// Makes the folder at `path`, and those above it that are missing. One that is there is left as it is.
pub fn folder(path: &Path) -> io::Result<()> {
    match new_folder(path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            match path.parent().filter(|above| !above.as_os_str().is_empty()) {
                Some(above) => folder(above).and_then(|()| folder(path)),
                None => Err(error),
            }
        }
        made => made,
    }
}

/// Makes the folder at `path`; an error when there is anything.
pub fn new_folder(path: &Path) -> io::Result<()> {
    DirBuilder::new().mode(FOLDER).create(path)?;
    std::fs::set_permissions(path, Permissions::from_mode(FOLDER))
}

/// Takes from everybody but the owner what they may do with `path` and all that is in it but
/// `except`; links are left alone. Gives what was changed, and the mode that it had.
pub fn mend(path: &Path, except: &Path) -> io::Result<Vec<(PathBuf, u32)>> {
    // The folder first: then nobody else is in it any more.
    let mode = std::fs::metadata(path)?.mode() & 0o7777;
    if mode & OTHERS != 0 {
        std::fs::set_permissions(path, Permissions::from_mode(mode & !OTHERS))?;
    }
    let mut found = wide(path, except)?;
    for (path, mode) in &found {
        std::fs::set_permissions(path, Permissions::from_mode(mode & !OTHERS))?;
    }
    if mode & OTHERS != 0 {
        found.insert(0, (path.to_owned(), mode));
    }
    Ok(found)
}

/// What others may do something with: `path` and all that is in it, but `except` and links. Each with
/// its mode.
pub fn wide(path: &Path, except: &Path) -> io::Result<Vec<(PathBuf, u32)>> {
    let mut found = Vec::new();
    let mut look = |path: &Path, facts: &std::fs::Metadata| {
        let mode = facts.mode() & 0o7777;
        if mode & OTHERS != 0 {
            found.push((path.to_owned(), mode));
        }
    };
    look(path, &std::fs::metadata(path)?);
    let mut folders = vec![path.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder)? {
            let entry = entry?;
            let facts = entry.metadata()?;
            if facts.is_symlink() || entry.path() == except {
                continue;
            }
            look(&entry.path(), &facts);
            if facts.is_dir() {
                folders.push(entry.path());
            }
        }
    }
    Ok(found)
}

fn existing(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    // Without waiting for the other end, should it be a pipe.
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
    match options.custom_flags(flags).open(path) {
        Ok(file) if file.metadata()?.is_file() => Ok(file),
        Ok(_) => Err(not_plain(path)),
        Err(error) => {
            let link = path.symlink_metadata().is_ok_and(|facts| facts.is_symlink());
            Err(if link { not_plain(path) } else { error })
        }
    }
}

/// The name under which the next content of `path` is written.
fn draft_of(path: &Path) -> io::Result<PathBuf> {
    let name = path.file_name().ok_or(ErrorKind::InvalidInput)?;
    let mut draft = name.to_os_string();
    draft.push(format!(".{}.new", std::process::id()));
    Ok(path.with_file_name(draft))
}

/// Removes a plain file, or a link and not what it leads to.
fn clear(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn plain_or_nothing(path: &Path) -> io::Result<()> {
    match path.symlink_metadata() {
        Ok(facts) if facts.is_file() => Ok(()),
        Ok(_) => Err(not_plain(path)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

fn not_plain(path: &Path) -> io::Error {
    let text = format!(
        "{} is a link, a folder or a device, and only plain files can be written; remove it or choose another name",
        path.display()
    );
    io::Error::new(ErrorKind::InvalidInput, text)
}

fn sync_folder_of(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use std::os::unix::fs::symlink;

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).unwrap().mode() & 0o777
    }

    #[test]
    fn identity_of_a_path_is_that_of_the_open_file_it_leads_to() {
        let temp = tempfile::tempdir().unwrap();
        let (path, link) = (temp.path().join("file"), temp.path().join("link"));
        let file = create(&path).unwrap();
        symlink(&path, &link).unwrap();
        let identity = Identity::of(&file.metadata().unwrap());
        assert_eq!(Identity::at(&path).unwrap(), identity);
        assert_eq!(Identity::at(&link).unwrap(), identity);
        assert_ne!(Identity::at(temp.path()).unwrap(), identity);
        std::fs::rename(&path, temp.path().join("moved")).unwrap();
        assert_eq!(Identity::at(&path).unwrap_err().kind(), ErrorKind::NotFound);
        create(&path).unwrap();
        assert_ne!(Identity::at(&link).unwrap(), identity);
    }

    #[test]
    fn pipe_in_the_place_of_a_file_keeps_nobody_waiting() {
        let temp = tempfile::tempdir().unwrap();
        let pipe = temp.path().join("pipe");
        let made = rustix::fs::mknodat(
            rustix::fs::CWD,
            &pipe,
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR,
            0,
        );
        made.unwrap();
        symlink(&pipe, temp.path().join("link")).unwrap();
        for name in ["pipe", "link"] {
            let said = read(&temp.path().join(name)).unwrap_err().to_string();
            assert!(said.contains("a pipe"), "{said}");
        }
        let copied = copy(&pipe, &temp.path().join("copy")).unwrap_err().to_string();
        assert!(copied.contains("a pipe") && !temp.path().join("copy").exists(), "{copied}");
        std::fs::write(temp.path().join("file"), "ours").unwrap();
        assert_eq!(read(&temp.path().join("file")).unwrap(), b"ours");
        look(temp.path()).unwrap();
    }

    #[test]
    fn planted_link_is_never_written_through() {
        let temp = tempfile::tempdir().unwrap();
        let at = |name: &str| temp.path().join(name);
        std::fs::write(at("victim"), "theirs").unwrap();
        // One that leads to a file, and one that leads nowhere yet.
        for target in ["victim", "nothing"] {
            let planted = at("planted");
            symlink(at(target), &planted).unwrap();
            assert!(create(&planted).is_err() && open(&planted).is_err(), "{target}");
            assert!(append(&planted).is_err() && copy(&at("victim"), &planted).is_err());
            let said = replace(&planted, b"ours").unwrap_err().to_string();
            assert!(said.contains("planted is a link"), "{said}");
            assert!(can_replace(&planted).is_err() && can_replace(&at("new")).is_ok());
            std::fs::remove_file(&planted).unwrap();
            // At the name of the draft: it is taken away, not followed.
            let draft = at(&format!("file.{}.new", std::process::id()));
            symlink(at(target), &draft).unwrap();
            replace(&at("file"), b"ours").unwrap();
            assert_eq!(std::fs::read(at("file")).unwrap(), b"ours");
            assert!(draft.symlink_metadata().is_err(), "no draft is left");
        }
        assert_eq!(std::fs::read(at("victim")).unwrap(), b"theirs");
        assert!(!at("nothing").exists());
    }

    #[test]
    fn file_that_is_there_is_replaced_and_never_created_again() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("file");
        replace(&path, b"one").unwrap();
        assert_eq!(create(&path).unwrap_err().kind(), ErrorKind::AlreadyExists);
        append(&path).unwrap().write_all(b" two").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"one two");
        replace(&path, b"three").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"three");
        assert_eq!(mode(&path), FILE);
        assert!(replace(temp.path(), b"a folder").is_err());
    }

    #[test]
    fn what_others_could_read_is_mended_and_named() {
        let temp = tempfile::tempdir().unwrap();
        let (folder, file) = (temp.path().join("folder"), temp.path().join("folder/file"));
        self::folder(&folder).unwrap();
        replace(&file, b"x").unwrap();
        let key = folder.join("key");
        assert!(mend(&folder, &key).unwrap().is_empty());
        replace(&key, b"key").unwrap();
        let outside = tempfile::NamedTempFile::new().unwrap();
        symlink(outside.path(), folder.join("link")).unwrap();
        for (path, wide) in
            [(&*folder, 0o755), (&*file, 0o644), (&*key, 0o640), (outside.path(), 0o644)]
        {
            std::fs::set_permissions(path, Permissions::from_mode(wide)).unwrap();
        }
        let mended = mend(&folder, &key).unwrap();
        assert_eq!(mended, [(folder.clone(), 0o755), (file.clone(), 0o644)]);
        assert_eq!((mode(&folder), mode(&file), mode(&key)), (0o700, 0o600, 0o640));
        assert_eq!(mode(outside.path()), 0o644);
    }

    #[test]
    fn folders_above_are_made_too_and_a_file_in_the_way_is_an_error() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("a/b/c");
        folder(&path).unwrap();
        folder(&path).unwrap();
        assert_eq!((mode(&path), mode(&temp.path().join("a"))), (FOLDER, FOLDER));
        assert!(new_folder(&path).is_err());
        create(&path.join("file")).unwrap();
        assert!(folder(&path.join("file")).is_err() && folder(&path.join("file/d")).is_err());
    }
}
