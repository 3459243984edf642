//! The Unix socket `DATA/control.sock`: mode 0600, reachable however long the folder's path is.

use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

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
                "the path of the control socket has {} bytes and the limit is {LONGEST}: choose a data folder with a shorter path",
                data.join(NAME).as_os_str().len()
            ),
        ));
    }
    Ok(Route { path, _folder: Some(folder) })
}

/// Binds the socket. The caller holds the folder's lock, so whatever lies there was left by a process that is gone.
pub(crate) fn bind(data: &Path) -> io::Result<UnixListener> {
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
    Ok(listener)
}

/// Connects to the socket of a running server.
pub(crate) fn connect(data: &Path) -> io::Result<UnixStream> {
    UnixStream::connect(route(data)?.path)
}

/// Removes the socket of a server that ends; a later start would replace it anyway.
pub(crate) fn remove(data: &Path) {
    if let Err(error) = std::fs::remove_file(data.join(NAME)) {
        tracing::debug!(%error, "the control socket was gone already");
    }
}

/// Whether a folder is there at all: tells a wrong `--data` from a server that does not run.
pub(crate) fn folder_is_there(data: &Path) -> bool {
    File::open(data).and_then(|f| f.metadata()).is_ok_and(|m| m.is_dir())
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
        let listener = bind(&data).unwrap();
        connect(&data).unwrap();
        listener.accept().unwrap();
        let mode = std::fs::metadata(data.join(NAME)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn socket_of_a_dead_server_is_replaced() {
        let temp = tempfile::tempdir().unwrap();
        drop(bind(temp.path()).unwrap());
        assert!(connect(temp.path()).is_err());
        let _listener = bind(temp.path()).unwrap();
        connect(temp.path()).unwrap();
    }
}
