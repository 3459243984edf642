//! The webhook: each notice without a code as JSON to an address of the operator's, signed by the
//! convention of Standard Webhooks (standardwebhooks.com), which receivers have libraries for:
//! `webhook-signature: v1,` and the HMAC-SHA256 of `id.timestamp.body` in base 64. The id is the
//! same at each try; the timestamp is of the try, so that a receiver can refuse an old one.

use std::path::Path;
use std::sync::Arc;

use access::{Secret, Time};
use data_encoding::BASE64;
use hmac::{Hmac, KeyInit, Mac};
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::{Request, StatusCode, header};
use rustls::ClientConfig;
use serde_json::json;
use sha2::Sha256;
use url::Url;

use crate::post::{self, Reach};
use crate::trust::{self, TrustError};
use crate::{Channel, Fault, Letter, Try};

/// The channel's name.
pub const NAME: &str = "webhook";
/// What a secret's text begins with.
const PREFIX: &str = "whsec_";

/// The secret that bodies are signed with: 32 bytes of the folder's own.
pub struct WebhookSecret(Secret);

impl WebhookSecret {
    /// Takes drawn bytes over.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Secret::new(bytes.to_vec()))
    }

    /// Its bytes, to be sealed.
    pub fn bytes(&self) -> &Secret {
        &self.0
    }

    /// As receivers are given it: `whsec_` and base 64.
    pub fn text(&self) -> Secret {
        Secret::from_text(format!("{PREFIX}{}", BASE64.encode(self.0.expose())))
    }

    /// The signature of one try.
    fn sign(&self, id: &str, seconds: i64, body: &[u8]) -> Option<String> {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.0.expose()).ok()?;
        mac.update(format!("{id}.{seconds}.").as_bytes());
        mac.update(body);
        Some(format!("v1,{}", BASE64.encode(&mac.finalize().into_bytes())))
    }
}

/// Why an address is no webhook.
#[derive(Debug, thiserror::Error)]
pub enum WebhookError {
    /// Not https, or http beyond this machine.
    #[error("{0} cannot be a webhook address: use https, or http to localhost")]
    Address(Url),
    /// The authorities.
    #[error(transparent)]
    Trust(#[from] TrustError),
}

/// Posts notices to one address.
pub struct Webhook {
    url: Url,
    tls: Option<Arc<ClientConfig>>,
    secret: WebhookSecret,
}

impl Webhook {
    /// Checks the address; nothing is tried before the first notice.
    pub fn new(
        url: Url,
        secret: WebhookSecret,
        authorities: Option<&Path>,
    ) -> Result<Self, WebhookError> {
        let tls = match url.scheme() {
            "https" if url.host().is_some() => Some(trust::client(authorities)?),
            "http" if post::is_loopback(&url) => None,
            _ => return Err(WebhookError::Address(url)),
        };
        Ok(Self { url, tls, secret })
    }

    async fn post(&self, letter: &Letter, now: Time) -> Result<(), Fault> {
        let request = self.request(letter, now)?;
        // The address is the operator's, so it may be a private one.
        let reach = if self.tls.is_none() { Reach::Loopback } else { Reach::Any };
        match post::send(&self.url, self.tls.as_ref(), reach, request).await? {
            status if status.is_success() => Ok(()),
            // The receiver says that it wants no more of this.
            StatusCode::GONE => Err(Fault::lasting("the receiver answered 410")),
            // Redirections are not followed: the address is the operator's, and so is a new one.
            status => Err(Fault::passing(format!("the receiver answered {}", status.as_u16()))),
        }
    }

    fn request(&self, letter: &Letter, now: Time) -> Result<Request<Full<Bytes>>, Fault> {
        let body = body(letter).into_bytes();
        let (id, seconds) = (letter.id.to_string(), now.0.div_euclid(1_000_000));
        let signature = self.secret.sign(&id, seconds, &body);
        let signature = signature.ok_or_else(|| Fault::passing("nothing could be signed"))?;
        post::to(&self.url)
            .header(header::CONTENT_TYPE, "application/json")
            .header("webhook-id", id)
            .header("webhook-timestamp", seconds)
            .header("webhook-signature", signature)
            .body(Full::new(Bytes::from(body)))
            .map_err(Fault::lasting)
    }
}

/// What is posted: never a code.
fn body(letter: &Letter) -> String {
    let subject = &letter.subject;
    json!({
        "type": format!("notice.{}", letter.topic.name()),
        "timestamp": rfc3339(letter.at),
        "data": {
            "notice": letter.id,
            "username": letter.username,
            "title": letter.topic.title(),
            "text": letter.text,
            "device": subject.device,
            "session": subject.session,
            "address": subject.address,
        },
    })
    .to_string()
}

fn rfc3339(at: Time) -> String {
    let text = at.to_string();
    text.strip_suffix(" UTC")
        .map_or(text.clone(), |text| format!("{}Z", text.replacen(' ', "T", 1)))
}

impl Channel for Webhook {
    fn name(&self) -> &'static str {
        NAME
    }

    fn deliver<'a>(&'a self, letter: &'a Letter, now: Time) -> Try<'a> {
        Box::pin(self.post(letter, now))
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    // The example of the specification's reference libraries.
    #[test]
    fn signature_is_that_of_the_convention() {
        let key = BASE64.decode(b"MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let secret = WebhookSecret(Secret::new(key));
        let body = br#"{"test": 2432232314}"#;
        let signature = secret.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, body);
        assert_eq!(signature.unwrap(), "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        assert_eq!(secret.text().expose(), b"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    }

    #[test]
    fn address_in_plain_beyond_this_machine_is_refused() {
        let new = |url: &str| Webhook::new(url.parse().unwrap(), WebhookSecret::new([1; 32]), None);
        for bad in ["http://example.org/", "http://192.0.2.1/", "ftp://localhost/", "file:///x"] {
            assert!(matches!(new(bad), Err(WebhookError::Address(_))), "{bad}");
        }
        for good in ["https://example.org/x", "http://localhost:1/", "http://[::1]:1/"] {
            assert!(new(good).is_ok(), "{good}");
        }
    }
}
