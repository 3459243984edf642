//! Sessions. One that ended keeps its row for a while, so that its cookie is told why.

use std::net::IpAddr;

use access::id::{PersonId, SessionId};
use access::moment::{Span, Time};
use access::policy::Assurance;
use access::secret::Digest;
use access::session::{Event, Interface, Session, SessionEnd};
use access::stay::Stay;
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use crate::error::StoreError;
use crate::field::{Fields, json};
use crate::{Store, device};

statements! {
    INSERT = "INSERT INTO session (id, person, device, token, interface, methods, address, \
              started_at, idle, until_at, receipt, public_key, hardware_key, proven_at, \
              proven_by, assurance, networks, announced, held_until, stay, last_seen_at, agent, form) \
              VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, \
              $18, $19, $20, $8, $21, $22)";
    BIND = "UPDATE session SET hardware_key = $2, idle = $3 WHERE id = $1";
    PROVE = "UPDATE session SET proven_at = $2, proven_by = $3, assurance = $4, networks = $5, \
             token = COALESCE($6, token) WHERE id = $1";
    MOVE = "UPDATE session SET networks = $2 WHERE id = $1";
    LIMIT = "UPDATE session SET idle = $2, until_at = $3 WHERE id = $1";
    RENEW = "UPDATE session SET idle = $2, until_at = $3, announced = 0 WHERE id = $1";
    ANNOUNCE = "UPDATE session SET announced = 1 WHERE id = $1";
    KEY = "UPDATE session SET public_key = $2 WHERE id = $1";
    END = "UPDATE session SET ended_at = $2, end_reason = $3 WHERE id = $1 AND ended_at IS NULL";
    KEEP = "UPDATE session SET receipt = $2 WHERE id = $1";
    LIVE = "SELECT id, person, device, token, interface, methods, address, started_at, idle, \
            until_at, receipt, public_key, hardware_key, proven_at, proven_by, assurance, \
            networks, announced, held_until, stay, agent, form FROM session WHERE person = $1 AND ended_at IS NULL";
    SEEN = "SELECT id, last_seen_at, address FROM session WHERE person = $1 AND ended_at IS NULL";
    TOUCH = "UPDATE session SET last_seen_at = $2, address = $3 WHERE id = $1 AND ended_at IS NULL";
    TOUCH_DEVICE = "UPDATE device SET last_seen_at = $2 \
                    WHERE last_seen_at < $2 AND id = (SELECT device FROM session WHERE id = $1)";
    ENDED = "SELECT ended_at, end_reason FROM session WHERE token = $1 AND ended_at IS NOT NULL";
    ENDED_SINCE = "SELECT id, token, ended_at, end_reason FROM session \
                   WHERE person = $1 AND ended_at > $2";
    PRUNE = "DELETE FROM session WHERE ended_at < $1";
}

/// When and from where a session was last used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionUse {
    /// The session.
    pub session: SessionId,
    /// When it happened.
    pub at: Time,
    /// From where.
    pub address: Option<IpAddr>,
}

/// A session that is over, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EndedSession {
    /// The session.
    pub session: SessionId,
    /// The digest of its token.
    pub token: Digest,
    /// When it ended.
    pub at: Time,
    /// Why.
    pub reason: SessionEnd,
}

pub(crate) async fn apply(connection: &mut AnyConnection, event: &Event) -> Result<(), StoreError> {
    match event {
        Event::Started(session) => {
            insert(connection, session).await?;
            device::seen(connection, session).await?;
        }
        Event::Ended { session, at, reason } => {
            run!(connection, END, session.to_string(), at.0, reason.name())?;
        }
        Event::Bound { session, hardware, idle } => {
            run!(connection, BIND, session.to_string(), hardware.to_string(), idle.0)?;
        }
        Event::Proven { session, methods, at, assurance, networks, token } => {
            let (by, networks) = (json("session", methods)?, json("session", networks)?);
            let how = assurance.name();
            let token = token.map(|token| token.to_string());
            run!(connection, PROVE, session.to_string(), at.0, by, how, networks, token)?;
        }
        Event::Moved { session, networks, .. } => {
            run!(connection, MOVE, session.to_string(), json("session", networks)?)?;
        }
        Event::Limited { session, idle, until } => {
            run!(connection, LIMIT, session.to_string(), idle.0, until.0)?;
        }
        Event::Renewed { session, idle, until } => {
            run!(connection, RENEW, session.to_string(), idle.0, until.0)?;
        }
        Event::Announced { session } => {
            run!(connection, ANNOUNCE, session.to_string())?;
        }
        Event::Keyed { session, key } => {
            run!(connection, KEY, session.to_string(), key.to_string())?;
        }
        Event::KeptForReceipt { session, lock } => {
            run!(connection, KEEP, session.to_string(), lock.to_string())?;
        }
    }
    Ok(())
}

async fn insert(connection: &mut AnyConnection, session: &Session) -> Result<(), StoreError> {
    let (agent, form) = device::columns(session.agent.as_ref());
    run!(
        connection,
        INSERT,
        session.id.to_string(),
        session.person.to_string(),
        session.device.to_string(),
        session.token.to_string(),
        session.interface.name(),
        json("session", &session.methods)?,
        session.address.map(|address| address.to_string()),
        session.started_at.0,
        session.idle.0,
        session.until.0,
        session.receipt.map(|lock| lock.to_string()),
        session.key.map(|key| key.to_string()),
        session.hardware.map(|key| key.to_string()),
        session.proven_at.0,
        json("session", &session.proven_by)?,
        session.assurance.name(),
        json("session", &session.networks)?,
        i64::from(session.announced),
        session.held_until.map(|at| at.0),
        session.stay.name(),
        agent,
        form,
    )?;
    Ok(())
}

pub(crate) async fn of(
    connection: &mut AnyConnection,
    person: &str,
) -> Result<Vec<Session>, StoreError> {
    rows!(connection, LIVE, person)?.iter().map(read).collect()
}

fn read(row: &AnyRow) -> Result<Session, StoreError> {
    let mut fields = Fields::new("session", row);
    Ok(Session {
        id: fields.parsed()?,
        person: fields.parsed()?,
        device: fields.parsed()?,
        token: fields.digest()?,
        interface: fields.named(&Interface::ALL, Interface::name)?,
        methods: fields.json()?,
        address: fields.maybe_parsed()?,
        started_at: fields.time()?,
        idle: fields.int().map(Span)?,
        until: fields.time()?,
        receipt: fields.maybe_parsed()?,
        key: fields.maybe_parsed()?,
        hardware: fields.maybe_parsed()?,
        proven_at: fields.time()?,
        proven_by: fields.json()?,
        assurance: fields.named(&Assurance::ALL, Assurance::name)?,
        networks: fields.json()?,
        announced: fields.truth()?,
        held_until: fields.maybe_time()?,
        stay: fields.named(&Stay::ALL, Stay::name)?,
        agent: device::agent(&mut fields)?,
    })
}

pub(crate) async fn touch(
    connection: &mut AnyConnection,
    used: &SessionUse,
) -> Result<(), sqlx::Error> {
    let address = used.address.map(|address| address.to_string());
    run!(connection, TOUCH, used.session.to_string(), used.at.0, address)?;
    run!(connection, TOUCH_DEVICE, used.session.to_string(), used.at.0)?;
    Ok(())
}

impl Store {
    /// When and from where each live session of a person was last used.
    pub async fn session_uses(&self, person: PersonId) -> Result<Vec<SessionUse>, StoreError> {
        let mut connection = self.database.pool().acquire().await?;
        let rows = rows!(connection, SEEN, person.to_string())?;
        let read = |row| {
            let mut fields = Fields::new("session", row);
            let (session, at) = (fields.parsed()?, fields.time()?);
            Ok(SessionUse { session, at, address: fields.maybe_parsed()? })
        };
        rows.iter().map(read).collect()
    }

    /// The sessions of a person that ended after this time.
    pub async fn sessions_ended_since(
        &self,
        person: PersonId,
        since: Time,
    ) -> Result<Vec<EndedSession>, StoreError> {
        let mut connection = self.database.pool().acquire().await?;
        let rows = rows!(connection, ENDED_SINCE, person.to_string(), since.0)?;
        let read = |row| {
            let mut fields = Fields::new("session", row);
            Ok(EndedSession {
                session: fields.parsed()?,
                token: fields.digest()?,
                at: fields.time()?,
                reason: fields.named(&SessionEnd::ALL, SessionEnd::name)?,
            })
        };
        rows.iter().map(read).collect()
    }

    /// When and why the session of this token ended; none when it is live or unknown.
    pub async fn session_end(
        &self,
        token: Digest,
    ) -> Result<Option<(Time, SessionEnd)>, StoreError> {
        let mut connection = self.database.pool().acquire().await?;
        let Some(row) = row!(connection, ENDED, token.to_string())? else { return Ok(None) };
        let mut fields = Fields::new("session", &row);
        Ok(Some((fields.time()?, fields.named(&SessionEnd::ALL, SessionEnd::name)?)))
    }
}

/// Forgets the rows of sessions that ended before this time.
pub(crate) async fn prune(
    connection: &mut AnyConnection,
    before: Time,
) -> Result<u64, sqlx::Error> {
    run!(connection, PRUNE, before.0)
}
