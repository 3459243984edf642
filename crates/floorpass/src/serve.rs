//! `floorpass serve`: a lasting server, run from a configuration file.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::Args;

use crate::config::{Config, Shield};
use crate::exit::{Exit, Failure};
use crate::global::Global;
use crate::ready::{Ready, ReadyFile};
use crate::server::{self, ServerPlan, Started, Tls};
use crate::{alert, output, port};

/// Runs a data folder.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  floorpass serve --config /etc/floorpass/floorpass.toml\n  floorpass serve --config floorpass.toml --behind-proxy 127.0.0.1\n  floorpass serve --config floorpass.toml --tls-cert chain.pem --tls-key key.pem\n\nThe configuration file is described in docs/operations.md."
)]
pub struct Serve {
    /// The configuration file
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// The portal's certificate chain, PEM
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// The portal's private key, PEM
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// The address of the proxy in front of the portal that handles TLS
    #[arg(long, value_name = "ADDR", conflicts_with = "tls_cert")]
    behind_proxy: Option<IpAddr>,
    /// Once everything is ready, write the addresses to FILE
    #[arg(long, value_name = "FILE")]
    ready_file: Option<PathBuf>,
}

impl Serve {
    /// Runs until a signal comes.
    pub fn run(self, global: &Global) -> Result<(), Failure> {
        let mut config = Config::read(&self.config)?;
        if self.tls_cert.is_some() {
            config.portal.tls_cert = self.tls_cert;
            config.portal.tls_key = self.tls_key;
        }
        config.portal.behind_proxy = self.behind_proxy.or(config.portal.behind_proxy);
        let shield = config.shield()?;
        let alerts = config.alerts();
        alert::check(&alerts)?;
        let data = config.folder(global);
        let facts = gate::folder::read_facts(&data)
            .map_err(|e| Failure::new(Exit::Refused, "DATA_FOLDER", e))?;
        if facts.is_none() {
            return Err(Failure::new(
                Exit::Refused,
                "NO_DATA_FOLDER",
                format!(
                    "{} is not a data folder; create one with `floorpass init`",
                    data.display()
                ),
            ));
        }
        ReadyFile::check(self.ready_file.as_deref())?;
        let listener = port::bind(config.portal.listen, "portal.listen in the configuration file")?;
        let (tls, proxy) = match shield {
            Shield::Loopback => (Tls::Off, None),
            Shield::Tls(files) => (Tls::Files(files), None),
            Shield::Proxy(proxy) => (Tls::Off, Some(proxy)),
        };
        let plan = ServerPlan {
            sockets: twsd::Config {
                bind: config.sockets.listen,
                free_ports: false,
                ports: Vec::new(),
            },
            home: config.portal.public_url.clone(),
            gate: config.gate(data)?,
            lan: None,
            portal: vec![listener],
            tls,
            proxy,
            alerts,
        };
        server::run(plan, async move |started| announce(&started, self.ready_file))
    }
}

fn announce(started: &Started<'_>, file: Option<PathBuf>) -> Result<Option<ReadyFile>, Failure> {
    let ready = Ready {
        portal: started.portal.as_str().trim_end_matches('/').to_owned(),
        account: started.gate.account().to_string(),
        people: Vec::new(),
        sockets: started.sockets.clone(),
        data: started.data.clone(),
        lan: None,
    };
    output::line(&format!("portal {}", ready.portal));
    for socket in &ready.sockets {
        output::line(&format!("socket {} {}:{}", socket.name, socket.host, socket.port));
    }
    file.map(|path| {
        ReadyFile::write(&path, &ready)
            .map_err(|e| Failure::failed(format!("{}: {e}", path.display())))
    })
    .transpose()
}
