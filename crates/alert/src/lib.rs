//! Delivery of messages, and of push notifications to phones, through channels that know nothing of each other or of the
//! tables: the gate hands over a letter, and the channel says whether it arrived.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use access::notice::{Subject, Topic};
use access::{NoticeId, Secret, Span, Time};

pub mod mail;
pub mod post;
pub mod push;
pub mod smtp;
pub mod trust;
pub mod webhook;

pub use mail::MailFolder;
pub use push::{Push, PushConfig, PushMessage, PushTarget, Pushed, VapidKey};
pub use smtp::{Smtp, SmtpConfig, SmtpTls};
pub use webhook::{Webhook, WebhookSecret};

/// How long one try may take, whatever the other side does.
pub const PATIENCE: std::time::Duration = std::time::Duration::from_secs(30);

/// A notice on its way to one target.
pub struct Letter {
    /// Which notice; the same for every try, so that a receiver can tell a repetition.
    pub id: NoticeId,
    /// The name that its person signs in with.
    pub username: String,
    /// Where to: a mail address; empty where the channel has one target alone.
    pub to: String,
    /// About what.
    pub topic: Topic,
    /// What it says.
    pub text: String,
    /// The code that it tells.
    pub code: Option<Secret>,
    /// The address of a page that stops what the letter tells of, and does nothing else.
    pub stop: Option<String>,
    /// What it is about.
    pub subject: Subject,
    /// When it was written.
    pub at: Time,
}

/// Why a try failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// In plain words, for the operator; no secret is in it.
    pub text: String,
    /// Whether another try would fail alike: the address does not exist.
    pub lasting: bool,
}

impl Fault {
    /// A failure that may pass.
    pub fn passing(text: impl fmt::Display) -> Self {
        Self { text: access::call::tidy(&text.to_string(), 300), lasting: false }
    }

    /// A failure that will not.
    pub fn lasting(text: impl fmt::Display) -> Self {
        Self { lasting: true, ..Self::passing(text) }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Fault {}

/// One try, under way.
pub type Try<'a> = Pin<Box<dyn Future<Output = Result<(), Fault>> + Send + 'a>>;

/// A way to reach people.
pub trait Channel: Send + Sync {
    /// Its name in the table of deliveries.
    fn name(&self) -> &'static str;

    /// Tries once.
    fn deliver<'a>(&'a self, letter: &'a Letter, now: Time) -> Try<'a>;
}

/// How long to wait after this many tries; none when it is given up. Two days in all.
pub const fn wait_after(tries: u32) -> Option<Span> {
    Some(match tries {
        0 | 1 => Span::seconds(10),
        2 => Span::minutes(1),
        3 => Span::minutes(5),
        4 => Span::minutes(15),
        5 => Span::hours(1),
        6 => Span::hours(3),
        7 => Span::hours(6),
        8 => Span::hours(12),
        9 => Span::hours(24),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wait_grows_and_ends() {
        let waits: Vec<_> = (1..).map_while(wait_after).collect();
        assert_eq!(waits.len(), 9);
        assert!(waits.is_sorted());
        let total: i64 = waits.iter().map(|wait| wait.0).sum();
        assert!(Span(total) < Span::days(2) && Span(total) > Span::days(1));
    }

    #[test]
    fn fault_is_cut_and_has_no_line_breaks() {
        let fault = Fault::passing("x\r\n".repeat(1_000));
        assert!(fault.text.len() <= 300 && !fault.text.contains('\n'));
    }
}
