//! Logs: to standard error, plain lines, nothing secret in them (secrets have no text).

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

use crate::exit::Failure;

/// Begins logging. `filter` is a level (`warn`, `info`, `debug`) or a list such as `info,gate=debug`.
pub fn begin(filter: &str) -> Result<(), Failure> {
    let filter = EnvFilter::builder()
        .parse(filter)
        .map_err(|e| Failure::usage(format!("--log {filter:?} is no level or filter: {e}")))?;
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .try_init()
        .map_err(|e| Failure::failed(format!("logging could not begin: {e}")))
}
