//! `floorpass demo`: everything in one process, on loopback except for what `--lan` opens.

use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};

use access::Number;
use clap::Args;
use gate::folder::FolderError;
use url::Url;

use crate::config::{Alerts, Durability, Hours, Push};
use crate::exit::{Exit, Failure};
use crate::global::Global;
use crate::lan::{Lan, Reach};
use crate::ready::{self, Person, Ready, ReadyFile};
use crate::server::{self, ServerPlan, Started, Tls};
use crate::{alert, banner, port};

/// Starts everything.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  floorpass demo\n  floorpass demo --reset --seed 7\n  floorpass demo --lan\n  floorpass demo --free-ports --data \"$(mktemp -d)/d\" --ready-file ready.json &"
)]
pub struct Demo {
    /// Start over: move the demo folder aside, to a name with the date
    #[arg(long)]
    reset: bool,
    /// The portal's port
    #[arg(long, value_name = "PORT", default_value_t = 8080, allow_hyphen_values = true, value_parser = port::read)]
    portal_port: u16,
    /// The port of the credential `trading`
    #[arg(long, value_name = "PORT", default_value_t = 7497, allow_hyphen_values = true, value_parser = port::read)]
    trading_port: u16,
    /// The port of the credential `read-only`
    #[arg(long, value_name = "PORT", default_value_t = 7498, allow_hyphen_values = true, value_parser = port::read)]
    read_only_port: u16,
    /// The port of the credential `narrow`
    #[arg(long, value_name = "PORT", default_value_t = 7499, allow_hyphen_values = true, value_parser = port::read)]
    narrow_port: u16,
    /// Use any free ports
    #[arg(long, conflicts_with_all = ["portal_port", "trading_port", "read_only_port", "narrow_port", "lan_port", "trust_port"])]
    free_ports: bool,
    /// Once everything is ready, write addresses and new secrets to FILE, for scripts
    #[arg(long, value_name = "FILE")]
    ready_file: Option<PathBuf>,
    /// Seed of a new folder's market; the same seed gives the same prices
    #[arg(long, value_name = "NUMBER", allow_hyphen_values = true, value_parser = |typed: &str| Number::SEED.read_whole::<u64>(typed))]
    seed: Option<u64>,
    /// When a new folder's market trades
    #[arg(long, value_enum, default_value_t = Hours::RoundTheClock)]
    hours: Hours,
    /// What an accepted order survives
    #[arg(long, value_enum, default_value_t = Durability::Disk)]
    durability: Durability,
    /// Notify phones by Web Push; push services see CONTACT (`mailto:..` or `https:..`)
    #[arg(long, value_name = "CONTACT")]
    push: Option<String>,
    /// Serve the portal over HTTPS, with a certificate made on this machine
    #[arg(long)]
    https: bool,
    /// Serve phones and other devices on your network too, by HTTPS; without an address, at this machine's on the network
    #[arg(long, value_name = "ADDRESS|NAME", num_args = 0..=1, require_equals = true, default_missing_value = "", conflicts_with = "https")]
    lan: Option<Reach>,
    /// The portal's port for other devices
    #[arg(long, value_name = "PORT", default_value_t = 8443, allow_hyphen_values = true, value_parser = port::read, requires = "lan")]
    lan_port: u16,
    /// The port of the page that tells them how to trust the certificate
    #[arg(long, value_name = "PORT", default_value_t = 8444, allow_hyphen_values = true, value_parser = port::read, requires = "lan")]
    trust_port: u16,
}

impl Demo {
    /// Runs until a signal comes.
    pub fn run(self, global: &Global) -> Result<(), Failure> {
        let loopback = IpAddr::from(Ipv4Addr::LOCALHOST);
        let ports = self.ports();
        // Before the folder: a first start that fails for a port leaves nothing, and no secret unseen.
        for (name, wanted) in &ports {
            port::probe(loopback, *wanted, &format!("--{name}-port"))?;
        }
        let portal = port::bind_loopback(if self.free_ports { 0 } else { self.portal_port })?;
        let bound = portal.first().and_then(|l| l.local_addr().ok()).map_or(0, |a| a.port());
        let scheme = if self.https { "https" } else { "http" };
        let home =
            Url::parse(&format!("{scheme}://localhost:{bound}/")).map_err(Failure::failed)?;
        let lan_ports = if self.free_ports { (0, 0) } else { (self.lan_port, self.trust_port) };
        let lan = self.lan.map(|reach| Lan::bind(reach, lan_ports.0, lan_ports.1)).transpose()?;
        // Passkeys belong to one name: that of the network where there is one, else localhost.
        let named = lan.as_ref().map(|lan| &lan.origin).filter(|origin| origin.domain().is_some());
        let portal_origin = named.unwrap_or(&home).clone();
        ReadyFile::check(self.ready_file.as_deref())?;
        if self.reset {
            reset(global.data())?;
        }
        // A demo is its owner's alone, so a push service of a test on this machine is taken.
        let push = self.push.map(|subject| Push { subject, private: true, authorities: None });
        let alerts = Alerts { push, ..Alerts::default() };
        alert::check(&alerts)?;
        let plan = ServerPlan {
            gate: gate::Config {
                data: global.data().to_path_buf(),
                database: None,
                durability: self.durability.into(),
                demo: true,
                seed: self.seed,
                hours: self.hours.into(),
                portal_origin,
                passkeys: None,
                token_required_by_default: false,
            },
            home,
            portal,
            lan,
            tls: if self.https { Tls::Local } else { Tls::Off },
            proxy: None,
            sockets: twsd::Config { bind: loopback, free_ports: self.free_ports, ports },
            alerts,
        };
        let ready_file = self.ready_file;
        let durability = self.durability;
        let json = global.json;
        server::run(plan, async move |started| {
            announce(started, ready_file, durability, json).await
        })
    }

    fn ports(&self) -> Vec<(String, u16)> {
        if self.free_ports {
            return Vec::new();
        }
        [
            ("trading", self.trading_port),
            ("read-only", self.read_only_port),
            ("narrow", self.narrow_port),
        ]
        .map(|(name, port)| (name.to_owned(), port))
        .into()
    }
}

/// Writes the ready file and says what there is to say.
async fn announce(
    started: Started<'_>,
    ready_file: Option<PathBuf>,
    durability: Durability,
    json: bool,
) -> Result<Option<ReadyFile>, Failure> {
    let secrets = started.gate.demo().secrets();
    let people = secrets.iter().map(|s| Person {
        username: s.username.clone(),
        password: s.password.expose_text().unwrap_or_default().to_owned(),
        totp_uri: s.totp.uri.expose_text().unwrap_or_default().to_owned(),
    });
    let ready = Ready {
        portal: started.portal.as_str().trim_end_matches('/').to_owned(),
        account: started.gate.account().to_string(),
        people: people.collect(),
        sockets: started.sockets.clone(),
        data: started.data.clone(),
        lan: started.lan.as_ref().map(ready::Lan::of),
    };
    let file = match ready_file {
        None => None,
        Some(path) => Some(
            ReadyFile::write(&path, &ready)
                .map_err(|e| Failure::failed(format!("{}: {e}", path.display())))?,
        ),
    };
    banner::show(&started, &ready, durability, json).await?;
    Ok(file)
}

/// Moves a demo folder that no server uses out of the way. Nothing is deleted.
fn reset(data: &Path) -> Result<(), Failure> {
    let moved = gate::folder::aside::move_aside(data).map_err(|e| match e {
        FolderError::InUse { .. } | FolderError::Shared { .. } => {
            server::open_failure(&gate::OpenError::Folder(e))
        }
        other => Failure::new(Exit::Refused, "NOT_RESET", other),
    })?;
    if let Some(aside) = moved {
        eprintln!(
            "floorpass: {} was moved to {}; delete it if you no longer need it",
            data.display(),
            aside.display()
        );
    }
    Ok(())
}
