//! What a gate is opened with.

use std::path::PathBuf;

use url::Url;

use crate::attestation::Attestation;

pub use trade::calendar::Hours;

/// What an acknowledgement outlives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Durability {
    /// Synced to the disk first: outlives power loss. The default.
    #[default]
    Disk,
    /// Handed to the operating system first: outlives `kill -9`, not power loss.
    Process,
}

impl Durability {
    /// `disk` or `process`, as on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Disk => "disk",
            Self::Process => "process",
        }
    }
}

/// What a gate is opened with.
#[derive(Debug, Clone)]
pub struct Config {
    /// The data folder; made when it is not there.
    pub data: PathBuf,
    /// `postgres://...`, or none for SQLite in the data folder.
    pub database: Option<String>,
    /// What an acknowledgement outlives.
    pub durability: Durability,
    /// Whether a new folder gets a person, an account and three credentials, and the folder stays a
    /// demo (its one-time codes can be printed).
    pub demo: bool,
    /// Seed of the simulated market of a new folder; none draws one.
    pub seed: Option<u64>,
    /// When the simulated market trades, for a new folder.
    pub hours: Hours,
    /// Where browsers reach the portal; its host is the passkeys' relying party and must be a name.
    pub portal_origin: Url,
    /// Which models of passkey may be registered; none takes any.
    pub passkeys: Option<Attestation>,
    /// Whether a new credential demands a token from its clients unless told otherwise.
    pub token_required_by_default: bool,
}
