//! `floorpass init`: a data folder and its first person.

use std::path::PathBuf;

use access::link::Purpose;
use access::refusal::AccountRefusal;
use clap::Args;
use gate::Gate;
use serde::Serialize;

use crate::config::Config;
use crate::exit::{Exit, Failure};
use crate::global::Global;
use crate::output;
use crate::server;

/// Makes a data folder.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  floorpass init --config /etc/floorpass/floorpass.toml --person ada\n\nWith the link that it prints, the first person sets a password and an authenticator app. The link works once, within 24 hours, while `floorpass serve` runs."
)]
pub struct Init {
    /// The configuration file
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// The first person's user name
    #[arg(long, value_name = "NAME", default_value = "owner")]
    person: String,
}

#[derive(Serialize)]
struct Made {
    data: PathBuf,
    account: String,
    username: String,
    enrolment_url: String,
}

impl Init {
    /// Makes the folder and prints the link.
    pub fn run(self, global: &Global) -> Result<(), Failure> {
        let config = Config::read(&self.config)?;
        config.shield()?;
        let data = config.folder(global);
        // One that was stopped before its end wrote no checkpoint, and nobody has seen its link.
        let ended = data.join(gate::folder::CHECKPOINTS).exists();
        let found = gate::folder::read_facts(&data);
        if matches!(found, Ok(Some(facts)) if ended || facts.demo) {
            return Err(Failure::new(
                Exit::Refused,
                "FOLDER_EXISTS",
                format!(
                    "{} is already a data folder; run it with `floorpass serve`",
                    data.display()
                ),
            ));
        }
        let url = config.portal.public_url.clone();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .map_err(Failure::failed)?;
        let gate_config = config.gate(data.clone())?;
        let made = runtime.block_on(async {
            let gate = Gate::open(gate_config).await.map_err(|e| server::open_failure(&e))?;
            let issued = first_person(&gate, &self.person).await;
            let account = gate.account().to_string();
            let closed = gate.close().await;
            let issued = issued?;
            closed?;
            let token = issued.token.expose_text().unwrap_or_default();
            Ok::<_, Failure>(Made {
                data: std::path::absolute(&data).map_err(Failure::failed)?,
                account,
                username: self.person,
                enrolment_url: control::link_url(url.as_str(), token),
            })
        })?;
        output::show(global.json, &made, |made| {
            format!(
                "{}\n  enrols {} on account {}; works once, within 24 hours, while the server runs:\n  floorpass serve --config {}",
                made.enrolment_url,
                made.username,
                made.account,
                self.config.display()
            )
        })
    }
}

/// A link for the first person, who may be there already from an `init` that was stopped.
async fn first_person(gate: &Gate, name: &str) -> Result<gate::LinkIssued, access::Refusal> {
    let uid = rustix::process::getuid().as_raw();
    match gate.people().list().await?.as_slice() {
        [] => gate.people().create_first(name).await,
        [one] if !one.enrolled && one.username.eq_ignore_ascii_case(name) => {
            gate.people().issue_link(&gate::Actor::Operator { uid }, name, Purpose::Enrolment).await
        }
        _ => Err(access::Refusal::Account(AccountRefusal::AccountTaken {
            account: gate.account().into(),
        })),
    }
}
