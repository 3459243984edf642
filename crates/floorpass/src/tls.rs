//! TLS for the portal: a certificate that was given, or a local one that the demo makes for itself.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use access::Time;
use rcgen::{CertificateParams, DnType, KeyPair};
use rustls::ServerConfig;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use crate::exit::Failure;

/// How long a local certificate is good, in days. Browsers take no more than 398 (Apple's limit of 2020).
const LOCAL_DAYS: i64 = 397;
/// A local certificate is made anew this long before its end.
const RENEWAL_DAYS: i64 = 30;

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

fn fingerprint(certificate: &CertificateDer<'_>) -> String {
    let digest = access::secret::Digest::of(certificate);
    let pairs: Vec<String> = digest.0.iter().map(|byte| format!("{byte:02X}")).collect();
    pairs.join(":")
}

/// Where the demo keeps its own certificate.
pub fn local_certificate(data: &Path) -> PathBuf {
    data.join("tls").join("localhost.pem")
}

/// The demo's own certificate for `localhost`, kept in the data folder and made anew before it ends.
pub fn local(data: &Path, now: Time) -> Result<Files, Failure> {
    let folder = data.join("tls");
    let files = Files { certificate: local_certificate(data), key: folder.join("localhost.key") };
    let stamp = folder.join("until");
    let until = std::fs::read_to_string(&stamp).ok().and_then(|t| t.trim().parse::<i64>().ok());
    let fresh = until.is_some_and(|until| until - now.seconds() > RENEWAL_DAYS * 86_400);
    if fresh && files.certificate.is_file() && files.key.is_file() {
        return Ok(files);
    }
    let end = now.seconds().saturating_add(LOCAL_DAYS * 86_400);
    let (certificate, key) = make(now.seconds(), end).map_err(Failure::failed)?;
    let write = || -> std::io::Result<()> {
        private::folder(&folder)?;
        private::replace(&files.key, key.as_bytes())?;
        private::replace(&files.certificate, certificate.as_bytes())?;
        private::replace(&stamp, end.to_string().as_bytes())
    };
    write().map_err(|e| Failure::failed(format!("{}: {e}", folder.display())))?;
    Ok(files)
}

fn make(begin: i64, end: i64) -> Result<(String, String), Box<dyn std::error::Error>> {
    let names = ["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()];
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name.push(DnType::CommonName, "Floorpass demo on this machine");
    let [(y, m, d), (end_y, end_m, end_d)] = [day(begin - 86_400)?, day(end)?];
    params.not_before = rcgen::date_time_ymd(y, m, d);
    params.not_after = rcgen::date_time_ymd(end_y, end_m, end_d);
    let key = KeyPair::generate()?;
    Ok((params.self_signed(&key)?.pem(), key.serialize_pem()))
}

/// The year, month and day of an instant in seconds since 1970.
fn day(seconds: i64) -> Result<(i32, u8, u8), Box<dyn std::error::Error>> {
    let date = jiff::Timestamp::from_second(seconds)?.to_zoned(jiff::tz::TimeZone::UTC).date();
    Ok((date.year().into(), date.month().try_into()?, date.day().try_into()?))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn local_certificate_is_kept_and_renewed_before_its_end() {
        let temp = tempfile::tempdir().unwrap();
        let now = Time::from_seconds(1_800_000_000);
        let files = local(temp.path(), now).unwrap();
        let loaded = load(&files).unwrap();
        let digits = loaded.fingerprint.split(':').filter(|pair| pair.len() == 2).count();
        assert_eq!((digits, loaded.fingerprint.len()), (32, 95));
        let first = std::fs::read(&files.certificate).unwrap();
        local(temp.path(), Time::from_seconds(1_800_000_000 + 86_400)).unwrap();
        assert_eq!(first, std::fs::read(&files.certificate).unwrap());
        local(temp.path(), Time::from_seconds(1_800_000_000 + 380 * 86_400)).unwrap();
        assert_ne!(first, std::fs::read(&files.certificate).unwrap());
    }

    #[test]
    fn file_that_is_no_certificate_is_named() {
        let temp = tempfile::tempdir().unwrap();
        let file = temp.path().join("x.pem");
        std::fs::write(&file, "no").unwrap();
        let failure = load(&Files { certificate: file.clone(), key: file }).unwrap_err();
        assert!(failure.text.contains("x.pem"), "{}", failure.text);
    }
}
