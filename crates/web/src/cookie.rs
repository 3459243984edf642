//! Cookies: how they are named, read and written.
//!
//! On https a name begins with `__Host-`, which binds it to this host and to TLS. On plain http (loopback only) browsers
//! disagree about `Secure` and refuse the prefix, so neither is used there. Two servers on two ports of one host share a
//! cookie jar: each name ends in the data folder's id.

use std::fmt::Write as _;

use access::Span;
use access::binding::HARDWARE_WINDOW;
use axum::http::{HeaderMap, HeaderValue, header};

/// The longest value that is read, in bytes; ours are 43.
const LONGEST: usize = 256;

/// What a cookie is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cookie {
    /// The session's token; ends with the browser, unless its person chose to stay.
    Session,
    /// The device's token; makes a later sign-in here one from a known browser.
    Device,
    /// The sign-in under way; ten minutes.
    Attempt,
    /// Stands for a proof by the device's hardware; ten minutes.
    Hardware,
    /// The recovery that this browser began; longer than the longest one.
    Recovery,
    /// The account that was looked at last, where its person has several: no secret, and worth nothing
    /// without the session.
    Account,
}

impl Cookie {
    const fn noun(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::Device => "device",
            Self::Attempt => "attempt",
            Self::Hardware => "hardware",
            Self::Recovery => "recovery",
            Self::Account => "account",
        }
    }

    /// How long the browser keeps it, in seconds; none: until it closes.
    fn keeps(self) -> Option<u32> {
        match self {
            Self::Session | Self::Account => None,
            // Browsers cut at 400 days; the server's own limit is shorter.
            Self::Device => Some(400 * 86_400),
            Self::Attempt => Some(600),
            Self::Recovery => Some(60 * 86_400),
            // As long as the proof counts.
            Self::Hardware => u32::try_from(HARDWARE_WINDOW.seconds_up()).ok(),
        }
    }
}

/// How this server names and marks its cookies.
#[derive(Debug, Clone)]
pub(crate) struct Jar {
    secure: bool,
    suffix: String,
}

impl Jar {
    /// For an origin on https or not, and a data folder's id (its first eight letters and digits are used).
    pub(crate) fn new(secure: bool, folder: &str) -> Self {
        let suffix = folder.chars().filter(char::is_ascii_alphanumeric).take(8).collect();
        Self { secure, suffix }
    }

    fn name(&self, cookie: Cookie) -> String {
        let prefix = if self.secure { "__Host-" } else { "" };
        format!("{prefix}floorpass-{}-{}", cookie.noun(), self.suffix)
    }

    /// The value sent, when there is just one and it could be ours: two cookies of one name mean that somebody planted one.
    pub(crate) fn read(&self, headers: &HeaderMap, cookie: Cookie) -> Option<String> {
        let name = self.name(cookie);
        let mut found = headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|line| line.to_str().ok())
            .flat_map(|line| line.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .filter(|(key, _)| *key == name)
            .map(|(_, value)| value);
        let value = found.next()?;
        let token = value.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        (found.next().is_none() && token && !value.is_empty() && value.len() <= LONGEST)
            .then(|| value.to_owned())
    }

    /// The line that sets it.
    pub(crate) fn set(&self, cookie: Cookie, value: &str) -> Option<HeaderValue> {
        self.line(cookie, value, cookie.keeps())
    }

    /// The line that sets it for so long.
    pub(crate) fn set_for(&self, cookie: Cookie, value: &str, lasts: Span) -> Option<HeaderValue> {
        self.line(cookie, value, u32::try_from(lasts.seconds_up()).ok())
    }

    /// The name and the marks of a cookie, as a browser is told of one that it must keep fresh.
    pub(crate) fn marks(&self, cookie: Cookie) -> (String, &'static str) {
        (self.name(cookie), "Path=/; HttpOnly; SameSite=Strict; Secure")
    }

    /// The line that removes it.
    pub(crate) fn clear(&self, cookie: Cookie) -> Option<HeaderValue> {
        self.line(cookie, "", Some(0))
    }

    fn line(&self, cookie: Cookie, value: &str, keeps: Option<u32>) -> Option<HeaderValue> {
        let mut line = format!("{}={value}; Path=/; HttpOnly; SameSite=Strict", self.name(cookie));
        if self.secure {
            line.push_str("; Secure");
        }
        if let Some(seconds) = keeps {
            write!(line, "; Max-Age={seconds}").ok()?;
        }
        let mut line = HeaderValue::try_from(line).ok()?;
        line.set_sensitive(true);
        Some(line)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn headers(line: &str) -> HeaderMap {
        HeaderMap::from_iter([(header::COOKIE, HeaderValue::from_str(line).unwrap())])
    }

    #[test]
    fn cookie_on_https_is_bound_to_host_and_tls() {
        let jar = Jar::new(true, "ab12-cd34-ef56");
        let line = jar.set(Cookie::Session, "tok").unwrap();
        assert_eq!(
            line.to_str().unwrap(),
            "__Host-floorpass-session-ab12cd34=tok; Path=/; HttpOnly; SameSite=Strict; Secure"
        );
        assert!(line.is_sensitive());
    }

    /// ASVS 3.3.1 to 3.3.4.
    #[test]
    fn cookie_of_every_kind_has_the_same_marks_and_is_sent_for_no_other_site() {
        let (https, http) = (Jar::new(true, "f"), Jar::new(false, "f"));
        for kind in [
            Cookie::Session,
            Cookie::Device,
            Cookie::Attempt,
            Cookie::Hardware,
            Cookie::Recovery,
            Cookie::Account,
        ] {
            let lines = |jar: &Jar| {
                let minute = access::Span::minutes(1);
                [jar.set(kind, "tok"), jar.set_for(kind, "tok", minute), jar.clear(kind)]
                    .map(|line| line.unwrap().to_str().unwrap().to_owned())
            };
            for line in lines(&https) {
                assert!(line.starts_with("__Host-floorpass-"), "{line}");
                assert!(line.contains("; Path=/; HttpOnly; SameSite=Strict; Secure"), "{line}");
                assert!(!line.contains("Domain"), "{line}");
            }
            for line in lines(&http) {
                assert!(line.contains("; Path=/; HttpOnly; SameSite=Strict"), "{line}");
            }
        }
    }

    #[test]
    fn cookie_on_loopback_http_has_no_prefix() {
        let jar = Jar::new(false, "ab12cd34");
        let line = jar.clear(Cookie::Attempt).unwrap();
        assert_eq!(
            line.to_str().unwrap(),
            "floorpass-attempt-ab12cd34=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0"
        );
    }

    #[test]
    fn cookie_of_a_proof_lives_as_long_as_the_proof() {
        assert_eq!(HARDWARE_WINDOW.seconds_up(), 600);
        let line = Jar::new(true, "f").set(Cookie::Hardware, "proof").unwrap();
        assert!(line.to_str().unwrap().ends_with("; Max-Age=600"), "{line:?}");
    }

    #[test]
    fn cookie_sent_twice_or_broken_is_none() {
        let jar = Jar::new(false, "f");
        assert_eq!(
            jar.read(&headers("a=b; floorpass-session-f=ok_-1; c=d"), Cookie::Session).as_deref(),
            Some("ok_-1")
        );
        for bad in [
            "floorpass-session-f=",
            "floorpass-session-f=a b",
            "floorpass-session-f=<x>",
            "floorpass-session-g=ok",
            "floorpass-session-f=one; floorpass-session-f=two",
            "floorpass-session-f",
        ] {
            assert_eq!(jar.read(&headers(bad), Cookie::Session), None, "{bad}");
        }
        let long = format!("floorpass-session-f={}", "a".repeat(LONGEST + 1));
        assert_eq!(jar.read(&headers(&long), Cookie::Session), None);
    }
}
