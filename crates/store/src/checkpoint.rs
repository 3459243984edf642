//! Signed checkpoints of all chains.

use access::evidence::Checkpoint;
use data_encoding::HEXLOWER;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row as _};

use crate::Store;
use crate::error::StoreError;
use crate::field::{Fields, hex, json, number};

statements! {
    // The number is one more than the last, so that two made at one time stand in order.
    INSERT = "INSERT INTO checkpoint (number, made_at, access_seq, access_hash, journal_seq, \
              journal_hash, signer, signature, shards) \
              SELECT COALESCE(MAX(number), 0) + 1, $1, $2, $3, $4, $5, $6, $7, $8 FROM checkpoint";
    ALL = "SELECT made_at, access_seq, access_hash, journal_seq, journal_hash, signer, signature, \
           shards FROM checkpoint ORDER BY number";
    NUMBERED = "SELECT made_at, access_seq, access_hash, journal_seq, journal_hash, signer, signature, \
                shards, number FROM checkpoint ORDER BY number";
    LAST = "SELECT made_at, access_seq, access_hash, journal_seq, journal_hash, signer, signature, \
            shards FROM checkpoint ORDER BY number DESC LIMIT 1";
}

/// A checkpoint with its signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedCheckpoint {
    /// What was signed.
    pub checkpoint: Checkpoint,
    /// The public key.
    pub signer: Vec<u8>,
    /// The signature of [`Checkpoint::canonical`].
    pub signature: Vec<u8>,
}

fn damaged(what: &dyn ToString) -> StoreError {
    StoreError::Damaged { table: "checkpoint", what: what.to_string() }
}

fn read(row: &AnyRow) -> Result<SignedCheckpoint, StoreError> {
    let mut fields = Fields::new("checkpoint", row);
    let mut checkpoint = Checkpoint {
        at: fields.time()?,
        access_seq: fields.number()?,
        access_hash: fields.digest()?,
        shards: Vec::new(),
        journal_seq: fields.number()?,
        journal_hash: fields.digest()?,
    };
    let bytes = |text: &str| HEXLOWER.decode(text.as_bytes());
    let (signer, signature) = (fields.checked(bytes)?, fields.checked(bytes)?);
    let shards = fields.text()?;
    checkpoint.shards = serde_json::from_str(&shards).map_err(|error| damaged(&error))?;
    // What is signed are the heads: they are written in one way alone.
    if json("checkpoint", &checkpoint.shards)? != shards {
        return Err(damaged(&"its shards are not as they were written"));
    }
    Ok(SignedCheckpoint { checkpoint, signer, signature })
}

impl Store {
    /// Keeps a checkpoint.
    pub async fn put_checkpoint(&self, signed: &SignedCheckpoint) -> Result<(), StoreError> {
        let Checkpoint { at, access_seq, access_hash, shards, journal_seq, journal_hash } =
            &signed.checkpoint;
        let mut transaction = self.database.begin().await?;
        run!(
            transaction,
            INSERT,
            at.0,
            number(*access_seq)?,
            access_hash.to_string(),
            number(*journal_seq)?,
            journal_hash.to_string(),
            hex(&signed.signer),
            hex(&signed.signature),
            json("checkpoint", shards)?,
        )?;
        Ok(transaction.commit().await?)
    }

    /// Every checkpoint, the first one first.
    pub async fn checkpoints(&self) -> Result<Vec<SignedCheckpoint>, StoreError> {
        let mut connection = self.database.pool().acquire().await?;
        rows!(connection, ALL)?.iter().map(read).collect()
    }

    /// The last checkpoint.
    pub async fn last_checkpoint(&self) -> Result<Option<SignedCheckpoint>, StoreError> {
        let mut connection = self.database.pool().acquire().await?;
        row!(connection, LAST)?.as_ref().map(read).transpose()
    }
}

/// Every checkpoint in order, and the rows that cannot be read or are out of place.
pub(crate) async fn all(
    connection: &mut AnyConnection,
) -> Result<(Vec<SignedCheckpoint>, Vec<String>), StoreError> {
    let (mut found, mut faults) = (Vec::new(), Vec::new());
    for (number, row) in (1..).zip(&rows!(connection, NUMBERED)?) {
        match read(row) {
            Ok(signed) => found.push(signed),
            Err(error) => faults.push(format!("table checkpoint, row {number}: {error}")),
        }
        if row.try_get::<i64, _>(8).ok() != Some(number) {
            faults.push(format!(
                "table checkpoint, row {number}: its number was altered, or one before it is missing"
            ));
        }
    }
    Ok((found, faults))
}
