//! The pace that a connection must keep: anyone who says nothing at first, or does not read what is written to it, holds a
//! place for a moment and no longer.

use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

/// Bytes by which hyper tells HTTP/1.1 from HTTP/2; before them it watches no time.
const FIRST: usize = 24;
/// How long what is written may wait for its reader before the reader's pace counts.
const PATIENCE: Duration = Duration::from_secs(10);
/// The pace then: bytes in each second.
const PACE: u64 = 4_096;

/// A connection that is cut when it falls behind.
pub struct Paced<S> {
    stream: S,
    /// Bytes read, up to [`FIRST`].
    first: usize,
    /// By when those have to be there.
    first_by: Option<Pin<Box<Sleep>>>,
    waits: Option<Waits>,
}

/// What is written waits for its reader.
struct Waits {
    since: Instant,
    /// Bytes taken since.
    taken: u64,
    by: Pin<Box<Sleep>>,
}

impl Waits {
    /// Until when the reader may take for as much as it took.
    fn limit(&self) -> Instant {
        self.since + PATIENCE + Duration::from_secs(self.taken / PACE)
    }
}

impl<S> Paced<S> {
    /// A connection whose first bytes have to come within `first`.
    pub fn new(stream: S, first: Duration) -> Self {
        let first_by = Some(Box::pin(tokio::time::sleep(first)));
        Self { stream, first: 0, first_by, waits: None }
    }

    fn late(what: &str) -> io::Error {
        io::Error::new(ErrorKind::TimedOut, format!("it was cut: {what}"))
    }

    /// Counts what came of a write.
    fn wrote(
        &mut self,
        context: &mut Context<'_>,
        done: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        match &done {
            Poll::Ready(Ok(bytes)) => {
                if let Some(waits) = &mut self.waits {
                    waits.taken = waits.taken.saturating_add(u64::try_from(*bytes).unwrap_or(0));
                }
            }
            Poll::Ready(Err(_)) => {}
            Poll::Pending => {
                let begin = || Waits {
                    since: Instant::now(),
                    taken: 0,
                    by: Box::pin(tokio::time::sleep(PATIENCE)),
                };
                let waits = self.waits.get_or_insert_with(begin);
                let limit = waits.limit();
                if waits.by.deadline() != limit {
                    waits.by.as_mut().reset(limit);
                }
                ready!(waits.by.as_mut().poll(context));
                return Poll::Ready(Err(Self::late("what was written to it was not read")));
            }
        }
        done
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Paced<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let done = Pin::new(&mut self.stream).poll_read(context, buffer);
        if self.first_by.is_none() {
            return done;
        }
        self.first += buffer.filled().len().saturating_sub(before);
        if self.first >= FIRST {
            self.first_by = None;
        } else if let Some(by) = &mut self.first_by
            && done.is_pending()
        {
            ready!(by.as_mut().poll(context));
            return Poll::Ready(Err(Self::late("it said nothing")));
        }
        done
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Paced<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        // What is answered was understood: from then on hyper watches the time of each head.
        self.first_by = None;
        let done = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.wrote(context, done)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.first_by = None;
        let done = Pin::new(&mut self.stream).poll_write_vectored(context, pieces);
        self.wrote(context, done)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let done = Pin::new(&mut self.stream).poll_flush(context);
        if matches!(done, Poll::Ready(Ok(()))) {
            self.waits = None; // all of it is on its way
            return done;
        }
        // Under TLS what waits may do so here.
        ready!(self.wrote(context, done.map_ok(|()| 0)))?;
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn connection_that_says_nothing_is_cut() {
        let (near, mut far) = duplex(64);
        let mut paced = Paced::new(near, Duration::from_secs(10));
        far.write_all(b"GET /").await.unwrap();
        let mut bytes = [0; 64];
        assert_eq!(paced.read(&mut bytes).await.unwrap(), 5);
        assert_eq!(paced.read(&mut bytes).await.unwrap_err().kind(), ErrorKind::TimedOut);
    }

    #[tokio::test(start_paused = true)]
    async fn reader_that_does_not_read_is_cut_and_a_steady_one_is_not() {
        let (near, mut far) = duplex(1_024);
        let mut paced = Paced::new(near, Duration::from_secs(10));
        let reads = tokio::spawn(async move {
            let mut all = Vec::new();
            let mut piece = [0; 1_024];
            while all.len() < 100_000 {
                tokio::time::sleep(Duration::from_millis(200)).await;
                let read = far.read(&mut piece).await.unwrap();
                all.extend_from_slice(piece.get(..read).unwrap());
            }
            far
        });
        paced.write_all(&vec![1; 100_000]).await.unwrap();
        paced.flush().await.unwrap();
        let _far = reads.await.unwrap();
        let cut = paced.write_all(&vec![1; 100_000]).await.unwrap_err();
        assert_eq!(cut.kind(), ErrorKind::TimedOut);
    }

    #[tokio::test(start_paused = true)]
    async fn reader_that_trickles_is_cut() {
        let (near, mut far) = duplex(64);
        let mut paced = Paced::new(near, Duration::from_secs(10));
        let trickles = tokio::spawn(async move {
            let mut one = [0; 1];
            while far.read(&mut one).await.is_ok_and(|read| read > 0) {
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        });
        let cut = paced.write_all(&vec![1; 100_000]).await.unwrap_err();
        assert_eq!(cut.kind(), ErrorKind::TimedOut);
        drop(paced);
        trickles.await.unwrap();
    }
}
