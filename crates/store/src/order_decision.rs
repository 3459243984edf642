//! Decisions about orders, as the journal has them: kept here too, so that they can be searched. The
//! journal stays the truth, and the check of evidence compares the two.

use access::evidence::{INDEX_RULE, Topic};
use access::id::{CredentialId, DeviceId, Holder, PaperAccountId, PersonId};
use access::moment::Time;
use data_encoding::BASE64;
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use crate::Store;
use crate::error::StoreError;
use crate::evidence::rules;
use crate::field::{Fields, number};

statements! {
    INSERT = "INSERT INTO order_decision (seq, happened_at, actor, topic, minor, code, person, \
              credential, device, record, words, account) \
              VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT (seq) DO NOTHING";
    SET_SEQ = "UPDATE record_index SET seq = $1, rule = $2 WHERE name = 'orders'";
    ABOVE = "DELETE FROM order_decision WHERE seq > $1";
    AFTER = "SELECT seq, happened_at, actor, topic, minor, code, person, credential, device, record, \
             words, account FROM order_decision WHERE seq > $1 ORDER BY seq LIMIT $2";
}

pub(crate) const COLUMNS: &str = "seq, happened_at, actor, topic, minor, code, person, credential, device, record, words, account";

/// A decision about orders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderDecision {
    /// Its sequence in the journal.
    pub seq: u64,
    /// When it happened.
    pub at: Time,
    /// Who; also whom, where it was refused.
    pub holder: Holder,
    /// What it is about.
    pub topic: Topic,
    /// Whether it only says how something else was done.
    pub minor: bool,
    /// The stable code, when it was refused.
    pub code: Option<String>,
    /// On which account; none on the first, and where it concerns none.
    pub account: Option<PaperAccountId>,
    /// Whose the holder is.
    pub person: Option<PersonId>,
    /// The holder, when it is a credential.
    pub credential: Option<CredentialId>,
    /// The device of the holder's session.
    pub device: Option<DeviceId>,
    /// The journal's record, byte for byte.
    pub record: Vec<u8>,
    /// What a search for text goes through.
    pub words: String,
}

pub(crate) fn read(row: &AnyRow) -> Result<OrderDecision, StoreError> {
    let damaged = |what: String| StoreError::Damaged { table: "order_decision", what };
    let mut fields = Fields::new("order_decision", row);
    let mut one = OrderDecision {
        seq: fields.number()?,
        at: fields.time()?,
        holder: holder(&fields.text()?).ok_or_else(|| damaged("an unknown holder".into()))?,
        topic: fields.named(&Topic::ALL, Topic::name)?,
        minor: fields.truth()?,
        code: fields.maybe_text()?,
        account: None,
        person: fields.maybe_exact()?,
        credential: fields.maybe_exact()?,
        device: fields.maybe_exact()?,
        record: BASE64
            .decode(fields.text()?.as_bytes())
            .map_err(|error| damaged(error.to_string()))?,
        words: fields.text()?,
    };
    one.account = fields.maybe_exact()?;
    Ok(one)
}

fn holder(text: &str) -> Option<Holder> {
    match text {
        "operator" => Some(Holder::Operator),
        "system" => Some(Holder::System),
        id => id.parse().map(Holder::Credential).or_else(|_| id.parse().map(Holder::Session)).ok(),
    }
}

async fn insert(connection: &mut AnyConnection, one: &OrderDecision) -> Result<(), StoreError> {
    run!(
        connection,
        INSERT,
        number(one.seq)?,
        one.at.0,
        one.holder.to_string(),
        one.topic.name(),
        i64::from(one.minor),
        one.code.clone(),
        one.person.map(|id| id.to_string()),
        one.credential.map(|id| id.to_string()),
        one.device.map(|id| id.to_string()),
        BASE64.encode(&one.record),
        one.words.clone(),
        one.account.map(|id| id.to_string()),
    )?;
    Ok(())
}

impl Store {
    /// How far the journal is indexed by this version's rule, with nothing beyond `end`, where the
    /// journal ends: what a restored journal lost, or what an older rule made, goes.
    pub async fn orders_indexed(&self, end: u64) -> Result<u64, StoreError> {
        let mut transaction = self.database.begin().await?;
        let rules = rules(&mut transaction).await?;
        let kept = if rules.orders == INDEX_RULE { rules.journal.min(end) } else { 0 };
        if kept != rules.journal || rules.orders != INDEX_RULE {
            run!(transaction, ABOVE, number(kept)?)?;
            run!(transaction, SET_SEQ, number(kept)?, INDEX_RULE)?;
            transaction.commit().await?;
        }
        Ok(kept)
    }

    /// Adds decisions; the journal is indexed up to `seq` then.
    pub async fn put_orders(&self, all: &[OrderDecision], seq: u64) -> Result<(), StoreError> {
        let mut transaction = self.database.begin().await?;
        for one in all {
            insert(&mut transaction, one).await?;
        }
        run!(transaction, SET_SEQ, number(seq)?, INDEX_RULE)?;
        Ok(transaction.commit().await?)
    }

    /// The decisions after a place, in order, to check them, and how far the journal is said to be
    /// indexed; none when not by this version's rule.
    pub async fn orders_after(
        &self,
        seq: u64,
        limit: u32,
    ) -> Result<Option<(Vec<OrderDecision>, u64)>, StoreError> {
        let mut connection = self.database.pool().acquire().await?;
        let rules = rules(&mut connection).await?;
        if rules.orders != INDEX_RULE {
            return Ok(None);
        }
        let found = rows!(connection, AFTER, number(seq)?, i64::from(limit))?;
        let found = found.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        Ok(Some((found, rules.journal)))
    }
}
