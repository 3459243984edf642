//! The configuration file of `init` and `serve`: TOML, every name known, every value checked before anything starts.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use access::Number;
use serde::{Deserialize, Deserializer, de};
use url::{Host, Url};

use crate::exit::Failure;
use crate::global::Global;
use crate::tls;

/// What the file says.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The data folder; `--data` wins over it.
    pub data: Option<PathBuf>,
    /// `postgres://...`; without it SQLite in the data folder.
    pub database: Option<String>,
    /// What an acknowledgement outlives: `disk` (power loss) or `process` (`kill -9`).
    #[serde(default)]
    pub durability: Durability,
    /// The portal.
    pub portal: Portal,
    /// The sockets of the trading API.
    #[serde(default)]
    pub sockets: Sockets,
    /// The simulated market.
    #[serde(default)]
    pub market: Market,
    /// The mail server; without it mails lie in the data folder.
    pub mail: Option<Mail>,
    /// The webhook.
    pub webhook: Option<WebhookConfig>,
    /// Web Push; without it no phone is told while its page is closed.
    pub push: Option<Push>,
    /// Which models of passkey may be registered; without it any.
    pub passkeys: Option<Passkeys>,
}

/// The mail server that messages go out by.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mail {
    /// Its name, which its certificate bears.
    pub host: String,
    /// Its port: 465 for `tls`, 587 for `starttls`, 25 for `none`.
    #[serde(default, deserialize_with = "port")]
    pub port: Option<u16>,
    /// How the connection is kept from eavesdroppers.
    #[serde(default)]
    pub tls: MailTls,
    /// Certificates of authorities besides the system's, PEM.
    pub authorities: Option<PathBuf>,
    /// The name to log in with.
    pub user: Option<String>,
    /// The file (0600) with its password.
    pub password_file: Option<PathBuf>,
    /// Whom mails come from.
    pub from: String,
}

impl Mail {
    /// The port that is meant.
    pub fn port(&self) -> u16 {
        self.port.unwrap_or(match self.tls {
            MailTls::Tls => 465,
            MailTls::Starttls => 587,
            MailTls::None => 25,
        })
    }

    fn check(&self) -> Result<(), String> {
        let local = self.host == "localhost"
            || self.host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
        if self.tls == MailTls::None && !local {
            return Err(format!(
                "mail.tls is none and mail.host is {}: codes would cross the network unencrypted; use tls or starttls",
                self.host
            ));
        }
        if self.user.is_some() != self.password_file.is_some() {
            return Err("set both mail.user and mail.password_file, or neither".to_owned());
        }
        Ok(())
    }
}

/// How the connection to the mail server is kept from eavesdroppers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MailTls {
    /// TLS from the first byte.
    #[default]
    Tls,
    /// STARTTLS, without which nothing is sent.
    Starttls,
    /// Unencrypted; only to this machine.
    None,
}

/// Where messages are posted to.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookConfig {
    /// `https`, or `http` to localhost.
    pub url: Url,
    /// Certificates of authorities besides the system's, PEM.
    pub authorities: Option<PathBuf>,
}

/// Phones notified of approvals by Web Push.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Push {
    /// How the push services' operators can reach the operator of this server: `mailto:` or `https:`.
    pub subject: String,
    /// Whether push services in private networks are taken, and plain http to this machine.
    #[serde(default)]
    pub private: bool,
    /// Certificates of authorities besides the system's, PEM.
    pub authorities: Option<PathBuf>,
}

/// The channels of messages.
#[derive(Debug, Clone, Default)]
pub struct Alerts {
    /// The mail server.
    pub mail: Option<Mail>,
    /// The webhook.
    pub webhook: Option<WebhookConfig>,
    /// Web Push.
    pub push: Option<Push>,
}

/// A policy for passkeys: only models that their makers vouch for.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Passkeys {
    /// Files of root certificates, PEM.
    pub roots: Vec<PathBuf>,
    /// Names of the models, by their AAGUID.
    pub models: BTreeMap<String, String>,
}

impl Passkeys {
    /// What the gate holds registrations against.
    fn policy(&self) -> Result<gate::Attestation, Failure> {
        let read = |path: &PathBuf| {
            std::fs::read_to_string(path)
                .map_err(|e| Failure::usage(format!("passkeys.roots: {}: {e}", path.display())))
        };
        let roots = self.roots.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        gate::Attestation::new(&roots, &self.models)
            .map_err(|e| Failure::usage(format!("passkeys: {e}")))
    }
}

/// The portal: where it listens and what it is called outside.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Portal {
    /// Address and port.
    #[serde(default = "default_listen")]
    pub listen: SocketAddr,
    /// What people type into their browser; passkeys are bound to its host, so it must be a name.
    pub public_url: Url,
    /// The certificate chain, PEM.
    pub tls_cert: Option<PathBuf>,
    /// Its key, PEM.
    pub tls_key: Option<PathBuf>,
    /// The address of a proxy that ends TLS in front; the only one whose X-Forwarded-For is believed.
    pub behind_proxy: Option<IpAddr>,
}

/// Where programs connect.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Sockets {
    /// The address; loopback unless `beyond_loopback` says that more is meant.
    pub listen: IpAddr,
    /// The protocol has no encryption and a port proves nothing: listening beyond loopback must be said twice.
    pub beyond_loopback: bool,
    /// Whether a new credential demands a token from its clients.
    pub token_required: bool,
}

impl Default for Sockets {
    fn default() -> Self {
        Self { listen: Ipv4Addr::LOCALHOST.into(), beyond_loopback: false, token_required: true }
    }
}

/// The simulated market of a new folder.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Market {
    /// `real` or `round-the-clock`.
    pub hours: Hours,
    /// The same seed gives the same market.
    #[serde(deserialize_with = "seed")]
    pub seed: Option<u64>,
}

/// When the market trades.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Hours {
    /// Always; the day rolls at 17:00 New York.
    #[default]
    RoundTheClock,
    /// As the exchanges do.
    Real,
}

/// What an acknowledgement outlives.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Durability {
    /// Power loss: synced to the disk first.
    #[default]
    Disk,
    /// `kill -9`, but not power loss.
    Process,
}

impl From<Hours> for gate::Hours {
    fn from(hours: Hours) -> Self {
        match hours {
            Hours::RoundTheClock => Self::RoundTheClock,
            Hours::Real => Self::Real,
        }
    }
}

impl From<Durability> for gate::Durability {
    fn from(durability: Durability) -> Self {
        match durability {
            Durability::Disk => Self::Disk,
            Durability::Process => Self::Process,
        }
    }
}

/// A number as the file has it, bare or in quotation marks. It is read as everywhere else, so that it is refused in the same
/// words.
fn number<'de, D, T>(number: Number, from: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: TryFrom<u64>,
{
    let text = match toml::Value::deserialize(from)? {
        toml::Value::String(text) => text,
        other => other.to_string(),
    };
    number.read_whole(&text).map(Some).map_err(de::Error::custom)
}

fn port<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u16>, D::Error> {
    number(Number::REMOTE, from)
}

fn seed<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u64>, D::Error> {
    number(Number::SEED, from)
}

fn default_listen() -> SocketAddr {
    (Ipv4Addr::LOCALHOST, 8080).into()
}

/// How the portal is kept from eavesdroppers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shield {
    /// Nobody but this machine reaches it.
    Loopback,
    /// TLS of our own.
    Tls(tls::Files),
    /// TLS ends at a proxy, whose connections alone are taken.
    Proxy(IpAddr),
}

impl Config {
    /// Reads and checks a file.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        let text = std::fs::read_to_string(path)
            .map_err(|e| Failure::usage(format!("{}: {e}", path.display())))?;
        Self::parse(&text).map_err(|e| Failure::usage(format!("{}: {e}", path.display())))
    }

    fn parse(text: &str) -> Result<Self, String> {
        let config: Self = toml::from_str(text).map_err(|e| e.to_string())?;
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> Result<(), String> {
        let url = &self.portal.public_url;
        let local = url.host_str() == Some("localhost");
        match url.host() {
            Some(Host::Domain(_)) => {}
            Some(_) => {
                return Err(format!(
                    "portal.public_url is {url}: use a host name, because passkeys do not work with an IP address"
                ));
            }
            None => return Err(format!("portal.public_url is {url}: it has no host")),
        }
        if url.scheme() != "https" && !(local && url.scheme() == "http") {
            return Err(format!(
                "portal.public_url is {url}: use https for any host other than localhost"
            ));
        }
        if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
            return Err(format!(
                "portal.public_url is {url}: leave out everything after host and port"
            ));
        }
        if !self.sockets.listen.is_loopback() && !self.sockets.beyond_loopback {
            return Err(format!(
                "sockets.listen is {}: the trading protocol is not encrypted, and a port proves nothing about its caller; if you trust everything on that network, set sockets.beyond_loopback = true",
                self.sockets.listen
            ));
        }
        self.mail.as_ref().map_or(Ok(()), Mail::check)?;
        if self.database.as_ref().is_some_and(|d| !d.starts_with("postgres")) {
            return Err("database must begin with postgres://; for SQLite, leave it out".to_owned());
        }
        Ok(())
    }

    /// The data folder: the command line's, or else this file's.
    pub fn folder(&self, global: &Global) -> PathBuf {
        global.data.as_ref().or(self.data.as_ref()).map_or(global.data().into(), Clone::clone)
    }

    /// What the gate is opened with. The roots of a policy for passkeys are read now.
    pub fn gate(&self, data: PathBuf) -> Result<gate::Config, Failure> {
        Ok(gate::Config {
            data,
            database: self.database.clone(),
            durability: self.durability.into(),
            demo: false,
            seed: self.market.seed,
            hours: self.market.hours.into(),
            portal_origin: self.portal.public_url.clone(),
            passkeys: self.passkeys.as_ref().map(Passkeys::policy).transpose()?,
            token_required_by_default: self.sockets.token_required,
        })
    }

    /// The channels of messages.
    pub fn alerts(&self) -> Alerts {
        Alerts { mail: self.mail.clone(), webhook: self.webhook.clone(), push: self.push.clone() }
    }

    /// How the portal is shielded; beyond loopback it must be.
    pub fn shield(&self) -> Result<Shield, Failure> {
        let portal = &self.portal;
        match (&portal.tls_cert, &portal.tls_key, portal.behind_proxy) {
            (Some(certificate), Some(key), None) => {
                Ok(Shield::Tls(tls::Files { certificate: certificate.clone(), key: key.clone() }))
            }
            (None, None, Some(proxy)) => Ok(Shield::Proxy(proxy)),
            (None, None, None) if portal.listen.ip().is_loopback() => Ok(Shield::Loopback),
            (None, None, None) => Err(Failure::usage(format!(
                "portal.listen is {}, which others can reach: give --tls-cert and --tls-key, or --behind-proxy ADDR if a proxy in front of it handles TLS",
                portal.listen
            ))),
            (Some(_), Some(_), Some(_)) => {
                Err(Failure::usage("use either --behind-proxy or --tls-cert, not both"))
            }
            _ => Err(Failure::usage("give both --tls-cert and --tls-key, and no --behind-proxy")),
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    const LEAST: &str = "[portal]\npublic_url = \"https://floorpass.example.org\"\n";

    #[test]
    fn smallest_file_has_careful_defaults() {
        let config = Config::parse(LEAST).unwrap();
        assert_eq!(config.durability, Durability::Disk);
        assert!(config.portal.listen.ip().is_loopback() && config.sockets.listen.is_loopback());
        assert!(config.sockets.token_required);
        assert_eq!(config.shield().unwrap(), Shield::Loopback);
    }

    #[test]
    fn unknown_name_is_refused() {
        let error = Config::parse(&format!("durabilty = \"disk\"\n{LEAST}")).unwrap_err();
        assert!(error.contains("durabilty"), "{error}");
    }

    #[test]
    fn public_url_that_browsers_would_refuse_is_refused() {
        for (url, word) in [
            ("https://192.0.2.1", "name"),
            ("http://floorpass.example.org", "https"),
            ("https://floorpass.example.org/x", "after host and port"),
        ] {
            let error = Config::parse(&format!("[portal]\npublic_url = \"{url}\"\n")).unwrap_err();
            assert!(error.contains(word), "{error}");
        }
        Config::parse("[portal]\npublic_url = \"http://localhost:8080\"\n").unwrap();
    }

    #[test]
    fn mail_server_in_the_clear_or_half_a_login_is_refused() {
        let parse = |mail: &str| {
            Config::parse(&format!("{LEAST}[mail]\nfrom = \"Floorpass <f@example.org>\"\n{mail}"))
        };
        for (bad, word) in [
            ("host = \"mail.example.org\"\ntls = \"none\"", "unencrypted"),
            ("host = \"mail.example.org\"\nuser = \"f\"", "or neither"),
            ("host = \"mail.example.org\"\npassword = \"x\"", "password"),
        ] {
            let error = parse(bad).unwrap_err();
            assert!(error.contains(word), "{error}");
        }
        let config = parse("host = \"mail.example.org\"").unwrap();
        let mail = config.mail.unwrap();
        assert_eq!((mail.tls, mail.port()), (MailTls::Tls, 465));
        parse("host = \"127.0.0.1\"\ntls = \"none\"").unwrap();
    }

    #[test]
    fn number_of_the_file_is_understood_or_refused() {
        let seed = |written: &str| {
            let config = Config::parse(&format!("{LEAST}[market]\nseed = {written}\n"));
            config.map(|config| config.market.seed)
        };
        let port = |written: &str| {
            let mail = "[mail]\nfrom = \"f@example.org\"\nhost = \"mail.example.org\"";
            let config = Config::parse(&format!("{LEAST}{mail}\nport = {written}\n"));
            config.map(|config| config.mail.unwrap().port())
        };
        // TOML has its own ways to write a whole number.
        for written in ["16", "0x10", "1_6", "+16", "\"16\"", "\" 16\"", "\"\u{ff11}\u{ff16}\""] {
            assert_eq!(seed(written), Ok(Some(16)), "{written}");
            assert_eq!(port(written), Ok(16), "{written}");
        }
        assert_eq!(seed("\"18446744073709551615\""), Ok(Some(u64::MAX)));
        for written in [
            "-1",
            "1e3",
            "1.5",
            "1000.0",
            "inf",
            "true",
            "[7]",
            "\"\"",
            "\"1e3\"",
            "\"1,5\"",
            "\"+5\"",
            "\"0x10\"",
            "\"1_000\"",
            "\"-0\"",
            "\"123456789012345678901234567890\"",
        ] {
            for error in [seed(written).unwrap_err(), port(written).unwrap_err()] {
                assert!(
                    error.contains("Type ") && error.contains("like")
                        || error.contains("or more")
                        || error.contains("or less"),
                    "{written}: {error}"
                );
            }
        }
        for written in ["0", "65536"] {
            assert!(port(written).unwrap_err().contains("a port of"), "{written}");
        }
        assert_eq!(Config::parse(LEAST).unwrap().market.seed, None);
    }

    #[test]
    fn contact_for_push_services_that_is_none_is_refused_before_anything_starts() {
        let alerts =
            |push: &str| Config::parse(&format!("{LEAST}[push]\n{push}")).unwrap().alerts();
        for bad in ["ops@example.org", "http://example.org", ""] {
            let failure = crate::alert::check(&alerts(&format!("subject = {bad:?}"))).unwrap_err();
            assert!(
                failure.text.contains("push") && failure.text.contains("mailto:"),
                "{}",
                failure.text
            );
        }
        let good = alerts("subject = \"mailto:ops@example.org\"");
        crate::alert::check(&good).unwrap();
        assert!(!good.push.unwrap().private, "private networks are not reached unless it is said");
    }

    #[test]
    fn portal_beyond_loopback_needs_a_shield() {
        let open = format!("{LEAST}listen = \"0.0.0.0:443\"\n");
        let failure = Config::parse(&open).unwrap().shield().unwrap_err();
        assert!(failure.text.contains("--behind-proxy"), "{}", failure.text);
        let proxied = format!("{open}behind_proxy = \"192.0.2.7\"\n");
        assert!(matches!(Config::parse(&proxied).unwrap().shield(), Ok(Shield::Proxy(_))));
        let half = format!("{open}tls_cert = \"x\"\n");
        assert!(Config::parse(&half).unwrap().shield().is_err());
    }

    #[test]
    fn policy_for_passkeys_that_cannot_hold_is_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("root.pem");
        let with = |roots: &str, models: &str| {
            let text = format!("{LEAST}[passkeys]\nroots = {roots}\n[passkeys.models]\n{models}\n");
            let config = Config::parse(&text).unwrap();
            config.gate(folder.path().to_owned()).map(|gate| gate.passkeys.is_some())
        };
        let file = format!("[{:?}]", root.to_str().unwrap());
        let model = "\"2fc0579f-8113-47ea-b116-bb5a8db9202a\" = \"A key\"";
        let refused = |roots: &str, models: &str| with(roots, models).unwrap_err().text;
        assert!(refused(&file, model).contains("root.pem"), "the file is not there");
        std::fs::write(&root, "no certificate").unwrap();
        assert!(refused(&file, model).contains("root 1 is not a certificate"));
        let key = rcgen::KeyPair::generate().unwrap();
        let certificate = rcgen::CertificateParams::new(Vec::new()).unwrap();
        std::fs::write(&root, certificate.self_signed(&key).unwrap().pem()).unwrap();
        assert!(refused("[]", model).contains("at least one root"));
        assert!(refused(&file, "").contains("at least one model"));
        assert!(refused(&file, "\"2fc0\" = \"x\"").contains("2fc0 is not an AAGUID"));
        assert!(with(&file, model).unwrap());
        assert!(Config::parse(LEAST).unwrap().gate(root).unwrap().passkeys.is_none());
    }

    #[test]
    fn sockets_beyond_loopback_must_be_said_twice() {
        let once = format!("{LEAST}[sockets]\nlisten = \"0.0.0.0\"\n");
        assert!(Config::parse(&once).unwrap_err().contains("beyond_loopback"));
        Config::parse(&format!("{once}beyond_loopback = true\n")).unwrap();
    }
}
