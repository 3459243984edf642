//! The authority that a server made for its own certificate, and where its page on how to trust it is.

use url::Url;

/// A certificate authority that the server made for itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authority {
    /// The name under which systems list it.
    pub name: String,
    /// SHA-256 of its certificate: pairs of hex digits with colons.
    pub fingerprint: String,
    /// Its certificate.
    pub der: Vec<u8>,
}

/// How other devices on the network reach the portal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lan {
    /// The portal's address for them.
    pub portal: Url,
    /// The page by plain HTTP on how to trust its certificate.
    pub trust: Url,
}
