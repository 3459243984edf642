//! Locks. One that was lifted keeps its row.

use access::id::AccountId;
use access::lock::{Event, Grade, Lock, LockTarget};
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use crate::error::StoreError;
use crate::field::{Fields, json};

statements! {
    INSERT = "INSERT INTO access_lock (id, person, account, grade, set_at, set_by, receipt) \
              VALUES ($1, $2, $3, $4, $5, $6, $7)";
    REPLACE_PERSON = "UPDATE access_lock SET lifted_at = $2, lifted_by = $3 \
                      WHERE person = $1 AND lifted_at IS NULL";
    REPLACE_ACCOUNT = "UPDATE access_lock SET lifted_at = $2, lifted_by = $3 \
                       WHERE account = $1 AND lifted_at IS NULL";
    LIFT = "UPDATE access_lock SET lifted_at = $2, lifted_by = $3 WHERE id = $1";
    OF_PERSON = "SELECT id, person, account, grade, set_at, set_by, receipt FROM access_lock \
                 WHERE lifted_at IS NULL AND person = $1";
    ON = "SELECT id, person, account, grade, set_at, set_by, receipt FROM access_lock \
          WHERE lifted_at IS NULL AND account = $1";
    ON_ACCOUNTS_OF = "SELECT id, person, account, grade, set_at, set_by, receipt FROM access_lock \
                      WHERE lifted_at IS NULL \
                      AND account IN (SELECT account FROM mandate \
                      WHERE revoked_at IS NULL AND person = $1)";
}

pub(crate) async fn apply(connection: &mut AnyConnection, event: &Event) -> Result<(), StoreError> {
    match event {
        Event::Set(lock) => set(connection, lock).await?,
        Event::Lifted { lock, at, by, .. } => {
            run!(connection, LIFT, lock.to_string(), at.0, by.to_string())?;
        }
    }
    Ok(())
}

async fn set(connection: &mut AnyConnection, lock: &Lock) -> Result<(), StoreError> {
    let (at, by) = (lock.at.0, lock.by.to_string());
    let (person, account) = match lock.target {
        LockTarget::Person(person) => {
            run!(connection, REPLACE_PERSON, person.to_string(), at, by.clone())?;
            (Some(person.to_string()), None)
        }
        LockTarget::Account(account) => {
            run!(connection, REPLACE_ACCOUNT, account.to_string(), at, by.clone())?;
            (None, Some(account.to_string()))
        }
    };
    let receipt = json("access_lock", &lock.receipt)?;
    run!(
        connection,
        INSERT,
        lock.id.to_string(),
        person,
        account,
        lock.grade.name(),
        at,
        by,
        receipt
    )?;
    Ok(())
}

pub(crate) async fn of(
    connection: &mut AnyConnection,
    person: &str,
) -> Result<Vec<Lock>, StoreError> {
    rows!(connection, OF_PERSON, person)?.iter().map(read).collect()
}

/// Those on an account.
pub(crate) async fn on(
    connection: &mut AnyConnection,
    account: &str,
) -> Result<Vec<Lock>, StoreError> {
    rows!(connection, ON, account)?.iter().map(read).collect()
}

/// Those on the accounts of a person, each with its account.
pub(crate) async fn on_accounts_of(
    connection: &mut AnyConnection,
    person: &str,
) -> Result<Vec<(AccountId, Lock)>, StoreError> {
    let rows = rows!(connection, ON_ACCOUNTS_OF, person)?;
    let locks = rows.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    let on = |lock: Lock| match lock.target {
        LockTarget::Account(account) => Some((account, lock)),
        LockTarget::Person(_) => None,
    };
    Ok(locks.into_iter().filter_map(on).collect())
}

fn read(row: &AnyRow) -> Result<Lock, StoreError> {
    let mut fields = Fields::new("access_lock", row);
    let id = fields.parsed()?;
    let (person, account) = (fields.maybe_parsed()?, fields.maybe_parsed()?);
    let target = match (person, account) {
        (Some(person), _) => LockTarget::Person(person),
        (None, Some(account)) => LockTarget::Account(account),
        (None, None) => {
            let what = "a lock on nothing".to_owned();
            return Err(StoreError::Damaged { table: "access_lock", what });
        }
    };
    Ok(Lock {
        id,
        target,
        grade: fields.parsed::<Grade>()?,
        at: fields.time()?,
        by: fields.parsed()?,
        receipt: fields.json()?,
    })
}
