//! How the portal shows that it is genuine.

use std::sync::OnceLock;

/// What shows that the portal is the genuine one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proof {
    /// Its certificate, by the SHA-256 of its bytes in hex, as browsers show it.
    Certificate(String),
    /// A certificate that the proxy in front holds.
    Proxy,
    /// Nothing but the machine itself: it is reached on this machine alone.
    ThisMachine,
}

impl Proof {
    pub(super) fn words(&self) -> String {
        match self {
            Self::Certificate(digest) => format!("certificate with SHA-256 {digest}"),
            Self::Proxy => {
                "the certificate of the proxy in front; ask its operator for the fingerprint".into()
            }
            Self::ThisMachine => {
                "none: plain HTTP, reachable only on the server's own machine".into()
            }
        }
    }
}

/// Said once by the program that starts the portal and the other doors.
#[derive(Debug, Default)]
pub(crate) struct PortalProof {
    pub(super) portal: OnceLock<Proof>,
    /// The address for other devices and its proof, where they have one of their own.
    pub(super) devices: OnceLock<(String, Proof)>,
    /// Whether a door serves the HTTP API.
    pub(super) api: OnceLock<()>,
}
