//! The channels for notices, from the configuration: a mail server or a folder, and a webhook.

use std::path::Path;
use std::sync::Arc;

use access::Secret;
use gate::Gate;

use crate::config::{Alerts, Mail, MailTls, Push};
use crate::exit::Failure;

/// The folder of mails in a data folder without a mail server.
const FOLDER: &str = "mail";

/// What is wrong with the channels' configuration shows before anything starts.
pub fn check(alerts: &Alerts) -> Result<(), Failure> {
    if let Some(mail) = &alerts.mail {
        smtp(mail)?;
    }
    if let Some(webhook) = &alerts.webhook {
        let secret = alert::WebhookSecret::new([0; 32]);
        let authorities = webhook.authorities.as_deref();
        let checked = alert::Webhook::new(webhook.url.clone(), secret, authorities);
        checked.map_err(|e| Failure::usage(format!("webhook: {e}")))?;
    }
    if let Some(push) = &alerts.push {
        let key = alert::VapidKey::new(&Secret::new(vec![1; 32]));
        pusher(push, key.ok_or_else(|| Failure::failed("no key can be made"))?)?;
    }
    Ok(())
}

fn pusher(push: &Push, key: alert::VapidKey) -> Result<alert::Push, Failure> {
    let config = alert::PushConfig { subject: push.subject.clone(), private: push.private };
    alert::Push::new(config, key, push.authorities.as_deref())
        .map_err(|e| Failure::usage(format!("push: {e}")))
}

/// Starts delivering.
pub async fn start(gate: &Gate, data: &Path, alerts: &Alerts) -> Result<(), Failure> {
    let mail: Arc<dyn alert::Channel> = if let Some(mail) = &alerts.mail {
        Arc::new(smtp(mail)?)
    } else {
        Arc::new(alert::MailFolder::new(data.join(FOLDER)).map_err(Failure::failed)?)
    };
    let mut channels = vec![mail];
    if let Some(webhook) = &alerts.webhook {
        let secret = gate.deliveries().webhook_secret().await.map_err(Failure::failed)?;
        let authorities = webhook.authorities.as_deref();
        let hook = alert::Webhook::new(webhook.url.clone(), secret, authorities);
        channels.push(Arc::new(hook.map_err(|e| Failure::usage(format!("webhook: {e}")))?));
    }
    gate.deliveries().start(channels);
    if let Some(push) = &alerts.push {
        let key = gate.pushes().key().await.map_err(Failure::failed)?;
        gate.pushes().start(pusher(push, key)?);
    }
    Ok(())
}

fn smtp(mail: &Mail) -> Result<alert::Smtp, Failure> {
    let login = match (&mail.user, &mail.password_file) {
        (Some(user), Some(file)) => Some((user.clone(), password(file)?)),
        _ => None,
    };
    let tls = match mail.tls {
        MailTls::Tls => alert::SmtpTls::Tls,
        MailTls::Starttls => alert::SmtpTls::Starttls,
        MailTls::None => alert::SmtpTls::None,
    };
    alert::Smtp::new(alert::SmtpConfig {
        host: mail.host.clone(),
        port: mail.port(),
        tls,
        authorities: mail.authorities.clone(),
        login,
        from: mail.from.clone(),
    })
    .map_err(|e| Failure::usage(format!("mail: {e}")))
}

/// The password in a file that others cannot read.
fn password(file: &Path) -> Result<Secret, Failure> {
    use std::os::unix::fs::PermissionsExt;
    let named =
        |what: String| Failure::usage(format!("mail.password_file {}: {what}", file.display()));
    let facts = std::fs::metadata(file).map_err(|e| named(e.to_string()))?;
    if facts.permissions().mode() & 0o077 != 0 {
        return Err(named("others can read it; run chmod 600 on it".to_owned()));
    }
    let text = std::fs::read_to_string(file).map_err(|e| named(e.to_string()))?;
    Ok(Secret::from_text(text.trim_end_matches(['\r', '\n']).to_owned()))
}
