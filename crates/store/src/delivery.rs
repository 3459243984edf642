//! The state of each delivery of a notice: waiting, delivered or given up. A row is made with its
//! notice, in one transaction, so that a restart loses none. What was tried is not a decision about
//! access, so it is in no evidence.

use std::sync::atomic::Ordering;

use access::moment::Time;
use access::notice::Notice;
use sqlx::AnyConnection;

use crate::error::StoreError;
use crate::field::Fields;
use crate::{Store, notice};

statements! {
    INSERT = "INSERT INTO delivery (notice, channel, target, state, tries, next_at) \
              VALUES ($1, $2, $3, 'waiting', 0, $4)";
    DUE = "SELECT notice.id, notice.person, topic, body, code, device, session, address, mail, \
           written_at, person.username, target, tries FROM delivery \
           JOIN notice ON notice.id = delivery.notice JOIN person ON person.id = notice.person \
           WHERE channel = $1 AND state = 'waiting' AND next_at <= $2 \
           ORDER BY next_at, notice.id, target LIMIT $3";
    NEXT = "SELECT next_at FROM delivery WHERE channel = $1 AND state = 'waiting' \
            ORDER BY next_at LIMIT 1";
    CLAIM = "UPDATE delivery SET tries = tries + 1, tried_at = $5, next_at = $6 \
             WHERE notice = $1 AND channel = $2 AND target = $3 AND tries = $4 AND state = 'waiting'";
    SETTLE = "UPDATE delivery SET state = $4, fault = $5 \
              WHERE notice = $1 AND channel = $2 AND target = $3 AND state = 'waiting'";
    ALL = "SELECT notice.id, notice.person, topic, body, code, device, session, address, mail, \
           written_at, person.username, target, tries, channel, state, next_at, tried_at, fault \
           FROM delivery JOIN notice ON notice.id = delivery.notice \
           JOIN person ON person.id = notice.person \
           ORDER BY written_at DESC, notice.id, channel, target LIMIT $1";
}

/// The channel of mails; the target is the address.
pub const MAIL: &str = "mail";
/// The channel of the webhook; there is one, so it has no target.
pub const WEBHOOK: &str = "webhook";

/// A delivery to be tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The message.
    pub notice: Notice,
    /// The name that its person signs in with.
    pub username: String,
    /// Where to: a mail address.
    pub target: String,
    /// How often it was tried.
    pub tries: u32,
}

/// The state of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryState {
    /// It will be tried.
    Waiting,
    /// It arrived, as far as the channel can tell.
    Delivered,
    /// It will not be tried again.
    GivenUp,
}

impl DeliveryState {
    /// Every state.
    pub const ALL: [Self; 3] = [Self::Waiting, Self::Delivered, Self::GivenUp];

    /// Its name in tables.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Delivered => "delivered",
            Self::GivenUp => "given_up",
        }
    }
}

/// A delivery with all that is known of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryRow {
    /// What, to whom and where.
    pub delivery: Delivery,
    /// By which channel.
    pub channel: String,
    /// Its state.
    pub state: DeliveryState,
    /// When it is tried next, if it waits.
    pub next_at: Time,
    /// When it was tried last.
    pub tried_at: Option<Time>,
    /// Why the last try failed.
    pub fault: Option<String>,
}

/// The deliveries of a new notice: a mail to each of its addresses; the webhook hears what has no
/// code.
pub(crate) async fn queue(
    connection: &mut AnyConnection,
    notice: &Notice,
    webhook: bool,
) -> Result<(), StoreError> {
    let id = notice.id.to_string();
    for address in &notice.mail {
        run!(connection, INSERT, id.clone(), MAIL, address.as_str().to_owned(), notice.at.0)?;
    }
    if webhook && notice.code.is_none() {
        run!(connection, INSERT, id, WEBHOOK, "", notice.at.0)?;
    }
    Ok(())
}

fn read(fields: &mut Fields<'_>) -> Result<Delivery, StoreError> {
    Ok(Delivery {
        notice: notice::read_fields(fields)?,
        username: fields.text()?,
        target: fields.text()?,
        tries: fields.number()?,
    })
}

impl Store {
    /// Whether notices go to a webhook from now on.
    pub fn set_webhook(&self, on: bool) {
        self.webhook.store(on, Ordering::Relaxed);
    }

    /// The deliveries of a channel that are due, the longest due first; at most `limit`.
    pub async fn deliveries_due(
        &self,
        channel: &str,
        now: Time,
        limit: u32,
    ) -> Result<Vec<Delivery>, StoreError> {
        let mut connection = self.database.pool().acquire().await?;
        let rows = rows!(connection, DUE, channel.to_owned(), now.0, i64::from(limit))?;
        rows.iter().map(|row| read(&mut Fields::new("delivery", row))).collect()
    }

    /// When the next delivery of a channel is due.
    pub async fn next_delivery(&self, channel: &str) -> Result<Option<Time>, StoreError> {
        let mut connection = self.database.pool().acquire().await?;
        let row = row!(connection, NEXT, channel.to_owned())?;
        row.map(|row| Fields::new("delivery", &row).time()).transpose()
    }

    /// Takes a delivery for a try, which is counted before it is made: whatever fails afterwards,
    /// the next one is at `next_at`. False when someone else has taken it.
    pub async fn claim_delivery(
        &self,
        channel: &str,
        delivery: &Delivery,
        now: Time,
        next_at: Time,
    ) -> Result<bool, StoreError> {
        let mut connection = self.database.pool().acquire().await?;
        let claimed = run!(
            connection,
            CLAIM,
            delivery.notice.id.to_string(),
            channel.to_owned(),
            delivery.target.clone(),
            i64::from(delivery.tries),
            now.0,
            next_at.0,
        )?;
        Ok(claimed == 1)
    }

    /// Writes down the state of a delivery after a try, and why that failed.
    pub async fn settle_delivery(
        &self,
        channel: &str,
        delivery: &Delivery,
        state: DeliveryState,
        fault: Option<&str>,
    ) -> Result<(), StoreError> {
        let mut connection = self.database.pool().acquire().await?;
        run!(
            connection,
            SETTLE,
            delivery.notice.id.to_string(),
            channel.to_owned(),
            delivery.target.clone(),
            state.name(),
            fault.map(str::to_owned),
        )?;
        Ok(())
    }

    /// All deliveries, of the newest notices first; at most `limit`.
    pub async fn deliveries(&self, limit: u32) -> Result<Vec<DeliveryRow>, StoreError> {
        let mut connection = self.database.pool().acquire().await?;
        let rows = rows!(connection, ALL, i64::from(limit))?;
        let read = |row| {
            let mut fields = Fields::new("delivery", row);
            Ok(DeliveryRow {
                delivery: read(&mut fields)?,
                channel: fields.text()?,
                state: fields.named(&DeliveryState::ALL, DeliveryState::name)?,
                next_at: fields.time()?,
                tried_at: fields.maybe_time()?,
                fault: fields.maybe_text()?,
            })
        };
        rows.iter().map(read).collect()
    }
}
