//! A session as pages have it.

use std::net::IpAddr;

use access::agent::Agent;
use access::{DeviceId, PersonId, SessionId, Time, session};

/// A session as pages list it.
#[derive(Debug, Clone)]
pub struct SessionInfo {
    /// The session.
    pub id: SessionId,
    /// Whose it is.
    pub person: PersonId,
    /// The name that the person signs in with.
    pub username: String,
    /// The browser that it was begun in.
    pub device: DeviceId,
    /// That browser's name.
    pub device_name: String,
    /// What it said of itself when the session began.
    pub agent: Option<Agent>,
    /// Where it was used last.
    pub address: Option<IpAddr>,
    /// When it began.
    pub since: Time,
    /// When it was used last.
    pub last_use: Time,
    /// When it ends unless used before.
    pub idle_until: Time,
    /// When it ends in any case.
    pub until: Time,
    /// At which interface.
    pub interface: session::Interface,
    /// How its person was proven.
    pub methods: Vec<session::Method>,
    /// Whether a key in its browser binds it.
    pub key: bool,
    /// Whether its device's hardware binds it.
    pub hardware: bool,
}
