//! What a connection needs of the stream under it: a reading half, and a writing half that takes what it can at
//! once. A TCP socket has both; the simulator brings its own.

use std::future::Future;
use std::io;

use tokio::io::AsyncWrite;
use tokio::net::tcp::WriteHalf;

/// The writing half of a stream.
pub trait Sink: AsyncWrite + Unpin + Send + Sync {
    /// Takes some of `bytes` and says how many; [`io::ErrorKind::WouldBlock`] when it takes nothing now.
    fn try_write(&self, bytes: &[u8]) -> io::Result<usize>;
    /// Returns when it may take something again.
    fn writable(&self) -> impl Future<Output = io::Result<()>> + Send;
}

impl Sink for WriteHalf<'_> {
    fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        WriteHalf::try_write(self, bytes)
    }

    fn writable(&self) -> impl Future<Output = io::Result<()>> + Send {
        WriteHalf::writable(self)
    }
}
