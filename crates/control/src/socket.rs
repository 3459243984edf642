//! The Unix socket `DATA/control.sock`: mode 0600, reachable however long the folder's path is.

use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use private::Identity;
use rustix::fs::{Mode, OFlags};

/// The socket's name in the data folder.
pub const NAME: &str = "control.sock";

/// Bytes that a socket's path may have on Linux, without the closing zero (`sun_path`, unix(7)).
const LONGEST: usize = 107;

/// A path of the socket that fits, and the open folder that it may go through.
struct Route {
    path: PathBuf,
    _folder: Option<OwnedFd>,
}

/// A longer path is reached through the folder's descriptor: `/proc/self/fd/N/control.sock`.
fn route(data: &Path) -> io::Result<Route> {
    let path = data.join(NAME);
    if path.as_os_str().len() <= LONGEST {
        return Ok(Route { path, _folder: None });
    }
    let folder =
        rustix::fs::open(data, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
    let path = PathBuf::from(format!("/proc/self/fd/{}/{NAME}", folder.as_raw_fd()));
    if !Path::new("/proc/self/fd").is_dir() {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            format!(
                "the path of the control socket is {} bytes long and the limit is {LONGEST}: choose a data folder with a shorter path",
                data.join(NAME).as_os_str().len()
            ),
        ));
    }
    Ok(Route { path, _folder: Some(folder) })
}

/// A bound socket, and which file it is.
pub(crate) struct Bound {
    pub(crate) listener: UnixListener,
    pub(crate) identity: Identity,
}

/// Whether the socket in the folder is that one.
pub(crate) fn is_there(data: &Path, identity: Identity) -> bool {
    let found = data.join(NAME).symlink_metadata();
    found.is_ok_and(|found| Identity::of(&found) == identity)
}

/// Binds the socket. The caller holds the folder's lock, so whatever lies there was left by a process that is gone.
pub(crate) fn bind(data: &Path) -> io::Result<Bound> {
    let route = route(data)?;
    match std::fs::remove_file(data.join(NAME)) {
        Ok(()) => {}
        Err(e) if e.kind() == io::ErrorKind::NotFound => {}
        Err(e) => return Err(e),
    }
    // The folder is 0700, so nobody else reaches the socket between these two lines.
    let listener = UnixListener::bind(&route.path)?;
    std::fs::set_permissions(data.join(NAME), std::fs::Permissions::from_mode(0o600))?;
    listener.set_nonblocking(true)?;
    let identity = Identity::of(&data.join(NAME).symlink_metadata()?);
    Ok(Bound { listener, identity })
}

/// Connects to the socket of a running server.
pub(crate) fn connect(data: &Path) -> io::Result<UnixStream> {
    UnixStream::connect(route(data)?.path)
}

/// Removes the socket of a server that ends, and no other; a later start would replace it anyway.
pub(crate) fn remove(data: &Path, identity: Identity) {
    if !is_there(data, identity) {
        return;
    }
    if let Err(error) = std::fs::remove_file(data.join(NAME)) {
        tracing::debug!(%error, "the control socket was already gone");
    }
}

/// Why there is no folder that can be used: tells a wrong `--data`, and a folder of another user, from a server that does
/// not run.
pub(crate) fn no_folder(data: &Path) -> Option<io::Error> {
    match File::open(data).and_then(|file| file.metadata()) {
        Ok(facts) if facts.is_dir() => None,
        Ok(_) => Some(io::ErrorKind::NotADirectory.into()),
        Err(error) => Some(error),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn folder_with_a_long_path_is_reached() {
        let temp = tempfile::tempdir().unwrap();
        let data = temp.path().join("a".repeat(90)).join("b".repeat(90));
        std::fs::create_dir_all(&data).unwrap();
        let bound = bind(&data).unwrap();
        connect(&data).unwrap();
        bound.listener.accept().unwrap();
        let mode = std::fs::metadata(data.join(NAME)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn socket_of_a_dead_server_is_replaced() {
        let temp = tempfile::tempdir().unwrap();
        drop(bind(temp.path()).unwrap());
        assert!(connect(temp.path()).is_err());
        let bound = bind(temp.path()).unwrap();
        connect(temp.path()).unwrap();
        assert!(is_there(temp.path(), bound.identity));
    }

    #[test]
    fn socket_of_another_server_is_not_removed() {
        let temp = tempfile::tempdir().unwrap();
        let first = bind(temp.path()).unwrap();
        let second = bind(temp.path()).unwrap();
        remove(temp.path(), first.identity);
        connect(temp.path()).unwrap();
        remove(temp.path(), second.identity);
        assert!(!temp.path().join(NAME).exists());
    }
}
