//! The demo's own certificate authority: made once in the data folder, so that a browser or phone trusts one certificate
//! and every later one of this server with it.
//!
//! What it may vouch for is written into it: this machine's name, private networks, and what was asked for when it was
//! made. Whether a certificate is good is never remembered beside it but verified, by the same library that clients use.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use access::Time;
use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, DnType, ExtendedKeyUsagePurpose,
    GeneralSubtree, IsCa, Issuer, KeyPair, KeyUsagePurpose, NameConstraints,
};
use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier as _;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer as _;

use crate::exit::{Exit, Failure};
use crate::tls::{self, Files};

const DAY: i64 = 86_400;
/// How long the authority is good, in days: ten years, for each new one has to be trusted by hand.
const AUTHORITY_DAYS: i64 = 3_650;
/// How long a server's certificate is good, in days. Browsers take no more than 398 (Apple's limit of 2020).
const DAYS: i64 = 397;
/// Either is made again this long before its end, in days.
const RENEWAL: i64 = 30;

/// Networks that do not exist on the Internet, so a thief of the key cannot imitate a site there.
const NETWORKS: [(IpAddr, u8); 7] = [
    (IpAddr::V4(Ipv4Addr::new(10, 0, 0, 0)), 8),
    (IpAddr::V4(Ipv4Addr::new(127, 0, 0, 0)), 8),
    (IpAddr::V4(Ipv4Addr::new(169, 254, 0, 0)), 16),
    (IpAddr::V4(Ipv4Addr::new(172, 16, 0, 0)), 12),
    (IpAddr::V4(Ipv4Addr::new(192, 168, 0, 0)), 16),
    (IpAddr::V6(Ipv6Addr::LOCALHOST), 128),
    (IpAddr::V6(Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0)), 7),
];

/// The authority's certificate.
pub fn certificate(data: &Path) -> PathBuf {
    folder(data).join("authority.pem")
}

fn folder(data: &Path) -> PathBuf {
    data.join("tls")
}

/// A server's certificate and who vouches for it.
#[derive(Debug)]
pub struct Vouched {
    /// The server's certificate and key.
    pub files: Files,
    /// The authority.
    pub authority: web::Authority,
}

/// A certificate for these names and addresses, kept as `stem` in the data folder and made again before its end, as the
/// authority itself is.
pub fn vouch(data: &Path, stem: &str, names: &[String], now: Time) -> Result<Vouched, Failure> {
    let folder = folder(data);
    let failed = |path: &Path, e: &dyn std::fmt::Display| {
        Failure::failed(format!("{}: {e}", path.display()))
    };
    private::folder(&folder).map_err(|e| failed(&folder, &e))?;
    let (certificate, key) = (folder.join("authority.pem"), folder.join("authority.key"));
    if !is_good(&certificate, &key, now)? {
        let (pem, secret) = make(names, now).map_err(|e| failed(&certificate, &e))?;
        // The key first: a certificate without one is made again.
        write(&key, &secret).and_then(|()| write(&certificate, &pem))?;
    }
    let root = CertificateDer::from_pem_file(&certificate).map_err(|e| failed(&certificate, &e))?;
    let files = Files {
        certificate: folder.join(format!("{stem}.pem")),
        key: folder.join(format!("{stem}.key")),
    };
    let kept =
        CertificateDer::from_pem_file(&files.certificate).ok().filter(|_| files.key.is_file());
    let soon = now.seconds().saturating_add(RENEWAL * DAY);
    if kept.is_none_or(|leaf| verify(&root, &leaf, names, soon).is_err()) {
        let (pem, secret) =
            issue(&certificate, &key, names, now).map_err(|e| failed(&certificate, &e))?;
        let leaf = CertificateDer::from_pem_slice(pem.as_bytes()).map_err(Failure::failed)?;
        verify(&root, &leaf, names, now.seconds()).map_err(|e| {
            let text = format!(
                "the certificate authority in {} cannot vouch for {} ({e}); move {} and {} aside to make a new one, which every phone and browser then has to trust",
                folder.display(), names.join(", "), certificate.display(), key.display(),
            );
            Failure::new(Exit::Refused, "AUTHORITY", text)
        })?;
        write(&files.key, &secret).and_then(|()| write(&files.certificate, &pem))?;
    }
    let authority = web::Authority {
        name: name(&root).map_err(|e| failed(&certificate, &e))?,
        fingerprint: tls::fingerprint(&root),
        der: root.to_vec(),
    };
    Ok(Vouched { files, authority })
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    private::replace(path, text.as_bytes())
        .map_err(|e| Failure::failed(format!("{}: {e}", path.display())))
}

type Fault = Box<dyn std::error::Error>;

/// Whether an authority is here that is not about to end. One that cannot be read is nobody's to replace but a person's.
fn is_good(certificate: &Path, key: &Path, now: Time) -> Result<bool, Failure> {
    if !certificate.is_file() || !key.is_file() {
        return Ok(false);
    }
    let end = || -> Result<i64, Fault> {
        let der = CertificateDer::from_pem_file(certificate)?;
        Ok(X509Certificate::from_der(&der)?.1.validity().not_after.timestamp())
    };
    let end = end().map_err(|e| {
        let text = format!("{} is not a certificate: {e}; move it aside", certificate.display());
        Failure::new(Exit::Refused, "AUTHORITY", text)
    })?;
    Ok(end.saturating_sub(now.seconds()) > RENEWAL * DAY)
}

/// The name under which systems list it.
fn name(root: &CertificateDer<'_>) -> Result<String, Fault> {
    let parsed = X509Certificate::from_der(root)?.1;
    let mut names = parsed.subject().iter_common_name();
    Ok(names.next().ok_or("it has no name")?.as_str()?.to_owned())
}

/// Whether a client that trusts the authority alone would take the certificate for each of the names.
fn verify(
    root: &CertificateDer<'_>,
    leaf: &CertificateDer<'_>,
    names: &[String],
    at: i64,
) -> Result<(), Fault> {
    let mut roots = RootCertStore::empty();
    roots.add(root.clone().into_owned())?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier =
        WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build()?;
    let at = UnixTime::since_unix_epoch(Duration::from_secs(at.try_into()?));
    for name in names {
        let name = ServerName::try_from(name.as_str())?;
        verifier.verify_server_cert(leaf, &[], &name, &[], at)?;
    }
    Ok(())
}

fn make(names: &[String], now: Time) -> Result<(String, String), Fault> {
    let key = KeyPair::generate()?;
    // Two authorities of one machine are told apart in a system's list.
    let [first, second, third, ..] = access::secret::Digest::of(key.public_key_raw()).0;
    let mark = format!("{first:02X}{second:02X}{third:02X}");
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, format!("Floorpass demo {mark}"));
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.name_constraints =
        Some(NameConstraints { permitted_subtrees: permitted(names), excluded_subtrees: vec![] });
    limit(&mut params, now, AUTHORITY_DAYS)?;
    Ok((params.self_signed(&key)?.pem(), key.serialize_pem()))
}

/// What an authority made for these names may vouch for.
fn permitted(names: &[String]) -> Vec<GeneralSubtree> {
    let subtree =
        |address, prefix| GeneralSubtree::IpAddress(CidrSubnet::from_addr_prefix(address, prefix));
    let mut all: Vec<GeneralSubtree> =
        NETWORKS.iter().map(|(network, prefix)| subtree(*network, *prefix)).collect();
    let mut hosts = vec!["localhost".to_owned()];
    hosts.extend(own_name());
    for name in names {
        match name.parse::<IpAddr>() {
            Ok(address) => {
                all.push(subtree(address, if address.is_ipv4() { 32 } else { 128 }));
            }
            Err(_) => hosts.push(name.clone()),
        }
    }
    hosts.sort();
    hosts.dedup();
    all.extend(hosts.into_iter().map(GeneralSubtree::DnsName));
    all
}

/// The name that this machine has on its own network, by multicast DNS.
pub fn own_name() -> Option<String> {
    let system = rustix::system::uname();
    let host = system.nodename().to_str().ok()?.split('.').next()?.to_ascii_lowercase();
    let name = format!("{host}.local");
    let fits = !host.is_empty() && ServerName::try_from(name.as_str()).is_ok();
    fits.then_some(name)
}

fn issue(
    certificate: &Path,
    key: &Path,
    names: &[String],
    now: Time,
) -> Result<(String, String), Fault> {
    let authority = std::fs::read_to_string(certificate)?;
    let issuer =
        Issuer::from_ca_cert_pem(&authority, KeyPair::from_pem(&std::fs::read_to_string(key)?)?)?;
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "Floorpass demo");
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    // Apple's systems take no server's certificate without it.
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    limit(&mut params, now, DAYS)?;
    let own = KeyPair::generate()?;
    Ok((params.signed_by(&own, &issuer)?.pem(), own.serialize_pem()))
}

/// Makes a certificate good from the day before, for clocks that are behind, until so many days later.
fn limit(params: &mut CertificateParams, now: Time, days: i64) -> Result<(), Fault> {
    let day = |days: i64| -> Result<(i32, u8, u8), Fault> {
        let second = now.seconds().saturating_add(days * DAY);
        let date = jiff::Timestamp::from_second(second)?.to_zoned(jiff::tz::TimeZone::UTC).date();
        Ok((date.year().into(), date.month().try_into()?, date.day().try_into()?))
    };
    let [(y, m, d), (end_y, end_m, end_d)] = [day(-1)?, day(days)?];
    params.not_before = rcgen::date_time_ymd(y, m, d);
    params.not_after = rcgen::date_time_ymd(end_y, end_m, end_d);
    Ok(())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    const NOW: i64 = 1_800_000_000;

    fn at(days: i64) -> Time {
        Time::from_seconds(NOW + days * DAY)
    }

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    fn read(path: &Path) -> CertificateDer<'static> {
        CertificateDer::from_pem_file(path).unwrap()
    }

    #[test]
    fn certificate_is_kept_and_renewed_before_its_end_by_the_same_authority() {
        let temp = tempfile::tempdir().unwrap();
        let home = names(&["192.168.1.5"]);
        let first = vouch(temp.path(), "lan", &home, at(0)).unwrap();
        let print = &first.authority.fingerprint;
        assert_eq!(
            (print.split(':').filter(|pair| pair.len() == 2).count(), print.len()),
            (32, 95)
        );
        assert!(tls::load(&first.files).is_ok());
        let leaf = read(&first.files.certificate);
        vouch(temp.path(), "lan", &home, at(1)).unwrap();
        assert_eq!(leaf, read(&first.files.certificate));
        let later = vouch(temp.path(), "lan", &home, at(DAYS - RENEWAL)).unwrap();
        assert_ne!(leaf, read(&later.files.certificate));
        // Another address, as a router gives one: another certificate, and nothing to trust again.
        let moved = vouch(temp.path(), "lan", &names(&["10.1.2.3"]), at(400)).unwrap();
        assert_eq!(first.authority.fingerprint, moved.authority.fingerprint);
        let root = read(&certificate(temp.path()));
        assert!(
            verify(&root, &read(&moved.files.certificate), &names(&["10.1.2.3"]), NOW + 400 * DAY)
                .is_ok()
        );
        assert!(verify(&root, &read(&moved.files.certificate), &home, NOW + 400 * DAY).is_err());
        let next = vouch(temp.path(), "lan", &home, at(AUTHORITY_DAYS - RENEWAL)).unwrap();
        assert_ne!(first.authority.fingerprint, next.authority.fingerprint);
        assert_ne!(first.authority.name, next.authority.name);
    }

    #[test]
    fn authority_and_keys_are_their_owners_alone() {
        let temp = tempfile::tempdir().unwrap();
        let made = vouch(temp.path(), "lan", &names(&["192.168.1.5"]), at(0)).unwrap();
        let folder = temp.path().join("tls");
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&folder), 0o700);
        let mut found: Vec<String> = Vec::new();
        for entry in std::fs::read_dir(&folder).unwrap() {
            let entry = entry.unwrap();
            assert_eq!(mode(&entry.path()), 0o600, "{}", entry.path().display());
            found.push(entry.file_name().into_string().unwrap());
        }
        found.sort();
        assert_eq!(found, ["authority.key", "authority.pem", "lan.key", "lan.pem"]);
        let secret = std::fs::read_to_string(folder.join("authority.key")).unwrap();
        let shown = format!("{made:?}");
        assert!(secret.lines().all(|line| line.contains("KEY") || !shown.contains(line)));
    }

    #[test]
    fn authority_vouches_for_private_networks_and_its_own_names_alone() {
        let temp = tempfile::tempdir().unwrap();
        let data = temp.path();
        vouch(data, "lan", &names(&["203.0.113.9", "studio.lan"]), at(0)).unwrap();
        for good in [
            "203.0.113.9",
            "10.255.0.1",
            "172.31.9.9",
            "192.168.77.1",
            "fd00::7",
            "localhost",
            "studio.lan",
        ] {
            assert!(vouch(data, "lan", &names(&[good]), at(0)).is_ok(), "{good}");
        }
        assert!(own_name().is_none_or(|own| vouch(data, "lan", &[own], at(0)).is_ok()));
        for bad in [
            "203.0.113.10",
            "172.32.0.1",
            "8.8.8.8",
            "2001:db8::1",
            "example.org",
            "lan",
            "other.local",
        ] {
            let failure = vouch(data, "lan", &names(&[bad]), at(0)).unwrap_err();
            assert_eq!(
                (failure.exit, failure.code.as_str()),
                (Exit::Refused, "AUTHORITY"),
                "{bad}"
            );
            assert!(
                failure.text.contains(bad) && failure.text.contains("authority.pem"),
                "{}",
                failure.text
            );
        }
        // What was refused replaced nothing.
        assert!(vouch(data, "lan", &names(&["studio.lan"]), at(0)).is_ok());
    }

    #[test]
    fn authority_that_cannot_be_read_is_named_and_kept() {
        let temp = tempfile::tempdir().unwrap();
        let home = names(&["localhost"]);
        vouch(temp.path(), "localhost", &home, at(0)).unwrap();
        let file = certificate(temp.path());
        std::fs::write(&file, "no").unwrap();
        let failure = vouch(temp.path(), "localhost", &home, at(0)).unwrap_err();
        assert!(failure.text.contains("authority.pem"), "{}", failure.text);
        assert_eq!(std::fs::read(&file).unwrap(), b"no");
    }
}
