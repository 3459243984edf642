//! Mails by SMTP.

use std::path::PathBuf;

use access::{Secret, Time};
use lettre::message::Mailbox;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};

use crate::mail::{self, message};
use crate::trust::{self, TrustError};
use crate::{Channel, Fault, Letter, PATIENCE, Try};

/// How the connection to the mail server is kept from eavesdroppers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SmtpTls {
    /// TLS from the first byte: port 465.
    Tls,
    /// In plain until STARTTLS, without which nothing is sent: port 587.
    Starttls,
    /// Unencrypted: only for a server on this machine.
    None,
}

/// What a mail server is reached by.
pub struct SmtpConfig {
    /// Its name, which its certificate has to bear.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is kept.
    pub tls: SmtpTls,
    /// Certificates of authorities besides the system's, PEM.
    pub authorities: Option<PathBuf>,
    /// User name and password, where it asks for them.
    pub login: Option<(String, Secret)>,
    /// Whom mails come from: `Floorpass <floorpass@example.org>`.
    pub from: String,
}

/// Why a mail server cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SmtpError {
    /// The sender.
    #[error("`from` is not a mail address: {0}")]
    From(String),
    /// The authorities.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// TLS.
    #[error("TLS to the mail server cannot be set up: {0}")]
    Tls(String),
}

/// Sends mails to a mail server.
pub struct Smtp {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl Smtp {
    /// Connects at each mail; nothing is tried before the first.
    pub fn new(config: SmtpConfig) -> Result<Self, SmtpError> {
        let from: Mailbox =
            config.from.parse().map_err(|error| SmtpError::From(format!("{error}")))?;
        let host = config.host.clone();
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host)
            .port(config.port)
            .timeout(Some(PATIENCE))
            .hello_name(ClientId::Domain(from.email.domain().to_owned()))
            .tls(match config.tls {
                SmtpTls::Tls => Tls::Wrapper(parameters(&config)?),
                SmtpTls::Starttls => Tls::Required(parameters(&config)?),
                SmtpTls::None => Tls::None,
            });
        if let Some((user, password)) = config.login {
            let password = password.expose_text().unwrap_or_default().to_owned();
            builder = builder.credentials(Credentials::new(user, password));
        }
        Ok(Self { transport: builder.build(), from })
    }
}

fn parameters(config: &SmtpConfig) -> Result<TlsParameters, SmtpError> {
    let tls = |error: lettre::transport::smtp::Error| SmtpError::Tls(error.to_string());
    let mut builder = TlsParameters::builder(config.host.clone());
    if let Some(file) = &config.authorities {
        for certificate in trust::read(file)? {
            let root = Certificate::from_der(certificate.to_vec()).map_err(tls)?;
            builder = builder.add_root_certificate(root);
        }
    }
    builder.build_rustls().map_err(tls)
}

impl Channel for Smtp {
    fn name(&self) -> &'static str {
        mail::NAME
    }

    fn deliver<'a>(&'a self, letter: &'a Letter, _: Time) -> Try<'a> {
        Box::pin(async move {
            let mail = message(letter, &self.from)?;
            self.transport.send(mail).await.map(drop).map_err(|error| fault(&error))
        })
    }
}

/// A mailbox that does not exist (550 to 559) stays so; a login that fails (53x) is the operator's to
/// mend, and everything else may pass.
fn fault(error: &lettre::transport::smtp::Error) -> Fault {
    use lettre::transport::smtp::response::Category;
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(one) = cause {
        text = format!("{text}: {one}");
        cause = one.source();
    }
    let code = error.status().filter(|_| error.is_permanent());
    match code {
        Some(code) if code.category == Category::MailSystem => Fault::lasting(text),
        _ => Fault::passing(text),
    }
}
