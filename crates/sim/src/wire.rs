//! Streams in memory between a client and a door, which break, and from which little is read at a time.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use twsd::Sink;

#[derive(Default)]
struct State {
    bytes: VecDeque<u8>,
    room: usize,
    is_closed: bool,
    is_broken: bool,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

impl State {
    fn wake(&mut self) {
        for waker in self.reader.take().into_iter().chain(self.writer.take()) {
            waker.wake();
        }
    }

    fn take_in(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.is_broken || self.is_closed {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        let count = self.room.saturating_sub(self.bytes.len()).min(bytes.len());
        if count == 0 {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        self.bytes.extend(bytes.iter().take(count));
        if let Some(waker) = self.reader.take() {
            waker.wake();
        }
        Ok(count)
    }

    fn give_out(&mut self, most: usize) -> io::Result<Vec<u8>> {
        if self.is_broken {
            return Err(io::ErrorKind::ConnectionReset.into());
        }
        if self.bytes.is_empty() {
            return if self.is_closed {
                Ok(Vec::new())
            } else {
                Err(io::ErrorKind::WouldBlock.into())
            };
        }
        let count = self.bytes.len().min(most);
        let taken = self.bytes.drain(..count).collect();
        if let Some(waker) = self.writer.take() {
            waker.wake();
        }
        Ok(taken)
    }
}

/// One direction of a stream.
#[derive(Clone)]
pub struct Pipe(Arc<Mutex<State>>);

impl Pipe {
    /// A direction that holds so many bytes that nobody has read.
    pub fn new(room: usize) -> Self {
        Self(Arc::new(Mutex::new(State { room, ..State::default() })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends bytes, however many.
    pub fn send(&self, bytes: &[u8]) {
        let mut state = self.state();
        state.bytes.extend(bytes);
        state.wake();
    }

    /// No more bytes come; those that were sent are still read.
    pub fn close(&self) {
        let mut state = self.state();
        state.is_closed = true;
        state.wake();
    }

    /// The connection is gone, and what was under way with it.
    pub fn cut(&self) {
        let mut state = self.state();
        state.is_broken = true;
        state.wake();
    }

    /// From now on it holds so many bytes.
    pub fn set_room(&self, room: usize) {
        let mut state = self.state();
        state.room = room;
        state.wake();
    }

    /// The next bytes, once there are any; none when nothing will come any more.
    pub async fn receive(&self, most: usize) -> Vec<u8> {
        poll_fn(|context| {
            let mut state = self.state();
            match state.give_out(most) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    state.reader = Some(context.waker().clone());
                    Poll::Pending
                }
                given => Poll::Ready(given.unwrap_or_default()),
            }
        })
        .await
    }
}

/// The end of a direction that a door reads.
pub struct Reading(pub Pipe);

/// The end of a direction that a door writes; closed when the door drops it.
pub struct Writing(pub Pipe);

impl AsyncRead for Reading {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let mut state = self.0.state();
        match state.give_out(into.remaining()) {
            Ok(bytes) => {
                into.put_slice(&bytes);
                Poll::Ready(Ok(()))
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                state.reader = Some(context.waker().clone());
                Poll::Pending
            }
            Err(error) => Poll::Ready(Err(error)),
        }
    }
}

impl AsyncWrite for Writing {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let mut state = self.0.state();
        match state.take_in(bytes) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock && !bytes.is_empty() => {
                state.writer = Some(context.waker().clone());
                Poll::Pending
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Poll::Ready(Ok(0)),
            taken => Poll::Ready(taken),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.close();
        Poll::Ready(Ok(()))
    }
}

impl Sink for Writing {
    fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        self.0.state().take_in(bytes)
    }

    fn writable(&self) -> impl Future<Output = io::Result<()>> + Send {
        poll_fn(|context| {
            let mut state = self.0.state();
            if state.bytes.len() < state.room || state.is_broken || state.is_closed {
                return Poll::Ready(Ok(()));
            }
            state.writer = Some(context.waker().clone());
            Poll::Pending
        })
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        self.0.close();
    }
}
