//! The shards of evidence: where each begins and ends.

use std::collections::BTreeMap;

use access::evidence::{COMMON, Chain, GENESIS, ShardHead};
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use crate::Store;
use crate::error::StoreError;
use crate::field::{Fields, number};

statements! {
    // Changes nothing and takes the row's lock, on both engines, until the commit.
    HEAD_FOR_UPDATE = "UPDATE evidence_head SET seq = seq WHERE shard = $1 RETURNING seq, hash";
    ADD_HEAD = "INSERT INTO evidence_head (shard, seq, hash) VALUES ($1, 0, $2) \
                ON CONFLICT (shard) DO NOTHING";
    SET_HEAD = "UPDATE evidence_head SET seq = $2, hash = $3 WHERE shard = $1";
    FIRST = "SELECT seq FROM evidence WHERE shard = $1 LIMIT 1";
    HEADS = "SELECT shard, seq, hash FROM evidence_head ORDER BY shard";
    BEFORE_ALL = "SELECT shard, seq FROM evidence WHERE seq < 1 ORDER BY shard, seq LIMIT 1";
    COUNT = "SELECT COUNT(*) FROM evidence";
}

/// The end of a shard, which nobody else can move before the commit. A shard begins with its first entry.
pub(crate) async fn lock_end(
    connection: &mut AnyConnection,
    shard: u32,
) -> Result<Chain, StoreError> {
    let key = i64::from(shard);
    if let Some(row) = row!(connection, HEAD_FOR_UPDATE, key)? {
        return read_end(&mut Fields::new("evidence_head", &row));
    }
    let what = format!("shard {shard} has no row");
    let missing = || StoreError::Damaged { table: "evidence_head", what };
    if shard == COMMON || row!(connection, FIRST, key)?.is_some() {
        return Err(missing());
    }
    run!(connection, ADD_HEAD, key, GENESIS.to_string())?;
    // Another node may have begun it.
    let row = row!(connection, HEAD_FOR_UPDATE, key)?.ok_or_else(missing)?;
    read_end(&mut Fields::new("evidence_head", &row))
}

/// Moves the end of a shard.
pub(crate) async fn set_end(
    connection: &mut AnyConnection,
    shard: u32,
    end: Chain,
) -> Result<(), StoreError> {
    run!(connection, SET_HEAD, i64::from(shard), number(end.seq)?, end.hash.to_string())?;
    Ok(())
}

fn read_end(fields: &mut Fields<'_>) -> Result<Chain, StoreError> {
    Ok(Chain { seq: fields.number()?, hash: fields.digest()? })
}

fn read_head(row: &AnyRow) -> Result<ShardHead, StoreError> {
    let mut fields = Fields::new("evidence_head", row);
    let shard = fields.number()?;
    Ok(read_end(&mut fields)?.head(shard))
}

impl Store {
    /// The head of every shard, by number; the common one is always there.
    pub async fn evidence_heads(&self) -> Result<Vec<ShardHead>, StoreError> {
        let mut connection = self.database.pool().acquire().await?;
        rows!(connection, HEADS)?.iter().map(read_head).collect()
    }
}

/// What the tables hold beside the chains that end there, and where they say that these end.
pub(crate) async fn strays(
    connection: &mut AnyConnection,
    ends: &BTreeMap<u32, Chain>,
) -> Result<Vec<String>, StoreError> {
    let mut faults = Vec::new();
    if let Some(row) = row!(connection, BEFORE_ALL)? {
        let mut fields = Fields::new("evidence", &row);
        let (shard, seq) = (fields.told(), fields.told());
        faults.push(format!("access evidence: entry {seq} of shard {shard} is before the first"));
    } else if let Some(row) = row!(connection, COUNT)? {
        let all: u64 = Fields::new("evidence", &row).number()?;
        let followed = ends.values().fold(0_u64, |sum, end| sum.saturating_add(end.seq));
        if all != followed {
            faults.push(format!(
                "access evidence: there are {all} entries, and the chains have {followed} of them"
            ));
        }
    }
    let mut heads = BTreeMap::new();
    for row in &rows!(connection, HEADS)? {
        match read_head(row) {
            Ok(head) => drop(heads.insert(head.shard, head)),
            Err(error) => {
                faults.push(format!("table evidence_head: a row cannot be read: {error}"));
            }
        }
    }
    for (shard, end) in ends {
        if heads.remove(shard) != Some(end.head(*shard)) {
            faults.push(format!(
                "table evidence_head, row {shard}: it does not match the end of the chain, at entry {}",
                end.seq
            ));
        }
    }
    Ok(faults)
}
