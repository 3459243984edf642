//! Whom outgoing TLS connections trust: the system's authorities, and those of a file.

use std::path::Path;
use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

/// Why authorities could not be read.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// The file.
    #[error("{0}: {1}")]
    File(String, rustls_pki_types::pem::Error),
    /// A certificate in it.
    #[error("{0}: {1}")]
    Certificate(String, rustls::Error),
    /// TLS itself.
    #[error("TLS cannot be set up: {0}")]
    Tls(#[from] rustls::Error),
}

/// The certificates of a PEM file.
pub(crate) fn read(file: &Path) -> Result<Vec<CertificateDer<'static>>, TrustError> {
    let name = file.display().to_string();
    let read = CertificateDer::pem_file_iter(file).and_then(Iterator::collect);
    read.map_err(|error| TrustError::File(name, error))
}

/// TLS as a client, TLS 1.2 and 1.3.
pub(crate) fn client(authorities: Option<&Path>) -> Result<Arc<ClientConfig>, TrustError> {
    let mut roots = RootCertStore::empty();
    let system = rustls_native_certs::load_native_certs();
    for error in &system.errors {
        tracing::warn!(%error, "one of the system's root certificates could not be read");
    }
    roots.add_parsable_certificates(system.certs);
    if let Some(file) = authorities {
        for certificate in read(file)? {
            let name = || file.display().to_string();
            roots.add(certificate).map_err(|error| TrustError::Certificate(name(), error))?;
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}
