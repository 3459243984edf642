//! TLS for the portal, by a certificate that was given or that the demo's own authority made.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::ServerConfig;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use crate::exit::Failure;

/// Where a certificate chain and its key are, both PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Files {
    /// The chain, leaf first.
    pub certificate: PathBuf,
    /// The private key.
    pub key: PathBuf,
}

/// A server's configuration, and what people compare its certificate by.
#[derive(Debug)]
pub struct Loaded {
    /// The configuration.
    pub config: Arc<ServerConfig>,
    /// SHA-256 of the certificate's bytes: pairs of hex digits with colons, as browsers show it.
    pub fingerprint: String,
}

/// Reads the files into a server's configuration: TLS 1.2 and 1.3, HTTP/2 offered first.
pub fn load(files: &Files) -> Result<Loaded, Failure> {
    let bad = |path: &Path, e: &dyn std::fmt::Display| {
        Failure::usage(format!("{} cannot be used for TLS: {e}", path.display()))
    };
    let chain = CertificateDer::pem_file_iter(&files.certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|e| bad(&files.certificate, &e))?;
    let key = PrivateKeyDer::from_pem_file(&files.key).map_err(|e| bad(&files.key, &e))?;
    let leaf = chain.first().ok_or_else(|| bad(&files.certificate, &"it holds no certificate"))?;
    let fingerprint = fingerprint(leaf);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(Failure::failed)?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(|e| bad(&files.certificate, &e))?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Loaded { config: Arc::new(config), fingerprint })
}

/// SHA-256 of a certificate's bytes, as browsers show it.
pub fn fingerprint(certificate: &CertificateDer<'_>) -> String {
    let digest = access::secret::Digest::of(certificate);
    let pairs: Vec<String> = digest.0.iter().map(|byte| format!("{byte:02X}")).collect();
    pairs.join(":")
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn file_that_is_no_certificate_is_named() {
        let temp = tempfile::tempdir().unwrap();
        let file = temp.path().join("x.pem");
        std::fs::write(&file, "no").unwrap();
        let failure = load(&Files { certificate: file.clone(), key: file }).unwrap_err();
        assert!(failure.text.contains("x.pem"), "{}", failure.text);
    }
}
