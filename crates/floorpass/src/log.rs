//! Logs: to standard error, plain lines, nothing secret in them (secrets have no text).
//!
//! A line is handed to a thread of its own and never waited for. One that cannot be written (a full
//! disk, a closed pipe, a reader that does not read) is lost and counted, and stops nothing.

use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

use gate::Health;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

use crate::exit::Failure;

/// Lines that may wait to be written.
const WAITING: usize = 4_096;
/// How often an end looks, every two milliseconds, whether the lines before it are written: a second.
const LAST_LOOKS: u32 = 500;
/// The condition while lines were lost.
const LOST_LINES: &str = "LOG_LINES_LOST";

/// Lines handed over, written and lost since the start.
static TAKEN: AtomicU64 = AtomicU64::new(0);
static DONE: AtomicU64 = AtomicU64::new(0);
static LOST: AtomicU64 = AtomicU64::new(0);

/// Begins logging. `filter` is a level (`warn`, `info`, `debug`) or a list such as `info,gate=debug`.
pub fn begin(filter: &str) -> Result<(), Failure> {
    let filter = EnvFilter::builder()
        .parse(filter)
        .map_err(|e| Failure::usage(format!("--log {filter:?} is not a level or filter: {e}")))?;
    let failed =
        |e: &dyn std::fmt::Display| Failure::failed(format!("logging could not start: {e}"));
    let (lines, waiting) = sync_channel(WAITING);
    let writer = std::thread::Builder::new().name("floorpass-log".to_owned());
    writer.spawn(move || write(&waiting)).map_err(|e| failed(&e))?;
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(Lines(lines))
        .with_ansi(io::stderr().is_terminal())
        // It would be said on the very standard error that cannot be written.
        .log_internal_errors(false)
        .try_init()
        .map_err(|e| failed(&e))?;
    // The usual one writes to standard error itself, and would wait for it.
    std::panic::set_hook(Box::new(|panic| {
        let thread = std::thread::current();
        tracing::error!(thread = thread.name().unwrap_or("?"), "{panic}");
    }));
    Ok(())
}

/// Writes lines as they come. Ends with the process.
fn write(waiting: &Receiver<Vec<u8>>) {
    while let Ok(line) = waiting.recv() {
        if io::stderr().write_all(&line).is_err() {
            LOST.fetch_add(1, Ordering::Relaxed);
        }
        DONE.fetch_add(1, Ordering::Release);
    }
}

/// Waits a moment for the lines that were handed over, before the process ends.
pub fn flush() {
    let last = TAKEN.load(Ordering::Acquire);
    for _ in 0..LAST_LOOKS {
        if DONE.load(Ordering::Acquire) >= last {
            return;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Raises a condition when lines were lost, once a second.
pub async fn watch(health: std::sync::Arc<Health>) {
    let mut told = 0;
    loop {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let lost = LOST.load(Ordering::Relaxed);
        if lost > told {
            told = lost;
            let text = format!(
                "{lost} log lines could not be written since the start; everything else works. Check where standard error goes: a full disk, a closed pipe, or a reader that has stopped"
            );
            health.raise(LOST_LINES, "", text, false);
        }
    }
}

/// Where the lines go.
struct Lines(SyncSender<Vec<u8>>);

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Line<'a>;

    fn make_writer(&'a self) -> Line<'a> {
        Line { to: &self.0, bytes: Vec::new() }
    }
}

/// One line, handed over when it is whole.
struct Line<'a> {
    to: &'a SyncSender<Vec<u8>>,
    bytes: Vec<u8>,
}

impl Write for Line<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Line<'_> {
    fn drop(&mut self) {
        TAKEN.fetch_add(1, Ordering::AcqRel);
        if self.to.try_send(std::mem::take(&mut self.bytes)).is_err() {
            LOST.fetch_add(1, Ordering::Relaxed);
            DONE.fetch_add(1, Ordering::Release);
        }
    }
}
