//! Mails: what they say, and a folder for them if no mail server is configured.
//!
//! A mail says what the message centre says. The only link in it is the one that stops a recovery,
//! and whatever a mail program could turn into a link (a name that somebody gave) is written so
//! that it cannot.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use access::{Digest, Time};
use data_encoding::HEXLOWER;
use lettre::Message;
use lettre::message::Mailbox;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};

use crate::{Channel, Fault, Letter, Try};

/// The channel's name.
pub const NAME: &str = "mail";
/// Columns of a mail's text.
const COLUMNS: usize = 72;

/// The mail of a letter, sent by `from`.
pub fn message(letter: &Letter, from: &Mailbox) -> Result<Message, Fault> {
    let to = letter.to.parse().map_err(Fault::lasting)?;
    let host = from.email.domain();
    Message::builder()
        .from(from.clone())
        .to(Mailbox::new(None, to))
        // A title is a constant: nothing that anybody typed is in a header but the checked address.
        .subject(format!("Floorpass: {}", letter.topic.title()))
        .date(time(letter.at))
        .message_id(Some(format!("<{}.{}@{host}>", letter.id, mark(&letter.to))))
        // Asks programs that answer by themselves (RFC 3834) not to.
        .raw_header(HeaderValue::new(
            HeaderName::new_from_ascii_str("Auto-Submitted"),
            "auto-generated".to_owned(),
        ))
        .header(ContentType::TEXT_PLAIN)
        .body(body(letter))
        .map_err(Fault::lasting)
}

fn time(at: Time) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_micros(u64::try_from(at.0).unwrap_or(0))
}

/// Tells the mails of one notice apart.
fn mark(to: &str) -> String {
    let digest = Digest::of(to.as_bytes());
    HEXLOWER.encode(digest.0.get(..6).unwrap_or_default())
}

/// What a mail says.
pub fn body(letter: &Letter) -> String {
    let mut parts = vec![
        format!("To {}, on {}:", unlinked(&letter.username), letter.at),
        unlinked(&letter.text),
    ];
    if let Some(code) = letter.code.as_ref().and_then(access::Secret::expose_text) {
        parts.push(format!("Code: {code}"));
        parts.push(
            "Type it only on the page where you asked for it. We never ask for it in any other way."
                .to_owned(),
        );
    }
    let link = if let Some(stop) = &letter.stop {
        parts.push("To stop it, open this page and press the button:".to_owned());
        parts.push(stop.clone());
        "That page can only stop it: it asks for no password or code, and signs nobody in."
    } else {
        "Our mails contain no links: type the portal's address yourself."
    };
    parts.push(format!("This message is also in the portal's message centre. {link}"));
    let wrapped: Vec<_> = parts.iter().map(|part| wrap(part)).collect();
    wrapped.join("\r\n\r\n") + "\r\n"
}

/// Breaks a text into lines at its spaces.
fn wrap(text: &str) -> String {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let fits = lines.last().is_none_or(|line| {
            line.is_empty() || line.chars().count() + 1 + word.chars().count() <= COLUMNS
        });
        if !fits {
            lines.push(String::new());
        }
        if let Some(line) = lines.last_mut() {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines.join("\r\n")
}

/// The text with every word that a mail program might make a link of broken by brackets. A mail
/// address stays: it opens no page.
fn unlinked(text: &str) -> String {
    let words = text.split(' ').map(|word| {
        if word.contains('@') && !word.contains('/') {
            return word.to_owned();
        }
        let word = word.replace("://", "[://]");
        let letters: Vec<char> = word.chars().collect();
        let mut broken = String::with_capacity(word.len());
        for (place, letter) in letters.iter().enumerate() {
            let before = place.checked_sub(1).and_then(|place| letters.get(place));
            let after = letters.get(place + 1);
            let is_name = before.is_some_and(|one| one.is_alphanumeric())
                && after.is_some_and(|one| one.is_alphabetic());
            if *letter == '.' && is_name { broken.push_str("[.]") } else { broken.push(*letter) }
        }
        broken
    });
    words.collect::<Vec<_>>().join(" ")
}

/// Puts mails into a folder, one file each, for the operator's eyes (0600).
pub struct MailFolder {
    folder: PathBuf,
    from: Mailbox,
}

impl MailFolder {
    /// Puts mails into `folder`, which is made when the first one comes.
    pub fn new(folder: PathBuf) -> Result<Self, Fault> {
        let from = "Floorpass <floorpass@localhost>".parse().map_err(Fault::lasting)?;
        Ok(Self { folder, from })
    }

    fn file(&self, letter: &Letter) -> PathBuf {
        // Seconds first, so that the newest is the last of a listing; the same letter, the same file.
        let seconds = letter.at.0.div_euclid(1_000_000);
        self.folder.join(format!("{seconds}-{}-{}.eml", letter.id, mark(&letter.to)))
    }
}

impl Channel for MailFolder {
    fn name(&self) -> &'static str {
        NAME
    }

    fn deliver<'a>(&'a self, letter: &'a Letter, _: Time) -> Try<'a> {
        Box::pin(async move {
            let bytes = message(letter, &self.from)?.formatted();
            let (folder, file) = (self.folder.clone(), self.file(letter));
            let written = tokio::task::spawn_blocking(move || put(&folder, &file, &bytes)).await;
            written.map_err(Fault::passing)?.map_err(Fault::passing)
        })
    }
}

/// Writes a file so that it is there whole or not at all.
fn put(folder: &Path, file: &Path, bytes: &[u8]) -> std::io::Result<()> {
    private::folder(folder)?;
    private::replace(file, bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_that_looks_like_a_link_is_broken() {
        assert_eq!(
            unlinked("credential https://evil.example/sign-in was made."),
            "credential https[://]evil[.]example/sign-in was made."
        );
        assert_eq!(unlinked("www.evil.example"), "www[.]evil[.]example");
        assert_eq!(unlinked("evil1.com/@x"), "evil1[.]com/@x");
        let ours = "ann@example.org from 192.0.2.7 at 2027-01-15 08:00:00 UTC. It works.";
        assert_eq!(unlinked(ours), ours);
    }

    #[test]
    fn text_is_wrapped_at_spaces_and_a_long_word_stays_whole() {
        let long = "x".repeat(100);
        let text = wrap(&format!("{} {long} end", "word ".repeat(30)));
        assert!(text.lines().all(|line| line.len() <= COLUMNS || line.contains(&long)), "{text}");
        assert!(text.contains(&long));
    }
}
