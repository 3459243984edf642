//! A browser in which somebody has signed in, as far as it keeps anything.

use access::SessionId;
use axum::http::{HeaderMap, header};
use gate::BrowserKey;

/// A browser in which somebody signed in.
pub struct PortalUser {
    /// Who.
    pub person: String,
    /// The session.
    pub session: SessionId,
    /// By name.
    pub cookies: Vec<(String, String)>,
    /// What its requests are signed with.
    pub key: BrowserKey,
}

impl PortalUser {
    /// Takes the cookies of an answer.
    pub fn keep(&mut self, headers: &HeaderMap) {
        for line in headers.get_all(header::SET_COOKIE) {
            let Some((pair, rest)) = line.to_str().ok().and_then(|line| line.split_once(';'))
            else {
                continue;
            };
            let Some((name, value)) = pair.split_once('=') else { continue };
            self.cookies.retain(|(kept, _)| kept != name);
            if !rest.contains("Max-Age=0") {
                self.cookies.push((name.to_owned(), value.to_owned()));
            }
        }
    }

    /// The cookies of a request.
    pub fn cookie_line(&self) -> String {
        let pairs: Vec<_> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        pairs.join("; ")
    }
}
