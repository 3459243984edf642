//! The offer to bind a new session to its device's hardware.

use axum::http::{HeaderName, HeaderValue};

use crate::portal::Portal;

const REGISTRATION: HeaderName = HeaderName::from_static("secure-session-registration");

/// The header that offers a new session's browser to bind it; browsers know it on https alone.
pub(crate) fn offer(portal: &Portal, token: &str) -> Option<(HeaderName, HeaderValue)> {
    if portal.origin().scheme() != "https" {
        return None;
    }
    let (_, challenge) = portal.gate().sessions().hardware_challenge(token).ok()?;
    let value = format!("(ES256);path=\"/session/bind\";challenge=\"{challenge}\"");
    Some((REGISTRATION, HeaderValue::try_from(value).ok()?))
}
